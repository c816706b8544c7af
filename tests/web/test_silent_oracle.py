"""An oracle that takes no opening, takes or proposes nothing: the page goes to the chain by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labelshare.chain.state import Status
from labelshare.commands.quote import read_spec
from labelshare.protocol.settlement import build_public
from labelshare.protocol.verify import verify
from tests.web.axe import AXE, serious
from tests.web.browser import Visitor
from tests.web.narrow import fits_when_narrow
from tests.web.place import COIN, VISITOR, WebPlace, web_place
from tests.web.replacing import cancels
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
    hands_in(place, her, 4)


def test_a_batch_that_the_root_lacks_is_committed_alone_and_opened_on_chain(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage, visitor(place.url)
        at_work(place, her)
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
        stage.label("ann", count=2)
        stage.engine.post_commits(0)
        stage.chain.advance_to(stage.schedule.commit_end)
        her.go(f"/tasks/{place.campaign}/silent")
        her.presses("Open on chain")
        yes = her.page.get_by_role("dialog").get_by_role("button", name="Open on chain", exact=True)
        cancels(her, place.node, VISITOR, yes.click)
        assert stage.record().reveals == ()
        her.presses("Cancel")
        her.go(f"/tasks/{place.campaign}/silent")
        her.presses("Open on chain")  # as it is not
        her.agrees("Open on chain")
        her.sees("Nothing: the oracle has done what it owes you so far.")
        (reveal,) = stage.record().reveals
        (signed,) = stage.engine.book.commits_by(VISITOR)
        assert (reveal.annotator, reveal.commit) == (VISITOR, signed.commit)


def computed(place: WebPlace, folder: Path) -> Path:
    """What `labelshare campaign compute-openly` writes."""
    built = build_public(place.stage.spec, place.stage.record())
    file = folder / "bundle.jsonl"
    file.write_bytes(built.bundle)
    return file


def broken(file: Path, old: bytes, new: bytes) -> Path:
    data = file.read_bytes()
    assert old in data
    other = file.with_name(f"other-{len(new)}.jsonl")
    other.write_bytes(data.replace(old, new))
    return other


def chooses(her: Visitor, label: str, file: Path) -> None:
    her.page.get_by_label(label).set_input_files(file)


PROPOSED, EVIDENCE = "The computed result (bundle.jsonl)", "The evidence (bundle.jsonl)"


def test_she_proposes_in_the_oracles_place_and_is_paid(
    anvil_program: Path, tmp_path: Path, visitor: Visitors
) -> None:
    with web_place(anvil_program, tmp_path) as place:
        stage, her = place.stage, visitor(place.url)
        at_work(place, her)
        stage.engine.post_commits(0)
        registry, campaign = stage.contracts.registry, stage.scope.campaign_id
        stage.chain.advance_to(stage.schedule.settle_end + 60)  # in which the oracle took no opening
        her.go(f"/tasks/{campaign}/silent")
        her.presses("Open on chain")
        her.agrees("Open on chain")
        her.sees("Nothing: the oracle has done what it owes you so far.")
        her.sees("If the oracle proposes nothing, anyone may propose in ")
        stage.chain.advance_to(stage.schedule.settle_end + stage.schedule.rescue_period)

        with her.page.expect_download() as saved:
            her.presses("Save the rules (spec.json)")
        assert read_spec(saved.value.path()).hash == stage.spec.hash
        file, bond = computed(place, tmp_path), 15_750_000_000_000_000_000
        place.give(VISITOR, bond)
        before = place.tokens(VISITOR)
        chooses(her, PROPOSED, broken(file, b'"kind":"header"', b'"kind":"heading"'))
        her.sees("This file is no evidence of a result.")
        chooses(her, PROPOSED, broken(file, campaign.hex().encode(), b"ab" * 32))
        her.sees("This is the evidence of another campaign.")
        chooses(her, PROPOSED, broken(file, b'"payout":"4000', b'"payout":"5000'))
        her.sees("The file contradicts itself")
        chooses(her, PROPOSED, file)
        her.sees("15.75 DEV")
        fits_when_narrow(her)
        assert not AXE.is_file() or serious(her) == []
        her.presses("Propose this result")
        her.sees("If somebody contests it and it does not follow from the chain, you lose the bond.")
        fits_when_narrow(her)
        her.agrees("Propose")
        her.sees("There is nothing to propose now")
        state = registry.campaign(campaign)
        assert (state.status, registry.contest(campaign).proposer) == (Status.PROPOSED, VISITOR)
        assert place.tokens(VISITOR) == before - bond
        assert verify(stage.record(), file.read_bytes()).ok

        stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
        settlement = build_public(stage.spec, stage.record()).settlement
        stage.sender.send(stage.stranger, registry.finalize(stage.params, settlement))
        fee = registry.credit_of(stage.params.token, VISITOR) - bond
        assert fee > 0
        chooses(her, EVIDENCE, file)
        her.agrees("Claim")
        her.sees("Claimed: your pay is in your wallet.")
        assert place.tokens(VISITOR) == before - bond + 4 * COIN
        fits_when_narrow(her)
