"""A check of the whole set-up of a service, before it is started or while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.backup import BlobsOption, DatabaseOption, StateOption
from labelshare.commands.common import Session
from labelshare.commands.lines import fields
from labelshare.errors import LabelshareError

if TYPE_CHECKING:
    from labelshare.chain.keys import Signer
    from labelshare.oracle.check_chain import ChainChecks
    from labelshare.oracle.checks import Finding
    from labelshare.types import PoolId

__all__ = ["doctor"]


def doctor(
    here: Session,
    *,
    state: StateOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
    api: Annotated[
        str | None,
        typer.Option(
            envvar="LABELSHARE_PUBLIC_URL", help="Address of the service that runs, to compare clocks with."
        ),
    ] = None,
    pool: Annotated[
        str | None, typer.Option(help="The pool that the account is to be the oracle of.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=0, help="What serve is told: blocks behind the head that are final.")
    ] = None,
) -> None:
    """Check what a service needs: key, chain, contracts, clock, disk, database, blobs, limits.

    Takes the options of serve, and sends nothing. Each line is ok, warn or fail, with what to do. Exit code 1
    where anything fails.
    """
    from labelshare.oracle.checks import State
    from labelshare.types import Hash32, PoolId

    wanted = None if pool is None else PoolId(Hash32(pool))
    found = list(_about(here, wanted, depth, state, database, blobs, api))
    failed = [each for each in found if each.state is State.FAIL]
    facts = {
        "ok": not failed,
        "checks": [
            {"what": each.what, "state": each.state.value, "found": each.found, "advice": each.advice}
            for each in found
        ],
    }
    here.show(facts, _lines(found))
    if failed:
        raise typer.Exit(1)


def _lines(found: Sequence[Finding]) -> Iterator[str]:
    return fields(
        [
            (
                f"{each.state.value:<4}  {each.what}",
                f"{each.found}{'. To do: ' if each.advice else ''}{each.advice}",
            )
            for each in found
        ]
    )


def _about(
    here: Session,
    pool: PoolId | None,
    depth: int | None,
    state: Path | None,
    database: str | None,
    place: str | None,
    api: str | None,
) -> Iterator[Finding]:
    """Chain and machine, then both: reading a store tidies it, so that it is looked at before."""
    from labelshare.oracle.checks import found_by
    from labelshare.oracle.kept import Kept

    by = yield from _about_chain(here, pool, depth, time.time)
    yield from _about_machine(state, database, place, api, time.time)
    if by is not None and (state is None) != (database is None):
        checks, signer = by
        kept = partial(Kept.at, state, database)
        yield from found_by("campaigns", partial(checks.campaigns, signer, kept), "see that the node runs")


def _about_chain(
    here: Session, pool: PoolId | None, depth: int | None, now: Callable[[], float]
) -> Generator[Finding, None, tuple[ChainChecks, Signer] | None]:
    """Key first: it needs no chain; then the chain, and what is on it; returns what there is to ask by."""
    from labelshare.oracle.checks import Finding, State, found_by

    signer = yield from _keystore(here)
    try:
        checks = _checks(here, depth, now)
    except LabelshareError as error:
        advice = "name the node by --url and the record by --deployment, and see that the node runs"
        yield Finding("chain", State.FAIL, " ".join(str(error).split()), advice)
        for what in ("contracts", "key", "gas", "pool"):
            yield Finding(what, State.FAIL, "not looked at: there is no chain to ask", "see chain")
        return None
    yield from found_by("node", checks.reachable, "see that the node runs")
    yield from found_by("head", checks.synced, "see that the node runs")
    history = "use a node that keeps logs from the deployment on, and blocks from the first"
    yield from found_by("history", checks.history, history)
    yield from found_by("finality", checks.finality, "see that the node runs")
    yield from found_by("block hashes", checks.seeds, "see that the node runs")
    yield from found_by("clock", checks.clock, "see that the node runs")
    record = "use the record that came with the deployment, and the version of labelshare that it is of"
    yield from found_by("contracts", checks.contracts, record)
    if signer is None:
        for what in ("key", "gas", "pool"):
            yield Finding(what, State.FAIL, "not looked at: there is no key", "see keystore")
        return None
    yield from found_by("key", partial(checks.key, signer), "")
    yield from found_by("gas", partial(checks.gas, signer), "raise --max-fee, or wait until gas is cheaper")
    yield from found_by("pool", partial(checks.pool, signer, pool), "see that the node runs")
    yield from found_by("bond", partial(checks.bond, signer), "see that the node runs")
    return checks, signer


def _keystore(here: Session) -> Generator[Finding, None, Signer | None]:
    """The keystore, if it opens; generates what was found."""
    from labelshare.chain.keys import load_keystore, stated_address
    from labelshare.oracle.check_chain import keystore_mode
    from labelshare.oracle.checks import Finding, State

    try:
        stated_address(here.key)  # told of a file that is none before the password is asked for
        signer = load_keystore(here.key, here.password())
    except LabelshareError as error:
        advice = "--key names the keystore, --password-file the file with its password"
        yield Finding("keystore", State.FAIL, " ".join(str(error).split()), advice)
        return None
    yield keystore_mode(here.key)
    return signer


def _checks(here: Session, depth: int | None, now: Callable[[], float]) -> ChainChecks:
    from labelshare.oracle.check_chain import ChainChecks

    return ChainChecks(here.chain, here.deployment, here.fees, now, depth)


def _about_machine(
    state: Path | None,
    database: str | None,
    place: str | None,
    api: str | None,
    now: Callable[[], float],
) -> Iterator[Finding]:
    from labelshare.oracle import check_machine as machine
    from labelshare.oracle.check_chain import clock_of_api
    from labelshare.oracle.checks import Finding, State, found_by

    if (state is None) == (database is None):
        advice = "name a folder by --state, or PostgreSQL by --database"
        yield Finding("database", State.FAIL, "no store is named, or two", advice)
    elif state is not None:
        yield from found_by(
            "disk writes", partial(machine.disk, state), "let the service's account write there"
        )
        restore = "restore a backup into an empty folder, or name the right one"
        yield from found_by("database", partial(machine.database_file, state), restore)
    else:
        reach = "see that the server runs and takes this user's connections"
        yield from found_by("database", partial(machine.database_server, database or "", now), reach)
    place = place or (str(state / "blobs") if state is not None else None)
    if place is None:
        advice = "name their place by --blobs, unless items have no content here"
        yield Finding("blobs", State.WARN, "no place for them is named", advice)
    else:
        access = "let the service's account read, write and delete there"
        yield from found_by("blobs", partial(machine.blobs, place), access)
    yield from found_by("open files", machine.open_files, "")
    if api is not None:
        yield from found_by(
            "clock beside the API", partial(clock_of_api, api, now), "see that the service runs"
        )
