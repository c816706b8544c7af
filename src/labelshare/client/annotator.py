"""An annotator: takes a seat, enrols, seals and opens labels, and checks that the oracle kept its word.

The client keeps what only it can know (answers and secrets) and what it needs against a failing oracle:
receipts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labelshare.chain.contracts import Registry
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.client.transport import Transport
from labelshare.errors import CommitmentError
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, label_bytes, opening_hash, seal
from labelshare.protocol.leaves import aggregate_leaf
from labelshare.protocol.merkle import verify
from labelshare.protocol.spec import Spec
from labelshare.types import Address, CampaignParams, Commit, Hash32, Inclusion, Scope

__all__ = ["Annotator", "Batch"]


@dataclass(slots=True)
class Batch:
    """A sealed batch: what was signed, what opens it, and the oracle's receipts for both."""

    commit: Commit
    opening: Opening
    receipt: bytes
    opening_receipt: bytes = b""


@dataclass
class Annotator:
    """One annotator in one campaign.

    Attributes:
        signer: The annotator's account.
        scope: The campaign.
        params: Its parameters; their `oracle` must sign every receipt.
        spec: Its rules.
        transport: The way to the oracle.
        batches: Sealed so far, by number.
    """

    signer: Signer
    scope: Scope
    params: CampaignParams
    spec: Spec
    transport: Transport
    batches: list[Batch] = field(default_factory=list)

    @property
    def address(self) -> Address:
        """The annotator's account."""
        return self.signer.address

    def enrol(self) -> None:
        """Sign up for the campaign: consent to its id, and with it to every rule.

        Raises:
            ProtocolError: The oracle refuses.
        """
        digest = typed_data.digest(self.scope, typed_data.enrol_hash(self.scope.campaign_id))
        self.transport.enrol(Enrolment(self.address, self.signer.sign_digest(digest)))

    def submit(self, round_number: int, choices: Mapping[int, int]) -> Batch:
        """Seal labels, sign the commitment and hand it in.

        Args:
            round_number: The current round.
            choices: Class by item.

        Raises:
            LabelError: A class that the task does not have.
            ProtocolError: The oracle refuses.
            SignatureError: The receipt is not the oracle's: the batch counts as not handed in.
        """
        commit, opening = self.seal(round_number, choices)
        name = opening.commit_hash
        signature = self._signature(name)
        receipt = self.transport.commit(SignedCommit(self.address, commit, signature, opening.items))
        self._require_oracle(typed_data.receipt_hash(self.scope.campaign_id, self.address, name), receipt)
        self.batches.append(Batch(commit, opening, receipt))
        return self.batches[-1]

    def seal(self, round_number: int, choices: Mapping[int, int]) -> tuple[Commit, Opening]:
        """The next batch, unsent."""
        number = len(self.batches)
        form = self.spec.task.form
        return seal(
            self.scope,
            self.address,
            round_number=round_number,
            batch=number,
            committed_before=self.batches[-1].commit.cumulative_count if self.batches else 0,
            secret=self.batch_secret(number),
            labels={item: form.encode(choice) for item, choice in choices.items()},
        )

    def batch_secret(self, number: int) -> Hash32:
        """The secret of a batch: derived from the key, so that losing this object loses no label's salt."""
        number_bytes = number.to_bytes(4, "big")
        return self.signer.derive_secret(b"labelshare.batch.v1" + self.scope.campaign_id + number_bytes)

    def check_included(self, batch: Batch, round_root: Hash32, proof: Sequence[bytes]) -> None:
        """Raise `CommitmentError` unless the root on chain includes the batch."""
        leaf = aggregate_leaf(self.scope, self.address, batch.opening.commit_hash)
        if not verify(round_root, leaf, proof):
            raise CommitmentError(f"round {batch.commit.round} lacks batch {batch.commit.batch}")

    def open(self, batch: Batch) -> None:
        """Open a batch against the oracle's second receipt.

        Raises:
            ProtocolError: The oracle refuses.
            SignatureError: The receipt is not the oracle's.
        """
        receipt = self.transport.open(batch.opening)
        answer = opening_hash(batch.opening)
        self._require_oracle(
            typed_data.opening_receipt_hash(self.scope.campaign_id, self.address, answer), receipt
        )
        batch.opening_receipt = receipt

    # ------------------------------------------------- where the oracle fails

    def post_receipt(self, sender: Sender, batch: Batch) -> None:
        """Hold the oracle to its receipt for a batch that its root lacks: it answers or loses its bond.

        Raises:
            RevertError: Not between commitEnd and revealEnd, or posted before. Nothing moves.
        """
        name = batch.opening.commit_hash
        call = self._registry(sender).post_receipt(self.params, self.address, name, batch.receipt)
        sender.send(self.signer, call)

    def post_reveal(self, sender: Sender, batch: Batch, proof: Sequence[bytes] | None) -> None:
        """Open a batch on chain, where the oracle gives no receipt for its opening.

        Args:
            sender: The way to the chain.
            batch: Sealed before.
            proof: Its place under the root of its round; None where the annotator committed it alone.

        Raises:
            RevertError: Neither the reveal nor a rescue runs, or the chain does not know the batch.
        """
        opening = batch.opening
        signature = b"" if proof is None else self._signature(opening.commit_hash)
        inclusion = Inclusion(self.address, batch.commit, signature, tuple(proof or ()))
        labels = label_bytes(opening.items, opening.labels)
        call = self._registry(sender).post_reveal(self.params, inclusion, opening.secret, labels)
        sender.send(self.signer, call)

    # -------------------------------------------------------------- helpers

    def _registry(self, sender: Sender) -> Registry:
        return Registry(sender.chain, self.scope.registry)

    def _signature(self, name: Hash32) -> bytes:
        """Over the commitment of that hash; the same each time (RFC 6979)."""
        return self.signer.sign_digest(typed_data.digest(self.scope, name))

    def _require_oracle(self, struct_hash: Hash32, signature: bytes) -> None:
        digest = typed_data.digest(self.scope, struct_hash)
        typed_data.require_signer(digest, signature, self.params.oracle)
