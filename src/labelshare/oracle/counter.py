"""The counter: what many hand in at once, each with a verdict of its own, all by one transaction.

A message that the store, or a fault of ours, chokes on costs its neighbours nothing: each is taken alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import time
from typing import Final, NamedTuple, TypeAlias

from labelshare.chain.remote import RemoteChain
from labelshare.errors import LabelshareError, StoreError
from labelshare.oracle.desk import Desk
from labelshare.oracle.taking import Commits, NotReady, Openings, Verdict, Work, take
from labelshare.protocol.commitments import Opening, SignedCommit
from labelshare.store.database import is_of_rows
from labelshare.store.replies import Replies, Reply, Request
from labelshare.types import CampaignId

__all__ = ["Answer", "Counter", "Handed", "NotReady"]

TIME_SECONDS: Final = 0.2
"""How old the time of a chain may be by which groups are taken. A group waits up to ten seconds for others to
end their writing, after it asked: this adds next to nothing, and a request to the node for each is saved."""

Answer: TypeAlias = bytes | Exception
"""A receipt, or why there is none."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A message for a campaign.

    Attributes:
        campaign: Which.
        message: A sealed batch, or what opens one.
        prepared: Whether `Desk.prepare` was called for it: else it may be told `NotReady`.
        request: The request that it came by, if that has a key: then its answer is kept with the message.
        reply: That answer, made of the receipt.
    """

    campaign: CampaignId
    message: SignedCommit | Opening
    prepared: bool = False
    request: Request | None = None
    reply: Callable[[bytes], Reply] = lambda receipt: Reply(201, receipt)


@dataclass(frozen=True, slots=True)
class Counter:
    """Takes messages for every campaign of a desk.

    Attributes:
        desk: Whose.
        now: Unix seconds of this machine.
        keep: For how many of them answers to requests with a key are kept.
    """

    desk: Desk
    now: Callable[[], int] = lambda: int(time())
    keep: int = 24 * 3_600

    def take(self, handed: Sequence[Handed]) -> list[Answer]:
        """The answers to messages, in their order; what is answered by a receipt is on the disk.

        Several of one annotator are taken in the order given.
        """
        try:
            return self._together(handed)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is somebody's answer)
            if len(handed) == 1 or _is_of_all(error):
                return [error] * len(handed)
        return [answer for each in handed for answer in self.take([each])]

    def _together(self, handed: Sequence[Handed]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        works: list[tuple[list[int], Work]] = []
        for kind, numbers in _sorted(handed):
            try:
                works.append((numbers, self._work(kind, [handed[number].message for number in numbers])))
            except LabelshareError as error:
                answers |= dict.fromkeys(numbers, error)
        remembered = _Remembered(self, handed, works)
        take(self.desk.database, [*(work for _, work in works), remembered])
        for numbers, work in works:
            answers |= zip(numbers, work.answers(), strict=True)
        return [answers[number] for number in range(len(handed))]

    def _work(self, kind: _Kind, messages: Sequence[SignedCommit | Opening]) -> Work:
        oracle = self.desk.at_hand(kind.campaign)
        if oracle is None and not kind.prepared:
            raise NotReady("the campaign is not known here yet")
        oracle = oracle or self.desk.oracle(kind.campaign)
        if kind.opens:
            opened = [each for each in messages if isinstance(each, Opening)]
            return Openings(oracle.intake, opened, self._age)
        commits = [each for each in messages if isinstance(each, SignedCommit)]
        return Commits(oracle.intake, commits, _always if kind.prepared else oracle.knows, self._age)

    @property
    def _age(self) -> float:
        """A chain in this process is asked for nothing."""
        return TIME_SECONDS if isinstance(self.desk.chain, RemoteChain) else 0.0


class _Remembered:
    """The answers to requests with a key; the last work of a group."""

    turns: Sequence[bytes] = ()

    def __init__(
        self, counter: Counter, handed: Sequence[Handed], works: Sequence[tuple[list[int], Work]]
    ) -> None:
        self._counter, self._handed, self._works = counter, handed, works

    def check(self) -> None:
        """See `Work`."""

    def keep(self) -> None:
        """See `Work`: no receipt leaves this process before the transaction is on the disk."""
        if not any(each.request for each in self._handed):
            return
        answered: dict[Request, Reply] = {}
        for numbers, work in self._works:
            for number, answer in zip(numbers, work.answers(), strict=True):
                each = self._handed[number]
                if each.request is not None and isinstance(answer, bytes):
                    answered[each.request] = each.reply(answer)
        counter = self._counter
        Replies(counter.desk.database).add(answered, counter.now(), counter.keep)

    def answers(self) -> list[Verdict]:
        """See `Work`."""
        return []


class _Kind(NamedTuple):
    """Messages that one work takes; everybody takes them in this order."""

    campaign: CampaignId
    opens: bool
    prepared: bool


def _sorted(handed: Sequence[Handed]) -> list[tuple[_Kind, list[int]]]:
    """The numbers of the messages of each kind, as they came."""
    kinds: dict[_Kind, list[int]] = {}
    for number, each in enumerate(handed):
        kind = _Kind(each.campaign, isinstance(each.message, Opening), each.prepared)
        kinds.setdefault(kind, []).append(number)
    return sorted(kinds.items())


def _always(_: int | None) -> bool:
    return True


def _is_of_all(error: Exception) -> bool:
    """Whether the store is away, or too slow: then it is for everybody."""
    return isinstance(error, StoreError) and not is_of_rows(error)
