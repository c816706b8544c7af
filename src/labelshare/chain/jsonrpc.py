"""JSON-RPC 2.0 over HTTP, as a client that trusts no answer.

A node may stall, fail, answer with anything, or answer something else than it was asked. Each of these is one
`ChainError` that names the method and the host, within a time that the caller sets.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from labelshare.chain.node import Log, Receipt
from labelshare.errors import ChainError, InputError
from labelshare.types import Address, Hash32

if TYPE_CHECKING:
    from requests import Response, Session

__all__ = ["JsonRpc", "Request", "RpcError", "hex_bytes", "log", "number", "parsed", "receipt"]

ANSWER_BYTES: Final = 128 * 1024 * 1024
PIECE: Final = 1 << 16
# Digits of 2^256 - 1 with their prefix: no number on chain is longer.
NUMBER_LENGTH: Final = 66
SHOWN: Final = 300
BRACKETS: Final = re.compile(r"[\[\]{}]")
MAX_DEPTH: Final = 64
HARMLESS_DEPTH: Final = 1_000
# What providers answer to those who ask too much, and while they restart: worth asking again.
PASSING: Final = frozenset({429, 502, 503, 504})
TRIES: Final = 5
FIRST_PAUSE: Final = 0.125

Request = tuple[str, list[Any]]
T = TypeVar("T")


class RpcError(ChainError):
    """The node answered with an error (JSON-RPC 2.0, section 5.1)."""

    def __init__(self, method: str, error: Any, host: str = "") -> None:
        error = error if isinstance(error, dict) else {"message": str(error)}
        self.code = error.get("code")
        self.reason = shortened(str(error.get("message", "no message")))
        self.data = error.get("data")
        super().__init__(f"{method}: {f'the node at {host} answers: ' if host else ''}{self.reason}")

    @property
    def revert_data(self) -> bytes | None:
        """What a contract returned when it refused; None if that is not what the error is about."""
        data = self.data.get("data") if isinstance(self.data, dict) else self.data
        if isinstance(data, str) and data.startswith("0x"):
            try:
                return bytes.fromhex(data[2:])
            except ValueError:
                pass
        return b"" if "revert" in self.reason.lower() else None


class JsonRpc:
    """One node, asked over one connection that is kept open.

    Messages name the host alone: the rest of a URL often holds the key of an account with the provider.

    Args:
        url: Where the node listens.
        seconds: How long one request may take, from first to last byte.
        answer_bytes: How long an answer may be.
    """

    def __init__(self, url: str, seconds: float, answer_bytes: int = ANSWER_BYTES) -> None:
        try:
            self.host = urlsplit(url).netloc.rpartition("@")[2]
            self._session = _session(url)
        except ValueError:
            raise InputError("the address of the node is no URL") from None
        self._url = url
        self._seconds = seconds
        self._answer_bytes = answer_bytes
        self._ids = itertools.count(1)

    def answers(self, requests: Sequence[Request]) -> list[Any]:
        """Results in order, an `RpcError` in the place of each that failed.

        Raises:
            ChainError: No answer, or one that is not JSON-RPC.
        """
        if not requests:
            return []
        what = _named(requests)
        asked = [_call(next(self._ids), request) for request in requests]
        body = self._posted(json.dumps(asked if len(asked) > 1 else asked[0]).encode(), what)
        try:
            got = parsed(body)
        except ValueError:
            raise self.strange(what, "what is not JSON") from None
        if len(asked) == 1:
            return [self._result(asked[0], got)]
        if isinstance(got, dict) and got.get("error") is not None:
            raise RpcError(what, got["error"], self.host)
        return self._matched(asked, got, what)

    def ask(self, method: str, *params: Any) -> Any:
        """One result; raises the `RpcError` if there is none."""
        (answer,) = self.answers([(method, list(params))])
        if isinstance(answer, RpcError):
            raise answer
        return answer

    def read(self, convert: Callable[[Any], T], method: str, value: Any) -> T:
        """A result as what it must be; `ChainError` if it is anything else."""
        try:
            return convert(value)
        except (KeyError, TypeError, ValueError, AttributeError, InputError):
            raise self.strange(method, shortened(json.dumps(value))) from None

    def strange(self, method: str, what: str) -> ChainError:
        """The error for an answer that no honest node gives."""
        return ChainError(f"{method}: the node at {self.host} answers with {what}")

    # ------------------------------------------------------------------------ answers

    def _matched(self, asked: Sequence[dict[str, Any]], got: Any, what: str) -> list[Any]:
        """The answers of a batch come in any order (JSON-RPC 2.0, section 6)."""
        entries = got if isinstance(got, list) else []
        by_id = {each["id"]: each for each in entries if isinstance(each, dict) and _has_plain_id(each)}
        if len(entries) != len(asked) or by_id.keys() != {each["id"] for each in asked}:
            raise self.strange(what, "not one answer for each request")
        return [self._result(each, by_id[each["id"]]) for each in asked]

    def _result(self, asked: dict[str, Any], got: Any) -> Any:
        method = asked["method"]
        if isinstance(got, dict) and got.get("error") is not None:
            return RpcError(method, got["error"], self.host)
        if not isinstance(got, dict) or "result" not in got or got.get("id") != asked["id"]:
            raise self.strange(method, "what is no answer to this request")
        return got["result"]

    # --------------------------------------------------------------------------- HTTP

    def _posted(self, body: bytes, what: str) -> bytes:
        """The body of the answer; asks again where the trouble may pass, within the time."""
        end = time.monotonic() + self._seconds
        for pause in (*(FIRST_PAUSE * 2**each for each in range(TRIES - 1)), None):
            status, answer = self._exchange(body, what, end)
            if status not in PASSING or pause is None or time.monotonic() + pause > end:
                break
            time.sleep(pause)
        if not _is_answer(status, answer):
            raise ChainError(f"{what}: the node at {self.host} answers HTTP {status}")
        return answer

    def _exchange(self, body: bytes, what: str, end: float) -> tuple[int, bytes]:
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        left = max(end - time.monotonic(), 0.001)
        headers = {"Content-Type": "application/json"}
        try:
            with self._session.post(
                self._url, body, headers=headers, timeout=left, stream=True, allow_redirects=False
            ) as response:
                return response.status_code, b"".join(self._pieces(response, what, end))
        except (RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            reason = type(error).__name__
            raise ChainError(f"{what}: no answer from the node at {self.host}: {reason}") from None

    def _pieces(self, response: Response, what: str, end: float) -> Iterator[bytes]:
        """A node that trickles has no more time than one that is silent."""
        length = 0
        while piece := response.raw.read1(PIECE, decode_content=True):
            length += len(piece)
            if length > self._answer_bytes:
                raise self.strange(what, f"more than {self._answer_bytes} bytes")
            if time.monotonic() > end:
                raise ChainError(f"{what}: no answer from the node at {self.host}: Timeout")
            yield piece


# ------------------------------------------------------------------------------ values


def parsed(body: bytes) -> Any:
    """JSON that comes from others; `ValueError` for what is none, or is nested deeper than any of ours.

    Python's own guard is its limit of recursion, which py-evm raises to where the stack ends first.
    """
    text = body.decode()
    if text.count("[") + text.count("{") > HARMLESS_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError("nested too deeply")
    return json.loads(text)


def number(value: Any) -> int:
    """A quantity: 0x and hex digits; anything else raises `ValueError`."""
    if not isinstance(value, str) or not value.startswith("0x") or not value[2:].isalnum():
        raise ValueError("not a quantity")
    if len(value) > NUMBER_LENGTH:
        raise ValueError("longer than any number on chain")
    return int(value, 16)


def hex_bytes(value: Any) -> bytes:
    """Bytes: 0x and pairs of hex digits; anything else raises `ValueError`."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError("not bytes")
    return bytes.fromhex(value[2:])


def receipt(fields: Any) -> Receipt:
    """A receipt; its logs must be of its own transaction and block."""
    name, block = Hash32(fields["transactionHash"]), number(fields["blockNumber"])
    logs = tuple(map(log, fields["logs"]))
    if any((each.transaction, each.block) != (name, block) for each in logs):
        raise ValueError("logs of another transaction")
    return Receipt(
        hash=name,
        status=number(fields["status"]),
        gas_used=number(fields["gasUsed"]),
        block=block,
        logs=logs,
        created=Address(fields["contractAddress"]) if fields.get("contractAddress") else None,
    )


def log(fields: Any) -> Log:
    """A log that is in a block."""
    return Log(
        address=Address(fields["address"]),
        topics=tuple(map(Hash32, fields["topics"])),
        data=hex_bytes(fields["data"]),
        block=number(fields["blockNumber"]),
        index=number(fields["logIndex"]),
        transaction=Hash32(fields["transactionHash"]),
        block_hash=Hash32(fields["blockHash"]),
    )


def shortened(text: str) -> str:
    """One line of bounded length, whatever a node sends."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * SHOWN]).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def _depth(text: str) -> int:
    """How deep brackets nest outside of strings."""
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    steps = (1 if each in "[{" else -1 for each in BRACKETS.findall(outside))
    return max(itertools.accumulate(steps), default=0)


def _session(url: str) -> Session:
    """A session that asks the environment for proxies, certificates and credentials once, not each time."""
    from requests import Session
    from requests.utils import get_netrc_auth

    session = Session()
    settings = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify = settings["proxies"], settings["verify"]
    session.auth, session.trust_env = get_netrc_auth(url), False
    return session


def _call(number_: int, request: Request) -> dict[str, Any]:
    method, params = request
    return {"jsonrpc": "2.0", "id": number_, "method": method, "params": params}


def _named(requests: Sequence[Request]) -> str:
    first = requests[0][0]
    return first if len(requests) == 1 else f"{first} ({len(requests)} requests)"


def _has_plain_id(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("id"), int)


def _is_answer(status: int, body: bytes) -> bool:
    """Many nodes answer an error of JSON-RPC with a status that is no success, the error in the body."""
    return 200 <= status < 300 or (400 <= status < 500 and body.lstrip()[:1] in (b"{", b"["))
