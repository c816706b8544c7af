"""Answers of regions in words: what results say is what may be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.commands.answers import answer_of, regions_in_words
from labelshare.errors import LabelError
from labelshare.protocol.examples import example
from labelshare.protocol.labels import Boxes, Regions, Spans

NAMES = ("cat", "a cat; asleep", "cat 5-7", "cat 1,2 3x4 up", "катя")
PLAIN = {name: at for at, name in enumerate(NAMES)}
ALIASED = {f"alias {at}": at for at, _ in enumerate(NAMES)}

FORMS: dict[str, Callable[[dict[str, int]], Regions]] = {
    "boxes": lambda answers: Boxes("found", "photo", NAMES, answers),
    "spans": lambda answers: Spans("found", "text", NAMES, answers),
}


@st.composite
def boxes(draw: st.DrawFn) -> tuple[int, ...]:
    left, top = draw(st.integers(0, 9_999)), draw(st.integers(0, 9_999))
    width, height = draw(st.integers(1, 10_000 - left)), draw(st.integers(1, 10_000 - top))
    return draw(st.integers(0, len(NAMES) - 1)), left, top, width, height


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, ...]:
    start = draw(st.integers(0, 2**32 - 2))
    return draw(st.integers(0, len(NAMES) - 1)), start, draw(st.integers(start + 1, 2**32 - 1))


@pytest.mark.parametrize("answers", [PLAIN, ALIASED], ids=["values", "aliases"])
@pytest.mark.parametrize(("kind", "regions"), [("boxes", boxes()), ("spans", spans())])
@given(data=st.data())
def test_what_results_say_may_be_given(kind: str, regions: Any, answers: dict[str, int], data: Any) -> None:
    form = FORMS[kind](answers)
    found = sorted(data.draw(st.sets(regions, max_size=5)))
    answer = form.decode(form.tag + b"".join(form.layout.pack(*each) for each in found))
    assert answer_of(form, form.describe(answer)) == answer


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boxes", "cat"),
        ("boxes", "cat 1,2 3"),
        ("boxes", ""),
        ("boxes", ";"),
        ("boxes", "cat 1,2 3x4; dog"),
        ("boxes", "cat -1,2 3x4"),
        ("boxes", "cat 1e1,2 3x4"),
        ("spans", "person 0-5x"),
        ("spans", "0-5"),
        ("spans", "person 1.5-5"),
        ("spans", "person 0-99999999999"),
    ],
)
def test_what_is_none_is_told_how_they_are_written(kind: str, text: str) -> None:
    form = example(f"{kind}.v1").task.form
    assert isinstance(form, Regions)
    with pytest.raises(LabelError) as refused:
        answer_of(form, text)
    assert regions_in_words(form) in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("boxes", "hen 1,2 3x4", "'hen' is none of the classes"),
        ("boxes", "cat 100,2 3x4", "outside the image"),
        ("spans", "person 5-5", "a span is empty"),
        ("spans", "person 0-4294967296", "a whole number below"),
        ("boxes", "cat 1,2 3x4 dog 5,6 7x8", "'cat 1,2 3x4 dog' is none of the classes"),
    ],
)
def test_what_cannot_be_is_refused(kind: str, text: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        answer_of(example(f"{kind}.v1").task.form, text)


def test_more_regions_than_a_label_has() -> None:
    form = example("spans.v1").task.form
    many = "; ".join(f"person {at}-{at + 1}" for at in range(101))
    with pytest.raises(LabelError, match="at most 100 regions"):
        answer_of(form, many)
