"""Batches and openings in the spelling in which they nearly always come, read without a detour.

What is read here is what `client.wire.work` makes of it, to the letter; whatever it does not know, or would
refuse, is not read at all, and left to that. So this can be quick and say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from labelshare.client.wire.base import MAX_BYTES
from labelshare.protocol.commitments import MAX_BATCH, Opening, SignedCommit
from labelshare.types import Address, Commit, Hash32

__all__ = ["READERS", "Reader"]

Reader: TypeAlias = Callable[[Any], SignedCommit | Opening | None]
"""Reads parsed JSON; None, or `InputError`, for what is not as usual."""

_MOST: Final = 1 << 32
_COMMIT: Final = frozenset(
    ("annotator", "round", "batch", "root", "count", "cumulativeCount", "signature", "items")
)
_OPENING: Final = frozenset(("annotator", "commitHash", "secret", "items", "labels"))


def _commit(value: Any) -> SignedCommit | None:
    if type(value) is not dict or value.keys() != _COMMIT:
        return None
    numbers = (value["round"], value["batch"], value["count"], value["cumulativeCount"])
    items = value["items"]
    if not (_are_small(numbers) and _are_items(items)):
        return None
    annotator, root, signature = (
        _address(value["annotator"]),
        _hash(value["root"]),
        _bytes(value["signature"]),
    )
    if annotator is None or root is None or signature is None:
        return None
    number, batch, count, total = numbers
    commit = Commit(number, batch, root, count, total)
    return SignedCommit(annotator, commit, signature, tuple(items))


def _opening(value: Any) -> Opening | None:
    if type(value) is not dict or value.keys() != _OPENING:
        return None
    items, texts = value["items"], value["labels"]
    if not _are_items(items) or type(texts) is not list or not 0 < len(texts) <= MAX_BATCH:
        return None
    annotator, name, secret = _address(value["annotator"]), _hash(value["commitHash"]), _hash(value["secret"])
    labels = [label for label in map(_bytes, texts) if label is not None]
    if annotator is None or name is None or secret is None or len(labels) != len(texts):
        return None
    return Opening(annotator, name, secret, tuple(items), tuple(labels))


READERS: Final[Mapping[str, Reader]] = {"commitments": _commit, "openings": _opening}
"""By the last part of the path."""


def _address(value: Any) -> Address | None:
    return Address(value) if type(value) is str else None


def _hash(value: Any) -> Hash32 | None:
    return Hash32(value) if type(value) is str else None


def _bytes(value: Any) -> bytes | None:
    """Bytes whose one spelling this is: of others `fromhex` takes some, and writes them otherwise."""
    if type(value) is not str or len(value) > 2 * MAX_BYTES + 2:
        return None
    try:
        data = bytes.fromhex(value[2:])
    except ValueError:
        return None
    return data if value == "0x" + data.hex() else None


def _are_items(value: Any) -> bool:
    return type(value) is list and 0 < len(value) <= MAX_BATCH and _are_small(value)


def _are_small(values: Any) -> bool:
    """Whether all are numbers below 2^32, and none of them a truth value."""
    return set(map(type, values)) == {int} and min(values) >= 0 and max(values) < _MOST
