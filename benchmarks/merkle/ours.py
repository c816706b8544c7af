"""Our side: `python -m benchmarks.merkle.ours KIND FILE REPEATS`, from values in memory to root and proofs.

Two parts for the tree: `first` is the first one of a process, which loads the compiled kernels, or compiles
them if nobody has; `tree` are later ones of the same process.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.merkle.values import PAIR, SCOPE, read_pairs, read_payouts
from benchmarks.side import report, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labelshare.protocol.leaves import Payout
    from labelshare.protocol.merkle import MerkleTree

N_PROOFS: Final = 1_000


def main(kind: str, file: str, repeats: int) -> None:
    """Times trees and proofs."""
    make = _maker(kind, Path(file))
    _, first = timed(1, make)
    tree, later = timed(repeats, make)
    n_proofs = min(N_PROOFS, len(tree))
    step = len(tree) // n_proofs
    proofs, proving = timed(1, lambda: [tree.proof(place * step) for place in range(n_proofs)])
    joined = b"".join(node for proof in proofs for node in proof)
    facts = {"root": str(tree.root), "proofs": hashlib.sha256(joined).hexdigest()}
    report({"first": first, "tree": later, "proofs": proving}, facts, _versions())


def _maker(kind: str, file: Path) -> Callable[[], MerkleTree]:
    if kind == PAIR:
        accounts, amounts = read_pairs(file)
        return lambda: _tree_of_pairs(accounts, amounts)
    rows = read_payouts(file)
    return lambda: _tree_of_payouts(rows)


def _tree_of_pairs(accounts: Sequence[bytes], amounts: Sequence[int]) -> MerkleTree:
    import numpy as np

    from labelshare.protocol.merkle import MerkleTree, encoded_leaves

    table = np.zeros((len(accounts), 64), dtype=np.uint8)
    table[:, 12:32] = np.frombuffer(b"".join(accounts), dtype=np.uint8).reshape(-1, 20)
    words = b"".join([amount.to_bytes(32, "big") for amount in amounts])
    table[:, 32:] = np.frombuffer(words, dtype=np.uint8).reshape(-1, 32)
    return MerkleTree(encoded_leaves(table))


def _tree_of_payouts(rows: Sequence[Payout]) -> MerkleTree:
    from labelshare.protocol.leaves import payout_leaves
    from labelshare.protocol.merkle import MerkleTree

    return MerkleTree(payout_leaves(SCOPE, rows))


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": version("numpy")}
    try:
        return versions | {"numba": version("numba")}
    except PackageNotFoundError:
        return versions | {"numba": "none"}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
