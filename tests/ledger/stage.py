"""The compiled contracts on a bare EVM, with the people who use them, before anything has happened.

Deployed once a process; every `Stage` begins from there.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from labelshare.chain import abi, artifacts
from labelshare.chain.reverts import decode_revert
from labelshare.protocol import abi as ids
from labelshare.protocol.ledger import (
    Books,
    Call,
    Dataset,
    Ledger,
    Limits,
    Place,
    create_dataset,
    create_pool,
)
from labelshare.protocol.typed_data import address_of
from labelshare.types import Address, PoolId, PoolParams, keccak
from tests.evm import Evm, Kept, RevertedError

CHAIN_ID = 31_337
DAY = 86_400
NOBODY = Address(bytes(20))
KEYS = {
    name: bytes(keccak(name.encode()))
    for name in ("requester", "oracle", "anna", "bert", "cora", "stranger", "rival", "dora")
}
REQUESTER, ORACLE, ANNA, BERT, CORA, STRANGER, RIVAL, DORA = (address_of(key) for key in KEYS.values())
KEY_OF = {address_of(key): key for key in KEYS.values()}
ACTORS = tuple(KEY_OF)
ANNOTATORS = (ANNA, BERT, CORA)
DEPLOYER = Address(keccak(b"deployer")[12:])

LIMITS = Limits(min_period=10, min_rescue=20, max_period=10 * DAY, max_horizon=400 * DAY)
SUPPLY = 2**120
RICH, POOR = 2**100, 5_000_000
ONE_SHARE = 10**18
MAX_SHARES = 12 * ONE_SHARE
ETHER = 10**18
ARBITRATION_COST = 250


class Props(NamedTuple):
    """What stands on the stage."""

    registry: Address
    arbitrator: Address
    tokens: tuple[Address, Address]
    datasets: tuple[Address, Address]
    pools: tuple[tuple[PoolId, PoolParams], ...]


class Stage:
    """One chain to play on."""

    def __init__(self) -> None:
        kept, self.props, self.opening = _deployed()
        self.evm = Evm(kept)

    def call(self, sender: Address, name: str, *arguments: Any, value: int = 0) -> bytes:
        """Calls a function of the registry by its name."""
        data = abi.function("ITaskRegistry", name).encode_call(arguments)
        return self.evm.send(sender, self.props.registry, data, value)

    def share_call(self, sender: Address, share: Address, name: str, *arguments: Any) -> bytes:
        """Calls a function of a share by its name."""
        return self.evm.send(sender, share, abi.function("ContributorShare", name).encode_call(arguments))


def reason(error: RevertedError) -> str:
    """The name of the error that a contract reverted with."""
    return decode_revert(error.data).name


@cache
def _deployed() -> tuple[Kept, Props, Ledger]:
    evm = Evm(chain_id=CHAIN_ID)
    tokens = (_token(evm, "Gold"), _token(evm, "Silver"))
    registry, arbitrator = _registry(evm), evm.create(DEPLOYER, _arbitrator_code())
    datasets = tuple(_dataset(evm, registry, token) for token in tokens)
    pools = tuple(_pool(evm, registry, rules) for rules in _pool_rules(tokens, arbitrator))
    for token in tokens:
        _endow(evm, token, (registry, *datasets))
    for account in ACTORS:
        evm.give_ether(account, ETHER)
    props = Props(registry, arbitrator, tokens, (datasets[0], datasets[1]), pools)
    return evm.kept(), props, _opening(props)


def _create(evm: Evm, name: str, *arguments: Any) -> Address:
    code = artifacts.load(name).bytecode
    return evm.create(DEPLOYER, code + abi.constructor(name).encode_arguments(arguments))


def _token(evm: Evm, name: str) -> Address:
    return _create(evm, "RewardToken", name, name.upper(), 6, SUPPLY)


def _registry(evm: Evm) -> Address:
    contests = _create(evm, "RegistryContests")
    extension = _create(evm, "RegistryExtension", contests)
    limits = (LIMITS.min_period, LIMITS.min_rescue, LIMITS.max_period, LIMITS.max_horizon)
    return _create(evm, "TaskRegistry", limits, extension)


def _dataset(evm: Evm, registry: Address, token: Address) -> Address:
    create = abi.function("ITaskRegistry", "createDataset")
    answer = evm.send(
        REQUESTER, registry, create.encode_call(("Street signs", "SIGN", token, 9_000, MAX_SHARES))
    )
    return Address(answer[12:])


def _pool_rules(tokens: tuple[Address, Address], arbitrator: Address) -> tuple[PoolParams, ...]:
    """A judged pool, one that nobody judges, in another token, and one with room for many campaigns."""
    gold, silver = tokens
    return (
        PoolParams(ORACLE, gold, 1_000_003, 60 * DAY, 3, NOBODY, arbitrator, 1_001, NOBODY, 0),
        PoolParams(ORACLE, silver, 50_021, 60 * DAY, 1, NOBODY, NOBODY, 0, NOBODY, 1),
        PoolParams(ORACLE, gold, 640, 60 * DAY, 64, NOBODY, arbitrator, 10**9, NOBODY, 2),
    )


def _pool(evm: Evm, registry: Address, rules: PoolParams) -> tuple[PoolId, PoolParams]:
    evm.send(ORACLE, registry, abi.function("ITaskRegistry", "createPool").encode_call((rules,)))
    return ids.pool_id(CHAIN_ID, registry, rules), rules


def _endow(evm: Evm, token: Address, spenders: tuple[Address, ...]) -> None:
    for account in ACTORS:
        evm.call(DEPLOYER, token, "transfer(address,uint256)", account, _wealth(account))
        for spender in spenders:
            evm.call(account, token, "approve(address,uint256)", spender, 2**256 - 1)


def _wealth(account: Address) -> int:
    return POOR if account in {STRANGER, CORA} else RICH


def _opening(props: Props) -> Ledger:
    """The model of the same stage."""
    books = Books(
        {Place.wallet(token, account): _wealth(account) for token in props.tokens for account in ACTORS}
        | {Place.wallet(NOBODY, account): ETHER for account in ACTORS}
    )
    ledger = Ledger(LIMITS, books)
    for share in props.datasets:
        ledger = create_dataset(ledger, Call(REQUESTER, 0), share, 9_000, MAX_SHARES).ledger
        assert ledger.datasets[share] == Dataset(REQUESTER, MAX_SHARES)
    for name, rules in props.pools:
        ledger = create_pool(ledger, Call(ORACLE, 0), name, rules).ledger
    return ledger


def _arbitrator_code() -> bytes:
    """Creation code of an arbitrator that numbers its disputes from 1 and asks `ARBITRATION_COST`.

    It rules when a test calls the registry in its name.
    """
    asked = keccak(b"arbitrationCost(bytes)")[:4]
    runtime = bytes.fromhex("5f3560e01c63") + asked + bytes.fromhex("14601c57")  # asked the cost: on at 0x1c
    runtime += bytes.fromhex("5f54600101805f555f5260205ff3")  # a dispute more: stored and returned
    runtime += bytes.fromhex("5b61") + ARBITRATION_COST.to_bytes(2) + bytes.fromhex("5f5260205ff3")
    return bytes([0x60, len(runtime)]) + bytes.fromhex("8060095f395ff3") + runtime
