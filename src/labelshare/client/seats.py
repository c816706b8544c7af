"""Seats in a pool: one stake, many campaigns."""

from __future__ import annotations

from typing import Final

from labelshare.chain.contracts import Token
from labelshare.chain.deploy import Contracts
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call
from labelshare.protocol.abi import address_word, pool_id, uint_word
from labelshare.types import Address, Hash32, PoolParams, keccak

__all__ = ["refill_calls", "seat_call_by_permit", "seat_calls"]

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


def _permit(token: Token, owner: Address, spender: Address, value: int, deadline: int) -> Hash32:
    """What the owner signs: EIP-712 in the token's own domain."""
    numbers = map(uint_word, (value, token.nonces(owner), deadline))
    words = (keccak(PERMIT_TYPE.encode()), address_word(owner), address_word(spender), *numbers)
    return keccak(b"\x19\x01" + token.domain_separator() + keccak(b"".join(words)))
