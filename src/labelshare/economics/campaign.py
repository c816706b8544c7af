"""A campaign in arrays, judged by the rules that judge a real one.

No chain and no signature is needed to know what labels earn: the labels go into the `Count` and the facts
into the `Record` that a settlement is built from, and `judging.judge` does the rest under whatever policies
the spec names. Only figures for people leave here; they are floats, in prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelshare.errors import InputError
from labelshare.protocol import abi
from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.counting import Count
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.judging import Verdict, judge
from labelshare.protocol.quote import escrow_for, share_cap_for
from labelshare.protocol.record import Record
from labelshare.protocol.skill import ONE
from labelshare.protocol.spec import RegionTask, Spec
from labelshare.types import Address, CampaignParams, Hash32, PoolParams, Schedule, keccak

__all__ = [
    "NOBODY_SAID",
    "ArrayCount",
    "Flags",
    "Floats",
    "Integers",
    "Labels",
    "Played",
    "Terms",
    "account",
    "play",
    "require_classes",
    "seat_of",
]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NOBODY_SAID: Final = -1

_CHAIN: Final = 31_337
_REGISTRY: Final = Address(keccak(b"labelshare.economics")[: Address.SIZE])
_NOBODY: Final = Address(bytes(Address.SIZE))
_EMPTY: Final = Hash32(bytes(32))
_TIMES: Final = Schedule(100, 200, 300, 100, 20, 1, 1, 50, 50, 50, 50, 50, 50, 50)


@dataclass(frozen=True, slots=True)
class Labels:
    """Who labelled what as what; row i says that seat `seats[i]` gave `items[i]` the class `classes[i]`.

    Attributes:
        n_seats: Seats are numbered below it; some may have no label.
        items, seats, classes: int64, shape (labels,); no item twice for a seat.
    """

    n_seats: int
    items: Integers
    seats: Integers
    classes: Integers


@dataclass(frozen=True)
class Terms:
    """The rules of a simulated campaign.

    Attributes:
        spec: All policies, and the items.
        gold: The sealed gold whose root the spec holds; None where it has none.
        stakes_per_label: The stake behind a label, in prices.
        fee_bps: The oracle's fee in 1/10,000 of pay.
    """

    spec: Spec
    gold: SealedGold | None
    stakes_per_label: float = 4
    fee_bps: int = 500

    def __post_init__(self) -> None:
        require_classes(self.spec)
        if not int(self.spec.price):
            raise InputError("the price is nothing, so nothing can be told in prices")

    @property
    def price(self) -> int:
        """Base units for an accepted label."""
        return int(self.spec.price)

    @property
    def stake_per_label(self) -> int:
        """Base units behind a label."""
        return round(self.price * self.stakes_per_label)

    @property
    def gold_items(self) -> Integers:
        """The items whose answer is known beforehand, ascending."""
        return np.array(self.gold.items if self.gold else (), dtype=np.int64)

    @cached_property
    def record(self) -> Record:
        """What a chain would say of such a campaign, but for the seed."""
        pool = PoolParams(_NOBODY, _NOBODY, 2**90, 1, 1)
        params = CampaignParams(
            pool=abi.pool_id(_CHAIN, _REGISTRY, pool),
            dataset=_NOBODY,
            requester=_NOBODY,
            oracle=_NOBODY,
            token=_NOBODY,
            spec_hash=self.spec.hash,
            share_cap=share_cap_for(self.spec),
            stake_per_label=self.stake_per_label,
            fee_bps=self.fee_bps,
            nonce=1,
            schedule=_TIMES,
        )
        return Record(
            chain_id=_CHAIN,
            registry=_REGISTRY,
            campaign_id=abi.campaign_id(_CHAIN, _REGISTRY, params),
            params=params,
            pool=pool,
            escrow=escrow_for(self.spec, self.fee_bps),
            roster_root=_EMPTY,
            roster_count=0,
            seated=frozenset(),
            enrolled_alone=(),
            seed=_EMPTY,
            rounds=(),
            own_commits=(),
            gold=(self.gold.reveal,) if self.gold else (),
        )


@dataclass(frozen=True, slots=True)
class Played:
    """What a campaign came to; arrays by seat unless said otherwise.

    Attributes:
        verdict: As the rules gave it.
        labels: How many labels each seat gave.
        pay: In prices.
        slashed: What the flagged lose of their stake, in prices; nothing where the circuit breaker stops it.
        forfeited: What those who are not flagged lose of theirs for a skill below 0, likewise.
        shares: In share weights.
        skill: As published: not cut at full.
        flagged: Whether the rules flagged it, the circuit breaker apart.
        winners: By item: the class that won, `NOBODY_SAID` where there is no label.
    """

    verdict: Verdict
    labels: Integers
    pay: Floats
    slashed: Floats
    forfeited: Floats
    shares: Floats
    skill: Floats
    flagged: Flags
    winners: Integers


def require_classes(spec: Spec) -> None:
    """Raise `InputError` where answers are regions: nobody knows what a guess at one hits."""
    if isinstance(spec.task, RegionTask):
        raise InputError(
            f"a simulated crowd answers by classes, and answers of {spec.task.type} are regions; "
            "try the same rules on a single choice"
        )


def account(seat: int) -> Address:
    """The account of a seat; accounts are in the order of seats."""
    return Address((seat + 1).to_bytes(Address.SIZE, "big"))


class ArrayCount(Count):
    """A `Count` of labels that are in arrays already and all count; without the tree over them."""

    def __init__(self, terms: Terms, labels: Labels) -> None:
        form, n_items = terms.spec.task.form, len(terms.spec.items)
        super().__init__(terms.record.scope, form, n_items, lambda *_: True)
        seats, numbers, sizes = np.unique(labels.seats, return_inverse=True, return_counts=True)
        accounts = [account(seat) for seat in seats.tolist()]
        self.annotators.update(zip(accounts, range(len(accounts)), strict=True))
        self.opened.update(dict(zip(accounts, sizes.tolist(), strict=True)))
        self._crowd = Crowd(n_items, form.n_classes, labels.items, numbers.astype(np.int64), labels.classes)

    def crowd(self) -> Crowd:
        """The labels, as aggregation takes them."""
        return self._crowd


def play(terms: Terms, labels: Labels, seed: Hash32) -> Played:
    """Judge a campaign in which exactly these labels were given and opened.

    Args:
        terms: Its rules.
        labels: All of them count; who gave none has no commitment.
        seed: The campaign's randomness, for ties.
    """
    count = ArrayCount(terms, labels)
    verdict = judge(terms.spec, replace(terms.record, seed=seed), count, dict(count.opened))
    return _played(terms, labels, verdict)


def _played(terms: Terms, labels: Labels, verdict: Verdict) -> Played:
    size, weight = labels.n_seats, int(terms.spec.share_weight)
    pay, lost, shares, skill = (np.zeros(size) for _ in range(4))
    flagged = np.zeros(size, dtype=np.bool_)
    for score in verdict.scores:
        seat = seat_of(score.annotator)
        skill[seat], flagged[seat] = score.skill_q16 / ONE, score.flagged
    for row in verdict.payouts:
        seat = seat_of(row.account)
        pay[seat], lost[seat] = row.payout / terms.price, row.slash / terms.price
        shares[seat] = row.shares / weight
    decode = terms.spec.task.form.decode
    winners = np.full(len(terms.spec.items), NOBODY_SAID, dtype=np.int64)
    classes = {text: decode(text) for text in {row.winner for row in verdict.truths}}
    winners[[row.item for row in verdict.truths]] = [classes[row.winner] for row in verdict.truths]
    given = np.bincount(labels.seats, minlength=size).astype(np.int64)
    slashed, forfeited = np.where(flagged, lost, 0), np.where(flagged, 0, lost)
    return Played(verdict, given, pay, slashed, forfeited, shares, skill, flagged, winners)


def seat_of(who: Address) -> int:
    """The seat of an account."""
    return int.from_bytes(who, "big") - 1
