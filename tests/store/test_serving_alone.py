"""A folder is served by one process at a time, and by the next one as soon as that one is dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from labelshare.errors import StoreError
from labelshare.store.locks import serving_alone
from tests.conftest import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from labelshare.store.locks import serving_alone
with serving_alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_who_is_killed_leaves_the_folder_to_the_next_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "oracle"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="another process serves this store"), serving_alone(folder):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        since = monotonic()
        with serving_alone(folder):
            assert monotonic() - since < 2
    with serving_alone(folder):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"), serving_alone(tmp_path / "file"):
        pass
