"""An oracle's service as typed calls: what there is, what one is assigned, what one earns and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel

from labelshare.chain.keys import Signer
from labelshare.client.connection import Connection, Sent
from labelshare.client.wire.base import Answer, Page, Question
from labelshare.client.wire.campaigns import CampaignAnswer, CampaignLine, ItemAnswer, RolesAnswer
from labelshare.client.wire.datasets import (
    DatasetAnswer,
    DatasetLine,
    HolderAnswer,
    HoldingAnswer,
    OfferAnswer,
)
from labelshare.client.wire.health import ReadyAnswer
from labelshare.client.wire.media import MediaStored
from labelshare.client.wire.money import EarningsAnswer, ProofAnswer, ReasonAnswer, ReasonsAnswer
from labelshare.client.wire.quotes import AcceptanceAnswer, QuoteAnswer, QuoteQuestion, SpecStored
from labelshare.client.wire.session import (
    SessionAnswer,
    SignInMessage,
    SignInProof,
    SignInQuestion,
    TokenAnswer,
)
from labelshare.client.wire.work import AssignmentAnswer, BatchAnswer
from labelshare.errors import (
    AccessError,
    EvidenceError,
    InputError,
    NotFoundError,
    ServiceError,
    SignatureError,
)
from labelshare.protocol.evidence import MAX_BUNDLE_BYTES
from labelshare.protocol.sign_in import SignIn, personal_digest
from labelshare.protocol.spec import MAX_SPEC_BYTES, Spec
from labelshare.types import Address, CampaignId, Hash32

if TYPE_CHECKING:
    from pathlib import Path

    from labelshare.client.http import HttpTransport

__all__ = ["ServiceClient"]

Row = TypeVar("Row")
Kind = TypeVar("Kind", bound=BaseModel)

PAGE: Final = 1_000
PIECE: Final = 256 * 1024
MOST_MEDIA_BYTES: Final = 256 * 1024**2
LONGEST_SIGN_IN: Final = 3_600
_PLAIN_BYTES: Final = 8 * 1024**2  # what a service quotes without a sign-in


class ServiceClient:
    """One account's client of one service; it signs in by itself when it has to.

    Each method raises `ServiceError` where the service fails or cannot be reached, and otherwise what the
    same would raise in process.

    Example:
        >>> service = ServiceClient(Connection("https://oracle.example"), ann, chain_id=1)
        >>> service.assignment(scope.campaign_id).open_count
        4
    """

    def __init__(self, connection: Connection, signer: Signer | None = None, *, chain_id: int) -> None:
        """Say nothing yet.

        Args:
            connection: The way to the service.
            signer: The account; None for what needs none.
            chain_id: The chain that the account means: it signs in for no other.
        """
        self.connection = connection
        self._signer = signer
        self._chain_id = chain_id
        self._token: str | None = None
        self._lock = RLock()

    # --------------------------------------------------------------------- signing in

    def sign_in(self) -> SessionAnswer:
        """Begin a session.

        Raises:
            InputError: This client has no account.
            SignatureError: The service asks to sign something else than a sign-in to itself.
        """
        signer = self._require_signer()
        question = SignInQuestion(account=signer.address)
        asked = self._plain(_post("/v1/sign-ins", question), SignInMessage)
        self._require_expected(asked, signer.address)
        signature = signer.sign_digest(personal_digest(asked.message))
        proof = SignInProof(nonce=asked.nonce, signature=signature)
        session = self._plain(_post("/v1/sessions", proof), TokenAnswer)
        if session.account != signer.address:
            raise ServiceError(f"the service signed in {session.account}, not {signer.address}")
        self._token = session.token
        return SessionAnswer(account=session.account, expires_at=session.expires_at)

    def sign_out(self) -> None:
        """End the session, if there is one."""
        if self._token is not None:
            headers = {"Authorization": f"Bearer {self._token}"}
            self._token = None
            self.connection.fetch(Sent("DELETE", "/v1/sessions/current", headers=headers))

    def session(self) -> SessionAnswer:
        """The session, begun where there is none."""
        return self.ask(Sent("GET", "/v1/sessions/current"), SessionAnswer)

    def _require_signer(self) -> Signer:
        if self._signer is None:
            raise InputError("this client has no account to sign in with")
        return self._signer

    def _require_expected(self, asked: SignInMessage, account: Address) -> None:
        """The text is the one that signs in here, on this chain, to the letter."""
        domain = self.connection.domain
        expected = SignIn(
            domain=domain,
            account=account,
            uri=asked.uri,
            chain_id=self._chain_id,
            nonce=asked.nonce,
            issued_at=asked.issued_at,
            expires_at=asked.expires_at,
        )
        if asked.message != expected.text or asked.uri != f"{self.connection.url}/v1":
            raise SignatureError(
                f"{domain} asks to sign something else than a sign-in to itself on chain {self._chain_id}"
            )
        issued, expires = (_seconds(text) for text in (asked.issued_at, asked.expires_at))
        if not 0 < expires - issued <= LONGEST_SIGN_IN:
            raise SignatureError(f"{domain} asks for a sign-in that is good for too long, or never")

    # ----------------------------------------------------------------------- campaigns

    def campaigns(self) -> Iterator[CampaignLine]:
        """The campaigns of the oracle, the newest first."""
        return self.pages("/v1/campaigns", CampaignLine)

    def campaign(self, campaign: CampaignId) -> CampaignAnswer:
        """One campaign; while it is not accepted, its `waits_for` says why."""
        return self._plain(Sent("GET", f"/v1/campaigns/{campaign}"), CampaignAnswer)

    def roles(self, campaign: CampaignId) -> frozenset[str]:
        """What the account is in a campaign."""
        return frozenset(self.ask(Sent("GET", f"/v1/campaigns/{campaign}/roles"), RolesAnswer).roles)

    def items(self, campaign: CampaignId) -> Iterator[ItemAnswer]:
        """The items of a campaign, by index."""
        return self.pages(f"/v1/campaigns/{campaign}/items", ItemAnswer)

    def media(self, campaign: CampaignId, digest: Hash32) -> bytes:
        """What an item is made of; `EvidenceError` if the bytes are something else."""
        path = f"/v1/campaigns/{campaign}/media/{digest}"
        return _checked(self.fetch(Sent("GET", path, most=MOST_MEDIA_BYTES)), digest)

    def has_media(self, campaign: CampaignId, digest: Hash32) -> bool:
        """Whether the service has the content of an item, so that it need not be handed in (again)."""
        try:
            self.fetch(Sent("HEAD", f"/v1/campaigns/{campaign}/media/{digest}"))
        except NotFoundError:
            return False
        return True

    def put_media(self, campaign: CampaignId, digest: Hash32, content: Path | bytes) -> MediaStored:
        """Hand in the content of an item, from a file or as it is; the same again changes nothing.

        Raises:
            InputError: It has another sha256, is none of the kinds taken, or its file cannot be read.
            NotFoundError: No item of the campaign has that content.
            AccessError: The account is not the campaign's requester.
            ProtocolError: Nobody labels any more, or it is more than the service keeps.
            ServiceError: It is too large for the service, or the service fails.
        """
        path = f"/v1/campaigns/{campaign}/media/{digest}"
        try:
            size = len(content) if isinstance(content, bytes) else content.stat().st_size
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            sent = Sent("PUT", path, headers=headers, content=lambda: _pieces(content))
            return self.ask(sent, MediaStored)
        except OSError as error:
            raise InputError(f"{content!r:.200}: cannot be read: {error.strerror}") from None

    def transport(self, campaign: CampaignId) -> HttpTransport:
        """The way to hand in messages for a campaign, as `Annotator` takes it."""
        from labelshare.client.http import HttpTransport

        return HttpTransport(self, campaign)

    # ------------------------------------------------------------------------ the work

    def assignment(
        self, campaign: CampaignId, limit: int = PAGE, after: int | None = None
    ) -> AssignmentAnswer:
        """What the account may label now; `limit` items of it at most, of those behind the item `after`."""
        path, query = f"/v1/campaigns/{campaign}/assignment", {"limit": limit}
        if after is not None:
            query["after"] = after
        return self.ask(Sent("GET", path, query=query), AssignmentAnswer)

    def open_items(self, campaign: CampaignId, begun: AssignmentAnswer) -> Iterator[int]:
        """Every open item, those of an answer of `assignment` first, for as long as its round runs."""
        page, left = begun, begun.open_count
        while page.items and page.round == begun.round:
            yield from (each.index for each in page.items)
            left -= len(page.items)
            if left <= 0:
                break
            page = self.assignment(campaign, after=page.items[-1].index)

    def receipts(self, campaign: CampaignId) -> Iterator[BatchAnswer]:
        """The account's batches with their receipts, by number."""
        return self.pages(f"/v1/campaigns/{campaign}/receipts", BatchAnswer, signed_in=True)

    def earnings(self, campaign: CampaignId) -> EarningsAnswer:
        """What a campaign earns the account."""
        return self.ask(Sent("GET", f"/v1/campaigns/{campaign}/earnings"), EarningsAnswer)

    def every_earning(self) -> Iterator[EarningsAnswer]:
        """The same of each campaign, the newest first."""
        return self.pages("/v1/earnings", EarningsAnswer, signed_in=True)

    def reasons(self, campaign: CampaignId) -> tuple[list[ReasonAnswer], ReasonsAnswer]:
        """Every label that was not paid in full; and the first page of them, which has the skill."""
        path, found = f"/v1/campaigns/{campaign}/reasons", list[ReasonAnswer]()
        first = page = self.ask(Sent("GET", path, query={"limit": PAGE}), ReasonsAnswer)
        found += page.items
        while page.next is not None:
            query: dict[str, str | int] = {"limit": PAGE, "cursor": page.next}
            page = self.ask(Sent("GET", path, query=query), ReasonsAnswer)
            found += page.items
        return found, first

    # -------------------------------------------------------------------- the evidence

    def proof(self, campaign: CampaignId, annotator: Address, item: int) -> ProofAnswer:
        """The proof of one label; checking it needs the roots on chain and nothing else."""
        path = f"/v1/campaigns/{campaign}/proofs/{annotator}/{item}"
        return self._plain(Sent("GET", path), ProofAnswer)

    def bundle(self, campaign: CampaignId, digest: Hash32) -> bytes:
        """The evidence of a settlement; `EvidenceError` if the bytes are something else."""
        path = f"/v1/campaigns/{campaign}/bundles/{digest}"
        return _checked(self.connection.fetch(Sent("GET", path, most=MAX_BUNDLE_BYTES)), digest)

    # -------------------------------------------------------------- specs and quotes

    def acceptance(self) -> AcceptanceAnswer:
        """Which campaigns the oracle takes on; `NotFoundError` where the service is too old to say."""
        return self._plain(Sent("GET", "/v1/acceptance"), AcceptanceAnswer)

    def put_spec(self, spec: Spec) -> SpecStored:
        """Hand in a spec, before its campaign is funded."""
        return self.ask(Sent("PUT", f"/v1/specs/{spec.hash}", body=spec.canonical_bytes), SpecStored)

    def spec(self, digest: Hash32) -> Spec:
        """A spec by its hash; `EvidenceError` if the bytes are something else."""
        data = self.connection.fetch(Sent("GET", f"/v1/specs/{digest}", most=MAX_SPEC_BYTES))
        return Spec.parse(_checked(data, digest))

    def quote(self, spec: Spec, **assumed: Any) -> QuoteAnswer:
        """What a campaign of that spec will cost and pay; `assumed` as `QuoteQuestion` names it.

        Raises:
            InputError: Something is assumed that a quote does not know.
        """
        try:
            question = QuoteQuestion(spec=spec.fields, **assumed)
        except ValueError as error:
            raise InputError(f"a quote cannot assume this: {error}") from None
        sent = _post("/v1/quotes", question, again=True)
        is_large = len(sent.body or b"") > _PLAIN_BYTES
        return self.ask(sent, QuoteAnswer) if is_large else self._plain(sent, QuoteAnswer)

    # ------------------------------------------------------------------------ datasets

    def datasets(self) -> Iterator[DatasetLine]:
        """Every dataset, the newest first."""
        return self.pages("/v1/datasets", DatasetLine)

    def dataset(self, dataset: Address) -> DatasetAnswer:
        """One dataset."""
        return self._plain(Sent("GET", f"/v1/datasets/{dataset}"), DatasetAnswer)

    def licences(self, dataset: Address) -> Iterator[OfferAnswer]:
        """Its licences for sale, the newest offer first."""
        return self.pages(f"/v1/datasets/{dataset}/licences", OfferAnswer)

    def holders(self, dataset: Address) -> Iterator[HolderAnswer]:
        """Who holds its shares, by address."""
        return self.pages(f"/v1/datasets/{dataset}/holders", HolderAnswer)

    def holding(self, dataset: Address) -> HoldingAnswer:
        """What the account holds of it."""
        return self.ask(Sent("GET", f"/v1/datasets/{dataset}/holding"), HoldingAnswer)

    def ready(self) -> ReadyAnswer:
        """Whether the service is fit to serve; `ServiceError` if it is not."""
        return self._plain(Sent("GET", "/readyz"), ReadyAnswer)

    # ----------------------------------------------------------------------- mechanics

    def ask(self, sent: Sent, kind: type[Kind]) -> Kind:
        """Send a request as the account, signed in anew where the session is over."""
        return self._signed_in(sent, lambda each: self.connection.ask(each, kind))

    def fetch(self, sent: Sent) -> bytes:
        """The same for an answer that is no JSON."""
        return self._signed_in(sent, self.connection.fetch)

    def post(self, path: str, question: Question, kind: type[Kind]) -> Kind:
        """Send a message as the account, named by its content: sent again it is the same message."""
        return self.ask(_post(path, question, again=True), kind)

    def pages(self, path: str, row: type[Row], *, signed_in: bool = False) -> Iterator[Row]:
        """The rows of a list, page by page; a list that does not move on is an error."""
        cursor: str | None = None
        ask: Callable[[Sent, Any], Any] = self.ask if signed_in else self._plain
        while True:
            query: dict[str, str | int] = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page: Page[Row] = ask(Sent("GET", path, query=query), Page[row])  # type: ignore[valid-type]
            yield from page.items
            if page.next is None:
                return
            if page.next == cursor or not page.items:
                raise ServiceError(f"{path}: the service's list does not end")
            cursor = page.next

    def _plain(self, sent: Sent, kind: type[Kind]) -> Kind:
        return self.connection.ask(sent, kind)

    def _signed_in(self, sent: Sent, send: Callable[[Sent], Row]) -> Row:
        token = self._current()
        try:
            return send(_with_token(sent, token))
        except AccessError:
            if not self._is_over(token):
                raise
        return send(_with_token(sent, self._current()))

    def _current(self) -> str:
        with self._lock:
            if self._token is None:
                self.sign_in()
            if self._token is None:
                raise ServiceError("the service gave no session")
            return self._token

    def _is_over(self, token: str) -> bool:
        """Whether a session is over, which is then forgotten: a refusal may have another reason."""
        try:
            self.connection.ask(_with_token(Sent("GET", "/v1/sessions/current"), token), SessionAnswer)
        except AccessError:
            with self._lock:
                if self._token == token:
                    self._token = None
            return True
        return False


def _post(path: str, question: Question | Answer, *, again: bool = False) -> Sent:
    body = question.model_dump_json(by_alias=True, exclude_none=True).encode()
    headers = {"Idempotency-Key": sha256(path.encode() + b"\0" + body).hexdigest()} if again else {}
    return Sent("POST", path, body=body, headers=headers, again=again)


def _with_token(sent: Sent, token: str) -> Sent:
    headers = {**sent.headers, "Authorization": f"Bearer {token}"}
    return replace(sent, headers=headers)


def _pieces(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


def _checked(data: bytes, digest: Hash32) -> bytes:
    if sha256(data).digest() != digest:
        raise EvidenceError(f"the service gave something else for {digest}")
    return data


def _seconds(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise SignatureError(f"{text!r:.40} is not a time in a sign-in text") from None
