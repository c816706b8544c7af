"""What boxes and spans have in common, and what each makes of a result."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import LabelError
from labelshare.protocol.labels import MAX_REGIONS, Regions, parse_boxes, parse_spans
from tests.protocol.labels.configs import boxes, spans
from tests.protocol.naive import labels as naive

BOXES = parse_boxes(boxes('<Label value="Cat" alias="c"/><Label value="Dog"/>'))
SPANS = parse_spans(spans('<Label value="PER"/><Label value="LOC"/>'))
CAT = {"x": 10.5, "y": 20, "width": 30, "height": 40, "rectanglelabels": ["c"]}
PER = {"start": 3, "end": 14, "labels": ["PER"]}


def result(form: Regions, *values: Any) -> list[dict[str, Any]]:
    """Regions of a control with these values."""
    made = {"from_name": form.name, "to_name": form.to_name, "type": form.control}
    return [made | {"value": value} for value in values]


def label(form: Regions, *regions: tuple[int, ...]) -> bytes:
    """Bytes in this order, canonical or not."""
    return form.tag + b"".join(form.layout.pack(*each) for each in regions)


def read(form: Regions, *values: Any) -> bytes:
    return form.encode(form.from_result(result(form, *values)))


# Bytes


@pytest.mark.parametrize(
    ("form", "good"),
    [
        (BOXES, [()]),
        (BOXES, [(), (0, 0, 0, 10_000, 10_000)]),
        (BOXES, [(0, 9_999, 9_999, 1, 1), (1, 0, 0, 1, 1)]),
        (SPANS, [(0, 0, 1), (0, 0, 2), (0, 1, 2), (1, 0, 2**32 - 1)]),
    ],
)
def test_bytes_are_a_label(form: Regions, good: list[tuple[int, ...]]) -> None:
    regions = [each for each in good if each]
    assert form.regions(label(form, *regions)) == regions
    assert form.encode(form.decode(label(form, *regions))) == label(form, *regions)


@pytest.mark.parametrize(
    ("form", "bad"),
    [
        (BOXES, [(0, 0, 0, 0, 1)]),
        (BOXES, [(0, 0, 0, 1, 0)]),
        (BOXES, [(0, 9_999, 0, 2, 1)]),
        (BOXES, [(0, 0, 9_999, 1, 2)]),
        (BOXES, [(0, 65_535, 0, 1, 1)]),
        (BOXES, [(2, 0, 0, 1, 1)]),
        (BOXES, [(0, 0, 0, 1, 1)] * 2),
        (BOXES, [(1, 0, 0, 1, 1), (0, 0, 0, 1, 1)]),
        (BOXES, [(0, at, 0, 1, 1) for at in range(MAX_REGIONS + 1)]),
        (SPANS, [(0, 1, 1)]),
        (SPANS, [(0, 2, 1)]),
        (SPANS, [(2, 0, 1)]),
        (SPANS, [(0, 1, 2), (0, 0, 2)]),
        (SPANS, [(0, at, 999) for at in range(MAX_REGIONS + 1)]),
    ],
)
def test_bytes_are_no_label(form: Regions, bad: list[tuple[int, ...]]) -> None:
    broken = label(form, *bad)
    for use in (form.decode, form.regions, lambda data: form.encode(int.from_bytes(data, "big"))):
        with pytest.raises(LabelError, match=f"is not the canonical form of {form.kind}"):
            use(broken)


@pytest.mark.parametrize("form", [BOXES, SPANS])
def test_every_cut_of_a_label_is_refused(form: Regions) -> None:
    whole = label(form, *([(0, 1, 2, 3, 4), (1, 1, 2, 3, 4)] if form is BOXES else [(0, 1, 2), (1, 1, 2)]))
    size = form.layout.size
    for end in range(len(whole)):
        if end not in (1, 1 + size):
            with pytest.raises(LabelError, match="canonical form"):
                form.decode(whole[:end])
    with pytest.raises(LabelError, match="canonical form"):
        form.decode(whole + b"\0")


@pytest.mark.parametrize("form", [BOXES, SPANS])
@pytest.mark.parametrize("answer", [-1, 0, 1, 2**32, 2**8000])
def test_a_number_that_is_no_label_is_no_answer(form: Regions, answer: int) -> None:
    for use in (form.encode, form.check, form.describe, form.to_result):
        with pytest.raises(LabelError, match=r"canonical form|below 0"):
            use(answer)


# Words


def test_answers_in_words() -> None:
    both = label(BOXES, (0, 1050, 2000, 3000, 4000), (1, 1, 0, 9_999, 10))
    assert BOXES.describe(BOXES.decode(both)) == "Cat 10.5,20 30x40; Dog 0.01,0 99.99x0.1"
    assert SPANS.describe(SPANS.decode(label(SPANS, (0, 3, 14), (1, 0, 2)))) == "PER 3-14; LOC 0-2"
    for form in (BOXES, SPANS):
        assert form.describe(form.decode(form.nothing)) == "(none)"
        assert form.to_result(form.decode(form.nothing)) == []
        assert form.from_result([]) == form.decode(form.nothing)


# Results


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ({}, (1050, 2000, 3000, 4000)),
        ({"rotation": 0}, (1050, 2000, 3000, 4000)),
        ({"rotation": 0.0}, (1050, 2000, 3000, 4000)),
        ({"x": 0.0049999, "width": 0.01}, (0, 2000, 1, 4000)),
        ({"x": 0.005, "width": 0.01}, (1, 2000, 1, 4000)),  # a half is rounded up, at both ends
        ({"x": -5, "width": 200}, (0, 2000, 10_000, 4000)),
        ({"y": 99.99, "height": 1e308}, (1050, 9999, 3000, 1)),
        ({"y": -1e308, "height": 1.7e308}, (1050, 0, 3000, 10_000)),
        ({"x": 0.1, "width": 0.2}, (10, 2000, 20, 4000)),
        ({"x": 1.005, "width": 1}, (100, 2000, 101, 4000)),  # 100 × 1.005 is below 100.5, 100 × 2.005 is not
        ({"x": 10**300, "width": -(10**300)}, None),
        ({"width": 0}, None),
        ({"width": 0.004}, None),
        ({"height": -1}, None),
        ({"x": 100}, None),
        ({"x": -31}, None),
    ],
)
def test_a_box_of_a_result(value: dict[str, Any], box: tuple[int, ...] | None) -> None:
    if box is None:
        with pytest.raises(LabelError, match="a box is empty, or lies outside the image"):
            read(BOXES, CAT | value)
    else:
        assert read(BOXES, CAT | value) == label(BOXES, (0, *box))


@pytest.mark.parametrize(
    ("form", "value", "fault"),
    [
        (BOXES, CAT | {"rotation": 1}, "stands upright"),
        (BOXES, CAT | {"rotation": None}, "value.rotation is None, expected a finite number"),
        (BOXES, CAT | {"rotation": False}, "value.rotation is False"),
        (BOXES, CAT | {"x": True}, "value.x is True"),
        (BOXES, CAT | {"x": float("nan")}, "value.x is nan"),
        (BOXES, CAT | {"width": float("inf")}, "value.width is inf"),
        (BOXES, CAT | {"height": 10**400}, "value.height is a value of type int"),
        (BOXES, CAT | {"y": "20"}, "value.y is '20'"),
        (BOXES, {key: CAT[key] for key in CAT if key != "y"}, "value.y is None"),
        (BOXES, CAT | {"rectanglelabels": ["c", "Dog"]}, "exactly one text"),
        (BOXES, CAT | {"rectanglelabels": []}, "exactly one text"),
        (BOXES, CAT | {"rectanglelabels": [["c"]]}, "exactly one text"),
        (BOXES, CAT | {"rectanglelabels": "c"}, "exactly one text"),
        (BOXES, CAT | {"rectanglelabels": ["Cat"]}, "'Cat' is none of the classes"),
        (BOXES, {}, "exactly one text"),
        (BOXES, None, "exactly one text"),
        (SPANS, PER | {"end": 3}, "a span is empty"),
        (SPANS, PER | {"end": 2}, "a span is empty"),
        (SPANS, PER | {"start": -1}, "value.start is -1, expected a whole number"),
        (SPANS, PER | {"start": 0.5}, "value.start is 0.5, expected a whole number"),
        (SPANS, PER | {"end": 2**32}, "expected a whole number below 2.32"),
        (SPANS, PER | {"end": True}, "value.end is True, expected a finite number"),
        (SPANS, PER | {"start": "/div[1]/text()[1]"}, "expected a finite number"),
        (SPANS, PER | {"labels": ["ORG"]}, "'ORG' is none of the classes"),
    ],
)
def test_a_region_that_is_refused(form: Regions, value: Any, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        read(form, value)


def test_whole_numbers_of_a_span_may_be_doubles_and_other_keys_mean_nothing() -> None:
    assert read(SPANS, PER | {"start": 3.0, "end": 4e9}) == label(SPANS, (0, 3, 4 * 10**9))
    assert read(SPANS, PER | {"text": "x", "globalOffsets": {"start": 9}}) == label(SPANS, (0, 3, 14))


@pytest.mark.parametrize("form", [BOXES, SPANS])
def test_any_order_counts_and_equal_regions_once(form: Regions) -> None:
    key = form.control
    many = (
        [CAT | {"x": at / 10, "width": 1, key: [name]} for at in range(50) for name in ("c", "Dog")]
        if form is BOXES
        else [PER | {"start": at, "end": 99, key: [name]} for at in range(50) for name in ("PER", "LOC")]
    )
    assert len(form.regions(read(form, *many))) == MAX_REGIONS
    assert read(form, *many[::-1], *many) == read(form, *many)
    one_more = many[0] | ({"y": 1} if form is BOXES else {"end": 100})
    with pytest.raises(LabelError, match="a label has at most 100 regions, this one 101"):
        read(form, *many, one_more)


def test_another_control_made_a_region() -> None:
    for key in ("type", "from_name", "to_name"):
        regions = result(SPANS, PER, PER)
        regions[1][key] = "other"
        with pytest.raises(LabelError, match=f"result.{key} is 'other'"):
            SPANS.from_result(regions)


percents = st.floats(-10, 110) | st.floats(allow_nan=True) | st.integers() | st.sampled_from([0, 50, 99.995])
values = st.fixed_dictionaries(
    {"x": percents, "y": percents, "width": percents, "height": percents},
    optional={"rotation": st.sampled_from([0, 0.0, -0.0, 1, None])},
).map(lambda value: {**value, "rectanglelabels": ["c"]})
offsets = st.integers(-1, 30) | st.floats(-1, 30) | st.integers() | st.none()
marked = st.fixed_dictionaries({"start": offsets, "end": offsets}).map(
    lambda value: {**value, "labels": ["PER"]}
)


@given(st.lists(values, max_size=3), st.lists(marked, max_size=3))
def test_a_second_reader_makes_the_same_of_any_result(drawn: list[Any], said: list[Any]) -> None:
    seconds = (
        naive.Boxes(boxes('<Label value="Cat" alias="c"/><Label value="Dog"/>')),
        naive.Spans(spans('<Label value="PER"/><Label value="LOC"/>')),
    )
    for form, second, found in ((BOXES, seconds[0], drawn), (SPANS, seconds[1], said)):
        made = json.loads(json.dumps(result(form, *found)))
        try:
            assert form.from_result(made) == second.read(made)
        except LabelError:
            assert second.read(made) is None


# Configs


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        (boxes(control='name="c" toName="i"'), 'needs canRotate="false", not None'),
        (boxes(control='name="c" toName="i" canRotate="true"'), "not 'true'"),
        (boxes(control='name="c" toName="i" canRotate="False"'), "not 'False'"),
        (boxes(control='name="c" toName="x" canRotate="false"'), "toName that is the name of an <Image>"),
        (boxes().replace("<Image", "<Text"), "toName that is the name of an <Image>"),
        (boxes(""), "the task has 0 classes, allowed are 1 to 65536"),
        (boxes('<Label value="a"/><Label value="b" alias="a"/>'), "two classes answer 'a'"),
        (boxes('<Label value="a" alias="x"/><Label value="a" alias="y"/>'), "have the same value"),
        (boxes('<Label value="$x"/>'), "would come from the task's data"),
        (boxes('<Choice value="a"/>'), "<RectangleLabels> holds plain <Label> tags only"),
        (boxes('<Label value="a"><Label value="b"/></Label>'), r"<Label> has no place|plain <Label> tags"),
        (
            boxes(control='value="$l" name="c" toName="i" canRotate="false"'),
            "must stand in the config",
        ),
    ],
)
def test_configs_that_are_no_boxes(config: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_boxes(config)


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        (spans(control='name="c" toName="u"'), "toName that is the name of an <Text>"),
        (spans().replace("<Text", "<HyperText"), "toName that is the name of an <Text>"),
        (spans(""), "the task has 0 classes"),
        (spans().replace("Labels", "RectangleLabels"), "<RectangleLabels> has no place in a spans config"),
    ],
)
def test_configs_that_are_no_spans(config: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_spans(config)


def test_one_class_is_enough_and_others_may_be_shown_beside() -> None:
    one = parse_boxes(
        boxes('<Label value="a" background="#f00"/>').replace("<View>", '<View><Image name="j"/>')
    )
    assert one.classes == ("a",)
    assert parse_spans(spans('<Label value="a"/>')).classes == ("a",)
