"""What the options say of fees is what transactions offer, and nothing is sent above the limit."""

from __future__ import annotations

import re
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.fees import DEVELOPMENT, GWEI, PUBLIC, FeePolicy
from labelshare.commands.fees import chosen
from labelshare.errors import InputError
from tests.commands.place import Place

NOTHING: dict[str, Any] = {"max_fee": None, "priority_fee": None, "replace_after": None}


class _Public:
    """All that a policy asks of a chain that is not ours."""

    is_development = False


def policy(**given: Any) -> FeePolicy:
    return chosen(_Public(), **{**NOTHING, **given})  # type: ignore[arg-type]


def test_without_options_a_chain_has_its_usual_policy() -> None:
    assert policy() == PUBLIC
    assert chosen(connect(), **NOTHING) == DEVELOPMENT


def test_gwei_are_taken_to_the_wei() -> None:
    found = policy(max_fee="31.000000001", priority_fee="0.1", replace_after=90)

    assert (found.cap, found.tip, found.patience) == (31 * GWEI + 1, GWEI // 10, 90.0)
    assert (found.headroom, found.replacements) == (PUBLIC.headroom, PUBLIC.replacements)


@pytest.mark.parametrize("text", ["", "-1", "1e30", "NaN", "Infinity", "30 gwei", "0x10", "1.0000000001"])
def test_what_is_no_number_of_gwei_is_refused(text: str) -> None:
    for option in ("max_fee", "priority_fee"):
        with pytest.raises(InputError, match=f"--{option.replace('_', '-')}"):
            policy(**{option: text})


def test_limits_that_let_nothing_through_are_refused() -> None:
    with pytest.raises(InputError, match="nothing can be sent"):
        policy(max_fee="0")
    with pytest.raises(InputError, match="a priority fee of 31 gwei is above the limit of the whole fee"):
        policy(max_fee="30", priority_fee="31")


@pytest.mark.anvil
def test_a_command_offers_what_its_options_say(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    give = ["stake", "deposit", "1"]
    place.give("ann", 10**18)
    limit = "0.000000001"
    place.refused(1, f"gas costs .* more than the limit {limit}", *give, "--max-fee", limit, by="ann")
    monkeypatch.setenv("LABELSHARE_PRIORITY_FEE", "1.5")
    ran = place.facts(*give, "--max-fee", "77", by="ann")
    sent = place.chain.web3.eth.get_transaction(ran["transaction"])
    assert sent["maxPriorityFeePerGas"] == 3 * GWEI // 2
    assert 0 < sent["maxFeePerGas"] <= 77 * GWEI


@pytest.mark.anvil
def test_every_sending_command_has_them(place: Place) -> None:
    ran = place.done("stake", "join", "--help")
    assert set(re.findall(r"--(?:max-fee|priority-fee|replace-after)", ran.out)) == {
        "--max-fee",
        "--priority-fee",
        "--replace-after",
    }
