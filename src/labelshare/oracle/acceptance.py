"""Which campaigns an operator takes on: a pool has few places, and asking for one costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from labelshare.chain.reverts import utc
from labelshare.errors import SpecError
from labelshare.protocol.rewards import fee
from labelshare.protocol.spec import Spec
from labelshare.types import Address, CampaignParams, PoolParams

__all__ = ["ANYTHING", "Acceptance"]

DAY: Final = 86_400


def base_units(amount: int) -> str:
    """An amount where the token's decimals are not known."""
    return f"{amount} base units"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a campaign must be to be accepted; without arguments, any that is funded for its spec.

    Attributes:
        requesters: Whose campaigns are taken on; everybody's where there are none.
        least_escrow: What must be locked in it, in base units of the pool's token; None for as much as one
            campaign may slash of a seat, so that who takes all places locks a seat's whole stake.
        least_fee: What it must earn the oracle if every place is filled and accepted, in the same.
        longest: Seconds that it may take from its acceptance until a settlement in time frees its place.
    """

    requesters: frozenset[Address] = frozenset()
    least_escrow: int | None = 0
    least_fee: int = 0
    longest: int | None = None

    def refusal(
        self,
        pool: PoolParams,
        params: CampaignParams,
        spec: Spec,
        escrow: int,
        now: int,
        show: Callable[[int], str] = base_units,
    ) -> str | None:
        """Why a campaign is not taken on as it stands; None if it is.

        Args:
            pool: Its pool.
            params: Its parameters.
            spec: Its spec.
            escrow: What is locked in it, base units.
            now: The chain's time.
            show: Puts an amount of base units in words.
        """
        if self.requesters and params.requester not in self.requesters:
            return f"requester {params.requester} is none of those whose campaigns this oracle takes on"
        try:
            spec.check_funding(params, escrow)
        except SpecError as error:
            return f"the escrow does not cover the spec: {error}"
        least = pool.campaign_slice if self.least_escrow is None else self.least_escrow
        if escrow < least:
            return f"the escrow is {show(escrow)}, this oracle wants {show(least)} or more"
        earns = fee(len(spec.items) * spec.redundancy.k * int(spec.price), params.fee_bps)
        if earns < self.least_fee:
            return f"the fee comes to {show(earns)}, this oracle wants {show(self.least_fee)} or more"
        return self._too_long(pool, params, now)

    def _too_long(self, pool: PoolParams, params: CampaignParams, now: int) -> str | None:
        schedule = params.schedule
        if schedule.hard_end > now + pool.unbonding:
            latest = utc(now + pool.unbonding)
            return f"it may last until {utc(schedule.hard_end)}, the pool's seats are bound until {latest}"
        end = schedule.settle_end + schedule.window + schedule.slash_window
        if self.longest is not None and end > now + self.longest:
            days = self.longest / DAY
            return f"it takes until {utc(end)}, this oracle wants {days:g} days at most"
        return None


ANYTHING: Final = Acceptance()
"""Every campaign that is funded for its spec, as where all who can ask are known."""
