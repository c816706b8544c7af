"""Lists and datasets from the index: what the chain says, page by page, whatever was replaced meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelshare.chain.contracts import Parts
from labelshare.chain.history import dataset_history
from labelshare.chain.node import Call, Chain
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.errors import StoreError
from labelshare.oracle.catalogue import Catalogue
from labelshare.oracle.indexer import Finality, Indexer
from labelshare.store.index import Index
from labelshare.store.spec_facts import SpecFacts
from labelshare.types import Address, CampaignId
from tests.databases import fresh
from tests.oracle.stage import COIN, FEE_BPS, Stage, build, small_spec


def indexer(stage: Stage) -> Indexer:
    return Indexer(stage.chain, stage.deployment, Index(fresh()), Finality(stage.chain, 64))


def final(stage: Stage) -> Stage:
    stage.accept().enrol().draw().work()
    stage.reveal("ann", "ben", "cleo", "dora")
    stage.settle()
    stage.engine.pay_everyone(Parts.BOTH)
    return stage


def pay_revenue(stage: Stage, amount: int) -> None:
    token, share = stage.contracts.development_token, stage.contracts.share(stage.dataset)
    stage.sender.send(stage.deployer, token.approve(stage.dataset, amount))
    stage.sender.send(stage.deployer, share.pay_revenue(amount))


def shares_agree(made: Indexer, stage: Stage) -> bool:
    made.catch_up()
    where = (stage.deployment, stage.dataset)
    return dataset_history(made.at_head(), *where) == dataset_history(stage.chain, *where)


@pytest.mark.parametrize("blocks", [1, 5_000])
def test_a_datasets_shares_and_revenue_come_from_the_index(blocks: int) -> None:
    stage = final(build())
    made = indexer(stage)
    made.blocks = blocks
    assert shares_agree(made, stage)
    pay_revenue(stage, 7 * COIN)
    stage.chain.advance_to(stage.chain.now() + 86_400)
    ann = stage.people["ann"]
    stage.sender.send(ann, stage.contracts.share(stage.dataset).claim_revenue())
    stage.sender.send(ann, stage.contracts.share(stage.dataset).transfer(stage.stranger.address, 5))
    assert shares_agree(made, stage)
    found = dataset_history(made.at_head(), stage.deployment, stage.dataset)
    assert found.balances[stage.stranger.address] == 5
    assert (len(found.minted), len(found.paid), len(found.claimed)) == (1, 1, 1)


def test_what_a_token_did_on_a_branch_that_is_gone_is_forgotten() -> None:
    stage = final(build())
    made = indexer(stage)
    assert shares_agree(made, stage)
    mark = stage.chain.snapshot()
    pay_revenue(stage, COIN)
    other = Requester(stage.sender, stage.contracts, stage.requester).create_dataset(
        "Gone", "GONE", revenue_token=stage.pool.token, contributor_bps=1, max_shares=COIN
    )
    assert shares_agree(made, stage)
    assert other in made.index.datasets(stage.deployment.registry.address)
    stage.chain.restore(mark)
    stage.sender = Sender(stage.chain)  # the other one would send again what is gone
    pay_revenue(stage, 2 * COIN)
    stage.chain.mine(5)
    assert shares_agree(made, stage)
    found = dataset_history(made.at_head(), stage.deployment, stage.dataset)
    assert [each.amount for each in found.paid] == [2 * COIN]
    with pytest.raises(StoreError, match="holds no logs"):
        made.at_head().logs(other, stage.deployment.block, stage.chain.block_number)


def test_a_token_of_somebody_else_is_none_of_the_index() -> None:
    stage = build()
    made = indexer(stage)
    made.catch_up()
    with pytest.raises(StoreError, match="holds no logs"):
        made.at_head().logs(stage.pool.token, stage.deployment.block, stage.chain.block_number)
    assert Indexer(stage.chain, stage.deployment, made.index, made.finality).at_head().block_number > 0


# ------------------------------------------------------------------------------ campaigns


def funded(stage: Stage, count: int) -> list[CampaignId]:
    """More campaigns of the same requester, on a dataset that has the room; the oldest first."""
    client, token = (
        Requester(stage.sender, stage.contracts, stage.requester),
        stage.contracts.development_token,
    )
    spec, terms = stage.spec, Terms(COIN, FEE_BPS, stage.schedule)
    dataset = client.create_dataset(
        "More",
        "MORE",
        revenue_token=token.address,
        contributor_bps=7_000,
        max_shares=count * share_cap_for(spec),
    )
    stage.sender.send(
        stage.deployer, token.transfer(stage.requester.address, count * escrow_for(spec, FEE_BPS))
    )
    return [
        client.open_campaign(stage.pool, dataset, spec, replace(terms, nonce=number))[0].campaign_id
        for number in range(1, count + 1)
    ]


def catalogue(stage: Stage, made: Indexer) -> Catalogue:
    return Catalogue(stage.chain, stage.deployment, made.index.database, made.at_head)


def test_statuses_are_those_of_the_chain_in_every_state() -> None:
    stage = build()
    made = indexer(stage)
    known, seen = catalogue(stage, made), set[Status]()
    campaign = stage.scope.campaign_id

    def agree() -> None:
        made.catch_up()
        status = stage.contracts.registry.campaign(campaign).status
        assert known.statuses([campaign]) == {campaign: status}
        assert known.status(campaign) is status
        seen.add(status)

    agree()
    stage.accept().enrol().draw().work().reveal("ann", "ben", "cleo", "dora")
    agree()
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose(stage.record())
    agree()
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    stage.engine.finalize()
    agree()
    assert seen == {Status.CREATED, Status.OPEN, Status.PROPOSED, Status.FINAL}


def test_campaigns_are_listed_page_by_page_without_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    from labelshare.oracle import catalogue as module

    monkeypatch.setattr(module, "AT_ONCE", 3)
    stage = build()
    every = [stage.scope.campaign_id, *funded(stage, 9)][::-1]
    made = indexer(stage)
    made.catch_up()
    known = catalogue(stage, made)
    known.add_spec(stage.spec.hash, stage.spec.canonical_bytes)
    _ = known.contracts

    def no_call(_chain: Chain, call: Call, _sender: Address | None = None) -> bytes:
        raise AssertionError(f"the chain was asked: {call.label}")

    monkeypatch.setattr(type(stage.chain), "call", no_call)
    listed: list[CampaignId] = []
    before: tuple[int, int] | None = None
    while page := known.newest(before, 4, lambda _: True):
        listed += [each.campaign for each in page]
        before = (page[-1].log.block, page[-1].log.index)
        facts, statuses = known.facts(page), known.statuses([each.campaign for each in page])
        assert {each.title for each in facts.values()} == {"Moods"}
        assert set(statuses.values()) == {Status.CREATED}
        assert len(facts) == len(statuses) == len(page)
    assert listed == every
    assert known.newest(None, 4, lambda each: each.campaign == every[-1])[0].campaign == every[-1]
    assert known.newest(None, 4, lambda _: False) == []


def test_facts_of_a_spec_are_kept_and_those_of_none_are_not() -> None:
    stage = build(spec=small_spec(title="Once"))
    made = indexer(stage)
    made.catch_up()
    known = catalogue(stage, made)
    created = known.campaigns()
    assert known.facts(created) == {}
    known.add_spec(stage.spec.hash, stage.spec.canonical_bytes)
    assert known.facts(created)[stage.scope.campaign_id].title == "Once"
    assert SpecFacts(made.index.database).find([stage.spec.hash])[stage.spec.hash].items == len(
        stage.spec.items
    )
