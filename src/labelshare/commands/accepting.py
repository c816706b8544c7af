"""Which campaigns `serve` takes on, as its options say."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from labelshare.errors import InputError

if TYPE_CHECKING:
    from labelshare.oracle.acceptance import Acceptance

__all__ = ["acceptance", "base_units"]

DAY: Final = 86_400


def acceptance(
    accept_from: Collection[str], least_escrow: str | None, least_fee: str | None, longest_days: float | None
) -> Acceptance:
    """From the options; of requesters who are named nothing is asked that no option says."""
    from labelshare.oracle.acceptance import Acceptance
    from labelshare.types import Address

    try:
        requesters = frozenset(map(Address, accept_from))
    except InputError as error:
        raise InputError(f"--accept-from: {error}") from None
    unsaid_escrow, unsaid_fee = (0, 0) if requesters else (None, 1)
    return Acceptance(
        requesters=requesters,
        least_escrow=unsaid_escrow if least_escrow is None else base_units("--least-escrow", least_escrow),
        least_fee=unsaid_fee if least_fee is None else base_units("--least-fee", least_fee),
        longest=None if longest_days is None else int(longest_days * DAY),
    )


def base_units(option: str, text: str) -> int:
    """An amount without decimals."""
    if not text.isascii() or not text.isdecimal():
        raise InputError(f"{option} is a number of base units, not {text!r:.40}")
    return int(text)
