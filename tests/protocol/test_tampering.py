"""Every field of every line of a bundle, altered one by one, is caught, with the posted hash recomputed.

With LABELSHARE_DEEP=1 each is altered in every way there is; else in some, which differ from field to field.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from labelshare.protocol import canonical
from labelshare.protocol.evidence import bundle_hash
from labelshare.protocol.record import Record
from labelshare.protocol.verify import verify
from tests.protocol.test_settlement import rendezvous_world
from tests.protocol.world import World, modelled_world, propose, small_world

Path = tuple[str | int, ...]

DEEP = os.environ.get("LABELSHARE_DEEP") == "1"
ONE_IN = 4  # alterations of a field, of which a quick run tries one


def small_rendezvous() -> World:
    world = rendezvous_world()
    assert world.own
    return world


def small_public() -> World:
    """Three opened on chain; one of them sent something void, too."""
    world = small_world()
    for name in ("ann", "bob", "dan"):
        world.reveal(name)
    world.reveal("cat", labels=b"")
    return world


SMALL = small_world()
WORLDS = {
    "given": SMALL,
    "rendezvous": small_rendezvous(),
    "public": small_public(),
    "modelled": modelled_world(),
    "committee": modelled_world(aggregation={"policy": "committee.v1"}),
}
BUILT = {name: world.build_public() if name == "public" else world.build() for name, world in WORLDS.items()}
LINES = {name: list(built.lines()) for name, built in BUILT.items()}
RECORDS = {
    name: propose(world.record(), BUILT[name], public=name == "public") for name, world in WORLDS.items()
}


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value inside a JSON value, containers included."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from paths(value[name], (*path, name))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from paths(inner, (*path, place))


def others(value: Any) -> Iterator[Any]:
    """Values of the same type that differ as little as possible, and some that differ in type."""
    yield None
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, 0 if value else 7)
    elif isinstance(value, str) and value.startswith("0x"):
        yield from (value + "00", value[:-2], value.upper().replace("0X", "0x"))
        for place in {2, len(value) // 2, len(value) - 1} & set(range(2, len(value))):
            yield value[:place] + format(int(value[place], 16) ^ 1, "x") + value[place + 1 :]
    elif isinstance(value, str) and value.isdecimal():
        yield from (str(int(value) + 1), "0" + value, "-" + value, int(value))
    elif isinstance(value, str):
        yield from (value + "x", value[1:], "")
    elif isinstance(value, list):
        yield from ([*value, 0], [*value, "0x"], value[:-1], value[1:], value[::-1], value * 2)
    elif isinstance(value, dict):
        yield from (value | {"extra": 1}, dict(list(value.items())[1:]))


def altered(value: Any, path: Path) -> Iterator[Any]:
    """The value with what stands at a path replaced, once for each replacement, and once left out."""
    for other in others(at(value, path)):
        changed = copy.deepcopy(value)
        at(changed, path[:-1])[path[-1]] = other
        yield changed
    changed = copy.deepcopy(value)
    del at(changed, path[:-1])[path[-1]]
    yield changed


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def reposted(record: Record, bundle: bytes) -> Record:
    """The record as if the altered bundle were the one posted."""
    assert record.posted is not None
    settlement = replace(record.posted.settlement, bundle_hash=bundle_hash([bundle]))
    return replace(record, posted=replace(record.posted, settlement=settlement))


def alterations(line: bytes, turn: int) -> Iterator[bytes]:
    """Other lines in its place: all in a deep run, else some of each field, `turn` says which."""
    for number, differing in enumerate(alterations_by_field(line), start=turn):
        yield from differing if DEEP else differing[number % min(ONE_IN, len(differing)) :: ONE_IN]


def alterations_by_field(line: bytes) -> Iterator[list[bytes]]:
    """All other lines in its place that differ in one field, for each field."""
    value = json.loads(line)
    for path in paths(value):
        every = [canonical.dumps(changed) + b"\n" for changed in altered(value, path)]
        yield [each for each in every if each != line]


CASES = [(name, number) for name in ("given", "public") for number in range(len(LINES[name]))]
CASES += [("rendezvous", number) for number in range(1, len(LINES["rendezvous"]), 9)]
LAST = len(LINES["modelled"]) - 1  # the summary; the truths stand in the middle
CASES += [("modelled", number) for number in sorted({*range(1, LAST, 5), LAST})]
CASES += [
    ("committee", number)
    for number, line in enumerate(LINES["committee"])
    if json.loads(line)["kind"] in ("truth", "score", "summary")
]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_no_field_of_a_line_can_be_altered(name: str, number: int) -> None:
    lines, record = LINES[name], RECORDS[name]
    count = 0
    for changed in alterations(lines[number], number):
        count += 1
        bundle = b"".join([*lines[:number], changed, *lines[number + 1 :]])
        report = verify(reposted(record, bundle), bundle)
        assert not report.ok, changed
        assert report.difference
        assert "bundle has hash" not in report.difference
    assert count >= 4


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in ("given", "public") for number in range(len(LINES[name]))]
)
def test_no_line_can_be_left_out_repeated_or_moved(name: str, number: int) -> None:
    lines, record = LINES[name], RECORDS[name]
    changed = [
        [*lines[:number], *lines[number + 1 :]],
        [*lines[:number], lines[number], *lines[number:]],
        [*lines[:number], lines[number] + b"\n", *lines[number + 1 :]],
        [lines[number], *lines[:number], *lines[number + 1 :]] if number else lines[1:],
        [*lines[:number], *lines[number + 1 :], lines[number]] if number + 1 < len(lines) else lines[:-1],
    ]
    for each in changed:
        bundle = b"".join(each)
        assert not verify(reposted(record, bundle), bundle).ok, number


@pytest.mark.parametrize("name", WORLDS)
def test_any_alteration_changes_the_hash(name: str) -> None:
    bundle = BUILT[name].bundle
    assert verify(RECORDS[name], bundle).ok
    altered_bundle = bundle.replace(b'"kind":"payout"', b'"kind": "payout"', 1)
    assert verify(RECORDS[name], altered_bundle).difference.startswith("the bundle has hash")
