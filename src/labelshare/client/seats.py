"""Seats in a pool: one stake, many campaigns."""

from __future__ import annotations

from labelshare.chain.deploy import Contracts
from labelshare.chain.node import Call
from labelshare.types import PoolParams

__all__ = ["seat_calls"]


def seat_calls(contracts: Contracts, pool: PoolParams, evidence: bytes = b"") -> tuple[Call, Call]:
    """What an annotator sends to take a seat: approve the stake, exactly, and join.

    Joining is consent to everything in `pool`: its oracle, its arbitrator and how long leaving may take.
    """
    approve = contracts.erc20(pool.token).approve(contracts.registry.address, pool.seat_stake)
    return approve, contracts.registry.join(pool, evidence)
