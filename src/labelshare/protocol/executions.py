"""The slashes and forfeits of a settlement, with what the contract asks for: all of it stands in the bundle.

The settlement's leaf says how much, the annotator's own signed and included commitment that it consented to
as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labelshare.errors import EvidenceError
from labelshare.protocol import evidence
from labelshare.protocol.commitments import SignedCommit, standing
from labelshare.protocol.leaves import Payout, payout_leaves
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.rounds import Aggregate, aggregate
from labelshare.protocol.spec import Spec
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Address, Inclusion, Scope

__all__ = ["Slash", "read_slashes"]


@dataclass(frozen=True, slots=True)
class Slash:
    """A leaf that slashes, with what the contract asks for.

    Attributes:
        leaf: Whose stake is taken, and how much of it.
        proof: The leaf's place under the settlement's root.
        inclusion: The account's last standing commitment: its sum of labels covers the slash.
        flagged: Whether it is a slash proper; a forfeit if not.

    Example:
        >>> slash.inclusion.commit.cumulative_count, slash.flagged
        (20, True)
    """

    leaf: Payout
    proof: tuple[bytes, ...]
    inclusion: Inclusion
    flagged: bool


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
    flagged: set[Address] = field(default_factory=set)

    def take(self, row: evidence.Row) -> None:
        match row:
            case evidence.Header():
                self.header = row
            case evidence.SpecRow(data=data):
                self.spec = Spec.parse(data)
            case evidence.CommitRow(annotator=annotator, signature=signature, items=items):
                self.commits.append(SignedCommit(annotator, row.commit, signature, items))
            case evidence.ScoreRow(annotator=annotator, flagged=True):
                self.flagged.add(annotator)
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
            Slash(
                leaf,
                tuple(tree.proof(place)),
                _inclusion(scope, leaf.account, last, rounds),
                flagged=leaf.account in self.flagged,
            )
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
