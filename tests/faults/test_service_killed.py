"""`labelshare serve` killed at random moments under load: no receipt is broken, nobody is unpaid."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from tests.conftest import running_anvil
from tests.faults.losses import check_campaign
from tests.faults.serving import Forker, Killer, Life, Service, Store, forker
from tests.faults.table import Fault, Inject
from tests.oracle.test_service import by_hand, golden
from tests.postgres import database_url

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

KILLS = 100 if os.environ.get("LABELSHARE_FAULTS") == "all" else 10


@pytest.fixture(scope="module")
def expected() -> dict[str, int]:
    return by_hand()


@pytest.fixture(scope="module")
def starter() -> Iterator[Forker]:
    with forker() as found:
        yield found


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_random_moments_it_keeps_every_receipt(
    anvil_program: Path,
    starter: Forker,
    expected: dict[str, int],
    inject: Inject,
    tmp_path: Path,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    dice, lives = random.Random(kind), 0
    with inject(f"kill -9 of the service under load, {kind}") as fault:
        while fault.injections < KILLS:
            folder = tmp_path / str(lives)
            folder.mkdir()
            if kind == "sqlite":
                store = Store(("--state", str(folder / "store")))
                one_life(fault, anvil_program, starter, store, folder, dice, expected)
            else:
                with database_url(request.getfixturevalue("postgres_server")) as url:
                    store = Store(("--blobs", str(folder / "blobs")), {"LABELSHARE_DATABASE": url})
                    one_life(fault, anvil_program, starter, store, folder, dice, expected)
            lives += 1


def one_life(
    fault: Fault,
    anvil_program: Path,
    starter: Forker,
    store: Store,
    folder: Path,
    dice: random.Random,
    expected: dict[str, int],
) -> None:
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        stage = golden(connect(running.url))
        service = Service(starter, stage, running.url, store, folder / "service")
        life = Life(stage, service.url)
        killer = Killer(service, KILLS - fault.injections, dice)
        try:
            with killer.at_work():
                life.live()
            fault.injections += killer.kills
            check_campaign(fault, stage, life.people.values(), life.bundle(), expected)
            fault.check("Traceback" not in service.log, f"a traceback: {service.log[-2_000:]}")
        finally:
            life.close()
            service.end()
