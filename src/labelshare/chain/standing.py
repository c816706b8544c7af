"""Where a campaign stands after its events: status, the proposal at hand, what is locked in bonds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from labelshare.chain import events as ev
from labelshare.chain.state import Outcome, Status

__all__ = ["TELLING", "Standing", "standing"]


@dataclass(slots=True)
class Standing:
    """A campaign after some of its events; amounts in base units.

    Attributes:
        status: Where it is in its life.
        proposal: The settlement under judgement, or final; None where there is none or it fell.
        public: Whether it stands on a bond of its proposer's own.
        oracle_bond: What is left of the oracle's bond.
        proposer_bond: Of who proposed openly; 0 where the proposal is the oracle's.
        challenge_bond: Of who contests the proposal.
        fallen: Proposals that fell.
    """

    status: Status = Status.NONE
    proposal: ev.Proposed | None = None
    public: bool = False
    oracle_bond: int = 0
    proposer_bond: int = 0
    challenge_bond: int = 0
    fallen: int = 0

    @property
    def bonds(self) -> int:
        """All that is locked in bonds."""
        return self.oracle_bond + self.proposer_bond + self.challenge_bond

    def follow(self, event: ev.Event) -> None:
        """One event further."""
        self.status = _STATUS.get(type(event), self.status)
        match event:
            case ev.Accepted(bond=bond):
                self.oracle_bond = bond
            case ev.SeedArmed(bond_burned=burned) | ev.ProposedLate(burned=burned):
                self.oracle_bond -= burned
            case ev.BondForfeited():
                self.oracle_bond = 0
            case ev.ProposedOpenly(bond=bond):
                self.public, self.proposer_bond = True, bond
            case ev.Proposed():
                self.proposal = event
            case ev.Challenged(bond=bond):
                self.challenge_bond = bond
            case ev.ContestEnded(outcome=outcome):
                self._end_contest(outcome)
            case ev.Finalized() | ev.Cancelled() | ev.Expired():
                self.oracle_bond = self.proposer_bond = 0
            case _:
                pass

    def _end_contest(self, outcome: Outcome) -> None:
        """The challenge bond leaves in each case; what stands behind a proposal stays with it or falls."""
        self.challenge_bond = 0
        if outcome is Outcome.UPHELD:
            self.status = Status.PROPOSED
            return
        if not self.public:
            lost = self.oracle_bond if outcome is Outcome.REJECTED else -(-self.oracle_bond // 8)
            self.oracle_bond -= lost
        self.status, self.proposal = Status.OPEN, None
        self.public, self.proposer_bond = False, 0
        self.fallen += 1


# The events after which the status is known without a look at what was before.
_STATUS: Final[Mapping[type[ev.Event], Status]] = {
    ev.CampaignCreated: Status.CREATED,
    ev.Accepted: Status.OPEN,
    ev.Proposed: Status.PROPOSED,
    ev.Challenged: Status.DISPUTED,
    ev.Finalized: Status.FINAL,
    ev.Cancelled: Status.CANCELLED,
    ev.Expired: Status.EXPIRED,
}


TELLING: Final = (*_STATUS, ev.ContestEnded)
"""The events that the status follows from, without any other."""


def standing(happened: Iterable[ev.Event]) -> Standing:
    """Where a campaign stands after all its events, in their order."""
    found = Standing()
    for event in happened:
        found.follow(event)
    return found
