"""How the built pages are served: their headers, their compressed twins, and what is no page."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

import web_sources
from labelshare.api.app import create_app
from labelshare.api.pages import Pages
from labelshare.api.settings import ApiSettings
from labelshare.errors import InputError
from tests.api.visit import Place, new_place

ASSET = "assets/index-abc.js"
SESSION = 5_400


@pytest.fixture(scope="module")
def place() -> Place:
    return new_place()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build as scripts/build-web leaves it, but for its content."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>labelshare</title>")
    script = tmp_path / ASSET
    script.write_text("let x = 1;" * 50)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(script.read_bytes()))
    return tmp_path


def ask(place: Place, web: Pages, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async def send() -> httpx.Response:
        app = create_app(place.desk, ApiSettings(session_seconds=SESSION), web=web)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://oracle.test"
        ) as client:
            return await client.request(method, path, headers={"accept-encoding": "identity", **headers})

    return anyio.run(send)


@pytest.mark.parametrize("path", ["/", "/tasks", "/campaigns/0x12/audit/7", "/no/such/page"])
def test_every_address_of_the_app_is_its_page(place: Place, folder: Path, path: str) -> None:
    answer = ask(place, Pages("http://127.0.0.1:8545/x", folder), path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self' http://127.0.0.1:8545",
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_hashed_files_are_kept_and_compressed(place: Place, folder: Path) -> None:
    plain = ask(place, Pages(None, folder), "/" + ASSET)
    packed = ask(place, Pages(None, folder), "/" + ASSET, **{"accept-encoding": "br, gzip"})
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/nothing", 404),
        ("GET", "/assets/index-old.js", 404),
        ("GET", "/favicon.ico", 404),
        ("GET", "/../pyproject.toml", 404),
        ("GET", "/%2e%2e/%2e%2e/settings.py", 404),
        ("POST", "/tasks", 404),
        ("HEAD", "/tasks", 200),
    ],
)
def test_what_is_no_page_is_a_problem(
    place: Place, folder: Path, method: str, path: str, status: int
) -> None:
    answer = ask(place, Pages(None, folder), path, method)
    assert answer.status_code == status
    if status == 404:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_without_a_build_it_says_how_to_make_one(place: Place, tmp_path: Path) -> None:
    answer = ask(place, Pages(None, tmp_path), "/")
    assert answer.status_code == 503
    assert "scripts/build-web" in answer.text


def test_a_page_is_told_where_it_is(place: Place, folder: Path) -> None:
    site: dict[str, Any] = ask(place, Pages("/rpc", folder), "/site.json").json()
    deployment = place.stage.deployment
    assert site["chainId"] == deployment.chain_id
    assert (site["development"], site["rpc"]) == (True, "/rpc")
    assert site["sessionSeconds"] == SESSION
    assert (site["registry"], site["licences"]) == (
        str(deployment.registry.address),
        str(deployment.licenses.address),
    )


@pytest.mark.parametrize("node", ["ftp://node", "https://user:secret@node", "node"])
def test_a_node_for_pages_is_an_address_without_a_secret(node: str) -> None:
    with pytest.raises(InputError):
        Pages(node)


def test_the_types_and_abis_of_the_page_are_those_of_the_service() -> None:
    stale = [path.name for path, text in web_sources.sources().items() if path.read_text() != text]
    assert not stale, "scripts/build-web writes them again"


def test_the_real_build_names_no_other_host(built_pages: Path) -> None:
    """Addresses in our own code and styles are of nowhere else; libraries may name documentation."""
    page = (built_pages / "index.html").read_text()
    assert not re.search(r"(?:src|href)=\"(?!/)", page)
    for style in built_pages.glob("assets/*.css"):
        assert "http" not in style.read_text()
        assert "@import" not in style.read_text()
