"""The results of a campaign as a table: a row an item, as the pages of the requester have it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from labelshare.errors import EvidenceError
from labelshare.protocol import evidence
from labelshare.protocol.labels import Form, Regions
from labelshare.protocol.spec import RegionTask, Spec
from labelshare.report import likeness

__all__ = ["COLUMNS", "RESULT", "results_csv"]

COLUMNS: Final = ("item", "name", "digest", "label", "accepted", "confidence", "labels", "agreeing")
RESULT: Final = "result"
"""A column more where answers are regions: the Label Studio result in JSON, which other tools read."""
_ONE: Final = 1 << 16


def results_csv(bundle: Iterable[bytes]) -> str:
    """Each item of a bundle's spec with its verdict, and how many gave it.

    Of regions, those who gave a label that is alike to the winner gave it.

    Raises:
        EvidenceError: It is no bundle.
    """
    spec: Spec | None = None
    truths: dict[int, evidence.TruthRow] = {}
    votes: defaultdict[int, Counter[bytes]] = defaultdict(Counter)
    for row in evidence.read(bundle):
        match row:
            case evidence.SpecRow():
                spec = Spec.parse(row.data)
            case evidence.TruthRow():
                truths[row.item] = row
            case evidence.OpeningRow():
                for item, label in zip(row.items, row.labels, strict=True):
                    votes[item][label] += 1
            case _:
                pass
    if spec is None:
        raise EvidenceError("the bundle holds no spec")
    form, agreeing, out = spec.task.form, _agreeing(spec, truths, votes), io.StringIO(newline="")
    table = csv.writer(out)
    regions = isinstance(form, Regions)
    table.writerow((*COLUMNS, RESULT) if regions else COLUMNS)
    for at, each in enumerate(spec.items):
        given = votes.get(at, Counter()).total()
        verdict = _verdict(form, truths.get(at), given, agreeing[at])
        result = (_result(form, truths.get(at)),) if regions else ()
        table.writerow((at, each.name or "", each.digest, *verdict, *result))
    return out.getvalue()


def _agreeing(
    spec: Spec, truths: Mapping[int, evidence.TruthRow], votes: Mapping[int, Counter[bytes]]
) -> Counter[int]:
    """How many labels of each item with a verdict agree with it."""
    if not isinstance(spec.task, RegionTask):
        return Counter({item: votes[item][row.winner] for item, row in truths.items() if item in votes})
    rows = [(item, label) for item in truths for label in votes.get(item, ())]
    same = likeness.agreeing(spec.task, [(label, truths[item].winner) for item, label in rows])
    found: Counter[int] = Counter()
    for (item, label), is_alike in zip(rows, same, strict=True):
        found[item] += votes[item][label] * is_alike
    return found


def _verdict(form: Form, truth: evidence.TruthRow | None, given: int, agreeing: int) -> tuple[object, ...]:
    if truth is None:
        return "", "false", 0, given, 0
    words, share = form.describe(form.decode(truth.winner)), round(truth.confidence_q16 / _ONE, 4)
    return words, str(truth.accepted).lower(), f"{share:g}", given, agreeing


def _result(form: Form, truth: evidence.TruthRow | None) -> str:
    if truth is None:
        return ""
    return json.dumps(form.to_result(form.decode(truth.winner)), ensure_ascii=False, separators=(",", ":"))
