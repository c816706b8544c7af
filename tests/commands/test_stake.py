"""Seats and credit: what is asked, what moves, what is refused."""

from __future__ import annotations

import re

import pytest

from labelshare.chain.state import Pool, Seat
from labelshare.client.seats import is_released
from labelshare.types import Inclusion, PoolId
from tests.chain.world import Work, World
from tests.commands.place import Place, shown, write_keystore
from tests.oracle.stage import COIN, DAY, LIMIT

pytestmark = pytest.mark.anvil

STAKE = LIMIT * COIN


def pool(place: Place) -> PoolId:
    return place.stage.params.pool


def wallet(place: Place, name: str) -> int:
    return place.stage.balances()[name]


def credit(place: Place, name: str) -> int:
    return place.stage.balances()[f"{name}'s credit"]


def test_joining(place: Place) -> None:
    stage, registry = place.stage, place.stage.contracts.registry
    place.give("stranger", STAKE + 1)

    ran = place.done("stake", "join", pool(place), by="stranger")

    seat = registry.seat(pool(place), stage.stranger.address)
    assert (seat.stake, seat.takes_work) == (STAKE, True)
    assert wallet(place, "stranger") == 1
    assert stage.contracts.development_token.allowance(stage.stranger.address, registry.address) == 0
    assert shown(ran)["staked"] == "4 DEV"
    place.refused(1, "holds a seat in this pool already", "stake", "join", pool(place), by="stranger")


def test_joining_from_credit_and_wallet(place: Place) -> None:
    place.give("stranger", STAKE)
    place.done("stake", "deposit", "1.5 DEV", by="stranger")
    assert (wallet(place, "stranger"), credit(place, "stranger")) == (5 * COIN // 2, 3 * COIN // 2)

    ran = place.run("stake", "join", pool(place), *place.signing("stranger"), typed="y\n", terminal=True)

    assert ran.code == 0
    assert "1. let the registry take 2.5 DEV from the wallet" in ran.err
    assert (wallet(place, "stranger"), credit(place, "stranger")) == (0, 0)


def test_what_is_asked_before_anything_is_sent(place: Place) -> None:
    stage, head = place.stage, place.stage.chain.block_number
    place.give("stranger", STAKE)
    before = stage.balances()

    ran = place.run("stake", "join", pool(place), *place.signing("stranger"), typed="n\n", terminal=True)

    assert (ran.code, ran.out) == (1, "")
    assert (stage.chain.block_number, stage.balances()) == (head + 1, before)
    asked = " ".join(ran.err.split())
    assert f"On chain 31337, {stage.stranger.address} is to 1. let the registry take 4 DEV" in asked
    assert f"2. take a seat in pool {pool(place)} and stake 4 DEV" in asked
    assert "may take up to 4 DEV of it, and leaving may take as long as 365 days Send? [y/N]" in asked
    assert asked.endswith("labelshare: nothing was sent")
    assert max(map(len, ran.err.splitlines())) <= 80


def test_nobody_to_ask(place: Place) -> None:
    place.give("stranger", STAKE)
    arguments = ["stake", "join", pool(place), *place.signing("stranger")]

    place.refused(2, "there is no terminal to ask on; --yes sends without asking", *arguments)
    ended = place.run(*arguments, typed="", terminal=True)

    assert ended.code == 1
    assert wallet(place, "stranger") == STAKE


def test_leaving(place: Place) -> None:
    stage, registry = place.stage, place.stage.contracts.registry
    ann = stage.people["ann"].address
    assert place.facts("stake", "show", pool(place), ann)["status"] == "open: takes work"
    stage.accept()
    hard_end = stage.schedule.hard_end

    left = place.facts("stake", "leave", pool(place), by="ann")

    assert left["free_at"] == hard_end == registry.seat(pool(place), ann).release_at
    leaving = place.done("stake", "show", pool(place), "--key", place.key("ann"))
    assert shown(leaving)["seat"] == "leaving: takes no new work"
    assert "at the latest" in shown(leaving)["free"]
    place.refused(1, "the seat may be withdrawn from", "stake", "withdraw", pool(place), by="ann")
    place.refused(1, "leave", "stake", "leave", pool(place), by="ann")

    stage.chain.advance_to(hard_end)
    assert place.facts("stake", "show", pool(place), ann)["free_now"] is True
    place.done("stake", "withdraw", pool(place), by="ann")
    assert (wallet(place, "ann"), credit(place, "ann")) == (0, STAKE)
    place.done("stake", "withdraw-credit", "3", by="ann")
    assert (wallet(place, "ann"), credit(place, "ann")) == (3 * COIN, COIN)
    assert place.facts("stake", "show", pool(place), ann)["status"] == "none"
    place.refused(1, "holds no seat in this pool", "stake", "leave", pool(place), by="ann")


def test_leaving_an_idle_pool_frees_at_once(place: Place) -> None:
    place.done("stake", "leave", pool(place), by="ann")

    shown_now = shown(place.done("stake", "show", pool(place), "--key", place.key("ann")))

    assert (shown_now["seat"], shown_now["free"]) == ("left: its stake may be withdrawn", "now")
    place.done("stake", "withdraw", pool(place), by="ann")
    assert credit(place, "ann") == STAKE


@pytest.mark.parametrize(
    ("release_at", "waits_for", "oldest", "running", "free"),
    [
        (0, 0, 0, 0, False),  # it stays
        (101, 2, 1, 1, False),
        (100, 2, 1, 1, True),  # its time has come
        (101, 2, 2, 1, True),  # all campaigns from before it left are over, a later one runs
        (101, 2, 1, 0, True),  # none runs
    ],
)
def test_when_a_leaving_seat_is_free(
    release_at: int, waits_for: int, oldest: int, running: int, *, free: bool
) -> None:
    seat = Seat(STAKE, full_since=1, short_since=0, release_at=release_at, waits_for=waits_for)
    state = Pool(exists=True, open=running, max_hard_end=101, oldest=oldest, newest=2, counts=0)

    assert is_released(seat, state, now=100) is free


def test_what_could_be_lost(place: Place) -> None:
    ann = place.stage.people["ann"].address
    idle = place.facts("stake", "show", pool(place), ann)
    assert (idle["stake"], idle["slice"], idle["at_risk"]) == (str(STAKE), str(STAKE), "0")

    place.stage.accept()

    busy = place.facts("stake", "show", pool(place), ann)
    assert busy["at_risk"] == str(STAKE)
    text = " ".join(place.done("stake", "show", pool(place), ann).out.split())
    assert "at most 4 DEV in each campaign worked in, and only as far as signed for" in text
    assert "1 of the pool's campaigns may slash now, so at most 4 DEV" in text


def test_a_seat_that_is_whole_needs_no_refill(place: Place) -> None:
    place.refused(1, "nothing of the stake is missing", "stake", "refill", pool(place), by="ann")
    place.refused(1, "holds no seat", "stake", "refill", pool(place), by="stranger")


def test_refilling_what_was_slashed(place: Place) -> None:
    world = World.build(place.stage.chain)
    work = Work.start(world)
    work.slash = 7 * COIN
    work.whole()
    cleo, registry = world.annotators[2], world.contracts.registry
    row = work.payouts[2]
    slash = registry.slash(
        world.pool, work.params, row, work.tree.proof(2), Inclusion(row.account, work.sealed(2))
    )
    world.sender.send(world.stranger, slash)
    world.sender.send(cleo, world.token.approve(registry.address, 0))
    place.record = place.folder / "world.json"
    world.deployment.save(place.record)
    key = ["--key", write_keystore(place.folder / "cleo of the world.json", cleo)]
    short = shown(place.done("stake", "show", work.params.pool, *key))
    assert short["seat"] == "short: takes no new work until it is refilled"
    assert short["stake"] == "93 DEV of 100 DEV"
    before = world.token.balance_of(cleo.address)

    signing = [*key, "--password-file", place.password_file]
    ran = place.run("stake", "refill", work.params.pool, *signing, typed="y\n", terminal=True)

    asked = " ".join(ran.err.split())
    assert "1. let the registry take 7 DEV from the wallet 2. add 7 DEV to the stake" in asked
    assert (ran.code, shown(ran)["added"]) == (0, "7 DEV")
    assert before - world.token.balance_of(cleo.address) == 7 * COIN
    assert registry.seat(work.params.pool, cleo.address).takes_work
    assert place.facts("stake", "show", work.params.pool, *key)["status"] == "open: takes work"


def test_what_was_sent_before_a_refusal_is_told(place: Place) -> None:
    gated = place.facts("pool", "create", "--stake", "1", "--gate", place.stage.dataset, by="oracle")["pool"]
    place.give("stranger", COIN)

    ran = place.run("stake", "join", gated, by="stranger")

    assert ran.code == 1
    assert re.fullmatch(
        r"labelshare: TaskRegistry\.join: .* \(sent before: Token\.approve 0x\w{64} in block \d+\)\n", ran.err
    )
    assert wallet(place, "stranger") == COIN


def test_too_little_money(place: Place) -> None:
    place.give("stranger", STAKE - 1)
    place.refused(
        1,
        re.escape("holds 3.999999999999999999 DEV in the wallet and 0 DEV of credit; 4 DEV are needed"),
        *("stake", "join", pool(place)),
        by="stranger",
    )
    place.refused(1, "4.5 DEV are needed", "stake", "deposit", "4.5", by="stranger")
    place.refused(
        1, "has 0 units of credit in token .* and needs 1", "stake", "withdraw-credit", "1", by="stranger"
    )
    place.stage.chain.fund(place.stage.stranger.address, 1)
    place.refused(1, "holds 1 wei; gas and value", "stake", "deposit", "1", by="stranger")


def test_amounts_that_are_none(place: Place) -> None:
    place.refused(2, "DEV has 18 decimals, not 19", "stake", "deposit", "1.0000000000000000001", by="ann")
    place.refused(2, "the unit is DEV, not ETH", "stake", "deposit", "1 ETH", by="ann")
    place.refused(2, "'1e18' is not an amount", "stake", "deposit", "1e18", by="ann")
    place.refused(1, "ZeroAmount", "stake", "withdraw-credit", "0", by="ann")


def test_keys_that_do_not_open(place: Place) -> None:
    wrong = place.folder / "wrong"
    wrong.write_text("battery staple")
    arguments = ["stake", "leave", pool(place), "--yes"]

    place.refused(2, "who signs\\? --key names a keystore", *arguments)
    place.refused(
        2, "the password does not open", *arguments, "--key", place.key("ann"), "--password-file", wrong
    )
    place.refused(2, "no terminal to ask for the password", *arguments, "--key", place.key("ann"))
    place.refused(2, "no keystore at", *arguments, "--key", place.folder / "none", "--password-file", wrong)


def test_pools_that_are_none(place: Place) -> None:
    place.refused(2, "Hash32 needs 32 bytes", "stake", "show", "0x12", "--key", place.key("ann"))
    place.refused(1, "no pool 0x1111", "stake", "join", "0x" + "11" * 32, by="ann")


def test_a_deployment_of_another_chain(place: Place) -> None:
    other = place.folder / "other.json"
    other.write_text(place.record.read_text().replace("31337", "1"))
    arguments = ["stake", "leave", pool(place), "--deployment", other]

    place.refused(1, "the node is chain 31337, expected 1", *arguments, by="ann")
    code_hash = str(place.stage.deployment.licenses.code_hash)
    other.write_text(place.record.read_text().replace(code_hash, "0x" + "11" * 32))
    place.refused(1, "LicenseRegistry: the code at .* is not the code of the record", *arguments, by="ann")


def test_the_days_of_unbonding_are_the_pools(place: Place) -> None:
    assert place.stage.pool.unbonding == 365 * DAY
    text = " ".join(place.done("stake", "show", pool(place), "--key", place.key("ann")).out.split())
    assert "once the campaigns accepted by then have ended: 365 days at most" in text
