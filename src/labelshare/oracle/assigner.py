"""Where a campaign's assignment stands: who may label what now, from published facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from labelshare.protocol import assignment
from labelshare.protocol.commitments import SignedCommit
from labelshare.protocol.record import OwnCommit
from labelshare.protocol.rounds import facts
from labelshare.protocol.spec import Given, Spec
from labelshare.types import Address, Hash32

__all__ = ["Assigner"]


@dataclass(frozen=True, slots=True)
class Assigner:
    """The assignment of one campaign.

    Attributes:
        spec: The campaign's rules.
        seed: Its seed.
        roster: Everyone on the roster, ascending.
        limit: Labels that one annotator may commit.
    """

    spec: Spec
    seed: Hash32
    roster: tuple[Address, ...]
    limit: int

    def places(
        self, round_number: int, commits: Iterable[SignedCommit], own: Iterable[OwnCommit] = ()
    ) -> Mapping[Address, AbstractSet[int]] | None:
        """Items by annotator in a round; None where anyone labels anything.

        Args:
            round_number: Which round.
            commits: What the oracle's roots of earlier rounds hold.
            own: What annotators committed alone; of later rounds it does not matter yet.
        """
        if isinstance(self.spec.assignment, Given):
            return None
        plan = assignment.Plan(
            self.seed, self.roster, len(self.spec.items), self.spec.redundancy.k, self.limit
        )
        alone = ((each.annotator, each.commit) for each in own if each.commit.round < round_number)
        history = facts(round_number, commits, alone)
        return {annotator: set(items) for annotator, items in assignment.places(plan, history).items()}
