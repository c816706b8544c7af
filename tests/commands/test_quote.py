"""`labelshare quote`: figures or one line, and exit codes."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelshare.cli import main
from labelshare.protocol.examples import example
from labelshare.protocol.labels import SINGLE_CHOICE
from tests.ran import Ran

FIELDS = example(SINGLE_CHOICE).fields

Run = Callable[..., Ran]


@pytest.fixture
def labelshare(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs a command through the script's entry point, with bytes on the standard input."""

    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["labelshare", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsysbinary.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Ran(code or 0, captured.out.decode(), captured.err.decode())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A valid spec in a spelling that is not the canonical one."""
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(FIELDS, indent=4))
    return path


def refused(ran: Ran, message: str) -> None:
    """One line on the error stream, exit code 2, nothing else."""
    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(rf"labelshare: {message}\n", ran.err), ran.err
    assert ran.err.removesuffix("\n").isprintable()


def test_figures_as_text(labelshare: Run, file: Path) -> None:
    ran = labelshare("quote", file, "--symbol", "DEV")

    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"escrow to fund +7\.875 DEV", ran.out)
    assert "There is no gold: nobody can lose a stake." in ran.out
    assert "\x1b" not in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_figures_as_json_and_nothing_else(labelshare: Run, file: Path) -> None:
    ran = labelshare("quote", file, "--json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.facts["escrow"] == "7875000000000000000"
    assert (ran.facts["annotators"], ran.facts["symbol"], ran.facts["decimals"]) == (25, "tokens", 18)


def test_the_standard_input(labelshare: Run, file: Path) -> None:
    assert labelshare("quote", "-", stdin=file.read_bytes()) == labelshare("quote", file)


def test_every_option_counts(labelshare: Run, file: Path) -> None:
    facts = labelshare(
        *("quote", file, "--json", "--fee", "10", "--stake-per-label", 3, "--annotators", 40),
        *("--rounds", 2, "--arbitration-refund", "1.5", "--living-wage", "15.01 USD", "--symbol", "USD"),
        *("--token-decimals", 17, "--gas-price", "1.5", "--coin-price", 2_000),
    ).facts

    assert facts["fee_at_most"] == "750000000000000000"
    assert facts["escrow"] == "8250000000000000000"
    assert facts["stake_per_label"] == "150000000000000000"
    assert facts["annotators"] == 40
    assert any(call["call"] == "commitAggregate (further round)" for call in facts["gas"]["calls"])
    assert facts["bond"] == str(max(8250000000000000000 // 4, 4 * 15 * 10**16))
    assert (facts["symbol"], facts["decimals"]) == ("USD", 17)
    gas = facts["gas"]["job"]["new"]
    assert facts["gas"]["cost"]["new"]["wei"] == str(gas * 1_500_000_000)
    assert facts["gas"]["cost"]["new"]["tokens"] == str(-(-gas * 1_500_000_000 * 2_000 * 10**17 // 10**18))
    codes = {warning["code"] for warning in facts["warnings"]}
    assert "low-pay" not in codes  # an hour earns 150 tokens of 17 decimals

    low = labelshare("quote", file, "--json", "--living-wage", "15.01").facts
    assert "low-pay" in {warning["code"] for warning in low["warnings"]}
    refund = labelshare("quote", file, "--json", "--arbitration-refund", "0.5").facts
    assert refund["bond"] == "2000000000000000000"


@pytest.mark.parametrize(("no_color", "colours"), [("", True), ("1", False)])
def test_colours_are_left_out_where_they_are_not_wanted(
    labelshare: Run, file: Path, monkeypatch: pytest.MonkeyPatch, no_color: str, colours: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)

    ran = labelshare("quote", file)

    assert bool(re.search(r"\x1b\[(\d+;)*(3|4|9|10)\d", ran.out)) is colours
    assert "\x1b[1m" in ran.out


def changed(**changes: Any) -> bytes:
    return json.dumps(FIELDS | changes).encode()


@pytest.mark.parametrize("command", [("quote",), ("spec", "check")])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "spec: Invalid JSON: EOF.*"),
        (b"[]", "spec: Input should be an object"),
        (b"\xff\xfe", "spec: Invalid JSON: .*"),
        (b'{"a":' * 100_000, "spec: Invalid JSON: recursion limit.*"),
        (b"{}", "title: Field required"),
        (changed(price=0.05), r"price: Input should be a valid string \(got 0\.05\)"),
        (changed(price="0.05"), r"price: .*\(got '0\.05'\)"),
        (changed(share_weight="0"), "share_weight: must be at least one whole share, .*"),
        (changed(colour="red"), r"colour: Extra inputs are not permitted.*"),
        (changed(**{"\x1b[31m\nred": 1}), r"'\\x1b\[31m\\nred': Extra inputs are not permitted.*"),
        (changed(**{"k" * 1_000: 1}), r"k{80}: Extra inputs are not permitted.*"),
        (changed(items=[{"digest": "00"}]), r"items\.0\.digest: .*\(got '00'\)"),
        (changed(task={"type": "numeric.v1", "config": "<View/>"}), r"task\.config: a numeric config has.*"),
        (
            changed(slash={"policy": "skill-and-gold.v1"}),
            r"slash\.policy: skill-and-gold.v1 needs gold items",
        ),
    ],
)
def test_a_bad_spec_is_one_line_that_names_the_field(
    labelshare: Run, command: tuple[str, ...], data: bytes, message: str
) -> None:
    refused(labelshare(*command, "-", stdin=data), message)


def test_files_that_are_none(labelshare: Run, tmp_path: Path) -> None:
    refused(labelshare("quote", tmp_path / "none.json"), r".*none\.json: cannot be read: No such file.*")
    refused(labelshare("quote", tmp_path), ".*: cannot be read: Is a directory")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--gas-price", "dear"], "--gas-price: 'dear' is not an amount such as .* gwei"),
        (["--gas-price", "1.0000000001"], "--gas-price: .*gwei has 9 decimals, not 10"),
        (["--gas-price", "-1"], "--gas-price: '-1' is not an amount.*"),
        (["--coin-price", "3000"], "--coin-price says what gas costs only with --gas-price"),
        (["--gas-price", "1", "--coin-price", "1 EUR"], "--coin-price: 1 EUR: the unit is tokens, not EUR"),
        (
            ["--living-wage", "1.5", "--token-decimals", "0"],
            "--living-wage: 1.5: tokens has 0 decimals, not 1",
        ),
        (["--fee", "100.01"], "a fee of 100.01 % is more than all pay"),
        (["--fee", "-1"], ".*'-1' is not an amount.*"),
        (["--arbitration-refund", "\x1b[1m"], r"--arbitration-refund: '\?\[1m' is not an amount.*"),
    ],
)
def test_a_bad_amount_is_one_line_that_names_the_option(
    labelshare: Run, file: Path, options: list[str], message: str
) -> None:
    refused(labelshare("quote", file, *options), message)


@pytest.mark.parametrize(
    "options",
    [
        ["--stake-per-label", "-1"],
        ["--annotators", "0"],
        ["--rounds", "0"],
        ["--rounds", "65536"],
        ["--token-decimals", "256"],
        ["--frobnicate"],
        ["another.json"],
    ],
)
def test_wrong_usage_is_exit_code_2(labelshare: Run, file: Path, options: list[str]) -> None:
    ran = labelshare("quote", file, *options)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: ")
    assert "Traceback" not in ran.err


def test_help_names_every_option(labelshare: Run) -> None:
    ran = labelshare("quote", "--help")

    assert ran.code == 0
    for option in (
        "--fee --token-decimals --symbol --stake-per-label --annotators --rounds --living-wage "
        "--gas-price --coin-price --arbitration-refund --json"
    ).split():
        assert option in ran.out
    assert "labelshare quote spec.json" in " ".join(ran.out.split())
    every = labelshare("--help").out
    assert re.search(r"\bquote\b", every)
    assert re.search(r"\bspec\b", every)
