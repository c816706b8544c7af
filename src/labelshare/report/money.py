"""Where every unit went: the flows of a campaign and its dataset, and whether they balance.

A deployment may be shared by any number of campaigns, pools, datasets and tokens. Sums about the campaign use
its own events alone; what the registry holds of a token is compared with what it owes in it to everyone. All
figures come from events, the balances they are compared with from the tokens themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labelshare.chain import events as ev
from labelshare.chain.abi import convert, function
from labelshare.chain.contracts import Parts, Registry, Token
from labelshare.chain.deploy import Deployment
from labelshare.chain.history import CampaignHistory, DatasetHistory, ledger_of
from labelshare.chain.node import Call, Chain
from labelshare.chain.standing import standing
from labelshare.chain.state import Seat
from labelshare.protocol.evidence import PayoutRow
from labelshare.types import Address, CampaignId, Hash32, PoolId

__all__ = ["Balance", "Flows", "check_money", "flows_of"]

Flow = tuple[Address, Address]
Place = tuple[PoolId, Address]


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
    """What moved at a deployment of one token, for all its campaigns and pools; in base units.

    Attributes:
        held: What the registry holds.
        moved: Units that went from one account to another, the registry being one of the two.
        unasked: What was sent to the registry without any of its calls: nobody's credit, and owed to nobody.
        credit: Free credit of each account in the registry's ledger.
        seats: Seat stakes held, by pool and annotator.
        locked: Escrow that nobody has claimed yet, and bonds, of each campaign.
        paid: What the claims of each campaign sent to each account, or, refused by it, made its credit.
        burned: Units burned.
        slashed: Units that each campaign's slashes burned, and credited to whoever executed them.
    """

    held: int
    moved: Mapping[Flow, int]
    unasked: int
    credit: Mapping[Address, int]
    seats: Mapping[Place, int]
    locked: Mapping[CampaignId, int]
    paid: Mapping[CampaignId, Mapping[Address, int]]
    burned: int
    slashed: Mapping[CampaignId, int]

    @property
    def stakes(self) -> int:
        """All seat stakes held."""
        return sum(self.seats.values())

    def balance(self, account: Address) -> int:
        """What the transfers left with an account."""
        got = sum(amount for (_, to), amount in self.moved.items() if to == account)
        return got - sum(amount for (source, _), amount in self.moved.items() if source == account)


def flows_of(chain: Chain, deployment: Deployment, token: Address) -> Flows:
    """Read the registry's events and all moves of a token into and out of it since the deployment."""
    registry, head = deployment.registry.address, chain.block_number
    held = Token(chain, token).balance_of(registry)
    happened = _about(ev.events(chain, registry, deployment.block, head), token)
    moves = _Moves(registry)
    for event in _in_order(happened, _transfers(chain, deployment, token, registry, head)):
        moves.follow(event)
    books = ledger_of(happened, token)
    return Flows(
        held=held,
        moved=moves.moved,
        unasked=moves.unasked,
        credit=books.credits,
        seats=_seats(happened),
        locked=_locked(happened, moves.paid),
        paid=moves.paid,
        burned=books.burned,
        slashed=moves.slashed,
    )


def _about(happened: Sequence[ev.Event], token: Address) -> list[ev.Event]:
    """Those about a token, the pools whose stakes are in it, and their campaigns."""
    names: set[bytes] = {token}
    for event in happened:
        match event:
            case ev.PoolCreated(pool=name, params=params) if params.token == token:
                names.add(name)
            case ev.CampaignCreated(campaign=name, params=params) if params.token == token:
                names.add(name)
            case _:
                pass
    fields = ("token", "pool", "campaign")
    return [event for event in happened if any(getattr(event, each, None) in names for each in fields)]


def _transfers(
    chain: Chain, deployment: Deployment, token: Address, account: Address, head: int
) -> list[ev.Event]:
    """All moves of a token into and out of an account."""
    topic, word = ev.topic_of(ev.Transfer), bytes(12) + account
    out, into = (
        ev.events(chain, token, deployment.block, head, topics)
        for topics in ((topic, word), (topic, None, word))
    )
    return [*out, *(each for each in into if isinstance(each, ev.Transfer) and each.from_ != account)]


def _in_order(*several: Iterable[ev.Event]) -> list[ev.Event]:
    """Events of several contracts as they happened."""
    return sorted(
        (event for events in several for event in events), key=lambda each: (each.log.block, each.log.index)
    )


@dataclass
class _Moves:
    """Follows the registry's events and the moves of a token, and tells what each move was for.

    The registry asks for tokens in two ways: a call that takes an amount says so first, uses up credit, and
    pulls what is missing; a deposit pulls and then credits. It sends tokens in two ways: a withdrawal debits
    and then sends; a claim says so first and then sends to one account after another, or credits those that
    the token refuses to pay.
    """

    registry: Address
    moved: defaultdict[Flow, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[CampaignId, defaultdict[Address, int]] = field(default_factory=dict)
    slashed: defaultdict[CampaignId, int] = field(default_factory=lambda: defaultdict(int))
    unasked: int = 0
    _transaction: Hash32 | None = None
    _before: ev.Event | None = None
    _due: int = 0
    _sent: ev.Transfer | None = None
    _claim: CampaignId | None = None
    _claiming: ev.Event | None = None
    _slash: CampaignId | None = None

    def follow(self, event: ev.Event) -> None:
        """One event further."""
        if event.log.transaction != self._transaction:
            self._transaction, self._before, self._due = event.log.transaction, None, 0
            self._sent = self._claim = self._claiming = self._slash = None
        match event:
            case ev.Transfer(value=0):  # anyone may send nothing in anyone's name
                return
            case ev.Transfer():
                self._move(event)
            case ev.Credited():
                self._credit(event)
            case ev.Debited(amount=amount):
                self._due = max(self._due - amount, 0)
            case ev.Claimed(campaign=campaign, parts=parts) if Parts(parts) & Parts.PAYOUT:
                self._claim, self._claiming = campaign, event
            case ev.Slashed(campaign=campaign):
                self._slash = campaign
            case ev.Burned(amount=amount) if self._slash:
                self.slashed[self._slash] += amount
                self._slash = None
            case _:
                self._due = _taken(event) or self._due
        self._before = event

    def _move(self, event: ev.Transfer) -> None:
        self.moved[event.from_, event.to] += event.value
        if event.to == self.registry:
            if not self._due:
                self._sent = event
                self.unasked += event.value
            self._due = 0
        elif self._claim and not isinstance(self._before, ev.Debited):
            self._pay(event, event.to, event.value)

    def _credit(self, event: ev.Credited) -> None:
        before = self._before
        if before and before is self._sent and self._sent.from_ == event.account:
            self.unasked -= self._sent.value
        elif self._slash:
            self.slashed[self._slash] += event.amount
        elif before and before is self._claiming:
            self._pay(event, event.account, event.amount)

    def _pay(self, event: ev.Event, account: Address, amount: int) -> None:
        """A part of the claim at hand."""
        if self._claim:
            self.paid.setdefault(self._claim, defaultdict(int))[account] += amount
            self._claiming = event


def _taken(event: ev.Event) -> int:
    """What the registry takes from a caller as it says this; 0 for all other events."""
    match event:
        case ev.Joined(stake=amount) | ev.Refilled(amount=amount):
            return amount
        case ev.CampaignCreated(escrow=amount) | ev.ToppedUp(amount=amount):
            return amount
        case ev.Accepted(bond=amount) | ev.ProposedOpenly(bond=amount) | ev.Challenged(bond=amount):
            return amount
        case _:
            return 0


def _seats(happened: Iterable[ev.Event]) -> dict[Place, int]:
    seats: defaultdict[Place, int] = defaultdict(int)
    pools: dict[CampaignId, PoolId] = {}
    for event in happened:
        match event:
            case ev.CampaignCreated(campaign=campaign, params=params):
                pools[campaign] = params.pool
            case ev.Joined(pool=pool, annotator=who, stake=amount):
                seats[pool, who] += amount
            case ev.Refilled(pool=pool, annotator=who, amount=amount):
                seats[pool, who] += amount
            case ev.SeatWithdrawn(pool=pool, annotator=who, stake=amount):
                seats[pool, who] -= amount
            case ev.Slashed(campaign=campaign, annotator=who, amount=amount):
                seats[pools[campaign], who] -= amount
            case _:
                pass
    return dict(seats)


def _locked(
    happened: Iterable[ev.Event], paid: Mapping[CampaignId, Mapping[Address, int]]
) -> dict[CampaignId, int]:
    """What lies in each campaign: its escrow without what its claims paid, and its bonds."""
    lives: defaultdict[CampaignId, list[ev.Event]] = defaultdict(list)
    for event in happened:
        if campaign := getattr(event, "campaign", None):
            lives[campaign].append(event)
    claimed = {campaign: sum(amounts.values()) for campaign, amounts in paid.items()}
    return {
        campaign: max(_put_in(life) - claimed.get(campaign, 0), 0) + standing(life).bonds
        for campaign, life in lives.items()
    }


def _put_in(life: Iterable[ev.Event]) -> int:
    """What a campaign's escrow came to, before any claim."""
    escrow = 0
    for event in life:
        match event:
            case ev.CampaignCreated(escrow=amount) | ev.ToppedUp(amount=amount):
                escrow += amount
            case ev.Finalized(payout_total=amount):
                escrow = amount
            case ev.Cancelled() | ev.Expired():
                escrow = 0
            case _:
                pass
    return escrow


def check_money(
    chain: Chain,
    deployment: Deployment,
    campaign: CampaignHistory,
    dataset: DatasetHistory,
    payouts: Iterable[PayoutRow],
    flows: Flows,
) -> list[Balance]:
    """Every sum that must balance at any time of a campaign, whatever else the deployment is used for."""
    rows = list(payouts)
    return [
        *_campaign(campaign, rows),
        *_registry(deployment, campaign, rows, flows),
        *_slashes(chain, deployment, campaign, rows, flows),
        *_wallets(campaign, rows, flows),
        *_shares(campaign, dataset, deployment, rows),
        *_revenue(chain, deployment, dataset),
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
    deployment: Deployment, campaign: CampaignHistory, rows: list[PayoutRow], flows: Flows
) -> list[Balance]:
    """What the registry holds is what it owes: credit, stakes, unclaimed pay, bonds and what was burned."""
    unclaimed = _escrow(campaign) - sum(row.payout for row in _claimed(campaign, rows, Parts.PAYOUT))
    elsewhere = sum(flows.locked.values()) - flows.locked.get(campaign.record.campaign_id, 0)
    owed = sum(flows.credit.values()) + flows.stakes + unclaimed + campaign.bonds + elsewhere + flows.burned
    moved = flows.balance(deployment.registry.address)
    return [
        *(
            _with_surplus("registry", flows.held, owed, flows.unasked)
            if flows.unasked
            else [Balance("registry holds = all it owes", flows.held, owed)]
        ),
        Balance("registry holds = transfers in - out", flows.held, moved),
    ]


def _with_surplus(holder: str, held: int, owed: int, unasked: int) -> list[Balance]:
    """Where somebody sent tokens unasked, that much is held and owed to nobody, and not a unit more."""
    return [
        Balance(f"{holder} holds = all it owes + sent unasked", held, owed + unasked),
        Balance(f"{holder}'s surplus = sent unasked", held - owed, unasked),
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
    pool, accounts = campaign.record.params.pool, sorted({each.annotator for each in taken})
    held = sum(_stakes_of(Registry(chain, deployment.registry.address), pool, accounts))
    left = sum(flows.seats.get((pool, account), 0) for account in accounts)
    amount = sum(each.amount for each in taken)
    burned = flows.slashed.get(campaign.record.campaign_id, 0)
    return [
        Balance("stakes taken = as the payouts say", amount, sum(due.get(each.index, 0) for each in taken)),
        Balance("stakes taken = burned + rewards", amount, burned),
        Balance("losers' seats hold = in - taken", held, left),
    ]


def _stakes_of(registry: Registry, pool: PoolId, accounts: Sequence[Address]) -> list[int]:
    """What is in the seats of several accounts, in one request."""
    ask, several = (function(registry.ARTIFACT, name) for name in ("seatOf", "multicall"))
    data = (ask.encode_call([pool, account]) for account in accounts)
    calls = [Call(registry.address, each, f"{registry.NAME}.seatOf") for each in data]
    (answers,) = several.decode_outputs(registry.chain.call(registry.multicall(calls)))
    seats: list[Seat] = [convert(Seat, ask.decode_outputs(answer)[0]) for answer in answers]
    return [seat.stake for seat in seats]


def _wallets(campaign: CampaignHistory, rows: list[PayoutRow], flows: Flows) -> list[Balance]:
    """Each annotator got its payout to the unit: the first one who did not, or all of them in one line."""
    due = {row.account: row.payout for row in _claimed(campaign, rows, Parts.PAYOUT)}
    paid = flows.paid.get(campaign.record.campaign_id, {})
    got = {account: paid.get(account, 0) for account in due}
    for account, amount in due.items():
        if amount != got[account]:
            return [Balance(f"payout of {account}", got[account], amount)]
    return [Balance("each wallet got = its payout", sum(got.values()), sum(due.values()))]


def _shares(
    campaign: CampaignHistory, dataset: DatasetHistory, deployment: Deployment, rows: list[PayoutRow]
) -> list[Balance]:
    """The campaign's own mint, and that no share of the dataset, whichever campaign's, got lost."""
    own = sum(each.amount for each in dataset.minted if each.round == campaign.record.campaign_id)
    earned = sum(row.shares for row in rows) if campaign.finalized else 0
    minted = sum(each.amount for each in dataset.minted)
    unreleased = dataset.balances.get(deployment.registry.address, 0)
    released = sum(each.amount for each in dataset.released)
    whole = "shares minted" if minted == own else "all shares minted"
    return [
        Balance("shares minted = payouts' shares", own, earned),
        Balance(f"{whole} = all balances", minted, sum(dataset.balances.values())),
        Balance(f"{whole} = released + waiting", minted, released + unreleased),
    ]


def _revenue(chain: Chain, deployment: Deployment, dataset: DatasetHistory) -> list[Balance]:
    """Of licences and, where somebody gave it, of other payments; what was sent without one is a surplus."""
    seller, address = deployment.licenses.address, dataset.created.dataset
    sold = sum(each.contributors for each in dataset.sold)
    from_sales = sum(each.amount for each in dataset.paid if each.payer == seller)
    paid, claimed = sum(each.amount for each in dataset.paid), sum(each.amount for each in dataset.claimed)
    held = Token(chain, dataset.created.revenue_token).balance_of(address)
    unasked = _unasked_revenue(chain, deployment, dataset) if held > paid - claimed else 0
    return [
        Balance("holders' part of sales = revenue", sold, from_sales),
        *(
            _with_surplus("dataset", held, paid - claimed, unasked)
            if unasked
            else [Balance("revenue = claimed + not yet claimed", paid, claimed + held)]
        ),
    ]


def _unasked_revenue(chain: Chain, deployment: Deployment, dataset: DatasetHistory) -> int:
    """What was sent to a dataset without a payment of revenue, which stays there for ever."""
    token, address = dataset.created.revenue_token, dataset.created.dataset
    moves = _transfers(chain, deployment, token, address, chain.block_number)
    happened = _in_order(moves, dataset.paid)
    return sum(
        event.value
        for event, after in zip(happened, [*happened[1:], None], strict=True)
        if isinstance(event, ev.Transfer) and event.to == address and not _pays(event, after)
    )


def _pays(move: ev.Transfer, after: ev.Event | None) -> bool:
    """Whether a move was pulled by the payment that is told right after it."""
    told = isinstance(after, ev.RevenuePaid) and after.payer == move.from_
    return told and after is not None and after.log.transaction == move.log.transaction
