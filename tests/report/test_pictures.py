"""Pictures are valid by themselves, say the numbers they are given, and take names as names."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from fractions import Fraction
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as Xml
import pytest

from labelshare.report.pictures.canvas import WIDTH, Canvas, Figure, clean, count, fit, nice_step, percent
from labelshare.report.pictures.image import grey_png
from labelshare.report.pictures.labels import MOST_TILES, Verdict, agreement, completion, confusion
from labelshare.report.pictures.marks import MARKS, mark, radius
from labelshare.report.pictures.money import Claim, Node, Payment, flow, revenue, streamed
from labelshare.report.pictures.people import Dot, Holder, bars, earnings, ownership

SVG = "{http://www.w3.org/2000/svg}"
DAY = 86_400
HOSTILE = (
    "<script>alert(1)</script>",
    "</svg><img src=x onerror=alert(1)>",
    "\"'><b onclick='x'>",
    "]]></title></text>",
    "&lt;&amp;&#x41;",
    "\U0001f600\U0001f9d1‍\U0001f33e",
    "a\x00b\x1b[31m\u202egnp\ud800",
    "名" * 200,
    "x" * 5_000,
)


def drawn(svg: str) -> Element:
    """The picture as XML; nothing in it but shapes and words, nothing loaded, nothing wider than it is."""
    root: Element = Xml.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    left, top, width, height = map(float, str(root.get("viewBox")).split())
    assert (left, top, width) == (0, 0, WIDTH)
    for node in root.iter():
        assert node.tag.removeprefix(SVG) in {"svg", "rect", "path", "text", "title"}
        assert set(node.attrib) <= {
            *("role", "aria-label", "viewBox", "class", "x", "y", "width", "height", "d", "text-anchor")
        }
        if node.tag == f"{SVG}rect":
            box = [float(str(node.get(name))) for name in ("x", "y", "width", "height")]
            assert min(box) >= 0
            assert box[0] + box[2] <= WIDTH + 0.2
            assert box[1] + box[3] <= height + 0.2
        if node.tag == f"{SVG}text":
            assert 0 <= float(str(node.get("x"))) <= WIDTH
            assert 0 <= float(str(node.get("y"))) <= height
    return root


def words(root: Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def tips(root: Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}title")]


def boxes(root: Element, kind: str) -> list[Element]:
    return [node for node in root.iter(f"{SVG}rect") if kind in str(node.get("class")).split()]


def show(amount: int) -> str:
    return f"{amount} X"


def whole(figure: Figure) -> Element:
    """A figure that has all it must have."""
    assert figure.reading.endswith(".")
    assert figure.title
    assert figure.rows
    assert {len(row) for row in figure.rows} == {len(figure.columns)}
    return drawn(figure.svg)


# ---------------------------------------------------------------------------- words


@pytest.mark.parametrize("name", HOSTILE)
def test_every_picture_takes_a_name_as_a_name(name: str) -> None:
    canvas = Canvas(name, 10)
    canvas.text(0, 5, name)
    canvas.rect(0, 0, 1, 1, "x", name)
    root = drawn(canvas.svg())
    assert words(root) == tips(root) == [root.get("aria-label")] == [clean(name)]

    dot = Dot(name, 0, 4, 2, 4, 8)
    figures = [
        flow([Node(name, 10, "pay", (Node(name, 4, "fee"),))], [show], "It."),
        confusion({(0, 0): 2, (0, 1): 1}, lambda at: f"{name}{at}"),
        earnings([dot], [name, name], 3, show, symbol=name, against="right", reading="It."),
        ownership([Holder(name, 5)], show),
    ]
    for figure in figures:
        assert max(map(len, words(whole(figure)))) < 60
    drawn(bars(name, [(name, 1, name[:9], "x")]))


def test_a_name_is_cut_by_its_columns() -> None:
    assert fit("abc", 3) == "abc"
    assert fit("abcd", 3) == "ab…"
    assert fit("名名名", 4) == "名…"
    assert fit("", 0) == ""


def test_numbers_in_words() -> None:
    assert percent(1, 3) == "33\u00a0%"
    assert percent(1, 3, 2) == "33.33\u00a0%"
    assert percent(0, 0) == "–"
    assert (count(1, "item"), count(1_000, "item"), count(2, "of", "ofs")) == (
        "1 item",
        "1,000 items",
        "2 ofs",
    )
    assert [nice_step(most) for most in (0, 1, 4, 5, 9, 40, 90, 1_000)] == [1, 1, 1, 2, 5, 10, 50, 500]


# ---------------------------------------------------------------------------- money


def test_streams_are_as_wide_as_what_flows() -> None:
    tree = Node(
        "escrow", 100, "escrow", (Node("pay", 60, "pay"), Node("fee", 10, "fee"), Node("rest", 30, "x"))
    )

    root = whole(flow([tree], [show], "It."))

    heights = {kind: float(str(boxes(root, kind)[0].get("height"))) for kind in ("escrow", "pay", "fee", "x")}
    assert heights == {"escrow": 150, "pay": 90, "fee": 15, "x": 45}
    assert "60 X" in words(root)
    assert "escrow → fee: 10 X" in tips(root)
    assert ("escrow", "rest", "30 X", "30.0\u00a0%") in flow([tree], [show], "It.").rows


def test_a_part_of_nothing_is_named_and_not_drawn() -> None:
    root = whole(flow([Node("escrow", 0, "escrow", (Node("pay", 0, "pay"),))], [show], "It."))

    assert "pay" in words(root)
    assert not list(root.iter(f"{SVG}path"))


@pytest.mark.parametrize(
    ("payments", "corners"),
    [
        ([Payment(0, 70, 70, 7 * DAY)], [(0, 0), (7 * DAY, 70)]),
        (
            [Payment(0, 70, 70, 7 * DAY), Payment(DAY, 30, 90, 5 * DAY)],
            [(0, 0), (DAY, 10), (DAY, 10), (5 * DAY, 100)],
        ),
        (
            [Payment(0, 70, 70, 7 * DAY), Payment(9 * DAY, 7, 7, 16 * DAY)],
            [(0, 0), (7 * DAY, 70), (9 * DAY, 70), (16 * DAY, 77)],
        ),
        ([Payment(5, 70, 70, 5)], [(5, 0), (5, 70)]),
    ],
)
def test_revenue_streams_in_straight_lines(payments: list[Payment], corners: list[tuple[int, int]]) -> None:
    assert streamed(payments) == corners


def test_revenue_over_time() -> None:
    claims = [Claim(8 * DAY, 5), Claim(3 * DAY, 10)]

    figure = revenue([Payment(0, 70, 70, 7 * DAY)], claims, show, "It.")

    root = whole(figure)
    assert figure.rows == (
        ("0.00", "paid in", "70 X"),
        ("3.00", "claimed", "10 X"),
        ("8.00", "claimed", "5 X"),
    )
    assert [word for word in words(root) if word.isdigit()] == list("012345678")
    assert whole(revenue([Payment(9, 1, 1, 9)], [], show, "It.")) is not None


# --------------------------------------------------------------------------- labels

VERDICTS = [
    *[Verdict(5, 5, accepted=True)] * 3,
    *[Verdict(5, 3, accepted=True)] * 2,
    *[Verdict(5, 2, accepted=False)] * 4,
    *[Verdict(2, 1, accepted=False)],
    *[Verdict(0, 0, accepted=False)] * 2,
]


def test_completion_by_tiles_and_by_bars() -> None:
    few, many = completion(VERDICTS, 5), completion(VERDICTS * 200, 5)

    assert len(VERDICTS) <= MOST_TILES < len(VERDICTS) * 200
    assert few.reading.startswith(
        "9 of 12 items have the 5 labels asked for; 5 are accepted, 5 contested, 2 without a label;"
    )
    assert few.rows == (("0", "0", "0", "2"), ("2", "0", "1", "0"), ("5", "5", "4", "0"))
    tiles = {str(node.get("class")): str(node.get("d")).count("M") for node in whole(few).iter(f"{SVG}path")}
    assert tiles == {"depth0": 12, "accepted solid": 5, "contested solid": 5}
    assert "asked for: 5" in words(whole(many))
    assert "1,000 items accepted" in tips(whole(many))
    assert [kind for kind, _ in few.legend] == ["accepted", "contested", "unlabelled"]
    assert [kind for kind, _ in completion(VERDICTS[:3], 5).legend] == ["accepted"]


def test_what_a_recorded_crowd_gave_is_not_measured_by_what_one_item_has() -> None:
    """Nobody asked for as many as the most that an item has: a tile is full from the middle of them on."""
    given = [Verdict(5, 4, accepted=True)] * 4 + [
        Verdict(58, 50, accepted=True),
        Verdict(2, 1, accepted=False),
    ]

    figure, alike, many = (completion(each, None) for each in (given, given[:4], given * 300))

    assert figure.reading.startswith("The crowd gave 6 items 2 to 58 labels, 5 the median; 5 are accepted,")
    assert figure.reading.endswith("in their order, full from 5 labels on.")
    paths = {str(node.get("class")): str(node.get("d")) for node in whole(figure).iter(f"{SVG}path")}
    assert paths["accepted solid"].count("M") == 5
    filled, whole_ = (set(re.findall(r"v-?([\d.]+)", paths[kind])) for kind in ("accepted solid", "depth0"))
    assert filled == whole_  # each is full
    assert alike.reading.startswith("The crowd gave each of 4 items 5 labels; 4 are accepted,")
    assert not [word for word in words(whole(many)) if "asked for" in word]


@pytest.mark.parametrize(
    "verdicts", [[], [Verdict(0, 0, accepted=False)], [Verdict(700, 700, accepted=True)] * 2_000]
)
def test_completion_of_nothing_and_of_very_much(verdicts: list[Verdict]) -> None:
    drawn(completion(verdicts, 500).svg)
    drawn(completion(verdicts, None).svg)
    drawn(agreement(verdicts, Fraction(1)).svg)


def test_agreement_with_its_threshold() -> None:
    figure = agreement(VERDICTS, Fraction(3, 5))

    root = whole(figure)
    assert figure.reading.startswith("On 3 of 10 items all labels agree")
    assert "the 5 contested ones" in figure.reading
    assert figure.rows == (
        ("40 % to 45 %", "0", "4"),
        ("50 % to 55 %", "0", "1"),
        ("60 % to 65 %", "2", "0"),
        ("95 % to 100 %", "3", "0"),
    )
    line = next(node for node in root.iter(f"{SVG}path") if node.get("class") == "mark")
    x = float(str(line.get("d"))[1:].split()[0])
    left = [float(str(box.get("x"))) for box in boxes(root, "contested")]
    right = [float(str(box.get("x"))) for box in boxes(root, "accepted")]
    assert max(left) < x < min(right)


def test_confusion_of_a_few_classes() -> None:
    figure = confusion({(0, 0): 7, (0, 1): 3, (1, 1): 5}, "ab".__getitem__)

    root = whole(figure)
    assert figure.reading == (
        "12 of 15 items stand on the diagonal, where the winner is right; most often off it, 3 times, “a” "
        "was taken for “b”."
    )
    assert figure.rows[0] == ("a", "b", "3")
    assert [word for word in words(root) if word.isdigit()] == ["7", "3", "5"]
    assert "truth a, winner b: 3 (30\u00a0% of the row)" in tips(root)
    assert "none is off it" in confusion({(0, 0): 7}, "ab".__getitem__).reading


def test_confusion_of_many_classes_keeps_the_most_mistaken_apart() -> None:
    pairs = Counter({(at, at): 10 for at in range(500)}) + Counter({(400, 499): 9, (3, 400): 2})

    figure = confusion(pairs, lambda at: f"class {at}")

    shown = words(whole(figure))
    assert {"class 3", "class 400", "class 499", "489 others"} <= set(shown)
    assert sum(int(word.replace(",", "")) for word in shown if word.replace(",", "").isdigit()) == 5_011
    assert len(figure.rows) == 502


# --------------------------------------------------------------------------- people


def test_earnings_stand_where_they_belong() -> None:
    dots = [Dot("good", 0, 10, 10, 10, 100), Dot("bad", 1, 10, 0, 10, 0), Dot("unknown", 1, 5, 0, 0, 9)]

    figure = earnings(dots, ["a", "b"], 10, show, symbol="X", against="right", reading="It.")

    marks = [node for node in whole(figure).iter(f"{SVG}path") if "dot" in str(node.get("class"))]
    assert [str(node.get("class")).split()[0] for node in marks] == ["group0", "group1"]
    good, bad = (
        tuple(map(float, str(node.get("d"))[1:].replace("a", " ").replace("l", " ").split()[:2]))
        for node in marks
    )
    assert good[0] > bad[0] + 250
    assert good[1] < bad[1] - 150
    assert figure.rows[2] == ("unknown", "b", "5", "–", "1 X", "9 X")
    assert [name for _, name in figure.legend] == ["a", "b"]
    alone = earnings(dots[:1], [""], 0, show, symbol="X", against="right", reading="It.")
    assert alone.legend == ()
    assert len(whole(alone)) > 0


def test_marks_differ_by_shape_as_well() -> None:
    assert len({mark(group, 8, 8, 6) for group in range(MARKS)}) == MARKS
    assert mark(0, 1, 1, 1) == mark(MARKS, 1, 1, 1)
    assert radius(4, 4) == 2 * radius(1, 4) > radius(0, 0) == 3


@pytest.mark.parametrize("number", [0, 1, 12, 13, 14, 500])
def test_owners_with_the_tail_folded(number: int) -> None:
    holders = [Holder(f"holder {at}", 1 + at) for at in range(number)]

    figure = ownership(holders, show)

    root = drawn(figure.svg)
    assert len(figure.rows) == number
    assert len(list(root.iter(f"{SVG}rect"))) == (min(number, 13))
    assert (f"{number - 12} others" in words(root)) == (number > 13)
    if number:
        assert figure.rows[0][0] == f"holder {number - 1}"
        drawn_parts = [float(word.split("\u00a0")[0]) for word in words(root) if word.endswith("%")]
        assert sum(drawn_parts) == pytest.approx(100, abs=1)


# --------------------------------------------------------------------------- images


def test_an_image_is_enlarged_and_kept() -> None:
    ink = [0, 16, 16, 0]

    png = grey_png(ink, 2, most=16, scale=4)

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (8, 8)
    start = png.index(b"IDAT")
    (size,) = struct.unpack(">I", png[start - 4 : start])
    raw = zlib.decompress(png[start + 4 : start + 4 + size])
    rows = [raw[at * 9 + 1 : at * 9 + 9] for at in range(8)]
    assert [rows[y][x] for y, x in ((0, 0), (0, 7), (7, 0), (7, 7))] == [255, 0, 0, 255]
    flat = grey_png([16] * 4, 2, most=16, scale=4)
    assert len(flat) < len(png)
