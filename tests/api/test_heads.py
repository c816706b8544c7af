"""HEAD is answered wherever GET is, alike and at once; a body that is no JSON is told of its type."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from labelshare.api.app import create_app
from labelshare.api.metrics import Metrics
from labelshare.api.settings import ApiSettings
from tests.api.served import served
from tests.api.test_openapi import filled, operations
from tests.api.visit import URL, Place, new_place, problem

LONG = ApiSettings(url=URL, stream_seconds=60.0, poll_seconds=30.0)
# Of each answer anew.
OWN = {"x-request-id", "date"}


@pytest.fixture(scope="module")
def place() -> Place:
    place = new_place(LONG)
    place.stage.accept().enrol("ann", "ben").draw().begin()
    return place


def heads(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OWN}


def test_every_get_is_answered_to_head(place: Place) -> None:
    ann, asked = place.stage.people["ann"], 0
    for name, _ in operations(place.get("/v1/openapi.json").json()):
        method, path = name.split()
        if method != "GET" or path.endswith(("/events", "/media/{digest}")):
            continue
        got, head = (place.ask(each, filled(place, path), ann) for each in ("GET", "HEAD"))
        assert head.status_code == got.status_code, path
        assert heads(head) == heads(got), path
        asked += 1
    assert asked > 20


def test_head_of_what_is_only_sent_in_is_not_there(place: Place) -> None:
    answer = place.ask("HEAD", "/v1/sign-ins")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert place.ask("DELETE", "/v1/campaigns").headers["allow"] == "GET, HEAD"


def test_head_of_a_stream_begins_none(place: Place) -> None:
    streams = place.app.state.streams

    async def asked() -> Any:
        with anyio.fail_after(10):
            return await place._ask("HEAD", f"{place.root}/events")

    answer = anyio.run(asked)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.content == b""
    assert streams.places.open == 0


def test_head_of_a_content_says_only_whether_it_is_here(place: Place) -> None:
    path = f"{place.root}/media/0x{'11' * 32}"
    assert place.ask("HEAD", path, place.stage.requester).status_code == 404
    assert place.ask("HEAD", path).status_code == 401


def test_probes_by_head_on_a_line_that_goes_on(place: Place) -> None:
    """Over a real line: there is no body between the answers."""
    with served(place.desk) as url, httpx.Client(base_url=url) as client:
        for path in ("/healthz", "/readyz", "/v1/campaigns", f"{place.root}/events", "/v1/nothing"):
            head = client.head(path)
            assert head.status_code == (404 if path == "/v1/nothing" else 200)
            assert head.content == b""
        assert client.get("/healthz").json() == {"status": "ok"}


def test_head_is_counted_under_its_route(place: Place) -> None:
    metrics = Metrics()
    seen = Place(place.stage, place.desk, create_app(place.desk, LONG, metrics=metrics), place.clock)
    seen.ask("HEAD", place.root)
    labels = {"route": "/v1/campaigns/{campaign}", "method": "HEAD", "status": "200"}
    assert metrics.registry.get_sample_value("labelshare_http_requests_total", labels) == 1


# ------------------------------------------------------------------------ the type of a body


@pytest.mark.parametrize("path", ["/v1/sign-ins", "/v1/quotes"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/json", ""])
def test_a_body_of_another_type_is_told_so(place: Place, path: str, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = place.ask("POST", path, content=b'{"account":"0x"}', headers=headers)
    said = problem(answer, 415, "unsupported-media-type")["detail"]
    assert said == f"Content-Type {f'is {kind!r}' if kind else 'is missing'}; it must be application/json"


def test_a_large_quote_of_another_type_is_told_so(place: Place) -> None:
    body = b'{"spec":"' + b"a" * (2 * 1024 * 1024) + b'"}'
    answer = place.ask("POST", "/v1/quotes", content=body, headers={"Content-Type": "text/plain"})
    problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]
)
def test_json_by_any_of_its_names_is_taken(place: Place, kind: str) -> None:
    body = f'{{"account":"{place.stage.people["ann"].address}"}}'.encode()
    answer = place.ask("POST", "/v1/sign-ins", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text
