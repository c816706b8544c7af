"""A whole campaign through the API, and every figure of it against the chain."""

from __future__ import annotations

from typing import Any

import pytest

from labelshare.chain.contracts import Parts
from labelshare.protocol.evidence import OpeningRow, TruthRow
from labelshare.protocol.leaves import Truth, label_leaves, truth_leaf
from labelshare.protocol.merkle import verify
from labelshare.types import Address, Hash32
from tests.api.visit import Place, good, new_place, problem
from tests.oracle.stage import COIN, ITEMS, NAMES

pytestmark = pytest.mark.usefixtures("either_database")

LABELS = {"ann": 0, "ben": 0, "cleo": 1, "dora": 0}  # cleo says otherwise


@pytest.fixture(scope="module")
def settled(either_database: None) -> Place:  # noqa: ARG001 (anew for each)
    """Everyone has enrolled, committed and opened over HTTP; the settlement is final, nothing is claimed."""
    place = new_place()
    stage = place.stage.accept()
    for name in NAMES:
        good(place.enrol(stage.enrolment(name), stage.people[name]), 201)
    stage.draw().begin()
    openings = {name: _label(place, name) for name in NAMES}
    stage.engine.post_commits(0)
    stage.reveal()
    for name, opening in openings.items():
        good(place.open(opening, stage.people[name]), 201)
    stage.settle()
    return place


def _label(place: Place, name: str) -> Any:
    stage = place.stage
    person = stage.people[name]
    assigned = good(place.get(f"{place.root}/assignment", person))
    items = [each["index"] for each in assigned["items"]][:4]
    form = stage.spec.task.form
    signed, opening = stage.sealed(person, {item: form.encode(LABELS[name]) for item in items})
    good(place.commit(signed, person), 201)
    return opening


def test_the_campaign_is_told_as_it_is(settled: Place) -> None:
    stage = settled.stage
    (line,) = settled.rows("/v1/campaigns")
    one = good(settled.get(settled.root))

    assert line["id"] == one["id"] == str(stage.scope.campaign_id)
    assert (line["title"], line["items"], line["price"]) == ("Moods", ITEMS, str(COIN))
    assert line["status"] == one["state"]["status"] == "final"
    assert one["params"]["stakePerLabel"] == str(stage.params.stake_per_label)
    assert one["params"]["schedule"]["roundLength"] == stage.schedule.round_length
    assert one["timeline"]["revealEnd"] == stage.schedule.reveal_end
    progress = one["progress"]
    assert progress["enrolled"] == progress["batches"] == progress["opened"] == 4
    assert progress["labels"] == progress["rounds"][0]["labels"] == 16
    posted = stage.record().posted
    assert posted is not None
    assert one["proposal"]["labelRoot"] == str(posted.settlement.label_root)
    paid = sorted(row.payout // 4 for row in stage.engine.settled().payouts)
    assert one["medianLabelPay"] == str(paid[1])


def test_earnings_are_claimable_then_paid(settled: Place) -> None:
    stage = settled.stage
    built = stage.engine.settled()
    due = {row.account: row for row in built.payouts}

    for person in stage.people.values():
        row = due[person.address]
        earned = good(settled.get(f"{settled.root}/earnings", person))
        assert earned["labels"] == 4
        assert earned["atMost"] == str(4 * COIN)
        total = int(earned["claimable"]) + int(earned["paid"])
        assert total == row.payout
        assert earned["leaf"]["payout"] == str(row.payout)
        assert (earned["pending"], earned["expectedAt"]) == ("0", None)

    ann = stage.people["ann"]
    stage.engine.pay_everyone(Parts.PAYOUT)
    paid = good(settled.get(f"{settled.root}/earnings", ann))
    assert (paid["claimable"], int(paid["paid"])) == ("0", due[ann.address].payout)
    assert int(paid["sharesClaimable"]) == due[ann.address].shares
    assert stage.contracts.development_token.balance_of(ann.address) == due[ann.address].payout
    assert [each["campaign"] for each in settled.rows("/v1/earnings", ann)] == [str(stage.scope.campaign_id)]


def test_each_label_that_was_not_accepted_has_its_reason(settled: Place) -> None:
    stage = settled.stage
    rows = stage.engine.settled().rows
    truths = {row.item: row for row in rows if isinstance(row, TruthRow)}
    decode = stage.spec.task.form.decode
    answers = {
        row.annotator: dict(zip(row.items, map(decode, row.labels), strict=True))
        for row in rows
        if isinstance(row, OpeningRow)
    }
    found = 0
    for name, person in stage.people.items():
        own = answers[person.address]
        reasons = {each["item"]: each for each in settled.rows(f"{settled.root}/reasons", person)}
        bad = {i for i in own if not truths[i].accepted or decode(truths[i].winner) != own[i]}
        assert set(reasons) == bad
        for item, reason in reasons.items():
            found += 1
            assert reason["why"] == ("differs" if truths[item].accepted else "contested")
            assert reason["text"] == ("good", "bad", "none")[own[item]]
            assert reason["verdict"]["confidenceQ16"] == truths[item].confidence_q16
            assert reason["gold"] == "none"
            others = [a[item] for who, a in answers.items() if who != person.address and item in a]
            assert sum(vote["count"] for vote in reason["votes"]) == len(others)
        page = good(settled.get(f"{settled.root}/reasons", person))
        assert page["score"]["labels"] == 4
        assert page["score"]["accepted"] == sum(item not in bad for item in own), name
    assert found  # cleo disagrees with somebody


def test_every_label_is_proven_under_the_roots_on_chain(settled: Place) -> None:
    stage = settled.stage
    posted = stage.record().posted
    assert posted is not None
    on_chain = posted.settlement
    proven = 0
    for row in stage.engine.settled().rows:
        if not isinstance(row, OpeningRow):
            continue
        for item in row.items:
            annotator: Address = row.annotator
            proof = good(settled.get(f"{settled.root}/proofs/{annotator}/{item}"))
            label, truth = proof["label"], proof["truth"]
            digest = Hash32(label["labelDigest"])
            (leaf,) = label_leaves(stage.scope, annotator, label["batch"], [item], [bytes(digest)])
            siblings = [Hash32(each) for each in label["proof"]]
            assert verify(on_chain.label_root, bytes(leaf), siblings)
            assert not verify(on_chain.truth_root, bytes(leaf), siblings)
            verdict = truth["verdict"]
            values = Truth(item, Hash32(truth["winnerDigest"]), verdict["confidenceQ16"], verdict["accepted"])
            assert verify(
                on_chain.truth_root,
                truth_leaf(stage.scope, values),
                [Hash32(each) for each in truth["proof"]],
            )
            proven += 1
    assert proven == 16
    nobody = settled.get(f"{settled.root}/proofs/{stage.stranger.address}/0")
    problem(nobody, 404, "not-found")


def test_the_bundle_is_public_by_its_hash(settled: Place) -> None:
    built = settled.stage.engine.settled()
    name = built.settlement.bundle_hash

    answer = settled.get(f"{settled.root}/bundles/{name}")

    assert answer.status_code == 200
    assert answer.content == built.bundle
    problem(settled.get(f"{settled.root}/bundles/{Hash32(bytes(32))}"), 404, "not-found")


def test_receipts_and_lists_come_again(settled: Place) -> None:
    stage = settled.stage
    ann = stage.people["ann"]
    (batch,) = settled.rows(f"{settled.root}/receipts", ann)
    (kept,) = stage.engine.book.commits_by(ann.address)
    assert batch["receipt"] == "0x" + stage.engine.intake.commit(kept).hex()
    assert batch["opened"]
    assert len(batch["openingReceipt"]) == 2 + 130
    assert list(settled.rows(f"{settled.root}/receipts", stage.stranger)) == []

    lists = list(settled.rows(f"{settled.root}/rounds/0/commitments"))
    assert [each["annotator"] for each in lists] == [
        str(each.annotator) for each in stage.engine.intake.published(0)
    ]
    assert "labels" not in lists[0]
    roster = list(settled.rows(f"{settled.root}/roster"))
    assert roster == [str(each) for each in stage.engine.intake.enrolled()]


def test_the_dataset_its_holders_and_its_licences(settled: Place) -> None:
    stage = settled.stage
    stage.engine.pay_everyone(Parts.SHARES)
    built = stage.engine.settled()
    path = f"/v1/datasets/{stage.dataset}"

    (line,) = settled.rows("/v1/datasets")
    one = good(settled.get(path))
    holders = {row["account"]: int(row["shares"]) for row in settled.rows(f"{path}/holders")}

    assert line["address"] == one["address"] == str(stage.dataset)
    assert one["supply"] == str(built.settlement.share_total)
    assert holders == {str(row.account): row.shares for row in built.payouts if row.shares}
    ann = stage.people["ann"]
    holding = good(settled.get(f"{path}/holding", ann))
    assert int(holding["shares"]) == holders[str(ann.address)]
    assert list(settled.rows(f"{path}/licences")) == []
    problem(settled.get(f"/v1/datasets/{stage.stranger.address}"), 404, "not-found")


def test_roles_follow_from_the_chain(settled: Place) -> None:
    stage = settled.stage
    people = {
        stage.people["ann"]: ["annotator"],
        stage.requester: ["requester"],
        stage.oracle: ["oracle"],
        stage.stranger: [],
    }
    for signer, roles in people.items():
        assert good(settled.get(f"{settled.root}/roles", signer))["roles"] == roles
