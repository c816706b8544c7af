"""The lane: sealed batches and openings, which come by the thousands, without the detours of other routes.

Only what is usual goes this way. Whatever is not is left to the ordinary route of the same path, and told by
it what is wrong: a body of another kind, or that is not what it must be; a key of idempotency, which these
messages need not have, since the same message gets the same answer anyway; somebody who is not signed in.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from labelshare.api.gathering import Gathering
from labelshare.api.problems import Refusal
from labelshare.api.site import Site
from labelshare.client.wire.work import CommitQuestion, OpeningQuestion
from labelshare.errors import InputError
from labelshare.oracle.counter import Answer, Counter, Handed, NotReady
from labelshare.protocol import canonical
from labelshare.protocol.typed_data import commit_hash
from labelshare.store.sign_ins import Session, SignIns, token_hash
from labelshare.types import CampaignId, Hash32

__all__ = ["Lane", "Usual"]

MOST_SESSIONS: Final = 100_000
_PREFIX: Final = "/v1/campaigns/"
_SCHEME: Final = b"Bearer "
_QUESTIONS: Final[dict[str, type[CommitQuestion | OpeningQuestion]]] = {
    "commitments": CommitQuestion,
    "openings": OpeningQuestion,
}


class Usual(NamedTuple):
    """A request that goes by the lane: whose token, which campaign, and what it asks."""

    token: bytes
    campaign: str
    kind: type[CommitQuestion | OpeningQuestion]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message, and the hash of the token that it came with."""

    handed: Handed
    token: bytes


_Group: TypeAlias = Gathering[_Asked, Answer]


class Lane:
    """Answers what is usual.

    An account's session is looked up when its token is first seen, and again in the store for each message,
    all of a group by one question: a session that ended anywhere is good for nothing more.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._counter = Counter(site.desk)
        self._sign_ins = SignIns(site.desk.database)
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._groups: WeakKeyDictionary[asyncio.AbstractEventLoop, _Group] = WeakKeyDictionary()
        self._preparing: dict[CampaignId, asyncio.Task[None]] = {}

    @staticmethod
    def usual(scope: Scope, headers: dict[bytes, bytes]) -> Usual | None:
        """The request as the lane takes it; None for any other."""
        path = scope["path"]
        if scope["method"] != "POST" or not path.startswith(_PREFIX):
            return None
        campaign, _, name = path[len(_PREFIX) :].partition("/")
        kind, token = _QUESTIONS.get(name), headers.get(b"authorization", b"")
        if kind is None or not token.startswith(_SCHEME) or b"idempotency-key" in headers:
            return None
        if headers.get(b"content-type") != b"application/json":
            return None
        return Usual(token[len(_SCHEME) :], campaign, kind)

    async def answer(self, usual: Usual, body: bytes) -> bytes | None:
        """The JSON of the receipt, which comes with status 201; None where the ordinary route must answer.

        Raises:
            LabelshareError: As the desk does.
            Refusal: The account asks too often, or its session has ended.
        """
        session = await self._session(usual.token)
        try:
            campaign = CampaignId(Hash32(usual.campaign))
            question = usual.kind.model_validate(canonical.parse(body))
        except (InputError, ValidationError, RecursionError):
            return None
        if session is None or session.account != question.annotator:
            return None
        if wait := self._site.accounts.wait(session.account.hex()):
            raise Refusal("rate-limited", "too many requests of this account", {"Retry-After": str(wait)})
        asked = _Asked(Handed(campaign, question.message), token_hash(usual.token.decode("latin-1")))
        return _receipted(campaign, question, await self._taken(asked))

    async def _taken(self, asked: _Asked) -> bytes:
        group = self._group()
        answer = await group.put(asked)
        if isinstance(answer, NotReady):
            await self._prepare(asked.handed.campaign)
            answer = await group.put(replace(asked, handed=replace(asked.handed, prepared=True)))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _group(self) -> _Group:
        loop = asyncio.get_running_loop()
        group = self._groups.get(loop)
        if group is None:
            group = self._groups[loop] = Gathering(self._take, self._executor)
        return group

    async def _prepare(self, campaign: CampaignId) -> None:
        """Once for all who wait for it; it may take a while where a round has begun."""
        task = self._preparing.get(campaign)
        if task is None or task.done():
            work = run_in_threadpool(self._site.desk.prepare, campaign)
            task = self._preparing[campaign] = asyncio.ensure_future(work)
            task.add_done_callback(lambda _: self._preparing.pop(campaign, None))
        await asyncio.shield(task)

    # ------------------------------------------------------------------- in its thread

    def _take(self, group: Sequence[_Asked]) -> list[Answer]:
        alive = self._sign_ins.alive({each.token for each in group}, self._site.auth.now())
        answers = iter(self._counter.take([each.handed for each in group if each.token in alive]))
        return [next(answers) if each.token in alive else _ended() for each in group]

    # ------------------------------------------------------------------------ sessions

    async def _session(self, token: bytes) -> Session | None:
        """The session that began with a token; whether it goes on is asked when the message is taken."""
        found = self._sessions.get(token)
        if found is None:
            try:
                found = await run_in_threadpool(self._site.auth.session, token.decode("latin-1"))
            except Refusal:
                return None
            self._sessions[token] = found
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return found


def _ended() -> Refusal:
    headers = {"WWW-Authenticate": "Bearer"}
    return Refusal("unauthenticated", "no session has this token, or it is over", headers)


def _receipted(campaign: CampaignId, question: CommitQuestion | OpeningQuestion, receipt: bytes) -> bytes:
    """The bytes of a `ReceiptAnswer`."""
    if isinstance(question, OpeningQuestion):
        name = question.commit_hash
    else:
        name = commit_hash(campaign, question.message.commit)
    return b'{"commitHash":"0x%b","receipt":"0x%b"}' % (name.hex().encode(), receipt.hex().encode())
