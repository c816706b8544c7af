from __future__ import annotations

from typing import Any

import pytest

from labelshare.errors import LabelError
from labelshare.protocol.labels import Pairwise, parse_pairwise
from labelshare.protocol.labels.pairwise import LEFT, RIGHT, TIE
from tests.protocol.labels.configs import pairwise

FORM = parse_pairwise(pairwise())


def result(selected: Any) -> list[dict[str, Any]]:
    return [{"from_name": "c", "to_name": "c", "type": "pairwise", "value": {"selected": selected}}]


def test_sides_come_from_the_config() -> None:
    assert parse_pairwise(pairwise()) == Pairwise("c", left="t", right="u")
    assert parse_pairwise(pairwise('name="p" toName="u,t" selectionStyle="x"')) == Pairwise("p", "u", "t")
    assert FORM.n_classes == 3


@pytest.mark.parametrize(
    ("answer", "label", "written", "words"),
    [
        (LEFT, "0300", result("left"), "left"),
        (RIGHT, "0301", result("right"), "right"),
        (TIE, "0302", [], "tie"),
    ],
)
def test_left_right_and_a_tie(answer: int, label: str, written: Any, words: str) -> None:
    assert FORM.encode(answer).hex() == label
    assert FORM.to_result(answer) == written
    assert FORM.describe(answer) == words


@pytest.mark.parametrize("label", ["", "03", "030000", "0200", "0003"])
def test_other_bytes_are_no_label(label: str) -> None:
    with pytest.raises(LabelError, match=r"is not the canonical form of pairwise\.v1"):
        FORM.decode(bytes.fromhex(label))


@pytest.mark.parametrize("side", [3, 255])
def test_there_is_no_fourth_side(side: int) -> None:
    with pytest.raises(LabelError, match=f"class {side} of 3 does not exist"):
        FORM.decode(bytes([3, side]))


@pytest.mark.parametrize("selected", ["none", "tie", "", "Left", "t", None, 0, True, ["left"], {}])
def test_a_result_selects_left_or_right(selected: Any) -> None:
    with pytest.raises(LabelError, match=r"result\.value\.selected is .*, expected 'left' or 'right'"):
        FORM.from_result(result(selected))


@pytest.mark.parametrize("given_result", [None, {}, result("left") * 2, [None]])
def test_only_an_empty_list_is_a_tie(given_result: Any) -> None:
    with pytest.raises(LabelError, match="exactly one region"):
        FORM.from_result(given_result)


@pytest.mark.parametrize("value", [None, {}, "left", ["left"]])
def test_a_region_that_selects_nothing_is_no_tie(value: Any) -> None:
    with pytest.raises(LabelError, match=r"result\.value\.selected is None"):
        FORM.from_result([result("left")[0] | {"value": value}])


@pytest.mark.parametrize("to_name", ["t", "t,", ",t", ",", "t,t", "t,u,v", "t,u,u", "t, u", "t ,u", "t;u"])
def test_a_config_names_two_objects(to_name: str) -> None:
    with pytest.raises(LabelError, match='<Pairwise> needs toName="left,right", two names with no spaces'):
        parse_pairwise(pairwise(f'name="c" toName="{to_name}"'))


def test_a_pairwise_control_holds_no_tags() -> None:
    xml = pairwise().replace('toName="t,u"/>', 'toName="t,u"><Text name="x" value="$x"/></Pairwise>')
    with pytest.raises(LabelError, match="<Pairwise> holds no tags"):
        parse_pairwise(xml)
