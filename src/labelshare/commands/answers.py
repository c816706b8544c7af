"""Answers to a task, as people write them in a table."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Final

from labelshare.errors import LabelError
from labelshare.protocol.labels import Form, MultiLabel, Numeric, Pairwise, Regions, SingleChoice
from labelshare.protocol.labels.base import region, shown
from labelshare.protocol.labels.pairwise import LEFT, RIGHT, TIE

__all__ = ["answer_of"]

_NONE: Final = "(none)"
_PREFERENCES: Final = {"left": LEFT, "right": RIGHT, "tie": TIE}
_DECIMAL: Final = re.compile(r"-?[0-9]{1,32}(?:\.[0-9]{1,32})?")


def answer_of(form: Form, text: str) -> int:
    """The answer that a text stands for; `LabelError` if it is none of the task's.

    A single choice is the class; several are classes with commas between them, or `(none)`; a preference is
    left, right or tie; a number is a decimal; of regions only `(none)` has a short form. Everywhere the text
    may be a Label Studio `result` in JSON.
    """
    match form:
        case SingleChoice(answers=answers) if text in answers:
            return answers[text]
        case _ if text.startswith("["):
            return form.from_result(_json(text))
        case MultiLabel():
            return _several(form, text)
        case Pairwise() if text in _PREFERENCES:
            return _PREFERENCES[text]
        case Numeric():
            return _number(form, text)
        case Regions() if text == _NONE:
            return form.decode(form.nothing)
        case Regions():
            raise LabelError(f"{shown(text)} is neither a Label Studio result in JSON, `[…]`, nor `{_NONE}`")
        case _:
            raise LabelError(f"{shown(text)} is none of the task's answers")


def _several(form: MultiLabel, text: str) -> int:
    if text == _NONE:
        return 0
    chosen = [part.strip() for part in text.split(",")]
    return form.from_result([region("choices", form.name, form.to_name, "choices", chosen)])


def _number(form: Numeric, text: str) -> int:
    """Read as Label Studio's JSON would be, and only if nothing is lost by that."""
    if not _DECIMAL.fullmatch(text):
        raise LabelError(f"{shown(text)} is no decimal number")
    exact = Decimal(text)
    value = int(exact) if exact == exact.to_integral_value() else float(exact)
    answer = form.from_result([region(form.control, form.name, form.to_name, form.control, value)])
    if Decimal(form.describe(answer)) != exact:
        raise LabelError(f"{shown(text)} is not on the task's grid")
    return answer


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise LabelError(f"{shown(text)} is no Label Studio result") from None
