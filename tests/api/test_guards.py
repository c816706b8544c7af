"""What stands before the routes: sizes, rates, patience, keys of idempotency, cursors, and no leaks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from typing import Any

import anyio
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from labelshare.api.app import create_app
from labelshare.api.limits import Buckets
from labelshare.api.paging import decode, encode
from labelshare.api.settings import ApiSettings, Rate
from labelshare.client.wire.base import Answer
from labelshare.errors import ChainError, InputError, ServiceError, StoreError
from labelshare.store.replies import Replies, Reply, Request
from labelshare.store.schema import replies
from tests.api.visit import URL, Clock, Place, commit_body, good, new_place, problem
from tests.oracle.stage import nothing_changes


@pytest.fixture(scope="module")
def shared() -> Place:
    """Round 0 has begun, with ann, ben and cleo."""
    place = new_place()
    place.stage.accept().enrol("ann", "ben", "cleo").draw().begin()
    return place


@pytest.fixture
def place(shared: Place) -> Place:
    return Place.of(shared.stage)


def with_settings(place: Place, **changes: Any) -> Place:
    return Place.of(place.stage, ApiSettings(url=URL, **changes))


def batch(place: Place, name: str, number: int = 0, before: int = 0) -> Any:
    stage = place.stage
    found = good(place.get(f"{place.root}/assignment", stage.people[name]))
    label = stage.spec.task.form.encode(0)
    item = found["items"][0]["index"]
    return stage.sealed(stage.people[name], {item: label}, batch=number, before=before)[0]


# ----------------------------------------------------------------------------- size


def test_a_body_beyond_the_cap_is_refused_before_it_is_parsed(place: Place) -> None:
    small = with_settings(place, message_bytes=1_000)
    for content in (b"{" + b" " * 1_000, b"x" * 100_000):
        answer = small.ask("POST", "/v1/sign-ins", content=content)
        problem(answer, 413, "too-large")
    good(small.post("/v1/sign-ins", {"account": str(place.stage.oracle.address)}), 201)


def test_a_body_of_no_stated_length_is_counted_as_it_comes(place: Place) -> None:
    small = with_settings(place, message_bytes=1_000)
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        while True:
            taken += 100
            yield b"x" * 100

    problem(small.ask("POST", "/v1/sign-ins", content=endless()), 413, "too-large")
    assert taken <= 1_300


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 400, "abc", ""])
def test_a_length_that_is_none_is_refused(place: Place, length: str) -> None:
    answer = place.ask("POST", "/v1/sign-ins", content=b"{}", headers={"Content-Length": length})
    problem(answer, 413, "too-large")


# ----------------------------------------------------------------------------- rates


def test_an_address_that_asks_too_often_waits(place: Place) -> None:
    slow = with_settings(place, address_rate=Rate(0.5, 3))
    for _ in range(3):
        good(slow.get("/v1/datasets"))
    answer = slow.get("/v1/datasets")
    problem(answer, 429, "rate-limited")
    assert answer.headers["retry-after"] == "2"
    good(slow.get("/healthz"))

    slow.clock.seconds += 2
    good(slow.get("/v1/datasets"))
    problem(slow.get("/v1/datasets"), 429, "rate-limited")


def test_an_account_that_asks_too_often_waits_and_others_do_not(place: Place) -> None:
    slow = with_settings(place, account_rate=Rate(1, 2))
    ann, ben = place.stage.people["ann"], place.stage.people["ben"]
    for _ in range(2):
        good(slow.get("/v1/earnings", ann))
    answer = slow.get("/v1/earnings", ann)
    problem(answer, 429, "rate-limited")
    assert int(answer.headers["retry-after"]) >= 1
    good(slow.get("/v1/earnings", ben))


def test_buckets_fill_at_their_rate_and_no_further() -> None:
    clock = Clock(0)
    buckets = Buckets(Rate(2, 5), clock)
    assert [buckets.wait("a") for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    clock.seconds = 1
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 1]
    clock.seconds = 1_000
    assert [buckets.wait("a") for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert not any(Buckets(Rate(0, 1), clock).wait("a") for _ in range(100))
    with pytest.raises(InputError):
        Rate(-1, 1)


# --------------------------------------------------------------------------- patience


def test_a_request_that_takes_too_long_is_answered_in_time(place: Place) -> None:
    quick = with_settings(place, request_seconds=0.2)
    release = Event()

    @quick.app.get("/v1/slow")
    def slow() -> None:
        release.wait(5)

    async def two() -> tuple[Any, float]:
        begun = monotonic()
        answer = await quick._ask("GET", "/v1/slow")
        took = monotonic() - begun
        release.set()
        return answer, took

    answer, took = anyio.run(two)
    problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "5"
    assert took < 2


def test_a_body_that_does_not_arrive_is_given_up(place: Place) -> None:
    quick = with_settings(place, request_seconds=0.2)

    async def trickle() -> Any:
        while True:
            yield b" "
            await anyio.sleep(0.05)

    problem(quick.ask("POST", "/v1/sign-ins", content=trickle()), 408, "too-slow")


# ------------------------------------------------------------------------ idempotency


def test_the_same_key_and_request_get_the_same_answer(place: Place) -> None:
    ann = place.stage.people["ann"]
    signed = batch(place, "ann")
    key = {"Idempotency-Key": "first-batch"}
    first = place.commit(signed, ann, headers=key)
    again = place.commit(signed, ann, headers=key)

    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"

    other = commit_body(signed, root="0x" + "00" * 32)
    with nothing_changes(place.stage):
        answer = place.post(f"{place.root}/commitments", other, ann, headers=key)
    assert "used for another request" in problem(answer, 422, "invalid-input")["detail"]


def test_a_key_is_its_accounts_own(place: Place) -> None:
    key = {"Idempotency-Key": "mine"}
    stage = place.stage
    for name in ("ben", "cleo"):
        answer = place.commit(batch(place, name), stage.people[name], headers=key)
        assert "idempotency-replayed" not in answer.headers
        assert answer.status_code == 201, answer.text


def test_a_refused_request_is_no_answer_to_keep(place: Place) -> None:
    ben = place.stage.people["ben"]
    key = {"Idempotency-Key": "refused"}
    gap = batch(place, "ben", number=3, before=1)
    problem(place.commit(gap, ben, headers=key), 409, "commitment-refused")
    with place.stage.database.reading() as connection:
        keys = [row.key for row in connection.execute(select(replies))]
    assert "refused" not in keys


def test_requests_of_one_key_sent_at_once_run_once(place: Place) -> None:
    kept, ran = Replies(place.stage.database), []

    def run() -> Reply:
        ran.append(1)
        sleep(0.02)
        return Reply(201, b"{}")

    request = Request(place.stage.oracle.address, "together", b"\1" * 32)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: kept.once(request, run, 0, 10), range(8)))
    assert len(ran) == 1
    assert {(each.status, each.body) for each in answers} == {(201, b"{}")}
    assert sum(each.again for each in answers) == 7
    assert kept.once(request, run, 10, 10).again is False  # kept no longer


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "\xe9"])
def test_a_key_that_is_none_is_refused(place: Place, key: str) -> None:
    ann = place.stage.people["ann"]
    headers = {"Idempotency-Key": key.encode("latin-1")}
    problem(place.post(f"{place.root}/enrolments", {}, ann, headers=headers), 422, "invalid-input")


# --------------------------------------------------------------------------- cursors


def test_a_list_comes_whole_in_parts_of_any_size(place: Place) -> None:
    whole = [each["index"] for each in place.rows(f"{place.root}/items", limit=1_000)]
    assert whole == list(range(20))
    for limit in (1, 3, 19, 20, 21):
        assert [each["index"] for each in place.rows(f"{place.root}/items", limit=limit)] == whole
    capped = with_settings(place, page_most=7)
    assert len(good(capped.get(f"{place.root}/items", params={"limit": 1_000}))["items"]) == 7
    for wrong in ("0", "-1", "x", "1.5", str(10**30)):
        problem(place.get(f"{place.root}/items", params={"limit": wrong}), 422, "invalid-input")


def test_a_cursor_that_was_altered_or_is_of_another_list_is_refused(place: Place) -> None:
    path = f"{place.root}/items"
    cursor = good(place.get(path, params={"limit": 2}))["next"]
    altered = [
        cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor) - 1)
    ]
    others = [encode("campaigns", (1,)), encode(f"items:{place.root}", (1,)), "", "!", "é", "AAAA", "A" * 500]
    ann = place.stage.people["ann"]
    for bad in [*altered, *others]:
        problem(place.get(path, params={"cursor": bad}), 422, "invalid-input")
        problem(place.get(f"{place.root}/receipts", ann, params={"cursor": bad}), 422, "invalid-input")
    problem(place.get(path, params={"cursor": "A" * 1_000}), 422, "invalid-input")


def test_a_cursor_is_good_for_the_question_that_it_answers(place: Place) -> None:
    requester, dataset = str(place.stage.requester.address), str(place.stage.dataset)
    questions: list[dict[str, str]] = [
        {},
        {"requester": requester},
        {"dataset": dataset},
        {"requester": requester, "dataset": dataset},
        {"requester": dataset},
    ]
    for asked in questions:
        name = f"campaigns:{asked.get('requester')}:{asked.get('dataset')}"
        cursor = encode(name, (-1, 0))
        for other in questions:
            answer = place.get("/v1/campaigns", params={**other, "cursor": cursor})
            if other == asked:
                assert good(answer)["items"] == []
            else:
                problem(answer, 422, "invalid-input")


@pytest.mark.parametrize("key", [("1",), (1, 2), (), (True,), (None,), (1.5,)])
def test_a_cursor_of_another_shape_is_refused(key: Any) -> None:
    with pytest.raises(InputError, match="cursor"):
        decode("list", encode("list", key), (1,))
    assert decode("list", encode("list", (7,)), (1,)) == (7,)


# ----------------------------------------------------------------------------- leaks


class _Boom(Answer):
    number: int


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (StoreError("the store refused: SELECT * FROM /inner/secret.db"), 503, "store-unavailable"),
        (ChainError("http://user:password@node refused: SELECT"), 503, "chain-unavailable"),
        (ServiceError("/inner/inside"), 500, "internal"),
        (RuntimeError("/inner/inside SELECT"), 500, "internal"),
        (RecursionError("sqlite"), 500, "internal"),
    ],
)
def test_a_fault_of_ours_says_nothing_of_the_inside(
    place: Place, error: Exception, status: int, slug: str
) -> None:
    @place.app.get("/v1/fault")
    def fault() -> None:
        raise error

    answer = place.get("/v1/fault")
    assert "password" not in answer.text
    problem(answer, status, slug)


@pytest.mark.parametrize(
    ("error", "cause", "line"),
    [
        (
            StoreError("the store refused:\nno such server"),
            None,
            "StoreError: the store refused: no such server",
        ),
        (ChainError("no node"), None, "ChainError: no node"),
        (StoreError("the store refused"), IntegrityError("insert", {}, Exception()), ""),
        (ServiceError("inside"), None, ""),
        (RuntimeError("inside"), None, ""),
    ],
)
def test_what_is_away_is_one_line_of_the_log_and_a_fault_of_ours_has_its_place(
    place: Place, caplog: pytest.LogCaptureFixture, error: Exception, cause: Exception | None, line: str
) -> None:
    @place.app.get("/v1/fault")
    def fault() -> None:
        raise error from cause

    answer = place.get("/v1/fault")
    (logged,) = caplog.records
    assert answer.json()["requestId"] in logged.getMessage()
    assert logged.getMessage().endswith(line)
    assert bool(logged.exc_info) == (not line)


def test_a_database_that_is_gone_is_told_and_not_more() -> None:
    place = new_place()
    token = place.token(place.stage.people["ann"])
    with place.stage.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")
    answer = place.get("/v1/earnings", headers={"Authorization": f"Bearer {token}"})
    problem(answer, 503, "store-unavailable")
    assert answer.headers["retry-after"]


def test_every_answer_is_guarded(place: Place) -> None:
    for answer in (place.get("/v1/datasets"), place.get("/v1/nowhere"), place.post("/v1/sign-ins", {})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_app_needs_no_settings(place: Place) -> None:
    assert create_app(place.desk).state.site.settings == ApiSettings()
    with pytest.raises(InputError):
        ApiSettings(page=0)
