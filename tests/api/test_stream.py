"""What happens to a campaign, told in order and once; a stream that broke off goes on where it was."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from labelshare.api.settings import ApiSettings
from labelshare.oracle.desk import Desk
from tests.api.visit import URL, Place, good, new_place, problem

BRIEF = ApiSettings(url=URL, stream_seconds=0.001, poll_seconds=0.01)
BEFORE_WORK = ["CampaignCreated", "Accepted", "RosterPosted", "SeedArmed", "SeedDrawn"]


@pytest.fixture(scope="module")
def place() -> Place:
    place = new_place(BRIEF)
    place.stage.accept().enrol("ann", "ben").draw()
    return place


def told(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """Ids and data of the events in a stream."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
        if fields.get("event") == "happened":
            events.append((fields["id"], json.loads(fields["data"])))
    return events


def test_a_stream_tells_everything_in_order(place: Place) -> None:
    events = told(place.get(f"{place.root}/events"))
    assert [data["kind"] for _, data in events] == BEFORE_WORK
    for name, data in events:
        block = place.stage.chain.block_hash(data["block"])
        assert name == f"{data['block']}-{data['index']}-{block[:8].hex()}"
    times = [data["time"] for _, data in events]
    assert times == sorted(times)
    assert times[-1] <= place.stage.chain.now()


def test_a_stream_goes_on_behind_the_last_event(place: Place) -> None:
    events = told(place.get(f"{place.root}/events"))
    for number, (name, _) in enumerate(events):
        rest = told(place.get(f"{place.root}/events", headers={"Last-Event-ID": name}))
        assert rest == events[number + 1 :]


@pytest.mark.parametrize(
    "name", ["", "x", "1", "1-", "-1-1", "1-1", "1-1-1", f"1-1-{'A' * 16}", f"{'9' * 41}-1-{'a' * 16}"]
)
def test_an_id_that_no_event_has_is_refused(place: Place, name: str) -> None:
    problem(place.get(f"{place.root}/events", headers={"Last-Event-ID": name}), 422, "invalid-input")


def test_a_stream_of_nothing_is_not_found(place: Place) -> None:
    problem(place.get(f"/v1/campaigns/0x{'00' * 32}/events"), 404, "not-found")


def test_news_come_while_a_stream_is_open(place: Place) -> None:
    stage = place.stage
    open_long = Place.of(stage, ApiSettings(url=URL, stream_seconds=1.0, poll_seconds=0.02))

    async def watched() -> Any:
        found: list[Any] = []

        async def watch() -> None:
            found.append(await open_long._ask("GET", f"{place.root}/events"))

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await anyio.sleep(0.2)
            await anyio.to_thread.run_sync(_work, place)
        return found[0]

    assert [data["kind"] for _, data in told(anyio.run(watched))] == [*BEFORE_WORK, "CommitsAggregated"]


def _work(place: Place) -> None:
    place.stage.begin().label("ann").engine.post_commits(0)


def test_there_are_not_more_streams_than_allowed(place: Place) -> None:
    few = Place.of(place.stage, ApiSettings(url=URL, streams=1, stream_seconds=2.0, poll_seconds=0.05))

    async def two() -> list[Any]:
        answers: list[Any] = []

        async def watch() -> None:
            answers.append(await few._ask("GET", f"{place.root}/events"))

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await anyio.sleep(0.2)
            group.start_soon(watch)
        return answers

    refused, watched = anyio.run(two)
    problem(refused, 503, "busy")
    assert told(watched)
    assert told(few.get(f"{place.root}/events"))  # the place is free again


# ---------------------------------------------------------------------------- health


def test_health_tells_of_chain_database_and_index(place: Place) -> None:
    stage = place.stage
    assert good(place.get("/healthz")) == {"status": "ok"}
    ready = good(place.get("/readyz"))
    assert ready["ready"]
    assert ready["head"] == stage.chain.block_number
    for behind, age, fresh in ((0, 9_999.0, True), (1, 1.0, True), (1, 9_999.0, False), (65, 1.0, False)):
        desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database, lag=lambda: (behind, age))  # noqa: B023
        answer = _over(place, desk).get("/readyz")
        body = answer.json()
        assert (answer.status_code, body["ready"], body["index"]) == (200 if fresh else 503, fresh, fresh)


def test_a_part_that_fails_makes_it_not_ready(place: Place) -> None:
    stage = place.stage

    def broken() -> tuple[int, float]:
        raise RuntimeError("/inner/inside")

    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database, lag=broken)
    answer = _over(place, desk).get("/readyz")
    assert (answer.status_code, answer.json()["index"]) == (503, False)
    assert "inside" not in answer.text


def test_however_often_it_is_asked_chain_and_database_are_not(place: Place) -> None:
    stage, asked, times = place.stage, list[int](), [100.0]

    def lag() -> tuple[int, float]:
        asked.append(1)
        return 0, 0.0

    desk = Desk(
        stage.sender, stage.deployment, stage.oracle, stage.database, lag=lag, ticks=lambda: times[-1]
    )
    seen = _over(place, desk)
    for now, count in ((100.0, 1), (100.2, 1), (100.25, 2), (100.3, 2)):
        times.append(now)
        for _ in range(5):
            assert good(seen.get("/readyz"))["ready"]
        assert len(asked) == count


def _over(place: Place, desk: Desk) -> Place:
    from labelshare.api.app import create_app

    return Place(place.stage, desk, create_app(desk, BRIEF), place.clock)


def test_a_stream_ends_with_the_service(place: Place) -> None:
    """Else whoever only listens would hold up its end."""
    long = Place.of(place.stage, ApiSettings(url=URL, stream_seconds=60.0, poll_seconds=30.0))
    long.app.state.streams.is_ending = lambda: True

    async def watched() -> Any:
        with anyio.fail_after(10):
            return await long._ask("GET", f"{place.root}/events")

    assert told(anyio.run(watched))
