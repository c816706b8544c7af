"""Writes web/tests/specs.json: what a requester decides, and what Python makes of it, bytes and amounts.

Run it (`python -m tests.web.spec_vectors`) after the spec's rules changed. Python is given no default, so
that those of the page are held against Python's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from labelshare.client.schedules import Steps
from labelshare.protocol.evidence import ScoreRow
from labelshare.protocol.quote import escrow_for, share_cap_for
from labelshare.protocol.spec import Spec
from labelshare.report.interval import interval
from labelshare.types import Address
from tests.conftest import ROOT
from tests.web.region_vectors import BOXES, SPANS

FILE = ROOT / "web" / "tests" / "specs.json"
CHOICES = '<Choices name="answer" toName="text" choice="{}"><Choice value="a"/><Choice value="b"/></Choices>'
CONFIGS = {
    "single-choice.v1": f'<View><Text name="text" value="$text"/>{CHOICES.format("single")}</View>',
    "multi-label.v1": f'<View><Text name="text" value="$text"/>{CHOICES.format("multiple")}</View>',
    "pairwise.v1": (
        '<View>\n<Text name="left" value="$left"/>\t<Text name="right" value="$right"/>'
        '<Pairwise name="better" toName="left,right"/></View>'
    ),
    "numeric.v1": (
        '<View><Image name="i" value="$i"/><Number name="n" toName="i" min="-1" max="1" step="0.5"/></View>'
    ),
    "boxes.v1": BOXES,
    "spans.v1": SPANS,
}
STRANGE = 'Züge, „quoted“ "twice" \\ / \u2028 \x7f \x01 \b\f\n\r\t 😀 </script> é e\u0301'
REGIONS = {"boxes.v1", "spans.v1"}
ROOT_OF_GOLD = "0x" + "ab" * 32


def decisions() -> Iterator[dict[str, Any]]:
    """As web/src/fund/makeSpec.ts takes them; amounts as decimal strings."""
    plain: dict[str, Any] = {
        "title": "Moods",
        "instructions": "Say how the text sounds.",
        "kind": "single-choice.v1",
        "config": CONFIGS["single-choice.v1"],
        "items": [{"digest": f"{item:064x}", "name": f"text {item}"} for item in range(12)],
        "price": str(10**17),
        "shareWeight": str(10**18),
        "seconds": 10,
        "k": 5,
        "capBps": 2_000,
        "aggregation": "dawid-skene.v1",
        "acceptance": 60,
        "pay": "skill.v1",
        "shares": "skill.v1",
        "slash": False,
        "gold": None,
    }
    yield plain
    for kind, config in CONFIGS.items():
        if kind in REGIONS:
            near = {"overlapBps": 5_000, "alikeBps": 8_000}
            yield plain | {"kind": kind, "config": config, "near": near, "aggregation": "majority.v1"}
        else:
            yield plain | {"kind": kind, "config": config}
    near = {"overlapBps": 1, "alikeBps": 10_000}
    yield plain | {
        "kind": "boxes.v1",
        "config": BOXES,
        "near": near,
        "aggregation": "majority.v1",
        "k": 16,
    }
    yield plain | {
        "title": STRANGE,
        "instructions": STRANGE * 3,
        "items": [{"digest": "0" * 64, "name": STRANGE}],
    }
    yield plain | {
        "items": [{"digest": "f" * 64}],
        "price": "1",
        "shareWeight": str(10**21),
        "k": 1,
        "instructions": "",
    }
    yield plain | {"aggregation": "majority.v1", "pay": "flat.v1", "shares": "flat.v1", "acceptance": 100}
    yield plain | {"aggregation": "committee.v1", "acceptance": 51, "capBps": 100, "seconds": 86_400}
    yield plain | {"gold": {"root": ROOT_OF_GOLD, "count": 7}}
    yield plain | {"gold": {"root": ROOT_OF_GOLD, "count": 12}, "slash": True}


def spec_of(decided: dict[str, Any]) -> Spec:
    part = Fraction(decided["acceptance"], 100)
    gold, items, near = decided["gold"], decided["items"], decided.get("near")
    task = {"type": decided["kind"], "config": decided["config"]}
    if near and near != {"overlapBps": 5_000, "alikeBps": 8_000}:
        task |= {"overlap_bps": near["overlapBps"], "alike_bps": near["alikeBps"]}
    return Spec.of(
        {
            "title": decided["title"],
            "instructions": decided["instructions"],
            "task": task,
            "items": items,
            "price": decided["price"],
            "share_weight": decided["shareWeight"],
            "seconds_per_label": decided["seconds"],
            "redundancy": {"policy": "fixed.v1", "k": decided["k"]},
            "assignment": {"policy": "rendezvous.v1", "cap_bps": decided["capBps"]},
            "aggregation": {"policy": decided["aggregation"]},
            "acceptance": {
                "policy": "threshold.v1",
                "numerator": part.numerator,
                "denominator": part.denominator,
            },
            "skill": {"policy": "leave-one-out.v1"},
            "pay": {"policy": decided["pay"]},
            "shares": {"policy": decided["shares"]},
            "slash": {"policy": "skill-and-gold.v1" if decided["slash"] else "none.v1"},
            "gold": {"policy": "merkle.v1", **gold} if gold else {"policy": "none.v1"},
        }
    )


def specs() -> Iterator[dict[str, Any]]:
    for decided in decisions():
        spec = spec_of(decided)
        yield {
            "decided": decided,
            "canonical": spec.canonical_bytes.decode(),
            "hash": str(spec.hash),
            "escrow": {str(bps): str(escrow_for(spec, bps)) for bps in (0, 1, 500, 10_000)},
            "shareCap": str(share_cap_for(spec)),
        }


def schedules() -> Iterator[dict[str, Any]]:
    for steps in (Steps(), Steps(rounds=3, tries=1, round_length=400_000), Steps(accept=60, window=200_000)):
        line = steps.schedule(0)
        lengths = {
            ("".join([h, *(w.title() for w in rest)])): value
            for name, value in asdict(steps).items()
            for h, *rest in [name.split("_")]
        }
        yield {
            "lengths": lengths,
            "commitEnd": line.commit_end,
            "revealEnd": line.reveal_end,
            "hardEnd": line.hard_end,
        }


def intervals() -> Iterator[dict[str, Any]]:
    for compared, agreed, chance, items, gold, weight in (
        (40, 33, 160, 10, 0, 1),
        (25, 25, 120, 12, 3, 5),
        (1, 0, 0, 1, 0, 1),
        (4, 4, 8, 2, 1, 5),
        (0, 0, 0, 0, 0, 1),
    ):
        row = ScoreRow(
            annotator=Address(bytes(20)),
            labels=compared,
            accepted=0,
            contested=0,
            unopened=0,
            compared=compared,
            agreed=agreed,
            chance=chance,
            items=items,
            gold=gold,
            gold_right=0,
            skill_q16=0,
            flagged=False,
        )
        given = {"compared": compared, "agreed": agreed, "chance": str(chance), "items": items, "gold": gold}
        found = interval(row, weight)
        yield {"row": given, "weight": weight, "interval": None if found is None else asdict(found)}


def text() -> str:
    """What the file holds."""
    found = {"specs": list(specs()), "schedules": list(schedules()), "intervals": list(intervals())}
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
