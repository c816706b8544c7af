"""Whether this machine's clock agrees with the chain's, said in the log where it does not.

No money depends on it: rounds and periods go by the chain's time. Sign-ins and sessions go by the machine's,
and jobs, their pauses and leases, where no database server has a clock for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final

import structlog

from labelshare.chain.node import Chain

__all__ = ["AHEAD_SECONDS", "BEHIND_SECONDS", "ClockCheck"]

CHECK_SECONDS: Final = 60.0
BEHIND_SECONDS: Final = 60
"""A block may be made so much later than now and no more: no honest chain has blocks of the future."""
AHEAD_SECONDS: Final = 300
"""A new block may look so old and no more; longer pauses between blocks say nothing of the clock."""
_AGAIN_SECONDS: Final = 3_600.0

log = structlog.get_logger(__name__)


@dataclass
class ClockCheck:
    """Compares the machine's clock with the times of new blocks.

    Attributes:
        chain: Whose blocks.
        now: The machine's time, Unix seconds.
    """

    chain: Chain
    now: Callable[[], float] = time
    _block: int | None = field(default=None, repr=False)
    _said: float | None = field(default=None, repr=False)

    def step(self) -> float:
        """Look once, and warn at most once an hour; how many seconds until the next look.

        Raises:
            ChainError: No node answers.
        """
        block = self.chain.block_number
        is_new, self._block = self._block is not None and block > self._block, block
        off = self.now() - self.chain.timestamp_of(block)
        if off < -BEHIND_SECONDS or (is_new and off > AHEAD_SECONDS):
            self._warn(off)
        return CHECK_SECONDS

    def _warn(self, off: float) -> None:
        now = self.now()
        if self._said is not None and now - self._said < _AGAIN_SECONDS:
            return
        self._said = now
        how = "ahead of" if off > 0 else "behind"
        log.warning(
            "the clock of this machine is wrong, or the node is far behind: check NTP",
            clock=f"{abs(off):.0f} s {how} the chain's newest block",
        )
