"""The oracle's steps: what each needs, what it moves, and what a settlement does with work left undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelshare.chain.contracts import Parts
from labelshare.chain.keys import Signer
from labelshare.chain.state import Status
from labelshare.client.annotator import Annotator
from labelshare.client.requester import Requester, Terms, escrow_for
from labelshare.errors import ProtocolError, RevertError, SpecError
from labelshare.oracle.engine import Oracle
from labelshare.protocol.rewards import bond_for
from labelshare.protocol.verify import verify
from tests.chain.world import schedule
from tests.oracle.stage import COIN, FEE_BPS, NAMES, Stage, build, nothing_changes, small_spec

ESCROW = 42 * COIN  # 20 items × 2 labels × 1 coin, and 5% for the oracle


@pytest.mark.parametrize(
    ("escrow", "refund", "bond"), [(0, 0, 0), (1, 0, 1), (4, 0, 1), (5, 0, 2), (400, 25, 100), (400, 26, 104)]
)
def test_the_bond_is_a_quarter_rounded_up_or_four_refunds(escrow: int, refund: int, bond: int) -> None:
    assert bond_for(escrow, refund) == bond


# --------------------------------------------------------------------------- accepting


def test_accepting_locks_the_bond_and_no_more() -> None:
    stage = build(purse=100 * COIN)
    before = stage.balances()

    stage.accept()

    after = stage.balances()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "oracle": -ESCROW // 4,
        "registry": ESCROW // 4,
    }
    token, registry = stage.contracts.development_token, stage.contracts.registry
    assert token.allowance(stage.oracle.address, registry.address) == 0
    assert registry.campaign(stage.scope.campaign_id).status is Status.OPEN


def test_an_oracle_without_the_bond() -> None:
    stage = build(purse=ESCROW // 4 - 1)
    before = stage.balances()

    with pytest.raises(RevertError, match=r"accept.*ERC20InsufficientBalance") as caught:
        stage.accept()

    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.args_by_name["needed"] == ESCROW // 4
    assert stage.balances() == before


def test_a_campaign_whose_escrow_does_not_cover_its_spec() -> None:
    stage = build(escrow=ESCROW - COIN)

    with nothing_changes(stage), pytest.raises(SpecError, match="40 labels cost 40000000000000000000"):
        stage.accept()


def test_a_campaign_for_another_spec() -> None:
    stage = build()
    stage.engine.spec = small_spec(title="Other moods")

    with nothing_changes(stage), pytest.raises(ProtocolError, match=f"for spec {stage.spec.hash}, this one"):
        stage.accept()


def test_somebody_elses_pool() -> None:
    stage = build()
    stage.engine.signer = stage.stranger
    before = stage.balances()

    with pytest.raises(RevertError, match=f"only {stage.oracle.address} may do this"):
        stage.engine.sender.send(stage.stranger, stage.contracts.registry.accept(stage.pool, stage.params))

    assert stage.balances() == before


# ------------------------------------------------------------------ the order of things


def test_nothing_can_be_done_before_its_time() -> None:
    stage = build().accept()
    with nothing_changes(stage):
        with pytest.raises(ProtocolError, match="nobody has enrolled"):
            stage.engine.post_roster()
        with pytest.raises(ProtocolError, match="no round begins before the seed is drawn"):
            stage.engine.begin_round(0)
        for step in (stage.engine.finalize, lambda: stage.engine.pay_everyone(Parts.BOTH)):
            with pytest.raises(ProtocolError, match="nothing is proposed yet"):
                step()


def test_a_round_without_batches_has_no_root() -> None:
    stage = build().accept().enrol().draw().begin()

    before = stage.balances(), stage.chain.block_number
    assert stage.engine.post_commits(0) is None
    assert (stage.balances(), stage.chain.block_number) == before
    assert stage.engine.book.round() is None
    stage.begin(1).label("ann", 1)
    made = stage.engine.post_commits(1)

    assert made is not None
    assert stage.contracts.registry.round_root(stage.scope.campaign_id, 1) == made.root
    assert stage.engine.aggregate(0) is None
    again = stage.aggregate(1)
    assert (again.root, again.commits) == (made.root, made.commits)


# ------------------------------------------------------------------------- settlements


def rewards(stage: Stage) -> dict[str, tuple[int, int]]:
    """Payout and shares of each annotator."""
    rows = {row.account: (row.payout, row.shares) for row in stage.engine.settled().payouts}
    return {name: rows.get(person.address, (0, 0)) for name, person in stage.people.items()}


def test_a_batch_never_opened_is_unpaid_and_nobody_else_is() -> None:
    stage = build().accept().enrol().draw().work().reveal("ann", "ben", "cleo")

    built = stage.settle()

    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.labels, report.annotators) == (True, 6, 4)
    earned = rewards(stage)
    assert earned.pop("dora") == (0, 0)
    assert set(earned.values()) == {(2 * COIN, 2 * COIN)}


def test_when_nobody_opens_the_escrow_goes_back_but_for_nothing() -> None:
    stage = build().accept().enrol().draw().work().reveal()
    before = stage.balances()

    built = stage.settle()
    stage.engine.pay_everyone(Parts.BOTH)

    assert built.payouts == ()
    after = stage.balances()
    assert after["requester's credit"] - before["requester's credit"] == ESCROW
    assert after["oracle's credit"] - before["oracle's credit"] == ESCROW // 4
    assert verify(stage.record(), built.bundle).ok


def test_who_enrolled_alone_works_with_the_others() -> None:
    stage = build().accept().enrol("ann", "ben")
    cleo = stage.people["cleo"]
    stage.sender.send(cleo, stage.contracts.registry.enrol(stage.params))
    stage.draw().work(ann=2, cleo=3).reveal("ann", "cleo")

    built = stage.settle()

    record = stage.record()
    assert (record.roster_count, record.enrolled_alone) == (2, (cleo.address,))
    report = verify(record, built.bundle)
    assert (report.ok, report.difference, report.annotators, report.labels) == (True, "", 3, 5)
    assert rewards(stage) == {
        "ann": (2 * COIN, 2 * COIN),
        "ben": (0, 0),
        "cleo": (3 * COIN, 3 * COIN),
        "dora": (0, 0),
    }


def test_who_leaves_the_pool_before_the_roster_lands_labels_nothing_and_spoils_nothing() -> None:
    stage = build().accept().enrol()
    ben = stage.people["ben"]
    stage.sender.send(ben, stage.contracts.registry.leave(stage.params.pool))
    stage.draw().begin()
    with nothing_changes(stage), pytest.raises(ProtocolError, match="not on the roster"):
        stage.annotators["ben"].submit(0, {0: 0})
    stage.work(ann=2, cleo=2).reveal("ann", "cleo")

    built = stage.settle()

    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.difference, report.annotators, report.labels) == (True, "", 3, 4)


def test_who_leaves_between_the_roster_and_the_arming_labels_nothing_and_spoils_nothing() -> None:
    """One of them enrolled by signature, the other alone."""
    stage = build().accept().enrol("ann", "ben", "dora")
    registry = stage.contracts.registry
    stage.sender.send(stage.people["cleo"], registry.enrol(stage.params))
    stage.engine.post_roster()
    for name in ("ben", "cleo"):
        stage.sender.send(stage.people[name], registry.leave(stage.params.pool))
    stage.chain.advance_to(stage.schedule.enrol_end)
    stage.engine.arm_seed()
    stage.chain.mine(5)
    stage.engine.draw_seed()
    assert stage.intake.roster == {stage.people["ann"].address, stage.people["dora"].address}
    stage.work(ann=2, dora=2).reveal("ann", "dora")

    built = stage.settle()

    report = verify(stage.record(), built.bundle)
    assert (report.ok, report.difference, report.annotators, report.labels) == (True, "", 2, 4)


def test_labels_of_two_rounds_and_half_pay_where_two_disagree() -> None:
    """Four annotators with four labels each: 16 of 40 places. Where two met and disagree, both get half."""
    stage = build().accept().enrol().draw()
    for number in (0, 1):
        stage.begin(number)
        for choice, name in enumerate(NAMES):
            stage.label(name, number, choice=choice % 3)
        stage.engine.post_commits(number)
    stage.reveal(*NAMES)
    said: dict[int, dict[str, int]] = {}
    for name, annotator in stage.annotators.items():
        for batch in annotator.batches:
            for item, label in zip(batch.opening.items, batch.opening.labels, strict=True):
                said.setdefault(item, {})[name] = label[2]

    stage.settle()

    halves = dict.fromkeys(NAMES, 0)
    for answers in said.values():
        for name in answers:
            halves[name] += 2 if len(set(answers.values())) == 1 else 1
    assert sum(map(len, said.values())) == 16
    assert any(len(set(answers.values())) > 1 for answers in said.values())
    assert rewards(stage) == {name: (each * COIN // 2, each * COIN // 2) for name, each in halves.items()}


def test_payouts_and_shares_can_go_apart_and_never_twice() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    stage.settle()
    before = stage.balances()

    stage.engine.pay_everyone(Parts.PAYOUT)
    paid = stage.balances()
    assert [paid[name] - before[name] for name in NAMES] == [2 * COIN] * 4
    assert [paid[f"{name}'s shares"] for name in NAMES] == [0] * 4

    told: list[int] = []
    stage.engine.pay_everyone(Parts.BOTH, told.append)
    both = stage.balances()
    assert told == [4]
    assert [both[name] for name in NAMES] == [paid[name] for name in NAMES]
    assert [both[f"{name}'s shares"] for name in NAMES] == [2 * COIN] * 4

    with nothing_changes(stage):
        stage.engine.pay_everyone(Parts.BOTH)


def test_who_claims_alone_does_not_keep_the_others_from_being_paid() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    built = stage.settle()
    tree, first = built.payout_tree(), built.payouts[0]
    person = next(each for each in stage.people.values() if each.address == first.account)
    stage.sender.send(person, stage.contracts.registry.claim(stage.params, first, tree.proof(0)))

    told: list[int] = []
    stage.engine.pay_everyone(Parts.BOTH, told.append)

    assert told == [3]
    after = stage.balances()
    assert [(after[name], after[f"{name}'s shares"]) for name in NAMES] == [(2 * COIN, 2 * COIN)] * 4


def test_an_oracle_works_on_from_its_credit_once_its_place_is_free() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    stage.settle()
    registry, token = stage.contracts.registry, stage.contracts.development_token
    assert token.balance_of(stage.oracle.address) == 0
    credit = registry.credit_of(token.address, stage.oracle.address)
    assert credit == ESCROW // 4 + 8 * COIN * FEE_BPS // 10_000
    second = another_campaign(stage)

    with pytest.raises(RevertError, match="the pool runs 1 campaigns already"):
        second.accept()
    with pytest.raises(RevertError, match="freePlace"):
        stage.engine.free_place()
    stage.chain.advance_to(stage.chain.now() + stage.schedule.slash_window)
    stage.engine.free_place()
    third = another_campaign(stage, nonce=2)
    third.accept()

    assert registry.credit_of(token.address, stage.oracle.address) == credit - ESCROW // 4
    assert registry.campaign(third.scope.campaign_id).bond == ESCROW // 4


def another_campaign(stage: Stage, nonce: int = 1) -> Oracle:
    """The same again, from fresh money."""
    escrow = escrow_for(stage.spec, FEE_BPS)
    token = stage.contracts.development_token
    stage.sender.send(stage.deployer, token.transfer(stage.requester.address, escrow))
    terms = Terms(COIN, FEE_BPS, replace(schedule(stage.chain.now()), rounds=2), nonce)
    client = Requester(stage.sender, stage.contracts, stage.requester)
    scope, params = client.open_campaign(stage.pool, stage.dataset, stage.spec, terms)
    return stage.taken_up(scope=scope, params=params).engine


def test_any_key_serves_as_well_as_those_of_development() -> None:
    stage = build().accept()
    eve = Signer(bytes(range(1, 33)))
    assert not eve.is_development
    stage.chain.fund(eve.address, 100 * COIN)
    token, registry = stage.contracts.development_token, stage.contracts.registry
    stage.sender.send(stage.deployer, token.transfer(eve.address, stage.pool.seat_stake))
    stage.sender.send(eve, token.approve(registry.address, stage.pool.seat_stake))
    stage.sender.send(eve, registry.join(stage.pool))
    annotator = Annotator(eve, stage.scope, stage.params, stage.spec, stage.intake)
    annotator.enrol()
    stage.draw().begin()
    items = sorted(stage.engine.assigned_to(eve.address) or ())[:4]
    batch = annotator.submit(0, dict.fromkeys(items, 2))
    stage.engine.post_commits(0)
    stage.reveal()
    annotator.open(batch)

    stage.settle()
    stage.engine.pay_everyone(Parts.BOTH)

    assert token.balance_of(eve.address) == 4 * COIN
