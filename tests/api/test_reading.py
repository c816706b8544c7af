"""The quick reading of messages: it reads what the models make of it, and no more than they."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from labelshare.api.reading import READERS
from labelshare.client.wire.work import CommitQuestion, OpeningQuestion
from labelshare.errors import InputError
from labelshare.protocol.commitments import Opening, SignedCommit
from labelshare.types import Address, Commit, Hash32

MODELS: dict[str, type[CommitQuestion | OpeningQuestion]] = {
    "commitments": CommitQuestion,
    "openings": OpeningQuestion,
}
ANN = Address(bytes(range(100, 120)))
ROOT = Hash32(bytes(range(32)))
GOOD: dict[str, dict[str, Any]] = {
    "commitments": CommitQuestion.of(
        SignedCommit(ANN, Commit(0, 1, ROOT, 2, 5), bytes(range(65)), (3, 2**32 - 1))
    ).model_dump(by_alias=True),
    "openings": OpeningQuestion.of(Opening(ANN, ROOT, ROOT, (3, 9), (b"", b"\0\1"))).model_dump(
        by_alias=True
    ),
}
SPOILT = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**33),
    st.sampled_from([2**32, 2**32 - 1, 2**64, 10**30]),
    st.text(max_size=6),
    st.sampled_from(
        ["0x", "0X00", "0x0", "0xAB", "0xab", "0x a", "0xab ", " 0xab", "ab", "0x" + "ab" * 65_536]
    ),
    st.sampled_from(
        [ANN, str(ANN).lower(), str(ANN).upper(), str(ANN)[:-1], str(ANN).swapcase(), str(ROOT)]
    ).map(str),
    st.lists(st.one_of(st.integers(-1, 2**32), st.booleans(), st.text(max_size=2), st.none()), max_size=4),
    st.lists(st.sampled_from(["0x", "0xff", "0xFF", "0x f", "0xf", "", 1]), max_size=4),
    st.just({}),
)


def by_model(name: str, value: Any) -> SignedCommit | Opening | None:
    try:
        return MODELS[name].model_validate(value).message
    except ValidationError:
        return None


def by_reader(name: str, value: Any) -> SignedCommit | Opening | None:
    try:
        return READERS[name](value)
    except InputError:
        return None


@pytest.mark.parametrize("name", MODELS)
def test_what_is_usual_is_read(name: str) -> None:
    value = json.loads(json.dumps(GOOD[name]))
    read = by_reader(name, value)
    assert read is not None
    assert read == by_model(name, value)


@pytest.mark.parametrize("name", MODELS)
@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_more_is_read_than_the_models_take(name: str, data: st.DataObject) -> None:
    value = json.loads(json.dumps(GOOD[name]))
    for key in data.draw(st.lists(st.sampled_from([*value, "more"]), max_size=2)):
        if data.draw(st.booleans()):
            value.pop(key, None)
        value[key] = data.draw(SPOILT)
    read = by_reader(name, value)
    assert read is None or read == by_model(name, value)


@pytest.mark.parametrize("value", [None, [], 1, "x", {}])
def test_what_is_no_message_is_not_read(value: Any) -> None:
    assert by_reader("commitments", value) is by_reader("openings", value) is None
