"""Answers that are alike, and the groups that they make.

Given two answers
├── both without a region: alike
├── one of them: not
└── neither: alike from as many pairs of regions on as the spec asks for, and of pairs as many as there can be
Given the answers of a campaign
├── in any order: the same groups, those that the page of the rules gives
└── of an item: the heaviest first, ties by hash
"""

from __future__ import annotations

import time
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.protocol import alike as alike_module
from labelshare.protocol import groups as groups_module
from labelshare.protocol.alike import Shapes, alike, matched
from labelshare.protocol.classes import standing_of
from labelshare.protocol.groups import gather, groups_of
from labelshare.protocol.spec import RegionTask, Spec
from labelshare.types import keccak
from tests.protocol.campaigns import REGION_TASKS
from tests.protocol.naive import groups as naive
from tests.protocol.naive import labels as forms
from tests.protocol.world import SEED, spec_fields

Box = tuple[int, int, int, int, int]
CAT: Box = (0, 1_000, 1_000, 1_000, 1_000)


def spec(kind: str = "boxes.v1", **near: int) -> Spec:
    return Spec.of(spec_fields(task={"type": kind, "config": REGION_TASKS[kind][0]} | near))


def task(kind: str = "boxes.v1", **near: int) -> RegionTask:
    found = spec(kind, **near).task
    assert isinstance(found, RegionTask)
    return found


def label(*regions: tuple[int, ...], of: RegionTask | None = None) -> bytes:
    form = (of or task()).form
    return form.tag + b"".join(form.layout.pack(*each) for each in sorted(regions))


def are_alike(asked: RegionTask, one: bytes, other: bytes) -> bool:
    shapes = Shapes.of(asked.form, [one, other])
    both = [
        alike(shapes, np.array([a]), np.array([b]), asked.overlap_bps, asked.alike_bps).tolist()
        for a, b in ((0, 1), (1, 0))
    ]
    assert both[0] == both[1]
    return bool(both[0][0])


def moved(box: Box, right: int = 0, wider: int = 0, name: int | None = None) -> Box:
    return (box[0] if name is None else name, box[1] + right, box[2], box[3] + wider, box[4])


# Two answers


def test_nothing_is_alike_to_nothing_alone() -> None:
    assert are_alike(task(), label(), label())
    assert not are_alike(task(overlap_bps=1, alike_bps=1), label(), label(CAT))


@pytest.mark.parametrize(
    ("other", "share"),  # of the union that is shared, in 1/10,000
    [
        (CAT, 10_000),
        (moved(CAT, wider=1_000), 5_000),
        (moved(CAT, wider=250), 8_000),
        (moved(CAT, 600), 2_500),
    ],
)
def test_boxes_are_the_same_from_their_shared_part_on(other: Box, share: int) -> None:
    assert are_alike(task(overlap_bps=share), label(CAT), label(other))
    if share < 10_000:
        assert not are_alike(task(overlap_bps=share + 1), label(CAT), label(other))
    assert not are_alike(task(overlap_bps=1), label(CAT), label(moved(other, name=1)))


def test_boxes_that_only_touch_share_nothing() -> None:
    for other in (moved(CAT, 1_000), (0, 1_000, 2_000, 1_000, 1_000), (0, 2_000, 2_000, 5, 5)):
        assert not are_alike(task(overlap_bps=1), label(CAT), label(other))
    assert are_alike(task(overlap_bps=1), label(CAT), label(moved(CAT, 999)))


def test_spans_are_the_same_from_their_shared_part_on() -> None:
    asked = task("spans.v1", overlap_bps=5_000)
    assert are_alike(asked, label((0, 3, 13), of=asked), label((0, 3, 23), of=asked))
    assert not are_alike(asked, label((0, 3, 13), of=asked), label((0, 3, 24), of=asked))
    longest = label((0, 0, 2**32 - 1), of=asked)
    assert are_alike(asked, longest, label((0, 2**31, 2**32 - 1), of=asked)) is False
    assert are_alike(asked, longest, label((0, 2**31 - 1, 2**32 - 1), of=asked))


def test_answers_are_alike_from_the_part_of_their_regions_on_that_are_paired() -> None:
    """Three of four and of six: 2 × 3 of 10."""
    here = [(0, at * 1_000, 0, 500, 500) for at in range(6)]
    one, other = label(*here[:4]), label(*here[1:4], *((1, *each[1:]) for each in here[:3]))
    assert are_alike(task(alike_bps=6_000), one, other)
    assert not are_alike(task(alike_bps=6_001), one, other)


def test_as_many_regions_are_paired_as_can_be() -> None:
    """The wide box of one answer fits both of the other, its small one only what the wide one fits first."""
    one = label((0, 0, 0, 300, 100), (0, 0, 0, 100, 100))
    other = label((0, 0, 0, 200, 100), (0, 100, 0, 200, 100))
    assert are_alike(task(overlap_bps=5_000, alike_bps=10_000), one, other)
    assert matched([(0, 0), (0, 1), (1, 0)]) == 2
    assert not are_alike(task(overlap_bps=7_000, alike_bps=10_000), one, other)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12, unique=True))
def test_a_matching_is_the_largest(edges: list[tuple[int, int]]) -> None:
    def most(left: list[tuple[int, int]]) -> int:
        if not left:
            return 0
        (row, column), *rest = left
        return max(most(rest), 1 + most([each for each in rest if each[0] != row and each[1] != column]))

    assert matched(edges) == most(edges)


# Many


@st.composite
def crowds(draw: st.DrawFn) -> tuple[RegionTask, list[tuple[int, bytes]]]:
    """A task, and the item and label of each label that counts; few places, so that much is near."""
    kind = draw(st.sampled_from(sorted(REGION_TASKS)))
    bps = st.sampled_from([1, 5_000, 6_667, 10_000])
    asked = task(kind, overlap_bps=draw(bps), alike_bps=draw(bps))
    name, place = st.integers(0, 1), st.integers(0, 3)
    size = st.integers(1, 4)
    region: st.SearchStrategy[tuple[int, ...]]
    if kind == "boxes.v1":
        region = st.tuples(name, place, place, size, size)
    else:
        region = st.tuples(name, place, size).map(lambda each: (each[0], each[1], each[1] + each[2]))
    answer = st.sets(region, max_size=4).map(lambda found: label(*found, of=asked))
    return asked, draw(st.lists(st.tuples(st.integers(0, 2), answer), max_size=14))


def found_by(asked: RegionTask, rows: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The class of each row, and the label that it stands for."""
    labels = sorted({each for _, each in rows}, reverse=True)
    items = np.array([item for item, _ in rows], dtype=np.int64)
    given_ = np.array([labels.index(each) for _, each in rows], dtype=np.int64)
    groups = gather(asked, SEED, labels, items, given_)
    centres = [asked.form.nothing, *(labels[each] for each in groups.centres[1:])]
    for item, classes in groups.of_item.items():
        assert all(item in {rows[at][0] for at in np.flatnonzero(groups.classes == each)} for each in classes)
    return [(each, centres[each]) for each in groups.classes.tolist()]


@given(crowds(), st.randoms(use_true_random=False))
def test_groups_are_those_of_the_page_in_any_order(
    crowd: tuple[RegionTask, list[tuple[int, bytes]]], rng: Random
) -> None:
    asked, rows = crowd
    form = forms.form_of(asked.type, asked.config)
    assert isinstance(form, forms.Regions)
    page = naive.find_groups(naive.Likeness(form, asked.overlap_bps, asked.alike_bps), SEED, rows)
    for _ in range(2):
        rng.shuffle(rows)
        numbers = [page.class_of(item, each) for item, each in rows]
        assert found_by(asked, rows) == [(number, page.centres[number]) for number in numbers]


@given(crowds())
def test_blocks_change_nothing(crowd: tuple[RegionTask, list[tuple[int, bytes]]]) -> None:
    asked, rows = crowd
    whole = found_by(asked, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike_module, "_BLOCK", 3)
        patch.setattr(groups_module, "_BLOCK", 2)
        assert found_by(asked, rows) == whole


@given(crowds())
def test_an_item_alone_is_as_in_the_campaign(crowd: tuple[RegionTask, list[tuple[int, bytes]]]) -> None:
    asked, rows = crowd
    for item, (_, centre), given_ in zip(
        [item for item, _ in rows], found_by(asked, rows), [each for _, each in rows], strict=True
    ):
        votes = Counter(each for at, each in rows if at == item)
        (group,) = (each for each in groups_of(asked, SEED, item, votes) if given_ in each)
        assert group[0] == centre
        fields = spec_fields(task=asked.model_dump())
        assert standing_of(Spec.of(fields), SEED, item, votes).of(given_) == centre


def rank(item: int, each: bytes) -> bytes:
    return keccak(SEED + item.to_bytes(8, "big") + keccak(each))


@pytest.mark.parametrize("item", range(4))
def test_ties_go_by_hash_and_none_joins_through_a_member(item: int) -> None:
    """A chain of boxes, each alike to its neighbours alone; either in the middle weighs five labels."""
    asked, chain = task(), [label(moved(CAT, at)) for at in (0, 300, 600, 900)]
    for at, each in enumerate(chain):
        assert [are_alike(asked, each, other) for other in chain] == [abs(at - to) < 2 for to in range(4)]
    middle = max((1, 2), key=lambda at: rank(item, chain[at]))
    end = 3 if middle == 1 else 0
    nothing, first, second = groups_of(asked, SEED, item, dict(zip(chain, (1, 1, 3, 1), strict=True)))
    assert (nothing, second) == ([], [chain[end]])
    assert first[0] == chain[middle]
    assert set(first) == set(chain) - {chain[end]}


def test_labels_weigh_as_often_as_they_were_given() -> None:
    near, far = label(moved(CAT, 100)), label((1, 5_000, 5_000, 100, 100))
    _, first, second = groups_of(task(), SEED, 0, {label(CAT): 1, near: 1, far: 3})
    assert first == [far]
    assert sorted(second) == sorted([label(CAT), near])


def test_nothing_is_one_class_over_all_items() -> None:
    rows = [(0, label()), (1, label()), (1, label(CAT)), (2, label(CAT))]
    assert [number for number, _ in found_by(task(), rows)] == [0, 0, 1, 2]


def test_no_labels_make_no_groups() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert gather(task(), SEED, [], none, none).centres == (-1,)
    assert found_by(task(), [(3, label())]) == [(0, label())]


def test_a_hundred_boxes_that_all_overlap_are_paired_in_time() -> None:
    """The most regions, near to all of the other answers: a search among ten thousand pairs, many times."""
    rng, asked = Random(1), task(overlap_bps=1, alike_bps=10_000)
    votes: dict[bytes, int] = {}
    for _ in range(16):
        boxes = {(0, rng.randrange(99), rng.randrange(99), 500 + at, 500) for at in range(100)}
        votes[label(*boxes)] = 1
    begun = time.process_time()
    assert len(groups_of(asked, SEED, 0, votes)) == 2
    assert time.process_time() - begun < 20


def test_gold_stands_for_the_first_group_whose_centre_it_is_alike_to() -> None:
    asked = spec(overlap_bps=3_000)
    near, other, far = (label(moved(CAT, at)) for at in (200, 700, 2_000))
    standing = standing_of(asked, SEED, 0, {label(CAT): 3, far: 2, label(): 1})
    assert standing.of(near) == label(CAT)
    assert standing.of(label()) == label()
    assert standing.of(label(moved(CAT, 2_100))) == far
    assert standing.of(other) == other  # alike to neither
    assert standing.of(b"") == b""


def test_other_tasks_have_no_groups() -> None:
    plain: Any = Spec.of(spec_fields())
    standing = standing_of(plain, SEED, 0, {b"\1\0\0": 2, b"\1\0\1": 1})
    assert [standing.of(each) for each in (b"\1\0\0", b"\1\0\1", b"\1\0\2")] == [
        b"\1\0\0",
        b"\1\0\1",
        b"\1\0\2",
    ]
