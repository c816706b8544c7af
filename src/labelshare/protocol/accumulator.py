"""The revenue arithmetic of a dataset's share: an independent model that the contract is tested against.

Revenue streams to holders over seven days. The contract keeps one accumulator and settles an account when
somebody touches it; this model instead credits every holder and every unreleased round whenever anything
happens. Both must agree to the last unit of the revenue token.

Amounts are integers: shares in 10^-18, revenue in units of its token, time in seconds. *Scaled* values are
revenue times `SCALE`. The rules that both follow:

* Between checkpoints (payments and mints) a stream of `left` units has moved floor(left × elapsed / length);
  revenue per share grows by floor((moved × SCALE + carry) / supply) and the remainder is carried over.
* A payment starts a new stream of all that is left, whose length is the amount-weighted mean, rounded down,
  of the time left and seven days. Without supply nothing moves and the time left stands still.
* Shares that arrive at an account bring the earnings since their round was minted (released) or none
  (transferred). The account's running earnings are then rounded down to a multiple of its balance.
* A claim pays whole units; the fraction stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from labelshare.errors import ConservationError, InputError
from labelshare.types import Address, Hash32

__all__ = [
    "MAX_PAID",
    "MAX_SUPPLY",
    "SCALE",
    "STREAM_SECONDS",
    "Holding",
    "Share",
    "ShareRound",
    "Stream",
]

SCALE: Final = 2**104
STREAM_SECONDS: Final = 7 * 24 * 60 * 60
ONE_SHARE: Final = 10**18
MAX_SUPPLY: Final = 2**96 - 1
MAX_PAID: Final = 2**104 - 1


@dataclass(frozen=True, slots=True)
class Stream:
    """Revenue on its way to the holders, as the last checkpoint left it."""

    left: int = 0
    since: int = 0
    end: int = 0

    def moved(self, now: int) -> int:
        """Units that have reached the holders by `now`, rounded down."""
        if now >= self.end:
            return self.left
        return self.left * (now - self.since) // (self.end - self.since)


@dataclass(frozen=True, slots=True)
class Holding:
    """One account: its shares, what they are earning (scaled), and what it earned for good (scaled)."""

    shares: int = 0
    running: int = 0
    settled: int = 0

    def earn(self, per_share: int) -> Holding:
        """Every share earns `per_share`, scaled."""
        return replace(self, running=self.running + self.shares * per_share)

    def receive(self, shares: int, per_share: int) -> Holding:
        """`shares` arrive with earnings of `per_share` each."""
        total = self.shares + shares
        running = self.running + shares * per_share
        return replace(self, shares=total, running=running - running % total)

    def send(self, shares: int) -> Holding:
        """`shares` leave; what all earned so far stays."""
        return Holding(self.shares - shares, 0, self.settled + self.running)

    def claim(self) -> tuple[Holding, int]:
        """Pays the whole units."""
        units, fraction = divmod(self.settled + self.running, SCALE)
        return (Holding(self.shares, 0, fraction), units) if units else (self, 0)


@dataclass(frozen=True, slots=True)
class ShareRound:
    """Shares of a settlement not released yet, and what each has earned since the mint (scaled)."""

    left: int
    earned: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """A share and its holders at one moment. Every operation takes the time and returns the state after it.

    Attributes:
        supply: Shares minted.
        paid: Revenue ever paid in.
        claimed: Revenue ever paid out.
        stream: The stream as of the last checkpoint.
        carry: Remainder of the last division by the supply, scaled.
        unwritten: Revenue per share since the last checkpoint that holders have been credited with, scaled.
        holdings: The accounts that ever held shares. The registry is not among them.
        rounds: The rounds that were minted.
    """

    supply: int = 0
    paid: int = 0
    claimed: int = 0
    stream: Stream = field(default_factory=Stream)
    carry: int = 0
    unwritten: int = 0
    holdings: Mapping[Address, Holding] = field(default_factory=lambda: MappingProxyType({}))
    rounds: Mapping[Hash32, ShareRound] = field(default_factory=lambda: MappingProxyType({}))

    def mint(self, round_id: Hash32, shares: int, now: int) -> Share:
        """Mint a settlement's shares, none of them released yet.

        Raises:
            ConservationError: If the round was minted before or the supply would exceed `MAX_SUPPLY`.
            InputError: If there is less than one whole share.
        """
        if round_id in self.rounds:
            raise ConservationError(f"round {round_id} was minted before")
        if shares < ONE_SHARE:
            raise InputError(f"a round of {shares} is less than one share")
        if self.supply + shares > MAX_SUPPLY:
            raise ConservationError(f"a supply of {self.supply} cannot grow by {shares}")
        state = self._checkpoint(now)
        rounds = MappingProxyType({**state.rounds, round_id: ShareRound(shares)})
        return replace(state, supply=self.supply + shares, rounds=rounds)

    def release(self, round_id: Hash32, parts: Sequence[tuple[Address, int]], now: int) -> Share:
        """Hand shares of a round to the accounts that earned them, with what they earned since the mint.

        Raises:
            ConservationError: If the round has fewer shares left, or was never minted.
        """
        state = self._credited(now)
        row = state.rounds.get(round_id, ShareRound(0))
        total = sum(shares for _, shares in parts)
        if total > row.left:
            raise ConservationError(f"round {round_id} has {row.left} shares left, not {total}")
        holdings = dict(state.holdings)
        for account, shares in parts:
            if shares:
                holdings[account] = holdings.get(account, Holding()).receive(shares, row.earned)
        rounds = {**state.rounds, round_id: replace(row, left=row.left - total)} if total else state.rounds
        return replace(state, holdings=MappingProxyType(holdings), rounds=MappingProxyType(dict(rounds)))

    def transfer(self, sender: Address, receiver: Address, shares: int, now: int) -> Share:
        """Move shares between accounts.

        Raises:
            ConservationError: If the sender holds fewer.
        """
        state = self._credited(now)
        held = state.holdings.get(sender, Holding())
        if shares > held.shares:
            raise ConservationError(f"{sender} holds {held.shares} shares, not {shares}")
        if shares == 0:
            return state
        holdings = {**state.holdings, sender: held.send(shares)}
        holdings[receiver] = holdings.get(receiver, Holding()).receive(shares, 0)
        return replace(state, holdings=MappingProxyType(holdings))

    def pay(self, received: int, now: int) -> Share:
        """Add revenue to the stream.

        Raises:
            InputError: If there is none.
            ConservationError: If all revenue together would exceed `MAX_PAID`.
        """
        if received <= 0:
            raise InputError(f"a payment of {received}")
        if self.paid + received > MAX_PAID:
            raise ConservationError(f"{self.paid} was paid before, {received} more is too much")
        state = self._checkpoint(now)
        before = state.stream
        left = before.left + received
        weighted = before.left * (before.end - before.since) + received * STREAM_SECONDS
        stream = Stream(left, now, now + weighted // left)
        return replace(state, paid=self.paid + received, stream=stream)

    def claim(self, account: Address, now: int) -> tuple[Share, int]:
        """Pay an account the whole units it has earned; returns the state after it and the units."""
        state = self._credited(now)
        holding, units = state.holdings.get(account, Holding()).claim()
        holdings = MappingProxyType({**state.holdings, account: holding})
        return replace(state, holdings=holdings, claimed=self.claimed + units), units

    def claimable(self, account: Address, now: int) -> int:
        """What a claim would pay now."""
        return self.claim(account, now)[1]

    def earned(self, account: Address, now: int) -> int:
        """What an account earned and was not paid, scaled: the claimable units and the fraction."""
        holding = self._credited(now).holdings.get(account, Holding())
        return holding.running + holding.settled

    def unstreamed(self, now: int) -> int:
        """Revenue that has not reached the holders yet."""
        return self.stream.left - (self.stream.moved(now) if self.supply else 0)

    def _grown(self, now: int) -> tuple[int, int]:
        """Revenue per share since the checkpoint and the remainder of that division, both scaled."""
        if self.supply == 0:
            return 0, self.carry
        return divmod(self.stream.moved(now) * SCALE + self.carry, self.supply)

    def _credited(self, now: int) -> Share:
        """Everyone has what they earned by now; the checkpoint stays where it was."""
        grown, _ = self._grown(now)
        fresh = grown - self.unwritten
        holdings = {account: holding.earn(fresh) for account, holding in self.holdings.items()}
        rounds = {name: replace(row, earned=row.earned + fresh) for name, row in self.rounds.items()}
        return replace(
            self, unwritten=grown, holdings=MappingProxyType(holdings), rounds=MappingProxyType(rounds)
        )

    def _checkpoint(self, now: int) -> Share:
        """Everyone has what they earned by now, and the stream is measured from now on."""
        state = self._credited(now)
        _, carry = self._grown(now)
        left = self.unstreamed(now)
        length = max(self.stream.end - (now if self.supply else self.stream.since), 0)
        return replace(state, stream=Stream(left, now, now + length), carry=carry, unwritten=0)
