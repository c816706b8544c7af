"""A requester: publishes a dataset, funds campaigns on it and offers licences."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from labelshare.chain.deploy import Contracts
from labelshare.chain.events import (
    Cancelled,
    DatasetCreated,
    GoldRevealed,
    OfferClosed,
    Offered,
    ProceedsWithdrawn,
    decode,
)
from labelshare.chain.keys import Signer
from labelshare.chain.state import OfferId, OfferParams, Status
from labelshare.chain.transactions import Sender
from labelshare.errors import CommitmentError, InputError
from labelshare.protocol.abi import campaign_id, pool_id
from labelshare.protocol.gold import SealedGold, posted_gold
from labelshare.protocol.quote import escrow_for, share_cap_for
from labelshare.protocol.spec import Spec
from labelshare.types import Address, CampaignParams, Hash32, PoolParams, Schedule, Scope

__all__ = ["Requester", "Terms", "escrow_for", "share_cap_for"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a requester decides about a campaign besides its spec.

    Attributes:
        stake_per_label: Base units of an annotator's seat that stand behind each label.
        fee_bps: The oracle's fee in 1/10,000 of what annotators are paid.
        schedule: The time line.
        nonce: Tells apart campaigns of the same terms.

    Example:
        >>> terms = Terms(stake_per_label=COIN, fee_bps=500, schedule=steps.schedule(chain.now()))
        >>> terms.schedule.rounds
        2
    """

    stake_per_label: int
    fee_bps: int
    schedule: Schedule
    nonce: int = 0


@dataclass(frozen=True)
class Requester:
    """A publisher with its account, at one deployment.

    Example:
        >>> requester = Requester(sender, contracts, acme)
    """

    sender: Sender
    contracts: Contracts
    signer: Signer

    def create_dataset(
        self, name: str, symbol: str, *, revenue_token: Address, contributor_bps: int, max_shares: int
    ) -> Address:
        """Create a dataset; returns its share token's address, by which it is known.

        Args:
            name: Of the share token, 1 to 31 bytes.
            symbol: Of the share token, 1 to 31 bytes.
            revenue_token: The one token in which revenue is paid.
            contributor_bps: The share holders' part of licence income in 1/10,000.
            max_shares: The most shares there can ever be, in base units (18 decimals).

        Example:
            >>> dataset = requester.create_dataset(
            ...     "Moods", "MOOD", revenue_token=token.address, contributor_bps=7_000, max_shares=80 * COIN
            ... )
            >>> contracts.share(dataset).symbol()
            'MOOD'
        """
        for text in (name, symbol):
            if not 0 < len(text.encode()) <= 31:
                raise InputError(f"a share's name and symbol have 1 to 31 bytes: {text!r}")
        call = self.contracts.registry.create_dataset(
            name, symbol, revenue_token, contributor_bps, max_shares
        )
        receipt = self.sender.send(self.signer, call)
        return next(e.dataset for e in map(decode, receipt.logs) if isinstance(e, DatasetCreated))

    def open_campaign(
        self, pool: PoolParams, dataset: Address, spec: Spec, terms: Terms
    ) -> tuple[Scope, CampaignParams]:
        """Fund a campaign: the escrow that the spec needs leaves the wallet now.

        A campaign of the very same parameters is funded once: where there is one, nothing is sent.

        Returns:
            The campaign's scope and the parameters that its id is the hash of.

        Raises:
            RevertError: Too little money, a schedule outside the deployment's limits, too few free shares, or
                somebody else's dataset. Nothing moves.

        Example:
            >>> spec = Spec.read(Path("spec.json").read_bytes())
            >>> terms = Terms(stake_per_label=COIN, fee_bps=500, schedule=Steps().schedule(chain.now()))
            >>> scope, params = requester.open_campaign(pool, dataset, spec, terms)
            >>> contracts.registry.campaign(scope.campaign_id).escrow // COIN
            84
        """
        chain_id, registry = self.sender.chain.chain_id, self.contracts.registry
        params = self.params_of(pool, dataset, spec, terms)
        scope = Scope(chain_id, registry.address, campaign_id(chain_id, registry.address, params))
        if registry.campaign(scope.campaign_id).status is not Status.NONE:
            return scope, params
        escrow = escrow_for(spec, terms.fee_bps)
        for approval in self.contracts.approvals(pool.token, self.signer.address, escrow):
            self.sender.send(self.signer, approval)
        self.sender.send(self.signer, registry.create_campaign(pool, params, escrow))
        return scope, params

    def params_of(self, pool: PoolParams, dataset: Address, spec: Spec, terms: Terms) -> CampaignParams:
        """The parameters of a campaign as it would be funded.

        Example:
            >>> requester.params_of(pool, dataset, spec, terms) == params
            True
        """
        return CampaignParams(
            pool=pool_id(self.sender.chain.chain_id, self.contracts.registry.address, pool),
            dataset=dataset,
            requester=self.signer.address,
            oracle=pool.oracle,
            token=pool.token,
            spec_hash=spec.hash,
            share_cap=share_cap_for(spec),
            stake_per_label=terms.stake_per_label,
            fee_bps=terms.fee_bps,
            nonce=terms.nonce,
            schedule=terms.schedule,
        )

    def reveal_gold(self, params: CampaignParams, spec: Spec, gold: SealedGold) -> GoldRevealed:
        """Reveal the gold of a campaign, after all is committed and before the last label is opened.

        Raises:
            CommitmentError: It is not what the spec sealed, and would count for nothing.
            RevertError: Not between commitEnd and revealEnd. Nothing moves: without gold nobody loses stake.

        Example:
            >>> requester.reveal_gold(params, spec, gold).campaign == scope.campaign_id
            True
        """
        if not posted_gold(spec, (gold.reveal,)):
            raise CommitmentError(f"this gold has root {gold.root}, the spec seals another")
        receipt = self.sender.send(self.signer, self.contracts.registry.reveal_gold(params, gold.reveal))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, GoldRevealed))

    def cancel(self, params: CampaignParams) -> Cancelled:
        """End a campaign that nobody accepted, or that nobody worked for; the escrow becomes credit.

        Raises:
            RevertError: It is accepted and may still be worked for, or somebody worked. Nothing moves.

        Example:
            >>> requester.cancel(params).refund // COIN
            42
        """
        receipt = self.sender.send(self.signer, self.contracts.registry.cancel(params))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, Cancelled))

    def offer_licence(
        self, dataset: Address, price: int, *, duration: int, terms: bytes, nonce: int = 0
    ) -> OfferId:
        """Offer licences of an own dataset.

        Args:
            dataset: The dataset.
            price: Base units of its revenue token.
            duration: Seconds from the sale; 0 for ever.
            terms: The licence's text, of which the hash goes on chain.
            nonce: Tells apart offers of the same terms.

        Example:
            >>> text = b"The licensee may train models on the labels."
            >>> offer = requester.offer_licence(dataset, 100 * COIN, duration=365 * DAY, terms=text)
            >>> contracts.licenses.offer_status(offer).name
            'OPEN'
        """
        params = OfferParams(dataset, price, duration, Hash32(sha256(terms).digest()), nonce)
        receipt = self.sender.send(self.signer, self.contracts.licenses.offer(params))
        return next(e.offer for e in map(decode, receipt.logs) if isinstance(e, Offered))

    def close_offer(self, offer: OfferId) -> OfferClosed:
        """End an own offer for ever; licences sold stay good. `RevertError` where it is not open.

        Example:
            >>> requester.close_offer(offer).offer == offer
            True
        """
        receipt = self.sender.send(self.signer, self.contracts.licenses.close_offer(offer))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, OfferClosed))

    def withdraw_proceeds(self, token: Address) -> ProceedsWithdrawn:
        """Take the publisher's part of all licences sold for a token; `RevertError` where there is none.

        Example:
            >>> requester.withdraw_proceeds(token.address).amount // COIN
            30
        """
        receipt = self.sender.send(self.signer, self.contracts.licenses.withdraw(token))
        return next(e for e in map(decode, receipt.logs) if isinstance(e, ProceedsWithdrawn))
