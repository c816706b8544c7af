"""Slashes: what anyone may take from the seats of those whom a final settlement found to be unskilled.

The settlement's leaf says how much, the annotator's own signed and included commitment that it consented to
as much. All of that stands in the bundle, and the contract checks it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labelshare.chain.campaign import Campaign
from labelshare.chain.deploy import Contracts
from labelshare.chain.events import Slashed, decode
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.errors import EvidenceError
from labelshare.protocol import evidence
from labelshare.protocol.commitments import SignedCommit, standing
from labelshare.protocol.leaves import Payout, payout_leaves
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.rounds import Aggregate, aggregate
from labelshare.protocol.spec import Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, CampaignParams, Inclusion, PoolParams, Scope

__all__ = ["Slash", "Slasher", "read_slashes"]


@dataclass(frozen=True, slots=True)
class Slash:
    """A leaf that slashes, with what the contract asks for.

    Attributes:
        leaf: Whose stake is taken, and how much of it.
        proof: The leaf's place under the settlement's root.
        inclusion: The account's last standing commitment: its sum of labels covers the slash.

    Example:
        >>> slash.inclusion.commit.cumulative_count
        20
    """

    leaf: Payout
    proof: tuple[bytes, ...]
    inclusion: Inclusion


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


def read_slashes(bundle: Iterable[bytes]) -> tuple[Slash, ...]:
    """The slashes of a settlement from the bytes of its bundle, in pieces; by index.

    The bundle of a public settlement holds no signatures. What it slashes can be taken where the annotator
    sent the commitment to the chain alone; elsewhere `inclusion` lacks what was shown as it was opened.

    Raises:
        EvidenceError: The bundle cannot be read, or slashes an account without a standing commitment.
        ProtocolError: Its commitments do not make an aggregate.
    """
    reader = _Reader()
    for row in evidence.read(bundle):
        reader.take(row)
    return reader.slashes()


@dataclass
class _Reader:
    header: evidence.Header | None = None
    spec: Spec | None = None
    commits: list[SignedCommit] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)

    def take(self, row: evidence.Row) -> None:
        match row:
            case evidence.Header():
                self.header = row
            case evidence.SpecRow(data=data):
                self.spec = Spec.parse(data)
            case evidence.CommitRow(annotator=annotator, signature=signature, items=items):
                self.commits.append(SignedCommit(annotator, row.commit, signature, items))
            case evidence.PayoutRow():
                self.payouts.append(row.leaf)
            case _:
                pass

    def slashes(self) -> tuple[Slash, ...]:
        if self.header is None or self.spec is None:
            raise EvidenceError("the bundle has no spec")
        if not any(leaf.slash for leaf in self.payouts):
            return ()
        scope = Scope(self.header.chain_id, self.header.registry, self.header.campaign_id)
        limit = self.spec.label_limit(self.header.pool.campaign_slice, self.header.params.stake_per_label)
        tree = MerkleTree(payout_leaves(scope, self.payouts))
        last, rounds = _last_standing(self.commits, limit), _aggregates(scope, self.commits)
        return tuple(
            Slash(leaf, tuple(tree.proof(place)), _inclusion(scope, leaf.account, last, rounds))
            for place, leaf in enumerate(self.payouts)
            if leaf.slash
        )


def _last_standing(commits: Sequence[SignedCommit], limit: int) -> dict[Address, SignedCommit]:
    signed = {(each.annotator, each.commit): each for each in commits}
    stands = standing(signed, limit)
    return {account: signed[account, own[-1]] for account, own in stands.items() if own}


def _aggregates(scope: Scope, commits: Iterable[SignedCommit]) -> dict[int, Aggregate]:
    by_round: defaultdict[int, list[SignedCommit]] = defaultdict(list)
    for each in commits:
        if each.signature:
            by_round[each.commit.round].append(each)
    return {number: aggregate(scope, number, those) for number, those in by_round.items()}


def _inclusion(
    scope: Scope,
    account: Address,
    last: Mapping[Address, SignedCommit],
    rounds: Mapping[int, Aggregate],
) -> Inclusion:
    if account not in last:
        raise EvidenceError(f"{account} is slashed and has no standing commitment")
    signed = last[account]
    if not signed.signature:
        return Inclusion(account, signed.commit)
    name = commit_hash(scope.campaign_id, signed.commit)
    proof = rounds[signed.commit.round].proof(account, name, scope)
    return Inclusion(account, signed.commit, signed.signature, tuple(proof))
