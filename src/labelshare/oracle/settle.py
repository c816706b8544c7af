"""Proposing: on what the chain cannot unsay, and only what holds when it is verified."""

from __future__ import annotations

from labelshare.oracle.case import Case

__all__ = ["propose", "propose_late"]


def propose(case: Case, _about: str) -> None:
    """Propose in the oracle's own time.

    Raises:
        ProtocolError: The store's messages do not fit what the chain says of the campaign.
        VerificationError: What was built from them does not hold. Nothing is proposed.
    """
    case.engine.propose(case.final_record(), check=True)


def propose_late(case: Case, _about: str) -> None:
    """Propose after the oracle's own time, for a part of its bond; raises as `propose` does."""
    case.engine.propose(case.final_record(), late=True, check=True)
