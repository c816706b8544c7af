"""What is saved of a campaign, and what a tampered or foreign copy of it comes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Deployment
from labelshare.chain.history import campaign_record
from labelshare.chain.keys import development_signer
from labelshare.chain.transactions import Sender
from labelshare.errors import (
    ChainError,
    DeploymentError,
    EvidenceError,
    InputError,
    LabelshareError,
    RevertError,
    WrongChainError,
)
from labelshare.protocol import canonical
from labelshare.protocol.evidence import SummaryRow, read
from labelshare.protocol.record import Posted
from labelshare.protocol.verify import verify
from labelshare.replay.saved import load, store
from labelshare.report.collect import collect, judge
from labelshare.types import CampaignId, Hash32, keccak
from tests.replay.crowds import Finished, held, recorded_life

FILES = ("bundle.jsonl", "campaign.txt", "deployment.json")


@pytest.fixture
def life() -> Finished:
    return recorded_life()


@pytest.fixture
def folder(life: Finished, tmp_path: Path) -> Path:
    store(tmp_path, life.lived)
    return tmp_path


@contextmanager
def nothing_moves(life: Finished) -> Iterator[None]:
    before = held(life), life.chain.block_number
    yield
    assert (held(life), life.chain.block_number) == before


def test_three_files_that_read_back_as_they_were(life: Finished, folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)

    saved = load(folder)

    assert saved.deployment == life.lived.deployment
    assert (saved.campaign, saved.bundle) == (life.lived.scope.campaign_id, life.lived.bundle)


def test_a_folder_that_cannot_be_written(life: Finished, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(InputError, match="cannot save to"):
        store(tmp_path / "file", life.lived)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(InputError, match=r"holds no saved campaign|is not a deployment record"):
        load(folder)


@pytest.mark.parametrize("text", ["", "0x12", "ff" * 32, "0x" + "zz" * 32, "0x" + "é" * 64])
def test_a_campaign_id_that_is_none(folder: Path, text: str) -> None:
    (folder / "campaign.txt").write_text(text)

    with pytest.raises(InputError, match=f"{folder} holds no saved campaign"):
        load(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nonsense", '{"format": 2}', '{"format": 1, "contracts": {}, "chainId": 1}']
)
def test_a_deployment_record_that_is_none(folder: Path, text: str) -> None:
    (folder / "deployment.json").write_text(text)

    with pytest.raises(InputError, match="is not a deployment record"):
        load(folder)


# --------------------------------------------------------- a record that was tampered with


def other_code(record: dict[str, Any], name: str) -> None:
    record["contracts"][name]["codeHash"] = str(keccak(b"other code"))


def other_address(record: dict[str, Any], name: str) -> None:
    taken = "LicenseRegistry" if name != "LicenseRegistry" else "TaskRegistry"
    record["contracts"][name]["address"] = record["contracts"][taken]["address"]


def nowhere(record: dict[str, Any], name: str) -> None:
    record["contracts"][name]["address"] = "0x" + "11" * 20


@pytest.mark.parametrize(
    "name",
    [
        *("TaskRegistry", "RegistryExtension", "RegistryContests"),
        *("ContributorShare", "LicenseRegistry", "RewardToken"),
    ],
)
@pytest.mark.parametrize("change", [other_code, other_address, nowhere])
def test_a_deployment_record_that_is_not_of_this_chain(
    life: Finished, folder: Path, name: str, change: Callable[[dict[str, Any], str], None]
) -> None:
    path = folder / "deployment.json"
    record = json.loads(path.read_text())
    change(record, name)
    path.write_text(json.dumps(record))
    saved = load(folder)

    for judged in (judge, collect):
        with nothing_moves(life), pytest.raises(DeploymentError, match=f"^{name}: ") as caught:
            judged(life.chain, saved.deployment, saved.campaign, saved.bundle)
        assert type(caught.value) is DeploymentError


def test_another_chain_id(life: Finished, folder: Path) -> None:
    path = folder / "deployment.json"
    path.write_text(path.read_text().replace(str(life.chain.chain_id), "1"))
    saved = load(folder)

    with nothing_moves(life), pytest.raises(WrongChainError, match="the deployment is on chain 1, this is"):
        judge(life.chain, saved.deployment, saved.campaign, saved.bundle)
    with pytest.raises(WrongChainError, match="expected 1"):
        connect(expected_chain_id=saved.deployment.chain_id)


def test_a_chain_of_the_same_id_on_which_nothing_happened(life: Finished, folder: Path) -> None:
    saved = load(folder)

    with nothing_moves(life), pytest.raises(DeploymentError, match="TaskRegistry: no contract at"):
        judge(connect(), saved.deployment, saved.campaign, saved.bundle)


def test_a_block_from_which_the_campaign_cannot_be_seen(life: Finished, folder: Path) -> None:
    saved = load(folder)
    late = replace(saved.deployment, block=life.chain.block_number)

    with (
        nothing_moves(life),
        pytest.raises(ChainError, match=f"no campaign {saved.campaign} in the registry"),
    ):
        judge(life.chain, late, saved.campaign, saved.bundle)


def test_a_campaign_that_there_is_not(life: Finished) -> None:
    none = CampaignId(Hash32(keccak(b"none")))

    with nothing_moves(life), pytest.raises(ChainError, match=f"no campaign {none} in the registry"):
        judge(life.chain, life.lived.deployment, none, life.lived.bundle)


# --------------------------------------------------------- a bundle that was tampered with


def rows_of(bundle: bytes) -> list[dict[str, Any]]:
    return [canonical.parse(line) for line in bundle.splitlines()]


def pack(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(canonical.dumps(row) + b"\n" for row in rows)


def first(rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == kind)


def pay_more(rows: list[dict[str, Any]]) -> None:
    row = first(rows, "payout")
    row["payout"] = str(int(row["payout"]) + 1)


def pay_another(rows: list[dict[str, Any]]) -> None:
    first(rows, "payout")["account"] = "0x" + "11" * 20


def other_label(rows: list[dict[str, Any]]) -> None:
    row = first(rows, "opening")
    row["labels"][0] = "0x010001" if row["labels"][0] != "0x010001" else "0x010002"


def other_winner(rows: list[dict[str, Any]]) -> None:
    row = first(rows, "truth")
    row["winner"] = "0x010001" if row["winner"] != "0x010001" else "0x010002"


def accept_all(rows: list[dict[str, Any]]) -> None:
    next(row for row in rows if row["kind"] == "truth" and not row["accepted"])["accepted"] = True


def drop_opening(rows: list[dict[str, Any]]) -> None:
    rows.remove(first(rows, "opening"))


def drop_seat(rows: list[dict[str, Any]]) -> None:
    rows.remove(first(rows, "seat"))


def drop_commit(rows: list[dict[str, Any]]) -> None:
    rows.remove(first(rows, "commit"))


def other_items(rows: list[dict[str, Any]]) -> None:
    row = first(rows, "commit")
    free = next(item for item in range(16) if item not in row["items"])
    row["items"] = sorted([free, *row["items"][1:]])


def other_price(rows: list[dict[str, Any]]) -> None:
    first(rows, "spec")["spec"]["price"] = "1"


def other_root(rows: list[dict[str, Any]]) -> None:
    first(rows, "round")["root"] = "0x" + "11" * 32


def other_campaign(rows: list[dict[str, Any]]) -> None:
    first(rows, "header")["campaignId"] = "0x" + "11" * 32


def other_fee(rows: list[dict[str, Any]]) -> None:
    first(rows, "header")["params"]["feeBps"] = 0


def other_total(rows: list[dict[str, Any]]) -> None:
    row = first(rows, "summary")
    row["payoutTotal"] = str(int(row["payoutTotal"]) + 1)


def payout_twice(rows: list[dict[str, Any]]) -> None:
    at = rows.index(first(rows, "payout"))
    rows.insert(at, dict(rows[at]))


TAMPERED: dict[str, tuple[Callable[[list[dict[str, Any]]], None], str]] = {
    "one unit more pay": (pay_more, "payout"),
    "pay to another": (pay_another, "stands where that of"),
    "a payout twice": (payout_twice, ""),
    "another label": (other_label, "opening has root"),
    "another winner": (other_winner, "item"),
    "a contested item accepted": (accept_all, "item"),
    "an opening left out": (drop_opening, ""),
    "a seat left out": (drop_seat, "seats"),
    "a batch left out": (drop_commit, ""),
    "another item list": (other_items, "item lists hash of round 0"),
    "another price": (other_price, "spec hash"),
    "another root of a round": (other_root, "round 0"),
    "another campaign": (other_campaign, "campaign"),
    "another fee": (other_fee, "fee"),
    "another total": (other_total, "payout"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_bundle_is_told_from_the_right_one(life: Finished, case: str) -> None:
    change, told = TAMPERED[case]
    rows = rows_of(life.lived.bundle)
    assert pack(rows) == life.lived.bundle
    change(rows)
    bundle = pack(rows)
    assert bundle != life.lived.bundle

    with nothing_moves(life):
        report = judge(life.chain, life.lived.deployment, life.lived.scope.campaign_id, bundle)

    assert not report.ok
    right, wrong = sha256(life.lived.bundle).hexdigest(), sha256(bundle).hexdigest()
    head, _, difference = report.difference.partition("; first difference: ")
    assert head == f"the bundle has hash 0x{wrong}, posted 0x{right}"
    assert told in difference
    assert difference


@pytest.mark.parametrize("case", TAMPERED)
def test_a_bundle_that_was_hashed_again_is_refused_by_chain_and_verifier(life: Finished, case: str) -> None:
    """Its own hash in the settlement would do, but the chain holds another, and it is too late to propose."""
    rows = rows_of(life.lived.bundle)
    TAMPERED[case][0](rows)
    bundle, scope, deployment = pack(rows), life.lived.scope, life.lived.deployment
    good = next(row for row in read([life.lived.bundle]) if isinstance(row, SummaryRow))
    settlement = good.settlement(Hash32(sha256(bundle).digest()))
    record = campaign_record(life.chain, deployment, scope.campaign_id)
    assert record.posted is not None
    oracle, registry = development_signer("replay", "oracle"), deployment.bind(life.chain).registry
    with nothing_moves(life), pytest.raises(RevertError, match="propose"):
        Sender(life.chain).send(oracle, registry.propose(record.params, settlement))

    report = verify(replace(record, posted=Posted(settlement, record.posted.fee)), bundle)

    assert not report.ok
    assert "the bundle has hash" not in report.difference


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_bundle_cut_short_is_no_bundle(life: Finished, cut: int) -> None:
    bundle = life.lived.bundle[:cut]
    deployment, campaign = life.lived.deployment, life.lived.scope.campaign_id

    report = judge(life.chain, deployment, campaign, bundle)

    assert not report.ok
    assert report.difference.startswith("the bundle has hash")
    with nothing_moves(life), pytest.raises(EvidenceError) as caught:
        collect(life.chain, deployment, campaign, bundle)
    assert isinstance(caught.value, LabelshareError)


def test_a_deployment_is_known_by_all_its_fields(life: Finished, folder: Path) -> None:
    assert Deployment.load(folder / "deployment.json") == life.lived.deployment
