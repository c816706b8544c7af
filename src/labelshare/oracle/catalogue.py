"""What there is at a deployment, as whoever serves it looks it up: campaigns, datasets, licences, specs.

What never changes is remembered; the rest is asked each time, of the index where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final, TypeVar

from labelshare.chain import events as ev
from labelshare.chain.campaign import Campaign
from labelshare.chain.deploy import Contracts, Deployment
from labelshare.chain.history import DatasetHistory, campaign_record, dataset_history, pool_params
from labelshare.chain.node import Chain, Log, LogSource
from labelshare.chain.standing import TELLING, Standing
from labelshare.chain.state import Status
from labelshare.errors import EventError, NotFoundError, SpecError
from labelshare.protocol.record import Record
from labelshare.protocol.spec import Spec
from labelshare.store.database import Database
from labelshare.store.index import IndexedLogs
from labelshare.store.spec_facts import Facts, SpecFacts
from labelshare.store.specs import Specs
from labelshare.types import Address, CampaignId, Hash32, Scope, Settlement

__all__ = ["Catalogue"]

Kind = TypeVar("Kind", bound=ev.Event)

SPECS_HELD: Final = 64
AT_ONCE: Final = 1_000
"""So many logs are read at a time."""


@dataclass
class Catalogue:
    """Reads of one deployment.

    Attributes:
        chain: Where the contracts are.
        deployment: Their record.
        database: Where specs are kept.
        logs: Gives where events are read: the index, or the chain itself.
    """

    chain: Chain
    deployment: Deployment
    database: Database
    logs: Callable[[], LogSource]
    _created: dict[CampaignId, ev.CampaignCreated] = field(default_factory=dict)
    _campaigns: dict[CampaignId, Campaign] = field(default_factory=dict)
    _specs: dict[Hash32, Spec] = field(default_factory=dict)
    _facts: dict[Hash32, Facts] = field(default_factory=dict)

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts, checked once."""
        return self.deployment.bind(self.chain)

    # ------------------------------------------------------------------- campaigns

    def campaigns(self) -> list[ev.CampaignCreated]:
        """Every campaign, the newest first."""
        return self._every(ev.CampaignCreated)[::-1]

    def newest(
        self, before: tuple[int, int] | None, most: int, wanted: Callable[[ev.CampaignCreated], bool]
    ) -> list[ev.CampaignCreated]:
        """The newest campaigns of some kind, the newest first; those before a place (block, log index)."""
        source, found = self.logs(), list[ev.CampaignCreated]()
        if not isinstance(source, IndexedLogs):
            older = (each for each in self.campaigns() if before is None or _place(each) < before)
            return list(islice(filter(wanted, older), most))
        kind, address = ev.topic_of(ev.CampaignCreated), self.deployment.registry.address
        at_once = min(AT_ONCE, 2 * most)
        while True:
            logs = source.newest(address, kind, before, at_once)
            found += islice(filter(wanted, map(_created, logs)), most - len(found))
            if len(found) >= most or len(logs) < at_once:
                return found
            before = (logs[-1].block, logs[-1].index)

    def facts(self, campaigns: Collection[ev.CampaignCreated]) -> dict[CampaignId, Facts]:
        """What a list shows of the campaigns' specs, of those whose spec is known and can be read."""
        names = {each.params.spec_hash for each in campaigns}
        kept = SpecFacts(self.database)
        self._facts |= kept.find(names - self._facts.keys())
        for each in campaigns:
            name = each.params.spec_hash
            if name in self._facts:
                continue
            try:
                self._facts[name] = Facts.of(self._spec_of(each.campaign, name))
            except (NotFoundError, SpecError):
                continue
            kept.add(name, self._facts[name])
        known = self._facts
        return {
            each.campaign: known[each.params.spec_hash]
            for each in campaigns
            if each.params.spec_hash in known
        }

    def created(self, name: CampaignId) -> ev.CampaignCreated:
        """The creation of a campaign; `NotFoundError` if there is none."""
        if name not in self._created:
            found = self._every(ev.CampaignCreated, name)
            if not found:
                raise NotFoundError(f"there is no campaign {name}")
            self._created[name] = found[0]
        return self._created[name]

    def campaign(self, name: CampaignId) -> Campaign:
        """A campaign with its pool and spec.

        Raises:
            NotFoundError: There is no such campaign, or nobody has handed in its spec.
        """
        if name not in self._campaigns:
            params = self.created(name).params
            spec = self._spec_of(name, params.spec_hash)
            pool = pool_params(self.logs(), self.deployment, params.pool)
            scope = Scope(self.chain.chain_id, self.deployment.registry.address, name)
            self._campaigns[name] = Campaign(self.deployment, self.contracts, scope, pool, params, spec)
        return self._campaigns[name]

    def status(self, name: CampaignId) -> Status:
        """Where a campaign is in its life; `NotFoundError` if there is none."""
        self.created(name)
        return self.statuses([name])[name]

    def statuses(self, names: Collection[CampaignId]) -> dict[CampaignId, Status]:
        """The same of several, at once where there is an index; each of them is known to be there."""
        source = self.logs()
        if not isinstance(source, IndexedLogs):
            return {name: self.contracts.registry.campaign(name).status for name in names}
        return {name: found.status for name, found in self._stand(source, names).items()}

    def proposal(self, name: CampaignId) -> Settlement | None:
        """The settlement that is proposed or final; None where none is."""
        source = self.logs()
        if not isinstance(source, IndexedLogs):
            posted = self.record(name).posted
            return posted.settlement if posted else None
        proposed = self._stand(source, [name])[name].proposal
        return proposed.settlement if proposed else None

    def record(self, name: CampaignId) -> Record:
        """What the chain says of a campaign, by which its settlement is judged."""
        return campaign_record(self.logs(), self.deployment, name)

    def happened(self, name: CampaignId, since: int = 0) -> list[ev.Event]:
        """The events of a campaign from a block on, in order."""
        source = self.logs()
        first, head = max(since, self.deployment.block), source.block_number
        if head < first:
            return []
        return ev.events(source, self.deployment.registry.address, first, head, (None, name))

    def proposed(self) -> list[ev.Proposed]:
        """Every proposal of every campaign, in order."""
        return self._every(ev.Proposed)

    def was_proposed(self, name: CampaignId, bundle: Hash32) -> bool:
        """Whether a settlement with that bundle was ever proposed for a campaign."""
        return any(each.settlement.bundle_hash == bundle for each in self._every(ev.Proposed, name))

    # -------------------------------------------------------------------- datasets

    def datasets(self) -> list[ev.DatasetCreated]:
        """Every dataset, the newest first."""
        return self._every(ev.DatasetCreated)[::-1]

    def dataset(self, name: Address) -> DatasetHistory:
        """What happened to a dataset; `NotFoundError` if there is none."""
        if not self._every(ev.DatasetCreated, bytes(12) + name):
            raise NotFoundError(f"there is no dataset {name}")
        return dataset_history(self.logs(), self.deployment, name)

    # ----------------------------------------------------------------------- specs

    def add_spec(self, name: Hash32, data: bytes) -> bool:
        """Keep the canonical bytes of a spec, checked by the caller, by their hash; whether they were new."""
        return Specs(self.database).add_bytes(name, data)

    def spec_bytes(self, name: Hash32) -> bytes:
        """The canonical bytes of a spec; `NotFoundError` if nobody has handed it in."""
        data = Specs(self.database).find(name)
        if data is None:
            raise NotFoundError(f"the spec {name} is not known here; whoever has it can hand it in")
        return data

    def spec(self, name: Hash32) -> Spec:
        """A spec; `NotFoundError` as for its bytes."""
        if name not in self._specs:
            found = Spec.parse(self.spec_bytes(name))
            if found.hash != name:
                raise SpecError(f"the store holds another spec under {name}")
            while len(self._specs) >= SPECS_HELD:
                self._specs.pop(next(iter(self._specs)), None)
            self._specs[name] = found
        return self._specs[name]

    # ------------------------------------------------------------------- mechanics

    def _stand(self, source: IndexedLogs, names: Collection[CampaignId]) -> dict[CampaignId, Standing]:
        """Where campaigns stand, by the events that status and proposal follow from: bonds are not told."""
        kinds = [ev.topic_of(kind) for kind in TELLING if kind is not ev.CampaignCreated]
        found = {bytes(name): Standing(Status.CREATED) for name in names}
        for log in source.of_subjects(self.deployment.registry.address, kinds, list(found)):
            found[bytes(log.topics[1])].follow(_event(log))
        return {name: found[bytes(name)] for name in names}

    def _spec_of(self, campaign: CampaignId, name: Hash32) -> Spec:
        """A campaign's spec, from those handed in or from the oracle's own book."""
        specs = Specs(self.database)
        if specs.find(name) is None and (own := specs.of_campaign(campaign)) is not None:
            specs.add(Spec.parse(own))
        return self.spec(name)

    def _every(self, kind: type[Kind], subject: bytes | None = None) -> list[Kind]:
        source, topics = self.logs(), (ev.topic_of(kind), *([] if subject is None else [subject]))
        address = self.deployment.registry.address
        head = source.block_number
        if head < self.deployment.block:
            return []
        found = ev.events(source, address, self.deployment.block, head, topics)
        return [event for event in found if isinstance(event, kind)]


@lru_cache(maxsize=16_384)
def _event(log: Log) -> ev.Event:
    """The event of a log, which never changes; decoding one takes longer than reading it."""
    found = ev.decode(log)
    if found is None:
        raise EventError(f"unknown event: log {log.index} of block {log.block}")
    return found


def _created(log: Log) -> ev.CampaignCreated:
    found = _event(log)
    if not isinstance(found, ev.CampaignCreated):
        raise EventError(f"no creation of a campaign: log {log.index} of block {log.block}")
    return found


def _place(event: ev.Event) -> tuple[int, int]:
    return event.log.block, event.log.index
