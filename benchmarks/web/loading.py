"""What comes over the line until a page is there, and how long that takes."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playwright.sync_api import CDPSession

    from benchmarks.web.browser import Visitor

__all__ = ["MOBILE", "Load", "Throttle", "load", "medians", "throttled", "watched"]

_WATCH: Final = (Path(__file__).parent / "watch.js").read_text(encoding="utf-8")
_ANSWERS: Final = ("/v1/", "/site.json", "/rpc")
_PATIENCE: Final = 60_000
_AFTERWARDS_MS: Final = 300  # what a page loads once its own content is there counts as well


@dataclass(frozen=True)
class Throttle:
    """A slower machine, and a line between it and the service.

    Attributes:
        cpu: How many times slower.
        latency_ms: Of a request on its way there and back.
        kilobits: Kilobits a second down; half of it up.
    """

    cpu: float = 1
    latency_ms: float = 0
    kilobits: float = 0


MOBILE: Final = Throttle(cpu=4, latency_ms=150, kilobits=1_600)
"""The telephone of Lighthouse: four times slower, on what it calls a slow 4G."""


@dataclass
class Load:
    """One load of a page.

    Attributes:
        paint_ms: From the start of the visit to its first content.
        ready_ms: To its own content, with nothing more to do.
        files: Address → bytes on the line, of what the build made, headers included.
        answers: The same of the API.
    """

    paint_ms: float = 0.0
    ready_ms: float = 0.0
    files: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)

    def file_bytes(self, besides: Mapping[str, int] | None = None) -> int:
        """Of the files, those of another load left out."""
        return sum(size for url, size in self.files.items() if url not in (besides or {}))


def watched(visitor: Visitor, selectors: Sequence[str]) -> None:
    """Lets every page note when one of these is there."""
    visitor.context.add_init_script(f"{_WATCH}\nbench.watch({list(selectors)!r});")


def throttled(visitor: Visitor, throttle: Throttle) -> None:
    """Slows a page and its line down from now on."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": throttle.cpu})
    if throttle.kilobits:
        down = throttle.kilobits * 1_000 / 8
        line = {"latency": throttle.latency_ms, "downloadThroughput": down, "uploadThroughput": down / 2}
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {"offline": False, **line})


def load(visitor: Visitor, path: str, selector: str, *, cold: bool) -> Load:
    """One load, with what the browser kept of the last or without it."""
    session = visitor.context.new_cdp_session(visitor.page)
    found = Load()
    session.send("Network.enable")
    if cold:
        session.send("Network.clearBrowserCache")
    visitor.page.goto("about:blank")
    _note_bytes(session, found)
    visitor.page.goto(visitor.url + path)
    visitor.page.wait_for_function("each => bench.seen[each]", arg=selector, timeout=_PATIENCE)
    found.ready_ms = visitor.page.evaluate("each => bench.seen[each]", selector)
    found.paint_ms = visitor.page.evaluate("bench.paint()")
    visitor.page.wait_for_timeout(_AFTERWARDS_MS)
    session.detach()
    return found


def _note_bytes(session: CDPSession, found: Load) -> None:
    """As the browser counts them on the line; what it has in its cache is no request."""
    urls: dict[str, str] = {}
    cached: set[str] = set()

    def asked(event: dict[str, Any]) -> None:
        urls[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        name, size = event["requestId"], int(event["encodedDataLength"])
        url = urls.get(name, "")
        if not url.startswith("http") or name in cached or size == 0:
            return
        is_answer = urlsplit(url).path.startswith(_ANSWERS)
        kind = found.answers if is_answer else found.files
        kind[url] = kind.get(url, 0) + size

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))
    session.on("Network.loadingFinished", finished)


def medians(loads: Sequence[Load]) -> tuple[float, float]:
    """Of the first content, and of the page's own."""
    return (
        statistics.median(each.paint_ms for each in loads),
        statistics.median(each.ready_ms for each in loads),
    )
