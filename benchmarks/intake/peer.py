"""The floor: `python -m benchmarks.intake.peer FILE` is a bare FastAPI app that inserts a row a request.

No account, no signature, no check but the types: what these two libraries let through on one core. It commits
each row by itself, in the event loop's own thread, which is their quickest way. The write-ahead log is not
flushed at each commit (`synchronous=NORMAL`): with a flush each, it would measure the disk.
"""

from __future__ import annotations

import sqlite3
import sys

from fastapi import FastAPI
from pydantic import BaseModel
from uvicorn import Config, Server

from labelshare.commands.hosting import listening


class Label(BaseModel):
    """One label, as an annotator names it."""

    annotator: str
    item: int
    label: str


class Kept(BaseModel):
    """Its number."""

    number: int


def app(file: str) -> FastAPI:
    """The app over a database of one table."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE labels (number INTEGER PRIMARY KEY, annotator TEXT, item INT, label TEXT)"
    )
    made = FastAPI()

    @made.post("/labels", status_code=201)
    async def keep(label: Label) -> Kept:
        row = (label.annotator, label.item, label.label)
        cursor = connection.execute("INSERT INTO labels (annotator, item, label) VALUES (?, ?, ?)", row)
        return Kept(number=cursor.lastrowid or 0)

    return made


def main(file: str) -> None:
    """Serves until it is told to end."""
    with listening("127.0.0.1", 0) as listener:
        sys.stdout.write(f"Serving http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = Config(
            app(file), loop="uvloop", http="httptools", ws="none", access_log=False, log_config=None
        )
        Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
