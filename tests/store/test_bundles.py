"""Bundles by parts, on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from hashlib import sha256

from labelshare.store.bundles import PIECE, find_bundle
from labelshare.store.messages import Messages
from labelshare.types import Hash32
from tests.store.home import CAMPAIGN, Home


def test_parts_make_the_whole(home: Home) -> None:
    data = random.Random(5).randbytes(PIECE + 1_234_567)
    name = Hash32(sha256(data).digest())
    database = home.open()
    Messages(database, CAMPAIGN).keep_bundle(name, data)

    found = find_bundle(database, CAMPAIGN, name)

    assert found is not None
    assert found.size == len(data)
    assert [len(piece) for piece in found.pieces()] == [PIECE, 1_234_567]
    assert b"".join(found.pieces()) == data
    for start, end in ((0, 1), (PIECE - 1, PIECE + 1), (found.size - 7, found.size), (5, 5)):
        assert found.part(start, end) == data[start:end]
    assert find_bundle(database, CAMPAIGN, Hash32(bytes(32))) is None
