"""The verifier, and a second one that was written from docs/settlement.md alone, find the same.

Given what a bundle holds
├── a settlement that the real code built: both agree that it is right, to the last field
├── one line of it altered, its new hash posted: both find it wrong
├── another settlement posted than it makes: both find it wrong
└── anything else: the second verifier says no, and does not fall over
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
import rfc8785
from hypothesis import event, given, settings
from hypothesis import strategies as st

from labelshare.protocol import verdicts
from labelshare.protocol.commitments import SignedCommit
from labelshare.protocol.evidence import CommitRow, RoundRow
from labelshare.protocol.record import Posted, Record
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.protocol.rounds import item_lists_hash
from labelshare.protocol.verify import verify
from labelshare.types import CampaignParams, Hash32, PoolParams, Schedule, Settlement
from tests.protocol import cheating
from tests.protocol.campaigns import (
    REGION_TASKS,
    TASKS,
    Kind,
    Settled,
    kind_by,
    kinds,
    region_kinds,
    settle,
)
from tests.protocol.naive import check as second
from tests.protocol.naive import dawid_skene, rules, statements, trees
from tests.protocol.naive import labels as forms
from tests.protocol.naive.bundle import line
from tests.protocol.naive.spec import Slash, Spec
from tests.protocol.world import World, account, propose, small_world, spec_fields

# How many are played: enough that each rule is met, and in the deep run far more.
CAMPAIGNS = max(80, settings().max_examples)
CROWDS = 40 if settings().max_examples <= 500 else 240
VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def domain_of(values: dict[str, Any]) -> trees.Domain:
    return trees.Domain(int(values["chainId"]), raw(values["registry"]), raw(values["campaignId"]))


def posted(record: Record) -> Posted:
    assert record.posted is not None
    return record.posted


def altered(record: Record, bundle: bytes) -> Record:
    """The record with another bundle's hash posted."""
    bundle_hash = Hash32(hashlib.sha256(bundle).digest())
    settlement = replace(posted(record).settlement, bundle_hash=bundle_hash)
    return replace(record, posted=replace(posted(record), settlement=settlement))


def agree_it_is_right(settled: Settled) -> second.Verdict:
    report, verdict = verify(settled.record, settled.bundle), second.check(settled.record, settled.bundle)
    assert (report.difference, verdict.reason) == ("", "")
    assert report.ok
    assert verdict.ok
    assert verdict.settlement == posted(settled.record).settlement
    assert report.labels == sum(row["labels"] for row in verdict.rows["score"])
    assert report.accepted == sum(row["accepted"] for row in verdict.rows["truth"])
    for kind, rows in verdict.rows.items():
        assert rows == [row for row in map(json.loads, settled.lines) if row["kind"] == kind]
    return verdict


def agree_it_is_wrong(record: Record, bundle: bytes) -> None:
    assert not verify(record, bundle).ok
    verdict = second.check(record, bundle)
    assert not verdict.ok
    assert verdict.reason


# Worlds of the other tests


def settled(world: World, *, public: bool = False) -> Settled:
    built = world.build_public() if public else world.build()
    return Settled(propose(world.record(), built, public=public), b"".join(built.lines()))


def public_world() -> World:
    world = small_world()
    world.reveal("ann", 1)
    world.reveal("bob", 0, labels=b"")
    world.reveal("cat")
    world.reveal("dan")
    return world


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("world", [small_world, public_world])
def test_the_small_world_is_right(world: Callable[[], World], public: bool) -> None:
    agree_it_is_right(settled(world(), public=public))


# Vectors


@pytest.mark.parametrize("values", vectors("domains"), ids=lambda v: f"{v['kind']}-{v['chainId']}")
def test_domains_are_those_of_the_vectors(values: dict[str, Any]) -> None:
    assert domain_of(values).word(values["kind"].removesuffix(".v1")) == raw(values["domain"])


def test_ids_are_those_of_the_vectors() -> None:
    values = vectors("ids")
    chain_id, registry = int(values["chainId"]), raw(values["registry"])
    *campaign, schedule = values["campaignParams"].values()
    pool: list[Any] = [word_of(value) for value in values["poolParams"].values()]
    whole: list[Any] = [*map(word_of, campaign), Schedule(*schedule.values())]
    pool_params, params = PoolParams(*pool), CampaignParams(*whole)
    assert trees.struct(pool_params) == raw(values["poolEncoded"])
    assert trees.struct(params) == raw(values["campaignEncoded"])
    assert trees.id_of(chain_id, registry, pool_params) == raw(values["poolId"])


def word_of(value: Any) -> int | bytes:
    if isinstance(value, str) and value.startswith("0x"):
        return raw(value)
    return int(value)


@pytest.mark.parametrize("kind", ["payout", "truth", "label", "commit", "aggregate", "roster"])
def test_leaves_are_those_of_the_vectors(kind: str) -> None:
    values = vectors("leaves")
    for each in values[kind]:
        *content, leaf = map(word_of, each.values())
        assert domain_of(values).leaf(kind.upper(), *content) == leaf


def test_trees_are_those_of_the_vectors() -> None:
    values = vectors("trees")
    leaves = [trees.leaf(*map(word_of, each)) for each in values["values"]]
    for tree in values["trees"]:
        assert trees.root(leaves[: tree["size"]]) == raw(tree["root"])
    assert trees.root([]) == bytes(32)


def test_the_payout_tree_is_that_of_the_vectors() -> None:
    values = vectors("payouts")
    assert trees.root(trees.leaf(*map(word_of, each)) for each in values["values"]) == raw(values["root"])


@pytest.mark.parametrize("values", vectors("typed_data")["statements"], ids=lambda v: v["primaryType"])
def test_statements_are_those_of_the_vectors(values: dict[str, Any]) -> None:
    every = vectors("typed_data")
    chain_id, registry = every["domain"]["chainId"], raw(every["domain"]["verifyingContract"])
    hashed = statements.struct_hash(values["primaryType"], *map(word_of, values["message"].values()))
    digest = statements.digest(trees.Domain(chain_id, registry, bytes(32)), hashed)
    assert statements.domain_separator(chain_id, registry) == raw(every["domainSeparator"])
    assert (hashed, digest) == (raw(values["structHash"]), raw(values["digest"]))
    assert statements.signer(digest, raw(values["signature"])) == raw(values["signer"].lower())


def test_openings_are_those_of_the_vectors() -> None:
    values = vectors("labels")
    domain = domain_of(values)
    for each in values["openings"]:
        secret, items = raw(each["secret"]), tuple(each["items"])
        labels = tuple(map(raw, each["labels"]))
        numbers = each["round"], each["batch"], raw(each["root"]), each["count"], each["cumulativeCount"]
        hashed = statements.struct_hash("Commit", domain.campaign_id, *numbers)
        sent = statements.label_bytes(items, labels)
        who = raw(each["annotator"])
        assert [statements.salt(secret, item) for item in items] == list(map(raw, each["salts"]))
        assert statements.batch_root(domain, who, each["batch"], secret, items, labels) == raw(each["root"])
        assert hashed == raw(each["commitHash"])
        assert statements.read_labels(sent) == (items, labels)
        assert statements.opening_hash(hashed, secret, sent) == raw(each["openingHash"])


def test_the_hash_of_item_lists_is_that_of_the_vectors() -> None:
    values = vectors("item_lists")
    commits = [
        statements.Commitment(
            raw(each["annotator"]), 0, each["batch"], b"", each["count"], 0, b"", items=tuple(each["items"])
        )
        for each in values["commits"]
    ]
    assert statements.item_lists_hash(commits[::-1]) == raw(values["itemListsHash"])


@pytest.mark.parametrize("task", vectors("labels")["tasks"], ids=lambda task: task["kind"])
def test_labels_are_those_of_the_vectors(task: dict[str, Any]) -> None:
    form = forms.form_of(task["kind"], task["config"])
    for answer in task["answers"]:
        assert form.decode(raw(answer["bytes"])) == answer["class"]
        assert form.encode(answer["class"]) == raw(answer["bytes"])
        assert trees.keccak(raw(answer["bytes"])) == raw(answer["digest"])
        assert form.read(answer["result"]) == answer["class"]
    assert form.n == task["n_classes"]
    assert [form.decode(raw(label)) for label in task["noLabels"]] == [None] * len(task["noLabels"])
    assert [form.read(result) for result in task["noResults"]] == [None] * len(task["noResults"])


def test_ranks_and_ties_are_those_of_the_vectors() -> None:
    values = vectors("rules")
    seed = raw(values["seed"])
    for each in values["rankings"]:
        item, order = int(each["item"]), list(map(raw, each["order"]))
        assert rules.in_order(seed, item, map(raw, values["roster"])) == order
    for each in values["ties"]:
        item = int(each["item"])
        cast = [rules.Label(bytes([choice]), 0, item, choice) for choice in each["tied"]]
        assert rules.vote(seed, cast)[item].choice == each["winner"]


def test_gold_is_that_of_the_vectors() -> None:
    values = vectors("gold")
    secret, rows = raw(values["secret"]), values["rows"]
    items, labels = tuple(int(row["item"]) for row in rows), tuple(raw(row["label"]) for row in rows)
    leaves = [
        rules.gold_leaf(item, label, statements.salt(secret, item))
        for item, label in zip(items, labels, strict=True)
    ]
    assert trees.root(leaves) == raw(values["root"])
    assert statements.read_labels(raw(values["reveal"])[32:]) == (items, labels)
    assert [statements.salt(secret, item) for item in items] == [raw(row["salt"]) for row in rows]


def test_skills_are_those_of_the_vectors() -> None:
    values = vectors("skills")
    for each in values["skills"]:
        seen, total = rules.Comparison(each["compared"], each["agreed"], int(each["chance"])), each["items"]
        skill = rules.skill(seen, total, each["unopened"], each["strength"], each["priorBps"])
        assert skill == each["skillQ16"]
        assert rules.below(seen, total, values["belowBps"]) == each["below"]
        assert rules.surely_below(seen, total, values["belowBps"]) == each["surelyBelow"]


def scale_of(each: dict[str, Any], **changes: Any) -> Spec:
    """What the rules on amounts need of a spec."""
    return cast("Spec", SimpleNamespace(full=max(65_536 * each["fullBps"] // 10_000, 1), **changes))


def test_payments_are_those_of_the_vectors() -> None:
    money = rules.Money(escrow=2**200, fee_bps=0, share_cap=0, stake_per_label=0)
    for each in vectors("skills")["payments"]:
        begin, price = 65_536 * each["fromBps"] // 10_000, int(each["price"])
        spec = scale_of(
            each, begin=begin, price=price, share_weight=0, pay_by_skill=True, shares_by_skill=True
        )
        result = rules.Result(b"", 0, 0, [], rules.references_of({}), contested=each["halves"])
        result.skill = each["skillQ16"]
        rules.give(spec, money, [result])
        assert result.pay == int(each["pay"])


def test_losses_are_those_of_the_vectors() -> None:
    for each in vectors("skills")["losses"]:
        rule = cast("Slash", SimpleNamespace(part_bps=each["partBps"], forfeit_bps=each["forfeitBps"]))
        result = rules.Result(b"", 0, 0, [], rules.references_of({}), flagged=each["flagged"])
        result.skill = each["skillQ16"]
        assert rules.lost(scale_of(each), rule, result, int(each["signed"])) == int(each["slash"])


def test_the_model_is_that_of_the_vectors() -> None:
    values = vectors("model")
    seed, size = raw(values["seed"]), values["classes"]
    gold = {int(row["item"]): row["class"] for row in values["gold"]}
    labels = [(int(row["item"]), raw(row["annotator"]), row["class"]) for row in values["labels"]]
    said = {(item, choice) for item, _, choice in labels}
    told = rules.told_of(seed, [item for item, choice in gold.items() if (item, choice) in said])
    assert told == {int(row["item"]) for row in values["gold"] if row["told"]}
    known = {item: gold[item] for item in told}
    accounts = sorted({who for _, who, _ in labels})
    crowd = [(item, accounts.index(who), choice) for item, who, choice in labels]
    found = dawid_skene.run(
        crowd,
        size,
        seed,
        known,
        values["strength"],
        values["goldWeight"],
        values["iterations"],
    )
    assert found.priors == values["priors"]["logarithms"]
    assert found.columns == {
        (accounts.index(raw(row["annotator"])), row["class"]): row["logarithms"] for row in values["columns"]
    }
    for row in values["verdicts"]:
        assert found.winners[int(row["item"])] == row["winner"]
        assert found.posteriors[int(row["item"])] == row["posteriors"]
    for row, (item, who, _) in zip(values["labels"], crowd, strict=True):
        assert row["reference"] == dawid_skene.references_for(who, crowd, seed, known, found).get(item)
    word = domain_of(values).word("MODEL")
    assert dawid_skene.model_root(word, accounts, found) == raw(values["modelRoot"])
    assert trees.root(map(raw, values["leaves"])) == raw(values["modelRoot"])


def test_logarithms_and_powers_are_those_of_the_vectors() -> None:
    values = vectors("model")
    assert [dawid_skene.log2(int(x)) for x, _ in values["log2"]] == [log for _, log in values["log2"]]
    assert [dawid_skene.power(d) for d, _ in values["powerOfHalf"]] == [
        power for _, power in values["powerOfHalf"]
    ]


# Random campaigns


@given(kinds)
def test_both_find_a_random_campaign_right(kind: Kind) -> None:
    rows = agree_it_is_right(settle(kind)).rows
    event(f"public {kind.public}, rendezvous {kind.rendezvous}, {'vote' if kind.model is None else 'model'}")
    event(f"a committee: {kind.model is not None and len(kind.model) > 2}")
    event(f"somebody is slashed: {any(row['slash'] != '0' for row in rows['payout'])}")
    event(f"gold is void: {any(row['void'] for row in rows['gold'])}")


@given(region_kinds)
def test_both_find_a_random_campaign_of_regions_right(kind: Kind) -> None:
    verdict = agree_it_is_right(settle(kind))
    assert verdict.outcome is not None
    groups = verdict.outcome.groups
    assert groups is not None
    event(f"answers that differ are in one group: {any(len(each) > 1 for each in groups.members)}")
    event(f"somebody is slashed: {any(row['slash'] != '0' for row in verdict.rows['payout'])}")
    event(f"gold is void: {any(row['void'] for row in verdict.rows['gold'])}")


def unlimited(truth: rules.Truth) -> set[tuple[int, int]]:
    """Items that were not told, each with a winner as it would be if classes that nobody gave could win."""
    scores = truth.model.scores if truth.model is not None else {}
    return {(item, row.index(max(row))) for item, row in scores.items() if item not in truth.told}


def gold_met(kind: Kind, outcome: rules.Outcome) -> dict[str, bool]:
    """Which rules on gold and winners a campaign comes to."""
    form, truth = forms.form_of(kind.task, kind.form[0]), outcome.truth
    gold = {(item, form.decode(label)) for item, label in outcome.gold.items() if item not in outcome.void}
    said = {(label.item, label.choice) for label in outcome.labels}
    times = Counter(label.item for label in outcome.labels)
    first = truth.model.winners if truth.model is not None else {}
    overruled = any(truth.winners[item].choice != choice for item, choice in first.items())
    return {
        "a vote": truth.model is None,
        "a model": truth.published,
        "a committee": truth.model is not None and not truth.published,
        "a committee is told gold": bool(truth.told) and not truth.published,
        "a committee overrules its first member": overruled,
        "gold is void and none told": bool(outcome.void) and not truth.told,
        "some gold is void and some told": bool(outcome.void) and bool(truth.told),
        "labelled gold that nobody gives": any(times[item] for item, _ in gold - said),
        "only one labelled what is told": any(times[item] == 1 for item in truth.told),
        "nobody gave the class of the highest score": not unlimited(truth) <= said,
    }


def money_met(kind: Kind, outcome: rules.Outcome) -> dict[str, bool]:
    """Which rules on skill, pay and stake a campaign comes to."""
    people = outcome.results
    losers = [each for each in people if each.slash]
    unpaid = kind.by_skill[0] and kind.price > 1 and not kind.odd
    plain = [each for each in losers if each.flagged and not kind.odd]
    parts = [each.committed * kind.stake_per_label * 3_333 // 10_000 for each in plain]
    return {
        "a batch is unopened": any(each.unopened for each in people),
        "skill above 0 earns nothing": unpaid
        and any(each.accepted and each.skill > 0 and not each.pay for each in people),
        "pay begins at 0": kind.from_bps == 0 and any(each.pay for each in people),
        "somebody forfeits without a flag": any(not each.flagged for each in losers),
        "somebody flagged loses the part": any(
            each.slash == part for each, part in zip(plain, parts, strict=True)
        ),
        "somebody flagged forfeits more": any(
            each.slash > part for each, part in zip(plain, parts, strict=True)
        ),
        "others are slashed and nobody forfeits": kind.forfeit_bps == 0
        and bool(losers)
        and any(each.skill < 0 and not each.flagged for each in people),
        "the breaker stops": kind.stake_per_label > 0 and not losers and any(each.flagged for each in people),
    }


def random_kind(number: int) -> Kind:
    """Of every three, two in which stake can be lost."""
    kind = kind_by(Random(number))
    if number % 3 == 0:
        return kind
    losing = replace(kind, items=14, rendezvous=False, gold=6, gold_shown=True, slash=True)
    return replace(losing, stake_per_label=4_000, correlation=number % 2 == 0)


@pytest.mark.parametrize("number", range(12))
def test_both_agree_on_the_first_of_many(number: int) -> None:
    """Any one rule on winners, references or losses read in another way would show in one of these."""
    agree_it_is_right(settle(random_kind(number)))


@pytest.mark.slow
def test_both_agree_wherever_money_is_decided() -> None:
    """Each rule is met by some of the campaigns."""
    met: Counter[str] = Counter()
    for number in range(CAMPAIGNS):
        kind = random_kind(number)
        outcome = agree_it_is_right(settle(kind)).outcome
        assert outcome is not None
        met.update(gold_met(kind, outcome) | money_met(kind, outcome))
    assert [rule for rule, times in met.items() if not times] == []


@pytest.mark.slow
def test_both_agree_where_a_committee_overrules_its_first_member() -> None:
    """Of crowds that know little; on others its members seldom differ."""
    overruled = 0
    people = ("good", "blind", "blind", "wrong", "same", "blind")
    numbers: list[tuple[int, ...]] = [(4, 20, 15, 30), (64, 1, 64, 1), (1, 3, 1, 5)]
    for seed in range(CROWDS):
        kind = replace(PLAIN, seed=seed, people=people, model=numbers[seed % 3], gold=6 * (seed % 2))
        outcome = agree_it_is_right(settle(replace(kind, slash=False))).outcome
        assert outcome is not None
        overruled += gold_met(kind, outcome)["a committee overrules its first member"]
    assert overruled >= CROWDS // 4


PLAIN = Kind(
    seed=5,
    task="single-choice.v1",
    people=("right", "right", "good", "wrong"),
    items=14,
    k=4,
    rendezvous=False,
    public=False,
    gold=6,
    gold_wrong=False,
    gold_shown=True,
    slash=True,
    correlation=False,
    skill=(6, 0, 4_000),
    by_skill=(True, True),
    price=1_001,
    share_cap=1_000 * ONE_SHARE,
    stake_per_label=4_000,
    model=None,
    odd=False,
    breaks=False,
)


def rows_of(rows: str, **changes: Any) -> list[dict[str, Any]]:
    return agree_it_is_right(settle(replace(PLAIN, **changes))).rows[rows]


@pytest.mark.parametrize("model", [None, (4, 30), (4, 20, 15, 30)], ids=["vote", "model", "committee"])
@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_both_slash_alike(task: str, public: bool, model: tuple[int, ...] | None) -> None:
    paid = rows_of("payout", task=task, public=public, model=model)
    assert sum(row["slash"] != "0" for row in paid) == 1


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("task", REGION_TASKS)
def test_both_judge_regions_alike(task: str, public: bool) -> None:
    """Three answers as they should and draw near each other, one is wrong and loses stake by the gold."""
    kind = replace(PLAIN, task=task, public=public, near=(5_000, 5_000), seed=12)
    verdict = agree_it_is_right(settle(kind))
    outcome, rows = verdict.outcome, verdict.rows
    assert outcome is not None
    assert outcome.groups is not None
    assert any(len(each) > 1 for each in outcome.groups.members)
    assert any(row["accepted"] and len(row["winner"]) > 4 for row in rows["truth"])
    assert any(row["accepted"] and len(row["winner"]) == 4 for row in rows["truth"])
    assert any(row["goldRight"] for row in rows["score"])
    assert [row["flagged"] for row in rows["score"]].count(True) == 1
    assert sum(row["slash"] != "0" for row in rows["payout"]) >= 1


@pytest.mark.parametrize("task", REGION_TASKS)
def test_both_find_another_centre_wrong(task: str) -> None:
    """The winner's group is right, and its label another of the same group."""
    made = settle(replace(PLAIN, task=task, near=(5_000, 5_000), seed=12))
    outcome = agree_it_is_right(made).outcome
    assert outcome is not None
    assert outcome.groups is not None
    groups = outcome.groups
    item, at, other = next(
        (groups.items[at], at, label)
        for at, members in enumerate(groups.members)
        for label in sorted(members - {groups.centres[at]})
        if at and outcome.truth.winners[groups.items[at]].choice == at
    )
    lines = made.lines
    place = next(
        number
        for number, row in enumerate(map(json.loads, lines))
        if row["kind"] == "truth" and row["item"] == str(item)
    )
    row = json.loads(lines[place])
    assert row["winner"] == "0x" + groups.centres[at].hex()
    lines[place] = line(row | {"winner": "0x" + other.hex()})
    bundle = b"".join(lines)
    agree_it_is_wrong(altered(made.record, bundle), bundle)
    assert f"item {item}" in verify(altered(made.record, bundle), bundle).difference


def test_both_flag_by_correlation_alone() -> None:
    flagged = [row for row in rows_of("score", correlation=True, gold_shown=False) if row["flagged"]]
    assert [row["gold"] for row in flagged] == [0]
    assert not any(row["flagged"] for row in rows_of("score", correlation=False, gold_shown=False))


def test_both_slash_nobody_where_the_verdicts_fail_on_gold() -> None:
    changes: dict[str, Any] = {"people": ("right", "wrong", "wrong", "wrong"), "correlation": True}
    assert any(row["flagged"] for row in rows_of("score", **changes))
    assert {row["slash"] for row in rows_of("payout", **changes)} == {"0"}


@pytest.mark.parametrize("public", [False, True])
def test_both_hold_the_same_gold_void(public: bool) -> None:
    assert {row["void"] for row in rows_of("gold", gold_wrong=True, skill=(1, 0, 1_000), public=public)} == {
        False,
        True,
    }


@pytest.mark.parametrize("by_skill", [False, True])
def test_both_scale_pay_and_shares_alike(by_skill: bool) -> None:
    budget, cap = 952_380, 3 * ONE_SHARE + 7
    paid = rows_of("payout", price=99_999, share_cap=cap, by_skill=(by_skill, by_skill))
    assert budget - len(paid) < int(paid[-1]["cumPayout"]) <= budget
    assert cap - len(paid) < int(paid[-1]["cumShares"]) <= cap


def test_both_pay_a_part_by_skill() -> None:
    kinds_of_pay = (False, False), (True, False)
    flat, by_skill = (rows_of("payout", by_skill=each, skill=(30, 0, 10_000))[-1] for each in kinds_of_pay)
    assert 0 < int(by_skill["cumPayout"]) < int(flat["cumPayout"])
    assert by_skill["cumShares"] == flat["cumShares"]


def test_both_give_no_shares_below_a_whole_one() -> None:
    assert {row["shares"] for row in rows_of("payout", share_cap=ONE_SHARE - 1)} == {"0"}


@pytest.mark.parametrize("public", [False, True])
def test_both_assign_alike(public: bool) -> None:
    made = settle(replace(PLAIN, seed=1, rendezvous=True, public=public, k=2))
    opened = sum(len(row["items"]) for row in map(json.loads, made.lines) if row["kind"] == "opening")
    assert 0 < sum(row["labels"] for row in agree_it_is_right(made).rows["score"]) < opened


@pytest.mark.parametrize("cells", [0, 10**9])
@pytest.mark.parametrize("model", [(4, 30), (4, 20, 15, 30)], ids=["model", "committee"])
def test_both_let_the_vote_stand_beyond_the_bound(
    model: tuple[int, ...], cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "MAX_CELLS", cells)
    monkeypatch.setattr(rules, "MOST_CELLS", cells)
    made = settle(replace(PLAIN, model=model))
    outcome = agree_it_is_right(made).outcome
    assert outcome is not None
    assert (outcome.truth.model is None) == (cells == 0)
    without = posted(made.record).settlement.model_root == bytes(32)
    assert without == (cells == 0 or len(model) > 2)


def test_both_publish_no_skill_below_minus_one() -> None:
    """Class 0 is right on eleven items in fourteen; `dan` gives it on the other three alone."""
    skill = {"policy": "leave-one-out.v1", "strength": 1}
    world = World(fields=spec_fields(items=[{"digest": f"{i:064x}"} for i in range(14)], skill=skill))
    for name in ("ann", "bob", "cat"):
        world.label(name, 0, {item: int(item < 3) for item in range(14)})
    world.label("dan", 0, dict.fromkeys(range(3), 0))
    found = agree_it_is_right(settled(world))
    assert found.outcome is not None
    (dan,) = (each for each in found.outcome.results if each.annotator == account("dan"))
    assert dan.skill == 65_536 * (0 * 14 - 3 * 11) // (3 * 14 - 3 * 11 + 14) < -65_536
    assert min(row["skillQ16"] for row in found.rows["score"]) == -65_536


# Where other readings of the page, or rules left out, would give another settlement
CLOSE: dict[str, dict[str, Any]] = {
    "void gold stays out of the comparison that flags": {
        "seed": 5,
        "odd": True,
        "gold_wrong": True,
        "correlation": True,
    },
    "who left a batch unopened is not skilled": {"seed": 2, "gold_wrong": True, "skill": (3, 0, 4_000)},
    "gold compares where nobody else labelled": {"seed": 1, "rendezvous": True, "k": 2},
    "who was offered an item stands behind": {"seed": 2, "rendezvous": True, "k": 1},
    "an item in two lists of a round is one": {"seed": 24, "rendezvous": True, "k": 1},
    "labels sent alone use up the limit": {"seed": 2, "rendezvous": True, "k": 2},
    "a published list binds": {"seed": 4, "rendezvous": True, "k": 2, "breaks": True},
    "told gold does not judge": {"seed": 0, "model": (4, 30), "gold_wrong": True},
    "void gold is not told": {"seed": 0, "model": (4, 30), "gold_wrong": True, "skill": (1, 0, 1_000)},
    "gold that nobody gives is not told": {
        "seed": 2,
        "model": (4, 30),
        "items": 9,
        "rendezvous": True,
        "k": 2,
    },
    "the breaker judges the model": {
        "seed": 0,
        "model": (4, 30),
        "odd": True,
        "gold_wrong": True,
        "people": ("wrong", "wrong", "right", "good", "same"),
    },
    "a committee's skill is measured by its first member": {
        "seed": 23,
        "people": ("blind", "blind", "same", "wrong", "right"),
        "model": (4, 20, 15, 30),
        "gold": 0,
        "slash": False,
    },
    "and holds it against the vote": {
        "seed": 8,
        "model": (4, 30),
        "gold_wrong": True,
        "skill": (1, 0, 1_000),
    },
}


@pytest.mark.parametrize("changes", CLOSE.values(), ids=CLOSE)
def test_both_read_the_page_alike(changes: dict[str, Any]) -> None:
    agree_it_is_right(settle(replace(PLAIN, **changes)))


# Alterations


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a JSON value can be altered: what is no object, and lists as a whole."""
    if isinstance(value, dict):
        return [spot for key, inner in value.items() for spot in spots(inner, (*path, key))]
    inside = (
        [s for i, inner in enumerate(value) for s in spots(inner, (*path, i))]
        if isinstance(value, list)
        else []
    )
    return [path, *inside]


def other(rng: Random, value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1 if value == 0 or rng.random() < 0.5 else value - 1
    if isinstance(value, list):
        return value[:-1] if value and rng.random() < 0.5 else [*value, 7]
    place = rng.randrange(2 * value.startswith("0x"), len(value)) if len(value) > 2 else 0
    return value[:place] + rng.choice("0123456789".replace(value[place : place + 1], "")) + value[place + 1 :]


def change_a_value(rng: Random, text: bytes) -> list[bytes]:
    row = json.loads(text)
    *path, last = rng.choice(spots(row))
    inner = row
    for step in path:
        inner = inner[step]
    inner[last] = other(rng, inner[last])
    return [line(row)]


def drop_or_add_a_field(rng: Random, text: bytes) -> list[bytes]:
    row = json.loads(text)
    name = rng.choice(sorted(row))
    if rng.random() < 0.5:
        del row[name]
    else:
        row[name + "x"] = row[name]
    return [line(row)]


ALTERATIONS: dict[str, Callable[[Random, bytes], list[bytes]]] = {
    "value": change_a_value,
    "value again": change_a_value,
    "field": drop_or_add_a_field,
    "drop": lambda _rng, _text: [],
    "repeat": lambda _rng, text: [text, text],
    "space": lambda _rng, text: [text.replace(b'":', b'": ', 1)],
    "cut": lambda rng, text: [text[: rng.randrange(len(text))]],
}


@given(kinds, st.sampled_from(list(ALTERATIONS)), st.integers(0, 2**32))
def test_both_find_any_altered_line_wrong(kind: Kind, how: str, seed: int) -> None:
    made, rng = settle(kind), Random(seed)
    lines = made.lines
    of = [json.loads(each)["kind"] for each in lines]
    wanted = rng.choice(sorted(set(of)))
    number = rng.choice([i for i, each in enumerate(of) if each == wanted])
    event(f"in a {wanted}")
    event(how)
    bundle = b"".join(lines[:number] + ALTERATIONS[how](rng, lines[number]) + lines[number + 1 :])
    agree_it_is_wrong(altered(made.record, bundle), bundle)


@pytest.mark.parametrize("public", [False, True])
def test_both_find_lines_that_change_places_wrong(public: bool) -> None:
    made = settled(public_world(), public=public)
    for i in range(len(made.lines) - 1):
        lines = made.lines
        lines[i : i + 2] = lines[i + 1], lines[i]
        bundle = b"".join(lines)
        agree_it_is_wrong(altered(made.record, bundle), bundle)


@pytest.mark.parametrize("name", [each.name for each in fields(Settlement)])
def test_both_find_another_settlement_wrong(name: str) -> None:
    made = settle(PLAIN)
    right = getattr(posted(made.record).settlement, name)
    wrong = right + 1 if isinstance(right, int) else Hash32(b"\7" * 32)
    changes: dict[str, Any] = {name: wrong}
    settlement = replace(posted(made.record).settlement, **changes)
    agree_it_is_wrong(
        replace(made.record, posted=replace(posted(made.record), settlement=settlement)), made.bundle
    )


def test_both_find_another_fee_or_another_kind_of_proposal_wrong() -> None:
    made = settle(PLAIN)
    fee = posted(made.record).fee
    assert fee is not None
    for changes in ({"fee": fee + 1}, {"public": True}):
        agree_it_is_wrong(replace(made.record, posted=replace(posted(made.record), **changes)), made.bundle)


NO_BUNDLES = [
    b"",
    b"\n",
    b"{}\n",
    b"null\n",
    b'{"kind":"header"}\n',
    b'{"kind":["spec"]}\n',
    b"[" * 99_999 + b"\n",
]
SMALL = settled(small_world())


@given(st.sampled_from(NO_BUNDLES) | st.binary(max_size=99))
def test_the_second_verifier_takes_any_bytes(bundle: bytes) -> None:
    assert not second.check(altered(SMALL.record, bundle), bundle).ok


json_scalars = st.none() | st.booleans() | st.integers(-9, 2**40) | st.text(max_size=9) | st.just("0x00")
json_groups = st.lists(json_scalars, max_size=3) | st.dictionaries(
    st.text(max_size=5), json_scalars, max_size=3
)
json_values = json_scalars | json_groups | st.lists(json_groups, max_size=2)


@given(st.integers(0, 2**32), json_values)
def test_the_second_verifier_takes_any_value_in_a_line(seed: int, value: Any) -> None:
    rng, lines = Random(seed), SMALL.lines
    number = rng.randrange(len(lines))
    row = json.loads(lines[number])
    *path, last = rng.choice(spots(row))
    inner = row
    for step in path:
        inner = inner[step]
    if inner[last] == value:
        return
    inner[last] = value
    bundle = b"".join([*lines[:number], rfc8785.dumps(row) + b"\n", *lines[number + 1 :]])
    assert not second.check(altered(SMALL.record, bundle), bundle).ok


def listed(items: tuple[int, ...]) -> cheating.Cheat:
    """The small campaign, had its oracle published these items for the first batch of three."""
    world = small_world()
    built = world.build()
    first = next(row for row in built.rows if isinstance(row, CommitRow) and row.items == (0, 1, 2))
    commits = [replace(row, items=items) if row == first else row for row in built.rows]
    signed = [
        SignedCommit(row.annotator, row.commit, row.signature, row.items)
        for row in commits
        if isinstance(row, CommitRow) and row.round == 0 and row.signature
    ]
    name = item_lists_hash(signed)
    rows = [
        replace(row, item_lists_hash=name) if isinstance(row, RoundRow) and row.round == 0 else row
        for row in commits
    ]
    record = propose(world.record(), built)
    rounds = (replace(record.rounds[0], item_lists_hash=name), *record.rounds[1:])
    return cheating.posted(rows, replace(record, rounds=rounds))


@pytest.mark.parametrize("items", [(0, 1, 2), (2, 1, 0), (1, 1, 1), (0, 1), (0, 1, 2, 3)])
def test_both_refuse_a_published_list_that_is_none(items: tuple[int, ...]) -> None:
    """Though the hash on chain is that of the list as it stands."""
    record, lines = listed(items)
    bundle = b"".join(lines)
    assert verify(record, bundle).ok == second.check(record, bundle).ok == (items == (0, 1, 2))
