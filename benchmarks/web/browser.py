"""Real Chromium, and a visitor in it: of the benchmark, and of the tests of the web app."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NARROW", "PATIENCE", "WIDE", "Visitor", "chromium_program", "running_chromium"]

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
# Playwright's own list, in whose place ours comes: of this switch the last alone counts.
_OFF_BY_PLAYWRIGHT: Final = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
# What the address bar unfolds is pages too, loaded for each window: two thirds of what an empty one costs.
_OFF: Final = (*_OFF_BY_PLAYWRIGHT, "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_OFF)}",
)
WIDE, NARROW = (1280, 900), (390, 844)
PATIENCE: Final = 30_000


def chromium_program() -> Path | None:
    """The browser: named by LABELSHARE_CHROMIUM, or on PATH."""
    named = os.environ.get("LABELSHARE_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


@contextmanager
def running_chromium(program: Path) -> Iterator[Browser]:
    """The browser with a fresh profile, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


# Even a transition of no time takes a frame, and until then what is computed is the old.
_AT_REST: Final = """async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    await frame();
    const ends = (each) => each.effect?.getComputedTiming().endTime !== Infinity;
    await Promise.allSettled(document.getAnimations().filter(ends).map((each) => each.finished));
}"""


class Visitor:
    """Somebody at a page. Notes every request, and every fault that the page reports."""

    def __init__(self, browser: Browser, url: str, size: tuple[int, int] = WIDE, **options: Any) -> None:
        width, height = size
        self.url = url
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.context.on("request", self._on_request)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._on_console(message.type, message.text))

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_console(self, kind: str, text: str) -> None:
        # What the service refuses, or does not answer, is no fault of the page; the browser reports each.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.faults.append(text)

    def close(self) -> None:
        """Ends the visit, and what the browser kept of it."""
        self.context.close()

    def origins(self) -> set[str]:
        """Where requests went, those that stay in the page left out."""
        found = (urlsplit(url) for url in self.requests)
        return {f"{each.scheme}://{each.netloc}" for each in found if each.scheme not in {"blob", "data"}}

    # ------------------------------------------------------------------- acting

    def go(self, path: str) -> None:
        """To a page, until it has loaded what it asks for."""
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("networkidle")

    def turns_to(self, size: tuple[int, int], theme: Literal["light", "dark"]) -> None:
        """The same page in another width and theme, where it stands, once its colours have arrived there."""
        width, height = size
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=theme)
        self.page.evaluate(_AT_REST)

    def sees(self, text: str) -> None:
        """Waits for a text."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def presses(self, name: str) -> None:
        """A button or a link by its name, once it can be pressed."""
        either = self.page.get_by_role("button", name=name, exact=True)
        found = either.or_(self.page.get_by_role("link", name=name, exact=True)).first
        expect(found).to_be_enabled()
        found.click()

    def agrees(self, name: str) -> None:
        """The dialog that says in words what is signed or sent: yes, and until it is done."""
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name=name, exact=True).click()
        expect(dialog).to_be_hidden()

    def connects(self, account: int = 3) -> None:
        """Connects one of the page's development accounts, and signs in with it."""
        self.go("/connect")
        self.presses(f"Dev account {account}")
        self.presses("Sign in")
        self.agrees("Sign in")
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
