"""The peer: one whole job of HUMAN Protocol, its published contracts unchanged.

A job is `createEscrow`, the funding transfer, `setup`, `storeResults` (no payout without the reservation it
makes), `bulkPayOut` in batches as large as the escrow takes, and `complete`, which returns what nobody
earned. `bulkPayOut` itself pushes the tokens into the annotators' wallets.

What a protocol in use has already is prepared and not counted: contracts deployed, the requester's stake, the
oracles' fees in the key-value store, an earlier job through the factory that left each oracle some tokens.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from web3 import Web3

from benchmarks.gas import peer_package
from benchmarks.gas.meter import Meter, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eth_typing import ChecksumAddress
    from web3.contract.contract import Contract

ASIDE: frozenset[str] = frozenset()

BATCH: Final = 100  # Escrow.BULK_MAX_COUNT: most recipients of one bulkPayOut
HAND_OUT: Final = 99  # HMToken.transferBulk takes fewer than 100

TOKEN: Final = 10**18
FEE_PERCENT: Final = 5  # of each of three oracles; any fee above 0 costs the same gas
SURPLUS: Final = 10 * TOKEN

# Manifest and results are named as our bundles are, by CIDv1 (raw, SHA-256) and digest: 66 and 64 characters.
_CONTENT: Final = sha256(b"results")
URL: Final = (
    f"ipfs://b{b32encode(bytes.fromhex('01551220') + _CONTENT.digest()).decode().lower().rstrip('=')}"
)
HASH: Final = _CONTENT.hexdigest()
PAYOUT_ID: Final = "0b3f1f5e-5f0d-4c8e-9a3b-{:012d}"  # a UUID, as HUMAN's own oracle sends

COMPLETE: Final = 4  # IEscrow.EscrowStatuses

_STORE: Final = "storeResults(string,string,uint256)"
_PAY: Final = "bulkPayOut(address[],uint256[],string,string,string,bool)"


def run(web3: Web3, annotators: int, held: bool) -> dict[str, int]:
    """One job that pays `annotators`; see `benchmarks.gas.job.Job.run`."""
    deployment = _deploy(web3)
    _prepare(deployment)
    _job(deployment, _wallets("earlier", 1))
    wallets = _wallets("annotator", annotators)
    if held:
        _hand_out(deployment, wallets)
    return _job(deployment, wallets)


@dataclass(frozen=True)
class _Deployment:
    web3: Web3
    token: Contract
    staking: Contract
    fees: Contract
    factory: Contract
    operator: ChecksumAddress
    requester: ChecksumAddress
    reputation: ChecksumAddress
    recording: ChecksumAddress
    exchange: ChecksumAddress


def _deploy(web3: Web3) -> _Deployment:
    accounts: Sequence[ChecksumAddress] = web3.eth.accounts
    operator, requester, reputation, recording, exchange = accounts[:5]

    def deploy(path: str, *arguments: object) -> Contract:
        artifact = peer_package.artifact(path)
        contract = web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = send(web3, contract.constructor(*arguments), operator)
        return contract(receipt["contractAddress"])

    token = deploy("contracts/HMToken", 10**9, "HUMAN", 18, "HMT")
    staking = deploy("contracts/Staking", token.address, 1, 1, 1)
    fees = deploy("contracts/KVStore")
    logic = deploy("contracts/EscrowFactory")
    start = logic.encode_abi("initialize", [staking.address, 1, fees.address])
    proxy = deploy("@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy", logic.address, start)
    factory = web3.eth.contract(proxy.address, abi=logic.abi)
    return _Deployment(
        web3, token, staking, fees, factory, operator, requester, reputation, recording, exchange
    )


def _prepare(on: _Deployment) -> None:
    send(on.web3, on.token.functions.transfer(on.requester, 10**6 * TOKEN), on.operator)
    send(on.web3, on.token.functions.approve(on.staking.address, TOKEN), on.requester)
    send(on.web3, on.staking.functions.stake(TOKEN), on.requester)
    for oracle in (on.reputation, on.recording, on.exchange):
        send(on.web3, on.fees.functions.set("fee", str(FEE_PERCENT)), oracle)


def _hand_out(on: _Deployment, wallets: Sequence[ChecksumAddress]) -> None:
    for number, part in enumerate(_batches(wallets, HAND_OUT)):
        send(on.web3, on.token.functions.transferBulk(part, [1] * len(part), number), on.operator)


def _job(on: _Deployment, wallets: Sequence[ChecksumAddress]) -> dict[str, int]:
    pay = {wallet: TOKEN + place for place, wallet in enumerate(wallets)}
    before = {wallet: _balance(on, wallet) for wallet in (*wallets, on.requester)}
    meter = Meter(on.web3)
    escrow = _open(on, meter, sum(pay.values()) + SURPLUS)
    _settle(on, meter, escrow, pay)
    _check(on, escrow, pay, before)
    return meter.gas


def _open(on: _Deployment, meter: Meter, amount: int) -> Contract:
    meter.send("createEscrow", on.factory.functions.createEscrow(on.token.address, "1"), on.requester)
    address = on.factory.functions.lastEscrow().call()
    escrow: Contract = on.web3.eth.contract(address, abi=peer_package.artifact("contracts/Escrow")["abi"])
    meter.send("transfer (fund)", on.token.functions.transfer(address, amount), on.requester)
    oracles = (on.reputation, on.recording, on.exchange)
    meter.send("setup", escrow.functions.setup(*oracles, URL, HASH), on.requester)
    return escrow


def _settle(on: _Deployment, meter: Meter, escrow: Contract, pay: dict[ChecksumAddress, int]) -> None:
    store = escrow.get_function_by_signature(_STORE)
    meter.send("storeResults", store(URL, HASH, sum(pay.values())), on.recording)
    pay_out = escrow.get_function_by_signature(_PAY)
    for number, part in enumerate(_batches(list(pay), BATCH)):
        amounts = [pay[wallet] for wallet in part]
        call = pay_out(part, amounts, URL, HASH, PAYOUT_ID.format(number), False)  # noqa: FBT003
        meter.send("bulkPayOut", call, on.reputation)
    meter.send("complete", escrow.functions.complete(), on.reputation)


def _check(
    on: _Deployment,
    escrow: Contract,
    pay: dict[ChecksumAddress, int],
    before: dict[ChecksumAddress, int],
) -> None:
    expected = {wallet: amount - 3 * (amount * FEE_PERCENT // 100) for wallet, amount in pay.items()}
    expected[on.requester] = -sum(pay.values())
    for wallet, change in expected.items():
        received = _balance(on, wallet) - before[wallet]
        if received != change:
            raise RuntimeError(f"{wallet} received {received}, not {change}")
    if escrow.functions.status().call() != COMPLETE or _balance(on, escrow.address) != 0:
        raise RuntimeError(f"the escrow {escrow.address} is not complete and empty")


def _balance(on: _Deployment, account: ChecksumAddress) -> int:
    return int(on.token.functions.balanceOf(account).call())


def _wallets(role: str, count: int) -> list[ChecksumAddress]:
    return [Web3.to_checksum_address(Web3.keccak(text=f"{role} {number}")[12:]) for number in range(count)]


def _batches(wallets: Sequence[ChecksumAddress], size: int) -> Iterator[Sequence[ChecksumAddress]]:
    for start in range(0, len(wallets), size):
        yield wallets[start : start + size]
