from __future__ import annotations

import copy
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
import rfc8785

from labelshare.errors import SpecError
from labelshare.protocol import canonical
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.protocol.spec import DawidSkene, Rendezvous, Spec
from tests.protocol.labels.configs import boxes, choices
from tests.protocol.world import World, spec_fields

SPEC = Spec.of(spec_fields())


def test_canonical_bytes_are_rfc_8785_and_parse_back() -> None:
    assert SPEC.canonical_bytes == rfc8785.dumps(spec_fields(version="labelshare.spec.v1"))
    assert Spec.parse(SPEC.canonical_bytes) == SPEC
    assert SPEC.hash == sha256(SPEC.canonical_bytes).digest()


def test_any_spelling_is_read_and_has_one_canonical_form() -> None:
    text = json.dumps(spec_fields(), indent=3).encode()
    assert Spec.read(text) == SPEC
    assert Spec.read(text).canonical_bytes == SPEC.canonical_bytes != text
    with pytest.raises(SpecError, match=r"^price: .*\(got 0\.5\)$"):
        Spec.read(text.replace(b'"1001"', b"0.5"))


def test_a_strangers_key_commands_no_terminal() -> None:
    with pytest.raises(SpecError, match=r"^'\\x1b\[2J\\n': Extra inputs") as caught:
        Spec.read(json.dumps(spec_fields(**{"\x1b[2J\n": 1})).encode())
    assert str(caught.value).isprintable()


def test_defaults_are_stated() -> None:
    spec = Spec.of(spec_fields(assignment={"policy": "rendezvous.v1"}))
    assert isinstance(spec.assignment, Rendezvous)
    assert b'"assignment":{"cap_bps":2000,"policy":"rendezvous.v1"}' in spec.canonical_bytes
    with pytest.raises(SpecError, match="not in canonical form"):
        Spec.parse(spec.canonical_bytes.replace(b'"cap_bps":2000,', b""))


def test_the_defaults_of_skill_and_slashes_are_stated() -> None:
    gold = {"policy": "merkle.v1", "root": "0x" + "ab" * 32, "count": 1}
    skill, slash = {"policy": "leave-one-out.v1"}, {"policy": "skill-and-gold.v1"}
    spec = Spec.of(spec_fields(skill=skill, slash=slash, gold=gold))
    assert spec.fields["skill"] == skill | {
        "strength": 6,
        "prior_bps": 0,
        "from_bps": 1_000,
        "full_bps": 4_000,
    }
    assert spec.fields["slash"]["forfeit_bps"] == spec.fields["slash"]["part_bps"] == 5_000


@pytest.mark.parametrize(("from_bps", "full_bps"), [(0, 1), (3_999, 4_000), (9_999, 10_000)])
def test_pay_may_begin_anywhere_below_full_pay(from_bps: int, full_bps: int) -> None:
    rule = {"policy": "leave-one-out.v1", "from_bps": from_bps, "full_bps": full_bps}
    skill = Spec.of(spec_fields(skill=rule)).skill
    assert (skill.from_bps, skill.full_bps) == (from_bps, full_bps)


@pytest.mark.parametrize(
    "data",
    [SPEC.canonical_bytes + b" ", SPEC.canonical_bytes.replace(b'"price"', b' "price"'), b"{}", b"", b"[]"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SpecError):
        Spec.parse(data)


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    """A change that sets the value at a path (the last argument)."""
    *keys, last, value = path

    def change(fields: Any) -> None:
        for step in keys:
            fields = fields[step]
        fields[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (put("version", "labelshare.spec.v2"), "version: Input should be 'labelshare.spec.v1'"),
        (put("title", ""), "title: "),
        (put("title", 5), "title: .*valid string"),
        (put("colour", "red"), "colour: Extra inputs"),
        (put("task", "type", "boxes.v2"), "task: Input tag 'boxes.v2' found.* tags: 'single-choice.v1', .*"),
        (put("task", "config", "<View/>"), r"task\.config: a single-choice config has one <Choices>"),
        (put("task", "config", "<View>"), r"task\.config: .*XML"),
        (put("task", "config", '<!DOCTYPE v [<!ENTITY a "b">]><View>&a;</View>'), r"task\.config: "),
        (put("task", "config", "<View>" * 200 + "</View>" * 200), r"task\.config: .*32"),
        (put("task", "config", "<View>" + " " * 300_000 + "</View>"), r"task\.config: .*262144"),
        (put("items", []), "items: "),
        (put("items", 1, "digest", "AB" * 32), r"items\.1\.digest: "),
        (put("items", 1, "digest", "ab" * 31), r"items\.1\.digest: "),
        (put("items", 1, "digest", "ab" * 32 + "\n"), r"items\.1\.digest: "),
        (put("items", 1, "size", 4), r"items\.1\.size: Unexpected keyword"),
        (put("price", 1001), "price: .*valid string"),
        (put("price", "01"), "price: "),
        (put("price", "1.5"), "price: "),
        (put("price", "-1"), "price: "),
        (put("price", str(2**128)), r"price: must be below 2\^128"),
        (put("share_weight", str(ONE_SHARE - 1)), "share_weight: must be at least one whole share"),
        (put("seconds_per_label", 0), "seconds_per_label: "),
        (put("seconds_per_label", 2.0), "seconds_per_label: "),
        (put("seconds_per_label", "5"), "seconds_per_label: "),
        (put("redundancy", "policy", "adaptive.v1"), "redundancy.policy: Input should be 'fixed.v1'"),
        (put("redundancy", "k", 0), "redundancy.k: "),
        (
            put("assignment", "policy", "chosen.v1"),
            "assignment: Input tag 'chosen.v1'.*'given.v1', 'rendezvous.v1'",
        ),
        (put("assignment", {"policy": "rendezvous.v1", "cap_bps": 2001}), "assignment.cap_bps: "),
        (put("assignment", {"policy": "given.v1", "cap_bps": 100}), "assignment.cap_bps: Extra"),
        (
            put("aggregation", "policy", "oracle.v1"),
            "aggregation: Input tag 'oracle.v1'.*'majority.v1', 'dawid-skene.v1', 'committee.v1'",
        ),
        (put("aggregation", {"policy": "majority.v1", "strength": 4}), "aggregation.strength: Extra"),
        (put("aggregation", {"policy": "dawid-skene.v1", "strength": 0}), "aggregation.strength: "),
        (put("aggregation", {"policy": "dawid-skene.v1", "strength": 65}), "aggregation.strength: "),
        (put("aggregation", {"policy": "dawid-skene.v1", "iterations": 0}), "aggregation.iterations: "),
        (put("aggregation", {"policy": "dawid-skene.v1", "iterations": 101}), "aggregation.iterations: "),
        (put("acceptance", "policy", "all.v1"), "acceptance.policy: Input should be 'threshold.v1'"),
        (put("acceptance", "numerator", 6), r"acceptance\.numerator: must not exceed"),
        (put("acceptance", "denominator", 0), "acceptance.denominator: "),
        (put("skill", "policy", "kappa.v1"), "skill.policy: Input should be 'leave-one-out.v1'"),
        (put("skill", "strength", 0), "skill.strength: "),
        (put("skill", "prior_bps", 10_001), "skill.prior_bps: "),
        (put("skill", "full_bps", 0), "skill.full_bps: "),
        (put("skill", "from_bps", -1), "skill.from_bps: "),
        (put("skill", "from_bps", 10_000), "skill.from_bps: "),
        (put("skill", "from_bps", 4_000), r"skill\.from_bps: must be below full_bps"),
        (put("skill", "full_bps", 1_000), r"skill\.from_bps: must be below full_bps"),
        (put("pay", "policy", "none.v1"), "pay.policy: Input should be 'flat.v1' or 'skill.v1'"),
        (put("shares", "policy", "none.v1"), "shares.policy: Input should be 'flat.v1' or 'skill.v1'"),
        (put("slash", "policy", "skill.v1"), "slash: Input tag 'skill.v1'.*'skill-and-gold.v1'"),
        (put("slash", {"policy": "skill-and-gold.v1"}), r"slash\.policy: skill-and-gold.v1 needs gold"),
        (put("slash", {"policy": "skill-and-gold.v1", "part_bps": 10_001}), "slash.part_bps: "),
        (put("slash", {"policy": "skill-and-gold.v1", "forfeit_bps": 10_001}), "slash.forfeit_bps: "),
        (put("slash", {"policy": "skill-and-gold.v1", "forfeit_bps": -1}), "slash.forfeit_bps: "),
        (put("gold", "policy", "hidden.v1"), "gold: Input tag 'hidden.v1'.*'merkle.v1'"),
        (put("gold", {"policy": "merkle.v1", "root": "0x" + "ab" * 32, "count": 7}), "gold.count: 7 of 6"),
        (put("gold", {"policy": "merkle.v1", "root": "0x" + "AB" * 32, "count": 1}), "gold.root: "),
        (put("gold", {"policy": "merkle.v1", "root": "0x" + "ab" * 32, "count": 0}), "gold.count: "),
        (put("title", "\ud800"), "spec: .*surrogate"),
        (lambda fields: fields.pop("gold"), "gold: Field required"),
    ],
)
def test_a_bad_field_is_named(change: Callable[[dict[str, Any]], None], fault: str) -> None:
    fields = copy.deepcopy(spec_fields())
    change(fields)
    with pytest.raises(SpecError, match=f"^{fault}"):
        Spec.of(fields)


COMMITTEE_LIMITS = {
    "strength": (1, 64),
    "iterations": (1, 100),
    "average_strength": (1, 64),
    "average_iterations": (1, 500),
}


@pytest.mark.parametrize(("name", "limits"), COMMITTEE_LIMITS.items())
def test_the_numbers_of_a_committee_keep_to_their_limits(name: str, limits: tuple[int, int]) -> None:
    low, high = limits
    for value in (low, high):
        spec = Spec.of(spec_fields(aggregation={"policy": "committee.v1", name: value}))
        assert spec.fields["aggregation"][name] == value
    refused: tuple[Any, ...] = (low - 1, high + 1, float(low), str(low), None)
    for value in refused:
        with pytest.raises(SpecError, match=rf"^aggregation\.{name}: "):
            Spec.of(spec_fields(aggregation={"policy": "committee.v1", name: value}))


@pytest.mark.parametrize("policy", ["majority.v1", "dawid-skene.v1"])
def test_only_a_committee_has_an_average(policy: str) -> None:
    with pytest.raises(SpecError, match=r"^aggregation\.average_strength: Extra"):
        Spec.of(spec_fields(aggregation={"policy": policy, "average_strength": 15}))
    with pytest.raises(SpecError, match=r"^aggregation\.gold_weight: Extra"):
        Spec.of(spec_fields(aggregation={"policy": "committee.v1", "gold_weight": 5}))


def test_the_defaults_of_a_committee_are_stated() -> None:
    spec = Spec.of(spec_fields(aggregation={"policy": "committee.v1"}))
    numbers = {"strength": 4, "iterations": 20, "average_strength": 15, "average_iterations": 100}
    assert spec.fields["aggregation"] == {"policy": "committee.v1", **numbers}
    assert Spec.parse(spec.canonical_bytes) == spec


@pytest.mark.parametrize(
    ("policy", "is_one"), [("majority.v1", False), ("dawid-skene.v1", True), ("committee.v1", True)]
)
def test_a_model_is_no_vote(policy: str, is_one: bool) -> None:
    assert Spec.of(spec_fields(aggregation={"policy": policy})).modelled == is_one


def modelled(classes: int, items: int = 6, k: int = 3, policy: str = "dawid-skene.v1") -> dict[str, Any]:
    """A spec for a model, of a numeric task with so many classes."""
    config = f'<View><Number name="n" toName="t" min="1" max="{classes}" step="1"/></View>'
    return spec_fields(
        task={"type": "numeric.v1", "config": config},
        items=[{"digest": f"{i:064x}"} for i in range(items)],
        redundancy={"policy": "fixed.v1", "k": k},
        aggregation={"policy": policy},
    )


def test_the_defaults_of_the_model_are_stated() -> None:
    spec = Spec.of(modelled(2))
    assert spec.aggregation == DawidSkene(policy="dawid-skene.v1")
    assert set(spec.fields["aggregation"]) == {"policy", "strength", "iterations"}
    assert Spec.parse(spec.canonical_bytes) == spec


@pytest.mark.parametrize(
    ("classes", "items", "k", "fault"),
    [
        (1_001, 6, 3, "aggregation: Dawid–Skene takes 2 to 1,000 classes, not 1,001"),
        (2_011, 1, 1, "aggregation: Dawid–Skene takes 2 to 1,000 classes"),
        (64, 129, 2**15, "aggregation: 4,227,072 labels of 64 classes exceed 268,435,456"),
    ],
)
@pytest.mark.parametrize("policy", ["dawid-skene.v1", "committee.v1"])
def test_a_task_too_large_for_the_model_is_no_spec(
    classes: int, items: int, k: int, fault: str, policy: str
) -> None:
    fields = modelled(classes, items, k, policy)
    with pytest.raises(SpecError, match=f"^{fault}"):
        Spec.of(fields)
    Spec.of(fields | {"aggregation": {"policy": "majority.v1"}})


def test_the_largest_tasks_of_the_model_are_specs() -> None:
    assert Spec.of(modelled(1_000)).task.form.n_classes == 1_000
    assert len(Spec.of(modelled(64, 128, 2**15)).items) == 128


def test_the_label_limit_is_the_least_of_cap_and_slice() -> None:
    rendezvous = Spec.of(spec_fields(assignment={"policy": "rendezvous.v1"}))
    assert rendezvous.label_limit(1_000, 1) == 2  # 20% of 6 items, rounded up
    assert rendezvous.label_limit(7, 4) == 1
    assert rendezvous.label_limit(7, 0) == 2
    assert SPEC.label_limit(7, 0) == 2**32 - 1
    assert SPEC.label_limit(7, 2) == 3


def test_funding_covers_every_place() -> None:
    campaign = World().campaign
    SPEC.check_funding(campaign, 18 * 1001 * 105 // 100 + 1)
    with pytest.raises(SpecError, match="price: 18 labels cost 18018, the budget is 18016"):
        SPEC.check_funding(campaign, 18 * 1001 * 105 // 100 - 1)
    with pytest.raises(SpecError, match="share_weight: 18 labels earn 18"):
        SPEC.check_funding(World(params={"share_cap": 18 * ONE_SHARE - 1}).campaign, 10**6)


def of_boxes(**changes: Any) -> dict[str, Any]:
    task = {"type": "boxes.v1", "config": boxes()} | changes.pop("task", {})
    return spec_fields(task=task, redundancy={"policy": "fixed.v1", "k": 16}) | changes


@pytest.mark.parametrize(
    ("stated", "held"),
    [({}, (5_000, 8_000)), ({"overlap_bps": 1}, (1, 8_000)), ({"alike_bps": 10_000}, (5_000, 10_000))],
)
def test_what_regions_are_near_enough_is_always_written(
    stated: dict[str, int], held: tuple[int, int]
) -> None:
    spec = Spec.of(of_boxes(task=stated))
    written = json.loads(spec.canonical_bytes)["task"]
    assert (written.pop("overlap_bps"), written.pop("alike_bps")) == held
    assert written == {"type": "boxes.v1", "config": boxes()}
    assert Spec.parse(spec.canonical_bytes) == spec
    without = canonical.dumps({**spec.fields, "task": written})
    with pytest.raises(SpecError, match="not in canonical form"):
        Spec.parse(without)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"task": {"overlap_bps": 0}}, "task.overlap_bps: "),
        ({"task": {"alike_bps": 10_001}}, "task.alike_bps: "),
        ({"task": {"alike_bps": 0.5}}, "task.alike_bps: "),
        ({"task": {"near": 1}}, "task.near: Extra inputs"),
        ({"task": {"config": choices()}}, "task.config: <Choices> has no place in a boxes config"),
        ({"redundancy": {"policy": "fixed.v1", "k": 17}}, "redundancy.k: 17, at most 16 for boxes.v1"),
        ({"aggregation": {"policy": "dawid-skene.v1"}}, "aggregation: boxes.v1 takes majority.v1 alone: "),
        ({"aggregation": {"policy": "committee.v1"}}, "aggregation: boxes.v1 takes majority.v1 alone: "),
    ],
)
def test_rules_that_regions_do_not_go_with(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(SpecError, match=f"^{fault}"):
        Spec.of(of_boxes(**changes))


def test_other_tasks_have_nothing_near() -> None:
    with pytest.raises(SpecError, match=r"^task.overlap_bps: Extra inputs"):
        Spec.of(spec_fields(task=spec_fields()["task"] | {"overlap_bps": 5_000}))
