from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from labelshare.errors import EvidenceError
from labelshare.protocol import canonical, evidence
from labelshare.protocol.evidence import Row, ScoreRow, TruthRow, bundle_hash, read, write_row
from tests.protocol.world import skilled_world, small_world

BUILT = small_world().build()
BUNDLE = BUILT.bundle
LINES = BUNDLE.splitlines(keepends=True)
TRUTH = write_row(TruthRow(3, b"\x01\0\0", 65_536, accepted=True))


def rows(*lines: bytes) -> list[Row]:
    return list(read(lines))


def test_rows_survive_their_bytes() -> None:
    assert tuple(read([BUNDLE])) == BUILT.rows
    assert tuple(BUILT.lines()) == tuple(LINES)


def test_lines_are_rfc_8785() -> None:
    for line in [*LINES, *skilled_world().build().lines()]:
        assert rfc8785.dumps(canonical.parse(line)) + b"\n" == line


@settings(max_examples=30)
@given(st.integers(1, 3000))
def test_a_bundle_is_read_in_pieces_of_any_size(size: int) -> None:
    pieces = (BUNDLE[start : start + size] for start in range(0, len(BUNDLE), size))
    assert tuple(read(pieces)) == BUILT.rows


def test_the_hash_names_the_bytes() -> None:
    assert bundle_hash(LINES) == bundle_hash([BUNDLE]) == sha256(BUNDLE).digest()
    assert BUILT.settlement.bundle_hash == bundle_hash(BUILT.lines())


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"\n", "line 1: not JSON"),
        (b"[]\n", "None is no kind of row"),
        (b'{"kind":"gift"}\n', "'gift' is no kind of row"),
        (b'{"kind":["truth"]}\n', "is no kind of row"),
        (TRUTH[:-1], "last line is not ended"),
        (TRUTH.replace(b",", b", "), "not in canonical form"),
        (TRUTH.replace(b"0x01", b"0X01"), "winner: .* is not a 0x string"),
        (TRUTH.replace(b'"item":"3"', b'"item":"03"'), "not in canonical form"),
        (TRUTH.replace(b'"item":"3"', b'"item":3'), "item: 3 is not a decimal string"),
        (TRUTH.replace(b'"item":"3"', '"item":"٣"'.encode()), "item: .* is not a decimal string"),
        (TRUTH.replace(b'"item":"3"', b'"item":"18446744073709551616"'), "item: .* does not fit uint64"),
        (TRUTH.replace(b"65536", b"65536.0"), "is not an integer"),
        (TRUTH.replace(b"65536", b"true"), "confidenceQ16: True is not a number"),
        (TRUTH.replace(b"65536", b"4294967296"), "confidenceQ16: .* is not a number of uint32"),
        (TRUTH.replace(b"65536", b"-1"), "confidenceQ16: -1 is not a number"),
        (TRUTH.replace(b"true", b"1"), "accepted: 1 is not a bool"),
        (TRUTH.replace(b'"item":"3",', b""), "has fields"),
        (TRUTH.replace(b'"item":"3",', b'"item":"3","it":"3",'), "has fields"),
        (TRUTH.replace(b'"item":"3",', b'"item":"3","item":"3",'), "the name 'item' comes more than once"),
        (TRUTH.replace(b"0x010000", b"0x 010000"), "winner"),
        (TRUTH.replace(b"0x010000", b"0x01000"), "winner"),
        (TRUTH.replace(b'"item":"3"', b'"item":"' + b"9" * 5000 + b'"'), "item"),
        (b"\xff\n", "not JSON"),
    ],
)
def test_a_line_that_is_not_its_rows_only_spelling_is_refused(line: bytes, fault: str) -> None:
    with pytest.raises(EvidenceError, match=fault):
        rows(line)


SCORE = next(row for row in BUILT.rows if isinstance(row, ScoreRow))


@given(st.integers(-(2**31), 2**31 - 1))
def test_skill_may_be_negative(skill: int) -> None:
    row = replace(SCORE, skill_q16=skill)
    line = write_row(row)
    assert rows(line) == [row]
    assert b'"skillQ16":%d,' % skill in line or b'"skillQ16":%d}' % skill in line


@pytest.mark.parametrize("skill", [b"-2147483649", b"2147483648", b"true", b'"-5"'])
def test_skill_keeps_to_32_bits(skill: bytes) -> None:
    line = write_row(replace(SCORE, skill_q16=-5)).replace(b'"skillQ16":-5', b'"skillQ16":' + skill)
    with pytest.raises(EvidenceError, match=r"skillQ16: .* is not a number of int32"):
        rows(line)


@pytest.mark.parametrize("skill", [b"-0", b"-05", b"-5.0", b"- 5"])
def test_a_negative_number_has_one_spelling(skill: bytes) -> None:
    line = write_row(replace(SCORE, skill_q16=-5)).replace(b'"skillQ16":-5', b'"skillQ16":' + skill)
    with pytest.raises(EvidenceError):
        rows(line)


@pytest.mark.parametrize("name", [b"labels", b"unopened", b"items", b"gold"])
def test_no_other_number_of_a_score_may_be_negative(name: bytes) -> None:
    row = replace(SCORE, labels=7, unopened=7, items=7, gold=7)
    line = write_row(row).replace(b'"%s":7' % name, b'"%s":-7' % name)
    with pytest.raises(EvidenceError, match="-7 is not a number of uint32"):
        rows(line)


def test_arrays_hold_one_type() -> None:
    commit = next(line for line in LINES if b'"items":[0,1,2]' in line)
    for items in (b"[0,true,2]", b"[0,-1,2]", b"[0,4294967296,2]", b'[0,"1",2]', b"5", b"[[0],1,2]"):
        with pytest.raises(EvidenceError, match="items"):
            rows(commit.replace(b"[0,1,2]", items))


def test_kinds_come_in_order() -> None:
    with pytest.raises(EvidenceError, match="line 2: a spec stands too late"):
        rows(TRUTH, LINES[1])


def test_lines_and_bundle_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_LINE_BYTES", len(TRUTH))
    assert len(rows(TRUTH, TRUTH)) == 2
    with pytest.raises(EvidenceError, match="a line is longer"):
        rows(TRUTH[:-1], b"   ")
    monkeypatch.setattr(evidence, "MAX_BUNDLE_BYTES", 2 * len(TRUTH) - 1)
    with pytest.raises(EvidenceError, match="the bundle is larger"):
        rows(TRUTH, TRUTH)
