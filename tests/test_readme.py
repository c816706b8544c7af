"""What the README tells its reader to type is there, and does what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

from tests.conftest import ROOT, Anvil
from tests.replay.crowds import recorded_crowd
from tests.test_cli import as_files

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = sorted(
    {
        line.removeprefix("$ ").partition("#")[0].strip()
        for block in BLOCKS
        for line in block.splitlines()
        if line.startswith("$ ")
    }
)
OURS = [shlex.split(command)[1:] for command in COMMANDS if command.startswith("labelshare ")]
SCRIPTS = sorted(set(re.findall(r"\bscripts/[a-z-]+(?:\.py)?", README)))
LINKS = sorted(set(re.findall(r"\]\(((?!https?:|#)[^)\s]+)\)", README)))
MENTIONED = sorted(
    set(re.findall(r"`(?:\w+\.)*((?:client|chain|oracle|report|replay|protocol)\.[\w.]+)", README))
)


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labelshare", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_readme_has_commands() -> None:
    assert any(command.startswith("scripts/demo") for command in COMMANDS)
    assert {arguments[0] for arguments in OURS} >= {"replay", "verify"}
    assert not re.findall(r"@[A-Z]+@", README)  # a place that scripts were to fill


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_are_there_and_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK if not script.endswith(".py") else os.R_OK)


@pytest.mark.parametrize("target", LINKS)
def test_the_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target.partition("#")[0]).exists()


@pytest.mark.parametrize("name", MENTIONED)
def test_the_names_are_those_of_the_package(name: str) -> None:
    assert resolve_name(f"labelshare.{name}") is not None


@pytest.mark.slow
def test_the_demonstration_prints_what_it_says(tmp_path: Path) -> None:
    """Line for line, but for the seconds that it took."""
    (block,) = re.findall(r"^```text\n(handwritten digits.*?)^```", README, re.MULTILINE | re.DOTALL)

    done = run(["demo"], tmp_path)

    assert done.returncode == 0, done.stderr
    told, printed = block.splitlines(), [line.rstrip() for line in done.stdout.splitlines()]
    assert printed[:-1] == told[:-1]
    assert all(re.fullmatch(r"\d+\.\d s", lines[-1]) for lines in (told, printed))


@pytest.mark.anvil
def test_its_commands_run_one_after_another(anvil: Anvil, tmp_path: Path) -> None:
    """With a small crowd in place of the reader's, on a node at another port."""
    as_files(recorded_crowd(), tmp_path)
    options = {"replay": ["--url", anvil.url, "--save", "FOLDER"], "verify": ["--url", anvil.url]}
    for command in ("replay", "verify"):
        for arguments in (each for each in OURS if each[0] == command):
            at = arguments.index("--url") if "--url" in arguments else len(arguments)
            done = run([*arguments[:at], *options[command]], tmp_path)
            assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
            assert "verified" in done.stdout


def test_its_verdicts_without_a_chain(tmp_path: Path) -> None:
    as_files(recorded_crowd(), tmp_path)
    asked = [arguments for arguments in OURS if arguments[0] == "aggregate"]
    assert asked
    for arguments in asked:
        done = run(arguments, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "on 15 items with a known truth" in done.stdout
