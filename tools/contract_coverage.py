"""Line and branch coverage of contracts/, from the lcov report of `forge coverage`.

Usage: python tools/contract_coverage.py LCOV [--least PERCENT]

Prints a table, one row a contract, and what was not reached; exits 1 where lines or branches in all stay
below the least. Mocks and test helpers are not counted.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

COUNTED = "contracts/"
LEFT_OUT = "contracts/mocks/"


@dataclass
class Coverage:
    """How often each line and branch of one file was reached."""

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[tuple[str, ...], int] = field(default_factory=lambda: defaultdict(int))

    def missed(self) -> list[str]:
        """Lines and branches that nothing reached, for people to look up."""
        lines = [str(number) for number, hits in self.lines.items() if not hits]
        return lines + [f"{key[0]} (branch {key[2]})" for key, hits in self.branches.items() if not hits]


def parse(report: Iterable[str]) -> dict[str, Coverage]:
    """Reads an lcov report; files that are not counted are left out."""
    files: dict[str, Coverage] = {}
    current = Coverage()
    for line in report:
        kind, _, value = line.strip().partition(":")
        match kind:
            case "SF":
                current = Coverage()
                if value.startswith(COUNTED) and not value.startswith(LEFT_OUT):
                    current = files.setdefault(value, current)
            case "DA":
                number, hits = value.split(",")[:2]
                current.lines[int(number)] = current.lines.get(int(number), 0) + int(hits)
            case "BRDA":
                *key, taken = value.split(",")
                current.branches[tuple(key)] += 0 if taken == "-" else int(taken)
            case _:
                pass
    return files


def _share(hits: Iterable[int]) -> tuple[int, int]:
    values = list(hits)
    return sum(1 for each in values if each), len(values)


def _percent(part: tuple[int, int]) -> float:
    return 100 * part[0] / part[1] if part[1] else 100.0


def table(files: dict[str, Coverage], least: float) -> tuple[str, bool]:
    """The report as text, and whether both totals reach the least."""
    rows, lines, branches = [], [0, 0], [0, 0]
    for name, coverage in sorted(files.items()):
        of_lines, of_branches = _share(coverage.lines.values()), _share(coverage.branches.values())
        for total, part in ((lines, of_lines), (branches, of_branches)):
            total[0] += part[0]
            total[1] += part[1]
        missed = f"  not reached: {', '.join(coverage.missed())}" if coverage.missed() else ""
        rows.append(f"{name:45} {_percent(of_lines):6.1f}% {_percent(of_branches):6.1f}%{missed}")
    total_lines, total_branches = _percent((lines[0], lines[1])), _percent((branches[0], branches[1]))
    rows.append(
        f"{'all':45} {total_lines:6.1f}% {total_branches:6.1f}%  ({lines[1]} lines, {branches[1]} branches)"
    )
    return "\n".join([f"{'contract':45} {'lines':>7} {'branch':>7}", *rows]), min(
        total_lines, total_branches
    ) >= least


def main() -> int:
    """Prints the table; the exit code says whether coverage is enough."""
    parser = argparse.ArgumentParser(description="Coverage of contracts/ from an lcov report.")
    parser.add_argument("report", type=Path)
    parser.add_argument(
        "--least", type=float, default=97.0, help="percent of lines and of branches (default: 97)"
    )
    given = parser.parse_args()
    files = parse(given.report.read_text(encoding="utf-8").splitlines())
    if not files:
        sys.exit(f"{given.report} covers no file of {COUNTED}")
    text, enough = table(files, given.least)
    print(text)
    if not enough:
        print(f"below {given.least} percent", file=sys.stderr)
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
