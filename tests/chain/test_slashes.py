"""A slash takes what was signed for; a short seat is on no roster until it is refilled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelshare.chain.history import campaign_history, campaign_record, seat_spans
from labelshare.chain.node import Call
from labelshare.chain.state import Seat
from labelshare.client.seats import refill_calls
from labelshare.errors import ProtocolError, RevertError
from labelshare.oracle.engine import Oracle
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Enrolment
from labelshare.report.money import flows_of
from labelshare.store.database import Database
from labelshare.types import Inclusion
from tests.chain.world import COIN, ESCROW, STAKE, Work, World, schedule
from tests.oracle.stage import small_spec

SLASH = 7 * COIN


@pytest.fixture
def final(work: Work) -> Work:
    """A settlement that slashes the third annotator, who committed alone."""
    work.slash = SLASH
    work.whole()
    return work


def slash(work: Work, amount: int | None = None) -> Call:
    row = work.payouts[2] if amount is None else replace(work.payouts[2], slash=amount)
    inclusion = Inclusion(row.account, work.sealed(2))
    return work.world.contracts.registry.slash(
        work.world.pool, work.params, row, work.tree.proof(2), inclusion
    )


def seat(work: Work) -> Seat:
    account = work.world.annotators[2].address
    return work.world.contracts.registry.seat(work.params.pool, account)


def next_campaign(world: World, first: Work) -> Work:
    """Another campaign in the same pool, accepted, with enrolment over and the seed not armed yet."""
    line = schedule(world.chain.now())
    work = Work(world, replace(first.params, nonce=2, schedule=line))
    registry = world.contracts.registry
    world.sender.send(world.requester, registry.create_campaign(world.pool, work.params, ESCROW))
    world.sender.send(world.oracle, registry.accept(world.pool, work.params))
    return work


def test_a_slash_takes_its_amount_from_the_seat_and_rewards_the_executor(final: Work) -> None:
    world, registry = final.world, final.world.contracts.registry
    cleo = world.annotators[2].address
    with pytest.raises(RevertError, match="does not lead to"):
        world.sender.send(world.stranger, slash(final, SLASH + 1))
    burned = registry.burned_of(world.token.address)

    world.sender.send(world.stranger, slash(final))

    assert seat(final).stake == STAKE - SLASH
    assert seat(final).short_since == world.chain.now()
    assert not seat(final).takes_work
    assert registry.is_slashed(final.id, cleo)
    assert registry.credit_of(world.token.address, world.stranger.address) == SLASH // 20
    assert registry.burned_of(world.token.address) - burned == SLASH - SLASH // 20
    (slashed,) = campaign_history(world.chain, world.deployment, final.id).slashed
    assert (slashed.annotator, slashed.amount, slashed.reward) == (cleo, SLASH, SLASH // 20)
    flows = flows_of(world.chain, world.deployment, world.token.address)
    assert flows.stakes == 3 * STAKE - SLASH
    with pytest.raises(RevertError, match="was slashed for this campaign before"):
        world.sender.send(world.stranger, slash(final))


def test_who_is_short_as_the_seed_is_armed_has_no_seat(final: Work) -> None:
    world, registry = final.world, final.world.contracts.registry
    ann, ben, cleo = (each.address for each in world.annotators)
    later = next_campaign(world, final)
    world.sender.send(world.annotators[2], registry.enrol(later.params))
    world.sender.send(world.stranger, slash(final))
    before = campaign_record(world.chain, world.deployment, later.id)
    later.draw_seed()
    world.sender.send_many(
        [(world.annotators[2], call) for call in refill_calls(world.contracts, world.pool, cleo)]
    )

    record = campaign_record(world.chain, world.deployment, later.id)

    assert before.seated == record.seated == {ann, ben}
    assert record.roster([ann, cleo]) == {ann}
    assert campaign_record(world.chain, world.deployment, final.id).seated == {ann, ben, cleo}


def test_an_oracle_enrols_no_short_seat(final: Work) -> None:
    world = final.world
    later, cleo = next_campaign(world, final), world.annotators[2]
    spec, contracts = small_spec(), world.contracts
    oracle = Oracle(
        world.sender,
        world.deployment,
        contracts,
        world.oracle,
        later.scope,
        world.pool,
        later.params,
        spec,
        Database.in_memory(),
    )
    digest = typed_data.digest(later.scope, typed_data.enrol_hash(later.id))
    enrolment = Enrolment(cleo.address, cleo.sign_digest(digest))
    world.sender.send(world.stranger, slash(final))

    with pytest.raises(ProtocolError, match="has no whole seat"):
        oracle.intake.enrol(enrolment)
    for call in refill_calls(contracts, world.pool, cleo.address):
        world.sender.send(cleo, call)
    oracle.intake.enrol(enrolment)

    assert oracle.book.enrolments() == [enrolment]


def test_a_refilled_seat_is_on_rosters_again(final: Work) -> None:
    world = final.world
    cleo = world.annotators[2]
    later = next_campaign(world, final)
    world.sender.send(world.stranger, slash(final))
    for call in refill_calls(world.contracts, world.pool, cleo.address):
        world.sender.send(cleo, call)
    later.draw_seed()

    record = campaign_record(world.chain, world.deployment, later.id)

    assert cleo.address in record.seated
    assert seat(final).takes_work
    assert seat(final).stake == STAKE
    assert flows_of(world.chain, world.deployment, world.token.address).stakes == 3 * STAKE
    span = seat_spans(world.chain, world.deployment, final.params.pool)[2]
    assert [type(each).__name__ for each in span.changes] == ["Slashed", "Refilled"]
    with pytest.raises(RevertError, match="is whole already"):
        world.sender.send(cleo, world.contracts.registry.refill(world.pool))
