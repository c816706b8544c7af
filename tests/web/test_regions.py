"""Boxes and spans: by the editor in its frame and by the page's own form, what was marked is opened."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from labelshare.protocol.evidence import TruthRow
from labelshare.protocol.labels import Regions
from tests.web.axe import serious
from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.editor import elsewhere, ready_frame
from tests.web.marking import (
    CAR,
    PERSON,
    TEXT,
    draws,
    draws_in,
    fits,
    hands_in,
    is_answered,
    labels_in,
    marking_place,
    marks,
    picture,
    said_in,
    sets,
    span,
)
from tests.web.region_vectors import BOXES, SPANS
from tests.web.scenes import OTHERS

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
PLAIN = "Use the plain form"
NEXT = "Confirm and next"


@pytest.fixture(autouse=True)
def _built_editor(built_pages: Path) -> None:
    if not (built_pages / "editor" / "frame.html").is_file():
        pytest.skip("the web app is built without Label Studio's editor")


def submitted(her: Visitor) -> Any:
    """What the frame submitted last."""
    frame = her.page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame.evaluate("window.said.at(-1)")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_boxes_of_the_editor_and_of_the_form_are_what_is_opened(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, size: tuple[int, int]
) -> None:
    with marking_place(anvil_program, tmp_path, "boxes.v1", BOXES, picture()) as place:
        form, her = place.stage.spec.task.form, visitor(place.url, size)
        assert isinstance(form, Regions)
        labels_in(her, place)  # the editor is there by itself
        frame = ready_frame(her)
        said_in(frame)
        expect(frame.get_by_text("person")).to_be_in_viewport()
        draws_in(her, PERSON, "2")
        resizes(her, NARROW if size == WIDE else WIDE)
        draws_in(her, CAR, "1")
        resizes(her, size)
        assert fits(her)
        her.page.keyboard.press("Enter")
        is_answered(her, 1)
        drawn = form.encode(form.from_result(submitted(her)))
        near = [(0, 1_000, 1_500, 3_000, 4_500), (1, 5_500, 5_000, 3_000, 4_000)]
        for got, wanted in zip(form.regions(drawn), near, strict=True):
            assert got[0] == wanted[0]
            assert all(abs(one - other) <= 100 for one, other in zip(got, wanted, strict=True))

        ready_frame(her)
        her.presses(NEXT)
        her.sees("Nothing is marked. Confirm once more if there is nothing to mark.")
        her.presses(NEXT)
        is_answered(her, 2)

        her.presses(PLAIN)
        expect(her.page.get_by_role("button", name=NEXT)).to_be_disabled()
        her.presses("person")
        her.presses("Add a box")
        region = her.page.get_by_role("group", name="1. person")
        sets(region, Left=12.34, Top=5, Width=50, Height=90)
        region.get_by_label("Class of 1. person").select_option("car")
        expect(her.page.locator(".marked .box")).to_have_count(1)
        assert fits(her)
        assert serious(her) == []
        her.page.keyboard.press("Enter")
        is_answered(her, 3)

        her.page.keyboard.press("2")
        draws(her, her.page.locator(".marked"), PERSON)
        expect(her.page.get_by_role("group", name="1. person")).to_be_visible()
        her.presses(NEXT)
        sees_review(her, [2, 0, 1, 1])
        labels = hands_in(her, place, 4)
        assert labels[:3] == [drawn, b"\x05", bytes.fromhex("05 0000 04d2 01f4 1388 2328")]
        ((of, *where),) = form.regions(labels[3])
        assert of == 1
        assert all(
            abs(one - other) <= 60 for one, other in zip(where, (5_500, 5_000, 3_000, 4_000), strict=True)
        )
        assert her.origins() <= {place.url, place.node}


def resizes(her: Visitor, size: tuple[int, int]) -> None:
    """Another window: the editor shows the whole picture in it, with what is drawn so far."""
    frame = ready_frame(her)
    frame.locator("#editor").evaluate("editor => { editor.dataset.before = 'yes'; }")
    her.turns_to(size, "light")
    expect(frame.locator("#editor[data-before]")).to_have_count(0)


def sees_review(her: Visitor, counts: list[int]) -> None:
    """Each answer can be looked at on its item before it is sealed."""
    expect(her.page.get_by_role("heading", name="Ready to hand in")).to_be_visible()
    rows = her.page.locator("tbody tr")
    for at, count in enumerate(counts):
        rows.nth(at).get_by_text("Look at it on the item").click()
        expect(rows.nth(at).locator("img")).to_be_visible()
        expect(rows.nth(at).locator(".box")).to_have_count(count)
    assert fits(her)


def test_spans_are_counted_in_code_points(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    """Behind emoji, ampersands, tags and line ends, in the editor and in the form alike."""
    with marking_place(anvil_program, tmp_path, "spans.v1", SPANS, TEXT.encode()) as place:
        her = visitor(place.url)
        labels_in(her, place)
        text = ready_frame(her).locator(".lsf-htx-richtext")
        for word, key in (("Paris", "2"), ("Carla", "1"), ("Gus", "1")):
            her.page.keyboard.press(key)
            marks(her, text, word)
            her.page.wait_for_timeout(200)
        her.page.keyboard.press("Enter")
        is_answered(her, 1)
        expected = b"\x06" + span("Carla", 0) + span("Gus", 0) + span("Paris", 1)

        her.page.keyboard.press("Backspace")  # there is no way back from within the frame
        ready_frame(her)
        her.presses("Undo")  # what was marked is there again
        expect(ready_frame(her).locator("[class*=htx-highlight]")).to_have_count(3)
        her.presses(NEXT)
        is_answered(her, 1)

        her.presses(PLAIN)
        shown = her.page.locator(".item-text")
        for word, key in (("Paris", "2"), ("Carla", "1"), ("Gus", "1")):
            marks(her, shown, word)
            her.page.keyboard.press(key)
            expect(shown.locator("mark").get_by_text(word, exact=True)).to_be_visible()
        her.presses(NEXT)
        is_answered(her, 2)

        her.presses("LOC")
        her.presses("Add a stretch")
        region = her.page.get_by_role("group", name="1. LOC")
        sets(region, To_before=4, From=0)
        expect(shown.locator("mark")).to_have_text("Anna")
        her.presses(NEXT)
        is_answered(her, 3)
        her.page.get_by_label("There is nothing to mark here").check()
        her.presses(NEXT)
        labels = hands_in(her, place, 4)
        assert labels == [expected, expected, b"\x06" + span("Anna", 1), b"\x06"]


def test_without_a_mouse_the_form_comes_first(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    """A finger cannot draw in the editor: it draws on the page's own picture."""
    with marking_place(anvil_program, tmp_path, "boxes.v1", BOXES, picture()) as place:
        her = visitor(place.url, NARROW, has_touch=True, is_mobile=True)
        labels_in(her, place)
        shown = her.page.locator(".marked")
        shown.wait_for()
        expect(her.page.locator("iframe")).to_have_count(0)
        touches(her, CAR)
        expect(her.page.get_by_role("group", name="1. car")).to_be_visible()
        assert fits(her)
        her.presses(NEXT)
        is_answered(her, 1)


def touches(her: Visitor, box: tuple[float, float, float, float]) -> None:
    """A finger from corner to corner."""
    place = her.page.locator(".marked").bounding_box()
    assert place is not None
    left, top, width, height = box
    session = her.context.new_cdp_session(her.page)

    def touch(kind: str, part: float) -> None:
        x = place["x"] + place["width"] * (left + part * width) / 100
        y = place["y"] + place["height"] * (top + part * height) / 100
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0)
    for step in (0.2, 0.6, 1):
        touch("touchMove", step)
    touch("touchEnd", 1)


def test_what_was_not_accepted_is_drawn_with_what_won(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    """In the earnings and in the audit; and those who did the work may practise on it."""
    all_of_them = {"policy": "fixed.v1", "k": 4}
    with marking_place(
        anvil_program, tmp_path, "boxes.v1", BOXES, picture(), redundancy=all_of_them
    ) as place:
        stage, her = place.stage, visitor(place.url, NARROW)
        form = stage.spec.task.form
        labels_in(her, place)
        her.presses(PLAIN)
        for number in range(4):
            draws(her, her.page.locator(".marked"), (60, 5, 20, 20))
            her.presses(NEXT)
            if number < 3:
                is_answered(her, number + 1)
        value = {"x": 10, "y": 15, "width": 30, "height": 45, "rectanglelabels": ["car"]}
        region = {"from_name": "things", "to_name": "image", "type": "rectanglelabels", "value": value}
        near = {**region, "value": value | {"x": 10.5}}
        for name, answer in zip(OTHERS, ([region], [near], [region]), strict=True):
            stage.label(name, count=4, choice=form.from_result(answer))
        hands_in(her, place, 4)
        stage.reveal(*OTHERS)
        won = {row.winner for row in stage.settle().rows if isinstance(row, TruthRow)}
        assert won <= {form.encode(form.from_result([each])) for each in (region, near)}

        her.go("/earnings")
        her.page.get_by_text("Why labels were not paid in full").click()
        row = her.page.locator("tbody tr").first
        row.get_by_text("Look at it on the item").click()
        expect(row.locator(".marked .box")).to_have_count(1)
        row.get_by_role("button", name="Winner").click()
        expect(row.locator(".marked .box")).to_have_count(1)
        assert fits(her)

        her.go(f"/tasks/practice/{place.campaign}")
        her.sees("Practice item 1 of")
        draws(her, her.page.locator(".marked"), CAR)
        her.presses("Confirm")
        expect(her.page.locator(".outcome h2")).to_be_visible()
        assert fits(her)


HOSTILE: dict[str, tuple[str, bytes | None]] = {
    "boxes.v1": (
        (
            '<RectangleLabels name="a" toName="b" canRotate="false" {}>{}</RectangleLabels>'
            '<Image name="b" value="$b"/>'
        ),
        picture(),
    ),
    "spans.v1": ('<Labels name="a" toName="b" {}>{}</Labels><Text name="b" value="$b"/>', None),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_config_of_regions_stays_walled_in(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, kind: str
) -> None:
    with elsewhere() as there:
        harm = f"<img src=x: onerror=\"new Image().src='{there.url}/onerror'\"><img src={there.url}/picture>"
        html = escape(harm, quote=True)
        extra = f'onload="parent.document.title=1" style="background: url({there.url}/style)"'
        labels = f'<Label value="{html}" html="{html}" hint="{html}" background="url({there.url}/b)"/>'
        body, content = HOSTILE[kind]
        config = f"<View>{body.format(extra, labels)}<Style>@import '{there.url}/s';</Style></View>"
        with marking_place(anvil_program, tmp_path, kind, config, content or harm.encode()) as place:
            her = visitor(place.url)
            labels_in(her, place)
            ready_frame(her)
            her.page.wait_for_timeout(1_200)
            assert her.page.title().startswith("0 of 4")
            her.presses(PLAIN)
            her.presses("Add a box" if kind == "boxes.v1" else "Add a stretch")
            expect(her.page.get_by_role("button", name="onerror").first).to_be_visible()  # a class, as a text
            her.presses(NEXT)
            is_answered(her, 1)
            her.presses("Hand in what is answered")
            her.page.get_by_text("Look at it on the item").click()
            expect(her.page.locator("tbody [data-tone]").first).to_be_visible()
            assert there.asked == []
            her.faults.clear()  # the browser reports what the policy of the frame refused
