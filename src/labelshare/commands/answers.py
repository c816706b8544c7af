"""Answers to a task, as people write them in a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from labelshare.errors import LabelError
from labelshare.protocol.labels import BOXES, Form, MultiLabel, Numeric, Pairwise, Regions, SingleChoice
from labelshare.protocol.labels.base import region, shown
from labelshare.protocol.labels.pairwise import LEFT, RIGHT, TIE

__all__ = ["answer_of", "regions_in_words"]

_NONE: Final = "(none)"
_PREFERENCES: Final = {"left": LEFT, "right": RIGHT, "tie": TIE}
_DECIMAL: Final = re.compile(r"-?[0-9]{1,32}(?:\.[0-9]{1,32})?")

_PERCENT: Final = r"([0-9]{1,3}(?:\.[0-9]{1,32})?)"
_OFFSET: Final = "([0-9]{1,10})"
_BOX: Final = re.compile(rf"(.{{1,1024}}?) +{_PERCENT},{_PERCENT} +{_PERCENT}x{_PERCENT} *(?:; *|$)")
_SPAN: Final = re.compile(rf"(.{{1,1024}}?) +{_OFFSET}-{_OFFSET} *(?:; *|$)")


def answer_of(form: Form, text: str) -> int:
    """The answer that a text stands for; `LabelError` if it is none of the task's.

    A single choice is the class; several are classes with commas between them, or `(none)`; a preference is
    left, right or tie; a number is a decimal; regions are as results have them, boxes such as
    `cat 10,20 30x40; dog 5,5 8x9`, spans such as `person 0-5; place 9-14`, or `(none)`. Everywhere the text
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
            return form.from_result(list(_regions(form, text)))
        case _:
            raise LabelError(f"{shown(text)} is none of the task's answers")


def _several(form: MultiLabel, text: str) -> int:
    if text == _NONE:
        return 0
    chosen = [part.strip() for part in text.split(",")]
    return form.from_result([region("choices", form.name, form.to_name, "choices", chosen)])


def regions_in_words(form: Regions) -> str:
    """How regions are written, for whoever is asked for some."""
    if form.kind == BOXES:
        place, units = "10,20 30x40", "left, top, width and height in percent"
    else:
        place, units = "0-5", "start and end in characters from 0, the end excluded"
    return f"`{form.classes[0]} {place}; …` ({units}) or `{_NONE}`"


def _regions(form: Regions, text: str) -> Iterator[dict[str, Any]]:
    """The regions of a text as `describe` writes it; `LabelError` where it is something else."""
    pattern, keys = (_BOX, ("x", "y", "width", "height")) if form.kind == BOXES else (_SPAN, ("start", "end"))
    texts, at = {form.classes[index]: text for text, index in form.answers.items()}, 0
    while at < max(len(text), 1):
        found = pattern.match(text, at)
        if found is None:
            raise LabelError(
                f"{shown(text)} is neither a Label Studio result in JSON, `[…]`, nor {regions_in_words(form)}"
            )
        name, *numbers = found.groups()
        made = region(form.control, form.name, form.to_name, form.control, [texts.get(name, name)])
        yield made | {"value": made["value"] | dict(zip(keys, map(float, numbers), strict=True))}
        at = found.end()


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
