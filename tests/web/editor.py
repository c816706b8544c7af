"""A campaign whose items are shown in the editor's frame, and servers for what must not happen there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Frame, expect

from tests.oracle.stage import small_spec
from tests.web.browser import Visitor
from tests.web.place import VISITOR, WebPlace, web_place
from tests.web.scenes import take_part

CONTENT = "What a bright, easy morning by the river."
CONFIG = """
<View><Header value="How does it feel?"/><Text name="text" value="$text"/>
<Choices name="mood" toName="text">
<Choice value="happy"/><Choice value="sad"/><Choice value="angry"/>
</Choices></View>
"""
USE = "Use Label Studio's editor"


@contextmanager
def choice_place(
    anvil: Path, folder: Path, config: str = CONFIG, content: bytes = CONTENT.encode()
) -> Iterator[WebPlace]:
    """A single-choice campaign at work, with a seat for the visitor."""
    items = [{"digest": sha256(content).hexdigest(), "name": f"item {item}"} for item in range(20)]
    spec = small_spec(task={"type": "single-choice.v1", "config": config}, items=items)
    with web_place(anvil, folder, spec, content=[content]) as place:
        place.stage.accept()
        place.give(VISITOR, place.stage.pool.seat_stake)
        take_part(place)
        yield place


def opens_editor(her: Visitor, place: WebPlace) -> Frame:
    """Signs in, goes to the label page and into the editor; its frame once it is ready."""
    her.connects()
    her.go(f"/tasks/{place.campaign}/label")
    her.presses(USE)
    return ready_frame(her)


def ready_frame(her: Visitor) -> Frame:
    element = her.page.locator("iframe[data-ready=true]")
    element.wait_for()
    frame = element.element_handle().content_frame()
    assert frame is not None
    return frame


def expect_answered(her: Visitor, count: int) -> None:
    expect(her.page.get_by_role("heading", name=f"{count} of 4 answered")).to_be_visible()


@dataclass
class Elsewhere:
    """A server of somebody else, on an origin of its own: it notes what it is asked, and has pages.

    Attributes:
        pages: What it answers, by path; anything else is an empty 200.
        asked: The paths of all requests.
    """

    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def elsewhere(**pages: str) -> Iterator[Elsewhere]:
    """The server, until the block ends."""
    made = Elsewhere({f"/{name}": text for name, text in pages.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            body = made.pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/css" if "style" in self.path else "text/html")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (the name that the library calls)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
