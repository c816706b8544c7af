"""The chain's blocks and the logs of our contracts as they were read: what an indexer keeps, and its readers.

Kept of the blocks are the one before the deployment, the latest that cannot be replaced, and every one after
that. The latest block kept is how far the logs go: a block and its logs are written together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from labelshare.chain.events import DatasetCreated, topic_of
from labelshare.chain.node import Block, Log, Topics
from labelshare.errors import StaleReadError, StoreError
from labelshare.store.database import Database
from labelshare.store.schema import blocks, logs
from labelshare.types import NOBODY, Address, Hash32

__all__ = ["Index", "IndexedLogs", "dataset_of", "is_dataset"]

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

    def datasets(self, registry: Address) -> list[Address]:
        """The share tokens of the datasets that a registry has made, as far as its logs are here."""
        with self.database.reading() as connection:
            rows = connection.execute(select(logs.c.subject).where(*_made(registry)))
            return [_address(row.subject) for row in rows]

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
        addresses: Whose logs the index holds from the beginning, the registry's first. Of others it can tell
            those of the share tokens that this one has made.
        at: The latest block that counts.
        head: The index's head as the reading began. Where the chain has dropped it meanwhile, and `at` is
            not final, answers of two histories would be mixed: they are refused instead.
    """

    def __init__(
        self, index: Index, addresses: Sequence[Address], at: int, head: Block | None = None
    ) -> None:
        self._index, self._addresses, self._at, self._head = index, tuple(addresses), at, head

    @property
    def block_number(self) -> int:
        """The latest block that counts."""
        return self._at

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        """As a chain answers; `StoreError` for what is not in the index, or no longer."""
        if to_block > self._at:
            raise StoreError(f"the logs end with block {self._at}; block {to_block} was asked for")
        with self._index.database.reading() as connection:
            self._require_there(connection, to_block)
            if address not in self._addresses and not self._has_made(connection, address):
                raise StoreError(f"the index holds no logs of {address}")
            return _logs(connection, address, from_block, to_block, topics)

    def newest(self, address: Address, kind: Hash32, before: tuple[int, int] | None, most: int) -> list[Log]:
        """The last logs of one kind, the latest first; with `before` those before a place (block, index)."""
        with self._index.database.reading() as connection:
            self._require_there(connection, self._at)
            return _newest(connection, address, kind, before, most, self._at)

    def of_subjects(
        self, address: Address, kinds: Collection[Hash32], subjects: Collection[bytes]
    ) -> list[Log]:
        """The logs of some kinds about some subjects, in order."""
        wanted = select(logs).where(
            logs.c.subject.in_(list(map(bytes, subjects))),
            logs.c.address == bytes(address),
            logs.c.kind.in_(list(map(bytes, kinds))),
            logs.c.block <= self._at,
        )
        with self._index.database.reading() as connection:
            self._require_there(connection, self._at)
            return [_log(row) for row in connection.execute(wanted.order_by(logs.c.block, logs.c.position))]

    def _has_made(self, connection: Connection, address: Address) -> bool:
        own = (*_made(self._addresses[0]), logs.c.subject == _word(address)) if self._addresses else ()
        return bool(own) and connection.execute(select(logs.c.block).where(*own)).first() is not None

    def _require_there(self, connection: Connection, to_block: int) -> None:
        now = _head(connection)
        if now is None or now.number < to_block:
            raise StaleReadError(f"the index has no block {to_block} (any more); read again")
        if self._head is None or now == self._head:
            return
        kept = select(blocks).where(blocks.c.number == self._head.number)
        row = connection.execute(kept).one_or_none()
        if now.number < self._head.number or (row is not None and _block(row) != self._head):
            raise StaleReadError(f"block {self._head.number} was replaced during the reading; read again")


@cache
def _dataset() -> Hash32:
    return topic_of(DatasetCreated)


def is_dataset(log: Log) -> bool:
    """Whether a log of the registry says that a dataset was made."""
    return bool(log.topics) and log.topics[0] == _dataset()


def dataset_of(log: Log) -> Address:
    """The share token of the dataset that such a log is about."""
    return _address(log.topics[1])


def _made(registry: Address) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return logs.c.address == bytes(registry), logs.c.kind == bytes(_dataset())


def _word(address: Address) -> bytes:
    return address.rjust(_WORD, b"\0")


def _address(word: bytes) -> Address:
    return Address(word[-len(NOBODY) :])


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


def _newest(
    connection: Connection, address: Address, kind: Hash32, before: tuple[int, int] | None, most: int, at: int
) -> list[Log]:
    wanted = select(logs).where(
        logs.c.address == bytes(address), logs.c.kind == bytes(kind), logs.c.block <= at
    )
    if before is not None:
        block, position = before
        earlier = or_(logs.c.block < block, and_(logs.c.block == block, logs.c.position < position))
        wanted = wanted.where(earlier)
    rows = connection.execute(wanted.order_by(logs.c.block.desc(), logs.c.position.desc()).limit(most))
    return [_log(row) for row in rows]


def _by_subject(topics: Topics) -> list[ColumnElement[bool]]:
    """What the database can tell of the topics; the rest is compared here."""
    columns = (logs.c.kind, logs.c.subject)
    return [
        column == bytes(topic) for column, topic in zip(columns, topics, strict=False) if topic is not None
    ]


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
        "kind": bytes(log.topics[0]) if log.topics else b"",
        "subject": bytes(log.topics[1]) if len(log.topics) > 1 else b"",
        "data": log.data,
    }
