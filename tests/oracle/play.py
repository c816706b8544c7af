"""A campaign that services run: its people talk to a desk, and time goes on. Nobody takes a step by hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from labelshare.chain.events import events
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.oracle.desk import Desk
from labelshare.oracle.service import Options, Service
from labelshare.oracle.taking import receipt_of
from labelshare.oracle.tasks import closing
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.store.specs import Specs
from labelshare.types import Address, CampaignId
from tests.client.gold import GOLD, requester
from tests.oracle.stage import ITEMS, NAMES, Stage

AT_ONCE = Options(depth=0)
ROSTER_SECONDS = 600
"""Before the end of the time for the roster: a busy machine needs some. Far within the oracle's margin."""


@dataclass
class Clock:
    """The machine's."""

    seconds: float = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class AtDesk:
    """An oracle's desk as a client reaches it."""

    desk: Desk
    campaign: CampaignId

    def enrol(self, enrolment: Enrolment) -> None:
        receipt_of(self.desk.database, self.desk.enrolling(self.campaign, enrolment))

    def enrolled(self) -> Sequence[Address]:
        return self.desk.roster(self.campaign)

    def commit(self, signed: SignedCommit) -> bytes:
        return receipt_of(self.desk.database, self.desk.committing(self.campaign, signed))

    def open(self, opening: Opening) -> bytes:
        return receipt_of(self.desk.database, self.desk.opening(self.campaign, opening))

    def published(self, number: int) -> Sequence[SignedCommit]:
        return self.desk.published(self.campaign, number)


@dataclass
class Play:
    """One campaign, one or several services and desks over one store.

    Attributes:
        stage: The campaign, funded.
        databases: One for each replica, all of one store.
        gold: Whether it is the campaign of `tests.client.gold`, in which dora is slashed.
    """

    stage: Stage
    databases: Sequence[Database]
    options: Options = AT_ONCE
    gold: bool = False
    clock: Clock = field(default_factory=Clock)
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.services = [self.service(each) for each in self.databases]
        self.desks = [self.desk(each) for each in self.services]
        self.people: dict[str, Annotator] = {}
        for at, (name, signer) in enumerate(self.stage.people.items()):
            counter = AtDesk(self.desks[at % len(self.desks)], self.stage.scope.campaign_id)
            stage = self.stage
            self.people[name] = Annotator(
                signer, stage.scope, stage.params, stage.spec, counter, stage.database
            )

    def service(self, database: Database) -> Service:
        """A replica of the oracle's service."""
        stage = self.stage
        sender = Sender(stage.chain, TransactionJournal(database))
        return Service(sender, stage.deployment, stage.oracle, database, self.options, self.clock)

    def desk(self, service: Service) -> Desk:
        return Desk(
            service.sender,
            self.stage.deployment,
            self.stage.oracle,
            service.database,
            index=service.indexer.at_head,
        )

    # --------------------------------------------------------------------- time

    def turn(self, times: int = 4) -> None:
        """Every service looks at what is due, a few times, in any order."""
        for _ in range(times):
            self.clock.seconds += 20
            for service in self.dice.sample(self.services, len(self.services)):
                service.step()

    def until(self, timestamp: int) -> None:
        if self.stage.chain.now() < timestamp:
            self.stage.chain.advance_to(timestamp)
        self.turn()

    def status(self) -> Status:
        return self.stage.contracts.registry.campaign(self.stage.scope.campaign_id).status

    # --------------------------------------------------------------------- life

    def live(self) -> None:
        """From the funding to the last payout."""
        self.begin()
        self.work()
        self.reveal()
        self.end()

    def begin(self) -> None:
        """Accepted, enrolled, the seed drawn."""
        schedule = self.stage.schedule
        Specs(self.stage.database).add(self.stage.spec)
        self.turn()
        assert self.status() is Status.OPEN
        for person in self.people.values():
            person.enrol()
        self.until(schedule.enrol_end - schedule.grace - ROSTER_SECONDS)
        for person in self.people.values():
            person.check_roster(self.stage.record())
        self.until(schedule.enrol_end)
        self.stage.chain.mine(5)
        self.turn()

    def work(self) -> None:
        schedule = self.stage.schedule
        for number in range(schedule.rounds):
            self.until(schedule.round_start(number))
            for name, person in self.people.items():
                person.submit(number, self.answers(name, number))
            self.until(closing(self.stage.params, number))

    def answers(self, name: str, number: int) -> dict[int, int]:
        """Two items that are assigned; in the campaign with gold half of all, dora's wrong."""
        if self.gold:
            off = name == "dora"
            return {item: (item + off) % 3 for item in range(10 * number, 10 * number + 10)}
        desk = self.dice.choice(self.desks)
        shown = desk.assignment(self.stage.scope.campaign_id, self.people[name].address)
        assert shown.items is not None
        return {item: item % 3 for item in shown.items[:2]}

    def reveal(self) -> None:
        self.until(self.stage.schedule.commit_end)
        for person in self.people.values():
            for batch in person.batches:
                person.open(batch)
        if self.gold:
            requester(self.stage).reveal_gold(self.stage.params, self.stage.spec, GOLD)

    def end(self) -> None:
        """Proposed, final, slashed, paid, the place given back."""
        schedule, registry = self.stage.schedule, self.stage.contracts.registry
        self.until(schedule.reveal_end)
        assert self.status() is Status.PROPOSED
        state = registry.campaign(self.stage.scope.campaign_id)
        self.until(state.since + schedule.window)
        assert self.status() is Status.FINAL
        state = registry.campaign(self.stage.scope.campaign_id)
        self.until(schedule.slash_end(state.since))
        assert registry.campaign(self.stage.scope.campaign_id).place_freed

    # ------------------------------------------------------------------- checks

    def calls(self) -> Counter[str]:
        """Calls of the oracle that came into blocks, by what they are, as the chain has them."""
        stage, found = self.stage, Counter[str]()
        source = stage.chain
        every = events(
            source,
            stage.contracts.registry.address,
            stage.deployment.block,
            source.block_number,
            (None, stage.scope.campaign_id),
        )
        seen = {(type(event).__name__, event.log.transaction) for event in every}
        found.update(name for name, _ in seen)
        return found

    def unfinished(self) -> list[str]:
        """Jobs that failed or are not done."""
        jobs = self.services[0].jobs
        entries = [*jobs.entries(done=False), *jobs.entries(failed=True)]
        return [f"{each.kind} {each.key}: {each.error}" for each in entries]


ONCE = {
    "CampaignCreated": 1,
    "Accepted": 1,
    "RosterPosted": 1,
    "SeedArmed": 1,
    "SeedDrawn": 1,
    "CommitsAggregated": 2,
    "Proposed": 1,
    "Finalized": 1,
    "Claimed": 1,
    "PlaceFreed": 1,
}
"""The events of a campaign in which everything is done once."""

GOLDEN = ONCE | {"Slashed": 1, "GoldRevealed": 1}

__all__ = ["AT_ONCE", "GOLDEN", "ITEMS", "NAMES", "ONCE", "Clock", "Play"]
