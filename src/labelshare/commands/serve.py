"""The oracle's service in this process: the API, and the workers that bring campaigns to their end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.accepting import acceptance, base_units
from labelshare.commands.common import Session
from labelshare.commands.hosting import (
    ended_by_signals,
    folder_store,
    listening,
    require_one_store,
    run_service,
    server_config,
)
from labelshare.errors import InputError, StoreError

if TYPE_CHECKING:
    from labelshare.api.metrics import Metrics
    from labelshare.client.bundles import BundleServices
    from labelshare.oracle.filing import Files
    from labelshare.oracle.service import Options, Service
    from labelshare.store.database import Database

__all__ = ["serve"]


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
    findings: Annotated[
        Path | None,
        typer.Option(
            envvar="LABELSHARE_FINDINGS",
            help="Folder where proofs of settlements are filed, which replicas had best share; by default a "
            "folder of --state, or one that ends with the process.",
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
        str | None,
        typer.Option(help="IP address (or network) of the proxy whose word on client addresses counts."),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            min=0, help="Blocks behind the head that are final, where the chain does not say so itself."
        ),
    ] = None,
    page_node: Annotated[
        str | None,
        typer.Option(
            envvar="LABELSHARE_PAGE_NODE",
            help="JSON-RPC address from which the web app's pages may read the chain; everyone sees it. By "
            "default the node's own on a development chain of this machine, else a visitor's wallet.",
        ),
    ] = None,
    challenge_up_to: Annotated[
        str,
        typer.Option(
            help="What the watcher may lock, in base units, to challenge proposals that are wrong or whose "
            "oracle withholds the evidence; 0: never."
        ),
    ] = "0",
    bundles_from: Annotated[
        list[str] | None,
        typer.Option(
            envvar="LABELSHARE_BUNDLES_FROM",
            metavar="[0x…=]URL",
            help="Another oracle's service, from which the watcher and --keep-all read evidence; again for "
            "each. With its account before it, what it does not show counts as withheld.",
        ),
    ] = None,
    keep_all: Annotated[
        bool,
        typer.Option(
            "--keep-all",
            help="Finalize, hand out and free campaigns of other oracles of the registry too; it costs gas.",
        ),
    ] = False,
    accept_from: Annotated[
        list[str] | None,
        typer.Option(
            metavar="0x…",
            help="Take on campaigns of this requester; again for each. By default of everybody who locks "
            "enough (--least-escrow) and pays a fee; of those named nothing more is asked than is said.",
        ),
    ] = None,
    least_escrow: Annotated[
        str | None,
        typer.Option(
            help="What a campaign must lock, in base units. By default what one may slash of a seat (stake / "
            "places of the pool), so that who takes all places locks as much as a seat."
        ),
    ] = None,
    least_fee: Annotated[
        str | None,
        typer.Option(
            help="What a campaign must earn the oracle if all work is accepted, in base units; by default 1."
        ),
    ] = None,
    longest_days: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="How long a campaign that goes well may hold its place; by default while seats are bound.",
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            envvar="LABELSHARE_METRICS_PORT",
            min=0,
            max=65_535,
            help="Port for /metrics alone, for Prometheus; 0 for any that is free. Off by default.",
        ),
    ] = None,
    metrics_host: Annotated[
        str,
        typer.Option(
            envvar="LABELSHARE_METRICS_HOST", help="Where metrics listen: this machine alone by default."
        ),
    ] = "127.0.0.1",
    address_rate: Annotated[
        float,
        typer.Option(min=0, help="Requests a second of one client address, on average; 0: no limit."),
    ] = 200.0,
    account_rate: Annotated[
        float, typer.Option(min=0, help="Requests a second of one account, on average; 0: no limit.")
    ] = 100.0,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            help="Start although the store knows nothing of campaigns that the account has accepted: "
            "receipts given for them cannot be kept, which may cost the bond.",
        ),
    ] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json/--log-text", help="Log as JSON, one line an event, or to be read.")
    ] = True,
) -> None:
    """Run an oracle: its API, its index of the chain, and the workers that lead campaigns to their end.

    Ctrl-C or SIGTERM ends it once the requests and steps at hand are done; whoever starts it again goes on.
    """
    from labelshare.api.app import create_app
    from labelshare.api.pages import Pages
    from labelshare.api.settings import ApiSettings, Rate
    from labelshare.commands.log import log_to_stderr
    from labelshare.oracle.blobs import Blobs
    from labelshare.oracle.desk import Desk
    from labelshare.oracle.service import Options

    if public_url is not None:
        ApiSettings(url=public_url)
    elif _is_everywhere(host):
        raise InputError(
            f"{host} is no address to sign in to: say by --public-url how clients reach the service"
        )
    _require_addresses(proxy)
    published = _published(bundles_from or ())
    accepted = acceptance(accept_from or (), least_escrow, least_fee, longest_days)
    most_locked = base_units("--challenge-up-to", challenge_up_to)
    web = Pages(page_node or here.own_node)
    require_one_store(state, database)
    if not accept_loss:
        _require_no_other_store(here, state, database)
    with _store(state, database) as store:
        files = _files(findings, state)
        filed = None if files.folder is None else files
        options = Options(
            depth=depth,
            fetch=published,
            publishers=published.oracles,
            most_locked=most_locked,
            keep_all=keep_all,
            files=filed,
            acceptance=accepted,
        )
        service = _service(here, store, options)
        if not accept_loss:
            _require_whole(service, store)
        place = blobs or (str(state / "blobs") if state is not None else None)
        content = None if place is None else Blobs.at(place)
        if content is not None:
            content.check()
        desk = Desk(
            service.sender,
            here.deployment,
            here.signer,
            store,
            blobs=content,
            index=service.indexer.at_head,
            lag=service.lag,
            files=files,
            acceptance=accepted,
        )
        metrics = None if metrics_port is None else _metrics(service, state, place)
        with listening(host, port) as listener, _scraped(metrics, metrics_host, metrics_port or 0) as told:
            url = public_url or f"http://{host}:{listener.getsockname()[1]}"
            ending = ended_by_signals()
            published.is_ending = ending.is_set
            by_address, by_account = Rate.of(address_rate), Rate.of(account_rate)
            settings = ApiSettings(url=url, address_rate=by_address, account_rate=by_account)
            app = create_app(desk, settings, web=web, metrics=metrics, is_ending=ending.is_set)
            config = server_config(app, proxy)
            log_to_stderr(as_json=log_json)
            typer.echo(
                f"Serving {url}/v1 for oracle {here.signer.address} on chain {here.chain.chain_id}.{told}"
            )
            run_service(service, config, listener, store, ending)


def _is_everywhere(host: str) -> bool:
    """Whether that is each address of the machine, and so the name of none."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return not host


def _require_addresses(proxy: str | None) -> None:
    """Raise `InputError` for a name: it equals no address, so that all clients would be limited as one."""
    for each in (proxy or "127.0.0.1").split(","):
        try:
            ip_network(each.strip(), strict=False)
        except ValueError:
            raise InputError(
                f"--proxy is an IP address or a network such as 10.0.0.0/8, not {each!r:.60}"
            ) from None


def _published(addresses: Iterable[str]) -> BundleServices:
    from labelshare.client.bundles import BundleServices, Publisher

    return BundleServices([Publisher.parse(each) for each in addresses])


def _store(state: Path | None, url: str | None) -> AbstractContextManager[Database]:
    from labelshare.store.database import Database

    return folder_store(state) if state is not None else closing(Database.at(url or ""))


def _service(here: Session, store: Database, options: Options) -> Service:
    from labelshare.chain.transactions import Sender
    from labelshare.oracle.service import Service
    from labelshare.store.journal import TransactionJournal

    sender = Sender(here.contracts.registry.chain, TransactionJournal(store), here.fees)
    sender.require_usable(here.signer)
    return Service(sender, here.deployment, here.signer, store, options)


def _require_no_other_store(here: Session, state: Path | None, url: str | None) -> None:
    """Raise `StoreError` before a store is made that is not the one of campaigns that run.

    So a backup can be restored there still.
    """
    from labelshare.oracle.kept import Kept, missing, require_all

    try:
        is_new = Kept.at(state, url) is None
    except StoreError:  # as is said once it is opened
        return
    if is_new:
        require_all(missing(here.chain, here.deployment, here.signer.address, Kept()))


def _require_whole(service: Service, store: Database) -> None:
    """Raise `StoreError` where the account has accepted campaigns that run and the store knows nothing of."""
    from labelshare.oracle.kept import Kept, missing, require_all

    with store.reading() as connection:
        kept = Kept.by(connection)
    chain, indexed = service.sender.chain, service.indexer.at_head()
    require_all(missing(chain, service.deployment, service.signer.address, kept, indexed))


def _files(folder: Path | None, state: Path | None) -> Files:
    from labelshare.oracle.filing import Files

    files = Files(folder or (None if state is None else state / "findings"))
    files.check()
    return files


def _metrics(service: Service, state: Path | None, blobs: str | None) -> Metrics:
    from labelshare.api.gathered import ServiceMetrics
    from labelshare.api.metrics import Metrics
    from labelshare.oracle.blobs import Blobs

    folder = None if blobs is None or "://" in blobs else Path(blobs)
    folders = {"database": state, "blobs": folder}
    disks = {name: each for name, each in folders.items() if each is not None}
    metrics = Metrics()
    metrics.add(ServiceMetrics(service, disks, None if folder is None else Blobs.at(folder)))
    return metrics


@contextmanager
def _scraped(metrics: Metrics | None, host: str, port: int) -> Iterator[str]:
    """Metrics on a port of their own, if they are wanted; yields what to say of it."""
    if metrics is None:
        yield ""
        return
    with metrics.serving(host, port) as taken:
        yield f" Metrics at http://{host}:{taken}/metrics."
