"""One whole job of ours, by the client's own calls.

A job is the escrow's approval and `createCampaign`, `accept`, `postRoster`, the seed's two calls, one
`commitAggregate`, `propose`, `finalize`, and `claimMany`, a hundred accounts a call, which itself pushes the
tokens into the annotators' wallets.

What a protocol in use has already is prepared and not counted: contracts deployed, a pool with a seat for
everyone, a dataset, the oracle's working capital as credit (bonds are taken from it and return to it), and an
earlier job on the same dataset, the surplus of which is the requester's credit. Annotators who are to hold
tokens and shares have them from that job; where they are to hold none somebody else worked in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.gas import apart
from benchmarks.gas.book import Book
from benchmarks.gas.campaign import SHARES, Campaign, Work
from benchmarks.gas.world import people, prepare
from labelshare.chain.contracts import Parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3 import Web3

    from benchmarks.gas.world import World
    from labelshare.chain.keys import Signer

PREPARED = ("createPool", "createDataset", "approve (deposit)", "deposit", "approve (stake)", "join")
RELEASE = "claimMany (shares)"

ASIDE: frozenset[str] = frozenset({*PREPARED, RELEASE, *apart.CALLS})


def run(web3: Web3, annotators: int, held: bool) -> dict[str, int]:
    """One job that pays `annotators`; see `benchmarks.gas.job.Job.run`."""
    world, book = prepare(web3)
    crowd = people("annotator", annotators)
    world.deposit_bonds(book)
    world.seat(book, crowd)
    _earlier_job(world, crowd if held else people("other", 1))
    job = Campaign(world, 1, crowd)
    _whole_job(job, book, held)
    shares = _shares(job)
    Work(job, book).claim(Parts.SHARES, RELEASE)
    _check_grown("shares", shares, _shares(job), [SHARES] * annotators)
    apart.run(job, book, held)
    world.check_solvent()
    return book.gas


def _earlier_job(world: World, crowd: Sequence[Signer]) -> None:
    book = Book(world.sender)
    new = [each for each in crowd if each not in world.seated]
    world.seat(book, new)
    work = Work(Campaign(world, 0, crowd), book)
    work.whole()
    work.claim(Parts.SHARES, RELEASE)


def _whole_job(job: Campaign, book: Book, held: bool) -> None:
    before = _tokens(job)
    if any(bool(balance) != held for balance in before):
        raise RuntimeError("the annotators' wallets are not what this run is to measure")
    Work(job, book).whole()
    _check_grown("tokens", before, _tokens(job), [row.payout for row in job.payouts])
    job.world.check_solvent()


def _tokens(job: Campaign) -> list[int]:
    return [job.world.token.balance_of(each.address) for each in job.annotators]


def _shares(job: Campaign) -> list[int]:
    share = job.world.contracts.share(job.world.dataset)
    return [share.balance_of(each.address) for each in job.annotators]


def _check_grown(what: str, before: Sequence[int], after: Sequence[int], growth: Sequence[int]) -> None:
    for old, new, due in zip(before, after, growth, strict=True):
        if new - old != due:
            raise RuntimeError(f"an annotator got {new - old} {what}, not {due}")
