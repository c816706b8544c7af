"""The load: `python -m benchmarks.intake.load FILE OUT SECONDS PORT…` sends what is ready, and times it.

FILE holds a list of requests for each connection; connection i talks to the port i modulo their number. Each
sends its next request once the answer to the one before is there, so as many are under way as there are
connections. After SECONDS none is sent any more. OUT gets seconds and what was waited
for, and the bodies of all answers.
"""

from __future__ import annotations

import asyncio
import pickle
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvloop

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_CREATED: Final = b"HTTP/1.1 201 "
_AT_ONCE: Final = 100
_PATIENCE: Final = 120.0


class Connection(asyncio.Protocol):
    """One connection, kept open."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.end = 0.0
        self.requests = requests
        self.bodies: list[bytes] = []
        self.waited: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def begin(self) -> None:
        """Send the next request, if it is time for one and there is one."""
        self._sent = time.perf_counter()
        if self._sent > self.end or len(self.bodies) == len(self.requests):
            self.done.set_result(None)
            self._transport.close()
            return
        self._transport.write(self.requests[len(self.bodies)])

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        if not end or len(body) < _length(head):
            return
        self.waited.append(time.perf_counter() - self._sent)
        if not head.startswith(_CREATED):
            self.done.set_exception(RuntimeError(f"{head[:60]!r}: {body[:300]!r}"))
            self._transport.close()
            return
        self._received = b""
        self.bodies.append(body)
        self.begin()

    def connection_lost(self, error: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server broke a connection off: {error}"))


def _length(head: bytes) -> int:
    at = head.lower().index(_LENGTH) + len(_LENGTH)
    return int(head[at:].split(b"\r\n", 1)[0])


async def _run(
    work: Sequence[Sequence[bytes]], seconds: float, ports: Sequence[int]
) -> tuple[list[Connection], float]:
    """All connections are there before the clock starts."""
    loop, every = asyncio.get_running_loop(), []
    for start in range(0, len(work), _AT_ONCE):
        some = [
            loop.create_connection(partial(Connection, work[at]), "127.0.0.1", ports[at % len(ports)])
            for at in range(start, min(start + _AT_ONCE, len(work)))
        ]
        every += [protocol for _, protocol in await asyncio.gather(*some)]
    began = time.perf_counter()
    for each in every:
        each.end = began + seconds
        each.begin()
    await asyncio.wait_for(asyncio.gather(*(each.done for each in every)), _PATIENCE)
    return every, time.perf_counter() - began


def main(file: str, out: str, seconds: float, ports: Sequence[int]) -> None:
    """Sends what there is time for."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    work = pickle.loads(Path(file).read_bytes())
    cpu = time.process_time()
    every, wall = uvloop.run(_run(work, seconds, ports))
    told = {
        "wall_s": wall,
        "cpu_s": time.process_time() - cpu,
        "waited": sorted(each for connection in every for each in connection.waited),
    }
    Path(out).write_bytes(pickle.dumps((told, [connection.bodies for connection in every])))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), [int(port) for port in sys.argv[4:]])
