"""The rules as a whole: what pay, skill and slashes promise, over random crowds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from labelshare.protocol.aggregation import base, dawid_skene, leave_one_out
from labelshare.protocol.aggregation import majority as majority_module
from labelshare.protocol.aggregation.base import Crowd, Integers
from labelshare.protocol.aggregation.leave_one_out import peers
from labelshare.protocol.aggregation.majority import majority
from labelshare.protocol.commitments import Opening
from labelshare.protocol.counting import Count
from labelshare.protocol.evidence import GoldRow, ScoreRow, TruthRow
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.judging import Verdict, judge
from labelshare.protocol.rewards import budget
from labelshare.protocol.spec import Spec
from labelshare.types import ZERO_HASH, Address, Commit, Hash32, keccak
from tests.protocol.world import SEED, World, account, propose, skilled_world, spec_fields

N_ITEMS = 6
PEOPLE = [Address(keccak(b"person" + bytes([number]))[:20]) for number in range(6)]
WORLD = World()
MODEL = {"policy": "dawid-skene.v1", "strength": 4, "iterations": 30}
Answers = dict[tuple[int, int], int]  # class by (person, item)

answers_of = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, N_ITEMS - 1)), st.integers(0, 2), max_size=30
)
gold_of = st.dictionaries(st.integers(0, N_ITEMS - 1), st.integers(0, 2), max_size=4)
aggregations = st.sampled_from([{"policy": "majority.v1"}, MODEL])


@dataclass(frozen=True)
class Case:
    """A campaign's labels, without the commitments around them; people are counted in their `order`."""

    answers: Answers
    gold: Mapping[int, int] = field(default_factory=dict)
    unopened: Mapping[int, int] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    escrow: int = 1_000_000
    share_cap: int = 10**24
    order: tuple[int, ...] = tuple(range(6))
    weight: int = 5

    @property
    def spec(self) -> Spec:
        rules: dict[str, Any] = {"pay": {"policy": "skill.v1"}, "shares": {"policy": "skill.v1"}}
        if self.gold:
            sealed = self._sealed
            gold = {"policy": "merkle.v1", "root": str(sealed.root), "count": len(self.gold)}
            rules["gold"] = gold | {"weight": self.weight}
            rules["slash"] = {
                "policy": "skill-and-gold.v1",
                "min_labels": 1,
                "min_gold": 1,
                "breaker_gold": 1,
            }
        return Spec.of(spec_fields(**(rules | dict(self.fields))))

    @property
    def _sealed(self) -> SealedGold:
        return SealedGold.of(ZERO_HASH, {item: bytes([1, 0, choice]) for item, choice in self.gold.items()})

    def verdict(self) -> Verdict:
        spec = self.spec
        count = Count(WORLD.scope, spec.task.form, N_ITEMS, lambda *_: True)
        committed = {}
        for number in self.order:
            person = PEOPLE[number]
            own = {item: choice for (who, item), choice in sorted(self.answers.items()) if who == number}
            if own:
                labels = tuple(spec.task.form.encode(choice) for choice in own.values())
                opening = Opening(person, ZERO_HASH, ZERO_HASH, tuple(own), labels)
                count.add(Commit(0, 0, ZERO_HASH, len(own), len(own)), opening, None)
            if total := len(own) + self.unopened.get(number, 0):
                committed[person] = total
        record = WORLD.record_with(())
        params = replace(record.params, share_cap=self.share_cap)
        gold = (self._sealed.reveal,) if self.gold else ()
        record = replace(record, params=params, escrow=self.escrow, gold=gold)
        return judge(spec, record, count, committed)

    def references(self) -> dict[tuple[int, int], int]:
        """What the others say, by (person, item)."""
        rows = sorted(self.answers.items())
        who, items = (np.array([key[side] for key, _ in rows], dtype=np.int64) for side in (0, 1))
        classes = np.array([choice for _, choice in rows], dtype=np.int64)
        crowd = Crowd(N_ITEMS, 3, items, who, classes)
        found = peers(crowd, majority(crowd, SEED), SEED, len(PEOPLE)).references
        return {key: int(reference) for (key, _), reference in zip(rows, found, strict=True)}


def pay_of(verdict: Verdict, person: Address) -> tuple[int, int]:
    return next(((row.payout, row.shares) for row in verdict.payouts if row.account == person), (0, 0))


# Everybody answers nearly everything, mostly alike: one answer seldom changes what others are held against.
dense_answers = st.lists(st.sampled_from((0, 0, 0, 1, 1, 2, None)), min_size=36, max_size=36).map(
    lambda row: {divmod(place, 6): choice for place, choice in enumerate(row) if choice is not None}
)


@given(dense_answers, gold_of, st.dictionaries(st.integers(0, 5), st.integers(1, 9)))
def test_agreeing_more_never_lowers_ones_pay(
    answers: Answers, gold: dict[int, int], unopened: dict[int, int]
) -> None:
    """With the winners that others are held against unchanged, and money enough; each change is tried."""
    case = Case(answers, gold, unopened)
    references, before = case.references(), case.verdict()
    tried = 0
    for (who, item), said in references.items():
        if said in (-1, answers[who, item]) or item in gold:
            continue
        better = replace(case, answers=answers | {(who, item): said})
        if all(other == references[key] for key, other in better.references().items() if key[0] != who):
            tried += 1
            assert pay_of(better.verdict(), PEOPLE[who])[0] >= pay_of(before, PEOPLE[who])[0]
    event(f"changes tried: {min(tried, 3)}")


@given(
    answers_of,
    gold_of,
    st.integers(0, 10**18),
    st.integers(0, 10**6),
    st.integers(0, 3 * 10**19),
    st.sampled_from(["flat.v1", "skill.v1"]),
    aggregations,
)
def test_pay_and_shares_never_exceed_what_there_is(
    answers: Answers,
    gold: dict[int, int],
    price: int,
    escrow: int,
    cap: int,
    policy: str,
    aggregation: dict[str, Any],
) -> None:
    policies = {"pay": {"policy": policy}, "shares": {"policy": policy}, "price": str(price)}
    policies |= {"aggregation": aggregation}
    verdict = Case(answers, gold, fields=policies, escrow=escrow, share_cap=cap).verdict()
    paid, minted = sum(row.payout for row in verdict.payouts), sum(row.shares for row in verdict.payouts)
    assert paid <= budget(escrow, WORLD.campaign.fee_bps)
    assert minted <= cap
    assert minted == 0 or minted >= 10**18
    if verdict.payouts:
        assert (verdict.payouts[-1].cum_payout, verdict.payouts[-1].cum_shares) == (paid, minted)


@given(answers_of, gold_of, st.permutations(range(6)), aggregations)
def test_what_people_are_called_changes_nothing(
    answers: Answers, gold: dict[int, int], order: list[int], aggregation: dict[str, Any]
) -> None:
    one = Case(answers, gold, fields={"aggregation": aggregation}).verdict()
    moved = {(order[who], item): choice for (who, item), choice in answers.items()}
    other = Case(moved, gold, fields={"aggregation": aggregation}).verdict()
    names = {PEOPLE[who]: PEOPLE[order[who]] for who in range(6)}
    assert other.truths == one.truths
    assert other.gold == one.gold
    assert {replace(row, annotator=names[row.annotator]) for row in one.scores} == set(other.scores)


@given(answers_of, gold_of, st.permutations(range(3)), aggregations)
def test_relabelling_the_classes_changes_nothing_if_ties_fall_alike(
    answers: Answers, gold: dict[int, int], order: list[int], aggregation: dict[str, Any]
) -> None:
    """Class c becomes order[c]; a tie falls by the hash of what the class was called before."""
    rules = {"aggregation": aggregation}
    one = Case(answers, gold, fields=rules).verdict()
    before = {new: old for old, new in enumerate(order)}
    ranks, break_tie = majority_module._ranks, base.break_tie

    def ranked(seed: Hash32, items: Integers, choices: Integers) -> np.ndarray:
        return ranks(seed, items, np.array([before[choice] for choice in choices.tolist()], dtype=np.int64))

    def broken(seed: Hash32, item: int, tied: list[int]) -> int:
        return order[break_tie(seed, item, [before[choice] for choice in tied])]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(majority_module, "_ranks", ranked)
        patch.setattr(majority_module, "break_tie", broken)
        patch.setattr(leave_one_out, "break_tie", broken)
        patch.setattr(dawid_skene, "break_tie", broken)
        other = Case(
            {key: order[choice] for key, choice in answers.items()},
            {item: order[choice] for item, choice in gold.items()},
            fields=rules,
        ).verdict()
    decode = Case(answers).spec.task.form.decode
    assert [decode(row.winner) for row in other.truths] == [order[decode(row.winner)] for row in one.truths]
    assert [replace(row, winner=b"") for row in other.truths] == [
        replace(row, winner=b"") for row in one.truths
    ]
    assert [row.void for row in other.gold] == [row.void for row in one.gold]
    assert other.scores == one.scores
    assert other.payouts == one.payouts


@given(answers_of, gold_of, st.dictionaries(st.integers(0, 5), st.integers(1, 9)))
def test_everyone_who_committed_has_a_score_and_sums_agree(
    answers: Answers, gold: dict[int, int], unopened: dict[int, int]
) -> None:
    verdict = Case(answers, gold, unopened).verdict()
    people = {PEOPLE[who] for who, _ in answers} | {PEOPLE[who] for who in unopened}
    assert [row.annotator for row in verdict.scores] == sorted(people)
    assert sum(row.labels for row in verdict.scores) == len(answers)
    bad = {row.item for row in verdict.truths if not row.accepted}
    assert sum(row.contested for row in verdict.scores) == sum(item in bad for _, item in answers)
    for row in verdict.scores:
        assert row.agreed <= row.compared
        assert row.accepted + row.contested <= row.labels
        assert row.unopened == unopened.get(PEOPLE.index(row.annotator), 0)
        assert 0 <= row.skill_q16 <= 65_536


@given(answers_of, gold_of, aggregations)
def test_no_stake_is_taken_without_both_kinds_of_evidence(
    answers: Answers, gold: dict[int, int], aggregation: dict[str, Any]
) -> None:
    verdict = Case(answers, gold, fields={"aggregation": aggregation}).verdict()
    flagged = {row.annotator for row in verdict.scores if row.flagged}
    slashed = {row.account: row.slash for row in verdict.payouts if row.slash}
    assert slashed.keys() <= flagged
    for row in verdict.scores:
        if row.flagged:
            assert row.gold_right < row.gold
    for person, taken in slashed.items():
        labels = sum(PEOPLE[who] == person for who, _ in answers)
        assert taken == labels * WORLD.campaign.stake_per_label // 2
    event(f"slashed: {len(slashed)}")


def rows_of(kind: type[Any], world: World) -> list[Any]:
    return [row for row in world.build().rows if isinstance(row, kind)]


def scores(world: World) -> dict[str, ScoreRow]:
    names = {account(name): name for name in world.names}
    return {names[row.annotator]: row for row in rows_of(ScoreRow, world)}


def slashes(world: World) -> dict[str, int]:
    names = {account(name): name for name in world.names}
    return {names[row.account]: row.slash for row in world.build().payouts if row.slash}


def test_careful_work_is_paid_in_full_and_careless_work_next_to_nothing() -> None:
    world = skilled_world()
    pay = {row.account: row.payout for row in world.build().payouts}
    assert pay[account("ann")] == (2 * 44 + 2) * 1001 // 2
    assert account("rob") not in pay
    assert pay[account("con")] < 1_200  # 16 right answers of 48
    assert pay[account("one")] == 1001 * 6_553 // 26_214  # one label tells little


def test_a_batch_kept_shut_costs_skill() -> None:
    shut = scores(skilled_world())["shy"]
    assert (shut.labels, shut.unopened, shut.compared, shut.agreed) == (10, 6, 10, 10)
    world = skilled_world()
    world.commits = [
        each for each in world.commits if each.commit.round == 0 or each.annotator != account("shy")
    ]
    assert scores(world)["shy"].skill_q16 > shut.skill_q16 > 0


def test_gold_that_the_skilled_contradict_is_void_and_judges_nobody() -> None:
    world = skilled_world()
    assert [row.item for row in rows_of(GoldRow, world) if row.void] == [5]
    assert scores(world)["ann"].gold == scores(world)["ann"].gold_right == 5


def test_who_is_unskilled_and_fails_gold_loses_half_of_the_stake_behind_its_labels() -> None:
    assert slashes(skilled_world()) == {"con": 48 * 4_000 // 2}
    assert not scores(skilled_world())["rob"].flagged  # not surely unskilled, though wrong on all gold


def test_without_a_reveal_there_is_no_gold_and_no_slash() -> None:
    world = skilled_world()
    world.gold.clear()
    assert rows_of(GoldRow, world) == []
    assert slashes(world) == {}
    assert not any(row.flagged for row in scores(world).values())


def test_the_circuit_breaker_stops_slashes_and_not_pay() -> None:
    strict = {"policy": "skill-and-gold.v1", "breaker_gold": 6}  # one of six is void
    world = skilled_world(slash=strict)
    assert slashes(world) == {}
    assert scores(world)["con"].flagged
    assert [row.payout for row in world.build().payouts] == [
        row.payout for row in skilled_world().build().payouts
    ]


def test_correlation_is_evidence_only_where_the_spec_says_so() -> None:
    rule = {"policy": "skill-and-gold.v1", "breaker_gold": 4, "min_gold": 6}
    assert slashes(skilled_world(slash=rule)) == {}
    assert "con" in slashes(skilled_world(slash=rule | {"evidence": "gold-or-correlation"}))


def test_gold_counts_as_often_as_the_spec_weighs_it() -> None:
    root = skilled_world().fields["gold"]
    plain = scores(skilled_world(gold=root | {"weight": 1}))["con"]
    heavy = scores(skilled_world())["con"]
    assert (heavy.compared - plain.compared, heavy.agreed - plain.agreed) == (5 * 4, 2 * 4)


def test_gold_labels_are_paid_like_others_and_change_no_vote() -> None:
    truths = rows_of(TruthRow, skilled_world())
    assert truths == rows_of(TruthRow, skilled_world(gold={"policy": "none.v1"}, slash={"policy": "none.v1"}))
    world = skilled_world()
    record = propose(world.record(), world.build())
    assert record.posted is not None
    assert record.posted.settlement.payout_total == sum(row.payout for row in world.build().payouts)
