from __future__ import annotations

from dataclasses import replace

import pytest

from labelshare.errors import CommitmentError, InputError, ReplayError
from labelshare.protocol.leaves import aggregate_leaf, roster_leaf
from labelshare.protocol.merkle import MerkleTree, verify
from labelshare.protocol.rounds import aggregate, facts, item_lists_hash, roster_root
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import ZERO_HASH, keccak
from tests.protocol.world import account, small_world

WORLD = small_world()
SCOPE = WORLD.scope
ROUND_0 = [signed for signed in WORLD.commits if signed.commit.round == 0]


def test_an_aggregate_does_not_depend_on_the_order_of_arrival() -> None:
    one, other = aggregate(SCOPE, 0, ROUND_0), aggregate(SCOPE, 0, ROUND_0[::-1])
    assert (one.root, one.item_lists_hash, one.commits) == (other.root, other.item_lists_hash, other.commits)


def test_every_commitment_is_proven_included() -> None:
    made = aggregate(SCOPE, 0, ROUND_0)
    for signed in ROUND_0:
        name = commit_hash(SCOPE.campaign_id, signed.commit)
        leaf = aggregate_leaf(SCOPE, signed.annotator, name)
        assert verify(made.root, leaf, made.proof(signed.annotator, name, SCOPE))
    with pytest.raises(CommitmentError, match="is not in round 0"):
        made.proof(account("ann"), ZERO_HASH, SCOPE)


def test_the_item_lists_hash_is_over_plain_bytes() -> None:
    made = aggregate(SCOPE, 0, ROUND_0)
    rows = [
        signed.annotator + bytes(4) + b"\0\0\0\3" + b"".join(item.to_bytes(8, "big") for item in (0, 1, 2))
        for signed in made.commits
    ]
    assert [row[:20] for row in rows] == sorted(row[:20] for row in rows)
    assert made.item_lists_hash == item_lists_hash(made.commits) == keccak(b"".join(rows))


def test_a_commitment_of_another_round_is_refused() -> None:
    with pytest.raises(CommitmentError, match="round 1 among those of 0"):
        aggregate(SCOPE, 0, WORLD.commits)


def test_a_commitment_twice_is_refused() -> None:
    with pytest.raises(ReplayError, match="given twice"):
        aggregate(SCOPE, 0, [*ROUND_0, ROUND_0[0]])


def test_an_empty_round_has_no_aggregate() -> None:
    with pytest.raises(InputError):
        aggregate(SCOPE, 0, [])


@pytest.mark.parametrize("items", [(0, 1), (0, 1, 2, 3), (0, 2, 1), (0, 1, 1), (0, 1, 2**32), (-1, 0, 1)])
def test_item_lists_fit_their_count_and_ascend(items: tuple[int, ...]) -> None:
    with pytest.raises(CommitmentError, match="items"):
        aggregate(SCOPE, 0, [replace(ROUND_0[0], items=items)])


def test_facts_tell_lists_and_those_who_committed_alone() -> None:
    own = [(each.annotator, each.commit) for each in WORLD.own]
    published = facts(3, WORLD.commits, own)
    assert published[0].items == {account(name): {0, 1, 2} for name in ("ann", "bob", "cat")}
    assert published[0].alone == {account("dan"): 2}
    assert published[1].items == {account("ann"): {3, 4}, account("bob"): {3, 5}}
    assert (published[2].items, published[2].alone) == ({}, {})


def test_a_commitment_sent_both_ways_counts_once_and_as_sent_alone() -> None:
    published = facts(1, ROUND_0, [(ROUND_0[0].annotator, ROUND_0[0].commit)])
    assert published[0].alone == {ROUND_0[0].annotator: ROUND_0[0].commit.count}
    assert ROUND_0[0].annotator not in published[0].items
    assert len(published[0].items) == len(ROUND_0) - 1


def test_the_roster_root() -> None:
    accounts = [account(name) for name in ("ann", "bob", "cat")]
    assert roster_root(SCOPE, accounts) == MerkleTree([roster_leaf(SCOPE, a) for a in accounts]).root
    assert roster_root(SCOPE, []) == ZERO_HASH
