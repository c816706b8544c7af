"""Many rows by one statement, on both databases: what goes in comes out, however many there are."""

from __future__ import annotations

import pytest

from labelshare.errors import InputError, StoreError
from labelshare.store.database import Database, is_of_rows
from labelshare.store.many import MOST_ROWS, found, insert_many
from labelshare.store.replies import Replies, Reply, Request
from labelshare.store.schema import specs
from labelshare.store.sign_ins import Session, SignIns, token_hash
from labelshare.types import Address
from tests.store.test_messages import ANN, BEN, emptied

ASK = "SELECT t.spec_hash, t.spec FROM wanted JOIN specs AS t ON t.spec_hash = wanted.k0"


@pytest.fixture
def database(shared: Database) -> Database:
    return emptied(shared)


def rows(*numbers: int) -> list[dict[str, bytes]]:
    return [{"spec_hash": number.to_bytes(32, "big"), "spec": b"%d" % number} for number in numbers]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, MOST_ROWS - 1, MOST_ROWS, 2 * MOST_ROWS + 5])
def test_as_many_as_go_in_come_out(database: Database, count: int) -> None:
    new = rows(*range(count))
    with database.writing() as connection:
        insert_many(connection, specs, new)
    with database.reading() as connection:
        keys = [(row["spec_hash"],) for row in (*new, *rows(999_999))]
        assert [tuple(row) for row in found(connection, ASK, keys)] == [tuple(row.values()) for row in new]


def test_a_row_that_is_there_is_refused_or_passed_over(database: Database) -> None:
    with database.writing() as connection:
        insert_many(connection, specs, rows(1, 2))
    with pytest.raises(StoreError) as refused, database.writing() as connection:
        insert_many(connection, specs, rows(3, 2))
    assert is_of_rows(refused.value)

    with database.writing() as connection:
        insert_many(connection, specs, [*rows(3), rows(2)[0] | {"spec": b"another"}], or_keep=True)

    with database.reading() as connection:
        keys = [(row["spec_hash"],) for row in rows(1, 2, 3)]
        assert [row.spec for row in found(connection, ASK, keys)] == [b"1", b"2", b"3"]


def test_a_store_without_its_table_refuses_everybody(database: Database) -> None:
    with pytest.raises(StoreError) as refused, database.writing() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert not is_of_rows(refused.value)


def test_answers_to_many_requests(database: Database) -> None:
    kept, answer = Replies(database), Reply(201, b"{}")
    one, other = Request(ANN, "a", b"1"), Request(BEN, "a", b"2")

    with database.writing():
        kept.add({one: answer, other: Reply(201, b"[]")}, now=100, keep=10)
        kept.add({one: Reply(201, b"later")}, now=100, keep=10)

    changed = Request(ANN, "a", b"3")
    known = kept.known([one, other, changed, Request(ANN, "b", b"1")], now=109)
    assert known[one] == Reply(201, b"{}", again=True)
    assert known[other] == Reply(201, b"[]", again=True)
    assert isinstance(known[changed], InputError)
    assert len(known) == 3
    assert kept.known([one], now=110) == {}


def test_many_sessions(database: Database) -> None:
    signed, accounts = SignIns(database), {f"token {each}": Address(bytes([each]) * 20) for each in range(5)}
    for number, (token, account) in enumerate(accounts.items()):
        signed.begin(token.encode(), 10, token, Session(account, 100 + number), now=0)
    signed.end("token 4")

    found_ = signed.sessions([token_hash(each) for each in (*accounts, "unknown")], now=101)

    assert found_ == {
        token_hash(f"token {each}"): Session(accounts[f"token {each}"], 100 + each) for each in (2, 3)
    }
