"""A shared chain is the same chain, asked by one thread at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from time import sleep

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.node import Chain
from labelshare.chain.shared import shared
from labelshare.errors import ChainError
from labelshare.types import Address

ANN = development_signer("shared", "ann").address


def test_it_offers_whatever_a_chain_does() -> None:
    plain = connect()
    chain = shared(plain)
    offered = {name for name in vars(Chain) if not name.startswith("_")}
    assert len(offered) > 15
    for name in offered:
        assert name in vars(type(chain)), name
    assert isinstance(chain, Chain)
    chain.fund(ANN, 7)
    chain.mine(2)
    assert (chain.chain_id, chain.block_number) == (plain.chain_id, plain.block_number)
    assert chain.balance(ANN) == plain.balance(ANN) == 7
    assert chain.now() == plain.now()
    assert chain.is_development
    with pytest.raises(ChainError):
        chain.block_hash(10_000)


class Watched:
    """Tells when two threads are in it at once; everything that is asked of it takes a while."""

    chain_id = 1

    def __init__(self) -> None:
        self.inside: set[int] = set()
        self.crowded = False

    @property
    def block_number(self) -> int:
        return self._stay()

    def code(self, _address: Address) -> bytes:
        return bytes(self._stay())

    def _stay(self) -> int:
        self.inside.add(get_ident())
        self.crowded |= len(self.inside) > 1
        sleep(0.002)
        self.inside.discard(get_ident())
        return 0


def test_one_thread_is_in_it_at_a_time() -> None:
    watched = Watched()

    def ask(chain: Chain) -> None:
        for _ in range(10):
            assert chain.block_number == 0
            chain.code(ANN)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, [watched] * 4))
    assert watched.crowded  # without the lock they do meet

    watched.crowded = False
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, [shared(watched)] * 4))  # type: ignore[arg-type]
    assert not watched.crowded
