"""Large bodies: who may send them, that they are refused unread, and that reading one lets others go on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from threading import current_thread
from typing import Any

import httpx
import pytest

from labelshare.api.bodies import LARGE, require_modest
from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.keys import Signer
from labelshare.errors import InputError
from labelshare.protocol import canonical
from labelshare.protocol.commitments import MAX_BATCH
from tests.api.served import served
from tests.api.visit import URL, Place, good, new_place, problem

CHUNK = 8 * 1024
MEBIBYTE = 1024**2
SMALL = MEBIBYTE // 4
BRACKETS = b"[" + b"[]," * (MEBIBYTE // 3) + b"[]]"


@pytest.fixture(scope="module")
def shared() -> Place:
    place = new_place()
    place.stage.accept().enrol("ann", "ben", "cleo").draw().begin()
    return place


@pytest.fixture
def place(shared: Place) -> Place:
    return Place.of(shared.stage)


class Endless:
    """A body that comes for as long as it is read."""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self) -> AsyncIterator[bytes]:
        return self._parts()

    async def _parts(self) -> AsyncIterator[bytes]:
        while True:
            self.read += CHUNK
            yield b"," * CHUNK


def told(
    place: Place, method: str, path: str, signer: Signer | None = None, size: int = 0
) -> tuple[Any, int]:
    """The answer to a body without end, whose length is stated if one is given; and how much was read."""
    body = Endless()
    headers = {"Content-Type": "application/json"} | ({"Content-Length": str(size)} if size else {})
    answer = place.ask(method, path, signer, content=body(), headers=headers)
    return answer, body.read


@pytest.mark.parametrize("path", ["/v1/sign-ins", "/v1/sessions", "{root}/enrolments"])
def test_what_is_never_large_is_refused_soon(place: Place, path: str) -> None:
    where, ann = path.format(root=place.root), place.stage.people["ann"]
    place.token(ann)
    for size, most in ((SMALL + 1, 0), (8 * MEBIBYTE, 0), (0, SMALL + CHUNK)):
        answer, read = told(place, "POST", where, ann, size)
        problem(answer, 413, "too-large")
        assert read <= most


def test_over_a_line_the_answer_is_read_though_the_body_was_sent(place: Place) -> None:
    with served(place.desk) as url, httpx.Client(base_url=url) as line:
        for _ in range(2):  # on the same line
            answer = line.post("/v1/sign-ins", content=b" " * (8 * MEBIBYTE))
            problem(answer, 413, "too-large")
        asked = line.post("/v1/sign-ins", json={"account": str(place.stage.oracle.address)})
        assert asked.status_code == 201


def spec_path(_: Place) -> str:
    return f"/v1/specs/0x{7:064x}"


LARGE_PATHS: dict[str, tuple[str, Callable[[Place], str]]] = {
    "a sealed batch": ("POST", lambda place: f"{place.root}/commitments"),
    "an opened batch": ("POST", lambda place: f"{place.root}/openings"),
    "a spec": ("PUT", spec_path),
}


@pytest.mark.parametrize("name", LARGE_PATHS)
@pytest.mark.parametrize("size", [0, 5 * MEBIBYTE])
def test_a_stranger_sends_nothing_large(place: Place, name: str, size: int) -> None:
    method, path = LARGE_PATHS[name]
    answer, read = told(place, method, path(place), size=size)
    problem(answer, 401, "unauthenticated")
    assert read <= (0 if size else LARGE + CHUNK)

    headers = {"Authorization": "Bearer nobody's", "Content-Length": str(5 * MEBIBYTE)}
    body = Endless()
    problem(place.ask(method, path(place), content=body(), headers=headers), 401, "unauthenticated")
    assert body.read == 0


@pytest.mark.parametrize("name", LARGE_PATHS)
def test_an_account_sends_so_much_and_then_waits(place: Place, name: str) -> None:
    method, path = LARGE_PATHS[name]
    stage = place.stage
    bounded = Place.of(stage, ApiSettings(url=URL, large_rate=Rate(0.5, 2)))
    ann = stage.people["ann"]
    content = b"{}" + b" " * (MEBIBYTE - 2)
    for _ in range(2):
        answer = bounded.ask(method, path(bounded), ann, content=content)
        assert 400 < answer.status_code < 429, answer.text  # it was read, and is no such thing
    bounded.token(stage.people["ben"])
    for signer in (ann, stage.people["ben"]):  # from the same address
        answer, read = told(bounded, method, path(bounded), signer, MEBIBYTE)
        problem(answer, 429, "rate-limited")
        assert int(answer.headers["retry-after"]) in {2, 3}
        assert read == 0
    good(bounded.get("/v1/sessions/current", ann))
    bounded.clock.seconds += 10
    assert bounded.ask(method, path(bounded), ann, content=content).status_code < 429


def test_what_is_fuller_than_a_question_is_not_parsed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = place.stage.people["ann"]
    place.token(ann)
    monkeypatch.setattr(canonical, "parse", never)
    for path in (f"{place.root}/commitments", f"{place.root}/openings", "/v1/quotes"):
        problem(json_sent(place, path, BRACKETS, ann), 400, "malformed")
    many = b"[" + b"1," * (2 * MAX_BATCH + 100) + b"1]"
    problem(json_sent(place, f"{place.root}/openings", many, ann), 400, "malformed")
    for path in ("/v1/sign-ins", "/v1/sessions", f"{place.root}/enrolments"):
        problem(json_sent(place, path, b"[" + b"1," * 100 + b"1]", ann), 400, "malformed")


def never(_: bytes) -> Any:
    raise AssertionError("parsed")


def json_sent(place: Place, path: str, content: bytes, signer: Signer | None = None) -> httpx.Response:
    return place.ask("POST", path, signer, content=content, headers={"Content-Type": "application/json"})


def test_the_fullest_messages_are_modest() -> None:
    most = 2**32 - 1
    batch = {"signature": "0x" + "00" * 65_535, "items": [most] * MAX_BATCH}
    require_modest("/v1/campaigns/0x/commitments", canonical.dumps(batch))
    opening = {"items": [most] * MAX_BATCH, "labels": ["0x0001"] * MAX_BATCH}
    require_modest("/v1/campaigns/0x/openings", canonical.dumps(opening))
    items = [{"digest": "00" * 32, "name": ""}] * 50_000
    require_modest(f"/v1/specs/0x{7:064x}", canonical.dumps({"items": items}))
    with pytest.raises(InputError):
        require_modest("/v1/quotes", BRACKETS)


def test_a_large_batch_is_read_outside_of_the_loop(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the lane, and by the ordinary route that tells what is wrong with it."""
    ann, threads = place.stage.people["ann"], list[str]()
    place.token(ann)
    parse = canonical.parse

    def noted(data: bytes) -> Any:
        threads.append(current_thread().name)
        return parse(data)

    monkeypatch.setattr(canonical, "parse", noted)
    items = list(range(MAX_BATCH))
    opening = {
        "annotator": str(ann.address),
        "commitHash": f"0x{7:064x}",
        "secret": f"0x{8:064x}",
        "items": items,
        "labels": ["0x0001"] * MAX_BATCH,
    }
    problem(place.post(f"{place.root}/openings", opening, ann), 409, "commitment-refused")
    assert [name.startswith("reading") for name in threads] == [True]

    found = problem(
        place.post(f"{place.root}/openings", opening | {"labels": [7] * MAX_BATCH}, ann), 422, "invalid-input"
    )
    assert [each["field"] for each in found["errors"]] == ["body.labels.0"]
    assert [name.startswith("reading") for name in threads] == [True] * 3


def test_a_stranger_is_quoted_a_spec_of_thousands_of_items(place: Place) -> None:
    fields = json.loads(place.stage.spec.canonical_bytes)
    item = fields["items"][0]
    fields["items"] = [item | {"digest": f"{number:064x}"} for number in range(5_000)]
    question = {"spec": fields, "feeBps": 500, "annotators": 12}
    assert len(canonical.dumps(question)) > 4 * LARGE
    good(place.post("/v1/quotes", question))
    few = Place.of(place.stage, ApiSettings(url=URL, message_bytes=5 * LARGE, small_bytes=2 * LARGE))
    problem(few.post("/v1/quotes", question), 401, "unauthenticated")
    good(few.post("/v1/quotes", question, place.stage.people["ann"]))
