"""The keeper of others' campaigns: ends them in time, hands out what they owe, and frees their places.

Anyone may make these calls. They cost gas and earn nothing, and take from nobody: what is claimed goes to the
account in the leaf. No spec is needed for them; handing out needs the settlement's bundle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final

from labelshare.chain import events as ev
from labelshare.chain.contracts import Parts
from labelshare.chain.history import handed_out
from labelshare.chain.node import Call
from labelshare.chain.state import CampaignState, Status
from labelshare.errors import EvidenceError
from labelshare.oracle.bundles import Bundles
from labelshare.oracle.case import Cases
from labelshare.oracle.engine import CLAIMS_A_CALL, runs
from labelshare.oracle.jobs import Later
from labelshare.protocol.evidence import PayoutRow, read
from labelshare.protocol.leaves import Payout, payout_leaves
from labelshare.protocol.merkle import MerkleTree
from labelshare.store.jobs import Jobs
from labelshare.types import CampaignId, Hash32, Scope

__all__ = ["KEEP", "OtherKeeper"]

KEEP: Final = "keep"
POLL_SECONDS: Final = 30.0
LONGEST: Final = 600.0


@dataclass
class OtherKeeper:
    """Keeps the campaigns of other oracles at the same registry.

    Attributes:
        cases: Where events are read, and by whom calls are sent.
        jobs: Where each campaign is noted, from its first proposal on.
        bundles: Where evidence is had.
        now: The machine's time, Unix seconds.
    """

    cases: Cases
    jobs: Jobs
    bundles: Bundles
    now: Callable[[], float] = time
    _seen: set[CampaignId] = field(default_factory=set)

    def step(self) -> float:
        """Note every campaign of others with a proposal; how many seconds until the next look."""
        catalogue, own = self.cases.catalogue, self.cases.signer.address
        others = {each.campaign for each in catalogue.campaigns() if each.params.oracle != own} - self._seen
        for name, status in catalogue.statuses(others).items():
            if status in {Status.PROPOSED, Status.DISPUTED, Status.FINAL}:
                self.jobs.add(KEEP, str(name), int(self.now()))
                self._seen.add(name)
        return POLL_SECONDS

    def keep(self, key: str) -> str | None:
        """Do what is due for one campaign.

        Returns:
            What could not be done for good; None where all is.

        Raises:
            Later: More will be due.
        """
        name = CampaignId(Hash32(key))
        self.cases.indexer.catch_up()
        catalogue = self.cases.catalogue
        registry, params = catalogue.contracts.registry, catalogue.created(name).params
        state = registry.campaign(name)
        if state.status is Status.PROPOSED and (settlement := catalogue.proposal(name)) is not None:
            self._wait_until(state.since + params.schedule.window)
            self._send(registry.finalize(params, settlement))
            raise Later
        if state.status is not Status.FINAL:
            if state.status in {Status.CANCELLED, Status.EXPIRED}:
                return None
            raise Later(LONGEST)
        found = self._hand_out(name, state)
        if not state.place_freed:
            self._wait_until(params.schedule.slash_end(state.since))
            self._send(registry.free_place(params))
        return found

    def _wait_until(self, moment: int) -> None:
        left = moment - self.cases.chain.now()
        if left > 0:
            raise Later(min(LONGEST, max(1.0, float(left))))

    def _send(self, call: Call) -> None:
        self.cases.sender.send(self.cases.signer, call)

    # ------------------------------------------------------------------ the claims

    def _hand_out(self, name: CampaignId, state: CampaignState) -> str | None:
        """Claim for everyone who has something left; what speaks against it, if anything does."""
        try:
            bundle = self.bundles.find(self.cases.catalogue.record(name))
        except EvidenceError as error:
            return f"nothing handed out: {error}"
        if bundle is None:
            return "nothing handed out: the bundle cannot be had"
        rows = tuple(row.leaf for row in read([bundle]) if isinstance(row, PayoutRow))
        if not rows:
            return None
        catalogue = self.cases.catalogue
        registry, params = catalogue.contracts.registry, catalogue.created(name).params
        tree = MerkleTree(payout_leaves(Scope(self.cases.chain.chain_id, registry.address, name), rows))
        if tree.root != state.settlement:
            return "nothing handed out: the bundle's payouts are not those of the settlement"
        for missing, indices in self._unclaimed(name, tree, rows).items():
            for some in runs(indices, CLAIMS_A_CALL):
                proof = tree.multiproof(some)
                leaves = [rows[index] for index in proof.order]
                self._send(registry.claim_many(params, leaves, proof, missing))
        return None

    def _unclaimed(
        self, name: CampaignId, tree: MerkleTree, rows: tuple[Payout, ...]
    ) -> dict[Parts, list[int]]:
        """Rows of something by what nobody has claimed of them; the registry's own can never be paid."""
        happened = self.cases.catalogue.happened(name)
        done = handed_out(each for each in happened if isinstance(each, ev.Claimed))
        registry = self.cases.deployment.registry.address
        found: dict[Parts, list[int]] = {}
        for index in tree.order:
            row, missing = rows[index], Parts.BOTH & ~done.get(index, Parts(0))
            if missing and (row.payout or row.shares) and row.account != registry:
                found.setdefault(missing, []).append(index)
        return found
