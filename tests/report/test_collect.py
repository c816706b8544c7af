"""A report is told from chain and bundle; its sums really fail when a figure is off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

import pytest

from labelshare.chain.contracts import Parts
from labelshare.chain.history import CampaignHistory, DatasetHistory
from labelshare.chain.keys import development_signer
from labelshare.chain.transactions import Sender
from labelshare.errors import EvidenceError, VerificationError
from labelshare.protocol.evidence import PayoutRow
from labelshare.report.collect import Loss, Losses, Outcome, Unit, collect, judge
from labelshare.report.gas import GasLine, gas_lines, job_gas
from labelshare.report.labels import Score, read_labels, score
from labelshare.report.money import Flows, check_money, flows_of
from tests.oracle.stage import NAMES, build
from tests.replay.crowds import (
    Finished,
    earned,
    expected,
    life_with_forfeits,
    life_with_gold,
    recorded_life,
    references_by_vote,
    skill,
)

Key = TypeVar("Key")


@cache
def outcome() -> Outcome:
    return outcome_of(recorded_life())


@cache
def outcome_with_gold() -> Outcome:
    return outcome_of(life_with_gold())


def outcome_of(life: Finished) -> Outcome:
    return collect(
        life.chain,
        life.lived.deployment,
        life.lived.scope.campaign_id,
        life.lived.bundle,
        life.crowd.truth,
    )


# ------------------------------------------------------------------------------ money


@dataclass(frozen=True)
class Books:
    """What the sums are made from."""

    campaign: CampaignHistory
    dataset: DatasetHistory
    payouts: tuple[PayoutRow, ...]
    flows: Flows

    def failing(self, life: Finished) -> set[str]:
        found = check_money(
            life.chain, life.lived.deployment, self.campaign, self.dataset, self.payouts, self.flows
        )
        assert found
        return {balance.what for balance in found if not balance.holds}


@cache
def books() -> Books:
    return books_of(recorded_life(), outcome())


@cache
def books_with_gold() -> Books:
    return books_of(life_with_gold(), outcome_with_gold())


def books_of(life: Finished, whole: Outcome) -> Books:
    flows = flows_of(life.chain, life.lived.deployment, whole.campaign.record.params.token)
    return Books(whole.campaign, whole.dataset, whole.labelled.payouts, flows)


def bumped(amounts: Mapping[Key, int], by: int = 1) -> dict[Key, int]:
    account = next(iter(amounts))
    return {**amounts, account: amounts[account] + by}


def row_off(field: str, by: int = 1) -> Books:
    head, *rest = books().payouts
    return replace(books(), payouts=(replace(head, **{field: getattr(head, field) + by}), *rest))


def final_off(field: str) -> Books:
    final = books().campaign.finalized
    assert final is not None
    off = replace(final, **{field: getattr(final, field) + 1})
    return replace(books(), campaign=replace(books().campaign, finalized=off))


def dataset_off(kind: str, field: str) -> Books:
    head, *rest = getattr(books().dataset, kind)
    changed: dict[str, Any] = {kind: (replace(head, **{field: getattr(head, field) - 1}), *rest)}
    return replace(books(), dataset=replace(books().dataset, **changed))


def flows_off(**changes: Any) -> Books:
    return replace(books(), flows=replace(books().flows, **changes))


def move_off() -> Books:
    registry, campaign = (
        recorded_life().lived.deployment.registry.address,
        books().campaign.record.campaign_id,
    )
    moved, paid = books().flows.moved, books().flows.paid[campaign]
    key = registry, next(iter(paid))
    return flows_off(moved={**moved, key: moved[key] - 1}, paid={campaign: bumped(paid, -1)})


def claim_missing() -> Books:
    claimed = {index: parts for index, parts in books().campaign.claimed.items() if index}
    return replace(books(), campaign=replace(books().campaign, claimed=claimed))


def balance_off() -> Books:
    return replace(books(), dataset=replace(books().dataset, balances=bumped(books().dataset.balances)))


OWES, MOVES = "registry holds = all it owes", "registry holds = transfers in - out"
GIVEN, SURPLUS = "registry holds = all it owes + sent unasked", "registry's surplus = sent unasked"
FALSIFIED: dict[str, tuple[Callable[[], Books], set[str]]] = {
    "a payout": (lambda: row_off("payout"), {"pay = all payouts", OWES, "payout of"}),
    "a payout's shares": (lambda: row_off("shares"), {"shares minted = payouts' shares"}),
    "a payout left out": (
        lambda: replace(books(), payouts=books().payouts[1:]),
        {"pay = all payouts", OWES, "shares minted = payouts' shares"},
    ),
    "the pay": (
        lambda: final_off("payout_total"),
        {"escrow = pay + fee + surplus", "pay = all payouts", OWES},
    ),
    "the fee": (lambda: final_off("fee"), {"escrow = pay + fee + surplus"}),
    "the surplus": (lambda: final_off("surplus"), {"escrow = pay + fee + surplus"}),
    "a credit": (lambda: flows_off(credit=bumped(books().flows.credit)), {OWES}),
    "the stakes": (lambda: flows_off(seats=bumped(books().flows.seats)), {OWES}),
    "what was burned": (lambda: flows_off(burned=1), {OWES}),
    "what the registry holds": (lambda: flows_off(held=books().flows.held + 1), {OWES, MOVES}),
    "what was sent unasked": (lambda: flows_off(unasked=1), {GIVEN, SURPLUS}),
    "a bond": (lambda: replace(books(), campaign=replace(books().campaign, bonds=1)), {OWES}),
    "a transfer to an annotator": (move_off, {MOVES, "payout of"}),
    "a claim": (claim_missing, {OWES}),
    "a mint": (
        lambda: dataset_off("minted", "amount"),
        {
            "shares minted = payouts' shares",
            "shares minted = all balances",
            "shares minted = released + waiting",
        },
    ),
    "a release": (lambda: dataset_off("released", "amount"), {"shares minted = released + waiting"}),
    "a balance of shares": (balance_off, {"shares minted = all balances"}),
    "a payment of revenue": (
        lambda: dataset_off("paid", "amount"),
        {"holders' part of sales = revenue", "revenue = claimed + not yet claimed"},
    ),
    "a claim of revenue": (
        lambda: dataset_off("claimed", "amount"),
        {"revenue = claimed + not yet claimed"},
    ),
    "a sale": (
        lambda: dataset_off("sold", "contributors"),
        {"holders' part of sales = revenue"},
    ),
}


def test_every_sum_holds_as_it_was() -> None:
    assert books().failing(recorded_life()) == set()
    assert outcome().conserved


@pytest.mark.parametrize("case", FALSIFIED)
def test_a_figure_that_is_off_by_one_unit_fails_its_sums(case: str) -> None:
    falsified, sums = FALSIFIED[case]

    failing = {
        "payout of" if what.startswith("payout of") else what for what in falsified().failing(recorded_life())
    }

    assert failing == sums


def slash_off(field: str) -> Books:
    head, *rest = books_with_gold().campaign.slashed
    changed = replace(head, **{field: getattr(head, field) + 1})
    campaign = replace(books_with_gold().campaign, slashed=(changed, *rest))
    return replace(books_with_gold(), campaign=campaign)


def slashed_row_off() -> Books:
    rows = [replace(row, slash=row.slash + 1) if row.slash else row for row in books_with_gold().payouts]
    return replace(books_with_gold(), payouts=tuple(rows))


def slashed_flows_off(**changes: Any) -> Books:
    return replace(books_with_gold(), flows=replace(books_with_gold().flows, **changes))


def seat_off(*, slashed: bool) -> Books:
    """A unit more in the seat of somebody who was slashed, or was not."""
    seats, losers = books_with_gold().flows.seats, {e.annotator for e in books_with_gold().campaign.slashed}
    place = next(each for each in seats if (each[1] in losers) is slashed)
    return slashed_flows_off(seats={**seats, place: seats[place] + 1})


TAKEN, WHERE = "stakes taken = as the payouts say", "stakes taken = burned + rewards"
SEATS = "losers' seats hold = in - taken"
FALSIFIED_SLASHES: dict[str, tuple[Callable[[], Books], set[str]]] = {
    "a slash": (lambda: slash_off("amount"), {TAKEN, WHERE}),
    "the leaf of a slash": (lambda: slash_off("index"), {TAKEN}),
    "the slash of a payout": (slashed_row_off, {TAKEN}),
    "what slashes burned and paid": (
        lambda: slashed_flows_off(slashed=bumped(books_with_gold().flows.slashed, -1)),
        {WHERE},
    ),
    "what was burned": (
        lambda: slashed_flows_off(burned=books_with_gold().flows.burned - 1),
        {OWES},
    ),
    "the seat of who was slashed": (lambda: seat_off(slashed=True), {SEATS, OWES}),
    "the seat of somebody else": (lambda: seat_off(slashed=False), {OWES}),
}


@pytest.mark.parametrize("case", FALSIFIED_SLASHES)
def test_a_slash_that_is_off_by_one_unit_fails_its_sums(case: str) -> None:
    falsified, sums = FALSIFIED_SLASHES[case]

    assert books_with_gold().failing(life_with_gold()) == set()
    assert falsified().failing(life_with_gold()) == sums


def test_every_sum_is_made_to_fail_by_one_of_the_cases() -> None:
    """So no sum is one that always holds."""
    holding = {balance.what for balance in outcome_with_gold().balances} - {"each wallet got = its payout"}

    cases = [*FALSIFIED.values(), *FALSIFIED_SLASHES.values()]
    assert holding <= {what for _, sums in cases for what in sums}
    assert {balance.what for balance in outcome().balances} == {
        balance.what for balance in outcome_with_gold().balances
    } - {TAKEN, WHERE, SEATS}


def test_without_sums_nothing_is_conserved() -> None:
    assert not replace(outcome(), balances=()).conserved
    off = replace(outcome().balances[0], left=-1)
    assert not replace(outcome(), balances=(*outcome().balances, off)).conserved


def test_money_that_went_astray_on_the_chain_is_shown_and_no_fault() -> None:
    """Here one unit that the registry owes to nobody."""
    life = recorded_life()
    token = life.lived.deployment.bind(life.chain).development_token
    mark = life.chain.snapshot()
    deployer = development_signer("replay", "deployer")
    Sender(life.chain).send(deployer, token.transfer(life.lived.deployment.registry.address, 1))

    found = collect(life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle)

    life.chain.restore(mark)
    sums = {balance.what: balance.left for balance in found.balances}
    assert found.conserved
    assert OWES not in sums
    assert sums[SURPLUS] == 1
    assert sums[GIVEN] == sums[MOVES] == next(e.left for e in outcome().balances if e.what == MOVES) + 1
    assert found.verification.ok


def test_sums_hold_from_the_final_settlement_to_the_last_claim() -> None:
    stage = build().accept().enrol().draw().work().reveal(*NAMES)
    campaign = stage.scope.campaign_id
    with pytest.raises(VerificationError, match="no settlement is posted"):
        judge(stage.chain, stage.deployment, campaign, b"")
    with pytest.raises(VerificationError, match="no settlement is posted"):
        collect(stage.chain, stage.deployment, campaign, b"")

    stage.chain.advance_to(stage.schedule.reveal_end)
    bundle = stage.engine.propose(stage.record()).bundle
    stage.chain.advance_to(stage.chain.now() + stage.schedule.window)
    stage.engine.finalize()
    final = collect(stage.chain, stage.deployment, campaign, bundle)
    assert final.conserved
    stage.engine.pay_everyone(Parts.PAYOUT)
    assert collect(stage.chain, stage.deployment, campaign, bundle).conserved
    stage.engine.pay_everyone(Parts.SHARES)
    last = collect(stage.chain, stage.deployment, campaign, bundle)
    assert last.conserved
    assert len(last.balances) >= len(final.balances)


# ----------------------------------------------------------------------- labels, people


def test_who_did_what() -> None:
    life, whole = recorded_life(), outcome()
    names = dict(zip(life.lived.annotators, range(7), strict=True))
    answers = life.crowd.labels_of

    assert [person.payout for person in whole.people] == sorted(
        (person.payout for person in whole.people), reverse=True
    )
    assert len(whole.people) == 7
    for person in whole.people:
        own = answers[names[person.account]]
        assert person.labels == len(own)
        known = {item: label for item, label in own.items() if item in life.crowd.truth}
        right = sum(life.crowd.truth[item] == label for item, label in known.items())
        assert person.score == Score(right, len(known))
        halves, name = 2 * person.accepted + person.contested, names[person.account]
        references = references_by_vote(life.crowd.votes, name, life.seed)
        assert person.skill_q16 == skill(life.crowd.votes, name, references)
        assert person.payout == earned(life.rules.price, halves, person.skill_q16)
        assert person.shares == earned(life.rules.share_weight, halves, person.skill_q16)
    assert whole.accepted_labels == sum(person.accepted for person in whole.people)
    assert whole.contested_labels == sum(person.contested for person in whole.people)


def test_gold_judges_and_scores_nobody() -> None:
    life, whole, want = life_with_gold(), outcome_with_gold(), expected(life_with_gold())
    names = dict(zip(life.lived.annotators, range(10), strict=True))
    valid = {item: life.crowd.truth[item] for item, void in want.gold.items() if not void}
    scored = {item: label for item, label in life.crowd.truth.items() if item not in want.gold}

    assert whole.labelled.gold_items == want.gold.keys()
    assert whole.accuracy.known == len(scored) == 32
    assert [each.known for each in whole.accuracy_range] == [32, 32]
    for person in whole.people:
        answers = life.crowd.labels_of[names[person.account]]
        on_gold = [item for item in answers if item in valid]
        assert (person.gold, person.gold_right) == (
            len(on_gold),
            sum(answers[item] == valid[item] for item in on_gold),
        )
        assert person.labels == len(answers)
        assert person.score == score(answers, scored)
        assert person.lost == want.slashes[names[person.account]]
    nothing = Loss(0, 0, 0, 0)
    assert (outcome().labelled.gold, outcome().losses) == ((), Losses(nothing, nothing, 0))


def test_what_was_slashed_is_told_by_the_chain_and_what_is_due_by_the_bundle() -> None:
    want, whole = expected(life_with_gold()), outcome_with_gold()
    total, rewards = sum(want.slashes), sum(slash // 20 for slash in want.slashes)
    nothing = Loss(0, 0, 0, 0)
    assert whole.losses == Losses(Loss(2, total, rewards, total), nothing, flagged=2)

    first, *rest = whole.campaign.slashed
    less = replace(whole, campaign=replace(whole.campaign, slashed=tuple(rest)))

    left = Loss(1, total - first.amount, rewards - first.reward, due=total)
    assert less.losses == Losses(left, nothing, flagged=2)


def test_a_forfeit_is_no_slash() -> None:
    life, want = life_with_forfeits(), expected(life_with_forfeits())
    lived = life.lived
    whole = collect(life.chain, lived.deployment, lived.scope.campaign_id, lived.bundle)
    forfeit, slashed = want.slashes[7], [want.slashes[worker] for worker in want.flagged]

    assert whole.losses.forfeited == Loss(1, forfeit, forfeit // 20, forfeit)
    assert whole.losses.slashed.annotators == len(slashed)
    assert whole.losses.total.amount == whole.losses.slashed.amount + forfeit == sum(want.slashes)
    assert whole.losses.total.annotators == len(slashed) + 1
    ways = {person.account: person.lost_by for person in whole.people if person.lost_by}
    assert ways == {
        lived.annotators[worker]: "slash" if worker in want.flagged else "forfeit"
        for worker, slash in enumerate(want.slashes)
        if slash
    }


def test_the_range_of_the_accuracy_is_how_ties_could_fall() -> None:
    crowd, whole = recorded_life().crowd, outcome()
    sure = lucky = ties = 0
    for item in range(len(crowd.items)):
        votes = Counter(vote.label for vote in crowd.votes if vote.item == item)
        leaders = {label for label, count in votes.items() if count == max(votes.values())}
        ties += len(leaders) > 1
        if item in crowd.truth:
            sure += leaders == {crowd.truth[item]}
            lucky += crowd.truth[item] in leaders
    assert whole.accuracy_range == (Score(sure, 15), Score(lucky, 15))
    assert whole.ties == ties > 0
    assert sure <= whole.accuracy.right <= lucky
    assert sure < lucky


def test_without_a_truth_there_is_no_accuracy() -> None:
    life = recorded_life()

    found = collect(life.chain, life.lived.deployment, life.lived.scope.campaign_id, life.lived.bundle)

    assert found.accuracy == Score(0, 0)
    assert found.accuracy.share is None
    assert {person.score.share for person in found.people} == {None}


def test_a_score_counts_what_is_known() -> None:
    assert score({1: 0, 2: 1, 3: 1}, {1: 0, 2: 0, 9: 1}) == Score(1, 2)
    assert Score(1, 2).share == 0.5


def test_a_bundle_is_read_in_pieces_or_not_at_all() -> None:
    bundle = recorded_life().lived.bundle
    whole = read_labels([bundle])
    lines = bundle.splitlines(keepends=True)

    assert read_labels(bundle[at : at + 100] for at in range(0, len(bundle), 100)) == whole
    assert len(whole.seats) == 7
    assert sum(map(len, whole.answers.values())) == len(recorded_life().crowd.votes)
    with pytest.raises(EvidenceError, match="the bundle has no spec"):
        read_labels([lines[0]])
    with pytest.raises(EvidenceError, match="the bundle has no spec"):
        read_labels([])
    opening = next(at for at, line in enumerate(lines) if b'"kind":"opening"' in line)
    with pytest.raises(EvidenceError, match="an opening stands before the spec"):
        read_labels([lines[0], lines[opening]])
    with pytest.raises(EvidenceError, match="line 1"):
        read_labels([b"{}\n"])


# ------------------------------------------------------------------------ units and gas


@pytest.mark.parametrize(
    ("amount", "decimals", "places", "shown"),
    [
        (0, 18, 2, "0.00"),
        (1, 18, 2, "0.00"),
        (10**18, 18, 2, "1.00"),
        (1_999_999_999_999_999_999, 18, 2, "1.99"),
        (1_234_567 * 10**18 + 5 * 10**16, 18, 2, "1,234,567.05"),
        (-15 * 10**17, 18, 2, "-1.50"),
        (1_999_999, 6, 0, "1"),
        (1_999_999, 6, 6, "1.999999"),
        (1_999_999, 6, 8, "1.99999900"),
        (5, 1, 2, "0.50"),
        (12, 0, 2, "12.00"),
        (2**256 - 1, 18, 1, f"{(2**256 - 1) // 10**18:,}.5"),
    ],
)
def test_amounts_are_shown_exactly_and_cut(amount: int, decimals: int, places: int, shown: str) -> None:
    unit = Unit("DEV", decimals)

    assert unit.number(amount, places) == shown
    assert unit.show(amount, places) == f"{shown} DEV"


def test_gas_is_told_call_by_call_and_summed_for_the_job() -> None:
    book = {
        "TaskRegistry.claimMany": [30, 50],
        "Token.transfer": [7],
        "TaskRegistry.accept": [100],
        "ContributorShare.claimRevenue": [9, 10],
    }

    lines = gas_lines(book)

    assert [(line.call, line.count, line.mean, line.in_job) for line in lines] == [
        ("TaskRegistry.accept", 1, 100, True),
        ("TaskRegistry.claimMany", 2, 40, True),
        ("ContributorShare.claimRevenue", 2, 9, False),
        ("Token.transfer", 1, 7, False),
    ]
    assert all(isinstance(line, GasLine) for line in lines)
    assert job_gas(book) == 180
    assert job_gas({}) == 0


def test_the_gas_of_a_job_is_that_of_every_call_it_needs() -> None:
    life = recorded_life()

    assert job_gas(life.lived.gas) == sum(
        sum(life.lived.gas[f"TaskRegistry.{call}"])
        for call in (
            "createCampaign accept postRoster armSeed drawSeed commitAggregate propose finalize claimMany"
        ).split()
    )
