"""A node's proxy that fails as providers do: busy, broken, cut off, silent, behind, of another chain.

Half of the faults come before the node hears of a request, half after: then what was asked is done, and
nobody is told.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

__all__ = ["FAULTS", "FaultyNode", "faulty_node"]

FAULTS = ("429", "500", "garbage", "truncated", "null", "error", "silent", "stale", "wrong chain")
WORDS = {"429": "Too Many Requests", "500": "Internal Server Error"}
SILENT_SECONDS = 0.6
# Of the few requests for the chain's id so many are answered with another's, wherever any fail.
WRONG_CHAIN_RATE = 0.3
# What a node that is behind has of the chain, by what it is asked.
AT_HEAD = {
    "eth_call": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getBlockByNumber": 0,
    "eth_estimateGas": 1,
}

Ask = dict[str, Any]


@dataclass
class FaultyNode:
    """The proxy.

    Attributes:
        target: The node's address.
        rate: Which part of the requests fails; 0 for none.
        counts: How often each fault came about.
    """

    target: str
    rate: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    counts: Counter[str] = field(default_factory=Counter)
    port: int = 0
    _behind: int = 0
    _stale_for: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def calm(self) -> None:
        """Fail no more, and be up to date again."""
        self.rate, self._behind, self._stale_for = 0.0, 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, and one of its own to the node."""
        parts = urlsplit(self.target)
        up = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while (request := await _read(reader)) is not None:
                if not await self._answer(json.loads(request), writer, *up):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            up[1].close()
            writer.close()

    async def _answer(
        self, asked: Any, writer: asyncio.StreamWriter, up: asyncio.StreamReader, down: asyncio.StreamWriter
    ) -> bool:
        fault = self._fault(asked)
        if fault and fault not in {"stale", "wrong chain"} and self.dice.random() < 0.5:
            return await self._fail(fault, b"{}", writer)
        body = await self._forwarded(asked, up, down)
        if fault == "wrong chain":
            body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": "0x1"}).encode()
        elif fault and fault != "stale":
            return await self._fail(fault, body, writer)
        await _send(writer, 200, "OK", body)
        return True

    def _fault(self, asked: Any) -> str:
        """Which one comes now; a node that is behind stays so for some requests."""
        if self._stale_for:
            self._stale_for -= 1
        else:
            self._behind = 0
        is_chain_id = isinstance(asked, dict) and asked["method"] == "eth_chainId"
        if self.dice.random() >= (WRONG_CHAIN_RATE if is_chain_id and self.rate else self.rate):
            return ""
        fault = "wrong chain" if is_chain_id else self.dice.choice(FAULTS[:-1])
        if fault == "stale":
            self._behind, self._stale_for = self.dice.randint(1, 8), 20
        self.counts[fault] += 1
        return fault

    async def _fail(self, fault: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is still good."""
        if fault == "silent":
            await asyncio.sleep(SILENT_SECONDS)
            return False
        if fault == "truncated":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) + 9) + body[:-1])
            await writer.drain()
            return False
        made = {
            "garbage": b"<html>\xff\x00 not to be had",
            "null": b"null",
            "error": b'{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error"}}',
        }
        status = int(fault) if fault in WORDS else 200
        await _send(writer, status, WORDS.get(fault, "OK"), made.get(fault, b"busy"))
        return True

    # ------------------------------------------------------------------ a node behind

    async def _forwarded(self, asked: Any, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> bytes:
        if not self._behind:
            return await _asked(asked, up, down)
        head = json.loads(await _asked(_call("eth_blockNumber"), up, down))["result"]
        top = max(0, int(head, 16) - self._behind)
        many = asked if isinstance(asked, list) else [asked]
        answers = [await self._as_of(top, each, up, down) for each in many]
        return json.dumps(answers if isinstance(asked, list) else answers[0]).encode()

    async def _as_of(self, top: int, asked: Ask, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> Ask:
        method, params = asked["method"], list(asked["params"])
        if method == "eth_blockNumber":
            return {"jsonrpc": "2.0", "id": asked["id"], "result": hex(top)}
        place = AT_HEAD.get(method)
        if place is not None:
            params += [None] * (place + 1 - len(params))
            if params[place] in {None, "latest", "pending"}:
                params[place] = hex(top)
            elif str(params[place]).startswith("0x") and int(params[place], 16) > top:
                return {"jsonrpc": "2.0", "id": asked["id"], "result": None}
        answer: Ask = json.loads(await _asked({**asked, "params": params}, up, down))
        found = answer.get("result")
        if method == "eth_getTransactionReceipt" and found and int(found["blockNumber"], 16) > top:
            answer["result"] = None
        if method == "eth_getLogs" and found:
            known = [each for each in found if int(each["blockNumber"], 16) <= top]
            if known != found and "blockHash" in params[0]:
                unknown = {"code": -32000, "message": "unknown block"}
                return {"jsonrpc": "2.0", "id": asked["id"], "error": unknown}
            answer["result"] = known
        return answer


def _call(method: str) -> Ask:
    return {"jsonrpc": "2.0", "id": 0, "method": method, "params": []}


async def _asked(asked: Any, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> bytes:
    body = json.dumps(asked).encode()
    head = b"POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    down.write(head % len(body) + body)
    await down.drain()
    answer = await _read(up)
    if answer is None:
        raise ConnectionError("the node is gone")
    return answer


async def _read(reader: asyncio.StreamReader) -> bytes | None:
    """The body of a message that states its length; None at the end of the line."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    fields = (line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    length = {name.strip().lower(): value for name, value in fields}.get(b"content-length", b"0")
    return await reader.readexactly(int(length))


async def _send(writer: asyncio.StreamWriter, status: int, word: str, body: bytes) -> None:
    head = (
        f"HTTP/1.1 {status} {word}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


@contextmanager
def faulty_node(target: str, seed: int = 1) -> Iterator[FaultyNode]:
    """A proxy on a free port of this machine for the length of the block; no fault until it has a rate."""
    node, loop = FaultyNode(target, dice=random.Random(seed)), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(node.serve, "127.0.0.1", 0, limit=1 << 26))
    node.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield node
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stopped(server: asyncio.Server) -> None:
    server.close()
    own = asyncio.current_task()
    others = [each for each in asyncio.all_tasks() if each is not own]
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
