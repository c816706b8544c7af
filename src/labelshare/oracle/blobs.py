"""What items are made of: texts, images, clips, named by their content, in a folder or an object store.

A name is a CIDv1 (raw, sha2-256), as IPFS names the same bytes. What is read is hashed, so nothing is ever
handed out whole that is not what its name says. Whoever may use an object store is said by the environment
alone (`AWS_ACCESS_KEY_ID`, a role, …): an address that holds a key is refused.
"""

from __future__ import annotations

import os
from base64 import b32decode, b32encode
from collections.abc import Iterable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from re import search
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from labelshare.errors import InputError, NotFoundError, StoreError
from labelshare.types import Hash32

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

__all__ = ["MAX_BLOB_BYTES", "Blobs", "Incoming", "cid", "digest_of"]

MAX_BLOB_BYTES: Final = 256 * 1024**2
CHUNK: Final = 256 * 1024
PART: Final = 8 * 1024**2
"""What is larger goes to an object store in parts of so many bytes."""
_PROVEN: Final = 4_096
_HEAD: Final = bytes((0x01, 0x55, 0x12, 0x20))  # CIDv1, raw, sha2-256, 32 bytes


def cid(digest: Hash32) -> str:
    """The CIDv1 of raw bytes with that sha256, in base 32."""
    return "b" + b32encode(_HEAD + digest).decode().rstrip("=").lower()


def digest_of(name: str) -> Hash32:
    """The sha256 in a CIDv1 of raw bytes; `InputError` for any other name."""
    try:
        data = b32decode(name[1:].upper() + "=" * (-len(name[1:]) % 8))
    except ValueError:
        data = b""
    if not data.startswith(_HEAD) or len(data) != len(_HEAD) + 32 or cid(Hash32(data[-32:])) != name:
        raise InputError("not a CIDv1 of raw bytes with a sha256, in base 32")
    return Hash32(data[-32:])


class Incoming:
    """A blob on its way in: hashed and counted as it comes, on the disk where it is large; kept nowhere yet.

    Closing it, as the end of a `with` block does, forgets it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._state = sha256()
        self.size = 0
        self.file: IO[bytes] = SpooledTemporaryFile(max_size=8 * CHUNK)  # noqa: SIM115 (closed by the block)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, chunk: bytes) -> None:
        """The next bytes; `InputError` once there are too many."""
        self.size += len(chunk)
        if self.size > self._most:
            raise InputError(f"a blob has at most {self._most} bytes")
        self._state.update(chunk)
        self.file.write(chunk)

    @property
    def name(self) -> Hash32:
        """The sha256 of what has come."""
        return Hash32(self._state.digest())

    def require(self, expected: Hash32) -> None:
        """Raise `InputError` where that is another one."""
        if self.name != expected:
            raise InputError(f"the content has sha256 {self.name}, not {expected}")


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
        self._proven: dict[Hash32, object] = {}

    @classmethod
    def at(cls, place: str | Path, max_bytes: int = MAX_BLOB_BYTES) -> Blobs:
        """The blobs of a folder, which is made where there is none, or of a URL such as `s3://bucket/prefix`.

        Raises:
            InputError: No such kind of URL.
            StoreError: The folder cannot be made.
        """
        from obstore.store import LocalStore, from_url

        if isinstance(place, str) and "://" in place:
            _require_no_secret(place)
        try:
            if isinstance(place, Path) or "://" not in place:
                return cls(LocalStore(Path(place).resolve(), mkdir=True), max_bytes)
            if urlsplit(place).scheme in _S3:
                return cls(from_url(place, client_options=_client(), retry_config=_RETRY), max_bytes)
            return cls(from_url(place), max_bytes)
        except OSError as error:
            raise StoreError(f"no folder for blobs: {error}") from None
        except Exception as error:  # noqa: BLE001 (obstore's errors share no root but Exception)
            reason = str(error).splitlines()[0]
            raise InputError(f"{place!r:.200} names no store of blobs: {reason}") from None

    def check(self) -> None:
        """Raise `StoreError` where the store is not there, or lets nobody of this environment in."""
        import obstore

        try:
            next(iter(obstore.list(self._store, prefix="labelshare", chunk_size=1)), None)
        except Exception as error:
            raise StoreError(f"the store of blobs cannot be used: {_reason(error)}") from error

    def put(self, chunks: Iterable[bytes], expected: Hash32 | None = None) -> Hash32:
        """Keep a blob, given in pieces; returns its sha256, which names it.

        Args:
            chunks: Its bytes.
            expected: The sha256 that it must have, if known.

        Raises:
            InputError: It is too large, or not what was expected: nothing is kept.
            StoreError: The store does not take it.
        """
        with Incoming(self.max_bytes) as blob:
            for chunk in chunks:
                blob.write(chunk)
            return self.keep(blob, expected)

    def keep(self, blob: Incoming, expected: Hash32 | None = None) -> Hash32:
        """Keep what has come in whole; raises as `put` does, but for its size."""
        import obstore

        name = blob.name
        if expected is not None:
            blob.require(expected)
        blob.file.seek(0)
        whole = blob.file.read() if blob.size <= PART else _pieces(blob.file)
        try:
            with _refusals(name):
                obstore.put(self._store, cid(name), whole, chunk_size=PART)
        except NotFoundError:
            raise StoreError(
                "there is no such place to keep blobs: is there a bucket of that name?"
            ) from None
        return name

    def has(self, name: Hash32) -> bool:
        """Whether there is a blob of that sha256."""
        try:
            self.size(name)
        except NotFoundError:
            return False
        return True

    def size(self, name: Hash32) -> int:
        """How many bytes a blob has; `NotFoundError` if there is none of that sha256."""
        return int(self._head(name)["size"])

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

    def part(self, name: Hash32, start: int, end: int) -> bytes:
        """The bytes of a blob from `start` up to `end`, of one that was read whole and found right before.

        Raises as `stream` does. The first part of a blob costs reading all of it, once in a process and for
        each version that the store has of it.
        """
        import obstore

        meta = self._head(name)
        version = (meta["e_tag"], meta["last_modified"], meta["size"])
        if self._proven.get(name) != version:
            for _ in self.stream(name):
                pass
            while len(self._proven) >= _PROVEN:
                self._proven.pop(next(iter(self._proven)), None)
            self._proven[name] = version
        with _refusals(name):
            return (
                bytes(obstore.get_range(self._store, cid(name), start=start, end=end)) if end > start else b""
            )

    def beginning(self, name: Hash32, most: int) -> bytes:
        """The first bytes of a blob, unchecked: good for a guess at what it is, and for nothing else."""
        import obstore

        end = min(most, self.size(name))
        with _refusals(name):
            return bytes(obstore.get_range(self._store, cid(name), start=0, end=end)) if end else b""

    def read(self, name: Hash32) -> bytes:
        """A whole blob; raises as `stream` does."""
        return b"".join(self.stream(name))

    def every(self) -> Iterator[tuple[Hash32, int]]:
        """Name and size of each blob; what else lies there is passed over. `StoreError` as for `stream`."""
        import obstore

        with _refusals(Hash32(bytes(32))):
            for some in obstore.list(self._store):
                for found in some:
                    try:
                        yield digest_of(str(found["path"])), int(found["size"])
                    except InputError:
                        continue

    def remove(self, name: Hash32) -> None:
        """Forget a blob; `StoreError` where the store fails."""
        import obstore

        with _refusals(name):
            obstore.delete(self._store, cid(name))

    def _head(self, name: Hash32) -> Any:
        import obstore

        with _refusals(name):
            found = obstore.head(self._store, cid(name))
        self._require_size(int(found["size"]))
        return found

    def _require_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise InputError(f"a blob has at most {self.max_bytes} bytes")


_S3: Final = frozenset({"s3", "s3a"})
# Enough for a store that is busy for a while; then whoever asked is told, rather than kept waiting.
_RETRY: RetryConfig = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
}


def _client() -> ClientConfig:
    """Patience; and plain http where the environment allows it, which options given here would hide."""
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}
    return {"connect_timeout": "5s", "timeout": "120s", "allow_http": plain}


def _require_no_secret(url: str) -> None:
    """No key in an address, which ends up in shell histories, lists of processes and logs."""
    parts = urlsplit(url)
    if parts.username or parts.password or "@" in parts.netloc or parts.query or parts.fragment:
        raise InputError(
            "the address of a store of blobs holds no user, no key and no query: "
            "give access by the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK), b"")


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


# What a store says, as it stands in obstore's messages, and what it means to who set it up. The messages
# themselves name addresses and what a server echoed, so they are not passed on.
_KEYS: Final = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_MEANINGS: Final = (
    ("<Code>NoSuchBucket</Code>", "there is no bucket of that name; make it first"),
    ("/latest/|CredentialsNotLoaded", f"no key is in the environment, and no role is there: set {_KEYS}"),
    (
        "status code: 40[13]|PermissionDenied|Unauthenticated",
        f"it does not let these keys in, or not to list, read and write; see {_KEYS}",
    ),
    ("BadScheme", "AWS_ENDPOINT_URL is plain http, which AWS_ALLOW_HTTP=true allows"),
    ("status code: 30[1278]", "the bucket is in another region; see AWS_REGION"),
    ("kind: (Connect|Timeout)", "nobody answers there; see AWS_ENDPOINT_URL and AWS_REGION"),
    (r"status code: 5\d\d", "it answers with faults of its own; try again later"),
)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    said = str(error)
    return next((text for sign, text in _MEANINGS if search(sign, said)), type(error).__name__)


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
