"""eth-account's side: `python -m benchmarks.signatures.peer FILE REPEATS`.

eth-account uses coincurve too, where it is installed, as it is here.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.backends import get_backend
from eth_keys.backends.coincurve import CoinCurveECCBackend

from benchmarks.side import report, timed
from benchmarks.signatures.batches import SCOPE, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelshare.types import Commit

DOMAIN: Final[dict[str, Any]] = {
    "name": "labelshare",
    "version": "1",
    "chainId": SCOPE.chain_id,
    "verifyingContract": str(SCOPE.registry),
}
TYPES: Final = {
    "Commit": [
        {"name": "campaignId", "type": "bytes32"},
        {"name": "round", "type": "uint32"},
        {"name": "batch", "type": "uint32"},
        {"name": "root", "type": "bytes32"},
        {"name": "count", "type": "uint32"},
        {"name": "cumulativeCount", "type": "uint32"},
    ]
}


def main(file: str, repeats: int) -> None:
    """Times the check of messages made beforehand."""
    if not isinstance(get_backend(), CoinCurveECCBackend):
        raise TypeError("eth-account must run on coincurve, as ours does")
    commits, signatures, annotators = load(Path(file))
    messages = [_message(commit) for commit in commits]
    claimed = [str(annotator) for annotator in annotators]
    checked, times = timed(repeats, lambda: _check(messages, signatures, claimed))
    report({"verify": times}, {"verified": f"{checked:,}"}, {"eth-account": version("eth-account")})


def _message(commit: Commit) -> dict[str, Any]:
    return {
        "campaignId": bytes(SCOPE.campaign_id),
        "round": commit.round,
        "batch": commit.batch,
        "root": bytes(commit.root),
        "count": commit.count,
        "cumulativeCount": commit.cumulative_count,
    }


def _check(messages: Sequence[dict[str, Any]], signatures: Sequence[bytes], claimed: Sequence[str]) -> int:
    for message, signature, signer in zip(messages, signatures, claimed, strict=True):
        signable = encode_typed_data(DOMAIN, TYPES, message)
        if Account.recover_message(signable, signature=signature) != signer:
            raise ValueError(f"not signed by {signer}")
    return len(messages)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
