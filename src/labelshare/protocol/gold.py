"""Gold: items whose answer the requester knows, sealed before the work starts and revealed whole after it.

The spec holds the root over the salted leaves and their number. Salts come from one secret, as a batch's
do, so that the reveal is the secret with the items and their labels; it goes to the chain as event data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labelshare.errors import CommitmentError, LabelError
from labelshare.protocol.commitments import MAX_ITEMS, label_bytes, label_digests, read_labels
from labelshare.protocol.hmac_sha256 import salt_rows
from labelshare.protocol.labels import Form
from labelshare.protocol.leaves import gold_leaves
from labelshare.protocol.merkle import root_of
from labelshare.protocol.spec import MerkleGold, Spec
from labelshare.types import Hash32, keccak

__all__ = ["SealedGold", "clamped", "posted_gold", "read_gold"]

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class SealedGold:
    """Gold with its secret: to keep until it is revealed.

    Attributes:
        secret: 32 fresh random bytes, used for nothing else.
        items: Ascending.
        labels: Their canonical label bytes.
    """

    secret: Hash32
    items: tuple[int, ...]
    labels: tuple[bytes, ...]

    @classmethod
    def of(cls, secret: Hash32, labels: Mapping[int, bytes]) -> SealedGold:
        """Seal canonical label bytes by item."""
        items = tuple(sorted(labels))
        return cls(secret, items, tuple(labels[item] for item in items))

    @property
    def root(self) -> Hash32:
        """The root for the spec."""
        digests, salts = label_digests(self.labels), salt_rows(self.secret, self.items)
        return root_of(gold_leaves(self.items, digests, salts))

    @property
    def reveal(self) -> bytes:
        """What `revealGold` takes: secret ‖ for each item: item 8 bytes ‖ length 2 ‖ label."""
        return bytes(self.secret) + label_bytes(self.items, self.labels)


def read_gold(data: bytes) -> SealedGold:
    """Gold from the bytes of a reveal; `CommitmentError` if they are cut off."""
    if len(data) < _SECRET_BYTES:
        raise CommitmentError(f"a gold reveal begins with a secret of {_SECRET_BYTES} bytes")
    return SealedGold(Hash32(data[:_SECRET_BYTES]), *read_labels(data[_SECRET_BYTES:]))


def posted_gold(spec: Spec, reveals: tuple[bytes, ...]) -> dict[int, int]:
    """The answer's number by gold item: of the first reveal that holds; none where none does.

    A reveal holds if it has the spec's root and count, its items ascend and are the campaign's, and every
    label is canonical.
    """
    if isinstance(spec.gold, MerkleGold):
        for data in reveals:
            if found := _holds(spec, spec.gold, data):
                return found
    return {}


def clamped(seed: Hash32, items: Iterable[int]) -> frozenset[int]:
    """The half of gold items, rounded down, that a model is told; the other half judges the model.

    Those with the smallest keccak256(seed 32 ‖ item 8): nobody knows the seed when the gold is sealed.
    """
    drawn = sorted(items, key=lambda item: keccak(seed + item.to_bytes(8, "big")))
    return frozenset(drawn[: len(drawn) // 2])


def _holds(spec: Spec, rule: MerkleGold, data: bytes) -> dict[int, int]:
    try:
        gold = read_gold(data)
        answers = _answers(gold, spec.task.form)
    except (CommitmentError, LabelError):
        return {}
    ascending = list(gold.items) == sorted(set(gold.items))
    in_range = not gold.items or gold.items[-1] < min(len(spec.items), MAX_ITEMS)
    fits = len(gold.items) == rule.count and ascending and in_range
    return answers if fits and gold.root == Hash32(rule.root) else {}


def _answers(gold: SealedGold, form: Form) -> dict[int, int]:
    return {item: form.decode(label) for item, label in zip(gold.items, gold.labels, strict=True)}
