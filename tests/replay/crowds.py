"""Small crowds, and what a whole life must come to, counted from the crowd without our protocol code."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import floor

from sha3 import keccak_256

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Token
from labelshare.chain.history import campaign_record
from labelshare.chain.keys import development_signer
from labelshare.chain.node import Chain
from labelshare.protocol.spec import Committee, DawidSkene
from labelshare.replay.crowd import Crowd, Vote
from labelshare.replay.digits import simulated_crowd
from labelshare.replay.life import Lived, live
from labelshare.replay.rules import Rules, spec_of
from labelshare.types import Address
from tests.protocol.naive import committee, dawid_skene

SUPPLY = 10**30
BPS = 10_000


def recorded_crowd() -> Crowd:
    """Seven workers, sixteen items, three classes; verdicts clear, contested, tied; one truth is missing."""
    dice = random.Random(7)
    votes = []
    for item in range(16):
        truth = item % 3
        for worker in sorted(dice.sample(range(7), 2 + item % 4)):
            right = dice.random() < (0.9 if worker < 4 else 0.4)
            votes.append(Vote(item, worker, truth if right else dice.randrange(3)))
    return Crowd(
        name="small and recorded",
        simulated=False,
        items=tuple(f"item {number}" for number in range(16)),
        workers=tuple(f"worker {number}" for number in range(7)),
        classes=("cat", "dog", "hen"),
        votes=tuple(votes),
        truth={item: item % 3 for item in range(15)},
    )


def small_simulated_crowd() -> Crowd:
    """Eight of the demonstration's annotators and its first fifteen images."""
    whole = simulated_crowd(3, items=15)
    keep = [0, 1, 12, 13, 21, 25, 28, 29]
    return replace(
        whole,
        workers=tuple(whole.workers[worker] for worker in keep),
        kinds=tuple(whole.kinds[worker] for worker in keep),
        votes=tuple(
            replace(vote, worker=keep.index(vote.worker)) for vote in whole.votes if vote.worker in keep
        ),
    )


def crowd_with_gold() -> Crowd:
    """Ten workers, forty-five items, four classes; the last three guess. One gold answer is false."""
    dice = random.Random(11)
    names = tuple(f"item {number}" for number in range(45))
    truth = {item: dice.randrange(4) for item in range(44)}
    votes = []
    for item, worker in sorted((item, worker) for item in range(45) for worker in range(10)):
        right = worker < 7 and dice.random() < 0.9
        label = truth.get(item, 0) if right else dice.randrange(4)
        if dice.random() < 0.9:
            votes.append(Vote(item, worker, label))
    wrong = min(_lowest(names, truth, GOLD_RULES.gold))
    truth[wrong] = (truth[wrong] + 1) % 4
    return Crowd(
        name="small and with gold",
        simulated=False,
        items=names,
        workers=tuple(f"worker {number}" for number in range(10)),
        classes=("cat", "dog", "eel", "hen"),
        votes=tuple(votes),
        truth=truth,
    )


def crowd_with_forfeits() -> Crowd:
    """The same, but its worker 7 gave fifteen labels, all wrong: too few for a slash, and below chance."""
    crowd = crowd_with_gold()
    votes = [
        vote if vote.worker != 7 else replace(vote, label=(crowd.truth.get(vote.item, 0) + 2) % 4)
        for vote in crowd.votes
        if vote.worker != 7 or vote.item < 15
    ]
    return replace(crowd, name="small and with forfeits", votes=tuple(votes))


VOTE = "majority.v1"
RECORDED_RULES = Rules(aggregation=VOTE)
SIMULATED_RULES = Rules(rounds=2, redundancy=2, aggregation=VOTE)
GOLD_RULES = Rules(gold=12, aggregation=VOTE)
LITTLE_GOLD_RULES = Rules(gold=8, aggregation=VOTE)  # too little for the circuit breaker
MODEL_RULES = Rules(gold=22)  # a model is told the half of it, and the breaker asks for ten others


@dataclass(frozen=True)
class Finished:
    """A life that is over, and where it was lived."""

    chain: Chain
    crowd: Crowd
    rules: Rules
    lived: Lived

    @property
    def seed(self) -> bytes:
        registry = self.lived.deployment.bind(self.chain).registry
        return registry.campaign(self.lived.scope.campaign_id).seed


def run(crowd: Crowd, rules: Rules, chain: Chain | None = None) -> Finished:
    chain = chain or connect()
    return Finished(chain, crowd, rules, live(chain, crowd, rules))


@cache
def recorded_life() -> Finished:
    """The recorded crowd's life on a chain in this process, lived once."""
    return run(recorded_crowd(), RECORDED_RULES)


@cache
def simulated_life() -> Finished:
    """The simulated crowd's."""
    return run(small_simulated_crowd(), SIMULATED_RULES)


@cache
def life_with_gold() -> Finished:
    """A recorded crowd's with gold: two stakes are taken, one gold item is void."""
    return run(crowd_with_gold(), GOLD_RULES)


@cache
def life_with_forfeits() -> Finished:
    """That of the crowd of whom one is below chance and too short for a slash."""
    return run(crowd_with_forfeits(), GOLD_RULES)


@cache
def modelled_life() -> Finished:
    """The same crowd's with more gold, its verdicts found by the model that is the default."""
    return run(crowd_with_gold(), MODEL_RULES)


@cache
def committee_life() -> Finished:
    """The same, its verdicts found by a committee."""
    return run(crowd_with_gold(), replace(MODEL_RULES, aggregation="committee.v1"))


# ------------------------------------------------------------------- counted again


@dataclass(frozen=True)
class Expected:
    """Who gets and loses what, in base units, by worker; each item's verdict; gold items, true where void."""

    labels: int
    winners: Mapping[int, int]
    confidence: Mapping[int, Fraction]
    accepted: frozenset[int]
    ties: int
    pay: Sequence[int]
    shares: Sequence[int]
    revenue: Sequence[int]
    escrow: int
    fee: int
    gold: Mapping[int, bool]
    flagged: frozenset[int]
    slashes: Sequence[int]

    @property
    def surplus(self) -> int:
        return self.escrow - sum(self.pay) - self.fee


def expected(life: Finished) -> Expected:
    """Majority with the seed's ties, or the model; accepted from three fifths on, else half pay."""
    crowd, rules, seed = life.crowd, life.rules, life.seed
    votes = assigned_votes(life) if crowd.simulated else crowd.votes
    by_item = counted(votes)
    workers = range(len(crowd.workers))
    gold = {item: crowd.truth[item] for item in _lowest(crowd.items, crowd.truth, rules.gold)}
    void = _void(votes, workers, seed, gold)
    valid = {item: answer for item, answer in gold.items() if item not in void}
    elected = {item: winner_of(item, counts, seed) for item, counts in by_item.items()}
    told: dict[int, int] = {}
    references = {worker: references_by_vote(votes, worker, seed) for worker in workers}
    if rules.aggregation == VOTE:
        winners = elected
        parts_of = {i: Fraction(counts[winners[i]], counts.total()) for i, counts in by_item.items()}
        ties = sum(list(counts.values()).count(max(counts.values())) > 1 for counts in by_item.values())
    else:
        told = _told(seed, votes, valid)
        winners, parts_of, references = _modelled(life, votes, told)
        ties = 0
    accepted = frozenset(item for item, part in parts_of.items() if part >= Fraction(3, 5))
    halves = [0] * len(crowd.workers)
    for vote in votes:
        if vote.item not in accepted:
            halves[vote.worker] += 1
        elif vote.label == winners[vote.item]:
            halves[vote.worker] += 2
    k = rules.redundancy if crowd.simulated else max(counts.total() for counts in by_item.values())
    places = len(crowd.items) * k
    skills = [skill(votes, worker, references[worker], valid) for worker in workers]
    flagged = frozenset(w for w in workers if _is_flagged(votes, w, references[w], gold, valid))
    judged = valid.keys() - told.keys()
    right = sum(winners[item] == valid[item] for item in judged)
    by_vote = sum(elected[item] == valid[item] for item in judged)
    spared = len(judged) < 10 or 10 * right < 7 * len(judged) or 100 * (by_vote - right) > 3 * len(judged)
    given = Counter(vote.worker for vote in votes)
    pay = [earned(rules.price, each, own) for each, own in zip(halves, skills, strict=True)]
    shares = [earned(rules.share_weight, each, own) for each, own in zip(halves, skills, strict=True)]
    if sum(shares) < 10**18:  # less than a whole share is none, and then no licence is sold
        shares = [0] * len(shares)
    return Expected(
        labels=len(votes),
        winners=winners,
        confidence=parts_of,
        accepted=accepted,
        ties=ties,
        pay=pay,
        shares=shares,
        revenue=_revenue(shares, rules),
        escrow=-(-places * rules.price * (BPS + rules.fee_bps) // BPS),
        fee=sum(pay) * rules.fee_bps // BPS,
        gold={item: item in void for item in gold},
        flagged=flagged,
        slashes=[0 if spared else lost(rules, given[w], skills[w], flagged=w in flagged) for w in workers],
    )


def earned(amount: int, halves: int, own_skill: int) -> int:
    """Half labels at a price: nothing up to a skill of .1, in full from .4 on."""
    begin, full = 65_536 * 1_000 // 10_000, 65_536 * 4_000 // 10_000
    return halves * amount * min(max(own_skill - begin, 0), full - begin) // (2 * (full - begin))


def lost(rules: Rules, labels: int, own_skill: int, *, flagged: bool) -> int:
    """Half of the stake by a slash; below a skill of 0 up to half of it in proportion, all of that at -.4."""
    full, stake = 65_536 * 4_000 // 10_000, labels * rules.price * rules.stakes_per_label
    forfeit = floor(Fraction(stake, 2) * Fraction(min(max(-own_skill, 0), full), full))
    return max(stake // 2, forfeit) if flagged else forfeit


def _told(seed: bytes, votes: Sequence[Vote], valid: Mapping[int, int]) -> dict[int, int]:
    """The half of the gold that a model is told, by hash of the item; of that whose class somebody gave."""
    given = {(vote.item, vote.label) for vote in votes}
    drawn = sorted((i for i in valid if (i, valid[i]) in given), key=lambda i: _hash(seed, (i, 8)))
    return {item: valid[item] for item in drawn[: len(drawn) // 2]}


def _modelled(
    life: Finished, votes: Sequence[Vote], told: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, Fraction], dict[int, dict[int, int]]]:
    """Winners, their posteriors and everybody's references by the naive model."""
    rule = spec_of(life.crowd, life.rules).aggregation
    assert isinstance(rule, DawidSkene | Committee)
    labels = [(vote.item, vote.worker, vote.label) for vote in votes]
    crowd = labels, len(life.crowd.classes), life.seed, dict(told)
    sizes = rule.strength, 5, rule.iterations
    found = dawid_skene.run(*crowd, *sizes)
    won = {item: (winner, found.posteriors[item][winner]) for item, winner in found.winners.items()}
    if isinstance(rule, Committee):
        average = rule.average_strength, rule.average_iterations
        won = committee.run(committee.Case(*crowd, *sizes, *average))
    parts = {item: Fraction(posterior, 65_536) for item, (_, posterior) in won.items()}
    references = {
        worker: dawid_skene.references_for(worker, labels, life.seed, dict(told), found)
        for worker in range(len(life.crowd.workers))
    }
    return {item: winner for item, (winner, _) in won.items()}, parts, references


def counted(votes: Sequence[Vote]) -> dict[int, Counter[int]]:
    by_item: dict[int, Counter[int]] = {}
    for vote in votes:
        by_item.setdefault(vote.item, Counter())[vote.label] += 1
    return by_item


def winner_of(item: int, counts: Counter[int], seed: bytes) -> int:
    leaders = [label for label, count in counts.items() if count == max(counts.values())]
    return max(leaders, key=lambda label: _hash(seed, (item, 8), (label, 4)))


def skill(
    votes: Sequence[Vote],
    worker: int,
    references: Mapping[int, int],
    gold: Mapping[int, int] | None = None,
) -> int:
    """Agreement beyond chance with what the others say, shrunk as if by six labels, in 1/65,536.

    Gold answers stand for the others' and count five times.
    """
    gold = gold or {}
    n, agreed, chance = _compared(votes, worker, references, apart=gold)
    more, right, luck = _on_gold(votes, worker, references, gold)
    n, agreed, chance = n + 5 * more, agreed + 5 * right, chance + 5 * luck
    return floor(65_536 * (agreed - chance) / (n - chance + 6))


def references_by_vote(votes: Sequence[Vote], worker: int, seed: bytes) -> dict[int, int]:
    """What the others found each item to be."""
    others = counted([vote for vote in votes if vote.worker != worker])
    return {item: winner_of(item, counts, seed) for item, counts in others.items()}


def _compared(
    votes: Sequence[Vote], worker: int, references: Mapping[int, int], apart: Container[int]
) -> tuple[int, int, Fraction]:
    """Labels of a worker on items that are not apart, how many agree with the others, how many by chance."""
    wins = Counter(references.values())
    own = [vote for vote in votes if vote.worker == worker and vote.item in references]
    own = [vote for vote in own if vote.item not in apart]
    chance = sum((Fraction(wins[vote.label], len(references)) for vote in own), Fraction(0))
    return len(own), sum(vote.label == references[vote.item] for vote in own), chance


def _on_gold(
    votes: Sequence[Vote], worker: int, references: Mapping[int, int], gold: Mapping[int, int]
) -> tuple[int, int, Fraction]:
    """The same on gold items, with the gold answers."""
    wins = Counter(references.values())
    own = [vote for vote in votes if vote.worker == worker and vote.item in gold]
    chance = sum((Fraction(wins[vote.label], len(references)) for vote in own), Fraction(0))
    return len(own), sum(vote.label == gold[vote.item] for vote in own), chance


def _void(votes: Sequence[Vote], workers: range, seed: bytes, gold: Mapping[int, int]) -> set[int]:
    """Gold items that four fifths of the skilled on them contradict; skill by the vote, without any gold."""
    skilled = set()
    for worker in workers:
        n, agreed, chance = _compared(votes, worker, references_by_vote(votes, worker, seed), apart=gold)
        if floor(65_536 * (agreed - chance) / (n - chance + 6)) >= 26_214:
            skilled.add(worker)
    void = set()
    for item, answer in gold.items():
        labels = [vote.label for vote in votes if vote.item == item and vote.worker in skilled]
        against = sum(label != answer for label in labels)
        if labels and 5 * against >= 4 * len(labels):
            void.add(item)
    return void


def _is_flagged(
    votes: Sequence[Vote],
    worker: int,
    references: Mapping[int, int],
    gold: Mapping[int, int],
    valid: Mapping[int, int],
) -> bool:
    """Twenty labels that are surely below a fifth of skill, and three gold answers that are below it."""
    n, agreed, chance = _compared(votes, worker, references, apart=gold)
    p = Fraction(agreed + 1, n + 2)
    short = Fraction(1, 5) * (n - chance) - (agreed - chance)
    surely = short > 0 and short**2 > Fraction("2.33") ** 2 * n * p * (1 - p)
    asked, right, luck = _on_gold(votes, worker, references, valid)
    return n >= 20 and surely and asked >= 3 and 5 * (right - luck) < asked - luck


def _lowest(names: Sequence[str], truth: Mapping[int, int], count: int) -> list[int]:
    """So many items with a truth, lowest by hash of their name."""

    def place(item: int) -> bytes:
        return bytes(keccak_256(b"labelshare.replay.gold.v1" + names[item].encode()).digest())

    return sorted(sorted(truth, key=place)[:count])


def _revenue(shares: Sequence[int], rules: Rules) -> list[int]:
    """One payment, all streamed: per share in 2^-104 units, rounded down twice."""
    part = -(-rules.licence_price * rules.contributor_bps // BPS)
    per_share = (part << 104) // sum(shares) if sum(shares) else 0
    return [held * per_share >> 104 for held in shares]


def assigned_votes(life: Finished) -> list[Vote]:
    """The labels that a rendezvous lets each worker give, when everyone gives all they may."""
    crowd, rules, accounts = life.crowd, life.rules, life.lived.annotators
    answers = {(vote.item, vote.worker): vote.label for vote in crowd.votes}
    limit = -(-len(crowd.items) // 5)
    given: dict[int, list[int]] = {worker: [] for worker in range(len(accounts))}
    offered: Counter[tuple[int, int]] = Counter()
    for _ in range(rules.rounds):
        resting = {worker for worker, items in given.items() if len(items) >= limit}
        taken = {item: {w for w in given if item in given[w]} for item in range(len(crowd.items))}
        now: dict[int, list[int]] = {worker: [] for worker in given}
        for item in range(len(crowd.items)):
            able = [worker for worker in given if worker not in resting | taken[item]]
            able.sort(key=lambda w: (offered[item, w], _hash(life.seed, (item, 8), accounts[w])))
            for worker in able[: rules.redundancy - len(taken[item])]:
                offered[item, worker] += 1
                now[worker].append(item)
        for worker, items in now.items():
            given[worker] += items[: limit - len(given[worker])]
    return [Vote(item, worker, answers[item, worker]) for worker, items in given.items() for item in items]


def _hash(seed: bytes, *parts: bytes | tuple[int, int]) -> bytes:
    raw = b"".join(part if isinstance(part, bytes) else part[0].to_bytes(part[1], "big") for part in parts)
    return bytes(keccak_256(seed + raw).digest())


def held(life: Finished) -> dict[str, int]:
    """What everyone has at the end, wallets, credit and contracts: all of the token's supply."""
    contracts = life.lived.deployment.bind(life.chain)
    token, registry, licenses = contracts.development_token, contracts.registry, contracts.licenses
    cast = roles()
    wallets: dict[str, Address] = {
        **cast,
        **dict(zip(life.crowd.workers, life.lived.annotators, strict=True)),
        "registry": registry.address,
        "dataset": life.lived.dataset,
        "licences": licenses.address,
    }
    found = {name: token.balance_of(account) for name, account in wallets.items()}
    for name in ("requester", "oracle"):
        found[f"{name}'s credit"] = registry.credit_of(token.address, cast[name])
    found["requester's proceeds"] = licenses.proceeds(cast["requester"], token.address)
    found["burned"] = registry.burned_of(token.address)
    pool = campaign_record(life.chain, life.lived.deployment, life.lived.scope.campaign_id).params.pool
    for name, account in zip(life.crowd.workers, life.lived.annotators, strict=True):
        found[f"{name}'s seat"] = registry.seat(pool, account).stake
    return found


def expected_holdings(life: Finished) -> dict[str, int]:
    """The same from the crowd alone."""
    result, rules, crowd = expected(life), life.rules, life.crowd
    bond = -(-result.escrow // 4)
    most = (
        -(-len(crowd.items) // 5) if crowd.simulated else max(Counter(v.worker for v in crowd.votes).values())
    )
    stake = most * rules.price * rules.stakes_per_label
    stakes = len(crowd.workers) * stake
    rewards = sum(slash // 20 for slash in result.slashes)
    sold = rules.licence_price if sum(result.shares) else 0
    part = -(-sold * rules.contributor_bps // BPS)
    return {
        "deployer": SUPPLY - result.escrow - bond - stakes - rules.licence_price,
        "requester": 0,
        "oracle": 0,
        "licensee": rules.licence_price - sold,
        **{
            name: pay + revenue
            for name, pay, revenue in zip(crowd.workers, result.pay, result.revenue, strict=True)
        },
        "registry": stakes + bond + result.fee + result.surplus,
        "dataset": part - sum(result.revenue),
        "licences": sold - part,
        "requester's credit": result.surplus,
        "oracle's credit": bond + result.fee + rewards,
        "requester's proceeds": sold - part,
        "burned": sum(result.slashes) - rewards,
        **{
            f"{name}'s seat": stake - slash for name, slash in zip(crowd.workers, result.slashes, strict=True)
        },
    }


def roles() -> dict[str, Address]:
    names = ("deployer", "requester", "oracle", "licensee")
    return {name: development_signer("replay", name).address for name in names}


def shares_of(life: Finished) -> list[int]:
    share = Token(life.chain, life.lived.dataset)
    return [share.balance_of(account) for account in life.lived.annotators]
