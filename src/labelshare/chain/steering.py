"""What a development node lets callers do to time, blocks and balances, as ganache and hardhat name it."""

from __future__ import annotations

from typing import Any, Final

from labelshare.chain.clock import Clock
from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.line import Line
from labelshare.chain.methods import method
from labelshare.chain.wire import REFUSED, Fault, address, quantity
from labelshare.types import Address

__all__ = ["Steering"]

# A block takes about a millisecond, during which nobody else is answered.
MAX_MINED: Final = 10_000
MAX_TIME: Final = 2**63


class Steering:
    """Time, blocks, balances and snapshots of one node.

    Args:
        chain: The chain.
        line: What waits for its blocks.
        clock: What times the blocks; None for a second from one to the next, whatever the machine's time.
    """

    def __init__(self, chain: EmbeddedChain, line: Line, clock: Clock | None) -> None:
        self._chain = chain
        self._line = line
        self._clock = clock
        self._gifts: dict[Address, int] = {}
        self._snapshots: dict[int, Any] = {}
        self._next_snapshot = 1

    @method("evm_setAutomine")
    def _set_automine(self, on: Any) -> bool:
        """What waits when it is set on is mined."""
        self._line.set_automine(on=bool(on))
        return True

    @method("evm_mine")
    def _mine(self, timestamp: Any = None) -> str:
        if timestamp is not None:
            self._set_next_time(timestamp)
        self.keep_time()
        self._line.mine()
        return "0x0"

    @method("hardhat_mine", "anvil_mine")
    def _mine_many(self, count: Any = "0x1", interval: Any = "0x1") -> bool:
        apart = quantity(interval, MAX_TIME // MAX_MINED, plain=True)
        for number in range(quantity(count, MAX_MINED, plain=True)):
            if number:
                self._chain.set_next_time(self._chain.now() + max(apart, 1))
            else:
                self.keep_time()
            self._line.mine()
        return True

    @method("evm_increaseTime")
    def _increase_time(self, seconds: Any) -> str:
        """How far the chain is ahead of the machine's clock, or else the seconds given."""
        self._require_no_queue("time")
        ahead = quantity(seconds, MAX_TIME, plain=True)
        if self._clock is not None:
            return hex(self._clock.jump(self._chain.now(), ahead))
        self._chain.set_next_time(self._chain.pending.timestamp + ahead)
        return hex(ahead)

    @method("evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp")
    def _set_next_time(self, timestamp: Any) -> str:
        self._require_no_queue("time")
        seconds = quantity(timestamp, MAX_TIME, plain=True)
        self._chain.set_next_time(seconds)
        if self._clock is not None:
            self._clock.fix(seconds)
        return hex(seconds)

    @method("hardhat_setBalance", "anvil_setBalance")
    def _set_balance(self, account: Any, wei: Any) -> bool:
        self._require_no_queue("balances")
        self._gifts[address(account)] = quantity(wei, plain=True)
        return True

    @method("evm_snapshot")
    def _snapshot(self) -> str:
        self._require_no_queue("a snapshot")
        name, self._next_snapshot = self._next_snapshot, self._next_snapshot + 1
        self._snapshots[name] = self._chain.snapshot()
        return hex(name)

    @method("evm_revert")
    def _revert(self, snapshot: Any) -> bool:
        """The snapshot is used up by it, and so are those after it."""
        name = quantity(snapshot, plain=True)
        if name not in self._snapshots:
            return False
        self._chain.restore(self._snapshots[name])
        self._snapshots = {each: mark for each, mark in self._snapshots.items() if each < name}
        self._line.forget()
        return True

    def keep_time(self) -> None:
        """Let the next block, if it is not begun, be when the clock says."""
        if self._clock is not None and not self._line.waiting:
            self._chain.set_next_time(self._clock.next(self._chain.now()))

    def _require_no_queue(self, what: str) -> None:
        if self._line.waiting:
            raise Fault(REFUSED, f"{len(self._line.waiting)} transactions wait; evm_mine comes before {what}")

    def give(self) -> None:
        """Set the balances that were asked for."""
        if self._gifts:
            self.keep_time()
            self._chain.fund_each(self._gifts)
            self._gifts = {}
