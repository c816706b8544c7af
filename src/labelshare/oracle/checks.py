"""What a check of a set-up comes to: a line for each thing looked at, and what to do where it is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from labelshare.errors import LabelshareError

__all__ = ["Finding", "State", "found_by", "graded"]


class State(StrEnum):
    """How something is: good, to be looked at, or in the way of the service."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        state: How it is.
        found: What was seen.
        advice: What to do; empty where nothing is to be done.
    """

    what: str
    state: State
    found: str
    advice: str = ""


Check = Callable[[], Finding | Iterable[Finding]]


def found_by(what: str, check: Check, advice: str) -> Iterator[Finding]:
    """What a check finds; where it cannot be done, or not to its end, that it failed.

    Args:
        what: What it looks at.
        check: Looks; whatever it raises of ours, and of the system, is what was found.
        advice: What to do then.
    """
    try:
        found = check()
        yield from [found] if isinstance(found, Finding) else found
    except LabelshareError as error:
        yield Finding(what, State.FAIL, " ".join(str(error).split()), advice)
    except OSError as error:
        yield Finding(what, State.FAIL, error.strerror or type(error).__name__, advice)


def graded(value: float, warn: float, fail: float) -> State:
    """How a value is that should be small; with limits in falling order, one that should be large."""
    if warn > fail:
        value, warn, fail = -value, -warn, -fail
    return State.FAIL if value >= fail else State.WARN if value >= warn else State.OK
