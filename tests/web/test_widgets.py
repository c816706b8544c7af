"""Every kind of task by its keys: what was pressed is what is opened, in canonical bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.browser import NARROW, Visitor
from tests.web.kinds import TASKS, kind_place, press

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]


@pytest.mark.parametrize("name", TASKS)
def test_what_was_pressed_is_what_is_opened(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, name: str
) -> None:
    task = TASKS[name]
    with kind_place(anvil_program, tmp_path, task) as place:
        stage, her = place.stage, visitor(place.url, NARROW)
        her.connects()
        her.go(f"/tasks/{place.campaign}/label")
        for number, keys in enumerate(task.keys):
            expect(her.page.get_by_role("heading", name=f"{number} of 4 answered")).to_be_visible()
            her.sees(task.shown)
            for key in keys:
                press(her, key)
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
