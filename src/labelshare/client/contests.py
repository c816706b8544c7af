"""What anyone may do about a campaign gone wrong: contest its settlement, or propose another."""

from __future__ import annotations

from dataclasses import dataclass

from labelshare.chain.campaign import Campaign
from labelshare.chain.contracts import Arbitrator
from labelshare.chain.deploy import Contracts
from labelshare.chain.events import (
    Challenged,
    ContestEnded,
    Expired,
    Finalized,
    ProposedOpenly,
    RulingRequested,
    decode,
)
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.protocol.rewards import bond_for
from labelshare.types import Address, CampaignParams, Hash32, PoolParams, Scope, Settlement

__all__ = ["Challenger"]


@dataclass(frozen=True)
class Challenger:
    """An account that stands up for a campaign's rules. Each bond is approved to the last unit.

    Attributes:
        sender: The way to the chain.
        contracts: The deployment.
        signer: The account.
        scope, pool, params: The campaign.

    Example:
        >>> challenger = Challenger.of(campaign, sender, stranger)
        >>> campaign.state().status
        <Status.PROPOSED: 3>
    """

    sender: Sender
    contracts: Contracts
    signer: Signer
    scope: Scope
    pool: PoolParams
    params: CampaignParams

    @classmethod
    def of(cls, campaign: Campaign, sender: Sender, signer: Signer) -> Challenger:
        """An account that stands up for a campaign that was read from the chain.

        Example:
            >>> challenger = Challenger.of(campaign, sender, stranger)
        """
        contracts, scope = campaign.contracts, campaign.scope
        return cls(sender, contracts, signer, scope, campaign.pool, campaign.params)

    def challenge_bond(self) -> int:
        """What contesting the proposal takes, in base units: its bond, doubled for all it withstood.

        Example:
            >>> challenger.challenge_bond()
            10500000000000000000
        """
        registry, campaign = self.contracts.registry, self.scope.campaign_id
        contest = registry.contest(campaign)
        return (contest.proposer_bond or registry.campaign(campaign).bond) << contest.withstood

    def proposal_bond(self) -> int:
        """What proposing openly takes, in base units: the oracle's first bond, doubled for each that fell.

        Example:
            >>> challenger.proposal_bond() // COIN
            21
        """
        registry, campaign = self.contracts.registry, self.scope.campaign_id
        first = bond_for(registry.campaign(campaign).escrow, self.pool.arbitration_refund)
        return first << registry.contest(campaign).rejections

    def challenge(self, evidence: str = "", proposal: Hash32 | None = None) -> Challenged:
        """Contest the proposal at hand: that one and no other, should it fall before this arrives.

        Args:
            evidence: Where the reasons are, or the reasons (ERC-1497).
            proposal: The hash of the settlement that is wrong, as the chain states it; by default that of the
                one proposed at this moment.

        Raises:
            RevertError: It is not proposed (any more), its window is over, or too little money.

        Example:
            >>> challenger.challenge("https://example.org/what-is-wrong").bond
            10500000000000000000
        """
        bond = self.challenge_bond()
        wrong = proposal or self.contracts.registry.campaign(self.scope.campaign_id).settlement
        self._approve(bond)
        call = self.contracts.registry.challenge(self.pool, self.params, wrong, bond, evidence)
        receipt = self.sender.send(self.signer, call)
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Challenged))

    def request_ruling(self) -> RulingRequested:
        """Bring a contest before the pool's arbitrator at its present fee, in the chain's own coin.

        Raises:
            RevertError: No contest, no arbitrator, or it has the contest already. Nothing moves.

        Example:
            >>> request = challenger.request_ruling()
            >>> request.cost  # in the chain's own coin
            1000000000000000
        """
        fee = 0
        if self.pool.arbitrator != Address(bytes(20)):
            fee = Arbitrator(self.sender.chain, self.pool.arbitrator).cost()
        call = self.contracts.registry.request_ruling(self.pool, self.params, fee)
        receipt = self.sender.send(self.signer, call)
        return next(e for e in map(decode, receipt.logs) if isinstance(e, RulingRequested))

    def resolve(self) -> ContestEnded:
        """Apply the ruling, or the lack of one once its time is over; `RevertError` before.

        Example:
            >>> challenger.resolve().outcome
            <Outcome.REJECTED: 2>
        """
        receipt = self.sender.send(self.signer, self.contracts.registry.resolve(self.pool, self.params))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, ContestEnded))

    def propose_openly(self, settlement: Settlement) -> ProposedOpenly:
        """Propose in the oracle's place, once the rescue is over.

        Args:
            settlement: What `settlement.build_public` makes of the chain's record.

        Raises:
            RevertError: Too early or late, something is proposed already, or too little money. Nothing moves.

        Example:
            >>> built = build_public(campaign.spec, campaign.record())  # of labelshare.protocol.settlement
            >>> challenger.propose_openly(built.settlement).bond // COIN
            21
        """
        bond = self.proposal_bond()
        self._approve(bond)
        call = self.contracts.registry.propose_openly(self.pool, self.params, settlement, bond)
        receipt = self.sender.send(self.signer, call)
        return next(e for e in map(decode, receipt.logs) if isinstance(e, ProposedOpenly))

    def finalize(self, settlement: Settlement) -> Finalized:
        """End a campaign whose proposal stood unchallenged for its window; `RevertError` before.

        Example:
            >>> challenger.finalize(built.settlement).payout_total // COIN
            8
        """
        call = self.contracts.registry.finalize(self.params, settlement)
        receipt = self.sender.send(self.signer, call)
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Finalized))

    def expire(self) -> Expired:
        """End a campaign that came to nothing after work was committed; its bounty and bond are burned.

        Raises:
            RevertError: Nobody worked, something is proposed, or there is time and a try left. Nothing moves.

        Example:
            >>> expired = challenger.expire()
            >>> campaign.state().status
            <Status.EXPIRED: 7>
        """
        receipt = self.sender.send(self.signer, self.contracts.registry.expire(self.params))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Expired))

    def _approve(self, amount: int) -> None:
        for approval in self.contracts.approvals(self.pool.token, self.signer.address, amount):
            self.sender.send(self.signer, approval)
