"""Ids, amounts and the structs that Python shares with the contracts.

Addresses and hashes are `bytes`: they compare, sort and concatenate as the contracts do, at no cost on the
hot path, and print as 0x strings. Integers carry their ABI type in the annotation (`U96` is `uint96`), which
is the one source for the ABI encoding, the range check and the JSON form. Field order is ABI order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, NewType, Self

from sha3 import keccak_256

from labelshare.errors import InputError

__all__ = [
    "NOBODY",
    "ZERO_HASH",
    "Address",
    "CampaignId",
    "CampaignParams",
    "Commit",
    "FixedBytes",
    "Hash32",
    "Inclusion",
    "PoolId",
    "PoolParams",
    "Schedule",
    "Scope",
    "Settlement",
    "I32",
    "U8",
    "U16",
    "U32",
    "U40",
    "U64",
    "U96",
    "U128",
    "U256",
    "keccak",
]


def keccak(data: bytes) -> Hash32:
    """Keccak-256 as Ethereum uses it."""
    return Hash32(keccak_256(data).digest())


class FixedBytes(bytes):
    """Bytes of one fixed length, written as a 0x string.

    Accepts bytes or a 0x-prefixed hex string; raises `InputError` for anything else or a wrong length.
    """

    SIZE: ClassVar[int]
    __slots__ = ()

    def __new__(cls, value: bytes | str) -> Self:
        """Take bytes or a 0x string of the right length."""
        raw = cls._parse(value) if isinstance(value, str) else value
        if not isinstance(raw, bytes | bytearray) or len(raw) != cls.SIZE:
            raise InputError(
                f"{cls.__name__} needs {cls.SIZE} bytes or 0x and {2 * cls.SIZE} hex digits: {value!r}"
            )
        return super().__new__(cls, raw)

    @classmethod
    def _parse(cls, text: str) -> bytes | None:
        digits = text[2:] if text.startswith("0x") else ""
        if len(digits) != 2 * cls.SIZE or not digits.isalnum():
            return None
        try:
            return bytes.fromhex(digits)
        except ValueError:
            return None

    def __str__(self) -> str:
        return "0x" + self.hex()

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self}')"


class Hash32(FixedBytes):
    """A 32-byte hash, root or id."""

    SIZE = 32
    __slots__ = ()


class Address(FixedBytes):
    """A 20-byte account or contract; prints with the EIP-55 checksum.

    Strings are taken in lower case, upper case or with a correct checksum; a mixed-case string with a wrong
    checksum raises `InputError`.
    """

    SIZE = 20
    __slots__ = ()

    @classmethod
    def _parse(cls, text: str) -> bytes | None:
        raw = super()._parse(text)
        digits = text[2:]
        if raw is not None and digits not in (digits.lower(), digits.upper()) and _checksummed(raw) != text:
            raise InputError(f"wrong address checksum: {text}")
        return raw

    def __str__(self) -> str:
        return _checksummed(bytes(self))


@lru_cache(maxsize=65_536)
def _checksummed(address: bytes) -> str:
    """EIP-55: a letter is upper case where the hash of the lower-case digits has a nibble of 8 or more."""
    digits = address.hex()
    nibbles = keccak_256(digits.encode()).hexdigest()
    return "0x" + "".join(d.upper() if n > "7" else d for d, n in zip(digits, nibbles, strict=False))


NOBODY = Address(bytes(20))
ZERO_HASH = Hash32(bytes(32))

CampaignId = NewType("CampaignId", Hash32)
PoolId = NewType("PoolId", Hash32)

U8 = Annotated[int, "uint8"]
U16 = Annotated[int, "uint16"]
U32 = Annotated[int, "uint32"]
U40 = Annotated[int, "uint40"]
U64 = Annotated[int, "uint64"]
U96 = Annotated[int, "uint96"]
U128 = Annotated[int, "uint128"]
U256 = Annotated[int, "uint256"]
I32 = Annotated[int, "int32"]


@dataclass(frozen=True, slots=True)
class PoolParams:
    """What a pool is, for ever: `seat_stake` in the token's base units, `unbonding` in seconds.

    By default anyone may join, no arbitrator rules on contests, and the chain itself gives the seed.
    """

    oracle: Address
    token: Address
    seat_stake: U96
    unbonding: U40
    max_open: U16
    gate: Address = NOBODY
    arbitrator: Address = NOBODY
    arbitration_refund: U128 = 0
    randomness: Address = NOBODY
    nonce: U64 = 0

    @property
    def campaign_slice(self) -> int:
        """The part of a seat's stake that one campaign may slash, rounded down."""
        return self.seat_stake // self.max_open if self.max_open else 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The time line of a campaign: Unix seconds and durations in seconds.

    Intervals are half open: allowed from the start until before the end.
    """

    accept_end: U40
    enrol_end: U40
    work_start: U40
    round_length: U40
    grace: U40
    rounds: U16
    tries: U8
    reveal_period: U40
    settle_period: U40
    window: U40
    ruling_period: U40
    rescue_period: U40
    public_period: U40
    slash_window: U40

    def round_start(self, number: int) -> int:
        """When round `number` (from 0) begins."""
        return self.work_start + number * self.round_length

    def round_end(self, number: int) -> int:
        """When round `number` ends, its grace included."""
        return self.round_start(number) + self.round_length

    def aggregate_close(self, number: int) -> int:
        """When the oracle's root of round `number` must stand; the grace follows."""
        return self.round_end(number) - self.grace

    @property
    def commit_end(self) -> int:
        """When the last round ends."""
        return self.work_start + self.rounds * self.round_length

    @property
    def reveal_end(self) -> int:
        """When openings and gold must be in."""
        return self.commit_end + self.reveal_period

    @property
    def settle_end(self) -> int:
        """When the oracle's sole right to propose ends."""
        return self.reveal_end + self.settle_period

    @property
    def dispute_time(self) -> int:
        """The longest time a proposal can take: four windows and three rulings."""
        return 4 * self.window + 3 * self.ruling_period

    @property
    def propose_end(self) -> int:
        """When all proposing ends, every try contested to its end; what is open then can expire."""
        one_try = self.rescue_period + self.public_period + self.dispute_time
        return self.settle_end + self.tries * one_try

    @property
    def hard_end(self) -> int:
        """When every path has ended, slashes included."""
        return self.propose_end + self.dispute_time + self.slash_window

    def slash_end(self, since: int) -> int:
        """When slashing ends, and the pool may have its place back, in a campaign final at `since`."""
        return min(since + self.slash_window, self.hard_end)


@dataclass(frozen=True, slots=True)
class CampaignParams:
    """All parameters of a campaign; its id is their hash. Amounts in base units, `fee_bps` in 1/10,000."""

    pool: PoolId
    dataset: Address
    requester: Address
    oracle: Address
    token: Address
    spec_hash: Hash32
    share_cap: U96
    stake_per_label: U128
    fee_bps: U16
    nonce: U64
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a proposer posts: roots and totals. Totals in base units, `leaves` counts payout leaves."""

    payout_root: Hash32
    label_root: Hash32
    model_root: Hash32
    truth_root: Hash32
    payout_total: U128
    share_total: U128
    leaves: U32
    bundle_hash: Hash32


@dataclass(frozen=True, slots=True)
class Commit:
    """An annotator's commitment to one batch; `cumulative_count` includes the batch itself."""

    round: U32
    batch: U32
    root: Hash32
    count: U32
    cumulative_count: U32


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A commitment with what shows that its annotator signed it and that it was in time.

    Attributes:
        annotator: Who committed.
        commit: What.
        signature: The annotator's over `commit`; empty where it sent the commitment to the chain alone.
        proof: The place under the root of its round; empty likewise.
    """

    annotator: Address
    commit: Commit
    signature: bytes = b""
    proof: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The campaign a statement belongs to: no signature and no leaf holds outside its scope."""

    chain_id: int
    registry: Address
    campaign_id: CampaignId
