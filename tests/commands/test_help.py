"""Help: every command has it, with one example that is valid usage; nothing heavy is loaded for it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
import typer

from labelshare.cli import app, main

GROUPS = ("account", "stake", "pool", "dataset", "licence", "claim", "campaign", "annotator", "oracle")

COMMANDS = {
    "account": "new import show balance",
    "stake": "join refill leave withdraw show deposit withdraw-credit",
    "pool": "create show list",
    "dataset": "create show list",
    "licence": "offer close buy list check withdraw",
    "claim": "pay revenue show",
    "campaign": "create upload show list verify progress results reveal-gold watch-gold challenge "
    "request-ruling resolve compute-openly propose-openly cancel finalize expire slash",
    "annotator": "enrol work watch earnings export import",
    "oracle": "status",
}

SIGNING = {
    f"{name} {each}"
    for name, of in {
        "stake": "join refill leave withdraw deposit withdraw-credit",
        "pool": "create",
        "dataset": "create",
        "licence": "offer close buy withdraw",
        "claim": "pay revenue",
        "campaign": "create upload reveal-gold watch-gold challenge request-ruling resolve propose-openly "
        "cancel finalize expire slash",
        "annotator": "enrol work watch earnings export import",
    }.items()
    for each in of.split()
}


EVERY = [(name, each) for name, of in COMMANDS.items() for each in of.split()]


@cache
def root() -> Any:
    """The whole command as typer builds it, of classes of its own."""
    return typer.main.get_command(app)


def group(name: str) -> Any:
    return root().commands[name]


def helped(words: list[str], patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> str:
    patch.setattr(sys, "argv", ["labelshare", *words, "--help"])
    patch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return capture.readouterr().out


def test_the_groups_hold_these_commands() -> None:
    assert {name: set(group(name).commands) for name in GROUPS} == {
        name: set(of.split()) for name, of in COMMANDS.items()
    }


@pytest.mark.parametrize(("name", "each"), EVERY)
def test_help_with_one_example_that_is_valid_usage(
    name: str, each: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = helped([name, each], monkeypatch, capsys)

    assert text.count("Example: labelshare") == 1
    assert max(map(len, text.splitlines())) <= 80
    command = group(name).commands[each]
    assert command.help
    words = shlex.split((command.epilog or "").removeprefix("Example: "))
    assert words[:3] == ["labelshare", name, each]
    usage = words[3 : words.index("<") if "<" in words else None]
    with command.make_context(each, usage) as context:
        assert not context.args


@pytest.mark.parametrize(("name", "each"), EVERY)
def test_who_signs_can_be_asked_and_who_reads_needs_no_key(name: str, each: str) -> None:
    options = {word for param in group(name).commands[each].params for word in param.opts}

    signs = f"{name} {each}" in SIGNING
    assert ({"--key", "--password-file", "--yes"} <= options) == signs
    assert "--json" in options
    assert ({"--url", "--deployment"} <= options) == (name != "account" or each == "balance")
    assert not options & {"--password", "--private-key"}


def test_a_group_alone_shows_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in GROUPS:
        assert re.search(rf"labelshare {name} \[OPTIONS\] COMMAND", helped([name], monkeypatch, capsys))


def test_completion() -> None:
    words = {"_LABELSHARE_COMPLETE": "complete_bash", "COMP_WORDS": "labelshare stake ", "COMP_CWORD": "2"}
    program = "import sys; sys.argv = ['labelshare']; from labelshare.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | words,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert set(done.stdout.split()) == set(COMMANDS["stake"].split()), done.stderr


def test_no_colour_where_none_is_wanted() -> None:
    for arguments in (["stake", "--help"], ["stake", "join"]):
        done = subprocess.run(
            [sys.executable, "-m", "labelshare", *arguments],
            env=os.environ | {"NO_COLOR": "1", "FORCE_COLOR": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "\x1b[3" not in done.stdout + done.stderr
