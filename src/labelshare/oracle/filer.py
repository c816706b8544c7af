"""The filer: has the proofs of every settlement of ours on file before anybody asks for them.

It is a job like any other, so that of several replicas one does it; for all of them where they share the
folder. What is not on file is filed at the first question, as where files were removed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final

from labelshare.oracle.case import Cases
from labelshare.oracle.filing import Files
from labelshare.store.bundles import find_bundle
from labelshare.store.jobs import Jobs
from labelshare.types import CampaignId, Hash32

__all__ = ["FILE", "Filer"]

FILE: Final = "file"
"""The job that files a settlement's proofs."""
POLL_SECONDS: Final = 5.0


@dataclass
class Filer:
    """Files settlements.

    Attributes:
        cases: The oracle's campaigns.
        jobs: Where what is to be filed is noted.
        files: Where it is filed.
        now: The machine's time, Unix seconds.
    """

    cases: Cases
    jobs: Jobs
    files: Files
    now: Callable[[], float] = time
    _seen: set[str] = field(default_factory=set)

    def step(self) -> float:
        """Note every proposal of a campaign of ours whose bundle is here; how long until the next look."""
        own: set[CampaignId] | None = None
        for proposed in self.cases.catalogue.proposed():
            key = f"{proposed.campaign}/{proposed.settlement.bundle_hash}"
            if key in self._seen:
                continue
            own = {each.campaign for each in self.cases.own()} if own is None else own
            if proposed.campaign not in own:
                self._seen.add(key)
            elif find_bundle(self.cases.database, *_read(key)) is not None:
                self.jobs.add(FILE, key, int(self.now()))
                self._seen.add(key)
        return POLL_SECONDS

    def file(self, key: str) -> None:
        """File one settlement, if it still is at hand.

        Raises:
            EvidenceError: Its bundle cannot be read.
            StoreError: The files cannot be written.
        """
        campaign, name = _read(key)
        catalogue = self.cases.catalogue
        bundle, posted = find_bundle(self.cases.database, campaign, name), catalogue.proposal(campaign)
        if bundle is not None and posted is not None and posted.bundle_hash == name:
            self.files.file(bundle, catalogue.campaign(campaign).spec, catalogue.record(campaign))


def _read(key: str) -> tuple[CampaignId, Hash32]:
    campaign, _, bundle = key.partition("/")
    return CampaignId(Hash32(campaign)), Hash32(bundle)
