"""A whole small campaign through the wrappers, and its history from events alone."""

from __future__ import annotations

import pytest

from labelshare.chain import events as ev
from labelshare.chain.contracts import Parts
from labelshare.chain.history import (
    campaign_history,
    campaign_record,
    dataset_history,
    ledger,
    pool_params,
    seat_spans,
)
from labelshare.chain.state import OfferParams, OfferStatus, Status
from labelshare.errors import ChainError, RevertError
from labelshare.protocol.record import OwnCommit, Posted, RoundRoot
from labelshare.types import Hash32, keccak
from tests.chain.world import COIN, ESCROW, SHARE, TOP_UP, Work, World, first

WEEK = 7 * 86_400


def test_a_campaign_from_funding_to_claims(work: Work) -> None:
    world, registry = work.world, work.world.contracts.registry
    assert registry.campaign_id(work.params) == work.id
    assert registry.pool_id(world.pool) == work.params.pool
    assert registry.campaign(work.id).status is Status.CREATED

    work.accept_and_enrol()
    state = registry.campaign(work.id)
    assert (state.status, state.escrow) == (Status.OPEN, ESCROW + TOP_UP)
    assert registry.enrolled_alone(work.id, world.annotators[2].address)
    assert registry.pool(work.params.pool).open == 1

    work.draw_seed()
    work.label()
    assert registry.round_root(work.id, 0) == work.aggregate[0]
    assert registry.commit_hash(work.id, world.annotators[2].address, 0) != Hash32(bytes(32))

    before = world.balances()
    work.settle()
    fee = work.settlement.payout_total * 500 // 10_000
    surplus = ESCROW + TOP_UP - work.settlement.payout_total - fee
    bond = -(-(ESCROW + TOP_UP) // 4)
    after = world.balances()
    assert after["oracle's credit"] - before["oracle's credit"] == bond + fee
    assert after["requester's credit"] - before["requester's credit"] == surplus

    work.claim()
    share = world.contracts.share(work.params.dataset)
    for row, annotator in zip(work.payouts, world.annotators, strict=True):
        assert share.balance_of(annotator.address) == row.shares
        assert world.token.balance_of(annotator.address) == 10_000 * COIN - 100 * COIN + row.payout
        assert registry.claimed_parts(work.id, row.index) is Parts.BOTH
    assert registry.campaign(work.id).escrow == 0


def test_a_roster_proof_lets_a_left_out_annotator_commit(work: Work) -> None:
    work.accept_and_enrol()
    work.draw_seed()
    world, registry = work.world, work.world.contracts.registry
    world.chain.advance_to(work.params.schedule.work_start)

    world.sender.send(world.annotators[1], registry.commit(work.params, work.sealed(1), work.roster.proof(1)))

    record = campaign_record(world.chain, world.deployment, work.id)
    assert record.own_commits == (OwnCommit(world.annotators[1].address, work.sealed(1)),)


def test_the_record_holds_what_a_settlement_is_judged_by(work: Work) -> None:
    work.whole()
    world = work.world

    record = campaign_record(world.chain, world.deployment, work.id)

    assert record.scope == work.scope
    assert (record.params, record.pool) == (work.params, world.pool)
    assert record.escrow == ESCROW + TOP_UP
    assert (record.roster_root, record.roster_count) == (work.roster.root, 2)
    assert record.enrolled_alone == (world.annotators[2].address,)
    assert record.seed == world.contracts.registry.campaign(work.id).seed
    assert record.rounds == (RoundRoot(0, *work.aggregate),)
    assert record.own_commits == (OwnCommit(world.annotators[2].address, work.sealed(2)),)
    fee = work.settlement.payout_total * 500 // 10_000
    assert record.posted is not None
    assert record.posted == Posted(work.settlement, fee, place=record.posted.place)


def test_the_record_of_a_campaign_nobody_accepted_is_empty(work: Work) -> None:
    record = campaign_record(work.world.chain, work.world.deployment, work.id)

    assert (record.escrow, record.seed, record.roster_root) == (ESCROW, Hash32(bytes(32)), Hash32(bytes(32)))
    assert (record.rounds, record.own_commits, record.posted) == ((), (), None)


def test_the_history_follows_the_status(work: Work) -> None:
    chain, deployment, registry = work.world.chain, work.world.deployment, work.world.contracts.registry
    for step in (work.accept_and_enrol, work.draw_seed, work.label, work.settle, work.claim):
        step()
        assert campaign_history(chain, deployment, work.id).status is registry.campaign(work.id).status

    history = campaign_history(chain, deployment, work.id)
    assert history.claimed == {0: Parts.BOTH, 1: Parts.BOTH, 2: Parts.BOTH}
    assert history.finalized is not None
    assert history.finalized.payout_total == work.settlement.payout_total
    assert not history.place_freed

    chain.advance_to(chain.now() + work.params.schedule.slash_window)
    work.world.sender.send(work.world.stranger, registry.free_place(work.params))
    assert campaign_history(chain, deployment, work.id).place_freed


def test_a_campaign_that_nobody_worked_for_is_refunded(work: Work) -> None:
    world, registry = work.world, work.world.contracts.registry
    work.accept_and_enrol()
    world.chain.advance_to(work.params.schedule.reveal_end)

    world.sender.send(world.stranger, registry.cancel(work.params))

    history = campaign_history(world.chain, world.deployment, work.id)
    assert history.status is Status.CANCELLED
    assert history.cancelled is not None
    assert history.cancelled.refund == ESCROW + TOP_UP
    assert history.place_freed
    credit = ledger(world.chain, world.deployment, world.token.address).credits
    assert credit[world.requester.address] == ESCROW + TOP_UP
    assert credit[world.requester.address] == registry.credit_of(world.token.address, world.requester.address)


def test_a_campaign_that_came_to_nothing_is_burned_whole(work: Work) -> None:
    world, registry = work.world, work.world.contracts.registry
    work.accept_and_enrol()
    work.draw_seed()
    work.label()
    world.chain.advance_to(work.params.schedule.propose_end)

    world.sender.send(world.stranger, registry.expire(work.params))

    history = campaign_history(world.chain, world.deployment, work.id)
    assert history.status is Status.EXPIRED
    bond = -(-(ESCROW + TOP_UP) // 4)
    assert ledger(world.chain, world.deployment, world.token.address).burned == ESCROW + TOP_UP + bond
    assert registry.burned_of(world.token.address) == ESCROW + TOP_UP + bond


def test_nothing_expires_before_the_end_of_proposing(work: Work) -> None:
    """Python's propose_end is the contract's, to the second."""
    work.accept_and_enrol()
    work.draw_seed()
    work.label()
    chain, registry = work.world.chain, work.world.contracts.registry
    chain.advance_to(work.params.schedule.propose_end - 10)

    with pytest.raises(RevertError) as refusal:
        chain.call(registry.expire(work.params), work.world.stranger.address)

    assert refusal.value.name == "TooEarly"
    assert refusal.value.args_by_name["from"] == work.params.schedule.propose_end


def test_seats_as_of_the_first_arming(work: Work) -> None:
    """Who left before has none, who came back by then has one, and what happens later changes nothing."""
    world, registry = work.world, work.world.contracts.registry
    ann, ben, cleo = world.annotators
    world.sender.send(ann, registry.leave(work.params.pool))
    world.sender.send(world.oracle, registry.accept(world.pool, work.params))
    world.sender.send(world.oracle, registry.post_roster(work.params, work.roster.root, 2))
    world.sender.send(cleo, registry.enrol(work.params))
    world.sender.send(ben, registry.leave(work.params.pool))
    world.sender.send(world.stranger, registry.withdraw_seat(world.pool, ann.address))
    world.sender.send(ann, registry.join(world.pool))
    assert campaign_record(world.chain, world.deployment, work.id).seated == {ann.address, cleo.address}
    work.draw_seed()
    world.sender.send(cleo, registry.leave(work.params.pool))

    record = campaign_record(world.chain, world.deployment, work.id)
    spans = seat_spans(world.chain, world.deployment, work.params.pool)

    assert record.seated == {ann.address, cleo.address}
    assert record.roster([ann.address, ben.address]) == {ann.address, cleo.address}
    stays = [(span.annotator, span.left is not None, span.withdrawn is not None) for span in spans]
    assert stays == [
        (ann.address, True, True),
        (ben.address, True, False),
        (cleo.address, True, False),
        (ann.address, False, False),
    ]
    assert registry.seat(work.params.pool, ben.address).release_at > world.chain.now()
    assert pool_params(world.chain, world.deployment, work.params.pool) == world.pool


def test_who_enrolled_alone_and_left_before_the_seed_was_armed_has_no_seat(work: Work) -> None:
    world, registry = work.world, work.world.contracts.registry
    work.accept_and_enrol()
    world.sender.send(world.annotators[2], registry.leave(work.params.pool))
    work.draw_seed()

    record = campaign_record(world.chain, world.deployment, work.id)

    assert record.enrolled_alone == (world.annotators[2].address,)
    assert record.roster([]) == frozenset()


def test_shares_revenue_and_a_licence(work: Work) -> None:
    work.whole()
    world, contracts = work.world, work.world.contracts
    share, licenses = contracts.share(work.params.dataset), contracts.licenses
    terms = OfferParams(work.params.dataset, 1_000 * COIN, 365 * 86_400, keccak(b"terms"), 1)
    offered = first(world.sender.send(world.requester, licenses.offer(terms)), ev.Offered)
    assert licenses.offer_params(offered.offer) == terms
    world.sender.send(world.oracle, world.token.approve(licenses.address, 1_000 * COIN))
    sold = first(
        world.sender.send(world.oracle, licenses.buy(offered.offer, world.oracle.address)), ev.LicenseSold
    )
    assert (sold.contributors, sold.publisher_part) == (400 * COIN, 600 * COIN)
    assert licenses.split(work.params.dataset, 1_000 * COIN) == (400 * COIN, 600 * COIN)
    assert licenses.is_licensed(sold.token_id, work.params.dataset, world.oracle.address)
    assert licenses.license(sold.token_id).offer == offered.offer
    assert licenses.owner_of(sold.token_id) == world.oracle.address

    world.chain.advance_to(world.chain.now() + WEEK)
    cleo = world.annotators[2]
    owed = share.claimable(cleo.address)
    assert owed == pytest.approx(200 * COIN, rel=1e-9)
    held = world.token.balance_of(cleo.address)
    world.sender.send(cleo, share.claim_revenue())
    assert world.token.balance_of(cleo.address) == held + owed
    world.sender.send(world.requester, licenses.withdraw(world.token.address))
    world.sender.send(world.requester, licenses.close_offer(offered.offer))
    assert licenses.offer_status(offered.offer) is OfferStatus.CLOSED
    world.sender.send(cleo, share.transfer(world.stranger.address, SHARE))

    history = dataset_history(world.chain, world.deployment, work.params.dataset)
    assert history.created.max_shares == 1_000 * SHARE
    assert (history.created.name, history.created.symbol) == ("Street signs", "SIGNS")
    assert [each.amount for each in history.minted] == [6 * SHARE]
    assert sum(each.amount for each in history.released) == 6 * SHARE
    assert history.balances[world.stranger.address] == SHARE
    assert history.balances == {each: share.balance_of(each) for each in history.balances}
    assert [each.amount for each in history.paid] == [400 * COIN]
    assert [(each.account, each.amount) for each in history.claimed] == [(cleo.address, owed)]
    assert [each.token_id for each in history.sold] == [sold.token_id]
    assert [each.offer for each in history.closed] == [offered.offer]


def test_a_campaign_or_pool_or_dataset_that_is_not_there(world: World) -> None:
    chain, deployment = world.chain, world.deployment
    with pytest.raises(ChainError, match="no campaign 0x"):
        campaign_record(chain, deployment, keccak(b"nothing"))  # type: ignore[arg-type]
    with pytest.raises(ChainError, match="no pool 0x"):
        pool_params(chain, deployment, keccak(b"nothing"))  # type: ignore[arg-type]
    with pytest.raises(ChainError, match="no dataset 0x"):
        dataset_history(chain, deployment, world.stranger.address)
