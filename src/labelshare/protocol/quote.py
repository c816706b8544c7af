"""What a campaign will cost and pay, from its spec alone: the figures to know before anybody signs.

Money is exact: the escrow is the least whose budget covers every place at the full price. What an hour of
work earns is a fraction of base units. Gas is in `labelshare.protocol.gas`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from labelshare.protocol.rewards import bond_for, fee
from labelshare.protocol.skill import ONE, Comparison, from_skill, full_skill, skill_q16
from labelshare.protocol.slashing import amount, forfeit
from labelshare.protocol.spec import Committee, MerkleGold, RegionTask, SkillAndGold, Spec
from labelshare.types import Schedule

__all__ = ["PROVABLE_K", "Assumptions", "Caution", "Periods", "Quote", "escrow_for", "share_cap_for"]

HOUR: Final = 3_600
BPS: Final = 10_000
PROVABLE_K: Final = 16  # labels an item of which a winner can be proven on chain
DECIDING_K: Final = 3  # fewer cannot outvote a wrong one
MAX_HELD: Final = 2**96 - 1  # what the contracts hold in one place: an escrow, a bond, a seat, a share cap


def escrow_for(spec: Spec, fee_bps: int) -> int:
    """The least escrow that pays every place and the fee: ceil(places × price × (10,000 + fee) / 10,000)."""
    return -(-_pay(spec) * (BPS + fee_bps) // BPS)


def share_cap_for(spec: Spec) -> int:
    """The shares that every place could earn."""
    return _places(spec) * int(spec.share_weight)


def _places(spec: Spec) -> int:
    return len(spec.items) * spec.redundancy.k


def _pay(spec: Spec) -> int:
    return _places(spec) * int(spec.price)


class Caution(StrEnum):
    """What whoever signs should know; a quote says which of them apply."""

    UNFUNDABLE = "unfundable"
    """An amount is zero or too large for the contracts to hold."""
    TOO_LONG = "too-long"
    """No public deployment takes a time line that long."""
    TOO_FEW_ANNOTATORS = "too-few-annotators"
    """They cannot fill every place."""
    UNPAID = "unpaid"
    """The price is nothing."""
    LOW_PAY = "low-pay"
    """An hour in which all is accepted earns less than the living wage given."""
    SHORT_RECORDS = "short-records"
    """So few labels each that not even perfect work reaches the skill of full pay or shares."""
    FLAT_PAY = "flat-pay"
    """Guesses that happen to win are paid in full."""
    ONE_ANSWER_DECIDES = "one-answer-decides"
    """With one label an item, or two, a single answer decides it."""
    NOT_PROVABLE = "not-provable"
    """No winner is provable on chain: too many labels an item, a committee, or regions to compare."""
    CHOSEN_ITEMS = "chosen-items"
    """Nobody is kept from choosing what to label."""
    NO_GOLD = "no-gold"
    """Without gold nobody can lose a stake."""
    NO_SLASH = "no-slash"
    """There is gold, and nobody loses a stake by it."""
    FEW_GOLD = "few-gold"
    """Fewer gold items judge the verdicts than the circuit breaker asks for: nobody loses a stake."""
    RECORDS_TOO_SHORT_TO_SLASH = "records-too-short-to-slash"
    """Nobody may label as many items as a slash needs; forfeits need no record."""
    NO_STAKE = "no-stake"
    """No stake stands behind a label."""


@dataclass(frozen=True, slots=True)
class Periods:
    """What a deployment asks of a time line, in seconds.

    Attributes:
        least: Of grace, reveal, settle, window, ruling, public and slash period each.
        least_rescue: Of a rescue.
        most: Of any period, a round included.
        horizon: From funding until every path has ended.
    """

    least: int
    least_rescue: int
    most: int
    horizon: int


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a quote takes for granted besides the spec.

    Attributes:
        fee_bps: The oracle's fee in 1/10,000 of pay.
        stakes_per_label: The stake behind a label, in prices.
        annotators: How many will work; the fewest that can fill every place if None.
        rounds: Rounds of work.
        arbitration_refund: The pool's, in base units.
        living_wage: Base units an hour below which pay is called low; None to call nothing low.
    """

    fee_bps: int = 500
    stakes_per_label: int = 4
    annotators: int | None = None
    rounds: int = 1
    arbitration_refund: int = 0
    living_wage: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A campaign before it exists. Amounts are in base units, times in seconds.

    Attributes:
        spec: Its rules.
        assumed: What else is taken for granted.
        periods: Those of the deployment.
    """

    spec: Spec
    assumed: Assumptions
    periods: Periods

    # ------------------------------------------------------------------- work

    @property
    def items(self) -> int:
        """Things to label."""
        return len(self.spec.items)

    @property
    def labels(self) -> int:
        """Places: k for each item."""
        return _places(self.spec)

    @property
    def label_cap(self) -> int:
        """Labels one annotator may give, each of another item."""
        return min(self.spec.assignment.cap(self.items), self.items)

    @property
    def least_annotators(self) -> int:
        """The fewest who fill every place, none above the cap; k at least, as no cap is above the items."""
        return -(-self.labels // self.label_cap)

    @property
    def annotators(self) -> int:
        """How many will work."""
        return self.least_annotators if self.assumed.annotators is None else self.assumed.annotators

    @property
    def load(self) -> int:
        """Labels of the busiest annotator where all share alike."""
        return min(-(-self.labels // self.annotators), self.label_cap)

    # ------------------------------------------------------------------ money

    @property
    def price(self) -> int:
        """For an accepted label."""
        return int(self.spec.price)

    @property
    def pay(self) -> int:
        """What annotators earn at most."""
        return _pay(self.spec)

    @property
    def fee(self) -> int:
        """What the oracle earns at most."""
        return fee(self.pay, self.assumed.fee_bps)

    @property
    def escrow(self) -> int:
        """What the requester funds."""
        return escrow_for(self.spec, self.assumed.fee_bps)

    @property
    def share_cap(self) -> int:
        """Shares that the dataset must have free."""
        return share_cap_for(self.spec)

    @property
    def bond(self) -> int:
        """What the oracle locks to accept."""
        return bond_for(self.escrow, self.assumed.arbitration_refund)

    @property
    def stake_per_label(self) -> int:
        """What stands behind a label."""
        return self.price * self.assumed.stakes_per_label

    @property
    def stake(self) -> int:
        """The slice of a seat that lets an annotator give as many labels as the cap allows."""
        return self.label_cap * self.stake_per_label

    # ------------------------------------------------------- what can be lost

    @property
    def judging_gold(self) -> int:
        """The gold items that are sure to judge the verdicts: a model may be told half, rounded down."""
        gold = self.spec.gold
        if not isinstance(gold, MerkleGold):
            return 0
        told = gold.count // 2 if self.spec.modelled else 0
        return gold.count - told

    @property
    def slash_per_label(self) -> int:
        """What a slash takes of the stake behind a label; 0 where nobody can be slashed."""
        return self._slash_of(self.stake_per_label)

    @property
    def forfeit_per_label(self) -> int:
        """What answers below chance forfeit of the stake behind a label at most; 0 where nothing is."""
        return self._forfeit_of(self.stake_per_label)

    @property
    def loss_at_most(self) -> int:
        """What an annotator with as many labels as the cap allows can lose: the larger of the two."""
        return max(self._slash_of(self.stake), self._forfeit_of(self.stake))

    def _slash_of(self, signed: int) -> int:
        rule = self._losing_rule
        return amount(signed, rule) if rule is not None and self.label_cap >= rule.min_labels else 0

    def _forfeit_of(self, signed: int) -> int:
        rule = self._losing_rule
        return 0 if rule is None else forfeit(signed, -ONE, rule, self.spec.skill)

    @property
    def _losing_rule(self) -> SkillAndGold | None:
        """The rule by which stakes are lost; None where it never can be used, whatever is answered."""
        gold, rule = self.spec.gold, self.spec.slash
        if not isinstance(rule, SkillAndGold) or not isinstance(gold, MerkleGold):
            return None
        return rule if gold.count >= rule.breaker_gold else None

    # ------------------------------------------------------ what an hour earns

    def hourly_pay(self, accepted_bps: int) -> Fraction:
        """Base units an hour at the best skill, of whose labels `accepted_bps` / 10,000 are accepted."""
        return self._hourly(self.price, accepted_bps, self.spec.pay.policy)

    def hourly_shares(self, accepted_bps: int) -> Fraction:
        """Share base units an hour, likewise."""
        return self._hourly(int(self.spec.share_weight), accepted_bps, self.spec.shares.policy)

    def _hourly(self, amount: int, accepted_bps: int, policy: str) -> Fraction:
        part = self.best_part if policy == "skill.v1" else 1
        return Fraction(amount * HOUR * accepted_bps, self.spec.seconds_per_label * BPS) * part

    @property
    def best_part(self) -> Fraction:
        """Of what full skill earns, what the best skill does: less than 1 where records are short."""
        begin, full = from_skill(self.spec.skill), full_skill(self.spec.skill)
        return Fraction(min(max(self.best_skill_q16 - begin, 0), full - begin), full - begin)

    @property
    def best_skill_q16(self) -> int:
        """The skill, in 1/65,536, of who gives `load` labels and is right where chance never is."""
        perfect = Comparison(compared=self.load, agreed=self.load, chance=0, items=1)
        return skill_q16(perfect, 0, self.spec.skill)

    # ------------------------------------------------------------------- time

    @property
    def schedule(self) -> Schedule:
        """The shortest time line, from funding at 0: accepted at once, worked without a break, one try."""
        least, rounds = self.periods.least, self.assumed.rounds
        work = self.load * self.spec.seconds_per_label
        return Schedule(
            accept_end=1,
            enrol_end=1 + least,
            work_start=2 + least,
            round_length=least + -(-work // rounds),
            grace=least,
            rounds=rounds,
            tries=1,
            reveal_period=least,
            settle_period=least,
            window=least,
            ruling_period=least,
            rescue_period=self.periods.least_rescue,
            public_period=least,
            slash_window=least,
        )

    @property
    def final(self) -> int:
        """When an undisputed settlement is final, at the earliest, and everybody is paid."""
        return self.schedule.reveal_end + self.schedule.window

    # --------------------------------------------------------------- cautions

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What whoever signs should know, the gravest first."""
        found = {*self._of_money(), *self._of_people(), *self._of_gold()}
        return tuple(caution for caution in Caution if caution in found)

    def _of_money(self) -> set[Caution]:
        wage, amounts = self.assumed.living_wage, (self.escrow, self.share_cap, self.bond, self.stake)
        return _those(
            {
                Caution.UNFUNDABLE: not self.escrow or max(amounts) > MAX_HELD,
                Caution.UNPAID: not self.price,
                Caution.LOW_PAY: wage is not None and self.hourly_pay(BPS) < wage,
                Caution.FLAT_PAY: self.spec.pay.policy == "flat.v1",
                Caution.NO_STAKE: not self.stake_per_label,
            }
        )

    def _of_people(self) -> set[Caution]:
        spec, time = self.spec, self.schedule
        by_skill = "skill.v1" in (spec.pay.policy, spec.shares.policy)
        return _those(
            {
                Caution.TOO_LONG: time.round_length > self.periods.most
                or time.hard_end > self.periods.horizon,
                Caution.TOO_FEW_ANNOTATORS: self.annotators < self.least_annotators,
                Caution.SHORT_RECORDS: by_skill and self.best_skill_q16 < full_skill(spec.skill),
                Caution.ONE_ANSWER_DECIDES: spec.redundancy.k < DECIDING_K,
                Caution.NOT_PROVABLE: spec.redundancy.k > PROVABLE_K
                or isinstance(spec.aggregation, Committee)
                or isinstance(spec.task, RegionTask),
                Caution.CHOSEN_ITEMS: spec.assignment.policy == "given.v1",
            }
        )

    def _of_gold(self) -> set[Caution]:
        gold, slash = self.spec.gold, self.spec.slash
        if not isinstance(gold, MerkleGold):
            return {Caution.NO_GOLD}
        if not isinstance(slash, SkillAndGold):
            return {Caution.NO_SLASH}
        return _those(
            {
                Caution.FEW_GOLD: self.judging_gold < slash.breaker_gold,
                Caution.RECORDS_TOO_SHORT_TO_SLASH: self.label_cap < slash.min_labels,
            }
        )


def _those(found: dict[Caution, bool]) -> set[Caution]:
    return {caution for caution, applies in found.items() if applies}
