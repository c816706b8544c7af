"""An API on a real port of this machine, served as it is in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from socket import socket
from threading import Thread
from time import monotonic, sleep

import uvicorn

from labelshare.api.app import create_app
from labelshare.api.pages import Pages
from labelshare.api.settings import ApiSettings
from labelshare.oracle.desk import Desk
from tests.api.broken_line import Line

__all__ = ["served"]


@contextmanager
def served(
    desk: Desk, settings: ApiSettings | None = None, web: Pages | None = None, line: Line | None = None
) -> Iterator[str]:
    """Serves until the block ends, with the web app if one is given, behind a line; gives the address."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        app = (line or Line()).to(create_app(desk, replace(settings or ApiSettings(), url=url), web=web))
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", loop="asyncio")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        end = monotonic() + 10
        while not server.started:
            assert monotonic() < end, "the server does not start"
            sleep(0.01)
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()
