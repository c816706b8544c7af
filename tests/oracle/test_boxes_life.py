"""Services run a campaign of boxes, from the funding to the last payout.

Given boxes that nobody drew alike to the number
├── the settlement: both verifiers find it right, and what is alike to the winner is paid
├── the money on the chain: pay, half pay, the fee, the forfeit, to the last unit
└── the reasons: one for each label that was not accepted
"""

from __future__ import annotations

from labelshare.oracle.settled import Gold, Reason, Why, reasons_for
from labelshare.protocol.proofs import Verdicts
from labelshare.protocol.verify import verify
from tests.oracle.boxes import COUNT, FEE, FORFEIT, FORM, PAID, STAKE, answers, boxes_life
from tests.oracle.play import GOLDEN
from tests.oracle.stage import COIN
from tests.protocol.naive import check as second


def test_nothing_is_left_to_do() -> None:
    play, _ = boxes_life()
    assert play.unfinished() == []
    assert dict(play.calls()) == GOLDEN


def test_both_verifiers_find_the_same_right() -> None:
    play, bundle = boxes_life()
    record = play.stage.record()
    report, found = verify(record, [bundle]), second.check(record, bundle)
    assert (report.ok, found.ok) == (True, True), (report.difference, found.reason)
    assert (report.labels, report.labelled, report.accepted) == (18, COUNT, COUNT - 1)

    forged = bundle.replace(b'"void":false', b'"void":true', 1)
    assert not verify(record, [forged]).ok
    assert not second.check(record, forged).ok


def test_everybody_has_what_is_theirs_on_the_chain() -> None:
    stage = boxes_life()[0].stage
    held, registry = stage.balances(), stage.contracts.registry
    for name, paid in PAID.items():
        assert (held[name], held[f"{name}'s shares"]) == (paid, paid), name
        seat = registry.seat(stage.params.pool, stage.people[name].address)
        assert seat.stake == STAKE - (FORFEIT if name == "dora" else 0)
    escrow, reward = 18 * COIN * 105 // 100, FORFEIT * 5 // 100
    assert held["requester's credit"] == escrow - sum(PAID.values()) - FEE
    assert registry.burned_of(stage.pool.token) == FORFEIT - reward
    stakes = 4 * STAKE - FORFEIT
    credit = sum(amount for name, amount in held.items() if name.endswith("credit"))
    assert held["registry"] == credit + stakes + FORFEIT - reward


def test_each_label_that_was_not_accepted_has_its_reason() -> None:
    play, bundle = boxes_life()
    stage = play.stage
    verdicts = Verdicts.read(stage.record(), stage.spec, [bundle])

    def told(name: str) -> dict[int, Reason]:
        return {each.item: each for each in reasons_for(verdicts, stage.people[name].address)}

    assert told("ben") == {}
    assert {item: each.why for item, each in told("ann").items()} == {5: Why.CONTESTED}
    assert {item: each.why for item, each in told("cleo").items()} == {5: Why.CONTESTED}
    dora = told("dora")
    assert {item: (each.why, each.gold) for item, each in dora.items()} == {
        0: (Why.DIFFERS, Gold.WRONG),
        1: (Why.DIFFERS, Gold.WRONG),
        2: (Why.DIFFERS, Gold.WRONG),
        3: (Why.DIFFERS, Gold.NONE),
        4: (Why.DIFFERS, Gold.NONE),
        5: (Why.CONTESTED, Gold.NONE),
    }
    for item in (0, 1, 2, 3, 4):  # both others count for one label, which one of them gave
        winner = verdicts.truths[item].winner
        assert dora[item].votes == {winner: 2}
        given = {FORM.encode(answers(name)[item]) for name in ("ann", "ben", "cleo") if item in answers(name)}
        assert winner in given
    assert sorted(dora[5].votes.values()) == [1, 1]
