"""Whether an oracle takes a campaign on, asked of its service before anything is sent; and why one waits."""

from __future__ import annotations

import re

import pytest

from labelshare.oracle.acceptance import Acceptance
from labelshare.oracle.desk import Desk
from labelshare.store.database import Database
from labelshare.store.jobs import Jobs
from labelshare.types import CampaignId, Hash32
from tests.api.served import served
from tests.commands.place import Place
from tests.commands.test_campaign import create
from tests.oracle.stage import COIN

pytestmark = pytest.mark.anvil

DAY = 86_400
STAKE = ("--stake-per-label", "1")


def test_what_the_oracle_declines_is_not_funded(place: Place) -> None:
    place.give("requester", 42 * COIN)
    stage, registry = place.stage, place.stage.contracts.registry
    desk = Desk(stage.sender, stage.deployment, stage.oracle, Database.in_memory())
    stranger, requester = stage.stranger.address, stage.requester.address
    faults = (
        (Acceptance(frozenset({stranger})), f"requester {requester} is none of those whose campaigns"),
        (Acceptance(least_escrow=42 * COIN + 1), r"is 42 DEV, this oracle wants 42\.0{17}1 DEV or more"),
        (Acceptance(least_fee=3 * COIN), "the fee comes to 2 DEV, this oracle wants 3 DEV or more"),
        (Acceptance(longest=3 * DAY), "this oracle wants 3 days at most"),
    )
    with served(desk) as url:
        arguments = create(place, *STAKE, "--service", url)
        for desk.acceptance, message in faults:
            told = f"the oracle would not accept this campaign: .*{message}.*; nothing was sent"
            place.refused(2, told, *arguments, by="requester")
        desk.acceptance = Acceptance(frozenset({requester}), least_escrow=42 * COIN, least_fee=2 * COIN)
        made = place.facts(*arguments, by="requester")
    assert registry.campaign(CampaignId(Hash32(made["campaign"]))).escrow == 42 * COIN


def test_what_the_oracle_takes_on_later_is_told_with_the_details(place: Place) -> None:
    place.give("requester", 42 * COIN)
    stage = place.stage
    desk = Desk(stage.sender, stage.deployment, stage.oracle, Database.in_memory())
    signing = place.signing("requester")
    with served(desk) as url:
        arguments = [*create(place, *STAKE, "--service", url), *signing]
        at_once = place.run(*arguments, typed="n\n", terminal=True)
        # From its acceptance it takes 3 days and 7 hours, for which there is a day.
        desk.acceptance = Acceptance(longest=4 * DAY)
        later = place.run(*arguments, typed="n\n", terminal=True)
    assert "acceptance at once, says the oracle" in " ".join(at_once.err.split())
    assert re.search(
        r"acceptance not at once: it takes until .* wants 4 days at most", " ".join(later.err.split())
    )


def test_a_service_of_another_oracle_is_not_taken_at_its_word(place: Place) -> None:
    stage = place.stage
    desk = Desk(stage.sender, stage.deployment, stage.stranger, Database.in_memory())
    with served(desk) as url:
        told = (
            f"is the service of oracle {stage.stranger.address}, the pool's oracle is {stage.oracle.address}"
        )
        place.refused(2, told, *create(place, *STAKE, "--service", url), by="requester")


def test_progress_says_what_a_campaign_waits_for(place: Place) -> None:
    stage = place.stage
    desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database)
    campaign, jobs = str(stage.scope.campaign_id), Jobs(stage.database)
    with served(desk) as url:
        asked = ["campaign", "progress", campaign, "--service", url]
        desk.catalogue.add_spec(stage.spec.hash, stage.spec.canonical_bytes)
        assert place.facts(*asked)["waits_for"] is None
        assert "waits for" not in place.done(*asked).out
        jobs.add("accept", campaign, 0)
        job = jobs.take(100, 200, "a test")
        assert job is not None
        jobs.wait(job, 0, "the pool is\x1b[2J full")
        assert place.facts(*asked)["waits_for"] == "the pool is\x1b[2J full"
        assert re.search(r"waits for +the pool is\?\[2J full\n", place.done(*asked).out)
        stage.accept()
        assert place.facts(*asked)["waits_for"] is None
