"""Our side: `python -m benchmarks.signatures.ours FILE REPEATS PASSES`, as intake and verifier check a batch.

All batches of the file are checked PASSES times over.

The second part, `recover`, is what no checker in Python is quicker than: coincurve finds the public keys of
digests that are ready, and nothing is done with them.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from coincurve import PublicKey

from benchmarks.side import report, timed
from benchmarks.signatures.batches import SCOPE, load
from labelshare.protocol.typed_data import commit_hash, digest, require_signer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelshare.types import Address, Commit, Hash32


def main(file: str, repeats: int, passes: int) -> None:
    """Times both parts."""
    commits, signatures, annotators = load(Path(file))
    checked, times = timed(
        repeats, lambda: sum(_check(commits, signatures, annotators) for _ in range(passes))
    )
    digests = [digest(SCOPE, commit_hash(SCOPE.campaign_id, commit)) for commit in commits]
    compact = [signature[:64] + bytes([signature[64] - 27]) for signature in signatures]
    _, ceiling = timed(repeats, lambda: _recover(digests, compact))
    versions = {"python": platform.python_version(), "coincurve": version("coincurve")}
    report({"verify": times, "recover": ceiling}, {"verified": f"{checked:,}"}, versions)


def _check(commits: Sequence[Commit], signatures: Sequence[bytes], annotators: Sequence[Address]) -> int:
    campaign = SCOPE.campaign_id
    for commit, signature, annotator in zip(commits, signatures, annotators, strict=True):
        require_signer(digest(SCOPE, commit_hash(campaign, commit)), signature, annotator)
    return len(commits)


def _recover(digests: Sequence[Hash32], signatures: Sequence[bytes]) -> int:
    recover = PublicKey.from_signature_and_message
    for each, signature in zip(digests, signatures, strict=True):
        recover(signature, each, hasher=None)
    return len(digests)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
