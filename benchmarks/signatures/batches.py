"""Signed batches, the same for both sides.

`python -m benchmarks.signatures.batches COUNT FILE` writes them, a record of fixed size for each. A thousand
annotators take turns; each batch has a root of its own.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from labelshare.protocol import typed_data
from labelshare.types import Address, CampaignId, Commit, Hash32, Scope, keccak

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SCOPE", "load"]

SCOPE: Final = Scope(31_337, Address(keccak(b"registry")[:20]), CampaignId(keccak(b"campaign")))
N_ANNOTATORS: Final = 1_000
LABELS: Final = 20

_RECORD: Final = struct.Struct(">20s65sII32sII")


def load(file: Path) -> tuple[list[Commit], list[bytes], list[Address]]:
    """The statements, their signatures and who is said to have signed them."""
    commits, signatures, annotators = [], [], []
    for annotator, signature, turn, batch, root, count, total in _RECORD.iter_unpack(file.read_bytes()):
        commits.append(Commit(turn, batch, Hash32(root), count, total))
        signatures.append(signature)
        annotators.append(Address(annotator))
    return commits, signatures, annotators


def _records(count: int) -> Iterator[bytes]:
    keys = [keccak(b"annotator %d" % number) for number in range(min(count, N_ANNOTATORS))]
    addresses = [typed_data.address_of(key) for key in keys]
    for number in range(count):
        batch, who = divmod(number, len(keys))
        commit = Commit(0, batch, keccak(b"root %d" % number), LABELS, LABELS * (batch + 1))
        digest = typed_data.digest(SCOPE, typed_data.commit_hash(SCOPE.campaign_id, commit))
        signature = typed_data.sign(digest, keys[who])
        fields = (commit.round, commit.batch, commit.root, commit.count, commit.cumulative_count)
        yield _RECORD.pack(addresses[who], signature, *fields)


def main(count: int, file: str) -> None:
    """Writes the batches."""
    with Path(file).open("wb") as out:
        out.writelines(_records(count))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
