"""A hundred items by keyboard: undo, skip, report, a page that is closed in between, and a backup."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.web.axe import AXE, serious
from tests.web.browser import Visitor
from tests.web.place import COIN, VISITOR, WebPlace, text_of, texts_spec, web_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
HUNDRED = 100
# From then on nothing is written before the page ends: a disk that is slow.
KEEP_THE_DISK_BUSY = """() => new Promise((done) => {
    const asked = indexedDB.open("labelshare");
    asked.onsuccess = () => {
        const drafts = asked.result.transaction("drafts", "readwrite").objectStore("drafts");
        const goOn = () => { drafts.get("nobody's").onsuccess = goOn; };
        goOn();
        done();
    };
})"""
CONFIRM_AND_GO = """() => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    location.reload();
}"""
RULES = {
    "assignment": {"policy": "given.v1"},
    "redundancy": {"policy": "fixed.v1", "k": 2},
}


@pytest.fixture
def place(anvil_program: Path, tmp_path: Path) -> Iterator[WebPlace]:
    """A campaign in whose rounds everyone may label everything."""
    spec = texts_spec(HUNDRED, **RULES)
    with web_place(anvil_program, tmp_path, spec, seat_stake=HUNDRED * COIN) as made:
        yield made


def seated(place: WebPlace, her: Visitor) -> None:
    place.give(VISITOR, HUNDRED * COIN)
    place.stage.accept()
    her.connects()
    her.go(f"/tasks/pools/{place.stage.params.pool}")
    her.presses("Join this pool")
    her.agrees("Join")
    her.go(f"/tasks/{place.campaign}")
    her.presses("Enrol for this campaign")
    her.agrees("Sign")
    her.sees("You are enrolled.")
    place.stage.enrol("ann", "ben").draw().begin()


def heading(her: Visitor, text: str) -> Locator:
    return her.page.get_by_role("heading", name=text, exact=True)


def test_a_hundred_items_a_closed_page_and_a_lost_browser(
    place: WebPlace, visitor: Visitors, tmp_path: Path
) -> None:
    her = visitor(place.url, accept_downloads=True)
    seated(place, her)
    her.presses("Label now")
    keys = her.page.keyboard

    expect(heading(her, f"0 of {HUNDRED} answered")).to_be_visible()
    her.sees(text_of(0))
    her.page.wait_for_timeout(500)
    assert [times_asked_for(her, item) for item in range(4)] == [1, 1, 1, 0]  # the next two are fetched ahead
    keys.press("1")
    keys.press("Enter")
    expect(heading(her, f"1 of {HUNDRED} answered")).to_be_visible()
    keys.press("u")  # the first once more, with its answer still marked
    expect(her.page.get_by_role("radio", name="good")).to_be_checked()
    keys.press("2")
    keys.press("Enter")
    keys.press("s")  # the second is skipped
    keys.press("r")  # the third is reported
    her.page.get_by_label("What is wrong with it?").fill("no text at all")
    her.presses("Keep note and skip")
    for number in range(1, 40):
        expect(heading(her, f"{number} of {HUNDRED} answered")).to_be_visible()
        keys.press(str(1 + number % 3))
        keys.press("Enter")
    expect(heading(her, f"40 of {HUNDRED} answered")).to_be_visible()
    assert {times_asked_for(her, item) for item in range(3, 42)} == {1}
    expect(her.page.get_by_text("Saved in this browser")).to_be_visible()

    keys.press("1")
    expect(her.page.get_by_role("radio", name="good")).to_be_checked()
    her.page.evaluate(KEEP_THE_DISK_BUSY)
    her.page.evaluate(CONFIRM_AND_GO)  # as if the page had been closed with the answer
    for number in range(41, HUNDRED - 2):
        expect(heading(her, f"{number} of {HUNDRED} answered")).to_be_visible()
        keys.press("1")
        keys.press("Enter")
    expect(heading(her, "Ready to hand in")).to_be_visible()
    her.sees("98 answered, 2 skipped")
    turns_the_pages(her)

    her.presses("Seal and hand in 98 labels")
    her.agrees("Seal and sign")
    expect(heading(her, "Handed in")).to_be_visible()
    (signed,) = place.stage.engine.book.commits_by(VISITOR)
    assert signed.items == (0, *range(3, HUNDRED))

    file = saved_backup(her, tmp_path)
    her.close()
    another = visitor(place.url)
    place.stage.engine.post_commits(0)
    place.stage.chain.advance_to(place.stage.schedule.commit_end)
    another.connects()
    another.go(f"/tasks/{place.campaign}")
    another.sees("One batch was sealed in another browser.")
    assert place.stage.engine.book.openings() == []

    refuses_an_altered_backup(another, file, tmp_path)
    restores(another, file)
    another.go(f"/tasks/{place.campaign}")
    another.sees("opened, receipt checked")
    (opening,) = place.stage.engine.book.openings()
    form = place.stage.spec.task.form
    answers = [form.describe(form.decode(label)) for label in opening.labels]
    assert answers[:4] == ["bad", "bad", "none", "good"]
    assert set(answers[40:]) == {"good"}
    assert "no text at all" in file.read_text()


def times_asked_for(her: Visitor, item: int) -> int:
    digest = sha256(text_of(item).encode()).hexdigest()
    return sum(digest in url for url in her.requests)


def turns_the_pages(her: Visitor) -> None:
    """By keyboard: the focus stays at the end of the list, and an item is found by its name or number."""
    table = her.page.get_by_role("region", name="Items", exact=True)
    pages = her.page.get_by_role("navigation", name="Pages: Items")
    expect(table.get_by_role("row")).to_have_count(1 + 50)
    onwards, keys = pages.get_by_role("button", name="Next"), her.page.keyboard
    onwards.focus()
    keys.press("Enter")
    expect(pages.get_by_text("51–100 of 100")).to_be_visible()
    expect(table.get_by_role("row").last).to_contain_text("text 99")
    keys.press("Enter")
    expect(onwards).to_be_focused()
    expect(pages.get_by_text("51–100 of 100")).to_be_visible()
    field = pages.get_by_label("Name or number")
    field.fill("text 7")
    keys.press("Enter")
    row = table.get_by_role("row").filter(has=her.page.get_by_role("cell", name="text 7", exact=True))
    expect(row).to_have_class("found")
    expect(row).to_be_in_viewport()
    expect(pages.get_by_text("1–50 of 100")).to_be_visible()
    field.fill("text 700")
    keys.press("Enter")
    expect(pages.get_by_text("Not in this list.")).to_be_visible()
    if AXE.is_file():
        assert serious(her) == []


def saved_backup(her: Visitor, folder: Path) -> Path:
    her.go("/backup")
    with her.page.expect_download() as download:
        her.presses("Save a backup file")
    file = folder / "backup.json"
    download.value.save_as(file)
    return file


def refuses_an_altered_backup(her: Visitor, file: Path, folder: Path) -> None:
    content = json.loads(file.read_text())
    content["batches"][0]["labels"][0] = "0x010000"
    altered = folder / "altered.json"
    altered.write_text(json.dumps(content))
    her.go("/backup")
    her.page.get_by_label("Backup file").set_input_files(altered)
    her.sees("do not open its commitment")


def restores(her: Visitor, file: Path) -> None:
    her.page.get_by_label("Backup file").set_input_files(file)
    her.sees("Restored 1 batch and")
