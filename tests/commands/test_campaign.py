"""Campaigns: funded to the unit, followed in local time, ended by whoever may, verified by anyone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.state import Status
from labelshare.commands.units import moment, span
from labelshare.types import CampaignId, Hash32
from tests.commands.place import Place, sent, shown
from tests.oracle.stage import COIN, small_spec

pytestmark = pytest.mark.anvil

PERIODS = {"--round-length": "2h", "--grace": "1h"} | dict.fromkeys(
    ("--reveal", "--settle", "--window", "--ruling", "--rescue", "--public", "--slash"), "1h"
)


def spec_file(place: Place, **changes: Any) -> Path:
    """A spec as people write it: spread over lines."""
    path = place.folder / "spec.json"
    path.write_text(json.dumps(small_spec(**changes).fields, indent=1))
    return path


def create(place: Place, *more: object, **changes: Any) -> list[object]:
    stage = place.stage
    options = {"--spec": spec_file(place, **changes), "--pool": stage.params.pool, "--dataset": stage.dataset}
    words: list[object] = [word for pair in (options | PERIODS).items() for word in pair]
    return ["campaign", "create", *words, *more]


def known(place: Place) -> CampaignId:
    return place.stage.scope.campaign_id


def status(place: Place, campaign: CampaignId | None = None) -> Status:
    return place.stage.contracts.registry.campaign(campaign or known(place)).status


# ---------------------------------------------------------------------------- funding


def test_funding(place: Place) -> None:
    stage, registry = place.stage, place.stage.contracts.registry
    place.give("requester", 50 * COIN)
    before = stage.balances()

    made = place.facts(*create(place, "--stake-per-label", "0.5", "--fee", "2.5"), by="requester")

    escrow = 41 * COIN  # 20 items, 2 labels each, 1 DEV a label, 2.5 %
    campaign = CampaignId(Hash32(made["campaign"]))
    state, after = registry.campaign(campaign), stage.balances()
    assert (state.status, state.escrow) == (Status.CREATED, escrow)
    assert after["requester"] - before["requester"] == -escrow
    assert after["registry"] - before["registry"] == escrow
    assert registry.dataset(stage.dataset).reserved == 80 * COIN
    assert (made["escrow"], made["share_cap"]) == (str(escrow), str(40 * COIN))
    assert made["spec_hash"] == str(small_spec().hash)
    assert [each["call"] for each in made["transactions"]] == ["Token.approve", "TaskRegistry.createCampaign"]
    assert sent(place, made) == made["transactions"][-1]["transaction"]
    facts = place.facts("campaign", "show", campaign)
    assert (facts["stake_per_label"], facts["fee_bps"]) == (str(COIN // 2), 250)


def test_what_is_asked_before_funding(place: Place) -> None:
    place.give("requester", 42 * COIN)
    before = place.stage.balances()
    arguments = create(place, price="500000000000000000", title="\x1b[2Jsigns")

    ran = place.run(*arguments, *place.signing("requester"), typed="n\n", terminal=True)

    asked = " ".join(ran.err.split())
    assert (ran.code, ran.out, place.stage.balances()) == (1, "", before)
    assert "1. let the registry take 21 DEV from the wallet" in asked
    assert "2. fund a campaign with 21 DEV; once anybody has worked" in asked
    for words in (
        "title ?[2Jsigns",
        "items 20, 2 labels each, 0.5 DEV a label",
        "escrow 21 DEV",
        "fee 5 % of pay",
        "shares 40 shares at most",
        "stake 2 DEV behind each label",
        f"oracle {place.stage.oracle.address}",
    ):
        assert words in asked
    assert max(map(len, ran.err.splitlines())) <= 80


def test_campaigns_that_cannot_be(place: Place) -> None:
    place.give("requester", 42 * COIN - 1)
    short = r"holds 41\.999999999999999999 DEV in the wallet and 0 DEV of credit; 42 DEV are needed"
    stake = ["--stake-per-label", "1"]
    place.refused(1, short, *create(place, *stake), by="requester")
    place.refused(1, "only the dataset's publisher 0x", *create(place, *stake), by="stranger")
    faults: list[tuple[int, str, list[object]]] = [
        (2, "covers no label at a stake of 4.5 DEV", ["--stake-per-label", "4.5"]),
        (2, "grace: 59, allowed are 60 to", ["--grace", "59s"]),
        (2, "round length: 3600, allowed are 3601", ["--round-length", "1h"]),
        (2, "tries: 9, allowed are 1 to 8", ["--tries", "9"]),
        (2, "enrol: 60, allowed are 3600", ["--enrol", "60s"]),
        (2, "the campaign may last .* the registry allows", ["--accept", "3650d"]),
        (2, "binds its seats for 31536000, so no oracle could accept it", ["--enrol", "366d"]),
        (2, "a fee of 100.01 % is more", ["--fee", "100.01"]),
        (2, "is not a duration", ["--window", "2"]),
        (1, "no dataset 0x", ["--dataset", place.stage.stranger.address]),
        (1, "no pool 0x1111", ["--pool", "0x" + "11" * 32]),
    ]
    for code, message, more in faults:
        place.refused(code, message, *create(place, *stake, *more), by="requester")
    dear = create(place, *stake, share_weight=str(3 * COIN))
    place.refused(1, "the spec may earn 120 shares, the dataset has 80 shares left", *dear, by="requester")


def test_specs_that_are_none(place: Place) -> None:
    arguments = create(place)
    (place.folder / "spec.json").write_text("{}")
    place.refused(2, "title", *arguments, by="requester")
    (place.folder / "spec.json").unlink()
    place.refused(2, "spec.json: cannot be read", *arguments, by="requester")


# -------------------------------------------------------------------------- following


def test_showing_a_campaign(place: Place) -> None:
    stage, line = place.stage, place.stage.schedule

    ran = place.done("campaign", "show", known(place))

    rows = shown(ran)
    assert rows["status"].startswith("created since ")
    assert rows["requester"] == str(stage.requester.address)
    assert rows["accepted by"].startswith(moment(line.accept_end))
    assert rows["accepted by"].endswith(f"in {span(line.accept_end - stage.chain.now())}")
    assert rows["over by"].startswith(moment(line.hard_end))
    assert rows["rounds"] == "2 of 2 hours"
    assert rows["funded with"] == "42 DEV"
    assert rows["oracle's fee"] == "5 % of pay"
    assert rows["shares"] == "40 shares at most"

    stage.chain.advance_to(line.enrol_end)
    rows = shown(place.done("campaign", "show", known(place)))
    assert rows["enrol by"].endswith("past")
    assert rows["work from"].endswith("in 1 hour")
    facts = place.facts("campaign", "show", known(place))
    assert facts["time_line"]["over_by"] == line.hard_end
    assert (facts["status"], facts["escrow"], facts["paid"]) == ("created", str(42 * COIN), None)


def test_showing_a_final_campaign(settled: Place) -> None:
    stage = settled.stage
    final = stage.contracts.registry.campaign(known(settled))

    facts = settled.facts("campaign", "show", known(settled))
    rows = shown(settled.done("campaign", "show", known(settled)))

    assert facts["status"] == "final"
    assert int(facts["paid"]) == int(facts["escrow"]) == final.escrow
    assert int(facts["paid"]) + int(facts["fee"]) + int(facts["surplus"]) == 42 * COIN
    assert rows["paid"].startswith(f"{final.escrow // COIN}")
    assert rows["minted"].endswith("shares")
    assert rows["stakes lost"] == "0 DEV"


def test_the_list_of_campaigns(place: Place) -> None:
    place.give("requester", 42 * COIN)
    made = place.facts(*create(place, "--stake-per-label", "1"), by="requester")["campaign"]
    place.stage.accept()

    found = place.facts("campaign", "list")

    assert [(each["campaign"], each["status"], each["escrow"]) for each in found["campaigns"]] == [
        (made, "created", str(42 * COIN)),
        (str(known(place)), "open", str(42 * COIN)),
    ]
    assert (found["total"], found["page"], found["limit"]) == (2, 1, 20)
    lines = place.done("campaign", "list").out.splitlines()
    assert [line for line in lines if line.startswith("0x")] == [made, str(known(place))]
    assert lines[-1] == "1 to 2 of 2 campaigns, the newest first"
    second = place.facts("campaign", "list", "--limit", 1, "--page", 2)
    assert [each["campaign"] for each in second["campaigns"]] == [str(known(place))]
    lines = place.done("campaign", "list", "--limit", 1).out.splitlines()
    assert lines[-1] == "1 to 1 of 2 campaigns, the newest first; --page 2 shows older ones"
    assert place.done("campaign", "list", "--page", 3).out == "no campaigns on page 3 of 2 in all\n"
    place.refused(1, "no campaign 0x1111", "campaign", "show", "0x" + "11" * 32)


# ------------------------------------------------------------------------------ ending


def test_cancelling(place: Place) -> None:
    stage = place.stage
    ran = place.run(
        "campaign", "cancel", known(place), *place.signing("requester"), typed="y\n", terminal=True
    )

    asked = " ".join(ran.err.split())
    assert f"its escrow of 42 DEV becomes credit of {stage.requester.address}" in asked
    assert (ran.code, shown(ran)["refund"]) == (0, "42 DEV")
    assert shown(ran)["block"] == f"{stage.chain.block_number}, TaskRegistry.cancel"
    assert status(place) is Status.CANCELLED
    assert stage.balances()["requester's credit"] == 42 * COIN
    rows = shown(place.done("campaign", "show", known(place)))
    assert (rows["refunded"], rows["locked now"]) == ("42 DEV", "0 DEV, and bonds of 0 DEV")
    place.refused(1, "the campaign is cancelled", "campaign", "cancel", known(place), by="requester")


def test_who_may_cancel_when(place: Place) -> None:
    place.refused(1, "too early", "campaign", "cancel", known(place), by="stranger")
    place.stage.accept()
    place.refused(1, "too early", "campaign", "cancel", known(place), by="requester")


def test_finalizing(place: Place) -> None:
    stage = place.stage
    finalize = ["campaign", "finalize", known(place)]
    place.refused(1, "no settlement is proposed", *finalize, by="stranger")
    stage.accept().enrol("ann", "ben").draw().work(ann=2, ben=2).reveal("ann", "ben")
    stage.chain.advance_to(stage.schedule.reveal_end)
    built = stage.engine.propose(stage.record())
    place.refused(1, "too early", *finalize, by="stranger")
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    before = stage.balances()

    ran = place.run(*finalize, *place.signing("stranger"), typed="y\n", terminal=True)

    assert ran.code == 0, ran.err
    assert status(place) is Status.FINAL
    paid = built.settlement.payout_total
    fee = stage.balances()["oracle's credit"] - before["oracle's credit"]
    assert f"{paid // COIN} DEV of pay to {built.settlement.leaves} accounts" in " ".join(ran.err.split())
    assert shown(ran)["pay"] == f"{paid // COIN} DEV"
    assert fee >= paid // 20 > 0  # with the bond
    place.refused(1, "the campaign is final", *finalize, by="stranger")


def test_expiring(place: Place) -> None:
    stage, token = place.stage, place.stage.contracts.development_token
    expire = ["campaign", "expire", known(place)]
    place.refused(1, "the campaign is created", *expire, by="stranger")
    stage.accept().enrol("ann").draw().work(ann=2)
    stage.chain.advance_to(stage.schedule.propose_end)
    bond = stage.contracts.registry.campaign(known(place)).bond

    ran = place.run(*expire, *place.signing("stranger"), typed="y\n", terminal=True)

    assert "burns its escrow of 42 DEV and the oracle's bond of" in " ".join(ran.err.split())
    assert ran.code == 0
    assert status(place) is Status.EXPIRED
    assert stage.contracts.registry.burned_of(token.address) == 42 * COIN + bond


# --------------------------------------------------------------------------- verifying


def test_verifying(settled: Place, tmp_path: Path) -> None:
    bundle, head = settled.folder / "bundle.jsonl", settled.stage.chain.block_number

    ran = settled.done("campaign", "verify", known(settled), "--bundle", bundle)

    assert re.fullmatch(r"verified: 8 labels, \d+ of \d+ items accepted\n", ran.out)
    facts = settled.facts("campaign", "verify", known(settled), "--bundle", bundle)
    assert (facts["ok"], facts["labels"], facts["annotators"]) == (True, 8, 3)
    forged = tmp_path / "forged.jsonl"
    forged.write_bytes(bundle.read_bytes().replace(b'"accepted":true', b'"accepted":false', 1))
    bad = settled.run("campaign", "verify", known(settled), "--bundle", forged)
    assert (bad.code, bad.err) == (1, "")
    assert bad.out.startswith("differs: the bundle has hash 0x")
    settled.refused(
        2, "none: cannot be read", *("campaign", "verify", known(settled), "--bundle", tmp_path / "none")
    )
    assert settled.stage.chain.block_number == head


def test_nothing_to_verify(place: Place, settled: Place) -> None:
    bundle = settled.folder / "bundle.jsonl"
    place.refused(1, "no settlement is posted", *("campaign", "verify", known(place), "--bundle", bundle))
