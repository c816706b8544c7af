"""Contests: a wrong settlement is challenged, ruled on and replaced; a right one is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.keys import development_signer
from labelshare.chain.state import Status
from labelshare.chain.transactions import Sender
from labelshare.commands.units import moment
from labelshare.protocol.verify import verify
from tests.arbitrator import deploy_arbitrator, give_ruling
from tests.commands.conftest import Built, prepared, rolled_back
from tests.commands.place import Place, oracles_settlement, post, sent, shown
from tests.conftest import running_anvil
from tests.oracle.stage import COIN, NAMES, build, nothing_changes

pytestmark = pytest.mark.anvil

BOND = 42 * COIN // 4
REFUND = COIN
FEE = 10**15
JUDGE = development_signer("commands", "judge")


@pytest.fixture(scope="module")
def judged(anvil_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """A pool with an arbitrator; ann and ben opened their labels, and the oracle may propose."""
    with running_anvil(anvil_program, "--hardfork", "cancun") as running:
        chain = connect(running.url)
        chain.fund(JUDGE.address, 100 * COIN)
        arbitrator = deploy_arbitrator(Sender(chain), JUDGE, FEE)
        stage = build(chain, arbitrator=arbitrator, arbitration_refund=REFUND)
        stage.accept().enrol("ann", "ben").draw().work(ann=2, ben=2).reveal("ann", "ben")
        stage.chain.advance_to(stage.schedule.reveal_end)
        built = prepared(running.url, tmp_path_factory.mktemp("judged"), stage)
        (built.folder / "spec.json").write_bytes(stage.spec.canonical_bytes)
        yield built


@pytest.fixture
def court(
    judged: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    yield from rolled_back(judged, monkeypatch, capsys)


def propose(place: Place, *, short: int = 0) -> Path:
    """The oracle proposes; its pay may fall short of what the bundle proves."""
    stage, bundle = place.stage, place.folder / "proposed.jsonl"
    built = oracles_settlement(stage)
    post(stage, replace(built.settlement, payout_total=built.settlement.payout_total - short))
    bundle.write_bytes(built.bundle)
    return bundle


def words(place: Place, name: str, *more: object) -> list[object]:
    return ["campaign", name, place.stage.scope.campaign_id, *more]


def status(place: Place) -> Status:
    return place.stage.contracts.registry.campaign(place.stage.scope.campaign_id).status


def test_a_wrong_settlement_is_contested_ruled_on_and_replaced(court: Place, tmp_path: Path) -> None:
    stage, registry = court.stage, court.stage.contracts.registry
    bundle = propose(court, short=COIN)
    court.give("stranger", 3 * BOND)
    challenge = words(court, "challenge", "--bundle", bundle)

    rows = shown(court.done(*words(court, "show")))
    assert rows["bundle hash"] == court.facts(*words(court, "show"))["bundle_hash"]
    since = registry.campaign(stage.scope.campaign_id).since
    assert rows["contest by"] == moment(since + stage.schedule.window)

    asked = court.run(*challenge, *court.signing("stranger"), typed="n", terminal=True)

    told = " ".join(asked.err.split())
    assert asked.code == 1
    assert "1. let the registry take 10.5 DEV from the wallet 2. contest the settlement of" in told
    assert "fault payout_total of posted settlement is " in told
    assert f"who rules {stage.pool.arbitrator}, once somebody pays its fee" in told
    assert (
        "if it falls the bond is back, with 5.25 DEV of the proposer's, less 1 DEV for whoever pays" in told
    )
    assert "if it stands the whole bond is lost: 5.25 DEV burned, the rest the proposer's" in told
    assert "if unruled it falls, and 1.3125 DEV of the bond are burned" in told

    facts = court.facts(*challenge, by="stranger")

    assert (facts["bond"], sent(court, facts)) == (str(BOND), facts["transaction"])
    assert "payout" in facts["fault"]
    assert (status(court), facts["ruling_end"]) == (
        Status.DISPUTED,
        registry.contest(stage.scope.campaign_id).ruling_end,
    )
    court.refused(1, "the campaign is disputed; only a proposed", *challenge, by="stranger")
    rows = shown(court.done(*words(court, "show")))
    assert rows["ruling by"] == moment(facts["ruling_end"])
    court.refused(1, "too early: nobody ruled yet", *words(court, "resolve"), by="stranger")
    asked = court.run(*words(court, "request-ruling"), *court.signing("ann"), typed="y", terminal=True)
    assert f"ask {stage.pool.arbitrator} to rule" in " ".join(asked.err.split())
    assert "for 0.001 ether; once it has, 1 DEV of the loser's bond" in " ".join(asked.err.split())
    court.refused(1, "the arbitrator has the contest already", *words(court, "request-ruling"), by="ann")
    give_ruling(stage.sender, stage.pool.arbitrator, JUDGE, int(shown(asked)["dispute"]), 2)
    before = stage.balances()

    ran = court.run(*words(court, "resolve"), *court.signing("stranger"), typed="y", terminal=True)

    assert "the arbitrator ruled for the challenger, so it falls, and" in " ".join(ran.err.split())
    rows = shown(ran)
    assert (rows["settlement"], rows["won"], rows["refunded"]) == ("rejected", "4.25 DEV", "1 DEV")
    after = stage.balances()
    assert after["stranger's credit"] - before["stranger's credit"] == BOND + BOND // 2 - REFUND
    assert after["ann's credit"] - before["ann's credit"] == REFUND

    propose_openly = words(court, "propose-openly", "--spec", court.folder / "spec.json")
    propose_openly += ["--out", tmp_path / "open.jsonl"]
    court.refused(1, "too early: anyone may propose from", *propose_openly, by="stranger")
    compute_openly = words(court, "compute-openly", *propose_openly[3:])
    court.refused(1, "too early: anyone may propose from", *compute_openly)
    ann = stage.annotators["ann"]
    proof = aggregate_proof(court, "ann")
    ann.post_reveal(stage.sender, ann.batches[0], proof)
    stage.chain.advance_to(stage.chain.now() + stage.schedule.rescue_period)

    computed, spec = tmp_path / "computed.jsonl", court.folder / "spec.json"
    alone = court.facts(*words(court, "compute-openly", "--spec", spec, "--out", computed))
    assert status(court) is Status.OPEN
    assert (
        alone["bundle_hash"]
        in court.done(*words(court, "compute-openly", "--spec", spec, "--out", computed)).out
    )

    facts = court.facts(*propose_openly, by="stranger")

    assert computed.read_bytes() == (tmp_path / "open.jsonl").read_bytes()
    assert alone | {"bundle": facts["bundle"]} == {name: facts[name] for name in alone}
    assert (facts["bond"], status(court)) == (str(2 * BOND), Status.PROPOSED)
    assert verify(stage.record(), (tmp_path / "open.jsonl").read_bytes()).ok
    court.done(*words(court, "verify", "--bundle", tmp_path / "open.jsonl"))
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    assert sent(court, court.facts(*words(court, "finalize"), by="stranger"))
    assert status(court) is Status.FINAL


def aggregate_proof(place: Place, name: str) -> list[bytes]:
    """Where somebody's first batch is under the root of its round."""
    stage = place.stage
    annotator = stage.annotators[name]
    made = stage.engine.aggregate(0)
    assert made is not None
    return list(made.proof(annotator.address, annotator.batches[0].opening.commit_hash, stage.scope))


def test_a_settlement_that_verifies_is_left_alone(court: Place) -> None:
    bundle = propose(court)
    court.give("stranger", BOND)
    challenge = words(court, "challenge", "--bundle", bundle)
    with nothing_changes(court.stage):
        court.refused(1, r"the settlement verifies \(4 labels\), .* --anyway", *challenge, by="stranger")

    facts = court.facts(*challenge, "--anyway", "--evidence", "ipfs://why", by="stranger")

    assert (facts["fault"], facts["bond"], status(court)) == ("", str(BOND), Status.DISPUTED)
    give_ruling(court.stage.sender, court.stage.pool.arbitrator, JUDGE, ask(court), 1)
    ended = court.facts(*words(court, "resolve"), by="ben")
    assert (ended["outcome"], status(court)) == ("upheld", Status.PROPOSED)
    assert ended["burned"] == str(BOND // 2)


def ask(place: Place) -> int:
    return int(place.facts(*words(place, "request-ruling"), by="stranger")["dispute"])


def test_evidence_that_proves_nothing(court: Place, tmp_path: Path) -> None:
    """Another bundle than the posted one shows nothing about the settlement; a missing one neither."""
    bundle, other = propose(court, short=COIN), tmp_path / "other.jsonl"
    court.give("stranger", BOND)
    other.write_bytes(bundle.read_bytes()[:-1])
    court.refused(
        1,
        "not the evidence that was posted.*--anyway",
        *words(court, "challenge", "--bundle", other),
        by="stranger",
    )
    court.refused(2, "--bundle names the evidence", *words(court, "challenge"), by="stranger")
    court.refused(
        2, "cannot be read", *words(court, "challenge", "--bundle", tmp_path / "none"), by="stranger"
    )
    assert court.facts(*words(court, "challenge", "--anyway"), by="stranger")["fault"] == ""


def test_challenges_that_cannot_be(court: Place) -> None:
    challenge = words(court, "challenge", "--anyway")
    court.refused(1, "the campaign is open; only a proposed settlement", *challenge, by="stranger")
    court.refused(1, "the campaign is open; nobody contests", *words(court, "resolve"), by="stranger")
    court.refused(1, "the campaign is open; nobody contests", *words(court, "request-ruling"), by="stranger")
    propose(court)
    court.give("stranger", BOND - 1)
    court.refused(1, "10.5 DEV are needed", *challenge, by="stranger")
    court.give("stranger", 1)
    court.stage.chain.advance_to(court.stage.chain.now() + court.stage.schedule.window)
    court.refused(1, "too late: the settlement could be contested until", *challenge, by="stranger")


def test_a_contest_without_an_arbitrator_ends_unruled(place: Place) -> None:
    stage = place.stage
    stage.accept().enrol("ann", "ben").draw().work(ann=2, ben=2).reveal("ann", "ben")
    stage.chain.advance_to(stage.schedule.reveal_end)
    bundle = propose(place, short=COIN)
    place.give("stranger", BOND)
    challenge = words(place, "challenge", "--bundle", bundle)
    asked = place.run(*challenge, *place.signing("stranger"), typed="y", terminal=True)
    assert "who rules nobody: the pool names no arbitrator" in " ".join(asked.err.split())
    place.refused(1, "the pool names no arbitrator", *words(place, "request-ruling"), by="stranger")
    stage.chain.advance_to(stage.chain.now() + stage.schedule.ruling_period)

    ended = place.facts(*words(place, "resolve"), by="stranger")

    assert (ended["outcome"], ended["won"], ended["burned"]) == ("unruled", "0", str(2 * -(-BOND // 8)))
    assert status(place) is Status.OPEN


def test_proposals_that_cannot_be(court: Place, tmp_path: Path) -> None:
    stage, spec = court.stage, court.folder / "spec.json"
    openly = words(court, "propose-openly", "--spec", spec, "--out", tmp_path / "open.jsonl")
    court.refused(1, "too early: anyone may propose", *openly, by="stranger")
    stage.chain.advance_to(stage.schedule.settle_end + stage.schedule.rescue_period)
    court.refused(1, "10.5 DEV are needed", *openly, by="stranger")
    assert not (tmp_path / "open.jsonl").exists()
    court.give("stranger", BOND)
    other = tmp_path / "other.json"
    other.write_bytes(replace_title(spec.read_bytes()))
    openly[4] = other
    court.refused(2, "this spec has hash 0x", *openly, by="stranger")
    openly[4] = spec
    (tmp_path / "open.jsonl").write_text("mine")
    court.refused(2, "open.jsonl exists; it is not overwritten", *openly, by="stranger")
    (tmp_path / "open.jsonl").unlink()

    court.run(*openly, *court.signing("stranger"), typed="n", terminal=True)
    assert (tmp_path / "open.jsonl").exists()
    assert court.facts(*openly, by="stranger")["accounts"] == 0
    court.refused(1, "the campaign is proposed; proposals are for open ones", *openly, by="stranger")


def replace_title(spec: bytes) -> bytes:
    return spec.replace(b"Moods", b"Minds", 1)


def test_proposals_where_nobody_worked_or_time_is_up(place: Place, tmp_path: Path) -> None:
    stage, spec = place.stage, tmp_path / "spec.json"
    spec.write_bytes(stage.spec.canonical_bytes)
    openly = words(place, "propose-openly", "--spec", spec, "--out", tmp_path / "open.jsonl")
    place.refused(1, "the campaign is created", *openly, by="stranger")
    stage.accept().enrol(*NAMES).draw()
    place.refused(1, "nobody committed any work; `campaign cancel`", *openly, by="stranger")
    stage.work(ann=1)
    stage.chain.advance_to(stage.schedule.propose_end)
    place.refused(1, "used up; `campaign expire` ends the campaign", *openly, by="stranger")
