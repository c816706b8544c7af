"""`labelshare economics`: figures in tokens and prices, advice, and one line for what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.commands.test_quote import Run, labelshare, refused
from tests.economics.scenes import spec_of

__all__ = ["labelshare"]

FEW = ("--runs", 1, "--seat-labels", "5,long", "--attackers", "10")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A spec of 600 items of two classes without gold; a label of six seconds earns 0.05."""
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec_of(600, 2, price=str(5 * 10**16), seconds_per_label=6).fields))
    return path


def test_figures_as_text(labelshare: Run, file: Path) -> None:
    ran = labelshare("economics", file, "--symbol", "DEV", *FEW)

    assert (ran.code, ran.err) == (0, "")
    assert " strategy   labels   pay shares slash forfeit   time capital  value     DEV" in ran.out
    assert "a label earns 0.0500 DEV" in ran.out
    assert re.search(r"honest 95% +120 ", ran.out)
    assert "s ≥ (a·r + m) / (d·φ + f) = (" in " ".join(ran.out.split())
    assert "What decides:" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\x1b" not in ran.out


def test_figures_as_json_and_nothing_else(labelshare: Run, file: Path) -> None:
    ran = labelshare("economics", file, "--json", *FEW)

    assert (ran.code, ran.err) == (0, "")
    assert ran.facts["advice"]["gold"] in (0.05, 0.1, 0.2, 0.3)
    assert {each["seat_labels"] for each in ran.facts["values"]} == {5, 120}
    assert ran.facts["assumed"]["seat"] == 480
    assert {each["seat_labels"] for each in ran.facts["evidence"]} == {5, 30, 120}


def test_a_spec_that_takes_no_forfeits(labelshare: Run, file: Path) -> None:
    sealed = {"policy": "merkle.v1", "root": f"0x{7:064x}", "count": 60}
    for forfeit_bps in (0, 10_000):
        slash = {"policy": "skill-and-gold.v1", "forfeit_bps": forfeit_bps}
        file.write_text(json.dumps(json.loads(file.read_text()) | {"gold": sealed, "slash": slash}))
        facts = labelshare("economics", file, "--json", *FEW).facts
        guesses = next(
            each for each in facts["values"] if (each["strategy"], each["seat_labels"]) == ("random", 5)
        )

        assert (guesses["forfeited"] > guesses["pay"]) == (forfeit_bps > 0)
        gaining = [(each["strategy"], each["seat_labels"]) for each in facts["advice"]["gaining"]]
        assert (("random", 5) in gaining) == (forfeit_bps == 0)


def test_amounts_are_in_tokens(labelshare: Run, file: Path) -> None:
    """Six seconds at 15 an hour are .025, half a price; a share of .01 is a fifth; 8 tokens 160 prices."""
    words = (
        "--hourly",
        "15",
        "--share-value",
        "0.01",
        "--seat-stake",
        "8",
        "--interest",
        "0.1",
        "--days",
        "73",
    )
    ran = labelshare("economics", file, "--json", *words, *FEW)
    assumed = ran.facts["assumed"]
    honest = next(each for each in ran.facts["values"] if each["seat_labels"] == 120)

    assert (assumed["look"], assumed["share"], assumed["seat"]) == (0.5, 0.2, 160)
    assert honest["time"] == 0.5
    assert honest["shares"] == pytest.approx(0.2 * honest["pay"], abs=0.001)
    assert honest["capital"] == pytest.approx(160 * 0.1 * 0.2 / 120, rel=0.25)


def test_a_picture(labelshare: Run, file: Path, tmp_path: Path) -> None:
    plot = tmp_path / "value.svg"
    labelshare("economics", file, "--plot", plot, *FEW)

    text = plot.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "honest 95%" in text
    assert "120 labels a seat" in text
    assert re.search(r"random: [+-]0.\d{3} prices; paid 0.\d{3}, slashed 0.000, forfeited 0.\d{3}", text)
    assert not re.findall(r"""(?:src|href)=|url\(|<script""", text)


def test_the_page_s_table_adds_up_and_fits_a_narrow_screen(
    labelshare: Run, file: Path, tmp_path: Path
) -> None:
    plot = tmp_path / "value.html"
    labelshare("economics", file, "--plot", plot, "--share-value", "0.01", *FEW)

    text = plot.read_text(encoding="utf-8")
    head, *rows = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
    assert head[2:8] == ["pay", "shares", "slashed", "forfeited", "time", "capital"]
    assert head[8:] == ["value, in prices", "standard error"]
    for row in rows:
        numbers = [float(cell) for cell in row[2:9]]
        assert sum(numbers[:6]) == pytest.approx(numbers[6], abs=0.0031)
        assert max(numbers[2:6]) <= 0
        assert re.fullmatch(r"\d\.\d{3}|–", row[9])
    assert any(float(row[3]) > 0 > float(row[6]) for row in rows)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert '<div class="scroll" tabindex="0" role="region" aria-label="What a label is worth"><table>' in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--accuracy", "good"), "--accuracy: 'good' is not a list of numbers such as 0.95,0.85"),
        (("--accuracy", "1.5"), "--accuracy: '1.5' has a number that is not from 0 to 1"),
        (("--accuracy", "nan"), "--accuracy: 'nan' has a number that is not from 0 to 1"),
        (("--seat-labels", "many"), "--seat-labels: 'many' is not a list of numbers such as 5,19,long"),
        (("--hourly", "much"), "--hourly: 'much' is not an amount .*"),
        (("--plot", "missing/value.svg"), "cannot write a picture to missing/value.svg: .*"),
    ],
)
def test_what_is_refused(labelshare: Run, file: Path, words: tuple[str, ...], message: str) -> None:
    refused(labelshare("economics", file, *words), message)


@pytest.mark.parametrize("value", ["inf", "nan", "1e300"])
@pytest.mark.parametrize("option", ["--days", "--stake-per-label", "--margin", "--attackers"])
def test_amounts_that_are_none_are_refused(labelshare: Run, file: Path, option: str, value: str) -> None:
    ran = labelshare("economics", file, option, value)

    assert ran.code == 2
    assert f"Invalid value for '{option}'" in ran.err


def test_attackers_are_percent(labelshare: Run, file: Path) -> None:
    ran = labelshare("economics", file, "--json", *FEW)

    assert ran.facts["assumed"]["attackers"] == 0.1
    assert labelshare("economics", file, "--attackers", "0.2").code == 2


def test_a_price_of_nothing_is_refused(labelshare: Run, file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {"price": "0"}))

    refused(labelshare("economics", file), "the price is nothing, so nothing can be told in prices")
