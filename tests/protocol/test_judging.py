"""The rules as a whole: what pay, skill and slashes promise, over random crowds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.aggregation.leave_one_out import peers
from labelshare.protocol.aggregation.majority import majority
from labelshare.protocol.commitments import Opening
from labelshare.protocol.counting import Count
from labelshare.protocol.evidence import GoldRow, ScoreRow, TruthRow
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.judging import Verdict, judge
from labelshare.protocol.rewards import budget
from labelshare.protocol.spec import Spec
from labelshare.types import ZERO_HASH, Address, Commit, keccak
from tests.protocol.renaming import ties_as_before
from tests.protocol.world import SEED, STRICT, World, account, propose, skilled_world, spec_fields

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
    with ties_as_before(range(N_ITEMS), order):
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
        assert -65_536 <= row.skill_q16 <= 65_536


@given(answers_of, gold_of, st.dictionaries(st.integers(0, 5), st.integers(1, 9)), aggregations)
def test_no_stake_is_taken_but_by_both_kinds_of_evidence_or_for_skill_below_chance(
    answers: Answers, gold: dict[int, int], unopened: dict[int, int], aggregation: dict[str, Any]
) -> None:
    verdict = Case(answers, gold, unopened, fields={"aggregation": aggregation}).verdict()
    slashed = {row.account: row.slash for row in verdict.payouts if row.slash}
    due = {row.annotator: loss_of(row) for row in verdict.scores if loss_of(row)}
    assert slashed in ({}, due)  # the circuit breaker lets all or none
    for row in verdict.scores:
        assert not row.flagged or row.gold_right < row.gold
    assert not slashed or gold
    event(f"lost: {len(slashed)}")


def loss_of(row: ScoreRow) -> int:
    """What somebody loses by the standard rule: half for a flag, up to half in proportion below chance."""
    signed = (row.labels + row.unopened) * WORLD.campaign.stake_per_label
    below = min(max(-row.skill_q16, 0), 26_214)
    lost = max(signed // 2 if row.flagged else 0, signed * 5_000 * below // (10_000 * 26_214))
    assert 0 <= lost <= signed // 2
    return lost


@given(answers_of, gold_of, st.dictionaries(st.integers(0, 5), st.integers(1, 9)), aggregations)
def test_who_agrees_no_better_than_by_chance_is_paid_nothing(
    answers: Answers, gold: dict[int, int], unopened: dict[int, int], aggregation: dict[str, Any]
) -> None:
    """Whatever everybody's strategy: A × T − X of nothing or less is no pay, and without gold no loss."""
    verdict = Case(answers, gold, unopened, fields={"aggregation": aggregation}).verdict()
    for row in verdict.scores:
        if row.agreed * row.items <= row.chance:
            assert row.skill_q16 <= 0
            assert pay_of(verdict, row.annotator) == (0, 0)
    event(f"at chance or below: {sum(row.skill_q16 <= 0 < row.labels for row in verdict.scores)}")


@pytest.mark.parametrize("aggregation", [{"policy": "majority.v1"}, MODEL], ids=["vote", "model"])
def test_a_guesser_right_exactly_as_often_as_by_chance_earns_and_loses_nothing(
    aggregation: dict[str, Any],
) -> None:
    """One of three classes is each a third of the items: who says the first everywhere has a third right."""
    answers = {(who, item): item % 3 for who in range(4) for item in range(N_ITEMS)}
    answers |= {(4, item): 0 for item in range(N_ITEMS)}
    gold = {item: item % 3 for item in (1, 2, 3, 4)}
    slash = {"policy": "skill-and-gold.v1", "min_labels": 99, "breaker_gold": 1}
    verdict = Case(answers, gold, fields={"aggregation": aggregation, "slash": slash}, weight=1).verdict()
    row = next(row for row in verdict.scores if row.annotator == PEOPLE[4])
    assert (row.accepted, row.compared, row.skill_q16) == (2, 6, 0)
    assert row.agreed * row.items == row.chance == 12
    assert {each.account for each in verdict.payouts} == set(PEOPLE[:4])


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
    assert pay[account("rob")] == pay[account("con")] == 0  # about 16 right answers of 48
    assert account("one") not in pay  # one label tells nothing
    assert scores(world)["shy"].skill_q16 == 23_405
    assert pay[account("shy")] == 10 * 1001 * (23_405 - 6_553) // (26_214 - 6_553)


def test_pay_may_begin_at_no_skill_at_all() -> None:
    world = skilled_world(skill={"policy": "leave-one-out.v1", "from_bps": 0})
    pay = {row.account: row.payout for row in world.build().payouts}
    assert pay[account("one")] == 1001 * 6_553 // 26_214
    assert pay[account("con")] == (2 * 16 + 2) * 1001 * 1_702 // (2 * 26_214)
    assert pay[account("rob")] == 0


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
    assert slashes(skilled_world())["con"] == 48 * 4_000 // 2
    assert not scores(skilled_world())["rob"].flagged  # not surely unskilled, though wrong on all gold


ROB = 35_845
"""What `rob` forfeits: of 192,000, half of 9,788 / 26,214, rounded down."""


def test_who_agrees_less_than_by_chance_forfeits_in_proportion() -> None:
    row = scores(skilled_world())["rob"]
    assert (row.compared, row.agreed, row.chance, row.items) == (68, 15, 1_088, 48)
    assert row.skill_q16 == -9_788  # 65,536 × (15 × 48 − 1,088) / (68 × 48 − 1,088 + 6 × 48), rounded down
    assert slashes(skilled_world()) == {"rob": ROB, "con": 48 * 4_000 // 2}


@pytest.mark.parametrize(
    ("forfeit_bps", "taken"), [(0, None), (1, 7), (5_000, ROB), (10_000, 2 * ROB), (3_333, 23_894)]
)
def test_the_spec_says_how_much_is_forfeited(forfeit_bps: int, taken: int | None) -> None:
    rule = STRICT | {"forfeit_bps": forfeit_bps}
    lost = slashes(skilled_world(slash=rule))
    assert (lost.get("rob"), lost["con"]) == (taken, 96_000)


def test_who_is_flagged_loses_the_forfeit_where_that_is_more() -> None:
    """Everything that `con` says is wrong: far below chance, and flagged."""
    for part_bps, taken in ((1, 96_000), (4_999, 96_000), (5_001, 96_019)):
        rule = STRICT | {"part_bps": part_bps}
        world = skilled_world(slash=rule)
        world.openings = [each for each in world.openings if each.annotator != account("con")]
        world.commits = [each for each in world.commits if each.annotator != account("con")]
        world.label("con", 0, {item: (item + 1) % 3 for item in range(48)})
        assert scores(world)["con"].flagged
        assert scores(world)["con"].skill_q16 < -26_214
        assert slashes(world)["con"] == taken


def test_unopened_labels_are_part_of_what_is_forfeited() -> None:
    world = skilled_world()
    world.label("rob", 1, dict.fromkeys(range(48, 58), 0), opened=False)
    row = scores(world)["rob"]
    assert row.unopened == 10
    assert slashes(world)["rob"] == 58 * 4_000 * 5_000 * -row.skill_q16 // (10_000 * 26_214)
    assert row.skill_q16 > -9_788  # and yet they are no answer against anybody


def test_without_a_policy_for_slashes_nobody_forfeits() -> None:
    world = skilled_world(slash={"policy": "none.v1"})
    assert scores(world)["rob"].skill_q16 == -9_788
    assert slashes(world) == {}


def test_without_a_reveal_there_is_no_gold_and_no_slash() -> None:
    world = skilled_world()
    world.gold.clear()
    assert rows_of(GoldRow, world) == []
    assert slashes(world) == {}
    assert not any(row.flagged for row in scores(world).values())


def test_the_circuit_breaker_stops_slashes_and_not_pay() -> None:
    """Nor does anybody forfeit."""
    strict = STRICT | {"breaker_gold": 6}  # one of six is void
    world = skilled_world(slash=strict)
    assert slashes(world) == {}
    assert scores(world)["con"].flagged
    assert scores(world)["rob"].skill_q16 == -9_788
    worlds = (world, skilled_world())
    stopped, loosed = ({row.account: row.payout for row in each.build().payouts} for each in worlds)
    assert stopped == {who: pay for who, pay in loosed.items() if pay}


def test_correlation_is_evidence_only_where_the_spec_says_so() -> None:
    rule = STRICT | {"min_gold": 6}
    assert slashes(skilled_world(slash=rule)) == {"rob": ROB}
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
