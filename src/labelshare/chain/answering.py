"""Bodies of JSON-RPC 2.0 answered: one request or a batch of them, whatever a caller sends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from labelshare.chain.jsonrpc import parsed
from labelshare.chain.wire import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    Fault,
)

__all__ = ["BATCH", "BODY_BYTES", "Answerer", "refusal"]

BODY_BYTES: Final = 32 * 1024 * 1024
BATCH: Final = 1_000

Answer = dict[str, Any]
Tell = Callable[[str], None]


class Answerer:
    """Answers bodies by what answers one request.

    Args:
        answer: Gives the result of a method with its parameters; raises `Fault` for what is wrong with them.
        tell: Takes a line about each request; None for silence.
        turn: Held while a body is answered, a batch from first to last.
    """

    def __init__(
        self,
        answer: Callable[[str, Sequence[Any]], Any],
        tell: Tell | None = None,
        turn: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._answer = answer
        self._tell = tell
        self._turn = nullcontext() if turn is None else turn

    def respond(self, body: bytes) -> bytes | None:
        """The answer to a body; None if it holds nothing but notifications, which have none."""
        try:
            asked = parsed(body)
        except ValueError:
            return refusal(PARSE_ERROR, "the body is not JSON")
        with self._turn:
            answer = self._batch(asked) if isinstance(asked, list) else self._one(asked)
        return None if answer is None else _encoded(answer)

    def _batch(self, asked: list[Any]) -> list[Answer] | Answer | None:
        if not 0 < len(asked) <= BATCH:
            return _failed(None, Fault(INVALID_REQUEST, f"a batch holds 1 to {BATCH} requests"))
        return [answer for each in asked if (answer := self._one(each)) is not None] or None

    def _one(self, asked: Any) -> Answer | None:
        name = asked.get("id") if isinstance(asked, dict) else None
        started = time.monotonic()
        try:
            result = self._result(asked)
            answer: Answer = {"jsonrpc": "2.0", "id": name, "result": result}
        except Fault as fault:
            answer = _failed(name, fault)
        except Exception as error:  # noqa: BLE001 (whatever is wrong in here, the next caller is answered)
            answer = _failed(name, Fault(INTERNAL_ERROR, f"internal error: {type(error).__name__}"))
        if self._tell is not None:
            self._tell(_told(asked, answer, time.monotonic() - started))
        return None if _is_notification(asked) else answer

    def _result(self, asked: Any) -> Any:
        if not _is_request(asked):
            raise Fault(INVALID_REQUEST, "not a request of JSON-RPC 2.0")
        params = asked.get("params")
        params = [] if params is None or params == {} else params
        if not isinstance(params, list):
            raise Fault(INVALID_PARAMS, "parameters come in a list")
        return self._answer(asked["method"], params)


def refusal(code: int, message: str) -> bytes:
    """The answer to a body that no request was read from."""
    return _encoded(_failed(None, Fault(code, message)))


def _is_request(asked: Any) -> bool:
    return (
        isinstance(asked, dict)
        and asked.get("jsonrpc") == "2.0"
        and isinstance(asked.get("method"), str)
        and _is_id(asked.get("id"))
    )


def _is_notification(asked: Any) -> bool:
    return _is_request(asked) and "id" not in asked


def _is_id(value: Any) -> bool:
    return value is None or isinstance(value, str) or type(value) is int


def _failed(name: Any, fault: Fault) -> Answer:
    return {"jsonrpc": "2.0", "id": name if _is_id(name) else None, "error": fault.error}


def _encoded(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


def _told(asked: Any, answer: Answer, seconds: float) -> str:
    method = str(asked.get("method"))[:60] if isinstance(asked, dict) else "no request"
    outcome = answer["error"]["message"] if "error" in answer else "ok"
    line = f"{method} {1_000 * seconds:.1f} ms {outcome}"
    return "".join(each if each.isprintable() else "?" for each in line)
