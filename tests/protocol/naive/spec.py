"""The spec and what makes one valid: section 3 of docs/settlement.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.protocol.naive.groups import Likeness
from tests.protocol.naive.labels import Form, Regions, form_of


@dataclass(frozen=True)
class Slash:
    part_bps: int
    forfeit_bps: int
    below_bps: int
    min_labels: int
    correlation: bool
    min_gold: int
    breaker_gold: int
    breaker_floor_bps: int
    breaker_margin_bps: int
    breaker_void_bps: int


@dataclass(frozen=True)
class Gold:
    root: bytes
    count: int
    weight: int
    void_bps: int


@dataclass(frozen=True)
class Average:
    """What the weighted average of `committee.v1` is run with."""

    strength: int
    iterations: int


@dataclass(frozen=True)
class Model:
    """What `dawid-skene.v1` is run with, or `committee.v1`, which has an average besides."""

    strength: int
    iterations: int
    average: Average | None = None


@dataclass(frozen=True)
class Spec:
    """What the rules need of a spec; `cap_bps` is None under given.v1, `model` under majority.v1.

    `likeness` is None where answers are no regions.
    """

    form: Form
    likeness: Likeness | None
    items: int
    price: int
    share_weight: int
    k: int
    cap_bps: int | None
    model: Model | None
    numerator: int
    denominator: int
    strength: int
    prior_bps: int
    from_bps: int
    full_bps: int
    pay_by_skill: bool
    shares_by_skill: bool
    slash: Slash | None
    gold: Gold | None

    def limit(self, seat_stake: int, max_open: int, stake_per_label: int) -> int:
        """How many labels an annotator may commit (section 5, standing)."""
        cap = 2**32 - 1 if self.cap_bps is None else -(-self.items * self.cap_bps // 10_000)
        if stake_per_label == 0:
            return cap
        part = seat_stake // max_open if max_open else 0
        return min(cap, part // stake_per_label)

    @property
    def begin(self) -> int:
        """The skill that pay begins at: `from` of section 9."""
        return 65_536 * self.from_bps // 10_000

    @property
    def full(self) -> int:
        return max(65_536 * self.full_bps // 10_000, 1)


def holds(value: Any, names: str, optional: str = "") -> dict[str, Any]:
    """The value as an object with exactly these fields."""
    here = set(value) if isinstance(value, dict) else set()
    missing, unknown = set(names.split()) - here, here - {*names.split(), *optional.split()}
    if not isinstance(value, dict) or missing or unknown:
        raise ValueError(f"no object with {names}; missing {sorted(missing)}, unknown {sorted(unknown)}")
    return value


def integer(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{value!r} is not an integer from {low} to {high}")
    return value


def text(value: Any, low: int = 0, high: int = 2**63) -> str:
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise ValueError(f"not a text of {low} to {high} characters")
    return value


def decimal(value: Any, low: int) -> int:
    if not isinstance(value, str) or not re.fullmatch("0|[1-9][0-9]{0,38}", value):
        raise ValueError(f"{value!r} is not a decimal string")
    return integer(int(value), low, 2**128 - 1)


def matching(value: Any, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"{value!r} is not spelled as {pattern}")
    return value


def policy(value: Any, known: dict[str, str]) -> str:
    """The name of a policy, which must be one of these and have its fields."""
    name = value.get("policy") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"no such policy: {value!r}")
    holds(value, "policy " + known[name])
    return name


def read_spec(value: Any) -> Spec:
    """A spec from its JSON object; ValueError if it is not valid."""
    spec = holds(
        value,
        "version title instructions task items price share_weight seconds_per_label redundancy assignment"
        " aggregation acceptance skill pay shares slash gold",
    )
    if spec["version"] != "labelshare.spec.v1":
        raise ValueError("unknown version of the spec")
    text(spec["title"], 1, 200)
    text(spec["instructions"], 0, 65_536)
    integer(spec["seconds_per_label"], 1, 86_400)
    form, likeness = read_task(spec["task"])
    items = read_items(spec["items"])
    policy(spec["redundancy"], {"fixed.v1": "k"})
    k = integer(spec["redundancy"]["k"], 1, 65_535 if likeness is None else 16)
    policy(spec["skill"], {"leave-one-out.v1": "strength prior_bps from_bps full_bps"})
    full_bps = integer(spec["skill"]["full_bps"], 1, 10_000)
    gold = read_gold(spec["gold"], items)
    numerator, denominator = read_acceptance(spec["acceptance"])
    return Spec(
        form=form,
        likeness=likeness,
        items=items,
        price=decimal(spec["price"], 0),
        share_weight=decimal(spec["share_weight"], 10**18),
        k=k,
        cap_bps=read_assignment(spec["assignment"]),
        model=read_model(spec["aggregation"], items * k, form.n),
        numerator=numerator,
        denominator=denominator,
        strength=integer(spec["skill"]["strength"], 1, 1_000),
        prior_bps=integer(spec["skill"]["prior_bps"], 0, 10_000),
        from_bps=integer(spec["skill"]["from_bps"], 0, full_bps - 1),
        full_bps=full_bps,
        pay_by_skill=policy(spec["pay"], {"flat.v1": "", "skill.v1": ""}) == "skill.v1",
        shares_by_skill=policy(spec["shares"], {"flat.v1": "", "skill.v1": ""}) == "skill.v1",
        slash=read_slash(spec["slash"], gold),
        gold=gold,
    )


def read_task(value: Any) -> tuple[Form, Likeness | None]:
    """The form, and when two answers are alike where they are regions."""
    regions = isinstance(value, dict) and value.get("type") in ("boxes.v1", "spans.v1")
    task = holds(value, "type config overlap_bps alike_bps" if regions else "type config")
    form = form_of(task["type"], task["config"])
    if not isinstance(form, Regions):
        return form, None
    return form, Likeness(form, *(integer(task[name], 1, 10_000) for name in ("overlap_bps", "alike_bps")))


def read_items(value: Any) -> int:
    """How many items there are."""
    if not isinstance(value, list) or not 1 <= len(value) <= 1_000_000:
        raise ValueError("the spec needs 1 to 1,000,000 items")
    for item in value:
        holds(item, "digest", "uri name")
        matching(item["digest"], "[0-9a-f]{64}")
        text(item.get("uri", "-"), 1, 2_048)
        text(item.get("name", "-"), 1, 256)
    return len(value)


def read_assignment(value: Any) -> int | None:
    if policy(value, {"given.v1": "", "rendezvous.v1": "cap_bps"}) == "given.v1":
        return None
    return integer(value["cap_bps"], 1, 2_000)


MODELS = {
    "majority.v1": "",
    "dawid-skene.v1": "strength iterations",
    "committee.v1": "strength iterations average_strength average_iterations",
}


def read_model(value: Any, labels: int, classes: int) -> Model | None:
    name = policy(value, MODELS)
    if name == "majority.v1":
        return None
    integer(classes, 2, 1_000)
    integer(labels * classes, 0, 2**28)
    sizes = integer(value["strength"], 1, 64), integer(value["iterations"], 1, 100)
    if name == "dawid-skene.v1":
        return Model(*sizes)
    average = integer(value["average_strength"], 1, 64), integer(value["average_iterations"], 1, 500)
    return Model(*sizes, Average(*average))


def read_acceptance(value: Any) -> tuple[int, int]:
    policy(value, {"threshold.v1": "numerator denominator"})
    denominator = integer(value["denominator"], 1, 65_536)
    return integer(value["numerator"], 1, denominator), denominator


def read_gold(value: Any, items: int) -> Gold | None:
    if policy(value, {"none.v1": "", "merkle.v1": "root count weight void_bps"}) == "none.v1":
        return None
    return Gold(
        root=bytes.fromhex(matching(value["root"], "0x[0-9a-f]{64}")[2:]),
        count=integer(value["count"], 1, items),
        weight=integer(value["weight"], 1, 20),
        void_bps=integer(value["void_bps"], 1, 10_000),
    )


def read_slash(value: Any, gold: Gold | None) -> Slash | None:
    names = (
        "part_bps forfeit_bps below_bps min_labels evidence min_gold"
        " breaker_gold breaker_floor_bps breaker_margin_bps breaker_void_bps"
    )
    if policy(value, {"none.v1": "", "skill-and-gold.v1": names}) == "none.v1":
        return None
    if gold is None:
        raise ValueError("slashes need gold")
    return Slash(
        part_bps=integer(value["part_bps"], 1, 10_000),
        forfeit_bps=integer(value["forfeit_bps"], 0, 10_000),
        below_bps=integer(value["below_bps"], 1, 10_000),
        min_labels=integer(value["min_labels"], 1, 1_000_000),
        correlation=matching(value["evidence"], "gold|gold-or-correlation") == "gold-or-correlation",
        min_gold=integer(value["min_gold"], 1, 1_000),
        breaker_gold=integer(value["breaker_gold"], 1, 1_000_000),
        breaker_floor_bps=integer(value["breaker_floor_bps"], 0, 10_000),
        breaker_margin_bps=integer(value["breaker_margin_bps"], 0, 10_000),
        breaker_void_bps=integer(value["breaker_void_bps"], 0, 10_000),
    )
