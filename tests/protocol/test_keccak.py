from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare import protocol
from labelshare.protocol import keccak
from labelshare.protocol.keccak import Rows, expect, hash_parents, hash_rows, hash_twice
from labelshare.types import keccak as keccak_of_one

MANY = 10**9
# Keccak-256 of the Keccak team's known-answer tests (ShortMsgKAT_256: lengths 0 and 8), and of "abc".
KNOWN = {
    b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    b"\xcc": "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a",
    b"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
}
WAYS = ["loop", "kernels"]


@cache
def loader(way: str) -> keccak._Loader:
    """A loader that has made its choice."""
    made = keccak._Loader()
    if way == "loop":
        made._tried = True
    else:
        pytest.importorskip("numba")
        made.kernels(MANY)
    assert (made.kernels(MANY) is None) == (way == "loop")
    return made


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of hashing."""
    monkeypatch.setattr(keccak, "_loader", loader(request.param))
    return str(request.param)


def random_rows(count: int, width: int, seed: int = 1) -> Rows:
    return np.random.default_rng(seed).integers(0, 256, (count, width), dtype=np.uint8)


def one_by_one(rows: Rows) -> list[bytes]:
    return [keccak_of_one(row.tobytes()) for row in rows]


def as_list(rows: Rows) -> list[bytes]:
    assert rows.dtype == np.uint8
    assert rows.shape == (len(rows), 32)
    return [row.tobytes() for row in rows]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("message", KNOWN)
def test_known_answers(message: bytes) -> None:
    rows = np.frombuffer(message * 20, np.uint8).reshape(20, len(message))
    assert as_list(hash_rows(rows)) == [bytes.fromhex(KNOWN[message])] * 20


@pytest.mark.usefixtures("way")
def test_every_width_up_to_three_blocks() -> None:
    for width in range(410):
        rows = random_rows(9, width, seed=width)
        assert as_list(hash_rows(rows)) == one_by_one(rows), width


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("count", [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 100])
def test_every_number_of_rows(count: int) -> None:
    for width in (0, 5, 32, 64, 160):
        rows = random_rows(count, width)
        assert as_list(hash_rows(rows)) == one_by_one(rows)
        assert as_list(hash_twice(rows)) == [keccak_of_one(each) for each in one_by_one(rows)]


@given(st.integers(0, 50), st.integers(0, 400), st.integers(1, 2), st.integers(0, 2**32))
def test_both_ways_agree(count: int, width: int, times: int, seed: int) -> None:
    kernels = loader("kernels").kernels(MANY)
    assert kernels is not None
    rows, hashes = random_rows(count, width, seed), np.empty((count, 4), np.uint64)
    kernels.hash_words(keccak._words(rows), width, times, hashes)
    assert (hashes.view(np.uint8) == keccak._hash_one_by_one(rows, times)).all()


@pytest.mark.usefixtures("way")
def test_rows_may_lie_anywhere_in_memory() -> None:
    rows = random_rows(40, 64)
    askew = np.frombuffer(b"x" + rows.tobytes(), np.uint8, offset=1).reshape(rows.shape)
    wide = np.concatenate([rows, rows], axis=1)
    for each in (askew, wide[:, :64], np.asfortranarray(rows), rows[::-1][::-1]):
        assert as_list(hash_rows(each)) == one_by_one(rows)


@pytest.mark.usefixtures("way")
def test_parents_hash_their_children_the_smaller_first() -> None:
    for count in [*range(1, 70), 1_000]:
        leaves = random_rows(count, 32, seed=count)
        leaves[:, :8] //= 255  # many begin alike
        nodes = bytearray(32 * (count - 1)) + leaves.tobytes()
        hash_parents(nodes)
        hashes = [bytes(nodes[at : at + 32]) for at in range(0, len(nodes), 32)]
        assert hashes[count - 1 :] == as_list(leaves)
        for place in range(count - 1):
            assert hashes[place] == keccak_of_one(b"".join(sorted(hashes[2 * place + 1 : 2 * place + 3])))


def test_numba_is_left_alone_until_there_is_enough_to_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    monkeypatch.setattr(keccak, "_loader", keccak._Loader())
    monkeypatch.setattr(keccak, "_load", lambda: loads.append("load"))
    hash_rows(random_rows(100, 32))
    expect(keccak._WORTH_LOADING - 1)
    assert loads == []
    expect(keccak._WORTH_LOADING)
    expect(keccak._WORTH_LOADING)
    assert loads == ["load"]


def test_without_numba_the_loop_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "labelshare.protocol.keccak_jit"
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(protocol, "keccak_jit", raising=False)
    monkeypatch.setattr(keccak, "_loader", keccak._Loader())
    expect(MANY)
    assert keccak._loader.kernels(MANY) is None
    rows = random_rows(30, 64)
    assert as_list(hash_rows(rows)) == one_by_one(rows)


def test_a_machine_of_the_other_byte_order_takes_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "byteorder", "big")
    assert keccak._load() is None
