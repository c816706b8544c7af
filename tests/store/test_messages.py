"""What goes into a table comes out of it, to the byte."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelshare.chain.keys import Signer
from labelshare.errors import StoreError
from labelshare.protocol.commitments import MAX_ITEMS, Enrolment, Opening, SignedCommit
from labelshare.protocol.typed_data import commit_hash
from labelshare.store.batches import Batches, Kept
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.store.progress import Progress
from labelshare.store.schema import metadata
from labelshare.store.vault import Vault
from labelshare.types import Address, CampaignId, Commit, Hash32, keccak
from tests.oracle.stage import small_spec

CAMPAIGN = CampaignId(keccak(b"campaign"))
ANN, BEN = Address(b"\1" * 20), Address(b"\2" * 20)
KEY = Signer(bytes(range(1, 33)))
VAULT = Vault.of(KEY)
TAKEN = "UNIQUE constraint failed|duplicate key value violates unique constraint"

numbers = st.integers(0, 2**32 - 1)
hashes = st.binary(min_size=32, max_size=32).map(Hash32)
addresses = st.binary(min_size=20, max_size=20).map(Address)
signatures = st.binary(max_size=70)
commits = st.builds(Commit, numbers, numbers, hashes, numbers, numbers)
label_maps = st.dictionaries(st.integers(0, MAX_ITEMS - 1), st.binary(max_size=40), min_size=1, max_size=30)
signed_commits = st.builds(
    SignedCommit,
    annotator=st.sampled_from([ANN, BEN]) | addresses,
    commit=commits,
    signature=signatures,
    items=label_maps.map(lambda labels: tuple(sorted(labels))),
)

every = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def database(shared: Database) -> Database:
    emptied(shared)
    return shared


def emptied(database: Database) -> Database:
    with database.writing() as connection:
        if database.engine.dialect.name == "postgresql":  # many small questions take it long
            connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)}")
        else:
            for table in metadata.tables.values():
                connection.execute(table.delete())
    return database


def parted(labels: dict[int, bytes]) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    items = tuple(sorted(labels))
    return items, tuple(labels[item] for item in items)


# --------------------------------------------------------------------------- the oracle's


@every
@given(st.dictionaries(addresses, signatures, max_size=5))
def test_enrolments_come_back(shared: Database, signed: dict[Address, bytes]) -> None:
    book = Messages(emptied(shared), CAMPAIGN, VAULT)
    enrolments = [Enrolment(annotator, signature) for annotator, signature in signed.items()]
    for each in enrolments:
        assert not book.has_enrolled(each.annotator)
        book.add_enrolment(each)

    assert book.enrolments() == sorted(enrolments, key=lambda each: each.annotator)
    assert all(book.has_enrolled(each.annotator) for each in enrolments)


@every
@given(
    st.lists(
        st.builds(
            SignedCommit,
            st.sampled_from([ANN, BEN]) | addresses,
            commits,
            signatures,
            label_maps.map(lambda each: parted(each)[0]),
        ),
        max_size=5,
        unique_by=(lambda each: (each.annotator, each.commit.batch), lambda each: each.annotator),
    ),
    numbers,
)
def test_commitments_come_back(shared: Database, signed: list[SignedCommit], before: int) -> None:
    book = Messages(emptied(shared), CAMPAIGN, VAULT)
    for each in signed:
        book.add_commit(commit_hash(CAMPAIGN, each.commit), each)

    ordered = sorted(signed, key=lambda each: (each.annotator, each.commit.batch))
    assert book.commits() == ordered
    assert book.commits(before) == [each for each in ordered if each.commit.round < before]
    for each in signed:
        assert book.commit(each.annotator, commit_hash(CAMPAIGN, each.commit)) == each
        assert book.last_commit(each.annotator) == each


@every
@given(st.builds(Opening, addresses, hashes, hashes, st.just(()), st.just(())), label_maps)
def test_openings_come_back(shared: Database, opening: Opening, labels: dict[int, bytes]) -> None:
    book = Messages(emptied(shared), CAMPAIGN, VAULT)
    items, texts = parted(labels)
    whole = Opening(opening.annotator, opening.commit_hash, opening.secret, items, texts)
    assert book.opening(whole.annotator, whole.commit_hash) is None

    book.add_opening(whole)

    assert book.opening(whole.annotator, whole.commit_hash) == whole
    assert book.openings() == [whole]


OTHER = CampaignId(keccak(b"another campaign"))


def test_the_rounds_of_batches_are_told_and_no_others(database: Database) -> None:
    assert Progress(database, CAMPAIGN).rounds() == frozenset()
    for campaign, annotator, number in (
        (CAMPAIGN, ANN, 7),
        (CAMPAIGN, ANN, 0),
        (CAMPAIGN, BEN, 7),
        (OTHER, BEN, 3),
    ):
        signed = SignedCommit(annotator, Commit(number, number, keccak(b"labels"), 2, 2), b"\3" * 65, (1, 5))
        Messages(database, campaign, VAULT).add_commit(commit_hash(campaign, signed.commit), signed)
    assert Progress(database, CAMPAIGN).rounds() == {0, 7}
    assert Progress(database, OTHER).rounds() == {3}


def test_a_batch_is_unopened_until_its_opening_is_in(database: Database) -> None:
    book = Messages(database, CAMPAIGN, VAULT)
    names: dict[tuple[Address, int], tuple[Address, Hash32]] = {}
    for annotator, number in ((ANN, 0), (ANN, 1), (BEN, 0), (BEN, 2)):
        commit = Commit(number, number, keccak(b"labels"), 2, 2)
        names[annotator, number] = annotator, commit_hash(CAMPAIGN, commit)
        book.add_commit(names[annotator, number][1], SignedCommit(annotator, commit, b"\3" * 65, (1, 5)))
    progress = Progress(database, CAMPAIGN)
    of_rounds = {names[ANN, 0], names[BEN, 0], names[ANN, 1]}
    assert progress.unopened({0, 1}, 9) == of_rounds
    assert len(progress.unopened({0, 1}, 2)) == 2
    assert progress.opened(of_rounds) == frozenset()

    # The hash is the same for both: an opening is of its annotator's batch alone.
    book.add_opening(Opening(*names[ANN, 0], keccak(b"secret"), (1, 5), (b"a", b"b")))
    other = Messages(database, OTHER, VAULT)
    other.add_opening(Opening(*names[ANN, 1], keccak(b"secret"), (1, 5), (b"a", b"b")))

    assert progress.unopened({0, 1}, 9) == {names[BEN, 0], names[ANN, 1]}
    assert progress.unopened(set(), 9) == frozenset()
    assert progress.opened(names.values()) == {names[ANN, 0]}
    assert progress.opened(()) == frozenset()


def signed_commit(annotator: Address, batch: int = 0, root: bytes = b"labels") -> SignedCommit:
    return SignedCommit(annotator, Commit(0, batch, keccak(root), 2, 2), b"\3" * 65, (1, 5))


def test_the_last_commitment_is_that_of_the_highest_number(database: Database) -> None:
    book = Messages(database, CAMPAIGN, VAULT)
    for batch in (9, 10, 2):
        signed = signed_commit(ANN, batch)
        book.add_commit(commit_hash(CAMPAIGN, signed.commit), signed)

    assert book.last_commit(ANN) == signed_commit(ANN, 10)
    assert book.last_commit(BEN) is None


def test_a_batch_number_is_taken_once(database: Database) -> None:
    book = Messages(database, CAMPAIGN, VAULT)
    first, second = signed_commit(ANN), signed_commit(ANN, root=b"other labels")
    book.add_commit(commit_hash(CAMPAIGN, first.commit), first)

    with pytest.raises(StoreError, match=r"commits\.campaign.*commits\.batch|uq_commits_batch"):
        book.add_commit(commit_hash(CAMPAIGN, second.commit), second)

    assert book.commits() == [first]


def test_whoever_copies_a_commitment_displaces_nothing(database: Database) -> None:
    """The hash of a commitment does not hold who made it."""
    book = Messages(database, CAMPAIGN, VAULT)
    name = commit_hash(CAMPAIGN, signed_commit(ANN).commit)
    openings = [Opening(each, name, keccak(bytes(each)), (1, 5), (b"a", b"b")) for each in (ANN, BEN)]
    for annotator, opening in zip((BEN, ANN), openings[::-1], strict=True):
        book.add_commit(name, signed_commit(annotator))
        book.add_opening(opening)

    assert book.commits() == [signed_commit(ANN), signed_commit(BEN)]
    assert [book.commit(each, name) for each in (ANN, BEN)] == book.commits()
    assert [book.opening(each, name) for each in (ANN, BEN)] == openings


def test_a_round_that_was_closed_is_never_begun_again(database: Database) -> None:
    """Nor one before it: whoever was about to begin it is late, and what came in would be in no root."""
    book = Messages(database, CAMPAIGN)
    book.open(small_spec())
    seen = []
    for change, number in [
        ("begin", 0), ("close", 0), ("begin", 0), ("begin", 1), ("begin", 0), ("close", 0), ("begin", 2),
        ("close", 1), ("close", 3), ("begin", 2), ("begin", 3), ("begin", 4),
    ]:  # fmt: skip
        (book.begin_round if change == "begin" else book.close_round)(number)
        seen.append(book.round())
    assert seen == [0, None, None, 1, 1, 1, 2, 2, None, None, None, 4]


def test_a_bundle_is_kept_once_by_its_hash(database: Database) -> None:
    book = Messages(database, CAMPAIGN, VAULT)
    for _ in range(2):
        book.keep_bundle(keccak(b"one"), b"one")
    book.keep_bundle(keccak(b"two"), b"two")

    assert [book.bundle(keccak(name)) for name in (b"one", b"two", b"three")] == [b"one", b"two", None]


# ------------------------------------------------------------------------ the annotator's


@every
@given(
    st.lists(st.tuples(commits, label_maps, st.booleans()), max_size=4, unique_by=lambda row: row[0].batch),
    signatures,
    signatures,
)
def test_batches_come_back(
    shared: Database,
    sealed: list[tuple[Commit, dict[int, bytes], bool]],
    receipt: bytes,
    opening_receipt: bytes,
) -> None:
    book, other = (Batches(emptied(shared), CAMPAIGN, each, VAULT) for each in (ANN, BEN))
    for commit, labels, alone in sealed:
        book.add(commit, *parted(labels), alone=alone)
        other.add(commit, *parted(labels), alone=alone)

    ordered = sorted(sealed, key=lambda row: row[0].batch)
    assert book.all() == [Kept(commit, *parted(labels), alone, b"", b"") for commit, labels, alone in ordered]
    for commit, _, alone in sealed:
        book.set_receipt(commit.batch, receipt)
        book.set_opening_receipt(commit.batch, opening_receipt)
        book.set_alone(commit.batch, alone=not alone)
    assert book.all() == [
        Kept(commit, *parted(labels), not alone, receipt, opening_receipt)
        for commit, labels, alone in ordered
    ]
    assert all(not kept.receipt for kept in other.all())


def test_a_batch_that_is_refused_leaves_its_number_free_and_comes_back(database: Database) -> None:
    books = [Batches(database, CAMPAIGN, each, VAULT) for each in (ANN, BEN)]
    for book in books:
        for batch in range(3):
            book.add(signed_commit(ANN, batch).commit, (1,), (b"x",))
    (own, other), refused = books, signed_commit(ANN, 1).commit

    own.refuse(1)

    assert [[kept.commit.batch for kept in book.all()] for book in books] == [[0, 2], [0, 1, 2]]
    assert [(kept.commit, kept.items, kept.labels) for kept in own.refused()] == [(refused, (1,), (b"x",))]
    assert other.refused() == []
    with pytest.raises(StoreError, match=TAKEN):
        own.add(signed_commit(ANN, 2).commit, (1,), (b"x",))
    again = replace(refused, root=keccak(b"another"))
    own.add(again, (2,), (b"y",))

    own.reinstate(refused.root, alone=True)

    assert [kept.commit for kept in own.all()][1] == refused
    assert [kept.alone for kept in own.all()] == [False, True, False]
    assert [(kept.commit, kept.labels) for kept in own.refused()] == [(again, (b"y",))]


def test_drafts_and_proofs_are_kept(database: Database) -> None:
    own, other = (Batches(database, CAMPAIGN, each, VAULT) for each in (ANN, BEN))
    for item, label in ((7, b"x"), (3, b"y"), (7, b"z"), (9, b"x")):
        own.set_draft(item, label)
    assert own.drafts() == {3: b"y", 7: b"z", 9: b"x"}

    commit = signed_commit(ANN, 0).commit
    own.add(commit, (3, 7), (b"y", b"z"))

    assert (own.drafts(), other.drafts()) == ({9: b"x"}, {})
    assert own.all()[0].proof is None
    for proof in ((keccak(b"old"),), (keccak(b"a"), keccak(b"b")), ()):
        own.set_proof(commit.root, proof)
        assert own.all()[0].proof == proof
