"""The editor in its frame: one answer is the same bytes by key, by mouse, by our widgets, and in Python."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.editor import CONTENT, USE, choice_place, expect_answered, opens_editor, ready_frame

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
EDITOR = "/editor/"
INSTRUCTIONS = "Say how the text sounds."
KEYS = ("Z", "r", "s", "Enter", "z")
MANY = '<View><Text name="text" value="$text"/><Choices name="mood" toName="text">' + "".join(
    f'<Choice value="no {number}"' + (f' hotkey="{KEYS[number]}"/>' if number < len(KEYS) else "/>")
    for number in range(40)
)
MANY += "</Choices></View>"


@pytest.fixture(autouse=True)
def _built_editor(built_pages: Path) -> None:
    if not (built_pages / "editor" / "frame.html").is_file():
        pytest.skip("the web app is built without Label Studio's editor")


def test_the_frame_the_widgets_and_python_agree_on_the_bytes(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with choice_place(anvil_program, tmp_path) as place:
        stage, her = place.stage, visitor(place.url)
        her.connects()
        her.go(f"/tasks/{place.campaign}/label")
        her.sees(CONTENT)
        assert not [url for url in her.requests if EDITOR in url]  # it is loaded when it is asked for
        keys = her.page.keyboard
        number = her.page.get_by_role("status").filter(has_text=re.compile(r"^Item \d+"))
        first = number.inner_text()
        keys.press("Shift+S")  # as Caps Lock has it
        expect(number).not_to_contain_text(first)
        keys.press("Shift+U")
        expect(number).to_contain_text(first)
        keys.press("2")  # the page's own widget
        keys.press("Enter")
        expect_answered(her, 1)

        her.presses(USE)
        frame = ready_frame(her)
        expect(frame.get_by_text(CONTENT).first).to_be_visible()
        expect(her.page.get_by_text(INSTRUCTIONS)).to_be_visible()  # as requesters are told
        frame.get_by_text("sad").click()  # by mouse
        her.presses("Confirm and next")
        expect_answered(her, 2)

        her.page.locator("iframe[data-ready=true]").wait_for()
        her.page.locator("iframe").focus()
        keys.press("2")  # by keyboard
        keys.press("Enter")
        expect_answered(her, 3)

        ready_frame(her)
        keys.press("Escape")  # out of the frame, and by the page's button
        expect(her.page.get_by_role("button", name="Confirm and next")).to_be_focused()
        ready_frame(her).get_by_text("angry").click()
        frame.get_by_text("sad").click()
        her.presses("Confirm and next")

        her.presses("Seal and hand in 4 labels")
        her.agrees("Seal and sign")
        her.sees("the oracle's receipt is checked and kept")
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        her.go(f"/tasks/{place.campaign}")
        her.sees("opened, receipt checked")
        (opening,) = stage.engine.book.openings()
        assert list(opening.labels) == [stage.spec.task.form.encode(1)] * 4 == [b"\x01\x00\x01"] * 4
        assert her.origins() <= {place.url, place.node}


def test_nothing_chosen_is_no_answer_and_no_answer_has_a_key_of_the_page(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    """However many answers there are, and whatever keys the config asks for."""
    with choice_place(anvil_program, tmp_path, MANY) as place:
        her = visitor(place.url, NARROW)
        frame = opens_editor(her, place)
        expect(her.page.get_by_text(INSTRUCTIONS)).to_be_hidden()
        her.page.get_by_text("Read the instructions").click()
        expect(her.page.get_by_text(INSTRUCTIONS)).to_be_visible()
        shown = frame.locator("#editor").inner_text()
        assert re.findall(r"\[(.)\]", shown) == ["z", *"1234567890qwetadfgxcvbyiopjklnm", *"·" * 8]
        keys = her.page.keyboard
        her.page.locator("iframe").focus()
        keys.press("Enter")
        her.sees("What the editor sent is no answer to this task")
        expect_answered(her, 0)
        first = her.page.get_by_role("status").filter(has_text="Item ").inner_text()
        keys.press("Shift+S")
        expect(her.page.get_by_role("status").filter(has_text=first)).to_have_count(0)
        ready_frame(her)
        keys.press("d")  # which the editor left to itself would give another one
        keys.press("Enter")
        expect_answered(her, 1)
        ready_frame(her)
        keys.press("r")
        her.sees("What is wrong with it?")
        her.presses("Cancel")
        her.presses("Use the plain form")
        expect(her.page.locator("iframe")).to_have_count(0)
        her.page.keyboard.press("1")
        her.page.keyboard.press("Enter")
        expect_answered(her, 2)


def test_a_picture_reaches_the_frame_as_bytes(anvil_program: Path, tmp_path: Path, visitor: Visitors) -> None:
    config = (
        '<View><Image name="image" value="$image"/><Choices name="mood" toName="image">'
        '<Choice value="light"/><Choice value="dark"/></Choices></View>'
    )
    with choice_place(anvil_program, tmp_path, config, _png(64, 48)) as place:
        her = visitor(place.url, WIDE)
        frame = opens_editor(her, place)
        expect(frame.locator("img").first).to_be_visible()
        wide = frame.locator("img").first.evaluate("image => [image.naturalWidth, image.src.split(':')[0]]")
        assert wide == [64, "blob"]
        frame.get_by_text("dark").click()
        her.presses("Confirm and next")
        expect_answered(her, 1)
        assert her.origins() <= {place.url, place.node}


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(3 * width)) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
