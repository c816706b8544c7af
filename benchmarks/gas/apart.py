"""Calls with a line of their own, which are no part of the job.

A further campaign shows what acting alone costs, with proofs as deep as in a tree of a million leaves. Then
the shares earn: revenue, its claims, a transfer, a licence.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from benchmarks.gas.book import Book
from benchmarks.gas.campaign import Campaign, Work
from benchmarks.gas.world import DAY, LICENSEE, ORACLE, REQUESTER, TOKEN, people
from labelshare.chain.events import Offered, decode
from labelshare.chain.state import OfferParams
from labelshare.protocol.leaves import payout_leaf, roster_leaf
from labelshare.types import Hash32, keccak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.gas.world import World
    from labelshare.chain.keys import Signer

__all__ = ["CALLS", "run"]

CALLS: Final = (
    "freePlace",
    "withdraw",
    "approve (bond)",
    "accept (bond from the wallet)",
    "enrol (alone)",
    "commit (alone)",
    "commitAggregate (further round)",
    "claim (pay and shares)",
    "approve (revenue)",
    "payRevenue (first)",
    "payRevenue (later)",
    "claimRevenue (first)",
    "claimRevenue (later)",
    "share transfer (first)",
    "share transfer (later)",
    "offer",
    "approve (licence)",
    "buy (first)",
    "buy (later)",
)

DEPTH: Final = 20
REVENUE: Final = 100 * TOKEN


def run(job: Campaign, book: Book, held: bool) -> None:
    """Measures them after `job`; `held` says whether those who get tokens and shares hold some before."""
    world, holder = job.world, job.annotators[0]
    loner, friend, late, *crew = people("late", 6)
    quiet = Book(world.sender)
    world.seat(quiet, [loner, late, *crew])
    campaign = Campaign(world, 2, [holder if held else late, *crew], rounds=2)
    _accept_from_wallet(campaign, book, quiet)
    _work_alone(campaign, loner, book, quiet)
    _claim_alone(campaign, book, quiet)
    book.send("freePlace", ORACLE, world.registry.free_place(job.params))
    _earn(world, holder, book, quiet)
    _transfer(world, holder, friend, book, quiet if held else None)
    _license(world, book, quiet)


def _accept_from_wallet(campaign: Campaign, book: Book, quiet: Book) -> None:
    world = campaign.world
    token, registry = world.token, world.registry
    Work(campaign, quiet).fund()
    credit = registry.credit_of(token.address, ORACLE.address)
    book.send("withdraw", ORACLE, registry.withdraw(token.address, credit))
    book.send("approve (bond)", ORACLE, token.approve(registry.address, campaign.bond))
    Work(campaign, book).accept("accept (bond from the wallet)")


def _work_alone(campaign: Campaign, loner: Signer, book: Book, quiet: Book) -> None:
    world, annotator = campaign.world, campaign.annotators[0]
    book.send("enrol (alone)", loner, world.registry.enrol(campaign.params))
    root, proof = _path(roster_leaf(campaign.scope, annotator.address))
    Work(campaign, quiet).enrol(root)
    Work(campaign, quiet).commit()
    Work(campaign, book).commit("commitAggregate (further round)", 1)
    commit, _ = campaign.seal(annotator, 1)
    book.send("commit (alone)", annotator, world.registry.commit(campaign.params, commit, proof))


def _claim_alone(campaign: Campaign, book: Book, quiet: Book) -> None:
    """The first annotator claims after another one has, and before the rest."""
    registry = campaign.world.registry
    paths = [
        _path(payout_leaf(campaign.scope, row), campaign.tree.proof(row.index)) for row in campaign.payouts
    ]
    Work(campaign, quiet).settle(replace(campaign.settlement, payout_root=paths[0][0]))
    for index, claims in ((1, quiet), (0, book)):
        call = registry.claim(campaign.params, campaign.payouts[index], paths[index][1])
        claims.send("claim (pay and shares)", campaign.annotators[index], call)


def _earn(world: World, holder: Signer, book: Book, quiet: Book) -> None:
    share = world.contracts.share(world.dataset)
    for name, approvals in (("first", book), ("later", quiet)):
        approve = world.token.approve(share.address, REVENUE)
        approvals.send("approve (revenue)", LICENSEE, approve)
        book.send(f"payRevenue ({name})", LICENSEE, share.pay_revenue(REVENUE))
        _wait(world, 3 * DAY)
        book.send(f"claimRevenue ({name})", holder, share.claim_revenue())


def _transfer(world: World, holder: Signer, friend: Signer, book: Book, before: Book | None) -> None:
    """Twice to one friend, who holds some before or does not."""
    give = world.contracts.share(world.dataset).transfer(friend.address, TOKEN)
    if before:
        before.send("share transfer", holder, give)
    for name in ("first", "later"):
        _wait(world, DAY)
        book.send(f"share transfer ({name})", holder, give)


def _license(world: World, book: Book, quiet: Book) -> None:
    licenses = world.contracts.licenses
    params = OfferParams(world.dataset, REVENUE, 365 * DAY, Hash32(sha256(b"terms").digest()), nonce=0)
    receipt = book.send("offer", REQUESTER, licenses.offer(params))
    offer = next(event.offer for event in map(decode, receipt.logs) if isinstance(event, Offered))
    for name, approvals in (("first", book), ("later", quiet)):
        approve = world.token.approve(licenses.address, REVENUE)
        approvals.send("approve (licence)", LICENSEE, approve)
        book.send(f"buy ({name})", LICENSEE, licenses.buy(offer, LICENSEE.address))
        _wait(world, DAY)


def _wait(world: World, seconds: int) -> None:
    world.chain.advance_to(world.chain.now() + seconds)


def _path(leaf: bytes, known: Sequence[bytes] = ()) -> tuple[Hash32, list[bytes]]:
    """Root and a leaf's proof of a tree of 2^DEPTH leaves, of which only the subtree of `known` was made."""
    proof = [*known, *(keccak(bytes([level])) for level in range(len(known), DEPTH))]
    node = leaf
    for sibling in proof:
        node = keccak(min(node, sibling) + max(node, sibling))
    return Hash32(node), proof
