"""The bundle: all evidence of a settlement as JSON Lines, each line one canonical JSON row with a `kind`.

Order of the lines: one header, one spec, seats by annotator, rounds by number, commits by round, annotator,
batch and commit hash, openings in the order of their commits, gold by item, truths by item, scores by
annotator, payouts by index, one summary. Bytes are a function of the evidence, so their sha256 names the
bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self, TypeAlias, TypeVar

from labelshare.errors import EvidenceError, InputError
from labelshare.protocol import canonical, rows
from labelshare.protocol.labels import digest
from labelshare.protocol.leaves import Payout, Truth
from labelshare.protocol.record import Record
from labelshare.protocol.spec import MAX_SPEC_BYTES
from labelshare.types import (
    I32,
    U32,
    U64,
    U128,
    U256,
    Address,
    CampaignId,
    CampaignParams,
    Commit,
    Hash32,
    PoolParams,
    Settlement,
)

__all__ = [
    "BUNDLE_VERSION",
    "MAX_BUNDLE_BYTES",
    "MAX_LINE_BYTES",
    "CommitRow",
    "GoldRow",
    "Header",
    "OpeningRow",
    "PayoutRow",
    "Reader",
    "RoundRow",
    "Row",
    "ScoreRow",
    "SeatRow",
    "SpecRow",
    "SummaryRow",
    "TruthRow",
    "bundle_hash",
    "header_of",
    "read",
    "write_row",
]

BUNDLE_VERSION: Final = "labelshare.bundle.v1"
MAX_LINE_BYTES: Final = MAX_SPEC_BYTES + 1024
MAX_BUNDLE_BYTES: Final = 8 * 1024**3


@dataclass(frozen=True, slots=True)
class Header:
    """Which campaign the bundle is about, with the parameters that hash to its ids."""

    version: str
    chain_id: U256
    registry: Address
    campaign_id: CampaignId
    params: CampaignParams
    pool: PoolParams


@dataclass(frozen=True, slots=True)
class SpecRow:
    """The spec: its canonical bytes, which hash to `specHash` and stand in the line unchanged."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat with its Enrol signature; empty where it enrolled alone, and in a public settlement."""

    annotator: Address
    signature: bytes


@dataclass(frozen=True, slots=True)
class RoundRow:
    """The aggregate of a round as posted."""

    round: U32
    root: Hash32
    item_lists_hash: Hash32


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A commitment.

    One of the oracle's aggregate has a signature and its published items; one sent to the chain alone has
    neither, nor has any in a public settlement.
    """

    annotator: Address
    round: U32
    batch: U32
    root: Hash32
    count: U32
    cumulative_count: U32
    signature: bytes
    items: tuple[U32, ...]

    @property
    def commit(self) -> Commit:
        """The statement that was signed or sent."""
        return Commit(self.round, self.batch, self.root, self.count, self.cumulative_count)


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """What opens a commitment."""

    annotator: Address
    commit_hash: Hash32
    secret: Hash32
    items: tuple[U32, ...]
    labels: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class GoldRow:
    """The requester's answer for a gold item, and whether it is void: the skilled contradict it."""

    item: U64
    label: bytes
    void: bool


@dataclass(frozen=True, slots=True)
class TruthRow:
    """The verdict on an item: the winning label, its confidence in 1/65,536, whether it is accepted."""

    item: U64
    winner: bytes
    confidence_q16: U32
    accepted: bool

    @property
    def leaf(self) -> Truth:
        """The values of the leaf."""
        return Truth(self.item, digest(self.winner), self.confidence_q16, self.accepted)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """What the work of one annotator came to: everyone with a standing commitment has one.

    Attributes:
        annotator: Who. labels: That count. accepted, contested: Of these, equal to the winner of an
        accepted item; on an item not accepted. unopened: Labels committed and never opened. compared,
        agreed, chance, items: n, A, X and T of the skill that pay goes by (`skill.Comparison`), each
            gold answer counted as often as the spec weighs it.
        gold, gold_right: Answers on gold items that are not void, and those of them that are right.
        skill_q16: The skill in 1/65,536, rounded down, at least −65,536.
        flagged: Whether both kinds of evidence for a slash are there, the circuit breaker apart.
    """

    annotator: Address
    labels: U32
    accepted: U32
    contested: U32
    unopened: U32
    compared: U32
    agreed: U32
    chance: U64
    items: U32
    gold: U32
    gold_right: U32
    skill_q16: I32
    flagged: bool


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A row of the payout tree."""

    index: U64
    account: Address
    payout: U128
    shares: U128
    slash: U128
    cum_payout: U128
    cum_shares: U128

    @classmethod
    def of(cls, row: Payout) -> Self:
        """The row of a leaf."""
        amounts = (row.payout, row.shares, row.slash, row.cum_payout, row.cum_shares)
        return cls(row.index, row.account, *amounts)

    @property
    def leaf(self) -> Payout:
        """The values of the leaf."""
        amounts = (self.payout, self.shares, self.slash, self.cum_payout, self.cum_shares)
        return Payout(self.index, self.account, *amounts)


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The last line: the settlement but for the hash of the bundle itself."""

    payout_root: Hash32
    label_root: Hash32
    model_root: Hash32
    truth_root: Hash32
    payout_total: U128
    share_total: U128
    leaves: U32

    def settlement(self, name: Hash32) -> Settlement:
        """The settlement, with `name` as the bundle's hash."""
        roots = (self.payout_root, self.label_root, self.model_root, self.truth_root)
        return Settlement(*roots, self.payout_total, self.share_total, self.leaves, name)


Line = TypeVar("Line", bytes, bytearray)

Row: TypeAlias = (
    Header
    | SpecRow
    | SeatRow
    | RoundRow
    | CommitRow
    | OpeningRow
    | GoldRow
    | TruthRow
    | ScoreRow
    | PayoutRow
    | SummaryRow
)

_KINDS: Final[dict[str, type[Row]]] = {
    "header": Header,
    "spec": SpecRow,
    "seat": SeatRow,
    "round": RoundRow,
    "commit": CommitRow,
    "opening": OpeningRow,
    "gold": GoldRow,
    "truth": TruthRow,
    "score": ScoreRow,
    "payout": PayoutRow,
    "summary": SummaryRow,
}
_SPEC_HEAD: Final = b'{"kind":"spec","spec":'
_NAMES: Final = {struct: kind for kind, struct in _KINDS.items()}
_PLACES: Final = {struct: place for place, struct in enumerate(_KINDS.values())}


def header_of(record: Record) -> Header:
    """The header of a campaign's bundle."""
    return Header(
        BUNDLE_VERSION, record.chain_id, record.registry, record.campaign_id, record.params, record.pool
    )


def write_row(row: Row) -> bytes:
    """One line of a bundle."""
    if isinstance(row, SpecRow):
        return _SPEC_HEAD + row.data + b"}\n"
    return rows.to_line(row, _NAMES[type(row)])


def bundle_hash(chunks: Iterable[bytes]) -> Hash32:
    """sha256 of bundle bytes given in pieces."""
    state = sha256()
    for chunk in chunks:
        state.update(chunk)
    return Hash32(state.digest())


def read(chunks: Iterable[bytes]) -> Iterator[Row]:
    """Read a bundle from its bytes, in pieces of any size.

    Yields:
        Rows; kinds come in their order, and each line is the only spelling of its row.

    Raises:
        EvidenceError: At the first line that is malformed, too long, or of a kind out of order.
    """
    reader = Reader(chunks)
    while reader.row is not None:
        yield reader.row
        reader.advance()


class Reader:
    """A bundle's rows from its bytes: one at hand, and parsed when asked for. Raises as `read` does."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._lines = _lines(chunks)
        self._number = self._place = 0
        self.advance()

    def advance(self) -> None:
        """Go on to the next line."""
        self._line = next(self._lines, None)
        self._row: Row | None = None
        self._number += 1

    @property
    def row(self) -> Row | None:
        """The row at hand, None at the end."""
        if self._row is None and self._line is not None:
            self._row = self._parsed(self._line)
        return self._row

    def passes(self, line: bytes) -> bool:
        """Go on if the line at hand is this one, newline included; it need not be parsed then."""
        if self._line is None or len(line) != len(self._line) + 1 or not line.startswith(self._line):
            return False
        self.advance()
        return True

    def _parsed(self, line: bytes) -> Row:
        row = _read_row(line, self._number)
        if _PLACES[type(row)] < self._place:
            raise EvidenceError(f"line {self._number}: a {_NAMES[type(row)]} stands too late")
        self._place = _PLACES[type(row)]
        return row


def _read_row(line: bytes, number: int) -> Row:
    if line.startswith(_SPEC_HEAD) and line.endswith(b"}"):
        return SpecRow(line[len(_SPEC_HEAD) : -1])
    try:
        row = _row_of(canonical.parse(line))
    except InputError as error:
        raise EvidenceError(f"line {number}: {error}") from None
    if write_row(row) != line + b"\n":
        raise EvidenceError(f"line {number}: not in canonical form")
    return row


def _row_of(value: Any) -> Row:
    kind = value.pop("kind", None) if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputError(f"{kind!r:.80} is no kind of row")
    return rows.from_json(_KINDS[kind], value)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    total, rest = 0, bytearray()
    for chunk in chunks:
        total += len(chunk)
        *complete, tail = chunk.split(b"\n")
        for line in complete:
            yield _bounded(bytes(rest + line), total)
            rest.clear()
        rest += tail
        _bounded(rest, total)
    if rest:
        raise EvidenceError("the last line is not ended")


def _bounded(line: Line, total: int) -> Line:
    if len(line) > MAX_LINE_BYTES:
        raise EvidenceError(f"a line is longer than {MAX_LINE_BYTES} bytes")
    if total > MAX_BUNDLE_BYTES:
        raise EvidenceError(f"the bundle is larger than {MAX_BUNDLE_BYTES} bytes")
    return line
