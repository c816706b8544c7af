"""What an oracle publishes, checked against what it posted: the roster, and the item lists of a round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labelshare.errors import CommitmentError
from labelshare.protocol.commitments import SignedCommit
from labelshare.protocol.leaves import roster_leaf
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.record import Record
from labelshare.protocol.rounds import Aggregate, aggregate
from labelshare.types import Address, Commit, Scope

__all__ = ["Lists", "Roster"]


@dataclass(frozen=True, slots=True)
class Roster:
    """Everyone under a roster's root, by place, and their tree."""

    places: Mapping[Address, int]
    tree: MerkleTree

    @classmethod
    def checked(cls, scope: Scope, record: Record, shown: Iterable[Address]) -> Roster:
        """The roster that the oracle shows; `CommitmentError` if it is not the one that it posted."""
        places = {annotator: place for place, annotator in enumerate(dict.fromkeys(shown))}
        tree = MerkleTree([roster_leaf(scope, annotator) for annotator in places]) if places else None
        if tree is None or tree.root != record.roster_root:
            raise CommitmentError("the roster that the oracle shows is not the one that it posted")
        return cls(places, tree)

    def proof(self, annotator: Address) -> list[bytes]:
        """An annotator's place under the root; `CommitmentError` for whoever is not there."""
        if annotator not in self.places:
            raise CommitmentError(f"{annotator} is not on the roster")
        return self.tree.proof(self.places[annotator])


@dataclass(frozen=True, slots=True)
class Lists:
    """The items that an oracle published for each commitment of a round; `made` is what proves inclusion."""

    round: int
    items: Mapping[tuple[Address, Commit], tuple[int, ...]]
    made: Aggregate | None = None

    @classmethod
    def checked(cls, scope: Scope, record: Record, number: int, shown: Iterable[SignedCommit]) -> Lists:
        """The lists of a round that the oracle shows.

        Raises:
            CommitmentError: They do not make the posted root and hash, or nothing is posted.
            InputError: There are none.
        """
        posted = {each.round: (each.root, each.item_lists_hash) for each in record.rounds}
        made = aggregate(scope, number, shown)
        if posted.get(number) != (made.root, made.item_lists_hash):
            raise CommitmentError(
                f"the lists that the oracle shows are not those that it posted for {number}"
            )
        return cls(number, {(each.annotator, each.commit): each.items for each in made.commits}, made)
