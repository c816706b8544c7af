"""The oracle's service in this process: the API, and the workers that bring campaigns to their end."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session
from labelshare.errors import InputError, LabelshareError

if TYPE_CHECKING:
    import socket

    from uvicorn import Config

    from labelshare.oracle.service import Service
    from labelshare.store.database import Database

__all__ = ["serve"]

STOP_SECONDS: Final = 60.0
_BACKLOG: Final = 2_048


def serve(
    here: Session,
    *,
    state: Annotated[
        Path | None,
        typer.Option(envvar="LABELSHARE_STATE", help="Folder of the store, for one process on one machine."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="LABELSHARE_DATABASE",
            help="PostgreSQL instead, postgresql://…, which any number of processes may share. "
            "Where it holds a password, give it by the environment.",
        ),
    ] = None,
    blobs: Annotated[
        str | None,
        typer.Option(help="Folder or s3:// address of the items' content; by default a folder of --state."),
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 for any that is free.")] = 8000,
    public_url: Annotated[
        str | None,
        typer.Option(envvar="LABELSHARE_PUBLIC_URL", help="How clients reach it, where that is another way."),
    ] = None,
    proxy: Annotated[
        str | None, typer.Option(help="Address of the proxy whose word on client addresses counts.")
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            min=0, help="Blocks behind the head that are final, where the chain does not say so itself."
        ),
    ] = None,
    challenge_up_to: Annotated[
        str,
        typer.Option(help="What the watcher may lock to challenge wrong proposals, in base units; 0: never."),
    ] = "0",
    log_json: Annotated[
        bool, typer.Option("--log-json/--log-text", help="Log as JSON, one line an event, or to be read.")
    ] = True,
) -> None:
    """Run an oracle: its API, its index of the chain, and the workers that lead campaigns to their end.

    Ctrl-C or SIGTERM ends it once the requests and steps at hand are done; whoever starts it again goes on.
    """
    from labelshare.api.app import create_app
    from labelshare.api.settings import ApiSettings
    from labelshare.oracle.blobs import Blobs
    from labelshare.oracle.desk import Desk

    if public_url is not None:
        ApiSettings(url=public_url)
    most_locked = _base_units(challenge_up_to)
    store = _store(state, database)
    service = _service(here, store, depth, most_locked)
    place = blobs or (str(state / "blobs") if state is not None else None)
    desk = Desk(
        service.sender,
        here.deployment,
        here.signer,
        store,
        blobs=None if place is None else Blobs.at(place),
        index=service.indexer.at_head,
        lag=service.lag,
    )
    with _listening(host, port) as listener:
        url = public_url or f"http://{host}:{listener.getsockname()[1]}"
        config = _config(create_app(desk, ApiSettings(url=url)), proxy)
        _log_to_stderr(as_json=log_json)
        typer.echo(f"Serving {url}/v1 for oracle {here.signer.address} on chain {here.chain.chain_id}.")
        _run(service, config, listener, store)


def _store(state: Path | None, url: str | None) -> Database:
    from labelshare.store.database import Database

    if (state is None) == (url is None):
        raise InputError("where is the store? name a folder by --state, or PostgreSQL by --database")
    return Database.open(state) if state is not None else Database.at(url or "")


def _service(here: Session, store: Database, depth: int | None, most_locked: int) -> Service:
    from labelshare.chain.transactions import Sender
    from labelshare.oracle.service import Options, Service
    from labelshare.store.journal import TransactionJournal

    sender = Sender(here.contracts.registry.chain, TransactionJournal(store))
    sender.require_usable(here.signer)
    return Service(sender, here.deployment, here.signer, store, Options(depth=depth, most_locked=most_locked))


def _base_units(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise InputError(f"--challenge-up-to is a number of base units, not {text!r:.40}")
    return int(text)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
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


def _config(app: object, proxy: str | None) -> Config:
    from uvicorn import Config

    return Config(
        app,  # type: ignore[arg-type]
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy or "127.0.0.1",
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )


def _run(service: Service, config: Config, listener: socket.socket, store: Database) -> None:
    """Workers in threads, the API in front; when it ends, the workers finish what they are at."""
    from uvicorn import Server

    for number in (signal.SIGINT, signal.SIGTERM):
        # The server ends by them, and then sends them once more to whoever handled them before.
        signal.signal(number, lambda *_: None)
    service.start()
    try:
        Server(config).run(sockets=[listener])
    finally:
        ended = service.stop(STOP_SECONDS)
        store.close()
    if not ended:
        raise LabelshareError(
            f"a step did not end within {STOP_SECONDS:.0f} s; it is taken up again at the next start"
        )


def _log_to_stderr(*, as_json: bool) -> None:
    """One line an event on the error stream; standard output is for the command's own words."""
    import structlog

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(
                [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
                if as_json
                else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
            ),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
