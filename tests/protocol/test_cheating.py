"""No single alteration pays, even if the oracle makes everything that follows from it fit again.

Three strengths: sums and hashes above the altered row; verdicts and pay worked out anew from altered
evidence; and, from the start of the campaign, other roots on chain too. What annotators signed stays out of
reach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import settings

from labelshare.errors import LabelshareError
from labelshare.protocol.evidence import CommitRow, GoldRow, Row, ScoreRow, read
from labelshare.protocol.record import Record
from labelshare.protocol.settlement import Built
from labelshare.protocol.verify import verify
from tests.protocol.cheating import Cheat, judged_anew, posted, reposted, summed
from tests.protocol.test_tampering import alterations, small_public
from tests.protocol.world import World, propose, skilled_world, small_world

DEEP = settings().max_examples > 500
LONG = 600  # characters of a line that is mostly one long array
EVIDENCE = ("SeatRow", "RoundRow", "CommitRow", "OpeningRow", "GoldRow")


def prepared(world: World, *, public: bool = False) -> tuple[World, Built, Record]:
    built = world.build_public() if public else world.build()
    return world, built, propose(world.record(), built, public=public)


WORLDS = {
    "given": prepared(small_world()),
    "public": prepared(small_public(), public=True),
    "skilled": prepared(skilled_world()),
}


def parsed(line: bytes) -> Row | None:
    """The row of an altered line; None where it is no row, which another test finds caught."""
    try:
        return next(read([line]))
    except LabelshareError:
        return None


def altered_rows(name: str, number: int) -> Iterator[list[Row]]:
    """The bundle with one value of a line altered: the deep run takes all, the quick run a sample."""
    rows = list(WORLDS[name][1].rows)
    line = list(WORLDS[name][1].lines())[number]
    step = 1 if DEEP else 5
    if len(line) > LONG:
        step *= 29
    for place, changed in enumerate(alterations(line)):
        if (place + number) % step or changed == line:
            continue
        row = parsed(changed)
        if row is not None and type(row) is type(rows[number]):
            yield [*rows[:number], row, *rows[number + 1 :]]


def cheats(name: str, rows: list[Row], kind: str) -> Iterator[tuple[str, Cheat]]:
    world, _, record = WORLDS[name]
    yield "sums", summed(rows, record)
    yield "summary", posted(rows, record)
    if kind not in EVIDENCE:
        return
    if anew := judged_anew(rows, record, world.spec):
        yield "judged anew", anew
    if name != "public":
        try:
            other, evidence = reposted(rows, record)
        except LabelshareError:
            return
        yield "other roots", summed(evidence, other)
        if anew := judged_anew(evidence, other, world.spec):
            other, evidence = reposted([row for line in anew[1] if (row := parsed(line))], anew[0])
            yield "all anew", posted(evidence, other)


def is_another_history(name: str, rows: list[Row], number: int) -> bool:
    """Whether all that the oracle did is to publish another list for a commitment, on chain and in time.

    That is a campaign of its own, judged by its own record: labels that are not in the list do not count, and
    the annotator, who sees the list within the grace, sends the commitment alone.
    """
    before, after = WORLDS[name][1].rows[number], rows[number]
    if not isinstance(before, CommitRow) or not isinstance(after, CommitRow):
        return False
    return replace(after, items=()) == replace(before, items=())


CASES = [(name, number) for name, (_, built, _) in WORLDS.items() for number in range(len(built.rows))]
# People and items are many in the skilled world, and alike to the verifier.
CASES = [
    (name, number)
    for name, number in CASES
    if name != "skilled" or number % 4 == 0 or isinstance(WORLDS[name][1].rows[number], ScoreRow | GoldRow)
]
FOUND: Counter[str] = Counter()
CAUGHT: set[tuple[str, int]] = set()


@pytest.mark.parametrize(("name", "number"), CASES)
def test_no_alteration_passes_though_everything_above_it_is_made_to_fit(name: str, number: int) -> None:
    _, built, record = WORLDS[name]
    kind = type(built.rows[number]).__name__
    CAUGHT.add((name, number))
    tried = 0
    for rows in altered_rows(name, number):
        for strength, (chain, lines) in cheats(name, rows, kind):
            bundle = b"".join(lines)
            if bundle == built.bundle and chain == record:
                continue  # all that was altered followed from the rest
            tried += 1
            report = verify(chain, bundle)
            if report.ok:
                assert strength in ("other roots", "all anew"), (strength, rows[number])
                assert is_another_history(name, rows, number), (strength, rows[number])
            else:
                assert report.difference
                assert "bundle has hash" not in report.difference
            FOUND[f"{name}: {strength}: {'another history' if report.ok else 'caught'}"] += 1
    assert tried >= 1 or not DEEP


def test_the_cheats_were_tried() -> None:
    """Each strength met each kind of campaign that has it."""
    if len(CAUGHT) < len(CASES):
        pytest.skip("counts only when the whole file runs")
    for strength in ("sums", "summary", "judged anew", "other roots", "all anew"):
        assert FOUND[f"given: {strength}: caught"] > 5, FOUND
        assert FOUND[f"skilled: {strength}: caught"] > 5, FOUND
    assert FOUND["public: judged anew: caught"] > 5, FOUND
    assert sum(FOUND.values()) > 800, FOUND


def test_the_honest_bundles_pass_every_such_rework() -> None:
    """The positive control: with nothing altered, each strength of cheat gives back the honest settlement."""
    for name, (_, built, _) in WORLDS.items():
        for strength, (chain, lines) in cheats(name, list(built.rows), "SeatRow"):
            assert verify(chain, b"".join(lines)).ok, (name, strength)
