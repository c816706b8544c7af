"""The time line of a campaign from how long each of its steps takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelshare.chain.state import Limits
from labelshare.errors import InputError
from labelshare.types import PoolParams, Schedule

__all__ = ["Steps", "require_allowed"]

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
MAX_TRIES: Final = 8
MIN_ACCEPT: Final = 60  # so that the campaign is on chain before it must be accepted


@dataclass(frozen=True, slots=True)
class Steps:
    """How long each step takes, in seconds; the defaults are what public deployments allow.

    Attributes:
        accept: Time for the oracle to accept.
        enrol: Then, time to enrol.
        pause: Then, time to draw the seed before work starts.
        round_length: Of each round, its grace included.
        grace: The end of each round, in which whoever was left out commits alone.
        rounds: Rounds of work.
        tries: Proposals after the oracle's own.
        reveal: Time to open labels.
        settle: Time in which only the oracle may propose.
        window: Time to challenge a proposal.
        ruling: Time for the arbitrator.
        rescue: Time to open labels on chain, where the oracle failed.
        public: Then, time for anyone to propose.
        slash: Time to slash, once final.

    Example:
        >>> steps = Steps(round_length=3 * DAY, rounds=2)
        >>> steps.window // DAY
        2
    """

    accept: int = DAY
    enrol: int = 3 * DAY
    pause: int = HOUR
    round_length: int = 5 * DAY
    grace: int = 2 * DAY
    rounds: int = 1
    tries: int = 2
    reveal: int = 2 * DAY
    settle: int = 3 * DAY
    window: int = 2 * DAY
    ruling: int = 7 * DAY
    rescue: int = 7 * DAY
    public: int = 2 * DAY
    slash: int = 7 * DAY

    def schedule(self, now: int) -> Schedule:
        """The time line of a campaign funded at `now`, Unix seconds.

        Example:
            >>> schedule = steps.schedule(chain.now())
            >>> (schedule.commit_end - schedule.work_start) // DAY
            6
        """
        accept_end = now + self.accept
        enrol_end = accept_end + self.enrol
        return Schedule(
            accept_end=accept_end,
            enrol_end=enrol_end,
            work_start=enrol_end + self.pause,
            round_length=self.round_length,
            grace=self.grace,
            rounds=self.rounds,
            tries=self.tries,
            reveal_period=self.reveal,
            settle_period=self.settle,
            window=self.window,
            ruling_period=self.ruling,
            rescue_period=self.rescue,
            public_period=self.public,
            slash_window=self.slash,
        )


def require_allowed(steps: Steps, limits: Limits, pool: PoolParams) -> None:
    """Raise `InputError` for steps that the registry refuses, or that the pool's oracle could never accept.

    The registry checks the same; here it is told before any money is approved.
    """
    least, most = limits.min_period, limits.max_period
    bounds = {
        "accept": (steps.accept, MIN_ACCEPT, limits.max_horizon),
        "enrol": (steps.enrol, steps.grace, limits.max_horizon),
        "pause": (steps.pause, 1, limits.max_horizon),
        "round_length": (steps.round_length, steps.grace + 1, most),
        "tries": (steps.tries, 1, MAX_TRIES),
        "rounds": (steps.rounds, 1, 65_535),
        "rescue": (steps.rescue, limits.min_rescue, most),
    }
    periods = ("grace", "reveal", "settle", "window", "ruling", "public", "slash")
    bounds |= {name: (getattr(steps, name), least, most) for name in periods}
    for name, (given, lowest, highest) in bounds.items():
        if not lowest <= given <= highest:
            raise InputError(f"{name.replace('_', ' ')}: {given}, allowed are {lowest} to {highest}")
    line = steps.schedule(0)
    if line.hard_end > limits.max_horizon:
        raise InputError(
            f"the campaign may last {line.hard_end} seconds; the registry allows {limits.max_horizon}"
        )
    bound = line.hard_end - line.accept_end
    if bound > pool.unbonding:
        raise InputError(
            f"once accepted the campaign may last {bound} seconds; the pool binds its seats for "
            f"{pool.unbonding}, so no oracle could accept it"
        )
