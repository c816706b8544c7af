"""Campaigns, batches and rows to play with: short periods, so that every boundary is near."""

from __future__ import annotations

from collections.abc import Sequence

from labelshare.protocol.leaves import Payout
from labelshare.protocol.ledger import Campaign, Ledger, Receipt
from labelshare.types import Address, CampaignParams, Commit, Schedule, keccak
from tests.ledger.stage import DAY, ONE_SHARE, ORACLE, REQUESTER, Props

FEE_BPS = 333
STAKE_PER_LABEL = 30_007


def schedule(now: int, kind: int = 0) -> Schedule:
    """One of three: brief with one round and one try, two rounds and tries, and a long rescue."""
    rounds, tries, rescue = ((1, 1, 20), (2, 2, 2 * DAY + 5), (1, 3, 9 * DAY))[kind % 3]
    return Schedule(
        accept_end=now + 50,
        enrol_end=now + 100,
        work_start=now + 110,
        round_length=60,
        grace=20,
        rounds=rounds,
        tries=tries,
        reveal_period=40,
        settle_period=30,
        window=25,
        ruling_period=35,
        rescue_period=rescue,
        public_period=DAY,
        slash_window=45,
    )


def campaign(
    props: Props, now: int, nonce: int, *, pool: int = 0, dataset: int = 0, kind: int = 0, shares: int = 3
) -> CampaignParams:
    """A campaign on one of the stage's pools and datasets, for up to so many whole shares."""
    name, rules = props.pools[pool % len(props.pools)]
    return CampaignParams(
        pool=name,
        dataset=props.datasets[dataset % len(props.datasets)],
        requester=REQUESTER,
        oracle=ORACLE,
        token=rules.token,
        spec_hash=keccak(b"spec"),
        share_cap=shares * ONE_SHARE,
        stake_per_label=STAKE_PER_LABEL,
        fee_bps=FEE_BPS,
        nonce=nonce,
        schedule=schedule(now, kind),
    )


def batch(annotator: Address, number: int, round_: int = 0, count: int = 4) -> Receipt:
    """A commitment of an annotator's batch."""
    commit = Commit(round_, number, keccak(annotator + bytes([number, round_])), count, count * (number + 1))
    return Receipt(annotator, commit)


def rows(
    accounts: Sequence[Address], payouts: Sequence[int], shares: Sequence[int], slashes: Sequence[int]
) -> list[Payout]:
    """A row for each account, with the sums so far."""
    made, paid, given = [], 0, 0
    for index, (account, payout, part, slash) in enumerate(
        zip(accounts, payouts, shares, slashes, strict=True)
    ):
        paid, given = paid + payout, given + part
        made.append(Payout(index, account, payout, part, slash, paid, given))
    return made


def boundaries(ledger: Ledger, found: Campaign) -> set[int]:
    """The times at which something of a campaign begins or ends."""
    s = found.params.schedule
    times = {s.accept_end, s.enrol_end - s.grace, s.enrol_end, s.reveal_end, s.settle_end, s.hard_end}
    for number in range(s.rounds):
        times |= {s.round_start(number), s.aggregate_close(number), s.round_end(number)}
    times |= {found.since + s.window, s.slash_end(found.since), s.propose_end}
    times |= {found.rescue_start, found.rescue_start + s.rescue_period, found.rescue_start + DAY}
    times |= {due for due in found.receipts.values() if due is not None}
    if found.challenge:
        times.add(found.challenge.ruling_end)
    seats = (seat.release_at for (pool, _), seat in ledger.seats.items() if pool == found.params.pool)
    return times | {time for time in seats if time}
