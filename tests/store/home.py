"""Where a test keeps its database: a folder, or PostgreSQL; opened as often as there would be processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url

from labelshare.protocol.commitments import Enrolment
from labelshare.store.database import FILE, Database
from labelshare.types import Address, CampaignId, keccak

CAMPAIGN = CampaignId(keccak(b"campaign"))
SQLITE, POSTGRES = "sqlite", "postgres"


@dataclass(frozen=True)
class Place:
    """What another process is told, to open the same database."""

    folder: Path | None
    url: str = ""

    def open(self) -> Database:
        return Database.at(self.url) if self.folder is None else Database.open(self.folder)


@dataclass
class Home:
    """One database, and all that were opened on it."""

    place: Place
    opened: list[Database] = field(default_factory=list)

    def open(self) -> Database:
        database = self.place.open()
        self.opened.append(database)
        return database

    @property
    def is_postgres(self) -> bool:
        return self.place.folder is None

    def says(self, *, sqlite: str, postgres: str) -> str:
        """What each of the two says of the same thing."""
        return postgres if self.is_postgres else sqlite

    def bare(self) -> Engine:
        """An engine without any of our settings."""
        if self.place.folder is None:
            return create_engine(make_url(self.place.url).set(drivername="postgresql+psycopg"))
        self.place.folder.mkdir(parents=True, exist_ok=True)
        return create_engine(f"sqlite:///{self.place.folder / FILE}")

    def close(self) -> None:
        for database in self.opened:
            database.close()


@contextmanager
def home_of(kind: str, folder: Path, url: Callable[[], str]) -> Iterator[Home]:
    """The database of a folder, or of a URL that is asked for only then."""
    home = Home(Place(folder) if kind == SQLITE else Place(None, url()))
    try:
        yield home
    finally:
        home.close()


def address(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def enrolment(number: int) -> Enrolment:
    return Enrolment(address(number), number.to_bytes(65, "big"))
