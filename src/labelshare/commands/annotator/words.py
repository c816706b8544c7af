"""Duties in plain words: what will be done, when, and until when that is possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from labelshare.commands.lines import Pair, fields
from labelshare.commands.units import moment

if TYPE_CHECKING:
    from labelshare.client.duties import Duty

__all__ = ["facts", "in_words", "plan_lines"]

_WORDS: Final[Mapping[str, str]] = {
    "enrol": "enrol with the oracle",
    "keep-place": "keep the proof of the place on the roster",
    "enrol-alone": "enrol on chain, if the oracle does not show that place",
    "arm-seed": "arm the seed, if the oracle has not",
    "draw-seed": "draw the seed, if the oracle has not",
    "hand-in": "hand in batch {} again",
    "keep-proof": "keep the proof that the oracle included batch {}",
    "take-up": "take up batch {}, which the oracle refused",
    "commit-alone": "commit batch {} on chain, if the oracle has not included it",
    "open": "open batch {} to the oracle, for its receipt",
    "reveal": "open batch {} on chain, if the oracle has not settled with it",
    "post-receipt": "hold the oracle to its receipt for batch {}, on chain",
    "forfeit": "take the oracle's bond, if its receipt for batch {} is not answered",
    "propose": "propose a settlement on a bond, if nobody else has",
    "check": "get the settlement's evidence, keep it and check it",
    "challenge": "contest the settlement on a bond, if it is wrong or cannot be checked",
    "ask-ruling": "ask the arbitrator to rule",
    "resolve": "apply the ruling, or the lack of one",
    "finalize": "end the campaign, if nobody has",
    "claim": "claim pay and shares, if nobody has for you",
    "withdraw": "pay credit out to the wallet",
    "take-stake": "take the stake back, or earlier if the campaigns that it answers for have ended",
}


def in_words(duty: Duty) -> str:
    """What is to be done."""
    return _WORDS[duty.kind].format(duty.about)


def plan_lines(plan: Iterable[Duty], now: int) -> Iterator[str]:
    """Each with its times; what has no end says none."""
    rows: list[Pair] = []
    for each in plan:
        when = "now" if each.at <= now else f"from {moment(each.at)}"
        end = f", until {moment(each.until)}" if each.until is not None else ""
        rows.append((when, f"{in_words(each)}{end}"))
    return fields(rows)


def facts(duty: Duty) -> dict[str, str | int | None]:
    """The same for programs."""
    return {
        "kind": duty.kind.value,
        "about": duty.about,
        "at": duty.at,
        "until": duty.until,
        "words": in_words(duty),
    }
