"""The log of what was refused: a line with the client's name for it, nothing of what was asked, no flood."""

from __future__ import annotations

import io
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from labelshare.api import refused
from labelshare.api.refused import LINES, SECONDS
from labelshare.api.settings import ApiSettings, Rate
from tests.api.visit import URL, Place, commit_body, good, new_place, problem

SECRET = "a-token-that-nobody-may-read"


@pytest.fixture(scope="module")
def shared() -> Place:
    """Round 0 has begun, with ann and ben."""
    place = new_place()
    place.stage.accept().enrol("ann", "ben").draw().begin()
    return place


@pytest.fixture
def place(shared: Place) -> Place:
    return Place.of(shared.stage)


def lines(logs: Any) -> list[Any]:
    return [each for each in logs if each["event"] == "request refused"]


def test_each_refusal_is_a_line_by_the_name_that_the_client_was_told(place: Place) -> None:
    ann = place.stage.people["ann"]
    place.token(ann)
    with capture_logs() as logs:
        here = problem(place.get(f"{place.root}/items/{10**6}?q={SECRET}"), 404, "not-found")
        key = {"Authorization": f"Bearer {SECRET}"}
        found = place.ask("POST", f"{place.root}/openings", json={"secret": SECRET}, headers=key)
        nobody = problem(found, 401, "unauthenticated")
        nowhere = problem(place.get(f"/v1/{SECRET}"), 404, "not-found")
        signed, _ = place.stage.sealed(ann, {0: b"\0"})
        body = commit_body(signed) | {"annotator": str(place.stage.stranger.address)}
        other = problem(place.post(f"{place.root}/commitments", body, ann), 403, "forbidden")
        sized = problem(place.post("/v1/sign-ins", {"account": SECRET}), 422, "invalid-input")
    base = "/v1/campaigns/{campaign}"
    told = [(e["request_id"], e["method"], e["route"], e["status"], e["problem"]) for e in lines(logs)]
    assert told == [
        (here["requestId"], "GET", f"{base}/items/{{item}}", 404, "not-found"),
        (nobody["requestId"], "POST", f"{base}/openings", 401, "unauthenticated"),
        (nowhere["requestId"], "GET", "none", 404, "not-found"),
        (other["requestId"], "POST", f"{base}/commitments", 403, "forbidden"),
        (sized["requestId"], "POST", "/v1/sign-ins", 422, "invalid-input"),
    ]
    assert SECRET not in str(logs)
    assert {each["log_level"] for each in lines(logs)} == {"info"}


def test_what_is_well_is_no_line(place: Place) -> None:
    with capture_logs() as logs:
        good(place.get("/v1/campaigns"))
        good(place.get(f"{place.root}/items"))
        place.token(place.stage.people["ben"])
    assert logs == []


def test_a_flood_is_some_lines_and_then_a_number(place: Place) -> None:
    with capture_logs() as logs:
        for _ in range(LINES + 7):
            problem(place.get("/v1/nothing"), 404, "not-found")
        problem(place.post("/v1/sign-ins", {}), 422, "invalid-input")  # another kind has lines of its own
        assert len(lines(logs)) == LINES + 1
        place.clock.seconds += SECONDS
        problem(place.post("/v1/sign-ins", {}), 422, "invalid-input")
    more = [each for each in logs if each["event"] == "more requests refused"]
    assert [(each["route"], each["status"], each["count"]) for each in more] == [("none", 404, 7)]
    assert len(lines(logs)) == LINES + 2


def test_what_never_reached_a_route_is_a_line(place: Place) -> None:
    limited = Place.of(place.stage, ApiSettings(url=URL, address_rate=Rate(per_second=1, burst=1)))
    good(limited.get("/v1/campaigns"))
    with capture_logs() as logs:
        found = problem(limited.get("/v1/campaigns"), 429, "rate-limited")
    (line,) = lines(logs)
    assert (line["request_id"], line["problem"]) == (found["requestId"], "rate-limited")


def test_a_log_that_cannot_be_written_holds_no_answer_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    full = structlog.wrap_logger(
        structlog.WriteLogger(Full()), processors=[structlog.processors.JSONRenderer()]
    )
    monkeypatch.setattr(refused, "log", full)
    problem(place.get("/v1/nothing"), 404, "not-found")
