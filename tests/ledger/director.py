"""Knows what usually comes next in a campaign, so that random histories get somewhere."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from labelshare.protocol.ledger import Campaign, Kind, Parts, Place, Proposal, Receipt, Status
from labelshare.types import Address, CampaignId
from tests.ledger import casting
from tests.ledger.pair import Pair
from tests.ledger.stage import ANNOTATORS, DAY, NOBODY, ONE_SHARE, ORACLE, REQUESTER, RIVAL, STRANGER

BPS = 10_000


class Fault(Enum):
    """What may be wrong with a proposal."""

    NONE = "nothing"
    TOO_RICH = "pays more than there is"
    TOO_MANY_SHARES = "gives more shares than were reserved"
    DUST = "mints less than one share"
    OVERISSUED = "its rows sum to more pay than its total"
    DILUTED = "its rows sum to more shares than its total"
    TWICE = "two rows have one index"


class Plan(NamedTuple):
    """What somebody proposes: for whom, how much of the bounty (64ths), shares and slashes, what is wrong."""

    accounts: tuple[Address, ...] = ANNOTATORS
    part: int = 48
    shares: tuple[int, ...] = (1, 0, 1)
    slashes: tuple[int, ...] = (casting.STAKE_PER_LABEL, 0, 1)
    fault: Fault = Fault.NONE


class Director:
    """Makes the next move of a campaign's usual course; `branch` chooses where courses part."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    def advance(self, name: CampaignId, branch: int) -> None:
        """One move, with the waiting before it."""
        campaign = self._pair.ledger.campaigns[name]
        match campaign.status:
            case Status.CREATED:
                self._pair.accept(ORACLE, name)
            case Status.OPEN if self._pair.now < campaign.params.schedule.commit_end:
                self._work(name, campaign, branch)
            case Status.OPEN if self._pair.now < campaign.params.schedule.reveal_end:
                self._reveal(name, campaign, branch)
            case Status.OPEN:
                self._settle(name, campaign, branch)
            case Status.PROPOSED:
                self._conclude(name, campaign, branch)
            case Status.DISPUTED:
                self._judge(name, campaign, branch)
            case Status.FINAL:
                self._hand_out(name, campaign, branch)
            case Status.CANCELLED | Status.EXPIRED:
                if self._pair.ledger.books[Place.credit(campaign.params.token, REQUESTER)]:
                    self._pair.withdraw_for(STRANGER, campaign.params.token, REQUESTER)

    def committed(self, name: CampaignId) -> list[Receipt]:
        """What was committed in a campaign, and what the oracle was held to."""
        campaign = self._pair.ledger.campaigns[name]
        known = [batch for batches in campaign.rounds.values() for batch in sorted(batches, key=repr)]
        known += [Receipt(account, commit) for (account, _), commit in campaign.alone.items()]
        return known + [receipt for receipt in campaign.receipts if receipt not in known]

    def proposal(self, name: CampaignId, plan: Plan) -> Proposal:
        """The proposal of a plan."""
        campaign = self._pair.ledger.campaigns[name]
        budget = self._pair.ledger.held(Kind.ESCROW, name) * BPS // (BPS + campaign.params.fee_bps)
        count = len(plan.accounts)
        total = budget * plan.part // 64
        payouts = [total // count + (total % count if index == 0 else 0) for index in range(count)]
        shares = _shares(plan, campaign)
        slashes = [plan.slashes[index % len(plan.slashes)] for index in range(count)]
        rows = casting.rows(plan.accounts, payouts, shares, slashes)
        if plan.fault is Fault.TWICE:
            rows = [row if row.index else replace(row, index=1) for row in rows]
        return self._pair.proposal(name, rows, *_totals(plan.fault, campaign, budget, total, sum(shares)))

    def _fair(self, campaign: Campaign) -> Plan:
        """Pay, shares and slashes that can all be had."""
        part = self._pair.ledger.rules_of(campaign).campaign_slice
        return Plan(slashes=(min(casting.STAKE_PER_LABEL, part), 0, 1))

    # ------------------------------------------------------------------- the course

    def _work(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair, schedule = self._pair, campaign.params.schedule
        if campaign.roster is None and pair.now < schedule.enrol_end - schedule.grace and branch < 5:
            pair.post_roster(ORACLE, name, ANNOTATORS)
        elif branch >= 5 and pair.now < schedule.enrol_end:
            pair.enrol(ANNOTATORS[branch - 5], name)
        elif not campaign.drawn:
            self._draw(name, campaign)
        else:
            self._commit(name, campaign, branch)

    def _draw(self, name: CampaignId, campaign: Campaign) -> None:
        pair = self._pair
        pair.wait_until(campaign.params.schedule.enrol_end)
        if campaign.armed is None:
            pair.arm_seed(STRANGER, name)
            pair.wait(0, blocks=5)
        elif not pair.draw_seed(STRANGER, name):
            pair.arm_seed(STRANGER, name)

    def _commit(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair, schedule = self._pair, campaign.params.schedule
        done = {*campaign.rounds, *(commit.round for commit in campaign.alone.values())}
        ahead = [number for number in range(schedule.rounds) if number not in done]
        if not ahead or branch == 6:
            pair.wait_until(schedule.commit_end)
            return
        pair.wait_until(schedule.round_start(ahead[0]))
        batches = [casting.batch(account, ahead[0], ahead[0], 5) for account in ANNOTATORS]
        if branch % 2:
            pair.commit(batches[branch % 3].annotator, name, batches[branch % 3].commit)
        else:
            pair.commit_aggregate(ORACLE, name, ahead[0], batches)

    def _reveal(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair = self._pair
        opened = [receipt for receipt, due in campaign.receipts.items() if due is not None]
        known = self.committed(name)
        if opened and branch != 7:
            pair.answer_receipt(STRANGER, name, opened[0])
        elif branch == 3 and known:
            pair.post_receipt(RIVAL, name, known[0])
        elif branch in {5, 7}:
            pair.post_receipt(RIVAL, name, casting.batch(ANNOTATORS[0], 2, 0))
        if branch != 3:
            pair.wait_until(campaign.params.schedule.reveal_end)

    def _settle(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair = self._pair
        due = [(receipt, due) for receipt, due in campaign.receipts.items() if due is not None]
        if due and branch == 2:
            pair.answer_receipt(STRANGER, name, due[0][0])
        elif due and branch != 6:
            pair.wait_until(due[0][1])
            pair.forfeit_bond(STRANGER, name, due[0][0])
        elif not campaign.committed:
            pair.cancel(STRANGER, name)
        elif campaign.rejections > campaign.params.schedule.tries:
            pair.expire(STRANGER, name)
        elif branch < 4 and pair.now < campaign.params.schedule.settle_end and not campaign.rejections:
            pair.propose(ORACLE, name, self.proposal(name, self._fair(campaign)))
        else:
            self._rescue(name, campaign, branch)

    def _rescue(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair, proposal = self._pair, self.proposal(name, self._fair(campaign))
        if branch == 7:
            pair.wait_until(campaign.params.schedule.propose_end)
            pair.expire(STRANGER, name)
            return
        pair.wait_until(campaign.rescue_start + (DAY if branch == 5 else 0))
        if branch in {4, 5} and pair.propose_late(ORACLE, name, proposal):
            return
        pair.wait_until(campaign.rescue_start + campaign.params.schedule.rescue_period)
        pair.propose_openly(RIVAL, name, proposal)

    def _conclude(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair = self._pair
        if branch in {1, 3, 4, 5}:
            pair.challenge(RIVAL, name)
            return
        pair.wait_until(campaign.since + campaign.params.schedule.window)
        if campaign.proposal:
            pair.finalize(STRANGER, name, campaign.proposal.settlement)

    def _judge(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair, contest = self._pair, campaign.challenge
        if contest is None:
            return
        if contest.ruling is None and branch == 7:
            pair.wait_until(contest.ruling_end)
        if contest.ruling is not None or pair.now >= contest.ruling_end:
            pair.resolve(STRANGER, name)
        elif contest.payer is None:
            if not pair.request_ruling(STRANGER, name):
                pair.wait_until(contest.ruling_end)
        else:
            pair.rule(pair.stage.props.arbitrator, contest.dispute, branch % 3)

    def _hand_out(self, name: CampaignId, campaign: Campaign, branch: int) -> None:
        pair, rows = self._pair, campaign.proposal.rows if campaign.proposal else ()
        if branch == 7:
            pair.wait_until(campaign.params.schedule.slash_end(campaign.since))
            pair.free_place(STRANGER, name)
        elif branch == 6:
            pair.wait(DAY)
            pair.pay_revenue(REQUESTER, campaign.params.dataset, 10**9 + 7)
        elif branch in {0, 1} and rows:
            row = rows[branch % len(rows)]
            own = [batch for batch in self.committed(name) if batch.annotator == row.account]
            batch = own[0] if own else casting.batch(row.account, 0)
            alone = campaign.committed_alone(row.account, batch.commit)
            pair.slash(
                RIVAL, name, row, batch, signer=None if alone or row.account == NOBODY else row.account
            )
        elif branch == 2 and rows:
            pair.claim(rows[0].account, name, rows[0])
        else:
            pair.claim_many(STRANGER, name, range(branch), Parts.PAYOUT if branch == 3 else Parts.SHARES)


def _shares(plan: Plan, campaign: Campaign) -> list[int]:
    """Shares of each account, as far as the reserve goes."""
    left, shares = campaign.params.share_cap, []
    for index in range(len(plan.accounts)):
        wanted = plan.shares[index % len(plan.shares)] * ONE_SHARE
        shares.append(wanted if wanted <= left else 0)
        left -= shares[-1]
    return shares


def _totals(fault: Fault, campaign: Campaign, budget: int, pay: int, shares: int) -> tuple[int, int]:
    """The totals that a proposal states, of pay and of shares."""
    match fault:
        case Fault.TOO_RICH:
            return budget + budget // 2 + 1, shares
        case Fault.TOO_MANY_SHARES:
            return pay, campaign.params.share_cap + 1
        case Fault.DUST:
            return pay, 1
        case Fault.OVERISSUED:
            return pay // 2, shares
        case Fault.DILUTED:
            return pay, max(shares - ONE_SHARE, 0)
        case Fault.NONE | Fault.TWICE:
            return pay, shares
