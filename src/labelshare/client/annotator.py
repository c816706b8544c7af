"""An annotator: takes a seat, enrols, seals and opens labels, and checks that the oracle kept its word.

The client keeps what only it can know, its answers, and what it needs against a failing oracle, receipts:
both in its store, the answers before anybody hears of them. Secrets the key makes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from labelshare.chain.campaign import Campaign
from labelshare.chain.contracts import Registry
from labelshare.chain.keys import Signer
from labelshare.chain.transactions import Sender
from labelshare.client.publications import Lists, Roster
from labelshare.client.transport import Transport
from labelshare.errors import CommitmentError, InputError, ProtocolError, RevertError
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, label_bytes, opening_hash, seal
from labelshare.protocol.leaves import aggregate_leaf
from labelshare.protocol.merkle import verify
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.store.batches import Batches, Kept
from labelshare.store.database import Database
from labelshare.store.vault import Vault
from labelshare.types import Address, CampaignParams, Commit, Hash32, Inclusion, Scope, keccak

__all__ = ["Annotator", "Batch"]


@dataclass(frozen=True, slots=True)
class Batch:
    """A sealed batch: what was signed, what opens it, and the oracle's receipts for both, empty for none.

    `alone` is what goes to the chain without the oracle; `proof` is the place under the root of its round,
    None while it was not seen.

    Example:
        >>> batch.opening.items, batch.commit.batch
        ((0, 1, 2), 0)
    """

    commit: Commit
    opening: Opening
    receipt: bytes = b""
    opening_receipt: bytes = b""
    alone: bool = False
    proof: tuple[bytes, ...] | None = None

    @property
    def name(self) -> Hash32:
        """The hash of its commitment.

        Example:
            >>> batch.name == batch.opening.commit_hash
            True
        """
        return self.opening.commit_hash


@dataclass
class Annotator:
    """One annotator in one campaign.

    Attributes:
        signer: The annotator's account.
        scope: The campaign.
        params: Its parameters; their `oracle` must sign every receipt.
        spec: Its rules.
        transport: The way to the oracle.
        database: Where sealed batches and receipts are kept; by default in memory alone.

    Example:
        >>> annotator = Annotator.of(campaign, ann, oracle.intake)
        >>> annotator.enrol()
    """

    signer: Signer
    scope: Scope
    params: CampaignParams
    spec: Spec
    transport: Transport
    database: Database = field(default_factory=Database.in_memory)

    @classmethod
    def of(
        cls, campaign: Campaign, signer: Signer, transport: Transport, database: Database | None = None
    ) -> Annotator:
        """An annotator in a campaign that was read from the chain; without a database it keeps all in memory.

        Example:
            >>> annotator = Annotator.of(campaign, ann, oracle.intake, database)
        """
        store = database or Database.in_memory()
        return cls(signer, campaign.scope, campaign.params, campaign.spec, transport, store)

    @property
    def batches(self) -> list[Batch]:
        """Sealed so far, by number; one without a receipt may or may not have reached the oracle.

        Example:
            >>> [each.opening.items for each in annotator.batches]
            [(0, 1, 2)]
        """
        return [self._batch(kept) for kept in self.book.all()]

    @property
    def address(self) -> Address:
        """The annotator's account.

        Example:
            >>> annotator.address == ann.address
            True
        """
        return self.signer.address

    def enrol(self) -> None:
        """Sign up for the campaign: consent to its id, and with it to every rule.

        Raises:
            ProtocolError: The oracle refuses.

        Example:
            >>> annotator.enrol()
        """
        digest = typed_data.digest(self.scope, typed_data.enrol_hash(self.scope.campaign_id))
        self.transport.enrol(Enrolment(self.address, self.signer.sign_digest(digest)))

    def check_roster(self, record: Record) -> None:
        """Make sure that the posted roster has the annotator, and keep its place there.

        Whoever cannot be shown it enrols alone, while enrolment runs: without its place there the annotator
        could not commit alone, should the oracle fail later.

        Args:
            record: What the chain says, once the roster's root is posted.

        Raises:
            ProtocolError: The oracle does not show the roster.
            CommitmentError: What it shows is not what is posted, or the annotator is not on it.

        Example:
            >>> annotator.check_roster(campaign.record())
        """
        self.keep_place(Roster.checked(self.scope, record, self.transport.enrolled()))

    def keep_place(self, roster: Roster) -> None:
        """Keep the annotator's place on a roster that was checked; `CommitmentError` if it has none.

        Example:
            >>> annotator.keep_place(Roster.checked(scope, campaign.record(), oracle.intake.enrolled()))
        """
        self.book.set_roster_proof(roster.proof(self.address), list(roster.places))

    def submit(self, round_number: int, choices: Mapping[int, int]) -> Batch:
        """Seal labels, keep them, sign the commitment and hand it in.

        A batch that an earlier call could not deliver goes first. `client.working.parts` makes batches that
        the chain takes as well, should the oracle fail.

        Args:
            round_number: The current round.
            choices: Class by item.

        Raises:
            LabelError: A class that the task does not have.
            ProtocolError: The oracle refuses: the batch is kept among `refused`, its number is free.
            SignatureError: The receipt is not the oracle's: the batch is kept as not handed in.

        Example:
            >>> batch = annotator.submit(0, {0: 0, 1: 1, 2: 2})  # item: class
            >>> batch.commit.count, len(batch.receipt)
            (3, 65)
        """
        self.deliver()
        return self._deliver(self._keep(round_number, choices, alone=False))

    def deliver(self) -> None:
        """Hand in what an earlier call sealed and could not deliver.

        Raises:
            ProtocolError: The oracle refuses one: that batch is kept among `refused`, or to be committed
                alone if later ones build on it.
            SignatureError: A receipt is not the oracle's: the batch is kept as not handed in.

        Example:
            >>> annotator.deliver()
            >>> all(batch.receipt for batch in annotator.batches)
            True
        """
        for batch in self.batches:
            if not batch.receipt and not batch.alone:
                self._deliver(batch)

    def keep(self, round_number: int, choices: Mapping[int, int]) -> Batch:
        """Seal labels and keep them, for `commit_alone`: the oracle is not told.

        Raises:
            LabelError: A class that the task does not have.

        Example:
            >>> batch = annotator.keep(0, {0: 2, 1: 0})
            >>> batch.alone, batch.receipt
            (True, b'')
        """
        return self._keep(round_number, choices, alone=True)

    def _keep(self, round_number: int, choices: Mapping[int, int], *, alone: bool) -> Batch:
        commit, opening = self.seal(round_number, choices)
        self.book.add(commit, opening.items, opening.labels, alone=alone)
        return Batch(commit, opening, alone=alone)

    def _deliver(self, batch: Batch) -> Batch:
        name, number = batch.opening.commit_hash, batch.commit.batch
        signed = SignedCommit(self.address, batch.commit, self._signature(name), batch.opening.items)
        try:
            receipt = self.transport.commit(signed)
        except ProtocolError:
            self._put_aside(number)
            raise
        self._require_oracle(typed_data.receipt_hash(self.scope.campaign_id, self.address, name), receipt)
        self.book.set_receipt(number, receipt)
        return replace(batch, receipt=receipt)

    def _put_aside(self, number: int) -> None:
        """Nothing is forgotten: the oracle may have kept what it refused, and later batches count on."""
        if number == self.book.all()[-1].commit.batch:
            self.book.refuse(number)
        else:
            self.book.set_alone(number, alone=True)

    @property
    def refused(self) -> list[Batch]:
        """Batches that the oracle refused, by number; `reinstate` takes one up again.

        Example:
            >>> annotator.refused
            []
        """
        return [self._batch(kept) for kept in self.book.refused()]

    def reinstate(self, batch: Batch, *, alone: bool) -> None:
        """Take a refused batch up again, in place of what has its number.

        Either it is to be committed alone, or the oracle has included it after all.

        Example:
            >>> for batch in annotator.refused:
            ...     annotator.reinstate(batch, alone=True)
        """
        self.book.reinstate(batch.commit.root, alone=alone)

    def seal(self, round_number: int, choices: Mapping[int, int]) -> tuple[Commit, Opening]:
        """The next batch, unsent.

        Example:
            >>> commit, opening = annotator.seal(0, {0: 0, 1: 1, 2: 2})
            >>> opening.items
            (0, 1, 2)
        """
        before = self.book.all()
        number = len(before)
        form = self.spec.task.form
        labels = {item: form.encode(choices[item]) for item in sorted(choices)}
        return seal(
            self.scope,
            self.address,
            round_number=round_number,
            batch=number,
            committed_before=before[-1].commit.cumulative_count if before else 0,
            secret=self.batch_secret(number, labels),
            labels=labels,
        )

    def batch_secret(self, number: int, labels: Mapping[int, bytes]) -> Hash32:
        """The secret of a batch: derived from the key, so that losing this object loses no label's salt.

        It depends on the labels (canonical bytes by item), so that a batch that was refused and sealed anew
        shares no secret with the one that the oracle has seen: opening one says nothing of the other.

        Example:
            >>> labels = dict(zip(opening.items, opening.labels))
            >>> annotator.batch_secret(0, labels) == opening.secret
            True
        """
        items = sorted(labels)
        content = keccak(label_bytes(items, [labels[item] for item in items]))
        place = self.scope.campaign_id + number.to_bytes(4, "big")
        return self.signer.derive_secret(b"labelshare.batch.v1" + place + content)

    def check_included(self, batch: Batch, round_root: Hash32, proof: Sequence[bytes]) -> None:
        """Raise `CommitmentError` unless the root on chain includes the batch.

        Example:
            >>> proof = aggregate.proof(annotator.address, batch.opening.commit_hash, scope)
            >>> annotator.check_included(batch, contracts.registry.round_root(scope.campaign_id, 0), proof)
        """
        leaf = aggregate_leaf(self.scope, self.address, batch.opening.commit_hash)
        if not verify(round_root, leaf, proof):
            raise CommitmentError(f"round {batch.commit.round} lacks batch {batch.commit.batch}")

    def left_out(self, record: Record, number: int) -> list[Batch]:
        """Own batches of a round that the oracle left out of what it posted, or listed with other items.

        All of them where it posted nothing, or does not show what makes the posted root and hash. They are to
        be committed alone before the round's grace is over.

        Args:
            record: What the chain says after the round's close.
            number: The round.

        Example:
            >>> annotator.left_out(campaign.record(), 0)
            []
        """
        try:
            lists = Lists.checked(self.scope, record, number, self.transport.published(number))
        except (ProtocolError, InputError):
            lists = Lists(number, {})
        return self.missing_from(lists)

    def missing_from(self, lists: Lists) -> list[Batch]:
        """Own batches of a round that its lists, once checked, lack or show with other items.

        Example:
            >>> lists = Lists.checked(scope, campaign.record(), 0, oracle.intake.published(0))
            >>> annotator.missing_from(lists)
            []
        """
        own = [each for each in self.batches if each.commit.round == lists.round and not each.alone]
        return [each for each in own if lists.items.get((self.address, each.commit)) != each.opening.items]

    def keep_proof(self, batch: Batch, proof: Sequence[bytes]) -> None:
        """Keep where a batch is under its round's root, for the day on which the oracle does not show it.

        Example:
            >>> annotator.keep_proof(batch, proof)
            >>> annotator.batches[0].proof == tuple(proof)
            True
        """
        self.book.set_proof(batch.commit.root, proof)

    def open(self, batch: Batch) -> Batch:
        """Open a batch against the oracle's second receipt; the batch with it.

        Raises:
            ProtocolError: The oracle refuses.
            SignatureError: The receipt is not the oracle's.

        Example:
            >>> batch = annotator.open(batch)
            >>> len(batch.opening_receipt)
            65
        """
        receipt = self.transport.open(batch.opening)
        answer = opening_hash(batch.opening)
        self._require_oracle(
            typed_data.opening_receipt_hash(self.scope.campaign_id, self.address, answer), receipt
        )
        self.book.set_opening_receipt(batch.commit.batch, receipt)
        return replace(batch, opening_receipt=receipt)

    # ------------------------------------------------- where the oracle fails

    def enrol_alone(self, sender: Sender) -> None:
        """Enrol on chain, where the oracle refuses it or is silent; once, however often asked.

        Raises:
            RevertError: No whole seat, or enrolment is over. Nothing moves.

        Example:
            >>> annotator.enrol_alone(sender)
            >>> contracts.registry.enrolled_alone(scope.campaign_id, annotator.address)
            True
        """
        sender.catch_up(self.signer)
        registry = self._registry(sender)
        if not registry.enrolled_alone(self.scope.campaign_id, self.address):
            sender.send(self.signer, registry.enrol(self.params))

    def commit_alone(self, sender: Sender, batch: Batch, roster_proof: Sequence[bytes] | None = None) -> None:
        """Commit a batch on chain, where the oracle refuses it or is silent; once, however often asked.

        Its labels are in the store before; from now on it is not handed in to the oracle, whose refusal would
        forget them. Later batches must be committed alone as well: the oracle sees a gap in their numbers.

        Args:
            sender: The way to the chain.
            batch: Kept by `keep`, or by `submit` without a receipt.
            roster_proof: The annotator's place under the roster's root; by default the one that
                `check_roster` kept, or none, as for whoever enrolled alone.

        Raises:
            ProtocolError: The batch is not in the store; nothing was sent.
            RevertError: Not on the roster, or not in its round. Nothing moves.

        Example:
            >>> annotator.commit_alone(sender, batch)
            >>> [each.annotator == annotator.address for each in campaign.record().own_commits]
            [True]
        """
        name, number = batch.opening.commit_hash, batch.commit.batch
        if name not in {each.opening.commit_hash for each in self.batches}:
            raise ProtocolError(f"batch {number} is not in the store, and could not be opened later")
        self.book.set_alone(number, alone=True)
        sender.catch_up(self.signer)
        registry = self._registry(sender)
        if registry.commit_hash(self.scope.campaign_id, self.address, number) == name:
            return
        proof = (self.book.roster_proof() or ()) if roster_proof is None else roster_proof
        try:
            sender.send(self.signer, registry.commit(self.params, batch.commit, proof))
        except RevertError:
            self.book.set_alone(number, alone=False)
            raise

    def post_receipt(self, sender: Sender, batch: Batch) -> None:
        """Hold the oracle to its receipt for a batch that its root lacks: it answers or loses its bond.

        Raises:
            RevertError: Not between commitEnd and revealEnd, or posted before. Nothing moves.

        Example:
            >>> annotator.post_receipt(sender, batch)
            >>> contracts.registry.contest(scope.campaign_id).receipts
            1
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

        Example:
            >>> annotator.post_reveal(sender, batch, proof=None)
            >>> [each.annotator == annotator.address for each in campaign.record().reveals]
            [True]
        """
        opening = batch.opening
        signature = b"" if proof is None else self._signature(opening.commit_hash)
        inclusion = Inclusion(self.address, batch.commit, signature, tuple(proof or ()))
        labels = label_bytes(opening.items, opening.labels)
        call = self._registry(sender).post_reveal(self.params, inclusion, opening.secret, labels)
        sender.send(self.signer, call)

    # -------------------------------------------------------------- helpers

    @cached_property
    def book(self) -> Batches:
        """What is kept, as rows.

        Example:
            >>> annotator.book.drafts()
            {}
        """
        return Batches(self.database, self.scope.campaign_id, self.address, Vault.of(self.signer))

    def _batch(self, kept: Kept) -> Batch:
        name = typed_data.commit_hash(self.scope.campaign_id, kept.commit)
        labels = dict(zip(kept.items, kept.labels, strict=True))
        secret = self.batch_secret(kept.commit.batch, labels)
        opening = Opening(self.address, name, secret, kept.items, kept.labels)
        receipts = (kept.receipt, kept.opening_receipt)
        return Batch(kept.commit, opening, *receipts, kept.alone, kept.proof)

    def _registry(self, sender: Sender) -> Registry:
        return Registry(sender.chain, self.scope.registry)

    def _signature(self, name: Hash32) -> bytes:
        """Over the commitment of that hash; the same each time (RFC 6979)."""
        return self.signer.sign_digest(typed_data.digest(self.scope, name))

    def _require_oracle(self, struct_hash: Hash32, signature: bytes) -> None:
        digest = typed_data.digest(self.scope, struct_hash)
        typed_data.require_signer(digest, signature, self.params.oracle)
