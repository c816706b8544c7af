"""The campaigns of an oracle, each with its engine, and where each stands by chain, index and store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from labelshare.chain import events as ev
from labelshare.chain.campaign import Campaign
from labelshare.chain.contracts import Parts
from labelshare.chain.deploy import Contracts, Deployment
from labelshare.chain.history import campaign_record, handed_out
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.oracle.catalogue import Catalogue
from labelshare.oracle.engine import Oracle
from labelshare.oracle.indexer import Indexer
from labelshare.oracle.tasks import Receipt, Situation
from labelshare.protocol.record import Record
from labelshare.store.database import Database
from labelshare.store.progress import Name, Progress
from labelshare.types import CampaignId, CampaignParams

__all__ = ["Case", "Cases", "open_receipts"]


@dataclass(frozen=True)
class Case:
    """One campaign of this oracle.

    Attributes:
        campaign: What it is.
        engine: The oracle's side of it.
        indexer: Where events are read.
        catalogue: The same by campaign.
    """

    campaign: Campaign
    engine: Oracle
    indexer: Indexer
    catalogue: Catalogue

    @property
    def id(self) -> CampaignId:
        """The campaign's id."""
        return self.campaign.scope.campaign_id

    @property
    def params(self) -> CampaignParams:
        """The campaign's parameters."""
        return self.campaign.params

    @property
    def contracts(self) -> Contracts:
        """The deployment."""
        return self.campaign.contracts

    def final_record(self) -> Record:
        """What the chain says of the campaign and cannot unsay."""
        return campaign_record(self.indexer.at_final(), self.campaign.deployment, self.id)

    def events(self) -> list[ev.Event]:
        """What happened to the campaign, as far as the index is."""
        return self.catalogue.happened(self.id)

    def slashed(self, until: int) -> list[ev.Slashed]:
        """Slashes of the campaign up to a block."""
        return [each for each in self.events() if isinstance(each, ev.Slashed) and each.log.block <= until]

    def settlement_bundle(self) -> bytes | None:
        """The bundle of the proposal at hand, or of the final settlement, if it is in the store."""
        posted = self._posted(self.events())
        return None if posted is None else self.engine.book.bundle(posted.settlement.bundle_hash)

    def situation(self) -> Situation:
        """Where the campaign stands now."""
        registry, chain = self.contracts.registry, self.contracts.registry.chain
        block = chain.block_number
        state, contest = registry.campaign(self.id), registry.contest(self.id)
        happened, final = self.events(), self.indexer.position().final
        now, posted = chain.timestamp_of(block), self._posted(happened)
        seeds = [each for each in happened if isinstance(each, ev.SeedDrawn)]
        late = state.status is Status.OPEN and (contest.rejections or now >= self.params.schedule.settle_end)
        return Situation(
            state=state,
            contest=contest,
            now=now,
            block=block,
            final_time=chain.timestamp_of(final),
            is_seed_final=any(each.log.block <= final for each in seeds),
            roots=_roots(happened),
            receipts=open_receipts(happened),
            enrolled=self._progress.has_enrolments(),
            round=self.engine.book.round(),
            received=self._progress.rounds(),
            outstanding=not late or self._is_outstanding(happened),
            is_bundle_here=posted is not None and self._progress.has_bundle(posted.settlement.bundle_hash),
            unclaimed=_is_unclaimed(happened, posted),
            is_over=_is_over([each for each in happened if each.log.block <= final], posted),
        )

    @property
    def _progress(self) -> Progress:
        return Progress(self.engine.database, self.id)

    def _posted(self, happened: Sequence[ev.Event]) -> ev.Proposed | None:
        """The latest proposal; whether it stands is for the campaign's status to say."""
        return next((each for each in reversed(happened) if isinstance(each, ev.Proposed)), None)

    def _is_outstanding(self, happened: Sequence[ev.Event]) -> bool:
        """Whether a batch that is included has not been opened, neither to us nor on chain."""
        alone = {(e.annotator, e.commit_hash) for e in happened if isinstance(e, ev.Committed)}
        shown = {(e.annotator, e.commit_hash) for e in happened if isinstance(e, ev.Revealed)}
        # One more than were shown: so either none is left, or one that was not.
        unopened = self._progress.unopened(_roots(happened), len(shown) + 1) | alone
        unseen = unopened - shown
        return not unseen <= self._progress.opened(unseen)


@dataclass
class Cases:
    """All campaigns of one oracle at one deployment.

    Attributes:
        sender: The way to the chain.
        signer: The oracle's account.
        database: Where all that it receives is kept.
        indexer: Where events are read.
    """

    sender: Sender
    signer: Signer
    database: Database
    indexer: Indexer
    _known: dict[CampaignId, Case] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.sender.chain

    @property
    def deployment(self) -> Deployment:
        """Where the contracts are."""
        return self.indexer.deployment

    @cached_property
    def catalogue(self) -> Catalogue:
        """What there is at the deployment, by the index."""
        return Catalogue(self.chain, self.deployment, self.database, self.indexer.at_head)

    def own(self) -> list[ev.CampaignCreated]:
        """The creation of every campaign that was made for this oracle, the oldest first."""
        every = self.catalogue.campaigns()[::-1]
        return [each for each in every if each.params.oracle == self.signer.address]

    def case(self, name: CampaignId) -> Case:
        """One of them; `NotFoundError` if there is no such campaign, or its spec is not known."""
        with self._lock:
            if name not in self._known:
                campaign = self.catalogue.campaign(name)
                engine = Oracle.of(campaign, self.sender, self.signer, self.database, self.indexer.at_head)
                self._known[name] = Case(campaign, engine, self.indexer, self.catalogue)
            return self._known[name]


def _is_unclaimed(happened: Sequence[ev.Event], posted: ev.Proposed | None) -> bool:
    if posted is None:
        return False
    claimed = handed_out(each for each in happened if isinstance(each, ev.Claimed))
    return sum(parts == Parts.BOTH for parts in claimed.values()) < posted.settlement.leaves


def _is_over(lasting: Sequence[ev.Event], posted: ev.Proposed | None) -> bool:
    if any(isinstance(each, ev.Cancelled | ev.Expired) for each in lasting):
        return True
    return any(isinstance(e, ev.PlaceFreed) for e in lasting) and not _is_unclaimed(lasting, posted)


def _roots(happened: Sequence[ev.Event]) -> frozenset[int]:
    return frozenset(each.round for each in happened if isinstance(each, ev.CommitsAggregated))


def open_receipts(happened: Sequence[ev.Event]) -> tuple[Receipt, ...]:
    """Receipts that somebody posted and that are neither answered nor paid for, in the order of posting."""
    found: dict[Name, Receipt] = {}
    for event in happened:
        match event:
            case ev.ReceiptPosted(annotator=annotator, commit_hash=name, answer_end=end):
                found[annotator, name] = Receipt(annotator, name, end)
            case (
                ev.ReceiptAnswered(annotator=annotator, commit_hash=name)
                | ev.BondForfeited(annotator=annotator, commit_hash=name)
            ):
                found.pop((annotator, name), None)
            case _:
                pass
    return tuple(found.values())
