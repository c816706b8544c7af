"""An annotator's client believes the oracle's signature and the chain's root, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from labelshare.chain.keys import Signer
from labelshare.client.annotator import Annotator, Batch
from labelshare.errors import CommitmentError, LabelError, ProtocolError, RevertError, SignatureError
from labelshare.oracle.intake import Intake
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, opening_hash, salts
from labelshare.protocol.leaves import roster_leaf
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.rounds import aggregate
from labelshare.types import Address, CampaignId, Hash32, Scope, keccak
from tests.databases import fresh
from tests.oracle.stage import ITEMS, Stage, build, nothing_changes


@pytest.fixture(scope="module")
def stage() -> Stage:
    """Round 0; ben has handed in two labels."""
    return build().accept().enrol().draw().begin().label("ben")


@dataclass
class Impostor:
    """Somebody between annotator and oracle who answers with receipts of its own making."""

    scope: Scope
    signer: Signer
    names: Address | None = None

    def enrol(self, enrolment: Enrolment) -> None:
        pass

    def enrolled(self) -> list[Address]:
        return []

    def published(self, number: int) -> list[SignedCommit]:
        raise ProtocolError(f"nothing is shown of round {number}")

    def commit(self, signed: SignedCommit) -> bytes:
        name = typed_data.commit_hash(self.scope.campaign_id, signed.commit)
        annotator = self.names or signed.annotator
        return self._sign(typed_data.receipt_hash(self.scope.campaign_id, annotator, name))

    def open(self, opening: Opening) -> bytes:
        annotator = self.names or opening.annotator
        answer = opening_hash(opening)
        return self._sign(typed_data.opening_receipt_hash(self.scope.campaign_id, annotator, answer))

    def _sign(self, struct_hash: Hash32) -> bytes:
        return self.signer.sign_digest(typed_data.digest(self.scope, struct_hash))


def client(stage: Stage, transport: Intake | Impostor, name: str = "ann") -> Annotator:
    return Annotator(stage.people[name], stage.scope, stage.params, stage.spec, transport)


# ---------------------------------------------------------------------------- receipts


def test_receipts_signed_by_anyone_but_the_oracle_are_refused(stage: Stage) -> None:
    for signer in (stage.stranger, stage.requester, stage.people["ann"]):
        annotator = client(stage, Impostor(stage.scope, signer))
        with pytest.raises(
            SignatureError, match=f"signed by {signer.address}, not by {stage.oracle.address}"
        ):
            annotator.submit(0, {0: 1})
        assert [batch.receipt for batch in annotator.batches] == [b""]


def test_the_oracles_receipt_for_somebody_else_is_refused(stage: Stage) -> None:
    annotator = client(stage, Impostor(stage.scope, stage.oracle, names=stage.people["ben"].address))

    with pytest.raises(SignatureError, match=f"not by {stage.oracle.address}"):
        annotator.submit(0, {0: 1})

    assert [batch.receipt for batch in annotator.batches] == [b""]


@pytest.mark.parametrize("change", [{"campaign_id": CampaignId(keccak(b"another"))}, {"chain_id": 1}])
def test_the_oracles_receipt_for_another_campaign_or_chain_is_refused(
    stage: Stage, change: dict[str, Any]
) -> None:
    foreign = replace(stage.scope, **change)
    annotator = client(stage, Impostor(foreign, stage.oracle))

    with pytest.raises(SignatureError, match=f"not by {stage.oracle.address}"):
        annotator.submit(0, {0: 1})


def test_an_opening_receipt_signed_by_a_stranger_is_refused(stage: Stage) -> None:
    batch = stage.annotators["ben"].batches[0]
    annotator = client(stage, Impostor(stage.scope, stage.stranger), "ben")

    with pytest.raises(SignatureError, match=f"signed by {stage.stranger.address}"):
        annotator.open(batch)

    assert batch.opening_receipt == b""


def test_receipts_of_the_oracle_are_kept() -> None:
    """With an honest oracle, on a campaign of its own: both receipts recover to it."""
    own = build().accept().enrol().draw().work(ann=2).reveal("ann")
    annotator = own.annotators["ann"]
    (batch,) = annotator.batches
    campaign = own.scope.campaign_id

    for struct, receipt in (
        (typed_data.receipt_hash(campaign, annotator.address, batch.opening.commit_hash), batch.receipt),
        (
            typed_data.opening_receipt_hash(campaign, annotator.address, opening_hash(batch.opening)),
            batch.opening_receipt,
        ),
    ):
        assert typed_data.recover(typed_data.digest(own.scope, struct), receipt) == own.oracle.address


# --------------------------------------------------------------- what is kept, and for how long


@dataclass
class Silent:
    """An oracle that does not answer, though it may have heard."""

    heard_by: Intake | None = None

    def enrol(self, enrolment: Enrolment) -> None:
        raise ConnectionError(enrolment)

    def enrolled(self) -> list[Address]:
        raise ConnectionError

    def published(self, number: int) -> list[SignedCommit]:
        raise ConnectionError(number)

    def commit(self, signed: SignedCommit) -> bytes:
        if self.heard_by:
            self.heard_by.commit(signed)
        raise ConnectionError

    def open(self, opening: Opening) -> bytes:
        raise ConnectionError(opening)


@pytest.fixture
def own() -> Stage:
    """Round 0 of a campaign of one's own."""
    return build().accept().enrol().draw().begin()


@pytest.mark.parametrize("is_heard", [True, False])
def test_what_a_silent_oracle_did_not_answer_goes_first_the_next_time(own: Stage, *, is_heard: bool) -> None:
    first, second = ({item: 1} for item in own.free_items("ann")[:2])
    ann, database = own.people["ann"], fresh()
    silent = own.annotator(ann, database)
    silent.transport = Silent(own.intake if is_heard else None)
    with pytest.raises(ConnectionError):
        silent.submit(0, first)
    with pytest.raises(ConnectionError):
        silent.submit(0, second)
    (kept,) = own.annotator(ann, database).batches
    assert (kept.receipt, kept.opening.items) == (b"", tuple(first))

    later = own.annotator(ann, database)
    later.submit(0, second)

    assert [batch.opening.items for batch in later.batches] == [tuple(first), tuple(second)]
    assert all(batch.receipt for batch in later.batches)
    assert [signed.commit for signed in own.engine.book.commits()] == [each.commit for each in later.batches]


def test_what_was_not_answered_can_be_handed_in_alone(own: Stage) -> None:
    items, ann = own.free_items("ann")[:2], own.annotators["ann"]
    honest, ann.transport = ann.transport, Silent()
    with pytest.raises(ConnectionError):
        ann.submit(0, dict.fromkeys(items, 1))
    ann.transport = honest

    ann.deliver()

    assert [bool(batch.receipt) for batch in ann.batches] == [True]
    with nothing_changes(own):
        ann.deliver()


def test_what_the_oracle_refuses_is_put_aside_and_not_forgotten(own: Stage) -> None:
    ann, items = own.annotators["ann"], own.free_items("ann")
    own.label("ann", count=1)
    foreign = min(set(range(ITEMS)) - set(items))
    with pytest.raises(CommitmentError, match="is not assigned to"):
        ann.submit(0, {foreign: 1})
    assert len(ann.batches) == 1

    own.label("ann", count=1)

    assert [(each.commit.batch, each.commit.cumulative_count) for each in ann.batches] == [(0, 1), (1, 2)]
    (refused,) = ann.refused
    assert (refused.commit.batch, refused.opening.items) == (1, (foreign,))
    assert refused.name == typed_data.commit_hash(own.scope.campaign_id, refused.commit)


def test_what_the_oracle_refuses_stays_where_later_batches_build_on_it(own: Stage) -> None:
    ann, items = own.annotators["ann"], own.free_items("ann")
    ann.transport = Silent()
    with pytest.raises(ConnectionError):
        ann.submit(0, {items[0]: 1})
    ann.keep(0, {items[1]: 1})
    own.engine.post_commits(0)
    ann.transport = own.intake

    with pytest.raises(CommitmentError, match="does not take batches now"):
        ann.deliver()

    assert [(each.commit.batch, each.alone) for each in ann.batches] == [(0, True), (1, True)]
    assert ann.refused == []


def test_labels_are_in_the_store_before_anybody_hears_of_them(own: Stage) -> None:
    ann = own.annotators["ann"]
    seen: list[tuple[Batch, ...]] = []

    class Watching(Silent):
        def commit(self, signed: SignedCommit) -> bytes:
            seen.append(tuple(ann.batches))
            return own.intake.commit(signed)

    ann.transport = Watching()
    batch = own.label("ann").annotators["ann"].batches[0]

    assert seen == [(replace(batch, receipt=b""),)]


def test_another_process_knows_batches_and_receipts(own: Stage) -> None:
    own.label("ann").label("ann", count=1)
    own.engine.post_commits(0)
    own.reveal("ann")
    batches = own.annotators["ann"].batches

    assert own.annotator(own.people["ann"]).batches == batches
    assert all(batch.receipt and batch.opening_receipt for batch in batches)
    assert own.annotator(own.people["ben"]).batches == []
    assert own.annotator(own.people["ann"], fresh()).batches == []


# ------------------------------------------------------------------------ on chain alone


def roster_proof(stage: Stage, name: str) -> list[bytes]:
    """An annotator's place under the root of those that enrolled by signature."""
    enrolled = sorted(each.annotator for each in stage.engine.book.enrolments())
    leaves = [roster_leaf(stage.scope, each) for each in enrolled]
    return MerkleTree(leaves).proof(enrolled.index(stage.people[name].address))


def test_what_a_silent_oracle_did_not_answer_is_committed_alone_and_never_lost(own: Stage) -> None:
    """The labels go to the chain, and to no oracle that could refuse them in the next round."""
    ann, registry = own.annotators["ann"], own.contracts.registry
    ann.transport = Silent()
    with pytest.raises(ConnectionError):
        ann.submit(0, dict.fromkeys(own.free_items("ann")[:2], 1))
    (batch,) = ann.batches

    ann.commit_alone(own.sender, batch, roster_proof(own, "ann"))

    name = batch.opening.commit_hash
    assert registry.commit_hash(own.scope.campaign_id, ann.address, 0) == name
    with nothing_changes(own):
        own.annotator(ann.signer).commit_alone(own.sender, batch, roster_proof(own, "ann"))
    own.engine.post_commits(0)
    own.begin(1)
    ann.transport = own.intake
    with pytest.raises(CommitmentError, match="follows a gap"):
        ann.submit(1, {own.free_items("ann")[0]: 1})
    ann.deliver()
    assert own.annotator(ann.signer).batches == [replace(batch, alone=True)]
    own.reveal()
    ann.post_reveal(own.sender, batch, proof=None)
    built = own.settle()
    assert {row.account for row in built.payouts} == {ann.address}


def test_what_the_oracle_refuses_is_kept_for_the_chain(own: Stage) -> None:
    """It has ended the round early."""
    ann, choices = own.annotators["ann"], dict.fromkeys(own.free_items("ann")[:2], 1)
    own.engine.post_commits(0)
    with pytest.raises(CommitmentError, match="round 0 does not take batches"):
        ann.submit(0, choices)

    batch = ann.keep(0, choices)
    assert own.annotator(ann.signer).batches == [batch]
    with nothing_changes(own):
        ann.deliver()
    ann.commit_alone(own.sender, batch, roster_proof(own, "ann"))

    committed = own.contracts.registry.commit_hash(own.scope.campaign_id, ann.address, 0)
    assert committed == batch.opening.commit_hash
    assert ann.batches == [batch]


def test_a_batch_is_in_the_store_before_it_is_on_chain(own: Stage) -> None:
    ann = own.annotators["ann"]
    commit, opening = ann.seal(0, dict.fromkeys(own.free_items("ann")[:2], 1))
    own.label("ann", count=1)

    with nothing_changes(own), pytest.raises(ProtocolError, match="batch 0 is not in the store"):
        ann.commit_alone(own.sender, Batch(commit, opening), roster_proof(own, "ann"))


def test_a_batch_that_the_chain_refuses_is_the_oracles_again(own: Stage) -> None:
    ann = own.annotators["ann"]
    batch = ann.keep(0, dict.fromkeys(own.free_items("ann")[:2], 1))
    with nothing_changes(own), pytest.raises(RevertError, match="commit"):
        ann.commit_alone(own.sender, batch)  # without its place on the roster

    own.label("ann", count=1)

    assert [(bool(each.receipt), each.alone) for each in ann.batches] == [(True, False)] * 2


# --------------------------------------------------------------------------- inclusion


def test_a_root_without_the_batch_is_noticed(stage: Stage) -> None:
    ann, ben = client(stage, stage.intake), stage.annotators["ben"]
    commit, opening = ann.seal(0, dict.fromkeys(stage.free_items("ann")[:2], 1))
    name = typed_data.digest(stage.scope, opening.commit_hash)
    mine = SignedCommit(ann.address, commit, stage.people["ann"].sign_digest(name), opening.items)
    (theirs,) = stage.engine.book.commits()
    both, without = aggregate(stage.scope, 0, [mine, theirs]), aggregate(stage.scope, 0, [theirs])
    (batch,) = ben.batches
    proof = both.proof(ben.address, batch.opening.commit_hash, stage.scope)

    ben.check_included(batch, both.root, proof)
    ben.check_included(batch, without.root, [])
    for root, steps in (
        (both.root, []),
        (both.root, [bytes(32)]),
        (without.root, proof),
        (Hash32(bytes(32)), proof),
        (aggregate(stage.scope, 0, [mine]).root, []),
    ):
        with pytest.raises(CommitmentError, match="round 0 lacks batch 0"):
            ben.check_included(batch, root, steps)
    with pytest.raises(CommitmentError, match=r"commitment 0x\w+ of 0x\w+ is not in round 0"):
        without.proof(ann.address, opening.commit_hash, stage.scope)


def test_a_root_with_an_altered_batch_is_noticed(stage: Stage) -> None:
    ben = stage.annotators["ben"]
    (batch,) = ben.batches
    (theirs,) = stage.engine.book.commits()
    altered = replace(theirs, commit=replace(theirs.commit, root=keccak(b"other labels")))

    with pytest.raises(CommitmentError, match="round 0 lacks batch 0"):
        ben.check_included(batch, aggregate(stage.scope, 0, [altered]).root, [])


# ----------------------------------------------------------------------------- secrets


def test_secrets_differ_by_batch_labels_campaign_and_annotator_and_come_again_from_the_key(
    stage: Stage,
) -> None:
    other = replace(stage.scope, campaign_id=CampaignId(keccak(b"another")))
    mine = client(stage, stage.intake)
    elsewhere = Annotator(stage.people["ann"], other, stage.params, stage.spec, stage.intake)
    labels, others = {0: b"\1\0\0", 1: b"\1\0\1"}, {0: b"\1\0\0", 1: b"\1\0\0"}
    secrets = [mine.batch_secret(number, labels) for number in range(50)]
    secrets += [elsewhere.batch_secret(number, labels) for number in range(50)]
    secrets += [client(stage, stage.intake, "ben").batch_secret(number, labels) for number in range(50)]

    assert len(set(secrets)) == 150
    assert mine.batch_secret(0, others) not in secrets
    assert [client(stage, stage.intake).batch_secret(number, labels) for number in range(50)] == secrets[:50]
    assert len({salt for secret in secrets for salt in salts(secret, range(20))}) == 3_000


def test_a_client_that_lost_everything_but_its_key_opens_what_it_sealed(stage: Stage) -> None:
    choices = dict.fromkeys(stage.free_items("cleo")[:3], 2)
    before, after = client(stage, stage.intake, "cleo"), client(stage, stage.intake, "cleo")

    assert before.seal(0, choices) == after.seal(0, choices)


def test_batches_are_numbered_and_summed_up() -> None:
    own = build().accept().enrol().draw().begin()
    for count in (1, 2, 1):
        own.label("ann", count=count)

    commits = [batch.commit for batch in own.annotators["ann"].batches]

    assert [(each.batch, each.count, each.cumulative_count) for each in commits] == [
        (0, 1, 1),
        (1, 2, 3),
        (2, 1, 4),
    ]
    assert len({each.root for each in commits}) == 3


def test_labels_that_the_task_does_not_have_are_not_sealed(stage: Stage) -> None:
    annotator = client(stage, stage.intake)

    with nothing_changes(stage):
        with pytest.raises(LabelError, match="class 3 of 3 does not exist"):
            annotator.submit(0, {0: 3})
        with pytest.raises(LabelError, match="class -1 of 3 does not exist"):
            annotator.submit(0, {0: -1})
        with pytest.raises(CommitmentError, match="1 to 65536 labels"):
            annotator.submit(0, {})
    assert annotator.batches == []
