"""What attacks must not do, and whether they do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelshare.economics.grid import Cell, Grid
from labelshare.economics.strategies import Strategy

__all__ = ["GAIN_BELOW", "SLASH_BELOW", "Goals", "dearest", "judged"]

GAIN_BELOW: Final = 0.3
"""Below this part of the places no strategy without effort is to gain."""
SLASH_BELOW: Final = 0.2
"""Below this part of the places nobody honest is to be slashed. Forfeits are told beside it."""


@dataclass(frozen=True, slots=True)
class Goals:
    """Where the goals fail.

    Attributes:
        gaining: Cells below `GAIN_BELOW` in which attackers without effort gain, the dearest first.
        wrongly: Honest seats slashed below `SLASH_BELOW`, in all campaigns, those without attackers too.
        forfeiting: Honest seats that forfeit anything there; no goal, but its price.
        forfeited: What an honest label forfeits there on average, in prices, where that is most.
        tried, campaigns: How many cells the first is of, and how many campaigns the others.
    """

    gaining: tuple[Cell, ...]
    wrongly: int
    forfeiting: int
    forfeited: float
    tried: int
    campaigns: int

    @property
    def met(self) -> bool:
        """Whether both hold."""
        return not self.gaining and not self.wrongly


def judged(grid: Grid) -> Goals:
    """Hold the goals against a grid."""
    free = [each for each in grid.cells if each.effortless and each.share < GAIN_BELOW]
    gaining = sorted((each for each in free if each.attackers.per_label > 0), key=_gain, reverse=True)
    few = [each for each in grid.cells if each.share < SLASH_BELOW]
    losers = [grid.losers, *(each.losers for each in few)]
    honest = [grid.alone, *(each.honest for each in few)]
    return Goals(
        gaining=tuple(gaining),
        wrongly=sum(each.honest_slashed for each in losers),
        forfeiting=sum(each.honest_forfeiting for each in losers),
        forfeited=max(each.forfeited / max(each.labels, 1) for each in honest),
        tried=len(free),
        campaigns=grid.plan.runs + sum(each.campaigns for each in few),
    )


def dearest(grid: Grid, strategy: Strategy, share: float) -> Cell:
    """The length of record at which a strategy earns most."""
    cells = [each for each in grid.cells if (each.strategy, each.share) == (strategy, share)]
    return max(cells, key=_gain)


def _gain(cell: Cell) -> float:
    return cell.attackers.per_label
