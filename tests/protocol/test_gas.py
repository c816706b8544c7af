"""Gas between, below and beyond the jobs measured."""

from __future__ import annotations

import pytest

from labelshare.oracle.engine import CLAIMS_A_CALL as OF_THE_ORACLE
from labelshare.protocol.gas import CLAIMS_A_CALL, FURTHER_ROUND, CallGas, Figures, Measured, estimate
from labelshare.report.measured import measured_gas

FIXED = Figures("propose", in_job=True, grows=False, new=(100, 130, 120), held=(90, 90, 90))
EACH = Figures("join", in_job=False, grows=True, new=(1_000, 10_000, 100_000), held=(500, 5_000, 50_000))
FURTHER = Figures(FURTHER_ROUND, in_job=False, grows=False, new=(7, 7, 7), held=(6, 6, 6))
MEASURED = Measured((10, 100, 1_000), (FIXED, EACH, FURTHER))


def gas(annotators: int, rounds: int = 1) -> dict[str, tuple[int, int]]:
    return {each.call: (each.new, each.held) for each in estimate(MEASURED, annotators, rounds)}


def test_measured_jobs_come_out_as_measured() -> None:
    for place, size in enumerate(MEASURED.sizes):
        found = gas(size)
        assert found == {
            "propose": (FIXED.new[place], FIXED.held[place]),
            "join": (EACH.new[place], EACH.held[place]),
        }


def test_in_between_lie_straight_lines() -> None:
    assert gas(55)["propose"] == (115, 90)
    assert gas(550) == {"propose": (125, 90), "join": (55_000, 27_500)}


def test_outside_what_does_not_grow_stays_as_it_is() -> None:
    assert gas(1) == {"propose": (100, 90), "join": (100, 50)}
    assert gas(5_000) == {"propose": (120, 90), "join": (500_000, 250_000)}


def test_further_rounds_belong_to_the_job() -> None:
    assert FURTHER_ROUND not in gas(10)
    assert estimate(MEASURED, 10, 4)[-1] == CallGas(FURTHER_ROUND, in_job=True, new=21, held=18)


def test_a_call_claims_for_as_many_as_the_oracles_do() -> None:
    assert CLAIMS_A_CALL == OF_THE_ORACLE


# `scripts/bench gas --size N` on anvil 1.7.1: the whole job, new and held.
ELSEWHERE = {25: (1_428_315, 1_000_815), 150: (5_171_016, 2_606_016), 3_000: (94_731_978, 43_431_978)}


@pytest.mark.parametrize("annotators", ELSEWHERE)
def test_other_sizes_are_estimated_to_two_percent(annotators: int) -> None:
    job = [call for call in estimate(measured_gas(), annotators, 1) if call.in_job]

    for found, real in zip(
        (sum(call.new for call in job), sum(call.held for call in job)), ELSEWHERE[annotators], strict=True
    ):
        assert abs(found - real) * 50 <= real


def test_more_annotators_never_cost_less() -> None:
    sizes = [1, 2, 10, 99, 101, 999, 1_000, 1_001, 1_100, 3_000, 10_000, 10**6, 2**32 - 1]
    totals = [sum(call.held for call in estimate(measured_gas(), size, 1)) for size in sizes]

    assert totals == sorted(totals)
    assert totals[0] > 0
