"""Measures the pages in Chromium, over a real service and chain, and turns what was seen into rows."""

from __future__ import annotations

import json
import math
import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from benchmarks.rows import Report, Row
from benchmarks.sides import SideError
from benchmarks.web import labelling, tables
from benchmarks.web.browser import NARROW, WIDE, Visitor, chromium_program, running_chromium
from benchmarks.web.loading import MOBILE, Load, Throttle, load, medians, throttled, watched
from benchmarks.web.place import FIRST_VISITOR, OTHERS, place

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from playwright.sync_api import Browser

    from benchmarks.web.place import Place
    from benchmarks.web.tables import Scroll, Table

__all__ = ["MOST_BYTES", "MOST_MS", "SIZES", "measure", "notes_of", "quantile"]

SIZES: Final = (10_000,)
MOST_BYTES: Final = 300_000
MOST_MS: Final = 100.0
SLOW_FRAME_MS: Final = 1_000 / 30
"""A frame that takes longer than two of a screen's 60 in a second was missed, and is seen."""

_ITEMS: Final = 100
_LOADS: Final = 5
_CARD: Final = "a.card[href^='/campaigns/']"
_ITEM: Final = ".item-text"
_ROWS: Final = (".reasons tbody tr", ".news a[href*='/audit/']")
_HEADING: Final = "main h1"
# Pages that are loaded when they are asked for.
_PARTS: Final = (
    "/campaigns/{campaign}",
    "/campaigns/{campaign}/audit",
    "/datasets",
    "/connect",
    "/tasks",
    "/tasks/{campaign}",
    "/earnings",
    "/fund",
    "/fund/new",
    "/fund/{campaign}",
    "/own",
    "/licences",
    "/backup",
)


class Plan(NamedTuple):
    """How much is measured: rows of the long tables, items labelled, loads of each page."""

    rows: int
    items: int
    loads: int

    @classmethod
    def of(cls, size: int) -> Plan:
        """For tables of so many rows: a hundredth of them is labelled, a hundred at most."""
        return cls(size, max(3, min(_ITEMS, size // 100)), _LOADS if size >= SIZES[0] else 1)


def measure(sizes: Sequence[int]) -> Report:
    """Rows for each size, which is that of the long tables.

    Raises:
        benchmarks.sides.SideError: there is no Chromium, the pages are not built, the service does not come
            up, or a page has not done what was asked of it.
    """
    program = chromium_program()
    if program is None:
        raise SideError("no Chromium on PATH; LABELSHARE_CHROMIUM names one")
    rows: list[Row] = []
    before = os.getloadavg()[0]
    for size in sizes:
        with place() as running, running_chromium(program) as browser:
            versions = {"chromium": browser.version, "playwright": version("playwright")}
            rows += _Session(running, browser, Plan.of(size), versions).rows()
    return Report(rows, notes_of(rows, before))


class _Session:
    """One service and one browser, and all that is measured with them."""

    def __init__(self, running: Place, browser: Browser, plan: Plan, versions: Mapping[str, str]) -> None:
        self.place, self.browser, self.plan, self.versions = running, browser, plan, versions

    def rows(self) -> Iterator[Row]:
        """Everything, in the order in which the chain's clock allows it."""
        site = httpx.get(f"{self.place.url}/site.json")
        if site.headers.get("content-type", "").startswith("text/html"):
            raise SideError("the web app is not built; scripts/build-web does it")
        labelled = self.place.fund("Texts", self.plan.items + 1, k=2, with_content=True)
        self.place.enrol(labelled, [FIRST_VISITOR, FIRST_VISITOR + 1, FIRST_VISITOR + 2, FIRST_VISITOR + 3])
        yield from self._loads(str(labelled))
        yield from self._items(f"/tasks/{labelled}/label", has_editor=bool(site.json()["editor"]))
        long = self.place.fund("Many texts", self.plan.rows, k=3, with_content=False)
        self.place.settle(long, self.place.enrol(long, [FIRST_VISITOR, *OTHERS]), self.plan.rows)
        yield from self._tables(str(long))

    def _visitor(self, account: int | None, size: tuple[int, int] = WIDE) -> Visitor:
        visitor = Visitor(self.browser, self.place.url, size)
        watched(visitor, [_CARD, _ITEM, _HEADING, *_ROWS])
        if account is not None:
            visitor.connects(account)
        return visitor

    # ---------------------------------------------------------------- the first load

    def _loads(self, campaign: str) -> Iterator[Row]:
        visitor = self._visitor(None)
        first = yield from self._page(visitor, "/", "/", _CARD)
        for path in _PARTS:
            part = load(visitor, path.format(campaign=campaign), _HEADING, cold=True)
            name = path.format(campaign="CAMPAIGN")
            yield self._row(f"{name}: what it adds to /", 1, part.file_bytes(first.files) / 1_000, "kB")
        visitor.close()
        visitor = self._visitor(FIRST_VISITOR)
        label = yield from self._page(visitor, "labelling", f"/tasks/{campaign}/label", _ITEM)
        added = label.file_bytes(first.files) / 1_000
        yield self._row("labelling: what it adds to /", 1, added, "kB")
        visitor.close()
        visitor = self._visitor(None, NARROW)
        throttled(visitor, MOBILE)
        slow = [load(visitor, "/", _CARD, cold=True) for _ in range(min(3, self.plan.loads))]
        yield from self._times("/, slow 4G and CPU ×4, cold", slow)
        visitor.close()

    def _page(self, visitor: Visitor, name: str, path: str, selector: str) -> Generator[Row, None, Load]:
        """A page cold and warm; returns a cold load."""
        cold = [load(visitor, path, selector, cold=True) for _ in range(self.plan.loads)]
        warm = [load(visitor, path, selector, cold=False) for _ in range(self.plan.loads)]
        for state, loads in (("cold", cold), ("warm", warm)):
            last = loads[-1]
            title = f"{name}, {state}"
            yield self._row(f"{title}: files", 1, last.file_bytes() / 1_000, "kB")
            yield self._row(f"{title}: files", 1, len(last.files), "requests")
            yield self._row(f"{title}: answers", 1, sum(last.answers.values()) / 1_000, "kB")
            yield self._row(f"{title}: answers", 1, len(last.answers), "requests")
            yield from self._times(title, loads)
        return cold[-1]

    def _times(self, title: str, loads: Sequence[Load]) -> Iterator[Row]:
        paint, ready = medians(loads)
        yield self._row(f"{title}: first content", len(loads), paint, "ms")
        yield self._row(f"{title}: ready", len(loads), ready, "ms")

    # ------------------------------------------------------------------ the next item

    def _items(self, path: str, *, has_editor: bool) -> Iterator[Row]:
        """In the page's own form on three machines, and beside the first in the editor's frame."""
        editor = self._labelled(WIDE, None, 3, path, in_editor=True) if has_editor else None
        yield from self._next("next item, 1280 px", self._labelled(WIDE, None, 0, path), editor)
        slow, mobile = Throttle(cpu=MOBILE.cpu), MOBILE
        times = self._labelled(NARROW, slow, 1, path)
        yield from self._next("next item, 390 px, CPU ×4", times, None)
        times = self._labelled(NARROW, mobile, 2, path)
        yield from self._next("next item, 390 px, CPU ×4, slow 4G", times, None)

    def _labelled(
        self,
        size: tuple[int, int],
        throttle: Throttle | None,
        who: int,
        path: str,
        *,
        in_editor: bool = False,
    ) -> list[float]:
        visitor = self._visitor(FIRST_VISITOR + who, size)
        if throttle:
            throttled(visitor, throttle)
        label = labelling.in_editor if in_editor else labelling.in_page
        times = label(visitor, path, self.plan.items)
        visitor.close()
        return times

    def _next(self, name: str, times: Sequence[float], peer: Sequence[float] | None) -> Iterator[Row]:
        for title, part in (("p50", 0.5), ("p95", 0.95), ("most", 1.0)):
            theirs = None if peer is None else quantile(peer, part)
            yield self._row(f"{name}: {title}", len(times), quantile(times, part), "ms", theirs)

    # --------------------------------------------------------------------- the tables

    def _tables(self, campaign: str) -> Iterator[Row]:
        count = self.plan.rows
        requester = self._visitor(0)
        yield from self._table("import preview", tables.preview(requester, count))
        yield from self._table("contested items", tables.contested(requester, campaign, count))
        requester.close()
        annotator = self._visitor(FIRST_VISITOR)
        yield from self._table("rejected labels", tables.rejected(annotator, count))
        annotator.close()

    def _table(self, name: str, table: Table) -> Iterator[Row]:
        size = self.plan.rows
        yield self._row(f"{name}: shown", size, table.shown_ms, "ms")
        yield self._row(f"{name}: in the page", size, table.nodes, "elements")
        if table.turns_ms:
            yield self._row(f"{name}: next page, p95", size, quantile(table.turns_ms, 0.95), "ms")
        for how, scroll in table.scrolls.items():
            yield from self._scroll(f"{name}, by {how}", scroll)

    def _scroll(self, name: str, scroll: Scroll) -> Iterator[Row]:
        size = self.plan.rows
        yield self._row(f"{name}: a frame, p95", size, quantile(scroll.frames, 0.95), "ms")
        yield self._row(f"{name}: a frame, most", size, max(scroll.frames), "ms")
        late = sum(each > SLOW_FRAME_MS for each in scroll.frames)
        yield self._row(f"{name}: frames over 33 ms", size, 100 * late / len(scroll.frames), "%")
        yield self._row(f"{name}: tasks over 50 ms", size, len(scroll.long_tasks), "tasks")

    def _row(self, work: str, size: int, ours: float, unit: str, peer: float | None = None) -> Row:
        theirs = None if peer is None else round(peer, 1)
        return Row(work, size, round(ours, 1), theirs, unit, versions=self.versions)


def quantile(values: Sequence[float], part: float) -> float:
    """The least value that so large a part of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def notes_of(rows: Sequence[Row], before: float) -> str:
    """Which goals are met, and how busy the machine was."""
    lines = [
        _goal(rows, ", cold: files", MOST_BYTES / 1_000, "kB"),
        _goal(rows, ": p95", MOST_MS, "ms"),
        f"Load of the machine ({os.cpu_count()} cores): {before:.1f} before, {os.getloadavg()[0]:.1f} after.",
    ]
    return "\n".join(lines) + "\n"


def _goal(rows: Sequence[Row], end: str, most: float, unit: str) -> str:
    found = {row.work: row.ours for row in rows if row.work.endswith(end) and row.unit == unit}
    over = {work: ours for work, ours in found.items() if ours is None or ours > most}
    said = f"Goal of {most:.0f} {unit}: "
    return said + (
        f"missed by {json.dumps(over, ensure_ascii=False)}." if over else f"met by all of {len(found)}."
    )
