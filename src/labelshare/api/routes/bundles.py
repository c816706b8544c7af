"""The published evidence of settlements."""

from __future__ import annotations

from fastapi import Request, Response

from labelshare.api.headers import said_in
from labelshare.api.problems import documented
from labelshare.api.ranges import RANGED, Fixed, answer
from labelshare.api.site import CampaignPath, HashPath, Here, new_router

__all__ = ["router"]

router = new_router("bundles")


@router.get(
    "/campaigns/{campaign}/bundles/{digest}",
    summary="A bundle",
    response_class=Response,
    responses={
        200: {
            "description": "JSON Lines whose sha256 is the digest, as the chain names it.",
            "content": {"application/jsonl": {"schema": {"type": "string", "format": "binary"}}},
            **said_in("ETag", "Accept-Ranges"),
        },
        **RANGED,
        **documented("not-found", "no-such-range"),
    },
)
def bundle(here: Here, request: Request, campaign: CampaignPath, digest: HashPath) -> Response:
    """All evidence of a settlement, from which anyone recomputes it; public once it is proposed.

    It is sent from the store piece by piece; whoever lost the line asks for the rest by `Range`.
    """
    found = here.desk.bundle(campaign, digest)
    headers = {
        "Content-Disposition": f'attachment; filename="{digest}.jsonl"',
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    content = Fixed(found.size, str(digest), headers, found.pieces, found.part)
    return answer(request, content, "application/jsonl")
