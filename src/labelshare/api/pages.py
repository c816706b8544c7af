"""The web app: built files of this package, and what a page must know of the chain before anything else.

The build (`scripts/build-web`) lies in `labelshare/web`; its files are held in memory, with their compressed
twins. Files with a hash in their name are cached for a year, the page itself never: it names the others.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from labelshare.chain.node import DEVELOPMENT_CHAIN_IDS
from labelshare.errors import InputError
from labelshare.oracle.desk import Desk

__all__ = ["Pages", "install"]

_BUILT: Final = Path(__file__).resolve().parent.parent / "web"
_INDEX: Final = "index.html"
_EDITOR: Final = "editor/"
_FRAME: Final = "editor/frame.html"
_HASHED: Final = ("assets/", "editor/main-")
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
# The editor's frame shows what strangers wrote. It has no origin, may run our scripts and load nothing else,
# not even from us; its styles are texts in the page, its pictures bytes that the page around it gives. Only
# our own pages may hold it.
_FRAME_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; "
    "img-src blob: data:; media-src blob: data:; connect-src 'none'; font-src 'none'; frame-src 'none'; "
    "worker-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_NOT_BUILT: Final = """\
The web app is not built. In a checkout of labelshare, run

    scripts/build-web

and start the service again. An installed package has it built in. The API is at /v1, its contract at
/v1/openapi.json.
"""
# Paths of the service itself: what is not found there is no page.
_NO_PAGE: Final = ("/v1/", "/rpc", "/healthz", "/readyz", "/metrics")


@dataclass(frozen=True, slots=True)
class _File:
    """A built file: its type, and its bytes by encoding, "" for none."""

    media_type: str
    bodies: Mapping[str, bytes]

    def best(self, accepted: str) -> tuple[str, bytes]:
        """The smallest form that a client takes."""
        offered = {
            each.partition(";")[0].strip() for each in accepted.lower().split(",") if ";q=0" not in each
        }
        named = next((name for name in _ENCODINGS if name in offered and name in self.bodies), "")
        return named, self.bodies[named]


@dataclass(frozen=True)
class Pages:
    """The built web app, and where its pages may read the chain.

    Attributes:
        rpc: A JSON-RPC address for browsers, or a path of this service; None where there is none, and a page
            reads the chain through its visitor's wallet. It is shown to everyone: no address with a key.
        folder: Where the build is.
    """

    rpc: str | None = None
    folder: Path = field(default=_BUILT)

    def __post_init__(self) -> None:
        if self.rpc is None or self.rpc.startswith("/"):
            return
        parts = urlsplit(self.rpc)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.username or parts.password:
            raise InputError(
                f"the node for pages is at http:// or https:// and a host, not {self.rpc!r:.200}"
            )

    @cached_property
    def files(self) -> Mapping[str, _File]:
        """Every built file by its path."""
        return dict(self._read())

    def _read(self) -> Iterator[tuple[str, _File]]:
        ends = tuple(_ENCODINGS.values())
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file() or path.name.endswith(ends):
                continue
            bodies = {"": path.read_bytes()}
            for name, end in _ENCODINGS.items():
                twin = path.with_name(path.name + end)
                if twin.is_file():
                    bodies[name] = twin.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            yield path.relative_to(self.folder).as_posix(), _File(kind, bodies)

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: nothing but our own files, our API, and the chain's node."""
        parts = urlsplit(self.rpc or "/")
        node = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            f"connect-src 'self'{node}; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; "
            "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )


def install(app: FastAPI, desk: Desk, pages: Pages) -> None:
    """Serve the web app on every path that nothing else has; the last thing that an app is given."""

    def site(request: Request) -> JSONResponse:
        lasts = request.app.state.site.settings.session_seconds
        return JSONResponse(_site(desk, pages) | {"sessionSeconds": lasts})

    def page(request: Request) -> Response:
        return _answer(pages, request.path_params["path"], request.headers.get("accept-encoding", ""))

    app.add_api_route("/site.json", site, methods=["GET"], include_in_schema=False)
    app.router.routes.append(_PageRoute("/{path:path}", page, methods=["GET"], include_in_schema=False))


class _PageRoute(Route):
    """Any path that somebody may look at; what is no page stays as unknown as it was."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return Match.NONE, {}
        if scope["path"].startswith(_NO_PAGE):
            return Match.NONE, {}
        return super().matches(scope)


def _site(desk: Desk, pages: Pages) -> dict[str, Any]:
    """What a page must know before it asks anything else; amounts of blocks are numbers."""
    made = desk.deployment
    return {
        "chainId": made.chain_id,
        "development": made.chain_id in DEVELOPMENT_CHAIN_IDS,
        "rpc": pages.rpc,
        "registry": str(made.registry.address),
        "licences": str(made.licenses.address),
        "token": str(made.token.address) if made.token else None,
        "block": made.block,
        "oracle": str(desk.signer.address),
        "editor": _FRAME in pages.files,
    }


def _answer(pages: Pages, path: str, accepted: str) -> Response:
    if _INDEX not in pages.files:
        return PlainTextResponse(_NOT_BUILT, 503)
    found = pages.files.get(path)
    if found is None:
        if "." in path.rpartition("/")[2]:
            raise HTTPException(404)  # a file that is not there, rather than a page
        path, found = _INDEX, pages.files[_INDEX]
    encoding, body = found.best(accepted)
    in_frame = path.startswith(_EDITOR)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if path.startswith(_HASHED) else "no-cache",
        "Content-Security-Policy": _FRAME_POLICY if in_frame else pages.policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        # A page of no origin is another origin than ours: the editor's files are for everyone.
        "Cross-Origin-Resource-Policy": "cross-origin" if in_frame else "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Vary": "Accept-Encoding",
    }
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, headers=headers, media_type=found.media_type)
