from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import LabelError
from labelshare.protocol.labels import MultiLabel, parse_multi_label
from tests.protocol.labels.configs import choices, classes, multiple

FORM = parse_multi_label(
    multiple('<Choice value="Wet" alias="w"/><Choice value="Cold"/><Choice value="Dark"/>')
)
WIDE = parse_multi_label(multiple(classes(32)))


def result(*chosen: Any) -> list[dict[str, Any]]:
    return [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": list(chosen)}}]


def test_classes_come_from_the_config() -> None:
    answers = {"w": 0, "Cold": 1, "Dark": 2}
    assert MultiLabel("c", "t", classes=("Wet", "Cold", "Dark"), answers=answers) == FORM
    assert FORM.n_classes == 8


@pytest.mark.parametrize(
    ("answer", "label", "texts", "words"),
    [
        (0b000, "02", [], "(none)"),
        (0b001, "020000", ["w"], "Wet"),
        (0b010, "020001", ["Cold"], "Cold"),
        (0b101, "0200000002", ["w", "Dark"], "Wet, Dark"),
        (0b111, "02000000010002", ["w", "Cold", "Dark"], "Wet, Cold, Dark"),
    ],
)
def test_a_set_is_a_bit_mask_and_its_classes_in_order(
    answer: int, label: str, texts: list[str], words: str
) -> None:
    assert FORM.encode(answer).hex() == label
    assert FORM.to_result(answer) == (result(*texts) if texts else [])
    assert FORM.describe(answer) == words


@given(st.sets(st.integers(0, 31)))
def test_bytes_list_the_classes_of_a_set(members: set[int]) -> None:
    answer = sum(1 << index for index in members)
    assert WIDE.encode(answer) == b"\x02" + b"".join(bytes([0, index]) for index in sorted(members))


@pytest.mark.parametrize(
    "label",
    [
        "",
        "0200",
        "02000000",
        "0200010000",
        "0200000000",
        "020003",
        "02ffff",
        "020100",
        "0300",
        "0200000001000200",
    ],
    ids="empty odd odd-again order twice unknown far high-byte tag tail".split(),
)
def test_other_bytes_are_no_label(label: str) -> None:
    with pytest.raises(LabelError, match=r"is not the canonical form of multi-label\.v1"):
        FORM.decode(bytes.fromhex(label))


def test_long_bytes_make_no_long_message() -> None:
    with pytest.raises(LabelError, match=r"\(65535 bytes\)") as caught:
        FORM.decode(b"\x02" + bytes(65_534))
    assert len(str(caught.value)) < 300


@given(st.lists(st.sampled_from(["w", "Cold", "Dark"]), unique=True))
def test_choices_stand_in_any_order(chosen: list[str]) -> None:
    assert FORM.from_result(result(*chosen)) == FORM.from_result(result(*sorted(chosen)))


@pytest.mark.parametrize("nothing", [[], result()])
def test_nothing_chosen_is_the_empty_set(nothing: Any) -> None:
    assert FORM.from_result(nothing) == 0


@pytest.mark.parametrize(
    ("given_result", "fault"),
    [
        (result("w", "w"), "holds a class twice"),
        (result("w", "Wet"), "'Wet' is none of the classes"),
        (result("w", 1), "must be a list of texts"),
        (result(["w"]), "must be a list of texts"),
        (result() * 2, "exactly one region"),
        ({}, "exactly one region"),
        (None, "exactly one region"),
        ([result()[0] | {"value": {}}], "must be a list of texts"),
        ([result()[0] | {"value": {"choices": "w"}}], "must be a list of texts"),
        ([result()[0] | {"value": None}], "must be a list of texts"),
    ],
)
def test_a_result_is_a_set_of_this_task(given_result: Any, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        FORM.from_result(given_result)


@pytest.mark.parametrize(
    ("xml", "fault"),
    [
        (choices(), 'says choice="multiple", not None'),
        (choices(control='name="c" toName="t" choice="single"'), "not 'single'"),
        (multiple(control='name="c" toName="t" value="$options"'), "must stand in the config"),
        (multiple(classes(1)), "1 classes, allowed are 2 to 32 classes"),
        (multiple(classes(33)), "33 classes, allowed are 2 to 32 classes"),
        (multiple('<Choice value="a"/><Choice value="a"/>'), "two classes answer 'a'"),
        (multiple('<Choice value="a"/><Choice value="$b"/>'), "would come from the task's data"),
        (multiple('<Choice value="a"/><Choice value="b"><View/></Choice>'), "plain <Choice> tags only"),
    ],
)
def test_a_config_that_is_no_multi_label_task_is_refused(xml: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_multi_label(xml)
