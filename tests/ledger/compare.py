"""Everything that anyone owns, on chain and in the models, to the last unit.

The chain's side is read from storage. Each entry of a picture names what it is, so that a difference reads as
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from labelshare.protocol.accumulator import Share
from labelshare.protocol.ledger import ETHER, Campaign, Kind, Ledger, Place, Status
from labelshare.protocol.typed_data import commit_hash, receipt_hash
from labelshare.types import Address, CampaignId, PoolId
from tests.ledger.stage import ACTORS, NOBODY, Stage
from tests.storage import Storage

COMMITTED, PLACE_FREED, RECEIPTS_OPEN = 1, 2, 4
ANSWERED = 2**256 - 1
LEAVES_A_WORD = 128
RING = 8
Entry = tuple[object, ...]


class Comparison:
    """One stage against its models."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        props = stage.props
        self._registry = Storage(stage.evm, props.registry, "TaskRegistry")
        self._tokens = {token: Storage(stage.evm, token, "RewardToken") for token in props.tokens}
        self._shares = {share: Storage(stage.evm, share, "ContributorShare") for share in props.datasets}
        self._accounts = (*ACTORS, NOBODY, props.arbitrator, *props.datasets)

    def check(self, ledger: Ledger, shares: Mapping[Address, Share], now: int) -> None:
        """Compares everything; the message of a failure holds what differs."""
        pairs = [*self._money(ledger), *self._vault(ledger), *self._campaigns(ledger)]
        for dataset, share in shares.items():
            pairs += self._share(dataset, share, now)
        wrong = [entry for entry in pairs if entry[-1] != entry[-2]]
        assert not wrong, "chain and model differ: " + "; ".join(map(repr, wrong))

    # ------------------------------------------------------------------- money

    def _money(self, ledger: Ledger) -> Iterator[Entry]:
        registry = self._stage.props.registry
        for token, storage in self._tokens.items():
            for account in self._accounts:
                wallet, credit = Place.wallet(token, account), Place.credit(token, account)
                yield "wallet", account, storage.read("_balances", account), ledger.books[wallet]
                yield "credit", account, self._read("_credit", token, account), ledger.books[credit]
            yield "burned", self._read("_burned", token), ledger.books[Place.burned(token)]
            covered = ledger.books.total(token, outside=False) + ledger.books[Place.wallet(token, registry)]
            yield "held by the registry", storage.read("_balances", registry), covered
        for account in self._accounts:
            yield "ether", account, self._stage.evm.ether(account), ledger.books[Place.wallet(ETHER, account)]
        yield "ether of the registry", self._stage.evm.ether(registry), 0

    def _read(self, variable: str, *keys: bytes | int) -> int:
        return int(self._registry.read(variable, *keys))

    # ------------------------------------------------------------ pools and seats

    def _vault(self, ledger: Ledger) -> Iterator[Entry]:
        for name, pool in ledger.pools.items():
            found = self._registry.read("_pools", name)
            yield "places", found["open"], len(pool.places)
            yield "latest end", found["maxHardEnd"], pool.latest_end
            yield "cohorts", (found["oldest"], found["newest"]), (pool.oldest, pool.newest)
            counts = sum(1 << 16 * (cohort % RING) for cohort in pool.places.values())
            yield "places of each cohort", found["counts"], counts
            for account in ACTORS:
                yield from self._seat(ledger, name, account)
        for share, dataset in ledger.datasets.items():
            yield "reserved", self._registry.read("_datasets", share)["reserved"], dataset.reserved

    def _seat(self, ledger: Ledger, pool: PoolId, account: Address) -> Iterator[Entry]:
        found = self._registry.read("_seats", pool, account)
        stake = ledger.books[Place.stake(ledger.pools[pool].rules.token, pool, account)]
        yield "stake", account, found["stake"], stake
        seat = ledger.seats.get((pool, account))
        if seat is None:
            yield "no seat", account, sum(found.values()), 0
            return
        yield "full since", account, found["fullSince"], seat.full_since
        yield "short since", account, found["shortSince"], seat.short_since or 0
        yield "release at", account, found["releaseAt"], seat.release_at or 0
        yield "waits for", account, found["waitsFor"], seat.waits_for

    # ----------------------------------------------------------------- campaigns

    def _campaigns(self, ledger: Ledger) -> Iterator[Entry]:
        for name, campaign in ledger.campaigns.items():
            found = self._registry.read("_campaigns", name)
            yield "status", found["status"], campaign.status.value
            yield "since", found["since"], campaign.since
            yield "escrow", found["escrow"], ledger.held(Kind.ESCROW, name)
            yield "bond", found["bond"], ledger.held(Kind.BOND, name)
            yield "committed", bool(found["flags"] & COMMITTED), campaign.committed
            yield "receipts open", bool(found["flags"] & RECEIPTS_OPEN), campaign.open_receipts > 0
            yield "roster", bool(found["rosterRoot"]), campaign.roster is not None
            yield "seed drawn", found["seed"] >= 2**64, campaign.drawn
            if not campaign.drawn:
                yield "seed's block", found["seed"], campaign.armed or 0
            if campaign.status not in {Status.CREATED, Status.CANCELLED}:
                freed = name not in ledger.pools[campaign.params.pool].places
                yield "place freed", bool(found["flags"] & PLACE_FREED), freed
            yield from self._contest(ledger, name, campaign)
            yield from self._marks(name, campaign)

    def _contest(self, ledger: Ledger, name: CampaignId, campaign: Campaign) -> Iterator[Entry]:
        found = self._registry.read("_contests", name)
        yield "rejections", found["rejections"], campaign.rejections
        yield "receipts", found["receipts"], campaign.open_receipts
        yield "proposer bond", found["proposerBond"], ledger.held(Kind.PROPOSER_BOND, name)
        proposal = campaign.proposal if campaign.status is not Status.FINAL else None
        yield "proposer", found["proposer"], _number(proposal.proposer if proposal else None)
        if campaign.status is not Status.FINAL:  # once all is over this means nothing
            yield "withstood", found["withstood"], proposal.withstood if proposal else 0
        yield "challenge bond", found["challengeBond"], ledger.held(Kind.CHALLENGE_BOND, name)
        contest = campaign.challenge
        yield "challenger", found["challenger"], _number(contest.challenger if contest else None)
        yield "payer", found["payer"], _number(contest.payer if contest else None)
        yield "dispute", found["disputeId"], contest.dispute if contest else 0
        yield "ruling end", found["rulingEnd"], contest.ruling_end if contest else 0
        ruled = contest.ruling.value + 1 if contest and contest.ruling else 0
        yield "ruling", found["ruling"], ruled

    def _marks(self, name: CampaignId, campaign: Campaign) -> Iterator[Entry]:
        for receipt, due in campaign.receipts.items():
            hashed = receipt_hash(name, receipt.annotator, commit_hash(name, receipt.commit))
            yield "receipt", self._read("_receipts", name, hashed), ANSWERED if due is None else due
        for number in range(campaign.params.schedule.rounds):
            yield "round", bool(self._read("_roundRoots", name, number)), number in campaign.rounds
        for account in ACTORS:
            yield "slashed", account, bool(self._read("_slashed", name, account)), account in campaign.slashed
            yield (
                "enrolled",
                account,
                bool(self._read("_enrolled", name, account)),
                account in campaign.enrolled,
            )
        for (account, batch), commit in campaign.alone.items():
            found = self._read("_commits", name, account, batch)
            yield "committed alone", found, int.from_bytes(commit_hash(name, commit))
        word = sum(parts << 2 * index for index, parts in campaign.claimed.items() if index < LEAVES_A_WORD)
        yield "claimed", self._read("_claimed", name, 0), word

    # -------------------------------------------------------------------- shares

    def _share(self, dataset: Address, share: Share, now: int) -> Iterator[Entry]:
        storage = self._shares[dataset]
        totals, stream = storage.read("_totals"), storage.read("_stream")
        yield "supply", totals["supply"], share.supply
        yield "paid", totals["paid"], share.paid
        yield "left to stream", stream["left"], share.stream.left
        if share.stream.left:  # the times of an empty stream mean nothing
            yield "stream", (stream["updatedAt"], stream["end"]), (share.stream.since, share.stream.end)
        for name, row in share.rounds.items():
            yield "unreleased", storage.read("_rounds", name)["left"], row.left
        unreleased = sum(row.left for row in share.rounds.values())
        registry = self._stage.props.registry
        yield "shares of the registry", storage.read("_accounts", registry)["balance"], unreleased
        accumulator = self._accumulator(dataset) if share.paid else 0
        for account in ACTORS:
            found = storage.read("_accounts", account)
            held = share.holdings[account].shares if account in share.holdings else 0
            yield "shares", account, found["balance"], held
            earned = found["balance"] * (accumulator - found["settled"]) + storage.read("_owed", account)
            yield "earned", account, earned, share.earned(account, now)

    def _accumulator(self, dataset: Address) -> int:
        return int.from_bytes(self._stage.share_call(NOBODY, dataset, "accumulator"))


def _number(account: Address | None) -> int:
    return int.from_bytes(account or b"")
