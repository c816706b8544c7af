"""A service of which a part hangs, to be asked to end; the argument says which: worker or request."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

from labelshare.chain.transactions import Sender
from labelshare.commands import hosting
from labelshare.errors import LabelshareError
from labelshare.oracle.service import Options, Service, Worker
from labelshare.store.journal import TransactionJournal
from tests.oracle.stage import build

SECONDS = 1


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def hang() -> float:
    threading.Event().wait()
    return 1.0


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A request hangs in a thread, as where the database does."""
    if scope["type"] == "http":
        say("asked")
        await asyncio.to_thread(hang)
        return
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def main(which: str) -> None:
    stage = build()
    sender = Sender(stage.chain, TransactionJournal(stage.database))
    service = Service(sender, stage.deployment, stage.oracle, stage.database, Options(depth=0))
    service.workers = [Worker("runner 0", hang)] if which == "worker" else []
    hosting._LET_GO_SECONDS = 1.0  # type: ignore[misc]
    config = hosting.server_config(app, None)
    config.timeout_graceful_shutdown = SECONDS
    ending = hosting.ended_by_signals()
    with hosting.listening("127.0.0.1", 0) as listener:
        say(listener.getsockname()[1])
        try:
            hosting.run_service(service, config, listener, stage.database, ending)
        except LabelshareError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
