"""Writes web/tests/regions.json: what Python makes of results, labels and crowds of regions.

Run it (`python -m tests.web.region_vectors`) after the rules of regions changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from labelshare.errors import LabelError
from labelshare.protocol.groups import groups_of
from labelshare.protocol.labels import Regions, read_form
from labelshare.protocol.spec import RegionTask
from labelshare.types import keccak
from tests.conftest import ROOT

FILE = ROOT / "web" / "tests" / "regions.json"
BOXES = (
    '<View><RectangleLabels name="things" toName="image" canRotate="false"><Label value="car"/>'
    '<Label value="person" alias="p"/></RectangleLabels><Image name="image" value="$image"/></View>'
)
SPANS = (
    '<View><Labels name="names" toName="text"><Label value="PER"/><Label value="LOC"/></Labels>'
    '<Text name="text" value="$text"/></View>'
)
SEED = keccak(b"region vector seed")
HUGE = 1e308


def results() -> Iterator[tuple[str, Any]]:
    """Results as editors, and others, could send them."""
    box = {"x": 10, "y": 20.5, "width": 33.333333, "height": 0.01, "rotation": 0, "rectanglelabels": ["car"]}
    span = {"start": 3, "end": 7, "labels": ["PER"]}

    def boxes(*values: Any, **region: Any) -> tuple[str, Any]:
        common = {"from_name": "things", "to_name": "image", "type": "rectanglelabels"}
        return "boxes.v1", [common | {"value": value} | region for value in values]

    def spans(*values: Any, **region: Any) -> tuple[str, Any]:
        common = {"from_name": "names", "to_name": "text", "type": "labels"}
        return "spans.v1", [common | {"value": value} | region for value in values]

    yield boxes()
    yield boxes(box)
    yield boxes(box, box, box | {"rectanglelabels": ["p"]})
    yield boxes(*(box | {"x": x / 10} for x in reversed(range(100))))
    yield boxes(*(box | {"x": x / 10} for x in range(101)))
    yield boxes(*(box for _ in range(101)))
    yield boxes(box, id="r1", original_width=3, score=None)
    for x, width in (
        (-5, 20),
        (95, 20),
        (0.005, 0.01),
        (0.004999, 0.01),
        (14.285714285714286, 28.571428571428573),
        (99.995, 5),
        (99.9949, 5),
        (-HUGE, HUGE),
        (HUGE, HUGE),
        (1.005, 1.005),
        (0.1 + 0.2, 0.7),
        (100, 5),
        (50, 0),
        (50, -10),
        (0, 100),
        (1e-320, 1e-3),
    ):
        yield boxes(box | {"x": x, "width": width})
    strange: tuple[Any, ...] = (None, "5", True, [], {})
    for wrong in strange:
        yield boxes(box | {"x": wrong})
        yield boxes(box | {"rotation": wrong})
        yield boxes(box | {"rectanglelabels": wrong})
        yield boxes(box | {"rectanglelabels": [wrong]})
        yield boxes(wrong)
        yield boxes(box, from_name=wrong)
        yield spans(span | {"end": wrong})
    yield boxes(box | {"rotation": 0.5})
    yield boxes({name: value for name, value in box.items() if name != "rotation"})
    yield boxes({name: value for name, value in box.items() if name != "width"})
    yield boxes(box | {"rectanglelabels": ["person"]})
    yield boxes(box | {"rectanglelabels": ["car", "p"]})
    yield boxes(box, type="labels")
    yield spans()
    yield spans(span, span, span | {"start": 4.0, "text": "x", "globalOffsets": {"start": 1}})
    yield spans(span | {"labels": ["LOC"]}, span)
    for start, end in ((0, 2**32 - 1), (0, 2**32), (-1, 3), (7, 7), (8, 7), (0.5, 3), (0, HUGE), (-0.0, 1)):
        yield spans(span | {"start": start, "end": end})
    yield "spans.v1", {}
    yield "boxes.v1", None
    yield "boxes.v1", [[]]


def labels() -> Iterator[tuple[str, bytes]]:
    """Bytes that are labels, and some that nearly are."""
    one, two = bytes.fromhex("0000 0001 0002 0003 0004"), bytes.fromhex("0001 0000 0000 2710 2710")
    for body in (
        b"",
        one,
        one + two,
        two + one,
        one + one,
        one[:-1],
        one + b"\0",
        two.replace(b"\x27", b"\x28"),
    ):
        yield "boxes.v1", b"\5" + body
        yield "boxes.v1", b"\6" + body
    yield "boxes.v1", b"\5" + bytes.fromhex("0002 0001 0002 0003 0004")
    yield "boxes.v1", b"\5" + bytes.fromhex("0000 0001 0002 0000 0004")
    many = b"".join(number.to_bytes(4, "big") + bytes.fromhex("0000 0001 0001") for number in range(101))
    yield "boxes.v1", b"\5" + many[: 100 * 10]
    yield "boxes.v1", b"\5" + many
    three, four = bytes.fromhex("0000 00000003 00000007"), bytes.fromhex("0001 00000000 ffffffff")
    for body in (b"", three, three + four, four + three, three[:-1], bytes.fromhex("0000 00000003 00000003")):
        yield "spans.v1", b"\6" + body
    yield "spans.v1", b""


def crowd(random: Random, form: Regions) -> dict[bytes, int]:
    """Labels of one item: a few people who saw about the same, and a few who did not."""
    true = [_region(random, form) for _ in range(random.randrange(4))]
    found: dict[bytes, int] = {}
    for _ in range(random.randrange(1, 9)):
        kept = [_shaken(random, form, each) for each in true if random.random() < 0.9]
        if random.random() < 0.15:
            kept.append(_region(random, form))
        label = form.tag + b"".join(sorted({form.layout.pack(*each) for each in kept}))
        found[label] = found.get(label, 0) + random.choice((1, 1, 1, 2))
    return found


def _region(random: Random, form: Regions) -> tuple[int, ...]:
    first, second = random.randrange(60) * 100, random.randrange(60) * 100
    size = random.randrange(1, 40) * 100, random.randrange(1, 40) * 100
    if form.kind == "boxes.v1":
        return (random.randrange(2), first, second, *size)
    return (random.randrange(2), first, first + size[0])


def _shaken(random: Random, form: Regions, region: tuple[int, ...]) -> tuple[int, ...]:
    """About the same region, on a coarse grid so that bounds are hit exactly now and then."""
    of, *where = region
    moved = [max(0, each + 100 * random.choice((-3, -1, 0, 0, 0, 1, 3))) for each in where]
    if form.kind == "boxes.v1":
        x, y, w, h = moved
        return of, x, y, max(100, min(w, 10_000 - x)), max(100, min(h, 10_000 - y))
    return of, moved[0], max(moved[0] + 1, moved[1])


def groups() -> Iterator[dict[str, Any]]:
    random = Random(21)
    for number in range(240):
        kind, config = ("boxes.v1", BOXES) if number % 2 else ("spans.v1", SPANS)
        near = {
            "overlap_bps": random.choice((1, 3_333, 5_000, 7_500, 10_000)),
            "alike_bps": random.choice((1, 5_000, 6_667, 8_000, 10_000)),
        }
        task = RegionTask.model_validate(near | {"type": kind, "config": config})
        votes = crowd(random, task.form)
        item = random.choice((0, 7, 2**32 - 1))
        found = groups_of(task, SEED, item, votes)
        yield near | {
            "kind": kind,
            "item": item,
            "votes": {"0x" + label.hex(): count for label, count in votes.items()},
            "groups": [
                {
                    "centre": "0x" + members[0].hex(),
                    "labels": sorted("0x" + each.hex() for each in members),
                    "count": sum(votes[each] for each in members),
                }
                for members in found
                if members
            ],
        }


def text() -> str:
    """What the file holds."""
    forms = {"boxes.v1": read_form("boxes.v1", BOXES), "spans.v1": read_form("spans.v1", SPANS)}

    def read(kind: str, result: Any) -> dict[str, Any]:
        try:
            answer = forms[kind].from_result(result)
        except LabelError:
            return {"kind": kind, "result": result, "label": None}
        label = forms[kind].encode(answer)
        again = {"words": forms[kind].describe(answer), "again": forms[kind].to_result(answer)}
        return {"kind": kind, "result": result, "label": "0x" + label.hex(), **again}

    def good(kind: str, label: bytes) -> bool:
        try:
            return forms[kind].decode(label) == int.from_bytes(label, "big")
        except LabelError:
            return False

    found = {
        "seed": str(SEED),
        "results": [read(*each) for each in results()],
        "labels": [
            {"kind": kind, "label": "0x" + label.hex(), "good": good(kind, label)} for kind, label in labels()
        ],
        "groups": list(groups()),
    }
    return json.dumps(found, separators=(",", ":")).replace('{"kind"', '\n{"kind"') + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
