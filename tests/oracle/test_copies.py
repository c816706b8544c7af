"""A stage that was copied is the one that building gives, and no copy knows of another."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from labelshare.chain.connect import connect
from labelshare.store import schema
from tests.databases import fresh
from tests.oracle.stage import Stage, build, built, small_spec

pytestmark = pytest.mark.usefixtures("either_database")


def blocks(stage: Stage) -> list[object]:
    chain = stage.chain
    return [
        *chain.blocks(range(chain.block_number + 1)),
        *chain.logs(stage.contracts.registry.address, 0, chain.block_number),
    ]


def store(stage: Stage) -> dict[str, list[str]]:
    with stage.database.reading() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(table))))
            for name, table in schema.metadata.tables.items()
        }


def test_a_copy_is_what_building_gives() -> None:
    made, copies = built(connect(), small_spec(), fresh()), [build(), build(for_threads=True)]
    assert len(blocks(made)) > 15
    assert any(store(made).values())
    for copy in copies:
        assert blocks(copy) == blocks(made)
        assert store(copy) == store(made)
        assert (copy.scope, copy.params, copy.deployment) == (made.scope, made.params, made.deployment)
        assert copy.balances() == made.balances()
        assert copy.sender.gas == made.sender.gas


def test_a_copy_goes_on_as_the_first_would() -> None:
    made, copy = built(connect(), small_spec(), fresh()), build()
    for each in (made, copy):
        each.accept().enrol().draw().work()
    assert blocks(copy) == blocks(made)


def test_no_copy_knows_of_another() -> None:
    one, other = build(), build()
    before, kept, head = blocks(other), store(other), other.chain.block_number
    one.accept().enrol()
    assert one.chain.block_number > head
    assert (blocks(other), store(other)) == (before, kept)
    assert (blocks(build()), store(build())) == (before, kept)


def test_other_money_is_another_stage() -> None:
    assert build(purse=7).balances()["oracle"] == 7
    assert build().balances()["oracle"] != 7
