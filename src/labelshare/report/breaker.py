"""Whether the circuit breaker stopped all losses of a campaign, and why, in words with their figures."""

from __future__ import annotations

from labelshare.protocol.slashing import Audit, Stop, stops
from labelshare.protocol.spec import SkillAndGold
from labelshare.report.collect import Outcome
from labelshare.report.pictures.canvas import count

__all__ = ["reasons", "spared", "stops_of"]

_BPS = 10_000


def stops_of(outcome: Outcome) -> tuple[Stop, ...]:
    """What stopped all losses, by `slashing.stops`; nothing where nobody knows, or where no rule slashes."""
    rule, audit = outcome.labelled.spec.slash, outcome.verification.audit
    return stops(audit, rule) if isinstance(rule, SkillAndGold) and audit is not None else ()


def reasons(outcome: Outcome) -> str:
    """Why no stake was taken, each reason with its figures; empty where the breaker did not stop it."""
    rule, audit = outcome.labelled.spec.slash, outcome.verification.audit
    if not isinstance(rule, SkillAndGold) or audit is None:
        return ""
    told = {
        Stop.FEW: f"{_gold(audit.items)} found a verdict that was not told its answer, fewer than "
        f"{rule.breaker_gold:,}",
        Stop.UNKNOWING: f"verdicts agree with gold by {_beyond_chance(audit)} beyond chance, less than "
        f"{rule.breaker_floor_bps / _BPS:g}",
        Stop.BEHIND: f"verdicts are right on {audit.right:,} of {_gold(audit.items)} and the plain vote on "
        f"{audit.right_by_majority:,}, ahead by more than one and {_part(rule.breaker_margin_bps)} of them",
        Stop.CONTRADICTED: f"the skilled contradict {audit.void:,} of {_gold(audit.gold)}, more than "
        f"{_part(rule.breaker_void_bps)}",
    }
    return "; ".join(told[stop] for stop in stops(audit, rule))


def spared(outcome: Outcome) -> str:
    """Whom the breaker spared: those who would be slashed, and those who would forfeit."""
    flagged = sum(row.flagged for row in outcome.labelled.scores)
    below = sum(row.skill_q16 < 0 and not row.flagged for row in outcome.labelled.scores)
    parts = [
        f"{flagged:,} whom both kinds of evidence speak against" if flagged else "",
        f"{below:,} with a skill below 0" if below else "",
    ]
    return " and ".join(part for part in parts if part) or "nobody"


def _gold(items: int) -> str:
    return count(items, "gold item")


def _part(bps: int) -> str:
    return f"{bps / 100:g}%"


def _beyond_chance(audit: Audit) -> str:
    """Cohen's kappa of verdicts and gold, as `slashing.may_slash` weighs it."""
    room = audit.items**2 - audit.chance
    return f"{(audit.right * audit.items - audit.chance) / room:.2f}" if room else "nothing"
