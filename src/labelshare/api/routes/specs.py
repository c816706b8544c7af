"""Specs by their hash: the chain has the hash alone, so whoever funds a campaign hands its spec in."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import Request, Response

from labelshare.api import apart
from labelshare.api.headers import said_in
from labelshare.api.limits import client_of
from labelshare.api.problems import Refusal, documented
from labelshare.api.site import HashPath, Here, RawBody, SignedIn, Site, new_router
from labelshare.client.wire.quotes import SPEC_EXAMPLE, SpecStored
from labelshare.errors import InputError
from labelshare.protocol.spec import Spec
from labelshare.types import Hash32

__all__ = ["router"]

router = new_router("specs")

_SPEC: Final[dict[str, Any]] = {
    "application/json": {
        "schema": {"type": "object", "description": "The canonical bytes (RFC 8785, defaults stated)."},
        "example": SPEC_EXAMPLE,
    }
}
_BYTES: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.put(
    "/specs/{digest}",
    status_code=201,
    summary="Hand in a spec",
    openapi_extra={"requestBody": {"required": True, "content": _SPEC | _BYTES}},
    responses={
        200: {"model": SpecStored, "description": "It was here already."},
        **documented("invalid-spec"),
    },
)
async def put(
    here: Here, session: SignedIn, request: Request, digest: HashPath, data: RawBody, response: Response
) -> SpecStored:
    """Keeps a spec in its canonical bytes under their sha256; the campaign is funded afterwards."""
    _require_patience(here, session.account.hex(), client_of(request.scope))
    large = len(data) > apart.LARGE
    checked = SpecStored.model_validate(await apart.ask("spec", data)) if large else None
    stored, new = await asyncio.to_thread(_keep, here, digest, data, checked)
    response.status_code = 201 if new else 200
    return stored


def _keep(here: Site, digest: Hash32, data: bytes, checked: SpecStored | None) -> tuple[SpecStored, bool]:
    """Keep what was checked already, or is checked now; and whether it was new."""
    checked = checked or SpecStored.of(Spec.parse(data))
    if checked.spec_hash != digest:
        raise InputError(f"the spec has hash {checked.spec_hash}, not {digest}")
    return checked, here.desk.catalogue.add_spec(digest, data)


@router.get(
    "/specs/{digest}",
    summary="A spec",
    response_class=Response,
    responses={
        200: {"description": "The canonical bytes.", "content": _SPEC, **said_in("ETag")},
        **documented("not-found"),
    },
)
def get(here: Here, digest: HashPath) -> Response:
    """The canonical bytes of a spec, which hash to the `specHash` on chain."""
    data = here.desk.catalogue.spec_bytes(digest)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{digest}"'}
    return Response(data, media_type="application/json", headers=headers)


def _require_patience(here: Site, *keys: str) -> None:
    """Specs are large and kept: accounts cost nothing, so the address counts as well."""
    wait = max(here.specs.wait(key) for key in keys)
    if wait:
        raise Refusal("rate-limited", "too many specs", {"Retry-After": str(wait)})
