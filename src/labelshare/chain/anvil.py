"""Foundry's anvil as a chain of this process's own: it ends with it, and its state is kept in a file.

anvil can keep its state itself, but writes over its only copy, and loads no time. Here the state is asked for
whenever the chain has changed, written beside the copy before and put in its place. anvil's own copy, which
it makes as it ends, counts if it is whole: so nothing is lost where this process alone is killed. And a chain
that was ahead of the machine's clock stays so.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any, Final

import structlog

from labelshare.chain.jsonrpc import JsonRpc, RpcError
from labelshare.chain.loopback import HOST
from labelshare.chain.node import ANVIL_CHAIN_ID, GENESIS_TIME
from labelshare.chain.unlocked import MNEMONIC
from labelshare.chain.wire import INTERNAL_ERROR, Fault
from labelshare.errors import ChainError, InputError

__all__ = ["Anvil"]

ACCOUNTS: Final = 10
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
ASK_SECONDS: Final = 60.0
# How often a change is looked for; and how much longer than writing takes nothing is written after it.
LOOK_SECONDS: Final = 0.25
REST: Final = 3

# anvil ends when the pipe that this process holds is closed, by whatever end of this process.
_WITH_US: Final = """\
exec 3<&0
"$@" </dev/null &
child=$!
{ read -r _ <&3; kill "$child"; } &
reader=$!
wait "$child"
code=$?
kill "$reader"
exit "$code"
"""

log = structlog.get_logger(__name__)


class Anvil:
    """A running anvil.

    Args:
        program: A path, or a name on PATH.
        state: The file of its state, made where there is none; None for a chain that ends with the process.
        ended: Called, in a thread, when anvil ends by itself.

    Raises:
        InputError: There is no such program.
        ChainError: It does not start, another process has the file, or it holds no state of anvil's.
    """

    def __init__(self, program: str, state: Path | None, ended: Callable[[], None]) -> None:
        found = shutil.which(program)
        if found is None:
            raise InputError(f"there is no program {program}; Foundry brings anvil (getfoundry.sh)")
        self._lock = None if state is None else _locked(state.with_suffix(".lock"))
        self._state = state
        self._ended = ended
        self._saving = threading.Lock()
        self._saved: Any = None
        self._stop = threading.Event()
        port = _free_port()
        self.url = f"http://{HOST}:{port}"
        self._rpc = JsonRpc(self.url, ASK_SECONDS)
        try:
            if state is not None:
                _choose(state)
            self._process = _started(found, port, state, self._lock)
        except BaseException:
            self._unlock()
            raise
        try:
            self._await()
            self._catch_up_time()
        except BaseException:
            self._end()
            raise
        self._keeper = threading.Thread(target=self._keep_on, name="anvil", daemon=True)
        self._keeper.start()

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        """What anvil answers to one request; its error as a `Fault`."""
        try:
            return self._rpc.ask(method, *params)
        except RpcError as error:
            code = error.code if type(error.code) is int else INTERNAL_ERROR
            raise Fault(code, error.reason, error.data) from None
        except ChainError as error:
            raise Fault(INTERNAL_ERROR, str(error)) from None

    def keep(self) -> None:
        """Put the present state on the disk, if it is not there yet.

        Raises:
            ChainError: anvil does not answer, or the file cannot be written.
        """
        if self._state is None:
            return
        with self._saving:
            head = self._head()["hash"]
            if head != self._saved:
                _write(
                    self._state,
                    self._rpc.read(_unpacked, "anvil_dumpState", self._rpc.ask("anvil_dumpState")),
                )
                self._saved = head

    def close(self) -> None:
        """Keep the state, and end anvil."""
        self._stop.set()
        self._keeper.join()
        try:
            if self._process.poll() is None:
                self.keep()
        finally:
            self._end()

    # ------------------------------------------------------------------- mechanics

    def _head(self) -> dict[str, Any]:
        block = self._rpc.ask("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 (the node's own parameter)
        return self._rpc.read(
            lambda each: {"hash": each["hash"], "time": int(each["timestamp"], 16)}, "", block
        )

    def _await(self) -> None:
        deadline = monotonic() + START_SECONDS
        while True:
            code = self._process.poll()
            if code is not None:
                place = "" if self._state is None else f"; can it read {self._state}?"
                raise ChainError(f"anvil ended at once with status {code}{place}")
            with socket.socket() as probe:
                if probe.connect_ex((HOST, int(self.url.rpartition(":")[2]))) == 0:
                    break
            if monotonic() > deadline:
                raise ChainError(f"anvil does not answer after {START_SECONDS:.0f} s")
            sleep(0.02)
        found = int(self._rpc.ask("eth_chainId"), 16)
        if found != ANVIL_CHAIN_ID:
            raise ChainError(f"anvil runs chain {found}, not {ANVIL_CHAIN_ID}")

    def _catch_up_time(self) -> None:
        """Go on from now, and from the latest block: a loaded chain would make blocks older than it."""
        pending = self._rpc.ask("eth_getBlockByNumber", "pending", False)  # noqa: FBT003
        at = self._rpc.read(lambda each: int(each["timestamp"], 16), "", pending)
        ahead = max(int(time()), self._head()["time"]) - at
        if ahead > 0:
            self._rpc.ask("evm_increaseTime", ahead)

    def _keep_on(self) -> None:
        pause = LOOK_SECONDS
        while not self._stop.wait(pause):
            if self._process.poll() is not None:
                log.error("anvil ended by itself", status=self._process.returncode)
                self._ended()
                return
            began = monotonic()
            try:
                self.keep()
            except ChainError as error:
                log.error("the state of anvil is not kept", error=str(error))  # noqa: TRY400 (one line says it)
            pause = max(LOOK_SECONDS, REST * (monotonic() - began))

    def _end(self) -> None:
        pipe = self._process.stdin
        if pipe is not None:
            pipe.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its own session: the shell and anvil alone
            self._process.wait()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)


def _started(program: str, port: int, state: Path | None, lock: int | None) -> subprocess.Popen[bytes]:
    """Start it on this machine alone, where no page may talk to it: it does not check where they are from."""
    words = [program, "--silent", "--no-cors", "--host", HOST, "--port", str(port)]
    words += ["--accounts", str(ACCOUNTS), "--mnemonic", MNEMONIC, "--hardfork", "prague"]
    # Each start makes a first block before it loads one, and keeps both: they must be the same.
    words += ["--timestamp", str(GENESIS_TIME)]
    if state is not None:
        words += ["--dump-state", str(_last(state))]
        words += ["--load-state", str(state)] if state.exists() else []
    return subprocess.Popen(  # noqa: S603 (the user's own program)
        ["/bin/sh", "-c", _WITH_US, "sh", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process, which ends anvil when it is done with it
        pass_fds=() if lock is None else (lock,),  # held until anvil has written its last state
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _last(state: Path) -> Path:
    """Where anvil writes its state as it ends."""
    return state.with_suffix(".last")


def _locked(path: Path) -> int:
    """A lock that an anvil whose service was killed holds until it has ended too."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ChainError(f"{path}: cannot be opened: {error.strerror}") from None
    deadline = monotonic() + STOP_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if monotonic() > deadline:
                os.close(lock)
                raise ChainError(f"{path.parent}: another process runs this chain") from None
            sleep(0.1)
        else:
            return lock


def _choose(state: Path) -> None:
    """Put the newest whole state where it is loaded from."""
    last = _last(state)
    if last.exists():
        if _is_whole(last) and not (state.exists() and _changed(last) < _changed(state)):
            last.replace(state)
        else:
            last.unlink()
    if state.exists() and not _is_whole(state):
        raise ChainError(f"{state} holds no state of anvil's: bring back a copy of it")


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns


def _is_whole(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and "accounts" in found


def _unpacked(dump: Any) -> bytes:
    return gzip.decompress(bytes.fromhex(dump[2:]))


def _write(path: Path, content: bytes) -> None:
    """The new state in the place of the old one, whole or not at all."""
    beside = path.with_suffix(".new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise ChainError(f"{path}: cannot be written: {error.strerror}") from None
