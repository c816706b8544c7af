"""The gold of a replay: items with a known truth, chosen by a rule that anyone can follow, and sealed.

A requester picks gold as it likes and keeps it to itself. A replay has to give the same result each time, so
its gold is the first so many items with a known truth by keccak256("labelshare.replay.gold.v1" ‖ name), and
its secret is derived from the requester's development key.
"""

from __future__ import annotations

from typing import Final

from labelshare.chain.keys import development_signer
from labelshare.errors import InputError
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.labels import Form
from labelshare.replay.crowd import Crowd
from labelshare.types import keccak

__all__ = ["gold_items", "seal_gold"]

_TAG: Final = b"labelshare.replay.gold.v1"


def gold_items(crowd: Crowd, count: int) -> tuple[int, ...]:
    """The items that become gold, ascending; `InputError` if fewer have a known truth."""
    if count > len(crowd.truth):
        raise InputError(f"{count} gold items are asked for, {len(crowd.truth)} items have a known truth")
    drawn = sorted(crowd.truth, key=lambda item: keccak(_TAG + crowd.items[item].encode()))
    return tuple(sorted(drawn[:count]))


def seal_gold(crowd: Crowd, count: int, form: Form) -> SealedGold:
    """Seal the truth of the gold items; `InputError` as above."""
    requester = development_signer("replay", "requester")
    secret = requester.derive_secret(_TAG + crowd.name.encode())
    return SealedGold.of(secret, {item: form.encode(crowd.truth[item]) for item in gold_items(crowd, count)})
