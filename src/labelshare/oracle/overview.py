"""What an operator looks at: its campaigns, what the oracle does next for each, and what goes wrong.

Read from the store; of the chain only the state of campaigns that are not over is asked. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from labelshare.chain import events as ev
from labelshare.chain.deploy import Deployment
from labelshare.chain.journal import Entry as Sent
from labelshare.chain.node import Chain
from labelshare.chain.state import CampaignState, Contest, Status
from labelshare.oracle.catalogue import Catalogue
from labelshare.oracle.indexer import Finality, Indexer
from labelshare.oracle.scheduler import SPEC
from labelshare.oracle.tasks import Kind
from labelshare.oracle.watcher import WATCH, is_unchecked
from labelshare.store.database import Database
from labelshare.store.index import Index
from labelshare.store.jobs import Entry, Jobs
from labelshare.store.journal import TransactionJournal
from labelshare.types import ZERO_HASH, CampaignId, CampaignParams, Hash32

__all__ = ["CampaignLine", "Next", "Overview", "next_step", "overview"]

_OWN = frozenset({*(kind.value for kind in Kind), SPEC})


@dataclass(frozen=True, slots=True)
class Next:
    """What the oracle does next; Unix seconds by the chain's clock.

    Attributes:
        kind: What.
        at: From when on; 0 for as soon as it can.
        until: When it must be in a block; None where nothing is lost by time.
        about: Of which round, where there are several.
    """

    kind: Kind
    at: int
    until: int | None = None
    about: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign of the oracle.

    Attributes:
        campaign: Its id.
        status: Where it is in its life.
        next: What comes next; None where nothing will.
        failing: Jobs about it that have failed and will be tried again.
        waiting: Jobs about it that wait for something, which is no fault of the service.
    """

    campaign: CampaignId
    status: Status
    next: Next | None
    failing: tuple[Entry, ...] = ()
    waiting: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it.

    Attributes:
        indexed: The block that the index is at; None before its first.
        now: The chain's time.
        campaigns: The newest first.
        pending: Transactions that are sent and in no block yet, in the order in which they were signed.
        alarms: Proposals that do not hold, or whose evidence is withheld, as the watcher found.
        unchecked: Those of which it cannot tell, or could not until their campaign was over.
    """

    indexed: int | None
    now: int
    campaigns: list[CampaignLine] = field(default_factory=list)
    pending: list[Sent] = field(default_factory=list)
    alarms: list[Entry] = field(default_factory=list)
    unchecked: list[Entry] = field(default_factory=list)


def overview(chain: Chain, deployment: Deployment, database: Database) -> Overview:
    """What a store and the chain say of an oracle.

    Raises:
        StoreError: The store does not answer.
        ChainError: No node does.
    """
    jobs, head = Jobs(database), Index(database).head()
    entries, now = jobs.entries(), chain.now()
    pending = TransactionJournal(database).pending()
    told = [each for each in entries if each.kind == WATCH and each.error is not None]
    unchecked = [each for each in told if is_unchecked(each)]
    alarms = [each for each in told if not is_unchecked(each)]
    if head is None:
        return Overview(None, now, [], pending, alarms, unchecked)
    own = {_campaign(each.key) for each in entries if each.kind in _OWN}
    held = [each for each in entries if not each.done and each.error is not None and each.kind != WATCH]
    indexer = Indexer(chain, deployment, Index(database), Finality(chain))
    catalogue = Catalogue(chain, deployment, database, indexer.at_head)
    return Overview(head.number, now, list(_lines(catalogue, own, held, now)), pending, alarms, unchecked)


def _lines(
    catalogue: Catalogue, own: Collection[CampaignId], held: Collection[Entry], now: int
) -> Iterator[CampaignLine]:
    registry = catalogue.contracts.registry
    for created in catalogue.campaigns():
        name = created.campaign
        if name not in own:
            continue
        state = registry.campaign(name)
        roots = {each.round for each in catalogue.happened(name) if isinstance(each, ev.CommitsAggregated)}
        step = next_step(created.params, state, registry.contest(name), roots, now)
        about = [each for each in held if _campaign(each.key) == name]
        failing, waiting = ([e for e in about if e.is_waiting is is_so] for is_so in (False, True))
        yield CampaignLine(name, state.status, step, tuple(failing), tuple(waiting))


def next_step(
    params: CampaignParams, state: CampaignState, contest: Contest, roots: Collection[int], now: int
) -> Next | None:
    """What the oracle does next for a campaign as things stand; receipts held against it come beside that.

    Args:
        params: The campaign.
        state: As the contract has it.
        contest: Likewise.
        roots: Rounds whose root is posted.
        now: The chain's time.
    """
    schedule, since = params.schedule, state.since
    match state.status:
        case Status.CREATED:
            return Next(Kind.ACCEPT, 0, schedule.accept_end) if now < schedule.accept_end else None
        case Status.OPEN:
            steps = _open_steps(params, state, contest, roots)
            return next((each for each in steps if each.until is None or now < each.until), None)
        case Status.PROPOSED:
            return Next(Kind.FINALIZE, since + schedule.window)
        case Status.DISPUTED:
            return Next(Kind.RESOLVE, 0 if contest.ruling else contest.ruling_end)
        case Status.FINAL:
            return None if state.place_freed else Next(Kind.FREE, schedule.slash_end(since))
        case _:
            return None


def _open_steps(
    params: CampaignParams, state: CampaignState, contest: Contest, roots: Collection[int]
) -> Iterator[Next]:
    schedule = params.schedule
    if state.roster_root == ZERO_HASH and state.seed == ZERO_HASH:
        yield Next(Kind.ROSTER, 0, schedule.enrol_end - schedule.grace)
    if state.seed == ZERO_HASH:
        yield Next(Kind.SEED, schedule.enrol_end, schedule.commit_end)
    else:
        for number in sorted(set(range(schedule.rounds)) - set(roots)):
            yield Next(Kind.CLOSE, schedule.round_start(number), schedule.aggregate_close(number), number)
    if not state.committed:
        yield Next(Kind.CANCEL, schedule.reveal_end)
    elif not contest.rejections:
        yield Next(Kind.PROPOSE, schedule.reveal_end, schedule.settle_end)
    yield Next(
        Kind.PROPOSE_LATE, state.since if contest.rejections else schedule.settle_end, schedule.propose_end
    )
    yield Next(Kind.EXPIRE, schedule.propose_end)


def _campaign(key: str) -> CampaignId:
    return CampaignId(Hash32(key.partition("/")[0]))
