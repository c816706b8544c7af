"""Messages that are here as a whole: answered on their connection, without a task and the layers of an app.

The bounds are those of `labelshare.api.front`: requests of an address and of an account, the size of a body,
the time until the answer. Only an answer to what was taken is given here; whatever else is to be said, and
what turns out to be unusual, goes the way of any other request, and is told there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, TypeAlias

from starlette.types import Scope

from labelshare.api import guard
from labelshare.api.lane import Lane, Told, Usual
from labelshare.api.metrics import Metrics
from labelshare.store.replies import Reply

__all__ = ["Quick", "Respond"]

Respond: TypeAlias = Callable[[int, bytes], bool]
"""Sends a status and the rest of an answer, from its headers on; false where the line takes none now."""

_MOST_BYTES: Final = 60_000
_AGAIN: Final = b"idempotency-replayed: true\r\n"
_HEAD: Final = b"content-type: application/json\r\n" + b"".join(
    b"%b: %b\r\n" % each for each in (*guard.HEADERS, guard.NOT_STORED)
)


class Quick:
    """Answers messages of the lane.

    Args:
        lane: Who takes them.
        guard: Whose bounds are kept.
        metrics: Where they are counted; None for nowhere.

    Attributes:
        most: Bytes of a body that is answered here.
    """

    def __init__(self, lane: Lane, bounds: guard.Guard, metrics: Metrics | None) -> None:
        self._lane, self._bounds, self._metrics = lane, bounds, metrics
        self.most = min(_MOST_BYTES, bounds.settings.message_bytes)

    def usual(self, scope: Scope) -> Usual | None:
        """What may be handed to `take` once its body is here; None for any other request."""
        headers = dict(scope["headers"])
        return None if b"expect" in headers else self._lane.usual(scope, headers)

    def take(
        self, usual: Usual, scope: Scope, body: bytes, respond: Respond, otherwise: Callable[[], None]
    ) -> None:
        """Take a message, and respond when its receipt may be handed out.

        Args:
            usual: Of `usual`.
            scope: The request; what is known of it already is left there for the app.
            body: The whole of it.
            respond: Called once at most.
            otherwise: Called once instead: the app must answer.
        """
        _Taking(self._lane, self._bounds, self._metrics, scope, respond, otherwise).begin(usual, body)


class _Taking:
    """One message on its way."""

    __slots__ = (
        "_bounds",
        "_lane",
        "_late",
        "_metrics",
        "_otherwise",
        "_respond",
        "_scope",
        "_since",
        "_waiting",
    )

    def __init__(
        self,
        lane: Lane,
        bounds: guard.Guard,
        metrics: Metrics | None,
        scope: Scope,
        respond: Respond,
        otherwise: Callable[[], None],
    ) -> None:
        self._lane, self._bounds, self._metrics, self._scope = lane, bounds, metrics, scope
        self._respond, self._otherwise = respond, otherwise
        self._since = monotonic()
        self._waiting: Any = None
        self._late: asyncio.TimerHandle | None = None

    def begin(self, usual: Usual, body: bytes) -> None:
        refused: Told = self._bounds.refused(self._scope)
        if refused is None:
            guard.permit(self._scope)
            try:
                self._waiting = self._lane.begin(usual, body, self._told)
            except Exception as error:  # noqa: BLE001 (each is answered)
                refused = error
        if self._waiting is None:
            self._leave(refused)
            return
        seconds = self._bounds.settings.request_seconds
        self._late = asyncio.get_running_loop().call_later(seconds, self._give_up)
        if self._metrics is not None:
            self._metrics.open += 1

    def _told(self, told: Told) -> None:
        if self._late is not None:
            self._late.cancel()
        self._part()
        if self._metrics is not None:
            self._metrics.open -= 1
        if isinstance(told, Reply) and self._respond(told.status, self._rest(told)):
            if self._metrics is not None:
                self._metrics.count(self._scope, str(told.status), monotonic() - self._since)
            return
        self._leave(told)

    def _give_up(self) -> None:
        self._waiting.given_up = True
        self._part()
        if self._metrics is not None:
            self._metrics.open -= 1
        self._leave(self._bounds.busy())

    def _part(self) -> None:
        """Refer no more to what refers here: else the collector must free it, and everybody waits for it."""
        self._waiting = self._late = None

    def _leave(self, told: Told) -> None:
        if told is not None:
            guard.settle(self._scope, told, self._since)
        self._otherwise()

    def _rest(self, reply: Reply) -> bytes:
        again = _AGAIN if reply.again else b""
        name = self._bounds.name().encode()
        head = b"content-length: %d\r\nx-request-id: %b\r\n%b\r\n" % (len(reply.body), name, again)
        return b"".join((_HEAD, head, reply.body))
