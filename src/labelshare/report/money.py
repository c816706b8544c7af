"""Where every unit went: the flows of a campaign and its dataset, and whether they balance.

All figures come from events, the balances they are compared with from the tokens themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labelshare.chain import events as ev
from labelshare.chain.contracts import Parts, Registry, Token
from labelshare.chain.deploy import Deployment
from labelshare.chain.history import CampaignHistory, DatasetHistory, ledger
from labelshare.chain.node import Chain
from labelshare.protocol.evidence import PayoutRow
from labelshare.types import Address

__all__ = ["Balance", "Flows", "check_money", "flows_of"]

Flow = tuple[Address, Address]


@dataclass(frozen=True, slots=True)
class Balance:
    """A sum that must come out the same both ways; in base units."""

    what: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.left == self.right


@dataclass(frozen=True)
class Flows:
    """What moved at a deployment.

    Attributes:
        moved: Units of the reward token that went from one account to another.
        credit: Free credit of each account in the registry's ledger.
        seats: Seat stakes held, by annotator.
        burned: Units burned.
        slashed: Units that slashes burned, and credited to whoever executed them.
    """

    moved: Mapping[Flow, int]
    credit: Mapping[Address, int]
    seats: Mapping[Address, int]
    burned: int
    slashed: int

    @property
    def stakes(self) -> int:
        """All seat stakes held."""
        return sum(self.seats.values())

    def balance(self, account: Address) -> int:
        """What the transfers left with an account."""
        got = sum(amount for (_, to), amount in self.moved.items() if to == account)
        return got - sum(amount for (source, _), amount in self.moved.items() if source == account)


def flows_of(chain: Chain, deployment: Deployment, token: Address) -> Flows:
    """Read every move of a token since the deployment, and the ledger's and the seats' events."""
    head = chain.block_number
    moved: defaultdict[Flow, int] = defaultdict(int)
    for event in ev.events(chain, token, deployment.block, head):
        if isinstance(event, ev.Transfer):
            moved[event.from_, event.to] += event.value
    books = ledger(chain, deployment, token)
    happened = ev.events(chain, deployment.registry.address, deployment.block, head)
    return Flows(dict(moved), books.credits, _seats(happened), books.burned, _from_slashes(happened))


def _seats(happened: Iterable[ev.Event]) -> dict[Address, int]:
    seats: defaultdict[Address, int] = defaultdict(int)
    for event in happened:
        match event:
            case ev.Joined(annotator=who, stake=amount) | ev.Refilled(annotator=who, amount=amount):
                seats[who] += amount
            case ev.SeatWithdrawn(annotator=who, stake=amount) | ev.Slashed(annotator=who, amount=amount):
                seats[who] -= amount
            case _:
                pass
    return dict(seats)


def _from_slashes(happened: Iterable[ev.Event]) -> int:
    """What the ledger says of slashes: each is followed by its reward, if there is one, and its burn."""
    total, in_slash = 0, False
    for event in happened:
        match event:
            case ev.Slashed():
                in_slash = True
            case ev.Credited(amount=amount) if in_slash:
                total += amount
            case ev.Burned(amount=amount) if in_slash:
                total, in_slash = total + amount, False
            case _:
                pass
    return total


def check_money(
    chain: Chain,
    deployment: Deployment,
    campaign: CampaignHistory,
    dataset: DatasetHistory,
    payouts: Iterable[PayoutRow],
    flows: Flows,
) -> list[Balance]:
    """Every sum that must balance once a campaign is final, on a deployment that has had only this one."""
    rows = list(payouts)
    return [
        *_campaign(campaign, rows),
        *_registry(chain, deployment, campaign, rows, flows),
        *_slashes(chain, deployment, campaign, rows, flows),
        *_wallets(deployment, campaign, rows, flows),
        *_shares(dataset, deployment, rows),
        *_revenue(chain, dataset),
    ]


def _claimed(campaign: CampaignHistory, rows: Iterable[PayoutRow], part: Parts) -> list[PayoutRow]:
    return [row for row in rows if campaign.claimed.get(row.index, Parts(0)) & part]


def _campaign(campaign: CampaignHistory, rows: list[PayoutRow]) -> list[Balance]:
    final = campaign.finalized
    if final is None:
        return []
    spent = final.payout_total + final.fee + final.surplus
    return [
        Balance("escrow = pay + fee + surplus", campaign.record.escrow, spent),
        Balance("pay = all payouts", final.payout_total, sum(row.payout for row in rows)),
    ]


def _registry(
    chain: Chain, deployment: Deployment, campaign: CampaignHistory, rows: list[PayoutRow], flows: Flows
) -> list[Balance]:
    """What the registry holds is what it owes: credit, stakes, unclaimed pay and what was burned."""
    unclaimed = _escrow(campaign) - sum(row.payout for row in _claimed(campaign, rows, Parts.PAYOUT))
    owed = sum(flows.credit.values()) + flows.stakes + unclaimed + campaign.bonds + flows.burned
    token = Token(chain, campaign.record.params.token)
    registry = deployment.registry.address
    held = token.balance_of(registry)
    return [
        Balance("registry holds = all it owes", held, owed),
        Balance("registry holds = transfers in - out", held, flows.balance(registry)),
    ]


def _escrow(campaign: CampaignHistory) -> int:
    """What the campaign's escrow came to, before any claim."""
    if campaign.cancelled or campaign.expired:
        return 0
    return campaign.finalized.payout_total if campaign.finalized else campaign.record.escrow


def _slashes(
    chain: Chain, deployment: Deployment, campaign: CampaignHistory, rows: list[PayoutRow], flows: Flows
) -> list[Balance]:
    """Stakes that were taken: as the settlement has it, out of the seats, and into burns and rewards."""
    taken = campaign.slashed
    if not taken:
        return []
    due = {row.index: row.slash for row in rows}
    registry, pool = Registry(chain, deployment.registry.address), campaign.record.params.pool
    accounts = {each.annotator for each in taken}
    held = sum(registry.seat(pool, account).stake for account in accounts)
    left = sum(flows.seats.get(account, 0) for account in accounts)
    amount = sum(each.amount for each in taken)
    return [
        Balance("slashed = slashes of the payouts", amount, sum(due.get(each.index, 0) for each in taken)),
        Balance("slashed = burned + rewards", amount, flows.slashed),
        Balance("slashed seats hold = in - slashed", held, left),
    ]


def _wallets(
    deployment: Deployment, campaign: CampaignHistory, rows: list[PayoutRow], flows: Flows
) -> list[Balance]:
    """Each annotator got its payout to the unit: the first one who did not, or all of them in one line."""
    registry = deployment.registry.address
    due = {row.account: row.payout for row in _claimed(campaign, rows, Parts.PAYOUT)}
    got = {account: flows.moved.get((registry, account), 0) for account in due}
    for account, amount in due.items():
        if amount != got[account]:
            return [Balance(f"payout of {account}", got[account], amount)]
    return [Balance("each wallet got = its payout", sum(got.values()), sum(due.values()))]


def _shares(dataset: DatasetHistory, deployment: Deployment, rows: list[PayoutRow]) -> list[Balance]:
    minted = sum(each.amount for each in dataset.minted)
    unreleased = dataset.balances.get(deployment.registry.address, 0)
    released = sum(each.amount for each in dataset.released)
    return [
        Balance("shares minted = payouts' shares", minted, sum(row.shares for row in rows)),
        Balance("shares minted = all balances", minted, sum(dataset.balances.values())),
        Balance("shares minted = released + waiting", minted, released + unreleased),
    ]


def _revenue(chain: Chain, dataset: DatasetHistory) -> list[Balance]:
    paid, claimed = sum(each.amount for each in dataset.paid), sum(each.amount for each in dataset.claimed)
    sold = sum(each.contributors for each in dataset.sold)
    held = Token(chain, dataset.created.revenue_token).balance_of(dataset.created.dataset)
    return [
        Balance("holders' part of sales = revenue", sold, paid),
        Balance("revenue = claimed + not yet claimed", paid, claimed + held),
    ]
