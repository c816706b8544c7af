"""What the oracle publishes for a round: the aggregate tree over its commitments, and their item lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sha3 import keccak_256

from labelshare.errors import CommitmentError
from labelshare.protocol.assignment import RoundFacts
from labelshare.protocol.commitments import MAX_BATCH, MAX_ITEMS, SignedCommit, require_unique
from labelshare.protocol.leaves import aggregate_leaf, packed, roster_leaf
from labelshare.protocol.merkle import MerkleTree, root_of
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, Commit, Hash32, Scope

__all__ = ["Aggregate", "aggregate", "check_items", "facts", "item_lists_hash", "order_of", "roster_root"]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The aggregate of a round.

    Attributes:
        round: Its number.
        commits: The commitments in canonical order: by annotator, batch, commit hash.
        tree: The tree over them; `tree.proof(i)` is the inclusion proof of `commits[i]`.
        item_lists_hash: The hash posted with the root.
    """

    round: int
    commits: tuple[SignedCommit, ...]
    tree: MerkleTree
    item_lists_hash: Hash32

    @property
    def root(self) -> Hash32:
        """The root to post."""
        return self.tree.root

    def proof(self, annotator: Address, name: Hash32, scope: Scope) -> list[bytes]:
        """The inclusion proof of a commitment by its hash; `CommitmentError` if it is not included."""
        for index, signed in enumerate(self.commits):
            if signed.annotator == annotator and commit_hash(scope.campaign_id, signed.commit) == name:
                return self.tree.proof(index)
        raise CommitmentError(f"commitment {name} of {annotator} is not in round {self.round}")


def aggregate(scope: Scope, round_number: int, commits: Iterable[SignedCommit]) -> Aggregate:
    """Aggregate the commitments of a round.

    Raises:
        CommitmentError: If one belongs to another round or its item list does not fit its count.
        ReplayError: If one is given twice.
        InputError: If there is none: a round without commitments has no aggregate.
    """
    keyed = sorted(((order_of(scope, signed), signed) for signed in commits), key=itemgetter(0))
    names = [(annotator, name) for (annotator, _, name), _ in keyed]
    require_unique(names, "commitment")
    ordered = tuple(signed for _, signed in keyed)
    for signed in ordered:
        if signed.commit.round != round_number:
            raise CommitmentError(
                f"a commitment of round {signed.commit.round} among those of {round_number}"
            )
        check_items(signed)
    leaves = [aggregate_leaf(scope, annotator, name) for annotator, name in names]
    return Aggregate(round_number, ordered, MerkleTree(leaves), item_lists_hash(ordered))


def order_of(scope: Scope, signed: SignedCommit) -> tuple[Address, int, Hash32]:
    """The key of the canonical order within a round: annotator, batch, commit hash."""
    return signed.annotator, signed.commit.batch, commit_hash(scope.campaign_id, signed.commit)


def item_lists_hash(ordered: Sequence[SignedCommit]) -> Hash32:
    """Hash of a round's item lists, for commitments in canonical order.

    keccak256 over, per commitment: annotator 20 bytes ‖ batch 4 ‖ count 4 ‖ items 8 each, big-endian.
    """
    state = keccak_256()
    for signed in ordered:
        head = (
            signed.annotator + signed.commit.batch.to_bytes(4, "big") + signed.commit.count.to_bytes(4, "big")
        )
        state.update(head + packed(signed.items))
    return Hash32(state.digest())


def check_items(signed: SignedCommit) -> None:
    """Raise `CommitmentError` unless the published items ascend and are as many as committed."""
    items = signed.items
    if not len(items) == signed.commit.count <= MAX_BATCH:
        raise CommitmentError(f"{signed.annotator} lists {len(items)} items for {signed.commit.count} labels")
    if list(items) != sorted(set(items)) or (items and not 0 <= items[0] <= items[-1] < MAX_ITEMS):
        raise CommitmentError(f"the items of {signed.annotator} must ascend without repetition, below 2^32")


def facts(
    n_rounds: int, aggregated: Iterable[SignedCommit], own: Iterable[tuple[Address, Commit]]
) -> list[RoundFacts]:
    """What each round published, as the assignment of the rounds after it takes it.

    A commitment that came both ways counts as sent alone: who finds its published list false sends it again.
    """
    items: list[dict[Address, set[int]]] = [{} for _ in range(n_rounds)]
    alone: list[Counter[Address]] = [Counter() for _ in range(n_rounds)]
    sent = set(own)
    for signed in aggregated:
        if (signed.annotator, signed.commit) not in sent:
            items[signed.commit.round].setdefault(signed.annotator, set()).update(signed.items)
    for annotator, commit in sent:
        alone[commit.round][annotator] += commit.count
    return [RoundFacts(*published) for published in zip(items, alone, strict=True)]


def roster_root(scope: Scope, annotators: Iterable[Address]) -> Hash32:
    """The root over the seats that enrolled by signature, zero for none."""
    return root_of([roster_leaf(scope, annotator) for annotator in annotators])
