"""Amounts, durations and times as people type and read them; integers alone inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from labelshare.errors import InputError

__all__ = [
    "ETHER",
    "PERCENT",
    "SHARES",
    "Unit",
    "duration",
    "fee_bps",
    "moment",
    "plain",
    "printable",
    "span",
]

_AMOUNT: Final = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,255}))?(\s*)(\S.*)?")
_DURATION: Final = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_SPANS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of amounts: its name, and how many digits stand behind the point."""

    symbol: str
    decimals: int

    def parse(self, text: str) -> int:
        """The base units of "12.5" or "12.5 DEV", exactly.

        Raises:
            InputError: Not a number, another unit, or more decimals than there are.
        """
        found = _AMOUNT.fullmatch(text.strip())
        if found is None or (found[4] not in (None, self.symbol) and not found[3]):
            raise InputError(f"{plain(text)!r} is not an amount such as 12.5 or 12.5 {self.symbol}")
        whole, part, unit = found[1], found[2] or "", found[4]
        if unit not in (None, self.symbol):
            raise InputError(f"{plain(text)}: the unit is {self.symbol}, not {plain(unit)}")
        if len(part) > self.decimals:
            raise InputError(f"{plain(text)}: {self.symbol} has {self.decimals} decimals, not {len(part)}")
        return int(whole + part.ljust(self.decimals, "0"))

    def show(self, amount: int) -> str:
        """An amount of base units to the last digit, as `parse` reads it."""
        digits = str(amount).rjust(self.decimals + 1, "0")
        split = len(digits) - self.decimals
        part = digits[split:].rstrip("0")
        return f"{digits[:split]}{'.' if part else ''}{part} {self.symbol}"


ETHER: Final = Unit("ether", 18)
SHARES: Final = Unit("shares", 18)
PERCENT: Final = Unit("%", 2)
"""Parts in 1/10,000, typed as "5", "5 %" or "2.25%"."""


def duration(text: str) -> int:
    """The seconds of "7d", "12h", "1d12h", "90s" or "0"; `InputError` for anything else."""
    found = _DURATION.fullmatch(text)
    if text == "0":
        return 0
    if found is None or not text:
        raise InputError(f"{plain(text)!r} is not a duration such as 7d, 12h, 30m, 90s or 1d12h")
    return sum(int(count or 0) * size for count, (_, size) in zip(found.groups(), _SPANS, strict=True))


def span(seconds: int) -> str:
    """Seconds in words, exactly."""
    words = []
    for name, size in _SPANS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(words) or "0 seconds"


def moment(timestamp: int) -> str:
    """Unix seconds in the time zone of whoever reads; what no calendar holds stays a number."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    except (OverflowError, OSError, ValueError):
        return f"second {timestamp}"


def printable(text: str) -> str:
    """Text with a question mark for each character that shows nothing: some of those command terminals."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def plain(text: str) -> str:
    """Text of strangers (a token's symbol, a dataset's name), printable and short."""
    shown = printable(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def fee_bps(text: str) -> int:
    """An oracle's fee, typed in percent of pay, in 1/10,000; `InputError` for more than all pay."""
    bps = PERCENT.parse(text)
    if bps > 10_000:
        raise InputError(f"a fee of {PERCENT.show(bps)} is more than all pay")
    return bps
