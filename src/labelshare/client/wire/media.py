"""Content that was handed in."""

from __future__ import annotations

from pydantic import Field

from labelshare.client.wire.base import Answer, HashText

__all__ = ["MediaStored"]


class MediaStored(Answer):
    """A content that is kept.

    Attributes:
        digest: Its sha256.
        cid: The same as IPFS spells it.
        size: Bytes.
        kind: What it is shown as, by its own bytes.
        new: Whether it was not there before.
    """

    digest: HashText
    cid: str = Field(examples=["bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"])
    size: int = Field(examples=[20_480], ge=0)
    kind: str = Field(examples=["image/png"])
    new: bool
