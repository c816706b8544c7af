"""Every kind of task by its keys: what was pressed is what is opened, in canonical bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.oracle.stage import small_spec
from tests.web.browser import NARROW, Visitor
from tests.web.place import VISITOR, web_place
from tests.web.scenes import take_part

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
TEXT = '<Text name="text" value="$text"/>'
HOSTILE = '<img src="https://elsewhere.example/x.png" onerror="document.title=1"> & </div>'


class Task(NamedTuple):
    """A task, an item's content, keys for each of four items, and the labels that they come to, in words."""

    type: str
    config: str
    content: bytes
    shown: str
    keys: Sequence[Sequence[str]]
    answers: Sequence[str]


TASKS = {
    "multi-label": Task(
        "multi-label.v1",
        f'<View>{TEXT}<Choices name="about" toName="text" choice="multiple"><Choice value="Price"/>'
        '<Choice value="Taste"/><Choice value="Staff"/></Choices></View>',
        HOSTILE.encode(),
        HOSTILE,
        (["1"], ["1", "3"], ["2", "2", "3"], ["3", "1", "2"]),
        ("Price", "Price, Staff", "Staff", "Price, Taste, Staff"),
    ),
    "pairwise": Task(
        "pairwise.v1",
        f'<View>{TEXT}<Text name="other" value="$other"/><Pairwise name="p" toName="text,other"/></View>',
        json.dumps({"text": "short", "other": HOSTILE}).encode(),
        HOSTILE,
        (["ArrowLeft"], ["2"], ["ArrowDown"], ["1", "ArrowRight"]),
        ("left", "right", "tie", "right"),
    ),
    "number": Task(
        "numeric.v1",
        f'<View>{TEXT}<Number name="n" toName="text" min="-0.5" max="99.95" step="0.05"/></View>',
        b"How warm is it?",
        "How warm is it?",
        (["-", "0", ".", "5"], ["7"], ["1", "2", ".", "3"], ["9", "9", ".", "9", "5"]),
        ("-0.50", "7.00", "12.30", "99.95"),
    ),
    "rating": Task(
        "numeric.v1",
        f'<View>{TEXT}<Rating name="stars" toName="text" maxRating="7"/></View>',
        b"Good soup.",
        "Good soup.",
        (["1"], ["7"], ["5"], ["3", "4"]),
        ("1", "7", "5", "4"),
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_what_was_pressed_is_what_is_opened(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, name: str
) -> None:
    task = TASKS[name]
    items = [{"digest": sha256(task.content).hexdigest(), "name": f"item {item}"} for item in range(20)]
    spec = small_spec(task={"type": task.type, "config": task.config}, items=items)
    with web_place(anvil_program, tmp_path, spec, content=[task.content]) as place:
        stage, her = place.stage, visitor(place.url, NARROW)
        stage.accept()
        place.give(VISITOR, stage.pool.seat_stake)
        take_part(place)
        her.connects()
        her.go(f"/tasks/{place.campaign}/label")
        for number, keys in enumerate(task.keys):
            expect(her.page.get_by_role("heading", name=f"{number} of 4 answered")).to_be_visible()
            her.sees(task.shown)
            for key in keys:
                her.page.keyboard.press(key)
            her.page.keyboard.press("Enter")
        her.presses("Seal and hand in 4 labels")
        her.agrees("Seal and sign")
        her.sees("the oracle's receipt is checked and kept")
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        her.go(f"/tasks/{place.campaign}")
        her.sees("opened, receipt checked")
        (opening,) = stage.engine.book.openings()
        form = stage.spec.task.form
        assert [form.describe(form.decode(label)) for label in opening.labels] == list(task.answers)
        assert her.origins() <= {place.url, place.node}
