"""The indexer: keeps the logs of our contracts in the store, and follows the chain where it changes its mind.

A range of blocks is read without holding anything, then written in one transaction, and only if the store is
as it was when the reading began. So a process may end between any two steps, and several may index the same
store: whoever comes second finds the work done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time
from typing import Final

from labelshare.chain.deploy import Deployment
from labelshare.chain.node import Block, Chain, Log
from labelshare.errors import ChainError, DeploymentError, NoBlockError
from labelshare.store.index import Index, IndexedLogs, dataset_of, is_dataset
from labelshare.types import Address

__all__ = ["DEPTH", "MOST_BLOCKS", "Finality", "Indexer", "Position"]

MOST_BLOCKS: Final = 5_000
DEPTH: Final = 64
IDLE_SECONDS: Final = 2.0
# On a development chain somebody watches, and asking costs nothing.
_IDLE_DEVELOPMENT: Final = 0.25


@dataclass
class Finality:
    """Which blocks cannot be replaced.

    Attributes:
        chain: Whose blocks.
        depth: So many blocks behind the head. On a development chain that is all that counts; elsewhere it
            may only hold back what the chain calls final. None: what the chain says, or 64 blocks where it
            does not say.
    """

    chain: Chain
    depth: int | None = None
    _said: bool = False

    def block(self, head: int) -> int:
        """The latest block that cannot be replaced; 0 where that is none yet.

        Raises:
            ChainError: No node answers, or it has stopped saying what is final.
        """
        if self.depth is not None and self.chain.is_development:
            return max(0, head - self.depth)
        said = self.chain.finalized()
        if said is None and self._said:
            raise ChainError("the node no longer says which block is final")
        if said is None:
            return max(0, head - (DEPTH if self.depth is None else self.depth))
        self._said = True
        return max(0, min(said, head - (self.depth or 0)))


@dataclass(frozen=True, slots=True)
class Position:
    """How far the index is.

    Attributes:
        head: The latest block whose logs are in the store.
        final: The latest block that cannot be replaced, of those in the store.
        behind: Blocks of the chain that are not in the store yet.
        age: Seconds since the head was made, by this machine's clock.
    """

    head: Block
    final: int
    behind: int
    age: float


@dataclass
class Indexer:
    """The index of one deployment on one chain.

    Attributes:
        chain: Where logs are read.
        deployment: Whose.
        index: Where they are kept.
        finality: Which blocks need no second look.
        blocks: How many blocks the next range may have; it halves where the node refuses, and grows again.
        on_news: Called once blocks were added or taken back.
    """

    chain: Chain
    deployment: Deployment
    index: Index
    finality: Finality
    blocks: int = MOST_BLOCKS
    on_news: Callable[[], None] = lambda: None
    _checked: bool = field(default=False, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The contracts that log from the beginning: the registry, in whose name its parts speak; licences.

        Besides them the share token of every dataset is read, from the block of its making on.
        """
        return (self.deployment.registry.address, self.deployment.licenses.address)

    def step(self) -> float:
        """One range; how many seconds until the next is due."""
        try:
            if self.advance():
                return 0.0
        except NoBlockError:
            # A development chain may be set back between two questions: the next step rolls back as well.
            if not self.chain.is_development:
                raise
        return _IDLE_DEVELOPMENT if self.chain.is_development else IDLE_SECONDS

    def catch_up(self) -> None:
        """Go on to the chain's head."""
        while self.advance():
            pass

    def advance(self) -> bool:
        """Read one range of blocks, or roll back to where store and chain agree; whether more is to be done.

        Raises:
            ChainError: No node answers, or a block is gone that was final.
            DeploymentError: The store holds another deployment's logs.
            StoreError: The database refused.
        """
        with self._turn:
            return self._advance()

    @contextmanager
    def set_back(self) -> Iterator[None]:
        """Set a development chain back within the block: nothing is read meanwhile, and afterwards all anew.

        Otherwise a step between the two would find blocks replaced that were final, which is an alarm.
        """
        with self._turn:
            yield
            self.index.clear()

    def _advance(self) -> bool:
        known = self._begun()
        top = self.chain.block_number
        if self._is_node_behind(known, top):
            return False
        if not self._is_there(known, top):
            self._roll_back(known, top)
            self.on_news()
            return True
        if top == known.number:
            return False
        final = min(self.finality.block(top), top)
        last = min(top, known.number + self.blocks)
        new = self._blocks(known, last, final)
        if new is None:
            return True
        found = self._logs(known.number + 1, new)
        if found is None:
            return True
        self.index.add(known, new, found, final)
        self.on_news()
        self.blocks = min(2 * self.blocks, MOST_BLOCKS)
        return last < top

    # ---------------------------------------------------------------- its readers

    def position(self) -> Position:
        """How far the index is; raises as `advance` does."""
        known, top = self._begun(), self.chain.block_number
        final = min(self.finality.block(top), known.number)
        return Position(known, final, max(0, top - known.number), max(0.0, time() - known.time))

    def at_head(self) -> IndexedLogs:
        """Everything that is in the store: what may still change."""
        known = self._begun()
        return IndexedLogs(self.index, self.addresses, known.number, known)

    def at_final(self) -> IndexedLogs:
        """What cannot change any more, of what is in the store."""
        return IndexedLogs(self.index, self.addresses, self.position().final)

    # ------------------------------------------------------------------ mechanics

    def _begun(self) -> Block:
        """The head of the index, begun before the deployment's first block where there is none."""
        first = max(self.deployment.block - 1, 0)
        if not self._checked:
            if self.index.base() is None:
                self.index.begin(self.chain.blocks([first])[0])
            self._require_own(first)
            self._checked = True
        known = self.index.head()
        if known is None:  # cleared since
            self._checked = False
            return self._begun()
        return known

    def _require_own(self, first: int) -> None:
        base, own = self.index.base(), {*self.addresses, *self.index.datasets(self.addresses[0])}
        others = self.index.addresses() - own
        if others or (base is not None and base.number != first):
            raise DeploymentError("the store's index is of another deployment; each needs a store of its own")

    def _is_node_behind(self, known: Block, top: int) -> bool:
        """Whether the node has less of the same chain, as one of several behind an address may.

        A development chain may really have become shorter.
        """
        if self.chain.is_development or top >= known.number:
            return False
        kept = next((each for each in self.index.kept() if each.number == top), None)
        if kept is None:
            raise ChainError(f"the node is at block {top}, far behind block {known.number} of the index")
        return self.chain.blocks([top])[0] == kept

    def _is_there(self, known: Block, top: int) -> bool:
        return known.number <= top and self.chain.blocks([known.number])[0].hash == known.hash

    def _blocks(self, known: Block, last: int, final: int) -> list[Block] | None:
        """Every block of a range that may be replaced, or its last; None where they hang not together."""
        first = min(max(known.number + 1, final), last)
        new = self.chain.blocks(range(first, last + 1))
        before = known if first == known.number + 1 else None
        for block in new:
            if before is not None and block.parent != before.hash:
                return None
            before = block
        return new

    def _logs(self, first: int, new: Sequence[Block]) -> list[Log] | None:
        """All logs of ours in a range; None where the node refuses so many.

        What may be replaced is read block by block, by hashes: no node can answer for another chain there.
        """
        last = new[-1].number
        try:
            found = self._logs_of(self.addresses, first, new)
            found += self._logs_of(self._datasets(found), first, new)
        except ChainError:
            if self.blocks == 1 or first == last:
                raise
            self.blocks = max(1, (last - first + 1) // 2)
            return None
        if len({(log.block, log.index) for log in found}) != len(found):
            raise ChainError(f"the node gave a log twice in blocks {first} to {last}")
        return sorted(found, key=lambda log: (log.block, log.index))

    def _datasets(self, found: Sequence[Log]) -> list[Address]:
        """Every share token there is, those made in these logs of the registry among them."""
        registry = self.addresses[0]
        made = [log for log in found if log.address == registry and is_dataset(log)]
        return sorted({*self.index.datasets(registry), *map(dataset_of, made)})

    def _logs_of(self, addresses: Sequence[Address], first: int, new: Sequence[Block]) -> list[Log]:
        if not addresses:
            return []
        before = self.chain.logs_of(addresses, first, new[0].number - 1) if first < new[0].number else []
        return [*before, *self.chain.logs_of_in(addresses, new)]

    def _roll_back(self, known: Block, top: int) -> None:
        """Forget every block that the chain has dropped.

        Where none is left but the first of all, and no final block was dropped, all is read anew.
        """
        kept = self.index.kept()
        there = self.chain.blocks([each.number for each in kept if each.number <= top])
        now = {block.number: block for block in there}
        *later, base = kept
        for block in later:
            if now.get(block.number) == block:
                self.index.roll_back(known, block)
                return
        if base.number not in now or (later and later[-1].number > base.number + 1):
            raise ChainError(
                f"the chain has replaced block {kept[-2:][0].number}, which was final; "
                "what was settled by it may be void. Clear the index to read the chain anew"
            )
        self.index.roll_back(known, now[base.number])
