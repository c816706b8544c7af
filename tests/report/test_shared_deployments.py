"""On a deployment that several pools, tokens, datasets and campaigns share, every sum holds at every stage.

And it fails where a figure is forged, be it one of somebody else's campaign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import pytest

from labelshare.chain import events as ev
from labelshare.chain.connect import connect
from labelshare.chain.contracts import Parts, Token
from labelshare.chain.deploy import _create
from labelshare.chain.history import campaign_history, dataset_history
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain, Log, Topics
from labelshare.chain.state import OfferParams
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.client.seats import seat_calls
from labelshare.protocol.evidence import PayoutRow
from labelshare.protocol.rewards import bond_for
from labelshare.report import money
from labelshare.report.collect import READINGS, Outcome, collect
from labelshare.report.money import Balance, Flows, check_money, flows_of
from labelshare.store.database import Database
from labelshare.types import Address, Hash32, Inclusion, PoolParams, keccak
from tests.chain.world import COIN, ESCROW, SHARE, Work, World, first, schedule
from tests.oracle.stage import FEE_BPS, NAMES, Stage, build

SLASH = 7 * COIN
LATER = 600
RICH = 10_000 * COIN
OWES, MOVES = "registry holds = all it owes", "registry holds = transfers in - out"
GIVEN, SURPLUS = "registry holds = all it owes + sent unasked", "registry's surplus = sent unasked"
ENDINGS = ("final", "open", "cancelled", "expired", "disputed", "unruled")

# ------------------------------------------------------------------------ two campaigns


@dataclass(frozen=True)
class Place:
    """A pool, with the world in which it is everyone's pool, and a dataset."""

    world: World
    dataset: Address


def another_token(world: World) -> Token:
    """Of which everyone has enough, and lets the registry and the licence registry take it."""
    address, _ = _create(world.sender, world.deployer, "RewardToken", "Other", "OTH", 6, 10**30)
    token = Token(world.chain, address)
    people = [world.oracle, world.requester, world.stranger, *world.annotators]
    world.sender.send_many([(world.deployer, token.transfer(each.address, RICH)) for each in people])
    allow(world, token, people)
    return token


def allow(world: World, token: Token, people: list[Signer]) -> None:
    spenders = (world.contracts.registry.address, world.contracts.licenses.address)
    world.sender.send_many([(each, token.approve(to, 2 * RICH)) for each in people for to in spenders])


def another_pool(world: World, token: Token) -> World:
    """The same world with a second pool, in which all annotators have a seat too."""
    other = replace(world)
    other.__dict__["pool"] = replace(world.pool, token=token.address, nonce=2)
    registry = world.contracts.registry
    world.sender.send(world.oracle, registry.create_pool(other.pool))
    world.sender.send_many([(each, registry.join(other.pool)) for each in world.annotators])
    return other


def another_dataset(world: World, token: Token) -> Address:
    create = world.contracts.registry.create_dataset("Moods", "MOOD", token.address, 7_000, 1_000 * SHARE)
    return first(world.sender.send(world.requester, create), ev.DatasetCreated).dataset


def one_pool(work: Work) -> Place:
    return Place(work.world, work.params.dataset)


def one_pool_two_datasets(work: Work) -> Place:
    return Place(work.world, another_dataset(work.world, work.world.token))


def two_pools(work: Work) -> Place:
    world = another_pool(work.world, work.world.token)
    return Place(world, another_dataset(world, world.token))


def two_tokens(work: Work) -> Place:
    token = another_token(work.world)
    world = another_pool(work.world, token)
    return Place(world, another_dataset(world, token))


def crossed_tokens(work: Work) -> Place:
    """Paid in one token, the dataset's revenue in another."""
    return Place(work.world, another_dataset(work.world, another_token(work.world)))


def begin(shape: Callable[[Work], Place]) -> tuple[Work, Work]:
    """Two campaigns of one deployment; both slash the third annotator, the second is ten minutes later."""
    world = World.build(connect())
    world.sender.send(world.deployer, world.token.transfer(world.stranger.address, RICH))
    allow(world, world.token, [world.stranger, world.requester])
    one = replace(Work.start(world), slash=SLASH)
    place = shape(one)
    line = schedule(world.chain.now() + LATER)
    pool, registry = world.contracts.registry.pool_id(place.world.pool), world.contracts.registry
    params = replace(
        one.params,
        nonce=2,
        schedule=line,
        pool=pool,
        dataset=place.dataset,
        token=place.world.pool.token,
    )
    two = Work(place.world, params, SLASH)
    world.sender.send(world.requester, registry.create_campaign(place.world.pool, params, ESCROW))
    return one, two


# ----------------------------------------------------------------------------- the steps


def send(work: Work, signer: Signer, *calls: Call) -> None:
    for call in calls:
        work.world.sender.send(signer, call)


def until(work: Work, moment: int) -> None:
    work.world.chain.advance_to(max(moment, work.world.chain.now()))


def propose(work: Work) -> None:
    until(work, work.params.schedule.reveal_end)
    send(work, work.world.oracle, work.world.contracts.registry.propose(work.params, work.settlement))


def challenge(work: Work) -> None:
    world, registry = work.world, work.world.contracts.registry
    proposal = registry.campaign(work.id).settlement
    send(work, world.stranger, registry.challenge(world.pool, work.params, proposal, ESCROW, "reasons"))


def resolve(work: Work) -> None:
    until(work, work.world.chain.now() + work.params.schedule.ruling_period)
    send(work, work.world.stranger, work.world.contracts.registry.resolve(work.world.pool, work.params))


def finalize(work: Work) -> None:
    registry = work.world.contracts.registry
    send(work, work.world.stranger, registry.finalize(work.params, work.settlement))


def slash(work: Work) -> None:
    row = work.payouts[2]
    call = work.world.contracts.registry.slash(
        work.world.pool, work.params, row, work.tree.proof(2), Inclusion(row.account, work.sealed(2))
    )
    send(work, work.world.stranger, call)


def withdraw_everything(work: Work) -> None:
    """All credit, also that of annotators: what they get has nothing to do with payouts."""
    world, registry, token = work.world, work.world.contracts.registry, work.params.token
    people = [world.oracle, world.requester, world.stranger, *world.annotators]
    for each in people:
        if registry.credit_of(token, each.address):
            send(work, world.deployer, registry.withdraw_for(token, each.address))


def refill_and_leave(work: Work) -> None:
    """The slashed seat is made whole from a deposit and the wallet, another leaves for good."""
    world, registry = work.world, work.world.contracts.registry
    ann, _, cleo = world.annotators
    if registry.seat(work.params.pool, cleo.address).stake < world.pool.seat_stake:
        send(work, cleo, registry.deposit(work.params.token, COIN), registry.refill(world.pool))
    if not registry.seat(work.params.pool, ann.address).release_at:
        send(work, ann, registry.leave(work.params.pool))


def story(one: Work, two: Work, ending: str) -> Iterator[str]:
    """Two lives, step by step in turn; tells what has just happened."""
    yield "created"
    yield from work_on_both(one, two, ending)
    until(one, one.world.chain.now() + one.params.schedule.window)
    finalize(one)
    yield "one final"
    slash(one)
    yield "one slashed"
    yield from end_two(two, ending)
    one.claim()
    yield "one paid"
    for step in (withdraw_everything, refill_and_leave):
        for work in (one, two):
            step(work)
            yield step.__name__


def work_on_both(one: Work, two: Work, ending: str) -> Iterator[str]:
    """To the proposal of the first, and as far as the second gets."""
    for name in ("accept_and_enrol", "draw_seed"):
        for work in (one, two):
            getattr(work, name)()
            yield name
    one.label()
    yield "one labelled"
    if ending != "cancelled":
        two.label()
        yield "both labelled"
    propose(one)
    yield "one proposed"
    until(two, two.params.schedule.reveal_end)
    if ending in {"final", "disputed", "unruled"}:
        propose(two)
        yield "both proposed"
    if ending in {"disputed", "unruled"}:
        challenge(two)
        yield "two disputed"


def end_two(two: Work, ending: str) -> Iterator[str]:
    """What becomes of the second, if anything."""
    world, registry = two.world, two.world.contracts.registry
    if ending == "cancelled":
        send(two, world.stranger, registry.cancel(two.params))
        yield "two cancelled"
    if ending == "final":
        for step in (finalize, slash, Work.claim):
            step(two)
            yield step.__name__
    if ending == "unruled":
        resolve(two)
        yield "nobody ruled on two"
    if ending in {"expired", "unruled"}:
        until(two, two.params.schedule.propose_end)
        send(two, world.stranger, registry.expire(two.params))
        yield "two expired"


# ------------------------------------------------------------------------------ the sums


def sums(work: Work, chain: Chain | None = None, flows: Flows | None = None) -> list[Balance]:
    world, chain = work.world, chain or work.world.chain
    campaign = campaign_history(chain, world.deployment, work.id)
    dataset = dataset_history(chain, world.deployment, work.params.dataset)
    flows = flows or flows_of(chain, world.deployment, work.params.token)
    rows = [PayoutRow.of(each) for each in work.payouts]
    return check_money(chain, world.deployment, campaign, dataset, rows, flows)


def failing(work: Work, chain: Chain | None = None, flows: Flows | None = None) -> set[str]:
    return {each.what for each in sums(work, chain, flows) if not each.holds}


def value(work: Work, what: str) -> int:
    """The left side of a sum that holds."""
    (found,) = (each for each in sums(work) if each.what == what)
    assert found.holds
    return found.left


CASES = [
    *((two_pools, ending) for ending in ENDINGS),
    *((one_pool, ending) for ending in ("final", "cancelled", "expired")),
    *((shape, "final") for shape in (one_pool_two_datasets, two_tokens, crossed_tokens)),
]


@pytest.mark.parametrize(("shape", "ending"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_every_sum_of_both_holds_at_every_stage(shape: Callable[[Work], Place], ending: str) -> None:
    one, two = begin(shape)
    for stage in story(one, two, ending):
        for work in (one, two):
            off = [each for each in sums(work) if not each.holds]
            assert not off, (stage, work is one, off)

    assert value(one, "stakes taken = burned + rewards") == SLASH
    assert value(one, "each wallet got = its payout") == 60 * COIN
    assert value(one, "shares minted = payouts' shares") == 6 * SHARE
    if ending == "final":
        assert value(two, "stakes taken = burned + rewards") == SLASH
        assert value(two, "each wallet got = its payout") == 60 * COIN
    if ending == "final" and two.params.dataset == one.params.dataset:
        assert value(one, "all shares minted = all balances") == 12 * SHARE
    else:
        assert value(one, "shares minted = all balances") == 6 * SHARE


# --------------------------------------------------------------------- sent without asking


@cache
def lived() -> tuple[Work, Work]:
    """Two pools of one token, both campaigns final, with slashes; one is paid, two only in part."""
    one, two = begin(two_pools)
    steps = story(one, two, "final")
    while next(steps) != "one slashed":
        pass
    finalize(two)
    slash(two)
    registry = two.world.contracts.registry
    send(two, two.world.stranger, registry.claim(two.params, two.payouts[1], two.tree.proof(1)))
    one.claim()
    send(two, two.world.oracle, registry.deposit(two.params.token, 3), registry.withdraw(two.params.token, 2))
    sell(one, 100 * COIN)
    sell(two, 300 * COIN)
    return one, two


def sell(work: Work, price: int) -> None:
    """A licence of the campaign's dataset, and what its holders have earned after half a week."""
    world, contracts = work.world, work.world.contracts
    terms = OfferParams(work.params.dataset, price, 0, keccak(b"terms"), 1)
    offer = first(world.sender.send(world.requester, contracts.licenses.offer(terms)), ev.Offered).offer
    send(work, world.stranger, contracts.licenses.buy(offer, world.stranger.address))
    until(work, world.chain.now() + 300_000)
    share = contracts.share(work.params.dataset)
    send(work, world.stranger, share.claim_revenue_for(world.annotators[1].address))


@pytest.fixture
def both() -> Iterator[tuple[Work, Work]]:
    one, two = lived()
    mark = one.world.chain.snapshot()
    yield one, two
    one.world.chain.restore(mark)


def give(work: Work, to: Address, amount: int, token: Token | None = None) -> None:
    send(work, work.world.deployer, (token or work.world.token).transfer(to, amount))


def test_what_is_sent_to_the_registry_unasked_is_a_surplus_and_no_fault(both: tuple[Work, Work]) -> None:
    one, two = both
    registry = one.world.contracts.registry
    before = value(one, OWES)

    give(one, registry.address, 5)
    send(one, one.world.stranger, registry.deposit(one.params.token, 3))
    give(one, registry.address, 7)

    for work in both:
        found = {each.what: (each.left, each.right) for each in sums(work)}
        assert failing(work) == set()
        assert OWES not in found
        assert found[SURPLUS] == (12, 12)
        assert found[GIVEN] == (before + 15, before + 15)
    flows = flows_of(one.world.chain, one.world.deployment, one.params.token)
    assert flows.unasked == 12
    assert failing(one, flows=replace(flows, held=flows.held - 1)) == {GIVEN, SURPLUS, MOVES}
    assert failing(one, flows=replace(flows, unasked=11)) == {GIVEN, SURPLUS}
    assert failing(two, flows=replace(flows, burned=flows.burned + 1)) == {GIVEN, SURPLUS}


def test_another_token_in_the_registry_is_no_part_of_the_sums(both: tuple[Work, Work]) -> None:
    one, _ = both
    other = another_token(one.world)
    give(one, one.world.contracts.registry.address, 5, other)

    assert [each.what for each in sums(one)].count(OWES) == 1
    assert [failing(work) for work in both] == [set(), set()]


def test_revenue_that_is_no_sale_and_what_is_sent_to_a_dataset_unasked(both: tuple[Work, Work]) -> None:
    one, two = both
    share = one.world.contracts.share(one.params.dataset)
    sold, paid = (
        value(one, what)
        for what in ("holders' part of sales = revenue", "revenue = claimed + not yet claimed")
    )
    assert sold == paid == 40 * COIN

    send(one, one.world.stranger, one.world.token.approve(share.address, 50), share.pay_revenue(50))
    give(one, share.address, 9)

    assert [failing(work) for work in both] == [set(), set()]
    assert value(one, "holders' part of sales = revenue") == sold
    assert value(one, "dataset's surplus = sent unasked") == 9
    assert value(two, "revenue = claimed + not yet claimed") == 210 * COIN
    assert failing(one, Forged(one, ev.RevenuePaid, 0, -1, of=share.address).chain) == {
        "holders' part of sales = revenue",
        "dataset holds = all it owes + sent unasked",
        "dataset's surplus = sent unasked",
    }


# ------------------------------------------------------------------------------ forgeries


class Forged:
    """A chain on which a word of a contract's first log of a kind, about a subject if given, is another."""

    def __init__(
        self,
        work: Work,
        kind: type[ev.Event],
        word: int,
        by: int,
        subject: bytes | None = None,
        of: Address | None = None,
    ) -> None:
        self._chain, self._by, self._at = work.world.chain, by, 32 * word
        self._of = of or work.world.contracts.registry.address
        self._topics: list[bytes | None] = [ev.topic_of(kind), *([] if subject is None else [subject])]
        every = self._chain.logs(self._of, 0, self._chain.block_number, self._topics)
        self._place = (every[0].block, every[0].index)

    @property
    def chain(self) -> Chain:
        """What passes for the chain."""
        return cast("Chain", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def logs(self, address: Address, from_block: int, to_block: int, topics: Topics = ()) -> list[Log]:
        return [self._seen(log) for log in self._chain.logs(address, from_block, to_block, topics)]

    def _seen(self, log: Log) -> Log:
        if (log.block, log.index) != self._place:
            return log
        data, at = log.data, self._at
        word = int.from_bytes(data[at : at + 32], "big") + self._by
        return replace(log, data=data[:at] + word.to_bytes(32, "big") + data[at + 32 :])


def moves(work: Work, by: int) -> Forged:
    """The first move of tokens out of the registry: a payout of the second campaign."""
    sender = bytes(12) + work.world.contracts.registry.address
    return Forged(work, ev.Transfer, 0, by, sender, work.params.token)


FORGERIES: dict[str, tuple[Callable[[Work], Forged], set[str], set[str]]] = {
    "a stake in its pool": (lambda it: Forged(it, ev.Joined, 0, 1, it.params.pool), {OWES}, {OWES}),
    "its pay": (
        lambda it: Forged(it, ev.Finalized, 0, -1, it.id),
        {OWES},
        {OWES, "escrow = pay + fee + surplus", "pay = all payouts"},
    ),
    "its slash": (
        lambda it: Forged(it, ev.Slashed, 1, -1, it.id),
        {OWES},
        {
            *(OWES, "stakes taken = as the payouts say", "stakes taken = burned + rewards"),
            "losers' seats hold = in - taken",
        },
    ),
    "somebody's credit": (lambda it: Forged(it, ev.Credited, 0, 1), {OWES}, {OWES}),
    "a use of credit": (lambda it: Forged(it, ev.Debited, 0, 1), {OWES}, {OWES}),
    "a burn by the slash of the other": (
        lambda it: Forged(it, ev.Burned, 0, -1),
        {OWES, "stakes taken = burned + rewards"},
        {OWES},
    ),
    "its payout": (
        lambda it: moves(it, -1),
        {OWES, MOVES},
        {MOVES, "payout of"},
    ),
    "its dataset's revenue": (
        lambda it: Forged(it, ev.RevenuePaid, 0, -1, of=it.params.dataset),
        set(),
        {"holders' part of sales = revenue", "revenue = claimed + not yet claimed"},
    ),
    "its shares": (
        lambda it: Forged(it, ev.RoundMinted, 0, -1, of=it.params.dataset),
        set(),
        {
            "shares minted = payouts' shares",
            "shares minted = all balances",
            "shares minted = released + waiting",
        },
    ),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_figure_of_one_fails_its_sums_and_those_of_the_registry(case: str) -> None:
    """Seen from the other campaign only what concerns all of the registry is off."""
    one, two = lived()
    forged, elsewhere, here = FORGERIES[case]

    assert failing(one) == failing(two) == set()
    assert failing(one, forged(two).chain) == elsewhere
    own = {re.sub("payout of .*", "payout of", what) for what in failing(two, forged(two).chain)}
    assert own == here


def test_a_theft_is_noticed_by_both(both: tuple[Work, Work]) -> None:
    """Tokens that no event of the registry tells of are gone."""
    for work in both:
        flows = flows_of(work.world.chain, work.world.deployment, work.params.token)
        assert failing(work, flows=replace(flows, held=flows.held - 1)) == {OWES, MOVES}
        thief = {**flows.moved, (work.world.contracts.registry.address, work.world.oracle.address): 10**30}
        assert failing(work, flows=replace(flows, moved=thief)) == {MOVES}


# ------------------------------------------------------------------------- how it is read


def test_who_refuses_its_payout_gets_credit_and_nothing_is_missing() -> None:
    """As a token tells it that pays one account, refuses the next, and pays a third; others act around it."""
    one, _ = lived()
    registry, token, oracle = one.world.contracts.registry.address, one.params.token, one.world.oracle.address
    ann, ben, cleo = (each.address for each in one.world.annotators)
    at = iter(range(100))

    def log(transaction: int = 1) -> Log:
        return Log(registry, (), b"", 1, next(at), Hash32(bytes([transaction]) * 32))

    follower = money._Moves(registry)
    for event in (
        ev.Transfer(log(), ben, registry, 9),
        ev.Credited(log(), token, ben, 9),
        ev.Claimed(log(), one.id, Parts.PAYOUT, b""),
        ev.Transfer(log(), registry, ann, 10),
        ev.Transfer(log(), registry, oracle, 0),
        ev.Credited(log(), token, ben, 20),
        ev.Transfer(log(), registry, cleo, 30),
        ev.Debited(log(), token, ben, 5),
        ev.Transfer(log(), registry, ben, 5),
        ev.Transfer(log(), ben, registry, 2),
        ev.Transfer(log(), ben, registry, 3),
        ev.Credited(log(), token, ben, 3),
        ev.Transfer(log(2), ben, registry, 4),
        ev.Credited(log(3), token, ben, 4),
    ):
        follower.follow(event)

    assert follower.paid == {one.id: {ann: 10, ben: 20, cleo: 30}}
    assert follower.unasked == 2 + 4


class Counting:
    """A chain that counts what it is asked."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self.logs_asked, self.calls = chain, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def logs(self, *arguments: Any) -> list[Log]:
        self.logs_asked += 1
        return self.chain.logs(*arguments)

    def call(self, *arguments: Any) -> bytes:
        self.calls += 1
        return self.chain.call(*arguments)


def test_money_takes_three_queries_and_three_calls_however_many_there_are() -> None:
    one, _ = lived()
    counting = Counting(one.world.chain)
    flows = flows_of(cast("Chain", counting), one.world.deployment, one.params.token)
    assert (counting.logs_asked, counting.calls) == (3, 1)
    campaign = campaign_history(one.world.chain, one.world.deployment, one.id)
    dataset = dataset_history(one.world.chain, one.world.deployment, one.params.dataset)

    check_money(
        cast("Chain", counting),
        one.world.deployment,
        campaign,
        dataset,
        [PayoutRow.of(each) for each in one.payouts],
        flows,
    )

    assert (counting.logs_asked, counting.calls) == (3, 3)


# -------------------------------------------------------------------------- whole reports


def another_campaign(stage: Stage, pool: PoolParams, dataset: Address, nonce: int) -> Stage:
    """One more of the same people; its times are a little later."""
    client, escrow = (
        Requester(stage.sender, stage.contracts, stage.requester),
        escrow_for(stage.spec, FEE_BPS),
    )
    token = stage.contracts.development_token
    purses = {stage.requester: escrow, stage.oracle: bond_for(escrow, 0)}
    stage.sender.send_many(
        [(stage.deployer, token.transfer(each.address, amount)) for each, amount in purses.items()]
    )
    line = replace(schedule(stage.chain.now() + LATER), rounds=2)
    terms = Terms(stake_per_label=COIN, fee_bps=FEE_BPS, schedule=line, nonce=nonce)
    scope, params = client.open_campaign(pool, dataset, stage.spec, terms)
    return stage.taken_up(
        pool=pool, dataset=dataset, params=params, scope=scope, database=Database.in_memory()
    )


def second_pool(stage: Stage) -> PoolParams:
    """With everyone in it."""
    pool, token = replace(stage.pool, nonce=1), stage.contracts.development_token
    stage.sender.send(stage.oracle, stage.contracts.registry.create_pool(pool))
    for each in stage.people.values():
        stage.sender.send(stage.deployer, token.transfer(each.address, pool.seat_stake))
        stage.sender.send_many([(each, call) for call in seat_calls(stage.contracts, pool, each.address)])
    return pool


def second_dataset(stage: Stage) -> Address:
    client, token = Requester(stage.sender, stage.contracts, stage.requester), stage.pool.token
    return client.create_dataset(
        "Moods", "MOOD", revenue_token=token, contributor_bps=5_000, max_shares=3 * share_cap_for(stage.spec)
    )


def told(stage: Stage, bundle: bytes, chain: Chain | None = None) -> Outcome:
    return collect(chain or stage.chain, stage.deployment, stage.scope.campaign_id, bundle)


def draw(stage: Stage) -> Stage:
    """The seed, where the roster is posted already."""
    stage.chain.advance_to(max(stage.schedule.enrol_end, stage.chain.now()))
    stage.engine.arm_seed()
    stage.chain.mine(5)
    stage.engine.draw_seed()
    return stage


def test_reports_of_three_campaigns_in_two_pools_hold_from_proposal_to_payment() -> None:
    one = build()
    two = another_campaign(one, second_pool(one), second_dataset(one), 7)
    bundles: list[bytes] = []

    def hold() -> bool:
        return all(told(each, bundle).conserved for each, bundle in zip((one, two), bundles, strict=False))

    for stage in (one, two):
        stage.accept().enrol().engine.post_roster()
    for step in (draw, Stage.work, lambda each: each.reveal(*NAMES)):
        for stage in (one, two):
            step(stage)
    for stage in (one, two):
        stage.chain.advance_to(max(stage.schedule.reveal_end, stage.chain.now()))
        bundles.append(stage.engine.propose(stage.record()).bundle)
        assert hold()
    one.chain.advance_to(one.chain.now() + one.schedule.window)
    for stage in (one, two):
        stage.engine.finalize()
        assert hold()
        for part in (Parts.PAYOUT, Parts.SHARES):
            stage.engine.pay_everyone(part)
            assert hold()
    one.chain.advance_to(one.chain.now() + one.schedule.slash_window)
    one.sender.send(one.stranger, one.contracts.registry.free_place(one.params))

    three = another_campaign(one, one.pool, one.dataset, 8).accept().enrol().draw().work().reveal(*NAMES)
    bundles.append(three.settle().bundle)
    three.engine.pay_everyone(Parts.BOTH)

    for stage, bundle in zip((one, two, three), bundles, strict=True):
        outcome = told(stage, bundle)
        assert outcome.conserved, [each for each in outcome.balances if not each.holds]
        assert outcome.verification.ok
        assert {each.payout for each in outcome.people} == {2 * COIN}


class Busy(Counting):
    """A chain on which somebody deposits each time a balance is asked for, so many times."""

    def __init__(self, stage: Stage, times: int) -> None:
        super().__init__(stage.chain)
        self._stage, self.times = stage, times

    def call(self, *arguments: Any) -> bytes:
        found = super().call(*arguments)
        if arguments[0].label == "Token.balanceOf" and self.times:
            self.times -= 1
            registry, token = self._stage.contracts.registry, self._stage.contracts.development_token
            deployer = self._stage.deployer
            self._stage.sender.send(deployer, token.transfer(self._stage.dataset, 1))
            self._stage.sender.send(deployer, token.approve(registry.address, 1))
            self._stage.sender.send(deployer, registry.deposit(token.address, 1))
        return found


@pytest.mark.parametrize(
    ("times", "readings", "conserved"),
    [(0, 1, True), (2, 1, False), (2, READINGS, True), (2 * READINGS, READINGS, False)],
)
def test_what_moves_while_it_is_read_is_read_again(
    times: int, readings: int, *, conserved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reading asks for two balances. Who never comes to rest is told so in the end."""
    monkeypatch.setattr("labelshare.report.collect.READINGS", readings)
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    bundle = stage.settle().bundle

    assert told(stage, bundle, cast("Chain", Busy(stage, times))).conserved is conserved
