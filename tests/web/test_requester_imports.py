"""Items from every kind of file: taken as they are, or refused with words that say where and what to do."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.web.browser import Visitor
from tests.web.requesting import RequesterPlace, describes, publishes, requester_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(300)]

Visitors = Callable[..., Visitor]
MOST_DRAWN = 40


@pytest.fixture(scope="module")
def place(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequesterPlace]:
    with requester_place(anvil_program, tmp_path_factory.mktemp("imports")) as running:
        yield running


@pytest.fixture
def her(place: RequesterPlace, visitor: Visitors) -> Visitor:
    """A requester who has come as far as the items, of a task with the classes good and bad."""
    someone = visitor(place.url)
    someone.connects(0)
    if not place.published:
        publishes(someone)
        place.published = True
    else:
        someone.go("/fund/new")
        someone.sees("Soups of the town (SOUP)")
        someone.presses("Continue")
    describes(someone)
    return someone


def rows(her: Visitor) -> Locator:
    return her.page.get_by_role("listbox", name="Items").get_by_role("option")


def chooses(her: Visitor, folder: Path, name: str, content: str | bytes) -> None:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    her.page.get_by_label("Choose a file").set_input_files(file)


TASKS = [
    {"data": {"text": "one"}, "annotations": [{"ground_truth": False, "result": []}]},
    {
        "data": {"text": "two", "id": 7},
        "annotations": [
            {
                "ground_truth": True,
                "result": [
                    {
                        "from_name": "answer",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"choices": ["bad"]},
                    }
                ],
            }
        ],
    },
]
GOOD = {
    "plain.csv": ("text,label\none,good\ntwo,\n", ["1one★ good", "2two"]),
    "quoted.csv": ('﻿text;gold\r\n"a ""b"";\nc";bad\r\n', ['1a "b";\nc★ bad']),
    "tabs.tsv": ("gold\ttext\n\tone\nbad\ttwo\n", ["1one", "2two★ bad"]),
    "lines.jsonl": ('{"text": "one", "answer": "good"}\n\n"two"\n', ["1one★ good", "2two"]),
    "tasks.json": (json.dumps(TASKS), ["1one", "2two★ bad"]),
    "bare.json": (json.dumps([{"text": "one"}, {"text": 2}]), ["1one", "22"]),
}
BAD: dict[str, tuple[str | bytes, str, str]] = {
    "empty.csv": ("", "empty.csv is empty.", "a header and at least one row"),
    "head.csv": ("text,gold\n", "head.csv holds no items.", "below its header"),
    "open.csv": ('text\n"one\ntwo', "the quotation mark that opens on line 2 is never closed", "cut off"),
    "ragged.csv": ("text,gold\none,good\ntwo\n", "line 3 has 1 field, the header has 2", "as many fields"),
    "twice.csv": ("text,text\n1,2\n", "two columns are called “text”", "a name of its own"),
    "hole.csv": ("text,gold\none,good\n ,bad\n", "line 3 has nothing in “text”", "Fill it in"),
    "latin.csv": ("text\ncaf\xe9\n".encode("latin-1"), "latin.csv is no text in UTF-8", "CSV UTF-8"),
    "cut.jsonl": ('{"text": "one"}\n{"text": "tw', "cut.jsonl: line 2 is no JSON", "one whole JSON object"),
    "number.jsonl": ("5\n", "line 1 is neither an object nor a text", 'such as {"text": "…"}'),
    "half.jsonl": ('{"text": "\\ud800"}\n', "line 1 holds half a character", "Export the file again"),
    "object.json": ('{"text": "one"}', "object.json is no list of tasks", "Export the project as JSON"),
    "cut.json": ('[{"text": "one"},', "cut.json is no JSON", "Export it again"),
    "table.xlsx": (b"PK\x03\x04", "table.xlsx is of no kind that can be imported", "Choose a CSV"),
}


def test_tables_of_every_kind_are_taken(her: Visitor, tmp_path: Path) -> None:
    for name, (content, expected) in GOOD.items():
        chooses(her, tmp_path, name, content)
        her.sees(f"items from {name}")
        expect(rows(her)).to_have_text(expected)


def test_broken_files_are_refused_in_words(her: Visitor, tmp_path: Path) -> None:
    """And what was there before stays."""
    chooses(her, tmp_path, "good.csv", "text\nfirst\n")
    her.sees("items from good.csv")
    for name, (content, what, todo) in BAD.items():
        chooses(her, tmp_path, name, content)
        alert = her.page.get_by_role("alert").filter(has_text=what)
        expect(alert).to_be_visible()
        expect(alert).to_contain_text(todo)
        chooses(her, tmp_path, "good.csv", "text\nfirst\n")
        expect(her.page.get_by_role("alert")).to_have_count(0)
        expect(rows(her)).to_have_text(["1first"])


def test_gold_that_is_no_answer_is_told_and_left_out(her: Visitor, tmp_path: Path) -> None:
    chooses(her, tmp_path, "gold.csv", "text,gold\none,good\ntwo,ugly\nthree,bad\n")
    her.sees("1 gold answer could not be read and is no gold:")
    her.sees("line 3: “ugly” is none of the task's answers")
    her.sees("2 of 3 items are gold")


def test_ten_thousand_rows_stay_smooth(her: Visitor, tmp_path: Path) -> None:
    """By keyboard to the last and back, and never more rows drawn than a screen holds."""
    chooses(her, tmp_path, "many.csv", "text\n" + "".join(f"line {item}\n" for item in range(10_000)))
    her.sees("10,000 items from many.csv (CSV)")
    box = her.page.get_by_role("listbox", name="Items")
    box.focus()
    for key, number in (("End", 10_000), ("PageUp", None), ("Home", 1), ("ArrowDown", 2)):
        her.page.keyboard.press(key)
        assert 0 < rows(her).count() < MOST_DRAWN
        if number is not None:
            chosen = box.get_by_role("option", selected=True)
            expect(chosen).to_have_attribute("aria-posinset", str(number))
            expect(chosen).to_be_in_viewport()
    her.sees("Item 2 of 10,000")
    preview = her.page.get_by_role("complementary")
    expect(preview.get_by_text("line 1", exact=True)).to_be_visible()


def picture(shade: int) -> bytes:
    """A PNG of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes([0, shade]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_folder_of_pictures(her: Visitor, tmp_path: Path) -> None:
    """Known by their bytes, in the order of their names; what is no picture is named and left out."""
    folder = tmp_path / "signs"
    (folder / "more").mkdir(parents=True)
    for name, shade in (("10.png", 1), ("9.png", 2), ("more/twin.jpeg", 2)):
        (folder / name).write_bytes(picture(shade))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden").write_bytes(picture(3))
    (folder / "empty.png").write_bytes(b"")
    her.page.get_by_label("Choose a folder").set_input_files(folder)
    her.sees("3 items from a folder of pictures")
    expect(rows(her)).to_have_text(["1signs/9.png", "2signs/10.png", "3signs/more/twin.jpeg"])
    her.sees("2 files were left out: signs/empty.png is empty, …")
    her.sees("1 item has the same content as another.")
    her.presses("Continue")
    her.sees("The items are pictures, and the task shows texts. Change one of them.")
    her.presses("Back")
    her.page.get_by_label("Picture", exact=True).check()
    her.presses("Continue")
    shown = her.page.get_by_role("complementary").get_by_role("img")
    expect(shown).to_have_js_property("naturalWidth", 1)
    her.presses("Continue")
    expect(her.page.get_by_role("heading", name="Pay and rules")).to_be_visible()


def test_a_folder_without_pictures_is_refused(her: Visitor, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("text")
    her.page.get_by_label("Choose a folder").set_input_files(folder)
    her.sees("None of these files is a picture or a sound; texts/a.txt is no picture")
    her.sees("Taken are PNG, JPEG, GIF, WebP, WAV, MP3 and Ogg.")


def test_a_form_goes_on_where_it_was(her: Visitor, tmp_path: Path) -> None:
    """After a reload, the items included; starting over empties it."""
    chooses(her, tmp_path, "kept.csv", "text,gold\nfirst,good\nsecond,\n")
    her.sees("1 of 2 items are gold")
    her.page.wait_for_timeout(1_000)
    her.page.reload()
    her.sees("items from kept.csv")
    expect(rows(her)).to_have_text(["1first★ good", "2second"])
    her.presses("2. Task")
    her.page.get_by_label("Title").fill("Changed at the last moment")
    her.page.reload()
    expect(her.page.get_by_label("Title")).to_have_value("Changed at the last moment")
    her.presses("Start over")
    her.agrees("Start over")
    her.sees("Step 1 of 5")
    her.presses("Continue")
    expect(her.page.get_by_label("Title")).to_have_value("")
