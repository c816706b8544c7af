"""An oracle that fails its annotators in one way or another, and annotators whose watches see to their pay.

Time goes on by itself: to the next step of the oracle, the next round's work, whatever a watch waits for.
Everybody's balances are read from the chain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from labelshare.chain.campaign import Campaign
from labelshare.chain.history import campaign_history
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.client.duties import Kind
from labelshare.client.watch import Done, Policy, Watch
from labelshare.client.working import hand_in
from labelshare.errors import EvidenceError, ProtocolError, RevertError
from labelshare.oracle.intake import Intake
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment, Opening, SignedCommit, opening_hash
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address, CampaignId, Hash32
from tests.arbitrator import deploy_arbitrator, give_ruling
from tests.oracle.stage import COIN, ITEMS, NAMES, NOBODY, Stage, build, small_spec

HALF = ITEMS // 2
PURSE = 100 * COIN  # what each may lock in bonds
MOST_STEPS = 400


def all_label_all(chain: Chain | None = None, arbitrator: Address = NOBODY, refund: int = 0) -> Stage:
    """Four annotators label every item, so that what each is paid depends on no draw."""
    spec = small_spec(redundancy={"policy": "fixed.v1", "k": 4}, assignment={"policy": "given.v1"})
    stage = build(chain, spec, seat_stake=ITEMS * COIN, arbitrator=arbitrator, arbitration_refund=refund)
    token = stage.contracts.development_token
    for person in stage.people.values():
        stage.sender.send(stage.deployer, token.transfer(person.address, PURSE))
    return stage


def answers(name: str, number: int) -> dict[int, int]:
    """A round's answers; dora is wrong on every fifth item, so that what she is paid differs."""
    items = range(HALF * number, HALF * (number + 1))
    return {item: (item + (name == "dora" and item % 5 == 0)) % 3 for item in items}


@dataclass
class Faulty:
    """Between an annotator and the oracle. `faults` name what goes wrong; each time is counted."""

    intake: Intake
    oracle: Signer
    stranger: Signer
    faults: frozenset[str] = frozenset()
    dead: bool = False
    injected: Counter[str] = field(default_factory=Counter)

    def hit(self, *names: str) -> str | None:
        """Whether one of these faults is on, counted; a dead oracle answers nothing at all."""
        if self.dead:
            self.injected["silence"] += 1
            raise ConnectionError("nobody answers")
        for name in names:
            if name in self.faults:
                self.injected[name] += 1
                return name
        return None

    def enrol(self, enrolment: Enrolment) -> None:
        if self.hit("no enrolment"):
            raise ConnectionError("nobody answers")
        self.intake.enrol(enrolment)

    def enrolled(self) -> Sequence[Address]:
        self.hit()
        return self.intake.enrolled()

    def commit(self, signed: SignedCommit) -> bytes:
        match self.hit("silent commits", "refused commits", "refused and kept", "forged", "dropped"):
            case "silent commits":
                raise ConnectionError("nobody answers")
            case "refused commits":
                raise ProtocolError("not today")
            case "refused and kept":
                self.intake.commit(signed)
                raise ProtocolError("not today")
            case "forged":
                return self._signed(self.stranger, signed)
            case "dropped":
                return self._signed(self.oracle, signed)
            case _:
                return self.intake.commit(signed)

    def _signed(self, signer: Signer, signed: SignedCommit) -> bytes:
        scope = self.intake.scope
        name = typed_data.commit_hash(scope.campaign_id, signed.commit)
        struct = typed_data.receipt_hash(scope.campaign_id, signed.annotator, name)
        return signer.sign_digest(typed_data.digest(scope, struct))

    def open(self, opening: Opening) -> bytes:
        match self.hit("silent openings", "swallowed openings"):
            case "silent openings":
                raise ConnectionError("nobody answers")
            case "swallowed openings":
                scope = self.intake.scope
                struct = typed_data.opening_receipt_hash(
                    scope.campaign_id, opening.annotator, opening_hash(opening)
                )
                return self.oracle.sign_digest(typed_data.digest(scope, struct))
            case _:
                return self.intake.open(opening)

    def published(self, number: int) -> Sequence[SignedCommit]:
        if self.hit("no lists"):
            raise ConnectionError("nobody answers")
        return self.intake.published(number)


@dataclass
class World:
    """One campaign with watches, and an oracle that takes steps as long as it lives.

    Attributes:
        stage: Funded, not accepted.
        faults: What goes wrong, by annotator's name.
        lives: The oracle's steps that it takes: all, or those before it falls silent.
        asleep: Annotators whose watch does not run in the rounds.
    """

    stage: Stage
    faults: dict[str, frozenset[str]] = field(default_factory=dict)
    dies_before: str = ""
    asleep: frozenset[str] = frozenset()
    shows_bundles: bool = True
    judge: Signer | None = None
    told: list[tuple[str, Done]] = field(default_factory=list)
    rejected: int = 0
    refusals: int = 0

    def __post_init__(self) -> None:
        self.oracle_lives = True
        self.reached: list[str] = []
        stage = self.stage
        self.counters = {
            name: Faulty(stage.intake, stage.oracle, stage.stranger, self.faults.get(name, frozenset()))
            for name in NAMES
        }
        self.watches = {name: self.watch(name, Database.in_memory()) for name in NAMES}
        self.before = self.wealth()

    def watch(self, name: str, database: Database) -> Watch:
        stage = self.stage
        campaign = Campaign(
            stage.deployment, stage.contracts, stage.scope, stage.pool, stage.params, stage.spec
        )
        signer = stage.people[name]
        annotator = Annotator.of(campaign, signer, self.counters[name], database)
        sender = Sender(stage.chain, TransactionJournal(database))
        return Watch(campaign, annotator, sender, Policy(most_locked=PURSE), self.fetch)

    def fetch(self, campaign: CampaignId, name: Hash32) -> bytes:
        found = self.stage.engine.book.bundle(name) if self.shows_bundles and self.oracle_lives else None
        if found is None:
            raise EvidenceError(f"no bundle {name} of {campaign}")
        return found

    # ---------------------------------------------------------------------- time

    def steps(self) -> list[tuple[int, str, Callable[[], object]]]:
        """What the oracle does, and when; and when people work."""
        line, engine = self.stage.schedule, self.stage.engine
        found: list[tuple[int, str, Callable[[], object]]] = [
            (0, "accept", engine.accept),
            (line.enrol_end - line.grace - 10, "roster", engine.post_roster),
            (line.enrol_end, "arm", engine.arm_seed),
            (line.enrol_end + 20, "draw", self.draw),
        ]
        for number in range(line.rounds):
            start, close = line.round_start(number), line.aggregate_close(number)
            found += [
                (start, f"begin {number}", partial(engine.begin_round, number)),
                (start + 5, f"work {number}", partial(self.work, number)),
                (close - 5, f"close {number}", partial(engine.post_commits, number)),
            ]
        found.append((line.reveal_end, "propose", self.propose))
        return found

    def draw(self) -> None:
        self.stage.chain.mine(5)
        self.stage.engine.draw_seed()

    def propose(self) -> None:
        """The oracle's own time to propose is over once it has lost its bond."""
        try:
            self.stage.engine.propose(self.stage.record())
        except RevertError as error:
            if error.name != "NoExclusiveRight":
                raise

    def work(self, number: int) -> None:
        for name in NAMES:
            try:
                hand_in(self.watches[name].annotator, number, answers(name, number))
            except ProtocolError:
                self.refusals += 1

    def live(self) -> World:
        """Until everybody's watch has nothing more to do."""
        queue = sorted(self.steps(), key=lambda each: each[0])
        for _ in range(MOST_STEPS):
            now = self.stage.chain.now()
            while queue and queue[0][0] <= now:
                self.take(*queue.pop(0)[1:])
            self.look()
            if self.is_over():
                return self
            self.wait([each[0] for each in queue[:1]])
        raise AssertionError(f"it does not end: {[each.plan() for each in self.watches.values()]}")

    def take(self, name: str, step: Callable[[], object]) -> None:
        if name == self.dies_before:
            self.oracle_lives = False
            for each in self.counters.values():
                each.dead = True
        if self.oracle_lives or name.startswith("work"):
            self.reached.append(name)
            step()

    def look(self) -> None:
        """Every watch does what is due; whoever sleeps looks only once the rounds are over."""
        awake = self.stage.chain.now() >= self.stage.schedule.commit_end
        for name, watch in self.watches.items():
            if name not in self.asleep or awake or "work 0" not in self.reached:
                self.told += [(name, each) for each in watch.step()]
        if self.rule():
            self.look()

    def rule(self) -> bool:
        """The judge rules for the challenger as soon as it is asked."""
        registry, stage = self.stage.contracts.registry, self.stage
        contest = registry.contest(stage.scope.campaign_id)
        if self.judge is not None and contest.payer != NOBODY and not contest.ruling:
            give_ruling(stage.sender, stage.pool.arbitrator, self.judge, contest.dispute_id, 2)
            self.rejected += 1
            return True
        return False

    def is_over(self) -> bool:
        status = self.stage.contracts.registry.campaign(self.stage.scope.campaign_id).status
        if status not in {Status.FINAL, Status.EXPIRED, Status.CANCELLED}:
            return False
        return all(each.is_over() for each in self.watches.values())

    def wait(self, steps: list[int]) -> None:
        chain = self.stage.chain
        state = self.stage.contracts.registry.campaign(self.stage.scope.campaign_id)
        if state.seed_block and chain.block_number <= state.seed_block:
            chain.mine(state.seed_block - chain.block_number + 1)
            return
        times = steps + [at for each in self.watches.values() if (at := each.next_at()) is not None]
        later = [each for each in times if each > chain.now()]
        assert later, f"nothing is waited for: {[each.plan() for each in self.watches.values()]}"
        chain.advance_to(min(later))

    # --------------------------------------------------------------------- money

    def wealth(self) -> dict[str, int]:
        """Wallet and credit."""
        token, registry = self.stage.contracts.development_token, self.stage.contracts.registry
        return {
            name: token.balance_of(each.address) + registry.credit_of(token.address, each.address)
            for name, each in self.stage.people.items()
        }

    def gained(self) -> dict[str, int]:
        """What each has more in its wallet than at the beginning; no credit is left."""
        token, registry = self.stage.contracts.development_token, self.stage.contracts.registry
        for each in self.stage.people.values():
            assert registry.credit_of(token.address, each.address) == 0
        return {name: held - self.before[name] for name, held in self.wealth().items()}

    def shares(self) -> dict[str, int]:
        share = self.stage.contracts.share(self.stage.dataset)
        return {name: share.balance_of(each.address) for name, each in self.stage.people.items()}

    def did(self, name: str = "") -> Counter[str]:
        """What the watches did, by kind."""
        return Counter(each.duty.kind.value for who, each in self.told if each.ok and name in ("", who))

    def injected(self) -> Counter[str]:
        return sum((each.injected for each in self.counters.values()), Counter())

    def unseen(self) -> int:
        """How often a watch asked for a settlement's evidence in vain."""
        return sum(each.duty.kind is Kind.CHECK and not each.ok for _, each in self.told)

    def history(self) -> Any:
        return campaign_history(self.stage.chain, self.stage.deployment, self.stage.scope.campaign_id)

    def proposers(self) -> list[str]:
        """Who proposed in the oracle's place, in order."""
        return [who for who, each in self.told if each.ok and each.duty.kind is Kind.PROPOSE]


def judged(judge: Signer, chain: Chain, fee: int) -> Address:
    """An arbitrator of one account."""
    chain.fund(judge.address, 100 * COIN)
    return deploy_arbitrator(Sender(chain), judge, fee)


def fresh(base: Stage, mark: list[Any]) -> Iterator[Stage]:
    """The same campaign from its beginning, by an oracle that has received nothing yet."""
    base.chain.restore(mark[0])
    mark[0] = base.chain.snapshot()
    database = Database.in_memory()
    yield base.taken_up(database=database, sender=Sender(base.chain, TransactionJournal(database)))
