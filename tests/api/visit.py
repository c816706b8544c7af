"""A campaign behind its API, and visitors who ask it, all in this process and all real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import httpx
from fastapi import FastAPI

from labelshare.api.app import create_app
from labelshare.api.settings import ApiSettings
from labelshare.chain.keys import Signer
from labelshare.client.wire.problem import MEDIA_TYPE, PREFIX
from labelshare.client.wire.work import CommitQuestion, OpeningQuestion
from labelshare.oracle.blobs import Blobs
from labelshare.oracle.desk import Desk
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.protocol.sign_in import personal_digest
from tests.conftest import ROOT
from tests.oracle.stage import Stage, build

URL = "http://oracle.test"


@dataclass
class Clock:
    """A machine's clock that a test sets."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Place:
    """A campaign, its oracle's API, and who is signed in there."""

    stage: Stage
    desk: Desk
    app: FastAPI
    clock: Clock
    tokens: dict[bytes, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stage: Stage, settings: ApiSettings | None = None, blobs: Blobs | None = None) -> Place:
        clock = Clock()
        desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database, blobs)
        app = create_app(desk, settings or ApiSettings(url=URL), clock=clock, ticks=clock)
        return cls(stage, desk, app, clock)

    @property
    def root(self) -> str:
        """The campaign's path."""
        return f"/v1/campaigns/{self.stage.scope.campaign_id}"

    # ------------------------------------------------------------------- asking

    def ask(self, method: str, path: str, signer: Signer | None = None, **given: Any) -> httpx.Response:
        """One request, signed in as `signer`."""
        headers = dict(given.pop("headers", {}))
        if signer is not None:
            headers.setdefault("Authorization", f"Bearer {self.token(signer)}")
        answer: httpx.Response = anyio.run(partial(self._ask, method, path, headers=headers, **given))
        return answer

    async def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=("203.0.113.9", 4711))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.request(method, path, **given)

    def get(self, path: str, signer: Signer | None = None, **given: Any) -> httpx.Response:
        return self.ask("GET", path, signer, **given)

    def post(self, path: str, body: Any, signer: Signer | None = None, **given: Any) -> httpx.Response:
        return self.ask("POST", path, signer, json=body, **given)

    def rows(self, path: str, signer: Signer | None = None, limit: int = 2) -> Iterator[Any]:
        """Every row of a list, page by page."""
        query: dict[str, Any] = {"limit": limit}
        while True:
            page = good(self.get(path, signer, params=query))
            assert len(page["items"]) <= limit
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    # --------------------------------------------------------------- signing in

    def sign_in_text(self, signer: Signer) -> dict[str, Any]:
        asked: dict[str, Any] = good(self.post("/v1/sign-ins", {"account": str(signer.address)}), 201)
        return asked

    def signed_in(self, nonce: str, text: str, signer: Signer) -> httpx.Response:
        signature = "0x" + signer.sign_digest(personal_digest(text)).hex()
        return self.post("/v1/sessions", {"nonce": nonce, "signature": signature})

    def token(self, signer: Signer) -> str:
        if signer.address not in self.tokens:
            asked = self.sign_in_text(signer)
            answer = good(self.signed_in(asked["nonce"], asked["message"], signer), 201)
            self.tokens[signer.address] = answer["token"]
        return self.tokens[signer.address]

    # ----------------------------------------------------------------- messages

    def enrol(self, enrolment: Enrolment, signer: Signer, **given: Any) -> httpx.Response:
        body = {"annotator": str(enrolment.annotator), "signature": "0x" + enrolment.signature.hex()}
        return self.post(f"{self.root}/enrolments", body, signer, **given)

    def commit(self, signed: SignedCommit, signer: Signer, **given: Any) -> httpx.Response:
        return self.post(f"{self.root}/commitments", commit_body(signed), signer, **given)

    def open(self, opening: Opening, signer: Signer, **given: Any) -> httpx.Response:
        body = OpeningQuestion.of(opening).model_dump(mode="json", by_alias=True)
        return self.post(f"{self.root}/openings", body, signer, **given)


def commit_body(signed: SignedCommit, **changes: Any) -> dict[str, Any]:
    return CommitQuestion.of(signed).model_dump(mode="json", by_alias=True) | changes


def new_place(settings: ApiSettings | None = None, blobs: Blobs | None = None, **changes: Any) -> Place:
    """A funded campaign that nobody has accepted, on a chain that threads may share."""
    return Place.of(build(for_threads=True, **changes), settings, blobs)


def good(response: httpx.Response, status: int = 200) -> Any:
    """The JSON of an answer."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem of an answer, which is one in full and says nothing of the inside."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "requestId", "errors"}
    assert (body["type"], body["status"]) == (PREFIX + slug, status)
    assert body["title"]
    assert body["detail"]
    assert body["requestId"] == response.headers["x-request-id"]
    for word in ("Traceback", "SELECT", "sqlite", "/inner/", f"{ROOT}/", ".py", "INSERT"):
        assert word not in response.text
    return body
