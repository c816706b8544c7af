"""Payouts: whoever holds the published bundle claims with it, for itself and for others.

Every proof is built here from the bundle's rows; the contract compares it with the settlement's root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from labelshare.chain.campaign import Campaign
from labelshare.chain.contracts import Parts, Registry
from labelshare.chain.keys import Signer
from labelshare.chain.node import Receipt
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.errors import ChainError, EvidenceError, VerificationError
from labelshare.protocol import evidence
from labelshare.protocol.leaves import Payout, payout_leaves
from labelshare.protocol.merkle import MerkleTree
from labelshare.types import Address, CampaignParams, Scope

__all__ = ["Claimant", "Payouts", "left_of", "read_payouts", "require_final"]

CLAIMS_A_CALL = 100


@dataclass(frozen=True)
class Payouts:
    """The payout rows of a bundle, by index, and the campaign that its header names.

    Example:
        >>> payouts = claimant.payouts
        >>> sum(row.payout for row in payouts.rows) // COIN
        60
    """

    scope: Scope
    rows: tuple[Payout, ...]

    @cached_property
    def tree(self) -> MerkleTree:
        """The tree over the rows; `EvidenceError` where there are none.

        Example:
            >>> payouts.tree.root == campaign.state().settlement
            True
        """
        if not self.rows:
            raise EvidenceError("the bundle pays nobody")
        return MerkleTree(payout_leaves(self.scope, self.rows))

    def row_of(self, account: Address) -> Payout | None:
        """An account's row, of which there is one at most.

        Example:
            >>> payouts.row_of(ann.address).payout // COIN
            20
        """
        return next((row for row in self.rows if row.account == account), None)


def read_payouts(bundle: Iterable[bytes]) -> Payouts:
    """The payouts of a bundle from its bytes, in pieces; `EvidenceError` if it is none."""
    header: evidence.Header | None = None
    rows: list[Payout] = []
    for row in evidence.read(bundle):
        match row:
            case evidence.Header():
                header = row
            case evidence.PayoutRow():
                rows.append(row.leaf)
            case _:
                pass
    if header is None:
        raise EvidenceError("the bundle has no header")
    if [row.index for row in rows] != list(range(len(rows))):
        raise EvidenceError("the bundle's payouts are not numbered from 0")
    return Payouts(Scope(header.chain_id, header.registry, header.campaign_id), tuple(rows))


def require_final(registry: Registry, payouts: Payouts) -> None:
    """Make sure that a bundle's payouts are those of a settlement that stands.

    Raises:
        ChainError: The campaign is not final.
        VerificationError: They are another deployment's, or not what the settlement says.
    """
    scope = payouts.scope
    if (scope.chain_id, scope.registry) != (registry.chain.chain_id, registry.address):
        raise VerificationError(f"the bundle is of registry {scope.registry} on chain {scope.chain_id}")
    state = registry.campaign(scope.campaign_id)
    if state.status is not Status.FINAL:
        raise ChainError(f"the campaign is {state.status.name.lower()}; payouts wait until it is final")
    if payouts.tree.root != state.settlement:
        raise VerificationError(
            f"the bundle's payouts have root {payouts.tree.root}, the settlement's have {state.settlement}"
        )


def left_of(registry: Registry, payouts: Payouts, index: int) -> Parts:
    """What of a row nobody has claimed yet."""
    return Parts.BOTH & ~registry.claimed_parts(payouts.scope.campaign_id, index)


@dataclass(frozen=True)
class Claimant:
    """An account that claims payouts of one campaign; each goes to the account in its row, whoever claims.

    Attributes:
        sender: The way to the chain.
        registry: Where the campaign is.
        signer: The account.
        params: The campaign.
        payouts: What its bundle pays, which `require_final` compares with the chain.

    Example:
        >>> claimant = Claimant.of(campaign, sender, ann, [bundle])
    """

    sender: Sender
    registry: Registry
    signer: Signer
    params: CampaignParams
    payouts: Payouts

    @classmethod
    def of(cls, campaign: Campaign, sender: Sender, signer: Signer, bundle: Iterable[bytes]) -> Claimant:
        """An account that claims by a campaign's bundle, given as bytes in pieces.

        Raises:
            EvidenceError: It is no bundle.
            ChainError: The campaign is not final.
            VerificationError: Its payouts are not what the settlement on chain says.

        Example:
            >>> claimant = Claimant.of(campaign, sender, ann, [bundle])
            >>> len(claimant.payouts.rows)
            4
        """
        registry, payouts = campaign.contracts.registry, read_payouts(bundle)
        require_final(registry, payouts)
        return cls(sender, registry, signer, campaign.params, payouts)

    def unclaimed(self) -> Mapping[Parts, Sequence[int]]:
        """Rows by what nobody has claimed of them, in the order in which they share most of their proofs.

        Left out are rows of nothing, and the registry's own, which can never be paid.

        Example:
            >>> len(claimant.unclaimed()[Parts.BOTH])
            3
        """
        found: dict[Parts, list[int]] = {}
        for index in self.payouts.tree.order:
            row = self.payouts.rows[index]
            worth = (row.payout or row.shares) and row.account != self.registry.address
            if worth and (missing := left_of(self.registry, self.payouts, index)):
                found.setdefault(missing, []).append(index)
        return found

    def claim(self, row: Payout) -> Receipt:
        """Claim what is left of one row.

        Raises:
            RevertError: Nothing is left, or the row is not the settlement's. Nothing moves.

        Example:
            >>> row = claimant.payouts.row_of(ann.address)
            >>> receipt = claimant.claim(row)
            >>> token.balance_of(ann.address) == row.payout
            True
        """
        missing, tree = left_of(self.registry, self.payouts, row.index), self.payouts.tree
        if missing in (Parts.BOTH, Parts(0)):
            call = self.registry.claim(self.params, row, tree.proof(row.index))
        else:
            call = self.registry.claim_many(self.params, [row], tree.multiproof([row.index]), missing)
        return self.sender.send(self.signer, call)

    def claim_all(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Claim everything that anybody has left, a hundred rows a call; returns how many rows.

        What was claimed before is passed over, so that calling again after a failure hands out the rest.

        Example:
            >>> claimant.claim_all()
            2
        """
        done = 0
        for missing, indices in self.unclaimed().items():
            for start in range(0, len(indices), CLAIMS_A_CALL):
                proof = self.payouts.tree.multiproof(indices[start : start + CLAIMS_A_CALL])
                rows = [self.payouts.rows[index] for index in proof.order]
                self.sender.send(self.signer, self.registry.claim_many(self.params, rows, proof, missing))
                done += len(rows)
                progress(len(rows))
        return done
