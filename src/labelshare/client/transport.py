"""What passes between an annotator's client and an oracle: signed messages, answered by signed receipts."""

from __future__ import annotations

from typing import Protocol

from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit

__all__ = ["Transport"]


class Transport(Protocol):
    """An oracle, in process or over a network.

    Each method raises `ProtocolError` for a message that the oracle refuses, which then changes nothing.
    """

    def enrol(self, enrolment: Enrolment) -> None:
        """Ask for a place on the roster."""

    def commit(self, signed: SignedCommit) -> bytes:
        """Hand in a sealed batch; returns the oracle's signature over Receipt."""

    def open(self, opening: Opening) -> bytes:
        """Open a batch; returns the oracle's signature over OpeningReceipt."""
