from __future__ import annotations

import decimal
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labelshare.errors import LabelError
from labelshare.protocol.labels import Numeric, parse_numeric
from tests.protocol.labels.configs import NAMED, number, rating

FORM = parse_numeric(number("-1", "1.5", "0.25"))
TENTHS = parse_numeric(number("0", "100", "0.1"))
STARS = parse_numeric(rating())


def result(value: Any, control: str = "number") -> list[dict[str, Any]]:
    return [{"from_name": "c", "to_name": "t", "type": control, "value": {control: value}}]


@st.composite
def grids(draw: st.DrawFn) -> tuple[Numeric, Decimal, Decimal]:
    """A form, its least value and its step."""
    decimals = draw(st.integers(0, 9))
    low = draw(st.integers(-(10**14), 10**14))
    step = draw(st.integers(1, 10**5))
    steps = draw(st.integers(1, 10**9))
    assume(abs(low + step * steps) < 10**15)
    texts = [str(Decimal(scaled).scaleb(-decimals)) for scaled in (low, low + step * steps, step)]
    assume(not any("E" in text for text in texts))
    return parse_numeric(number(*texts)), Decimal(texts[0]), Decimal(texts[2])


def test_the_grid_comes_from_the_config() -> None:
    expected = Numeric("number", "c", "t", decimals=2, low=-100, high=150, step=25)
    assert expected == FORM
    assert FORM.n_classes == 11


@pytest.mark.parametrize(("control", "high"), [('maxRating="10"', 10), ("", 5), ('maxRating="2"', 2)])
def test_a_rating_counts_from_one(control: str, high: int) -> None:
    form = parse_numeric(rating(f"{NAMED} {control}"))
    assert form == Numeric("rating", "c", "t", decimals=0, low=1, high=high, step=1)
    assert form.n_classes == high
    assert form.to_result(0) == result(1, "rating")
    with pytest.raises(LabelError, match=f"outside 1 to {high}"):
        form.from_result(result(0, "rating"))


@pytest.mark.parametrize(
    ("answer", "label", "value", "words"),
    [
        (0, "04ffffffffffffff9c", -1, "-1.00"),
        (3, "04ffffffffffffffe7", -0.25, "-0.25"),
        (4, "040000000000000000", 0, "0.00"),
        (5, "040000000000000019", 0.25, "0.25"),
        (10, "040000000000000096", 1.5, "1.50"),
    ],
)
def test_a_value_is_a_scaled_integer(answer: int, label: str, value: float, words: str) -> None:
    assert FORM.encode(answer).hex() == label
    assert FORM.to_result(answer) == result(value)
    assert type(FORM.to_result(answer)[0]["value"]["number"]) is type(value)
    assert FORM.describe(answer) == words


@pytest.mark.parametrize(
    "label", ["", "04", "0400000000000000", "04000000000000000000", "030000000000000000"]
)
def test_other_bytes_are_no_label(label: str) -> None:
    with pytest.raises(LabelError, match=r"is not the canonical form of numeric\.v1"):
        FORM.decode(bytes.fromhex(label))


@pytest.mark.parametrize(
    ("scaled", "fault"),
    [
        (-101, "outside -1.00 to 1.50"),
        (151, "outside -1.00 to 1.50"),
        (-125, "outside -1.00 to 1.50"),
        (175, "outside -1.00 to 1.50"),
        (1, "not min plus a whole number of steps"),
        (-99, "not min plus a whole number of steps"),
        (149, "not min plus a whole number of steps"),
        (-(2**63), "outside"),
        (2**63 - 1, "outside"),
    ],
)
def test_bytes_of_a_value_off_the_grid_are_no_label(scaled: int, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        FORM.decode(b"\x04" + scaled.to_bytes(8, "big", signed=True))


@given(grids(), st.data())
def test_values_lie_on_the_grid_in_bytes_words_and_json(
    grid: tuple[Numeric, Decimal, Decimal], data: st.DataObject
) -> None:
    form, low, step = grid
    answer = data.draw(st.integers(0, form.n_classes - 1))
    value = low + answer * step
    assert int.from_bytes(form.encode(answer)[1:], "big", signed=True) == value.scaleb(form.decimals)
    assert form.decode(form.encode(answer)) == answer
    assert Decimal(form.describe(answer)) == value
    assert form.from_result(json.loads(json.dumps(form.to_result(answer)))) == answer
    assert form.from_result(result(float(value))) == answer


@given(st.integers(0, 1000))
def test_tenths_are_read_as_people_write_them(tenths: int) -> None:
    assert TENTHS.from_result(result(json.loads(f"{tenths // 10}.{tenths % 10}"))) == tenths


@pytest.mark.parametrize("wrong", [0.1 + 0.2, 0.29999999999999993, 0.05, 5e-324, 1e-300])
def test_a_value_is_not_rounded_to_the_grid(wrong: float) -> None:
    assert TENTHS.from_result(result(0.3)) == 3
    with pytest.raises(LabelError, match="not min plus a whole number of steps"):
        TENTHS.from_result(result(wrong))


@pytest.mark.parametrize(("one", "other"), [(3, 3.0), (0, -0.0), (10, 1e1), (100, 100.0)])
def test_an_integer_and_a_float_of_one_value_are_one_answer(one: int, other: float) -> None:
    assert TENTHS.from_result(result(one)) == TENTHS.from_result(result(other)) == one * 10


def test_the_decimal_context_of_the_caller_does_not_matter() -> None:
    with decimal.localcontext(prec=1):
        assert TENTHS.from_result(result(99.9)) == 999


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (True, "is True, expected a number"),
        (False, "is False, expected a number"),
        (None, "is None, expected a number"),
        ("1", "is '1', expected a number"),
        ([1], "expected a number"),
        ({"number": 1}, "expected a number"),
        (float("nan"), "expected a finite number"),
        (float("inf"), "expected a finite number"),
        (float("-inf"), "expected a finite number"),
        (1e308, "outside 0.0 to 100.0"),
        (-1e308, "outside 0.0 to 100.0"),
        (10**400, "outside 0.0 to 100.0"),
        (-(10**400), "outside 0.0 to 100.0"),
        (100.1, "outside 0.0 to 100.0"),
        (-0.1, "outside 0.0 to 100.0"),
        (101, "outside 0.0 to 100.0"),
        (1.5e-7, "not min plus a whole number of steps"),
    ],
)
def test_a_result_is_a_number_on_the_grid(value: Any, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        TENTHS.from_result(result(value))


@pytest.mark.parametrize("value", [None, {}, {"rating": 1}, [1], 1])
def test_a_region_must_hold_the_number(value: Any) -> None:
    with pytest.raises(LabelError, match=r"result\.value\.number is None, expected a number"):
        TENTHS.from_result([result(1)[0] | {"value": value}])


def test_an_empty_result_is_no_number() -> None:
    with pytest.raises(LabelError, match="exactly one region"):
        TENTHS.from_result([])


def test_a_rating_is_no_number_and_a_number_no_rating() -> None:
    with pytest.raises(LabelError, match=r"result\.type is 'rating', expected 'number'"):
        TENTHS.from_result(result(1, "rating"))
    with pytest.raises(LabelError, match=r"result\.type is 'number', expected 'rating'"):
        STARS.from_result(result(1))
    with pytest.raises(LabelError, match="not min plus a whole number of steps"):
        STARS.from_result(result(2.5, "rating"))


@pytest.mark.parametrize("name", ["min", "max", "step"])
def test_min_max_and_step_are_required(name: str) -> None:
    given_values = {"min": "0", "max": "1", "step": "1"}
    for bad in ("", " 1", "1 "):
        with pytest.raises(LabelError, match=f"<Number> needs {name}="):
            parse_numeric(number(*(given_values | {name: bad}).values()))
    with pytest.raises(LabelError, match=f"<Number> needs {name}="):
        parse_numeric(number().replace(f" {name}=", " x="))


NO_DECIMALS = (
    "$min one 1e3 1E3 +1 .5 5. 01 - --1 1,5 0x1 1_0 Infinity NaN \u0663 1.\u0663 0.0000000001".split()
)


@pytest.mark.parametrize("text", [*NO_DECIMALS, "1 0", "1" * 16])
def test_limits_are_plain_decimals(text: str) -> None:
    with pytest.raises(
        LabelError, match=r"^min=.* is no decimal number with at most 9 digits after the point"
    ):
        parse_numeric(number(text, "5", "1"))


@pytest.mark.parametrize(
    ("low", "high", "step", "fault"),
    [
        ("0", "10", "0", "step must be above 0"),
        ("0", "10", "-1", "step must be above 0"),
        ("0", "10", "0.0", "step must be above 0"),
        ("1", "1", "1", "max above min"),
        ("2", "1", "1", "max above min"),
        ("0", "10", "3", "max must be min plus a whole number of steps"),
        ("0", "1", "2", "max must be min plus a whole number of steps"),
        ("0.1", "1", "1", "max must be min plus a whole number of steps"),
        ("0", "4294967296", "1", "at most 4294967296 values"),
        ("0", "9.999999999", "0.000000001", "at most 4294967296 values"),
        ("0", "1000000", "0.000000001", "at most 15 digits"),
        ("-1000000.0", "0", "0.000000001", "at most 15 digits"),
        ("999999999999998", "999999999999999", "0.1", "at most 15 digits"),
    ],
)
def test_the_grid_must_be_one(low: str, high: str, step: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_numeric(number(low, high, step))


def test_the_grid_may_be_as_large_as_answers_go() -> None:
    assert parse_numeric(number("0", "4294967295", "1")).n_classes == 1 << 32
    assert parse_numeric(number("999999999999998", "999999999999999", "1")).describe(1) == "999999999999999"


def test_decimals_are_those_that_are_written() -> None:
    form = parse_numeric(number("0", "1.000", "0.5"))
    assert (form.decimals, form.high, form.describe(1)) == (3, 1000, "0.500")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is no decimal number"),
        (" 5", "is no decimal number"),
        ("$max", "is no decimal number"),
        ("5.0", "is no whole number"),
        ("1", "max above min"),
        ("0", "max above min"),
        ("-5", "max above min"),
        ("4294967297", "at most 4294967296 values"),
    ],
)
def test_a_rating_has_a_whole_maximum_of_two_or_more(text: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_numeric(rating(f'{NAMED} maxRating="{text}"'))


@pytest.mark.parametrize("tag", ["Number", "Rating"])
def test_a_numeric_control_holds_no_tags(tag: str) -> None:
    xml = {"Number": number(), "Rating": rating()}[tag].replace("/></View>", f"><View/></{tag}></View>")
    with pytest.raises(LabelError, match=f"<{tag}> holds no tags"):
        parse_numeric(xml)
