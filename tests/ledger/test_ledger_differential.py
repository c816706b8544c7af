"""The compiled contracts against the models of ledger and shares: random histories, equal to the unit.

`HYPOTHESIS_PROFILE=deep` plays far more and longer histories, and then also asks that none of the moves was
refused throughout.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from labelshare.protocol.leaves import Payout
from labelshare.protocol.ledger import Place, Receipt, Status
from labelshare.types import Address, CampaignId, PoolId, keccak
from tests.ledger import casting
from tests.ledger.director import Director, Fault, Plan
from tests.ledger.pair import ANY_BOND, MOVES, Pair
from tests.ledger.stage import (
    ACTORS,
    ANNOTATORS,
    ARBITRATION_COST,
    KEY_OF,
    NOBODY,
    ORACLE,
    REQUESTER,
)

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
MINUTE = 60
# The whole run's moves and how they ended; the deep run asks it for moves that never went through.
TALLY: Counter[tuple[str, str]] = Counter()

actors = st.sampled_from(ACTORS)
annotators = st.sampled_from(ANNOTATORS)
picks = st.integers(0, 7)
# Who calls: mostly whoever may, sometimes anyone.
callers = st.one_of(st.none(), st.none(), actors)
amounts = st.one_of(
    st.sampled_from([0, 1, 2, 3, 7, 8, 63, 64, 99, 100, 101]),
    st.integers(1, 10**7),
    st.integers(1, 10**12),
    st.sampled_from([2**96 - 1, 2**96, 2**99]),
)
fractions = st.integers(0, 64)
escrows = st.one_of(st.sampled_from([1, 4, 4_001, 2**96 - 1]), st.integers(1, 10**7), st.integers(1, 10**12))
branches = st.one_of(st.just(0), st.just(2), st.integers(0, 7))


def course(seed: int, steps: int) -> list[int]:
    """Branches as a hash throws them: drawn one by one most would be the same."""
    return [each % 8 for each in keccak(seed.to_bytes(4))[:steps]]


courses = st.builds(course, st.integers(0, 2**32 - 1), st.integers(0, 24))
SLICE = 1_000_003 // 3
RUNNING = (Status.OPEN, Status.PROPOSED, Status.DISPUTED)
# The most that somebody puts up: mostly anything.
mosts = st.sampled_from([ANY_BOND, ANY_BOND, ANY_BOND, 0, 4_004, 250_000])
plans = st.builds(
    Plan,
    accounts=st.lists(st.sampled_from([*ANNOTATORS, *ACTORS, NOBODY]), min_size=1, max_size=4).map(tuple),
    part=st.sampled_from([0, 1, 33, 63, 64, 64]),
    shares=st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple),
    slashes=st.lists(
        st.sampled_from([0, 1, 19, 20, 640 // 64, casting.STAKE_PER_LABEL * 4, 50_021, SLICE, SLICE + 1]),
        min_size=1,
        max_size=3,
    ).map(tuple),
    fault=st.sampled_from([*[Fault.NONE] * 6, *Fault]),
)


def while_some_are(*statuses: Status) -> Callable[[Any], Any]:
    """Makes a rule only where a campaign is in one of these states; `out_of_place` tries the others."""
    return precondition(
        lambda self: any(each.status in statuses for each in self.pair.ledger.campaigns.values())
    )


class LedgerAgainstModel(RuleBasedStateMachine):
    """Every rule makes the same move on both sides; `Pair` compares them after each."""

    def __init__(self) -> None:
        super().__init__()
        self.tally: Counter[tuple[str, str]] = Counter()

    @initialize(
        seats=st.lists(st.tuples(actors, picks), max_size=6),
        campaigns=st.lists(st.tuples(picks, picks, picks, escrows, courses), min_size=1, max_size=3),
    )
    def begin(
        self, seats: list[tuple[Address, int]], campaigns: list[tuple[int, int, int, int, list[int]]]
    ) -> None:
        """Some history, so that every move has something to act on."""
        self.pair = Pair()
        self.tally = self.pair.tally
        self.director = Director(self.pair)
        self.nonce = 0
        for annotator in ANNOTATORS:
            self.pair.join(annotator, self.pair.stage.props.pools[0][0])
        for account, pool in seats:
            self.join(account, pool)
        for pool, dataset, kind, escrow, course in campaigns:
            self.create_campaign(None, pool, dataset, kind, escrow, 3, 0)
            for branch in course if self.names else []:
                self.advance(-1, branch)

    # ------------------------------------------------------------------ picking

    @property
    def names(self) -> list[CampaignId]:
        return list(self.pair.ledger.campaigns)

    def name(self, pick: int, *statuses: Status) -> CampaignId:
        """A campaign in one of these states, or in any."""
        found = self.pair.ledger.campaigns
        names = [name for name in self.names if not statuses or found[name].status in statuses]
        return names[pick % len(names)]

    def batch(self, name: CampaignId, annotator: Address, kind: int) -> Receipt:
        """A batch that was committed, where there is one; one that was never seen for every fourth kind."""
        known = self.director.committed(name)
        if not known or kind % 4 == 3:
            return casting.batch(annotator, kind % 3, kind % 2)
        own = [batch for batch in known if batch.annotator == annotator] or known
        return own[kind % len(own)]

    def receipt(self, name: CampaignId, annotator: Address, kind: int) -> Receipt:
        """A receipt that is open, where there is one; mostly."""
        opened = [each for each, due in self.pair.ledger.campaigns[name].receipts.items() if due is not None]
        return opened[kind % len(opened)] if opened and kind < 7 else self.batch(name, annotator, kind)

    # --------------------------------------------------------------------- time

    @rule(which=st.integers(0, 2), offset=st.sampled_from([-1, 0, 0, 0, 1]))
    def wait_for_a_boundary(self, which: int, offset: int) -> None:
        """To one of the next times at which something begins or ends, or the second before or after."""
        found = self.pair.ledger.campaigns.values()
        times = {time for each in found for time in casting.boundaries(self.pair.ledger, each)}
        ahead = sorted(time for time in times if time > self.pair.now)
        if ahead:
            self.pair.wait_until(ahead[which % len(ahead)] + offset)

    @rule(seconds=st.sampled_from([1, 5, MINUTE, 3_600]), blocks=st.sampled_from([0, 1, 4, 5, 256, 257]))
    def wait(self, seconds: int, blocks: int) -> None:
        self.pair.wait(seconds, blocks)

    # -------------------------------------------------------- what comes naturally

    @precondition(lambda self: self.names)
    @rule(pick=picks, branch=branches)
    def advance(self, pick: int, branch: int) -> None:
        self.director.advance(self.name(pick), branch)

    @precondition(lambda self: self.names)
    @rule(pick=picks, course=courses)
    def advance_far(self, pick: int, course: list[int]) -> None:
        for branch in course:
            self.director.advance(self.name(pick), branch)

    @precondition(lambda self: self.names)
    @rule(sender=actors, pick=picks, move=st.integers(0, 17), plan=plans)
    def out_of_place(self, sender: Address, pick: int, move: int, plan: Plan) -> None:
        """Any move of a campaign in any state of it."""
        pair, name = self.pair, self.name(pick)
        proposal = self.director.proposal(name, plan)
        batch, row = self.batch(name, sender, pick), self.row(name, pick, plan)
        plain: tuple[Callable[..., bool], ...] = (
            pair.cancel,
            pair.accept,
            pair.enrol,
            pair.arm_seed,
            pair.draw_seed,
            pair.challenge,
        )
        plain += (pair.request_ruling, pair.resolve, pair.expire, pair.free_place)
        moves: list[Callable[[], bool]] = [partial(each, sender, name) for each in plain]
        moves += [partial(each, sender, name, proposal) for each in (pair.propose, pair.propose_openly)]
        moves += [partial(each, sender, name, batch) for each in (pair.post_receipt, pair.answer_receipt)]
        moves += [
            partial(pair.top_up, sender, name, 1),
            partial(pair.forfeit_bond, sender, name, batch),
            partial(pair.finalize, sender, name, proposal.settlement),
            partial(pair.slash, sender, name, row, batch, signer=None),
        ]
        moves[move]()

    # ---------------------------------------------------------- credit and seats

    @rule(sender=actors, token=picks, amount=amounts)
    def deposit(self, sender: Address, token: int, amount: int) -> None:
        self.pair.deposit(sender, self.token(token), amount)

    @rule(sender=actors, token=picks, amount=amounts, fraction=fractions)
    def withdraw(self, sender: Address, token: int, amount: int, fraction: int) -> None:
        credit = self.pair.ledger.books[Place.credit(self.token(token), sender)]
        self.pair.withdraw(sender, self.token(token), credit * fraction // 64 if fraction else amount)

    @rule(sender=actors, token=picks, account=st.sampled_from((*ACTORS, NOBODY)))
    def withdraw_for(self, sender: Address, token: int, account: Address) -> None:
        if account == NOBODY and self.pair.ledger.books[Place.credit(self.token(token), NOBODY)]:
            return  # the token would refuse to pay it, which is not the ledger's affair
        self.pair.withdraw_for(sender, self.token(token), account)

    @rule(sender=actors, token=picks, amount=st.integers(1, 1_000))
    def present(self, sender: Address, token: int, amount: int) -> None:
        self.pair.present(sender, self.token(token), amount)

    def token(self, pick: int) -> Address:
        return self.pair.stage.props.tokens[pick % 2]

    @rule(sender=actors, pool=picks)
    def join(self, sender: Address, pool: int) -> None:
        self.pair.join(sender, self.pool(pool))

    @precondition(lambda self: self.pair.ledger.seats)
    @rule(pick=st.integers(0, 23), move=st.sampled_from(["refill", "leave", "leave"]))
    def change_a_seat(self, pick: int, move: str) -> None:
        """Refills a short seat that stays, where there is one, as slashes are rare; else takes any seat."""
        seats = self.pair.ledger.seats
        short = [at for at, seat in seats.items() if seat.short_since is not None and seat.release_at is None]
        chosen = short or list(seats)
        pool, account = chosen[pick % len(chosen)]
        (self.pair.refill if short or move == "refill" else self.pair.leave)(account, pool)

    @precondition(lambda self: self.pair.ledger.seats)
    @rule(sender=actors, pick=st.integers(0, 23), patient=st.sampled_from([True, False, False, False]))
    def withdraw_seat(self, sender: Address, pick: int, *, patient: bool) -> None:
        """Withdraws a leaving seat where there is one, early or in time."""
        seats = self.pair.ledger.seats
        leaving = [at for at, seat in seats.items() if seat.release_at is not None] or list(seats)
        chosen = leaving[pick % len(leaving)]
        if patient:
            self.pair.wait_until(seats[chosen].release_at or 0)
        self.pair.withdraw_seat(sender, *chosen)

    @rule(sender=actors, pool=picks, annotator=actors, move=st.integers(0, 2))
    def a_seat_that_may_not_be(self, sender: Address, pool: int, annotator: Address, move: int) -> None:
        match move:
            case 0:
                self.pair.refill(sender, self.pool(pool))
            case 1:
                self.pair.leave(sender, self.pool(pool))
            case _:
                self.pair.withdraw_seat(sender, self.pool(pool), annotator)

    def pool(self, pick: int) -> PoolId:
        return self.pair.stage.props.pools[pick % 3][0]

    # ------------------------------------------------------------------- funding

    @rule(
        sender=callers,
        pool=picks,
        dataset=picks,
        kind=picks,
        escrow=amounts,
        shares=st.integers(0, 5),
        flaw=picks,
    )
    def create_campaign(
        self,
        sender: Address | None,
        pool: int,
        dataset: int,
        kind: int,
        escrow: int,
        shares: int,
        flaw: int,
    ) -> None:
        if len(self.names) >= 6:
            return
        self.nonce += flaw != 7  # the same campaign twice
        params = casting.campaign(
            self.pair.stage.props,
            self.pair.now,
            self.nonce,
            pool=pool,
            dataset=dataset,
            kind=kind,
            shares=shares,
        )
        if flaw == 6:
            params = replace(params, fee_bps=10_001)
        if flaw == 5:
            params = replace(params, schedule=replace(params.schedule, grace=self.nonce))
        self.pair.create_campaign(sender or REQUESTER, params, escrow)

    @while_some_are(Status.CREATED)
    @rule(sender=actors, pick=picks, amount=amounts)
    def top_up(self, sender: Address, pick: int, amount: int) -> None:
        self.pair.top_up(sender, self.name(pick, Status.CREATED), amount)

    @while_some_are(Status.CREATED, Status.OPEN)
    @rule(sender=actors, pick=picks)
    def cancel(self, sender: Address, pick: int) -> None:
        self.pair.cancel(sender, self.name(pick, Status.CREATED, Status.OPEN))

    @while_some_are(Status.CREATED)
    @rule(sender=callers, pick=picks)
    def accept(self, sender: Address | None, pick: int) -> None:
        self.pair.accept(sender or ORACLE, self.name(pick, Status.CREATED))

    # ---------------------------------------------------- roster, seed and rounds

    @while_some_are(Status.OPEN)
    @rule(sender=callers, pick=picks, roster=st.sets(annotators))
    def post_roster(self, sender: Address | None, pick: int, roster: set[Address]) -> None:
        self.pair.post_roster(sender or ORACLE, self.name(pick, Status.OPEN), sorted(roster))

    @while_some_are(Status.OPEN)
    @rule(sender=actors, pick=picks)
    def enrol(self, sender: Address, pick: int) -> None:
        self.pair.enrol(sender, self.name(pick, Status.OPEN))

    @while_some_are(Status.OPEN)
    @rule(sender=actors, pick=picks)
    def arm_seed(self, sender: Address, pick: int) -> None:
        self.pair.arm_seed(sender, self.name(pick, Status.OPEN))

    @while_some_are(Status.OPEN)
    @rule(sender=actors, pick=picks)
    def draw_seed(self, sender: Address, pick: int) -> None:
        self.pair.draw_seed(sender, self.name(pick, Status.OPEN))

    @while_some_are(Status.OPEN)
    @rule(
        sender=callers, pick=picks, number=st.integers(0, 2), by=st.sets(annotators), count=st.integers(1, 9)
    )
    def commit_aggregate(
        self, sender: Address | None, pick: int, number: int, by: set[Address], count: int
    ) -> None:
        batches = [casting.batch(account, number, number, count) for account in sorted(by)]
        self.pair.commit_aggregate(sender or ORACLE, self.name(pick, Status.OPEN), number, batches)

    @while_some_are(Status.OPEN)
    @rule(
        sender=actors, pick=picks, number=st.integers(0, 2), batch=st.integers(0, 2), count=st.integers(0, 9)
    )
    def commit(self, sender: Address, pick: int, number: int, batch: int, count: int) -> None:
        made = casting.batch(sender, batch, number, count).commit
        if count == 9:
            made = replace(made, cumulative_count=8)
        self.pair.commit(sender, self.name(pick, Status.OPEN), made)

    # ------------------------------------------------------------------ receipts

    @while_some_are(Status.OPEN)
    @rule(
        sender=actors,
        pick=picks,
        annotator=annotators,
        kind=picks,
        forged=st.sampled_from([False] * 4 + [True]),
    )
    def post_receipt(
        self, sender: Address, pick: int, annotator: Address, kind: int, *, forged: bool
    ) -> None:
        name = self.name(pick, Status.OPEN)
        self.pair.post_receipt(sender, name, self.batch(name, annotator, kind), forged=forged)

    @while_some_are(*RUNNING)
    @rule(sender=actors, pick=picks, annotator=annotators, kind=picks)
    def answer_receipt(self, sender: Address, pick: int, annotator: Address, kind: int) -> None:
        name = self.name(pick, *RUNNING)
        self.pair.answer_receipt(sender, name, self.receipt(name, annotator, kind))

    @while_some_are(*RUNNING)
    @rule(sender=actors, pick=picks, annotator=annotators, kind=picks)
    def forfeit_bond(self, sender: Address, pick: int, annotator: Address, kind: int) -> None:
        name = self.name(pick, *RUNNING)
        self.pair.forfeit_bond(sender, name, self.receipt(name, annotator, kind))

    # ---------------------------------------------------- proposals and contests

    @while_some_are(Status.OPEN)
    @rule(sender=callers, pick=picks, way=st.integers(0, 2), plan=plans, most=mosts)
    def propose(self, sender: Address | None, pick: int, way: int, plan: Plan, most: int) -> None:
        name = self.name(pick, Status.OPEN)
        proposal = self.director.proposal(name, plan)
        openly = partial(self.pair.propose_openly, max_bond=most)
        way_in = (self.pair.propose, self.pair.propose_late, openly)[way]
        way_in(sender or ORACLE, name, proposal)

    @while_some_are(Status.PROPOSED)
    @rule(sender=actors, pick=picks, most=mosts, plan=plans, stale=st.sampled_from([False] * 4 + [True]))
    def challenge(self, sender: Address, pick: int, most: int, plan: Plan, *, stale: bool) -> None:
        name = self.name(pick, Status.PROPOSED)
        other = self.director.proposal(name, plan).settlement if stale else None
        self.pair.challenge(sender, name, other, most)

    @while_some_are(Status.DISPUTED)
    @rule(sender=actors, pick=picks, more=st.sampled_from([-1, 0, 1, 5]))
    def request_ruling(self, sender: Address, pick: int, more: int) -> None:
        self.pair.request_ruling(sender, self.name(pick, Status.DISPUTED), ARBITRATION_COST + more)

    @while_some_are(Status.DISPUTED)
    @rule(sender=callers, dispute=st.integers(0, 4), ruling=st.integers(0, 3))
    def rule_(self, sender: Address | None, dispute: int, ruling: int) -> None:
        live = [number for _, number in self.pair.ledger.disputes]
        number = live[dispute % len(live)] if live and dispute else dispute
        self.pair.rule(sender or self.pair.stage.props.arbitrator, number, ruling)

    @while_some_are(Status.DISPUTED)
    @rule(sender=actors, pick=picks)
    def resolve(self, sender: Address, pick: int) -> None:
        self.pair.resolve(sender, self.name(pick, Status.DISPUTED))

    # -------------------------------------------------------------------- ending

    @while_some_are(Status.PROPOSED)
    @rule(sender=actors, pick=picks, plan=plans, own=st.sampled_from([True, True, False]))
    def finalize(self, sender: Address, pick: int, plan: Plan, *, own: bool) -> None:
        name = self.name(pick, Status.PROPOSED)
        campaign = self.pair.ledger.campaigns[name]
        proposal = campaign.proposal if own and campaign.proposal else self.director.proposal(name, plan)
        self.pair.finalize(sender, name, proposal.settlement)

    @while_some_are(Status.OPEN)
    @rule(sender=actors, pick=picks)
    def expire(self, sender: Address, pick: int) -> None:
        self.pair.expire(sender, self.name(pick, Status.OPEN))

    @while_some_are(Status.FINAL)
    @rule(sender=actors, pick=picks)
    def free_place(self, sender: Address, pick: int) -> None:
        self.pair.free_place(sender, self.name(pick, Status.FINAL))

    # --------------------------------------------------------- claims and slashes

    @while_some_are(Status.FINAL)
    @rule(sender=actors, pick=picks, row=picks, plan=plans)
    def claim(self, sender: Address, pick: int, row: int, plan: Plan) -> None:
        name = self.name(pick, Status.FINAL)
        self.pair.claim(sender, name, self.row(name, row, plan))

    @while_some_are(Status.FINAL)
    @rule(
        sender=actors,
        pick=picks,
        rows=st.sets(picks, max_size=4),
        parts=st.sampled_from([0, 1, 1, 2, 2, 3, 3, 4]),
    )
    def claim_many(self, sender: Address, pick: int, rows: set[int], parts: int) -> None:
        self.pair.claim_many(sender, self.name(pick, Status.FINAL), sorted(rows), parts)

    @while_some_are(Status.FINAL)
    @rule(sender=actors, pick=picks, row=picks, plan=plans, kind=picks, alone=st.booleans(), signer=callers)
    def slash(
        self,
        sender: Address,
        pick: int,
        row: int,
        plan: Plan,
        kind: int,
        *,
        alone: bool,
        signer: Address | None,
    ) -> None:
        name = self.name(pick, Status.FINAL)
        found = self.row(name, row, plan)
        batch = self.batch(name, found.account, kind)
        own = batch.annotator if batch.annotator in KEY_OF else ORACLE
        slashed = self.pair.slash(sender, name, found, batch, signer=None if alone else signer or own)
        if slashed and sender != found.account:  # slashes are rare: else hardly a short seat is ever refilled
            self.pair.refill(found.account, self.pair.ledger.campaigns[name].params.pool)

    def row(self, name: CampaignId, row: int, plan: Plan) -> Payout:
        """One of the proposal at hand, mostly; else one that nobody proposed."""
        proposal = self.pair.ledger.campaigns[name].proposal
        rows = proposal.rows if proposal else ()
        return rows[row % len(rows)] if rows and row < 7 else self.director.proposal(name, plan).rows[0]

    # -------------------------------------------------------------------- shares

    @rule(
        sender=actors, dataset=picks, receiver=st.sampled_from((*ACTORS, NOBODY)), fraction=st.integers(0, 65)
    )
    def transfer(self, sender: Address, dataset: int, receiver: Address, fraction: int) -> None:
        share = self.dataset(dataset)
        held = self.pair.shares[share].holdings
        balance = held[sender].shares if sender in held else 0
        self.pair.transfer(sender, share, receiver, balance * fraction // 64)

    @rule(sender=actors, dataset=picks, amount=amounts)
    def pay_revenue(self, sender: Address, dataset: int, amount: int) -> None:
        self.pair.pay_revenue(sender, self.dataset(dataset), amount)

    @rule(sender=actors, dataset=picks, account=actors)
    def claim_revenue(self, sender: Address, dataset: int, account: Address) -> None:
        self.pair.claim_revenue(sender, self.dataset(dataset), account)

    def dataset(self, pick: int) -> Address:
        return self.pair.stage.props.datasets[pick % 2]

    def teardown(self) -> None:
        for (move, outcome), count in self.tally.items():
            event(f"{move}: {outcome}", count)
        TALLY.update(self.tally)


SIZE = (120, 50) if DEEP else (6, 25)


@pytest.mark.timeout(7_200 if DEEP else 300)
def test_contracts_and_models_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """Fast: a few histories. Deep: many, and every move must have gone through in some."""
    examples, steps = SIZE
    run_state_machine_as_test(
        LedgerAgainstModel,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            # A fast run that fails says how at once; the deep run takes the time to make it short.
            phases=[each for each in Phase if DEEP or each not in {Phase.shrink, Phase.explain}],
            suppress_health_check=list(HealthCheck),
        ),
    )
    if DEEP:
        with capsys.disabled():
            sys.stdout.write(counts())
        assert {move for move in MOVES if not TALLY[move, "done"]} == set()


def counts() -> str:
    """A line for each move: how often it was made, and refused for which reason."""
    lines = []
    for move in MOVES:
        ends = {outcome: count for (name, outcome), count in sorted(TALLY.items()) if name == move}
        made = ends.pop("done", 0)
        why = ", ".join(f"{reason} {count}" for reason, count in ends.items())
        lines.append(f"\n{move:16}{made:6} made{sum(ends.values()):7} refused: {why}")
    return "".join(lines)
