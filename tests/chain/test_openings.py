"""What the record says of openings and proposals, and where each stands, from events alone."""

from __future__ import annotations

from labelshare.chain import events as ev
from labelshare.chain.contracts import Registry
from labelshare.chain.history import campaign_record
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Receipt
from labelshare.protocol import typed_data
from labelshare.protocol.leaves import aggregate_leaf
from labelshare.protocol.merkle import MerkleTree
from labelshare.protocol.record import Place, Posted, Record, Reveal
from labelshare.protocol.typed_data import commit_hash
from labelshare.types import Inclusion, keccak
from tests.chain.world import COIN, Work

SECRET = keccak(b"a secret")
LABELS = b"whatever somebody sends"


def send(work: Work, signer: Signer, call: Call) -> Receipt:
    return work.world.sender.send(signer, call)


def record(work: Work) -> Record:
    return campaign_record(work.world.chain, work.world.deployment, work.id)


def posted(work: Work) -> Posted:
    found = record(work).posted
    assert found is not None
    return found


def registry(work: Work) -> Registry:
    return work.world.contracts.registry


def place_of(receipt: Receipt, kind: type[ev.Event]) -> Place:
    """Where the one event of a kind stands that a transaction emitted."""
    (log,) = (log for log in receipt.logs if isinstance(ev.decode(log), kind))
    return log.block, log.index


def reveal(work: Work, number: int) -> Receipt:
    """A stranger opens for one of the first two, whom the round's root holds, or the third, who was alone."""
    annotator, commit = work.world.annotators[number], work.sealed(number)
    inclusion = Inclusion(annotator.address, commit, b"", ())
    if number < 2:
        names = [commit_hash(work.id, work.sealed(each)) for each in (0, 1)]
        pairs = zip(work.world.annotators, names, strict=False)
        tree = MerkleTree([aggregate_leaf(work.scope, each.address, name) for each, name in pairs])
        signature = annotator.sign_digest(typed_data.digest(work.scope, names[number]))
        inclusion = Inclusion(annotator.address, commit, signature, tuple(tree.proof(number)))
    return send(work, work.world.stranger, registry(work).post_reveal(work.params, inclusion, SECRET, LABELS))


def committed(work: Work) -> None:
    """All have committed, and the time to open has come."""
    work.accept_and_enrol()
    work.draw_seed()
    work.label()
    work.world.chain.advance_to(work.params.schedule.commit_end)


def test_the_record_holds_each_opening_with_its_place(work: Work) -> None:
    committed(work)
    assert record(work).reveals == ()

    places = [place_of(reveal(work, number), ev.Revealed) for number in (2, 0, 2)]

    annotators = work.world.annotators
    assert record(work).reveals == tuple(
        Reveal(annotators[number].address, work.sealed(number), SECRET, LABELS, place)
        for number, place in zip((2, 0, 2), places, strict=True)
    )
    assert places == sorted(set(places))
    assert record(work).revealed == record(work).reveals


def test_a_public_proposal_after_the_oracles_fell_is_public_to_the_end(work: Work) -> None:
    committed(work)
    world, chain, schedule = work.world, work.world.chain, work.params.schedule
    chain.advance_to(schedule.reveal_end)
    receipt = send(work, world.oracle, registry(work).propose(work.params, work.settlement))
    assert posted(work) == Posted(work.settlement, public=False, place=place_of(receipt, ev.Proposed))

    fall(work)
    assert record(work).posted is None
    opened = place_of(reveal(work, 2), ev.Revealed)
    chain.advance_to(chain.now() + schedule.rescue_period)
    receipt = propose_openly(work)
    own, place = place_of(receipt, ev.ProposedOpenly), place_of(receipt, ev.Proposed)
    assert own < place
    assert posted(work) == Posted(work.settlement, public=True, place=place)
    assert [each.place for each in record(work).revealed] == [opened]

    chain.advance_to(chain.now() + schedule.window)
    send(work, world.stranger, registry(work).finalize(work.params, work.settlement))
    fee = work.settlement.payout_total * 500 // 10_000
    assert posted(work) == Posted(work.settlement, fee, public=True, place=place)


def test_a_late_proposal_after_a_public_one_fell_is_the_oracles_own(work: Work) -> None:
    """Who proposes on a bond of its own proposes publicly, be it the oracle."""
    committed(work)
    world, schedule = work.world, work.params.schedule
    world.chain.advance_to(schedule.settle_end + schedule.rescue_period)
    propose_openly(work, world.oracle)
    assert posted(work).public

    fall(work)
    receipt = send(work, world.oracle, registry(work).propose_late(work.params, work.settlement))

    assert posted(work) == Posted(work.settlement, public=False, place=place_of(receipt, ev.Proposed))


def propose_openly(work: Work, signer: Signer | None = None) -> Receipt:
    world, proposer = work.world, signer or work.world.stranger
    give_coins(work, proposer)
    call = registry(work).propose_openly(world.pool, work.params, work.settlement, 2_000 * COIN)
    return send(work, proposer, call)


def give_coins(work: Work, signer: Signer) -> None:
    token = work.world.token
    send(work, work.world.deployer, token.transfer(signer.address, 2_000 * COIN))
    send(work, signer, token.approve(registry(work).address, 2_000 * COIN))


def fall(work: Work) -> None:
    """The proposal at hand is contested, and nobody rules."""
    world, chain = work.world, work.world.chain
    give_coins(work, world.stranger)
    proposal = registry(work).campaign(work.scope.campaign_id).settlement
    send(work, world.stranger, registry(work).challenge(world.pool, work.params, proposal, 2_000 * COIN))
    chain.advance_to(chain.now() + work.params.schedule.ruling_period)
    send(work, world.stranger, registry(work).resolve(world.pool, work.params))
