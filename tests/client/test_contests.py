"""Whoever recomputes a settlement can stop a wrong one, and settle in the oracle's place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.contracts import Arbitrator, Parts
from labelshare.chain.envelope import SignedTransaction, Transaction, rlp
from labelshare.chain.history import CampaignHistory, campaign_history, dataset_history, ledger
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Receipt
from labelshare.chain.state import Outcome, Status
from labelshare.chain.transactions import Sender
from labelshare.client.contests import Challenger
from labelshare.errors import CommitmentError, RevertError
from labelshare.protocol import settlement
from labelshare.protocol.commitments import Opening
from labelshare.protocol.evidence import OpeningRow
from labelshare.protocol.record import Record
from labelshare.protocol.reveals import posted_openings
from labelshare.protocol.settlement import Built
from labelshare.protocol.verify import verify
from labelshare.report.collect import collect
from labelshare.report.money import check_money, flows_of
from labelshare.types import Address, Settlement, keccak
from tests.arbitrator import deploy_arbitrator, give_ruling
from tests.oracle.stage import COIN, NAMES, NOBODY, Stage, build

ESCROW = 42 * COIN
BOND = ESCROW // 4
REFUND = COIN
FEE = 10**15
JUDGE = development_signer("contests", "judge")


def with_arbitrator() -> tuple[Stage, Address]:
    """A campaign in a pool whose disputes one account decides."""
    chain = connect()
    chain.fund(JUDGE.address, 100 * COIN)
    arbitrator = deploy_arbitrator(Sender(chain), JUDGE, FEE)
    return build(chain, arbitrator=arbitrator, arbitration_refund=REFUND), arbitrator


def challenger(stage: Stage, purse: int) -> Challenger:
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.stranger.address, purse))
    return Challenger(stage.sender, stage.contracts, stage.stranger, stage.scope, stage.pool, stage.params)


def history(stage: Stage) -> CampaignHistory:
    """The campaign from its events, which agree with what its contract says."""
    found = campaign_history(stage.chain, stage.deployment, stage.scope.campaign_id)
    state = stage.contracts.registry.campaign(stage.scope.campaign_id)
    contest = stage.contracts.registry.contest(stage.scope.campaign_id)
    assert found.status is state.status
    assert found.bonds == state.bond + contest.challenge_bond + (
        0 if state.status is Status.FINAL else contest.proposer_bond
    )
    assert found.fallen == contest.rejections
    return found


def built_from(stage: Stage, openings: list[Opening]) -> Built:
    """What the oracle would propose if it had these openings, and saw none on chain."""
    book, record = stage.engine.book, replace(stage.record(), reveals=())
    return settlement.build(stage.spec, record, book.enrolments(), book.commits(), openings)


def built_openly(stage: Stage) -> Built:
    """What a stranger proposes, who has the chain and the spec."""
    return settlement.build_public(stage.spec, stage.record())


def reveal_on_chain(stage: Stage, *names: str) -> None:
    """Those named open all they committed."""
    for name in names:
        annotator = stage.annotators[name]
        for batch in annotator.batches:
            proof = stage.aggregate(batch.commit.round).proof(
                annotator.address, batch.opening.commit_hash, stage.scope
            )
            annotator.post_reveal(stage.sender, batch, proof)


def on_chain(stage: Stage) -> list[Opening]:
    """The openings on chain that hold."""
    return list(posted_openings(stage.record(), stage.spec.task.form).values())


def left_out(stage: Stage, name: str) -> str:
    return f"left out the opening of batch 0 of {stage.people[name].address}, which is posted on chain"


def wait(stage: Stage, seconds: int) -> None:
    stage.chain.advance_to(stage.chain.now() + seconds)


def propose(stage: Stage, posted: Settlement) -> None:
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.sender.send(stage.oracle, stage.contracts.registry.propose(stage.params, posted))


def test_a_wrong_settlement_is_contested_ruled_on_and_replaced() -> None:
    stage, arbitrator = with_arbitrator()
    stage.accept().enrol().draw().work().reveal("ann", "ben", "cleo")
    someone = challenger(stage, BOND + 2 * BOND)
    stage.chain.advance_to(stage.schedule.reveal_end)
    built = built_from(stage, stage.engine.book.openings())
    wrong = replace(built.settlement, payout_total=built.settlement.payout_total - COIN)
    propose(stage, wrong)
    report = verify(stage.record(), built.bundle)
    assert not report.ok
    assert "payout" in report.difference
    assert (history(stage).status, history(stage).bonds) == (Status.PROPOSED, BOND)

    assert someone.challenge("ipfs://reasons").bond == BOND
    assert (history(stage).status, history(stage).bonds) == (Status.DISPUTED, 2 * BOND)
    assert Arbitrator(stage.chain, arbitrator).cost() == FEE
    request = someone.request_ruling()
    assert (request.payer, request.cost) == (stage.stranger.address, FEE)
    with pytest.raises(RevertError, match="the arbitrator has the contest already"):
        someone.request_ruling()
    with pytest.raises(RevertError, match="too early"):
        someone.resolve()
    give_ruling(stage.sender, arbitrator, JUDGE, request.dispute_id, 2)
    before = stage.balances()
    ended = someone.resolve()
    assert (ended.outcome, ended.won + ended.refunded, ended.burned) == (
        Outcome.REJECTED,
        BOND // 2,
        BOND - BOND // 2,
    )
    assert ended.refunded == REFUND
    assert stage.balances()["stranger's credit"] - before["stranger's credit"] == BOND + BOND // 2
    after = history(stage)
    assert (after.status, after.bonds, after.record.posted) == (Status.OPEN, 0, None)

    reveal_on_chain(stage, *NAMES)
    assert on_chain(stage) == [stage.annotators[name].batches[0].opening for name in NAMES]
    registry, right = stage.contracts.registry, built_openly(stage)
    with pytest.raises(RevertError, match="too early"):
        someone.propose_openly(right.settlement)
    stage.chain.advance_to(ended_at(stage, after) + stage.schedule.rescue_period)
    assert someone.propose_openly(right.settlement).bond == 2 * BOND
    assert (history(stage).status, history(stage).bonds) == (Status.PROPOSED, 2 * BOND)
    report = verify(stage.record(), right.bundle)
    assert (report.ok, report.difference, report.labels) == (True, "", 8)

    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    someone.finalize(right.settlement)
    assert (history(stage).status, history(stage).bonds) == (Status.FINAL, 0)
    tree = right.payout_tree()
    multiproof = tree.multiproof(range(4))
    leaves = [right.payouts[index] for index in multiproof.order]
    stage.sender.send(stage.stranger, registry.claim_many(stage.params, leaves, multiproof, Parts.BOTH))
    held = stage.balances()
    assert [(held[name], held[f"{name}'s shares"]) for name in NAMES] == [(2 * COIN, 2 * COIN)] * 4
    outcome = collect(stage.chain, stage.deployment, stage.scope.campaign_id, right.bundle)
    assert outcome.conserved, [each for each in outcome.balances if not each.holds]


def ended_at(stage: Stage, after: CampaignHistory) -> int:
    """When the last contest ended."""
    return stage.chain.timestamp_of(after.contests[-1].log.block)


def test_a_right_settlement_stands_against_a_challenge() -> None:
    stage, arbitrator = with_arbitrator()
    stage.accept().enrol().draw().work().reveal(*NAMES)
    someone = challenger(stage, BOND)
    stage.chain.advance_to(stage.schedule.reveal_end)
    built = stage.engine.propose(stage.record())
    someone.challenge()
    give_ruling(stage.sender, arbitrator, JUDGE, someone.request_ruling().dispute_id, 1)

    ended = someone.resolve()

    assert (ended.outcome, ended.refunded) == (Outcome.UPHELD, REFUND)
    after = history(stage)
    assert (after.status, after.bonds, after.fallen) == (Status.PROPOSED, BOND, 0)
    assert after.record.posted is not None
    assert after.record.posted.settlement == built.settlement
    assert someone.challenge_bond() == 2 * BOND
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    stage.engine.finalize()
    stage.engine.pay_everyone(Parts.BOTH)
    assert history(stage).status is Status.FINAL
    assert collect(stage.chain, stage.deployment, stage.scope.campaign_id, built.bundle).conserved


def test_a_contest_that_nobody_rules_on_costs_both_and_the_oracle_may_propose_again() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    someone = challenger(stage, BOND)
    stage.chain.advance_to(stage.schedule.reveal_end)
    built = stage.engine.propose(stage.record())
    someone.challenge()
    with pytest.raises(RevertError, match="the pool names no arbitrator"):
        someone.request_ruling()
    stage.chain.advance_to(stage.chain.now() + stage.schedule.ruling_period)

    ended = someone.resolve()

    eighth = -(-BOND // 8)
    assert (ended.outcome, ended.burned) == (Outcome.UNRULED, 2 * eighth)
    after = history(stage)
    assert (after.status, after.bonds, after.record.posted) == (Status.OPEN, BOND - eighth, None)
    assert stage.engine.propose(stage.record(), late=True) == built
    assert BOND - eighth - history(stage).bonds == -(-(BOND - eighth) // 100)
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    stage.engine.finalize()
    assert collect(stage.chain, stage.deployment, stage.scope.campaign_id, built.bundle).conserved


def test_where_the_oracle_is_silent_others_propose_until_the_tries_are_used_up() -> None:
    """Each proposal that falls doubles the bond of the next; then all that is left is burned."""
    stage = build().accept().enrol().draw().work().reveal()
    someone, registry = challenger(stage, 10 * BOND), stage.contracts.registry
    reveal_on_chain(stage, *NAMES)
    built = built_openly(stage)
    stage.chain.advance_to(stage.schedule.settle_end)
    for fallen, bond in enumerate((BOND, 2 * BOND)):
        stage.chain.advance_to(stage.chain.now() + stage.schedule.rescue_period)
        assert someone.propose_openly(built.settlement).bond == bond == someone.challenge_bond()
        assert history(stage).bonds == BOND + bond
        report = verify(stage.record(), built.bundle)
        assert (report.ok, report.difference, report.labels) == (True, "", 8)
        someone.challenge()
        assert history(stage).bonds == BOND + 2 * bond
        stage.chain.advance_to(stage.chain.now() + stage.schedule.ruling_period)
        assert someone.resolve().outcome is Outcome.UNRULED
        after = history(stage)
        assert (after.status, after.bonds, after.fallen) == (Status.OPEN, BOND, fallen + 1)
        assert after.record.posted is None
    stage.chain.advance_to(stage.chain.now() + stage.schedule.rescue_period)
    with pytest.raises(RevertError, match="more than 1 proposals fell; the campaign can only expire"):
        someone.propose_openly(built.settlement)

    stage.sender.send(stage.stranger, registry.expire(stage.params))

    after = history(stage)
    assert (after.status, after.bonds) == (Status.EXPIRED, 0)
    flows, payouts = flows_of(stage.chain, stage.deployment, stage.pool.token), ()
    shares = dataset_history(stage.chain, stage.deployment, stage.dataset)
    balances = check_money(stage.chain, stage.deployment, after, shares, payouts, flows)
    assert all(each.holds for each in balances), balances
    eighths = 2 * (-(-BOND // 8) + -(-2 * BOND // 8))
    assert flows.burned == ESCROW + BOND + eighths


def test_a_public_settlement_earns_the_fee_and_burns_what_is_left_of_the_oracles_bond() -> None:
    stage = build().accept().enrol().draw().work().reveal()
    someone = challenger(stage, BOND)
    reveal_on_chain(stage, *NAMES)
    built = built_openly(stage)
    stage.chain.advance_to(stage.schedule.settle_end + stage.schedule.rescue_period)
    someone.propose_openly(built.settlement)
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)

    someone.finalize(built.settlement)

    assert (history(stage).status, history(stage).bonds) == (Status.FINAL, 0)
    books = ledger(stage.chain, stage.deployment, stage.pool.token)
    fee = built.settlement.payout_total * 500 // 10_000
    assert books.burned == BOND
    assert books.credits[stage.stranger.address] == BOND + fee
    assert stage.oracle.address not in books.credits
    assert collect(stage.chain, stage.deployment, stage.scope.campaign_id, built.bundle).conserved


def test_a_receipt_that_the_oracle_does_not_keep_costs_its_bond() -> None:
    stage = build().accept().enrol().draw().begin().label("ann")
    ann, registry = stage.annotators["ann"], stage.contracts.registry
    (batch,) = ann.batches
    name = batch.opening.commit_hash
    stage.reveal()

    ann.post_receipt(stage.sender, batch)

    end = stage.chain.now() + stage.schedule.grace
    assert registry.receipt_end(stage.scope.campaign_id, ann.address, name) == end
    assert registry.contest(stage.scope.campaign_id).receipts == 1
    with pytest.raises(RevertError, match="the chain knows of no such commitment"):
        stage.sender.send(stage.oracle, registry.answer_receipt(stage.params, ann.address, batch.commit))
    stage.chain.advance_to(end)
    stage.sender.send(stage.stranger, registry.forfeit_bond(stage.params, ann.address, name))
    assert history(stage).status is Status.EXPIRED
    assert history(stage).bonds == 0
    books = ledger(stage.chain, stage.deployment, stage.pool.token)
    assert books.credits == {ann.address: BOND // 2}
    assert books.burned == ESCROW + BOND - BOND // 2
    assert registry.receipt_end(stage.scope.campaign_id, ann.address, name) == 2**256 - 1


def test_a_receipt_that_the_oracle_keeps_is_answered() -> None:
    stage = build().accept().enrol().draw().work(ann=2).reveal()
    ann, registry = stage.annotators["ann"], stage.contracts.registry
    (batch,) = ann.batches
    ann.post_receipt(stage.sender, batch)
    name = batch.opening.commit_hash

    stage.engine.answer_receipt(ann.address, name)

    assert registry.contest(stage.scope.campaign_id).receipts == 0
    assert registry.receipt_end(stage.scope.campaign_id, ann.address, name) == 2**256 - 1
    with pytest.raises(RevertError, match=r"no receipt of .* waits"):
        stage.engine.answer_receipt(ann.address, name)
    with pytest.raises(CommitmentError, match="was never received"):
        stage.engine.answer_receipt(ann.address, batch.commit.root)


def test_who_commits_and_opens_alone_is_paid_by_the_oracle_all_the_same() -> None:
    """Cleo never speaks to the oracle. Dora does as she does, but has left: her opening spoils nothing."""
    stage = build().accept().enrol("ann", "ben")
    cleo, registry = stage.annotators["cleo"], stage.contracts.registry
    dora = stage.annotators["dora"]
    for each in (cleo, dora):
        stage.sender.send(each.signer, registry.enrol(stage.params))
    stage.sender.send(dora.signer, registry.leave(stage.params.pool))
    stage.draw().begin()
    for each in (cleo, dora):
        items = stage.free_items("cleo")[:2] if each is cleo else [0, 1]
        each.commit_alone(stage.sender, each.keep(0, dict.fromkeys(items, 0)))
    stage.label("ann")
    stage.engine.post_commits(0)
    stage.reveal("ann")
    for each in (cleo, dora):
        each.post_reveal(stage.sender, each.batches[0], proof=None)
    stage.chain.advance_to(stage.schedule.reveal_end)
    assert on_chain(stage) == [cleo.batches[0].opening, dora.batches[0].opening]
    openly = built_openly(stage)
    assert [row.annotator for row in openly.rows if isinstance(row, OpeningRow)] == [cleo.address]

    built = stage.engine.propose(stage.record())

    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.difference, report.annotators, report.labels) == (True, "", 3, 4)
    assert {row.account for row in built.payouts} == {cleo.address, stage.people["ann"].address}


def test_openings_on_chain_that_do_not_hold_are_void() -> None:
    stage = build().accept().enrol().draw().work(ann=2, ben=2).reveal()
    registry, ann = stage.contracts.registry, stage.annotators["ann"]
    (batch,) = ann.batches
    proof = stage.aggregate(0).proof(ann.address, batch.opening.commit_hash, stage.scope)
    cut = replace(batch, opening=replace(batch.opening, labels=(b"", b"")))
    other = replace(batch, opening=replace(batch.opening, secret=batch.commit.root))
    for void in (cut, other):
        ann.post_reveal(stage.sender, void, proof)
    reveal_on_chain(stage, "ben", "ben")
    stage.sender.send(stage.stranger, registry.reveal_gold(stage.params, b"gold"))

    assert len(history(stage).revealed) == len(stage.record().reveals) == 4
    assert on_chain(stage) == [stage.annotators["ben"].batches[0].opening]
    built = built_from(stage, on_chain(stage))
    propose(stage, built.settlement)
    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.difference, report.labels) == (True, "", 2)


# ------------------------------------------------- what a proposal must hold, and may


def test_the_oracle_leaves_out_nothing_that_is_on_chain() -> None:
    """Ben and cleo open on chain, ben to the oracle as well: it keeps to its own, and is at fault."""
    stage = build().accept().enrol().draw().work().reveal("ann", "ben")
    reveal_on_chain(stage, "ben", "cleo")
    stage.chain.advance_to(stage.schedule.reveal_end)
    short = built_from(stage, stage.engine.book.openings())
    propose(stage, short.settlement)

    record = stage.record()
    assert record.posted is not None
    assert not record.posted.public
    assert verify(record, short.bundle).difference == left_out(stage, "cleo")
    assert verify(replace(record, reveals=record.reveals[:1]), short.bundle).ok


def test_the_oracle_puts_in_what_it_finds_on_chain() -> None:
    stage = build().accept().enrol().draw().work().reveal("ann", "ben")
    reveal_on_chain(stage, "ben", "cleo")
    stage.chain.advance_to(stage.schedule.reveal_end)

    built = stage.engine.propose(stage.record())

    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.difference, report.labels) == (True, "", 6)


def test_an_opening_posted_after_a_proposal_binds_only_the_next() -> None:
    stage = build().accept().enrol().draw().work().reveal("ann", "ben")
    someone = challenger(stage, BOND)
    stage.chain.advance_to(stage.schedule.reveal_end)
    built = stage.engine.propose(stage.record())
    first = stage.record()
    with pytest.raises(RevertError, match="postReveal"):
        reveal_on_chain(stage, "cleo")
    someone.challenge()
    wait(stage, stage.schedule.ruling_period)
    someone.resolve()
    reveal_on_chain(stage, "cleo")

    later = replace(stage.record(), posted=first.posted)
    assert (len(first.reveals), len(later.reveals)) == (0, 1)
    assert verify(later, built.bundle) == verify(first, built.bundle)
    assert verify(later, built.bundle).ok

    call = stage.contracts.registry.propose_late(stage.params, built.settlement)
    stage.sender.send(stage.oracle, call)
    assert verify(stage.record(), built.bundle).difference == left_out(stage, "cleo")


def test_a_late_proposal_of_the_oracle_may_hold_what_it_alone_received() -> None:
    stage = build().accept().enrol().draw().work().reveal("ann", "ben")
    stage.chain.advance_to(stage.schedule.settle_end)
    reveal_on_chain(stage, "cleo")
    wait(stage, stage.schedule.rescue_period)

    built = stage.engine.propose(stage.record(), late=True)

    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.difference, report.labels) == (True, "", 6)


@pytest.fixture(scope="module")
def openly() -> Stage:
    """Ann and ben opened to the oracle, ben and cleo on chain; then the oracle is silent, dora throughout."""
    stage = build().accept().enrol().draw().work().reveal("ann", "ben")
    reveal_on_chain(stage, "ben")
    stage.chain.advance_to(stage.schedule.settle_end)
    reveal_on_chain(stage, "cleo")
    wait(stage, stage.schedule.rescue_period)
    return stage


def proposed_openly(stage: Stage, built: Built) -> Record:
    """The record once a stranger has proposed, on a chain that then goes back."""
    snapshot = stage.chain.snapshot()
    challenger(stage, BOND).propose_openly(built.settlement)
    record = stage.record()
    stage.chain.restore(snapshot)
    assert record.posted is not None
    assert record.posted.public
    return record


def test_a_public_settlement_is_made_of_the_chain_alone(openly: Stage) -> None:
    built = built_openly(openly)
    assert [row.annotator for row in built.rows if isinstance(row, OpeningRow)] == sorted(
        openly.people[name].address for name in ("ben", "cleo")
    )

    report = verify(proposed_openly(openly, built), built.bundle)

    assert (report.ok, report.difference, report.annotators, report.labels) == (True, "", 2, 4)


def test_a_public_settlement_with_more_than_the_chain_has_is_refused(openly: Stage) -> None:
    """Whoever holds all the oracle's evidence may not use it."""
    everything = [batch.opening for a in openly.annotators.values() for batch in a.batches]
    full = built_from(openly, everything)
    record = proposed_openly(openly, full)

    assert not verify(record, full.bundle).ok
    assert record.posted is not None
    assert verify(replace(record, posted=replace(record.posted, public=False)), full.bundle).ok


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_a_public_settlement_with_less_than_the_chain_has_is_refused(openly: Stage, name: str) -> None:
    account, record = openly.people[name].address, openly.record()
    kept = tuple(each for each in record.reveals if each.annotator != account)
    short = settlement.build_public(openly.spec, replace(record, reveals=kept))

    report = verify(proposed_openly(openly, short), short.bundle)

    assert not report.ok
    assert str(account) in report.difference


# ------------------------------------------------------------- what may change later


def test_a_verdict_is_the_same_however_far_the_chain_moves_on() -> None:
    """Seats leave and are paid out, blocks pass, and an account that signed becomes a contract."""
    stage = build().accept().enrol().draw().work().reveal("ann")
    someone = challenger(stage, BOND)
    registry = stage.contracts.registry
    reveal_on_chain(stage, *NAMES)
    built = built_openly(stage)
    stage.chain.advance_to(stage.schedule.settle_end + stage.schedule.rescue_period)
    someone.propose_openly(built.settlement)
    before = stage.record()
    report = verify(before, built.bundle)
    assert (report.ok, report.labels) == (True, 8)

    delegate(stage, stage.people["ann"], registry.address)
    for name in NAMES:
        stage.sender.send(stage.people[name], registry.leave(stage.params.pool))
    wait(stage, stage.schedule.window)
    someone.finalize(built.settlement)
    wait(stage, stage.schedule.slash_window)
    stage.sender.send(stage.stranger, registry.free_place(stage.params))
    wait(stage, stage.pool.unbonding)
    for name in NAMES:
        stage.sender.send(stage.people[name], registry.withdraw_seat(stage.pool, stage.people[name].address))
    stage.chain.mine(300)

    after = stage.record()
    assert after.posted is not None
    assert replace(after, posted=replace(after.posted, fee=None)) == before
    assert verify(after, built.bundle) == report
    assert verify(before, built.bundle) == report


def delegate(stage: Stage, account: Signer, to: Address) -> None:
    """Puts a contract's code behind an account, by a transaction of a stranger's (EIP-7702)."""
    chain, sender = stage.chain, stage.stranger
    nonces = chain.nonces([account.address, sender.address])
    consent: list[Any] = [chain.chain_id, bytes(to), nonces[0]]
    signature = account.sign_digest(keccak(b"\x05" + rlp(consent)))
    fees = chain.fees()
    plain = Transaction(chain.chain_id, nonces[1], fees.tip, fees.cap(2), 200_000, sender.address, 0, b"")
    head: list[Any] = [
        plain.chain_id,
        plain.nonce,
        plain.tip,
        plain.max_fee,
        plain.gas,
        bytes(sender.address),
    ]
    fields: list[Any] = [*head, 0, b"", (), [[*consent, *parts(signature)]]]
    envelope = b"\x04" + rlp([*fields, *parts(sender.sign_digest(keccak(b"\x04" + rlp(fields))))])
    (receipt,) = chain.include([SignedTransaction(plain, sender.address, envelope, keccak(envelope))])
    assert isinstance(receipt, Receipt)
    assert chain.code(account.address) == b"\xef\x01\x00" + to


def parts(signature: bytes) -> tuple[int, int, int]:
    """Parity, r and s of a signature."""
    numbers = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return (signature[64] - 27, *numbers)


def test_a_challenger_without_the_bond_moves_nothing() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    someone = challenger(stage, BOND - 1)
    stage.chain.advance_to(stage.schedule.reveal_end)
    stage.engine.propose(stage.record())
    before = stage.balances()

    with pytest.raises(RevertError, match="challenge") as caught:
        someone.challenge()

    assert caught.value.name == "ERC20InsufficientBalance"
    assert stage.balances() == before
    assert stage.pool.arbitrator == NOBODY
