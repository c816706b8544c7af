"""Reasons and figures of a settlement agree with its own scores, whatever the campaign was like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings

from labelshare.chain.state import CampaignState, Status
from labelshare.oracle.settled import Gold, Reason, Why, expected_at, reasons_for
from labelshare.protocol.evidence import SpecRow, read
from labelshare.protocol.proofs import Verdicts
from labelshare.protocol.spec import Spec
from labelshare.types import ZERO_HASH, Address, Schedule
from tests.protocol.campaigns import Kind, kinds, region_kinds, settle


def counted_reasons(kind: Kind) -> Iterator[tuple[Verdicts, Address, list[Reason]]]:
    """Each account's reasons, as many of each kind as its score says, with the votes of all others."""
    found = settle(kind)
    spec = next(Spec.parse(row.data) for row in read(found.lines) if isinstance(row, SpecRow))
    verdicts = Verdicts.read(found.record, spec, found.lines)

    for account, score in verdicts.scores.items():
        reasons = reasons_for(verdicts, account)
        counts = Counter(each.why for each in reasons)
        own = verdicts.answers(account)
        assert counts[Why.CONTESTED] == score.contested
        assert counts[Why.DIFFERS] == len(own) - score.accepted - score.contested
        for each in reasons:
            assert sum(each.votes.values()) == sum(
                each.item in labels for who, labels in verdicts.counted.items() if who != account
            )
        yield verdicts, account, reasons


@settings(max_examples=60, deadline=None)
@given(kind=kinds)
def test_each_label_that_was_not_accepted_has_one_reason(kind: Kind) -> None:
    for verdicts, account, reasons in counted_reasons(kind):
        opened = sum(len(row.items) for row in verdicts.openings if row.annotator == account)
        not_counted = [each for each in reasons if each.why is Why.NOT_COUNTED]
        assert len(not_counted) == opened - len(verdicts.answers(account))
        assert [(each.batch, each.item) for each in reasons] == sorted(
            (each.batch, each.item) for each in reasons
        )
        for each in reasons:
            _check(verdicts, each.item, each.label, each.gold)
            if each.why is Why.DIFFERS:
                assert each.truth is not None
                assert each.truth.accepted
                assert each.truth.winner != each.label
            if each.why is Why.CONTESTED:
                assert each.truth is not None
                assert not each.truth.accepted


def _check(verdicts: Verdicts, item: int, label: bytes, gold: Gold) -> None:
    row = verdicts.gold.get(item)
    if row is None:
        assert gold is Gold.NONE
    elif row.void:
        assert gold is Gold.VOID
    else:
        assert gold is (Gold.RIGHT if row.label == label else Gold.WRONG)


@settings(max_examples=40, deadline=None)
@given(kind=region_kinds)
def test_each_label_of_regions_that_was_not_accepted_has_one_reason(kind: Kind) -> None:
    """Told by the groups that the settlement itself was made by, one item at a time."""
    for _, _, reasons in counted_reasons(kind):
        for each in reasons:
            winner = each.truth.winner if each.truth else b""
            if each.truth is not None and each.truth.accepted and each.why is Why.DIFFERS:
                assert each.votes[winner] == max(each.votes.values())


LINE = Schedule(10, 20, 30, 100, 10, 2, 1, 50, 50, 40, 60, 60, 60, 60)


def state(status: Status, since: int) -> CampaignState:
    roots = (ZERO_HASH, ZERO_HASH, ZERO_HASH)
    return CampaignState(status, bool(since), not since, since, 0, 0, 0, *roots)


def test_money_is_expected_after_the_window_of_whatever_stands() -> None:
    assert LINE.reveal_end == 280
    assert expected_at(state(Status.CREATED, 5), LINE) == 280 + 40
    assert expected_at(state(Status.OPEN, 5), LINE) == 280 + 40
    assert expected_at(state(Status.OPEN, 400), LINE) == 400 + 40  # a proposal fell then
    assert expected_at(state(Status.PROPOSED, 300), LINE) == 300 + 40
    assert expected_at(state(Status.DISPUTED, 310), LINE) == 310 + 60 + 40
    for over in (Status.FINAL, Status.CANCELLED, Status.EXPIRED):
        assert expected_at(state(over, 300), LINE) is None
