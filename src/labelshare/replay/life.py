"""The whole life of a campaign: seats, escrow, labels, settlement, pay, shares, a licence and its revenue.

Every worker of the crowd is an annotator with a key of its own; every label is sealed, committed and opened;
all money moves by transactions. The chain's clock is advanced from one deadline to the next.

Every step looks first whether it was done before, in the store or on the chain: a life that ended anywhere is
taken up again by living it from its beginning with the same store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labelshare.chain.contracts import Parts, Token
from labelshare.chain.deploy import PUBLIC_LIMITS, Contracts, Deployment, deploy
from labelshare.chain.history import dataset_history
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.client.holder import Licensee
from labelshare.client.publications import Lists, Roster
from labelshare.client.requester import Requester, Terms, share_cap_for
from labelshare.client.seats import seat_calls
from labelshare.client.slashes import Slasher
from labelshare.errors import KeyRefusedError
from labelshare.oracle.engine import CLAIMS_A_CALL, Oracle, runs
from labelshare.protocol.spec import Spec
from labelshare.replay.cast import Cast
from labelshare.replay.crowd import Crowd
from labelshare.replay.gold import seal_gold
from labelshare.replay.progress import Progress, Silent
from labelshare.replay.rules import DAY, Rules, schedule_from, spec_of
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import ZERO_HASH, Address, CampaignParams, PoolParams, Scope

__all__ = ["Lived", "live"]

ETHER = 10**18
SEED_BLOCKS = 5
LICENCE_TERMS = b"The licensee may train and evaluate models on the labels."


@dataclass(frozen=True, slots=True)
class Lived:
    """What a life leaves behind; everything else is on the chain.

    Attributes:
        deployment: Where it happened.
        scope: The campaign.
        dataset: Its dataset.
        bundle: The published evidence of its settlement.
        annotators: The account of each worker, in the crowd's order.
        gas: Gas used by each call, by contract and function.
    """

    deployment: Deployment
    scope: Scope
    dataset: Address
    bundle: bytes
    annotators: tuple[Address, ...]
    gas: Mapping[str, Sequence[int]]


def live(
    chain: Chain,
    crowd: Crowd,
    rules: Rules,
    progress: Progress | None = None,
    database: Database | None = None,
) -> Lived:
    """Take a crowd through the whole life of one campaign, or through what is left of it.

    Args:
        chain: A development chain.
        crowd: Whose labels.
        rules: What the campaign is like; the same as before where a life is taken up again.
        progress: Who is told.
        database: The store; in memory by default, which ends with the process.

    Raises:
        KeyRefusedError: Not a development chain: the keys of a replay are public, and its clock is advanced.
        WrongChainError: The store is of another chain.
        LabelshareError: A step failed; none after it was taken.
    """
    if not chain.is_development:
        raise KeyRefusedError(
            f"a replay signs with public keys; chain {chain.chain_id} is no development chain"
        )
    return _Life(chain, crowd, rules, progress or Silent(), database or Database.in_memory()).run()


@dataclass
class _Life:
    chain: Chain
    crowd: Crowd
    rules: Rules
    progress: Progress
    database: Database
    sender: Sender = field(init=False)
    spec: Spec = field(init=False)
    cast: Cast = field(init=False)
    deployment: Deployment = field(init=False)
    contracts: Contracts = field(init=False)
    token: Token = field(init=False)

    def __post_init__(self) -> None:
        self.database.bind(self.chain)
        self.sender = Sender(self.chain, TransactionJournal(self.database))
        self.spec = spec_of(self.crowd, self.rules)
        self.cast = Cast(self.crowd, self.rules, self.spec)

    def run(self) -> Lived:
        """All steps, in their order."""
        self.sender.catch_up()
        if self.sender.gas:  # A node that was started anew has forgotten how far its clock was advanced.
            self.chain.advance_to(self.chain.now() + 1)
        self._deploy()
        pool = self._seat_everyone()
        requester = Requester(self.sender.named("requester"), self.contracts, self.cast.requester)
        dataset, scope, params = self._fund(requester, pool)
        oracle = self._accept(pool, scope, params)
        annotators = self._enrol(oracle)
        self._work(oracle, annotators)
        self._reveal_gold(requester, params)
        bundle = self._settle(oracle, annotators)
        self._slash(oracle, bundle)
        self._pay(oracle)
        self._license(requester, dataset)
        accounts = tuple(each.address for each in self.cast.workers)
        return Lived(self.deployment, scope, dataset, bundle, accounts, dict(self.sender.gas))

    # ------------------------------------------------------------ before work

    def _deploy(self) -> None:
        purses, deployer = self.cast.purses(), self.cast.deployer
        self.chain.fund_all([deployer.address, *purses], 1_000 * ETHER)
        with self.progress.phase("deploy the contracts", 1) as advance:
            self.deployment = deploy(self.sender.named("deploy"), deployer, PUBLIC_LIMITS)
            self.contracts = self.deployment.bind(self.chain)
            self.token = self.contracts.development_token
            advance(1)
        self._send_all(
            "hand out test tokens",
            [(deployer, self.token.transfer(account, purse)) for account, purse in purses.items()],
        )

    def _seat_everyone(self) -> PoolParams:
        pool = self.cast.pool(self.token.address)
        self.sender.named("pool").send(self.cast.oracle, self.contracts.registry.create_pool(pool))
        self._send_all("take seats", [] if self._are_seated(pool) else self._seat_calls(pool))
        return pool

    def _are_seated(self, pool: PoolParams) -> bool:
        """Whether everybody sits: from then on accounts earn credit, and would approve other amounts."""
        registry = self.contracts.registry
        seats = (registry.seat(registry.pool_id(pool), each.address) for each in self.cast.workers)
        return all(seat.full_since for seat in seats)

    def _seat_calls(self, pool: PoolParams) -> list[tuple[Signer, Call]]:
        return [
            (worker, call)
            for worker in self.cast.workers
            for call in seat_calls(self.contracts, pool, worker.address)
        ]

    def _fund(self, requester: Requester, pool: PoolParams) -> tuple[Address, Scope, CampaignParams]:
        with self.progress.phase("publish the dataset, fund the campaign", 2) as advance:
            dataset = requester.create_dataset(
                _short(self.crowd.name),
                "SHARE",
                revenue_token=self.token.address,
                contributor_bps=self.rules.contributor_bps,
                max_shares=share_cap_for(self.spec),
            )
            advance(1)
            published = dataset_history(self.chain, self.deployment, dataset).created.log.block
            schedule = schedule_from(self.chain.timestamp_of(published), self.rules.rounds)
            terms = Terms(self.rules.stake_per_label, self.rules.fee_bps, schedule)
            scope, params = requester.open_campaign(pool, dataset, self.spec, terms)
            advance(1)
        return dataset, scope, params

    def _accept(self, pool: PoolParams, scope: Scope, params: CampaignParams) -> Oracle:
        oracle = Oracle(
            self.sender,
            self.deployment,
            self.contracts,
            self.cast.oracle,
            scope,
            pool,
            params,
            self.spec,
            self.database,
        )
        with self.progress.phase("accept against a bond", 1) as advance:
            oracle.accept()
            advance(1)
        return oracle

    def _enrol(self, oracle: Oracle) -> list[Annotator]:
        annotators = [self._annotator(oracle, signer) for signer in self.cast.workers]
        with self.progress.phase("enrol by signature, draw the seed", len(annotators)) as advance:
            for annotator in annotators:
                annotator.enrol()
                advance(1)
            oracle.post_roster()
            roster = Roster.checked(oracle.scope, oracle.record(), oracle.intake.enrolled())
            for annotator in annotators:
                annotator.keep_place(roster)
            self._wait_until(oracle.params.schedule.enrol_end)
            oracle.arm_seed()
            if oracle.state().seed == ZERO_HASH:
                self.chain.mine(SEED_BLOCKS)
            oracle.draw_seed()
        return annotators

    def _annotator(self, oracle: Oracle, signer: Signer) -> Annotator:
        return Annotator(signer, oracle.scope, oracle.params, self.spec, oracle.intake, self.database)

    # ------------------------------------------------------------------ work

    def _work(self, oracle: Oracle, annotators: Sequence[Annotator]) -> None:
        schedule = oracle.params.schedule
        answers = self.crowd.labels_of
        for number in range(schedule.rounds):
            self._wait_until(schedule.round_start(number))
            title = f"seal and commit labels, round {number + 1} of {schedule.rounds}"
            with self.progress.phase(title, len(annotators)) as advance:
                if not self._is_over(oracle, number):
                    oracle.begin_round(number)
                for annotator, known in zip(annotators, answers, strict=True):
                    if oracle.book.round() == number:
                        self._label(oracle, annotator, number, known)
                    advance(1)
                self._post(oracle, annotators, number)
        self._wait_until(schedule.commit_end)

    def _is_over(self, oracle: Oracle, number: int) -> bool:
        """Whether an earlier process has brought a round to its end, with batches or without."""
        posted = self.contracts.registry.round_root(oracle.scope.campaign_id, number)
        return posted != ZERO_HASH or self.chain.now() >= oracle.params.schedule.aggregate_close(number)

    def _label(self, oracle: Oracle, annotator: Annotator, number: int, known: Mapping[int, int]) -> None:
        """Deliver what is sealed, seal what is assigned now and not labelled yet."""
        annotator.deliver()
        places = oracle.assigned_to(annotator.address)
        done = {item for batch in annotator.batches for item in batch.opening.items}
        items = (known.keys() if places is None else known.keys() & places) - done
        room = oracle.intake.limit - len(done)
        if items and room > 0:
            annotator.submit(number, {item: known[item] for item in sorted(items)[:room]})

    def _post(self, oracle: Oracle, annotators: Sequence[Annotator], number: int) -> None:
        """Post the round's root; whoever finds that it does not hold what it handed in commits alone."""
        if oracle.post_commits(number) is None:
            return
        lists = Lists.checked(oracle.scope, oracle.record(), number, oracle.intake.published(number))
        for annotator in annotators:
            for batch in annotator.missing_from(lists):
                if batch.receipt:
                    annotator.commit_alone(self.sender, batch)

    # ------------------------------------------------------------ settlement

    def _reveal_gold(self, requester: Requester, params: CampaignParams) -> None:
        if self.rules.gold:
            with self.progress.phase("reveal the gold", 1) as advance:
                gold = seal_gold(self.crowd, self.rules.gold, self.spec.task.form)
                requester.reveal_gold(params, self.spec, gold)
                advance(1)

    def _settle(self, oracle: Oracle, annotators: Sequence[Annotator]) -> bytes:
        schedule = oracle.params.schedule
        with self.progress.phase("open the batches", len(annotators)) as advance:
            for annotator in annotators:
                for batch in annotator.batches:
                    if batch.receipt and not batch.opening_receipt:
                        annotator.open(batch)
                advance(1)
        with self.progress.phase("settle", 2) as advance:
            self._wait_until(schedule.reveal_end)
            built = oracle.propose()
            advance(1)
            if oracle.state().status is Status.PROPOSED:
                self._wait_until(oracle.state().since + schedule.window)
            oracle.finalize()
            advance(1)
        return built.bundle

    def _slash(self, oracle: Oracle, bundle: bytes) -> None:
        """The oracle takes all that the settlement slashes or finds forfeit; nothing without gold."""
        if not self.rules.gold:
            return
        campaign = (oracle.scope, oracle.pool, oracle.params)
        slasher = Slasher(self.sender, self.contracts, oracle.signer, *campaign)
        if slashes := slasher.due([bundle]):
            with self.progress.phase("take what stakes lose", len(slashes)) as advance:
                for each in slashes:
                    slasher.execute(each)
                    advance(1)

    def _pay(self, oracle: Oracle) -> None:
        with self.progress.phase("pay and release shares", len(self.cast.workers)) as advance:
            oracle.pay_everyone(Parts.BOTH, advance)

    # --------------------------------------------------------------- revenue

    def _license(self, requester: Requester, dataset: Address) -> None:
        """Sell one licence, let its revenue stream, let every holder claim; nothing where nobody holds."""
        share = self.contracts.share(dataset)
        if not share.total_supply():
            return
        with self.progress.phase("sell a licence", 1) as advance:
            offer = requester.offer_licence(
                dataset, self.rules.licence_price, duration=365 * DAY, terms=LICENCE_TERMS
            )
            Licensee(self.sender.named("licensee"), self.contracts, self.cast.licensee).buy(offer)
            advance(1)
        self._wait_until(share.stream().end)
        holders = [worker for worker in self.cast.workers if share.balance_of(worker.address)]
        self._send_all("claim revenue", [(holder, share.claim_revenue()) for holder in holders])

    # --------------------------------------------------------------- helpers

    def _send_all(self, title: str, work: Sequence[tuple[Signer, Call]]) -> None:
        sender = self.sender.named(title)
        with self.progress.phase(title, len(work)) as advance:
            for run in runs(work, CLAIMS_A_CALL):
                sender.send_many(run)
                advance(len(run))

    def _wait_until(self, timestamp: int) -> None:
        """Advance the clock of the chain, if it is not there yet."""
        if self.chain.now() < timestamp:
            self.chain.advance_to(timestamp)


def _short(name: str) -> str:
    """At most 31 bytes, as a share's name must be."""
    return name.encode()[:31].decode(errors="ignore")
