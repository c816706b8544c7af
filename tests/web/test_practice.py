"""Practice on a finished campaign: real keys, real results, and nothing that anybody else could notice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Request, expect

from labelshare.chain.state import Status
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.protocol import evidence
from labelshare.store.bundles import Bundle
from labelshare.types import CampaignId, Hash32
from tests.api.broken_line import CUT
from tests.chain.world import schedule
from tests.oracle.stage import COIN, CONFIG, FEE_BPS, nothing_changes, small_spec
from tests.web.browser import Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import VISITOR, WebPlace, texts_spec, web_place
from tests.web.scenes import take_part
from tests.web.test_audit import Altered

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
PEOPLE = ("ann", "ben", "cleo")
CLASSES = ("good", "bad", "none")
COUNT, CONTESTED = 14, (12, 13)
SETTLED = COUNT - len(CONTESTED)
ROUND = 10
RULES = {"assignment": {"policy": "given.v1"}, "redundancy": {"policy": "fixed.v1", "k": 3}}
RATING = '<View><Text name="text" value="$text"/><Rating name="stars" toName="text" maxRating="5"/></View>'
READS = {"eth_call", "eth_getLogs", "eth_chainId", "eth_blockNumber", "eth_getBlockByNumber", "eth_getCode"}
EVERYTHING_KEPT = """async () => {
  let rows = localStorage.length + sessionStorage.length;
  for (const { name, version } of await indexedDB.databases()) {
    const base = await new Promise((done, fail) => {
      const asked = indexedDB.open(name, version);
      [asked.onsuccess, asked.onerror] = [() => done(asked.result), fail];
    });
    for (const store of base.objectStoreNames) {
      rows += await new Promise((done, fail) => {
        const asked = base.transaction(store).objectStore(store).count();
        [asked.onsuccess, asked.onerror] = [() => done(asked.result), fail];
      });
    }
    base.close();
  }
  return rows;
}"""


def truth_of(item: int) -> int:
    return item % 3


def answer_of(name: str, item: int) -> int:
    """Two are always of one mind, but for items on which nobody is."""
    if item in CONTESTED:
        return PEOPLE.index(name)
    return (truth_of(item) + (name == "cleo" and item % 4 == 0)) % 3


@dataclass
class PracticePlace:
    """A finished campaign, and others of the same pool that nobody has accepted yet."""

    web: WebPlace
    truths: dict[int, evidence.TruthRow]
    same_task: CampaignId
    other_task: CampaignId
    other_kind: CampaignId


@pytest.fixture(scope="module")
def place(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePlace]:
    spec = texts_spec(COUNT, **RULES)
    with web_place(anvil_program, tmp_path_factory.mktemp("practice"), spec, seat_stake=COUNT * COIN) as made:
        stage = made.stage.accept()
        made.give(VISITOR, COUNT * COIN)
        take_part(made)  # the service shows contents to those who have a part
        for name in PEOPLE:
            stage.annotators[name].submit(0, {item: answer_of(name, item) for item in range(COUNT)})
        stage.engine.post_commits(0)
        built = stage.reveal(*PEOPLE).settle()
        truths = {row.item: row for row in built.rows if isinstance(row, evidence.TruthRow)}
        assert [item for item, row in truths.items() if not row.accepted] == list(CONTESTED)
        single = {"type": "single-choice.v1", "config": CONFIG.replace("none", "neither")}
        rating = {"type": "numeric.v1", "config": RATING}
        yield PracticePlace(
            made, truths, funded(made, 1), funded(made, 2, task=single), funded(made, 3, task=rating)
        )


def funded(place: WebPlace, nonce: int, **changes: Any) -> CampaignId:
    """One more campaign of the same people, about other texts."""
    stage = place.stage
    items = [{"digest": sha256(b"%d %d" % (nonce, item)).hexdigest()} for item in range(COUNT)]
    fields = {"items": items, "title": f"Real work {nonce}"}
    spec = small_spec(**(RULES | fields | changes))
    place.give(stage.requester.address, escrow_for(spec, FEE_BPS))
    line = replace(schedule(stage.chain.now()), rounds=2)
    terms = Terms(stake_per_label=COIN, fee_bps=FEE_BPS, schedule=line, nonce=nonce)
    client = Requester(stage.sender, stage.contracts, stage.requester)
    dataset = client.create_dataset(
        "More moods",
        f"MORE{nonce}",
        revenue_token=stage.contracts.development_token.address,
        contributor_bps=7_000,
        max_shares=share_cap_for(spec),
    )
    scope, _ = client.open_campaign(stage.pool, dataset, spec, terms)
    place.desk.catalogue.add_spec(spec.hash, spec.canonical_bytes)
    return scope.campaign_id


class Line:
    """What a browser asks of whom, from now on."""

    def __init__(self, place: WebPlace, her: Visitor) -> None:
        self.place = place
        self.asked: list[Request] = []
        her.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked.append(request)

    def sends_nothing(self) -> None:
        """Questions alone: of the service by GET, of the chain by methods that read."""
        for each in self.asked:
            if not each.url.startswith(self.place.node):
                assert each.method in {"GET", "HEAD"}, each.url
                assert each.post_data is None
                continue
            calls = json.loads(each.post_data or "[]")
            methods = {call["method"] for call in (calls if isinstance(calls, list) else [calls])}
            assert methods <= READS
        urls = [each.url for each in self.asked]
        assert any("/bundles/" in url for url in urls)
        assert any(url.startswith(self.place.node) for url in urls)


def heading(her: Visitor, text: str) -> Locator:
    return her.page.get_by_role("heading", name=text, exact=True)


def tabs_to(her: Visitor, found: Locator) -> None:
    """By the tab key, and pressed by Enter."""
    expect(found).to_be_visible()
    for _ in range(40):
        her.page.keyboard.press("Tab")
        if found.evaluate("each => each === document.activeElement"):
            break
    her.page.keyboard.press("Enter")


def practises(place: PracticePlace, her: Visitor, number: int) -> int:
    """One item by its keys, the third of them wrong; which it was."""
    expect(heading(her, f"Practice item {number} of {ROUND}")).to_be_visible()
    item = int(re.findall(r"\((\d+)\)", her.page.locator(".item-text").inner_text())[0])
    truth = truth_of(item)
    said = (truth + (number == 3)) % 3
    her.page.keyboard.press(str(said + 1))
    her.page.keyboard.press("Enter")
    outcome = (
        "This agrees with the result" if said == truth else "The result is another one: " + CLASSES[truth]
    )
    expect(heading(her, outcome)).to_be_focused()
    her.sees(f"{place.truths[item].confidence_q16 * 100 / 65_536:.0f}% certain")
    her.sees("3 people labelled it:")
    agreeing = sum(answer_of(name, item) == truth for name in PEOPLE)
    shown = her.page.locator(".bars li").all_inner_texts()
    given = [f"{CLASSES[truth]} {agreeing} of 3"]
    given += [f"{CLASSES[(truth + 1) % 3]} 1 of 3"] if agreeing == 2 else []
    assert [" ".join(each.split()) for each in shown] == given
    if number == 1:
        fits_when_narrow(her)
    her.page.keyboard.press("Enter")
    return item


def test_ten_items_by_keyboard_and_nobody_notices(place: PracticePlace, visitor: Visitors) -> None:
    stage, real = place.web.stage, place.same_task
    her = visitor(place.web.url)
    her.connects()
    her.go(f"/campaigns/{real}")
    kept = her.page.evaluate(EVERYTHING_KEPT)
    line = Line(place.web, her)
    with nothing_changes(stage):
        before = stage.chain.web3.eth.get_block("latest")["hash"]
        tabs_to(her, her.page.get_by_role("link", name="Practise"))
        her.sees("nothing is sent, signed, sealed or kept")
        her.sees("These items are from “Moods”, which is finished.")
        her.sees("They were held against the chain in this browser")
        items = [practises(place, her, number) for number in range(1, ROUND + 1)]
        assert len(set(items)) == ROUND
        assert not set(items) & set(CONTESTED)
        expect(heading(her, f"{ROUND - 1} of {ROUND} agree with the results")).to_be_focused()
        table = her.page.get_by_role("region", name="Your answers and the results").get_by_role("row")
        rows = table.all_inner_texts()[1:]
        assert [row.split("\t")[0] for row in rows] == [f"text {item}" for item in items]
        assert [number for number, row in enumerate(rows, 1) if "(differs)" in row] == [3]
        fits_when_narrow(her)

        tabs_to(her, her.page.get_by_role("button", name="2 more"))
        for number in (1, 2):
            expect(heading(her, f"Practice item {number} of 2")).to_be_visible()
            her.page.keyboard.press("s")
        expect(heading(her, "All were skipped")).to_be_visible()
        assert her.page.evaluate(EVERYTHING_KEPT) == kept
        tabs_to(her, her.page.get_by_role("link", name="To the real work"))
        her.page.wait_for_url(f"**/tasks/{real}")
        her.sees("Real work 1")
        line.sends_nothing()
        assert stage.chain.web3.eth.get_block("latest")["hash"] == before
    registry = stage.contracts.registry
    assert registry.campaign(stage.scope.campaign_id).status is Status.FINAL


def test_it_is_offered_where_it_can_be_had(place: PracticePlace, visitor: Visitors) -> None:
    her, link = visitor(place.web.url), "Practise"
    her.go(f"/tasks/pools/{place.web.stage.params.pool}")
    her.sees("There is nothing to practise on yet")  # nobody is signed in
    her.connects()
    for path in ("/tasks", f"/tasks/pools/{place.web.stage.params.pool}", f"/tasks/{place.same_task}"):
        her.go(path)
        her.sees("Practise first")
        expect(her.page.get_by_role("link", name=link, exact=True)).to_be_visible()
    her.go(f"/tasks/practice/{place.other_task}")
    her.sees("No finished campaign has the very same task.")
    fits_when_narrow(her)
    her.go(f"/tasks/{place.other_kind}")
    her.sees("There is nothing to practise on yet")
    expect(her.page.get_by_role("link", name=link, exact=True)).to_have_count(0)
    her.go(f"/tasks/practice/{place.other_kind}")
    her.sees("There is nothing to practise on yet")


@pytest.mark.parametrize("asked", ["^/v1/campaigns/.*/media/", "^/v1/specs/"])
def test_a_failure_is_not_taken_for_nothing_to_practise_on(
    place: PracticePlace, visitor: Visitors, asked: str
) -> None:
    her, nothing = visitor(place.web.url), re.compile("nothing to practise on", re.IGNORECASE)
    her.connects()
    cache = her.context.new_cdp_session(her.page)  # what it kept would do without the line
    cache.send("Network.enable")
    cache.send("Network.setCacheDisabled", {"cacheDisabled": True})
    for status in (CUT, 502):
        for path in (f"/tasks/practice/{place.same_task}", f"/tasks/pools/{place.web.stage.params.pool}"):
            with place.web.line.broken(asked, status):
                her.go(path)
                her.sees("The service did not answer.")
                fits_when_narrow(her)
                expect(her.page.get_by_text(nothing)).to_have_count(0)
            # At once, as an offer asks again by itself after a while.
            her.page.evaluate("document.querySelector('[role=alert] button')?.click()")
            found = her.page.get_by_text(f"Practice item 1 of {ROUND}")
            expect(found.or_(her.page.get_by_role("link", name="Practise", exact=True))).to_be_visible()


def test_who_had_no_part_is_told_so(place: PracticePlace, visitor: Visitors) -> None:
    her = visitor(place.web.url)
    her.connects(5)
    her.go(f"/tasks/practice/{place.same_task}")
    her.sees("Nothing to practise on")
    her.sees("to those who had a part in it")


def test_nobody_practises_on_altered_evidence(
    place: PracticePlace, visitor: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = place.web.desk.bundle

    def lying(name: CampaignId, bundle: Hash32) -> Bundle:
        found = honest(name, bundle)
        return Altered(found.database, found.campaign, found.name, found.size)

    monkeypatch.setattr(place.web.desk, "bundle", lying)
    her = visitor(place.web.url)
    her.connects()
    her.go(f"/tasks/practice/{place.same_task}")
    her.sees("The evidence is not what the chain says")
    fits_when_narrow(her)
    expect(her.page.locator(".answer")).to_have_count(0)
