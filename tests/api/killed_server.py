"""A server that is killed at a set moment: `python -m tests.api.killed_server FOLDER STORE MOMENT COUNT`.

It makes a campaign of its own, with everybody signed in, writes what is to be sent to FOLDER, and serves it.
STORE is a folder or the URL of a PostgreSQL.
MOMENT says when it ends itself by SIGKILL, so that nothing of Python runs any more: `kept` is when the group
of batches of that COUNT is written and not committed, `committed` when it is committed and not answered.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import uvicorn
from sqlalchemy import Connection

from labelshare.api.app import create_app
from labelshare.api.auth import Auth
from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.connect import connect
from labelshare.chain.shared import shared
from labelshare.commands.hosting import listening, server_config
from labelshare.oracle.desk import Desk
from labelshare.protocol.commitments import SignedCommit
from labelshare.protocol.sign_in import personal_digest
from labelshare.store.database import Database
from labelshare.store.messages import Messages
from labelshare.types import Hash32
from tests.api.visit import commit_body
from tests.oracle.stage import COIN, NAMES, Stage, build, small_spec
from tests.oracle.victim import opened

__all__ = ["ITEMS", "TOLD"]

ITEMS = 200
TOLD = "told"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once_kept(number: int) -> None:
    """Before the transaction is committed."""
    groups, keep = count(1), Messages.add_commits

    def add(self: Messages, new: Iterable[tuple[Hash32, SignedCommit]]) -> None:
        keep(self, new)
        if next(groups) == number:
            die()

    Messages.add_commits = add  # type: ignore[method-assign]


def die_once_committed(number: int) -> None:
    """Before anybody is answered."""
    groups, inner, keep, kept = count(1), Database.writing, Messages.add_commits, []

    def add(self: Messages, new: Iterable[tuple[Hash32, SignedCommit]]) -> None:
        keep(self, new)
        kept.append(next(groups))

    @contextmanager
    def writing(self: Database, turn: bytes = b"") -> Iterator[Connection]:
        is_inner = self.is_writing
        with inner(self, turn) as connection:
            yield connection
        if not is_inner and number in kept:
            die()

    Messages.add_commits = add  # type: ignore[method-assign]
    Database.writing = writing  # type: ignore[method-assign]


def working(store: str) -> Stage:
    """A campaign with enough items for many batches of one label each."""
    items = [{"digest": f"{item:064x}"} for item in range(ITEMS)]
    spec, chain = small_spec(items=items), shared(connect())
    stage = build(chain, spec, seat_stake=ITEMS * COIN, database=opened(store))
    return stage.accept().enrol().draw().begin()


def signed_in(desk: Desk, stage: Stage, settings: ApiSettings) -> list[str]:
    auth, tokens = Auth(desk, settings, lambda: 1_800_000_000.0), []
    for name in NAMES:
        signer = stage.people[name]
        issued = auth.ask(signer.address)
        tokens.append(auth.prove(issued.nonce, signer.sign_digest(personal_digest(issued.text)))[0])
    return tokens


def messages(stage: Stage, name: str) -> list[SignedCommit]:
    """All that somebody can hand in, one label each."""
    signer, label = stage.people[name], stage.spec.task.form.encode(0)
    items = sorted(stage.engine.assigned_to(signer.address) or ())[: stage.intake.limit]
    return [stage.sealed(signer, {item: label}, batch=at, before=at)[0] for at, item in enumerate(items)]


def main(folder: Path, store: str, moment: str, number: int) -> None:
    stage = working(store)
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    settings = ApiSettings(address_rate=Rate(0, 1), account_rate=Rate(0, 1))
    tokens = signed_in(desk, stage, settings)
    work = [[(each, commit_body(each)) for each in messages(stage, name)] for name in NAMES]
    campaign = stage.scope.campaign_id
    (folder / TOLD).write_bytes(pickle.dumps((campaign, tokens, work)))
    if moment != "never":
        (die_once_kept if moment == "kept" else die_once_committed)(number)
    with listening("127.0.0.1", 0) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        app = create_app(desk, settings, clock=lambda: 1_800_000_000.0)
        uvicorn.Server(server_config(app, None)).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
