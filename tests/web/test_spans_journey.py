"""Spans from an empty form to money in a wallet: one browser funds, another marks and is paid for it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from labelshare.protocol.evidence import TruthRow
from tests.oracle.stage import Stage
from tests.web.browser import NARROW, Visitor
from tests.web.editor import ready_frame
from tests.web.marking import (
    TEXT,
    describes,
    fits,
    hands_in,
    is_answered,
    labels_in,
    looks_into,
    marks,
    span,
    taken_up,
)
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.requesting import REQUESTER, funds, prices, publishes
from tests.web.scenes import OTHERS, claims, take_part

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(300)]

Visitors = Callable[..., Visitor]
COUNT = 6
K = 3
EACH = 2  # labels of one annotator: a fifth of the items, rounded up
CLASSES = ("PER", "LOC")
RIGHT = (("Carla", "PER"), ("Paris", "LOC"))
WRONG = (("Anna", "LOC"),)
RIGHT_LABEL = b"\x06" + span("Carla", 0) + span("Paris", 1)
NEAR_LABEL = b"\x06" + span("Carla", 0) + span("Paris.", 1)
WRONG_LABEL = b"\x06" + span("Anna", 1)


@pytest.fixture(autouse=True)
def _built_editor(built_pages: Path) -> None:
    if not (built_pages / "editor" / "frame.html").is_file():
        pytest.skip("the web app is built without Label Studio's editor")


def text_of(item: int) -> str:
    return f"{TEXT} ({item})"


def imports(her: Visitor, folder: Path) -> None:
    """A file of texts; the first becomes gold, marked in the preview."""
    file = folder / "travels.jsonl"
    file.write_text("".join(json.dumps({"text": text_of(item)}) + "\n" for item in range(COUNT)))
    her.page.get_by_label("Choose a file").set_input_files(file)
    her.sees(f"{COUNT} items from travels.jsonl (JSON Lines)")
    preview = her.page.get_by_role("complementary")
    marks_by_form(preview, her, RIGHT)
    her.presses("Keep this answer as gold")
    her.sees(f"1 of {COUNT} items are gold")
    assert fits(her)
    her.presses("Continue")


def marks_by_form(within: Locator, her: Visitor, answer: tuple[tuple[str, str], ...]) -> None:
    """Each word selected, then its class."""
    text = within.locator(".item-text")
    for word, name in answer:
        marks(her, text, word)
        within.get_by_role("button", name=name, exact=True).click()
    expect(text.locator("mark")).to_have_count(len(answer))


def marks_in_frame(her: Visitor, answer: tuple[tuple[str, str], ...]) -> None:
    """The class by its key, then the word."""
    text = ready_frame(her).locator(".lsf-htx-richtext")
    for word, name in answer:
        her.page.keyboard.press(str(1 + CLASSES.index(name)))
        marks(her, text, word)
        her.page.wait_for_timeout(200)


def pays_flat(her: Visitor) -> None:
    """One of two accepted is no skill: scaled by it, her pay would be nothing."""
    her.page.get_by_text("How answers are found, fee, stakes", exact=True).click()
    her.page.get_by_label("Pay", exact=True).select_option("flat.v1")


def others_label(stage: Stage) -> Counter[int]:
    """All see the same, one of them a full stop more; how many labelled each item."""
    form, labels = stage.spec.task.form, Counter[int]()
    for name in OTHERS:
        items = stage.free_items(name)[:EACH]
        answer = form.decode(NEAR_LABEL if name == "ben" else RIGHT_LABEL)
        stage.annotators[name].submit(0, dict.fromkeys(items, answer))
        labels.update(items)
    return labels


def labels(her: Visitor, place: WebPlace, wrong: int) -> None:
    """The first item in the editor's frame, the second by the page's own form; one of them wrongly."""
    labels_in(her, place)
    marks_in_frame(her, WRONG if wrong == 0 else RIGHT)
    assert fits(her)
    her.page.keyboard.press("Enter")
    is_answered(her, 1, EACH)
    her.presses("Use the plain form")
    marks_by_form(her.page.get_by_role("main"), her, WRONG if wrong == 1 else RIGHT)
    assert fits(her)
    her.presses("Confirm and next")


def sees_what_won(her: Visitor, place: WebPlace, item: int) -> None:
    """In the audit over the text, and as a reason beside the own answer."""
    looks_into(her, place.campaign, item, answers=K, alike=K - 1)
    text = her.page.locator(".item-text mark")
    winner = [re.compile(r"^Paris\.?$"), re.compile("^Carla$")]
    expect(text).to_have_text(winner)
    her.go("/earnings")
    her.page.get_by_text("Why labels were not paid in full").click()
    (row,) = her.page.locator(".reasons tbody tr").all()
    expect(row).to_contain_text("Another answer won.")
    row.get_by_text("Look at it on the item").click()
    expect(text).to_have_text(["Anna"])
    row.get_by_role("button", name="Winner").click()
    expect(text).to_have_text(winner)
    assert fits(her)


def test_spans_from_an_empty_form_to_money_in_a_wallet(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        place.give(REQUESTER, 10 * COIN)
        place.give(VISITOR, place.stage.pool.seat_stake)
        requester = visitor(place.url, NARROW)
        requester.connects(0)
        publishes(requester)
        describes(requester, "Stretches of a text", "Travels", "Mark people and places.", CLASSES)
        imports(requester, tmp_path)
        pays_flat(requester)
        prices(requester, K)
        campaign, gold = funds(requester)
        assert gold["labels"] == {"0": f"0x{RIGHT_LABEL.hex()}"}
        requester.sees("The oracle has all items.")
        requester.close()

        stage = taken_up(place, campaign, "spans.v1")
        take_part(place)
        others = others_label(stage)
        items = sorted(stage.engine.assigned_to(VISITOR) or ())
        wrong = next(at for at, item in enumerate(items) if others[item] == K - 1)
        her = visitor(place.url, NARROW)
        labels(her, place, wrong)
        expected = [WRONG_LABEL if at == wrong else RIGHT_LABEL for at in range(EACH)]
        assert hands_in(her, place, EACH) == expected
        settled = stage.reveal(*OTHERS).settle()
        truths = {row.item: row for row in settled.rows if isinstance(row, TruthRow)}
        assert truths[items[wrong]].winner in (RIGHT_LABEL, NEAR_LABEL)
        sees_what_won(her, place, items[wrong])
        claims(place, her, settled)
        assert her.origins() <= {place.url, place.node}
