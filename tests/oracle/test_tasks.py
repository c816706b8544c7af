"""What is due when: each task in its time and no other, by the chain's clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labelshare.chain.state import CampaignState, Contest, Status
from labelshare.oracle.tasks import (
    DAY,
    Kind,
    Receipt,
    Situation,
    Task,
    closing,
    due,
    margin,
    next_change,
)
from labelshare.types import NOBODY, ZERO_HASH, CampaignParams, PoolId, Schedule, keccak
from tests.chain.world import schedule

START = 1_000_000
S: Schedule = replace(schedule(START), rounds=2, rescue_period=7 * DAY, public_period=3 * DAY, tries=2)
SEED, ROOT = keccak(b"seed"), keccak(b"root")
PARAMS = CampaignParams(
    pool=PoolId(keccak(b"pool")),
    dataset=NOBODY,
    requester=NOBODY,
    oracle=NOBODY,
    token=NOBODY,
    spec_hash=keccak(b"spec"),
    share_cap=1,
    stake_per_label=1,
    fee_bps=500,
    nonce=1,
    schedule=S,
)
STATE = CampaignState(
    status=Status.OPEN,
    committed=False,
    place_freed=False,
    since=START + 60,
    seed_block=0,
    escrow=100,
    bond=25,
    roster_root=ZERO_HASH,
    seed=ZERO_HASH,
    settlement=ZERO_HASH,
)
CONTEST = Contest(NOBODY, 0, 0, 0, 0, 0, 0, 0, NOBODY, NOBODY, 0)
RECEIPT = Receipt(NOBODY, keccak(b"commitment"), S.reveal_end + 60)


def at(
    now: int, state: dict[str, Any] | None = None, contest: dict[str, Any] | None = None, **facts: Any
) -> Situation:
    """A situation whose final block is its head, unless said otherwise."""
    return Situation(
        state=replace(STATE, **(state or {})),
        contest=replace(CONTEST, **(contest or {})),
        now=now,
        block=10,
        **({"final_time": now} | facts),
    )


def kinds(situation: Situation) -> list[tuple[str, str]]:
    return [(each.kind.value, each.about) for each in due(PARAMS, situation)]


DRAWN = {"seed": SEED, "roster_root": ROOT}
WORKED = DRAWN | {"committed": True}
CREATED = {"status": Status.CREATED}
FINAL = WORKED | {"status": Status.FINAL, "since": S.settle_end}
LAST = S.enrol_end - S.grace
SLASH_END = S.slash_end(S.settle_end)
RESCUE = S.settle_end
RESCUED = S.settle_end + S.rescue_period

CASES: dict[str, tuple[Situation, list[tuple[str, str]]]] = {
    "accept": (at(S.accept_end - 1, CREATED), [("accept", "")]),
    "too late to accept": (at(S.accept_end, CREATED), []),
    "roster": (at(LAST - 1, enrolled=True), [("roster", "")]),
    "roster in good time": (at(LAST - margin(LAST - STATE.since), enrolled=True), [("roster", "")]),
    "roster not too soon": (at(LAST - margin(LAST - STATE.since) - 1, enrolled=True), []),
    "nobody enrolled": (at(LAST - 1), []),
    "too late for a roster": (at(LAST, enrolled=True), []),
    "roster is there": (at(LAST - 1, {"roster_root": ROOT}, enrolled=True), []),
    "no seed before the enrolment ends": (at(S.enrol_end - 1, {"roster_root": ROOT}), []),
    "arm": (at(S.enrol_end, {"roster_root": ROOT}), [("seed", "")]),
    "seed pending": (at(S.enrol_end, {"seed_block": 10}), []),
    "draw": (at(S.enrol_end, {"seed_block": 9}), [("seed", "")]),
    "too late for a seed": (at(S.commit_end), []),
    "before the first round": (at(S.work_start - 1, DRAWN, is_seed_final=True), []),
    "begin": (at(S.work_start, DRAWN, is_seed_final=True), [("begin", "0")]),
    "the seed may still change": (at(S.work_start, DRAWN), []),
    "begun": (at(S.work_start, DRAWN, is_seed_final=True, round=0), []),
    "just before the close": (at(closing(PARAMS, 0) - 1, DRAWN, is_seed_final=True, round=0), []),
    "close": (at(closing(PARAMS, 0), DRAWN, is_seed_final=True, round=0), [("close", "0")]),
    "close what was received": (
        at(S.aggregate_close(0) - 1, DRAWN, is_seed_final=True, received=frozenset({0})),
        [("close", "0")],
    ),
    "never begun": (at(closing(PARAMS, 0), DRAWN, is_seed_final=True), []),
    "posted but still taking": (
        at(S.work_start + 5, WORKED, is_seed_final=True, round=0, roots=frozenset({0})),
        [("close", "0")],
    ),
    "posted": (at(S.aggregate_close(0) - 1, WORKED, is_seed_final=True, roots=frozenset({0})), []),
    "missed": (
        at(S.aggregate_close(0), DRAWN, is_seed_final=True, received=frozenset({0})),
        [("missed", "0")],
    ),
    "the second round": (
        at(S.round_start(1), WORKED, is_seed_final=True, roots=frozenset({0})),
        [("begin", "1")],
    ),
    "what the first round held may still change": (
        at(
            S.round_start(1) + 9,
            WORKED,
            is_seed_final=True,
            roots=frozenset({0}),
            final_time=S.round_start(1) - 1,
        ),
        [],
    ),
    "answer": (
        at(S.commit_end, WORKED, {"receipts": 1}, roots=frozenset({0, 1}), receipts=(RECEIPT,)),
        [("answer", RECEIPT.name)],
    ),
    "answer while it is judged": (
        at(S.reveal_end, WORKED | {"status": Status.DISPUTED}, {"ruling_end": 2**39}, receipts=(RECEIPT,)),
        [("answer", RECEIPT.name)],
    ),
    "too late to answer": (
        at(RECEIPT.answer_end, WORKED, {"receipts": 1}, roots=frozenset({0, 1}), receipts=(RECEIPT,)),
        [],
    ),
    "propose": (at(S.reveal_end, WORKED, roots=frozenset({0, 1})), [("propose", "")]),
    "not before the reveals are over": (at(S.reveal_end - 1, WORKED, roots=frozenset({0, 1})), []),
    "not before they are final": (
        at(S.settle_end - 1, WORKED, roots=frozenset({0, 1}), final_time=S.reveal_end - 1),
        [],
    ),
    "no bond, no proposal": (at(S.reveal_end, WORKED | {"bond": 0}, roots=frozenset({0, 1})), []),
    "late, when no opening can turn up": (
        at(RESCUE, WORKED, roots=frozenset({0, 1}), outstanding=False),
        [("propose-late", "")],
    ),
    "late, not while openings can be posted": (at(RESCUED - 1, WORKED, roots=frozenset({0, 1})), []),
    "late, after the rescue": (at(RESCUED, WORKED, roots=frozenset({0, 1})), [("propose-late", "")]),
    "late, not before the rescue is final": (
        at(RESCUED + 9, WORKED, roots=frozenset({0, 1}), final_time=RESCUED - 1),
        [],
    ),
    "after a proposal fell": (
        at(
            S.reveal_end + 9,
            WORKED | {"since": S.reveal_end},
            {"rejections": 1},
            roots=frozenset({0, 1}),
            outstanding=False,
        ),
        [("propose-late", "")],
    ),
    "tries used up": (
        at(S.reveal_end + 9, WORKED, {"rejections": 3}, roots=frozenset({0, 1}), outstanding=False),
        [("expire", "")],
    ),
    "time used up": (at(S.propose_end, WORKED, roots=frozenset({0, 1})), [("expire", "")]),
    "nobody worked": (at(S.reveal_end, DRAWN), [("cancel", "")]),
    "nobody worked, but a receipt says otherwise": (at(S.reveal_end, DRAWN, {"receipts": 1}), []),
    "window": (at(S.settle_end + S.window - 1, FINAL | {"status": Status.PROPOSED}), []),
    "finalize": (at(S.settle_end + S.window, FINAL | {"status": Status.PROPOSED}), [("finalize", "")]),
    "ruling awaited": (at(500, WORKED | {"status": Status.DISPUTED}, {"ruling_end": 501}), []),
    "ruled": (
        at(500, WORKED | {"status": Status.DISPUTED}, {"ruling_end": 501, "ruling": 2}),
        [("resolve", "")],
    ),
    "never ruled": (at(501, WORKED | {"status": Status.DISPUTED}, {"ruling_end": 501}), [("resolve", "")]),
    "slash and pay": (
        at(SLASH_END - 1, FINAL, is_bundle_here=True, unclaimed=True),
        [("slash", ""), ("pay", "")],
    ),
    "somebody else's bundle": (at(SLASH_END - 1, FINAL, unclaimed=True), []),
    "free": (at(SLASH_END, FINAL, is_bundle_here=True), [("free", "")]),
    "pay late": (at(SLASH_END, FINAL, is_bundle_here=True, unclaimed=True), [("pay", ""), ("free", "")]),
    "over": (at(SLASH_END, FINAL | {"place_freed": True}, is_bundle_here=True), []),
    "cancelled": (at(SLASH_END, {"status": Status.CANCELLED}), []),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_due(name: str) -> None:
    situation, expected = CASES[name]
    assert kinds(situation) == expected


def test_every_kind_of_task_is_due_sometime() -> None:
    assert {kind for _, expected in CASES.values() for kind, _ in expected} == {each.value for each in Kind}


def test_a_late_proposal_never_costs_the_whole_bond() -> None:
    params = replace(PARAMS, schedule=replace(S, rescue_period=50 * DAY, public_period=90 * DAY))
    start = params.schedule.settle_end
    roots = frozenset({0, 1})
    last = at(start + 99 * DAY - 1, WORKED, roots=roots, outstanding=False)
    assert due(params, last) == [Task(Kind.PROPOSE_LATE)]
    assert due(params, replace(last, now=start + 99 * DAY, final_time=start + 99 * DAY)) == []


def test_margins_are_a_part_of_short_periods() -> None:
    assert [margin(period) for period in (0, 60, 3_600, 7_200, 10 * DAY)] == [0, 7, 450, 900, 900]


def test_whatever_becomes_due_by_time_alone_is_foreseen() -> None:
    """From second to second only what `next_change` names changes what is due."""
    roots = frozenset({0, 1})
    situations = [
        at(START, CREATED),
        at(START + 61, enrolled=True),
        at(S.enrol_end, DRAWN, is_seed_final=True),
        at(S.commit_end, WORKED, roots=roots, is_seed_final=True),
        at(S.settle_end, FINAL | {"status": Status.PROPOSED}),
        at(S.settle_end, FINAL, is_bundle_here=True),
    ]
    changes = 0
    for first in situations:
        now = first
        for _ in range(60):
            change = next_change(PARAMS, now)
            if change is None:
                break
            just = replace(now, now=change - 1, final_time=change - 1)
            assert kinds(just) == kinds(now)
            now = replace(now, now=change, final_time=change)
            changes += kinds(now) != kinds(just)
    assert changes > 10
