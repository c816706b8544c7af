"""The service for development: an oracle with a chain of its own, for wallets and pages of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labelshare.commands.common import Session
from labelshare.commands.hosting import (
    ended_by_signals,
    folder_store,
    listening,
    run_service,
    server_config,
)
from labelshare.commands.lines import fields
from labelshare.errors import InputError

if TYPE_CHECKING:
    import socket

    from labelshare.chain.development import Running
    from labelshare.commands.ground import Ground
    from labelshare.commands.lines import Pair
    from labelshare.oracle.filing import Files
    from labelshare.oracle.service import Service
    from labelshare.store.database import Database

__all__ = ["dev"]

HOST: Final = "127.0.0.1"
RECORD: Final = "deployment.json"


def dev(
    _here: Session,
    *,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps chain and store, for the next start; by default nothing is kept."
        ),
    ] = None,
    anvil: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM",
            help="Foundry's anvil, a path or a name on PATH, to run the chain; by default this process does.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 for any that is free.")
    ] = 8000,
    log_json: Annotated[
        bool, typer.Option("--log-json/--log-text", help="Log as JSON, one line an event, or to be read.")
    ] = False,
) -> None:
    """Run an oracle with a development chain of its own: contracts, a token, a pool and funded accounts.

    The chain is a node for wallets at /rpc of the same port, for this machine alone. All keys are public.
    """
    from labelshare.commands.log import log_to_stderr

    _require_fitting(state, anvil)
    with listening(HOST, port) as listener, _folder(state) as folder:
        log_to_stderr(as_json=log_json)
        _serve(f"http://{HOST}:{listener.getsockname()[1]}", listener, folder, anvil, kept=state is not None)


def _serve(url: str, listener: socket.socket, folder: Path, anvil: str | None, *, kept: bool) -> None:
    from labelshare.api.app import create_app
    from labelshare.api.pages import Pages
    from labelshare.api.rpc import PATH, WithNode
    from labelshare.api.settings import ApiSettings
    from labelshare.chain.answering import Answerer
    from labelshare.chain.development import Front, running
    from labelshare.oracle.blobs import Blobs
    from labelshare.oracle.desk import Desk
    from labelshare.oracle.filing import Files

    with running(folder, anvil, _end) as node, folder_store(folder) as store:
        ground = _ground(node, folder / RECORD)
        files = Files(folder / "findings")
        service = _service(ground, store, files)
        ending = ended_by_signals()
        desk = Desk(
            service.sender,
            ground.deployment,
            ground.signer,
            store,
            blobs=Blobs.at(str(folder / "blobs")),
            index=service.indexer.at_head,
            lag=service.lag,
            files=files,
        )
        app = create_app(desk, ApiSettings(url=url), web=Pages(PATH), is_ending=ending.is_set)
        front = Front(node, ground.give, service.indexer.set_back)
        typer.echo(f"Serving {url}/v1 for oracle {ground.signer.address} on chain {node.chain.chain_id}.")
        typer.echo("\n".join(_told(ground, url + PATH, folder if kept else None, anvil)))
        with_node = WithNode(app, Answerer(front.answer).respond)
        run_service(service, server_config(with_node, None), listener, store, ending)


def _ground(node: Running, record: Path) -> Ground:
    """What is there, or is laid now; the record is written last, when all that it names is on the disk."""
    from labelshare.commands.ground import lay, taken_up

    if record.exists():
        return taken_up(node.chain, record)
    ground = lay(node.chain)
    node.keep()
    ground.deployment.save(record)
    return ground


def _service(ground: Ground, store: Database, files: Files) -> Service:
    from labelshare.chain.transactions import Sender
    from labelshare.oracle.service import Options, Service
    from labelshare.store.journal import TransactionJournal

    sender = Sender(ground.contracts.registry.chain, TransactionJournal(store))
    sender.require_usable(ground.signer)
    service = Service(sender, ground.deployment, ground.signer, store, Options(depth=0, files=files))
    _forget_lost_blocks(service)
    return service


def _forget_lost_blocks(service: Service) -> None:
    """Have the index read anew where anvil was killed before its last blocks were kept: none was final."""
    index, chain = service.indexer.index, service.sender.chain
    head = index.head()
    if head is not None and (head.number > chain.block_number or chain.block_hash(head.number) != head.hash):
        typer.echo("The chain lost its latest blocks when it was last ended; it is read anew.", err=True)
        index.clear()


def _require_fitting(state: Path | None, anvil: str | None) -> None:
    """Nobody's store is mixed with another chain."""
    from labelshare.chain.development import ANVIL_STATE, CHAIN_FILE
    from labelshare.store.database import FILE

    if state is None:
        return
    by_anvil, own = (state / ANVIL_STATE).exists(), (state / CHAIN_FILE).exists()
    if own and anvil is not None:
        raise InputError(f"{state} keeps a chain without anvil; leave --anvil out, or name another folder")
    if by_anvil and anvil is None:
        raise InputError(f"{state} keeps a chain of anvil's; say --anvil anvil, or name another folder")
    if (state / FILE).exists() and not (own or by_anvil):
        raise InputError(
            f"{state} holds a store of another chain, which is left alone; name another folder by --state"
        )


@contextmanager
def _folder(state: Path | None) -> Iterator[Path]:
    """The folder that was named, made where need be; or one that ends with the block."""
    if state is None:
        with TemporaryDirectory(prefix="labelshare-") as made:
            yield Path(made)
        return
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{state}: cannot be made: {error.strerror}") from None
    yield state


def _told(ground: Ground, node: str, folder: Path | None, anvil: str | None) -> Iterator[str]:
    from labelshare.commands.ground import COIN, GIFT

    where = "in this process" if anvil is None else "run by anvil"
    kept = "nothing of it is kept" if folder is None else f"kept in {folder}"
    yield f"A development chain {where}, {kept}. All keys are public: no real money."
    rows: list[Pair] = [
        ("node", node),
        ("registry", ground.deployment.registry.address),
        ("token", f"{ground.contracts.development_token.address}, DEV"),
        ("pool", ground.pool),
    ]
    yield from fields(rows)
    yield f"Accounts of the mnemonic “test … junk”, with 10,000 coins and {GIFT // COIN:,} DEV each at first:"
    yield from (f"  {account}" for account in ground.accounts)


def _end() -> None:
    """As if it were asked to: what runs the chain has ended."""
    os.kill(os.getpid(), signal.SIGTERM)
