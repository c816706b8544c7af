"""Told so, a keeper ends, pays and frees what other oracles leave lying; untold it touches nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.oracle.others import KEEP
from labelshare.oracle.service import Options, Service
from labelshare.store.journal import TransactionJournal
from labelshare.types import Hash32
from tests.databases import fresh
from tests.oracle.stage import Stage, build


@dataclass
class Clock:
    """A machine's clock that a test sets."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Scene:
    """A campaign whose oracle proposes and is never seen again, and a stranger's service."""

    keep_all: bool = True
    spoilt: bytes | None = None
    clock: Clock = field(default_factory=Clock)
    stage: Stage = field(init=False)
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        stage = build().accept().enrol().draw().work().reveal("ann", "ben", "cleo", "dora")
        stage.chain.advance_to(stage.schedule.reveal_end)
        built = stage.engine.propose(stage.record())
        store = fresh()
        sender = Sender(stage.chain, TransactionJournal(store))

        def fetch(_campaign: object, name: Hash32) -> bytes | None:
            assert name == built.settlement.bundle_hash
            return built.bundle if self.spoilt is None else self.spoilt

        options = Options(depth=0, keep_all=self.keep_all, fetch=fetch)
        self.stage = stage
        self.service = Service(sender, stage.deployment, stage.stranger, store, options, self.clock)

    def steps(self) -> None:
        for _ in range(4):
            self.clock.seconds += 3_600  # whatever pause there is, it is over
            self.service.step()

    @property
    def status(self) -> Status:
        return self.stage.contracts.registry.campaign(self.stage.scope.campaign_id).status

    def until(self, moment: int) -> None:
        self.stage.chain.advance_to(moment)
        self.steps()


def through(scene: Scene) -> None:
    """Nothing before its time; then everything."""
    stage = scene.stage
    scene.steps()
    assert scene.status is Status.PROPOSED
    scene.until(stage.chain.now() + stage.schedule.window)


def test_what_others_leave_lying_is_ended_paid_and_freed() -> None:
    scene = Scene()
    stage = scene.stage
    before = stage.balances()
    through(scene)
    assert scene.status is Status.FINAL
    paid = stage.balances()
    for name in stage.people:
        assert paid[name] > before[name]
        assert paid[f"{name}'s shares"] > 0
    state = stage.contracts.registry.campaign(stage.scope.campaign_id)
    assert not state.place_freed

    scene.until(stage.schedule.slash_end(state.since))

    assert stage.contracts.registry.campaign(stage.scope.campaign_id).place_freed
    entry = scene.service.jobs.entry(KEEP, str(stage.scope.campaign_id))
    assert entry is not None
    assert entry.done
    head = stage.chain.block_number
    scene.steps()
    assert stage.chain.block_number == head, "something was sent again"


def test_a_bundle_that_is_another_pays_nobody() -> None:
    good = Scene()
    wrong = good.stage.engine.settled().bundle.replace(b'"payout":"', b'"payout":"1', 1)
    scene = Scene(spoilt=wrong)
    before = scene.stage.balances()
    through(scene)
    assert scene.status is Status.FINAL
    after = scene.stage.balances()
    assert [after[name] for name in scene.stage.people] == [before[name] for name in scene.stage.people]
    state = scene.stage.contracts.registry.campaign(scene.stage.scope.campaign_id)
    scene.until(scene.stage.schedule.slash_end(state.since))
    assert scene.stage.contracts.registry.campaign(scene.stage.scope.campaign_id).place_freed
    entry = scene.service.jobs.entry(KEEP, str(scene.stage.scope.campaign_id))
    assert entry is not None
    assert "the bundle cannot be had" in (entry.error or "")


def test_untold_it_touches_nothing_of_others() -> None:
    scene = Scene(keep_all=False)
    through(scene)
    assert scene.status is Status.PROPOSED
    assert scene.service.jobs.entry(KEEP, str(scene.stage.scope.campaign_id)) is None
