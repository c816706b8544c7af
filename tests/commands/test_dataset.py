"""Datasets: published under rules that are shown first; what they came to is read from the chain."""

from __future__ import annotations

import pytest

from labelshare.chain.contracts import Parts
from labelshare.types import Address
from tests.commands.place import Place, sent, shown
from tests.oracle.stage import COIN

pytestmark = pytest.mark.anvil

CREATE = ["dataset", "create", "--name", "Street signs", "--symbol", "SIGNS", "--max-shares", "1000.5"]


def test_publishing(place: Place) -> None:
    stage, registry = place.stage, place.stage.contracts.registry

    made = place.facts(*CREATE, "--holders", "62.5%", by="stranger")

    address = Address(made["dataset"])
    found, share = registry.dataset(address), stage.contracts.share(address)
    assert (found.publisher, found.max_shares, found.contributor_bps) == (
        stage.stranger.address,
        2_001 * COIN // 2,
        6_250,
    )
    assert (share.name(), share.symbol()) == ("Street signs", "SIGNS")
    assert share.revenue_token() == stage.contracts.development_token.address
    assert sent(place, made)
    printed = shown(place.done(*CREATE, by="stranger"))
    assert printed["dataset"].startswith("0x")
    assert printed["block"] == f"{stage.chain.block_number}, TaskRegistry.createDataset"


def test_what_is_asked_first(place: Place) -> None:
    head = place.stage.chain.block_number

    ran = place.run(*CREATE, *place.signing("stranger"), typed="no\n", terminal=True)

    asked = " ".join(ran.err.split())
    assert "publish the dataset 'Street signs' (SIGNS), for ever with at most 1000.5 shares" in asked
    assert "and 70 % of each for the share holders" in asked
    assert (ran.code, place.stage.chain.block_number) == (1, head)


def test_a_name_that_commands_the_terminal_is_shown_without(place: Place) -> None:
    arguments = [*CREATE[:3], "\x1b[2Jx", *CREATE[4:]]

    place.done(*arguments, by="stranger")

    out = place.done("dataset", "list").out
    assert "?[2Jx (SIGNS)" in out
    assert "\x1b" not in out


def test_datasets_that_cannot_be(place: Place) -> None:
    long = "x" * 32
    for arguments, code, message in [
        ([*CREATE[:3], long, *CREATE[4:]], 2, "a share's name and symbol have 1 to 31 bytes"),
        ([*CREATE, "--holders", "100.01"], 2, "100.01 % is more than all"),
        ([*CREATE, "--holders", "1.001"], 2, "% has 2 decimals, not 3"),
        ([*CREATE[:-1], "0.5"], 1, "MaxSharesOutOfRange"),
        ([*CREATE[:-1], "1." + "0" * 18 + "1"], 2, "shares has 18 decimals, not 19"),
    ]:
        place.refused(code, message, *arguments, by="stranger")
    place.refused(1, "no dataset 0x1111", "dataset", "show", "0x" + "11" * 20)


def test_showing_a_dataset_that_nobody_holds(place: Place) -> None:
    stage = place.stage

    printed = shown(place.done("dataset", "show", stage.dataset))

    assert printed["name"] == "Moods (MOOD)"
    assert printed["shares"] == "0 shares of at most 120 shares"
    assert printed["promised"] == "40 shares to campaigns that run"
    assert printed["revenue"] == "0 DEV, of which 0 DEV are claimed and 0 DEV still stream"


def test_showing_a_dataset_with_holders_and_revenue(settled: Place) -> None:
    stage = settled.stage
    stage.engine.pay_everyone(Parts.BOTH)
    share, token = stage.contracts.share(stage.dataset), stage.contracts.development_token
    settled.give("stranger", 9 * COIN)
    stage.sender.send(stage.stranger, token.approve(share.address, 8 * COIN))
    stage.sender.send(stage.stranger, share.pay_revenue(8 * COIN))

    facts = settled.facts("dataset", "show", stage.dataset)
    ran = settled.done("dataset", "show", stage.dataset)

    holders = {str(each.address): share.balance_of(each.address) for each in stage.people.values()}
    assert {account: int(held) for account, held in facts["holders"].items()} == {
        account: held for account, held in holders.items() if held
    }
    assert facts["shares"] == str(sum(holders.values())) != "0"
    assert (facts["revenue"], facts["claimed"], facts["unreleased"]) == (str(8 * COIN), "0", "0")
    assert shown(ran)["revenue"].startswith("8 DEV, of which 0 DEV are claimed and ")
    ben = str(stage.people["ben"].address)
    assert shown(ran)[ben] == "4 shares, 50 %"


def test_the_list_of_datasets(place: Place) -> None:
    made = place.facts(*CREATE, by="stranger")["dataset"]

    found = place.facts("dataset", "list")

    assert [each["dataset"] for each in found["datasets"]] == [made, str(place.stage.dataset)]
    assert found["datasets"][0]["publisher"] == str(place.stage.stranger.address)
    assert found["datasets"][0]["max_shares"] == str(2_001 * COIN // 2)
    assert found["total"] == 2
    lines = place.done("dataset", "list").out.splitlines()
    assert [line for line in lines if line.startswith("0x")] == [made, str(place.stage.dataset)]
    assert place.facts("dataset", "list", "--limit", 1, "--page", 2)["datasets"] == found["datasets"][1:]
