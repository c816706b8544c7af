"""In which order the files of tests go to several processes: those that take long begin.

A file stays with one process. Did a long one begin last, the others would have nothing left to do meanwhile.
The rest is mixed, the same way each time, so that the browsers of tests/web do not all run at once.
"""

from __future__ import annotations

from zlib import crc32

import pytest

__all__ = ["LONG", "long_files_first"]

LONG = (
    "faults/test_killed.py",
    "web/test_accessible.py",
    "commands/test_dev.py",
    "faults/test_malformed.py",
    "web/test_regions.py",
    "oracle/test_replicas.py",
    "faults/test_service_killed.py",
    "web/test_two_people.py",
    "commands/test_serve.py",
    "web/test_holder_journey.py",
    "faults/test_database_gone.py",
    "oracle/test_indexer.py",
    "web/test_requester_journey.py",
    "faults/test_clock_off.py",
    "web/test_requester_again.py",
    "protocol/test_naive.py",
    "web/test_regions_journey.py",
    "faults/test_annotator_killed.py",
    "web/test_foreign_wallet.py",
    "protocol/labels/test_forms.py",
    "web/test_editor_walls.py",
    "commands/test_annotator.py",
    "web/test_silent_oracle.py",
    "faults/test_disk_full.py",
    "web/test_annotator_journey.py",
    "faults/test_faulty_node.py",
    "web/test_hundred_items.py",
    "benchmarks/test_small_runs.py",
)
"""From the longest on; browsers and what waits for clocks take turns."""


def long_files_first(items: list[pytest.Item]) -> None:
    """Sorts the files, and leaves the order within each."""
    rank = {f"tests/{file}": at for at, file in enumerate(LONG)}

    def key(item: pytest.Item) -> tuple[int, int]:
        file = item.nodeid.partition("::")[0]
        return rank.get(file, len(LONG)), crc32(file.encode())

    items.sort(key=key)
