"""Boxes from an empty form to a settled result that anyone can look at, drawn over the pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.protocol import evidence
from labelshare.protocol.labels import Regions
from labelshare.types import CampaignId
from tests.oracle.stage import NAMES, Stage
from tests.web.browser import Visitor
from tests.web.marking import CAR, PERSON, describes, draws, fits, looks_into, picture, sets, taken_up
from tests.web.place import COIN, web_place
from tests.web.requesting import REQUESTER, funds, prices, publishes

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(600)]

Visitors = Callable[..., Visitor]
COUNT = 6
K = 3
EACH = 2  # labels of one annotator: a fifth of the pictures, rounded up
CLASSES = ("car", "person")
TITLE = "Things on the street"


def imports_pictures(her: Visitor, folder: Path) -> None:
    """A folder of pictures; the first becomes gold, drawn in the preview and set to the number."""
    pictures = folder / "street"
    pictures.mkdir()
    for item in range(COUNT):
        (pictures / f"{item}.png").write_bytes(picture(200 + item))
    page = her.page
    page.get_by_label("Choose a folder").set_input_files(pictures)
    her.sees(f"{COUNT} items from a folder of pictures")
    preview = page.get_by_role("complementary")
    preview.locator(".marked img").wait_for()
    draws(her, preview.locator(".marked"), CAR)
    region = preview.get_by_role("group", name="1. car")
    sets(region, Left=10, Top=15, Width=30, Height=45)
    her.presses("person")
    draws(her, preview.locator(".marked"), PERSON)
    sets(preview.get_by_role("group", name="2. person"), Left=55, Top=50, Width=30, Height=40)
    expect(preview.locator(".box")).to_have_count(2)
    her.presses("Keep this answer as gold")
    her.sees(f"1 of {COUNT} items are gold")
    assert fits(her)
    her.presses("Continue")


def boxes(form: Regions, shift: float, *which: int) -> int:
    """An answer with the car, the person or both, each as far off as told, in percent."""
    found = []
    for of in which:
        x, y, width, height = (CAR, PERSON)[of]
        value = {"x": x + shift, "y": y - shift, "width": width, "height": height}
        region = {"from_name": "answer", "to_name": "image", "type": "rectanglelabels"}
        found.append(region | {"value": value | {"rectanglelabels": [CLASSES[of]]}})
    return form.from_result(found)


def label(stage: Stage, form: Regions) -> dict[int, list[int]]:
    """All draw about the same, but for the last, who sees a car alone; answers by item."""
    given: dict[int, list[int]] = {}
    for number, name in enumerate(NAMES):
        answer = boxes(form, 0, 0) if name == NAMES[-1] else boxes(form, 0.5 * number, 0, 1)
        items = stage.free_items(name)[:EACH]
        stage.annotators[name].submit(0, dict.fromkeys(items, answer))
        for item in items:
            given.setdefault(item, []).append(answer)
    return given


def sees_item(her: Visitor, campaign: CampaignId, item: int, given: list[int], form: Regions) -> None:
    """Who is near enough matches; verdict and answers are drawn over the picture."""
    page, alone = her.page, boxes(form, 0, 0)
    many = len(given) - given.count(alone)
    assert many >= 2
    looks_into(her, campaign, item, answers=len(given), alike=many)
    expect(page.locator(".marked img")).to_be_visible()
    expect(page.locator(".marked .box")).to_have_count(2)
    expect(page.locator(".marked .mark-name")).to_have_text(["1 car", "2 person"])


def downloads(her: Visitor, campaign: CampaignId, given: dict[int, list[int]], form: Regions) -> None:
    """The results are the winners of the evidence, as Label Studio has them."""
    her.go(f"/fund/{campaign}")
    her.sees("answers that are near enough count as one")
    texts = {}
    for name in ("Results as JSON Lines", "All evidence (bundle)"):
        with her.page.expect_download() as saved:
            her.presses(name)
        texts[name] = saved.value.path().read_bytes()
    found = evidence.read([texts["All evidence (bundle)"]])
    winners = {row.item: row.winner for row in found if isinstance(row, evidence.TruthRow)}
    assert set(winners) == set(given)  # four people leave some out
    for row in map(json.loads, texts["Results as JSON Lines"].splitlines()):
        if row["item"] not in given:
            assert (row["result"], row["labels"]) == (None, 0)
            continue
        assert form.encode(form.from_result(row["result"])) == winners[row["item"]]
        alone = given[row["item"]].count(boxes(form, 0, 0))
        by_class = {1: alone, 2: len(given[row["item"]]) - alone}
        assert (row["agreeing"], row["labels"]) == (by_class[len(row["result"])], sum(by_class.values()))


def test_boxes_from_an_empty_form_to_a_result_on_the_pictures(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        place.give(REQUESTER, 10 * COIN)
        her = visitor(place.url)
        her.connects(0)
        publishes(her)
        describes(her, "Boxes on a picture", TITLE, "Draw a box close around each car and person.", CLASSES)
        imports_pictures(her, tmp_path)
        prices(her, K)
        campaign, gold = funds(her)
        assert gold["labels"] == {"0": "0x05" + "000003e805dc0bb81194" + "0001157c13880bb80fa0"}
        her.sees("The oracle has all items.")
        stage = taken_up(place, campaign, "boxes.v1").enrol().draw().begin()
        form = stage.spec.task.form
        assert isinstance(form, Regions)
        given = label(stage, form)
        stage.engine.post_commits(0)
        stage.reveal(*NAMES).settle()
        downloads(her, campaign, given, form)
        alone = boxes(form, 0, 0)
        clear = {item: len(each) - each.count(alone) for item, each in given.items()}
        mixed = [item for item, count in clear.items() if 2 <= count < len(given[item])]
        for item in {max(clear, key=lambda each: clear[each]), *mixed[:1]}:
            sees_item(her, campaign, item, given[item], form)
        her.close()  # an open event stream keeps a service from ending
