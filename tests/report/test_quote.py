"""A quote fits eighty columns whatever its figures, and says what it warns of in plain words."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from labelshare.protocol.quote import Assumptions, Caution, Quote
from labelshare.protocol.rewards import ONE_SHARE
from labelshare.report.cautions import in_words
from labelshare.report.collect import Unit
from labelshare.report.measured import measured_gas
from labelshare.report.quote import GasPrice, Quoted, as_json
from labelshare.report.quote_text import show
from labelshare.report.spelling import count, cut, exact, percent, span
from tests.protocol.test_quote import CASES, GOLD, MODEL, NO_GOLD, PERIODS, SLASH, quote_of, spec_of

WIDTH = 80
DEV = Unit("DEV", 18)
TIGHT = SLASH | {"breaker_gold": 11}
DAY = 86_400


def quoted(quote: Quote, unit: Unit = DEV, price: GasPrice | None = None) -> Quoted:
    return Quoted(quote, unit, measured_gas(), price)


def printed(of: Quoted, width: int = WIDTH) -> str:
    file = io.StringIO()
    show(Console(file=file, width=width), of)
    return file.getvalue()


def joined(text: str) -> str:
    """The text without its line ends and spaces: what was folded is whole again."""
    return "".join(text.split())


# --------------------------------------------------------------------------- text


def test_what_a_quote_says() -> None:
    spec = spec_of(300, price=str(5 * 10**16), seconds_per_label=6)
    lines = printed(quoted(quote_of(spec, annotators=30, rounds=3))).splitlines()

    said = {" ".join(line.split()) for line in lines}
    assert said >= {
        "items 300",
        "labels 1,500: 5 an item",
        "annotators 30: at least 25 to fill every place",
        "labels one annotator may give 60",
        "labels each if all share alike 50: 5 min of work",
        "price of an accepted label 0.05 DEV",
        "pay at most 75 DEV",
        "fee at most 3.75 DEV: 5 % of the pay",
        "escrow to fund 78.75 DEV",
        "in base units 78,750,000,000,000,000,000",
        "shares of the dataset needed 1,500 shares",
        "oracle's bond 19.6875 DEV: a quarter of the escrow",
        "stake behind a label 0.2 DEV",
        "stake for as many as one may give 12 DEV of a seat",
        "by a slash 0.1 DEV a label: fails gold and agreement",
        "by a forfeit up to 0.1 DEV a label: worse than chance",
        "at worst, with all its labels 6 DEV: never both of them",
        "pay and shares by skill beyond a skill of 0.1, in full from 0.4 on",
        "all labels accepted 30.00 DEV and 600.00 shares",
        "85 % accepted 25.50 DEV and 510.00 shares",
        "a label takes 6 seconds",
        "enrolment ends 2 d",
        "work ends, 3 rounds 8 d 5 min",
        "labels are open 10 d 5 min",
        "final, and everybody is paid 12 d 5 min",
        "slashing is over 14 d 5 min",
        "the last end, if all is contested 51 d 5 min",
        "commitAggregate 60,497 60,497",
        "commitAggregate (further round) 114,896 114,872",
        "the whole job 1,688,795 1,175,771",
        "a label 1,126 784",
        "Nothing to warn of.",
    }


def test_that_nothing_can_be_lost_is_said_as_well() -> None:
    without = printed(quoted(quote_of(spec_of(**NO_GOLD))))
    short = printed(quoted(quote_of(spec_of(95))))
    switched_off = printed(quoted(quote_of(spec_of(slash=SLASH | {"forfeit_bps": 0}))))

    assert "nothing                            by these rules no stake is taken" in without
    assert "by a slash                         nothing: no record is long enough" in short
    assert "by a forfeit                       nothing: the rules have none" in switched_off


def test_each_call_stands_in_its_table() -> None:
    of = quoted(quote_of())

    job, aside = printed(of).split("Gas outside the job")

    for call in of.gas:
        assert (f"\n {call.call} " in job, f"\n {call.call} " in aside) == (call.in_job, not call.in_job)


def test_the_fewest_annotators_and_the_refund_are_named() -> None:
    text = printed(quoted(quote_of(arbitration_refund=10**18)))

    assert "25: the fewest that can fill every place" in text
    assert "4 DEV: four arbitration refunds" in text


def test_what_gas_costs() -> None:
    of = quoted(quote_of(), price=GasPrice(wei=2 * 10**9, coin=3_000 * 10**18))

    new, _ = of.job_gas

    assert f"{exact(Unit('coins', 18), new * 2 * 10**9)}" in printed(of)
    assert f"{new * 6_000 / 10**9:.4f}"[:-2] + " DEV" in printed(of)
    assert "worth" not in printed(quoted(quote_of(), price=GasPrice(wei=1)))
    assert "costs" not in printed(quoted(quote_of()))


def test_gas_in_tokens_is_rounded_up() -> None:
    assert GasPrice(wei=1, coin=10**18 - 1).in_tokens(1) == 1
    assert GasPrice(wei=1, coin=10**18 + 1).in_tokens(1) == 2
    assert GasPrice(wei=7).in_tokens(1) is None


def test_that_gold_is_not_in_the_figures_is_said_where_there_is_gold() -> None:
    assert "Revealing the gold" in printed(quoted(quote_of()))
    assert "Revealing the gold" not in printed(quoted(quote_of(spec_of(**NO_GOLD))))


EXTREMES: dict[str, Quoted] = {
    "dear": quoted(
        Quote(
            spec_of(
                100,
                65_535,
                price=str(2**128 - 1),
                share_weight=str(2**128 - 1),
                seconds_per_label=1,
                title="\x1b[31m界" * 20 + "\n[red]:dog:" + "W" * 60,
            ),
            Assumptions(10_000, 10**40, 2**32 - 1, 65_535, 10**40, 10**77),
            PERIODS,
        ),
        Unit("[red]界:dog:" + "W" * 50, 255),
        GasPrice(10**40, 10**40),
    ),
    "cheap": quoted(
        Quote(
            spec_of(1, 1, 1, price="0", seconds_per_label=86_400, **NO_GOLD),
            Assumptions(0, 0, 1, 1, 0, 1),
            PERIODS,
        ),
        Unit("", 0),
        GasPrice(0, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_figures_fit_and_are_not_cut(name: str) -> None:
    of = EXTREMES[name]

    text = printed(of)

    assert all(cell_len(line) <= WIDTH for line in text.splitlines())
    assert "…" not in text
    assert "\x1b" not in text
    for figure in (of.quote.escrow, of.quote.labels, of.quote.label_cap):
        assert f"{figure:,}" in joined(text)
    for amount in (of.quote.pay, of.quote.bond, of.quote.stake):
        assert joined(exact(of.unit, amount)) in joined(text)
    for _, sentence in of.warnings():
        assert joined(sentence) in joined(text)
    assert of.warnings()


def test_markup_is_printed_as_it_is() -> None:
    of = quoted(quote_of(spec_of(title="[red]Moods[/red] :dog:")), Unit("[b]X", 18))

    assert printed(of).startswith("[red]Moods[/red] :dog:\n")
    assert "0.000000000000001 [b]X" in printed(of)


# ----------------------------------------------------------------------- warnings


@pytest.mark.parametrize("caution", Caution)
def test_a_warning_stands_where_it_applies_and_nowhere_else(caution: Caution) -> None:
    with_it, without, _ = CASES[caution]
    sentence = in_words(caution, with_it, DEV)

    assert joined(sentence) in joined(printed(quoted(with_it)))
    assert joined(sentence) not in joined(printed(quoted(without)))
    assert sentence.endswith(".")


def test_no_two_warnings_are_alike() -> None:
    assert len({in_words(caution, case[0], DEV) for caution, case in CASES.items()}) == len(Caution)


@pytest.mark.parametrize(
    ("caution", "quote", "sentence"),
    [
        (
            Caution.NOT_PROVABLE,
            quote_of(spec_of(k=17)),
            (
                "17 labels an item: above 16 winners cannot be proven on chain, and in a contest the "
                "arbitrator alone decides."
            ),
        ),
        *(
            (
                Caution.NOT_PROVABLE,
                quote_of(spec_of(k=k, aggregation={"policy": "committee.v1"})),
                (
                    "A committee of models finds the verdicts: no winner can be proven on chain, and in a "
                    "contest the arbitrator alone decides."
                ),
            )
            for k in (5, 17)
        ),
        (
            Caution.ONE_ANSWER_DECIDES,
            quote_of(spec_of(k=1)),
            "1 label an item: one answer decides it. With three or more, others can outvote it.",
        ),
        (
            Caution.ONE_ANSWER_DECIDES,
            quote_of(spec_of(k=2)),
            "2 labels an item: one wrong answer makes a tie. With three or more, others can outvote it.",
        ),
        (
            Caution.LOW_PAY,
            quote_of(spec_of(price=str(10**16), seconds_per_label=36), living_wage=15 * 10**17),
            "The pay is low: an hour in which every label is accepted earns 1.00 DEV, below 1.5 DEV.",
        ),
        (
            Caution.TOO_FEW_ANNOTATORS,
            quote_of(annotators=24),
            "24 annotators can give 480 of the 500 labels at most; it takes 25.",
        ),
        (
            Caution.TOO_FEW_ANNOTATORS,
            quote_of(spec_of(assignment={"policy": "given.v1"}), annotators=3),
            "3 annotators can give 300 of the 500 labels at most; it takes 5.",
        ),
        (
            Caution.SHORT_RECORDS,
            quote_of(annotators=250),
            (
                "With 2 labels each, perfect work comes to a skill of 0.25 at most, and earns no more than "
                "50 % of what full skill (0.40) earns: nothing is earned up to 0.10."
            ),
        ),
        (
            Caution.FEW_GOLD,
            CASES[Caution.FEW_GOLD][0],
            "9 gold items, where taking stakes asks for 10: nobody can lose one.",
        ),
        (
            Caution.FEW_GOLD,
            quote_of(spec_of(gold=GOLD | {"count": 19}, aggregation=MODEL, slash=TIGHT)),
            (
                "19 gold items, of which the model may be told 9: 10 are left to judge it, where taking "
                "stakes asks for 11. Hardly anybody will lose one."
            ),
        ),
        (
            Caution.RECORDS_TOO_SHORT_TO_SLASH,
            quote_of(spec_of(95)),
            (
                "One annotator may give 19 labels, and a slash needs a record of 20: nobody can be slashed. "
                "Answers below chance still forfeit up to 0.000000000000002 DEV a label."
            ),
        ),
        (
            Caution.RECORDS_TOO_SHORT_TO_SLASH,
            quote_of(spec_of(95, slash=SLASH | {"forfeit_bps": 0})),
            "One annotator may give 19 labels, and a slash needs a record of 20: nobody can be slashed.",
        ),
        (Caution.UNFUNDABLE, quote_of(spec_of(price="0")), "A campaign without an escrow cannot be opened."),
    ],
)  # fmt: skip
def test_warnings_in_words(caution: Caution, quote: Quote, sentence: str) -> None:
    assert in_words(caution, quote, DEV) == sentence


# --------------------------------------------------------------------------- JSON


def test_the_json_holds_the_same_figures() -> None:
    quote = quote_of(spec_of(seconds_per_label=7), living_wage=10**18, rounds=2)
    of = quoted(quote, price=GasPrice(10**9, 5 * 10**18))

    facts: dict[str, Any] = json.loads(json.dumps(as_json(of)))

    assert (facts["items"], facts["labels"], facts["annotators"], facts["label_cap"]) == (100, 500, 25, 20)
    assert facts["escrow"] == str(quote.escrow) == "525000"
    assert facts["share_cap"] == str(500 * ONE_SHARE)
    assert (facts["bond"], facts["stake_per_label"], facts["stake"]) == ("131250", "4000", "80000")
    lost = (facts["slash_per_label"], facts["forfeit_per_label_at_most"], facts["loss_at_most"])
    assert lost == ("2000", "2000", "40000")
    assert (facts["skill_from"], facts["skill_full"]) == (0.1, 0.4)
    assert facts["hourly"][1] == {
        "accepted_bps": 8_500,
        "pay": str(1000 * 3_600 * 17 // 140),
        "shares": str(ONE_SHARE * 3_600 * 17 // 140),
    }
    assert facts["times"]["final"] == quote.final
    assert [warning["code"] for warning in facts["warnings"]] == ["low-pay"]
    job = [call for call in facts["gas"]["calls"] if call["in_job"]]
    for variant in ("new", "held"):
        total = sum(call[variant] for call in job)
        assert facts["gas"]["job"][variant] == total
        assert facts["gas"]["per_label"][variant] == -(-total // 500)
        assert facts["gas"]["cost"][variant] == {"wei": str(total * 10**9), "tokens": str(total * 5 * 10**9)}


def test_without_a_price_of_gas_there_is_no_cost() -> None:
    assert as_json(quoted(quote_of()))["gas"]["cost"] is None
    of = replace(quoted(quote_of()), price=GasPrice(1))
    assert as_json(of)["gas"]["cost"]["new"]["tokens"] is None


# ----------------------------------------------------------------------- spelling


def test_spelling() -> None:
    assert [span(each) for each in (0, 59, 72, 3_599, 3_600, 3_601, 2 * DAY - 1, 2 * DAY + 3_600)] == [
        "0 s", "59 s", "1 min 12 s", "59 min 59 s", "1 h", "1 h 1 min", "2 d", "2 d 1 h",
    ]  # fmt: skip
    assert [percent(bps) for bps in (0, 1, 50, 500, 1_250, 10_000)] == [
        "0 %", "0.01 %", "0.5 %", "5 %", "12.5 %", "100 %",
    ]  # fmt: skip
    assert [count(each, "label") for each in (0, 1, 2_000)] == ["0 labels", "1 label", "2,000 labels"]


def test_amounts_are_exact_or_cut_and_never_rounded() -> None:
    assert exact(DEV, 10**18) == "1 DEV"
    assert exact(DEV, 1_000 * 10**18 + 1) == "1,000.000000000000000001 DEV"
    assert exact(Unit("X", 0), 1_000) == "1,000 X"
    assert cut(DEV, 1_999_999_999_999_999_999) == "1.99 DEV"
    assert cut(DEV, Fraction(10**18, 30_000)) == "0.0000333 DEV"
    assert cut(Unit("X", 0), Fraction(19, 10)) == "1 X"
    assert cut(Unit("X", 2), 5) == "0.05 X"
