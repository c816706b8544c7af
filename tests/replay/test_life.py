"""A whole life on a real chain: what everyone has at the end follows from crowd and seed, to the unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import floor
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.client.slashes import read_slashes
from labelshare.errors import KeyRefusedError
from labelshare.protocol.evidence import OpeningRow, read
from labelshare.replay.crowd import Crowd, Vote, read_crowd
from labelshare.replay.life import live
from labelshare.replay.rules import Rules
from labelshare.replay.saved import load, store
from labelshare.report.collect import collect, judge
from labelshare.report.labels import Score
from labelshare.report.text import as_json
from tests.conftest import Anvil, running_anvil
from tests.replay.crowds import (
    GOLD_RULES,
    LITTLE_GOLD_RULES,
    RECORDED_RULES,
    SIMULATED_RULES,
    Finished,
    committee_life,
    crowd_with_gold,
    expected,
    expected_holdings,
    held,
    life_with_forfeits,
    life_with_gold,
    modelled_life,
    recorded_crowd,
    recorded_life,
    roles,
    run,
    shares_of,
    simulated_life,
    small_simulated_crowd,
)

LIVES = pytest.mark.parametrize(
    "lived",
    [recorded_life, simulated_life, life_with_gold, life_with_forfeits, modelled_life, committee_life],
)
CONSERVED_IN = 10


def check_everything(life: Finished) -> None:
    """Money, shares, labels, verdicts and accuracy against an independent count."""
    want, lived = expected(life), life.lived
    outcome = collect(life.chain, lived.deployment, lived.scope.campaign_id, lived.bundle, life.crowd.truth)

    assert outcome.verification.difference == ""
    assert outcome.verification.ok
    assert outcome.conserved
    assert len(outcome.balances) >= CONSERVED_IN
    assert held(life) == expected_holdings(life)
    assert shares_of(life) == want.shares
    assert outcome.labelled.winners() == want.winners
    assert {row.item for row in outcome.labelled.truths if row.accepted} == want.accepted
    assert {row.item: row.confidence_q16 for row in outcome.labelled.truths} == {
        item: floor(65_536 * part) for item, part in want.confidence.items()
    }
    assert (outcome.verification.labels, outcome.ties) == (want.labels, want.ties)
    scored = want.winners.keys() & life.crowd.truth.keys() - want.gold.keys()
    right = sum(want.winners[item] == life.crowd.truth[item] for item in scored)
    assert outcome.accuracy == Score(right, len(scored))
    assert {row.item: row.void for row in outcome.labelled.gold} == want.gold
    losses = outcome.losses
    for loss, amounts in (
        (losses.slashed, [want.slashes[worker] for worker in want.flagged]),
        (losses.forfeited, [slash for at, slash in enumerate(want.slashes) if at not in want.flagged]),
    ):
        assert (loss.amount, loss.due) == (sum(amounts), sum(amounts))
        assert loss.annotators == sum(bool(amount) for amount in amounts)
        assert loss.burned == sum(amount - amount // 20 for amount in amounts)
    flagged = {lived.annotators[worker] for worker in want.flagged}
    assert {row.annotator for row in outcome.labelled.scores if row.flagged} == flagged
    lost = dict(zip(lived.annotators, want.slashes, strict=True))
    assert {person.account: person.lost for person in outcome.people} == lost
    taken = {event.annotator: event for event in outcome.campaign.slashed}
    assert {account: event.amount for account, event in taken.items()} == {
        account: amount for account, amount in lost.items() if amount
    }
    assert {event.executor for event in taken.values()} <= {roles()["oracle"]}
    people = {person.account: (person.payout, person.shares, person.revenue) for person in outcome.people}
    assert people == dict(
        zip(lived.annotators, zip(want.pay, want.shares, want.revenue, strict=True), strict=True)
    )


@LIVES
def test_everyone_has_what_the_crowd_says(lived: Callable[[], Finished]) -> None:
    check_everything(lived())


def test_the_small_crowds_hold_every_kind_of_verdict() -> None:
    """Else the test above would say little."""
    recorded, simulated = expected(recorded_life()), expected(simulated_life())

    for each, n_items in ((recorded, 16), (simulated, 15)):
        assert 0 < len(each.accepted) < n_items
        assert each.ties > 0
    assert simulated.labels < 15 * SIMULATED_RULES.redundancy  # the cap leaves places empty
    assert 20 <= simulated.labels <= 8 * 3  # most fill the cap; who ranks late for all that is open does not


def test_the_crowd_with_gold_holds_every_kind_of_judgement() -> None:
    want, life = expected(life_with_gold()), life_with_gold()
    slashed = {worker for worker, slash in enumerate(want.slashes) if slash}

    assert len(want.gold) == 12
    assert list(want.gold.values()).count(True) == 1
    assert slashed == want.flagged < {7, 8, 9}  # of those who guess one is spared
    assert len(slashed) == 2
    assert len(life.lived.gas["TaskRegistry.slash"]) == 2
    assert len(life.lived.gas["TaskRegistry.revealGold"]) == 1


def test_a_short_record_below_chance_forfeits_and_is_not_slashed() -> None:
    want, life = expected(life_with_forfeits()), life_with_forfeits()
    lost = {worker: slash for worker, slash in enumerate(want.slashes) if slash}

    assert lost.keys() - want.flagged == {7}
    assert want.flagged & lost.keys()
    stake = 15 * life.rules.price * life.rules.stakes_per_label
    assert 0 < lost[7] <= stake // 2
    assert want.pay[7] == 0
    found = {each.leaf.account: each.flagged for each in read_slashes([life.lived.bundle])}
    assert found == {life.lived.annotators[worker]: worker in want.flagged for worker in lost}


def test_the_model_is_surer_than_the_vote_and_stakes_are_taken_by_it() -> None:
    life, want = modelled_life(), expected(modelled_life())
    by_vote = expected(replace(life, rules=replace(life.rules, aggregation="majority.v1")))

    assert life.rules.aggregation == Rules().aggregation == "dawid-skene.v1"
    assert len(want.accepted) > len(by_vote.accepted)
    assert sum(want.confidence[item] > part for item, part in by_vote.confidence.items()) > 30
    assert want.ties == 0
    assert any(want.slashes)


def test_with_too_little_gold_nobody_loses_a_stake() -> None:
    life = run(crowd_with_gold(), LITTLE_GOLD_RULES)

    check_everything(life)

    want = expected(life)
    assert want.flagged
    assert not any(want.slashes)
    assert "TaskRegistry.slash" not in life.lived.gas


@pytest.mark.anvil
@pytest.mark.parametrize(
    ("crowd", "rules"),
    [
        (recorded_crowd, RECORDED_RULES),
        (small_simulated_crowd, SIMULATED_RULES),
        (crowd_with_gold, GOLD_RULES),
    ],
    ids=["recorded", "simulated", "with gold"],
)
def test_the_same_on_a_local_node(anvil: Anvil, crowd: Callable[[], Crowd], rules: Rules) -> None:
    life = run(crowd(), rules, connect(anvil.url))

    check_everything(life)


@pytest.mark.parametrize(
    ("lived", "crowd", "rules"),
    [
        (recorded_life, recorded_crowd, RECORDED_RULES),
        (simulated_life, small_simulated_crowd, SIMULATED_RULES),
        (life_with_gold, crowd_with_gold, GOLD_RULES),
    ],
    ids=["recorded", "simulated", "with gold"],
)
def test_two_runs_are_equal_bit_for_bit(
    lived: Callable[[], Finished], crowd: Callable[[], Crowd], rules: Rules
) -> None:
    first, second = lived(), run(crowd(), rules)

    assert second.lived == first.lived  # bundle, registry, campaign, accounts and gas
    assert second.seed == first.seed != bytes(32)
    head = first.chain.block_number
    assert second.chain.block_hash(head) == first.chain.block_hash(head)


@LIVES
def test_chain_and_saved_files_are_all_a_stranger_needs(
    lived: Callable[[], Finished], tmp_path: Path
) -> None:
    life = lived()
    store(tmp_path / "kept" / "here", life.lived)
    saved = load(tmp_path / "kept" / "here")
    truth, gas = life.crowd.truth, life.lived.gas
    own = collect(life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle, truth)

    theirs = collect(life.chain, saved.deployment, saved.campaign, saved.bundle, truth)

    assert (saved.deployment, saved.bundle) == (life.lived.deployment, life.lived.bundle)
    assert as_json(theirs, gas, 0) == as_json(own, gas, 0)
    assert judge(life.chain, saved.deployment, saved.campaign, saved.bundle) == own.verification


def test_nobody_labels_anything_but_what_the_worker_said() -> None:
    """The openings in the bundle are the file's rows, one for one."""
    life = recorded_life()
    workers = dict(zip(life.lived.annotators, range(7), strict=True))
    openings = [row for row in read([life.lived.bundle]) if isinstance(row, OpeningRow)]

    found = [
        (item, workers[row.annotator], label[2])
        for row in openings
        for item, label in zip(row.items, row.labels, strict=True)
    ]

    assert sorted(found) == sorted((vote.item, vote.worker, vote.label) for vote in life.crowd.votes)


@pytest.mark.anvil
def test_a_chain_where_money_is_real_is_refused(anvil_program: Path) -> None:
    with running_anvil(anvil_program, "--chain-id", "1") as public:
        chain = connect(public.url)
        with pytest.raises(KeyRefusedError, match="chain 1 is no development chain"):
            live(chain, recorded_crowd(), RECORDED_RULES)
        assert chain.block_number == 0


def test_a_crowd_without_skill_owns_nothing_and_its_licences_are_not_for_sale() -> None:
    votes = (Vote(0, 0, 0), Vote(0, 1, 1), Vote(1, 0, 0))
    crowd = Crowd(
        name="two",
        simulated=False,
        items=("a", "b"),
        workers=("ann", "ben"),
        classes=("x", "y"),
        votes=votes,
        truth={},
    )
    life = run(crowd, Rules())

    outcome = collect(life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle)
    assert outcome.conserved
    assert outcome.verification.ok
    assert (outcome.verification.share_total, outcome.dataset.sold) == (0, ())


@pytest.mark.slow
def test_a_recorded_crowd_of_eight_thousand_labels(recorded_data: Path) -> None:
    folder = recorded_data / "crowd" / "rte"
    crowd = read_crowd(folder / "labels.csv", folder / "truth.csv")
    life = run(crowd, RECORDED_RULES)

    check_everything(life)

    outcome = collect(
        life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle, crowd.truth
    )
    figures = as_json(outcome, life.lived.gas, 0)
    assert (figures["items"], figures["annotators"], figures["labels"]) == (800, 164, 8_000)
    assert figures["accuracy_items"] == 800
    assert figures["accuracy_range"] == [685 / 800, 750 / 800]
    assert 685 / 800 <= figures["accuracy"] <= 750 / 800
    assert figures["verified"]
    assert figures["conserved"]
