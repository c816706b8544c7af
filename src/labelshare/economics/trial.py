"""What other rules would have paid, told from the verdicts that the present ones give.

A campaign is judged by its spec first. A trial then changes three things, which no policy of a spec does yet:
skill is measured against the campaign's winners, pay begins at a skill above nothing, and whoever is below
chance loses stake in proportion. Who is slashed stays as it was, and so do acceptance and the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labelshare.economics.campaign import NOBODY_SAID, Floats, Integers, Labels, Played, Terms, seat_of
from labelshare.protocol.skill import ONE, Comparison, full_skill, skill_q16
from labelshare.protocol.spec import MerkleGold, SkillAndGold, Spec

__all__ = ["Trial", "tried"]


@dataclass(frozen=True, slots=True)
class Trial:
    """Rules to try.

    Attributes:
        pay_from: The skill at which pay begins, from there on straight up to the skill of full pay.
        mirror: Whether a skill below 0 loses the part of the signed stake that a slash takes, in proportion
            to how far it is below, all of it where it is as far below as full pay is above.
        by_winners: Whether references are the campaign's winners (gold on gold items), not those of a vote of
            the others. One's own label is among what the winner was found from.
    """

    pay_from: float = 0.0
    mirror: bool = False
    by_winners: bool = False

    @property
    def changes(self) -> bool:
        """Whether anything differs from the rules as they are."""
        return bool(self.pay_from) or self.mirror or self.by_winners


def tried(terms: Terms, labels: Labels, played: Played, trial: Trial) -> Played:
    """The campaign with the money that the trial's rules would have moved; no pay is scaled down."""
    spec, full = terms.spec, full_skill(terms.spec.skill) / ONE
    skill = _by_winners(terms, labels, played) if trial.by_winners else _published(played, spec)
    rise = np.clip((skill - trial.pay_from) / max(full - trial.pay_from, 1 / ONE), 0, 1)
    pay = _earned(played) * (rise if spec.pay.policy == "skill.v1" else 1)
    fall = np.clip(-skill / full, 0, 1) if trial.mirror else 0
    at_stake = played.labels * _part(spec) * terms.stake_per_label / terms.price
    return replace(played, pay=pay, slashed=np.maximum(played.slashed, fall * at_stake))


def _earned(played: Played) -> Floats:
    """Accepted labels and half of the contested ones, by seat."""
    earned = np.zeros(played.labels.size)
    for row in played.verdict.scores:
        earned[seat_of(row.annotator)] = row.accepted + row.contested / 2
    return earned


def _published(played: Played, spec: Spec) -> Floats:
    """The skill that pay goes by, below chance too, by seat."""
    skill = np.zeros(played.labels.size)
    for row in played.verdict.scores:
        record = Comparison(row.compared, row.agreed, row.chance, row.items)
        skill[seat_of(row.annotator)] = skill_q16(record, row.unopened, spec.skill) / ONE
    return skill


def _by_winners(terms: Terms, labels: Labels, played: Played) -> Floats:
    """Skill as in docs/settlement.md section 9, T and W being of the winners."""
    spec, winners, size = terms.spec, played.winners, played.labels.size
    references, weights = winners.copy(), np.ones(winners.size, dtype=np.int64)
    for row in played.verdict.gold:
        if not row.void and isinstance(spec.gold, MerkleGold):
            references[row.item] = spec.task.form.decode(row.label)
            weights[row.item] = spec.gold.weight
    weight, agrees = weights[labels.items], labels.classes == references[labels.items]
    columns = (weight, weight * agrees, weight * _wins(winners, labels.classes))
    sums = (np.rint(np.bincount(labels.seats, column, size)).astype(np.int64).tolist() for column in columns)
    n_items = int(np.count_nonzero(winners != NOBODY_SAID))
    records = [Comparison(n, right, chance, n_items) for n, right, chance in zip(*sums, strict=True)]
    return np.array([skill_q16(record, 0, spec.skill) / ONE for record in records])


def _wins(winners: Integers, classes: Integers) -> Integers:
    """For each class of a label, how many items it wins."""
    won, counts = np.unique(winners[winners != NOBODY_SAID], return_counts=True)
    at = np.minimum(np.searchsorted(won, classes), won.size - 1)
    return np.where(won[at] == classes, counts[at], 0)


def _part(spec: Spec) -> float:
    """The part of the signed stake that a slash takes."""
    rule = spec.slash if isinstance(spec.slash, SkillAndGold) else SkillAndGold(policy="skill-and-gold.v1")
    return rule.part_bps / 10_000
