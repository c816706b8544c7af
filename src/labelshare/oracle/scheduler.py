"""The scheduler: which campaigns are this oracle's, and what is due for each; what is due becomes a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final

import structlog

from labelshare.chain.events import CampaignCreated
from labelshare.chain.state import Status
from labelshare.errors import LabelshareError, NotFoundError
from labelshare.oracle.case import Case, Cases
from labelshare.oracle.tasks import ONCE, Kind, Situation, Task, due, next_change
from labelshare.store.jobs import Jobs
from labelshare.types import CampaignId, Hash32

__all__ = ["POLL_SECONDS", "SPEC", "Scheduler", "key_of", "read_key"]

# At the latest after so many seconds the chain is asked again: it moves for others, too.
POLL_SECONDS: Final = 5.0
# How long a job that was done, and looks due still, is left alone: the index may be behind.
SETTLING_SECONDS: Final = 5

SPEC: Final = "spec"
"""The job that waits for a campaign's spec."""

log = structlog.get_logger(__name__)


def key_of(campaign: CampaignId, task: Task) -> str:
    """The key of a task's job."""
    return f"{campaign}/{task.about}" if task.about else str(campaign)


def read_key(kind: str, key: str) -> tuple[CampaignId, Task]:
    """The campaign and the task of a job."""
    campaign, _, about = key.partition("/")
    return CampaignId(Hash32(campaign)), Task(Kind(kind), about)


@dataclass
class Scheduler:
    """Adds jobs for what is due.

    Attributes:
        cases: The oracle's campaigns.
        jobs: Where jobs are added.
        now: The machine's time, Unix seconds.
        on_job: Called once a job was added, or is to be done again.
    """

    cases: Cases
    jobs: Jobs
    now: Callable[[], float] = time
    on_job: Callable[[], None] = lambda: None
    _over: set[CampaignId] = field(default_factory=set)

    def step(self) -> float:
        """Look at every campaign that is not over; how many seconds until the next look."""
        pause = POLL_SECONDS
        for created in self.cases.own():
            if created.campaign in self._over:
                continue
            try:
                pause = min(pause, self._look_at(created))
            except LabelshareError as error:
                # One campaign that cannot be looked at must not stop the others.
                log.error("campaign skipped", campaign=str(created.campaign), error=str(error))  # noqa: TRY400
        return pause

    def _look_at(self, created: CampaignCreated) -> float:
        try:
            case = self.cases.case(created.campaign)
        except NotFoundError:
            if self.jobs.add(SPEC, str(created.campaign), int(self.now())):
                # Once, and no alarm: every campaign is funded before its requester hands in the spec.
                log.info("spec unknown", campaign=str(created.campaign), spec=str(created.params.spec_hash))
            return POLL_SECONDS
        situation = case.situation()
        tasks = due(case.params, situation)
        for task in tasks:
            self._want(case.id, task)
        if not tasks and self._is_over(case, situation):
            self._over.add(case.id)
        change = next_change(case.params, situation)
        return POLL_SECONDS if change is None else max(1.0, change - situation.now)

    def _want(self, campaign: CampaignId, task: Task) -> None:
        key, now = key_of(campaign, task), int(self.now())
        is_new = self.jobs.add(task.kind, key, now)
        if is_new or (task.kind not in ONCE and self.jobs.reopen(task.kind, key, now + SETTLING_SECONDS)):
            self.on_job()

    @staticmethod
    def _is_over(case: Case, at: Situation) -> bool:
        """Whether nothing will ever be due, in blocks that cannot be replaced."""
        missed = at.state.status is Status.CREATED and at.final_time >= case.params.schedule.accept_end
        return at.is_over or missed
