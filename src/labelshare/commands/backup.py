"""A store in a file, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelshare.commands.common import Session, bar
from labelshare.commands.hosting import require_one_store
from labelshare.commands.lines import fields
from labelshare.errors import InputError, StoreError

if TYPE_CHECKING:
    from labelshare.oracle.archive import Manifest
    from labelshare.oracle.blobs import Blobs

__all__ = ["BlobsOption", "DatabaseOption", "StateOption", "backup", "restore"]

StateOption = Annotated[
    Path | None,
    typer.Option(envvar="LABELSHARE_STATE", help="Folder of the store."),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        envvar="LABELSHARE_DATABASE",
        help="PostgreSQL instead, postgresql://…; where it holds a password, give it by the environment.",
    ),
]
BlobsOption = Annotated[
    str | None,
    typer.Option(help="Folder or s3:// address of the items' content; by default a folder of --state."),
]


def backup(
    here: Session,
    target: Annotated[
        Path, typer.Argument(help="File to write (….tar), or a folder for a file that is named by the time.")
    ],
    *,
    state: StateOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
    with_blobs: Annotated[
        bool | None,
        typer.Option(
            "--with-blobs/--without-blobs",
            help="Take the items' content along, or not; by default from a folder, and not from a bucket, "
            "which has versions of its own.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a backup of a store, of one moment, while its service runs or not.

    It holds no key: the answers in it stay sealed, and are read with the keystore of the service alone. What
    is acknowledged after it is not in it.
    """
    from labelshare.oracle.backup import back_up
    from labelshare.oracle.backup import target as file_of
    from labelshare.store.dump import reading

    require_one_store(state, database)
    place = blobs or (str(state / "blobs") if state is not None else None)
    wanted = with_blobs if with_blobs is not None else place is not None and "://" not in place
    if wanted and place is None:
        raise InputError("where are the blobs? name their place by --blobs, or leave them --without-blobs")
    path = file_of(target)
    with reading(state, database) as connection:
        made = back_up(path, connection, _blobs(place) if wanted else None, _bars)
    facts = {"file": str(made.path), "bytes": made.size, **_facts(made.manifest)}
    rows = [("file", made.path), ("size", f"{made.size:,} bytes"), *_rows(made.manifest)]
    here.show(facts, fields(rows))


def restore(
    here: Session,
    file: Annotated[Path, typer.Argument(help="The backup.")],
    *,
    state: StateOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
    with_blobs: Annotated[
        bool | None,
        typer.Option(
            "--with-blobs/--without-blobs",
            help="Restore the items' content too, or not; by default what the backup has of it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a backup into an empty store: a new folder, or a new PostgreSQL database, whichever it came from.

    Stop every service of the old store first, and do not start them again. The backup is checked whole before
    anything is written: by its hashes, against the chain and its contracts, and with the account's key.
    """
    from labelshare.oracle.archive import Archive
    from labelshare.oracle.restore import Target, require_ours
    from labelshare.oracle.restore import restore as restored

    require_one_store(state, database)
    with Archive(file) as archive:
        manifest = archive.manifest
        require_ours(manifest, here.chain, here.deployment)
        wanted = bool(manifest.blobs) if with_blobs is None else with_blobs
        place = blobs or (str(state / "blobs") if state is not None else None)
        if wanted and manifest.blobs is None:
            raise InputError(f"{file} holds no blobs; it was made without them")
        if wanted and place is None:
            raise InputError(
                "the backup has blobs: name their place by --blobs, or leave them --without-blobs"
            )
        into = Target(state, database, partial(_blobs, place) if wanted else None)
        restored(archive, into, here.signer, _bars)
    facts = {"file": str(file), **_facts(manifest), "blobs": manifest.blobs if wanted else None}
    here.show(facts, fields([("restored", file), *_rows(manifest)]))


def _blobs(place: str | None) -> Blobs:
    from labelshare.oracle.blobs import Blobs

    if place is None:
        raise StoreError("no place for blobs")
    return Blobs.at(place)


@contextmanager
def _bars(title: str, total: int) -> Iterator[Callable[[int], None]]:
    with bar(title, total) as advance:
        yield advance


def _facts(manifest: Manifest) -> dict[str, object]:
    return {
        "created": manifest.created,
        "revision": manifest.revision,
        "chain": manifest.binding.chain_id,
        "rows": {part.table: part.rows for part in manifest.tables},
        "blobs": manifest.blobs,
    }


def _rows(manifest: Manifest) -> list[tuple[str, object]]:
    filled = [f"{part.rows:,} {part.table}" for part in manifest.tables if part.rows]
    blobs = "not in it" if manifest.blobs is None else f"{manifest.blobs:,}, {manifest.blob_bytes:,} bytes"
    chain = manifest.binding.chain_id
    return [
        ("made", manifest.created),
        ("chain", "none yet" if chain is None else chain),
        ("schema", manifest.revision),
        ("rows", ", ".join(filled) or "none"),
        ("blobs", blobs),
        ("no key", "answers stay sealed: keep the keystore and its password elsewhere"),
    ]
