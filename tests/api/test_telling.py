"""What a listener is told when the chain changes its mind, and while nothing happens on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import delete

from labelshare.api.app import create_app
from labelshare.api.progress import Progress
from labelshare.api.settings import ApiSettings
from labelshare.api.telling import Mark, Telling
from labelshare.chain.transactions import Sender
from labelshare.errors import StaleReadError
from labelshare.oracle.desk import Desk
from labelshare.oracle.indexer import Finality, Indexer
from labelshare.store.counts import Counts
from labelshare.store.index import Index, IndexedLogs
from labelshare.store.schema import campaigns, specs
from labelshare.types import CampaignId
from tests.api.visit import URL, Clock, Place
from tests.oracle.stage import COIN, Stage, build

Heard = tuple[str, str]  # an id, and what happened


@dataclass
class Listener:
    """A client: what it believes to have happened, and how far the work is."""

    heard: list[Heard] = field(default_factory=list)
    progress: list[dict[str, Any]] = field(default_factory=list)
    reorganised: list[dict[str, Any]] = field(default_factory=list)
    last: str = ""

    def listen(self, stream: str) -> Listener:
        for text in filter(None, stream.split("\n\n")):
            fields = dict(line.split(": ", 1) for line in text.split("\n"))
            said = json.loads(fields["data"]) if "data" in fields else {}
            self.last = fields.get("id", self.last)
            if fields.get("event") == "happened":
                self.heard.append((self.last, said["kind"]))
            if fields.get("event") == "progress":
                self.progress.append(said)
            if fields.get("event") == "reorganised":
                self.reorganised.append(said)
                self.heard = [each for each in self.heard if _is_before(each, said)]
        return self


def _is_before(heard: Heard, said: dict[str, Any]) -> bool:
    mark = Mark.parse(heard[0])
    return said["block"] is not None and (mark.block, mark.index) <= (said["block"], said["index"])


class CountingDesk(Desk):
    """One that knows how often the store had to count."""

    asked = 0

    def counts(self, name: CampaignId) -> Counts:
        self.asked += 1
        return super().counts(name)


@dataclass
class Scene:
    """A campaign behind an index, as the service has it."""

    stage: Stage
    clock: Clock = field(default_factory=Clock)
    reading: IndexedLogs | None = None  # what everybody goes on to read, where it is no longer the newest
    indexer: Indexer = field(init=False)
    desk: CountingDesk = field(init=False)
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        """All of it is real; nothing goes on by itself."""
        stage = self.stage
        self.indexer = Indexer(
            stage.chain, stage.deployment, Index(stage.database), Finality(stage.chain, depth=64)
        )
        self.indexer.catch_up()
        self.desk = CountingDesk(
            stage.sender,
            stage.deployment,
            stage.oracle,
            stage.database,
            index=lambda: self.reading or self.indexer.at_head(),
        )
        self.progress = Progress(self.desk, 1.0, self.clock)

    @property
    def true(self) -> list[Heard]:
        """What has happened, by the index."""
        found = self.desk.catalogue.happened(self.stage.scope.campaign_id)
        return [(str(Mark.of(event)), type(event).__name__) for event in found]

    def telling(self, after: str = "") -> Telling:
        known = Mark.parse(after) if after else None
        return Telling(self.desk, self.progress, self.stage.scope.campaign_id, known)

    def accept(self, blocks: int) -> None:
        """The oracle accepts after so many blocks, whatever the journal knows of another history."""
        stage, sender = self.stage, Sender(self.stage.chain)
        stage.chain.mine(blocks)
        for call in stage.contracts.approvals(stage.pool.token, stage.oracle.address, 100 * COIN):
            sender.send(stage.oracle, call)
        sender.send(stage.oracle, stage.contracts.registry.accept(stage.pool, stage.params))

    @contextmanager
    def dropping(self) -> Iterator[None]:
        """What happens within is dropped by the chain."""
        mark = self.stage.chain.snapshot()
        yield
        self.stage.chain.restore(mark)


@pytest.fixture
def scene() -> Scene:
    return Scene(build(for_threads=True))


def told(telling: Telling) -> str:
    return "".join(telling.news())


def reorganised(scene: Scene, listener: Listener, telling: Telling) -> None:
    """`Accepted` is told of a block that the chain then drops; in the new one it is in an earlier block."""
    listener.listen(told(telling))
    with scene.dropping():
        scene.accept(6)
        scene.indexer.catch_up()
        listener.listen(told(telling))
        assert listener.heard == scene.true
        assert [kind for _, kind in listener.heard] == ["CampaignCreated", "Accepted"]
    scene.accept(0)


@pytest.mark.parametrize("blocks", [0, 20])
def test_an_open_stream_tells_what_is_void_and_what_holds_instead(scene: Scene, blocks: int) -> None:
    """Whether the new chain is shorter than where the last event was, or longer."""
    listener, telling = Listener(), scene.telling()
    reorganised(scene, listener, telling)
    before = list(listener.heard)
    scene.stage.chain.mine(blocks)
    scene.indexer.catch_up()

    listener.listen(told(telling))

    assert listener.heard == scene.true != before
    created = Mark.parse(before[0][0])
    assert listener.reorganised == [{"block": created.block, "index": created.index}]
    assert told(telling) == ""


def test_an_event_that_is_gone_altogether_is_void(scene: Scene) -> None:
    listener, telling = Listener(), scene.telling()
    listener.listen(told(telling))
    with scene.dropping():
        scene.accept(0)
        scene.indexer.catch_up()
        listener.listen(told(telling))
    scene.indexer.catch_up()
    listener.listen(told(telling))
    assert listener.heard == scene.true
    assert len(listener.heard) == 1
    assert listener.last == listener.heard[-1][0]  # from there it would resume
    assert told(telling) == ""


def test_whoever_resumes_behind_an_event_that_is_gone_is_told_everything_anew(scene: Scene) -> None:
    listener = Listener()
    reorganised(scene, listener, scene.telling())
    scene.indexer.catch_up()
    settings = ApiSettings(url=URL, stream_seconds=0.001, poll_seconds=0.01)
    place = Place(scene.stage, scene.desk, create_app(scene.desk, settings), scene.clock)

    answer = place.get(f"{place.root}/events", headers={"Last-Event-ID": listener.last})
    listener.listen(answer.text)

    assert "id: \nevent: reorganised\n" in answer.text  # the browser forgets the id as well
    assert listener.reorganised == [{"block": None, "index": None}]
    assert listener.heard == scene.true
    again = place.get(f"{place.root}/events", headers={"Last-Event-ID": listener.last})
    assert "reorganised" not in again.text
    assert "happened" not in again.text


def test_what_is_replaced_during_the_reading_is_told_at_the_next_look(scene: Scene) -> None:
    listener, telling = Listener(), scene.telling()
    listener.listen(told(telling))
    with scene.dropping():
        scene.accept(0)
        scene.indexer.catch_up()
        scene.reading = scene.indexer.at_head()
    scene.accept(6)
    scene.indexer.catch_up()
    with pytest.raises(StaleReadError):
        assert scene.true

    assert told(telling) == ""

    scene.reading = None
    assert listener.listen(told(telling)).heard == scene.true
    assert len(listener.heard) == 2
    assert listener.reorganised == []


# -------------------------------------------------------------------------- progress


def test_progress_is_told_at_first_and_whenever_it_changes(scene: Scene) -> None:
    listener, telling = Listener(), scene.telling()
    scene.stage.accept()
    listener.listen(told(telling))
    assert [each["enrolled"] for each in listener.progress] == [0]
    scene.clock.seconds += 1
    assert told(telling) == ""

    scene.stage.enrol("ann", "ben")
    assert "progress" not in told(telling)  # it is not counted again so soon
    scene.clock.seconds += 1
    last = listener.last
    listener.listen(told(telling))

    assert [each["enrolled"] for each in listener.progress] == [0, 2]
    assert listener.last == last  # it is no place to resume from
    place = Place(scene.stage, scene.desk, create_app(scene.desk, ApiSettings(url=URL)), scene.clock)
    assert listener.progress[-1] == place.get(place.root).json()["progress"]


def test_however_many_listen_the_store_counts_once(scene: Scene) -> None:
    tellings = [scene.telling() for _ in range(20)]
    for count in (1, 2):
        for telling in tellings:
            telling.news()
        assert scene.desk.asked == count
        scene.clock.seconds += 1


def test_without_its_spec_a_campaign_has_events_and_no_progress(scene: Scene) -> None:
    with scene.stage.database.writing() as connection:
        for table in (specs, campaigns):
            connection.execute(delete(table))
    listener = Listener().listen(told(scene.telling()))
    assert listener.heard == scene.true
    assert listener.progress == []
