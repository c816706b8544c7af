"""The desk: everything that an oracle's API is asked, answered from chain and store.

It keeps nothing that it cannot work out again, so any number of desks may serve one oracle. It signs
receipts, which is why the API behind which it stands needs no key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from time import monotonic
from typing import Final, TypeVar

from labelshare.chain.deploy import Contracts, Deployment
from labelshare.chain.events import CampaignCreated
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain, LogSource
from labelshare.chain.state import CampaignState, Status
from labelshare.chain.transactions import Sender
from labelshare.chain.wallets import has_signed
from labelshare.errors import AccessError, EvidenceError, NotFoundError, ProtocolError
from labelshare.oracle.acceptance import ANYTHING, Acceptance
from labelshare.oracle.blobs import Blobs
from labelshare.oracle.catalogue import Catalogue
from labelshare.oracle.engine import Oracle
from labelshare.oracle.filing import Files, Unread
from labelshare.oracle.findings import Filed
from labelshare.oracle.settled import Earnings, earnings_of, expected_at
from labelshare.oracle.taking import Commits, Enrolling, Openings, Work
from labelshare.oracle.tasks import Kind, closing
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.protocol.typed_data import commit_hash
from labelshare.store.bundles import Bundle, find_bundle
from labelshare.store.counts import Counts, campaigns_with, counts_of
from labelshare.store.database import Database
from labelshare.store.jobs import Jobs
from labelshare.types import ZERO_HASH, Address, CampaignId, Hash32, Schedule

__all__ = ["Assignment", "Desk", "Health", "Receipted", "Role", "round_at"]

Thing = TypeVar("Thing")

# Whoever asks is not counted, so that a probe never waits: their number must cost neither node nor database.
HEALTH_SECONDS: Final = 0.25


class Role(StrEnum):
    """What an account is in a campaign, as the chain says."""

    ANNOTATOR = "annotator"
    REQUESTER = "requester"
    ORACLE = "oracle"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an annotator may label now. Times are Unix seconds by the chain's clock.

    Attributes:
        now: The chain's time.
        round: The round at hand; None before the first and after the last.
        opens_at: When it began, or the first one will; None after the last.
        closes_at: Until when the oracle takes its batches.
        ends_at: When it ends, the grace in which batches can be committed alone included.
        takes_batches: Whether batches are taken now.
        items: Items open for the annotator, ascending; None where it may label any.
        limit: Labels that it may commit in all.
        committed: Those that it has.
        next_batch: The number of its next batch.
    """

    now: int
    round: int | None
    opens_at: int | None
    closes_at: int | None
    ends_at: int | None
    takes_batches: bool
    items: tuple[int, ...] | None
    limit: int
    committed: int
    next_batch: int


@dataclass(frozen=True, slots=True)
class Receipted:
    """A batch that was received, with the oracle's signatures; the second is empty until it is opened."""

    signed: SignedCommit
    commit_hash: Hash32
    receipt: bytes
    opening_receipt: bytes


@dataclass(frozen=True, slots=True)
class Health:
    """Whether each part answers. `head` is the chain's latest block, `age` the index's in seconds."""

    chain: bool
    database: bool
    head: int | None
    behind: int | None
    age: float | None


@dataclass
class Desk:
    """One oracle at one deployment.

    Attributes:
        sender: The way to the chain; the desk itself sends nothing.
        deployment: Where the contracts are.
        signer: The oracle's account.
        database: Where all that it receives is kept.
        blobs: What items are made of; None where nothing is.
        index: Gives the events of an index; None where they are read from the chain.
        files: Where what settlements found is filed, to be asked for proofs and reasons.
        lag: Blocks that the index lacks, and its age in seconds; None without an index.
        ticks: Seconds that never go back.
        acceptance: Which campaigns the oracle takes on.

    Example:
        >>> desk = Desk(sender, deployment, operator, database)
        >>> desk.oracle(scope.campaign_id).spec.title
        'Moods'
    """

    sender: Sender
    deployment: Deployment
    signer: Signer
    database: Database
    blobs: Blobs | None = None
    index: Callable[[], LogSource] | None = None
    lag: Callable[[], tuple[int, float]] | None = None
    files: Files = field(default_factory=Files)
    ticks: Callable[[], float] = monotonic
    acceptance: Acceptance = ANYTHING
    _oracles: dict[CampaignId, Oracle] = field(default_factory=dict)
    _contents: dict[Hash32, frozenset[Hash32]] = field(default_factory=dict)
    _rostered: set[CampaignId] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _asking: Lock = field(default_factory=Lock)
    _health: tuple[float, Health] | None = None

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.chain, self.deployment, self.database, self.index or self._own_logs)

    def _own_logs(self) -> LogSource:
        return self.chain

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.sender.chain

    @property
    def contracts(self) -> Contracts:
        """The contracts."""
        return self.catalogue.contracts

    def has_signed(self, account: Address, digest: Hash32, signature: bytes) -> bool:
        """Whether a signature is an account's, with a key or as a contract (ERC-1271)."""
        return has_signed(self.chain, account, digest, signature)

    def health(self) -> Health:
        """Whether chain and database answer, asked four times a second at most; never raises."""
        with self._asking:
            now = self.ticks()
            if self._health is None or now - self._health[0] >= HEALTH_SECONDS:
                self._health = now, self._ask_health()
            return self._health[1]

    def _ask_health(self) -> Health:
        head = _or_none(lambda: self.chain.block_number)
        lag = _or_none(self.lag) if self.lag else None
        behind, age = lag or (None, None)
        return Health(head is not None, _or_none(self._ask_database) is not None, head, behind, age)

    def _ask_database(self) -> bool:
        with self.database.reading() as connection:
            return bool(connection.exec_driver_sql("SELECT 1").scalar_one())

    # ------------------------------------------------------------------- campaigns

    def oracle(self, name: CampaignId) -> Oracle:
        """The oracle's side of a campaign.

        Raises:
            NotFoundError: There is no such campaign, another oracle runs it, or its spec is not known.
        """
        known = self._oracles.get(name)
        if known is not None:
            return known
        campaign = self.catalogue.campaign(name)
        if campaign.params.oracle != self.signer.address:
            raise NotFoundError(f"another oracle runs campaign {name}: {campaign.params.oracle}")
        with self._lock:
            if name not in self._oracles:
                self._oracles[name] = Oracle.of(campaign, self.sender, self.signer, self.database, self.index)
            return self._oracles[name]

    def at_hand(self, name: CampaignId) -> Oracle | None:
        """The same if this process has dealt with the campaign before: nothing is read for it."""
        return self._oracles.get(name)

    def state(self, name: CampaignId) -> CampaignState:
        """Where a campaign is in its life."""
        return self.contracts.registry.campaign(name)

    def counts(self, name: CampaignId) -> Counts:
        """How far the work is."""
        return counts_of(self.database, name)

    def waits_for(self, name: CampaignId) -> str | None:
        """Why a campaign that can be accepted is not yet; None where nothing but the oracle is waited for."""
        job = Jobs(self.database).entry(Kind.ACCEPT, str(name))
        return job.error if job is not None and job.is_waiting else None

    def roles(self, name: CampaignId, account: Address) -> frozenset[Role]:
        """What an account is in a campaign: nothing but the chain says so."""
        params = self.catalogue.created(name).params
        found = {
            Role.REQUESTER: account == params.requester,
            Role.ORACLE: account == params.oracle,
            Role.ANNOTATOR: self._is_annotator(name, account),
        }
        return frozenset(role for role, holds in found.items() if holds)

    def _is_annotator(self, name: CampaignId, account: Address) -> bool:
        """On the roster once there is one; before, with a seat in the pool that takes work."""
        params = self.catalogue.created(name).params
        if self.state(name).seed == ZERO_HASH:
            return self.contracts.registry.seat(params.pool, account).takes_work
        oracle = self.oracle(name)
        oracle.refresh()
        return account in (oracle.intake.roster or ())

    def campaigns_of(self, account: Address) -> list[CampaignCreated]:
        """The campaigns of this oracle for which an account is enrolled or has worked, the newest first."""
        enrolled = campaigns_with(self.database, account)
        return [each for each in self.catalogue.campaigns() if each.campaign in enrolled]

    # -------------------------------------------------------------------- messages

    def enrolling(self, name: CampaignId, enrolment: Enrolment) -> Work:
        """An enrolment to be taken, as `Intake.enrol` does; refused before the campaign is accepted."""
        oracle = self.oracle(name)
        if self.state(name).status is not Status.OPEN:
            raise ProtocolError("the campaign takes no enrolments: it is not accepted yet, or over")
        return Enrolling(oracle.intake, enrolment)

    def prepare(self, name: CampaignId) -> None:
        """Know the roster and the round at hand, which may take a while where another one has begun."""
        self.oracle(name).refresh()

    def committing(self, name: CampaignId, signed: SignedCommit) -> Work:
        """A sealed batch to be taken, as `Intake.commit` does."""
        self.prepare(name)
        return Commits(self.oracle(name).intake, [signed])

    def opening(self, name: CampaignId, opening: Opening) -> Work:
        """An opening to be taken, as `Intake.open` does."""
        return Openings(self.oracle(name).intake, [opening])

    def roster(self, name: CampaignId) -> tuple[Address, ...]:
        """Everyone under the posted roster; `ProtocolError` while there is none: who enrolled is not told."""
        enrolled = self.oracle(name).intake.enrolled()
        if name not in self._rostered:
            if self.state(name).roster_root == ZERO_HASH:
                raise ProtocolError("no roster is posted")
            self._rostered.add(name)  # once posted it stays
        return enrolled

    def published(self, name: CampaignId, number: int) -> list[SignedCommit]:
        """A round's commitments with their items.

        Raises:
            ProtocolError: The round still takes batches, or has not begun.
            NotFoundError: There is no such round.
        """
        oracle = self.oracle(name)
        schedule = oracle.params.schedule
        if number >= schedule.rounds:
            raise NotFoundError(f"there is no round {number}, only {schedule.rounds}")
        if self.chain.now() < schedule.round_start(number):
            raise ProtocolError(f"round {number} has not begun")
        return oracle.intake.published(number)

    def receipts(self, name: CampaignId, account: Address, first: int, most: int) -> list[Receipted]:
        """An annotator's batches from number `first` on, with the receipts that it was given."""
        oracle = self.oracle(name)
        own = [each for each in oracle.book.commits_by(account) if each.commit.batch >= first]
        return [self._receipted(oracle, each) for each in own[:most]]

    def _receipted(self, oracle: Oracle, signed: SignedCommit) -> Receipted:
        """The same message gets the same receipt, whenever it is signed."""
        digest = commit_hash(oracle.scope.campaign_id, signed.commit)
        opening = oracle.book.opening(signed.annotator, digest)
        second = oracle.intake.opening_receipt(opening) if opening else b""
        return Receipted(signed, digest, oracle.intake.receipt(signed.annotator, digest), second)

    # ------------------------------------------------------------------ assignment

    def assignment(self, name: CampaignId, account: Address) -> Assignment:
        """What an annotator may label now.

        Raises:
            AccessError: The account is not on the roster.
            ProtocolError: The roster is still open.
        """
        oracle = self.oracle(name)
        oracle.refresh()
        roster = oracle.intake.roster
        if roster is None:
            raise ProtocolError("nothing is assigned before the roster is closed and the seed is drawn")
        if account not in roster:
            raise AccessError(f"{account} is not on the roster of this campaign")
        return self._assignment(oracle, account)

    def _assignment(self, oracle: Oracle, account: Address) -> Assignment:
        now, schedule = self.chain.now(), oracle.params.schedule
        number = round_at(schedule, now)
        last = oracle.book.last_commit(account)
        committed = last.commit.cumulative_count if last else 0
        begun = number is not None and number == oracle.book.round()
        takes = begun and number is not None and now < closing(oracle.params, number)
        shown = number if number is not None else (0 if now < schedule.work_start else None)
        return Assignment(
            now=now,
            round=number,
            opens_at=None if shown is None else schedule.round_start(shown),
            closes_at=None if shown is None else closing(oracle.params, shown),
            ends_at=None if shown is None else schedule.round_end(shown),
            takes_batches=takes,
            items=self._open_items(oracle, account) if takes else (),
            limit=oracle.intake.limit,
            committed=committed,
            next_batch=last.commit.batch + 1 if last else 0,
        )

    def _open_items(self, oracle: Oracle, account: Address) -> tuple[int, ...] | None:
        assigned = oracle.assigned_to(account)
        if assigned is None:
            return None
        done = {item for each in oracle.book.commits_by(account) for item in each.items}
        return tuple(sorted(assigned - done))

    # ------------------------------------------------------------------ settlement

    def findings(self, name: CampaignId) -> Filed:
        """What the settlement that is proposed or final found, by its bundle.

        Raises:
            NotFoundError: Nothing is proposed.
            EvidenceError: Somebody else proposed it, and its bundle is not here.
            Unread: Its bundle is large and being read for the first time.
        """
        oracle, settlement = self.oracle(name), self.catalogue.proposal(name)
        if settlement is None:
            raise NotFoundError("nothing is proposed yet: until then nobody's labels are shown")
        bundle = find_bundle(self.database, name, settlement.bundle_hash)
        if bundle is None:
            raise EvidenceError("the proposal on chain is not of a bundle in this store")
        return self.files.find(bundle, oracle.spec, lambda: self.catalogue.record(name))

    def median_pay(self, name: CampaignId) -> int | None:
        """What a label earned half of the annotators at most; None where no evidence says it (yet)."""
        try:
            return self.findings(name).median_pay
        except (NotFoundError, EvidenceError, Unread):
            return None

    def bundle(self, name: CampaignId, bundle: Hash32) -> Bundle:
        """The evidence of a settlement, once it is proposed: before, it is nobody's to see.

        Raises:
            NotFoundError: No settlement with that bundle was proposed, or the bundle is not here.
        """
        self.oracle(name)
        is_public = self.catalogue.was_proposed(name, bundle)
        found = find_bundle(self.database, name, bundle) if is_public else None
        if found is None:
            raise NotFoundError(f"no bundle {bundle} is published for this campaign")
        return found

    def earnings(self, name: CampaignId, account: Address) -> Earnings:
        """What a campaign earns an account, and when."""
        oracle, state = self.oracle(name), self.state(name)
        last = oracle.book.last_commit(account)
        labels = last.commit.cumulative_count if last else 0
        at_most = labels * int(oracle.spec.price)
        if state.status not in {Status.PROPOSED, Status.DISPUTED, Status.FINAL}:
            when = expected_at(state, oracle.params.schedule) if labels else None
            return Earnings(state.status, labels, at_most, expected_at=when)
        own = self.findings(name).of(account)
        registry = self.contracts.registry
        return earnings_of(registry, state, own, account, labels=labels, at_most=at_most)

    # ----------------------------------------------------------------------- media

    def media(self, name: CampaignId, account: Address, digest: Hash32) -> tuple[Blobs, int]:
        """The store that has an item's content, and its size in bytes, for whoever has a part in a campaign.

        Raises:
            AccessError: The account has none.
            NotFoundError: No item of the campaign has that content, or it is not here.
        """
        spec = self.catalogue.campaign(name).spec
        if not self.roles(name, account):
            raise AccessError("content is shown to a campaign's annotators, its requester and its oracle")
        self._require_item(spec.hash, digest)
        if self.blobs is None:
            raise NotFoundError("this service keeps no content")
        return self.blobs, self.blobs.size(digest)

    def require_item(self, name: CampaignId, digest: Hash32) -> None:
        """Raise `NotFoundError` unless an item of the campaign has that content."""
        self._require_item(self.catalogue.campaign(name).spec.hash, digest)

    def _require_item(self, spec: Hash32, digest: Hash32) -> None:
        if digest not in self._digests(spec):
            raise NotFoundError(f"no item of this campaign has content {digest}")

    def _digests(self, spec: Hash32) -> frozenset[Hash32]:
        known = self._contents.get(spec)
        if known is None:
            items = self.catalogue.spec(spec).items
            known = frozenset(Hash32(bytes.fromhex(item.digest)) for item in items)
            self._contents = {spec: known}
        return known


def round_at(schedule: Schedule, now: int) -> int | None:
    """The round at a time, its grace included; None before the first and after the last."""
    if not schedule.work_start <= now < schedule.commit_end:
        return None
    return (now - schedule.work_start) // schedule.round_length


def _or_none(ask: Callable[[], Thing]) -> Thing | None:
    try:
        return ask()
    except Exception:  # noqa: BLE001 (whatever fails: the part does not answer)
        return None
