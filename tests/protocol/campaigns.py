"""Random small campaigns, lived through with the real code: to compare whoever settles or verifies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

from hypothesis import strategies as st

from labelshare.protocol import typed_data
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.labels import Regions, read_form
from labelshare.protocol.labels.regions import Region
from labelshare.protocol.record import OwnCommit, Record, Reveal
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.protocol.settlement import build, build_public
from labelshare.protocol.spec import Spec
from labelshare.types import Commit, Hash32, keccak
from tests.protocol.world import CONFIG, SCHEDULE, World, account, propose, spec_fields

CHOICES = "".join(f'<Choice value="{i}"/>' for i in range(32))
TASKS = {  # a config of each type, and three answers to it
    "single-choice.v1": (CONFIG, (0, 1, 2)),
    "multi-label.v1": (
        f'<View><Choices name="c" toName="t" choice="multiple">{CHOICES}</Choices></View>',
        (0, 2**31, 2**32 - 1),
    ),
    "pairwise.v1": ('<View><Pairwise name="p" toName="t,u"/></View>', (2, 0, 1)),
    "numeric.v1": (
        '<View><Number name="n" toName="t" min="-0.5" max="99.95" step="0.05"/></View>',
        (9, 0, 2009),
    ),
}
SMALL_CHOICES = CHOICES.partition('<Choice value="3"/>')[0]
MODEL_TASKS = {  # of few classes: a model takes at most a thousand, and the naive one counts them slowly
    **TASKS,
    "multi-label.v1": (
        f'<View><Choices name="c" toName="t" choice="multiple">{SMALL_CHOICES}</Choices></View>',
        (0, 4, 7),
    ),
    "numeric.v1": (
        '<View><Number name="n" toName="t" min="-0.5" max="0.05" step="0.05"/></View>',
        (9, 0, 11),
    ),
}
BOXES = "RectangleLabels"
NAMES = '<Label value="a"/><Label value="b"/>'
REGION_TASKS: dict[str, tuple[str, tuple[tuple[Region, ...], ...]]] = {  # and three answers, the last empty
    "boxes.v1": (
        f'<View><Image name="i"/><{BOXES} name="b" toName="i" canRotate="false">{NAMES}</{BOXES}></View>',
        (((0, 100, 100, 60, 40), (1, 1_000, 2_000, 300, 200)), ((1, 9_000, 5_000, 999, 90),), ()),
    ),
    "spans.v1": (
        f'<View><Text name="t"/><Labels name="s" toName="t">{NAMES}</Labels></View>',
        (((0, 0, 45), (1, 12, 80)), ((1, 2**31, 2**31 + 90),), ()),
    ),
}
MODEL_NUMBERS = ("strength", "iterations", "average_strength", "average_iterations")
SECRET = keccak(b"gold")
AFTER = (200, 0)  # behind the proposal


@dataclass(frozen=True)
class Settled:
    """A campaign with a settlement posted, and the bundle for it."""

    record: Record
    bundle: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.bundle.splitlines(keepends=True)


@dataclass(frozen=True)
class Kind:
    """What a random campaign is like; the rest follows from `seed`."""

    seed: int
    task: str  # its type
    people: tuple[str, ...]  # how each answers: a key of ANSWERS
    items: int
    k: int
    rendezvous: bool
    public: bool
    gold: int  # how many items
    gold_wrong: bool
    gold_shown: bool
    slash: bool
    correlation: bool
    skill: tuple[int, int, int]  # strength, prior_bps and full_bps
    by_skill: tuple[bool, bool]
    price: int
    share_cap: int
    stake_per_label: int
    model: tuple[int, ...] | None  # the numbers of dawid-skene.v1 or, four, of committee.v1; None for a vote
    odd: bool  # amounts and parameters anywhere in their ranges
    breaks: bool  # batches that do not stand, void openings and people without a seat
    from_bps: int = 1_000  # or as much below the skill of full pay as can be
    forfeit_bps: int = 5_000
    near: tuple[int, int] = (5_000, 8_000)  # overlap_bps and alike_bps, where answers are regions

    @property
    def size(self) -> int:
        """How many items there are: more where nobody may label more than a fifth of them."""
        return self.items * (3 if self.rendezvous else 1)

    @property
    def asked(self) -> dict[str, Any]:
        """The task."""
        if self.task in REGION_TASKS:
            config, (overlap_bps, alike_bps) = REGION_TASKS[self.task][0], self.near
            return {"type": self.task, "config": config, "overlap_bps": overlap_bps, "alike_bps": alike_bps}
        return {"type": self.task, "config": self.form[0]}

    @property
    def form(self) -> tuple[str, tuple[int, ...]]:
        """The task's config, and three answers to it."""
        return (TASKS if self.model is None else MODEL_TASKS)[self.task]

    def answer(self, which: int, rng: Random) -> int:
        """One of the three answers; regions are drawn near it, as people do."""
        if self.task not in REGION_TASKS:
            return self.form[1][which]
        config, answers = REGION_TASKS[self.task]
        form = read_form(self.task, config)
        assert isinstance(form, Regions)
        drawn = sorted({moved(each, rng) for each in answers[which] if rng.random() < 0.9})
        return form.decode(form.tag + b"".join(form.layout.pack(*each) for each in drawn))


def moved(region: Region, rng: Random) -> Region:
    """A region near by: its extent, which is what comes last, grows or shrinks, now and then by much."""
    far = rng.random() < 0.2
    return (*region[:-1], region[-1] - rng.choice([0, 30 if far else 2, 5]))


def truth(item: int) -> int:
    """Which of a task's three answers is right."""
    return item % 3


ANSWERS: dict[str, Callable[[Random, int], int]] = {
    "wrong": lambda _, item: (truth(item) + 1) % 3,
    "same": lambda _rng, _item: 1,
    "blind": lambda rng, _: rng.randrange(3),
    "good": lambda rng, item: truth(item) if rng.random() < 0.8 else rng.randrange(3),
    "right": lambda _, item: truth(item),
}

VALUES: dict[str, list[Any]] = {  # of each field of a random kind but seed and people
    "task": list(TASKS),
    "items": [14, 12, 9, 2],
    "k": [1, 2, 3, 4],
    "rendezvous": [False, False, True],
    "public": [False, True],
    "gold": [6, 4, 1, 0],
    "gold_wrong": [False, True],
    "gold_shown": [True, True, True, False],
    "slash": [True, True, False],
    "correlation": [False, True],
    "skill": list(product(range(1, 7), [0, 0, 3_000, 10_000], [1, 1_000, 4_000])),
    "by_skill": list(product([False, True], repeat=2)),
    "price": [0, 1, 1_001, 99_999],
    "share_cap": [0, ONE_SHARE, 3 * ONE_SHARE + 7, 1_000 * ONE_SHARE],
    "stake_per_label": [4_000, 4_000, 60_000, 0],
    "model": [None, (4, 30), (4, 3), (64, 1), (1, 7), (4, 20, 15, 30), (1, 3, 1, 5), (64, 1, 64, 1)],
    "odd": [False, False, True],
    "breaks": [False, True],
    "from_bps": [1_000, 0, 9_999],
    "forfeit_bps": [5_000, 10_000, 1, 0],
}


def crowd_with(names: Sequence[str]) -> tuple[str, ...]:
    """One to three people of any kind among those who mean well."""
    return ("right", *names, "good", "right")


kinds = st.builds(
    Kind,
    seed=st.integers(0, 2**32),
    people=st.lists(st.sampled_from(list(ANSWERS)), min_size=1, max_size=3).map(crowd_with),
    **{name: st.sampled_from(values) for name, values in VALUES.items()},
)


region_kinds = st.builds(
    lambda kind, task, near: replace(kind, task=task, near=near, model=None),
    kinds,
    st.sampled_from(list(REGION_TASKS)),
    st.tuples(*[st.sampled_from([5_000, 8_000, 10_000, 1]) | st.integers(1, 10_000)] * 2),
)
"""The same where answers are regions."""


def kind_by(rng: Random) -> Kind:
    """A kind drawn evenly from the same."""
    values = {name: rng.choice(values) for name, values in VALUES.items()}
    names = rng.choices(list(ANSWERS), k=rng.randint(1, 3))
    return Kind(seed=rng.randrange(2**32), people=crowd_with(names), **values)


def settle(kind: Kind) -> Settled:
    """The campaign from its start to the settlement that the real code builds."""
    rng = Random(kind.seed)
    sealed = gold_of(kind, rng) if kind.gold else None
    world = world_of(kind, sealed)
    work(world, kind, rng)
    late = reveal(world, kind, rng)
    without = without_seat(world, rng) if kind.breaks else set()
    world.withhold(*without)
    show_gold(world, kind, rng, sealed)
    record = world.record()
    record = replace(record, seated=record.seated.difference(map(account, without)))
    if kind.public:
        built = build_public(world.spec, record)
    else:
        built = build(world.spec, record, world.enrolments(), world.commits, world.openings)
    posted = propose(replace(record, reveals=record.reveals + late), built, public=kind.public)
    return Settled(posted, b"".join(built.lines()))


def names_of(kind: Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who enrols by signature and who alone: every third."""
    names = [f"{how} {i}" for i, how in enumerate(kind.people)]
    return tuple(n for i, n in enumerate(names) if i % 3 != 2), tuple(names[2::3])


def world_of(kind: Kind, sealed: SealedGold | None) -> World:
    fields = spec_fields(
        items=[{"digest": f"{i:064x}"} for i in range(kind.size)],
        task=kind.asked,
        price=str(kind.price),
        redundancy={"policy": "fixed.v1", "k": kind.k},
        skill=skill_of(kind),
        pay={"policy": "skill.v1" if kind.by_skill[0] else "flat.v1"},
        shares={"policy": "skill.v1" if kind.by_skill[1] else "flat.v1"},
        **policies(kind, sealed),
    )
    names, alone = names_of(kind)
    params = {"share_cap": kind.share_cap, "stake_per_label": kind.stake_per_label}
    if not kind.odd:
        return World(names=names, alone=alone, fields=fields, params=params)
    rng = Random(kind.seed)
    make_odd(fields, rng)
    params["fee_bps"] = rng.choice([0, 1, 333, 65_535])
    return World(
        names=names, alone=alone, fields=fields, params=params, escrow=rng.choice([0, 77_777, 2**127])
    )


def skill_of(kind: Kind) -> dict[str, Any]:
    strength, prior_bps, full_bps = kind.skill
    return {
        "policy": "leave-one-out.v1",
        "strength": strength,
        "prior_bps": prior_bps,
        "from_bps": min(kind.from_bps, full_bps - 1),
        "full_bps": full_bps,
    }


def policies(kind: Kind, sealed: SealedGold | None) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if kind.model is not None:
        policy = "dawid-skene.v1" if len(kind.model) == 2 else "committee.v1"
        numbers = zip(MODEL_NUMBERS, kind.model, strict=False)
        changes["aggregation"] = {"policy": policy, **dict(numbers)}
    if kind.rendezvous:
        changes["assignment"] = {"policy": "rendezvous.v1", "cap_bps": 2_000}
    if sealed is not None:
        root = "0x" + sealed.root.hex()
        gold = {"policy": "merkle.v1", "root": root, "count": len(sealed.items)}
        changes["gold"] = gold | {"weight": 5, "void_bps": 6_000}
    if sealed is not None and kind.slash:
        changes["slash"] = {
            "policy": "skill-and-gold.v1",
            "part_bps": 3_333,
            "forfeit_bps": kind.forfeit_bps,
            "below_bps": 2_000,
            "min_labels": 3,
            "evidence": "gold-or-correlation" if kind.correlation else "gold",
            "min_gold": 1,
            "breaker_gold": 1,
            "breaker_floor_bps": 2_500,
            "breaker_margin_bps": 300,
        }
    return changes


def make_odd(fields: dict[str, Any], rng: Random) -> None:
    """Other values for what is fixed else."""
    denominator = rng.choice([1, 2, 3, 7, 65_536])
    numerator = rng.randint(1, denominator)
    fields["acceptance"] = {"policy": "threshold.v1", "numerator": numerator, "denominator": denominator}
    fields["skill"] |= {"strength": rng.randint(1, 1_000 if rng.random() < 0.1 else 4)}
    full_bps = rng.randint(1, 10_000)
    fields["skill"] |= {"prior_bps": rng.randint(0, 10_000), "full_bps": full_bps}
    fields["skill"] |= {"from_bps": rng.choice([0, full_bps - 1, rng.randrange(full_bps)])}
    fields["price"] = rng.choice([fields["price"], str(2**128 - 1)])
    fields["share_weight"] = str(rng.choice([ONE_SHARE, ONE_SHARE + 1, 7 * ONE_SHARE // 3, 2**128 - 1]))
    if "cap_bps" in fields["assignment"]:
        fields["assignment"] |= {"cap_bps": rng.randint(1, 2_000)}
    if "weight" in fields["gold"]:
        fields["gold"] |= {"weight": rng.randint(1, 20), "void_bps": rng.randint(1, 10_000)}
    if "part_bps" in fields["slash"]:
        fields["slash"] |= {"part_bps": rng.randint(1, 10_000), "below_bps": rng.randint(1, 10_000)}
        fields["slash"] |= {"forfeit_bps": rng.randint(0, 10_000)}
        fields["slash"] |= {"min_labels": rng.randint(1, 9), "min_gold": rng.randint(1, 3)}
        fields["slash"] |= {"breaker_gold": rng.randint(1, 3), "breaker_floor_bps": rng.randint(0, 10_000)}
        fields["slash"] |= {"breaker_void_bps": rng.randint(0, 10_000)}


def gold_of(kind: Kind, rng: Random) -> SealedGold:
    items = rng.sample(range(kind.size), min(kind.gold, kind.size))
    wrong = set(items[: 1 + len(items) // 3]) if kind.gold_wrong else set()
    form = Spec.of(spec_fields(task=kind.asked)).task.form
    labels = {
        item: form.encode(kind.answer((truth(item) + (item in wrong)) % 3, rng)) for item in sorted(items)
    }
    return SealedGold.of(SECRET, labels)


def work(world: World, kind: Kind, rng: Random) -> None:
    """Everybody labels in most rounds, some of it alone, some never to be opened."""
    for number in range(SCHEDULE.rounds):
        places = world.places(number) if kind.rendezvous else {}
        for name in world.accounts:
            batches = 1 + (rng.random() < 0.2)
            for _ in range(batches * (rng.random() < 0.8)):
                label(world, kind, rng, name, number, places.get(name, []))
    if kind.breaks and world.commits:
        spoil(world, kind, rng)


def label(world: World, kind: Kind, rng: Random, name: str, number: int, mine: list[int]) -> None:
    """One batch: mostly of items that are assigned, and of no more than the stake is good for."""
    items = [item for item in range(kind.size) if rng.random() < 0.6]
    if kind.rendezvous and rng.random() < 0.9:
        items = [item for item in mine if rng.random() < 0.9]
    if not kind.breaks or rng.random() < 0.9:
        items = sorted(rng.sample(items, min(len(items), left(world, name))))
    if kind.breaks and rng.random() < 0.1:
        items.append(kind.size + 3)  # no item of the spec
    how = ANSWERS[name.split(maxsplit=1)[0]]
    if items:
        world.label(
            name,
            number,
            {item: kind.answer(how(rng, item), rng) for item in items},
            alone=rng.random() < 0.2,
            opened=rng.random() < 0.85,
        )


def left(world: World, name: str) -> int:
    """How many labels somebody may still commit."""
    before = [(each.annotator, each.commit.count) for each in world.commits]
    before += [(own.annotator, own.commit.count) for own in world.own]
    limit: int = world.spec.label_limit(world.pool.campaign_slice, world.campaign.stake_per_label)
    return max(limit - sum(count for who, count in before if who == account(name)), 0)


def spoil(world: World, kind: Kind, rng: Random) -> None:
    """Commitments that make batches void, that go both ways, or that a false list was published for."""
    for commit in rng.sample(world.commits, len(world.commits) // 3):
        count = commit.commit.count
        items = tuple(sorted(rng.sample(range(kind.size + 1), min(count, kind.size + 1))))
        if len(items) == count:
            world.commits[world.commits.index(commit)] = replace(commit, items=items)
    for commit in rng.sample(world.commits, len(world.commits) // 3):
        world.own.append(OwnCommit(commit.annotator, commit.commit))
    victim = rng.choice(world.commits)
    name = next(name for name, who in world.accounts.items() if who == victim.annotator)
    if rng.random() < 0.4:
        nothing = dict.fromkeys(range(2), kind.answer(2, rng) if kind.task in REGION_TASKS else 0)
        world.label(name, 0, nothing, opened=False)  # in a round before the last
    if rng.random() < 0.4:
        twin = replace(victim.commit, root=keccak(b"twin"))
        world.own.append(OwnCommit(victim.annotator, twin))
        forget_void(world, victim.annotator, victim.commit.batch)


def forget_void(world: World, who: bytes, batch: int) -> None:
    """Openings of batches that cannot stand are not sent."""
    hashes = [h for h, commit in commits_by_hash(world) if commit.batch >= batch]
    world.openings = [o for o in world.openings if o.annotator != who or o.commit_hash not in hashes]


def commits_by_hash(world: World) -> list[tuple[Hash32, Commit]]:
    every = [c.commit for c in world.commits] + [own.commit for own in world.own]
    return [(typed_data.commit_hash(world.scope.campaign_id, commit), commit) for commit in every]


def without_seat(world: World, rng: Random) -> set[str]:
    """Some who committed only alone turn out to have no seat."""
    signed = {commit.annotator for commit in world.commits}
    return {name for name, who in world.accounts.items() if who not in signed and rng.random() < 0.5}


def reveal(world: World, kind: Kind, rng: Random) -> tuple[Reveal, ...]:
    """Some openings go to the chain, void ones too; returned are those that come behind the proposal."""
    late = []
    for name, batch in opened(world):
        if rng.random() < (0.8 if kind.public else 0.3):
            if kind.breaks and rng.random() < 0.2:
                world.reveal(name, batch, labels=b"\0\1\2")
            if kind.breaks and rng.random() < 0.2:
                world.reveal(name, batch, secret=keccak(b"another"))
            else:
                world.reveal(name, batch)
            if rng.random() < 0.5:
                world.openings.remove(world.opening(name, batch)[1])  # the oracle did not receive it itself
        elif kind.breaks and rng.random() < 0.3:
            late.append(world.reveal(name, batch, place=AFTER))
            world.reveals.pop()
            world.openings.remove(world.opening(name, batch)[1])
    return tuple(late)


def opened(world: World) -> list[tuple[str, int]]:
    names = {who: name for name, who in world.accounts.items()}
    by_hash = dict(commits_by_hash(world))
    return [(names[o.annotator], by_hash[o.commit_hash].batch) for o in world.openings]


def show_gold(world: World, kind: Kind, rng: Random, sealed: SealedGold | None) -> None:
    if sealed is not None and kind.gold_shown:
        if rng.random() < 0.3:
            world.gold.append(sealed.reveal[:-1] + b"\x07")
        world.gold.append(sealed.reveal)
        world.gold.append(b"more")
