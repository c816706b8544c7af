"""The labelling page of each kind of task, by the page's widgets and in the editor's frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.web.browser import Visitor
from tests.web.editor import CONFIG, CONTENT, USE, ready_frame
from tests.web.kinds import TASKS, Task, kind_place, press
from tests.web.marking import TEXT, picture
from tests.web.place import WebPlace
from tests.web.region_vectors import BOXES, SPANS
from tests.web.scenes import Look, Scene, show

NEXT = "Confirm and next"
PLAIN = "Use the plain form"
MARKED = {
    "choice": Task("single-choice.v1", CONFIG, CONTENT.encode(), CONTENT, (), ()),
    "boxes": Task("boxes.v1", BOXES, picture(), "", (), ()),
    "spans": Task("spans.v1", SPANS, TEXT.encode(), "", (), ()),
}


def walk_kinds(anvil: Path, folder: Path, visitor: Callable[[str], Visitor], look: Look) -> None:
    """Past each of them, in a campaign of its own."""
    for name, task in {**TASKS, **MARKED}.items():
        own = folder / name
        own.mkdir()
        with kind_place(anvil, own, task) as place:
            her = visitor(place.url)
            her.connects()
            for scene in by_editor(place, name) if name in MARKED else by_widget(place, name, task):
                show(her, scene, look)
            her.close()


def by_widget(place: WebPlace, name: str, task: Task) -> Iterator[Scene]:
    """With the first of its answers chosen."""

    def answers(her: Visitor) -> None:
        for key in task.keys[0]:
            press(her, key)

    yield Scene(f"label-{name}", f"/tasks/{place.campaign}/label", NEXT, does=answers)


def by_editor(place: WebPlace, name: str) -> Iterator[Scene]:
    """In the editor's frame; boxes and spans, for which it comes by itself, then by the page's own form."""
    label = f"/tasks/{place.campaign}/label"
    if name == "choice":
        yield Scene("editor-choice", label, "Never type a secret", USE, does=ready_frame)
        return
    yield Scene(f"editor-{name}", label, "Never type a secret", does=ready_frame)
    yield Scene(f"label-{name}", "", "Remove", PLAIN, does=adds)


def adds(her: Visitor) -> None:
    """A region, by its button."""
    her.page.get_by_role("button", name="Add a ").click()
