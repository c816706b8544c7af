"""What an oracle has at the end of a campaign: `python -m benchmarks.settle.campaign LABELS FILE` writes it.

Up to two thousand annotators share the labels evenly, five an item, in one batch each: four times of five
they answer right, else at random. Gold, a tenth of the items, pay and shares by skill, slashes.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from labelshare.protocol import abi, typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, seal
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.record import Record, RoundRoot
from labelshare.protocol.rounds import aggregate, roster_root
from labelshare.protocol.spec import Spec
from labelshare.types import Address, CampaignParams, PoolParams, Schedule, Scope, keccak

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ANNOTATORS", "CLASSES", "LABELS_AN_ITEM", "Campaign", "items_of_each", "load", "spec_fields"]

CHAIN: Final = 31_337
REGISTRY: Final = Address(keccak(b"registry")[:20])
NOBODY: Final = Address(bytes(20))
ANNOTATORS: Final = 2_000
LABELS_AN_ITEM: Final = 5
CLASSES: Final = 5
ONE: Final = 10**18
CONFIG: Final = (
    '<View><Text name="item" value="$text"/><Choices name="class" toName="item">'
    + "".join(f'<Choice value="{number}"/>' for number in range(CLASSES))
    + "</Choices></View>"
)
SCHEDULE: Final = Schedule(100, 200, 300, 100, 20, 1, 1, 50, 50, 50, 50, 50, 50, 50)


class Campaign(NamedTuple):
    """All that `build` takes."""

    spec: bytes
    record: Record
    enrolments: Sequence[Enrolment]
    commits: Sequence[SignedCommit]
    openings: Sequence[Opening]


def load(file: Path) -> Campaign:
    """What this module wrote."""
    return Campaign(*pickle.loads(file.read_bytes()))


def spec_fields(n_items: int) -> dict[str, Any]:
    """The spec of such a campaign without gold and slashes."""
    return {
        "title": "Benchmark",
        "instructions": "",
        "task": {"type": "single-choice.v1", "config": CONFIG},
        "items": [{"digest": f"{item:064x}"} for item in range(n_items)],
        "price": str(ONE // 20),
        "share_weight": str(ONE),
        "seconds_per_label": 5,
        "redundancy": {"policy": "fixed.v1", "k": LABELS_AN_ITEM},
        "assignment": {"policy": "given.v1"},
        "aggregation": {"policy": "majority.v1"},
        "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
        "skill": {"policy": "leave-one-out.v1"},
        "pay": {"policy": "skill.v1"},
        "shares": {"policy": "skill.v1"},
        "slash": {"policy": "none.v1"},
        "gold": {"policy": "none.v1"},
    }


def _spec(n_items: int, truth: np.ndarray) -> tuple[Spec, SealedGold]:
    gold = {item: bytes([1, 0, int(truth[item])]) for item in range(0, n_items, 10)}
    sealed = SealedGold.of(keccak(b"gold"), gold)
    judged = {
        "slash": {"policy": "skill-and-gold.v1"},
        "gold": {"policy": "merkle.v1", "root": str(sealed.root), "count": len(gold)},
    }
    return Spec.of(spec_fields(n_items) | judged), sealed


def items_of_each(n_labels: int, n_people: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Five shuffled rounds over the items, cut evenly; whoever meets an item twice labels it once."""
    n_items = n_labels // LABELS_AN_ITEM
    every = np.concatenate([rng.permutation(n_items) for _ in range(LABELS_AN_ITEM)])
    return [np.unique(part) for part in np.array_split(every, n_people)]


def _campaign(n_labels: int) -> Campaign:
    rng = np.random.default_rng(1)
    n_items, n_people = max(n_labels // LABELS_AN_ITEM, 1), min(ANNOTATORS, max(n_labels // 20, 5))
    truth = rng.integers(0, CLASSES, n_items)
    spec, gold = _spec(n_items, truth)
    pool = PoolParams(NOBODY, NOBODY, 2**90, 1, 1, NOBODY, NOBODY, 0, NOBODY, 1)
    params = CampaignParams(
        pool=abi.pool_id(CHAIN, REGISTRY, pool),
        dataset=NOBODY,
        requester=NOBODY,
        oracle=NOBODY,
        token=NOBODY,
        spec_hash=spec.hash,
        share_cap=2**96 - 1,
        stake_per_label=ONE // 5,
        fee_bps=500,
        nonce=1,
        schedule=SCHEDULE,
    )
    scope = Scope(CHAIN, REGISTRY, abi.campaign_id(CHAIN, REGISTRY, params))
    keys = [keccak(b"annotator %d" % number) for number in range(n_people)]
    enrol = typed_data.digest(scope, typed_data.enrol_hash(scope.campaign_id))
    enrolments = [Enrolment(typed_data.address_of(key), typed_data.sign(enrol, key)) for key in keys]
    commits, openings = [], []
    for key, items in zip(keys, items_of_each(n_labels, n_people, rng), strict=True):
        right = rng.random(items.size) < 0.8
        classes = np.where(right, truth[items], rng.integers(0, CLASSES, items.size))
        signed, opening = _sealed(scope, spec, key, dict(zip(items.tolist(), classes.tolist(), strict=True)))
        commits.append(signed)
        openings.append(opening)
    made = aggregate(scope, 0, commits)
    record = Record(
        CHAIN,
        REGISTRY,
        scope.campaign_id,
        params,
        pool,
        escrow=n_labels * ONE,
        roster_root=roster_root(scope, [each.annotator for each in enrolments]),
        roster_count=n_people,
        seated=frozenset(each.annotator for each in enrolments),
        enrolled_alone=(),
        seed=keccak(b"seed"),
        rounds=(RoundRoot(0, made.root, made.item_lists_hash),),
        own_commits=(),
        gold=(gold.reveal,),
    )
    return Campaign(spec.canonical_bytes, record, enrolments, commits, openings)


def _sealed(scope: Scope, spec: Spec, key: bytes, answers: dict[int, int]) -> tuple[SignedCommit, Opening]:
    account = typed_data.address_of(key)
    commit, opening = seal(
        scope,
        account,
        round_number=0,
        batch=0,
        committed_before=0,
        secret=keccak(key),
        labels={item: spec.task.form.encode(choice) for item, choice in answers.items()},
    )
    digest = typed_data.digest(scope, typed_data.commit_hash(scope.campaign_id, commit))
    return SignedCommit(account, commit, typed_data.sign(digest, key), opening.items), opening


def main(n_labels: int, file: str) -> None:
    """Writes the campaign."""
    Path(file).write_bytes(pickle.dumps(tuple(_campaign(n_labels))))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
