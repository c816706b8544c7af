"""The oracle falls silent, and blocks with an annotator's transactions are replaced: its watch goes on.

The first time that a watch does something on chain, the blocks that it made are dropped, and what was in them
with them. What it sent is then sent again to the byte: nothing is done twice, and everybody has what it has
where nothing is replaced.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.client.leaving import SeatWatch
from labelshare.client.seats import SeatHolder
from labelshare.client.watch import Done, Watch
from tests.conftest import running_anvil
from tests.faults.silence import World, all_label_all
from tests.oracle.stage import COIN

pytestmark = [pytest.mark.anvil, pytest.mark.slow]


@dataclass
class Shaken(World):
    """A chain that drops the blocks of each kind of act once."""

    dropped: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        for name, watch in self.watches.items():
            self.told += [(name, each) for each in self.shaken(watch, name)]

    def shaken(self, watch: Watch | SeatWatch, name: str) -> list[Done]:
        chain, account = self.stage.chain, [self.stage.people[name].address]
        head, done = chain.block_number, watch.step()
        assert all(each.ok for each in done if each.duty.kind in ON_CHAIN), done
        made = chain.block_number - head
        kinds = {each.duty.kind.value for each in done} & ON_CHAIN
        if not made or kinds <= self.dropped.keys():
            return done
        nonce = chain.nonces(account)
        chain._ask("anvil_reorg", made, [])  # type: ignore[attr-defined]
        assert chain.nonces(account) != nonce, "nothing was dropped"
        assert not watch.is_over()
        self.dropped.update(kinds)
        again = watch.step()
        assert {each.duty.kind.value for each in again if each.ok} & ON_CHAIN == set()
        assert chain.nonces(account) == nonce
        return done


ON_CHAIN = {"commit-alone", "reveal", "propose", "finalize", "claim", "withdraw", "take-stake"}


@pytest.mark.timeout(600)
def test_what_is_dropped_is_done_again_and_once(anvil_program: Path) -> None:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        stage = all_label_all(connect(running.url))
        world = Shaken(stage, dies_before="close 0")
        world.live()

        assert set(world.dropped) == ON_CHAIN - {"take-stake"}, world.dropped
        (proposer,) = world.proposers()
        expected = {"ann": 20 * COIN, "ben": 20 * COIN, "cleo": 20 * COIN, "dora": 16 * COIN}
        assert world.shares() == expected
        expected[proposer] += world.history().finalized.fee
        assert world.gained() == expected

        token, ann = stage.contracts.development_token, stage.people["ann"]
        sender = world.watches["ann"].sender
        left = SeatHolder(sender, stage.contracts, ann, stage.pool)
        watch = SeatWatch(left)
        assert watch.is_over()
        release_at = left.leave().release_at
        before = token.balance_of(ann.address)
        assert (watch.step(), watch.is_over()) == ([], False)
        assert [each.at for each in watch.plan()] == [release_at]
        stage.chain.advance_to(release_at)
        (done,) = world.shaken(watch, "ann")
        assert (done.ok, world.dropped["take-stake"]) == (True, 1)
        assert token.balance_of(ann.address) == before + stage.pool.seat_stake
        assert (watch.step(), watch.plan(), watch.is_over()) == ([], [], True)
