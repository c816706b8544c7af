"""An oracle that takes no openings, and one that takes nothing: the page goes to the chain by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labelshare.protocol.settlement import build_public
from tests.web.browser import Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.test_annotator_journey import enrols, hands_in, joins, labels

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

Visitors = Callable[..., Visitor]


def at_work(place: WebPlace, her: Visitor) -> None:
    place.stage.accept()
    her.connects()
    joins(place, her)
    enrols(place, her)
    place.stage.enrol("ann", "ben", "cleo").draw().begin()
    labels(her, 4)


def test_a_batch_that_the_root_lacks_is_committed_alone_and_opened_on_chain(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage, visitor(place.url)
        at_work(place, her)
        hands_in(place, her, 4)
        her.go(f"/tasks/{place.campaign}/silent")
        her.sees("Nothing: the oracle has done what it owes you so far.")
        stage.chain.advance_to(stage.schedule.aggregate_close(0))  # and it posted no root

        her.sees("Batch 1 is not on chain")
        fits_when_narrow(her)
        her.presses("Commit alone")
        fits_when_narrow(her)
        her.agrees("Commit alone")
        her.sees("Nothing: the oracle has done what it owes you so far.")
        (own,) = stage.record().own_commits
        assert (own.annotator, own.commit.count) == (VISITOR, 4)

        stage.chain.advance_to(stage.schedule.commit_end)
        her.sees("Batch 1 has no receipt for its opening")
        fits_when_narrow(her)
        her.presses("Open on chain")
        fits_when_narrow(her)
        her.agrees("Open on chain")
        her.sees("Nothing: the oracle has done what it owes you so far.")
        (reveal,) = stage.record().reveals
        assert reveal.annotator == VISITOR
        settlement = build_public(stage.spec, stage.record())
        (row,) = settlement.payouts
        assert (row.account, row.payout) == (VISITOR, 4 * COIN)


def test_an_included_batch_is_opened_on_chain_with_its_proof(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage, visitor(place.url)
        at_work(place, her)
        hands_in(place, her, 4)
        stage.label("ann", count=2)
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        her.go(f"/tasks/{place.campaign}/silent")
        her.presses("Open on chain")
        her.agrees("Open on chain")
        her.sees("Nothing: the oracle has done what it owes you so far.")
        (reveal,) = stage.record().reveals
        (signed,) = stage.engine.book.commits_by(VISITOR)
        assert (reveal.annotator, reveal.commit) == (VISITOR, signed.commit)
