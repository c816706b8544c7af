"""No single alteration pays, even if the oracle makes everything that follows from it fit again.

Three strengths: sums and hashes above the altered row; verdicts and pay worked out anew from altered
evidence; and, from the start of the campaign, other roots on chain too. What annotators signed stays out of
reach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings

from labelshare.errors import LabelshareError
from labelshare.protocol import verdicts
from labelshare.protocol.aggregation.base import Crowd
from labelshare.protocol.aggregation.dawid_skene import Fit, Rule, fit
from labelshare.protocol.evidence import CommitRow, GoldRow, Row, ScoreRow, SummaryRow, TruthRow, read
from labelshare.protocol.gold import clamped
from labelshare.protocol.record import Record
from labelshare.protocol.settlement import Built
from labelshare.protocol.verify import verify
from labelshare.types import Hash32
from tests.protocol.cheating import Cheat, judged_anew, posted, reposted, rows_of, summed
from tests.protocol.naive.check import check
from tests.protocol.test_tampering import alterations_by_field, small_public
from tests.protocol.world import World, modelled_world, propose, skilled_world, small_world

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
    "modelled": prepared(modelled_world()),
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
    every = (changed for field in alterations_by_field(line) for changed in field)
    for place, changed in enumerate(every):
        if (place + number) % step:
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
STEP = {"skilled": 4, "modelled": 2}  # people and items are many there, and alike to the verifier
CASES = [
    (name, number)
    for name, number in CASES
    if number % STEP.get(name, 1) == 0
    or isinstance(WORLDS[name][1].rows[number], ScoreRow | GoldRow | SummaryRow)
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
        assert FOUND[f"modelled: {strength}: caught"] > 5, FOUND
    assert FOUND["public: judged anew: caught"] > 5, FOUND
    assert sum(FOUND.values()) > 800, FOUND


def test_the_honest_bundles_pass_every_such_rework() -> None:
    """The positive control: with nothing altered, each strength of cheat gives back the honest settlement."""
    for name, (_, built, _) in WORLDS.items():
        for strength, (chain, lines) in cheats(name, list(built.rows), "SeatRow"):
            assert verify(chain, b"".join(lines)).ok, (name, strength)


# Cheats about the model


def difference_of(cheat: Cheat | None) -> str:
    """What is wrong with it in our words; the second verifier finds it wrong as well."""
    assert cheat is not None
    record, lines = cheat
    report, verdict = verify(record, b"".join(lines)), check(record, b"".join(lines))
    assert not report.ok
    assert not verdict.ok
    return report.difference


def truths(change: Callable[[TruthRow], TruthRow]) -> list[Row]:
    """The modelled campaign with one of its truths changed, that of an item which is no gold."""
    rows = WORLDS["modelled"][1].rows
    return [change(row) if isinstance(row, TruthRow) and row.item == 7 else row for row in rows]


@pytest.mark.parametrize(
    "changes",
    [{"confidence_q16": 65_512}, {"confidence_q16": 65_536}, {"winner": b"\1\0\2"}, {"accepted": False}],
)
def test_a_truth_of_the_model_cannot_be_altered(changes: dict[str, Any]) -> None:
    """The truth root and the posted settlement fit."""
    rows = truths(lambda row: replace(row, **changes))
    assert difference_of(summed(rows, WORLDS["modelled"][2])).startswith(
        f"{next(iter(changes))} of item 7 is "
    )


@pytest.mark.parametrize("root", [Hash32(bytes(32)), Hash32(b"\7" * 32)], ids=["zero", "other"])
def test_another_model_root_is_caught(root: Hash32) -> None:
    rows = list(WORLDS["modelled"][1].rows)
    assert rows_of(rows, SummaryRow)[0].model_root != root
    cheat = summed(rows, WORLDS["modelled"][2], model_root=root)
    assert difference_of(cheat).startswith("model_root of summary is ")


def test_a_vote_has_no_model_root() -> None:
    cheat = summed(WORLDS["skilled"][1].rows, WORLDS["skilled"][2], model_root=Hash32(b"\7" * 32))
    assert difference_of(cheat).startswith("model_root of summary is ")


def run_with(**changes: Any) -> Callable[..., Fit]:
    def other(crowd: Crowd, seed: Hash32, gold: Mapping[int, int], rule: Rule) -> Fit:
        return fit(crowd, seed, gold, replace(rule, **changes))

    return other


def other_half(seed: Hash32, items: Iterable[int]) -> frozenset[int]:
    items = list(items)
    return frozenset(items) - clamped(seed, items)


OTHER_MODELS: dict[str, tuple[str, Callable[..., Any]]] = {
    "all gold is told": ("clamped", lambda _seed, items: frozenset(items)),
    "no gold is told": ("clamped", lambda _seed, _items: frozenset()),
    "the other half is told": ("clamped", other_half),
    "another strength": ("fit", run_with(strength=5)),
    "another iteration": ("fit", run_with(iterations=4)),
    "gold weighs less": ("fit", run_with(gold_weight=4)),
    "false gold is told": ("fit", lambda crowd, seed, gold, rule: fit(crowd, seed, {**gold, 7: 2}, rule)),
}


@pytest.mark.parametrize("how", OTHER_MODELS)
def test_a_model_run_otherwise_is_caught_though_all_that_follows_fits(how: str) -> None:
    name, other = OTHER_MODELS[how]
    world, built, record = WORLDS["modelled"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, name, other)
        cheat = judged_anew(built.rows, record, world.spec)
    assert difference_of(cheat)
