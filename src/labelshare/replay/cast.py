"""Who takes part in a replay, with which accounts and how much money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from labelshare.chain.keys import Signer, development_signer
from labelshare.client.requester import escrow_for
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.spec import Given, Spec
from labelshare.replay.crowd import Crowd
from labelshare.replay.rules import DAY, Rules
from labelshare.types import Address, PoolParams

__all__ = ["Cast"]

NOBODY = Address(bytes(20))


@dataclass(frozen=True)
class Cast:
    """The accounts of a replay: one for each worker of the crowd, and one for each role."""

    crowd: Crowd
    rules: Rules
    spec: Spec

    @cached_property
    def workers(self) -> tuple[Signer, ...]:
        """An annotator's account for each worker, in the crowd's order."""
        return tuple(development_signer("replay", self.crowd.name, name) for name in self.crowd.workers)

    @cached_property
    def deployer(self) -> Signer:
        """Deploys the contracts and hands out the test token."""
        return development_signer("replay", "deployer")

    @cached_property
    def requester(self) -> Signer:
        """Publishes the dataset and funds the campaign."""
        return development_signer("replay", "requester")

    @cached_property
    def oracle(self) -> Signer:
        """Runs the pool and the campaign, against a bond."""
        return development_signer("replay", "oracle")

    @cached_property
    def licensee(self) -> Signer:
        """Buys a licence of the dataset."""
        return development_signer("replay", "licensee")

    @cached_property
    def seat_stake(self) -> int:
        """What stands behind as many labels as one annotator may commit, in base units."""
        assignment = self.spec.assignment
        if isinstance(assignment, Given):
            labels = max(Counter(vote.worker for vote in self.crowd.votes).values())
        else:
            labels = assignment.cap(len(self.crowd.items))
        return labels * self.rules.stake_per_label

    def purses(self) -> dict[Address, int]:
        """What each account brings along, in base units of the token: just what it needs."""
        escrow = escrow_for(self.spec, self.rules.fee_bps)
        roles = {
            self.requester: escrow,
            self.oracle: bond_for(escrow, 0),
            self.licensee: self.rules.licence_price,
        }
        return {signer.address: self.seat_stake for signer in self.workers} | {
            signer.address: purse for signer, purse in roles.items()
        }

    def pool(self, token: Address) -> PoolParams:
        """A pool open to anyone, for one campaign at a time."""
        return PoolParams(
            oracle=self.oracle.address,
            token=token,
            seat_stake=self.seat_stake,
            unbonding=365 * DAY,
            max_open=1,
            gate=NOBODY,
            arbitrator=NOBODY,
            arbitration_refund=0,
            randomness=NOBODY,
            nonce=0,
        )
