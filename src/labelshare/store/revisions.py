"""Which schema a database has, and how it is led to another: the migrations, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from labelshare.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["TABLE", "head", "is_known", "revision_of", "upgrade"]

TABLE = "alembic_version"
"""Where a database says which revision it is of."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Lead a database to a revision, in the transaction that is open.

    Raises:
        StoreError: It is of a revision that this version of labelshare does not know.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(f"the store was written by another version of labelshare: {error}") from None


def head() -> str:
    """The revision of this version of labelshare."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_config()).get_current_head())


def is_known(revision: str) -> bool:
    """Whether this version of labelshare can lead a database on from a revision."""
    from alembic.script import ScriptDirectory

    every = ScriptDirectory.from_config(_config()).walk_revisions()
    return any(each.revision == revision for each in every)


def revision_of(connection: Connection) -> str | None:
    """The revision that a database says it is of; None where it says nothing."""
    if not inspect(connection).has_table(TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar_one_or_none()  # noqa: S608
    return None if found is None else str(found)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "labelshare:store/migrations")
    return config
