from __future__ import annotations

import hmac
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare import protocol
from labelshare.protocol import keccak
from labelshare.protocol.commitments import commit_root, salts
from labelshare.protocol.hmac_sha256 import salt_rows
from tests.protocol.world import World, account

MANY = 10**9
WAYS = ["loop", "kernel"]
SECRET = bytes(range(32))
EDGES = [0, 1, 2**8, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1]


@cache
def loader(way: str) -> keccak._Loader:
    """A loader that has loaded the kernels, or has no reason to."""
    made = keccak._Loader()
    if way == "kernel":
        pytest.importorskip("numba")
        assert made.kernels(MANY)
    return made


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of hashing."""
    monkeypatch.setattr(keccak, "_loader", loader(request.param))
    return str(request.param)


def found(secret: bytes, items: list[int]) -> list[bytes]:
    rows = salt_rows(secret, items)
    assert rows.dtype == np.uint8
    assert rows.shape == (len(items), 32)
    return [row.tobytes() for row in rows]


def expected(secret: bytes, items: list[int]) -> list[bytes]:
    return [hmac.digest(secret, item.to_bytes(8, "big"), "sha256") for item in items]


@pytest.mark.usefixtures("way")
def test_the_known_answer_of_rfc_4231() -> None:
    """Test case 1, the one whose message has 8 bytes."""
    item = int.from_bytes(b"Hi There", "big")
    code = bytes.fromhex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    assert found(b"\x0b" * 20, [item] * 20) == [code] * 20


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("count", [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 500])
def test_every_number_of_items(count: int) -> None:
    items = list(range(10**12, 10**12 + count))
    assert found(SECRET, items) == expected(SECRET, items)


@pytest.mark.usefixtures("way")
def test_every_length_of_a_key() -> None:
    for length in range(140):
        key = bytes(range(1, length + 1))
        assert found(key, EDGES) == expected(key, EDGES), length


@given(st.binary(max_size=140), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_the_kernel_agrees_with_the_standard_library(secret: bytes, items: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keccak, "_loader", loader("kernel"))
        assert found(secret, items) == expected(secret, items)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("item", [-1, 2**64])
def test_an_item_that_does_not_fit_is_refused(item: int) -> None:
    with pytest.raises(OverflowError):
        salt_rows(SECRET, [*EDGES, item])
    with pytest.raises(OverflowError):
        salts(SECRET, [item])


def test_a_root_is_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    items, labels = range(500), [b"\x01\0" + bytes([number % 5]) for number in range(500)]
    roots = set()
    for each in WAYS:
        monkeypatch.setattr(keccak, "_loader", loader(each))
        roots.add(commit_root(World().scope, account("ann"), 3, SECRET, items, labels))
    assert len(roots) == 1


def test_the_kernel_is_left_alone_until_those_of_keccak_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    monkeypatch.setattr(keccak, "_loader", keccak._Loader())
    monkeypatch.setattr(keccak, "_load", lambda: loads.append("load"))
    salt_rows(SECRET, range(100))
    assert loads == []
    keccak.expect(MANY)
    salt_rows(SECRET, range(100))
    assert loads == ["load"]


def test_without_numba_the_loop_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in ("keccak_jit", "sha256_jit"):
        monkeypatch.delitem(sys.modules, f"labelshare.protocol.{name}", raising=False)
        monkeypatch.delattr(protocol, name, raising=False)
    monkeypatch.setattr(keccak, "_loader", keccak._Loader())
    keccak.expect(MANY)
    assert keccak.kernels_for(MANY) is None
    assert found(SECRET, EDGES) == expected(SECRET, EDGES)
