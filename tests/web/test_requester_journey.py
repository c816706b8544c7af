"""From an empty form to a final settlement and its results: all by the page, balances as the chain says."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labelshare.commands.gold_file import read_gold_file
from labelshare.protocol import evidence
from labelshare.protocol.gold import posted_gold
from labelshare.types import CampaignId, Hash32
from tests.web.browser import NARROW, WIDE, Visitor
from tests.web.requesting import (
    CLASSES,
    COIN,
    COUNT,
    RequesterPlace,
    describes,
    digest_of,
    funds,
    imports,
    prices,
    publishes,
    requester_place,
    text_of,
    truth_of,
    until,
)

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.timeout(600)]

Visitors = Callable[..., Visitor]
PEOPLE = 15
PRICE = COIN // 10
K = 3


def is_funded(place: RequesterPlace, campaign: CampaignId, before: int, gold_file: Path) -> None:
    """The wallet lost exactly the escrow; the spec is what the page showed, its gold what the file holds."""
    escrow = COUNT * K * PRICE * 10_500 // 10_000
    assert before - place.tokens() == escrow
    state = place.ground.contracts.registry.campaign(campaign)
    assert state.escrow == escrow
    spec = place.annotators[0].spec
    assert spec.hash == place.annotators[0].params.spec_hash
    assert [each.digest for each in spec.items] == [digest_of(item) for item in range(COUNT)]
    assert [each.name for each in spec.items] == [f"item-{item}" for item in range(COUNT)]
    assert spec.instructions == "Warm soup is good, cold soup is bad."
    found = posted_gold(spec, (read_gold_file(gold_file).reveal,))
    assert found == {item: truth_of(item) for item in range(3)}


def has_the_items(place: RequesterPlace, campaign: CampaignId) -> None:
    client = place.clients[place.annotators[0].address]
    for item in range(COUNT):
        content = client.media(campaign, Hash32("0x" + digest_of(item)))
        assert content == text_of(item).encode()


def reveals(her: Visitor, campaign: CampaignId, count: int = 3) -> None:
    """The button is there with its deadline as soon as all work is committed."""
    her.go(f"/fund/{campaign}")
    her.sees(f"{count} sealed answers are in this browser.")
    her.presses("Reveal the gold")
    her.sees("public on the chain, for ever")
    her.agrees("Reveal")
    her.sees("The gold is revealed.")


def sees_quality(her: Visitor) -> None:
    page = her.page
    her.sees("Answers by result")
    expect(page.get_by_role("region", name="Answers by result").get_by_role("row")).to_have_count(3)
    interval = re.compile(r"^skill -?\d\.\d\d, without caution -?\d\.\d\d to \d\.\d\d$")
    expect(page.get_by_role("img", name=interval).first).to_be_visible()
    her.sees("A challenge takes a bond of")
    assert page.get_by_role("button", name="Reject").count() == 0


def downloads(her: Visitor, place: RequesterPlace, campaign: CampaignId) -> None:
    """What she downloads is what the chain settled."""
    texts = {}
    for name in ("Results as CSV", "Results as JSON Lines", "All evidence (bundle)"):
        with her.page.expect_download() as saved:
            her.presses(name)
        texts[name] = saved.value.path().read_bytes()
    rows = list(csv.DictReader(io.StringIO(texts["Results as CSV"].decode())))
    lines = [json.loads(line) for line in texts["Results as JSON Lines"].splitlines()]
    form = place.annotators[0].spec.task.form
    found = list(evidence.read([texts["All evidence (bundle)"]]))
    truths = {row.item: row for row in found if isinstance(row, evidence.TruthRow)}
    votes = Counter(item for row in found if isinstance(row, evidence.OpeningRow) for item in row.items)
    for item, (row, line) in enumerate(zip(rows, lines, strict=True)):
        assert (row["name"], row["digest"], int(row["labels"])) == (
            f"item-{item}",
            digest_of(item),
            votes[item],
        )
        if item not in truths:
            assert (row["label"], line["result"]) == ("", None)
            continue
        answer = form.decode(truths[item].winner)
        assert row["label"] == line["label"] == form.describe(answer)
        assert form.from_result(line["result"]) == answer
        assert row["accepted"] == str(truths[item].accepted).lower()
        assert abs(float(row["confidence"]) - truths[item].confidence_q16 / 65_536) < 1e-4
    right = sum(row["label"] == CLASSES[truth_of(item)] for item, row in enumerate(rows))
    assert right >= COUNT - 3
    client = place.clients[place.annotators[0].address]
    proposal = client.campaign(campaign).proposal
    assert proposal is not None
    assert sha256(texts["All evidence (bundle)"]).digest() == bytes(proposal.bundle_hash)


def withdraws(her: Visitor, place: RequesterPlace) -> None:
    """What was not earned came back as credit, and she takes it."""
    credit, before = place.credit(), place.tokens()
    assert credit > 0
    her.presses("Withdraw to the wallet")
    her.agrees("Withdraw to the wallet")
    her.sees("Nothing of yours lies in the registry")
    assert (place.credit(), place.tokens()) == (0, before + credit)


@pytest.mark.parametrize(
    "size", [pytest.param(WIDE, id="1280"), pytest.param(NARROW, id="390", marks=pytest.mark.deep)]
)
def test_from_an_empty_form_to_the_results(
    anvil_program: Path, tmp_path: Path, visitor: Visitors, size: tuple[int, int]
) -> None:
    with requester_place(anvil_program, tmp_path) as place:
        her = visitor(place.url, size)
        her.connects(0)
        before = place.tokens()
        publishes(her)
        describes(her)
        imports(her, tmp_path)
        prices(her, K)
        campaign, gold = funds(her)
        gold_file = tmp_path / "gold.json"
        gold_file.write_text(json.dumps(gold))
        place.seat(campaign, PEOPLE)
        is_funded(place, campaign, before, gold_file)
        her.sees("The oracle has all items.")
        has_the_items(place, campaign)
        her.sees("Accepted by the oracle")  # by the event stream, without a reload
        her.sees("How much of it comes back is too early to tell.")
        expect(her.page.get_by_text("Comes back to you")).to_be_hidden()
        place.draw(campaign)
        count = place.label(campaign)
        assert count > COUNT * K // 2
        her.sees(f"{count} of {COUNT * K} labels")
        place.close(campaign)
        place.open()
        reveals(her, campaign)
        place.propose(campaign)
        her.sees("not final yet")
        sees_quality(her)
        place.finish(campaign)
        expect(her.page.get_by_text("not final yet")).to_be_hidden()
        downloads(her, place, campaign)
        until(place.credit, "what was not earned")
        withdraws(her, place)
        paid = sum(place.tokens(each.address) + place.credit(each.address) for each in place.annotators)
        assert paid > 0
        assert her.origins() <= {place.url}
        her.page.goto("about:blank")  # an open event stream keeps a service from ending
