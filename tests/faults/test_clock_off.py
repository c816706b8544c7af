"""A machine whose clock is ten minutes wrong: what is late and what is not the chain alone says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from labelshare.chain.connect import connect
from labelshare.chain.remote import RemoteChain
from labelshare.errors import CommitmentError, ProtocolError
from labelshare.oracle.clock import ClockCheck
from labelshare.oracle.tasks import closing
from tests.chain.conftest import running_anvil as public_anvil
from tests.conftest import running_anvil
from tests.faults.losses import check_campaign
from tests.faults.serving import Forker, Life, Service, Store, forker
from tests.faults.table import Fault, Inject
from tests.oracle.test_service import by_hand, golden

pytestmark = pytest.mark.anvil

OFF = 600


@pytest.fixture(scope="module")
def expected() -> dict[str, int]:
    return by_hand()


@pytest.fixture(scope="module")
def starter() -> Iterator[Forker]:
    with forker() as found:
        yield found


class Strict(Life):
    """Tries, at each end by the chain's clock, to be a moment late."""

    fault: Fault

    def work(self, number: int) -> None:
        super().work(number)
        ann = self.people["ann"]
        self.refused(f"a batch after the close of round {number}", lambda: self.late(number))
        self.fault.check(len(ann.batches) == 10 * (number + 1), "a late batch was taken")

    def late(self, number: int) -> None:
        chain, params = self.stage.chain, self.stage.params
        assert chain.now() >= closing(params, number)
        transport = self.people["ann"].transport.service.transport(self.stage.scope.campaign_id)  # type: ignore[attr-defined]
        labels = {10 * number: b"\x00"}
        signed, _ = self.stage.sealed(
            self.stage.people["ann"],
            labels,
            number=number,
            batch=10 * (number + 1),
            before=10 * (number + 1),
        )
        transport.commit(signed)

    def refused(self, what: str, late: object) -> None:
        self.fault.injections += 1
        try:
            late()  # type: ignore[operator]
        except (CommitmentError, ProtocolError):
            self.fault.check(True, what)  # noqa: FBT003
        else:
            self.fault.check(False, f"taken: {what}")  # noqa: FBT003


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("off", [-OFF, OFF], ids=["slow", "fast"])
def test_ten_minutes_off_deadlines_are_the_chains(
    anvil_program: Path,
    starter: Forker,
    expected: dict[str, int],
    inject: Inject,
    tmp_path: Path,
    off: int,
) -> None:
    with (
        inject("the machine's clock is ten minutes off") as fault,
        running_anvil(anvil_program, "--hardfork", "cancun") as running,
    ):
        stage = golden(connect(running.url))
        store = Store(("--state", str(tmp_path / "store")))
        service = Service(starter, stage, running.url, store, tmp_path / "service", shift=off)
        life = Strict(stage, service.url)
        life.fault = fault
        try:
            service.start()
            service.wait_ready()
            life.live()
            check_campaign(fault, stage, life.people.values(), life.bundle(), expected)
        finally:
            life.close()
            service.end()


@pytest.fixture(scope="module")
def public(anvil_program: Path) -> Iterator[RemoteChain]:
    with public_anvil(anvil_program, "--chain-id", "1", "--no-mining") as url:
        chain = connect(url)
        assert isinstance(chain, RemoteChain)
        yield chain


def seen(chain: RemoteChain, off: float) -> list[str]:
    """What a service would log whose clock is so much ahead, after two looks with a block between them."""
    check = ClockCheck(chain, lambda: chain.timestamp_of(chain.block_number) + off)
    with capture_logs() as logs:
        for _ in range(3):
            assert check.step() > 0
            chain._ask("evm_mine")
    assert len(logs) <= 1  # not again and again
    return [each["clock"] for each in logs if each["log_level"] == "warning"]


def test_a_clock_that_is_wrong_is_said_in_the_log(public: RemoteChain) -> None:
    assert seen(public, OFF) == ["600 s ahead of the chain's newest block"]
    assert seen(public, -OFF) == ["600 s behind the chain's newest block"]


@pytest.mark.parametrize("off", [0, 200, -30])
def test_a_clock_that_may_be_right_is_not(public: RemoteChain, off: float) -> None:
    assert seen(public, off) == []


def test_a_chain_without_blocks_says_nothing_of_a_fast_clock(public: RemoteChain) -> None:
    head = public.timestamp_of(public.block_number)
    check = ClockCheck(public, lambda: float(head + 10 * OFF))
    with capture_logs() as logs:
        check.step()
        check.step()
    assert logs == []
