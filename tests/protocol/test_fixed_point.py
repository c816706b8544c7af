from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labelshare.protocol.aggregation import dawid_skene_rates as rates
from labelshare.protocol.aggregation import fixed_point
from labelshare.protocol.aggregation.base import Crowd, Integers
from labelshare.protocol.aggregation.dawid_skene_layout import lay_out
from labelshare.protocol.aggregation.fixed_point import log2, log_table, power_of_half, power_table, ratio
from tests.protocol.naive import dawid_skene as naive

LARGEST_COUNT = 2**27 * 20 * 2**16  # labels, the heaviest gold, one
LARGEST_ARGUMENT = 2**62


def column(*values: int) -> Integers:
    return np.array(values, dtype=np.int64)


def test_tables_hold_the_floors_of_the_reals() -> None:
    assert log_table().tolist() == [naive.log_entry(i) for i in range(4_097)]
    assert power_table().tolist() == [naive.power_entry(i) for i in range(4_097)]
    assert [int(log_table()[i]) for i in (1, 2_048, 4_095)] == [369, 613_377, 1_048_391]
    assert [int(power_table()[i]) for i in (1, 2_048, 4_096)] == [1_073_560_134, 759_250_124, 2**29]


@given(st.integers(1, LARGEST_ARGUMENT))
@example(1)
@example(2**30)
@example(2**31 - 1)
@example(LARGEST_ARGUMENT)
def test_logarithms(value: int) -> None:
    found = int(log2(column(value))[0])
    assert found == naive.log2(value)
    assert found <= int(log2(column(min(value + 1, LARGEST_ARGUMENT)))[0])


@given(st.integers(0, 2**55))
@example(0)
@example(31 * 2**20 - 1)
@example(31 * 2**20)
def test_powers_of_a_half(exponent: int) -> None:
    found = int(power_of_half(column(exponent))[0])
    assert found == naive.power(exponent)
    assert found >= int(power_of_half(column(exponent + 1))[0])


@given(st.data(), st.sampled_from([16, 24]))
def test_ratios(data: st.DataObject, bits: int) -> None:
    below = data.draw(st.integers(1, fixed_point.MAX_DENOMINATOR - 1))
    above = data.draw(st.integers(0, below))
    assert int(ratio(column(above), column(below), bits)[0]) == (above << bits) // below


def test_logarithms_are_hardly_below_the_true_ones() -> None:
    values = np.unique(np.geomspace(1, 2**61, 20_000).astype(np.int64))
    short = np.log2(values.astype(np.float64)) * 2**20 - log2(values)
    assert short.min() > -1e-6  # of the floating-point comparison itself
    assert short.max() < 3


def test_compiled_logarithms_are_the_same() -> None:
    kernels = pytest.importorskip("labelshare.protocol.aggregation.dawid_skene_jit", exc_type=ImportError)
    random = np.random.default_rng(1)
    values = np.concatenate(
        (column(1, 2, 3, LARGEST_ARGUMENT), random.integers(1, 2 ** random.integers(1, 62, 5_000)))
    )
    out = np.empty_like(values)
    kernels.logarithms(values, log_table(), out)
    assert out.tolist() == log2(values).tolist()


heavy = st.one_of(st.just(0), st.just(1), st.integers(0, LARGEST_COUNT), st.just(LARGEST_COUNT))


@given(
    st.integers(2, 5),
    st.lists(heavy, min_size=20, max_size=20),
    st.sampled_from([1, 4, 64]),
)
def test_the_largest_counts_do_not_overflow(n_classes: int, sizes: list[int], strength: int) -> None:
    """Posterior masses as large as all labels of the largest crowd together, in 64 bits and without bound."""
    pairs = [(j, answer) for j in range(2) for answer in range(n_classes)][:4]
    each = {item: sizes[item * n_classes : (item + 1) * n_classes] for item in range(len(pairs))}
    total = sum(map(sum, each.values()))
    for item, row in each.items():
        each[item] = [size * LARGEST_COUNT // max(total, LARGEST_COUNT) for size in row]
    watch = naive.Watch()
    of_item = {item: [pair] for item, pair in enumerate(pairs)}
    priors, columns = naive.tables(of_item, each, {}, n_classes, strength, 1, watch)
    people, answers = np.array(pairs, dtype=np.int64).T.copy()
    layout = lay_out(Crowd(len(pairs), n_classes, np.arange(len(pairs)), people, answers), {})
    counts = np.array(list(each.values()), dtype=np.int64)
    found = rates.tables(layout, counts, counts.sum(axis=0), strength, log2)
    assert found.priors.tolist() == priors
    assert found.columns.tolist() == [columns[pair] for pair in pairs]
    bounds = {"count": LARGEST_COUNT, "product": 2**48, "fine": 2**56, "log": 2**27}
    assert all(watch.largest[kind] <= bound for kind, bound in bounds.items())
