"""What a quote warns of, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from labelshare.protocol.quote import BPS, PROVABLE_K, Caution, Quote
from labelshare.protocol.skill import ONE, from_skill, full_skill
from labelshare.protocol.spec import Committee, MerkleGold, RegionTask, SkillAndGold
from labelshare.report.collect import Unit
from labelshare.report.spelling import count, cut, exact

__all__ = ["in_words"]


def in_words(caution: Caution, quote: Quote, unit: Unit) -> str:
    """A caution that applies to the quote, as a sentence or two; amounts in the token's unit."""
    return _WORDS[caution](quote, unit)


def _unfundable(quote: Quote, _: Unit) -> str:
    if not quote.escrow:
        return "A campaign without an escrow cannot be opened."
    return "Escrow, bond, stake or shares are 2^96 base units or more: the contracts hold no such amount."


def _few_annotators(quote: Quote, _: Unit) -> str:
    most = quote.annotators * quote.label_cap
    return (
        f"{count(quote.annotators, 'annotator')} can give {most:,} of the {quote.labels:,} labels at most; "
        f"it takes {quote.least_annotators:,}."
    )


def _low_pay(quote: Quote, unit: Unit) -> str:
    wage, earned = exact(unit, quote.assumed.living_wage or 0), cut(unit, quote.hourly_pay(BPS))
    return f"The pay is low: an hour in which every label is accepted earns {earned}, below {wage}."


def _short_records(quote: Quote, _: Unit) -> str:
    rule, best = quote.spec.skill, max(quote.best_skill_q16, 0)
    begin, full = from_skill(rule), full_skill(rule)
    part = int(100 * quote.best_part)
    return (
        f"With {count(quote.load, 'label')} each, perfect work comes to a skill of {best / ONE:.2f} at most, "
        f"and earns no more than {part} % of what full skill ({full / ONE:.2f}) earns: nothing is earned up "
        f"to {begin / ONE:.2f}."
    )


def _one_answer(quote: Quote, _: Unit) -> str:
    k = quote.spec.redundancy.k
    what = "one answer decides it" if k == 1 else "one wrong answer makes a tie"
    return f"{count(k, 'label')} an item: {what}. With three or more, others can outvote it."


def _not_provable(quote: Quote, _: Unit) -> str:
    decides = "in a contest the arbitrator alone decides"
    if isinstance(quote.spec.aggregation, Committee):
        return f"A committee of models finds the verdicts: no winner can be proven on chain, and {decides}."
    if isinstance(quote.spec.task, RegionTask):
        return f"Answers that are alike count as one: no winner can be proven on chain, and {decides}."
    return (
        f"{quote.spec.redundancy.k:,} labels an item: above {PROVABLE_K} winners cannot be proven on chain, "
        f"and {decides}."
    )


def _few_gold(quote: Quote, _: Unit) -> str:
    gold, slash = quote.spec.gold, quote.spec.slash
    found = gold.count if isinstance(gold, MerkleGold) else 0
    needed = slash.breaker_gold if isinstance(slash, SkillAndGold) else 0
    if found < needed:
        return f"{count(found, 'gold item')}, where taking stakes asks for {needed:,}: nobody can lose one."
    left = quote.judging_gold
    return (
        f"{count(found, 'gold item')}, of which the model may be told {found - left:,}: {left:,} are left to "
        f"judge it, where taking stakes asks for {needed:,}. Hardly anybody will lose one."
    )


def _too_short_to_slash(quote: Quote, unit: Unit) -> str:
    slash, most = quote.spec.slash, quote.forfeit_per_label
    needed = slash.min_labels if isinstance(slash, SkillAndGold) else 0
    may = count(quote.label_cap, "label")
    said = f"One annotator may give {may}, and a slash needs a record of {needed:,}: nobody can be slashed."
    if not most:
        return said
    return f"{said} Answers below chance still forfeit up to {exact(unit, most)} a label."


def _always(text: str) -> Callable[[Quote, Unit], str]:
    return lambda _quote, _unit: text


_WORDS: Final[Mapping[Caution, Callable[[Quote, Unit], str]]] = {
    Caution.UNFUNDABLE: _unfundable,
    Caution.TOO_LONG: _always("No public deployment takes a time line that long."),
    Caution.TOO_FEW_ANNOTATORS: _few_annotators,
    Caution.UNPAID: _always("The price is nothing: nobody is paid for a label."),
    Caution.LOW_PAY: _low_pay,
    Caution.SHORT_RECORDS: _short_records,
    Caution.FLAT_PAY: _always("Pay does not look at skill (flat.v1): guesses that win are paid in full."),
    Caution.ONE_ANSWER_DECIDES: _one_answer,
    Caution.NOT_PROVABLE: _not_provable,
    Caution.CHOSEN_ITEMS: _always(
        "Items are not assigned (given.v1): nobody is kept from choosing what to label."
    ),
    Caution.NO_GOLD: _always("There is no gold: nobody can lose a stake."),
    Caution.NO_SLASH: _always("There is gold, but no slash policy: nobody can lose a stake."),
    Caution.FEW_GOLD: _few_gold,
    Caution.RECORDS_TOO_SHORT_TO_SLASH: _too_short_to_slash,
    Caution.NO_STAKE: _always(
        "No stake stands behind a label: no seat limits how many one annotator gives, and nothing can be "
        "slashed or forfeited."
    ),
}
