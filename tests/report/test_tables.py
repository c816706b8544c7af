"""Tables say what the outcome says, to the last unit, in any form; shown, they are short and harmless."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from rich.cells import cell_len

from labelshare.errors import InputError
from labelshare.protocol.verify import Report
from labelshare.report.collect import Outcome, collect
from labelshare.report.labels import Score
from labelshare.report.tables import Column, Kind, Table, tokens
from labelshare.types import Address
from tests.replay.crowds import (
    Finished,
    expected,
    life_with_forfeits,
    life_with_gold,
    modelled_life,
    recorded_life,
    simulated_life,
)
from tests.report.markup import Node, Page
from tests.report.test_pictures import HOSTILE
from tests.report.test_text import many

COIN = 10**18
TABLES = ("people_table", "items_table", "labels_table", "balances_table")
EDGES = (0, 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**38 - 1)
TOO_LONG = (10**38, 2**128 - 1)

Live = Callable[[], Finished]
each_life = pytest.mark.parametrize(
    "live",
    [recorded_life, simulated_life, life_with_gold, life_with_forfeits, modelled_life],
    ids=lambda live: live.__name__,
)
KNOWN: dict[Live, Outcome] = {}


def outcome_of(live: Live) -> Outcome:
    if live not in KNOWN:
        life = live()
        scope, truth = life.lived.scope, life.crowd.truth
        KNOWN[live] = collect(life.chain, life.lived.deployment, scope.campaign_id, life.lived.bundle, truth)
    return KNOWN[live]


def amounts(*values: int | None, decimals: int = 18) -> Table:
    """A table of amounts, in base units and in whole tokens."""
    whole = tuple(None if each is None else tokens(each, decimals) for each in values)
    return Table(
        "amounts",
        {
            "units": Column(Kind.UNITS, values, "what was paid", "base units of DEV"),
            "whole": Column(Kind.TOKENS, whole, "what was paid", "DEV", decimals),
        },
    )


def plain(value: Any) -> Any:
    """A value of pandas as the table has it."""
    return None if value is pd.NA or value is None or value != value else value


# ------------------------------------------------------------------------- what they say


@each_life
def test_people_are_who_earned_what(live: Live) -> None:
    outcome, want, life = outcome_of(live), expected(live()), live()
    rows = outcome.people_table.rows()
    place = {str(account): at for at, account in enumerate(life.lived.annotators)}

    assert len(rows) == len(life.crowd.workers)
    for row in rows:
        at = place[str(row["account"])]
        for name, of in (
            ("pay", want.pay),
            ("shares", want.shares),
            ("revenue", want.revenue),
            ("lost", want.slashes),
        ):
            assert row[f"{name}_base_units"] == of[at]
            assert Fraction(str(row[name])) * COIN == of[at]
    paid = [int(str(row["pay_base_units"])) for row in rows]
    assert paid == sorted(paid, reverse=True)
    for row, person in zip(rows, outcome.people, strict=True):
        assert (row["labels"], row["accepted"], row["contested"]) == (
            person.labels,
            person.accepted,
            person.contested,
        )
        assert row["skill"] == person.skill_q16 / 65_536
        at = place[str(row["account"])]
        way = "slash" if at in want.flagged else "forfeit"
        assert row["lost_by"] == (way if want.slashes[at] else None)
        assert person.interval is not None
        found = person.interval
        assert (row["skill_raw"], row["skill_low"], row["skill_high"]) == (found.raw, found.low, found.high)
        assert (row["gold"], row["gold_right"]) == (person.gold, person.gold_right)
        assert (row["right"], row["known"], row["accuracy"]) == (
            person.score.right,
            person.score.known,
            person.score.share,
        )


@each_life
def test_items_are_what_they_were_found_to_be(live: Live) -> None:
    outcome, want, crowd = outcome_of(live), expected(live()), live().crowd
    rows = outcome.items_table.rows()

    assert [row["name"] for row in rows] == list(crowd.items)
    for item, row in enumerate(rows):
        winner = want.winners.get(item)
        assert row["item"] == item
        assert row["winner"] == (None if winner is None else crowd.classes[winner])
        assert row["accepted"] == (item in want.accepted)
        assert row["gold"] == (item in want.gold)
        assert row["contested"] == (winner is not None and item not in want.accepted)
        part = want.confidence.get(item)
        assert row["confidence"] == (None if part is None else int(65_536 * part) / 65_536)
        truth = crowd.truth.get(item)
        assert row["truth"] == (None if truth is None else crowd.classes[truth])
        assert row["right"] == (None if None in (truth, winner) else truth == winner)
        assert (row["labels"] == 0) == (winner is None) == (row["confidence"] is None)
    scored = [row["right"] for row in rows if row["right"] is not None and not row["gold"]]
    assert Score(sum(map(bool, scored)), len(scored)) == outcome.accuracy
    assert sum(int(str(row["labels"])) for row in rows) == want.labels


@each_life
def test_labels_are_all_that_count(live: Live) -> None:
    outcome = outcome_of(live)
    rows = outcome.labels_table.rows()
    items = {row["item"]: row for row in outcome.items_table.rows()}

    assert len(rows) == outcome.verification.labels
    assert sum(bool(row["accepted"]) for row in rows) == outcome.accepted_labels
    for person in outcome.people:
        own = [row for row in rows if row["annotator"] == str(person.account)]
        assert len(own) == person.labels
        assert sum(bool(row["accepted"]) for row in own) == person.accepted
    for item, found in items.items():
        votes = [row["label"] for row in rows if row["item"] == item]
        assert votes.count(found["winner"]) == found["support"]
    assert [row["item"] for row in rows] == sorted(int(str(row["item"])) for row in rows)


@each_life
def test_balances_are_the_checks(live: Live) -> None:
    outcome = outcome_of(live)

    assert [tuple(row.values()) for row in outcome.balances_table.rows()] == [
        (each.what, each.left, each.right, each.holds) for each in outcome.balances
    ]
    first = outcome.balances[0]
    off = replace(outcome, balances=(replace(first, left=first.left + 1),))
    assert off.balances_table.rows()[0]["holds"] is False


def test_a_table_is_made_once() -> None:
    outcome = outcome_of(recorded_life)

    for name in TABLES:
        assert getattr(outcome, name) is getattr(outcome, name)


def test_without_truths_nothing_is_right_or_wrong() -> None:
    outcome = outcome_of(recorded_life)
    blind = replace(outcome, truth={})

    assert {row["right"] for row in blind.items_table.rows()} == {None}
    assert {row["truth"] for row in blind.items_table.rows()} == {None}
    assert blind.items_table.to_pandas()["right"].isna().all()


def test_revenue_in_a_token_of_its_own_is_left_in_base_units() -> None:
    outcome = outcome_of(recorded_life)
    created = replace(outcome.dataset.created, revenue_token=Address("0x" + "11" * 20))
    other = replace(outcome, dataset=replace(outcome.dataset, created=created))

    before, after = outcome.people_table.rows(), other.people_table.rows()
    assert {row["revenue"] for row in after} == {None}
    assert [row["revenue_base_units"] for row in after] == [row["revenue_base_units"] for row in before]
    assert "another token" in other.people_table.columns["revenue_base_units"].unit


# ------------------------------------------------------------------------------ as frames


@each_life
@pytest.mark.parametrize("name", TABLES)
def test_every_form_holds_the_same_values(live: Live, name: str) -> None:
    table: Table = getattr(outcome_of(live), name)
    rows = table.rows()
    assert rows

    frame = table.to_pandas()
    assert len(frame) == len(table) == table.to_polars().height == table.to_arrow().num_rows
    assert list(frame) == table.to_polars().columns == table.to_arrow().column_names == list(table.columns)
    assert [{key: plain(each) for key, each in row.items()} for row in frame.to_dict("records")] == rows
    assert table.to_polars().to_dicts() == rows
    assert table.to_arrow().to_pylist() == rows


@pytest.mark.parametrize("values", [EDGES, (*EDGES, *TOO_LONG), tuple(-each for each in EDGES), (5,)])
def test_no_amount_is_rounded(values: tuple[int, ...]) -> None:
    table = amounts(*values)
    whole = [Fraction(each, COIN) for each in values]

    assert [Fraction(str(row["whole"])) for row in table.rows()] == whole
    assert table.to_pandas()["units"].tolist() == list(values)
    assert [Fraction(each) for each in table.to_pandas()["whole"]] == whole
    for form in (table.to_polars().to_dicts(), table.to_arrow().to_pylist()):
        assert [int(row["units"]) for row in form] == list(values)
        assert [Fraction(row["whole"]) for row in form] == whole


def test_pandas_has_int64_until_it_ends() -> None:
    assert amounts(0, 2**63 - 1, -(2**63)).to_pandas().dtypes.to_dict() == {"units": "int64", "whole": object}
    beyond = amounts(0, 2**63).to_pandas()["units"]
    assert beyond.dtype == object
    assert {type(each) for each in beyond} == {int}
    assert sum(beyond) == 2**63
    assert amounts(1, None).to_pandas()["units"].tolist() == [1, None]


def test_polars_and_arrow_have_decimals_until_they_end() -> None:
    table = amounts(*EDGES, None)
    assert table.to_polars().schema == {"units": pl.Decimal(38, 0), "whole": pl.Decimal(38, 18)}
    assert table.to_arrow().schema.types == [pa.decimal128(38, 0), pa.decimal128(38, 18)]
    assert table.to_polars()["units"][:-2].sum() == sum(EDGES[:-1])

    table = amounts(*TOO_LONG, None)
    assert table.to_polars().schema == {"units": pl.String, "whole": pl.String}
    assert table.to_polars()["units"].to_list() == [*map(str, TOO_LONG), None]
    assert table.to_polars()["whole"][1] == "340282366920938463463.374607431768211455"
    assert table.to_arrow().schema.types == [pa.decimal256(76, 0), pa.decimal256(76, 18)]
    assert table.to_arrow()["units"].to_pylist() == [*map(Decimal, TOO_LONG), None]


@pytest.mark.parametrize("decimals", [0, 6, 18, 38, 39, 76, 77, 255])
def test_tokens_of_any_decimals(decimals: int) -> None:
    table, want = amounts(0, 7, 10**20, None, decimals=decimals), Fraction(7, 10**decimals)

    assert Fraction(str(table.rows()[1]["whole"])) == want
    assert Fraction(table.to_pandas()["whole"][1]) == want
    assert Fraction(table.to_polars()["whole"][1]) == want
    assert Fraction(table.to_arrow()["whole"][1].as_py()) == want


def test_whole_tokens_do_not_depend_on_the_decimal_context() -> None:
    with localcontext(prec=3):
        assert str(tokens(2**128 - 1, 18)) == "340282366920938463463.374607431768211455"
        assert amounts(2**128 - 1).to_polars()["whole"][0] == "340282366920938463463.374607431768211455"
    assert str(tokens(-5, 2)) == "-0.05"
    assert str(tokens(0, 2)) == "0.00"


def test_types_do_not_depend_on_the_values() -> None:
    """Tables of two campaigns can be put one below the other, even if one has no truths and nobody in it."""
    outcome = outcome_of(life_with_gold)
    empty = replace(outcome, people=(), truth={})

    for name in TABLES[:3]:
        some, none = getattr(outcome, name), getattr(empty, name)
        assert some.to_polars().schema == none.to_polars().schema
        assert some.to_arrow().schema.equals(none.to_arrow().schema, check_metadata=True)
        both = pd.concat([some.to_pandas(), none.to_pandas()])
        assert len(both) == len(some) + len(none)
        assert {str(both[each].dtype) for each in both} <= {"string", "int64", "float64", "boolean", "object"}
        assert pl.concat([some.to_polars(), none.to_polars()]).height == len(both)
    assert len(empty.people_table) == 0
    assert empty.people_table.rows() == []


def test_arrow_tells_what_its_fields_mean() -> None:
    schema = outcome_of(recorded_life).people_table.to_arrow().schema

    assert schema.metadata == {b"name": b"people"}
    assert schema.field("pay").metadata == {b"about": b"what was earned", b"unit": b"DEV"}
    assert schema.field("pay_base_units").metadata[b"unit"] == b"base units of DEV"
    assert all(schema.field(name).metadata[b"about"] for name in schema.names)


@pytest.mark.parametrize(
    ("package", "convert"),
    [("pandas", Table.to_pandas), ("polars", Table.to_polars), ("pyarrow", Table.to_arrow)],
)
def test_a_package_that_is_not_there(
    package: str, convert: Callable[[Table], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(InputError) as refused:
        convert(amounts(1))

    assert str(refused.value) == f'{package} is not installed; pip install "labelshare[data]" brings it'


def test_the_packages_are_loaded_only_when_asked_for() -> None:
    program = (
        "import sys; from labelshare.report import breakdown, collect, frames, notebook, tables\n"
        "print(sorted({'numba', 'pandas', 'polars', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_columns_are_equally_long() -> None:
    columns = {"a": Column(Kind.COUNT, (1, 2)), "b": Column(Kind.COUNT, (1,))}
    with pytest.raises(InputError, match="columns of odd are not equally long"):
        Table("odd", columns)
    assert len(Table("empty", {})) == 0
    assert Table("empty", {}).rows() == []


# ------------------------------------------------------------------------------- as text


@each_life
@pytest.mark.parametrize("name", TABLES)
def test_in_a_shell_it_is_short(live: Live, name: str) -> None:
    table: Table = getattr(outcome_of(live), name)
    lines = repr(table).splitlines()

    assert lines[0] == f"{table.name}: {len(table)} rows, {len(table.columns)} columns"
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) <= 16
    shown = [each for each in table.columns if each in lines[1].split()]
    left = len(table.columns) - len(shown)
    assert shown == list(table.columns)[: len(shown)]
    assert lines[-1].startswith(f"{left} more column") == (left > 0)


def test_the_first_and_the_last_rows_are_shown() -> None:
    table = many(500).people_table
    lines = repr(table).splitlines()

    assert len(lines) == 1 + 1 + 8 + 1 + 4 + 1
    assert lines[2].startswith("0x0000")
    assert "0000…01f3" in lines[-2].lower()
    assert set(lines[10].split()) == {"…"}


def hostile() -> Table:
    return Table(
        HOSTILE[0],
        {
            HOSTILE[2]: Column(Kind.TEXT, HOSTILE, HOSTILE[0], HOSTILE[1]),
            HOSTILE[6]: Column(Kind.TOKENS, (Decimal(1),) * len(HOSTILE), HOSTILE[6], HOSTILE[1]),
        },
    )


def test_names_are_names() -> None:
    text = repr(hostile())
    html = hostile()._repr_html_()
    page = Page(html).root

    assert all(each.isprintable() for each in text.splitlines())
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not page.all("script")
    assert not page.all("img")
    assert not page.all("b")
    cells = [row.children[0].text for row in page.all("tbody")[0].children]
    assert cells[0] == HOSTILE[0]
    assert cells[2] == HOSTILE[2]
    assert all(each.isprintable() for each in cells)
    assert len(html) < 20_000


# ------------------------------------------------------------------------------- as HTML


def body(table: Table) -> list[Node]:
    return Page(table._repr_html_()).root.all("tbody")[0].children


@each_life
@pytest.mark.parametrize("name", TABLES)
def test_in_a_notebook_every_column_is_shown(live: Live, name: str) -> None:
    table: Table = getattr(outcome_of(live), name)
    page = Page(table._repr_html_()).root

    headings = page.all("thead")[0].all("th")
    assert [str(each.content[0]) for each in headings] == list(table.columns)
    assert all(each.attributes["scope"] == "col" and each.attributes["title"] for each in headings)
    for row in body(table):
        for cell, heading, column in zip(row.children, headings, table.columns.values(), strict=True):
            words = column.kind is Kind.TEXT
            assert (cell.attributes.get("class") == "words") == words
            assert (heading.attributes.get("class") == "words") == words
    assert "text-align: right" in page.all("style")[0].text


def test_how_many_rows_are_left_out() -> None:
    table = many(500).people_table
    rows = body(table)

    assert len(rows) == 21
    assert {cell.text for cell in rows[16].children} == {"…"}
    assert "480 rows of 500 are left out here" in Page(table._repr_html_()).root.text
    for count in (0, 1, 20):
        whole = many(count).people_table
        assert len(body(whole)) == count
        assert "left out" not in whole._repr_html_()
    assert "1 row of 21 is left out here" in many(21).people_table._repr_html_()


def test_what_is_cut_can_be_read_in_full() -> None:
    table = amounts(1_500_000_000_000_000_000, 1_234_567_890_123_456_789, 3 * COIN, None)
    cells = [row.children[1] for row in body(table)]

    assert [cell.text for cell in cells] == ["1.5", "1.234567…", "3", "–"]
    assert cells[1].attributes["title"] == "1.234567890123456789"
    account = body(outcome_of(recorded_life).people_table)[0].children[0]
    assert account.attributes["title"] == str(outcome_of(recorded_life).people[0].account)


def test_its_colours_are_those_around_it() -> None:
    """In light and in dark: no colour of its own but a half transparent grey for lines."""
    style = Page(amounts(1)._repr_html_()).root.all("style")[0].text

    assert "#" not in style
    assert {each.split(")")[0] for each in style.split("rgba(")[1:]} == {"128, 128, 128, 0.3"}
    assert "color: inherit" in style
    for rule in (each for each in style.split("}") if each.strip()):
        for selector in rule.split("{")[0].split(","):
            assert selector.strip().startswith(".labelshare")


# ---------------------------------------------------------------------- an outcome itself


@each_life
def test_an_outcome_in_a_notebook(live: Live) -> None:
    outcome = outcome_of(live)
    page = Page(outcome._repr_html_()).root
    facts = {each.all("dt")[0].text: each.all("dd")[0].text for each in page.all("dl")[0].children}

    score = outcome.accuracy
    assert facts == {
        "items": str(len(expected(live()).winners)),
        "annotators": str(len(outcome.people)),
        "labels": str(outcome.verification.labels),
        "accepted labels": str(outcome.accepted_labels),
        "accuracy": f"{score.right / score.known:.4f} ({score.right} of {score.known})",
        "conserved": "yes",
        "verified": "yes",
    }
    assert len(page.all("table")) == 1
    assert "people:" in page.text
    assert outcome.labelled.spec.title in page.text


def test_an_outcome_that_is_wrong_says_so() -> None:
    bad = replace(
        outcome_of(recorded_life),
        verification=Report(ok=False, difference=f"item 1: {HOSTILE[0]}"),
        balances=(),
        accuracy=Score(0, 0),
    )
    page = Page(bad._repr_html_()).root

    assert f"item 1: {HOSTILE[0]}" in page.text
    assert page.text.count("NO") == 2
    assert "conserved NO, verified NO" in repr(bad)
    assert "accuracy –" in repr(bad)


def test_an_outcome_in_a_shell_is_one_line() -> None:
    found = repr(outcome_of(recorded_life))

    assert "\n" not in found
    assert found.startswith("<Outcome of small and recorded: 16 items, 3 classes: items 16, annotators 7")
    assert len(found) < 300
