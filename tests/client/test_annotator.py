"""An annotator's client believes the oracle's signature and the chain's root, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from labelshare.chain.keys import Signer
from labelshare.client.annotator import Annotator
from labelshare.errors import CommitmentError, LabelError, SignatureError
from labelshare.oracle.intake import Intake
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, opening_hash, salts
from labelshare.protocol.rounds import aggregate
from labelshare.types import Address, CampaignId, Hash32, Scope, keccak
from tests.oracle.stage import Stage, build, nothing_changes


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
        assert annotator.batches == []


def test_the_oracles_receipt_for_somebody_else_is_refused(stage: Stage) -> None:
    annotator = client(stage, Impostor(stage.scope, stage.oracle, names=stage.people["ben"].address))

    with pytest.raises(SignatureError, match=f"not by {stage.oracle.address}"):
        annotator.submit(0, {0: 1})

    assert annotator.batches == []


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


# --------------------------------------------------------------------------- inclusion


def test_a_root_without_the_batch_is_noticed(stage: Stage) -> None:
    ann, ben = client(stage, stage.intake), stage.annotators["ben"]
    commit, opening = ann.seal(0, dict.fromkeys(stage.free_items("ann")[:2], 1))
    name = typed_data.digest(stage.scope, opening.commit_hash)
    mine = SignedCommit(ann.address, commit, stage.people["ann"].sign_digest(name), opening.items)
    theirs = next(iter(stage.intake.commits.values()))
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
    theirs = next(iter(stage.intake.commits.values()))
    altered = replace(theirs, commit=replace(theirs.commit, root=keccak(b"other labels")))

    with pytest.raises(CommitmentError, match="round 0 lacks batch 0"):
        ben.check_included(batch, aggregate(stage.scope, 0, [altered]).root, [])


# ----------------------------------------------------------------------------- secrets


def test_secrets_differ_by_batch_campaign_chain_and_annotator_and_come_again_from_the_key(
    stage: Stage,
) -> None:
    other = replace(stage.scope, campaign_id=CampaignId(keccak(b"another")))
    mine = client(stage, stage.intake)
    elsewhere = Annotator(stage.people["ann"], other, stage.params, stage.spec, stage.intake)
    secrets = [mine.batch_secret(number) for number in range(50)]
    secrets += [elsewhere.batch_secret(number) for number in range(50)]
    secrets += [client(stage, stage.intake, "ben").batch_secret(number) for number in range(50)]

    assert len(set(secrets)) == 150
    assert [client(stage, stage.intake).batch_secret(number) for number in range(50)] == secrets[:50]
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
