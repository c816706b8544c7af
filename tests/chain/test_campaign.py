"""A campaign is read from the chain whole, and taken by whoever works with it as it is."""

from __future__ import annotations

import pytest

from labelshare.chain.campaign import Campaign
from labelshare.client.annotator import Annotator
from labelshare.errors import ProtocolError
from tests.oracle.stage import Stage, build, small_spec


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build().accept()


def test_a_campaign_that_was_read_from_the_chain(stage: Stage) -> None:
    campaign = Campaign.load(stage.chain, stage.deployment, stage.scope.campaign_id, stage.spec)

    assert (campaign.scope, campaign.pool, campaign.params) == (stage.scope, stage.pool, stage.params)
    assert campaign.record() == stage.record()
    assert campaign.state() == stage.engine.state()
    ann = stage.annotators["ann"]
    assert Annotator.of(campaign, ann.signer, stage.intake, stage.database) == ann


def test_a_campaign_of_another_spec_is_refused(stage: Stage) -> None:
    other = small_spec(title="Other moods")

    with pytest.raises(ProtocolError, match=f"is for spec {stage.spec.hash}, this one is {other.hash}"):
        Campaign.load(stage.chain, stage.deployment, stage.scope.campaign_id, other)
