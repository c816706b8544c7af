"""A wallet that is a contract: no token takes its permit, so it joins by two transactions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.browser import NARROW, Visitor
from tests.web.place import VISITOR, web_place

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

A_CONTRACT = "0x00"
DELEGATED = "0xef0100" + "11" * 20  # EIP-7702: still the account of a key


def test_it_is_offered_the_way_that_it_can_go(
    anvil_program: Path, tmp_path: Path, visitor: Callable[..., Visitor]
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage = place.stage.accept()
        place.give(VISITOR, stage.pool.seat_stake)
        her = visitor(place.url, NARROW)
        her.connects()
        for code, title in (
            (A_CONTRACT, "Join in two transactions"),
            (DELEGATED, "Join by one signature and one transaction"),
        ):
            stage.chain.web3.provider.make_request("anvil_setCode", [str(VISITOR), code])  # type: ignore[arg-type]
            her.go(f"/tasks/pools/{stage.params.pool}")
            her.presses("Join this pool")
            her.page.get_by_role("dialog").get_by_role("heading", name=title).wait_for()
            her.presses("Cancel")
