"""A campaign on a chain that changes its mind: what was dropped is done again, and in the end once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.remote import RemoteChain
from labelshare.oracle.service import Options
from tests.conftest import Anvil
from tests.oracle.play import Play
from tests.oracle.test_service import by_hand, check, golden

DEPTH = 8
DEEPEST = 6


@dataclass
class Shaken(Play):
    """After some steps the last one to six blocks are others, without their transactions."""

    dropped: int = 0

    def turn(self, times: int = 4) -> None:
        chain, registry = self.stage.chain, self.stage.contracts.registry.address
        assert isinstance(chain, RemoteChain)
        chain.mine(DEEPEST + 1)  # only the oracle's own transactions are dropped
        for _ in range(times):
            self.clock.seconds += 20
            self.services[0].step()
            if self.dice.random() < 0.5:
                head, depth = chain.block_number, self.dice.randint(1, DEEPEST)
                self.dropped += len(chain.logs(registry, head - depth + 1, head))
                chain._ask("anvil_reorg", depth, [])
        for _ in range(2):
            chain.mine(DEPTH + 1)
            self.clock.seconds += 20
            self.services[0].step()


@pytest.mark.anvil
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_whole_life_on_a_chain_that_changes_its_mind(anvil: Anvil, seed: int) -> None:
    stage = golden(connect(anvil.url))
    stage.chain.mine(DEEPEST)
    play = Shaken(stage, [stage.database], options=Options(depth=DEPTH), gold=True)
    play.dice.seed(seed)
    play.live()
    assert play.dropped > 3
    check(play, by_hand())
