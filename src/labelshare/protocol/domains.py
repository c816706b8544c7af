"""Domain words: the first word of every leaf, which binds it to its kind, chain, registry and campaign."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from labelshare.protocol.abi import address_word, uint_word
from labelshare.types import Hash32, Scope, keccak

__all__ = ["Kind", "domain"]


class Kind(StrEnum):
    """What a leaf states."""

    PAYOUT = "PAYOUT.v1"
    LABEL = "LABEL.v1"
    COMMIT = "COMMIT.v1"
    ROSTER = "ROSTER.v1"
    AGGREGATE = "AGGREGATE.v1"
    TRUTH = "TRUTH.v1"
    MODEL = "MODEL.v1"


@lru_cache(maxsize=1024)
def domain(kind: Kind, scope: Scope) -> Hash32:
    """keccak256(abi.encode(string kind, uint256 chainid, address registry, bytes32 campaignId)).

    The string is the one dynamic argument: its place holds the offset 0x80, its length and text follow the
    head.
    """
    text = kind.value.encode()
    head = uint_word(0x80) + uint_word(scope.chain_id) + address_word(scope.registry) + scope.campaign_id
    return keccak(head + uint_word(len(text)) + text.ljust(32, b"\0"))
