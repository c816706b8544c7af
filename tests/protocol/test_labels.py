from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import LabelError
from labelshare.protocol.labels import MAX_CONFIG_BYTES, digest, parse_single_choice
from labelshare.types import keccak
from tests.protocol.world import CONFIG

FORM = parse_single_choice(CONFIG)


def config(
    choices: str = '<Choice value="a"/><Choice value="b"/>', control: str = 'name="c" toName="t"'
) -> str:
    return f'<View><Text name="t" value="$text"/><Choices {control}>{choices}</Choices></View>'


def result(**changes: Any) -> list[dict[str, Any]]:
    region = {"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["bad"]}}
    return [region | changes]


def test_classes_come_from_the_config() -> None:
    assert FORM.classes == ("good", "bad", "none")
    assert (FORM.name, FORM.to_name) == ("mood", "text")


@pytest.mark.parametrize("choice", range(3))
def test_a_class_survives_bytes_and_result(choice: int) -> None:
    assert FORM.decode(FORM.encode(choice)) == choice
    assert FORM.from_result(FORM.to_result(choice)) == choice
    assert FORM.encode(choice) == bytes([1, 0, choice])
    assert digest(FORM.encode(choice)) == keccak(bytes([1, 0, choice]))


@given(st.binary(max_size=5))
def test_only_canonical_bytes_decode(label: bytes) -> None:
    if label in {FORM.encode(choice) for choice in range(3)}:
        return
    with pytest.raises(LabelError):
        FORM.decode(label)


@pytest.mark.parametrize("choice", [-1, 3])
def test_a_class_must_exist(choice: int) -> None:
    with pytest.raises(LabelError, match="does not exist"):
        FORM.encode(choice)
    with pytest.raises(LabelError, match="does not exist"):
        FORM.to_result(choice)


@pytest.mark.parametrize(
    ("given_result", "fault"),
    [
        ([], "exactly one region"),
        (result() * 2, "exactly one region"),
        ({}, "exactly one region"),
        (["bad"], "exactly one region"),
        (result(type="labels"), "result.type"),
        (result(from_name="other"), "result.from_name"),
        (result(to_name="other"), "result.to_name"),
        (result(value={}), "exactly one text"),
        (result(value={"choices": []}), "exactly one text"),
        (result(value={"choices": ["good", "bad"]}), "exactly one text"),
        (result(value={"choices": [1]}), "exactly one text"),
        (result(value={"choices": "bad"}), "exactly one text"),
        (result(value={"choices": ["awful"]}), "none of the classes"),
    ],
)
def test_a_result_is_one_choice_of_this_task(given_result: Any, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        FORM.from_result(given_result)


def test_extra_keys_of_label_studio_do_no_harm() -> None:
    assert FORM.from_result(result(id="x1", origin="manual")) == 1


def test_an_alias_is_what_results_hold() -> None:
    form = parse_single_choice(config('<Choice value="Good one" alias="g"/><Choice value="Bad one"/>'))
    assert form.classes == ("Good one", "Bad one")
    assert form.to_result(0)[0]["value"] == {"choices": ["g"]}
    with pytest.raises(LabelError, match="none of the classes"):
        form.from_result(
            [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["Good one"]}}]
        )


ENTITY_BOMB = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]>' + config()


@pytest.mark.parametrize(
    ("xml", "fault"),
    [
        ("<View>", "not acceptable XML"),
        ("", "not acceptable XML"),
        (ENTITY_BOMB, "not acceptable XML"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + config(), "not acceptable XML"),
        ("\ud800", "not acceptable XML"),
        (config("<Choice value='a'/>" * MAX_CONFIG_BYTES), "at most 262144 bytes"),
        ("<View>" * 40 + config() + "</View>" * 40, "nests at most 32"),
        ("<View/>", "has one <Choices>"),
        ("<View>" + config() * 2 + "</View>", "has one <Choices>"),
        (f'<View>{config()}<TextArea name="x" toName="t"/></View>', "<TextArea> has no place"),
        (f'<View>{config()}<Choice value="x"/></View>', "<Choice> has no place"),
        (config(control='name="c" toName="t" choice="multiple"'), "not a single choice"),
        (config(control='name="c" toName="t" value="$options"'), "must stand in the config"),
        (config(control='toName="t"'), "needs name="),
        (config(control='name="c"'), "needs toName="),
        (config('<Choice value="a"/>'), "2 to 65536 classes"),
        (config('<Choice value="a"/><Choice value="a"/>'), "two classes"),
        (config('<Choice value="a"/><Choice value="b" alias="a"/>'), "two classes answer 'a'"),
        (config('<Choice value="a" alias="x"/><Choice value="a" alias="y"/>'), "same value"),
        (config('<Choice value="a"/><Choice value=""/>'), "needs value="),
        (config('<Choice value="a"/><Choice value=" b"/>'), "no outer spaces"),
        (config('<Choice value="a"/><Choice value="$b"/>'), "come from the task's data"),
        (
            config('<Choice value="a"/><Choice value="b"><Choice value="c"/></Choice>'),
            "<Choice> has no place",
        ),
        (config('<Choice value="a"/><View/>'), "plain <Choice> tags only"),
    ],
)
def test_a_config_that_is_no_single_choice_is_refused(xml: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        parse_single_choice(xml)
