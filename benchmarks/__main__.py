"""`python -m benchmarks NAME [--size N] [--json]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.rows import Report, as_json, as_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS: Final = Path(__file__).parent / "results"


def _gas(size: int | None) -> Report:
    from benchmarks import gas  # each benchmark brings its own heavy imports

    return gas.measure(gas.SIZES if size is None else (size,))


def _merkle(size: int | None) -> Report:
    from benchmarks.merkle import compare

    return compare.measure(compare.SIZES if size is None else (size,))


def _aggregate(size: int | None) -> Report:
    from benchmarks.aggregate import compare

    return compare.measure(compare.SIZES if size is None else (size,))


def _accuracy(size: int | None) -> Report:
    from benchmarks.accuracy import compare

    return compare.measure(None if size is None else (size,))


def _signatures(size: int | None) -> Report:
    from benchmarks.signatures import compare

    return compare.measure(compare.SIZES if size is None else (size,))


def _settle(size: int | None) -> Report:
    from benchmarks.settle import compare

    return compare.measure(compare.SIZES if size is None else (size,))


def _lifecycle(size: int | None) -> Report:
    from benchmarks.lifecycle import compare

    return compare.measure(compare.SIZES if size is None else (size,))


def _intake(size: int | None) -> Report:
    from benchmarks.intake import compare

    return compare.measure(compare.SIZES if size is None else (size,))


def _web(size: int | None) -> Report:
    from benchmarks.web import compare

    return compare.measure(compare.SIZES if size is None else (size,))


BENCHMARKS: Final[dict[str, Callable[[int | None], Report]]] = {
    "gas": _gas,
    "merkle": _merkle,
    "aggregate": _aggregate,
    "accuracy": _accuracy,
    "signatures": _signatures,
    "settle": _settle,
    "lifecycle": _lifecycle,
    "intake": _intake,
    "web": _web,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one benchmark and prints it; a run at the standard sizes also replaces the committed figures."""
    options = _parser().parse_args(arguments)
    report = BENCHMARKS[options.name](options.size)
    if options.size is None and report.rows:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{options.name}.json").write_text(as_json(report.rows), encoding="utf-8")
        _write_package_data(options.name, report)
    sys.stdout.write(as_json(report.rows) if options.json else _text(report))
    return 0


def _write_package_data(name: str, report: Report) -> None:
    """Renews the figures that ship with the package where they are this benchmark's."""
    if name == "gas":
        from benchmarks.gas import packaged

        text = packaged.as_package_data([row.as_dict() for row in report.rows])
        packaged.FILE.write_text(text, encoding="utf-8")


def _text(report: Report) -> str:
    return "\n".join(filter(None, (as_table(report.rows), report.notes)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures labelshare beside its best public peer. Without --size the standard sizes are "
        "measured and benchmarks/results/NAME.json is replaced; with --size the figures are only printed.",
    )
    names = sorted(BENCHMARKS)
    parser.add_argument("name", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--size", type=_positive, metavar="N", help="measure this size only")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


if __name__ == "__main__":
    sys.exit(main())
