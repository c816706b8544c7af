"""Boxes from an empty form to a settled result that anyone can look at, drawn over the pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.client.annotator import Annotator
from labelshare.protocol import evidence
from labelshare.protocol.labels import Regions
from labelshare.protocol.spec import RegionTask
from labelshare.types import CampaignId
from tests.web.browser import Visitor
from tests.web.marking import CAR, PERSON, draws, fits, picture, sets
from tests.web.requesting import RequesterPlace, funds, prices, publishes, requester_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(600)]

Visitors = Callable[..., Visitor]
COUNT = 6
K = 3
PEOPLE = 10  # each labels two of six pictures at the most
CLASSES = ("car", "person")


def describes_boxes(her: Visitor) -> None:
    """What is asked, and what is near enough."""
    page = her.page
    page.get_by_label("Title").fill("Things on the street")
    page.get_by_label("Instructions").fill("Draw a box close around each car and each person.")
    page.get_by_label("Boxes on a picture").check()
    page.get_by_label("Classes", exact=True).fill("\n".join(CLASSES))
    page.get_by_text("When answers are alike").click()
    page.get_by_label("Overlap that makes two of them the same, in percent").fill("0")
    her.presses("Continue")
    her.sees("Both percentages of “When answers are alike” are from 0.01 to 100")
    page.get_by_label("Overlap that makes two of them the same, in percent").fill("60.5")
    assert fits(her)
    her.presses("Continue")


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


def label(place: RequesterPlace, campaign: CampaignId, form: Regions) -> dict[int, list[int]]:
    """All draw about the same, but for the last, who sees a car alone; answers by item."""
    given: dict[int, list[int]] = {}
    for number, each in enumerate(place.annotators):
        answer = boxes(form, 0, 0) if number == PEOPLE - 1 else boxes(form, 0.5 * (number % 5), 0, 1)
        items = place.items_of(campaign, each)
        if items:
            each.submit(0, dict.fromkeys(items, answer))
        for item in items:
            given.setdefault(item, []).append(answer)
    return given


def is_asked(annotator: Annotator) -> Regions:
    task = annotator.spec.task
    assert isinstance(task, RegionTask)
    assert (task.type, task.overlap_bps, task.alike_bps) == ("boxes.v1", 6_050, 8_000)
    assert annotator.spec.aggregation.policy == "majority.v1"
    return task.form


def settles(place: RequesterPlace, campaign: CampaignId) -> None:
    place.close(campaign)
    place.open()
    place.propose(campaign)
    place.finish(campaign)


def sees_item(her: Visitor, campaign: CampaignId, item: int, given: list[int], form: Regions) -> None:
    """Who is near enough matches; verdict and answers are drawn over the picture."""
    her.go(f"/campaigns/{campaign}/audit/{item}")
    her.sees("The verdict is under the root on chain")
    page = her.page
    alone = boxes(form, 0, 0)
    many = [answer for answer in given if answer != alone]
    assert len(many) >= 2
    rows = page.get_by_role("region", name="Answers").locator("tbody tr")
    expect(rows).to_have_count(len(given))
    expect(rows.filter(has_text="(matches)")).to_have_count(len(many))
    page.get_by_text("Look at it on the item").click()
    expect(page.locator(".marked img")).to_be_visible()
    expect(page.locator(".marked .box")).to_have_count(2)
    expect(page.locator(".marked .mark-name")).to_have_text(["1 car", "2 person"])
    assert fits(her)


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
    assert set(winners) == set(given)  # the lottery may leave an item out
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
    with requester_place(anvil_program, tmp_path) as place:
        her = visitor(place.url)
        her.connects(0)
        publishes(her)
        describes_boxes(her)
        imports_pictures(her, tmp_path)
        prices(her, K)
        campaign, gold = funds(her)
        assert gold["labels"] == {"0": "0x05" + "000003e805dc0bb81194" + "0001157c13880bb80fa0"}
        place.seat(campaign, PEOPLE)
        form = is_asked(place.annotators[0])
        her.sees("The oracle has all items.")
        place.draw(campaign)
        given = label(place, campaign, form)
        settles(place, campaign)
        downloads(her, campaign, given, form)
        alone = boxes(form, 0, 0)
        clear = {item: len(each) - each.count(alone) for item, each in given.items()}
        mixed = [item for item, count in clear.items() if 2 <= count < len(given[item])]
        for item in {max(clear, key=lambda each: clear[each]), *mixed[:1]}:
            sees_item(her, campaign, item, given[item], form)
        her.page.goto("about:blank")  # an open event stream keeps a service from ending
