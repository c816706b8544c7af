"""The tables of a finished Dawid–Skene as a tree, for proofs that a published winner is not their arg-max.

One leaf for the priors and one for each annotator and class that it has answered, so that a proof about an
item shows one leaf for each of its labels. A leaf holds the hash of its logarithms, one for each class that
may be true, in four bytes each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelshare.protocol.aggregation.base import Integers
from labelshare.protocol.keccak import Rows, expect, hash_rows
from labelshare.protocol.merkle import encoded_leaves, root_of
from labelshare.types import Address, Hash32

__all__ = ["Model", "model_leaves", "model_root", "packed_column"]

_WORD: Final = 32
_HASHES: Final = 4  # for each leaf: its column, itself twice, a node


@dataclass(frozen=True, slots=True)
class Model:
    """Integer logarithms to the base 2 in 1/2^20, none above 0 and none below −2^27.

    The score of a class for an item is its prior plus, for each label of the item, the class's place in the
    column of the label. Unless the item is told gold, its winner has the highest score of those that its
    labels say, ties going by the seed.

    Attributes:
        priors: int32, shape (classes,).
        annotators: int64, shape (columns,): who gave the answer, by its number in the crowd; ascending.
        answers: int64, shape (columns,): the class that was answered; ascending for each annotator.
        columns: int32, shape (columns, classes): by the class that is true.
    """

    priors: NDArray[np.int32]
    annotators: Integers
    answers: Integers
    columns: NDArray[np.int32]


def packed_column(logarithms: NDArray[np.int32]) -> bytes:
    """A row of logarithms as its leaf's hash takes it: four bytes each, big-endian, two's complement."""
    return logarithms.astype(">i4").tobytes()


def model_leaves(domain: Hash32, accounts: Sequence[Address], model: Model) -> Rows:
    """[domain, 0, 0, keccak256(priors)], and [domain, annotator, class, keccak256(column)] for each column.

    Args:
        domain: The domain word of the kind of leaf.
        accounts: Of each annotator, by its number in the crowd; none is zero.
        model: The tables.

    Returns:
        uint8, shape (1 + columns, 32): leaf hashes, the priors' first.
    """
    count = 1 + model.answers.size
    expect(_HASHES * count)
    table = np.zeros((count, 4 * _WORD), np.uint8)
    table[:, :_WORD] = np.frombuffer(domain, np.uint8)
    names = np.frombuffer(b"".join(accounts), np.uint8).reshape(-1, Address.SIZE)
    table[1:, 2 * _WORD - Address.SIZE : 2 * _WORD] = names[model.annotators]
    table[1:, 3 * _WORD - 8 : 3 * _WORD] = model.answers.astype(">u8")[:, None].view(np.uint8)
    table[0, 3 * _WORD :] = hash_rows(_bytes(model.priors[None, :]))[0]
    table[1:, 3 * _WORD :] = hash_rows(_bytes(model.columns))
    return encoded_leaves(table)


def model_root(domain: Hash32, accounts: Sequence[Address], model: Model) -> Hash32:
    """The root over `model_leaves`."""
    return root_of(model_leaves(domain, accounts, model))


def _bytes(rows: NDArray[np.int32]) -> Rows:
    return np.ascontiguousarray(rows.astype(">i4")).view(np.uint8)
