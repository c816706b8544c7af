"""A copy of the database shows no answer: what the vault seals, only its key opens, and only in its place."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from labelshare.chain.keys import Signer
from labelshare.errors import InputError, StoreError
from labelshare.protocol.commitments import Opening
from labelshare.store import schema
from labelshare.store.batches import Batches
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.store.vault import Vault
from labelshare.types import CampaignId, Commit, keccak
from tests.oracle.stage import NAMES, build
from tests.store.home import CAMPAIGN, Home, address

KEY = bytes(range(32))
ANN, BEN = address(1), address(2)
LABEL = b"a label that nobody else would give"
SECRET = keccak(b"secret")
NAME = keccak(b"commitment")
ELSEWHERE = CampaignId(keccak(b"another campaign"))
COMMIT = Commit(0, 0, keccak(b"root"), 1, 1)
OPENING = Opening(ANN, NAME, SECRET, (5,), (LABEL,))


class Glass(Vault):
    """Seals nothing: what a store without a vault would hold."""

    def seal(self, text: bytes, *place: bytes) -> bytes:  # noqa: ARG002
        return text

    def unseal(self, sealed: bytes, *place: bytes) -> bytes:  # noqa: ARG002
        return sealed


# --------------------------------------------------------------------------- by itself


@given(st.binary(max_size=1_000), st.lists(st.binary(max_size=40), max_size=4))
def test_what_is_sealed_comes_out_in_its_place(text: bytes, place: list[bytes]) -> None:
    vault = Vault(KEY)
    sealed = vault.seal(text, *place)

    assert Vault(KEY).unseal(sealed, *place) == text
    assert len(sealed) % 256 == 1 + 12 + 16
    assert sealed != vault.seal(text, *place)


@given(st.binary(max_size=300), st.data())
def test_whatever_is_altered_is_refused(text: bytes, data: st.DataObject) -> None:
    sealed = bytearray(Vault(KEY).seal(text, b"place"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(StoreError, match=r"^the store holds answers that "):
        Vault(KEY).unseal(bytes(sealed), b"place")


@pytest.mark.parametrize(
    "open_it",
    [
        lambda sealed: Vault(KEY[::-1]).unseal(sealed, b"table", b"row"),
        lambda sealed: Vault(KEY).unseal(sealed, b"table", b"other"),
        lambda sealed: Vault(KEY).unseal(sealed, b"tabler", b"ow"),
        lambda sealed: Vault(KEY).unseal(sealed, b"tablerow"),
        lambda sealed: Vault(KEY).unseal(sealed),
        lambda sealed: Vault(KEY).unseal(sealed[:-1], b"table", b"row"),
        lambda sealed: Vault(KEY).unseal(sealed[:20], b"table", b"row"),
        lambda sealed: Vault(KEY).unseal(sealed + b"\0", b"table", b"row"),
        lambda _: Vault(KEY).unseal(b"", b"table", b"row"),
        lambda _: Vault(KEY).unseal(LABEL, b"table", b"row"),
        lambda sealed: Vault(KEY).unseal(b"\2" + sealed[1:], b"table", b"row"),
    ],
)
def test_another_key_or_place_or_length(open_it: Callable[[bytes], bytes]) -> None:
    with pytest.raises(StoreError, match=r"^the store holds answers that .*$") as caught:
        open_it(Vault(KEY).seal(LABEL, b"table", b"row"))

    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_how_long_a_text_is_does_not_show() -> None:
    lengths = {len(Vault(KEY).seal(bytes(length))) for length in range(256)}
    assert lengths == {1 + 12 + 16 + 256}


def test_the_key_comes_from_the_account_and_stays_inside() -> None:
    account, other = Signer(bytes([1]) * 32), Signer(bytes([2]) * 32)
    vault, key = Vault.of(account), account.derive_secret(b"labelshare.vault.v1")

    assert Vault.of(account).unseal(vault.seal(LABEL)) == LABEL
    assert Vault(key).unseal(vault.seal(LABEL)) == LABEL
    with pytest.raises(StoreError, match="of another account, or altered"):
        Vault.of(other).unseal(vault.seal(LABEL))
    assert repr(vault) == "Vault()"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not serialised"):
            leak(vault)
    for wrong in (b"", KEY[1:], KEY + b"\0"):
        with pytest.raises(InputError, match="32 bytes"):
            Vault(wrong)


# ------------------------------------------------------------------------- in the store


def kept(database: Database, vault: Vault) -> tuple[Messages, Batches]:
    """An opening as the oracle keeps it, and a batch as its annotator does."""
    messages = Messages(database, CAMPAIGN, vault)
    messages.add_opening(OPENING)
    batches = Batches(database, CAMPAIGN, ANN, vault)
    batches.add(COMMIT, (5,), (LABEL,))
    return messages, batches


def everything(home: Home, database: Database) -> bytes:
    """All columns of all rows, and all that is in the files, the log of what is not yet in them as well."""
    with database.reading() as connection:
        rows = [
            value if isinstance(value, bytes) else str(value).encode()
            for table in schema.metadata.tables.values()
            for row in connection.execute(select(table))
            for value in row
        ]
    folder = home.place.folder
    files = [] if folder is None else [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return b"\0".join(rows + files)


def test_a_copy_of_the_database_shows_no_answer(home: Home) -> None:
    database = home.open()
    messages, batches = kept(database, Vault(KEY))

    found = everything(home, database)

    assert messages.openings() == [OPENING]
    assert [each.labels for each in batches.all()] == [(LABEL,)]
    assert bytes(NAME) in found
    for plain in (LABEL, LABEL[:8], bytes(SECRET), bytes(SECRET)[:8], bytes(SECRET).hex().encode()):
        assert plain not in found
    database.close()
    assert home.is_postgres or LABEL not in everything(home, home.open())


def test_without_a_vault_the_same_look_would_find_them(home: Home) -> None:
    database = home.open()
    kept(database, Glass(KEY))

    found = everything(home, database)

    assert found.count(LABEL) >= (2 if home.is_postgres else 4)
    assert bytes(SECRET) in found


def read_changed(book: Messages, changed: dict[str, Any]) -> None:
    """Reads what somebody changed, wherever it is now; the change is not kept."""
    with book.database.writing() as connection:
        connection.execute(schema.openings.update().values(changed))
        for campaign in (CAMPAIGN, ELSEWHERE):
            replace(book, campaign=campaign).openings()


def test_an_answer_that_is_put_into_another_row_is_refused(database: Database) -> None:
    """By whoever may write to the database; columns, annotators, batches and campaigns alike."""
    messages, batches = kept(database, Vault(KEY))
    table, own = schema.openings, schema.batches
    for changed in (
        {"labels": table.c.secret},
        {"secret": table.c.labels},
        {"annotator": bytes(BEN)},
        {"commit_hash": b"\1" * 32},
        {"campaign": bytes(ELSEWHERE)},
    ):
        with pytest.raises(StoreError, match="of another account, or altered"):
            read_changed(messages, changed)
    batches.add(replace(COMMIT, batch=1), (6,), (b"other",))
    first = select(own.c.labels).where(own.c.batch == 0).scalar_subquery()
    with database.writing() as connection:
        connection.execute(own.update().where(own.c.batch == 1).values(labels=first))
    with pytest.raises(StoreError, match="of another account, or altered"):
        batches.all()
    assert messages.openings() == [OPENING]


def test_a_book_without_its_vault_takes_and_shows_no_answers(database: Database) -> None:
    messages, _ = kept(database, Vault(KEY))
    blind = Messages(database, CAMPAIGN)

    for use in (
        blind.openings,
        lambda: blind.opening(ANN, NAME),
        lambda: blind.add_opening(replace(OPENING, annotator=BEN)),
    ):
        with pytest.raises(StoreError, match="opened without its vault"):
            use()

    assert messages.openings() == [OPENING]


# ------------------------------------------------------------------------- in a life


def test_oracle_and_annotators_seal_all_that_they_keep(tmp_path: Path) -> None:
    """The whole way: labels that would be known again anywhere, sealed, committed, opened."""
    database = Database.open(tmp_path)
    stage = build(database=database).accept().enrol().draw().work().reveal(*NAMES)

    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    openings = stage.engine.book.openings()
    assert len(openings) == len(NAMES)
    for opening in openings:
        assert bytes(opening.commit_hash) in files
        assert bytes(opening.secret) not in files
        for item, label in zip(opening.items, opening.labels, strict=True):
            assert item.to_bytes(8, "big") + len(label).to_bytes(2, "big") + label not in files
    database.close()


def test_another_oracle_cannot_read_the_openings(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    stage = build(database=database).accept().enrol().draw().work().reveal("ann")
    stranger = stage.taken_up(oracle=stage.stranger)

    with pytest.raises(StoreError, match="of another account, or altered"):
        stranger.engine.book.openings()

    assert len(stage.taken_up().engine.book.openings()) == 1
    database.close()
