"""Content handed in and read back over HTTP, by the requester and by everybody who should not."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from labelshare.api.settings import ApiSettings
from labelshare.client.connection import Connection
from labelshare.client.service import ServiceClient
from labelshare.errors import AccessError, InputError, NotFoundError, ProtocolError, ServiceError
from labelshare.oracle.blobs import Blobs, cid
from labelshare.store.contents import Contents
from labelshare.types import Hash32
from tests.api.served import served
from tests.api.visit import URL, Place, good, new_place, problem
from tests.oracle.stage import ITEMS, small_spec

MOST = 300_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(2_000)
TEXT = "Es regnet — 雨が降る.\n".encode() * 20
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b" \n<!doctype html><script>alert(1)</script>"
PROGRAM = b"\x7fELF" + bytes(200)
LARGE = b"l" * MOST
TOO_LARGE = b"t" * (MOST + 1)
BOMB = gzip.compress(bytes(5_000_000))
KNOWN = [PNG, WAV, TEXT, SVG, HTML, PROGRAM, LARGE, TOO_LARGE, BOMB]
CONTENTS = [*KNOWN, *(b"text %d" % number for number in range(ITEMS - len(KNOWN)))]


def name_of(content: bytes) -> Hash32:
    return Hash32(sha256(content).digest())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A funded campaign whose service has no content yet."""
    items = [{"digest": sha256(content).hexdigest()} for content in CONTENTS]
    return new_place(blobs=Blobs.at(tmp_path / "blobs", MOST), spec=small_spec(items=items))


def path_of(place: Place, content: bytes) -> str:
    return f"{place.root}/media/{cid(name_of(content))}"


def put(place: Place, content: bytes, signer: Any = None, **given: Any) -> httpx.Response:
    signer = signer or place.stage.requester
    return place.ask("PUT", path_of(place, content), signer, content=given.pop("sent", content), **given)


def kept(place: Place) -> int:
    """Bytes that are anywhere: in the store, or noted."""
    assert place.desk.blobs is not None
    there = sum(place.desk.blobs.has(name_of(each)) for each in CONTENTS)
    return there + Contents(place.desk.database).used(place.stage.scope.campaign_id)


def test_content_comes_in_once_and_is_read_back(place: Place) -> None:
    assert place.ask("HEAD", path_of(place, PNG), place.stage.requester).status_code == 404

    stored = good(put(place, PNG), 201)

    assert stored == {
        "digest": str(name_of(PNG)),
        "cid": cid(name_of(PNG)),
        "size": len(PNG),
        "kind": "image/png",
        "new": True,
    }
    assert good(put(place, PNG), 200) == stored | {"new": False}
    assert Contents(place.desk.database).used(place.stage.scope.campaign_id) == len(PNG)
    assert place.ask("HEAD", path_of(place, PNG), place.stage.requester).status_code == 204
    answer = place.get(path_of(place, PNG), place.stage.people["ann"])
    assert (answer.status_code, answer.content) == (200, PNG)
    assert place.get(f"{place.root}/media/{name_of(PNG)}", place.stage.people["ann"]).content == PNG


@pytest.mark.parametrize(
    ("content", "kind", "disposition"),
    [
        (PNG, "image/png", "inline"),
        (WAV, "audio/wav", "inline"),
        (TEXT, "text/plain; charset=utf-8", "inline"),
        (SVG, "application/octet-stream", "attachment"),
        (HTML, "application/octet-stream", "attachment"),
    ],
)
def test_nothing_is_served_as_what_a_browser_would_run(
    place: Place, content: bytes, kind: str, disposition: str
) -> None:
    good(put(place, content, headers={"Content-Type": "text/html"}), 201)
    headers = place.get(path_of(place, content), place.stage.people["ann"]).headers
    assert headers["content-type"] == kind
    assert headers["content-disposition"].partition(";")[0] == disposition
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "private, max-age=31536000, immutable"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_parts_are_read_by_range(place: Place) -> None:
    good(put(place, LARGE), 201)
    ann, path, size = place.stage.people["ann"], path_of(place, LARGE), len(LARGE)
    tag = place.get(path, ann).headers["etag"]

    def part(ask: str, **more: str) -> httpx.Response:
        return place.get(path, ann, headers={"Range": ask, **more})

    for ask, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=7-", 7, size),
        ("bytes=-5", size - 5, size),
        (f"bytes=5-{10 * size}", 5, size),
    ):
        answer = part(ask)
        assert (answer.status_code, answer.content) == (206, LARGE[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    assert part("bytes=0-9", **{"If-Range": tag}).status_code == 206
    for ask, more in (
        ("bytes=0-9", {"If-Range": '"older"'}),
        ("bytes=0-1,4-5", {}),
        ("lines=1-2", {}),
        ("bytes=9-2", {}),
        ("bytes=-", {}),
    ):
        assert (part(ask, **more).status_code, len(part(ask, **more).content)) == (200, size)
    found = part(f"bytes={size}-")
    problem(found, 416, "no-such-range")
    assert found.headers["content-range"] == f"bytes */{size}"
    assert place.get(path, ann, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304


# --------------------------------------------------------------------------- who should not


def test_only_the_requester_hands_in(place: Place) -> None:
    stage = place.stage
    for signer in (stage.people["ann"], stage.oracle, stage.stranger):
        problem(put(place, PNG, signer), 403, "forbidden")
    problem(place.ask("PUT", path_of(place, PNG), content=PNG), 401, "unauthenticated")
    assert place.ask("HEAD", path_of(place, PNG), stage.stranger).status_code == 403
    assert kept(place) == 0


def test_only_items_of_the_spec_are_taken(place: Place) -> None:
    problem(put(place, b"not in the spec"), 404, "not-found")
    found = problem(
        place.ask("PUT", path_of(place, PNG), place.stage.requester, content=WAV), 422, "invalid-input"
    )
    assert str(name_of(PNG)) in found["detail"]
    problem(put(place, PROGRAM), 422, "invalid-input")
    assert kept(place) == 0


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "bafkrei",
        cid(name_of(PNG)).upper(),
        cid(name_of(PNG)) + "%00",
        cid(name_of(PNG)) + "%2f..",
        "0x" + "0" * 63,
    ],
)
def test_a_name_is_no_path(place: Place, name: str) -> None:
    answer = place.ask("PUT", f"{place.root}/media/{name}", place.stage.requester, content=PNG)
    assert answer.status_code in {404, 405, 422}
    assert kept(place) == 0


def test_nothing_is_unpacked(place: Place) -> None:
    packed = gzip.compress(TEXT)
    answer = put(place, TEXT, sent=packed, headers={"Content-Encoding": "gzip"})
    problem(answer, 422, "invalid-input")
    problem(put(place, BOMB), 422, "invalid-input")  # as it is, a bomb is no item that anybody could see
    problem(put(place, TEXT, headers={"Content-Range": "bytes 0-3/4"}), 422, "invalid-input")
    assert kept(place) == 0


def test_a_campaign_and_an_account_have_a_quota(place: Place) -> None:
    size = len(PNG)
    for settings in (ApiSettings(url=URL, campaign_bytes=size), ApiSettings(url=URL, account_bytes=size)):
        tight = Place.of(place.stage, settings, place.desk.blobs)
        answer = put(tight, PNG)
        assert answer.status_code in {200, 201}
        found = problem(put(tight, WAV), 409, "refused")
        assert str(len(PNG)) in found["detail"]
        good(put(tight, PNG), 200)
    assert place.desk.blobs is not None
    assert not place.desk.blobs.has(name_of(WAV))


def test_what_the_store_does_not_take_is_not_counted(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shut = tmp_path / "shut"
    blobs = Blobs.at(shut, MOST)
    shut.rmdir()
    shut.write_text("a file where the folder was")
    monkeypatch.setattr(place.desk, "blobs", blobs)
    problem(put(place, PNG), 503, "store-unavailable")
    assert Contents(place.desk.database).used(place.stage.scope.campaign_id) == 0


def test_nothing_is_taken_once_nobody_labels(place: Place) -> None:
    stage = place.stage
    stage.chain.advance_to(stage.schedule.hard_end + 1)
    good(put(place, PNG), 201)  # nobody has cancelled it
    stage.sender.send(stage.requester, stage.contracts.registry.cancel(stage.params))
    problem(put(place, WAV), 409, "refused")


# ------------------------------------------------------------------------- on a real line


OPEN: list[Connection] = []


@pytest.fixture
def url(place: Place) -> Iterator[str]:
    with served(place.desk, ApiSettings(request_seconds=2, uploads=2, message_bytes=10_000)) as address:
        yield address
        while OPEN:
            OPEN.pop().close()


def client_of(place: Place, url: str, signer: Any) -> ServiceClient:
    OPEN.append(Connection(url))
    return ServiceClient(OPEN[-1], signer, chain_id=place.stage.chain.chain_id)


def test_the_typed_client_hands_in_and_reads(place: Place, url: str, tmp_path: Path) -> None:
    campaign, requester = place.stage.scope.campaign_id, client_of(place, url, place.stage.requester)
    file = tmp_path / "large"
    file.write_bytes(LARGE)
    assert not requester.has_media(campaign, name_of(LARGE))
    assert requester.put_media(campaign, name_of(LARGE), file).size == len(LARGE)
    assert requester.has_media(campaign, name_of(LARGE))
    assert client_of(place, url, place.stage.people["ann"]).media(campaign, name_of(LARGE)) == LARGE
    file.write_bytes(WAV)
    with pytest.raises(InputError, match="sha256"):
        requester.put_media(campaign, name_of(PNG), file)
    with pytest.raises(NotFoundError):
        requester.put_media(campaign, name_of(b"another"), file)
    with pytest.raises(AccessError):
        client_of(place, url, place.stage.stranger).put_media(campaign, name_of(WAV), file)
    file.write_bytes(TOO_LARGE)
    with pytest.raises(ServiceError, match="at most"):
        requester.put_media(campaign, name_of(TOO_LARGE), file)


def raw(place: Place, url: str, content: bytes, *more: str) -> socket.socket:
    """A line on which a request for a content has begun."""
    token = place_token(place)
    host, path = urlsplit(url).netloc, path_of(place, content)
    head = [f"PUT {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}", *more, "", ""]
    line = socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 0), timeout=10)
    line.sendall("\r\n".join(head).encode())
    return line


def place_token(place: Place) -> str:
    """Of a session in the store that the served app has as well."""
    return place.token(place.stage.requester)


def said(line: socket.socket) -> bytes:
    got = b""
    with line:
        while b"\r\n\r\n" not in got:
            part = line.recv(65_536)
            if not part:
                break
            got += part
    return got


def test_a_body_that_is_stated_or_grows_too_large_is_cut_off(place: Place, url: str) -> None:
    assert b" 413 " in said(raw(place, url, TOO_LARGE, f"Content-Length: {len(TOO_LARGE)}"))
    line = raw(place, url, TOO_LARGE, "Transfer-Encoding: chunked")
    for _ in range(MOST // 100_000 + 1):
        line.sendall(b"%x\r\n%s\r\n" % (100_000, b"t" * 100_000))
    line.sendall(b"0\r\n\r\n")
    assert b" 413 " in said(line)
    assert kept(place) == 0


def test_an_upload_that_breaks_off_leaves_nothing(place: Place, url: str) -> None:
    line = raw(place, url, LARGE, f"Content-Length: {len(LARGE)}")
    line.sendall(LARGE[:-1])
    line.close()
    assert kept(place) == 0
    campaign, requester = place.stage.scope.campaign_id, client_of(place, url, place.stage.requester)
    assert not requester.has_media(campaign, name_of(LARGE))
    assert kept(place) == 0


def test_whoever_sends_nothing_is_let_go(place: Place, url: str) -> None:
    lines = [raw(place, url, LARGE, f"Content-Length: {len(LARGE)}") for _ in range(3)]
    for line in lines:
        line.sendall(LARGE[:1_000])
    statuses = sorted(said(line).split()[1] for line in lines)
    assert statuses == [b"408", b"408", b"503"]  # two at once are taken in
    assert kept(place) == 0


def test_errors_are_the_ones_in_process(place: Place, url: str, tmp_path: Path) -> None:
    stage = place.stage
    stage.chain.advance_to(stage.schedule.hard_end + 1)
    stage.sender.send(stage.requester, stage.contracts.registry.cancel(stage.params))
    (tmp_path / "x").write_bytes(PNG)
    with pytest.raises(ProtocolError, match="nobody labels"):
        client_of(place, url, stage.requester).put_media(
            stage.scope.campaign_id, name_of(PNG), tmp_path / "x"
        )
