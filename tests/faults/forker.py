"""Starts `labelshare` commands quickly and for real, each in a process of its own with a clock of its own.

Run as a program it loads all that a service needs, and then forks one child for each line of its input, which
runs the command line's own entry point. A line is JSON: `arguments`, `variables` of the environment, `shift`
(seconds that the child's clock is ahead), `log` (a file for both of its streams). The answer is the child's
process id. A child that has ended is no zombie for long.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import time
from typing import Any

_real, _shift = time.time, 0.0


def _shifted() -> float:
    return _real() + _shift


time.time = _shifted  # before anybody takes the function's name


PR_SET_PDEATHSIG = 1
MODULES = (
    "labelshare.cli",
    "labelshare.commands.serve",
    "labelshare.api.app",
    "labelshare.oracle.service",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "alembic.command",
    "psycopg",
    "requests",
)


# A job that could not be noted as done is free again sooner; with the full counts its lease is the real one.
LEASE = {} if os.environ.get("LABELSHARE_FAULTS") == "all" else {"LEASE_SECONDS": 12}
# Workers look more often than they would in earnest: a life has a dozen phases, and a test no patience.
HURRY = {
    "labelshare.oracle.indexer": {"IDLE_SECONDS": 0.3},
    "labelshare.oracle.jobs": {"IDLE_SECONDS": 0.3} | LEASE,
    "labelshare.oracle.relay": {"_BLOCK_SECONDS": 1.0},
    "labelshare.oracle.scheduler": {"POLL_SECONDS": 0.3},
    "labelshare.oracle.service": {"_FAULT_SECONDS": 0.5},
    "labelshare.oracle.watcher": {"POLL_SECONDS": 2.0},
}


def _child(order: dict[str, Any]) -> None:
    global _shift  # noqa: PLW0603 (the clock of this process)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # whoever ends the test ends this as well
    _shift = float(order["shift"])
    os.environ.update(order["variables"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.argv = ["labelshare", *order["arguments"]]
    from labelshare.cli import main

    main()


def run() -> None:
    """Answers every order of the input."""
    for name, values in HURRY.items():  # before others take the constants' names
        for constant, value in values.items():
            module = importlib.import_module(name)
            assert hasattr(module, constant)
            setattr(module, constant, value)
    for name in MODULES:
        importlib.import_module(name)
    from labelshare.protocol.aggregation.fixed_point import log_table

    log_table()  # which is the same for all, and takes long to work out
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _child(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
