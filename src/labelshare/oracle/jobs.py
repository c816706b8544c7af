"""Jobs: who takes one has it for a while, does it, and says what came of it. Nothing is given up silently.

A job may be done more than once, by a process that was cut off and by the one after it: what it does must
ask first whether it is done.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from time import time
from typing import Final
from uuid import uuid4

import structlog

from labelshare.errors import LabelshareError, StaleReadError
from labelshare.store.jobs import Job, Jobs

__all__ = ["LEASE_SECONDS", "LONGEST_PAUSE", "Later", "Runner", "pause_after"]

LEASE_SECONDS: Final = 60
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 600.0
IDLE_SECONDS: Final = 5.0
_JITTER: Final = 0.5
_PARTS_OF_TIME_LEFT: Final = 8

log = structlog.get_logger(__name__)

Handler = Callable[[str], str | None]
"""Does a job by its key. What it returns stays with the job, to be read as what was found."""


class Later(Exception):  # noqa: N818 (no fault: not its time yet)
    """The job is not due yet; `seconds` until it is worth another look, and what it waits for, to be told."""

    def __init__(self, seconds: float = FIRST_PAUSE, reason: str | None = None) -> None:
        super().__init__(reason or f"not due for {seconds:.0f} s")
        self.seconds, self.reason = seconds, reason


def pause_after(
    failures: int, dice: Callable[[], float] = random.random, *, left: float | None = None
) -> float:
    """How many seconds to wait after so many failures: twice as long each time, and no two alike.

    Args:
        failures: How many.
        dice: Gives numbers from 0 to 1; the pause lies between half of the full one and all of it.
        left: Seconds until it is too late: a pause takes a small part of them at most, so that nearly all of
            the time that is left once the cause is mended is there to be used.
    """
    full = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 20))
    if left is not None:
        full = min(full, left / _PARTS_OF_TIME_LEFT)
    return full * (1 - _JITTER * dice())


@dataclass
class Runner:
    """Takes jobs and does them, one at a time.

    Attributes:
        jobs: Where they are.
        handlers: What to do, by kind; jobs of other kinds are left to others.
        lease: For how many seconds a job is taken. It is renewed while the work runs, so that only the end
            of the process, or of its connection, frees the job for others.
        now: Unix seconds by the clock of all who work on these jobs.
        left: Seconds until a job of a kind and key is too late; None where it never is, or nobody knows.
        on_done: Called after each step that took a job, whatever came of it.
    """

    jobs: Jobs
    handlers: Mapping[str, Handler]
    lease: int = LEASE_SECONDS
    now: Callable[[], float] = time
    left: Callable[[str, str], float | None] = lambda *_: None
    on_done: Callable[[], None] = lambda: None
    name: str = field(default_factory=lambda: uuid4().hex)

    def step(self) -> float:
        """Do the job that is due the longest; how many seconds until another may be due."""
        job = self._take()
        if job is None:
            return self._idle()
        with self._renewed(job):
            settle = self._outcome(job)
        if not settle():
            log.warning("job taken over", kind=job.kind, key=job.key)
        self.on_done()
        return 0.0

    def run_due(self) -> int:
        """Do everything that is due; how many jobs that were."""
        done = 0
        while (job := self._take()) is not None:
            with self._renewed(job):
                settle = self._outcome(job)
            settle()
            done += 1
        return done

    def _take(self) -> Job | None:
        name = f"{self.name}/{uuid4().hex}"
        return self.jobs.take(int(self.now()), self._lease_end(), name, self.handlers.keys())

    def _lease_end(self) -> int:
        return ceil(self.now()) + self.lease

    def _outcome(self, job: Job) -> Callable[[], bool]:
        """Do a job; what is to be written down of it, once its lease needs no more renewing."""
        try:
            found = self.handlers[job.kind](job.key)
        except Later as later:
            return self._later(job, int(self.now() + max(1.0, later.seconds)), later.reason)
        except StaleReadError as error:
            log.info("job begun again", kind=job.kind, key=job.key, reason=str(error))
            return lambda: self.jobs.postpone(job, int(self.now()) + 1)
        except LabelshareError as error:
            return self._failed(job, f"{type(error).__name__}: {error}")
        except Exception as error:
            log.exception("job failed in an unforeseen way", kind=job.kind, key=job.key)
            return self._failed(job, f"{type(error).__name__}: {error}")
        return lambda: self.jobs.finish(job, found)

    def _later(self, job: Job, due: int, reason: str | None) -> Callable[[], bool]:
        if reason is None:
            return lambda: self.jobs.postpone(job, due)
        if reason != job.error:  # told once
            log.info("job waits", kind=job.kind, key=job.key, reason=reason)
        return lambda: self.jobs.wait(job, due, reason)

    def _failed(self, job: Job, error: str) -> Callable[[], bool]:
        pause = pause_after(job.tries + 1, left=self.left(job.kind, job.key))
        log.error(
            "job failed", kind=job.kind, key=job.key, tries=job.tries + 1, error=error, again_in=round(pause)
        )
        due = int(self.now() + max(1.0, pause))
        return lambda: self.jobs.retry(job, due, error)

    def _idle(self) -> float:
        due = self.jobs.next_due(self.handlers.keys())
        return IDLE_SECONDS if due is None else min(IDLE_SECONDS, max(0.2, due - self.now()))

    @contextmanager
    def _renewed(self, job: Job) -> Iterator[None]:
        """Renew the lease at a third of its time, for as long as the block runs."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self.lease / 3):
                try:
                    if not self.jobs.renew(job, self._lease_end()):
                        return
                except LabelshareError as error:
                    log.warning("lease not renewed", kind=job.kind, key=job.key, error=str(error))

        thread = threading.Thread(target=renew, name=f"lease of {job.kind}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
