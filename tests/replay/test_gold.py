"""Which items of a replay become gold, and how they are sealed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sha3 import keccak_256

from labelshare.errors import InputError
from labelshare.protocol.gold import posted_gold
from labelshare.protocol.spec import MerkleGold, SkillAndGold
from labelshare.replay.digits import simulated_crowd
from labelshare.replay.gold import gold_items, seal_gold
from labelshare.replay.rules import Rules, spec_of
from tests.replay.crowds import recorded_crowd


def test_gold_are_the_lowest_by_hash_of_their_names_among_those_with_a_truth() -> None:
    crowd = recorded_crowd()
    known = replace(crowd, truth={item: label for item, label in crowd.truth.items() if item != 7})
    places = {
        item: keccak_256(f"labelshare.replay.gold.v1item {item}".encode()).digest() for item in range(15)
    }

    for count in range(15):
        lowest = sorted(sorted(known.truth, key=places.__getitem__)[:count])
        assert gold_items(known, count) == tuple(lowest)
    assert 7 in gold_items(crowd, 15)
    assert 7 not in gold_items(known, 14)
    renamed = replace(crowd, items=tuple(f"{name}!" for name in crowd.items))
    assert gold_items(renamed, 5) != gold_items(crowd, 5)


@pytest.mark.parametrize("count", [16, 17, 1_000_000])
def test_more_gold_than_truths_is_refused(count: int) -> None:
    crowd = recorded_crowd()

    with pytest.raises(InputError, match=f"{count} gold items are asked for, 15 items have a known truth"):
        gold_items(crowd, count)
    with pytest.raises(InputError, match="15 items have a known truth"):
        spec_of(crowd, Rules(gold=count))


def test_the_spec_seals_the_gold_and_slashes_by_it() -> None:
    crowd = recorded_crowd()

    spec, plain = spec_of(crowd, Rules(gold=4)), spec_of(crowd, Rules())

    assert isinstance(spec.gold, MerkleGold)
    assert isinstance(spec.slash, SkillAndGold)
    assert spec.gold.count == 4
    assert (plain.gold.policy, plain.slash.policy) == ("none.v1", "none.v1")
    sealed = seal_gold(crowd, 4, spec.task.form)
    assert posted_gold(spec, (sealed.reveal,)) == {item: crowd.truth[item] for item in gold_items(crowd, 4)}
    same = {"gold": plain.gold, "slash": plain.slash}
    assert spec.model_copy(update=same) == plain


def test_the_secret_is_the_same_each_time_and_another_for_each_crowd() -> None:
    crowd = recorded_crowd()
    form = spec_of(crowd, Rules()).task.form

    sealed = [seal_gold(each, 3, form) for each in (crowd, crowd, replace(crowd, name="another"))]

    assert sealed[0] == sealed[1]
    assert sealed[0].items == sealed[2].items
    assert sealed[0].secret != sealed[2].secret
    assert sealed[0].root != sealed[2].root


def test_the_demonstrations_gold_is_a_tenth_of_its_images() -> None:
    crowd = simulated_crowd(1)

    spec = spec_of(crowd, Rules(gold=30))

    assert isinstance(spec.gold, MerkleGold)
    assert spec.gold.count == len(gold_items(crowd, 30)) == len(crowd.items) // 10
