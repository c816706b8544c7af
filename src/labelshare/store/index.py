"""The chain's blocks and the logs of our contracts as they were read: what an indexer keeps, and its readers.

Kept of the blocks are the one before the deployment, the latest that cannot be replaced, and every one after
that. The latest block kept is how far the logs go: a block and its logs are written together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from labelshare.chain.node import Block, Log, Topics
from labelshare.errors import StoreError
from labelshare.store.database import Database
from labelshare.store.schema import blocks, logs
from labelshare.types import Address, Hash32

__all__ = ["Index", "IndexedLogs"]

_TURN: Final = b"labelshare.index"
_WORD: Final = 32


@dataclass(frozen=True)
class Index:
    """The index of one deployment. Nothing is held in memory: any number of processes may write and read."""

    database: Database

    # ------------------------------------------------------------------ reading

    def base(self) -> Block | None:
        """The block before the deployment's first; None where nothing was begun."""
        return self._one(blocks.c.number.asc())

    def head(self) -> Block | None:
        """The latest block whose logs are here; None where nothing was begun."""
        return self._one(blocks.c.number.desc())

    def kept(self) -> list[Block]:
        """Every block that is kept, the latest first."""
        with self.database.reading() as connection:
            rows = connection.execute(select(blocks).order_by(blocks.c.number.desc()))
            return [_block(row) for row in rows]

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        """Logs of one contract in a closed range of blocks, in order; None in `topics` matches anything."""
        with self.database.reading() as connection:
            return _logs(connection, address, from_block, to_block, topics)

    def addresses(self) -> set[Address]:
        """Whose logs are here."""
        with self.database.reading() as connection:
            return {Address(row.address) for row in connection.execute(select(logs.c.address).distinct())}

    # ------------------------------------------------------------------ writing

    def begin(self, base: Block) -> None:
        """Begin after a block; nothing happens where it was begun before."""
        with self.database.writing(_TURN) as connection:
            if connection.execute(select(blocks.c.number).limit(1)).first() is None:
                connection.execute(insert(blocks), _row(base))

    def add(self, head: Block, new: Sequence[Block], found: Sequence[Log], final: int) -> bool:
        """Go on after `head`: new blocks, of which the last is the new head, and their logs; all or nothing.

        Args:
            head: The head by which they were read.
            new: Blocks in order, every one that may still be replaced among them.
            found: All logs of ours from the block after `head` to the last of `new`.
            final: The latest block that cannot be replaced; what is no longer needed before it is dropped.

        Returns:
            Whether they were written: not where another process has gone on, or back, meanwhile.
        """
        with self.database.writing(_TURN) as connection:
            if _head(connection) != head:
                return False
            connection.execute(insert(blocks), [_row(each) for each in new])
            if found:
                connection.execute(insert(logs), [_log_row(each) for each in found])
            _prune(connection, final)
        return True

    def roll_back(self, head: Block, to: Block) -> bool:
        """Forget what came after block `to`, which is kept; as `add`, only where `head` still is the head.

        Where `to` is the first block of all it may be another one of the same number: nothing hangs on it.
        """
        with self.database.writing(_TURN) as connection:
            if _head(connection) != head:
                return False
            connection.execute(delete(logs).where(logs.c.block > to.number))
            connection.execute(delete(blocks).where(blocks.c.number > to.number))
            connection.execute(update(blocks).where(blocks.c.number == to.number).values(_row(to)))
        return True

    def clear(self) -> None:
        """Forget everything: it is read from the chain anew."""
        with self.database.writing(_TURN) as connection:
            connection.execute(delete(logs))
            connection.execute(delete(blocks))

    def _one(self, order: Any) -> Block | None:
        with self.database.reading() as connection:
            row = connection.execute(select(blocks).order_by(order).limit(1)).one_or_none()
        return None if row is None else _block(row)


class IndexedLogs:
    """The logs of our contracts up to one block, from the index: a source of events like the chain itself.

    Args:
        index: Where they are kept.
        addresses: Whose logs the index holds; those of others it cannot tell.
        at: The latest block that counts.
        head: The index's head as the reading began. Where the chain has dropped it meanwhile, and `at` is
            not final, answers of two histories would be mixed: they are refused instead.
    """

    def __init__(
        self, index: Index, addresses: Sequence[Address], at: int, head: Block | None = None
    ) -> None:
        self._index, self._addresses, self._at, self._head = index, frozenset(addresses), at, head

    @property
    def block_number(self) -> int:
        """The latest block that counts."""
        return self._at

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        """As a chain answers; `StoreError` for what is not in the index, or no longer."""
        if address not in self._addresses:
            raise StoreError(f"the index holds no logs of {address}")
        if to_block > self._at:
            raise StoreError(f"the logs end with block {self._at}; block {to_block} was asked for")
        with self._index.database.reading() as connection:
            self._require_there(connection, to_block)
            return _logs(connection, address, from_block, to_block, topics)

    def _require_there(self, connection: Connection, to_block: int) -> None:
        now = _head(connection)
        if now is None or now.number < to_block:
            raise StoreError(f"the index has no block {to_block} (any more); read again")
        if self._head is None or now == self._head:
            return
        kept = select(blocks).where(blocks.c.number == self._head.number)
        row = connection.execute(kept).one_or_none()
        if now.number < self._head.number or (row is not None and _block(row) != self._head):
            raise StoreError(f"block {self._head.number} was replaced during the reading; read again")


def _head(connection: Connection) -> Block | None:
    row = connection.execute(select(blocks).order_by(blocks.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _block(row)


def _prune(connection: Connection, final: int) -> None:
    """Drop blocks between the first of all and the latest that is final."""
    numbers = blocks.c.number
    first = connection.execute(select(func.min(numbers))).scalar_one()
    latest = connection.execute(select(func.max(numbers)).where(numbers <= final)).scalar_one()
    if latest is not None:
        connection.execute(delete(blocks).where(numbers > first, numbers < latest))


def _logs(
    connection: Connection, address: Address, from_block: int, to_block: int, topics: Topics
) -> list[Log]:
    wanted = select(logs).where(
        logs.c.address == bytes(address), logs.c.block.between(from_block, to_block), *_by_subject(topics)
    )
    rows = connection.execute(wanted.order_by(logs.c.block, logs.c.position))
    return [log for log in map(_log, rows) if log.matches(topics)]


def _by_subject(topics: Topics) -> list[ColumnElement[bool]]:
    """What the database can tell of the topics; the rest is compared here."""
    if len(topics) > 1 and topics[1] is not None:
        return [logs.c.subject == bytes(topics[1])]
    if topics and topics[0] is not None:
        return [func.substr(logs.c.topics, 1, _WORD) == bytes(topics[0])]
    return []


def _block(row: Any) -> Block:
    return Block(row.number, Hash32(row.hash), Hash32(row.parent), row.time)


def _row(block: Block) -> dict[str, Any]:
    return {
        "number": block.number,
        "hash": bytes(block.hash),
        "parent": bytes(block.parent),
        "time": block.time,
    }


def _log(row: Any) -> Log:
    topics = tuple(Hash32(row.topics[at : at + _WORD]) for at in range(0, len(row.topics), _WORD))
    return Log(
        address=Address(row.address),
        topics=topics,
        data=bytes(row.data),
        block=row.block,
        index=row.position,
        transaction=Hash32(row.transaction),
        block_hash=Hash32(row.block_hash),
    )


def _log_row(log: Log) -> dict[str, Any]:
    return {
        "block": log.block,
        "position": log.index,
        "block_hash": bytes(log.block_hash),
        "transaction": bytes(log.transaction),
        "address": bytes(log.address),
        "topics": b"".join(map(bytes, log.topics)),
        "subject": bytes(log.topics[1]) if len(log.topics) > 1 else b"",
        "data": log.data,
    }
