"""The values of leaves, the same for both sides.

`python -m benchmarks.merkle.values KIND SIZE FILE` writes them, a line for each leaf: decimal numbers and 0x
strings with commas between. They look like those of a payout: accounts at random, amounts of whole labels at
an odd price.
"""

from __future__ import annotations

import random
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from labelshare.protocol.leaves import Payout
from labelshare.types import Address, CampaignId, Scope, keccak

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["PAIR", "PAYOUT", "SCOPE", "read_pairs", "read_payouts"]

PAIR: Final = "pair"
"""[address, uint256]: what most airdrops use."""
PAYOUT: Final = "payout"
"""[domain, index, account, payout, shares, slash, cumPayout, cumShares]: docs/settlement.md, section 2."""

SCOPE: Final = Scope(31_337, Address(keccak(b"registry")[:20]), CampaignId(keccak(b"campaign")))
PRICE: Final = 50_000_000_000_000_007


def read_pairs(file: Path) -> tuple[list[bytes], list[int]]:
    """Accounts and amounts."""
    accounts, amounts = [], []
    with file.open(encoding="ascii") as lines:
        for line in lines:
            account, amount = line.split(",")
            accounts.append(bytes.fromhex(account[2:]))
            amounts.append(int(amount))
    return accounts, amounts


def read_payouts(file: Path) -> list[Payout]:
    """The rows of a payout tree."""
    with file.open(encoding="ascii") as lines:
        return [_payout(*line.split(",")) for line in lines]


def _payout(_domain: str, index: str, account: str, *amounts: str) -> Payout:
    return Payout(int(index), Address(account), *map(int, amounts))


def _pair_lines() -> Iterator[str]:
    draw = random.Random(PAIR)
    while True:
        yield f"0x{draw.randbytes(20).hex()},{draw.randrange(10_000) * PRICE}\n"


def _payout_lines() -> Iterator[str]:
    from labelshare.protocol.domains import Kind, domain

    draw, head = random.Random(PAYOUT), str(domain(Kind.PAYOUT, SCOPE))
    index = payouts = shares = 0
    while True:
        labels = draw.randrange(10_000)
        payouts, shares = payouts + labels * PRICE, shares + labels * 10**18
        amounts = f"{labels * PRICE},{labels * 10**18},0,{payouts},{shares}"
        yield f"{head},{index},0x{draw.randbytes(20).hex()},{amounts}\n"
        index += 1


def main(kind: str, size: int, file: str) -> None:
    """Writes `size` leaves."""
    lines: Iterable[str] = _pair_lines() if kind == PAIR else _payout_lines()
    with Path(file).open("w", encoding="ascii") as out:
        out.writelines(islice(lines, size))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
