"""A whole campaign without a chain: seats, rounds, openings and the record that a chain would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labelshare.protocol import abi, typed_data
from labelshare.protocol.assignment import Plan, places
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, label_bytes, seal
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.record import OwnCommit, Place, Posted, Record, Reveal, RoundRoot
from labelshare.protocol.rewards import ONE_SHARE, fee
from labelshare.protocol.rounds import aggregate, facts, roster_root
from labelshare.protocol.settlement import Built, build, build_public
from labelshare.protocol.spec import Spec
from labelshare.types import ZERO_HASH, Address, CampaignParams, Commit, Hash32, PoolParams, Schedule, keccak

CHAIN_ID = 31337
REGISTRY = Address("0x" + "a1" * 20)
PROPOSED: Place = (100, 0)  # where a proposal stands; openings on chain stand before it
SEED = keccak(b"seed")
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text">'
    '<Choice value="good"/><Choice value="bad"/><Choice value="none"/></Choices></View>'
)
SCHEDULE = Schedule(
    accept_end=1_000,
    enrol_end=2_000,
    work_start=3_000,
    round_length=600,
    grace=200,
    rounds=3,
    tries=2,
    reveal_period=500,
    settle_period=400,
    window=300,
    ruling_period=100,
    rescue_period=700,
    public_period=800,
    slash_window=50,
)


def key(name: str) -> bytes:
    """The private key of an actor."""
    return keccak(b"labelshare test key " + name.encode())


def account(name: str) -> Address:
    """The account of an actor."""
    return typed_data.address_of(key(name))


def spec_fields(**changes: Any) -> dict[str, Any]:
    """A valid spec as JSON values."""
    fields: dict[str, Any] = {
        "title": "Moods",
        "instructions": "Say how the text sounds.",
        "task": {"type": "single-choice.v1", "config": CONFIG},
        "items": [{"digest": f"{i:064x}", "name": f"text {i}"} for i in range(6)],
        "price": "1001",
        "share_weight": str(ONE_SHARE),
        "seconds_per_label": 5,
        "redundancy": {"policy": "fixed.v1", "k": 3},
        "assignment": {"policy": "given.v1"},
        "aggregation": {"policy": "majority.v1"},
        "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
        "skill": {
            "policy": "leave-one-out.v1",
            "strength": 6,
            "prior_bps": 0,
            "from_bps": 1_000,
            "full_bps": 4_000,
        },
        "pay": {"policy": "flat.v1"},
        "shares": {"policy": "flat.v1"},
        "slash": {"policy": "none.v1"},
        "gold": {"policy": "none.v1"},
    }
    return fields | changes


def pool_params(**changes: Any) -> PoolParams:
    return replace(
        PoolParams(
            oracle=account("oracle"),
            token=Address("0x" + "70" * 20),
            seat_stake=1_000_000,
            unbonding=100_000,
            max_open=4,
            gate=Address(bytes(20)),
            arbitrator=Address("0x" + "ab" * 20),
            arbitration_refund=500,
            randomness=Address(bytes(20)),
            nonce=1,
        ),
        **changes,
    )


@dataclass
class World:
    """A campaign that is lived through round by round, then settled."""

    names: tuple[str, ...] = ("ann", "bob", "cat", "dan")
    alone: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=spec_fields)
    escrow: int = 1_000_000
    params: dict[str, Any] = field(default_factory=dict)
    commits: list[SignedCommit] = field(default_factory=list)
    own: list[OwnCommit] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    reveals: list[Reveal] = field(default_factory=list)
    gold: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spec = Spec.of(self.fields)
        self.pool = pool_params()
        self.campaign = replace(
            CampaignParams(
                pool=abi.pool_id(CHAIN_ID, REGISTRY, self.pool),
                dataset=Address("0x" + "da" * 20),
                requester=account("requester"),
                oracle=self.pool.oracle,
                token=self.pool.token,
                spec_hash=self.spec.hash,
                share_cap=1_000 * ONE_SHARE,
                stake_per_label=4_000,
                fee_bps=500,
                nonce=7,
                schedule=SCHEDULE,
            ),
            **self.params,
        )
        self.scope = self.record_with(()).scope
        self._names = {account(name): name for name in (*self.names, *self.alone)}

    @property
    def accounts(self) -> dict[str, Address]:
        return {name: account for account, name in self._names.items()}

    def enrolments(self) -> list[Enrolment]:
        digest = typed_data.digest(self.scope, typed_data.enrol_hash(self.scope.campaign_id))
        return [Enrolment(account(name), typed_data.sign(digest, key(name))) for name in self.names]

    def label(
        self,
        name: str,
        round_number: int,
        answers: Mapping[int, int],
        *,
        alone: bool = False,
        opened: bool = True,
    ) -> None:
        """An annotator seals, signs and (unless told otherwise) opens a batch of classes by item."""
        before = [c.commit for c in self.commits if c.annotator == account(name)]
        before += [own.commit for own in self.own if own.annotator == account(name)]
        labels = {item: self.spec.task.form.encode(choice) for item, choice in answers.items()}
        secret = keccak(f"{name} {round_number} {len(before)}".encode())
        commit, opening = seal(
            self.scope,
            account(name),
            round_number=round_number,
            batch=len(before),
            committed_before=sum(commit.count for commit in before),
            secret=secret,
            labels=labels,
        )
        if alone:
            self.own.append(OwnCommit(account(name), commit))
        else:
            digest = typed_data.digest(self.scope, typed_data.commit_hash(self.scope.campaign_id, commit))
            signature = typed_data.sign(digest, key(name))
            self.commits.append(SignedCommit(account(name), commit, signature, opening.items))
        if opened:
            self.openings.append(opening)

    def opening(self, name: str, batch: int = 0) -> tuple[Commit, Opening]:
        """The opening of somebody's batch, which must have been opened, and its commitment."""
        commits = [c.commit for c in self.commits if c.annotator == account(name)]
        commits += [own.commit for own in self.own if own.annotator == account(name)]
        commit = next(each for each in commits if each.batch == batch)
        wanted = typed_data.commit_hash(self.scope.campaign_id, commit)
        return commit, next(
            o for o in self.openings if (o.annotator, o.commit_hash) == (account(name), wanted)
        )

    def reveal(self, name: str, batch: int = 0, *, place: Place | None = None, **changes: Any) -> Reveal:
        """Somebody's batch is opened on chain; `changes` replace fields of the event."""
        commit, opening = self.opening(name, batch)
        labels = label_bytes(opening.items, opening.labels)
        where = place or (50, len(self.reveals))
        event = replace(Reveal(account(name), commit, opening.secret, labels, where), **changes)
        self.reveals.append(event)
        return event

    def withhold(self, *names: str) -> None:
        """These never sent their openings to the oracle."""
        self.openings = [o for o in self.openings if o.annotator not in map(account, names)]

    def places(self, round_number: int) -> dict[str, list[int]]:
        """Under rendezvous, who is assigned what in a round, by name."""
        limit = self.spec.label_limit(self.pool.campaign_slice, self.campaign.stake_per_label)
        roster = tuple(self._names)
        plan = Plan(SEED, roster, len(self.spec.items), self.spec.redundancy.k, limit)
        own = [(each.annotator, each.commit) for each in self.own]
        history = facts(SCHEDULE.rounds, self.commits, own)[:round_number]
        return {self._names[who]: items for who, items in places(plan, history).items()}

    def record_with(self, rounds: tuple[RoundRoot, ...], posted: Posted | None = None) -> Record:
        return Record(
            chain_id=CHAIN_ID,
            registry=REGISTRY,
            campaign_id=abi.campaign_id(CHAIN_ID, REGISTRY, self.campaign),
            params=self.campaign,
            pool=self.pool,
            escrow=self.escrow,
            roster_root=ZERO_HASH,
            roster_count=len(self.names),
            seated=frozenset(map(account, (*self.names, *self.alone))),
            enrolled_alone=tuple(map(account, self.alone)),
            seed=SEED,
            rounds=rounds,
            own_commits=tuple(self.own),
            reveals=tuple(self.reveals),
            gold=tuple(self.gold),
            posted=posted,
        )

    def record(self) -> Record:
        """What the chain would say before a proposal."""
        rounds = []
        for number in range(SCHEDULE.rounds):
            if commits := [c for c in self.commits if c.commit.round == number]:
                made = aggregate(self.scope, number, commits)
                rounds.append(RoundRoot(number, made.root, made.item_lists_hash))
        root = roster_root(self.scope, map(account, self.names))
        return replace(self.record_with(tuple(rounds)), roster_root=root)

    def build(self) -> Built:
        return build(self.spec, self.record(), self.enrolments(), self.commits, self.openings)

    def build_public(self) -> Built:
        return build_public(self.spec, self.record())


def propose(record: Record, built: Built, *, public: bool = False) -> Record:
    """The record once the settlement is posted and final."""
    settlement = built.settlement
    reward = fee(settlement.payout_total, record.params.fee_bps)
    return replace(record, posted=Posted(settlement, reward, public, PROPOSED))


def small_world() -> World:
    """Four seats (one enrolled alone), two rounds, an own commitment, an unopened batch, a contested item."""
    world = World(names=("ann", "bob", "cat"), alone=("dan",))
    world.label("ann", 0, {0: 0, 1: 1, 2: 2})
    world.label("bob", 0, {0: 0, 1: 1, 2: 1})
    world.label("cat", 0, {0: 1, 1: 1, 2: 0})
    world.label("dan", 0, {0: 0, 3: 1}, alone=True)
    world.label("ann", 1, {3: 1, 4: 0})
    world.label("bob", 1, {5: 0, 3: 2}, opened=False)
    return world


STRICT = {"policy": "skill-and-gold.v1", "breaker_gold": 4, "below_bps": 2_800}
"""By these rules 42 labels at chance on three classes are surely too few to be right by skill."""


def skilled_world(**changes: Any) -> World:
    """Gold (item 5's is wrong), pay and shares by skill, slashes: five careful people among others.

    `rob` answers at random, `con` always alike, `one` once, and `shy` never opens its second batch.
    """
    truth = {item: item % 3 for item in range(48)}
    gold = {item: truth[item] for item in range(5)} | {5: 0}
    sealed = SealedGold.of(keccak(b"gold"), {item: bytes([1, 0, answer]) for item, answer in gold.items()})
    fields = spec_fields(
        items=[{"digest": f"{item:064x}"} for item in range(48)],
        redundancy={"policy": "fixed.v1", "k": 9},
        pay={"policy": "skill.v1"},
        shares={"policy": "skill.v1"},
        slash=STRICT,
        gold={"policy": "merkle.v1", "root": str(sealed.root), "count": len(gold)},
    )
    careful = ("ann", "bob", "cat", "dan", "eve")
    world = World(names=(*careful, "rob", "con", "one", "shy"), fields=fields | changes)
    for number, name in enumerate(careful):
        slips = {6 + 3 * number, 7 + 4 * number}
        world.label(name, 0, {i: (t + (i in slips)) % 3 for i, t in truth.items()})
    world.label("rob", 0, {item: keccak(b"rob" + bytes([item]))[0] % 3 for item in truth})
    world.label("con", 0, dict.fromkeys(truth, 0))
    world.label("one", 1, {7: truth[7]})
    world.label("shy", 0, {item: truth[item] for item in range(6, 16)})
    world.label("shy", 1, {item: truth[item] for item in range(16, 22)}, opened=False)
    world.gold.append(sealed.reveal)
    return world


def modelled_world(**changes: Any) -> World:
    """`dawid-skene.v1`, where nothing else is asked for, with six gold items, on nine items of three classes.

    `liz` and `lou` say the same wrong class. Items 7 and 8, which only `ann` labelled besides, are theirs by
    the vote.
    """
    truth = {item: item % 3 for item in range(9)}
    sealed = SealedGold.of(keccak(b"gold"), {item: bytes([1, 0, truth[item]]) for item in range(6)})
    fields = spec_fields(
        items=[{"digest": f"{item:064x}"} for item in truth],
        aggregation={"policy": "dawid-skene.v1", "strength": 4, "iterations": 3},
        pay={"policy": "skill.v1"},
        slash={"policy": "skill-and-gold.v1", "min_labels": 2, "min_gold": 2, "breaker_gold": 3},
        gold={"policy": "merkle.v1", "root": str(sealed.root), "count": 6},
    )
    world = World(names=("ann", "bob", "cat", "liz", "lou"), fields=fields | changes)
    for name, slips in (("ann", ()), ("bob", (6, 0)), ("cat", (2, 4))):
        world.label(name, 0, {i: (truth[i] + 2 * (i in slips)) % 3 for i in range(9 if name == "ann" else 7)})
    for name in ("liz", "lou"):
        world.label(name, 0, {item: (answer + 1) % 3 for item, answer in truth.items()})
    world.gold.append(sealed.reveal)
    return world


Change = Callable[[dict[str, Any]], None]

__all__ = [
    "CHAIN_ID",
    "CONFIG",
    "PROPOSED",
    "REGISTRY",
    "SCHEDULE",
    "SEED",
    "STRICT",
    "Hash32",
    "World",
    "account",
    "key",
    "modelled_world",
    "pool_params",
    "propose",
    "skilled_world",
    "small_world",
    "spec_fields",
]
