"""What a label costs and earns beside its pay, and what is left of it all. Everything is in prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from labelshare.economics.campaign import Flags, Floats, Integers, Played

__all__ = ["Costs", "Flow", "flow"]

_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Costs:
    """What is taken for granted about money, in prices of a label.

    Attributes:
        look: The time of a label that is looked at.
        share: What the shares of one label are worth.
        seat: What a seat locks, however little it labels.
        interest: What locked money would earn elsewhere, a year; 0.05 is five per cent.
        days: For how long it is locked.
    """

    look: float = 0.5
    share: float = 0.0
    seat: float = 0.0
    interest: float = 0.0
    days: float = 30.0

    @property
    def capital(self) -> float:
        """What locking a seat costs."""
        return self.seat * self.interest * self.days / _YEAR


@dataclass(frozen=True, slots=True)
class Flow:
    """The money of some seats, summed; per label where it says so.

    Attributes:
        seats, labels: How many.
        looks: Labels that took the time of one.
        pay, shares, slashed, forfeited, time, capital: Sums in prices; but for the first two they are losses.
        gaining: Seats that end with a profit.
        error: The standard error of the profit per label, as if seats were independent.
    """

    seats: int
    labels: int
    looks: int
    pay: float
    shares: float
    slashed: float
    forfeited: float
    time: float
    capital: float
    gaining: int
    error: float

    @property
    def profit(self) -> float:
        """What is left."""
        return self.pay + self.shares - self.lost - self.time - self.capital

    @property
    def lost(self) -> float:
        """The stake that is lost, by slashes and by forfeits."""
        return self.slashed + self.forfeited

    @property
    def per_label(self) -> float:
        """The profit of a label."""
        return self.profit / max(self.labels, 1)

    @property
    def per_seat(self) -> float:
        """The profit of a seat."""
        return self.profit / max(self.seats, 1)

    @property
    def gaining_part(self) -> float:
        """The part of the seats that end with a profit."""
        return self.gaining / max(self.seats, 1)


def flow(runs: list[tuple[Played, Integers, Flags]], costs: Costs) -> Flow:
    """The money of chosen seats over several campaigns.

    Args:
        runs: A campaign, how many labels of each seat were looked at, and which seats are meant; seats
            without a label are left out.
        costs: What is taken for granted.
    """
    parts = [_columns(played, looks, chosen & (played.labels > 0), costs) for played, looks, chosen in runs]
    labels, looks, pay, shares, slashed, forfeited = np.concatenate(parts, axis=1)
    profit = pay + shares - slashed - forfeited - looks * costs.look - costs.capital
    mean = profit.sum() / max(labels.sum(), 1)
    spread = np.sqrt(np.square(profit - mean * labels).sum()) / max(labels.sum(), 1)
    return Flow(
        seats=labels.size,
        labels=int(labels.sum()),
        looks=int(looks.sum()),
        pay=float(pay.sum()),
        shares=float(shares.sum()),
        slashed=float(slashed.sum()),
        forfeited=float(forfeited.sum()),
        time=float(looks.sum()) * costs.look,
        capital=costs.capital * labels.size,
        gaining=int(np.count_nonzero(profit > 0)),
        error=float(spread),
    )


def _columns(played: Played, looks: Integers, chosen: Flags, costs: Costs) -> Floats:
    """Labels, looks, pay, shares, slashes and forfeits of each chosen seat: shape (6, seats)."""
    shares = played.shares * costs.share
    columns = (played.labels, looks, played.pay, shares, played.slashed, played.forfeited)
    return np.array([column[chosen] for column in columns], dtype=np.float64)
