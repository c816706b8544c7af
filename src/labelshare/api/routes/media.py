"""What items are made of: handed in by a campaign's requester, read by whoever has a part in it.

What comes in is whatever its sender likes. It is kept only if it is an item of the spec, to the byte, and
shown as what its own bytes are; what a browser might run is for saving alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from fastapi import Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import PlainValidator, WithJsonSchema
from starlette.requests import ClientDisconnect

from labelshare.api.headers import said_in
from labelshare.api.limits import Places, client_of
from labelshare.api.problems import Refusal, documented
from labelshare.api.ranges import RANGED, Fixed, answer
from labelshare.api.settings import ApiSettings
from labelshare.api.site import CampaignPath, Here, SignedIn, Site, new_router
from labelshare.client.wire.media import MediaStored
from labelshare.errors import InputError
from labelshare.oracle.blobs import Blobs, Incoming, cid, digest_of
from labelshare.oracle.kinds import BEGINNING, Sniffer, is_shown, kind_of
from labelshare.oracle.uploads import Uploads
from labelshare.store.contents import Quota
from labelshare.types import CampaignId, Hash32

if TYPE_CHECKING:
    from labelshare.store.sign_ins import Session

__all__ = ["places", "router"]

router = new_router("media")

PIECE: Final = 1024**2
_BINARY: Final[dict[str, Any]] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
}
_NAME: Final = "must be a sha256 (0x and 64 hex digits) or a CIDv1 of raw bytes"


def places(settings: ApiSettings) -> Places:
    """Places for contents that come in."""
    headers = {"Retry-After": "5", "Connection": "close"}
    return Places("contents come in", settings.uploads, settings.uploads_each, headers)


def _name(value: object) -> Hash32:
    try:
        text = str(value)
        return Hash32(text) if text.startswith("0x") else digest_of(text)
    except InputError:
        raise ValueError(_NAME) from None


ContentPath: TypeAlias = Annotated[
    Hash32,
    PlainValidator(_name),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(0x[0-9a-f]{64}|bafkrei[a-z2-7]{52})$",
            "examples": ["bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"],
        }
    ),
    Path(description="The content's sha256, or its CID."),
]


@router.get(
    "/campaigns/{campaign}/media/{digest}",
    summary="What an item is made of",
    response_class=Response,
    responses={
        200: {
            "description": "The bytes whose sha256 is the digest.",
            "content": _BINARY,
            **said_in("ETag", "Accept-Ranges"),
        },
        **RANGED,
        **documented("not-found", "forbidden", "no-such-range"),
    },
)
def media(
    here: Here, session: SignedIn, request: Request, campaign: CampaignPath, digest: ContentPath
) -> Response:
    """The content of an item, for the campaign's annotators, its requester and its oracle.

    It is hashed as it is sent: the last bytes follow only if all are what the digest says. A part is sent of
    what was read and hashed whole before.
    """
    blobs, size = here.desk.media(campaign, session.account, digest)
    kind = kind_of(blobs.beginning(digest, BEGINNING))
    headers = {
        "Content-Disposition": "inline" if is_shown(kind) else f'attachment; filename="{cid(digest)}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Authorization",
    }
    content = Fixed(
        size,
        cid(digest),
        headers,
        lambda: blobs.stream(digest),
        lambda start, end: blobs.part(digest, start, end),
    )
    return answer(request, content, kind)


@router.head(
    "/campaigns/{campaign}/media/{digest}",
    status_code=204,
    summary="Whether a content is here",
    responses={
        204: {"description": "It is.", **said_in("ETag")},
        **documented("not-found", "forbidden"),
    },
)
def here_already(here: Here, session: SignedIn, campaign: CampaignPath, digest: ContentPath) -> Response:
    """204 where the content of an item is here, 404 where it is not: what need not be handed in again."""
    here.desk.media(campaign, session.account, digest)
    return Response(status_code=204, headers={"ETag": f'"{cid(digest)}"'})


@router.put(
    "/campaigns/{campaign}/media/{digest}",
    status_code=201,
    summary="Hand in what an item is made of",
    openapi_extra={"requestBody": {"required": True, "content": _BINARY}},
    responses={
        200: {"model": MediaStored, "description": "It was here already."},
        **documented("not-found", "forbidden", "refused", "too-large", "busy"),
    },
)
async def put(
    here: Here,
    session: SignedIn,
    request: Request,
    campaign: CampaignPath,
    digest: ContentPath,
    response: Response,
) -> MediaStored:
    """Keeps the content of an item, from the campaign's requester and while anybody labels.

    The same again changes nothing. What breaks off, is too large, or is anything else than the digest says
    leaves nothing behind.
    """
    _require_plain(request)
    uploads = _uploads(here)
    blobs = await run_in_threadpool(uploads.place, campaign, session.account, digest)
    _require_stated_size(request, blobs.max_bytes)
    keys = (client_of(request.scope), session.account.hex())
    with request.app.state.uploads.one(*keys), Incoming(blobs.max_bytes) as blob:
        kind = await _take_in(request, blob, blobs, here.settings.request_seconds)
        new = await run_in_threadpool(_keep, uploads, campaign, session, digest, blob)
        response.status_code = 201 if new else 200
        return MediaStored(digest=digest, cid=cid(digest), size=blob.size, kind=kind, new=new)


def _uploads(here: Site) -> Uploads:
    return Uploads(here.desk, Quota(here.settings.campaign_bytes, here.settings.account_bytes))


def _keep(uploads: Uploads, campaign: CampaignId, session: Session, digest: Hash32, blob: Incoming) -> bool:
    return uploads.keep(campaign, session.account, digest, blob)


def _require_plain(request: Request) -> None:
    """Bytes as they are: nothing is unpacked here, so that nothing small can grow large."""
    for name in ("content-encoding", "content-range"):
        if request.headers.get(name, "identity") != "identity":
            raise Refusal("invalid-input", f"send the content whole and as it is, without {name}", _CLOSE)


def _require_stated_size(request: Request, most: int) -> None:
    stated = request.headers.get("content-length", "0")
    if not stated.isdecimal() or int(stated[:20]) > most:
        raise _too_large(most)


async def _take_in(request: Request, blob: Incoming, blobs: Blobs, seconds: float) -> str:
    """Read the body into a blob; what it is, by its own bytes."""
    sniffer = Sniffer()

    def take(piece: bytes) -> None:
        sniffer.take(piece)
        blob.write(piece)

    async for piece in _pieces(request, seconds):
        if blob.size + len(piece) > blobs.max_bytes:
            raise _too_large(blobs.max_bytes)
        await run_in_threadpool(take, piece)
    return sniffer.end()


async def _pieces(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body, a mebibyte or so at a time; who sends nothing for some seconds has given up."""
    held, stream = bytearray(), aiter(request.stream())
    while True:
        try:
            part = await asyncio.wait_for(anext(stream, None), seconds)
        except TimeoutError:
            raise Refusal("too-slow", f"nothing came for {seconds:g} seconds", _CLOSE) from None
        except ClientDisconnect:
            raise Refusal("malformed", "the connection ended before the request did") from None
        if part is None:
            break
        held += part
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


_CLOSE: Final = {"Connection": "close"}


def _too_large(most: int) -> Refusal:
    return Refusal("too-large", f"a content has at most {most} bytes", _CLOSE)
