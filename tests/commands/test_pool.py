"""Pools: opened by their oracle with rules that are shown first, and found again from events."""

from __future__ import annotations

import pytest

from labelshare.chain.history import pool_params
from labelshare.types import Hash32, PoolId
from tests.commands.place import Place, sent, shown
from tests.oracle.stage import COIN, DAY, LIMIT, NOBODY

pytestmark = pytest.mark.anvil


def test_opening_a_pool_with_safe_defaults(place: Place) -> None:
    stage = place.stage

    made = place.facts("pool", "create", "--stake", "100.5", by="stranger")

    assert sent(place, made)
    rules = pool_params(stage.chain, stage.deployment, PoolId(Hash32(made["pool"])))
    assert stage.contracts.registry.pool(PoolId(Hash32(made["pool"]))).exists
    assert (rules.oracle, rules.token) == (
        stage.stranger.address,
        stage.contracts.development_token.address,
    )
    assert (rules.seat_stake, rules.unbonding, rules.max_open) == (201 * COIN // 2, 180 * DAY, 4)
    assert (rules.gate, rules.arbitrator, rules.randomness) == (NOBODY, NOBODY, NOBODY)
    assert (rules.arbitration_refund, rules.nonce) == (0, 0)


def test_every_rule_can_be_chosen(place: Place) -> None:
    stage, code = place.stage, place.stage.dataset
    options = {
        "--stake": "3",
        "--token": stage.contracts.development_token.address,
        "--unbonding": "90d12h",
        "--max-open": 2,
        "--gate": code,
        "--arbitrator": code,
        "--arbitration-refund": "0.25",
        "--randomness": code,
        "--nonce": 7,
    }
    arguments = [word for pair in options.items() for word in pair]

    ran = place.run("pool", "create", *arguments, *place.signing("stranger"), typed="yes\n", terminal=True)

    asked, name = " ".join(ran.err.split()), shown(ran)["pool"]
    assert f"3 DEV a seat, for whom {code} admits, 2 campaigns at once" in asked
    assert "slash 1.5 DEV of a seat" in asked
    assert "90 days 12 hours of unbonding" in asked
    assert f"contests ruled by {code}, and 0.25 DEV as the refund" in asked
    rules = pool_params(stage.chain, stage.deployment, PoolId(Hash32(name)))
    assert (rules.seat_stake, rules.unbonding, rules.max_open) == (3 * COIN, 90 * DAY + DAY // 2, 2)
    assert (rules.gate, rules.arbitrator, rules.randomness) == (code, code, code)
    assert (rules.arbitration_refund, rules.nonce) == (COIN // 4, 7)


def test_showing_a_pool(place: Place) -> None:
    stage, name = place.stage, place.stage.params.pool
    place.done("stake", "leave", name, by="ann")
    place.done("stake", "withdraw", name, by="ann")
    place.done("stake", "leave", name, by="ben")
    stage.accept()

    printed = shown(place.done("pool", "show", name))

    assert printed["stake"] == f"{LIMIT} DEV"
    assert printed["oracle"] == str(stage.oracle.address)
    assert printed["gate"] == "none: anyone may join"
    assert printed["seats"] == "3, of which 2 take work"
    assert printed["campaigns"] == "1 of 1 places taken"
    facts = place.facts("pool", "show", name)
    assert (facts["seats"], facts["taking_work"], facts["open"]) == (3, 2, 1)
    assert (facts["stake"], facts["unbonding"]) == (str(LIMIT * COIN), 365 * DAY)


def test_the_list_of_pools(place: Place) -> None:
    assert [each["pool"] for each in place.facts("pool", "list")["pools"]] == [str(place.stage.params.pool)]
    made = place.facts("pool", "create", "--stake", "9", by="stranger")["pool"]

    found = place.facts("pool", "list")

    assert [each["pool"] for each in found["pools"]] == [made, str(place.stage.params.pool)]
    assert (found["pools"][0]["stake"], found["total"]) == (str(9 * COIN), 2)
    lines = place.done("pool", "list").out.splitlines()
    assert lines[0] == made
    assert lines[2] == "  stake      9 DEV"
    assert place.facts("pool", "list", "--limit", 1, "--page", 2)["pools"] == found["pools"][1:]


def test_pools_that_cannot_be(place: Place) -> None:
    create = ["pool", "create", "--stake"]
    made = place.facts(*create, "1", by="stranger")["pool"]
    place.refused(1, f"pool {made} exists; another --nonce", *create, "1", by="stranger")
    place.refused(1, "ZeroAmount", *create, "0", by="stranger")
    place.refused(2, "DEV has 18 decimals", *create, "0.0000000000000000001", by="stranger")
    place.refused(2, "does not fit uint96", *create, "79228162515", by="stranger")
    place.refused(2, "is not a duration", *create, "1", "--unbonding", "90", by="stranger")
    nobody = stage_nobody(place)
    for option in ("--gate", "--arbitrator", "--randomness"):
        place.refused(1, f"no contract at {nobody}", *create, "1", option, nobody, by="stranger")
    place.refused(2, f"no token at {nobody}", *create, "1", "--token", nobody, by="stranger")
    place.refused(1, "no pool 0x2222", "pool", "show", "0x" + "22" * 32)


def stage_nobody(place: Place) -> object:
    """An account without code."""
    return place.stage.stranger.address


def test_numbers_out_of_range_are_wrong_usage(place: Place) -> None:
    for option, value in (("--max-open", 0), ("--max-open", 65_536), ("--nonce", -1)):
        ran = place.run("pool", "create", "--stake", "1", option, value, by="stranger")
        assert (ran.code, ran.out) == (2, "")
        assert option in ran.err
