"""A share on a bare EVM. The registry is an ordinary address: the share asks nothing else of it."""

from __future__ import annotations

from typing import Any

from eth_abi import decode, encode

from labelshare.chain import artifacts
from labelshare.types import Address, keccak
from tests.evm import Evm

REGISTRY = Address(keccak(b"registry")[12:])
PAYER = Address(keccak(b"payer")[12:])
TOKEN_SUPPLY = 2**120


class DeployedShare:
    """A clone of the compiled ContributorShare with a revenue token of which the payer has plenty."""

    def __init__(self) -> None:
        self.evm = Evm()
        layout = artifacts.load("ContributorShare").storage_layout
        self._slots = {entry["label"]: int(entry["slot"]) for entry in layout["storage"]}
        self.token = self._deploy(
            PAYER,
            "RewardToken",
            encode(["string", "string", "uint8", "uint256"], ["D", "D", 6, TOKEN_SUPPLY]),
        )
        implementation = self._deploy(REGISTRY, "ContributorShare", encode(["address"], [REGISTRY]))
        names = encode(
            ["bytes32", "bytes32", "address"], [_short("Street signs"), _short("SIGN"), self.token]
        )
        self.address = self.evm.create(REGISTRY, _clone_code(implementation, names))
        self.evm.call(PAYER, self.token, "approve(address,uint256)", self.address, 2**256 - 1)

    def mint(self, round_id: bytes, shares: int) -> None:
        self.evm.call(REGISTRY, self.address, "mint(bytes32,uint256)", round_id, shares)

    def release(self, round_id: bytes, parts: list[tuple[Address, int]]) -> None:
        accounts, amounts = [a for a, _ in parts], [n for _, n in parts]
        self.evm.call(
            REGISTRY, self.address, "release(bytes32,address[],uint256[])", round_id, accounts, amounts
        )

    def transfer(self, sender: Address, receiver: Address, shares: int) -> None:
        self.evm.call(sender, self.address, "transfer(address,uint256)", receiver, shares)

    def pay(self, amount: int) -> int:
        return _integer(self.evm.call(PAYER, self.address, "payRevenue(uint256)", amount))

    def claim(self, account: Address) -> int:
        return _integer(self.evm.call(account, self.address, "claimRevenue()"))

    def claimable(self, account: Address) -> int:
        return self._read("claimable(address)", account)

    def earned(self, account: Address, accumulator: int) -> int:
        """What the account earned and was not paid, scaled, from the words of its storage."""
        holding = self._mapped("_accounts", account)
        balance, settled = holding % 2**96, holding >> 96
        return self._mapped("_owed", account) + balance * (accumulator - settled)

    def accumulator(self) -> int:
        return self._read("accumulator()")

    def unstreamed(self) -> int:
        return self._read("unstreamed()")

    def stream(self) -> tuple[int, int, int]:
        """Left, updatedAt, end."""
        data = self.evm.call(PAYER, self.address, "stream()")
        left, since, end = decode(["uint104", "uint40", "uint40"], data)
        return left, since, end

    def balance_of(self, account: Address) -> int:
        return self._read("balanceOf(address)", account)

    def total_supply(self) -> int:
        return self._read("totalSupply()")

    def held_tokens(self) -> int:
        """Units of the revenue token in the share's hands."""
        return _integer(self.evm.call(PAYER, self.token, "balanceOf(address)", self.address))

    def _read(self, signature: str, *arguments: Any) -> int:
        return _integer(self.evm.call(PAYER, self.address, signature, *arguments))

    def _mapped(self, label: str, account: Address) -> int:
        slot = self._slots[label]
        return self.evm.storage(
            self.address, _integer(keccak(encode(["address", "uint256"], [account, slot])))
        )

    def _deploy(self, sender: Address, name: str, arguments: bytes) -> Address:
        return self.evm.create(sender, artifacts.load(name).bytecode + arguments)


def _integer(data: bytes) -> int:
    return int.from_bytes(data)


def _short(text: str) -> bytes:
    """OpenZeppelin's ShortString: the text to the left, its length in the last byte."""
    return text.encode().ljust(31, b"\x00") + bytes([len(text)])


def _clone_code(implementation: Address, arguments: bytes) -> bytes:
    """Creation code of an EIP-1167 clone with immutable arguments, as OpenZeppelin's Clones writes it."""
    runtime = bytes.fromhex("363d3d373d3d3d363d73") + implementation
    runtime += bytes.fromhex("5af43d82803e903d91602b57fd5bf3") + arguments
    return b"\x61" + len(runtime).to_bytes(2) + bytes.fromhex("3d81600a3d39f3") + runtime
