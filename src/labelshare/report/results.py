"""The results of a campaign as a table: a row an item, as the pages of the requester have it."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from labelshare.errors import EvidenceError
from labelshare.protocol import evidence
from labelshare.protocol.labels import Form
from labelshare.protocol.spec import Spec

__all__ = ["COLUMNS", "results_csv"]

COLUMNS: Final = ("item", "name", "digest", "label", "accepted", "confidence", "labels", "agreeing")
_ONE: Final = 1 << 16


def results_csv(bundle: Iterable[bytes]) -> str:
    """Each item of a bundle's spec with its verdict, and how many gave it.

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
    form, out = spec.task.form, io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for at, each in enumerate(spec.items):
        counts = votes.get(at, Counter())
        table.writerow((at, each.name or "", each.digest, *_verdict(form, truths.get(at), counts)))
    return out.getvalue()


def _verdict(form: Form, truth: evidence.TruthRow | None, votes: Counter[bytes]) -> tuple[object, ...]:
    if truth is None:
        return "", "false", 0, votes.total(), 0
    words, share = form.describe(form.decode(truth.winner)), round(truth.confidence_q16 / _ONE, 4)
    return words, str(truth.accepted).lower(), f"{share:g}", votes.total(), votes[truth.winner]
