"""Seats in a pool: one stake, many campaigns."""

from __future__ import annotations

from labelshare.chain.deploy import Contracts
from labelshare.chain.node import Call
from labelshare.types import Address, PoolParams

__all__ = ["seat_calls"]


def seat_calls(
    contracts: Contracts, pool: PoolParams, annotator: Address, evidence: bytes = b""
) -> list[Call]:
    """What an annotator sends to take a seat: an exact approval of what its credit does not cover, and join.

    Joining is consent to everything in `pool`: its oracle, its arbitrator and how long leaving may take.
    """
    approvals = contracts.approvals(pool.token, annotator, pool.seat_stake)
    return [*approvals, contracts.registry.join(pool, evidence)]
