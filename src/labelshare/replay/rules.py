"""The spec and time line of a replayed campaign."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from labelshare.protocol.spec import Spec, Task
from labelshare.replay.crowd import Crowd
from labelshare.replay.digits import load_digits
from labelshare.replay.gold import seal_gold
from labelshare.types import Schedule

__all__ = ["DAY", "HOUR", "Rules", "schedule_from", "spec_of"]

HOUR: Final = 3_600
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Rules:
    """What a replay decides; amounts in base units of the token and of the share (18 decimals each).

    Attributes:
        price: For one accepted label.
        share_weight: Shares for one accepted label.
        stakes_per_label: The stake behind a label, in prices.
        fee_bps: The oracle's fee in 1/10,000 of pay.
        contributor_bps: The share holders' part of a licence's price in 1/10,000.
        licence_price: Of the one licence that is sold.
        redundancy: Labels an item, where assignment is ours to make.
        rounds: Rounds of work.
        gold: Items with a known truth that judge the annotators instead of being scored; stakes are slashed
            and forfeited only where they bear out the verdicts. With none nobody loses a stake.
        aggregation: The policy that finds the verdicts.
    """

    price: int = 5 * 10**16
    share_weight: int = 10**18
    stakes_per_label: int = 4
    fee_bps: int = 500
    contributor_bps: int = 7_000
    licence_price: int = 250 * 10**18
    redundancy: int = 5
    rounds: int = 1
    gold: int = 0
    aggregation: str = "dawid-skene.v1"

    @property
    def stake_per_label(self) -> int:
        """Base units of a seat behind each label."""
        return self.price * self.stakes_per_label


def schedule_from(now: int, rounds: int) -> Schedule:
    """A time line with the periods that public networks require: a test chain only runs its clock faster."""
    accept_end = now + DAY
    enrol_end = accept_end + 3 * DAY
    return Schedule(
        accept_end=accept_end,
        enrol_end=enrol_end,
        work_start=enrol_end + HOUR,
        round_length=5 * DAY,
        grace=2 * DAY,
        rounds=rounds,
        tries=2,
        reveal_period=2 * DAY,
        settle_period=3 * DAY,
        window=2 * DAY,
        ruling_period=7 * DAY,
        rescue_period=7 * DAY,
        public_period=2 * DAY,
        slash_window=7 * DAY,
    )


def spec_of(crowd: Crowd, rules: Rules) -> Spec:
    """The spec of a campaign that asks for this crowd's labels.

    A recorded crowd chose its items itself: its assignment is `given` and k is the most labels an item has. A
    simulated one is assigned by `rendezvous`.

    Raises:
        InputError: More gold than items with a known truth.
    """
    given: dict[str, Any] = {"policy": "given.v1"}
    task = Task(type="single-choice.v1", config=_config(crowd))
    return Spec.of(
        {
            "title": f"{crowd.name}: {len(crowd.items)} items, {len(crowd.classes)} classes",
            "instructions": "Choose the one class that fits the item.",
            "task": task.model_dump(),
            "items": _items(crowd),
            "price": str(rules.price),
            "share_weight": str(rules.share_weight),
            "seconds_per_label": 6,
            "redundancy": {
                "policy": "fixed.v1",
                "k": rules.redundancy if crowd.simulated else crowd.most_labels_an_item,
            },
            "assignment": {"policy": "rendezvous.v1", "cap_bps": 2_000} if crowd.simulated else given,
            "aggregation": {"policy": rules.aggregation},
            "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
            "skill": {"policy": "leave-one-out.v1"},
            "pay": {"policy": "skill.v1"},
            "shares": {"policy": "skill.v1"},
            "slash": {"policy": "skill-and-gold.v1" if rules.gold else "none.v1"},
            "gold": _gold(crowd, rules, task),
        }
    )


def _gold(crowd: Crowd, rules: Rules, task: Task) -> dict[str, Any]:
    if not rules.gold:
        return {"policy": "none.v1"}
    sealed = seal_gold(crowd, rules.gold, task.form)
    return {"policy": "merkle.v1", "root": str(sealed.root), "count": len(sealed.items)}


def _config(crowd: Crowd) -> str:
    shown = '<Image name="item" value="$image"/>' if crowd.simulated else '<Text name="item" value="$text"/>'
    choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in crowd.classes)
    return f'<View>{shown}<Choices name="class" toName="item">{choices}</Choices></View>'


def _items(crowd: Crowd) -> list[dict[str, str]]:
    """Contents by hash. Recorded sets come without their contents: there the name is all there is to hash."""
    if crowd.simulated:
        digests = [image.digest for image in load_digits()]
    else:
        digests = [sha256(name.encode()).hexdigest() for name in crowd.items]
    return [{"digest": digest, "name": name} for digest, name in zip(digests, crowd.items, strict=False)]
