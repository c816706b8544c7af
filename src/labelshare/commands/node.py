"""A development chain in a process of its own."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from labelshare.commands.common import Session

__all__ = ["node"]


def node(
    _here: Session,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 for any that is free.")
    ] = 8545,
    log: Annotated[bool, typer.Option("--log", help="Tell of each request on the error stream.")] = False,
) -> None:
    """Run a development chain that wallets and other commands reach by its URL, until Ctrl-C."""
    from labelshare.chain.serve import NodeServer

    with NodeServer(port, _tell if log else None) as server:
        ended = _asked_to_end()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        typer.echo(f"Listening on {server.url}, chain {server.chain.chain_id}.")
        typer.echo("A development chain: it forgets everything when it ends. Ctrl-C ends it.")
        ended.wait()
        server.shutdown()


def _asked_to_end() -> threading.Event:
    """Set by Ctrl-C, and by who ends processes politely."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _tell(line: str) -> None:
    typer.echo(line, err=True)
