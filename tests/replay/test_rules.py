"""The spec and the time line that a replay makes up."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from labelshare.chain.deploy import PUBLIC_LIMITS
from labelshare.replay.cast import Cast
from labelshare.replay.rules import Rules, schedule_from, spec_of
from labelshare.types import Address
from tests.replay.crowds import recorded_crowd, small_simulated_crowd


def test_the_spec_of_a_recorded_crowd() -> None:
    crowd = recorded_crowd()

    spec = spec_of(crowd, Rules())

    assert spec.assignment.policy == "given.v1"
    assert spec.redundancy.k == crowd.most_labels_an_item == 5
    assert [item.digest for item in spec.items] == [sha256(name.encode()).hexdigest() for name in crowd.items]
    assert [item.name for item in spec.items] == list(crowd.items)
    assert (spec.price, spec.share_weight) == (str(5 * 10**16), str(10**18))


@pytest.mark.parametrize("classes", [("<\"&'>", "a"), ("é ü", "日本"), ("[red]", "{}")])
def test_classes_of_any_spelling_come_through_the_label_config(classes: tuple[str, str]) -> None:
    crowd = replace(recorded_crowd(), classes=(*classes, "third"))

    form = spec_of(crowd, Rules()).task.form
    assert tuple(map(form.describe, range(form.n_classes))) == crowd.classes


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_time_line_is_one_that_public_networks_take(rounds: int) -> None:
    line = schedule_from(1_000_000, rounds)

    periods = (line.grace, line.reveal_period, line.settle_period, line.window, line.public_period)
    assert min(periods) >= PUBLIC_LIMITS.min_period
    assert line.rescue_period >= PUBLIC_LIMITS.min_rescue
    assert line.hard_end - 1_000_000 <= PUBLIC_LIMITS.max_horizon
    assert line.rounds == rounds


def test_everyone_brings_just_what_is_needed_and_nobody_shares_an_account() -> None:
    for crowd, rules, labels in (
        (recorded_crowd(), Rules(), None),
        (small_simulated_crowd(), Rules(redundancy=2), 3),
    ):
        cast = Cast(crowd, rules, spec_of(crowd, rules))
        most = labels or max(len(answers) for answers in crowd.labels_of)
        places = len(crowd.items) * (2 if crowd.simulated else 5)
        escrow = places * rules.price * 105 // 100

        purses = cast.purses()

        assert len(purses) == len(crowd.workers) + 3
        assert cast.deployer.address not in purses
        assert {purses[worker.address] for worker in cast.workers} == {most * 4 * rules.price}
        assert purses[cast.requester.address] == escrow
        assert purses[cast.oracle.address] == -(-escrow // 4)
        assert purses[cast.licensee.address] == rules.licence_price
        assert cast.pool(Address(bytes(20))).seat_stake == most * 4 * rules.price


def test_workers_of_two_crowds_are_two_people() -> None:
    crowd = recorded_crowd()
    other = replace(crowd, name="another crowd")

    accounts = [
        {worker.address for worker in Cast(each, Rules(), spec_of(each, Rules())).workers}
        for each in (crowd, other)
    ]

    assert not accounts[0] & accounts[1]
