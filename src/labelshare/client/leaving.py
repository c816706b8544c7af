"""The watch over a seat that is being left: its stake is taken back once the contract gives it back.

All that it goes by is the chain: whoever is killed in the midst of it looks there again, and a block that is
replaced is seen like any other. A seat that stays is nobody's business here; leaving is for its owner to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from labelshare.chain.state import Pool, Seat
from labelshare.client.duties import Duty, Kind
from labelshare.client.seats import SeatHolder, is_released
from labelshare.client.watch import Done
from labelshare.errors import KeyRefusedError, LabelshareError, StoreError, WrongChainError

__all__ = ["SeatWatch"]

_FATAL = (StoreError, KeyRefusedError, WrongChainError)


@dataclass
class SeatWatch:
    """Watches over one seat.

    Attributes:
        holder: The seat, with the way to the chain.
        pay_out: Whether the stake goes on to the wallet, in the same transaction; else it stays credit.

    Example:
        >>> SeatWatch(seat_holder).plan()
        []
    """

    holder: SeatHolder
    pay_out: bool = True
    _over_at: int | None = field(default=None, init=False)

    def plan(self) -> list[Duty]:
        """When the stake is taken back; nothing where there is no seat, or it stays."""
        seat, pool, now = self._look()
        if not seat.release_at:
            return []
        return [Duty(Kind.TAKE_STAKE, now if is_released(seat, pool, now) else seat.release_at)]

    def step(self) -> list[Done]:
        """Take the stake back, if it is time; a failure is told.

        Raises:
            StoreError: Nothing can be kept: then nothing is sent.
            KeyRefusedError: A development key off a development chain.
        """
        holder = self.holder
        holder.sender.catch_up(holder.signer)
        seat, pool, now = self._look()
        if not is_released(seat, pool, now):
            return []
        duty = Duty(Kind.TAKE_STAKE, now)
        try:
            return [Done(duty, ok=True, told=self._take(seat))]
        except _FATAL:
            raise
        except (LabelshareError, OSError) as error:
            return [Done(duty, ok=False, told=f"{error}" or type(error).__name__)]

    def is_over(self) -> bool:
        """Whether no stake is to come back, and no reorganisation will change that."""
        chain = self.holder.sender.chain
        if self._look()[0].release_at:
            self._over_at = None
            return False
        if self._over_at is None:
            self._over_at = chain.block_number
        final = self._over_at if chain.is_development else chain.finalized()
        return final is not None and final >= self._over_at

    def now(self) -> int:
        """Unix seconds by the chain's clock."""
        return self.holder.sender.chain.now()

    def _look(self) -> tuple[Seat, Pool, int]:
        registry = self.holder.contracts.registry
        return self.holder.seat(), registry.pool(self.holder.pool_id), self.now()

    def _take(self, seat: Seat) -> str:
        """Both in one transaction: whoever is killed has sent all of it or nothing."""
        holder, registry = self.holder, self.holder.contracts.registry
        calls = [registry.withdraw_seat(holder.pool, holder.signer.address)]
        if self.pay_out and seat.stake:
            calls.append(registry.withdraw(holder.pool.token, seat.stake))
        holder.sender.send(holder.signer, registry.multicall(calls))
        where = "the wallet" if self.pay_out else "credit"
        return f"took the stake back from the pool: {seat.stake} base units to {where}"
