"""The page's protocol against the project's vectors: by vitest in Node, and in the real browser."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from labelshare.errors import LabelError
from labelshare.protocol.labels import KINDS, read_form
from tests.conftest import ROOT
from tests.web.region_vectors import BOXES, SPANS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.node

WEB = ROOT / "web"
CHECKS = {
    "checkDomains": 21,
    "checkLeaves": 20,
    "checkTrees": 100,
    "checkTypedData": 17,
    "checkOpenings": 18,
    "checkItemLists": 1,
    "checkIds": 2,
    "checkForms": 100,
}
TEXT = '<Text name="text" value="$text"/>'
GOOD = f'<View>{TEXT}<Choices name="a" toName="text"><Choice value="x"/><Choice value="y"/></Choices></View>'
# In either of the readers one of these might once have been something else than in the other.
CONFIGS = (
    GOOD,
    f'<?xml version="1.0" encoding="UTF-8"?>{GOOD}',
    f'<?xml version="1.0" encoding="latin-1"?>{GOOD}',
    f'<!DOCTYPE View [<!ENTITY x "y">]>{GOOD}',
    f"<!-- <!DOCTYPE View> -->{GOOD}",
    GOOD.replace('value="y"', 'value="&amp;"'),
    GOOD.replace('value="y"', 'value="&x;"'),
    GOOD.replace('value="y"', 'value="x"'),
    GOOD.replace('value="y"', 'value=" y"'),
    GOOD.replace('value="y"', 'value="\u00a0y"'),
    GOOD.replace('value="y"', 'value="$y"'),
    GOOD.replace('value="y"', 'value="y" alias="x"'),
    GOOD.replace("<View>", '<View onload="alert(1)">'),
    GOOD.replace("<View>", "<View><script>alert(1)</script>"),
    GOOD.replace("<View>", '<View><TextArea name="t" toName="text"/>'),
    GOOD.replace("<View>", '<View xmlns="http://www.w3.org/1999/xhtml">'),
    GOOD.replace('name="a"', 'name="a" choice="multiple"'),
    GOOD.replace('name="a"', 'name="a" choice="single-radio"'),
    GOOD.replace('name="a" ', ""),
    "<View>" * 32 + GOOD + "</View>" * 32,
    "\ufeff" + GOOD,
    GOOD.removesuffix("</View>"),
    GOOD + GOOD,
    f'<View>{TEXT}<Pairwise name="p" toName="a,b"/></View>',
    f'<View>{TEXT}<Pairwise name="p" toName="a, b"/></View>',
    f'<View>{TEXT}<Pairwise name="p" toName="a,a"/></View>',
    f'<View>{TEXT}<Number name="n" toName="text" min="0" max="1" step="0.1"/></View>',
    f'<View>{TEXT}<Number name="n" toName="text" min="0" max="1" step="0.3"/></View>',
    f'<View>{TEXT}<Number name="n" toName="text" min="0" max="1e3" step="1"/></View>',
    f'<View>{TEXT}<Number name="n" toName="text" min="0" max="9999999999999999" step="1"/></View>',
    f'<View>{TEXT}<Rating name="n" toName="text"/></View>',
    f'<View>{TEXT}<Rating name="n" toName="text" maxRating="1"/></View>',
    f'<View>{TEXT}<Rating name="n" toName="text" maxRating="2.0"/></View>',
    SPANS,
    SPANS.replace('value="LOC"', 'value="PER"'),
    SPANS.replace('value="LOC"', 'value="LOC" alias="PER"'),
    SPANS.replace('value="LOC"', 'value="LOC $x"'),
    SPANS.replace('value="LOC"/>', 'value="LOC"><Label value="x"/></Label>'),
    SPANS.replace('<Label value="LOC"/>', '<Choice value="LOC"/>'),
    SPANS.replace('<Label value="LOC"/>', ""),
    SPANS.replace('<Label value="PER"/><Label value="LOC"/>', ""),
    SPANS.replace("<Labels ", '<Labels value="$labels" '),
    SPANS.replace('toName="text"', 'toName="other"'),
    SPANS.replace("<Text", "<HyperText"),
    SPANS.replace("</View>", '<Labels name="more" toName="text"><Label value="x"/></Labels></View>'),
    SPANS.replace("</View>", '<Label value="x"/></View>'),
    BOXES,
    BOXES.replace(' canRotate="false"', ""),
    BOXES.replace("canRotate", "canrotate"),
    BOXES.replace('canRotate="false"', 'canRotate="true"'),
    BOXES.replace('canRotate="false"', 'canRotate=" false"'),
    BOXES.replace('name="image" value', 'name="image2" value'),
    BOXES.replace("</View>", '<Image name="other" value="$other"/></View>'),
    BOXES.replace("</View>", '<Text name="hint" value="Mark all."/></View>'),
    BOXES.replace("RectangleLabels", "PolygonLabels"),
    BOXES.replace("<View>", '<View><Rectangle name="r" toName="image"/>'),
)


def run(node: Path, *words: str) -> subprocess.CompletedProcess[str]:
    if not (WEB / "node_modules").is_dir():
        pytest.skip("the web app's packages are not installed; scripts/build-web brings them")
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [str(node), *words],
        check=False,
        cwd=WEB,
        capture_output=True,
        text=True,
        timeout=240,
        env=environment,
    )


def test_in_node(node: Path, tmp_path: Path) -> None:
    told = tmp_path / "vitest.json"
    ran = run(node, "node_modules/vitest/vitest.mjs", "run", "--reporter=json", f"--outputFile={told}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    result = json.loads(told.read_text())
    assert result["numPassedTests"] == result["numTotalTests"] >= len(CHECKS) - 1


@pytest.fixture(scope="module")
def page(node: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of this machine with the checks in it."""
    folder = tmp_path_factory.mktemp("vectors")
    options = ["--config", "vite.vectors.config.ts", "--outDir", str(folder)]
    ran = run(node, "node_modules/vite/bin/vite.js", "build", *options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (folder / "index.html").write_text("<!doctype html><title>vectors</title>")
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        opened = chromium.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        yield opened
        opened.close()
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.mark.parametrize("check", CHECKS)
def test_in_the_browser(page: Page, check: str) -> None:
    count = page.evaluate("name => import('/vectors.js').then(vectors => vectors[name]())", check)
    assert count >= CHECKS[check]


def test_a_hostile_config_is_read_alike(page: Page) -> None:
    """What the service takes as a config the page takes, and what it refuses the page refuses."""
    given = [{"kind": kind, "config": text, "good": taken(kind, text)} for kind in KINDS for text in CONFIGS]
    assert {each["good"] for each in given} == {True, False}
    checked = page.evaluate(
        "given => import('/vectors.js').then(vectors => vectors.checkConfigs(given))", given
    )
    assert checked == len(given)


def taken(kind: str, config: str) -> bool:
    try:
        read_form(kind, config)
    except LabelError:
        return False
    return True
