"""Large specs, each read by a process of its own.

A parser lets nobody else go on: a spec of 64 MiB would hold the interpreter for seconds, and all who ask
anything of the service with it. The process ends with its answer, and gives all its memory back.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import structlog
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError

from labelshare.api.problems import Refusal
from labelshare.api.settings import MEBIBYTE
from labelshare.errors import SpecError

__all__ = ["LARGE", "ask"]

LARGE: Final = 2 * MEBIBYTE
"""Of more bytes a spec is read apart: in less a parser takes less than such a process takes to start."""

_COMMAND: Final = (sys.executable, "-m", "labelshare.api.heavy")
_SECONDS: Final = 120.0
_one_by_one: Final = ThreadPoolExecutor(1, thread_name_prefix="apart")

log = structlog.get_logger(__name__)


async def ask(work: str, body: bytes, **given: int) -> dict[str, Any]:
    """The answer of a work of `labelshare.api.heavy`; one at a time is worked on.

    Raises:
        SpecError: The body is no spec.
        RequestValidationError: A field is not what it must be.
        HTTPException: The body is no JSON of ours.
        Refusal: The process ended without an answer.
    """
    loop = asyncio.get_running_loop()
    return _told(await loop.run_in_executor(_one_by_one, _run, work, body, json.dumps(given)))


def _told(said: dict[str, Any]) -> dict[str, Any]:
    if "spec" in said:
        raise SpecError(said["spec"])
    if "invalid" in said:
        faults = [{**each, "loc": ("body", *each["loc"])} for each in said["invalid"]]
        raise RequestValidationError(faults)
    if "body" in said:
        raise HTTPException(400, f"the body is {said['body']}")
    found: dict[str, Any] = said["told"]
    return found


def _run(work: str, body: bytes, given: str) -> dict[str, Any]:
    """In a thread that waits: whoever is let go meanwhile costs nobody else anything."""
    command, piped = [*_COMMAND, work, given], subprocess.PIPE
    with subprocess.Popen(command, stdin=piped, stdout=piped, stderr=piped) as process:  # noqa: S603 (ours)
        try:
            _write(process, body)
            out, faults = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, faults = process.communicate()
        if process.returncode:
            last = faults.decode(errors="replace").strip().rpartition("\n")[2]
            log.error("a large spec was not read", code=process.returncode, error=last[:300])
            raise Refusal("busy", "a spec this large could not be read now", {"Retry-After": "30"})
    found: dict[str, Any] = json.loads(out)
    return found


def _write(process: subprocess.Popen[bytes], body: bytes) -> None:
    """All at once: `communicate` would write many small parts. Nothing is said before all is read."""
    stream, process.stdin = process.stdin, None
    if stream is None:
        return
    try:
        with stream:
            stream.write(body)
    except BrokenPipeError:  # it has ended: its code tells
        pass
