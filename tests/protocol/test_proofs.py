"""Proofs of single labels hold under the roots that the settlement posts, whatever the campaign was like."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from labelshare.errors import EvidenceError, NotFoundError
from labelshare.protocol.evidence import (
    CommitRow,
    OpeningRow,
    SpecRow,
    SummaryRow,
    TruthRow,
    read,
    write_row,
)
from labelshare.protocol.labels import digest
from labelshare.protocol.leaves import label_leaves, truth_leaf
from labelshare.protocol.merkle import verify as leads_to
from labelshare.protocol.proofs import Verdicts
from labelshare.protocol.spec import Spec
from labelshare.protocol.verify import verify
from labelshare.types import Hash32
from tests.protocol.campaigns import Kind, Settled, kinds, settle
from tests.protocol.world import account, propose, small_world


def spec_of(found: Settled) -> Spec:
    return next(Spec.parse(row.data) for row in read(found.lines) if isinstance(row, SpecRow))


@settings(max_examples=60, deadline=None)
@given(kind=kinds)
def test_every_label_that_counts_is_proven_and_no_other(kind: Kind) -> None:
    found = settle(kind)
    assert found.record.posted is not None
    on_chain, scope = found.record.posted.settlement, found.record.scope

    verdicts = Verdicts.read(found.record, spec_of(found), found.lines)

    assert sum(map(len, verdicts.counted.values())) == verify(found.record, found.bundle).labels
    for annotator, own in verdicts.counted.items():
        for item, label in own.items():
            proof = verdicts.label_proof(annotator, item)
            name = bytes(digest(label.label))
            (leaf,) = label_leaves(scope, annotator, label.batch, [item], [name])
            assert proof.leaf == bytes(leaf)
            assert leads_to(on_chain.label_root, bytes(leaf), proof.proof)
            (other,) = label_leaves(scope, annotator, label.batch + 1, [item], [name])
            assert not leads_to(on_chain.label_root, bytes(other), proof.proof)
    for item, row in verdicts.truths.items():
        truth = verdicts.truth_proof(item)
        assert truth.leaf == truth_leaf(scope, row.leaf)
        assert leads_to(on_chain.truth_root, truth.leaf, truth.proof)
        flipped = truth_leaf(scope, replace(row.leaf, accepted=not row.accepted))
        assert not leads_to(on_chain.truth_root, flipped, truth.proof)


WORLD = small_world()
BUILT = WORLD.build()
RECORD = propose(WORLD.record(), BUILT)


def test_what_is_not_there_is_not_proven() -> None:
    verdicts = Verdicts.read(RECORD, WORLD.spec, [BUILT.bundle])
    nobody = account("nobody")
    with pytest.raises(NotFoundError, match="no label of item 0"):
        verdicts.label_proof(nobody, 0)
    with pytest.raises(NotFoundError, match="no verdict"):
        verdicts.truth_proof(99)
    assert verdicts.answers(nobody) == {}


def test_votes_are_those_of_the_others() -> None:
    verdicts = Verdicts.read(RECORD, WORLD.spec, [BUILT.bundle])
    for item in verdicts.truths:
        givers = {who for who, own in verdicts.counted.items() if item in own}
        for who in (*givers, account("nobody")):
            assert verdicts.votes(item, without=who).total() == len(givers - {who})


def test_a_bundle_whose_labels_make_another_root_is_refused() -> None:
    rows = [
        replace(row, label_root=Hash32(bytes(32))) if isinstance(row, SummaryRow) else row
        for row in BUILT.rows
    ]
    with pytest.raises(EvidenceError, match="do not make the root"):
        Verdicts.read(RECORD, WORLD.spec, map(write_row, rows))

    swapped = [
        replace(row, labels=row.labels[::-1]) if isinstance(row, OpeningRow) else row for row in BUILT.rows
    ]
    with pytest.raises(EvidenceError, match="do not make the root"):
        Verdicts.read(RECORD, WORLD.spec, map(write_row, swapped))

    lost = [row for row in BUILT.rows if not isinstance(row, CommitRow)]
    with pytest.raises(EvidenceError, match="not in the bundle"):
        Verdicts.read(RECORD, WORLD.spec, map(write_row, lost))
    assert any(isinstance(row, TruthRow) for row in lost)
