"""Written histories that make every move at least once, each on the compiled contracts and the models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from labelshare.protocol.leaves import Payout
from labelshare.protocol.ledger import Kind, Parts, Place, Proposal, Receipt, Status
from labelshare.types import Address, CampaignId
from tests.ledger import casting
from tests.ledger.pair import MOVES, Pair
from tests.ledger.stage import (
    ACTORS,
    ANNA,
    ANNOTATORS,
    ARBITRATION_COST,
    BERT,
    CORA,
    DAY,
    NOBODY,
    ONE_SHARE,
    ORACLE,
    REQUESTER,
    RIVAL,
    STRANGER,
)

ESCROW = 1_000_001
SLICE = 1_000_003 // 3
SIGNED_FOR = 4 * casting.STAKE_PER_LABEL
HISTORIES: list[Callable[[Pair], None]] = []


def history(story: Callable[[Pair], None]) -> Callable[[Pair], None]:
    """Marks a function as a history to play."""
    HISTORIES.append(story)
    return story


def opened(pair: Pair, kind: int = 0, nonce: int = 0, dataset: int = 0) -> CampaignId:
    """A campaign in the judged pool that was accepted."""
    params = casting.campaign(pair.stage.props, pair.now, nonce, kind=kind, dataset=dataset)
    name = pair.create_campaign(REQUESTER, params, ESCROW)
    assert pair.accept(ORACLE, name)
    return name


def working(pair: Pair, name: CampaignId) -> None:
    """The roster is posted, the seed drawn, and the first round runs."""
    schedule = pair.ledger.campaigns[name].params.schedule
    assert pair.post_roster(ORACLE, name, [ANNA, BERT])
    assert pair.enrol(CORA, name)
    pair.wait_until(schedule.enrol_end)
    assert pair.arm_seed(STRANGER, name)
    pair.wait(1, blocks=5)
    assert pair.draw_seed(STRANGER, name)
    pair.wait_until(schedule.work_start)


def committed(pair: Pair, name: CampaignId) -> list[Receipt]:
    """Two batches under a root, one committed alone; all rounds are over."""
    batches = [casting.batch(annotator, 0) for annotator in ANNOTATORS]
    assert pair.commit_aggregate(ORACLE, name, 0, batches[:2])
    assert pair.commit(CORA, name, batches[2].commit)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.commit_end)
    return batches


def ready(pair: Pair, kind: int = 0, nonce: int = 0, dataset: int = 0) -> tuple[CampaignId, list[Receipt]]:
    """A campaign that may be proposed for."""
    name = opened(pair, kind, nonce, dataset)
    working(pair, name)
    batches = committed(pair, name)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.reveal_end)
    return name, batches


def honest(pair: Pair, name: CampaignId) -> Proposal:
    """Pay for everyone, a whole share for two, and a slash that may be taken only from the third."""
    rows = casting.rows(
        [*ANNOTATORS, NOBODY],
        [100_003, 200_006, 300_009, 11],
        [ONE_SHARE, ONE_SHARE, 0, 0],
        [SLICE + 1, SIGNED_FOR + 1, SIGNED_FOR, 5],
    )
    return pair.proposal(name, rows, sum(row.payout for row in rows), 2 * ONE_SHARE)


def finished(pair: Pair, kind: int = 0, nonce: int = 0, dataset: int = 0) -> tuple[CampaignId, list[Receipt]]:
    """A final campaign."""
    name, batches = ready(pair, kind, nonce, dataset)
    proposal = honest(pair, name)
    assert pair.propose(ORACLE, name, proposal)
    pair.wait(25)
    assert pair.finalize(STRANGER, name, proposal.settlement)
    return name, batches


def rows_of(pair: Pair, name: CampaignId) -> tuple[Payout, ...]:
    proposal = pair.ledger.campaigns[name].proposal
    assert proposal
    return proposal.rows


def state(pair: Pair, name: CampaignId) -> Status:
    return pair.ledger.campaigns[name].status


def credit(pair: Pair, account: Address) -> int:
    return pair.ledger.books[Place.credit(pair.stage.props.tokens[0], account)]


def burned(pair: Pair) -> int:
    return pair.ledger.books[Place.burned(pair.stage.props.tokens[0])]


def refused(pair: Pair, move: str, name: str) -> bool:
    """Whether the last attempt at a move was refused for this reason (by both sides, or it had failed)."""
    return pair.last == (move, name)


# --------------------------------------------------------------- undisturbed lives


@history
def money_of_ones_own(pair: Pair) -> None:
    gold, silver = pair.stage.props.tokens
    assert pair.deposit(ANNA, gold, 1_000)
    assert pair.present(RIVAL, gold, 77)
    assert pair.withdraw(ANNA, gold, 400)
    assert not pair.withdraw(ANNA, gold, 601)
    assert not pair.withdraw(ANNA, silver, 1)
    assert pair.withdraw_for(RIVAL, gold, ANNA)
    assert not pair.withdraw_for(RIVAL, gold, ANNA)
    assert not pair.deposit(STRANGER, gold, 5_000_001)
    assert credit(pair, ANNA) == 0


@history
def credit_is_spent_before_the_wallet(pair: Pair) -> None:
    gold = pair.stage.props.tokens[0]
    assert pair.deposit(REQUESTER, gold, 999_999)
    name = opened(pair)
    assert credit(pair, REQUESTER) == 0
    assert pair.ledger.held(Kind.ESCROW, name) == ESCROW


@history
def an_undisturbed_life(pair: Pair) -> None:
    name, _ = ready(pair)
    proposal = honest(pair, name)
    assert pair.propose(ORACLE, name, proposal)
    assert not pair.finalize(STRANGER, name, proposal.settlement)
    pair.wait(25)
    assert pair.finalize(STRANGER, name, proposal.settlement)
    anna, bert, _, nobody = proposal.rows
    assert pair.claim(ANNA, name, anna)
    assert not pair.claim(ANNA, name, anna)
    assert pair.claim(STRANGER, name, bert)
    assert pair.claim_many(STRANGER, name, [2, 3], Parts.PAYOUT)
    assert credit(pair, NOBODY) == nobody.payout
    assert pair.claim_many(STRANGER, name, [2], Parts.SHARES)
    pair.wait(45)
    assert pair.free_place(STRANGER, name)
    assert not pair.free_place(STRANGER, name)
    assert pair.ledger.held(Kind.ESCROW, name) == 0


@history
def a_slash_needs_consent(pair: Pair) -> None:
    name, batches = finished(pair)
    anna, bert, cora, _ = rows_of(pair, name)
    pool = pair.ledger.campaigns[name].params.pool
    assert not pair.slash(RIVAL, name, anna, batches[0], signer=ANNA)
    assert refused(pair, "slash", "SlashAboveSlice")
    assert not pair.slash(RIVAL, name, bert, batches[1], signer=BERT)
    assert refused(pair, "slash", "SlashAboveConsent")
    assert not pair.slash(RIVAL, name, cora, batches[2], signer=RIVAL)
    assert refused(pair, "slash", "InvalidSignature")
    assert pair.slash(RIVAL, name, cora, batches[2], signer=None)
    assert credit(pair, RIVAL) == SIGNED_FOR // 20
    assert not pair.slash(RIVAL, name, cora, batches[2], signer=None)
    assert pair.leave(BERT, pool)
    assert not pair.refill(BERT, pool)
    assert pair.refill(CORA, pool)
    assert not pair.refill(CORA, pool)


@history
def a_signed_batch_under_a_root_is_consent_too(pair: Pair) -> None:
    name, batches = ready(pair)
    rows = casting.rows([ANNA], [1], [0], [SIGNED_FOR])
    proposal = pair.proposal(name, rows, 1, 0)
    assert pair.propose(ORACLE, name, proposal)
    pair.wait(25)
    assert pair.finalize(RIVAL, name, proposal.settlement)
    assert not pair.slash(RIVAL, name, rows[0], batches[0], signer=None)
    assert refused(pair, "slash", "NotIncluded")
    assert pair.slash(RIVAL, name, rows[0], batches[0], signer=ANNA)


@history
def shares_of_two_datasets_and_of_two_campaigns(pair: Pair) -> None:
    first, _ = finished(pair, nonce=0, dataset=0)
    assert pair.claim_many(STRANGER, first, [0, 1, 2], Parts.SHARES)
    pair.wait(45)
    assert pair.free_place(STRANGER, first)
    one, two = pair.stage.props.datasets
    assert pair.pay_revenue(REQUESTER, one, 10**9 + 7)
    pair.wait(3 * DAY)
    second, _ = finished(pair, nonce=1, dataset=0)
    other, _ = finished(pair, nonce=2, dataset=1)
    assert pair.pay_revenue(REQUESTER, two, 5)
    assert pair.transfer(ANNA, one, RIVAL, ONE_SHARE // 3)
    assert not pair.transfer(RIVAL, one, ANNA, ONE_SHARE)
    assert pair.claim_many(STRANGER, second, [0, 1, 2], Parts.SHARES)
    assert pair.claim(BERT, other, rows_of(pair, other)[1])
    pair.wait(DAY)
    for dataset in (one, two):
        assert pair.claim_revenue(RIVAL, dataset, RIVAL)
        assert pair.claim_revenue(RIVAL, dataset, ANNA)
    assert not pair.pay_revenue(STRANGER, one, 0)


# ------------------------------------------------------------------ no work at all


@history
def a_campaign_that_nobody_accepts(pair: Pair) -> None:
    params = casting.campaign(pair.stage.props, pair.now, 0)
    name = pair.create_campaign(REQUESTER, params, ESCROW)
    assert pair.top_up(RIVAL, name, 5)
    assert not pair.cancel(RIVAL, name)
    pair.wait(50)
    assert not pair.accept(ORACLE, name)
    assert pair.cancel(RIVAL, name)
    assert credit(pair, REQUESTER) == ESCROW + 5


@history
def a_campaign_in_which_nobody_commits(pair: Pair) -> None:
    name = opened(pair)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.reveal_end)
    assert pair.cancel(RIVAL, name)
    assert credit(pair, REQUESTER) == ESCROW
    assert credit(pair, ORACLE) == -(-ESCROW // 4)


@history
def a_missed_seed_costs_a_sixty_fourth(pair: Pair) -> None:
    name = opened(pair)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.enrol_end)
    assert pair.arm_seed(RIVAL, name)
    pair.wait(1, blocks=4)
    assert not pair.draw_seed(RIVAL, name)
    pair.wait(0, blocks=256)
    assert not pair.arm_seed(RIVAL, name)
    pair.wait(0, blocks=1)
    assert not pair.draw_seed(RIVAL, name)
    assert pair.arm_seed(RIVAL, name)
    assert burned(pair) == -(-ESCROW // 4) // 64


# -------------------------------------------------------------------- receipts


@history
def an_answered_and_an_unanswered_receipt(pair: Pair) -> None:
    name = opened(pair)
    working(pair, name)
    batches = committed(pair, name)
    missing = casting.batch(ANNA, 1)
    assert not pair.post_receipt(RIVAL, name, batches[0], forged=True)
    for batch in (batches[0], batches[2], missing):
        assert pair.post_receipt(RIVAL, name, batch)
    assert pair.answer_receipt(RIVAL, name, batches[0])
    assert pair.answer_receipt(RIVAL, name, batches[2])
    assert not pair.answer_receipt(RIVAL, name, missing)
    assert not pair.forfeit_bond(RIVAL, name, missing)
    pair.wait(20)
    assert pair.forfeit_bond(RIVAL, name, missing)
    assert credit(pair, ANNA) == -(-ESCROW // 4) // 2
    pair.wait(20)
    assert not pair.propose(ORACLE, name, honest(pair, name))
    assert refused(pair, "propose", "NoExclusiveRight")


@history
def a_refund_turns_into_nothing_where_a_receipt_was_broken(pair: Pair) -> None:
    name = opened(pair)
    missing = casting.batch(ANNA, 0)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.reveal_end - 1)
    assert pair.post_receipt(ANNA, name, missing)
    pair.wait(1)
    assert not pair.cancel(REQUESTER, name)
    pair.wait(19)
    assert pair.forfeit_bond(ANNA, name, missing)
    assert state(pair, name) is Status.EXPIRED


@history
def receipts_while_somebody_else_is_judged(pair: Pair) -> None:
    name = opened(pair)
    working(pair, name)
    batches = committed(pair, name)
    pair.wait(39)
    answered, broken = batches[0], casting.batch(ANNA, 1)
    assert pair.post_receipt(ANNA, name, answered)
    assert pair.answer_receipt(ORACLE, name, answered)
    assert pair.post_receipt(ANNA, name, broken)
    pair.wait(1 + 30 + 20)
    assert not pair.propose_late(ORACLE, name, honest(pair, name))
    assert refused(pair, "proposeLate", "ReceiptsOpen")
    assert pair.propose_openly(RIVAL, name, honest(pair, name))
    assert pair.challenge(STRANGER, name)
    assert pair.forfeit_bond(ANNA, name, broken)
    assert credit(pair, ANNA) == 250_001 // 2
    assert state(pair, name) is Status.DISPUTED


# -------------------------------------------------------------------- contests


@history
def a_proposal_that_withstands_three_contests(pair: Pair) -> None:
    name, _ = ready(pair)
    proposal = honest(pair, name)
    assert pair.propose(ORACLE, name, proposal)
    assert not pair.challenge(RIVAL, name, max_bond=250_000)
    assert refused(pair, "challenge", "BondAboveMax")
    assert not pair.challenge(RIVAL, name, replace(proposal.settlement, leaves=5))
    assert refused(pair, "challenge", "SettlementMismatch")
    for number in range(3):
        assert pair.challenge(RIVAL, name, max_bond=250_001 * 2**number)
        assert not pair.request_ruling(STRANGER, name, ARBITRATION_COST - 1)
        assert pair.request_ruling(STRANGER, name, ARBITRATION_COST + 9)
        assert not pair.rule(RIVAL, number + 1, 1)
        assert not pair.resolve(STRANGER, name)
        assert pair.rule(pair.stage.props.arbitrator, number + 1, 1)
        assert not pair.rule(pair.stage.props.arbitrator, number + 1, 2)
        assert pair.resolve(STRANGER, name)
        assert credit(pair, STRANGER) == 1_001 * (number + 1)
    assert not pair.challenge(RIVAL, name)
    assert refused(pair, "challenge", "ChallengesUsedUp")
    pair.wait(25)
    assert pair.finalize(STRANGER, name, proposal.settlement)


@history
def tries_until_nothing_is_left(pair: Pair) -> None:
    """Rejected, then unruled twice, on bonds that double."""
    name, _ = ready(pair, kind=1)
    proposal = honest(pair, name)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.reveal_end)
    assert pair.propose(ORACLE, name, proposal)
    assert pair.challenge(RIVAL, name)
    assert pair.request_ruling(RIVAL, name)
    assert pair.rule(pair.stage.props.arbitrator, 1, 2)
    assert pair.resolve(RIVAL, name)
    assert not pair.propose_late(ORACLE, name, proposal)
    assert refused(pair, "proposeLate", "BondUsedUp")
    for number in (1, 2):
        assert not pair.propose_openly(REQUESTER, name, proposal)
        pair.wait(2 * DAY + 5)
        assert not pair.propose_openly(REQUESTER, name, proposal, 250_001 * 2**number - 1)
        assert refused(pair, "proposeOpenly", "BondAboveMax")
        assert pair.propose_openly(REQUESTER, name, proposal, 250_001 * 2**number)
        assert pair.ledger.held(Kind.PROPOSER_BOND, name) == -(-ESCROW // 4) * 2**number
        assert pair.challenge(RIVAL, name)
        pair.wait(35)
        assert pair.resolve(STRANGER, name)
    assert not pair.propose_openly(REQUESTER, name, proposal)
    assert refused(pair, "proposeOpenly", "TriesUsedUp")
    assert pair.expire(STRANGER, name)
    assert pair.ledger.held(Kind.ESCROW, name) == 0


@history
def a_late_oracle_pays_by_the_day(pair: Pair) -> None:
    name, _ = ready(pair, kind=2)
    proposal = honest(pair, name)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.settle_end)
    assert not pair.propose(ORACLE, name, proposal)
    pair.wait(2 * DAY)
    assert pair.propose_late(ORACLE, name, proposal)
    assert burned(pair) == -(-250_001 * 3 // 100)


@history
def somebody_else_proposes_and_the_silent_oracle_loses_its_bond(pair: Pair) -> None:
    name, _ = ready(pair)
    proposal = honest(pair, name)
    pair.wait(30 + 20)
    assert pair.propose_openly(RIVAL, name, proposal)
    pair.wait(25)
    before = burned(pair)
    assert pair.finalize(STRANGER, name, proposal.settlement)
    assert burned(pair) - before == 250_001
    assert credit(pair, RIVAL) == 250_001 + 600_029 * 333 // 10_000


@history
def a_campaign_that_nobody_settles(pair: Pair) -> None:
    name, _ = ready(pair)
    assert not pair.expire(RIVAL, name)
    pair.wait_until(pair.ledger.campaigns[name].params.schedule.propose_end)
    assert pair.expire(RIVAL, name)
    assert burned(pair) == ESCROW + 250_001


# ------------------------------------------------------------------ seats that leave


@history
def a_seat_is_free_when_the_places_taken_before_it_left_are(pair: Pair) -> None:
    pool = pair.stage.props.pools[0][0]
    first = opened(pair, nonce=0)
    assert pair.leave(ANNA, pool)
    second = opened(pair, nonce=1)
    assert not pair.withdraw_seat(RIVAL, pool, ANNA)
    pair.wait_until(pair.ledger.campaigns[first].params.schedule.reveal_end)
    assert pair.cancel(RIVAL, first)
    assert state(pair, second) is Status.OPEN
    assert pair.withdraw_seat(RIVAL, pool, ANNA)
    assert not pair.withdraw_seat(RIVAL, pool, ANNA)
    assert pair.join(ANNA, pool)


@history
def a_seat_is_free_at_the_latest_end(pair: Pair) -> None:
    pool = pair.stage.props.pools[0][0]
    name = opened(pair)
    assert pair.leave(ANNA, pool)
    assert not pair.leave(ANNA, pool)
    end = pair.ledger.campaigns[name].params.schedule.hard_end
    pair.wait_until(end - 1)
    assert not pair.withdraw_seat(ANNA, pool, ANNA)
    pair.wait(1)
    assert pair.withdraw_seat(ANNA, pool, ANNA)


@history
def more_cohorts_than_are_told_apart(pair: Pair) -> None:
    """Seven seats leave, each between two campaigns; an eighth shares its cohort with what comes later."""
    pool = pair.stage.props.pools[2][0]
    names = []
    for number, leaver in enumerate(ACTORS):
        assert pair.join(leaver, pool)
        names.append(roomy(pair, number))
        assert pair.leave(leaver, pool)
    names.append(roomy(pair, 8))
    assert pair.ledger.pools[pool].newest == 7
    pair.wait_until(pair.ledger.campaigns[names[-1]].params.schedule.reveal_end)
    for name, leaver in zip(names[:7], ACTORS[:7], strict=True):
        assert not pair.withdraw_seat(RIVAL, pool, leaver)
        assert pair.cancel(RIVAL, name)
        assert pair.withdraw_seat(RIVAL, pool, leaver)
    assert pair.cancel(RIVAL, names[7])
    assert not pair.withdraw_seat(RIVAL, pool, ACTORS[7])
    assert pair.cancel(RIVAL, names[8])
    assert not pair.ledger.pools[pool].places
    assert pair.withdraw_seat(RIVAL, pool, ACTORS[7])


def roomy(pair: Pair, nonce: int) -> CampaignId:
    """A campaign in the pool with room for many."""
    params = casting.campaign(pair.stage.props, pair.now, nonce, pool=2, shares=0)
    name = pair.create_campaign(REQUESTER, params, 8 * 10**9)
    assert pair.accept(ORACLE, name)
    return name


@cache
def played(story: Callable[[Pair], None]) -> frozenset[str]:
    """Plays a history on a fresh stage with three seats in the judged pool; returns the moves made."""
    pair = Pair()
    for annotator in ANNOTATORS:
        assert pair.join(annotator, pair.stage.props.pools[0][0])
    story(pair)
    return frozenset(move for move, outcome in pair.tally if outcome == "done")


@pytest.mark.parametrize("story", HISTORIES, ids=lambda story: story.__name__)
def test_contracts_and_models_agree_on(story: Callable[[Pair], None]) -> None:
    assert played(story)


def test_the_histories_leave_no_move_out() -> None:
    assert set(MOVES) - {move for story in HISTORIES for move in played(story)} == set()
