"""The watcher: recomputes every settlement that anybody proposes, and says where one does not hold.

A difference is an alarm, and so is a bundle that cannot be had. It challenges only if it is told to, for a
difference alone, and never puts up more than it is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final

import structlog

from labelshare.chain import events as ev
from labelshare.chain.contracts import Arbitrator
from labelshare.chain.history import campaign_record
from labelshare.chain.state import Status
from labelshare.errors import EvidenceError, LabelshareError
from labelshare.oracle.case import Cases
from labelshare.protocol.record import Record
from labelshare.protocol.verify import verify
from labelshare.store.jobs import Jobs
from labelshare.store.messages import Messages
from labelshare.types import NOBODY, CampaignId, Hash32

__all__ = ["WATCH", "Fetch", "Watcher"]

WATCH: Final = "watch"
POLL_SECONDS: Final = 10.0

Fetch = Callable[[CampaignId, Hash32], bytes | None]
"""Gives a bundle by its campaign and hash, from wherever it is published; None where it is not to be had."""

log = structlog.get_logger(__name__)


@dataclass
class Watcher:
    """Watches the registry.

    Attributes:
        cases: Where events are read; campaigns of other oracles are watched as well.
        jobs: Where what is to be verified is noted, with what was found.
        fetch: Where bundles come from that are not in the store; None for nowhere.
        most_locked: The most that it may have locked in challenges of one token at a time, in base units;
            0, the default, for never.
        now: The machine's time, Unix seconds.
    """

    cases: Cases
    jobs: Jobs
    fetch: Fetch | None = None
    most_locked: int = 0
    now: Callable[[], float] = time
    _seen: set[str] = field(default_factory=set)

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
            What does not hold; None where everything does, or where the proposal is no longer at hand.

        Raises:
            EvidenceError: Its bundle cannot be had. It is asked for again until the campaign has ended.
        """
        campaign = CampaignId(Hash32(key.partition("/")[0]))
        record = campaign_record(self.cases.indexer.at_head(), self.cases.deployment, campaign)
        if record.posted is None or record.posted.place != _place(key):
            return None
        bundle = self._bundle(campaign, record.posted.settlement.bundle_hash)
        if bundle is None:
            return self._unavailable(campaign, record)
        report = verify(record, bundle)
        if report.ok:
            return None
        log.error("settlement does not hold", campaign=str(campaign), difference=report.difference)
        return f"does not hold: {report.difference}; {self._challenged(campaign, record, report.difference)}"

    def _unavailable(self, campaign: CampaignId, record: Record) -> str:
        name = record.posted.settlement.bundle_hash if record.posted else None
        text = f"bundle {name} cannot be had"
        log.error("bundle unavailable", campaign=str(campaign), bundle=str(name))
        status = self.cases.catalogue.contracts.registry.campaign(campaign).status
        if status in {Status.PROPOSED, Status.DISPUTED}:
            raise EvidenceError(text)
        return text

    def _bundle(self, campaign: CampaignId, name: Hash32) -> bytes | None:
        """From the store, or from where it is published; whoever gives another than asked for gives none."""
        known = Messages(self.cases.database, campaign).bundle(name)
        if known is not None or self.fetch is None:
            return known
        try:
            return self.fetch(campaign, name)
        except LabelshareError as error:
            log.warning("bundle not fetched", campaign=str(campaign), error=str(error))
            return None

    # ---------------------------------------------------------------- challenges

    def _challenged(self, campaign: CampaignId, record: Record, difference: str) -> str:
        """Contest the proposal, if that is wanted and affordable; says what was done."""
        if not self.most_locked:
            return "not challenged, as it was told"
        registry, own = self.cases.catalogue.contracts.registry, self.cases.signer
        state, contest = registry.campaign(campaign), registry.contest(campaign)
        proposer = contest.proposer if contest.proposer != NOBODY else record.params.oracle
        if state.status is Status.DISPUTED and contest.challenger == own.address:
            self._ask_for_ruling(record)
            return "challenged"
        if state.status is not Status.PROPOSED or proposer == own.address:
            return "not challenged: it is this oracle's own, or under challenge"
        bond = (contest.proposer_bond or state.bond) << contest.withstood
        if self._locked(record) + bond > self.most_locked:
            return f"not challenged: a bond of {bond} is more than may be locked"
        for approval in self.cases.catalogue.contracts.approvals(record.pool.token, own.address, bond):
            self.cases.sender.send(own, approval)
        call = registry.challenge(record.pool, record.params, state.settlement, bond, difference)
        self.cases.sender.send(own, call)
        self._ask_for_ruling(record)
        return f"challenged with a bond of {bond}"

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


def _key(proposed: ev.Proposed) -> str:
    return f"{proposed.campaign}/{proposed.log.block}/{proposed.log.index}"


def _place(key: str) -> tuple[int, int]:
    _, block, index = key.split("/")
    return int(block), int(index)
