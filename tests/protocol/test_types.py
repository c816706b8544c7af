from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import InputError, LabelshareError
from labelshare.types import Address, Hash32, keccak
from tests.protocol.world import SCHEDULE, pool_params

# The examples of EIP-55.
CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_addresses_print_with_their_checksum(text: str) -> None:
    assert str(Address(text)) == f"{Address(text.lower())}" == text
    assert Address(text) == bytes.fromhex(text[2:]) == Address("0x" + text[2:].upper())


def test_a_wrong_checksum_is_refused() -> None:
    with pytest.raises(InputError, match="wrong address checksum"):
        Address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0x",
        "0x" + "1" * 39,
        "1" * 40,
        "0x" + "1" * 41,
        "0x" + "g" * 40,
        "0x" + " 1" * 20,
        b"",
        bytes(19),
        bytes(32),
        5,
        None,
    ],
)
def test_an_address_has_one_length_and_form(value: object) -> None:
    with pytest.raises(InputError, match="20 bytes"):
        Address(value)  # type: ignore[arg-type]


@given(st.binary(min_size=32, max_size=32))
def test_hashes_survive_their_text(value: bytes) -> None:
    assert Hash32(str(Hash32(value))) == value
    assert pickle.loads(pickle.dumps(Hash32(value))) == value
    assert repr(Hash32(value)) == f"Hash32('0x{value.hex()}')"


def test_keccak_is_the_chains_hash() -> None:
    assert str(keccak(b"")) == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_the_time_line_follows_from_the_schedule() -> None:
    assert [SCHEDULE.round_start(2), SCHEDULE.aggregate_close(2), SCHEDULE.round_end(2)] == [4200, 4600, 4800]
    assert (SCHEDULE.commit_end, SCHEDULE.reveal_end, SCHEDULE.settle_end) == (4800, 5300, 5700)
    assert SCHEDULE.dispute_time == 4 * 300 + 3 * 100
    assert SCHEDULE.propose_end == 5700 + 2 * (700 + 800 + 1500)
    assert SCHEDULE.hard_end == SCHEDULE.propose_end + 1500 + 50
    assert SCHEDULE.slash_end(6000) == 6050
    assert SCHEDULE.slash_end(SCHEDULE.hard_end - 49) == SCHEDULE.hard_end


def test_a_campaigns_slice_of_a_seat_rounds_down() -> None:
    assert pool_params(seat_stake=1_000_003, max_open=4).campaign_slice == 250_000


def test_one_error_catches_all() -> None:
    import labelshare.errors as module

    for name in module.__all__:
        assert issubclass(getattr(module, name), LabelshareError)
        assert name in (module.__doc__ or "")
