"""One campaign, as whoever works with it needs it: where it is, its pool, its parameters and its rules."""

from __future__ import annotations

from dataclasses import dataclass

from labelshare.chain.deploy import Contracts, Deployment
from labelshare.chain.history import campaign_record
from labelshare.chain.node import Chain
from labelshare.chain.state import CampaignState
from labelshare.errors import ProtocolError
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.types import CampaignId, CampaignParams, PoolParams, Scope

__all__ = ["Campaign"]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that is on chain. `Oracle.of`, `Annotator.of`, `Slasher.of` and others take it as it is.

    Attributes:
        deployment: Where the contracts are.
        contracts: The same, checked.
        scope: Its chain, registry and id.
        pool: The rules of its pool.
        params: Its parameters.
        spec: Its rules.

    Example:
        >>> campaign = Campaign.load(chain, deployment, scope.campaign_id, spec)
        >>> oracle = Oracle.of(campaign, sender, operator, database)
    """

    deployment: Deployment
    contracts: Contracts
    scope: Scope
    pool: PoolParams
    params: CampaignParams
    spec: Spec

    @classmethod
    def load(cls, chain: Chain, deployment: Deployment, campaign_id: CampaignId, spec: Spec) -> Campaign:
        """Read a campaign from the chain, which knows all of it but what its spec says.

        Raises:
            DeploymentError: The contracts are not those of the record.
            ChainError: There is no such campaign.
            ProtocolError: It was made for another spec.

        Example:
            >>> Campaign.load(chain, deployment, scope.campaign_id, spec).spec.title
            'Moods'
        """
        contracts, record = deployment.bind(chain), campaign_record(chain, deployment, campaign_id)
        if spec.hash != record.params.spec_hash:
            raise ProtocolError(
                f"the campaign is for spec {record.params.spec_hash}, this one is {spec.hash}"
            )
        return cls(deployment, contracts, record.scope, record.pool, record.params, spec)

    def state(self) -> CampaignState:
        """Where it is in its life now.

        Example:
            >>> campaign.state().status
            <Status.CREATED: 1>
        """
        return self.contracts.registry.campaign(self.scope.campaign_id)

    def record(self) -> Record:
        """What the chain says of it, by which its settlement is judged.

        Example:
            >>> campaign.record().escrow // COIN
            84
        """
        return campaign_record(self.contracts.registry.chain, self.deployment, self.scope.campaign_id)
