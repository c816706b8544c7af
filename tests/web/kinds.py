"""Kinds of tasks that the page has widgets of its own for: what they show, and what is answered by keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.oracle.stage import small_spec
from tests.web.browser import Visitor
from tests.web.place import VISITOR, WebPlace, web_place
from tests.web.scenes import take_part

TEXT = '<Text name="text" value="$text"/>'
HOSTILE = '<img src="https://elsewhere.example/x.png" onerror="document.title=1"> & </div>'


# What a French keyboard writes by the key that has the digit with Shift alone.
AZERTY = {"&": "Digit1"}


def press(her: Visitor, key: str) -> None:
    """A key by its name, or where it stands on another layout than the browser's own."""
    if key not in AZERTY:
        her.page.keyboard.press(key)
        return
    session = her.context.new_cdp_session(her.page)
    for kind in ("keyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": AZERTY[key]})
    session.detach()


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
        (["&"], ["7"], ["5"], ["3", "4"]),
        ("1", "7", "5", "4"),
    ),
}


@contextmanager
def kind_place(anvil: Path, folder: Path, task: Task) -> Iterator[WebPlace]:
    """A campaign of that task at work, with a seat for the visitor; all its items are the same."""
    items = [{"digest": sha256(task.content).hexdigest(), "name": f"item {item}"} for item in range(20)]
    spec = small_spec(task={"type": task.type, "config": task.config}, items=items)
    with web_place(anvil, folder, spec, content=[task.content]) as place:
        place.stage.accept()
        place.give(VISITOR, place.stage.pool.seat_stake)
        take_part(place)
        yield place
