"""A whole life behind a node that fails in every way: nothing is lost, doubled, or decided by a lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import sleep
from typing import TypeVar

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.remote import RemoteChain
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.errors import ChainError, LabelshareError, ProtocolError
from labelshare.oracle.service import Service
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address
from tests.conftest import Anvil
from tests.faults.losses import check_life
from tests.faults.node_faults import FAULTS, FaultyNode, faulty_node
from tests.faults.table import Inject
from tests.oracle.play import AtDesk, Play
from tests.oracle.test_service import by_hand, check, golden

SEEDS = range(1, 11) if os.environ.get("LABELSHARE_FAULTS") == "all" else [1]
RATE = 0.1
TRIES = 400

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patient(AtDesk):
    """A client that asks again while the oracle cannot say, or knows of less than the chain has."""

    def enrol(self, enrolment: Enrolment) -> None:
        again(lambda: super(Patient, self).enrol(enrolment), ProtocolError)

    def enrolled(self) -> Sequence[Address]:
        return again(super().enrolled, ProtocolError)

    def commit(self, signed: SignedCommit) -> bytes:
        return again(lambda: super(Patient, self).commit(signed), ProtocolError)

    def open(self, opening: Opening) -> bytes:
        return again(lambda: super(Patient, self).open(opening), ProtocolError)


def again(ask: Callable[[], Answer], *also: type[LabelshareError]) -> Answer:
    for _ in range(TRIES):
        try:
            return ask()
        except LabelshareError as error:
            if not isinstance(error, (ChainError, *also)):
                raise
            sleep(0.01)
    return ask()


@dataclass
class BehindAFaultyNode(Play):
    """The services ask the node that fails, the test asks the real one."""

    node: FaultyNode = field(default_factory=lambda: FaultyNode(""))
    failed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for at, (name, signer) in enumerate(self.stage.people.items()):
            stage, desk = self.stage, self.desks[at % len(self.desks)]
            counter = Patient(desk, stage.scope.campaign_id)
            self.people[name] = Annotator(
                signer, stage.scope, stage.params, stage.spec, counter, stage.database
            )

    def service(self, database: Database) -> Service:
        stage = self.stage
        sender = Sender(RemoteChain(self.node.url, seconds=0.3), TransactionJournal(database))
        return Service(sender, stage.deployment, stage.oracle, database, self.options, self.clock)

    def turn(self, times: int = 6) -> None:
        """Some steps while the node fails, and some once it does not: long pauses between tries are over."""
        self.node.rate = RATE
        for _ in range(times):
            self._step()
        self.node.calm()
        for _ in range(3):
            self._step()
        self.node.rate = RATE

    def _step(self) -> None:
        self.clock.seconds += 700
        self.stage.chain.mine()
        try:
            self.services[0].step()
        except ChainError:
            self.failed += 1


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_whole_life_behind_a_node_that_fails(anvil: Anvil, inject: Inject, seed: int) -> None:
    stage = golden(connect(anvil.url))
    with (
        inject("a node answers 429, 500, garbage, half, stale, late or wrong") as fault,
        faulty_node(anvil.url, seed) as node,
    ):
        play = BehindAFaultyNode(stage, [stage.database], gold=True, node=node)
        node.rate = RATE
        play.live()
        play.turn()
        node.calm()
        fault.injections += node.counts.total()
        assert not {*FAULTS} - {*node.counts, "wrong chain"}, node.counts  # few ask which chain it is
        expected = by_hand()
        check(play, expected)
        check_life(fault, play, expected)
