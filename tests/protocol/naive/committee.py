"""The committee recounted from scratch: docs/committee.md in plain Python integers of any size.

Every integer that the page bounds passes through `Watch`, so that a test can see how large it became. The
first member stands here once more, in the form that the second shares; `dawid_skene` has it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.protocol.naive.dawid_skene import FINE, ONE, Watch, log2, power, rate
from tests.protocol.naive.trees import keccak

Label = tuple[int, int, int]
Shares = dict[int, list[int]]


@dataclass
class Case:
    """A crowd and what it is asked; `items` has the labels (annotator, class) of each item."""

    labels: list[Label]
    n_classes: int
    seed: bytes
    gold: dict[int, int]
    strength: int
    weight: int
    rounds: int
    average_strength: int
    average_rounds: int
    watch: Watch = field(default_factory=Watch)
    items: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item, annotator, choice in self.labels:
            self.items.setdefault(item, []).append((annotator, choice))
        self.gold = {item: choice for item, choice in self.gold.items() if item in self.items}

    def times(self, item: int) -> int:
        return self.weight if item in self.gold else 1

    def vote(self, item: int) -> list[int]:
        answers = [answer for _, answer in self.items[item]]
        return [ONE * answers.count(k) // len(answers) for k in range(self.n_classes)]

    def given(self, item: int) -> set[int]:
        return {answer for _, answer in self.items[item]}

    def start(self, item: int) -> list[int]:
        if item in self.gold:
            return [ONE * (k == self.gold[item]) for k in range(self.n_classes)]
        return self.vote(item)


def run(case: Case) -> dict[int, tuple[int, int]]:
    """The winner of each item, and its support in 1/2^16."""
    members = (by_tables(case), by_kinds(case), by_average(case))
    found = {}
    for item in case.items:
        shares = [member[item] for member in members]
        total = [sum(each[k] for each in shares) for k in range(case.n_classes)]
        found[item] = (case.gold[item], ONE) if item in case.gold else elect(case, item, shares, total)
    return found


def elect(case: Case, item: int, shares: list[list[int]], total: list[int]) -> tuple[int, int]:
    given = case.given(item)
    votes = dict.fromkeys(given, 0)
    for each in shares:
        for k in given:
            votes[k] += each[k] == max(each[other] for other in given)
    best = max((votes[k], total[k]) for k in given)
    winner = lot(case.seed, item, [k for k in given if (votes[k], total[k]) == best])
    return winner, total[winner] // 3


def lot(seed: bytes, item: int, tied: list[int]) -> int:
    """The class with the largest tie hash."""
    return max(tied, key=lambda k: keccak(seed + item.to_bytes(8, "big") + k.to_bytes(4, "big")))


def by_tables(case: Case) -> Shares:
    q = {item: case.start(item) for item in case.items}
    scores: Shares = {}
    for _ in range(case.rounds if case.items else 0):
        scores = scored(case, q, 1)
        q = {item: soften(case, each) for item, each in scores.items()}
        q |= {item: case.start(item) for item in case.gold}
    for item, each in scores.items():
        best = max(each[k] for k in case.given(item))
        winner = lot(case.seed, item, [k for k in case.given(item) if each[k] == best])
        q[item][case.gold.get(item, winner)] += ONE - sum(q[item])
    return q


def by_kinds(case: Case) -> Shares:
    q: Shares = {}
    for item in case.items:
        q[item] = []
        for whole, share in zip(case.start(item), case.vote(item), strict=True):
            q[item] += [whole * share // ONE, whole - whole * share // ONE]
    for _ in range(case.rounds if case.items else 0):
        for item, each in scored(case, q, 2).items():
            known = case.gold.get(item)
            open_to = [c for c in range(2 * case.n_classes) if known is None or c // 2 == known]
            some = soften(case, [each[c] for c in open_to])
            q[item] = [0] * (2 * case.n_classes)
            for c, share in zip(open_to, some, strict=True):
                q[item][c] = share
    return {item: [each[2 * k] + each[2 * k + 1] for k in range(case.n_classes)] for item, each in q.items()}


def soften(case: Case, scores: list[int]) -> list[int]:
    powers = [power(max(scores) - each) for each in scores]
    return [case.watch("power", each * ONE) // sum(powers) for each in powers]


def soft_counts(case: Case, q: Shares) -> dict[tuple[int, int, int], int]:
    """By annotator, column and answer."""
    n: dict[tuple[int, int, int], int] = {}
    for item, labels in case.items.items():
        for j, answer in labels:
            for c, share in enumerate(q[item]):
                n[j, c, answer] = n.get((j, c, answer), 0) + share * case.times(item)
    return n


def scored(case: Case, q: Shares, kinds: int) -> Shares:
    """The scores of classes × kinds of each item, by tables from q."""
    columns, s, u = case.n_classes * kinds, case.strength, case.watch
    n = soft_counts(case, q)
    people = {j for j, _, _ in n}

    total: dict[tuple[int, int], int] = {}
    crowd = [[0] * case.n_classes for _ in range(columns)]
    for (j, c, answer), share in n.items():
        total[j, c] = total.get((j, c), 0) + share
        crowd[c][answer] += share

    def right(j: int, c: int) -> int:
        return n.get((j, c, c // kinds), 0)

    all_off = [sum(crowd[c]) - crowd[c][c // kinds] for c in range(columns)]
    hits = sum(crowd[c][c // kinds] for c in range(columns))
    p0 = rate(hits + ONE, u("count", sum(map(sum, crowd))) + 2 * ONE)
    by_column = [rate(crowd[c][c // kinds] + s * p0, sum(crowd[c]) + s * ONE) for c in range(columns)]
    looked_up: dict[tuple[int, int], list[int]] = {}
    for j in people:
        own, full = sum(right(j, c) for c in range(columns)), sum(total[j, c] for c in range(columns))
        by_person = rate(own + s * p0, full + s * ONE)
        for answer in range(case.n_classes):
            if (j, 0, answer) not in n:
                continue
            row = []
            for c in range(columns):
                a = u("product", by_person * by_column[c] * (ONE - p0))
                b = u("product", (ONE - by_person) * (ONE - by_column[c]) * p0)
                m = min(max(FINE * a // (a + b), 1), FINE - 1)
                down = log2(u("argument", 256 * total[j, c] + s * FINE))
                if c // kinds == answer:
                    row.append(log2(256 * right(j, c) + s * m) - down)
                    continue
                off, wrong = all_off[c], total[j, c] - right(j, c)
                e = max(FINE * (crowd[c][answer] + ONE // (case.n_classes - 1)) // (off + ONE), 1)
                is_wrong = log2(256 * wrong + s * (FINE - m)) - down
                row.append(log2(256 * n[j, c, answer] + s * e) + is_wrong - log2(256 * wrong + s * FINE))
            looked_up[j, answer] = row
    mass = [ONE + sum(each[c] for each in q.values()) for c in range(columns)]
    priors = [log2(each) - log2(sum(mass)) for each in mass]
    return {
        item: [u("score", priors[c] + sum(looked_up[label][c] for label in labels)) for c in range(columns)]
        for item, labels in case.items.items()
    }


def by_average(case: Case) -> Shares:
    asked = [average(case, k) for k in range(case.n_classes)]
    found: Shares = {}
    for item in case.items:
        total = max(sum(z[item] for z in asked), 1)
        found[item] = [ONE * z[item] // total for z in asked]
    return found


def average(case: Case, k: int) -> dict[int, int]:
    """z of each item for class k, in 1/2^16."""
    a, u = case.average_strength, case.watch
    z = {item: case.start(item)[k] for item in case.items}
    all_labels = sum(case.times(item) for item, _, _ in case.labels)
    if not all_labels:
        return z
    first = sum(distances(case, k, z).values())
    prior = max(4 * a * (case.n_classes - 1) * (ONE * first // (ONE * all_labels)) // case.n_classes, 1)
    for _ in range(case.average_rounds):
        v = {}
        for j, squares in distances(case, k, z).items():
            count = sum(case.times(item) for item, annotator, _ in case.labels if annotator == j)
            v[j] = min(u("precision", 2**10 * ONE * (a + count)) // (prior + squares), 2**22)
        mean = sum(z.values()) // len(z) * 2**10 // ONE
        for item in case.items:
            weight = u("weight", 2**10 + sum(v[j] for j, _ in case.items[item]))
            say_so = sum(v[j] for j, answer in case.items[item] if answer == k)
            z[item] = u("mean", ONE * (say_so + mean)) // weight
            if item in case.gold:
                z[item] = ONE * (case.gold[item] == k)
    return z


def distances(case: Case, k: int, z: dict[int, int]) -> dict[int, int]:
    """Of each annotator the sum of its squared distances."""
    found: dict[int, int] = {}
    for item, j, answer in case.labels:
        far = ONE * (answer == k) - z[item]
        found[j] = case.watch("squares", found.get(j, 0) + case.times(item) * (far * far // ONE))
    return found
