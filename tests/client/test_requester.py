"""A requester's escrow and share cap cover its spec to the unit; without the money nothing happens."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from labelshare.chain.state import OfferStatus, Status
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.errors import CommitmentError, InputError, RevertError
from labelshare.protocol.evidence import GoldRow
from labelshare.protocol.rewards import budget
from tests.chain.world import schedule
from tests.client.gold import GOLD, gold_stage, worked
from tests.oracle.stage import COIN, FEE_BPS, NAMES, Stage, build, nothing_changes, small_spec


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build()


def requester(stage: Stage) -> Requester:
    return Requester(stage.sender, stage.contracts, stage.requester)


def terms(stage: Stage, nonce: int) -> Terms:
    return Terms(COIN, FEE_BPS, schedule(stage.chain.now()), nonce)


@pytest.mark.parametrize("price", [1, 3, 7, 999, 10**18, 10**18 + 1])
@pytest.mark.parametrize("fee_bps", [0, 1, 333, 500, 10_000])
def test_the_escrow_is_the_least_that_pays_every_place(price: int, fee_bps: int) -> None:
    spec = small_spec(price=str(price))

    escrow = escrow_for(spec, fee_bps)

    assert budget(escrow, fee_bps) >= 40 * price
    assert budget(escrow - 1, fee_bps) < 40 * price
    assert share_cap_for(spec) == 40 * COIN


def test_the_campaign_is_funded_from_the_wallet(stage: Stage) -> None:
    registry, token = stage.contracts.registry, stage.contracts.development_token

    state = registry.campaign(stage.scope.campaign_id)

    assert (state.status, state.escrow) == (Status.CREATED, 42 * COIN)
    assert token.balance_of(stage.requester.address) == 0
    assert token.allowance(stage.requester.address, registry.address) == 0
    assert registry.campaign_id(stage.params) == stage.scope.campaign_id
    assert stage.params.spec_hash == stage.spec.hash


def test_a_requester_without_the_escrow(stage: Stage) -> None:
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, 42 * COIN - 1))
    before = stage.balances()

    with pytest.raises(RevertError, match="createCampaign") as caught:
        requester(stage).open_campaign(stage.pool, stage.dataset, stage.spec, terms(stage, 1))

    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.args_by_name["balance"] == 42 * COIN - 1
    assert caught.value.args_by_name["needed"] == 42 * COIN
    assert stage.balances() == before


def test_shares_that_the_dataset_has_no_room_for(stage: Stage) -> None:
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, 42 * COIN))
    before = stage.balances()

    with pytest.raises(RevertError, match="createCampaign"):
        requester(stage).open_campaign(
            stage.pool, stage.dataset, small_spec(share_weight=str(3 * COIN)), terms(stage, 2)
        )

    assert stage.balances() == before


def test_a_dataset_of_somebody_else(stage: Stage) -> None:
    token, before = stage.contracts.development_token, stage.balances()
    assert token.balance_of(stage.stranger.address) == 0
    thief = Requester(stage.sender, stage.contracts, stage.stranger)

    with pytest.raises(RevertError, match="createCampaign"):
        thief.open_campaign(stage.pool, stage.dataset, stage.spec, terms(stage, 3))

    assert stage.balances() == before


def test_a_time_line_that_the_deployment_does_not_allow(stage: Stage) -> None:
    before = stage.balances()
    hasty = replace(terms(stage, 4).schedule, window=1)

    with pytest.raises(RevertError, match="createCampaign"):
        requester(stage).open_campaign(
            stage.pool, stage.dataset, stage.spec, replace(terms(stage, 4), schedule=hasty)
        )

    assert stage.balances() == before


@pytest.mark.parametrize(("name", "symbol"), [("", "S"), ("N", ""), ("é" * 16, "S"), ("N", "S" * 32)])
def test_names_that_a_share_cannot_have(stage: Stage, name: str, symbol: str) -> None:
    block = stage.chain.block_number

    with pytest.raises(InputError, match="1 to 31 bytes"):
        requester(stage).create_dataset(
            name, symbol, revenue_token=stage.pool.token, contributor_bps=1, max_shares=COIN
        )

    assert stage.chain.block_number == block


def test_an_offer_is_as_it_was_made(stage: Stage) -> None:
    offer = requester(stage).offer_licence(stage.dataset, 5 * COIN, duration=60, terms=b"terms")

    made = stage.contracts.licenses.offer_params(offer)

    assert (made.dataset, made.price, made.duration) == (stage.dataset, 5 * COIN, 60)
    assert made.terms_hash == sha256(b"terms").digest()
    assert stage.contracts.licenses.offer_status(offer) is OfferStatus.OPEN
    with pytest.raises(RevertError, match="offer"):
        Requester(stage.sender, stage.contracts, stage.stranger).offer_licence(
            stage.dataset, 5 * COIN, duration=60, terms=b"terms"
        )


# -------------------------------------------------------------------------------- gold


def test_gold_is_revealed_between_the_last_commitment_and_the_end_of_opening() -> None:
    stage = worked()
    schedule, owner = stage.schedule, requester(stage)
    stage.chain.advance_to(schedule.commit_end - 10)
    with nothing_changes(stage), pytest.raises(RevertError) as early:
        owner.reveal_gold(stage.params, stage.spec, GOLD)
    mark = stage.chain.snapshot()
    stage.chain.advance_to(schedule.reveal_end)
    with nothing_changes(stage), pytest.raises(RevertError) as late:
        owner.reveal_gold(stage.params, stage.spec, GOLD)
    stage.chain.restore(mark)

    assert (early.value.name, late.value.name) == ("TooEarly", "TooLate")
    assert stage.record().gold == ()
    stage.chain.advance_to(schedule.commit_end)
    owner.reveal_gold(stage.params, stage.spec, GOLD)
    assert stage.record().gold == (GOLD.reveal,)


def test_gold_that_the_spec_did_not_seal_is_not_sent() -> None:
    stage = gold_stage()
    other = replace(GOLD, labels=(*GOLD.labels[1:], GOLD.labels[0]))

    with nothing_changes(stage), pytest.raises(CommitmentError, match="the spec seals another"):
        requester(stage).reveal_gold(stage.params, stage.spec, other)


def test_gold_that_comes_too_late_judges_nobody() -> None:
    """Then a settlement is as if there had been none, and nobody is slashed."""
    stage = worked().reveal(*NAMES)

    built = stage.settle()

    assert not any(row.slash for row in built.payouts)
    assert not any(isinstance(row, GoldRow) for row in built.rows)
