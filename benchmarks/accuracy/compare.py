"""Runs every policy and method on every set, and turns what they find into rows and tables."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from statistics import mean
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from benchmarks.accuracy import collusion
from benchmarks.accuracy.methods import PEERS, POLICIES, SECONDS, Found, peer, slow_peer
from benchmarks.accuracy.sets import SETS, UNKNOWN, Recorded, folder, load
from benchmarks.rows import Report, Row
from labelshare.commands.common import bar
from labelshare.replay.calibration import Bin, bins, expected_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Cells: TypeAlias = dict[tuple[str, float], dict[str, float]]

PEER: Final = "DawidSkene"
COUNTERPARTS: Final = {"majority": "MajorityVote", "dawid-skene": PEER}
MODELS: Final = tuple(name for name in POLICIES if name != "majority")
"""Ours that gold can be told; all are held against crowd-kit's Dawid–Skene, its only one that can."""
SLOW: Final = ("GLAD", "MACE")
ATTACKS: Final[tuple[collusion.Attack, ...]] = ("equal", "wrong")


@dataclass
class _Scores:
    """Accuracy by method and set, and right or wrong by posterior for those that give one."""

    accuracy: dict[str, dict[str, float]] = field(default_factory=dict)
    verdicts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def add(self, method: str, recorded: Recorded, found: Found) -> None:
        items = np.unique(recorded.crowd.items)
        truth = recorded.truth[items]
        known = truth != UNKNOWN
        right = (found.winners == truth)[known]
        self.accuracy.setdefault(method, {})[recorded.name] = float(right.mean())
        if found.confidences is not None:
            self.verdicts.setdefault(method, []).append((found.confidences[known], right))

    def bins(self, method: str) -> list[Bin]:
        pairs = self.verdicts[method]
        return bins(*(np.concatenate(column) for column in zip(*pairs, strict=True)))


def measure(sizes: Sequence[int] | None) -> Report:
    """Accuracy, calibration and collusion on the sets of this machine; a size keeps so many items of each."""
    recorded, missing = _present(sizes[0] if sizes else None)
    if not recorded:
        return Report([], f"no set in {folder()}: nothing to score\n")
    scores = _scored(recorded)
    rows = [*_accuracy_rows(scores, recorded), *_calibration_rows(scores, recorded)]
    notes = [*_matrix(scores, recorded), *_records(recorded), *_reliability(scores)]
    if all(name in recorded for name in collusion.SETS):
        for attack in ATTACKS:
            cells = _cells(recorded, attack)
            rows += _collusion_rows(cells, recorded, attack)
    notes += [f"skipped: {name}, not in {folder()}" for name in missing]
    return Report([*rows], "\n".join(notes) + "\n")


def _present(n_items: int | None) -> tuple[dict[str, Recorded], list[str]]:
    recorded, missing = {}, []
    for name in SETS:
        try:
            found = load(name)
        except FileNotFoundError:
            missing.append(name)
        else:
            recorded[name] = found if n_items is None else found.first(n_items)
    return recorded, missing


def _scored(recorded: dict[str, Recorded]) -> _Scores:
    scores = _Scores()
    with bar("Policies and methods", len(recorded) * (len(POLICIES) + len(PEERS))) as advance:
        for each in recorded.values():
            for name, policy in POLICIES.items():
                scores.add(name, each, policy(each.crowd, {}))
                advance(1)
            for name in PEERS:
                found = slow_peer(name, each.crowd) if name in SLOW else peer(name, each.crowd, {})
                if found is not None:
                    scores.add(name, each, found)
                advance(1)
    return scores


def _accuracy_rows(scores: _Scores, recorded: dict[str, Recorded]) -> Iterator[Row]:
    labels = {name: each.crowd.items.size for name, each in recorded.items()}
    for method, ours, theirs in _columns(scores):
        for name, size in labels.items():
            yield _row(f"{name}: {method}", size, ours.get(name), theirs.get(name), "accuracy")
        means = _mean(ours, len(labels)), _mean(theirs, len(labels))
        if means != (None, None):
            yield _row(f"mean of {len(labels)} sets: {method}", sum(labels.values()), *means, "accuracy")


def _columns(scores: _Scores) -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
    """Ours beside the method of its name, then the methods that have no counterpart here."""
    for policy in POLICIES:
        theirs = scores.accuracy.get(COUNTERPARTS.get(policy, ""), {})
        yield policy, scores.accuracy[policy], theirs
    for method in PEERS:
        if method not in COUNTERPARTS.values() and method in scores.accuracy:
            yield f"crowd-kit {method}", {}, scores.accuracy[method]


def _mean(accuracy: dict[str, float], n_sets: int) -> float | None:
    """Over all sets; None where one is missing."""
    return mean(accuracy.values()) if len(accuracy) == n_sets else None


def _calibration_rows(scores: _Scores, recorded: dict[str, Recorded]) -> Iterator[Row]:
    size = sum(each.crowd.items.size for each in recorded.values())
    for policy in POLICIES:
        ours = expected_error(scores.bins(policy))
        theirs = COUNTERPARTS.get(policy, "")
        error = expected_error(scores.bins(theirs)) if theirs in scores.verdicts else None
        yield _row(f"expected calibration error: {policy}", size, ours, error, "share")


def _cells(recorded: dict[str, Recorded], attack: collusion.Attack) -> Cells:
    """The mean accuracy of our models and the peer over the trials, by set and share of colluders."""
    places = [(name, share) for name in collusion.SETS for share in (0.0, *collusion.SHARES)]
    cells = {}
    with bar(f"Colluders ({attack})", len(places) * collusion.TRIALS) as advance:
        for name, share in places:
            trials = []
            for trial in range(collusion.TRIALS):
                trials.append(_shares(collusion.attacked(recorded[name], share, attack, trial)))
                advance(1)
            cells[name, share] = _means(trials)
    return cells


def _means(shares: Sequence[dict[str, float]]) -> dict[str, float]:
    return {method: mean(each[method] for each in shares) for method in shares[0]}


def _shares(trial: collusion.Trial) -> dict[str, float]:
    """How right each of our models and the peer are, all told the same gold."""
    recorded, scored = trial.recorded, trial.scored
    items = np.unique(recorded.crowd.items)
    found = {name: POLICIES[name](recorded.crowd, trial.gold) for name in MODELS}
    found[PEER] = peer(PEER, recorded.crowd, trial.gold)
    right = {method: each.winners == recorded.truth[items] for method, each in found.items()}
    return {method: float(each[scored[items]].mean()) for method, each in right.items()}


def _collusion_rows(cells: Cells, recorded: dict[str, Recorded], attack: str) -> Iterator[Row]:
    for model in MODELS:
        what = f"({attack}): {model}"
        for (name, share), means in cells.items():
            size = collusion.LABELS_EACH * recorded[name].truth.size
            yield _row(f"{name}: {share:.0%} collude {what}", size, means[model], means[PEER], "accuracy")
        for title, wanted in (("no colluders", (0.0,)), ("nine cells", collusion.SHARES)):
            chosen = [each for (_, share), each in cells.items() if share in wanted]
            whole, size = _means(chosen), len(chosen) * collusion.TRIALS
            yield _row(f"mean of {title} {what}", size, whole[model], whole[PEER], "accuracy")


def _row(work: str, size: int, ours: float | None, peer: float | None, unit: str) -> Row:
    first, second = (None if figure is None else round(figure, 4) for figure in (ours, peer))
    return Row(work, size, first, second, unit, versions=_versions())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("numpy", "crowd-kit", "pandas", "scikit-learn"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _matrix(scores: _Scores, recorded: dict[str, Recorded]) -> Iterator[str]:
    yield "".join([f"{'accuracy':<20}", *(f"{name:>13}" for name in recorded), f"{'mean':>9}"])
    for method, found in scores.accuracy.items():
        cells = [f"{found[name]:.4f}" if name in found else "–" for name in recorded]
        whole = f"{mean(found.values()):.4f}" if len(found) == len(recorded) else "–"
        yield "".join([f"{method:<20}", *(f"{cell:>13}" for cell in cells), f"{whole:>9}"])
    yield f"–: not finished in {SECONDS} seconds\n"


def _records(recorded: dict[str, Recorded]) -> Iterator[str]:
    yield "labels of an annotator: least, median, most"
    for name, each in recorded.items():
        sizes = np.bincount(each.crowd.annotators)
        sizes = sizes[sizes > 0]
        yield f"{name:<20}{sizes.min():>6,}{np.median(sizes):>8,.0f}{sizes.max():>8,}"
    yield ""


def _as_text(found: Sequence[Bin]) -> Iterator[str]:
    """A line for each bin."""
    for each in found:
        span = f"{each.low:.2f}–{each.high:.2f}"
        yield f"{span}  {each.items:>6,}  {each.confidence:.3f}  {each.accuracy:.3f}"


def _reliability(scores: _Scores) -> Iterator[str]:
    for method in scores.verdicts:
        found = scores.bins(method)
        yield f"{method}: posterior, items, mean posterior, share that is right"
        yield from _as_text(found)
        yield f"expected calibration error {expected_error(found):.4f}\n"
