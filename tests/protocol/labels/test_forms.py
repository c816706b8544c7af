"""What holds for every form of label."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import LabelError
from labelshare.protocol.labels import (
    BOXES,
    KINDS,
    MAX_ANSWERS,
    SPANS,
    Boxes,
    Form,
    Regions,
    digest,
    read_form,
)
from labelshare.types import keccak
from tests.protocol.labels.configs import EXAMPLES, FORMS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
COUNTED = {name: form for name, form in FORMS.items() if not isinstance(form, Regions)}
every_counted_form = pytest.mark.parametrize("form", COUNTED.values(), ids=COUNTED.keys())
REGIONS = {
    BOXES: b"\x05" + bytes.fromhex("0000 0001 0002 0003 0004"),
    SPANS: b"\x06" + bytes.fromhex("0000 00000001 00000002"),
}


def some(form: Form) -> int:
    """An answer whose result has one region."""
    return form.decode(REGIONS[form.kind]) if form.kind in REGIONS else 1


@st.composite
def regions(draw: st.DrawFn, form: Regions) -> int:
    """The number of an answer with regions of any kind and place."""
    name = st.integers(0, len(form.classes) - 1)
    sides = ends(0, 10_000), ends(0, 10_000)
    place = (
        st.tuples(*sides).map(lambda each: (each[0][0], each[1][0], each[0][1], each[1][1]))
        if isinstance(form, Boxes)
        else ends(0, 2**32 - 1).map(lambda each: (each[0], sum(each)))
    )
    found = draw(st.sets(st.tuples(name, place).map(lambda each: (each[0], *each[1])), max_size=5))
    return form.decode(form.tag + b"".join(form.layout.pack(*each) for each in sorted(found)))


def ends(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    """A start, and a length of at least one."""
    return st.integers(low, high - 1).flatmap(
        lambda start: st.tuples(st.just(start), st.integers(1, high - start))
    )


def answers(form: Form) -> st.SearchStrategy[int]:
    if isinstance(form, Regions):
        return regions(form)
    edges = [0, 1, form.n_classes - 2, form.n_classes - 1]
    return st.sampled_from(edges) | st.integers(0, form.n_classes - 1)


@st.composite
def nearly(draw: st.DrawFn, form: Form) -> bytes:
    """Canonical bytes with a piece put in, taken out or replaced."""
    label = form.encode(draw(answers(form)))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(label))] * 2)))
    return label[:start] + draw(st.binary(max_size=3)) + label[end:]


def test_the_kinds_are_those_of_the_specification() -> None:
    names = "single-choice.v1 multi-label.v1 pairwise.v1 numeric.v1 boxes.v1 spans.v1"
    assert tuple(names.split()) == KINDS
    assert {kind for kind, _ in EXAMPLES.values()} == set(KINDS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_form_is_of_the_kind_that_was_asked_for(name: str) -> None:
    kind, config = EXAMPLES[name]
    assert read_form(kind, config).kind == kind
    assert read_form(kind, config) == FORMS[name]


@pytest.mark.parametrize("kind", ["", "single-choice", "single-choice.v2", "boxes"])
def test_another_kind_does_not_exist(kind: str) -> None:
    with pytest.raises(LabelError, match=f"'{kind}' is no task type; there are single-choice.v1, "):
        read_form(kind, EXAMPLES["single choice"][1])


@pytest.mark.parametrize(
    ("name", "count"), [("32 labels", 1 << 32), ("2^32 values", 1 << 32), ("pairwise", 3)]
)
def test_answers_are_counted(name: str, count: int) -> None:
    assert FORMS[name].n_classes == count <= MAX_ANSWERS


def test_the_digest_is_the_keccak_of_the_bytes() -> None:
    assert digest(b"\x03\x02") == keccak(b"\x03\x02")


@every_form
@given(data=st.data())
def test_an_answer_survives_its_bytes(form: Form, data: st.DataObject) -> None:
    answer = data.draw(answers(form))
    assert form.decode(form.encode(answer)) == answer


@every_form
@given(data=st.data())
def test_two_answers_differ_in_bytes_result_and_words(form: Form, data: st.DataObject) -> None:
    one, other = data.draw(st.lists(answers(form), min_size=2, max_size=2, unique=True))
    assert form.encode(one) != form.encode(other)
    assert form.to_result(one) != form.to_result(other)
    assert form.describe(one) != form.describe(other)


@every_form
@given(data=st.data())
def test_bytes_are_the_spelling_of_an_answer_or_no_label(form: Form, data: st.DataObject) -> None:
    label = data.draw(st.binary(max_size=10) | nearly(form))
    try:
        answer = form.decode(label)
    except LabelError:
        return
    assert form.encode(answer) == label


@every_form
def test_no_bytes_are_a_label_without_its_first_byte(form: Form) -> None:
    body = form.encode(some(form))[1:]
    for label in (b"", body, b"\0" + body, b"\xff" + body):
        with pytest.raises(LabelError, match=f"is not the canonical form of {form.kind}"):
            form.decode(label)


@every_form
@given(data=st.data())
def test_a_label_of_one_form_is_none_of_another(form: Form, data: st.DataObject) -> None:
    label = form.encode(data.draw(answers(form)))
    for other in FORMS.values():
        if other.kind != form.kind:
            with pytest.raises(LabelError, match="canonical form"):
                other.decode(label)


@every_form
@given(data=st.data())
def test_an_answer_survives_its_result_as_json(form: Form, data: st.DataObject) -> None:
    answer = data.draw(answers(form))
    result = json.loads(json.dumps(form.to_result(answer), allow_nan=False))
    assert form.from_result(result) == answer


@every_counted_form
def test_an_answer_must_exist(form: Form) -> None:
    for answer in (-1, form.n_classes):
        for use in (form.encode, form.to_result, form.describe):
            with pytest.raises(LabelError, match=f"class {answer} of {form.n_classes} does not exist"):
                use(answer)


@every_form
@given(data=st.data())
def test_whatever_a_result_holds_it_is_an_answer_or_refused(form: Form, data: st.DataObject) -> None:
    result: Any = form.to_result(some(form))
    part = data.draw(st.sampled_from(["result", "region", "field", "value"]))
    strange = data.draw(JSON)
    if part == "result":
        result = strange
    elif part == "region":
        result = [strange]
    elif part == "field":
        result[0][data.draw(st.sampled_from(sorted(result[0])))] = strange
    else:
        result[0]["value"] = dict.fromkeys(result[0]["value"], strange)
    try:
        answer = form.from_result(result)
    except LabelError:
        return
    assert form.decode(form.encode(answer)) == answer


@every_form
def test_a_region_must_be_of_the_tasks_own_control(form: Form) -> None:
    region: dict[str, Any] = form.to_result(some(form))[0]
    for field in ("type", "from_name", "to_name"):
        with pytest.raises(LabelError, match=rf"result.{field} is 'other', expected '{region[field]}'"):
            form.from_result([region | {field: "other"}])
    strange: list[Any] = [[1], {}, None, "result"]
    for result in [*strange, *([[region, region]] if form.kind not in REGIONS else [])]:
        with pytest.raises(LabelError, match=r"exactly one region|is an object, not 1|is a list of regions"):
            form.from_result(result)


@every_form
def test_extra_keys_of_label_studio_do_no_harm(form: Form) -> None:
    (region,) = form.to_result(some(form))
    assert form.from_result([region | {"id": "x1", "origin": "manual"}]) == some(form)
