"""The watcher: recomputes every settlement that anybody proposes, and says where one does not hold.

A difference is an alarm, and so is evidence that an oracle does not show where it is known to show it. It
challenges only if it is told to, and never puts up more than it is told. A bundle that nobody here knows a
place of is no alarm: that says nothing of the proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from time import time
from typing import Final

import structlog

from labelshare.chain import events as ev
from labelshare.chain.contracts import Arbitrator
from labelshare.chain.history import campaign_record
from labelshare.chain.node import LogSource
from labelshare.chain.state import CampaignState, Status
from labelshare.errors import EvidenceError
from labelshare.oracle.bundles import Bundles
from labelshare.oracle.case import Cases
from labelshare.oracle.jobs import Later
from labelshare.protocol.abi import encode
from labelshare.protocol.record import Place, Record
from labelshare.protocol.verify import verify
from labelshare.store.jobs import Entry, Jobs
from labelshare.types import NOBODY, Address, CampaignId, Hash32, keccak

__all__ = ["WATCH", "Watcher", "is_unchecked"]

WATCH: Final = "watch"
POLL_SECONDS: Final = 10.0
LONGEST: Final = 600
_PATIENCE_PART: Final = 16
_UNCHECKED: Final = "cannot be checked"
_NO_BUNDLE: Final = f"{_UNCHECKED}: no bundle"
_OVER: Final = frozenset({Status.NONE, Status.FINAL, Status.CANCELLED, Status.EXPIRED})

log = structlog.get_logger(__name__)


@dataclass
class Watcher:
    """Watches the registry.

    Attributes:
        cases: Where events are read; campaigns of other oracles are watched as well.
        jobs: Where what is to be verified is noted, with what was found.
        bundles: Where evidence is had.
        publishers: Oracles whose own service is asked for it: what that does not show they withhold.
        most_locked: The most that it may have locked in challenges of one token at a time, in base units;
            0, the default, for never.
        now: The machine's time, Unix seconds.
    """

    cases: Cases
    jobs: Jobs
    bundles: Bundles
    publishers: Collection[Address] = frozenset()
    most_locked: int = 0
    now: Callable[[], float] = time
    _seen: set[str] = field(default_factory=set)
    _missed: dict[str, int] = field(default_factory=dict)

    def step(self) -> float:
        """Note every proposal that was not noted before; how many seconds until the next look."""
        for proposed in self.cases.catalogue.proposed():
            key = _key(proposed)
            if key not in self._seen:
                self.jobs.add(WATCH, key, int(self.now()))
                self._seen.add(key)
        return POLL_SECONDS

    def check(self, key: str) -> str | None:
        """Verify one proposal.

        Returns:
            What does not hold, or why nobody could tell; None where everything holds, or where the campaign
            is over without this proposal.

        Raises:
            Later: It is to be looked at again: its bundle is not there yet, or the chain is without it.
            EvidenceError: Its oracle withholds the evidence, and that is not challenged.
        """
        record = self._record(key)
        if record is None:
            self._require_over(_read(key)[0])
            return None
        try:
            bundle = self.bundles.find(record)
        except EvidenceError as error:
            return self._unread(key, record, str(error))
        if bundle is None:
            return self._missing(key, record)
        self._missed.pop(key, None)
        report = verify(record, bundle)
        if report.ok:
            return None
        log.error("settlement does not hold", campaign=str(record.campaign_id), difference=report.difference)
        return f"does not hold: {report.difference}; {self._challenged(record, report.difference)[1]}"

    def _record(self, key: str) -> Record | None:
        """What the chain says, if this proposal stands: in the same block, with all that was before it."""
        source, (campaign, place) = self.cases.indexer.at_head(), _read(key)
        if source.block_number < place[0] or key not in map(_key, self._proposed(source, campaign, place[0])):
            return None
        record = campaign_record(source, self.cases.deployment, campaign)
        return record if record.posted is not None and record.posted.place == place else None

    def _proposed(self, source: LogSource, campaign: CampaignId, block: int) -> list[ev.Proposed]:
        address, topics = self.cases.deployment.registry.address, (ev.topic_of(ev.Proposed), campaign)
        found = ev.events(source, address, block, block, topics)
        return [each for each in found if isinstance(each, ev.Proposed)]

    def _require_over(self, campaign: CampaignId) -> None:
        """A proposal that the chain has dropped may come back with the blocks it was in."""
        if self._state(campaign).status not in _OVER:
            raise Later(LONGEST, f"{_UNCHECKED}: the chain is without it")

    def _state(self, campaign: CampaignId) -> CampaignState:
        return self.cases.catalogue.contracts.registry.campaign(campaign)

    # ------------------------------------------------------------------- no evidence

    def _missing(self, key: str, record: Record) -> str:
        """Its oracle owes the bundle where its own service was asked, and nobody owes one that is public."""
        posted = record.posted
        if posted is None or posted.public:
            return self._unread(key, record, "nobody here has its spec")
        if record.params.oracle in self.publishers:
            return self._withheld(key, record, f"evidence withheld: bundle {posted.settlement.bundle_hash}")
        return self._unread(key, record, "no bundle")

    def _unread(self, key: str, record: Record, reason: str) -> str:
        """Look again while the campaign is not over."""
        told, first = f"{_UNCHECKED}: {reason}", self._missed.setdefault(key, self.cases.chain.now())
        if self._state(record.campaign_id).status in _OVER:
            return told
        raise Later(self._pause(first, record), told)

    def _withheld(self, key: str, record: Record, reason: str) -> str:
        """Contest it in the last quarter of the window, if it was not there a while before either."""
        state, now, was_missed = self._state(record.campaign_id), self.cases.chain.now(), key in self._missed
        first, window = self._missed.setdefault(key, now), record.params.schedule.window
        if state.status in _OVER:
            return reason if was_missed else _NO_BUNDLE
        end = state.since + window
        is_late = now >= end - window // 4 and now - first >= min(LONGEST, window // _PATIENCE_PART)
        if state.status is Status.PROPOSED and not (is_late and now < end):
            raise Later(self._pause(first, record), _NO_BUNDLE)
        log.error("evidence withheld", campaign=str(record.campaign_id), reason=reason)
        is_done, told = self._challenged(record, reason)
        if not is_done:
            raise EvidenceError(f"{reason}; {told}")
        return f"{reason}; {told}"

    def _pause(self, first: int, record: Record) -> float:
        """Often at first, as the index of where it is published may be behind; twice in a last quarter."""
        longest = min(LONGEST, record.params.schedule.window // 8)
        return float(min(longest, max(5, self.cases.chain.now() - first)))

    # ---------------------------------------------------------------- challenges

    def _challenged(self, record: Record, reason: str) -> tuple[bool, str]:
        """Contest the proposal, if that is wanted and affordable; whether it is contested, and in words."""
        if not self.most_locked:
            return False, "not challenged, as it was told"
        campaign = record.campaign_id
        registry, own = self.cases.catalogue.contracts.registry, self.cases.signer
        state, contest = registry.campaign(campaign), registry.contest(campaign)
        proposer = contest.proposer if contest.proposer != NOBODY else record.params.oracle
        if state.status is Status.DISPUTED and contest.challenger == own.address:
            self._ask_for_ruling(record)
            return True, "challenged"
        if state.status is not Status.PROPOSED or proposer == own.address:
            return False, "not challenged: it is this oracle's own, or under challenge"
        if record.posted is None or state.settlement != keccak(encode(record.posted.settlement)):
            raise Later  # the chain has moved on from what was judged
        bond = (contest.proposer_bond or state.bond) << contest.withstood
        if self._locked(record) + bond > self.most_locked:
            return False, f"not challenged: a bond of {bond} is more than may be locked"
        for approval in self.cases.catalogue.contracts.approvals(record.pool.token, own.address, bond):
            self.cases.sender.send(own, approval)
        call = registry.challenge(record.pool, record.params, state.settlement, bond, reason)
        self.cases.sender.send(own, call)
        self._ask_for_ruling(record)
        return True, f"challenged with a bond of {bond}"

    def _locked(self, record: Record) -> int:
        """What this account has locked in challenges of the same token that are not over."""
        registry, own = self.cases.catalogue.contracts.registry, self.cases.signer.address
        contests = [
            registry.contest(each.campaign)
            for each in self.cases.catalogue.campaigns()
            if each.params.token == record.params.token
        ]
        return sum(each.challenge_bond for each in contests if each.challenger == own)

    def _ask_for_ruling(self, record: Record) -> None:
        """Bring the contest before the arbitrator: without a ruling both sides lose an eighth."""
        registry = self.cases.catalogue.contracts.registry
        is_asked = registry.contest(record.campaign_id).payer != NOBODY
        if record.pool.arbitrator == NOBODY or is_asked:
            return
        fee = Arbitrator(self.cases.chain, record.pool.arbitrator).cost()
        self.cases.sender.send(self.cases.signer, registry.request_ruling(record.pool, record.params, fee))


def is_unchecked(watched: Entry) -> bool:
    """Whether nobody could tell of a proposal if it holds, which is no alarm."""
    return watched.error is not None and watched.error.startswith(_UNCHECKED)


def _key(proposed: ev.Proposed) -> str:
    """The block's hash stands for the proposal and all before it: another may stand at the same place."""
    log = proposed.log
    return f"{proposed.campaign}/{log.block}/{log.index}/{log.block_hash}"


def _read(key: str) -> tuple[CampaignId, Place]:
    campaign, block, index, *_ = key.split("/")
    return CampaignId(Hash32(campaign)), (int(block), int(index))
