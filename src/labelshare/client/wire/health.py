"""Whether the service works, and what happens to a campaign as it happens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelshare.client.wire.base import Answer, HashText, Small, Time

__all__ = ["AliveAnswer", "HappenedAnswer", "ReadyAnswer", "ReorganisedAnswer"]


class AliveAnswer(Answer):
    """The process answers."""

    status: Literal["ok"] = Field(default="ok", examples=["ok"])


class ReadyAnswer(Answer):
    """Whether chain, database and index are fit to serve.

    `head` is the chain's latest block, `behind` how many blocks the index lacks, `ageSeconds` how old its
    latest one is; null where there is no index.
    """

    ready: bool = Field(examples=[True])
    chain: bool = Field(examples=[True])
    database: bool = Field(examples=[True])
    index: bool = Field(examples=[True])
    head: Small | None = None
    behind: Small | None = None
    age_seconds: float | None = Field(default=None, ge=0, examples=[1.5])


class HappenedAnswer(Answer):
    """An event of a campaign on chain; it is the stream's `happened` event."""

    kind: str = Field(examples=["CommitsAggregated"])
    block: Small
    index: Small
    time: Time
    transaction: HashText


class ReorganisedAnswer(Answer):
    """The chain has dropped blocks: what was told behind this place is void, and what follows is told anew.

    It is the stream's `reorganised` event. Null where nothing that was told is known to hold.
    """

    block: Small | None = None
    index: Small | None = None
