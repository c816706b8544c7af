"""Restoring a backup: into an empty store, by whoever has the account's key, for the chain it is of.

Everything is checked before anything is written. What is written is written in one transaction, or to a file
that has another name until it is whole: a restore that fails leaves what was there, an empty store.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from sqlalchemy import Connection

from labelshare.chain.deploy import Deployment
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain
from labelshare.errors import InputError, KeystoreError, StoreError, WrongChainError
from labelshare.oracle.archive import Archive, Manifest, appear, fsync_folder
from labelshare.oracle.backup import Bars
from labelshare.oracle.blobs import Blobs, cid
from labelshare.store import dump, revisions
from labelshare.store.coding import opening_of
from labelshare.store.database import FILE
from labelshare.store.private import make_folder
from labelshare.store.vault import Vault
from labelshare.types import Hash32

__all__ = ["Target", "require_ours", "restore"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: a folder, or a PostgreSQL database, and the blobs.

    `blobs` opens their place, and makes a folder there, once nothing is refused any more; None: without them.
    """

    folder: Path | None
    url: str | None
    blobs: Callable[[], Blobs] | None


def restore(archive: Archive, target: Target, signer: Signer, bars: Bars) -> None:
    """Write a backup into an empty store.

    Args:
        archive: The backup.
        target: Where to.
        signer: The oracle's account, whose key opens what is sealed in it.
        bars: Shows how far it is.

    Raises:
        InputError: The backup is altered or malformed, or the target is not empty. Nothing is written.
        KeystoreError: It is of another account. Nothing is written.
        StoreError: The store refuses: it is left empty.
    """
    _require_empty(target.folder)
    with bars("checking", archive.size) as advance:
        archive.check(advance)
    if not revisions.is_known(archive.manifest.revision):
        raise InputError(
            f"{archive.path} is of schema {archive.manifest.revision}, which this version of labelshare does "
            "not know; use the version that made it, or a later one"
        )
    _require_account(archive, signer)
    with ExitStack() as undo:
        with _filled(target) as connection:
            parts = {part.table: (part.columns, archive.lines(part)) for part in archive.manifest.tables}
            with bars("rows", archive.manifest.rows) as advance:
                dump.fill(connection, archive.manifest.revision, parts, advance)
            if target.blobs is not None:
                _put_blobs(archive, target.blobs(), undo, bars)
        undo.pop_all()  # once all is there: committing may fail as well


def require_ours(manifest: Manifest, chain: Chain, deployment: Deployment) -> None:
    """Make sure that a backup is of this chain, and of the contracts of this deployment.

    Raises:
        WrongChainError: It is of another chain.
        InputError: It is of other contracts.
    """
    binding = manifest.binding
    if binding.chain_id is not None:
        here = chain.chain_id, str(chain.block_hash(0))
        if (binding.chain_id, binding.genesis) != here:
            raise WrongChainError(
                f"the backup is of chain {binding.chain_id} that began with block {binding.genesis}; "
                f"this is chain {here[0]} that began with {here[1]}"
            )
    own = {str(deployment.registry.address), str(deployment.licenses.address)}
    others = set(binding.contracts) - own
    if others:
        raise InputError(
            f"the backup is of another deployment: it holds logs of {min(others)}, and the record of the "
            f"deployment has registry {deployment.registry.address}"
        )


def _require_account(archive: Archive, signer: Signer) -> None:
    """The account opens an answer that is sealed in the backup; without one, it sent what is in it."""
    sealed = next((part for part in archive.manifest.tables if part.table == "openings" and part.rows), None)
    if sealed is not None:
        row = dump.row_of(sealed.columns, next(archive.lines(sealed)))
        try:
            opening_of(Vault.of(signer), SimpleNamespace(**row))
        except StoreError:
            raise KeystoreError(
                f"the answers in the backup are sealed under another account's key than that of "
                f"{signer.address}: restore it with the keystore that the service had"
            ) from None
        return
    accounts = archive.manifest.binding.accounts
    if accounts and str(signer.address) not in accounts:
        raise KeystoreError(
            f"the backup is of account {accounts[0]}, not of {signer.address}: restore it with the keystore "
            "that the service had"
        )


def _require_empty(folder: Path | None) -> None:
    if folder is not None and (folder / FILE).exists():
        raise InputError(f"{folder} holds a store; a backup is restored into an empty folder")


@contextmanager
def _filled(target: Target) -> Iterator[Connection]:
    """A transaction in the empty database; what it wrote is there once the block ends well, and else not."""
    if target.folder is None:
        with dump.empty_server(target.url or "") as connection:
            yield connection
        return
    final = target.folder / FILE
    partial = target.folder / f".{FILE}.{os.getpid()}.partial"
    try:
        make_folder(target.folder)
        with ExitStack() as undo:
            undo.callback(partial.unlink, missing_ok=True)
            with dump.empty_file(partial) as connection:
                yield connection
            appear(partial, final)
            fsync_folder(target.folder)
    except OSError as error:
        raise StoreError(f"{target.folder} cannot be written: {error.strerror}") from None


def _put_blobs(archive: Archive, blobs: Blobs, undo: ExitStack, bars: Bars) -> None:
    """Those that are not there yet; where the rest fails they are removed again."""
    names = archive.blobs()
    with bars("blobs", len(names)) as advance:
        for name in names:
            if not blobs.has(name):
                undo.callback(_remover(blobs, name))
                blobs.put(archive.blob(cid(name)), expected=name)
            advance(1)


def _remover(blobs: Blobs, name: Hash32) -> Callable[[], None]:
    def remove() -> None:
        if blobs.has(name):
            blobs.remove(name)

    return remove
