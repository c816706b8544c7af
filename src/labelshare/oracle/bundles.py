"""Where the evidence of a settlement is had: in the store, by the chain alone, or where it is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import structlog

from labelshare.errors import EvidenceError, LabelshareError, NotFoundError
from labelshare.oracle.case import Cases
from labelshare.protocol.record import Record
from labelshare.protocol.settlement import build_public
from labelshare.store.messages import Messages
from labelshare.types import CampaignId, Hash32

__all__ = ["Bundles", "Fetch"]

Fetch = Callable[[CampaignId, Hash32], bytes | None]
"""Gives a bundle by its campaign and hash, from wherever it is published; None where it is not to be had.

Raises `EvidenceError` for one that may be there and is too large to be read.
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Bundles:
    """Finds bundles of any campaign at the deployment.

    Attributes:
        cases: Whose store, and where events are read.
        fetch: Where bundles come from that are neither in the store nor follow from the chain; None for
            nowhere.
    """

    cases: Cases
    fetch: Fetch | None = None

    def find(self, record: Record) -> bytes | None:
        """The evidence of the settlement at hand; None where it is not to be had.

        Its hash is the one on chain, but for a public settlement: that follows from the chain, so a bundle
        with another hash shows that the settlement is wrong.

        Raises:
            EvidenceError: It may be to be had, and is too large.
        """
        posted, campaign = record.posted, record.campaign_id
        if posted is None:
            return None
        name = posted.settlement.bundle_hash
        known = Messages(self.cases.database, campaign).bundle(name)
        if known is None and posted.public:
            known = self._built(record, name)
        return self._fetched(campaign, name) if known is None else known

    def _built(self, record: Record, name: Hash32) -> bytes | None:
        """What anybody can build who has the spec.

        It is kept where the campaign is the oracle's own: its service then pays by it, and shows it.
        """
        try:
            spec = self.cases.catalogue.campaign(record.campaign_id).spec
        except NotFoundError:
            return None
        built = build_public(spec, record)
        if built.settlement.bundle_hash == name and record.params.oracle == self.cases.signer.address:
            Messages(self.cases.database, record.campaign_id).keep_bundle(name, built.bundle)
        return built.bundle

    def _fetched(self, campaign: CampaignId, name: Hash32) -> bytes | None:
        """What is published; whoever gives another than asked for gives none."""
        if self.fetch is None:
            return None
        try:
            data = self.fetch(campaign, name)
        except EvidenceError:
            raise
        except LabelshareError as error:
            log.warning("bundle not fetched", campaign=str(campaign), error=str(error))
            return None
        if data is not None and sha256(data).digest() != name:
            log.warning("another bundle was given", campaign=str(campaign), bundle=str(name))
            return None
        return data
