"""A campaign on a chain of its own, as far along as a test needs it, with the real oracle and clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from eth.db.backends.memory import MemoryDB

from labelshare.chain.connect import connect
from labelshare.chain.deploy import DEVELOPMENT_LIMITS, Contracts, Deployment, deploy
from labelshare.chain.history import campaign_record
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Chain
from labelshare.chain.shared import shared
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.client.seats import seat_calls
from labelshare.oracle.engine import Oracle
from labelshare.oracle.intake import Intake
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, seal
from labelshare.protocol.record import Record
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.rounds import Aggregate
from labelshare.protocol.settlement import Built
from labelshare.protocol.spec import Spec
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address, CampaignParams, PoolParams, Schedule, Scope, keccak
from tests.chain.world import schedule
from tests.databases import fresh, kind
from tests.oracle.copies import Original, chain_over

COIN = 10**18
DAY = 86_400
FEE_BPS = 500
ITEMS = 20
LIMIT = 4  # a fifth of the items
NAMES = ("ann", "ben", "cleo", "dora")
NOBODY = Address(bytes(20))
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="mood" toName="text">'
    '<Choice value="good"/><Choice value="bad"/><Choice value="none"/></Choices></View>'
)


def small_spec(**changes: Any) -> Spec:
    """Twenty items, two labels each, at most four for one annotator."""
    fields: dict[str, Any] = {
        "title": "Moods",
        "instructions": "Say how the text sounds.",
        "task": {"type": "single-choice.v1", "config": CONFIG},
        "items": [{"digest": f"{item:064x}", "name": f"text {item}"} for item in range(ITEMS)],
        "price": str(COIN),
        "share_weight": str(COIN),
        "seconds_per_label": 6,
        "redundancy": {"policy": "fixed.v1", "k": 2},
        "assignment": {"policy": "rendezvous.v1", "cap_bps": 2_000},
        "aggregation": {"policy": "majority.v1"},
        "acceptance": {"policy": "threshold.v1", "numerator": 3, "denominator": 5},
        "skill": {"policy": "leave-one-out.v1"},
        "pay": {"policy": "flat.v1"},
        "shares": {"policy": "flat.v1"},
        "slash": {"policy": "none.v1"},
        "gold": {"policy": "none.v1"},
    }
    return Spec.of(fields | changes)


@dataclass
class Stage:
    """Everyone and everything of one campaign."""

    chain: Chain
    sender: Sender
    deployment: Deployment
    contracts: Contracts
    deployer: Signer
    oracle: Signer
    requester: Signer
    stranger: Signer
    people: dict[str, Signer]
    spec: Spec
    pool: PoolParams
    dataset: Address
    params: CampaignParams
    scope: Scope
    database: Database
    engine: Oracle = field(init=False)
    annotators: dict[str, Annotator] = field(init=False)

    def __post_init__(self) -> None:
        """Oracle and annotators know what their store and the chain know."""
        self.engine = Oracle(
            self.sender,
            self.deployment,
            self.contracts,
            self.oracle,
            self.scope,
            self.pool,
            self.params,
            self.spec,
            self.database,
        )
        self.annotators = {name: self.annotator(person) for name, person in self.people.items()}

    def annotator(self, signer: Signer, database: Database | None = None) -> Annotator:
        """A client whose store is that of all, or one of its own."""
        store = database or self.database
        return Annotator(signer, self.scope, self.params, self.spec, self.engine.intake, store)

    def taken_up(self, **changes: Any) -> Stage:
        """The same by new processes, or another campaign of the same people."""
        return replace(self, **changes)

    @property
    def intake(self) -> Intake:
        return self.engine.intake

    @property
    def schedule(self) -> Schedule:
        return self.params.schedule

    # ------------------------------------------------------------------ the steps

    def accept(self) -> Stage:
        self.engine.accept()
        return self

    def enrol(self, *names: str) -> Stage:
        for name in names or NAMES:
            self.annotators[name].enrol()
        return self

    def draw(self) -> Stage:
        """Posts the roster and draws the seed."""
        self.engine.post_roster()
        self.chain.advance_to(self.schedule.enrol_end)
        self.engine.arm_seed()
        self.chain.mine(5)
        self.engine.draw_seed()
        return self

    def begin(self, number: int = 0) -> Stage:
        self.chain.advance_to(self.schedule.round_start(number))
        self.engine.begin_round(number)
        return self

    def label(self, name: str, number: int = 0, count: int = 2, *, choice: int = 0) -> Stage:
        """An annotator hands in its next assigned items, all with one answer."""
        self.annotators[name].submit(number, dict.fromkeys(self.free_items(name)[:count], choice))
        return self

    def work(self, **counts: int) -> Stage:
        """Round 0, begun and posted."""
        self.begin()
        for name, count in (counts or dict.fromkeys(NAMES, 2)).items():
            self.label(name, count=count)
        self.engine.post_commits(0)
        return self

    def reveal(self, *names: str) -> Stage:
        """The time to open; those named do."""
        self.chain.advance_to(self.schedule.commit_end)
        for name in names:
            for batch in self.annotators[name].batches:
                self.annotators[name].open(batch)
        return self

    def settle(self) -> Built:
        self.chain.advance_to(self.schedule.reveal_end)
        built = self.engine.propose(self.record())
        self.chain.advance_to(self.chain.now() + self.schedule.window)
        self.engine.finalize()
        return built

    # ------------------------------------------------------------------- messages

    def free_items(self, name: str) -> list[int]:
        """Assigned now and not labelled yet."""
        annotator = self.annotators[name]
        done = {item for batch in annotator.batches for item in batch.opening.items}
        assigned = self.engine.assigned_to(annotator.address)
        return sorted((frozenset(range(ITEMS)) if assigned is None else assigned) - done)

    def enrolment(self, name: str, scope: Scope | None = None, signer: Signer | None = None) -> Enrolment:
        scope = scope or self.scope
        digest = typed_data.digest(scope, typed_data.enrol_hash(scope.campaign_id))
        person = self.people[name]
        return Enrolment(person.address, (signer or person).sign_digest(digest))

    def sealed(
        self,
        signer: Signer,
        labels: Mapping[int, bytes],
        *,
        number: int = 0,
        batch: int = 0,
        before: int = 0,
        scope: Scope | None = None,
        by: Signer | None = None,
        **claims: Any,
    ) -> tuple[SignedCommit, Opening]:
        """A batch as a client of one's own making could send it; `claims` replace fields before signing."""
        scope = scope or self.scope
        commit, opening = seal(
            scope,
            signer.address,
            round_number=number,
            batch=batch,
            committed_before=before,
            secret=keccak(b"secret %d" % batch),
            labels=labels,
        )
        commit = replace(commit, **claims)
        name = typed_data.commit_hash(scope.campaign_id, commit)
        signature = (by or signer).sign_digest(typed_data.digest(scope, name))
        return SignedCommit(signer.address, commit, signature, opening.items), replace(
            opening, commit_hash=name
        )

    # ----------------------------------------------------------------- what it is

    def record(self) -> Record:
        """What the chain says of the campaign."""
        return campaign_record(self.chain, self.deployment, self.scope.campaign_id)

    def aggregate(self, number: int) -> Aggregate:
        """What the batches of a round come to, of which there are some."""
        made = self.engine.aggregate(number)
        assert made is not None
        return made

    def balances(self) -> dict[str, int]:
        """Wallets, credit and shares of everyone, and what the contracts hold."""
        token, registry = self.contracts.development_token, self.contracts.registry
        share = self.contracts.share(self.dataset)
        accounts = {"registry": registry.address, "dataset": self.dataset, "oracle": self.oracle.address}
        accounts |= {"requester": self.requester.address, "stranger": self.stranger.address}
        accounts |= {name: person.address for name, person in self.people.items()}
        held = {name: token.balance_of(account) for name, account in accounts.items()}
        held |= {
            f"{name}'s credit": registry.credit_of(token.address, each) for name, each in accounts.items()
        }
        return held | {f"{name}'s shares": share.balance_of(each) for name, each in accounts.items()}

    def messages(self) -> tuple[object, ...]:
        """A copy of all that the intake keeps."""
        book = self.engine.book
        kept = (book.enrolments(), book.commits(), book.openings())
        return (*kept, book.is_enrolling(), book.round(), self.intake.roster, self.intake.assigned)


def build(
    chain: Chain | None = None,
    spec: Spec | None = None,
    *,
    database: Database | None = None,
    for_threads: bool = False,
    **money: Any,
) -> Stage:
    """A funded campaign that nobody has accepted yet; all but `stranger` have a seat.

    Without a chain it is on one of its own in this process, which threads may share if asked for. Such a one
    is the same to the bit each time; with a store of its own it is built once and copied (see `copies`).
    """
    spec = spec or small_spec()
    if chain is None and database is None:
        return copied(spec, for_threads, money)
    own = shared(connect()) if for_threads else connect()
    return built(chain or own, spec, database or fresh(), **money)


_ORIGINALS: dict[tuple[Any, ...], tuple[Stage, Original]] = {}
_MOST = 16  # of them a process keeps


def copied(spec: Spec, for_threads: bool, money: dict[str, Any]) -> Stage:
    """See `build`."""
    name = (kind(), spec.hash, *sorted(money.items()))
    if name not in _ORIGINALS:
        pairs, database = MemoryDB(), fresh()
        chain = chain_over(pairs)
        stage = built(chain, spec, database, **money)
        _ORIGINALS[name] = stage, Original.of(chain, pairs, database)
        if len(_ORIGINALS) > _MOST:
            del _ORIGINALS[next(iter(_ORIGINALS))]
    stage, original = _ORIGINALS[name]
    own, database = original.chain(), original.database()
    given = shared(own) if for_threads else own
    return stage.taken_up(
        chain=given,
        sender=Sender(given, TransactionJournal(database)),
        contracts=stage.deployment.bind(given),
        people=dict(stage.people),
        database=database,
    )


def built(
    chain: Chain,
    spec: Spec,
    database: Database,
    *,
    escrow: int | None = None,
    purse: int | None = None,
    seat_stake: int = LIMIT * COIN,
    arbitrator: Address = NOBODY,
    arbitration_refund: int = 0,
) -> Stage:
    """See `build`."""
    deployer, oracle, requester, stranger, *others = (
        development_signer("oracle tests", name)
        for name in ("deployer", "oracle", "requester", "stranger", *NAMES)
    )
    people = dict(zip(NAMES, others, strict=True))
    chain.fund_all([each.address for each in (deployer, oracle, requester, stranger, *others)], 100 * COIN)
    sender = Sender(chain, TransactionJournal(database))
    deployment = deploy(sender, deployer, DEVELOPMENT_LIMITS)
    contracts = deployment.bind(chain)
    token = contracts.development_token
    needed = escrow_for(spec, FEE_BPS) if escrow is None else escrow
    purses = {requester: needed, oracle: bond_for(needed, arbitration_refund) if purse is None else purse}
    purses |= dict.fromkeys(others, seat_stake)
    sender.send_many([(deployer, token.transfer(each.address, amount)) for each, amount in purses.items()])
    pool = PoolParams(
        oracle=oracle.address,
        token=token.address,
        seat_stake=seat_stake,
        unbonding=365 * DAY,
        max_open=1,
        gate=NOBODY,
        arbitrator=arbitrator,
        arbitration_refund=arbitration_refund,
        randomness=NOBODY,
        nonce=0,
    )
    sender.send(oracle, contracts.registry.create_pool(pool))
    sender.send_many([(each, call) for each in others for call in seat_calls(contracts, pool, each.address)])
    client = Requester(sender, contracts, requester)
    dataset = client.create_dataset(
        "Moods",
        "MOOD",
        revenue_token=token.address,
        contributor_bps=7_000,
        max_shares=3 * share_cap_for(spec),
    )
    line = replace(schedule(chain.now()), rounds=2)
    terms = Terms(stake_per_label=COIN, fee_bps=FEE_BPS, schedule=line)
    if escrow is None:
        scope, params = client.open_campaign(pool, dataset, spec, terms)
    else:
        scope, params = open_with(client, pool, dataset, spec, terms, escrow)
    return Stage(
        chain,
        sender,
        deployment,
        contracts,
        deployer,
        oracle,
        requester,
        stranger,
        people,
        spec,
        pool,
        dataset,
        params,
        scope,
        database,
    )


def open_with(
    client: Requester, pool: PoolParams, dataset: Address, spec: Spec, terms: Terms, escrow: int
) -> tuple[Scope, CampaignParams]:
    """A campaign with an escrow of one's own choice, which our client would not make."""
    registry, chain_id = client.contracts.registry, client.sender.chain.chain_id
    params = CampaignParams(
        pool=registry.pool_id(pool),
        dataset=dataset,
        requester=client.signer.address,
        oracle=pool.oracle,
        token=pool.token,
        spec_hash=spec.hash,
        share_cap=share_cap_for(spec),
        stake_per_label=terms.stake_per_label,
        fee_bps=terms.fee_bps,
        nonce=terms.nonce,
        schedule=terms.schedule,
    )
    token = client.contracts.erc20(pool.token)
    client.sender.send(client.signer, token.approve(registry.address, escrow))
    client.sender.send(client.signer, registry.create_campaign(pool, params, escrow))
    return Scope(chain_id, registry.address, registry.campaign_id(params)), params


@contextmanager
def nothing_changes(stage: Stage) -> Iterator[None]:
    """Neither anybody's money, nor what the intake keeps, nor the chain."""
    before = stage.messages(), stage.balances(), stage.chain.block_number
    yield
    assert (stage.messages(), stage.balances(), stage.chain.block_number) == before
