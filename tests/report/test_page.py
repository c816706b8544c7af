"""The page tells what the outcome says, lets no name be more than a name, and loads nothing."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from labelshare.cli import main
from labelshare.errors import InputError
from labelshare.protocol.slashing import Audit
from labelshare.protocol.verify import Report
from labelshare.replay.telling import CREDIT, told_of
from labelshare.report import listing
from labelshare.report.collect import Outcome, collect
from labelshare.report.money import Balance
from labelshare.report.page import Told, prepare, render, save, times_of
from labelshare.report.pictures.canvas import clean, percent
from labelshare.types import Address
from tests.replay.crowds import (
    Finished,
    expected,
    life_with_forfeits,
    life_with_gold,
    modelled_life,
    recorded_life,
    simulated_life,
)
from tests.report.markup import Node, Page
from tests.report.test_pictures import HOSTILE
from tests.report.test_text import stopped

FIGURES = [
    *("flow", "revenue", "completion", "agreement", "confidence", "confusion"),
    *("earnings", "skill", "ownership", "gas"),
]


Live = Callable[[], Finished]


@cache
def told(live: Live) -> tuple[Outcome, Told, Mapping[int, int]]:
    life = live()
    outcome = collect(
        life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle, life.crowd.truth
    )
    return outcome, told_of(life.crowd, life.lived), times_of(life.chain, outcome)


@cache
def html_of(live: Live) -> str:
    return render(*told(live))


def page_of(live: Live) -> Node:
    return Page(html_of(live)).root


def figures_of(page: Node) -> dict[str, Node]:
    return {node.attributes["id"]: node for node in page.all("figure")}


def rows_of(node: Node) -> list[list[str]]:
    """The table's rows; each cell's words."""
    return [[cell.text.strip() for cell in row.children] for row in node.all("tbody")[0].all("tr")]


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


LIVES: list[Live] = [recorded_life, simulated_life, life_with_gold, life_with_forfeits, modelled_life]


each_life = pytest.mark.parametrize("live", LIVES, ids=lambda live: live.__name__)


# -------------------------------------------------------------------- what it says


@each_life
def test_the_figures_are_the_outcome_s(live: Live) -> None:
    outcome, _, _ = told(live)
    want, text = expected(live()), plain(page_of(live).text)
    unit = outcome.unit

    assert f"accuracy {plain(percent(outcome.accuracy.right, outcome.accuracy.known, 1))}" in text
    assert f"labels accepted {outcome.accepted_labels:,} of {want.labels:,}" in text
    assert f"paid for labels {unit.show(sum(want.pay))}" in text
    assert f"all {len(outcome.balances)} sums" in text
    assert "Verified:" in text
    for value in (outcome.campaign.record.campaign_id, outcome.dataset.created.dataset, outcome.chain_id):
        assert str(value) in text
    figures = figures_of(page_of(live))
    assert list(figures) == FIGURES
    money = {tuple(row[:2]): row[2] for row in rows_of(figures["flow"])}
    assert money["–", "escrow"] == unit.show(want.escrow)
    assert money["escrow", "to annotators"] == unit.show(sum(want.pay))
    assert money["escrow", "to the oracle"] == unit.show(want.fee)
    assert money["escrow", "back to requester"] == unit.show(want.surplus)
    assert money["to share holders", "claimed"] == unit.show(sum(want.revenue))
    slashed = sum(want.slashes[worker] for worker in want.flagged)
    forfeited = sum(want.slashes) - slashed
    if slashed and forfeited:
        assert money["–", "stakes taken"] == unit.show(slashed + forfeited)
        assert money["stakes taken", "stakes slashed"] == unit.show(slashed)
        assert money["stakes taken", "stakes forfeited"] == unit.show(forfeited)
        assert f"forfeited {unit.show(forfeited)} of 1 annotator with a skill below 0" in text
    elif slashed:
        assert money["–", "stakes slashed"] == unit.show(slashed)
    assert ("forfeited" in text) == (forfeited > 0)
    assert sum(int(row[1]) for row in rows_of(figures["completion"])) == len(want.accepted)
    agreement = rows_of(figures["agreement"])
    assert sum(int(row[1]) for row in agreement) == len(want.accepted)
    assert sum(int(row[2]) for row in agreement) == len(want.winners) - len(want.accepted)
    sure = rows_of(figures["confidence"])
    assert [sum(int(row[at]) for row in sure) for at in (1, 2)] == [
        len(want.accepted),
        len(want.winners) - len(want.accepted),
    ]
    assert sum(int(row[3]) for row in sure) == outcome.accuracy.known
    assert sum(int(row[4]) for row in sure) == outcome.accuracy.right
    skilled = {row[0]: row[-3:] for row in rows_of(figures["skill"])}
    for person in outcome.people:
        found = person.interval
        assert found is not None
        ends = [f"{end:.2f}" for end in (found.raw, found.low, found.high)]
        assert skilled[told(live)[1].names[person.account]] == ends
    pairs = [(truth, winner, int(number)) for truth, winner, number in rows_of(figures["confusion"])]
    assert sum(number for _, _, number in pairs) == outcome.accuracy.known
    assert sum(number for truth, winner, number in pairs if truth == winner) == outcome.accuracy.right
    holders = rows_of(figures["ownership"])
    assert len(holders) == sum(share > 0 for share in want.shares)


@each_life
def test_what_found_the_verdicts_is_told_and_how_sure_they_are(live: Live) -> None:
    outcome, _, _ = told(live)
    want, text = expected(live()), plain(page_of(live).text)
    contested = len(want.winners) - len(want.accepted)
    policy = "dawid-skene.v1: labels weigh" if live is modelled_life else "majority.v1: the most labels win"

    assert f"Verdicts by {policy}" in text
    middle = int(65_536 * median(want.confidence.values()))
    fact = f"confidence {middle * 1_000 // 65_536 / 1_000:.3f} median; {contested} item"
    assert fact in text
    assert ("fell by the seed" in text) == (want.ties > 0)
    agreement = figures_of(page_of(live))["agreement"].text
    assert ("left of the line" in agreement) == (live is not modelled_life)
    if contested:
        votes = sum(item not in want.accepted for each in outcome.labelled.answers.values() for item in each)
        assert f"with {votes} labels, below 3/5" in text


@each_life
def test_everybody_has_a_row(live: Live) -> None:
    outcome, said, _ = told(live)
    everyone = next(node for node in page_of(live).all("details") if node.attributes.get("class") == "wide")

    rows = rows_of(everyone)

    assert [row[0] for row in rows] == [said.names[person.account] for person in outcome.people]
    for row, person in zip(rows, outcome.people, strict=True):
        assert row[1] == f"{person.labels:,}"
        assert row[5:7] == [f"{person.skill:.2f}", str(person.interval)]
        assert row[7] == outcome.unit.number(person.payout)
        assert row[9] == outcome.unit.number(person.revenue)
        assert row[10:] == (
            [
                f"{person.gold_right:,} of {person.gold:,}",
                outcome.unit.number(person.lost),
                person.lost_by or "–",
            ]
            if outcome.labelled.gold
            else []
        )


def item_tables(page: Node) -> dict[str, Node]:
    """The tables of items by what they are called."""
    found = [node for node in page.all("details") if "items" in node.attributes.get("class", "").split()]
    return {plain(node.all("summary")[0].text): node for node in found}


@each_life
def test_every_item_is_named_and_the_contested_ones_stand_open(live: Live) -> None:
    outcome, said, _ = told(live)
    want, tables = expected(live()), item_tables(page_of(live))
    truths = {row.item: row for row in outcome.labelled.truths}
    places = {item.name: at for at, item in enumerate(outcome.labelled.spec.items)}
    opened = [name for name, table in tables.items() if "open" in table.attributes]
    contested = sorted(want.winners.keys() - want.accepted)
    rows = [row for table in tables.values() for row in rows_of(table)]
    kinds = {row[0]: name.partition(" ")[2] for name, table in tables.items() for row in rows_of(table)}

    assert opened == [name for name in tables if name.endswith(" contested")]
    assert len(opened) == bool(contested)
    assert {places[row[0].removesuffix(", gold")] for row in rows} == set(range(len(places)))
    assert len(rows) == len(places)
    for row in rows:
        item = places[row[0].removesuffix(", gold")]
        labels = [each[item] for each in outcome.labelled.answers.values() if item in each]
        votes, truth = labels.count(want.winners.get(item, -1)), truths.get(item)
        assert row[0].endswith(", gold") == (item in outcome.labelled.gold_items)
        if truth is None:
            assert kinds[row[0]].endswith(" without a label")
            assert row[1:5] == ["–", "0", "0", "–"]
            continue
        assert kinds[row[0]].split()[-1] == ("accepted" if item in want.accepted else "contested")
        assert row[1] == outcome.labelled.spec.task.form.describe(want.winners[item])
        assert row[2:4] == [str(votes), str(len(labels) - votes)]
        assert row[4] == f"{truth.confidence_q16 * 1_000 // 65_536 / 1_000:.3f}"
        described = outcome.labelled.spec.task.form.describe
        assert row[5] == (described(said.truth[item]) if item in said.truth else "–")
    for table in tables.values():
        sure = [row[4] for row in rows_of(table)]
        assert sure == sorted(sure)


def test_the_page_says_so_where_the_circuit_breaker_stopped_all_losses() -> None:
    outcome, said, times = told(life_with_forfeits)
    audit = Audit(items=8, right=8, right_by_majority=8, chance=32, gold=16, void=0)
    found = stopped(outcome, audit)

    before, after = (Page(render(each, said, times)).root for each in (outcome, found))

    captions = [plain(figures_of(page)["skill"].all("figcaption")[0].text) for page in (before, after)]
    assert captions[0].endswith("worse than chance, and a part of the stake is forfeit.")
    assert captions[1].endswith("would be forfeit, had the circuit breaker not stopped all losses.")
    assert "none, by the circuit breaker: 8 gold items found a verdict" in plain(after.text)
    assert "circuit breaker" not in plain(before.text)


def test_of_very_many_items_the_contested_ones_are_listed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, said, times = told(recorded_life)
    contested = sum(not row.accepted for row in outcome.labelled.truths)
    monkeypatch.setattr(listing, "MOST", contested + 2)

    first, second = item_tables(Page(render(outcome, said, times)).root).values()

    assert (len(rows_of(first)), len(rows_of(second))) == (contested, 2)
    left = len(outcome.labelled.truths) - contested - 2
    assert f"{left} more are left out: the page lists {contested + 2} items at most." in plain(second.text)
    assert "left out" not in first.text


def test_simulated_annotators_are_called_so() -> None:
    simulated, recorded = plain(page_of(simulated_life).text), plain(page_of(recorded_life).text)

    assert "Simulated. The 8 annotators are programs; no people gave these labels." in simulated
    assert "simulated as" in simulated
    assert "imulated" not in recorded
    assert "Replayed. A recorded crowd of 7" in recorded


def test_what_is_wrong_is_said() -> None:
    outcome, said, times = told(recorded_life)
    wrong = replace(
        outcome,
        verification=Report(ok=False, difference="item 3: winner [x] is <1>, recomputed 2"),
        balances=(Balance("left = right", 12_345, 12_346), outcome.balances[0]),
    )

    text = plain(Page(render(wrong, said, times)).root.text)

    assert "Not verified: item 3: winner [x] is <1>, recomputed 2" in text
    assert "Not conserved: left = right: 12345 and 12346" in text
    assert "✗ left = right 12,345 and 12,346" in text
    assert "Verified:" not in text
    assert "Conserved:" not in text
    empty = plain(Page(render(replace(outcome, balances=()), said, times)).root.text)
    assert "Not conserved: no sum could be made" in empty


def test_without_a_truth_agreement_stands_for_accuracy() -> None:
    life = recorded_life()
    found = collect(life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle)
    _, said, times = told(recorded_life)

    page = Page(render(found, replace(said, truth={}), times)).root

    assert list(figures_of(page)) == [name for name in FIGURES if name != "confusion"]
    assert "no truth was given" in page.text
    assert "the winner's" in [node.text for node in figures_of(page)["earnings"].all("th")]


def test_a_campaign_without_names_revenue_or_an_end() -> None:
    outcome, said, times = told(recorded_life)
    nothing = replace(outcome.dataset, paid=(), claimed=(), sold=(), balances={})
    bare = replace(
        outcome,
        dataset=nothing,
        campaign=replace(outcome.campaign, finalized=None),
        people=tuple(replace(person, payout=0, shares=0, labels=0) for person in outcome.people),
    )

    page = Page(render(bare, replace(said, names={}, gas={}), times)).root

    assert "revenue" not in figures_of(page)
    text = plain(page.text)
    assert "Of the escrow is still" not in text
    assert "The escrow is still locked" in text
    assert "Nobody owns a share yet" in text
    assert f"{str(outcome.people[0].account)[:6]}…" in text


# -------------------------------------------------------------------------- images


def test_items_are_shown_with_their_answers() -> None:
    life = simulated_life()
    outcome, said, _ = told(simulated_life)
    gallery = next(
        node for node in page_of(simulated_life).all("ul") if node.attributes.get("class") == "gallery"
    )

    winners, answers = outcome.labelled.winners(), outcome.labelled.answers
    places = {name: at for at, name in enumerate(life.crowd.items)}
    assert len(gallery.children) == min(12, len(winners))
    confidence = {row.item: row.confidence_q16 for row in outcome.labelled.truths}
    least = sorted(confidence, key=lambda item: (confidence[item], item))
    shown = [places[card.all("h3")[0].text.strip()] for card in gallery.children]
    assert shown[:9] == least[:9]
    assert [confidence[item] for item in shown] == sorted(confidence[item] for item in shown)
    for card in gallery.children:
        item = places[card.all("h3")[0].text.strip()]
        image = card.all("img")[0].attributes
        assert b64decode(image["src"].removeprefix("data:image/png;base64,")) == said.images[item]
        assert image["alt"] == f"{life.crowd.items[item]}, in truth {life.crowd.truth[item]}"
        given = sorted(each[item] for each in answers.values() if item in each)
        tiles = [node for node in card.all("span") if "answer" in node.attributes.get("class", "").split()]
        assert sorted(int(tile.text) for tile in tiles) == given
        wins = [int(tile.text) for tile in tiles if "wins" in tile.attributes["class"]]
        assert wins == [winners[item]] * given.count(winners[item])
        text = plain(card.text)
        assert f"confidence {confidence[item] * 1_000 // 65_536 / 1_000:.3f}" in text
        assert ("✓ right" in text) == (winners[item] == life.crowd.truth[item]) == ("✗ wrong" not in text)
        accepted = {row.item for row in outcome.labelled.truths if row.accepted}
        assert ("accepted" in text) == (item in accepted) == ("contested" not in text)
    assert plain(CREDIT) in plain(page_of(simulated_life).text)
    for word in ("Alpaydin", "CC BY 4.0", "10.24432/C50P49", "enlarged"):
        assert word in CREDIT


def test_without_images_there_is_no_gallery() -> None:
    assert page_of(recorded_life).all("img") == []
    assert "Items to look at" not in page_of(recorded_life).text


# ------------------------------------------------------------------------- hostility


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_a_name(name: str) -> None:
    """Annotators, kinds, token, title, items, classes and the difference; the tree stays what it is."""
    outcome, said, times = told(simulated_life)
    spec = outcome.labelled.spec
    form = spec.task.form
    short = name.encode(errors="replace").decode()[:256]  # what an item's name may be at all
    hostile = spec.model_copy(
        update={
            "title": name,
            "items": tuple(replace(item, name=short) for item in spec.items),
            "task": spec.task.model_copy(),
        }
    )
    hostile.task.__dict__["form"] = replace(form, classes=(name,) * form.n_classes)  # type: ignore[type-var]
    found = replace(
        outcome,
        labelled=replace(outcome.labelled, spec=hostile),
        unit=replace(outcome.unit, symbol=name),
        verification=Report(ok=False, difference=name),
    )
    names = dict.fromkeys(said.names, name)
    kinds = dict.fromkeys(said.kinds, name)

    html = render(found, replace(said, names=names, kinds=kinds, credit=name), times)

    page = Page(html).root
    assert page.all("h1")[0].text.strip() == clean(name).strip()
    assert page.all("title")[0].text == f"{clean(name)} – labelshare report"
    html.encode()
    assert "\x00" not in html
    assert "\u202e" not in html
    before, after = shape(page_of(simulated_life)), shape(page)
    assert after.keys() == before.keys()
    for tag in ("figure", "img", "h3", "details", "style", "meta"):
        assert after[tag] == before[tag]


def shape(page: Node) -> dict[str, int]:
    found: dict[str, int] = {}
    waiting = [page]
    while waiting:
        node = waiting.pop()
        found[node.tag] = found.get(node.tag, 0) + 1
        waiting += node.children
    return found


@each_life
def test_nothing_is_loaded_and_nothing_runs(live: Live) -> None:
    html = html_of(live)

    assert "<script" not in html
    assert not re.search(r"\son\w+\s*=", html)
    for value in re.findall(r"""(?:src|href|action|data|poster|srcset)\s*=\s*["']?([^"'\s>]*)""", html):
        assert value.startswith(("data:image/png;base64,", "#")), value
    for value in re.findall(r"url\(([^)]*)\)", html):
        assert value.startswith(("data:", "#")), value
    assert "@import" not in html
    assert "http:" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in html


@each_life
def test_the_policy_allows_its_own_style_and_images_alone(live: Live) -> None:
    page = page_of(live)
    policy = next(
        node.attributes["content"]
        for node in page.all("meta")
        if node.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = page.all("style")
    digest = b64encode(sha256(style.text.encode()).digest()).decode()

    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert page.all("head")[0].children[1].attributes["content"] == policy


# ------------------------------------------------------------------------ for everyone


@each_life
def test_headings_descend_and_pictures_have_words(live: Live) -> None:
    page = page_of(live)
    levels = [int(tag) for tag in re.findall(r"<h(\d)", html_of(live))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for figure in page.all("figure"):
        (picture,) = [svg for svg in figure.all("svg") if svg.attributes.get("role") == "img"]
        reading = figure.all("figcaption")[0].text.strip()
        assert reading.endswith(".")
        assert picture.attributes["aria-label"].endswith(reading)
        assert rows_of(figure)
        heads = [node.text for node in figure.all("thead")[0].all("th")]
        assert {len(row) for row in rows_of(figure)} == {len(heads)}
        assert figure.all("summary")[0].text.startswith("The same as a table")
    for svg in page.all("svg"):
        assert svg.attributes.get("aria-hidden") == "true" or svg.attributes.get("role") == "img"
    assert all(image.attributes["alt"] for image in page.all("img"))
    names = re.findall(r'\sid="([^"]*)"', html_of(live))
    assert len(names) == len(set(names))
    for reference in re.findall(r'aria-labelledby="([^"]*)"', html_of(live)):
        assert reference in names
    assert page.all("html")[0].attributes["lang"] == "en"


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_stand_out(scheme: int) -> None:
    """WCAG AA: 4.5 for words, 3 for marks."""
    (style,) = page_of(recorded_life).all("style")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", style.text.split(":root {")[1 + scheme]))
    for ground in ("paper", "card"):
        for ink in ("ink", "quiet", "good", "bad", "amber-ink", "teal"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for mark in ("blue", "teal", "amber", "violet", "rose", "slate", "mark"):
            assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)
    for ground in ("blue", "teal"):
        assert contrast(colours["on-deep"], colours[ground]) >= 4.5, ground


# ---------------------------------------------------------------------------- files


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """What the command line exits with."""
    monkeypatch.setattr(sys, "argv", ["labelshare", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_line_writes_it_and_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    labels, path = tmp_path / "labels.csv", tmp_path / "[red]page.html"
    labels.write_text("item,worker,label\na,<i>v</i>,x\na,w,y\na,u,x\nb,<i>v</i>,x\nb,w,x\n")

    assert run(monkeypatch, "replay", labels, "--report", path) == 0

    assert capsys.readouterr().out.splitlines()[-1] == f"report: {path}"
    page = Page(path.read_text(encoding="utf-8")).root
    assert "<i>v</i>" in page.text
    assert list(figures_of(page)) == [name for name in FIGURES if name not in ("revenue", "confusion")]

    assert run(monkeypatch, "replay", labels, "--json", "--report", tmp_path / "other.html") == 0
    assert json.loads(capsys.readouterr().out)["verified"]
    assert (tmp_path / "other.html").exists()


def test_a_place_that_is_none_is_told_before_any_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "demo", "--report", tmp_path / "none" / "page.html") == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("labelshare: cannot write a report to")
    assert "deploy" not in captured.err


def test_a_page_is_written_or_refused(tmp_path: Path) -> None:
    html = html_of(recorded_life)
    prepare(tmp_path / "page.html")
    save(tmp_path / "page.html", html)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == html
    for wrong in (tmp_path, tmp_path / "none" / "page.html"):
        with pytest.raises(InputError, match="cannot write a report to"):
            prepare(wrong)
        with pytest.raises(InputError, match="cannot write a report to"):
            save(wrong, html)


def test_the_same_outcome_gives_the_same_page() -> None:
    assert render(*told(recorded_life)) == html_of(recorded_life)


def test_only_the_first_of_very_many_have_a_row() -> None:
    outcome, said, times = told(recorded_life)
    many = tuple(replace(outcome.people[0], account=Address(at.to_bytes(20, "big"))) for at in range(1_500))

    page = Page(render(replace(outcome, people=many), said, times)).root

    everyone = next(node for node in page.all("details") if node.attributes.get("class") == "wide")
    assert len(rows_of(everyone)) == 1_000
    assert "(the first 1000)" in everyone.text
