"""Copies of a chain in this process and of the store beside it, for a tenth of what building them costs.

Both are the same to the bit whenever the same is done on them, so that a copy is what building would give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eth.db.backends.memory import MemoryDB

from labelshare.chain.embedded import EmbeddedChain
from labelshare.chain.machine import Backend
from labelshare.store.database import Database
from tests.databases import copier

__all__ = ["Original", "chain_over"]


def chain_over(pairs: MemoryDB) -> EmbeddedChain:
    """A chain that keeps all of itself in these pairs: a new one, or one that goes on."""
    chain = EmbeddedChain()
    chain._backend = Backend(pairs)
    return chain


@dataclass(frozen=True)
class Original:
    """What a chain and a store were at one moment; `database` gives the store once more."""

    pairs: dict[bytes, bytes]
    known: EmbeddedChain
    database: Callable[[], Database]

    @classmethod
    def of(cls, chain: EmbeddedChain, pairs: MemoryDB, database: Database) -> Original:
        """Of a chain over these pairs and a store of `tests.databases`; nothing is done on them any more."""
        assert chain.block_number  # it knows all of its blocks now
        return cls(dict(pairs.kv_store), chain, copier(database))

    def chain(self) -> EmbeddedChain:
        """It goes on from there."""
        chain = chain_over(MemoryDB(dict(self.pairs)))
        chain._blocks, chain._places = list(self.known._blocks), dict(self.known._places)
        return chain
