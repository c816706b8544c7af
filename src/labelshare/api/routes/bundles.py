"""The published evidence of settlements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi.responses import StreamingResponse

from labelshare.api.problems import documented
from labelshare.api.site import CampaignPath, HashPath, Here, new_router

__all__ = ["router"]

router = new_router("bundles")

CHUNK: Final = 256 * 1024


@router.get(
    "/campaigns/{campaign}/bundles/{digest}",
    summary="A bundle",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "JSON Lines whose sha256 is the digest, as the chain names it.",
            "content": {"application/jsonl": {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented("not-found"),
    },
)
def bundle(here: Here, campaign: CampaignPath, digest: HashPath) -> StreamingResponse:
    """All evidence of a settlement, from which anyone recomputes it; public once it is proposed."""
    data = here.desk.bundle(campaign, digest)
    headers = {
        "Content-Length": str(len(data)),
        "Content-Disposition": f'attachment; filename="{digest}.jsonl"',
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{digest}"',
    }
    return StreamingResponse(_pieces(data), media_type="application/jsonl", headers=headers)


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]
