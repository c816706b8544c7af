"""Blocks as an index needs them: what ties them together, what is final, and logs by hash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelshare.chain.connect import connect
from labelshare.errors import ChainError
from labelshare.types import keccak
from tests.chain.world import Work
from tests.faults.test_killed import served


def test_blocks_hang_together(work: Work) -> None:
    work.whole()
    chain = work.world.chain
    head = chain.block_number

    blocks = chain.blocks(range(head + 1))

    assert [each.number for each in blocks] == list(range(head + 1))
    assert [each.parent for each in blocks[1:]] == [each.hash for each in blocks[:-1]]
    assert [each.time for each in blocks] == [chain.timestamp_of(each.number) for each in blocks]
    assert [each.hash for each in blocks] == [chain.block_hash(each.number) for each in blocks]
    assert chain.blocks([]) == []
    with pytest.raises(ChainError):
        chain.blocks([head, head + 1])


def test_logs_are_had_by_the_hash_of_their_block(work: Work) -> None:
    work.whole()
    chain, registry = work.world.chain, work.world.contracts.registry.address
    blocks = chain.blocks(range(chain.block_number + 1))

    found = chain.logs_in(registry, blocks)

    assert len(found) > 15
    assert found == chain.logs(registry, 0, chain.block_number)
    assert {each.block_hash for each in found} == {blocks[each.block].hash for each in found}
    assert chain.logs_in(registry, blocks[:2]) == []
    with pytest.raises(ChainError):
        chain.logs_in(registry, [replace(blocks[-1], hash=keccak(b"of another chain"))])


def test_what_is_final_lies_behind_the_head(work: Work) -> None:
    final = work.world.chain.finalized()
    assert final is not None
    assert 0 <= final <= work.world.chain.block_number


def test_a_served_chain_tells_the_same() -> None:
    with served() as url:
        chain = connect(url)
        chain.mine(3)
        blocks = chain.blocks(range(4))
        assert blocks[3].parent == blocks[2].hash
        assert chain.finalized() == chain.block_number
