"""A campaign from funding to its last commitment."""

from __future__ import annotations

from dataclasses import replace

from labelshare.protocol.ledger.amounts import bond_up, require_u96, seed_cost_down
from labelshare.protocol.ledger.books import Kind, Move, Place
from labelshare.protocol.ledger.checks import require_before, require_caller, require_from
from labelshare.protocol.ledger.refusals import Refusal, refuse_if
from labelshare.protocol.ledger.state import Call, Campaign, Ledger, Limits, Receipt, Status, Step, put
from labelshare.types import ZERO_HASH, Address, CampaignId, CampaignParams, Commit, PoolParams, Schedule

__all__ = [
    "accept",
    "arm_seed",
    "commit",
    "commit_aggregate",
    "create_campaign",
    "draw_seed",
    "enrol",
    "post_roster",
    "top_up",
]

BPS = 10_000
SEED_DELAY = 4
SOURCE_PATIENCE = 8_191
MAX_TRIES = 8
NO_SOURCE = Address(bytes(20))


def create_campaign(
    ledger: Ledger, call: Call, name: CampaignId, params: CampaignParams, escrow: int
) -> Step:
    """A publisher locks a bounty, and reserves shares of the dataset, for one item set."""
    refuse_if(name in ledger.campaigns, Refusal.CAMPAIGN_EXISTS)
    refuse_if(escrow == 0, Refusal.ZERO_AMOUNT)
    require_caller(call, params.requester)
    refuse_if(params.fee_bps > BPS, Refusal.BASIS_POINTS)
    _require_pool_terms(ledger, params)
    _require_shares(ledger, call, params)
    refuse_if(not _is_valid(params.schedule, ledger.limits, call.now), Refusal.INVALID_SCHEDULE)
    require_u96(escrow)
    created = ledger.with_campaign(name, Campaign(params, Status.CREATED, call.now))
    moves = ledger.books.take(params.token, call.sender, Place.of(Kind.ESCROW, params.token, name), escrow)
    return Step.of(created.reserving(params.dataset, params.share_cap), *moves)


def _require_pool_terms(ledger: Ledger, params: CampaignParams) -> None:
    refuse_if(params.pool not in ledger.pools, Refusal.UNKNOWN_POOL)
    rules = ledger.pools[params.pool].rules
    refuse_if((rules.oracle, rules.token) != (params.oracle, params.token), Refusal.PARAMS_MISMATCH)


def _require_shares(ledger: Ledger, call: Call, params: CampaignParams) -> None:
    refuse_if(params.dataset not in ledger.datasets, Refusal.UNKNOWN_DATASET)
    dataset = ledger.datasets[params.dataset]
    require_caller(call, dataset.publisher)
    refuse_if(dataset.reserved + params.share_cap > dataset.max_shares, Refusal.SHARE_CAP_EXCEEDED)


def _is_valid(s: Schedule, limits: Limits, now: int) -> bool:
    ordered = now < s.accept_end and s.accept_end + s.grace <= s.enrol_end < s.work_start
    counted = s.rounds >= 1 and 1 <= s.tries <= MAX_TRIES
    periods = (
        s.grace, s.reveal_period, s.settle_period, s.window, s.ruling_period, s.public_period, s.slash_window
    )  # fmt: skip
    bounded = all(limits.min_period <= period <= limits.max_period for period in periods)
    rescued = limits.min_rescue <= s.rescue_period <= limits.max_period
    rounds = s.grace < s.round_length <= limits.max_period
    return ordered and counted and bounded and rescued and rounds and s.hard_end <= now + limits.max_horizon


def top_up(ledger: Ledger, call: Call, name: CampaignId, amount: int) -> Step:
    """Anyone adds to the bounty before it is accepted."""
    params = ledger.campaign(name, Status.CREATED).params
    require_before(call, params.schedule.accept_end)
    refuse_if(amount == 0, Refusal.ZERO_AMOUNT)
    require_u96(ledger.held(Kind.ESCROW, name) + amount)
    escrow = Place.of(Kind.ESCROW, params.token, name)
    return Step.of(ledger, *ledger.books.take(params.token, call.sender, escrow, amount))


def accept(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """The oracle locks its bond and takes one of the pool's places."""
    campaign = ledger.campaign(name, Status.CREATED)
    params, rules = campaign.params, ledger.rules_of(campaign)
    require_caller(call, params.oracle)
    require_before(call, params.schedule.accept_end)
    bond = require_u96(bond_up(ledger.held(Kind.ESCROW, name), rules.arbitration_refund))
    pool = ledger.pools[params.pool]
    refuse_if(len(pool.places) >= rules.max_open, Refusal.POOL_FULL)
    end = params.schedule.hard_end
    refuse_if(end > call.now + rules.unbonding, Refusal.UNBONDING_TOO_SHORT)
    places = put(pool.places, name, pool.newest)
    taken = ledger.with_pool(params.pool, replace(pool, places=places, latest_end=max(pool.latest_end, end)))
    opened = taken.with_campaign(name, replace(campaign, status=Status.OPEN, since=call.now))
    moves = ledger.books.take(params.token, call.sender, Place.of(Kind.BOND, params.token, name), bond)
    return Step.of(opened, *moves)


def post_roster(ledger: Ledger, call: Call, name: CampaignId, roster: frozenset[Address]) -> Step:
    """The oracle says, once, who enrolled by signature."""
    campaign = ledger.campaign(name, Status.OPEN)
    require_caller(call, campaign.params.oracle)
    require_before(call, campaign.params.schedule.enrol_end - campaign.params.schedule.grace)
    refuse_if(campaign.roster is not None, Refusal.ROSTER_POSTED)
    refuse_if(not roster, Refusal.EMPTY_ROOT)
    return Step(ledger.with_campaign(name, replace(campaign, roster=roster)))


def enrol(ledger: Ledger, call: Call, name: CampaignId) -> Step:
    """A seat that works enrols itself."""
    campaign = ledger.campaign(name, Status.OPEN)
    require_before(call, campaign.params.schedule.enrol_end)
    seat = ledger.seats.get((campaign.params.pool, call.sender))
    refuse_if(seat is None or not seat.works, Refusal.NOT_SEATED)
    refuse_if(call.sender in campaign.enrolled, Refusal.ALREADY_ENROLLED)
    enrolled = campaign.enrolled | {call.sender}
    return Step(ledger.with_campaign(name, replace(campaign, enrolled=enrolled)))


def arm_seed(ledger: Ledger, call: Call, name: CampaignId, *, known: bool) -> Step:
    """Names the block whose hash becomes the seed; again only if that was missed, at a 64th of the bond.

    `known` says whether the chain can still tell the hash of the block named before.
    """
    campaign = ledger.campaign(name, Status.OPEN)
    require_from(call, campaign.params.schedule.enrol_end)
    require_before(call, campaign.params.schedule.commit_end)
    refuse_if(campaign.drawn, Refusal.SEED_DRAWN)
    cost = 0
    if campaign.armed is not None:
        refuse_if(_is_pending(ledger.rules_of(campaign), call, campaign.armed) or known, Refusal.SEED_PENDING)
        cost = seed_cost_down(ledger.held(Kind.BOND, name))
    token = campaign.params.token
    armed = ledger.with_campaign(name, replace(campaign, armed=call.block + SEED_DELAY))
    return Step.of(armed, Move(Place.of(Kind.BOND, token, name), Place.burned(token), cost))


def _is_pending(rules: PoolParams, call: Call, armed: int) -> bool:
    patience = 0 if rules.randomness == NO_SOURCE else SOURCE_PATIENCE
    return call.block <= armed + patience


def draw_seed(ledger: Ledger, call: Call, name: CampaignId, *, known: bool) -> Step:
    """The seed is fixed, and with it who labels what."""
    campaign = ledger.campaign(name, Status.OPEN)
    refuse_if(campaign.drawn, Refusal.SEED_DRAWN)
    refuse_if(campaign.armed is None, Refusal.SEED_NOT_ARMED)
    refuse_if(call.block <= (campaign.armed or 0), Refusal.SEED_PENDING)
    refuse_if(not known, Refusal.SEED_MISSED)
    return Step(ledger.with_campaign(name, replace(campaign, drawn=True)))


def commit_aggregate(
    ledger: Ledger, call: Call, name: CampaignId, number: int, batches: frozenset[Receipt]
) -> Step:
    """The oracle commits to all batches of a round at once, before the round's grace."""
    campaign = ledger.campaign(name, Status.OPEN)
    require_caller(call, campaign.params.oracle)
    _require_running(call, campaign, number)
    require_before(call, campaign.params.schedule.aggregate_close(number))
    refuse_if(not batches, Refusal.EMPTY_ROOT)
    refuse_if(number in campaign.rounds, Refusal.ROUND_COMMITTED)
    rounds = put(campaign.rounds, number, batches)
    return Step(ledger.with_campaign(name, replace(campaign, rounds=rounds)))


def commit(ledger: Ledger, call: Call, name: CampaignId, batch: Commit) -> Step:
    """An enrolled annotator commits alone."""
    campaign = ledger.campaign(name, Status.OPEN)
    _require_running(call, campaign, batch.round)
    require_before(call, campaign.params.schedule.round_end(batch.round))
    refuse_if(batch.root == ZERO_HASH, Refusal.EMPTY_ROOT)
    refuse_if(not 1 <= batch.count <= batch.cumulative_count, Refusal.INVALID_COMMIT)
    on_roster = call.sender in (campaign.roster or ()) or call.sender in campaign.enrolled
    refuse_if(not on_roster, Refusal.NOT_ENROLLED)
    refuse_if((call.sender, batch.batch) in campaign.alone, Refusal.BATCH_COMMITTED)
    alone = put(campaign.alone, (call.sender, batch.batch), batch)
    return Step(ledger.with_campaign(name, replace(campaign, alone=alone)))


def _require_running(call: Call, campaign: Campaign, number: int) -> None:
    refuse_if(number >= campaign.params.schedule.rounds, Refusal.UNKNOWN_ROUND)
    refuse_if(not campaign.drawn, Refusal.SEED_NOT_DRAWN)
    require_from(call, campaign.params.schedule.round_start(number))
