"""The columns of results.csv against campaigns counted by hand, and against a plain count of any bundle."""

from __future__ import annotations

import csv
import io
import json
from itertools import chain

import pytest
from hypothesis import given

from labelshare.errors import EvidenceError
from labelshare.report.results import COLUMNS, results_csv
from tests.protocol.campaigns import Kind, kinds, settle
from tests.protocol.world import World, modelled_world, spec_fields

NAMES = ("plain", 'with "quotes", and a comma', None, "two\nlines", " =1+1", None)


def table(bundle: bytes) -> list[dict[str, str]]:
    """The rows of the file."""
    return list(csv.DictReader(io.StringIO(results_csv([bundle]), newline="")))


def of_world(world: World) -> list[dict[str, str]]:
    return table(b"".join(world.build().lines()))


def test_a_campaign_counted_by_hand() -> None:
    items = [
        {"digest": f"{at:064x}"} | ({} if name is None else {"name": name}) for at, name in enumerate(NAMES)
    ]
    world = World(names=("ann", "bob", "cat"), alone=("dan",), fields=spec_fields(items=items))
    world.label("ann", 0, {0: 0, 1: 1, 2: 2, 3: 0})
    world.label("bob", 0, {0: 0, 1: 1, 2: 2, 3: 0})
    world.label("cat", 0, {0: 1, 1: 1, 2: 0, 3: 1})
    world.label("dan", 0, {0: 0, 3: 2}, alone=True)
    world.label("ann", 1, {4: 2})
    world.label("bob", 1, {4: 1, 5: 1}, opened=False)

    assert [list(row.values()) for row in of_world(world)] == [
        ["0", NAMES[0], f"{0:064x}", "good", "true", "0.75", "4", "3"],
        ["1", NAMES[1], f"{1:064x}", "bad", "true", "1", "3", "3"],
        ["2", "", f"{2:064x}", "none", "true", "0.6667", "3", "2"],
        ["3", NAMES[3], f"{3:064x}", "good", "false", "0.5", "4", "2"],  # half is too few
        ["4", NAMES[4], f"{4:064x}", "none", "true", "1", "1", "1"],  # the other batch was never opened
        ["5", "", f"{5:064x}", "", "false", "0", "0", "0"],
    ]


def test_the_verdict_may_be_what_fewer_said() -> None:
    """The model believes ann alone against two who say the same wrong class all along."""
    rows = of_world(modelled_world())
    shown = {int(row["item"]): (row["label"], row["labels"], row["agreeing"]) for row in rows}
    assert shown[7] == ("bad", "3", "1")
    assert shown[8] == ("none", "3", "1")


@given(kinds)
def test_each_column_is_what_the_lines_of_the_bundle_say(kind: Kind) -> None:
    """Read from the JSON of the lines, and counted label by label."""
    bundle = settle(kind).bundle
    lines = [json.loads(line) for line in bundle.splitlines()]
    rows, spec = table(bundle), next(line["spec"] for line in lines if line["kind"] == "spec")
    opened = [line for line in lines if line["kind"] == "opening"]
    given = list(chain.from_iterable(zip(each["items"], each["labels"], strict=True) for each in opened))
    truths = {int(line["item"]): line for line in lines if line["kind"] == "truth"}

    assert [row["item"] for row in rows] == [str(at) for at in range(len(spec["items"]))]
    for at, row in enumerate(rows):
        truth = truths.get(at)
        labels = [label for item, label in given if item == at]
        agreeing = 0 if truth is None else sum(label == truth["winner"] for label in labels)
        assert (row["labels"], row["agreeing"]) == (str(len(labels)), str(agreeing))
        assert row["accepted"] == str(truth is not None and truth["accepted"]).lower()
        assert (row["label"] == "") == (truth is None)
        assert row["digest"] == spec["items"][at]["digest"]


def test_what_is_no_bundle_is_no_table() -> None:
    world = modelled_world()
    whole = list(world.build().lines())
    for lines in ([], whole[:1], [*whole, b"{}\n"], [b"".join(whole)[:-1]]):
        with pytest.raises(EvidenceError):
            results_csv(lines)
    assert next(csv.reader(results_csv(whole).splitlines())) == list(COLUMNS)
