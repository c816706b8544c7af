"""Imports run one way.

types, errors, settings → protocol → chain → store → oracle | client | report → api, economics, replay
→ commands → cli
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "labelshare"

# A module may import from the layers below its own, and from its own package.
LAYERS = (
    {"types", "errors", "settings"},
    {"protocol"},
    {"chain"},
    {"store"},
    {"oracle", "client", "report"},
    {"api", "economics", "replay"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
BASE = LAYERS[0]

# What a pure core has no business with: chain, clock, files, randomness, the outside.
IMPURE = set(
    "web3 eth_tester eth datetime time random secrets os pathlib shutil tempfile socket subprocess threading "
    "asyncio uuid sqlite3 sqlalchemy httpx requests urllib glob importlib logging".split()
)
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "__import__"}


class Import(NamedTuple):
    """One import statement: who imports, at which line, which dotted name."""

    path: Path
    line: int
    target: str


def imports_of(path: Path, package: Path) -> list[Import]:
    """Lists every import of a file, also those inside functions and under TYPE_CHECKING."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [Import(path, node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, path, package)
            # `from labelshare import x` names the module x; elsewhere the module says enough.
            names = [f"{base}.{alias.name}" for alias in node.names] if base == package.name else [base]
            found += [Import(path, node.lineno, name) for name in names]
    return found


def absolute(node: ast.ImportFrom, path: Path, package: Path) -> str:
    """Resolves a relative import against the file's place in the package."""
    if not node.level:
        return node.module or ""
    here = [package.name, *path.relative_to(package).parent.parts]
    return ".".join([*here[: len(here) - node.level + 1], *([node.module] if node.module else [])])


def layer_of(path: Path, package: Path) -> str:
    """Names the top-level module or package of labelshare that a file belongs to."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def violations(package: Path) -> list[str]:
    """Checks every file of a package against the direction of imports and the purity of the core."""
    faults = []
    for path in sorted(package.rglob("*.py")):
        layer = layer_of(path, package)
        if layer == "__init__":
            known = for_type_checkers(path)
            faults += [
                text(found, "the package root imports nothing")
                for found in inner(path, package)
                if found.line not in known
            ]
            continue
        if layer not in RANK:
            faults.append(f"{path.relative_to(package)}: no layer of that name")
            continue
        faults += [text(found, reason) for found in inner(path, package) if (reason := wrong(layer, found))]
        if layer == "protocol":
            faults += impurities(path, package)
    return faults


def for_type_checkers(path: Path) -> set[int]:
    """Lists the lines of a file that only type checkers read."""
    guarded = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        line
        for node in guarded
        for each in node.body
        for line in range(each.lineno, (each.end_lineno or 0) + 1)
    }


def inner(path: Path, package: Path) -> list[Import]:
    """Lists the imports of a file that stay inside the package; its bare version is anyone's to read."""
    prefix = f"{package.name}."
    every = [found for found in imports_of(path, package) if found.target.startswith(prefix)]
    return [found for found in every if found.target != f"{package.name}.__version__"]


def wrong(layer: str, found: Import) -> str:
    """Says why a layer may not import a module of the package; empty when it may."""
    target = found.target.split(".")[1]
    if target not in RANK:
        return "no layer of that name"
    if target == layer or RANK[target] < RANK[layer]:
        return ""
    if layer in BASE and target in BASE:
        return ""
    return f"{layer} must not import {target}"


def impurities(path: Path, package: Path) -> list[str]:
    """Lists what a file of the pure core takes from outside."""
    faults = [
        text(found, "the protocol is pure")
        for found in imports_of(path, package)
        if found.target.split(".")[0] in IMPURE
    ]
    calls = [
        Import(path, node.lineno, f"{node.func.id}()")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS
    ]
    return faults + [text(found, "the protocol is pure") for found in calls]


def text(found: Import, reason: str) -> str:
    return f"{found.path.name}:{found.line}: {found.target}: {reason}"


def tree(root: Path, files: dict[str, str]) -> Path:
    """Writes a package of the given files, each of one line of source."""
    package = root / "labelshare"
    for name, source in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + "\n", encoding="utf-8")
    return package


def test_the_package_keeps_to_its_layers() -> None:
    assert list(PACKAGE.rglob("*.py")), "no sources found"
    assert violations(PACKAGE) == []


def test_the_verifier_does_not_know_the_builder() -> None:
    """Whatever `verify` imports, directly or by way of others, `settlement` is not among it."""
    code = "import sys, labelshare.protocol.verify; print('labelshare.protocol.settlement' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_the_second_verifier_shares_no_code_but_its_input_values() -> None:
    naive = PACKAGE.parent.parent / "tests" / "protocol" / "naive"
    modules = sorted(naive.glob("*.py"))
    assert len(modules) > 5
    ours = {
        found.target
        for path in modules
        for found in imports_of(path, PACKAGE)
        if "labelshare" in found.target
    }
    assert ours <= {"labelshare.types", "labelshare.protocol.record"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("__init__.py", "if TYPE_CHECKING:\n    from labelshare.types import Amount"),
        ("errors.py", "from labelshare.types import Amount"),
        ("protocol/merkle.py", "from labelshare import errors, types"),
        ("protocol/settlement.py", "from .merkle import Tree"),
        ("protocol/aggregation/majority.py", "from ..labels import Label"),
        ("chain/events.py", "import labelshare.protocol.merkle"),
        ("chain/keys.py", "import os, secrets, web3"),
        ("oracle/settle.py", "from labelshare.chain import contracts"),
        ("client/holder.py", "from .transport import Transport"),
        ("replay.py", "from labelshare import oracle, client, report"),
        ("commands/pool.py", "from labelshare import client, chain, report, replay"),
        ("cli.py", "from labelshare import __version__, commands, replay, api"),
    ],
)
def test_what_the_layers_allow(tmp_path: Path, name: str, source: str) -> None:
    assert violations(tree(tmp_path, {name: source})) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("__init__.py", "from labelshare.types import Amount"),
        ("__init__.py", "if TYPE_CHECKING:\n    pass\nelse:\n    from labelshare.types import Amount"),
        ("types.py", "from labelshare.protocol import merkle"),
        ("protocol/merkle.py", "from labelshare.chain import events"),
        ("protocol/merkle.py", "from ..chain.events import Committed"),
        ("protocol/merkle.py", "def f():\n    from labelshare import chain"),
        ("protocol/merkle.py", "import web3"),
        ("protocol/merkle.py", "from time import monotonic"),
        ("protocol/rewards.py", "import os.path"),
        ("protocol/rewards.py", "def f(path):\n    return open(path).read()"),
        ("chain/events.py", "from labelshare.oracle import store"),
        ("oracle/settle.py", "from labelshare.client import transport"),
        ("oracle/settle.py", "from ..client.transport import Transport"),
        ("client/holder.py", "import labelshare.oracle.store"),
        ("client/holder.py", "from labelshare import report"),
        ("report/collect.py", "from labelshare import oracle"),
        ("replay.py", "from labelshare.cli import main"),
        ("api/app.py", "from labelshare import replay"),
        ("client/seats.py", "from labelshare.commands import units"),
        ("commands/pool.py", "from labelshare.cli import app"),
        ("helpers.py", "import json"),
        ("cli.py", "from labelshare.helpers import anything"),
    ],
)
def test_what_the_layers_forbid(tmp_path: Path, name: str, source: str) -> None:
    assert len(violations(tree(tmp_path, {name: source}))) == 1


HEAVY = set("web3 numba fastapi eth_tester eth numpy pandas polars pyarrow sqlalchemy requests".split())


def test_help_starts_without_the_heavy_packages() -> None:
    program = (
        "import sys\n"
        "from labelshare.cli import main\n"
        "sys.argv = ['labelshare', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code, stop.code\n"
        f"heavy = {HEAVY} & set(sys.modules)\n"
        "assert not heavy, sorted(heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "labelshare" in done.stdout
