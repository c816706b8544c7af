"""A campaign on a chain that changes its mind: what was dropped is done again, and in the end once."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.remote import RemoteChain
from labelshare.chain.state import Status
from labelshare.oracle.service import Options
from labelshare.types import ZERO_HASH
from tests.conftest import Anvil
from tests.faults.losses import check_life
from tests.faults.table import Fault, Inject
from tests.oracle.play import Play
from tests.oracle.test_service import by_hand, check, golden

DEPTH = 8
DEPTHS = range(1, 7)
SEEDS = range(1, 11) if os.environ.get("LABELSHARE_FAULTS") == "all" else [1]
PHASES = ("enrolment", "seed", "round", "grace", "reveal", "settle", "window", "slash window")


@dataclass
class Shaken(Play):
    """After each step the last one to six blocks may be others, without their transactions.

    In each turn that is so once at least, in every depth in turn: a life has more turns than phases.
    """

    dropped: int = 0
    shaken: Counter[str] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    fault: Fault | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._depths = cycle(DEPTHS)

    def turn(self, times: int = 4) -> None:
        self._chain.mine(max(DEPTHS) + 1)  # only the oracle's own transactions are dropped
        for number in range(times):
            self.clock.seconds += 20
            self.services[0].step()
            if number == 0 or self.dice.random() < 0.5:
                self.shake()
        self.calm()
        if self.phase() == "window" and not self.shaken["window"]:
            self.shake()  # a proposal made in the calm: the next turn may be after its window
            self.calm()

    def calm(self) -> None:
        """What was replaced is final, and what it undid is done again."""
        for _ in range(2):
            self._chain.mine(DEPTH + 1)
            self.clock.seconds += 20
            self.services[0].step()

    def shake(self) -> None:
        chain, registry, depth = self._chain, self.stage.contracts.registry.address, next(self._depths)
        head = chain.block_number
        phase = self.phase()
        self.dropped += len(chain.logs(registry, head - depth + 1, head))
        chain._ask("anvil_reorg", depth, [])
        assert chain.blocks([head - depth + 1])[0].number <= chain.block_number
        self.shaken[phase] += 1
        self.depths[depth] += 1
        if self.fault is not None:
            self.fault.injections += 1

    def phase(self) -> str:
        """Where the campaign is, by the chain."""
        stage, now, schedule = self.stage, self.stage.chain.now(), self.stage.schedule
        state = stage.contracts.registry.campaign(stage.scope.campaign_id)
        match state.status:
            case Status.PROPOSED:
                return "window"
            case Status.FINAL:
                return "slash window"
            case Status.CREATED:
                return "acceptance"
            case _:
                pass
        if now < schedule.enrol_end:
            return "enrolment"
        if state.seed == ZERO_HASH or now < schedule.work_start:
            return "seed"
        if now < schedule.commit_end:
            start = schedule.round_start((now - schedule.work_start) // schedule.round_length)
            return "round" if now < start + schedule.round_length - schedule.grace else "grace"
        return "reveal" if now < schedule.reveal_end else "settle"

    def work(self) -> None:
        """With a look in the grace of each round, in which nothing is due."""
        super().work()
        self.until(self.stage.schedule.aggregate_close(self.stage.schedule.rounds - 1) + 1)

    @property
    def _chain(self) -> RemoteChain:
        assert isinstance(self.stage.chain, RemoteChain)
        return self.stage.chain


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_whole_life_on_a_chain_that_changes_its_mind(anvil: Anvil, inject: Inject, seed: int) -> None:
    stage = golden(connect(anvil.url))
    stage.chain.mine(max(DEPTHS))
    with inject("one to six blocks are replaced, in each phase") as fault:
        play = Shaken(stage, [stage.database], options=Options(depth=DEPTH), gold=True, fault=fault)
        play.dice.seed(seed)
        play.live()
        assert play.dropped > 3
        assert not set(PHASES) - set(play.shaken), play.shaken
        assert set(play.depths) == set(DEPTHS)
        expected = by_hand()
        check(play, expected)
        check_life(fault, play, expected)
