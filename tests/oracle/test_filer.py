"""Proofs are on file before anybody asks, filed once by whichever replica; and the folder stays bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.state import Status
from labelshare.oracle.desk import Desk
from labelshare.oracle.filer import FILE, Filer
from labelshare.oracle.filing import Files
from labelshare.oracle.findings import FORMAT, trim
from labelshare.oracle.service import Options, Service
from labelshare.store.database import Database
from labelshare.types import Hash32
from tests.conftest import Anvil
from tests.databases import fresh
from tests.oracle.play import Clock, Play
from tests.oracle.stage import build


def proposed(play: Play) -> None:
    play.begin()
    play.work()
    play.reveal()
    play.until(play.stage.schedule.reveal_end)
    assert play.status() is Status.PROPOSED


@pytest.mark.anvil
@pytest.mark.slow
def test_a_proposal_is_on_file_before_anybody_asks(
    anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one of two services on one store, in a process of its own, as if the bundle were large."""
    stores = [Database.open(tmp_path / "store") for _ in range(2)]
    stage = build(connect(anvil.url), database=stores[0])
    folder, filed, file = tmp_path / "findings", list[str](), Filer.file

    def counted(self: Filer, key: str) -> None:
        filed.append(key)
        file(self, key)

    monkeypatch.setattr(Filer, "file", counted)
    play = Play(stage, stores, Options(depth=0, files=Files(folder, at_once=0)))
    proposed(play)

    bundle = play.stage.record().posted
    assert bundle is not None
    name = bundle.settlement.bundle_hash
    assert filed == [f"{stage.scope.campaign_id}/{name}"]
    assert [each.name.partition("-")[0] for each in folder.iterdir()] == [name.hex()]
    # Another process, which would have to ask for patience if it were not there.
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stores[1], files=Files(folder, at_once=0))
    found = desk.findings(stage.scope.campaign_id)
    assert found.truth_proof(found.judged[0]).proof
    play.turn()
    assert len(filed) == 1
    assert play.unfinished() == []

    stranger = Service(stage.sender, stage.deployment, stage.stranger, fresh(), play.options, Clock())
    stranger.step()
    assert [each for each in stranger.jobs.entries() if each.kind == FILE] == []

    # Removed by hand, or for its size: made anew for whoever asks, though the job is done.
    files = Files(folder)
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stores[1], files=files)
    for _ in range(2):
        desk.findings(stage.scope.campaign_id)
        trim(folder, Hash32(bytes(32)), 0)
        assert list(folder.iterdir()) == []
    for each in stores:
        each.close()


def test_what_was_not_asked_for_the_longest_goes_first(tmp_path: Path) -> None:
    day, now = 86_400, time.time()

    def made(name: str, age: float) -> Path:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(100))
        os.utime(tmp_path / name, (now - age, now - age))
        return tmp_path / name

    old, new, newest, own = (made(f"{at:064x}-{FORMAT}", age) for at, age in enumerate([400, 300, 200, 900]))
    earlier_version = made(f"{7:064x}-0", 500)
    half_made = [made("bundle-abc", 2 * day), made("findings-def", 2 * day)]
    at_work, other = made("bundle-ghi", 10), made("something else", 9 * day)

    trim(tmp_path, Hash32("0x" + own.name[:64]), 250)

    left = {newest, new, own, at_work, other}
    assert set(tmp_path.iterdir()) == left
    assert not any(each.exists() for each in (old, earlier_version, *half_made))
    trim(tmp_path, Hash32("0x" + own.name[:64]), 10_000)
    assert set(tmp_path.iterdir()) == left
