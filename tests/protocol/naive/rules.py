"""From openings to payouts: sections 6 to 11 and 14 of docs/settlement.md, recounted from scratch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tests.protocol.naive import committee, dawid_skene
from tests.protocol.naive.groups import Groups, find_groups
from tests.protocol.naive.spec import Gold, Model, Slash, Spec
from tests.protocol.naive.statements import Commitment, read_labels, salt
from tests.protocol.naive.trees import keccak, leaf, root

Assigned = set[tuple[int, int, bytes]]  # round, item, annotator
MOST_CELLS = 2**28


@dataclass(frozen=True)
class Opening:
    """The opening of a standing commitment: `labels` are canonical bytes."""

    commit: Commitment
    secret: bytes
    items: tuple[int, ...]
    labels: tuple[bytes, ...]


@dataclass(frozen=True)
class Label:
    """A label that counts; `choice` is its class."""

    annotator: bytes
    batch: int
    item: int
    choice: int
    answer: bytes = b""


# Section 6, assignment


def rank(seed: bytes, item: int, annotator: bytes) -> bytes:
    return keccak(seed + item.to_bytes(8, "big") + annotator)


def in_order(seed: bytes, item: int, seats: Iterable[bytes]) -> list[bytes]:
    return sorted(seats, key=lambda seat: rank(seed, item, seat))


def assign_by_rounds(
    spec: Spec, seed: bytes, seats: Iterable[bytes], commits: Sequence[Commitment], rounds: int, limit: int
) -> Assigned:
    """Who is assigned which item in which round, as the oracle assigns."""
    assigned: Assigned = set()
    rosters = {item: in_order(seed, item, seats) for item in range(spec.items)}
    offered: Counter[tuple[int, bytes]] = Counter()
    filled: set[tuple[int, bytes]] = set()
    for number in range(rounds):
        full = {seat for seat in seats if labelled_before(commits, seat, number) >= limit}
        for item, roster in rosters.items():
            others = [seat for seat in roster if (item, seat) not in filled and seat not in full]
            turns = sorted((offered[item, seat], roster.index(seat), seat) for seat in others)
            places = spec.k - sum((item, seat) in filled for seat in roster)
            for _, _, seat in turns[:places]:
                assigned.add((number, item, seat))
                offered[item, seat] += 1
        for r, item, seat in assigned:
            if r == number and took(commits, seat, number, item):
                filled.add((item, seat))
    return assigned


def labelled_before(commits: Sequence[Commitment], seat: bytes, number: int) -> int:
    """How many labels a seat has used up before a round, by what is published."""
    total = 0
    for earlier in range(number):
        here = [c for c in commits if c.annotator == seat and c.round == earlier]
        total += len({item for c in here if c.bound for item in c.items})
        total += sum(c.count for c in here if not c.bound)
    return total


def took(commits: Sequence[Commitment], seat: bytes, number: int, item: int) -> bool:
    here = [c for c in commits if c.annotator == seat and c.round == number]
    return any(item in c.items or not c.bound for c in here)


def assign_to_lowest(spec: Spec, seed: bytes, openings: Iterable[Opening]) -> Assigned:
    """Who is assigned which item in a public settlement, in whichever of its rounds."""
    assigned: Assigned = set()
    holders: dict[int, set[bytes]] = {}
    rounds: dict[bytes, set[int]] = {}
    for opening in openings:
        rounds.setdefault(opening.commit.annotator, set()).add(opening.commit.round)
        for item in opening.items:
            holders.setdefault(item, set()).add(opening.commit.annotator)
    for item, seats in holders.items():
        for seat in in_order(seed, item, seats)[: spec.k]:
            assigned |= {(number, item, seat) for number in rounds[seat]}
    return assigned


# Section 7, labels that count and the vote


def labels_that_count(spec: Spec, openings: Iterable[Opening], assigned: Assigned | None) -> list[Label]:
    """`assigned` is None where every label is."""
    counted: list[Label] = []
    seen: set[tuple[bytes, int]] = set()
    for opening in sorted(openings, key=lambda each: each.commit.order):
        who, published = opening.commit.annotator, set(opening.commit.items)
        for item, label in zip(opening.items, opening.labels, strict=True):
            first = (who, item) not in seen
            listed = item in published or not opening.commit.bound
            may = assigned is None or (opening.commit.round, item, who) in assigned
            choice = spec.form.decode(label)
            if item < spec.items and listed and may and first and choice is not None:
                counted.append(Label(who, opening.commit.batch, item, choice, label))
                seen.add((who, item))
    return counted


def by_class(spec: Spec, seed: bytes, labels: list[Label]) -> tuple[list[Label], Groups | None]:
    """The labels with the classes that section 7 finds where no answer has one by itself."""
    if spec.likeness is None:
        return labels, None
    groups = find_groups(spec.likeness, seed, [(label.item, label.answer) for label in labels])
    found = [replace(label, choice=groups.class_of(label.item, label.answer)) for label in labels]
    return found, groups


@dataclass(frozen=True)
class Winner:
    """The class that wins an item, and its posterior: votes / total, whatever found it."""

    choice: int
    votes: int
    total: int

    def accepted(self, spec: Spec) -> bool:
        return self.votes * spec.denominator >= self.total * spec.numerator


def tie_rank(seed: bytes, item: int, choice: int) -> bytes:
    return keccak(seed + item.to_bytes(8, "big") + choice.to_bytes(4, "big"))


def vote(seed: bytes, labels: Iterable[Label]) -> dict[int, Winner]:
    """The winner of each item with labels."""
    votes: dict[int, Counter[int]] = {}
    for label in labels:
        votes.setdefault(label.item, Counter())[label.choice] += 1
    winners = {}
    for item, here in sorted(votes.items()):
        most = max(here.values())
        tied = [choice for choice, count in here.items() if count == most]
        _, choice = max((tie_rank(seed, item, choice), choice) for choice in tied)
        winners[item] = Winner(choice, most, sum(here.values()))
    return winners


# Section 8, gold


def gold_leaf(item: int, label: bytes, salted: bytes) -> bytes:
    return leaf(keccak(b"GOLD.v1"), item, keccak(label), salted)


def revealed_gold(spec: Spec, reveals: Iterable[bytes]) -> dict[int, bytes]:
    """The label of each gold item, by the first reveal that holds."""
    if spec.gold is None:
        return {}
    for data in reveals:
        read = read_labels(data[32:])
        if read is not None and gold_holds(spec, spec.gold, data[:32], *read):
            return dict(zip(*read, strict=True))
    return {}


def gold_holds(
    spec: Spec, sealed: Gold, secret: bytes, items: tuple[int, ...], labels: tuple[bytes, ...]
) -> bool:
    if len(items) != sealed.count or list(items) != sorted(set(items)) or items[-1] >= spec.items:
        return False
    if any(spec.form.decode(label) is None for label in labels):
        return False
    leaves = [gold_leaf(item, label, salt(secret, item)) for item, label in zip(items, labels, strict=True)]
    return root(leaves) == sealed.root


def gold_classes(spec: Spec, groups: Groups | None, sealed: dict[int, bytes]) -> dict[int, int]:
    if groups is None or spec.likeness is None:
        return {item: spec.form.decode(label) or 0 for item, label in sealed.items()}
    return {item: groups.class_of_gold(spec.likeness, item, label) for item, label in sealed.items()}


def void_gold(
    spec: Spec, labels: list[Label], gold: dict[int, int], refs: dict[bytes, References], u: dict[bytes, int]
) -> set[int]:
    """Gold items that too many skilled annotators answer differently."""
    if spec.gold is None:
        return set()
    skilled = set()
    for who, ref in refs.items():
        own = [label for label in labels if label.annotator == who and label.item not in gold]
        plain = compare(own, ref, ref.by_item)
        if skill(plain, ref.total, u[who], spec.strength, spec.prior_bps) >= spec.full:
            skilled.add(who)
    void = set()
    for item, right in gold.items():
        answers = [each.choice for each in labels if each.item == item and each.annotator in skilled]
        wrong = sum(choice != right for choice in answers)
        if answers and wrong * 10_000 >= spec.gold.void_bps * len(answers):
            void.add(item)
    return void


# Section 7, the truth


@dataclass(frozen=True)
class Truth:
    """The winners, and what a model was told and found besides, of a committee its first member."""

    winners: dict[int, Winner]
    told: set[int] = field(default_factory=set)
    model: dawid_skene.Result | None = None
    accounts: list[bytes] = field(default_factory=list)
    published: bool = False

    def model_root(self, domain_word: bytes) -> bytes:
        if self.model is None or not self.published:
            return bytes(32)
        return dawid_skene.model_root(domain_word, self.accounts, self.model)


def told_of(seed: bytes, tellable: Iterable[int]) -> set[int]:
    """Half of the gold items that a model may be told (section 8)."""
    drawn = sorted(tellable, key=lambda item: keccak(seed + item.to_bytes(8, "big")))
    return set(drawn[: len(drawn) // 2])


def numbered(labels: list[Label], accounts: list[bytes]) -> list[tuple[int, int, int]]:
    return [(label.item, accounts.index(label.annotator), label.choice) for label in labels]


def find_truth(spec: Spec, seed: bytes, labels: list[Label], valid: dict[int, int]) -> Truth:
    """By the spec's aggregation; `valid` is the gold that is not void."""
    if spec.model is None or len(labels) * spec.form.n > MOST_CELLS:
        return Truth(vote(seed, labels))
    said = {(label.item, label.choice) for label in labels}
    told = told_of(seed, [item for item, right in valid.items() if (item, right) in said])
    accounts = sorted({label.annotator for label in labels})
    rows, known = numbered(labels, accounts), {item: valid[item] for item in told}
    weight = spec.gold.weight if spec.gold is not None else 1
    model = spec.model
    found = dawid_skene.run(rows, spec.form.n, seed, known, model.strength, weight, model.iterations)
    winners = {item: (choice, found.posteriors[item][choice]) for item, choice in found.winners.items()}
    if model.average is not None:
        winners = by_committee(model, weight, rows, spec.form.n, seed, known)
    won = {item: Winner(*each, 65_536) for item, each in winners.items()}
    return Truth(won, told, found, accounts, published=model.average is None)


def by_committee(
    model: Model,
    weight: int,
    rows: list[tuple[int, int, int]],
    classes: int,
    seed: bytes,
    known: dict[int, int],
) -> dict[int, tuple[int, int]]:
    assert model.average is not None
    average = model.average.strength, model.average.iterations
    sizes = model.strength, weight, model.iterations
    return committee.run(committee.Case(rows, classes, seed, known, *sizes, *average))


# Section 9, skill


@dataclass(frozen=True)
class References:
    """What the others say: T, W and the reference of each item that has one."""

    total: int
    classes: Counter[int]
    by_item: dict[int, int]


@dataclass(frozen=True)
class Comparison:
    """n, A and X."""

    n: int = 0
    agreed: int = 0
    chance: int = 0

    def gained(self, total: int) -> int:
        """A × T − X"""
        return self.agreed * total - self.chance

    def room(self, total: int) -> int:
        """n × T − X"""
        return self.n * total - self.chance


def references_of(by_item: dict[int, int]) -> References:
    return References(max(len(by_item), 1), Counter(by_item.values()), by_item)


def references_by_vote(seed: bytes, labels: list[Label], who: bytes) -> References:
    others = vote(seed, [label for label in labels if label.annotator != who])
    return references_of({item: winner.choice for item, winner in others.items()})


def references_by_model(
    seed: bytes, labels: list[Label], who: bytes, truth: Truth, valid: dict[int, int]
) -> References:
    """Where a model found the truth."""
    assert truth.model is not None
    told = {item: valid[item] for item in truth.told}
    j = truth.accounts.index(who) if who in truth.accounts else -1
    rows = numbered(labels, truth.accounts)
    return references_of(dawid_skene.references_for(j, rows, seed, told, truth.model))


def compare(
    own: Iterable[Label], ref: References, right: dict[int, int], weights: dict[int, int] | None = None
) -> Comparison:
    """Labels against `right`, the reference by item; a label counts as often as the item's weight says."""
    n = agreed = chance = 0
    for label in own:
        if label.item in right:
            weight = (weights or {}).get(label.item, 1)
            n += weight
            agreed += weight * (label.choice == right[label.item])
            chance += weight * ref.classes[label.choice]
    return Comparison(n, agreed, chance)


def skill(seen: Comparison, total: int, u: int, m: int, prior_bps: int) -> int:
    above = 65_536 * (10_000 * seen.gained(total) + prior_bps * m * total)
    below = 10_000 * (seen.room(total) + (u + m) * total)
    return above // below


# Sections 9 to 11, what each annotator gets


@dataclass
class Result:
    """One annotator with a standing commitment."""

    annotator: bytes
    committed: int
    unopened: int
    labels: list[Label]
    refs: References
    accepted: int = 0
    contested: int = 0
    seen: Comparison = field(default_factory=Comparison)
    on_gold: Comparison = field(default_factory=Comparison)
    skill: int = 0
    flagged: bool = False
    pay: int = 0
    shares: int = 0
    slash: int = 0


@dataclass(frozen=True)
class Outcome:
    labels: list[Label]
    truth: Truth
    gold: dict[int, bytes]
    void: set[int]
    results: list[Result]
    groups: Groups | None = None

    def says(self, spec: Spec, choice: int) -> bytes:
        """The label that a class stands for."""
        return spec.form.encode(choice) if self.groups is None else self.groups.centres[choice]


@dataclass(frozen=True)
class Money:
    escrow: int
    fee_bps: int
    share_cap: int
    stake_per_label: int

    @property
    def budget(self) -> int:
        return self.escrow * 10_000 // (10_000 + self.fee_bps)


def judge(
    spec: Spec,
    seed: bytes,
    money: Money,
    stand: dict[bytes, list[Commitment]],
    openings: list[Opening],
    assigned: Assigned | None,
    reveals: Iterable[bytes],
) -> Outcome:
    """Everything that follows from standing commitments, openings and gold."""
    labels, groups = by_class(spec, seed, labels_that_count(spec, openings, assigned))
    results = [
        Result(
            who,
            committed=sum(commit.count for commit in commits),
            unopened=sum(commit.count for commit in commits if commit not in {o.commit for o in openings}),
            labels=[label for label in labels if label.annotator == who],
            refs=references_by_vote(seed, labels, who),
        )
        for who, commits in sorted(stand.items())
        if commits
    ]
    sealed = revealed_gold(spec, reveals)
    gold = gold_classes(spec, groups, sealed)
    void = void_gold(
        spec,
        labels,
        gold,
        {each.annotator: each.refs for each in results},
        {each.annotator: each.unopened for each in results},
    )
    valid = {item: choice for item, choice in gold.items() if item not in void}
    truth = find_truth(spec, seed, labels, valid)
    for each in results:
        if truth.model is not None:
            each.refs = references_by_model(seed, labels, each.annotator, truth, valid)
        score(spec, each, truth.winners, valid)
        if spec.slash is not None:
            each.flagged = flagged(spec.slash, each, labels, gold)
    give(spec, money, results)
    if spec.slash is not None and breaker_lets(spec.slash, truth, vote(seed, labels), gold, valid):
        for each in results:
            each.slash = lost(spec, spec.slash, each, each.committed * money.stake_per_label)
    return Outcome(labels, truth, sealed, void, results, groups)


def score(spec: Spec, each: Result, truth: dict[int, Winner], valid: dict[int, int]) -> None:
    for label in each.labels:
        winner = truth[label.item]
        if not winner.accepted(spec):
            each.contested += 1
        elif label.choice == winner.choice:
            each.accepted += 1
    weight = spec.gold.weight if spec.gold is not None else 1
    each.seen = compare(each.labels, each.refs, each.refs.by_item | valid, dict.fromkeys(valid, weight))
    each.on_gold = compare(each.labels, each.refs, valid)
    each.skill = skill(each.seen, each.refs.total, each.unopened, spec.strength, spec.prior_bps)


def give(spec: Spec, money: Money, results: list[Result]) -> None:
    """Section 10: pay and shares."""
    whole = spec.full - spec.begin
    for each in results:
        earned = 2 * each.accepted + each.contested
        part = min(max(each.skill - spec.begin, 0), whole)
        each.pay = earned * spec.price * (part if spec.pay_by_skill else whole) // (2 * whole)
        each.shares = earned * spec.share_weight * (part if spec.shares_by_skill else whole) // (2 * whole)
    paid = sum(each.pay for each in results)
    shared = sum(each.shares for each in results)
    for each in results:
        if paid > money.budget:
            each.pay = each.pay * money.budget // paid
        if shared > money.share_cap:
            each.shares = each.shares * money.share_cap // shared
    if sum(each.shares for each in results) < 10**18:
        for each in results:
            each.shares = 0


# Section 11, slashes and forfeits


def lost(spec: Spec, rule: Slash, each: Result, signed: int) -> int:
    """What somebody loses of the stake signed for, where the circuit breaker lets it."""
    below_chance = min(max(-each.skill, 0), spec.full)
    forfeit = signed * rule.forfeit_bps * below_chance // (10_000 * spec.full)
    return max(signed * rule.part_bps // 10_000, forfeit) if each.flagged else forfeit


def flagged(rule: Slash, each: Result, labels: list[Label], gold: dict[int, int]) -> bool:
    total = each.refs.total
    plain = compare([label for label in each.labels if label.item not in gold], each.refs, each.refs.by_item)
    if plain.n < rule.min_labels or not surely_below(plain, total, rule.below_bps):
        return False
    fails_gold = each.on_gold.n >= rule.min_gold and below(each.on_gold, total, rule.below_bps)
    return fails_gold or (rule.correlation and answers_blindly(each, labels))


def surely_below(seen: Comparison, total: int, below_bps: int) -> bool:
    """Below by more than 2.33 standard errors."""
    n, agreed = seen.n, seen.agreed
    y = below_bps * seen.room(total) - 10_000 * seen.gained(total)
    error = 5_428_900 * 10_000**2 * total**2 * n * (agreed + 1) * (n - agreed + 1)
    return y > 0 and y**2 * (n + 2) ** 2 * 1_000_000 > error


def below(seen: Comparison, total: int, below_bps: int) -> bool:
    return 10_000 * seen.gained(total) < below_bps * seen.room(total)


def answers_blindly(each: Result, labels: list[Label]) -> bool:
    """No more of its labels are others' than if it had not looked."""
    others = [label for label in labels if label.annotator != each.annotator]
    classes = Counter(label.choice for label in others)
    same = expected = 0
    for label in each.labels:
        here = [other for other in others if other.item == label.item]
        same += sum(other.choice == label.choice for other in here)
        expected += len(here) * classes[label.choice]
    return same * len(others) <= expected


def breaker_lets(
    rule: Slash, truth: Truth, votes: dict[int, Winner], gold: dict[int, int], valid: dict[int, int]
) -> bool:
    """Whether the verdicts are good enough, on gold that was not told, to take anything by them."""
    judged = [item for item in valid if item in truth.winners and item not in truth.told]
    found = {item: truth.winners[item].choice for item in judged}
    right = sum(found[item] == valid[item] for item in judged)
    majority = sum(votes[item].choice == valid[item] for item in judged)
    chance = sum(found[one] == valid[other] for one in judged for other in judged)
    t = len(judged)
    if t < rule.breaker_gold:
        return False
    if majority >= right + 2 and (majority - right) * 10_000 > rule.breaker_margin_bps * t:
        return False
    if (len(gold) - len(valid)) * 10_000 > rule.breaker_void_bps * len(gold):
        return False
    if rule.breaker_floor_bps == 0:
        return True
    return t * t > chance and (right * t - chance) * 10_000 >= rule.breaker_floor_bps * (t * t - chance)
