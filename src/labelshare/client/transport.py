"""What passes between an annotator's client and an oracle: signed messages, answered by signed receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from labelshare.errors import ServiceError
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit
from labelshare.types import Address

__all__ = ["NoOracle", "Transport"]


class Transport(Protocol):
    """An oracle, in process or over a network.

    Each method raises `ProtocolError` for a message that the oracle refuses, which then changes nothing.
    """

    def enrol(self, enrolment: Enrolment) -> None:
        """Ask for a place on the roster."""

    def enrolled(self) -> Sequence[Address]:
        """Everyone on the roster that was posted, in any order: whoever keeps it can prove its own place."""

    def commit(self, signed: SignedCommit) -> bytes:
        """Hand in a sealed batch; returns the oracle's signature over Receipt."""

    def open(self, opening: Opening) -> bytes:
        """Open a batch; returns the oracle's signature over OpeningReceipt."""

    def published(self, number: int) -> Sequence[SignedCommit]:
        """The commitments of a round that was posted, with their item lists, in any order."""


@dataclass(frozen=True)
class NoOracle:
    """The way to an oracle that cannot be reached: every method raises `ServiceError`.

    Attributes:
        why: What the error says.
    """

    why: str

    def _fail(self) -> NoReturn:
        raise ServiceError(self.why)

    def enrol(self, _enrolment: Enrolment) -> None:
        """See `Transport`."""
        self._fail()

    def enrolled(self) -> Sequence[Address]:
        """See `Transport`."""
        self._fail()

    def commit(self, _signed: SignedCommit) -> bytes:
        """See `Transport`."""
        self._fail()

    def open(self, _opening: Opening) -> bytes:
        """See `Transport`."""
        self._fail()

    def published(self, _number: int) -> Sequence[SignedCommit]:
        """See `Transport`."""
        self._fail()
