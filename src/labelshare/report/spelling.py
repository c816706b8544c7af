"""Amounts, times and numbers of things as a report spells them; exact, in integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from labelshare.protocol.spec import Skill
from labelshare.report.collect import Unit

__all__ = ["count", "cut", "exact", "percent", "skill_in_words", "span"]

BPS: Final = 10_000
MINUTE: Final = 60
HOUR: Final = 3_600
UNITS: Final = (("d", 24 * HOUR), ("h", HOUR), ("min", MINUTE), ("s", 1))


def count(number: int, thing: str) -> str:
    """So many things, with a plural s."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def percent(bps: int) -> str:
    """Parts of 10,000 in per cent."""
    whole, part = divmod(bps, 100)
    digits = f"{part:02}".rstrip("0")
    return f"{whole}{'.' if digits else ''}{digits} %"


def span(seconds: int) -> str:
    """A time to the minute, the last one begun; below an hour to the second."""
    if seconds >= HOUR:
        seconds = -(-seconds // MINUTE) * MINUTE
    parts = []
    for name, size in UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number:,} {name}")
    return " ".join(parts) or "0 s"


def exact(unit: Unit, amount: int) -> str:
    """An amount to its last digit."""
    number = unit.number(amount, unit.decimals)
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit.symbol}"


def cut(unit: Unit, amount: int | Fraction) -> str:
    """An amount cut after two digits behind the point, or after three that are not zero where it is small."""
    whole = int(amount)
    small = unit.decimals - len(str(whole)) + 3  # places up to the third digit
    places = min(max(small, 2), unit.decimals)
    number = unit.number(whole, places)
    return f"{number} {unit.symbol}"


def skill_in_words(rule: Skill) -> str:
    """The skill beyond which work earns, and that of full pay."""
    return f"beyond a skill of {rule.from_bps / BPS:g}, in full from {rule.full_bps / BPS:g} on"
