"""The lane: sealed batches and openings, which come by the thousands, without the detours of other routes.

Only what is usual goes this way. Whatever is not is left to the ordinary route of the same path, and told by
it what is wrong: a body of another kind, or that is not what it must be; somebody who is not signed in.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from starlette.types import Scope

from labelshare.api import bodies
from labelshare.api.gathering import Gathering, Waiting
from labelshare.api.idempotency import request_hash
from labelshare.api.problems import Refusal
from labelshare.api.reading import READERS, Reader
from labelshare.api.site import Site
from labelshare.errors import InputError
from labelshare.oracle.counter import Answer, Counter, Handed, NotReady
from labelshare.protocol import canonical
from labelshare.protocol.commitments import Opening, SignedCommit
from labelshare.protocol.typed_data import commit_hash
from labelshare.store.replies import Replies, Reply, Request, reused
from labelshare.store.sign_ins import SignIns, token_hash
from labelshare.types import Address, CampaignId, Hash32

__all__ = ["Lane", "Told", "Usual"]

Told: TypeAlias = "Reply | BaseException | None"
"""The answer, or the error that is the answer; None where `Lane.answer` must be asked."""

MOST_SESSIONS: Final = 100_000
_PREFIX: Final = "/v1/campaigns/"
_SCHEME: Final = b"Bearer "
_KEY: Final = re.compile(rb"[!-~]{0,200}")


class Usual(NamedTuple):
    """A request that goes by the lane: whose token, path and campaign, how to read its body, and its key."""

    token: bytes
    path: str
    campaign: str
    read: Reader
    key: bytes


class _Session(NamedTuple):
    """Whose session a token began, the token's hash, and what the account is called where it is limited."""

    account: Address
    token: bytes
    name: str


class _Asked(NamedTuple):
    """A message, and the hash of the token that it came with."""

    handed: Handed
    token: bytes


class _Waiting(NamedTuple):
    """Messages, tokens seen for the first time, and campaigns to be prepared."""

    messages: Gathering[_Asked, Answer | Reply]
    sessions: Gathering[bytes, _Session | None]
    preparing: Gathering[CampaignId, Exception | None]


class Lane:
    """Answers what is usual.

    An account's session is looked up when its token is first seen, and again in the store for each message,
    all of a group by one question: a session that ended anywhere is good for nothing more.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._counter = Counter(site.desk, site.auth.now, site.settings.reply_seconds)
        self._sign_ins = SignIns(site.desk.database)
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._preparer = ThreadPoolExecutor(1, thread_name_prefix="preparing")
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = WeakKeyDictionary()

    @staticmethod
    def usual(scope: Scope, headers: dict[bytes, bytes]) -> Usual | None:
        """The request as the lane takes it; None for any other."""
        path = scope["path"]
        if scope["method"] != "POST" or not path.startswith(_PREFIX):
            return None
        campaign, _, name = path[len(_PREFIX) :].partition("/")
        read, token = READERS.get(name), headers.get(b"authorization", b"")
        if read is None or not token.startswith(_SCHEME):
            return None
        key = headers.get(b"idempotency-key", b"")
        if headers.get(b"content-type") != b"application/json" or not _KEY.fullmatch(key):
            return None
        return Usual(token[len(_SCHEME) :], path, campaign, read, key)

    async def answer(self, usual: Usual, body: bytes) -> Reply | None:
        """The answer with the receipt; None where the ordinary route must answer.

        Raises:
            LabelshareError: As the desk does.
            Refusal: The account asks too often, or its session has ended.
        """
        session = self._sessions.get(usual.token) or await self._seen(usual.token)
        if session is None:
            return None
        asked = await self._read(usual, session, body)
        if asked is None:
            return None
        answer = await self._taken(asked)
        return answer if isinstance(answer, Reply) else asked.handed.reply(answer)

    def begin(self, usual: Usual, body: bytes, tell: Callable[[Told], None]) -> Waiting[Any, Any] | None:
        """The same without waiting: `tell` is told, in the event loop.

        Returns:
            What can be given up; None where nothing will be told and `answer` must be asked.

        Raises:
            Refusal: The account asks too often.
        """
        session = self._sessions.get(usual.token)
        asked = None if session is None else self._asked(usual, session, body)
        if asked is None:
            return None
        reply = asked.handed.reply

        def told(answer: Answer | Reply | None, error: BaseException | None) -> None:
            if isinstance(answer, bytes):
                tell(reply(answer))
            elif isinstance(answer, NotReady):
                tell(None)
            else:
                tell(error or answer)

        return self._here.messages.hand(asked, told)

    async def _read(self, usual: Usual, session: _Session, body: bytes) -> _Asked | None:
        if len(body) <= bodies.LARGE:
            return self._asked(usual, session, body)
        found: _Asked | None = await bodies.beside(self._asked, usual, session, body)
        return found

    def _asked(self, usual: Usual, session: _Session, body: bytes) -> _Asked | None:
        """The message; None where the ordinary route must say what is wrong with it."""
        try:
            campaign = CampaignId(Hash32(usual.campaign))
            bodies.require_modest(usual.path, body)
            message = usual.read(canonical.parse(body))
        except (InputError, RecursionError):
            return None
        if message is None or session.account != message.annotator:
            return None
        if wait := self._site.accounts.wait(session.name):
            raise Refusal("rate-limited", "too many requests of this account", {"Retry-After": str(wait)})
        reply = partial(_reply, _name(campaign, message))
        handed = Handed(campaign, message, request=_request(usual, session, body), reply=reply)
        return _Asked(handed, session.token)

    async def _taken(self, asked: _Asked) -> bytes | Reply:
        group = self._here.messages
        answer = await group.put(asked)
        if isinstance(answer, NotReady):
            if fault := await self._here.preparing.put(asked.handed.campaign):
                raise fault
            answer = await group.put(asked._replace(handed=replace(asked.handed, prepared=True)))
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def _here(self) -> _Waiting:
        """What waits in this event loop."""
        loop = asyncio.get_running_loop()
        found = self._waiting.get(loop)
        if found is None:
            found = self._waiting[loop] = _Waiting(
                Gathering(self._take, self._executor),
                Gathering(self._look_up, self._executor),
                Gathering(self._prepare, self._preparer),
            )
        return found

    def _prepare(self, campaigns: Sequence[CampaignId]) -> list[Exception | None]:
        """In a thread of its own, once for all who wait: it may take a while where a round has begun."""
        faults: dict[CampaignId, Exception | None] = dict.fromkeys(campaigns)
        for campaign in faults:
            try:
                self._site.desk.prepare(campaign)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is the answer)
                faults[campaign] = error
        return [faults[campaign] for campaign in campaigns]

    # ------------------------------------------------------------------- in its thread

    def _take(self, group: Sequence[_Asked]) -> list[Answer | Reply]:
        """Messages of sessions that go on, and of requests that were not answered before."""
        alive = self._sign_ins.sessions({each.token for each in group}, self._site.auth.now())
        known = self._answered([each.handed.request for each in group if each.handed.request])
        told = [_ended() if each.token not in alive else known.get(each.handed.request) for each in group]
        fresh = [each.handed for each, answer in zip(group, told, strict=True) if answer is None]
        answers = iter(self._counter.take(fresh))
        return [next(answers) if answer is None else answer for answer in told]

    def _answered(self, requests: Sequence[Request]) -> dict[Request | None, Answer | Reply]:
        """Those that were answered before, or have the key of another request."""
        if not requests:
            return {}
        first: dict[tuple[Address, str], Request] = {}
        for each in requests:
            first.setdefault((each.account, each.key), each)
        known = Replies(self._site.desk.database).known(requests, self._site.auth.now())
        told: dict[Request | None, Answer | Reply] = {
            each: reused(each) for each in requests if first[each.account, each.key] != each
        }
        return told | {each: answer for each, answer in known.items()}  # noqa: C416 (of a wider type)

    # ------------------------------------------------------------------------ sessions

    async def _seen(self, token: bytes) -> _Session | None:
        """The session that began with a token; whether it goes on is asked when a message is taken."""
        session = await self._here.sessions.put(token)
        if session is not None:
            self._sessions[token] = session
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def _look_up(self, tokens: Sequence[bytes]) -> list[_Session | None]:
        """In its thread."""
        hashes = [token_hash(each.decode("latin-1")) for each in tokens]
        known = self._sign_ins.sessions(set(hashes), self._site.auth.now())
        return [_session(known[each].account, each) if each in known else None for each in hashes]


def _session(account: Address, token: bytes) -> _Session:
    return _Session(account, token, account.hex())


def _ended() -> Refusal:
    headers = {"WWW-Authenticate": "Bearer"}
    return Refusal("unauthenticated", "no session has this token, or it is over", headers)


def _request(usual: Usual, session: _Session, body: bytes) -> Request | None:
    """The request under its key, as the ordinary routes name it."""
    if not usual.key:
        return None
    return Request(session.account, usual.key.decode(), request_hash("POST", usual.path, body))


def _name(campaign: CampaignId, message: SignedCommit | Opening) -> Hash32:
    return message.commit_hash if isinstance(message, Opening) else commit_hash(campaign, message.commit)


def _reply(name: Hash32, receipt: bytes) -> Reply:
    """The bytes of a `ReceiptAnswer`."""
    return Reply(201, f'{{"commitHash":"0x{name.hex()}","receipt":"0x{receipt.hex()}"}}'.encode())
