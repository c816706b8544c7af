"""What items are made of: texts, images, clips, named by their content, in a folder or an object store.

A name is a CIDv1 (raw, sha2-256), as IPFS names the same bytes. What is read is hashed, so nothing is ever
handed out whole that is not what its name says.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from labelshare.errors import InputError, NotFoundError, StoreError
from labelshare.types import Hash32

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["MAX_BLOB_BYTES", "Blobs", "cid"]

MAX_BLOB_BYTES: Final = 256 * 1024**2
CHUNK: Final = 256 * 1024
_HEAD: Final = bytes((0x01, 0x55, 0x12, 0x20))  # CIDv1, raw, sha2-256, 32 bytes


def cid(digest: Hash32) -> str:
    """The CIDv1 of raw bytes with that sha256, in base 32."""
    return "b" + b32encode(_HEAD + digest).decode().rstrip("=").lower()


class Blobs:
    """A store of blobs, each at most `max_bytes` large.

    Example:
        >>> blobs = Blobs.at("memory://")
        >>> name = blobs.put([b"It rains."])
        >>> blobs.read(name)
        b'It rains.'
    """

    def __init__(self, store: ObjectStore, max_bytes: int = MAX_BLOB_BYTES) -> None:
        self._store = store
        self.max_bytes = max_bytes

    @classmethod
    def at(cls, place: str | Path, max_bytes: int = MAX_BLOB_BYTES) -> Blobs:
        """The blobs of a folder, which is made where there is none, or of a URL such as `s3://bucket/prefix`.

        Raises:
            InputError: No such kind of URL.
            StoreError: The folder cannot be made.
        """
        from obstore.store import LocalStore, from_url

        try:
            if isinstance(place, Path) or "://" not in place:
                return cls(LocalStore(Path(place).resolve(), mkdir=True), max_bytes)
            return cls(from_url(place), max_bytes)
        except OSError as error:
            raise StoreError(f"no folder for blobs: {error}") from None
        except Exception as error:  # noqa: BLE001 (obstore's errors share no root but Exception)
            reason = str(error).splitlines()[0]
            raise InputError(f"{place!r:.200} names no store of blobs: {reason}") from None

    def put(self, chunks: Iterable[bytes], expected: Hash32 | None = None) -> Hash32:
        """Keep a blob, given in pieces; returns its sha256, which names it.

        Args:
            chunks: Its bytes.
            expected: The sha256 that it must have, if known.

        Raises:
            InputError: It is too large, or not what was expected: nothing is kept.
            StoreError: The store does not take it.
        """
        import obstore

        state, size = sha256(), 0
        with SpooledTemporaryFile(max_size=8 * CHUNK) as spool:
            for chunk in chunks:
                size += len(chunk)
                self._require_size(size)
                state.update(chunk)
                spool.write(chunk)
            name = Hash32(state.digest())
            if expected is not None and name != expected:
                raise InputError(f"the content has sha256 {name}, not {expected}")
            spool.seek(0)
            with _refusals(name):
                obstore.put(self._store, cid(name), iter(lambda: spool.read(CHUNK), b""))
        return name

    def size(self, name: Hash32) -> int:
        """How many bytes a blob has; `NotFoundError` if there is none of that sha256."""
        import obstore

        with _refusals(name):
            found = int(obstore.head(self._store, cid(name))["size"])
        self._require_size(found)
        return found

    def stream(self, name: Hash32) -> Iterator[bytes]:
        """A blob in pieces, the last of which comes only once all are what the name says.

        Raises:
            NotFoundError: There is none of that sha256; at once, before the first piece.
            StoreError: The store fails, or holds other bytes under that name.
        """
        import obstore

        with _refusals(name):
            found = obstore.get(self._store, cid(name))
            self._require_size(int(found.meta["size"]))
            pieces = iter(found.stream(min_chunk_size=CHUNK))
        return _checked(name, pieces)

    def read(self, name: Hash32) -> bytes:
        """A whole blob; raises as `stream` does."""
        return b"".join(self.stream(name))

    def _require_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise InputError(f"a blob has at most {self.max_bytes} bytes")


def _checked(name: Hash32, pieces: Iterator[Any]) -> Iterator[bytes]:
    state, held = sha256(), b""
    while True:
        with _refusals(name):
            piece = next(pieces, None)
        if piece is None:
            break
        if held:
            yield held
        held = bytes(piece)
        state.update(held)
    if state.digest() != name:
        raise StoreError(f"what is stored as blob {name} is something else")
    yield held


class _refusals:  # noqa: N801 (used as a function)
    """What a store raises as errors of ours, which name no place."""

    def __init__(self, name: Hash32) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise NotFoundError(f"there is no blob {self._name}") from None
        if isinstance(error, Exception) and not isinstance(error, InputError | StoreError):
            raise StoreError(f"the store of blobs failed at {self._name}") from error
