"""The hand-made encoding against eth_abi."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode as reference
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import InputError
from labelshare.protocol import abi
from labelshare.protocol.domains import Kind, domain
from labelshare.types import (
    Address,
    CampaignId,
    CampaignParams,
    Hash32,
    PoolId,
    PoolParams,
    Schedule,
    Scope,
    keccak,
)
from tests.protocol.world import REGISTRY, SCHEDULE, pool_params, small_world

POOL = "(address,address,uint96,uint40,uint16,address,address,uint128,address,uint64)"
SCHEDULE_TYPE = (
    "(uint40,uint40,uint40,uint40,uint40,uint16,uint8,uint40,uint40,uint40,uint40,uint40,uint40,uint40)"
)
CAMPAIGN = f"(bytes32,address,address,address,address,bytes32,uint96,uint128,uint16,uint64,{SCHEDULE_TYPE})"

addresses = st.binary(min_size=20, max_size=20).map(Address)
hashes = st.binary(min_size=32, max_size=32).map(Hash32)


def uints(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


def structs(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a struct of labelshare.types."""
    return st.builds(kind, **{name: values_of(annotation) for name, annotation in abi.field_types(kind)})


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    if bits := abi.uint_bits(annotation):
        return uints(bits)
    if annotation is Schedule:
        return structs(Schedule)
    return addresses if annotation is Address else hashes


@given(structs(PoolParams), uints(64), addresses)
def test_pool_ids(params: PoolParams, chain_id: int, registry: Address) -> None:
    encoded = reference(["uint256", "address", POOL], [chain_id, registry, abi.values(params)])
    assert abi.pool_id(chain_id, registry, params) == keccak(encoded)


@given(structs(CampaignParams), uints(64), addresses)
def test_campaign_ids(params: CampaignParams, chain_id: int, registry: Address) -> None:
    encoded = reference(["uint256", "address", CAMPAIGN], [chain_id, registry, abi.values(params)])
    assert abi.campaign_id(chain_id, registry, params) == keccak(encoded)


@given(st.sampled_from(Kind), uints(256), addresses, hashes)
def test_domains(kind: Kind, chain_id: int, registry: Address, campaign: Hash32) -> None:
    encoded = reference(
        ["string", "uint256", "address", "bytes32"], [kind.value, chain_id, registry, campaign]
    )
    assert domain(kind, Scope(chain_id, registry, CampaignId(campaign))) == keccak(encoded)


def test_every_parameter_changes_the_id() -> None:
    world = small_world()
    known = {world.scope.campaign_id, abi.campaign_id(1, REGISTRY, world.campaign)}
    for name, annotation in abi.field_types(CampaignParams):
        value = getattr(world.campaign, name)
        if annotation is Schedule:
            known |= {
                abi.campaign_id(
                    31337, REGISTRY, replace(world.campaign, schedule=replace(SCHEDULE, **{field: 9}))
                )
                for field, _ in abi.field_types(Schedule)
            }
        else:
            other: Any = (
                value + 1 if isinstance(value, int) else type(value)(bytes([value[0] ^ 1]) + value[1:])
            )
            known.add(abi.campaign_id(31337, REGISTRY, replace(world.campaign, **{name: other})))
    assert len(known) == 2 + 10 + 14


@pytest.mark.parametrize(("field", "value"), [("max_open", 65_536), ("seat_stake", -1), ("nonce", 2**64)])
def test_a_value_out_of_range_is_named(field: str, value: int) -> None:
    with pytest.raises(InputError, match=rf"PoolParams\.{field}: {value} does not fit"):
        abi.pool_id(1, REGISTRY, pool_params(**{field: value}))


def test_a_struct_becomes_the_tuple_that_abi_libraries_take() -> None:
    values = abi.values(small_world().campaign)
    assert values[0] == PoolId(abi.pool_id(31337, REGISTRY, pool_params()))
    assert values[-1] == tuple(getattr(SCHEDULE, name) for name, _ in abi.field_types(Schedule))
