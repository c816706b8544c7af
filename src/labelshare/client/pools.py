"""Pools: a workforce that an oracle opens, under rules that never change."""

from __future__ import annotations

from labelshare.chain.deploy import Contracts
from labelshare.chain.events import PoolCreated, decode
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.types import PoolParams

__all__ = ["open_pool"]


def open_pool(sender: Sender, contracts: Contracts, oracle: Signer, params: PoolParams) -> PoolCreated:
    """Open a pool.

    Raises:
        RevertError: The signer is not the oracle that the rules name, the pool exists, or its stake or its
            number of places is zero. Nothing changes.

    Example:
        >>> year = 365 * DAY
        >>> pool = PoolParams(operator.address, token.address, 20 * COIN, unbonding=year, max_open=1)
        >>> opened = open_pool(sender, contracts, operator, pool)
        >>> opened.oracle == operator.address
        True
    """
    receipt = sender.send(oracle, contracts.registry.create_pool(params))
    return next(e for e in map(decode, receipt.logs) if isinstance(e, PoolCreated))
