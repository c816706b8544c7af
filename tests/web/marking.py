"""A campaign whose answers are regions, and how a visitor marks them: in the editor and in the plain form."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Locator, expect

from labelshare.protocol.spec import RegionTask
from labelshare.types import CampaignId
from tests.oracle.stage import Stage, small_spec
from tests.web.browser import Visitor
from tests.web.editor import ready_frame
from tests.web.place import VISITOR, WebPlace, web_place
from tests.web.scenes import take_part

TEXT = 'Anna 😀 went to Paris.\nShe met Béa & <b>Carla</b>.\r\n  Then "Dora" 👩\u200d🚀 Gus.'
PICTURE_SIZE = (320, 200)
# What a picture shows: where a class is, in percent.
CAR, PERSON = (10, 15, 30, 45), (55, 50, 30, 40)


def span(word: str, of: int) -> bytes:
    """A word of the text in canonical bytes, with its class."""
    start = TEXT.index(word)
    return of.to_bytes(2, "big") + start.to_bytes(4, "big") + (start + len(word)).to_bytes(4, "big")


def picture(shade: int = 225) -> bytes:
    """A PNG with a red and a blue thing on a ground of that shade."""
    width, height = PICTURE_SIZE
    rows = b"".join(
        b"\0" + b"".join(_colour(100 * x / width, 100 * y / height, shade) for x in range(width))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def _colour(x: float, y: float, shade: int) -> bytes:
    for (left, top, width, height), colour in ((CAR, (180, 90, 60)), (PERSON, (60, 90, 160))):
        if left <= x < left + width and top <= y < top + height:
            return bytes(colour)
    return bytes((shade, shade, shade))


@contextmanager
def marking_place(
    anvil: Path, folder: Path, kind: str, config: str, content: bytes, **changes: Any
) -> Iterator[WebPlace]:
    """A campaign of regions at work, with a seat for the visitor; all its items are the same."""
    items = [{"digest": sha256(content).hexdigest(), "name": f"item {item}"} for item in range(20)]
    spec = small_spec(task={"type": kind, "config": config}, items=items, **changes)
    with web_place(anvil, folder, spec, content=[content]) as place:
        place.stage.accept()
        place.give(VISITOR, place.stage.pool.seat_stake)
        take_part(place)
        yield place


def labels_in(her: Visitor, place: WebPlace) -> None:
    """Signs in and goes to the items."""
    her.connects()
    her.go(f"/tasks/{place.campaign}/label")


def hands_in(her: Visitor, place: WebPlace, count: int) -> list[bytes]:
    """Seals, hands in and opens; the label bytes that the service then has, by item."""
    stage = place.stage
    her.presses(f"Seal and hand in {count} label{'' if count == 1 else 's'}")
    her.agrees("Seal and sign")
    her.sees("the oracle's receipt is checked and kept")
    stage.engine.post_commits(0)
    stage.chain.advance_to(stage.schedule.commit_end)
    her.go(f"/tasks/{place.campaign}")
    her.sees("opened, receipt checked")
    (opening,) = stage.engine.book.openings()
    return list(opening.labels)


# ------------------------------------------------------------------- from the form to the audit


def describes(her: Visitor, kind: str, title: str, instructions: str, classes: Sequence[str]) -> None:
    """What is asked, and what is near enough: 60.5 percent, once less is refused."""
    page = her.page
    page.get_by_label("Title").fill(title)
    page.get_by_label("Instructions").fill(instructions)
    page.get_by_label(kind).check()
    page.get_by_label("Classes", exact=True).fill("\n".join(classes))
    page.get_by_text("When answers are alike").click()
    overlap = page.get_by_label("Overlap that makes two of them the same, in percent")
    overlap.fill("0")
    her.presses("Continue")
    her.sees("Both percentages of “When answers are alike” are from 0.01 to 100")
    overlap.fill("60.5")
    assert fits(her)
    her.presses("Continue")


def taken_up(place: WebPlace, campaign: CampaignId, kind: str) -> Stage:
    """The campaign that the page funded as `describes` has it, with the people and oracle of the place."""
    found = place.desk.catalogue.campaign(campaign)
    task = found.spec.task
    assert isinstance(task, RegionTask)
    assert (task.type, task.overlap_bps, task.alike_bps) == (kind, 6_050, 8_000)
    assert found.spec.aggregation.policy == "majority.v1"
    own = {"scope": found.scope, "params": found.params, "spec": found.spec, "dataset": found.params.dataset}
    place.stage = place.stage.taken_up(**own)
    return place.stage.accept()


def looks_into(her: Visitor, campaign: CampaignId | str, item: int, *, answers: int, alike: int) -> None:
    """The audit of an item: how many answers match the verdict, and the item with what won, drawn over it."""
    her.go(f"/campaigns/{campaign}/audit/{item}")
    her.sees("The verdict is under the root on chain")
    rows = her.page.get_by_role("region", name="Answers").locator("tbody tr")
    expect(rows).to_have_count(answers)
    expect(rows.filter(has_text="(matches)")).to_have_count(alike)
    her.page.get_by_text("Look at it on the item").click()
    assert fits(her)


# ------------------------------------------------------------------------------ in the frame


def said_in(frame: Frame) -> None:
    """Keeps what the frame submits in `window.said`."""
    frame.evaluate(
        "() => { const say = MessagePort.prototype.postMessage; window.said ??= [];"
        " MessagePort.prototype.postMessage = function (text) {"
        " const told = typeof text === 'string' ? JSON.parse(text) : {};"
        " if (told.kind === 'submit') window.said.push(told.result);"
        " return say.call(this, text); }; }"
    )


def draws(her: Visitor, picture: Locator, box: tuple[float, float, float, float]) -> None:
    """By mouse, from corner to corner; `box` in percent of the picture."""
    picture.wait_for()
    if picture.locator("img").count():
        expect(picture.locator("img")).to_have_js_property("complete", value=True)
        picture.page.wait_for_timeout(100)  # it is then as large as there is room for
    picture.scroll_into_view_if_needed()
    place = picture.bounding_box()
    assert place is not None
    left, top, width, height = box

    def move(part: float) -> None:
        x, y = left + part * width, top + part * height
        her.page.mouse.move(place["x"] + place["width"] * x / 100, place["y"] + place["height"] * y / 100)

    move(0)
    her.page.mouse.down()
    for step in (0.3, 0.7, 1):
        move(step)
    her.page.mouse.up()


def draws_in(her: Visitor, box: tuple[float, float, float, float], key: str) -> None:
    """In the editor, with the class of a key."""
    frame = ready_frame(her)
    canvas = frame.locator("canvas").first
    canvas.wait_for()
    her.page.wait_for_timeout(700)  # until the frame is as high as its picture
    her.page.locator("iframe").scroll_into_view_if_needed()
    her.page.keyboard.press(key)
    draws(her, canvas, box)
    her.page.wait_for_timeout(200)


def marks(her: Visitor, within: Locator, word: str) -> None:
    """A word, by mouse."""
    within.scroll_into_view_if_needed()
    found = within.evaluate(
        """(root, word) => {
            const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            for (let node = texts.nextNode(); node; node = texts.nextNode()) {
                const at = node.data.indexOf(word);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + word.length);
                const {left, right, top, bottom} = range.getBoundingClientRect();
                const {left: x, top: y} = root.getBoundingClientRect();
                return [left - x, right - x, (top + bottom) / 2 - y];
            }
        }""",
        word,
    )
    place = within.bounding_box()
    assert place is not None
    left, right, middle = found
    for step, x in enumerate((left + 0.5, (left + right) / 2, right - 0.5)):
        her.page.mouse.move(place["x"] + x, place["y"] + middle)
        if step == 0:
            her.page.mouse.down()
    her.page.mouse.up()


# ------------------------------------------------------------------------- in the plain form


def sets(region: Locator, **numbers: float) -> None:
    """Numbers of a region in the list, by their names."""
    for name, value in numbers.items():
        region.get_by_label(name.replace("_", " "), exact=True).fill(f"{value:g}")


def is_answered(her: Visitor, count: int, of: int = 4) -> None:
    expect(her.page.get_by_role("heading", name=f"{count} of {of} answered")).to_be_visible()


def fits(her: Visitor) -> bool:
    """Whether nothing sticks out at the side."""
    return bool(her.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
