"""Payouts from a bundle: what is claimed goes to whoever earned it; what cannot be paid stops nobody."""

from __future__ import annotations

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Parts
from labelshare.client.payouts import Claimant, Payouts, left_of, read_payouts, require_final
from labelshare.errors import ChainError, EvidenceError, VerificationError
from labelshare.protocol.leaves import Payout
from labelshare.types import Address, Scope
from tests.chain.world import COIN, SHARE, Work, World


def rows(*entries: tuple[Address, int, int]) -> list[Payout]:
    """Payout rows with their sums."""
    found, paid, shared = [], 0, 0
    for index, (account, payout, shares) in enumerate(entries):
        paid, shared = paid + payout, shared + shares
        found.append(Payout(index, account, payout, shares, 0, paid, shared))
    return found


@pytest.fixture(scope="module")
def work() -> Work:
    """A final settlement that pays two annotators, one nothing, and the registry itself."""
    work = Work.start(World.build(connect()))
    ann, ben, cleo = (each.address for each in work.world.annotators)
    registry = work.world.contracts.registry.address
    paid = [(ann, 10 * COIN, SHARE), (ben, 0, 0), (registry, 5 * COIN, 0), (cleo, 7, 0)]
    work.__dict__["payouts"] = rows(*paid)
    work.accept_and_enrol()
    work.draw_seed()
    work.label()
    work.settle()
    return work


def claimant(work: Work) -> Claimant:
    world, payouts = work.world, Payouts(work.scope, tuple(work.payouts))
    return Claimant(world.sender, world.contracts.registry, world.stranger, work.params, payouts)


def test_what_can_be_paid_is_paid(work: Work) -> None:
    world, claims = work.world, claimant(work)
    before, mark = world.balances(), world.chain.snapshot()
    require_final(claims.registry, claims.payouts)
    assert {parts: sorted(of) for parts, of in claims.unclaimed().items()} == {Parts.BOTH: [0, 3]}
    told: list[int] = []

    assert claims.claim_all(told.append) == 2

    after = world.balances()
    moved = {name: after[name] - amount for name, amount in before.items() if after[name] != amount}
    assert moved == {"annotator 0": 10 * COIN, "annotator 2": 7, "registry": -10 * COIN - 7}
    assert (told, claims.unclaimed(), claims.claim_all()) == ([2], {}, 0)
    world.chain.restore(mark)


def test_what_others_left_of_a_row(work: Work) -> None:
    world, claims = work.world, claimant(work)
    mark, (row, *_) = world.chain.snapshot(), claims.payouts.rows
    proof = claims.payouts.tree.multiproof([0])
    pay = claims.registry.claim_many(work.params, [row], proof, Parts.PAYOUT)
    world.sender.send(world.stranger, pay)
    assert left_of(claims.registry, claims.payouts, 0) is Parts.SHARES

    claims.claim(row)

    share = world.contracts.share(work.params.dataset)
    assert share.balance_of(world.annotators[0].address) == SHARE
    assert not left_of(claims.registry, claims.payouts, 0)
    with pytest.raises(ChainError, match="row 0 of the settlement was claimed before"):
        claims.claim(row)
    world.chain.restore(mark)


def test_payouts_that_are_not_the_settlements(work: Work) -> None:
    registry, known = work.world.contracts.registry, tuple(work.payouts)
    require_final(registry, Payouts(work.scope, known))
    elsewhere = Scope(1, registry.address, work.id)
    with pytest.raises(VerificationError, match=r"on chain 1$"):
        require_final(registry, Payouts(elsewhere, known))
    with pytest.raises(VerificationError, match="the bundle's payouts have root"):
        require_final(registry, Payouts(work.scope, known[:-1]))
    with pytest.raises(EvidenceError, match="the bundle pays nobody"):
        require_final(registry, Payouts(work.scope, ()))


def test_a_bundle_that_is_none() -> None:
    with pytest.raises(EvidenceError, match="the bundle has no header"):
        read_payouts([])
    with pytest.raises(EvidenceError, match="line 1"):
        read_payouts([b"{}\n"])
