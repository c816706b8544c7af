"""An annotator's process is killed after any of its writes and transactions; nothing is lost or sent twice.

The life has phases, and time goes on between them. In each the process is killed after one event (see
`tests.faults.victim`), started again, and must leave what it leaves undisturbed: the same records, as many
transactions, the same balances. With LABELSHARE_FAULTS=all it is killed after every event there is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from labelshare.api.settings import ApiSettings, Rate
from labelshare.chain.connect import connect
from labelshare.chain.state import Status
from labelshare.client.duties import patience
from labelshare.client.keeping import Keeping
from labelshare.client.seats import SeatHolder
from labelshare.oracle.desk import Desk
from tests.api.served import served
from tests.conftest import ROOT, running_anvil
from tests.faults.silence import all_label_all
from tests.oracle.stage import COIN, ITEMS, Stage

pytestmark = pytest.mark.anvil

ALL = os.environ.get("LABELSHARE_FAULTS") == "all"
A_PHASE = 2  # kills in a phase of a quick run: after its first and its last event
FAST = ApiSettings(address_rate=Rate(0, 1), account_rate=Rate(0, 1))
LABELS = [{item: item % 3 for item in range(part, part + 5)} for part in (0, 5)]


@dataclass
class Life:
    """ann's, on a chain that can be put back."""

    stage: Stage
    url: str
    folder: Path
    process: subprocess.Popen[str]
    service: str
    killed: int = 0
    events: int = 0

    def ask(self, oracle: str, die_after: int = 0) -> dict[str, Any]:
        order = {
            "url": self.url,
            "folder": str(self.folder / "kept"),
            "deployment": str(self.folder / "deployment.json"),
            "spec": str(self.folder / "spec.json"),
            "campaign": str(self.stage.scope.campaign_id),
            "oracle": oracle,
            "labels": LABELS,
            "die_after": die_after,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def state(self) -> dict[str, Any]:
        """What is kept, what was sent, and what she has; all but the time at which it happened."""
        stage, ann = self.stage, self.stage.people["ann"]
        keeping = Keeping.open(self.folder / "kept", stage.deployment, stage.chain, ann)
        annotator = keeping.annotator(keeping.campaign(keeping.followed.all()[0]), stage.intake)
        record, token = stage.record(), stage.contracts.development_token
        kept = [
            (each.commit, each.opening, each.receipt, each.opening_receipt, each.alone, each.proof)
            for each in annotator.batches
        ]
        keeping.close()
        return {
            "kept": kept,
            "drafts and refused": (annotator.book.drafts(), annotator.refused),
            "own commits": record.own_commits,
            "reveals": [(each.annotator, each.commit) for each in record.reveals],
            "enrolled": sorted(each.annotator for each in stage.engine.book.enrolments()),
            "received": [each.commit for each in stage.engine.book.commits()],
            "nonce": stage.chain.nonces([ann.address]),
            "coins": token.balance_of(ann.address),
            "shares": stage.contracts.share(stage.dataset).balance_of(ann.address),
            "status": stage.contracts.registry.campaign(stage.scope.campaign_id).status,
        }

    def phase(self, oracle: str) -> dict[str, Any]:
        """Lived undisturbed, then with a kill after one event and another; ends as undisturbed."""
        kept, before = self.folder / "kept", self.folder / "before"
        shutil.rmtree(before, ignore_errors=True)
        if kept.exists():
            shutil.copytree(kept, before)
        mark = self.stage.chain.snapshot()
        told = self.ask(oracle)
        assert set(told) == {"events"}, told
        self.events += told["events"]
        want = self.state()
        for point in points(told["events"]):
            self.stage.chain.restore(mark)
            mark = self.stage.chain.snapshot()
            shutil.rmtree(kept)
            if before.exists():
                shutil.copytree(before, kept)
            assert self.ask(oracle, point) == {"died": SIGKILL}, point
            self.killed += 1
            again = self.ask(oracle)
            assert set(again) == {"events"}, again
            assert self.state() == want, point
        return want


def points(events: int) -> list[int]:
    if ALL or events <= A_PHASE:
        return list(range(1, events + 1))
    return sorted({1 + number * (events - 1) // (A_PHASE - 1) for number in range(A_PHASE)})


@pytest.fixture
def life(anvil_program: Path, tmp_path: Path) -> Iterator[Life]:
    command = [sys.executable, "-m", "tests.faults.watched"]
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        stage = all_label_all(connect(running.url)).accept()
        stage.deployment.save(tmp_path / "deployment.json")
        (tmp_path / "spec.json").write_bytes(stage.spec.canonical_bytes)
        desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
        with (
            served(desk, FAST) as url,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            ) as process,
        ):
            yield Life(stage, running.url, tmp_path, process, url)
            assert process.stdin is not None
            process.stdin.close()


@pytest.mark.timeout(1_800)
def test_killed_after_any_event_nothing_is_lost_or_sent_twice(life: Life) -> None:
    stage, line = life.stage, life.stage.schedule
    ann = stage.people["ann"].address
    before = stage.contracts.development_token.balance_of(ann)

    assert life.phase(life.service)["enrolled"] == [ann]
    stage.draw()
    life.phase(life.service)
    stage.begin()
    worked = life.phase(life.service)
    assert [bool(receipt) for _, _, receipt, *_ in worked["kept"]] == [True, True]
    assert len(worked["received"]) == 2
    stage.engine.post_commits(0)
    assert all(proof is not None for *_, proof in life.phase(life.service)["kept"])
    # From here on the oracle is silent.
    stage.chain.advance_to(line.commit_end + line.reveal_period // 2)
    assert len(life.phase("")["reveals"]) == 2
    stage.chain.advance_to(line.settle_end + line.rescue_period + line.public_period // 2)
    assert life.phase("")["status"] is Status.PROPOSED
    stage.chain.advance_to(stage.chain.now() + line.window + 1)
    assert life.phase("")["status"] is Status.FINAL
    stage.chain.advance_to(stage.chain.now() + patience(line.slash_window))
    done = life.phase("")

    fee = ITEMS // 2 * COIN * stage.params.fee_bps // 10_000
    assert done["coins"] == before + ITEMS // 2 * COIN + fee
    assert done["shares"] == ITEMS // 2 * COIN

    registry, seat_stake = stage.contracts.registry, stage.pool.seat_stake
    left = SeatHolder(stage.sender, stage.contracts, stage.people["ann"], stage.pool).leave()
    stage.chain.advance_to(left.release_at)
    assert life.phase("")["coins"] == done["coins"] + seat_stake
    assert registry.seat(stage.params.pool, ann).stake == 0
    assert life.killed >= (life.events if ALL else 12)
