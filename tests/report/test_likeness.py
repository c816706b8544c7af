"""What reports and results make of answers that are regions."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

from hypothesis import given

from labelshare.protocol.spec import RegionTask
from labelshare.report.labels import read_labels
from labelshare.report.results import COLUMNS, results_csv
from tests.protocol.campaigns import Kind, region_kinds, settle
from tests.protocol.naive import groups as naive
from tests.protocol.naive import labels as forms


@given(region_kinds)
def test_results_count_who_is_alike_to_the_winner_and_hold_its_regions(kind: Kind) -> None:
    bundle = settle(kind).bundle
    labelled = read_labels([bundle])
    task = labelled.spec.task
    assert isinstance(task, RegionTask)
    form = forms.form_of(task.type, task.config)
    assert isinstance(form, forms.Regions)
    near = naive.Likeness(form, task.overlap_bps, task.alike_bps)
    rows = list(csv.DictReader(io.StringIO(results_csv([bundle]), newline="")))
    assert list(rows[0]) == [*COLUMNS, "result"]
    truths = {row.item: row for row in labelled.truths}
    opened = [json.loads(line) for line in bundle.splitlines() if b'"kind":"opening"' in line]
    for at, row in enumerate(rows):
        given_ = [
            bytes.fromhex(label[2:])
            for each in opened
            for item, label in zip(each["items"], each["labels"], strict=True)
            if item == at
        ]
        if at not in truths:
            assert (row["label"], row["agreeing"], row["result"]) == ("", "0", "")
            continue
        winner = truths[at].winner
        assert int(row["labels"]) == len(given_)
        assert int(row["agreeing"]) == sum(near.alike(label, winner) for label in given_)
        assert form.read(json.loads(row["result"])) == form.decode(winner)
        assert row["label"] == task.form.describe(task.form.decode(winner))


@given(region_kinds)
def test_a_report_counts_answers_by_group_and_keeps_them_as_given(kind: Kind) -> None:
    labelled = read_labels([settle(kind).bundle])
    task, winners = labelled.spec.task, labelled.winners()
    assert isinstance(task, RegionTask)
    form = forms.form_of(task.type, task.config)
    assert isinstance(form, forms.Regions)
    near = naive.Likeness(form, task.overlap_bps, task.alike_bps)
    assert labelled.given.keys() == labelled.answers.keys()
    said: Counter[int] = Counter()
    for account, own in labelled.given.items():
        assert own.keys() == labelled.answers[account].keys()
        for item, answer in own.items():
            counted = labelled.answers[account][item]
            label, stands = form.encode(answer), form.encode(counted)
            assert near.alike(label, stands)
            if item in winners:
                assert (counted == winners[item]) == near.alike(label, form.encode(winners[item]))
            said[item] += 1
    for item, leading in labelled.tied().items():
        assert len(leading) > 1
        assert said[item] >= 2
