"""What is filed of a settlement is what its bundle says, and is asked for without reading that again."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from labelshare.errors import EvidenceError, NotFoundError
from labelshare.oracle.filing import Files, Unread
from labelshare.oracle.findings import Filed, file_apart, write_files
from labelshare.oracle.settled import reasons_for
from labelshare.protocol.evidence import SpecRow, bundle_hash, read
from labelshare.protocol.merkle import verify
from labelshare.protocol.proofs import Verdicts
from labelshare.protocol.spec import Spec
from labelshare.store.bundles import Bundle, find_bundle
from labelshare.store.messages import Messages
from labelshare.types import Address, Hash32
from tests.databases import fresh
from tests.oracle.stage import build
from tests.protocol.campaigns import Kind, Settled, kinds, settle

ITEM = 2
STRANGER = Address(b"\x07" * 20)


def spec_of(found: Settled) -> Spec:
    return next(Spec.parse(row.data) for row in read(found.lines) if isinstance(row, SpecRow))


@cache
def plain() -> Settled:
    """A campaign that real people worked in on a real chain."""
    stage = build().accept().enrol().draw().work().reveal("ann", "ben", "cleo", "dora")
    built = stage.settle()
    return Settled(stage.record(), built.bundle)


@settings(max_examples=20, deadline=None)
@given(kind=kinds)
def test_what_is_filed_is_what_the_bundle_says(kind: Kind) -> None:
    found = settle(kind)
    spec, name = spec_of(found), bundle_hash(found.lines)
    verdicts = Verdicts.read(found.record, spec, found.lines)
    with TemporaryDirectory() as folder:
        write_files(found.record, spec, iter(found.lines), Path(folder), name)
        filed = Filed.find(found.record, spec, Path(folder), name)
        assert filed is not None
        for account in {*verdicts.counted, *verdicts.scores, *verdicts.payouts, STRANGER}:
            _same(verdicts, filed, account)
        assert filed.median_pay == _median_pay(verdicts)
        for item in range(len(spec.items) + 1):
            if item in verdicts.truths:
                assert filed.truth_proof(item) == verdicts.truth_proof(item)
            else:
                with pytest.raises(NotFoundError):
                    filed.truth_proof(item)


def _median_pay(verdicts: Verdicts) -> int | None:
    earned = {each: len(verdicts.answers(each)) for each in verdicts.counted}
    pays = {each: verdicts.payouts.get(each) for each in earned}
    per_label = [row.payout // earned[each] if row else 0 for each, row in pays.items() if earned[each]]
    return median_low(per_label) if per_label else None


def _same(verdicts: Verdicts, filed: Filed, account: Address) -> None:
    own = filed.of(account)
    assert own.scores.get(account) == verdicts.scores.get(account)
    assert own.payouts.get(account) == verdicts.payouts.get(account)
    assert reasons_for(own, account) == reasons_for(verdicts, account)
    assert list(own.truths) == sorted(verdicts.truths)
    answers = verdicts.answers(account)
    assert {item: (each.batch, each.label) for item, each in own.answers(account).items()} == {
        item: (each.batch, each.label) for item, each in answers.items()
    }
    for item in answers:
        proof = filed.label_proof(account, item)
        assert proof == verdicts.label_proof(account, item)
        assert verify(proof.root, proof.leaf, proof.proof)
        assert filed.votes(item, without=account) == verdicts.votes(item, without=account)
    with pytest.raises(NotFoundError):
        filed.label_proof(account, len(filed.spec.items))


def kept(found: Settled) -> Bundle:
    database, name = fresh(), bundle_hash(found.lines)
    Messages(database, found.record.campaign_id).keep_bundle(name, b"".join(found.lines))
    bundle = find_bundle(database, found.record.campaign_id, name)
    assert bundle is not None
    return bundle


def test_a_small_bundle_is_filed_by_whoever_asks_first(tmp_path: Path) -> None:
    found = plain()
    bundle, spec = kept(found), spec_of(found)
    files = Files(tmp_path)
    first = files.find(bundle, spec, lambda: found.record)
    assert files.find(bundle, spec, lambda: found.record) is first
    assert Files(tmp_path).find(bundle, spec, lambda: found.record).truth_proof(ITEM) == first.truth_proof(
        ITEM
    )
    assert [each.name.partition("-")[0] for each in tmp_path.iterdir()] == [bundle.name.hex()]


def test_a_large_bundle_is_filed_beside_everything_else(tmp_path: Path) -> None:
    found = plain()
    bundle, spec, files = kept(found), spec_of(found), Files(tmp_path, at_once=0)
    with pytest.raises(Unread) as asked:
        files.find(bundle, spec, lambda: found.record)
    assert asked.value.retry_after
    files.wait()
    filed = files.find(bundle, spec, lambda: found.record)
    assert filed.truth_proof(ITEM) == Verdicts.read(found.record, spec, found.lines).truth_proof(ITEM)
    assert len(list(tmp_path.iterdir())) == 1, "something was left behind"


def test_a_bundle_that_cannot_be_read_leaves_nothing(tmp_path: Path) -> None:
    found = plain()
    spec, name = spec_of(found), bundle_hash(found.lines)
    wrong = [*found.lines[:-1], b"{}\n"]
    with pytest.raises(EvidenceError):
        write_files(found.record, spec, iter(wrong), tmp_path, name)
    with pytest.raises(EvidenceError):
        file_apart(found.record, spec, iter(wrong), tmp_path, name)
    assert list(tmp_path.iterdir()) == []
    assert Filed.find(found.record, spec, tmp_path, name) is None

    database = fresh()
    Messages(database, found.record.campaign_id).keep_bundle(name, b"".join(wrong))
    bundle = find_bundle(database, found.record.campaign_id, name)
    assert bundle is not None
    files = Files(tmp_path, at_once=0)
    with pytest.raises(Unread):
        files.find(bundle, spec, lambda: found.record)
    files.wait()
    with pytest.raises(EvidenceError):
        files.find(bundle, spec, lambda: found.record)


def test_files_of_a_process_end_with_it() -> None:
    found = plain()
    files = Files()
    files.find(kept(found), spec_of(found), lambda: found.record)
    folder = files.folder
    assert folder is not None
    assert folder.exists()
    del files
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not folder.exists()


def test_no_bundle_of_another_name_is_found() -> None:
    found = plain()
    bundle = kept(found)
    assert find_bundle(bundle.database, bundle.campaign, Hash32(bytes(32))) is None
