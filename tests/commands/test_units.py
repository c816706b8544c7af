"""Amounts, durations and times: exact both ways, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.commands.lines import WIDTH, fields, steps
from labelshare.commands.units import ETHER, PERCENT, Unit, duration, moment, plain, span
from labelshare.errors import InputError

DEV = Unit("DEV", 6)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.5", 12_500_000),
        ("12.5 DEV", 12_500_000),
        ("12.5DEV", 12_500_000),
        (" 0.000001 ", 1),
        ("0", 0),
        ("007", 7_000_000),
        ("123456789012345678901234567890.123456", 123456789012345678901234567890123456),
    ],
)
def test_amounts_are_read_exactly(text: str, amount: int) -> None:
    assert DEV.parse(text) == amount


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.0000001", "DEV has 6 decimals, not 7"),
        ("1.0000000", "DEV has 6 decimals, not 7"),
        ("12.5 ETH", "the unit is DEV, not ETH"),
        ("12.5 dev", "the unit is DEV, not dev"),
        *[(text, "is not an amount") for text in ("", "-1", "+1", "1e3", ".5", "1.", "1,5", "1_0", "x", "٣")],
        ("1" * 5_000, "is not an amount"),
    ],
)
def test_what_is_no_amount(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DEV.parse(text)


def test_a_unit_without_decimals_takes_whole_numbers() -> None:
    assert Unit("T", 0).parse("3") == 3
    assert Unit("T", 0).show(30) == "30 T"
    with pytest.raises(InputError, match="T has 0 decimals, not 1"):
        Unit("T", 0).parse("3.0")


@given(st.integers(0, 2**128 - 1), st.integers(0, 36))
def test_what_is_shown_reads_back(amount: int, decimals: int) -> None:
    unit = Unit("DEV", decimals)

    assert unit.parse(unit.show(amount)) == amount


def test_amounts_are_shown_to_the_last_digit() -> None:
    assert ETHER.show(10**18 + 1) == "1.000000000000000001 ether"
    assert ETHER.show(100 * 10**18) == "100 ether"
    assert DEV.show(0) == "0 DEV"
    assert PERCENT.show(505) == "5.05 %"
    assert [PERCENT.parse(text) for text in ("5", "5%", "2.25 %")] == [500, 500, 225]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7d", 604_800), ("12h", 43_200), ("30m", 1_800), ("90s", 90), ("1d12h", 129_600), ("0", 0), ("0d", 0)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "7w", "-1d", "1h1d", "1.5d", "1d 12h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InputError, match="is not a duration"):
        duration(text)


def test_spans_in_words() -> None:
    assert [span(each) for each in (0, 1, 60, 86_400, 90_061)] == [
        "0 seconds",
        "1 second",
        "1 minute",
        "1 day",
        "1 day 1 hour 1 minute 1 second",
    ]


def test_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment(1_700_000_000) == "2023-11-15 07:13:20 JST"
        assert moment(2**60) == f"second {2**60}"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_text_of_strangers_commands_no_terminal() -> None:
    assert plain("a\x1b[31mb\nc\u202ed") == "a?[31mb?c?d"
    assert plain("x" * 100) == "x" * 63 + "…"


def test_lines_keep_to_their_width() -> None:
    address = "0x" + "ab" * 32
    lines = [*fields([("name", "word " * 40), ("id", address)]), *steps(["word " * 40, address])]

    assert max(map(len, lines)) <= WIDTH
    assert f"id    {address}" in lines
    assert f"  2. {address}" in lines
