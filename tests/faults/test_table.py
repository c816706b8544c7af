"""The table of faults fails where it must, and adds up."""

from __future__ import annotations

import pytest

from tests.faults.table import PROPERTY, Fault, injecting, lines


def run(fault: tuple[int, int], losses: list[str]) -> dict[str, object]:
    """One fault of the table; what was noted of it."""
    noted: list[tuple[str, dict[str, object]]] = []
    try:
        with injecting(lambda *row: noted.append(row))("a fault") as counted:
            counted.injections, counted.checks = fault
            counted.losses += losses
    finally:
        ((name, row),) = noted
        assert name == PROPERTY
    return row


@pytest.mark.parametrize(
    ("fault", "losses", "message"),
    [
        ((0, 5), [], "nothing was injected"),
        ((5, 0), [], "nothing was checked"),
        ((5, 5), ["a label of ann's"], "a label of ann's"),
    ],
)
def test_a_fault_that_proves_nothing_or_loses_something_fails(
    fault: tuple[int, int], losses: list[str], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        run(fault, losses)


def test_each_difference_is_a_loss() -> None:
    fault = Fault("x")
    fault.compare({"ann": 1, "ben": 2}, {"ann": 1, "ben": 3, "cleo": 4})
    fault.check([], "nothing there")
    assert (fault.checks, sorted(fault.losses)) == (
        4,
        ["ben: 2, not 3", "cleo: None, not 4", "nothing there"],
    )


def test_rows_of_one_name_are_one_line_and_all_add_up() -> None:
    rows = [run((2, 3), []), run((4, 5), []), run((1, 1), []) | {"name": "another"}]
    table = lines(rows)
    assert [line.split()[-4:-1] for line in table[1:]] == [["6", "8", "0"], ["1", "1", "0"], ["7", "9", "0"]]
    assert lines([]) == []
