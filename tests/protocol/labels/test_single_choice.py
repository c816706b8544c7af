from __future__ import annotations

from typing import Any

import pytest

from labelshare.errors import LabelError
from labelshare.protocol.labels import SingleChoice, parse_single_choice
from tests.protocol.labels.configs import choices, classes
from tests.protocol.world import CONFIG

FORM = parse_single_choice(CONFIG)


def result(**changes: Any) -> list[dict[str, Any]]:
    region = {"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["bad"]}}
    return [region | changes]


def test_classes_come_from_the_config() -> None:
    answers = {"good": 0, "bad": 1, "none": 2}
    assert SingleChoice("mood", "text", classes=("good", "bad", "none"), answers=answers) == FORM
    assert FORM.n_classes == 3
    assert [FORM.describe(answer) for answer in range(3)] == ["good", "bad", "none"]


def test_bytes_are_the_class_after_the_tag() -> None:
    assert [FORM.encode(answer).hex() for answer in range(3)] == ["010000", "010001", "010002"]
    assert parse_single_choice(choices(classes(300))).encode(299).hex() == "01012b"


@pytest.mark.parametrize("label", ["", "01", "0100", "01000000", "000000", "020001", "ff0000"])
def test_other_bytes_are_no_label(label: str) -> None:
    with pytest.raises(LabelError, match=rf"0x{label} \({len(label) // 2} bytes\) is not the canonical form"):
        FORM.decode(bytes.fromhex(label))


@pytest.mark.parametrize("label", ["010003", "01ffff", "010100"])
def test_bytes_of_a_class_that_does_not_exist_are_no_label(label: str) -> None:
    with pytest.raises(LabelError, match="of 3 does not exist"):
        FORM.decode(bytes.fromhex(label))


def test_a_result_is_what_label_studio_writes() -> None:
    assert FORM.to_result(1) == result()
    assert FORM.from_result(result()) == 1


@pytest.mark.parametrize(
    ("given_result", "fault"),
    [
        ([], "exactly one region"),
        (result(value={}), "exactly one text"),
        (result(value=["bad"]), "exactly one text"),
        (result(value={"choices": []}), "exactly one text"),
        (result(value={"choices": ["good", "bad"]}), "exactly one text"),
        (result(value={"choices": ["bad", "bad"]}), "exactly one text"),
        (result(value={"choices": [1]}), "exactly one text"),
        (result(value={"choices": [["bad"]]}), "exactly one text"),
        (result(value={"choices": "bad"}), "exactly one text"),
        (result(value={"choices": ["awful"]}), "'awful' is none of the classes"),
        (result(value={"choices": ["Bad"]}), "'Bad' is none of the classes"),
        (result(value={"choices": [" bad"]}), "' bad' is none of the classes"),
    ],
)
def test_a_result_is_one_choice_of_this_task(given_result: Any, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        FORM.from_result(given_result)


def test_an_alias_is_what_results_hold() -> None:
    form = parse_single_choice(choices('<Choice value="Good one" alias="g"/><Choice value="Bad one"/>'))
    assert form.classes == ("Good one", "Bad one")
    assert form.answers == {"g": 0, "Bad one": 1}
    assert form.describe(0) == "Good one"
    assert form.to_result(0)[0]["value"] == {"choices": ["g"]}
    with pytest.raises(LabelError, match="'Good one' is none of the classes"):
        form.from_result(
            [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["Good one"]}}]
        )


@pytest.mark.parametrize("control", ["", 'choice="single"', 'choice="single-radio"', 'required="true" x="y"'])
def test_a_single_choice_says_so_or_nothing(control: str) -> None:
    assert parse_single_choice(choices(control=f'name="c" toName="t" {control}')).classes == ("a", "b")


def test_a_dollar_that_names_nothing_is_a_character() -> None:
    config = choices('<Choice value="$"/><Choice value="$$ or $ more"/>')
    assert parse_single_choice(config).classes == ("$", "$$ or $ more")


@pytest.mark.parametrize(
    ("xml", "fault"),
    [
        (
            choices(control='name="c" toName="t" choice="multiple"'),
            "choice='multiple' is not a single choice",
        ),
        (choices(control='name="c" toName="t" choice=""'), "choice='' is not a single choice"),
        (choices(control='name="c" toName="t" value="$options"'), "must stand in the config"),
        (choices(""), "2 to 65536 classes"),
        (choices('<Choice value="a"/>'), "2 to 65536 classes"),
        (choices('<Choice value="a"/><Choice value="a"/>'), "two classes answer 'a'"),
        (choices('<Choice value="a"/><Choice value="b" alias="a"/>'), "two classes answer 'a'"),
        (choices('<Choice value="a" alias="x"/><Choice value="a" alias="y"/>'), "same value"),
        (choices('<Choice value="a"/><Choice/>'), "<Choice> needs value="),
        (choices('<Choice value="a"/><Choice value=""/>'), "<Choice> needs value="),
        (choices('<Choice value="a"/><Choice value=" b"/>'), "no outer spaces"),
        (choices('<Choice value="a"/><Choice value="b\n"/>'), "no outer spaces"),
        (choices(f'<Choice value="a"/><Choice value="{"b" * 1025}"/>'), "1 to 1024 characters"),
        (choices('<Choice value="a"/><Choice value="b" alias=""/>'), "<Choice> needs alias="),
        (choices('<Choice value="a"/><Choice value="b" alias="b "/>'), "<Choice> needs alias="),
        (choices('<Choice value="a"/><Choice value="$b"/>'), r"'\$b' would come from the task's data"),
        (choices('<Choice value="a"/><Choice value="as $b.c"/>'), "would come from the task's data"),
        (choices('<Choice value="a"/><Choice value="&#36;b"/>'), "would come from the task's data"),
        (
            choices('<Choice value="a"/><Choice value="b"><Choice value="c"/></Choice>'),
            "<Choice> has no place",
        ),
        (choices('<Choice value="a"/><Choice value="b"><View/></Choice>'), "plain <Choice> tags only"),
        (choices('<Choice value="a"/><View/>'), "plain <Choice> tags only"),
        (choices() + "<View/>", "not acceptable XML"),
        (choices().replace("</View>", '<Choice value="x"/></View>'), "<Choice> has no place"),
    ],
)
def test_a_config_that_is_no_single_choice_is_refused(xml: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_single_choice(xml)
