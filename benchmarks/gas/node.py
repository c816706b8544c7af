"""The one node that both jobs run on."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

HARDFORK: Final = "prague"

_PACKAGES: Final = Path(__file__).parents[2] / "node_modules" / "@foundry-rs"
_GENESIS: Final = "1750000000"  # a fixed clock: two runs give the same figures
_LISTENING: Final = "Listening on "
_START_SECONDS: Final = 30.0


class Node(NamedTuple):
    """A running node: its JSON-RPC address and the process behind it."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def anvil() -> Iterator[Web3]:
    """A fresh node for web3, stopped when the block ends; raises as `running` does."""
    with running(HARDFORK) as node:
        yield Web3(HTTPProvider(node.url))


@contextmanager
def running(hardfork: str) -> Iterator[Node]:
    """A fresh node on a free port of the loopback interface, stopped when the block ends.

    Raises:
        RuntimeError: the binary is missing or the node does not start.
    """
    command = [str(binary()), "--host", "127.0.0.1", "--port", "0"]
    command += ["--hardfork", hardfork, "--timestamp", _GENESIS]
    # The log goes to a file, not a pipe: nobody reads it on, and a full pipe would stop the node.
    with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield Node(f"http://{_address(process, Path(log.name))}", process)
        finally:
            _stop(process)


def snapshot(web3: Web3) -> str:
    """Marks the present state of the chain for `revert`."""
    return str(_request(web3, "evm_snapshot"))


def revert(web3: Web3, mark: str) -> None:
    """Returns the chain to a snapshot, which is used up.

    Raises:
        RuntimeError: there is no such snapshot.
    """
    if _request(web3, "evm_revert", mark) is not True:
        raise RuntimeError(f"the node has no snapshot {mark}")


def version(web3: Web3) -> str:
    """The node's version number, as it gives it itself."""
    return web3.client_version.removeprefix("anvil/v").split("-")[0]


def binary() -> Path:
    """The installed anvil.

    Raises:
        RuntimeError: there is none.
    """
    found = sorted(_PACKAGES.glob("anvil-*/bin/anvil*"))
    if not found:
        raise RuntimeError(f"no anvil under {_PACKAGES}: run scripts/build-contracts once")
    return found[0]


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The node chooses its own port and names it in its log, so that no other process can take it before."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.startswith(_LISTENING) and line.endswith("\n"):
                return line.removeprefix(_LISTENING).strip()
        time.sleep(0.02)
    raise RuntimeError(f"anvil did not start:\n{log.read_text(encoding='utf-8')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _request(web3: Web3, method: str, *arguments: str) -> object:
    response = web3.provider.make_request(RPCEndpoint(method), list(arguments))
    if "error" in response:
        raise RuntimeError(f"{method}: {response['error']}")
    return response["result"]
