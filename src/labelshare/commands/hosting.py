"""Running a service in this process: its port, its server, its workers, and its end."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Final

from labelshare.errors import InputError, LabelshareError

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from uvicorn import Config

    from labelshare.oracle.service import Service
    from labelshare.store.database import Database

__all__ = [
    "ended_by_signals",
    "folder_store",
    "listening",
    "require_one_store",
    "run_service",
    "server_config",
]

STOP_SECONDS: Final = 60.0
_LET_GO_SECONDS: Final = 5.0
_BACKLOG: Final = 2_048
# What a request makes is gone with it; the collector, for what refers to itself, need not run for each few.
_GC_THRESHOLDS: Final = (10_000, 10, 10)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket: taken before anything starts, so that a port in use is one clear line."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise InputError(f"cannot listen on {host} port {port}: {error.strerror}") from None
        listener.listen(_BACKLOG)
        yield listener


def require_one_store(state: Path | None, url: str | None) -> None:
    """Raise `InputError` unless exactly one of a folder and a database names the store."""
    if (state is None) == (url is None):
        raise InputError("where is the store? name either a folder by --state, or PostgreSQL by --database")


@contextmanager
def folder_store(folder: Path) -> Iterator[Database]:
    """The store of a folder, for one service at a time: what one that was killed had in hand is free at once.

    Raises:
        StoreError: Another process serves it, or it cannot be opened.
    """
    from labelshare.store.database import Database
    from labelshare.store.jobs import Jobs
    from labelshare.store.locks import serving_alone

    with serving_alone(folder):
        store = Database.open(folder)
        try:
            Jobs(store).free_all()
            yield store
        finally:
            store.close()


def server_config(app: object, proxy: str | None) -> Config:
    """How an app is served: by HTTP alone, with a proxy whose word on addresses counts, if there is one."""
    from uvicorn import Config

    return Config(
        app,  # type: ignore[arg-type]
        loop="uvloop",
        http="labelshare.api.lines:BoundedHttp",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy or "127.0.0.1",
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )


def ended_by_signals() -> Event:
    """An event that Ctrl-C and SIGTERM set from now on, so that none is lost before the server runs."""
    ending = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # The server sends them once more to this handler when it has ended by them.
        signal.signal(number, lambda *_: ending.set())
    return ending


def run_service(
    service: Service, config: Config, listener: socket.socket, store: Database, ending: Event
) -> None:
    """Workers in threads, the API in front; when it ends, requests and steps at hand are finished.

    For both there is the server's time to shut down gracefully, once: the process ends after it whatever
    hangs. `ending`, from `ended_by_signals`, is set as soon as the end is asked for; nothing is
    served if it is already.
    """
    from uvicorn import Server

    last = _LastTime(float(config.timeout_graceful_shutdown or STOP_SECONDS))

    class Ending(Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            ending.set()
            super().handle_exit(sig, frame)

        async def main_loop(self) -> None:
            self.should_exit = self.should_exit or ending.is_set()
            _keep_what_is_there()
            await super().main_loop()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            last.begin()
            service.end()
            await super().shutdown(sockets)

    _allow_connections()
    service.start()
    try:
        Ending(config).run(sockets=[listener])
    finally:
        last.begin()
        ended = service.stop(last.left)
        store.close()
    if not ended:
        raise LabelshareError(last.told)
    last.is_over()


class _LastTime:
    """What is left of a process once its end is asked for; it ends some seconds later at the latest."""

    def __init__(self, seconds: float) -> None:
        self.told = f"a step did not end within {seconds:.0f} s; it is taken up again at the next start"
        self._seconds, self._end = seconds, 0.0
        self._timer: Timer | None = None

    def begin(self) -> None:
        """From now on; a second time changes nothing."""
        if self._timer is not None:
            return
        self._end = monotonic() + self._seconds
        self._timer = Timer(self._seconds + _LET_GO_SECONDS, self._end_process)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Seconds."""
        return max(0.0, self._end - monotonic())

    def is_over(self) -> None:
        """All has ended by itself."""
        if self._timer is not None:
            self._timer.cancel()

    def _end_process(self) -> None:
        """Something hangs that nobody can end. What was acknowledged is on the disk, as after `kill -9`."""
        os.write(2, f"{self.told}\n".encode())
        os._exit(1)


def _keep_what_is_there() -> None:
    """Never look through modules, routes and models for garbage again.

    They are most of what the collector walks, and everybody waits for it: a fifth to half a second each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def _allow_connections() -> None:
    """As many files as the system lets this process open: each connection is one."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
