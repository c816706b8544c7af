"""One schema, whichever way a database comes to it: by migrations or at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from labelshare.errors import StoreError
from labelshare.store import schema
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from tests.store.home import CAMPAIGN, Home, enrolment

ALL_TABLES = {*schema.metadata.tables, "alembic_version"}


def migrated(engine: Engine, revision: str) -> None:
    """Leads a database up to `revision`, or down to base."""
    config = Config()
    config.set_main_option("script_location", "labelshare:store/migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        step = command.downgrade if revision == "base" else command.upgrade
        step(config, revision)


def differences(engine: Engine) -> list[Any]:
    """What the tables lack of the schema, or have beyond it."""
    options = {"compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, schema.metadata))


@pytest.fixture
def empty(home: Home) -> Iterator[Engine]:
    engine = home.bare()
    yield engine
    engine.dispose()


def test_the_migrations_lead_to_the_schema(empty: Engine) -> None:
    migrated(empty, "head")

    assert differences(empty) == []
    assert set(inspect(empty).get_table_names()) == ALL_TABLES


def test_a_difference_would_be_seen(empty: Engine) -> None:
    migrated(empty, "head")
    with empty.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_transactions_name")
        connection.exec_driver_sql("ALTER TABLE specs ADD COLUMN more INTEGER")

    assert {each[0] for each in differences(empty)} == {"add_index", "remove_column"}


def test_opening_leads_to_the_schema(home: Home) -> None:
    database = home.open()

    assert differences(database.engine) == []
    assert set(inspect(database.engine).get_table_names()) == ALL_TABLES


def shapes(engine: Engine, name: str) -> tuple[object, ...]:
    """Keys, constraints and columns of a table."""
    inspector = inspect(engine)
    return (
        inspector.get_pk_constraint(name)["constrained_columns"],
        sorted(str(each["column_names"]) for each in inspector.get_unique_constraints(name)),
        sorted(each["name"] or "" for each in inspector.get_indexes(name) if not each["unique"]),
        [(each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(name)],
    )


def test_tables_made_at_once_are_tables_that_were_migrated(home: Home) -> None:
    """What `in_memory` makes without migrations has the keys and constraints of those that have them."""
    migrations = home.open().engine
    if home.is_postgres:
        made = {name: shapes(migrations, name) for name in schema.metadata.tables}
        with migrations.begin() as connection:
            schema.metadata.drop_all(connection)
            schema.metadata.create_all(connection)
        assert made == {name: shapes(migrations, name) for name in schema.metadata.tables}
        return
    memory = Database.in_memory()
    for name in schema.metadata.tables:
        assert shapes(migrations, name) == shapes(memory.engine, name), name
    memory.close()


def test_the_migrations_lead_back_to_nothing(empty: Engine) -> None:
    migrated(empty, "head")

    migrated(empty, "base")

    assert inspect(empty).get_table_names() == ["alembic_version"]
    migrated(empty, "head")
    assert differences(empty) == []


def test_a_migration_that_was_cut_off_is_begun_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = op.create_table

    def cut_off(name: str, *columns: object) -> object:
        if name == "enrolments":
            raise KeyboardInterrupt
        return made(name, *columns)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_table", cut_off)
    with pytest.raises(KeyboardInterrupt):
        home.open()
    monkeypatch.undo()

    assert set(inspect(home.open().engine).get_table_names()) == ALL_TABLES


# ----------------------------------------------------------------------- what is refused


def test_somebody_elses_database(home: Home) -> None:
    theirs = home.bare()
    with theirs.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE recipes (name TEXT)")
        connection.exec_driver_sql("INSERT INTO recipes VALUES ('soup')")

    with pytest.raises(StoreError, match=r"cannot be opened: this is not a store of labelshare$"):
        home.open()

    assert inspect(theirs).get_table_names() == ["recipes"]
    with theirs.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM recipes").scalars().all() == ["soup"]
    theirs.dispose()


def test_a_store_of_a_newer_version(home: Home) -> None:
    database = home.open()
    Messages(database, CAMPAIGN).add_enrolment(enrolment(1))
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    with pytest.raises(StoreError, match=r"written by another version of labelshare: .*9999"):
        home.open()

    bare = home.bare()
    assert differences(bare) == []
    with bare.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM enrolments").scalar_one() == 1
    bare.dispose()
