"""Bodies: how large each may be, who may send a large one, and how a large one is read.

The JSON of a few megabytes takes a second to parse where it holds nothing but brackets, and a parser lets
nobody else go on meanwhile. So what holds more values than its question has is refused by counting bytes; a
large body is read for accounts alone, within what each may send; and it is parsed beside the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from starlette.types import Scope

from labelshare.api.limits import Buckets, client_of
from labelshare.api.problems import Refusal
from labelshare.api.settings import MEBIBYTE, ApiSettings
from labelshare.errors import InputError
from labelshare.protocol import canonical
from labelshare.protocol.commitments import MAX_BATCH
from labelshare.store.sign_ins import Session

__all__ = ["LARGE", "Admission", "beside", "most_bytes", "read", "require_modest"]

LARGE: Final = 64 * 1024
"""A body of more bytes is large."""

_QUOTES: Final = "/v1/quotes"
_WITH_SPECS: Final = ("/v1/specs/", _QUOTES)
_BATCHES: Final = ("/commitments", "/openings")
_SCHEME: Final = b"bearer "
_ADMITTED: Final = "labelshare.admitted"

# Far more than any question has, and far less than what takes long to parse.
_FEW: Final = 64
_BATCH_VALUES: Final = 2 * MAX_BATCH + _FEW
_SPEC_BRACKETS: Final = 4_096
_BYTES_A_BRACKET: Final = 24  # an item of a spec, with its digest, has 78 bytes

_reader: Final = ThreadPoolExecutor(1, thread_name_prefix="reading")


def most_bytes(path: str, settings: ApiSettings) -> int:
    """How large the body of a request for a path may be, whoever sends it."""
    if path.startswith(_WITH_SPECS):
        return settings.spec_bytes
    if path.endswith(_BATCHES):
        return settings.message_bytes
    return min(settings.small_bytes, settings.message_bytes)


def require_modest(path: str, body: bytes) -> None:
    """Refuse what holds more than a question of that path can, without reading it; `InputError`."""
    brackets = body.count(b"[") + body.count(b"{")
    if path.startswith(_WITH_SPECS):
        modest = brackets <= _SPEC_BRACKETS + len(body) // _BYTES_A_BRACKET
    else:
        values = _BATCH_VALUES if path.endswith(_BATCHES) else _FEW
        modest = brackets <= _FEW and body.count(b",") <= values
    if not modest:
        raise InputError("fuller than any request for this path")


async def read(path: str, body: bytes) -> Any:
    """The values of a body, as `canonical.parse` has them; a large one is read in a thread, one at a time."""
    require_modest(path, body)
    if len(body) <= LARGE:
        return canonical.parse(body)
    return await beside(canonical.parse, body)


async def beside(work: Callable[..., Any], *given: Any) -> Any:
    """Do something with a large body outside of the event loop, where one at a time is worked on."""
    return await asyncio.get_running_loop().run_in_executor(_reader, work, *given)


class Admission:
    """Lets large bodies in.

    Args:
        settings: The bounds.
        session: The session of a token; raises `Refusal` where there is none.
        clock: Seconds that never go back.
    """

    def __init__(
        self, settings: ApiSettings, session: Callable[[str], Session], clock: Callable[[], float]
    ) -> None:
        self._settings, self._session = settings, session
        self._sent = Buckets(settings.large_rate, clock)

    async def admit(self, scope: Scope, size: int) -> None:
        """Let a body of so many bytes in, once for a request.

        Raises:
            Refusal: Nobody is signed in who might send it; or its account, or its address, has sent too much.
            StoreError: Who is signed in cannot be told.
        """
        state, path = scope.setdefault("state", {}), str(scope["path"])
        is_small = size <= LARGE or most_bytes(path, self._settings) <= self._settings.small_bytes
        if is_small or state.get(_ADMITTED):
            return
        keys = [client_of(scope)]
        if path != _QUOTES or size > self._settings.message_bytes:
            keys.append((await self._account(scope)).account.hex())
        if wait := max(self._sent.wait(key, size / MEBIBYTE) for key in keys):
            raise Refusal("rate-limited", "too many large requests", {"Retry-After": str(wait)})
        state[_ADMITTED] = True

    async def _account(self, scope: Scope) -> Session:
        given = dict(scope["headers"]).get(b"authorization", b"")
        if given[: len(_SCHEME)].lower() != _SCHEME:
            raise Refusal("unauthenticated", "sign in first: /v1/sign-ins", {"WWW-Authenticate": "Bearer"})
        return await asyncio.to_thread(self._session, given[len(_SCHEME) :].decode("latin-1"))
