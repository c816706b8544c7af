"""Claims: the proof comes from the bundle, the money goes to whoever earned it, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labelshare.chain.contracts import Parts
from labelshare.protocol.evidence import PayoutRow, read
from tests.commands.place import Place, sent, shown
from tests.oracle.stage import COIN, DAY, NAMES

pytestmark = pytest.mark.anvil


def bundle(place: Place) -> Path:
    return place.folder / "bundle.jsonl"


def pay(place: Place, *more: object) -> list[object]:
    return ["claim", "pay", place.stage.scope.campaign_id, "--bundle", bundle(place), *more]


def earned(place: Place) -> dict[str, tuple[int, int]]:
    """Payout and shares by name."""
    names = {person.address: name for name, person in place.stage.people.items()}
    rows = read([bundle(place).read_bytes()])
    return {names[row.account]: (row.payout, row.shares) for row in rows if isinstance(row, PayoutRow)}


def test_claiming_ones_own(settled: Place) -> None:
    payout, shares = earned(settled)["ann"]
    assert payout
    assert shares
    before = settled.stage.balances()

    ran = settled.run(*pay(settled), *settled.signing("ann"), typed="y\n", terminal=True)

    after = settled.stage.balances()
    moved = {name: after[name] - amount for name, amount in before.items() if after[name] != amount}
    assert moved == {"ann": payout, "registry": -payout, "ann's shares": shares, "registry's shares": -shares}
    assert ran.code == 0
    assert f"claim {payout // COIN} DEV and {shares // COIN} shares of" in " ".join(ran.err.split())
    assert shown(ran)["paid"] == f"{payout // COIN} DEV"
    settled.refused(1, "all that 0x.* earned here was claimed before", *pay(settled), by="ann")


def test_claiming_what_others_left(settled: Place) -> None:
    stage = settled.stage
    _, shares = earned(settled)["ben"]
    stage.engine.pay_everyone(Parts.PAYOUT)
    before = stage.balances()

    facts = settled.facts(*pay(settled), by="ben")

    after = stage.balances()
    assert (facts["paid"], facts["shares"]) == ("0", str(shares))
    assert (after["ben"] - before["ben"], after["ben's shares"] - before["ben's shares"]) == (0, shares)


def test_claiming_for_others(settled: Place) -> None:
    stage, due = settled.stage, earned(settled)
    settled.done(*pay(settled), by="ann")
    before = stage.balances()

    facts = settled.facts(*pay(settled), "--for-others", by="stranger")

    after = stage.balances()
    assert facts["accounts"] == len(due) - 1
    assert facts["paid"] == str(sum(due[name][0] for name in due if name != "ann"))
    assert facts["shares"] == str(sum(due[name][1] for name in due if name != "ann"))
    assert [each["call"] for each in facts["transactions"]] == ["TaskRegistry.claimMany"]
    assert sent(settled, facts)
    for name in NAMES:
        payout, shares = due.get(name, (0, 0)) if name != "ann" else (0, 0)
        assert (after[name] - before[name], after[f"{name}'s shares"] - before[f"{name}'s shares"]) == (
            payout,
            shares,
        )
    assert after["stranger"] == before["stranger"]
    settled.refused(
        1, "all that this settlement pays was claimed before", *pay(settled), "--for-others", by="stranger"
    )


def test_bundles_that_do_not_prove(settled: Place, tmp_path: Path) -> None:
    lines = bundle(settled).read_bytes().splitlines(keepends=True)
    forged = tmp_path / "forged.jsonl"
    place = next(number for number, line in enumerate(lines) if json.loads(line)["kind"] == "payout")
    payout = json.loads(lines[place])["payout"]
    more = lines[place].replace(f'"payout":"{payout}"'.encode(), f'"payout":"1{payout}"'.encode())
    assert more != lines[place]
    forged.write_bytes(b"".join([*lines[:place], more, *lines[place + 1 :]]))
    arguments = ["claim", "pay", settled.stage.scope.campaign_id, "--bundle", forged]

    settled.refused(1, "the bundle's payouts have root 0x.*, the settlement's have 0x", *arguments, by="ann")
    settled.refused(1, "have root", *arguments, "--for-others", by="ann")
    forged.write_bytes(b"".join(lines)[:-5])
    settled.refused(1, "the last line is not ended", *arguments, by="ann")
    forged.write_bytes(b"")
    settled.refused(1, "the bundle has no header", *arguments, by="ann")
    forged.unlink()
    settled.refused(2, "forged.jsonl: cannot be read: No such file", *arguments, by="ann")
    arguments = ["claim", "pay", "0x" + "11" * 32, "--bundle", bundle(settled)]
    settled.refused(1, "no campaign 0x1111", *arguments, by="ann")
    settled.refused(1, "pays 0x.* nothing", *pay(settled), by="stranger")


def test_a_bundle_of_another_campaign_or_too_early(place: Place, settled: Place) -> None:
    known = str(place.stage.scope.campaign_id)
    header = bundle(settled).read_bytes().splitlines(keepends=True)[0]
    was, own = str(settled.stage.scope.campaign_id), place.folder / "header.jsonl"
    arguments = ["claim", "pay", known, "--bundle", own]

    own.write_bytes(header.replace(was.encode(), b"0x" + b"11" * 32))
    place.refused(1, "the bundle is of campaign 0x1111", *arguments, by="ann")
    own.write_bytes(header.replace(was.encode(), known.encode()))
    place.refused(1, "the campaign is created; payouts wait until it is final", *arguments, by="ann")
    own.write_bytes(own.read_bytes().replace(b'"31337"', b'"1"'))
    place.refused(1, "the bundle is of registry 0x.* on chain 1", *arguments, by="ann")


def test_revenue(settled: Place) -> None:
    stage = settled.stage
    stage.engine.pay_everyone(Parts.BOTH)
    share, token = stage.contracts.share(stage.dataset), stage.contracts.development_token
    settled.refused(1, "has earned nothing of", "claim", "revenue", stage.dataset, by="ann")
    settled.give("stranger", 8 * COIN)
    stage.sender.send(stage.stranger, token.approve(share.address, 8 * COIN))
    stage.sender.send(stage.stranger, share.pay_revenue(8 * COIN))
    stage.chain.advance_to(stage.chain.now() + 8 * DAY)
    before = stage.balances()["ben"]

    ran = settled.run("claim", "revenue", stage.dataset, *settled.signing("ben"), typed="y", terminal=True)

    assert ran.code == 0
    assert f"claim the revenue of 4 shares of {stage.dataset}: 4 DEV" in " ".join(ran.err.split())
    assert shown(ran)["paid"] == "4 DEV"
    assert shown(ran)["block"] == f"{stage.chain.block_number}, ContributorShare.claimRevenue"
    assert stage.balances()["ben"] - before == 4 * COIN
    settled.refused(1, "has earned nothing of", "claim", "revenue", stage.dataset, by="ben")
    settled.refused(1, "no dataset 0x1111", "claim", "revenue", "0x" + "11" * 20, by="ben")


def test_showing_what_is_left(settled: Place) -> None:
    stage, due = settled.stage, earned(settled)["ann"]
    ann = stage.people["ann"].address

    facts = settled.facts("claim", "show", ann, "--bundle", bundle(settled))

    assert facts["pay"] == {
        "campaign": str(stage.scope.campaign_id),
        "payout": str(due[0]),
        "shares": str(due[1]),
        "payout_left": True,
        "shares_left": True,
    }
    assert (facts["credit"], facts["datasets"]) == ("0", [])
    settled.done(*pay(settled), by="ann")

    facts = settled.facts("claim", "show", "--key", settled.key("ann"), "--bundle", bundle(settled))
    assert (facts["pay"]["payout_left"], facts["pay"]["shares_left"]) == (False, False)
    assert facts["datasets"] == [{"dataset": str(stage.dataset), "shares": str(due[1]), "claimable": "0"}]
    printed = shown(settled.done("claim", "show", ann, "--bundle", bundle(settled)))
    assert printed["pay"] == f"{due[0] // COIN} DEV"
    assert printed["MOOD"] == f"{due[1] // COIN} shares, 0 DEV of revenue to claim"
