"""Dawid–Skene recounted from scratch: docs/dawid-skene.md, in plain Python integers of any size.

Every integer that the page bounds passes through `Watch`, so that a test can see how large it became.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cache
from itertools import product

from tests.protocol.naive.trees import keccak, leaf, root

Label = tuple[int, int, int]
Pair = tuple[int, int]
ONE = 2**16
LN2 = Decimal("0.69314718055994530941723212145817656807550013436025525412")
FINE = 2**24


@cache
def log_entry(i: int) -> int:
    """floor(2^20 · log2(1 + i / 4096))"""
    with localcontext() as context:
        context.prec = 40
        return int(2**20 * (Decimal(4096 + i) / 4096).ln() / LN2) if i < 4096 else 2**20


@cache
def power_entry(i: int) -> int:
    """floor(2^30 · 2^(−i / 4096))"""
    with localcontext() as context:
        context.prec = 40
        return int(2**30 * (-LN2 * i / 4096).exp()) if i < 4096 else 2**29


def log2(x: int) -> int:
    e = x.bit_length() - 1
    m = (x << 30 >> e) - 2**30
    i, f = divmod(m, 2**18)
    return 2**20 * e + log_entry(i) + (log_entry(i + 1) - log_entry(i)) * f // 2**18


def power(d: int) -> int:
    """2^30 · 2^(−d / 2^20)"""
    whole, part = divmod(d, 2**20)
    i, f = divmod(part, 2**8)
    between = (power_entry(i) - power_entry(i + 1)) * f // 2**8
    return (power_entry(i) - between) // 2**whole if whole < 31 else 0


@dataclass
class Watch:
    """The largest integer of each kind."""

    largest: dict[str, int] = field(default_factory=dict)

    def __call__(self, kind: str, value: int) -> int:
        self.largest[kind] = max(self.largest.get(kind, 0), abs(value))
        return value


@dataclass
class Result:
    """What a run gives: by item, by class, and by annotator and answer; all by the last tables."""

    winners: dict[int, int]
    posteriors: dict[int, list[int]]
    scores: dict[int, list[int]]
    priors: list[int]
    columns: dict[Pair, list[int]]
    watch: Watch


def run(
    labels: list[Label],
    n_classes: int,
    seed: bytes,
    gold: dict[int, int],
    strength: int = 4,
    weight: int = 5,
    iterations: int = 30,
) -> Result:
    watch = Watch()
    of_item: dict[int, list[Pair]] = {}
    for item, annotator, answer in labels:
        of_item.setdefault(item, []).append((annotator, answer))
    gold = {item: choice for item, choice in gold.items() if item in of_item}
    posteriors = {item: shares(pairs, n_classes) for item, pairs in of_item.items()}
    priors, scores = [-log2(n_classes)] * n_classes, {}
    columns: dict[Pair, list[int]] = {}
    for _ in range(iterations if labels else 0):
        for item, choice in gold.items():
            posteriors[item] = [ONE * (k == choice) for k in range(n_classes)]
        priors, columns = tables(of_item, posteriors, gold, n_classes, strength, weight, watch)
        scores = {item: score(pairs, priors, columns, watch) for item, pairs in of_item.items()}
        posteriors = {item: softmax(each, watch) for item, each in scores.items()}
    winners = {}
    for item, each in scores.items():
        winners[item] = gold.get(item, winner(each, seed, item, {answer for _, answer in of_item[item]}))
        if item in gold:
            posteriors[item] = [0] * n_classes
        posteriors[item][winners[item]] += ONE - sum(posteriors[item])
    return Result(winners, posteriors, scores, priors, columns, watch)


def shares(pairs: list[Pair], n_classes: int) -> list[int]:
    return [ONE * sum(answer == k for _, answer in pairs) // len(pairs) for k in range(n_classes)]


def tables(
    of_item: dict[int, list[Pair]],
    q: dict[int, list[int]],
    gold: dict[int, int],
    n_classes: int,
    s: int,
    weight: int,
    watch: Watch,
) -> tuple[list[int], dict[Pair, list[int]]]:
    classes = range(n_classes)
    n: dict[tuple[int, int, int], int] = {}
    for item, pairs in of_item.items():
        for (j, answer), k in product(pairs, classes):
            key = j, k, answer
            n[key] = n.get(key, 0) + q[item][k] * (weight if item in gold else 1)
    people = {j for j, _, _ in n}
    total = {(j, k): sum(n.get((j, k, answer), 0) for answer in classes) for j in people for k in classes}
    right = {(j, k): n.get((j, k, k), 0) for j in people for k in classes}
    crowd = [[sum(n.get((j, k, answer), 0) for j in people) for answer in classes] for k in classes]
    watch("count", sum(map(sum, crowd)))

    hits = sum(crowd[k][k] for k in classes)
    p0 = rate(hits + ONE, sum(map(sum, crowd)) + 2 * ONE)
    by_class = [rate(crowd[k][k] + s * p0, sum(crowd[k]) + s * ONE) for k in classes]
    columns: dict[Pair, list[int]] = {}
    for j, answer in {(j, answer) for j, _, answer in n}:
        all_right, everything = sum(right[j, k] for k in classes), sum(total[j, k] for k in classes)
        by_annotator = rate(all_right + s * p0, everything + s * ONE)
        column = []
        for k in classes:
            a = watch("product", by_annotator * by_class[k] * (ONE - p0))
            b = watch("product", (ONE - by_annotator) * (ONE - by_class[k]) * p0)
            m = min(max(a * FINE // (a + b), 1), FINE - 1)
            wrong = total[j, k] - right[j, k]
            down = log2(watch("fine", 256 * total[j, k] + s * FINE))
            if answer == k:
                column.append(log2(256 * right[j, k] + s * m) - down)
            else:
                off = sum(crowd[k]) - crowd[k][k]
                e = max((crowd[k][answer] + ONE // (n_classes - 1)) * FINE // (off + ONE), 1)
                rest = log2(256 * wrong + s * (FINE - m)) - down
                inside = log2(256 * n[j, k, answer] + s * e)
                column.append(inside + (rest - log2(256 * wrong + s * FINE)))
            watch("log", column[-1])
        columns[j, answer] = column
    mass = [sum(row[k] for row in q.values()) + ONE for k in classes]
    return [watch("log", log2(each) - log2(sum(mass))) for each in mass], columns


def rate(a: int, b: int) -> int:
    return min(max(a * ONE // b, 1), ONE - 1)


def score(pairs: list[Pair], priors: list[int], columns: dict[Pair, list[int]], watch: Watch) -> list[int]:
    return [watch("score", prior + sum(columns[pair][k] for pair in pairs)) for k, prior in enumerate(priors)]


def softmax(scores: list[int], watch: Watch) -> list[int]:
    powers = [power(max(scores) - each) for each in scores]
    return [watch("power", each * ONE) // sum(powers) for each in powers]


def winner(scores: list[int], seed: bytes, item: int, among: Iterable[int]) -> int:
    """Of these classes the one of the highest score."""
    classes = sorted(among)
    best = max(scores[k] for k in classes)
    tied = [k for k in classes if scores[k] == best]
    return max(tied, key=lambda k: keccak(seed + item.to_bytes(8, "big") + k.to_bytes(4, "big")))


def references_for(
    j: int, labels: list[Label], seed: bytes, gold: dict[int, int], result: Result
) -> dict[int, int]:
    """The reference of each item for one annotator, without the items that have none."""
    found = {}
    for item, won in result.winners.items():
        here = [(who, answer) for labelled, who, answer in labels if labelled == item]
        own = [answer for who, answer in here if who == j]
        others = {answer for who, answer in here if who != j}
        if not others:
            continue
        if item in gold or not own:
            found[item] = gold.get(item, won)
            continue
        column = result.columns[j, own[0]]
        left = [score - log for score, log in zip(result.scores[item], column, strict=True)]
        found[item] = winner([result.watch("left", each) for each in left], seed, item, others)
    return found


def model_root(domain: bytes, accounts: list[bytes], result: Result) -> bytes:
    leaves = [leaf(domain, 0, 0, column_hash(result.priors))]
    for (j, answer), column in result.columns.items():
        leaves.append(leaf(domain, accounts[j], answer, column_hash(column)))
    return root(leaves)


def column_hash(column: list[int]) -> bytes:
    return keccak(b"".join(each.to_bytes(4, "big", signed=True) for each in column))
