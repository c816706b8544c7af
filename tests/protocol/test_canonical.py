from __future__ import annotations

import string
from time import process_time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import InputError
from labelshare.protocol import canonical

keys = st.text(string.printable, max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


@given(values)
def test_bytes_are_those_of_a_general_serialiser(value: Any) -> None:
    assert canonical.dumps(value) == rfc8785.dumps(value)
    assert canonical.parse(canonical.dumps(value)) == value


def test_every_character_below_u0100_is_spelled_alike() -> None:
    text = "".join(map(chr, range(256))) + "\u2028\u2029\ufeff\U0001f600"
    assert canonical.dumps(text) == rfc8785.dumps(text)


@pytest.mark.parametrize("data", [b"1.5", b"1e3", b"NaN", b"-Infinity", b"{", b"\xff", b""])
def test_what_is_no_exact_json_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not JSON"):
        canonical.parse(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"a": 1, "a": 2}', "'a'"),
        (b'{"a": 1, "b": 0, "\\u0061": 1}', "'a'"),
        (b'[{"x": {"": [], "y": 0, "": []}}]', "''"),
        (b'{"\\ud800": 0, "\\ud800": 0}', "ud800'"),
        (b'{"%s": 0, "%s": 0}' % (b"a" * 1_000, b"a" * 1_000), "a{79} comes"),
    ],
)
def test_a_name_is_told_once(data: bytes, name: str) -> None:
    with pytest.raises(InputError, match=f"not JSON: the name .*{name}.* more than once"):
        canonical.parse(data)
    assert canonical.parse(b'[{"a": {"a": 1}}, {"a": 1}]') == [{"a": {"a": 1}}, {"a": 1}]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InputError, match="lone surrogate"):
        canonical.dumps({"text": "\ud800"})


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b"[0,"])
def test_nesting_is_bounded_before_it_is_parsed(opened: bytes) -> None:
    for data in (opened * 100_000, opened * 33 + b"]" * 33):
        with pytest.raises(InputError, match="at most 32 levels"):
            canonical.parse(data)


def test_brackets_in_text_and_side_by_side_are_no_nesting() -> None:
    value = ['[[[{{{"\\[' * 50, [{}] * 100, {"[": [{"]": "}"}] * 50}]
    assert canonical.parse(canonical.dumps(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b"[" * 40 + b'"' + b'\\"' * 500_000,
        b"[" * 40 + b'"' + b"\\" * 1_000_001,
        b'{"a' * 400_000,
    ],
)
def test_what_strangers_send_is_refused_in_time(data: bytes) -> None:
    """A megabyte in no more than the time that a megabyte takes: others wait meanwhile."""
    begun = process_time()
    with pytest.raises(InputError, match="not JSON"):
        canonical.parse(data)
    assert process_time() - begun < 2
