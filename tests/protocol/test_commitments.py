from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import CommitmentError, ReplayError
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import (
    MAX_BATCH,
    Opening,
    check_opening,
    label_bytes,
    label_digests,
    opening_hash,
    read_labels,
    require_unique,
    salts,
    seal,
    standing,
)
from labelshare.protocol.domains import Kind, domain
from labelshare.protocol.merkle import MerkleTree, leaf_hash, verify
from labelshare.types import ZERO_HASH, Address, Commit, Hash32, keccak
from tests.protocol.world import World, account

SCOPE = World().scope
SECRET = keccak(b"secret")
ANN = account("ann")
BATCH = {"round_number": 0, "batch": 0, "committed_before": 0, "secret": SECRET}
LABELS = {4: b"\x01\0\0", 2: b"\x01\0\1", 9: b"\x01\0\0"}
COMMIT, OPENING = seal(SCOPE, ANN, labels=LABELS, **BATCH)  # type: ignore[arg-type]


@given(st.binary(min_size=32, max_size=32), st.lists(st.integers(0, 2**64 - 1), max_size=5))
def test_salts_are_hmacs(secret: bytes, items: list[int]) -> None:
    assert salts(secret, items) == [hmac.digest(secret, item.to_bytes(8, "big"), "sha256") for item in items]


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(max_size=300)), max_size=5), st.data())
def test_labels_posted_on_chain_are_read_whole_or_not_at_all(
    rows: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    items, labels = tuple(item for item, _ in rows), tuple(label for _, label in rows)
    posted = label_bytes(items, labels)

    assert read_labels(posted) == (items, labels)
    if rows:
        whole = 10 + len(labels[-1])
        with pytest.raises(CommitmentError, match="the labels end in the middle of one"):
            read_labels(posted[: -data.draw(st.integers(1, whole - 1))])


def test_labels_are_hashed_as_they_are_posted() -> None:
    posted = label_bytes(OPENING.items, OPENING.labels)

    assert posted[:13] == (2).to_bytes(8, "big") + (3).to_bytes(2, "big") + b"\x01\0\1"
    assert opening_hash(OPENING) == keccak(b"OPENING.v1" + OPENING.commit_hash + SECRET + posted)


def test_label_digests_keep_order_and_repetition() -> None:
    assert label_digests([b"a", b"b", b"a"]) == [keccak(b"a"), keccak(b"b"), keccak(b"a")]


def test_a_batch_is_sealed_in_the_order_of_its_items() -> None:
    assert Commit(0, 0, COMMIT.root, 3, 3) == COMMIT
    assert OPENING.items == (2, 4, 9)
    assert OPENING.labels == (b"\x01\0\1", b"\x01\0\0", b"\x01\0\0")
    check_opening(SCOPE, COMMIT, OPENING)


def test_the_root_is_over_the_leaves_of_the_design() -> None:
    words = [domain(Kind.COMMIT, SCOPE), bytes(12) + ANN, bytes(32), (4).to_bytes(32, "big")]
    salt = hmac.digest(SECRET, (4).to_bytes(8, "big"), "sha256")
    four = leaf_hash(b"".join([*words, keccak(b"\x01\0\0"), salt]))
    others = [
        leaf_hash(
            b"".join(words[:3])
            + item.to_bytes(32, "big")
            + keccak(LABELS[item])
            + hmac.digest(SECRET, item.to_bytes(8, "big"), "sha256")
        )
        for item in (2, 9)
    ]
    tree = MerkleTree([four, *others])
    assert tree.root == COMMIT.root
    assert verify(COMMIT.root, four, tree.proof(0))


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ({}, "1 to 65536 labels, this one 0"),
        (dict.fromkeys(range(MAX_BATCH + 1), b""), "this one 65537"),
        ({-1: b""}, "ascend"),
        ({2**32: b""}, "ascend"),
        ({1: bytes(65_536)}, "at most 65535 bytes"),
    ],
)
def test_an_impossible_batch_is_refused(labels: dict[int, bytes], fault: str) -> None:
    with pytest.raises(CommitmentError, match=fault):
        seal(SCOPE, ANN, labels=labels, **BATCH)  # type: ignore[arg-type]


Change = Callable[[Opening], Opening]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda o: replace(o, annotator=account("bob")), "opening has root"),
        (lambda o: replace(o, secret=ZERO_HASH), "opening has root"),
        (lambda o: replace(o, items=(2, 4, 8)), "opening has root"),
        (lambda o: replace(o, labels=(*o.labels[:2], b"\x01\0\2")), "opening has root"),
        (lambda o: replace(o, items=(4, 2, 9)), "ascend"),
        (lambda o: replace(o, items=(2, 2, 9)), "ascend"),
        (lambda o: replace(o, items=o.items[:2], labels=o.labels[:2]), "2 labels opened, 3 committed"),
        (lambda o: replace(o, labels=o.labels[:2]), "3 items with 2 labels"),
        (lambda o: replace(o, items=(), labels=()), "1 to 65536"),
        (lambda o: replace(o, commit_hash=ZERO_HASH), "opening is for commitment"),
    ],
)
def test_an_opening_that_differs_is_refused(change: Change, fault: str) -> None:
    with pytest.raises(CommitmentError, match=fault):
        check_opening(SCOPE, COMMIT, change(OPENING))


def test_a_commitment_holds_in_its_campaign_alone() -> None:
    other = replace(SCOPE, chain_id=1)
    commit, opening = seal(other, ANN, labels=LABELS, **BATCH)  # type: ignore[arg-type]
    assert commit.root != COMMIT.root
    with pytest.raises(CommitmentError):
        check_opening(SCOPE, commit, opening)


def test_the_opening_hash_covers_every_byte() -> None:
    rows = b"".join(
        item.to_bytes(8, "big") + b"\0\3" + label
        for item, label in zip(OPENING.items, OPENING.labels, strict=True)
    )
    name = typed_data.commit_hash(SCOPE.campaign_id, COMMIT)
    assert opening_hash(OPENING) == keccak(b"OPENING.v1" + name + SECRET + rows)
    changed = [
        replace(OPENING, secret=ZERO_HASH),
        replace(OPENING, commit_hash=ZERO_HASH),
        replace(OPENING, items=(2, 4, 8)),
        replace(OPENING, labels=(b"", b"\x01\0\1\x01\0\0", b"\x01\0\0")),
    ]
    assert len({opening_hash(OPENING), *map(opening_hash, changed)}) == 5


def chain(*rows: tuple[int, int, int, int]) -> list[tuple[Address, Commit]]:
    """Commitments of one annotator from (round, batch, count, cumulative count)."""
    return [(ANN, Commit(r, b, keccak(bytes([i])), n, total)) for i, (r, b, n, total) in enumerate(rows)]


@pytest.mark.parametrize(
    ("commits", "kept"),
    [
        (chain((0, 0, 5, 5), (0, 1, 3, 8), (2, 2, 2, 10)), 3),
        (chain((0, 1, 3, 8), (0, 0, 5, 5)), 2),
        (chain((0, 1, 5, 5)), 0),
        (chain((0, 0, 5, 5), (0, 2, 3, 8)), 1),
        (chain((0, 0, 5, 5), (0, 1, 3, 9), (0, 2, 1, 9)), 1),
        (chain((0, 0, 5, 5), (0, 1, 3, 8), (0, 1, 3, 8)), 1),
        (chain((0, 0, 5, 5), (0, 0, 5, 5)), 0),
        (chain((1, 0, 5, 5), (0, 1, 3, 8)), 1),
        (chain((0, 0, 0, 0), (0, 1, 3, 3)), 0),
        (chain((0, 0, 5, 5), (0, 1, 6, 11), (0, 2, 1, 12)), 1),
        (chain((0, 0, 11, 11)), 0),
        (chain((0, 0, 5, 6)), 0),
    ],
)
def test_batches_stand_until_the_first_fault(commits: list[tuple[Address, Commit]], kept: int) -> None:
    expected = sorted((commit for _, commit in commits), key=lambda commit: commit.batch)[:kept]
    assert standing(commits, limit=10) == {ANN: expected}
    assert standing(commits[::-1], limit=10) == {ANN: expected}


def test_the_same_commitment_sent_twice_is_one() -> None:
    commits = chain((0, 0, 5, 5), (1, 1, 5, 10))
    assert standing(commits * 2, limit=10) == standing(commits, limit=10) == {ANN: [c for _, c in commits]}


def test_one_annotators_fault_voids_nobody_else() -> None:
    bob = account("bob")
    assert standing([*chain((0, 1, 5, 5)), (bob, Commit(0, 0, ZERO_HASH, 1, 1))], 10)[bob]


def test_a_repetition_is_refused() -> None:
    names: list[tuple[Address, Hash32]] = [(ANN, ZERO_HASH), (account("bob"), ZERO_HASH)]
    require_unique(names, "opening")
    with pytest.raises(ReplayError, match=f"opening {ZERO_HASH} of {ANN} is given twice"):
        require_unique([*names, names[0]], "opening")


def test_an_opening_is_frozen() -> None:
    changed: Any = OPENING
    with pytest.raises(AttributeError):
        changed.secret = ZERO_HASH
