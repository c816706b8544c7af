"""Write the values that Python, Solidity and JavaScript must agree on, as JSON next to this file.

    python tests/vectors/generate.py

The values are fixed: the files change only when a rule changes. Keys are derived from public text and are for
these vectors alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labelshare.protocol import abi, commitments, leaves, rewards, rows, slashing, typed_data
from labelshare.protocol.aggregation import fixed_point
from labelshare.protocol.aggregation.base import Crowd, break_tie
from labelshare.protocol.aggregation.dawid_skene import Rule, fit
from labelshare.protocol.aggregation.dawid_skene_model import model_leaves, model_root
from labelshare.protocol.aggregation.leave_one_out import NONE
from labelshare.protocol.aggregation.without_each import model_references
from labelshare.protocol.assignment import ranking
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.gold import SealedGold, clamped
from labelshare.protocol.labels import Form, digest, parse_single_choice, read_form
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.rounds import item_lists_hash
from labelshare.protocol.skill import (
    Comparison,
    from_skill,
    full_skill,
    is_below,
    is_surely_below,
    skill_q16,
)
from labelshare.protocol.spec import Skill, SkillAndGold
from labelshare.types import Address, CampaignParams, Commit, Hash32, PoolParams, Schedule, Scope, keccak

HERE = Path(__file__).resolve().parent
CHAIN_ID = 31337
REGISTRY = Address("0x5fbdb2315678afecb367f032d93f642f64180aa3")
SEED = keccak(b"labelshare vector seed")
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text">'
    '<Choice value="positive"/><Choice value="negative"/><Choice value="neutral"/></Choices></View>'
)
TEXT = '<Text name="text" value="$text"/>'
ASPECTS = '<Choice value="Price" alias="p"/><Choice value="Taste"/><Choice value="Service &amp; staff"/>'
# Of each task: kind, config, answers, bytes that are no label, and values of a result that are no answer.
TASKS: list[tuple[str, str, list[int], list[str], list[Any]]] = [
    ("single-choice.v1", CONFIG, [0, 2], ["0x010003", "0x0100", "0x01000000"], [["happy"], ["Positive"], []]),
    (
        "multi-label.v1",
        f'<View>{TEXT}<Choices name="about" toName="text" choice="multiple">{ASPECTS}</Choices></View>',
        [0b000, 0b001, 0b110, 0b111],
        ["0x", "0x0200", "0x0200020001", "0x0200010001", "0x020003", "0x010000"],
        [["Price"], ["p", "p"], "p"],
    ),
    (
        "pairwise.v1",
        f'<View>{TEXT}<Text name="other" value="$other"/><Pairwise name="best" toName="text,other"/></View>',
        [0, 1, 2],
        ["0x03", "0x0303", "0x030000", "0x0200"],
        ["tie", "none", "other"],
    ),
    (
        "numeric.v1",
        f'<View>{TEXT}<Number name="degrees" toName="text" min="-0.5" max="99.95" step="0.05"/></View>',
        [0, 9, 10, 16, 2009],
        ["0x040000000000000001", "0x04ffffffffffffffc9", "0x042710", "0x04000000000000270f"],
        [0.30000000000000004, 0.01, 100, -1, "1", True],
    ),
    (
        "numeric.v1",
        f'<View>{TEXT}<Rating name="stars" toName="text" maxRating="7"/></View>',
        [0, 6],
        ["0x040000000000000000", "0x040000000000000008"],
        [0, 8, 2.5],
    ),
]


def key(number: int) -> bytes:
    return keccak(b"labelshare vector key %d" % number)


def account(number: int) -> Address:
    return typed_data.address_of(key(number))


def stand_in(name: str) -> Address:
    """An address of nobody."""
    return Address(keccak(name.encode())[:20])


POOL = PoolParams(
    oracle=account(0),
    token=stand_in("token"),
    seat_stake=25 * 10**18,
    unbonding=30 * 86_400,
    max_open=8,
    gate=Address(bytes(20)),
    arbitrator=stand_in("arbitrator"),
    arbitration_refund=10**17,
    randomness=Address(bytes(20)),
    nonce=2**64 - 1,
)
SCHEDULE = Schedule(
    accept_end=1_800_000_000,
    enrol_end=1_800_086_400,
    work_start=1_800_090_000,
    round_length=259_200,
    grace=172_800,
    rounds=3,
    tries=2,
    reveal_period=172_801,
    settle_period=86_401,
    window=172_802,
    ruling_period=604_800,
    rescue_period=604_801,
    public_period=172_803,
    slash_window=86_402,
)
CAMPAIGN = CampaignParams(
    pool=abi.pool_id(CHAIN_ID, REGISTRY, POOL),
    dataset=stand_in("dataset"),
    requester=account(1),
    oracle=POOL.oracle,
    token=POOL.token,
    spec_hash=keccak(b"spec"),
    share_cap=2**96 - 1,
    stake_per_label=4 * 10**16,
    fee_bps=500,
    nonce=7,
    schedule=SCHEDULE,
)
SCOPE = Scope(CHAIN_ID, REGISTRY, abi.campaign_id(CHAIN_ID, REGISTRY, CAMPAIGN))
SCOPE_JSON = {"chainId": str(CHAIN_ID), "registry": str(REGISTRY), "campaignId": str(SCOPE.campaign_id)}


def text(value: Any) -> Any:
    """Bytes as 0x strings and addresses with their checksum, everywhere inside a value."""
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {name: text(inner) for name, inner in value.items()}
    return [text(inner) for inner in value] if isinstance(value, list | tuple) else value


def ids() -> Any:
    return SCOPE_JSON | {
        "poolParams": rows.to_json(POOL),
        "poolEncoded": text(abi.encode(POOL)),
        "poolId": str(CAMPAIGN.pool),
        "campaignParams": rows.to_json(CAMPAIGN),
        "campaignEncoded": text(abi.encode(CAMPAIGN)),
        "times": {
            "commitEnd": SCHEDULE.commit_end,
            "revealEnd": SCHEDULE.reveal_end,
            "settleEnd": SCHEDULE.settle_end,
            "hardEnd": SCHEDULE.hard_end,
            "aggregateClose": [SCHEDULE.aggregate_close(number) for number in range(SCHEDULE.rounds)],
        },
    }


def domains() -> Any:
    scopes = [
        SCOPE,
        Scope(1, stand_in("registry"), SCOPE.campaign_id),
        Scope(2**64 - 1, REGISTRY, SCOPE.campaign_id),
    ]
    return [
        {
            "kind": kind.value,
            "chainId": str(scope.chain_id),
            "registry": str(scope.registry),
            "campaignId": str(scope.campaign_id),
            "domain": str(domain(kind, scope)),
        }
        for scope in scopes
        for kind in Kind
    ]


def payouts() -> list[leaves.Payout]:
    made, paid, minted = [], 0, 0
    for index, number in enumerate(sorted(range(2, 13), key=account)):
        payout, shares = 10**15 * (index + 1) + index, index % 3 * 10**18
        paid, minted = paid + payout, minted + shares
        made.append(leaves.Payout(index, account(number), payout, shares, index % 2 * 5, paid, minted))
    return made


def leaf_values() -> Any:
    who, secret, label = account(2), keccak(b"batch secret"), bytes([1, 0, 2])
    biggest = leaves.Payout(2**64 - 1, who, *[2**128 - 1] * 5)
    truths = [
        leaves.Truth(0, digest(label), 65_536, accepted=True),
        leaves.Truth(2**64 - 1, digest(label), 1, accepted=False),
    ]
    items, digests = [0, 300, 2**32 - 1], [digest(label)] * 3
    salts = commitments.salts(secret, items)
    labels = map(bytes, leaves.label_leaves(SCOPE, who, 3, items, digests))
    commits = map(bytes, leaves.commit_leaves(SCOPE, who, 3, items, digests, salts))
    head = {"annotator": str(who), "batch": 3}
    return SCOPE_JSON | {
        "payout": [
            {**rows.to_json(row), "leaf": text(leaves.payout_leaf(SCOPE, row))}
            for row in [*payouts(), biggest]
        ],
        "truth": [{**rows.to_json(row), "leaf": text(leaves.truth_leaf(SCOPE, row))} for row in truths],
        "label": [
            {**head, "item": str(item), "labelDigest": text(one), "leaf": text(leaf)}
            for item, one, leaf in zip(items, digests, labels, strict=True)
        ],
        "commit": [
            {**head, "item": str(item), "labelDigest": text(one), "salt": text(salt), "leaf": text(leaf)}
            for item, one, salt, leaf in zip(items, digests, salts, commits, strict=True)
        ],
        "aggregate": [
            {
                "annotator": str(who),
                "commitHash": str(SEED),
                "leaf": text(leaves.aggregate_leaf(SCOPE, who, SEED)),
            }
        ],
        "roster": [{"annotator": str(who), "leaf": text(leaves.roster_leaf(SCOPE, who))}],
    }


def proofs(tree: MerkleTree, indices: Sequence[int]) -> Any:
    return [{"index": index, "proof": text(tree.proof(index))} for index in indices]


def multiproofs(tree: MerkleTree, sets: Sequence[Sequence[int]]) -> Any:
    made = []
    for indices in sets:
        proof = tree.multiproof(indices)
        made.append(
            {
                "indices": list(indices),
                "order": list(proof.order),
                "leaves": text(proof.leaves),
                "proof": text(proof.proof),
                "flags": list(proof.flags),
            }
        )
    return made


def trees() -> Any:
    annotators = [account(number) for number in range(2, 35)]
    hashes = [leaves.roster_leaf(SCOPE, annotator) for annotator in annotators]
    made = []
    for size in range(1, 34):
        tree = MerkleTree(hashes[:size])
        run = list(tree.order[size // 3 : size // 3 + 4])
        sets: list[Sequence[int]] = [[], range(0, size, 3), run, range(size)]
        made.append(
            {
                "size": size,
                "root": str(tree.root),
                "order": list(tree.order),
                "proofs": proofs(tree, sorted({0, size // 2, size - 1})),
                "multiproofs": multiproofs(tree, sets),
            }
        )
    return {
        "types": ["bytes32", "address"],
        "values": [[str(domain(Kind.ROSTER, SCOPE)), str(annotator)] for annotator in annotators],
        "trees": made,
    }


def payout_tree() -> Any:
    made = payouts()
    tree = MerkleTree([leaves.payout_leaf(SCOPE, row) for row in made])
    word = str(domain(Kind.PAYOUT, SCOPE))
    return {
        "types": ["bytes32", "uint64", "address", "uint128", "uint128", "uint128", "uint128", "uint128"],
        "values": [[word, *(str(value) for value in abi.values(row))] for row in made],
        "root": str(tree.root),
        "order": list(tree.order),
        "proofs": proofs(tree, range(len(made))),
        "multiproofs": multiproofs(tree, [tree.order[:4], tree.order[5:9], [0, 3, 10]]),
    }


def statement(name: str, fields: str, message: dict[str, Any], struct_hash: Hash32, signer: int) -> Any:
    signed = typed_data.digest(SCOPE, struct_hash)
    return {
        "primaryType": name,
        "types": {
            name: [dict(zip(("type", "name"), part.split(), strict=True)) for part in fields.split(",")]
        },
        "message": text({"campaignId": SCOPE.campaign_id, **message}),
        "structHash": str(struct_hash),
        "digest": str(signed),
        "privateKey": text(bytes(key(signer))),
        "signer": str(account(signer)),
        "signature": text(typed_data.sign(signed, key(signer))),
    }


def statements() -> Any:
    campaign, who = SCOPE.campaign_id, account(2)
    commit = Commit(2, 5, keccak(b"root"), 40, 2**32 - 1)
    name, opening = typed_data.commit_hash(campaign, commit), keccak(b"opening")
    commit_fields = rows.to_json(commit)
    fields = {part.split("(")[0]: part.split("(")[1][:-1] for part in TYPES}
    return {
        "domain": {
            "name": "labelshare",
            "version": "1",
            "chainId": CHAIN_ID,
            "verifyingContract": str(REGISTRY),
        },
        "domainSeparator": str(typed_data.domain_separator(CHAIN_ID, REGISTRY)),
        "statements": [
            statement("Enrol", fields["Enrol"], {}, typed_data.enrol_hash(campaign), 2),
            statement("Commit", fields["Commit"], commit_fields, name, 2),
            statement(
                "Receipt",
                fields["Receipt"],
                {"annotator": who, "commitHash": name},
                typed_data.receipt_hash(campaign, who, name),
                0,
            ),
            statement(
                "OpeningReceipt",
                fields["OpeningReceipt"],
                {"annotator": who, "openingHash": opening},
                typed_data.opening_receipt_hash(campaign, who, opening),
                0,
            ),
        ],
    }


TYPES = (
    typed_data.ENROL_TYPE,
    typed_data.COMMIT_TYPE,
    typed_data.RECEIPT_TYPE,
    typed_data.OPENING_RECEIPT_TYPE,
)


def batches() -> list[tuple[Commit, commitments.Opening]]:
    """Two batches of one annotator and one of another, all of round 0."""
    form = parse_single_choice(CONFIG)
    plan = [(2, 0, 0, [0, 1, 2, 300]), (2, 1, 4, [7]), (3, 0, 0, [1, 5, 2**32 - 1])]
    return [
        commitments.seal(
            SCOPE,
            account(who),
            round_number=0,
            batch=batch,
            committed_before=before,
            secret=keccak(b"secret %d %d" % (who, batch)),
            labels={item: form.encode(item % 3) for item in items},
        )
        for who, batch, before, items in plan
    ]


def answered(form: Form, answer: int) -> Any:
    return {
        "class": answer,
        "value": form.describe(answer),
        "bytes": text(form.encode(answer)),
        "digest": str(digest(form.encode(answer))),
        "result": form.to_result(answer),
    }


def task(kind: str, config: str, answers: list[int], no_labels: list[str], no_answers: list[Any]) -> Any:
    """A task with some of its answers, and what is none: the value of a result of class 1 replaced."""
    form = read_form(kind, config)
    region = form.to_result(1)[0]
    return {
        "kind": kind,
        "config": config,
        "n_classes": form.n_classes,
        "answers": [answered(form, answer) for answer in answers],
        "noLabels": no_labels,
        "noResults": [[region | {"value": dict.fromkeys(region["value"], value)}] for value in no_answers],
    }


def labels() -> Any:
    form = parse_single_choice(CONFIG)
    return SCOPE_JSON | {
        "config": CONFIG,
        "classes": [answered(form, answer) for answer in range(form.n_classes)],
        "tasks": [task(*each) for each in TASKS],
        "openings": [
            {
                **rows.to_json(commit),
                "annotator": str(opening.annotator),
                "commitHash": str(opening.commit_hash),
                "secret": str(opening.secret),
                "items": list(opening.items),
                "labels": text(opening.labels),
                "salts": text(commitments.salts(opening.secret, opening.items)),
                "openingHash": str(commitments.opening_hash(opening)),
            }
            for commit, opening in batches()
        ],
    }


def item_lists() -> Any:
    signed = [commitments.SignedCommit(o.annotator, commit, b"", o.items) for commit, o in batches()]
    signed.sort(key=lambda each: (each.annotator, each.commit.batch))
    return {
        "commits": [
            {
                "annotator": str(each.annotator),
                "batch": each.commit.batch,
                "count": each.commit.count,
                "items": list(each.items),
            }
            for each in signed
        ],
        "itemListsHash": str(item_lists_hash(signed)),
    }


def rules() -> Any:
    roster = [account(number) for number in range(2, 9)]
    return {
        "seed": str(SEED),
        "roster": text(sorted(roster)),
        "rankings": [
            {"item": str(item), "order": text(ranking(SEED, item, roster))} for item in (0, 1, 2**32 - 1)
        ],
        "ties": [
            {"item": str(item), "tied": [0, 1, 2], "winner": break_tie(SEED, item, [0, 1, 2])}
            for item in range(8)
        ],
    }


def sealed_gold() -> Any:
    """Gold of two task types under one secret, as it is sealed, proven and revealed."""
    answers = {0: b"\1\0\2", 7: b"\1\0\0", 300: b"\2\0\0\0\1", 2**32 - 1: b"\2"}
    gold = SealedGold.of(keccak(b"gold secret"), answers)
    salts = commitments.salts(gold.secret, gold.items)
    digests = [digest(label) for label in gold.labels]
    return {
        "kindWord": str(keccak(b"GOLD.v1")),
        "secret": str(gold.secret),
        "rows": [
            {"item": str(item), "label": text(label), "labelDigest": str(one), "salt": text(salt)}
            for item, label, one, salt in zip(gold.items, gold.labels, digests, salts, strict=True)
        ],
        "root": str(gold.root),
        "reveal": text(gold.reveal),
    }


COMPARISONS = [
    (0, 0, 0, 1),
    (1, 1, 500, 1000),
    (20, 18, 10_000, 1000),
    (20, 4, 10_000, 1000),
    (68, 24, 1088, 48),
    (100, 50, 50_000, 1000),
    (100, 50, 520_625, 10_000),  # 2.33 standard errors below a fifth, to the last digit
    (100, 50, 520_626, 10_000),
    (1000, 900, 900_000, 1000),
    (999_999, 700_000, 10**11, 10**6),
]


def skills() -> Any:
    """Skill in 1/65,536, and whether it is below 2,000 / 10,000, and surely so, at several rules."""
    made = []
    for compared, agreed, chance, items in COMPARISONS:
        record = Comparison(compared, agreed, chance, items)
        for unopened, strength, prior in ((0, 6, 0), (10, 6, 0), (0, 1, 6_000), (3, 1_000, 10_000)):
            rule = Skill(policy="leave-one-out.v1", strength=strength, prior_bps=prior)
            made.append(
                {
                    "compared": compared,
                    "agreed": agreed,
                    "chance": str(chance),
                    "items": items,
                    "unopened": unopened,
                    "strength": strength,
                    "priorBps": prior,
                    "skillQ16": skill_q16(record, unopened, rule),
                    "below": is_below(record, 2_000),
                    "surelyBelow": is_surely_below(record, 2_000),
                }
            )
    return {"belowBps": 2_000, "skills": made, "payments": payments(), "losses": losses()}


SCALES = [(1_000, 4_000), (0, 1), (9_999, 10_000)]
LEVELS = [-(2**31), -65_536, -26_215, -9_788, -1, 0, 5, 6_553, 6_554, 20_000, 26_214, 65_530, 65_536]


def payments() -> Any:
    """What (2A + C) = 7 half labels earn at a price of 1,001, by skill."""
    made = []
    for from_bps, full_bps in SCALES:
        rule = Skill(policy="leave-one-out.v1", from_bps=from_bps, full_bps=full_bps)
        plenty = {"available": 2**128, "share_cap": 2**128, "share_weight": 10**18}
        terms = rewards.Terms(
            price=1_001,
            pay_by_skill=True,
            shares_by_skill=True,
            from_skill=from_skill(rule),
            full_skill=full_skill(rule),
            **plenty,
        )
        for skill in LEVELS:
            earned = rewards.earned({account(2): rewards.Tally(3, 1, skill)}, terms, {})
            head = {"fromBps": from_bps, "fullBps": full_bps, "skillQ16": skill}
            made.append(head | {"halves": 7, "price": "1001", "pay": str(earned[account(2)].payout)})
    return made


def losses() -> Any:
    """What is lost of a signed stake, the circuit breaker apart."""
    made = []
    for full_bps, part_bps, forfeit_bps in [(4_000, 5_000, 5_000), (10_000, 1, 10_000), (1, 3_333, 0)]:
        scale = Skill(policy="leave-one-out.v1", from_bps=0, full_bps=full_bps)
        rule = SkillAndGold(policy="skill-and-gold.v1", part_bps=part_bps, forfeit_bps=forfeit_bps)
        for skill in LEVELS:
            for flagged in (False, True):
                lost = slashing.loss(10**18 + 7, skill, rule, scale, flagged=flagged)
                head = {"fullBps": full_bps, "partBps": part_bps, "forfeitBps": forfeit_bps}
                head |= {"skillQ16": skill, "flagged": flagged}
                made.append(head | {"signed": str(10**18 + 7), "slash": str(lost)})
    return made


# By item, who says which of three classes. Two label item 9 and nothing else. Number 9 is wrong wherever gold
# is labelled, and alone on item 10, where the class that nobody gave has the highest score.
CROWD: dict[int, dict[int, int]] = {
    0: {2: 0, 3: 0, 4: 1, 5: 1, 9: 1},
    1: {2: 1, 3: 1, 4: 2, 6: 1},
    2: {2: 2, 4: 0, 5: 0},
    3: {2: 0, 3: 0, 6: 2, 9: 1},
    4: {3: 1, 4: 2, 5: 2, 9: 2},
    5: {2: 2, 3: 2, 5: 0, 6: 2, 9: 0},
    6: {3: 0, 4: 1, 6: 0},
    8: {4: 2, 6: 1},
    9: {7: 0, 8: 1},
    10: {9: 0},
    999_999: {2: 1, 5: 1, 6: 1},
}
SEALED = {0: 0, 3: 0, 4: 1, 5: 2, 6: 2, 7: 1}
ARGUMENTS = [1, 2, 3, 65_535, 65_536, 2**30 + 1, 2**47 - 1, 2**62]
EXPONENTS = [0, 1, 255, 256, 2**19, 2**20 - 1, 2**20, 5 * 2**20 + 77, 31 * 2**20 - 1, 31 * 2**20]


def model() -> Any:
    """A crowd by `dawid-skene.v1`: what goes in, the tables, winners with all posteriors, and the tree.

    Of six gold items one has no label and one none that says its class; of the others two are told.
    """
    rows_of_crowd = [(item, who, said) for item, answers in CROWD.items() for who, said in answers.items()]
    crowd = Crowd(10**6, 3, *np.array(rows_of_crowd, dtype=np.int64).T.copy())
    borne_out = [item for item, choice in SEALED.items() if choice in CROWD.get(item, {}).values()]
    told, rule = {item: SEALED[item] for item in sorted(clamped(SEED, borne_out))}, Rule(4, 5, 30)
    found = fit(crowd, SEED, told, rule)
    references = model_references(crowd, found, told, SEED).tolist()
    accounts = [account(number) for number in range(10)]
    word = domain(Kind.MODEL, SCOPE)
    verdicts = zip(
        found.outcome.items.tolist(), found.outcome.winners.tolist(), found.posteriors.tolist(), strict=True
    )
    return SCOPE_JSON | {
        "seed": str(SEED),
        "classes": 3,
        "strength": rule.strength,
        "goldWeight": rule.gold_weight,
        "iterations": rule.iterations,
        "labels": [
            {"item": str(item), "annotator": str(accounts[who]), "class": said}
            | {"reference": None if reference == NONE else reference}
            for (item, who, said), reference in zip(rows_of_crowd, references, strict=True)
        ],
        "gold": [
            {"item": str(item), "class": choice, "told": item in told} for item, choice in SEALED.items()
        ],
        "priors": tree_row(Address(bytes(20)), 0, found.model.priors.tolist()),
        "columns": [
            tree_row(accounts[who], said, column)
            for who, said, column in zip(
                found.model.annotators.tolist(),
                found.model.answers.tolist(),
                found.model.columns.tolist(),
                strict=True,
            )
        ],
        "leaves": text([bytes(leaf) for leaf in model_leaves(word, accounts, found.model)]),
        "modelRoot": str(model_root(word, accounts, found.model)),
        "verdicts": [
            {"item": str(item), "winner": winner, "posteriors": posteriors}
            for item, winner, posteriors in verdicts
        ],
        "log2": [[str(x), int(fixed_point.log2(np.array([x]))[0])] for x in ARGUMENTS],
        "powerOfHalf": [[d, int(fixed_point.power_of_half(np.array([d]))[0])] for d in EXPONENTS],
    }


def tree_row(who: Address, choice: int, logarithms: list[int]) -> Any:
    """What one leaf of the model tree is made of."""
    return {"annotator": str(who), "class": choice, "logarithms": logarithms}


FILES: dict[str, Callable[[], Any]] = {
    "ids.json": ids,
    "domains.json": domains,
    "leaves.json": leaf_values,
    "trees.json": trees,
    "payouts.json": payout_tree,
    "typed_data.json": statements,
    "labels.json": labels,
    "gold.json": sealed_gold,
    "skills.json": skills,
    "item_lists.json": item_lists,
    "rules.json": rules,
    "model.json": model,
}


def contents(name: str) -> str:
    """The text of a vector file."""
    return json.dumps(FILES[name](), indent=1) + "\n"


if __name__ == "__main__":
    for file_name in FILES:
        (HERE / file_name).write_text(contents(file_name), encoding="utf-8")
