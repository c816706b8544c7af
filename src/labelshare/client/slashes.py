"""Slashes: what anyone may take from the seats of those whom a final settlement found to be unskilled.

A slash proper is of an annotator on whom all evidence agrees. A forfeit, of one whose skill is below 0, is
taken in the same way.

The settlement's leaf says how much, the annotator's own signed and included commitment that it consented to
as much. All of that stands in the bundle, and the contract checks it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labelshare.chain.campaign import Campaign
from labelshare.chain.deploy import Contracts
from labelshare.chain.events import Slashed, decode
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.protocol.executions import Slash, read_slashes
from labelshare.types import CampaignParams, PoolParams, Scope

__all__ = ["Slash", "Slasher", "read_slashes"]


@dataclass(frozen=True)
class Slasher:
    """An account that executes slashes; a twentieth of each is its own, as credit.

    Attributes:
        sender: The way to the chain.
        contracts: The deployment.
        signer: The account.
        scope, pool, params: The campaign.

    Example:
        >>> slasher = Slasher.of(campaign, sender, stranger)
        >>> [slash.leaf.slash // COIN for slash in slasher.due([bundle])]
        [10]
    """

    sender: Sender
    contracts: Contracts
    signer: Signer
    scope: Scope
    pool: PoolParams
    params: CampaignParams

    @classmethod
    def of(cls, campaign: Campaign, sender: Sender, signer: Signer) -> Slasher:
        """An account that executes the slashes of a campaign that was read from the chain.

        Example:
            >>> slasher = Slasher.of(campaign, sender, stranger)
        """
        contracts, scope = campaign.contracts, campaign.scope
        return cls(sender, contracts, signer, scope, campaign.pool, campaign.params)

    def due(self, bundle: Iterable[bytes]) -> list[Slash]:
        """The slashes of a bundle that nobody has executed yet, by index; raises as `read_slashes` does.

        Example:
            >>> (slash,) = slasher.due([bundle])
            >>> slash.leaf.account == dora.address, slash.leaf.slash // COIN
            (True, 10)
        """
        registry, campaign = self.contracts.registry, self.scope.campaign_id
        return [each for each in read_slashes(bundle) if not registry.is_slashed(campaign, each.leaf.account)]

    def execute(self, slash: Slash) -> Slashed:
        """Take one slash.

        Raises:
            RevertError: The campaign is not final, or its slash window is over; the leaf is not the
                settlement's; its account did not sign for as much, or was slashed before. Nothing moves.

        Example:
            >>> slasher.execute(slash).reward  # a twentieth
            500000000000000000
        """
        registry = self.contracts.registry
        call = registry.slash(self.pool, self.params, slash.leaf, slash.proof, slash.inclusion)
        receipt = self.sender.send(self.signer, call)
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Slashed))
