"""Seats in a pool: one stake, many campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelshare.chain.contracts import Token
from labelshare.chain.deploy import Contracts
from labelshare.chain.events import Joined, Left, Refilled, SeatWithdrawn, decode
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Receipt
from labelshare.chain.state import Pool, Seat
from labelshare.chain.transactions import Sender
from labelshare.protocol.abi import address_word, pool_id, uint_word
from labelshare.types import Address, Hash32, PoolId, PoolParams, keccak

__all__ = ["SeatHolder", "is_released", "refill_calls", "seat_call_by_permit", "seat_calls"]

PERMIT_TYPE: Final = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"


def seat_calls(
    contracts: Contracts, pool: PoolParams, annotator: Address, evidence: bytes = b""
) -> list[Call]:
    """What an annotator sends to take a seat: an exact approval of what its credit does not cover, and join.

    Joining is consent to everything in `pool`: its oracle, its arbitrator and how long leaving may take.
    """
    approvals = contracts.approvals(pool.token, annotator, pool.seat_stake)
    return [*approvals, contracts.registry.join(pool, evidence)]


def seat_call_by_permit(
    contracts: Contracts, pool: PoolParams, signer: Signer, deadline: int, evidence: bytes = b""
) -> Call:
    """The same in one transaction, without an approval, where the token knows permits (ERC-2612).

    Args:
        contracts: The deployment.
        pool: The pool.
        signer: The annotator, who also sends the call.
        deadline: Until when the permit holds, Unix seconds.
        evidence: What the pool's gate asks for.
    """
    registry = contracts.registry
    missing = pool.seat_stake - registry.credit_of(pool.token, signer.address)
    join = registry.join(pool, evidence)
    if missing <= 0:
        return join
    digest = _permit(contracts.erc20(pool.token), signer.address, registry.address, missing, deadline)
    deposit = registry.deposit_with_permit(pool.token, missing, deadline, signer.sign_digest(digest))
    return registry.multicall([deposit, join])


def refill_calls(contracts: Contracts, pool: PoolParams, annotator: Address) -> list[Call]:
    """What an annotator sends to make a slashed seat whole: an approval of what is missing, and refill."""
    registry = contracts.registry
    seat = registry.seat(pool_id(registry.chain.chain_id, registry.address, pool), annotator)
    missing = pool.seat_stake - seat.stake
    return [*contracts.approvals(pool.token, annotator, missing), registry.refill(pool)]


def is_released(seat: Seat, pool: Pool, now: int) -> bool:
    """Whether a seat that is leaving may be withdrawn at `now`: all that it could answer for is over."""
    over = now >= seat.release_at or pool.oldest >= seat.waits_for or pool.open == 0
    return seat.release_at != 0 and over


@dataclass(frozen=True)
class SeatHolder:
    """An annotator with its account, at one pool.

    Example:
        >>> seat_holder = SeatHolder(sender, contracts, ann, pool)
    """

    sender: Sender
    contracts: Contracts
    signer: Signer
    pool: PoolParams

    @property
    def pool_id(self) -> PoolId:
        """The pool's id.

        Example:
            >>> seat_holder.pool_id == contracts.registry.pool_id(pool)
            True
        """
        registry = self.contracts.registry
        return pool_id(registry.chain.chain_id, registry.address, self.pool)

    def seat(self) -> Seat:
        """The seat; all zero if there is none.

        Example:
            >>> seat_holder.seat().takes_work
            True
        """
        return self.contracts.registry.seat(self.pool_id, self.signer.address)

    def join(self, evidence: bytes = b"") -> Joined:
        """Take a seat at the pool's stake, from credit first and the wallet for the rest.

        Args:
            evidence: What the pool's gate asks for.

        Raises:
            RevertError: A seat already, refused by the gate, or too little money. Nothing moves.

        Example:
            >>> joined = seat_holder.join()
            >>> joined.stake // COIN
            20
        """
        receipt = self._send_all(seat_calls(self.contracts, self.pool, self.signer.address, evidence))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Joined))

    def refill(self) -> Refilled:
        """Put back what was slashed; `RevertError` where the seat is whole, leaving, or there is none.

        Example:
            >>> SeatHolder(sender, contracts, dora, pool).refill().amount // COIN
            10
        """
        receipt = self._send_all(refill_calls(self.contracts, self.pool, self.signer.address))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Refilled))

    def leave(self) -> Left:
        """Start leaving; `RevertError` where that was done before, or there is no seat.

        Example:
            >>> seat_holder.leave().release_at > chain.now()
            True
        """
        receipt = self.sender.send(self.signer, self.contracts.registry.leave(self.pool_id))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Left))

    def withdraw(self) -> SeatWithdrawn:
        """Turn the stake of a seat that has left into credit; `RevertError` while it answers for work.

        Example:
            >>> seat_holder.withdraw().stake // COIN
            20
        """
        call = self.contracts.registry.withdraw_seat(self.pool, self.signer.address)
        receipt = self.sender.send(self.signer, call)
        return next(e for e in map(decode, receipt.logs) if isinstance(e, SeatWithdrawn))

    def _send_all(self, calls: list[Call]) -> Receipt:
        """Sent one by one, each after the one before; the last receipt."""
        return [self.sender.send(self.signer, call) for call in calls][-1]


def _permit(token: Token, owner: Address, spender: Address, value: int, deadline: int) -> Hash32:
    """What the owner signs: EIP-712 in the token's own domain."""
    numbers = map(uint_word, (value, token.nonces(owner), deadline))
    words = (keccak(PERMIT_TYPE.encode()), address_word(owner), address_word(spender), *numbers)
    return keccak(b"\x19\x01" + token.domain_separator() + keccak(b"".join(words)))
