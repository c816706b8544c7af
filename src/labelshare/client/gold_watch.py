"""The requester's watch: reveals a campaign's gold by itself, if nobody else has.

Gold that is not revealed by the end of the reveal does not exist: nobody is judged by it, and nobody slashed.
"""

from __future__ import annotations

from dataclasses import dataclass

from labelshare.chain.campaign import Campaign
from labelshare.chain.state import Status
from labelshare.client.duties import patience
from labelshare.client.requester import Requester
from labelshare.errors import ChainError, CommitmentError
from labelshare.protocol.gold import SealedGold, posted_gold

__all__ = ["GoldWatch"]


@dataclass(frozen=True)
class GoldWatch:
    """Watches over one campaign's gold; it may end at any moment and begin again.

    Attributes:
        campaign: The campaign.
        requester: Whoever reveals; any account may.
        gold: What the spec seals.
    """

    campaign: Campaign
    requester: Requester
    gold: SealedGold

    def __post_init__(self) -> None:
        """Raise `CommitmentError` at once for gold that the spec does not seal."""
        if not posted_gold(self.campaign.spec, (self.gold.reveal,)):
            raise CommitmentError(f"this gold has root {self.gold.root}, the spec seals another")

    def due_at(self) -> int | None:
        """From when on it is to be revealed, Unix seconds; None once it is, or cannot be any more.

        Some time after the last commitment, so that no reorganisation brings back a block in which a label
        could still be committed.
        """
        line, now = self.campaign.params.schedule, self.campaign.contracts.registry.chain.now()
        running = self.campaign.state().status in {Status.CREATED, Status.OPEN}
        if not running or now >= line.reveal_end:
            return None
        if posted_gold(self.campaign.spec, self.campaign.record().gold):
            return None
        return line.commit_end + patience(line.reveal_period)

    def step(self) -> bool:
        """Reveal it if that is due; whether that was done now.

        Raises:
            RevertError: The chain refuses. Nothing moves.
            ChainError: The end of the last round is not final yet.
        """
        at, chain = self.due_at(), self.campaign.contracts.registry.chain
        if at is None or chain.now() < at:
            return False
        final = chain.finalized()
        end = self.campaign.params.schedule.commit_end
        if not chain.is_development and final is not None and chain.timestamp_of(final) < end:
            raise ChainError("the gold is not revealed yet: the end of the last round is not final")
        self.requester.reveal_gold(self.campaign.params, self.campaign.spec, self.gold)
        return True
