"""What rendezvous assignment promises, over campaigns lived through round by round."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.protocol.assignment import Plan, RoundFacts, checker, is_assigned, offers, places
from labelshare.types import Address, Hash32, keccak

SEATS = tuple(Address(keccak(b"seat" + bytes([number]))[:20]) for number in range(20))
seeds = st.binary(min_size=32, max_size=32).map(Hash32)


@dataclass
class Life:
    """A campaign whose seats take the places they are offered, as far as they may and care to."""

    plan: Plan
    history: list[RoundFacts] = field(default_factory=list)
    load: Counter[Address] = field(default_factory=Counter)

    def round(self, idle: frozenset[Address] = frozenset()) -> None:
        taken = {}
        for who, items in places(self.plan, self.history).items():
            if who not in idle:
                taken[who] = frozenset(items[: self.plan.limit - self.load[who]])
                self.load[who] += len(taken[who])
        self.history.append(RoundFacts(taken))

    def labels(self, item: int) -> set[Address]:
        """Who has a label on the item that counts."""
        assigned = offers(self.plan, self.history, item)
        return {
            who
            for facts, chosen in zip(self.history, assigned, strict=False)
            for who in chosen
            if item in facts.items.get(who, ())
        }


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    roster = SEATS[: draw(st.integers(0, 8))]
    n_items, k = draw(st.integers(1, 8)), draw(st.integers(1, 4))
    return Plan(draw(seeds), roster, n_items, k, draw(st.integers(0, 9)))


idlers = st.lists(st.frozensets(st.sampled_from(SEATS[:8])), max_size=5)


@given(plans(), idlers)
def test_nobody_exceeds_cap_or_slice_and_no_item_its_redundancy(
    plan: Plan, idle: list[frozenset[Address]]
) -> None:
    life = Life(plan)
    for sleepers in idle:
        life.round(sleepers)
    counted = Counter(who for item in range(plan.n_items) for who in life.labels(item))
    assert all(counted[who] <= plan.limit for who in plan.roster)
    assert all(len(life.labels(item)) <= plan.k for item in range(plan.n_items))
    assert counted == Counter({who: n for who, n in life.load.items() if n})


@given(plans(), idlers)
def test_every_place_is_offered_while_seats_remain(plan: Plan, idle: list[frozenset[Address]]) -> None:
    life = Life(plan)
    for sleepers in idle:
        life.round(sleepers)
    for item in range(plan.n_items):
        filled = life.labels(item)
        able = [who for who in plan.roster if who not in filled and life.load[who] < plan.limit]
        assert len(offers(plan, life.history, item)[-1]) == min(plan.k - len(filled), len(able))


@given(plans())
def test_every_item_fills_while_seats_remain(plan: Plan) -> None:
    """Everybody works: at the end an item lacks labels only if whoever could give one is at its limit."""
    life = Life(plan)
    for _ in range(len(plan.roster) + plan.n_items):
        life.round()
    for item in range(plan.n_items):
        filled = life.labels(item)
        left = [who for who in plan.roster if who not in filled and life.load[who] < plan.limit]
        assert len(filled) == plan.k or not left


@given(plans(), idlers, st.sampled_from(SEATS), st.integers(0, 7))
def test_any_single_assignment_is_checked_alone(
    plan: Plan, idle: list[frozenset[Address]], who: Address, item: int
) -> None:
    """From roster, lists and one item's hashes, without working out anybody else's places."""
    life = Life(plan)
    for sleepers in idle:
        life.round(sleepers)
    whole, check = places(plan, life.history), checker(plan, life.history)
    expected = item in whole.get(who, [])
    assert is_assigned(plan, life.history, who, item) == expected
    if item < plan.n_items:
        assert check(who, len(life.history), item) == expected


@given(seeds, st.integers(1, 19))
@settings(max_examples=30)
def test_m_of_n_seats_get_their_part_of_the_places(seed: Hash32, m: int) -> None:
    """Whoever holds them, below the cap; five standard deviations of a draw with replacement are allowed."""
    n_items, k = 200, 3
    found = places(Plan(seed, SEATS, n_items, k, n_items), [])
    theirs = sum(len(found.get(who, [])) for who in SEATS[:m])
    expected, part = n_items * k * m / len(SEATS), m / len(SEATS)
    assert abs(theirs - expected) <= 5 * sqrt(n_items * k * part * (1 - part))
