"""Deploying the contracts, and the record by which a deployment is known again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labelshare.chain import artifacts
from labelshare.chain.abi import constructor
from labelshare.chain.contracts import ContributorShare, LicenseRegistry, Registry, Token
from labelshare.chain.keys import Signer
from labelshare.chain.node import Call, Chain
from labelshare.chain.state import Limits
from labelshare.chain.transactions import Sender
from labelshare.errors import DeploymentError, InputError, RevertError, WrongChainError
from labelshare.types import Address, Hash32, keccak

__all__ = ["DEVELOPMENT_LIMITS", "PUBLIC_LIMITS", "Contracts", "Deployed", "Deployment", "deploy"]

DAY: Final = 86_400
DEVELOPMENT_LIMITS: Final = Limits(min_period=60, min_rescue=60, max_period=365 * DAY, max_horizon=3650 * DAY)
PUBLIC_LIMITS: Final = Limits(2 * DAY, 7 * DAY, max_period=90 * DAY, max_horizon=3 * 365 * DAY)

# The token of development chains: name, symbol, decimals, supply in base units.
DEVELOPMENT_TOKEN: Final = ("Development Token", "DEV", 18, 10**30)

FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Deployed:
    """One contract: where it is, and the hash of its runtime code there, immutable values included."""

    address: Address
    code_hash: Hash32


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of a deployment, ready to be called."""

    registry: Registry
    licenses: LicenseRegistry
    token: Token | None

    @property
    def development_token(self) -> Token:
        """The token that came with a development deployment; `DeploymentError` if there is none."""
        if self.token is None:
            raise DeploymentError("this deployment has no token of its own")
        return self.token

    def approvals(self, token: Address, account: Address, amount: int) -> list[Call]:
        """What `account` sends so that the registry can take `amount`: credit goes first, then the wallet.

        Returns:
            Nothing where credit covers it all, else as `allowing`.
        """
        missing = amount - self.registry.credit_of(token, account)
        return self.allowing(token, account, self.registry.address, missing) if missing > 0 else []

    def allowing(self, token: Address, owner: Address, spender: Address, amount: int) -> list[Call]:
        """What `owner` sends so that `spender` can take exactly `amount` from its wallet.

        Returns:
            Nothing where that is approved already, else one approval; before it one of zero where the token
            does not change what is left of an earlier one.
        """
        erc20 = self.erc20(token)
        left, approve = erc20.allowance(owner, spender), erc20.approve(spender, amount)
        if left == amount:
            return []
        if left == 0 or _takes(self.registry.chain, approve, owner):
            return [approve]
        return [erc20.approve(spender, 0), approve]

    def share(self, dataset: Address) -> ContributorShare:
        """The share token of a dataset."""
        return ContributorShare(self.registry.chain, dataset)

    def erc20(self, address: Address) -> Token:
        """Any ERC-20 token on the same chain."""
        return Token(self.registry.chain, address)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed where.

    Attributes:
        chain_id: EIP-155 chain id.
        block: The block from which on the contracts have a history.
        registry: The TaskRegistry.
        extension: Its second part.
        contests: Its third part, which the second one names.
        share_implementation: The code behind all share tokens.
        licenses: The LicenseRegistry.
        token: The development token; None where real ones are used.
    """

    chain_id: int
    block: int
    registry: Deployed
    extension: Deployed
    contests: Deployed
    share_implementation: Deployed
    licenses: Deployed
    token: Deployed | None = None

    def check(self, chain: Chain) -> None:
        """Make sure that the record describes this chain, before any money moves.

        Trusts nobody who hands over a record: each contract must be what this version of labelshare compiles
        to, and they must belong together. The token alone is taken as recorded.

        Raises:
            WrongChainError: Another chain id.
            DeploymentError: No code, or other code, at an address; or contracts of different deployments.
        """
        if chain.chain_id != self.chain_id:
            raise WrongChainError(
                f"the deployment is on chain {self.chain_id}, this is chain {chain.chain_id}"
            )
        for name, deployed in self._contracts().items():
            code, place = chain.code(deployed.address), deployed.address
            if not code:
                raise DeploymentError(f"{name}: no contract at {place}")
            if keccak(code) != deployed.code_hash:
                raise DeploymentError(f"{name}: the code at {place} is not the code of the record")
            if name != "RewardToken" and not _is_ours(name, code):
                raise DeploymentError(f"{name}: the code at {place} is not this version's contract")
        self._check_wiring(chain)

    def _check_wiring(self, chain: Chain) -> None:
        """What the contracts were told of each other at construction, which nothing can change since.

        The registry is asked for the third part: the second, checked before, answers for it.
        """
        registry, licenses = Registry(chain, self.registry.address), self.licenses.address
        share = ContributorShare(chain, self.share_implementation.address)
        told = {
            "the registry's extension": (registry.extension(), self.extension.address),
            "the extension's contests": (registry.contests(), self.contests.address),
            "the registry's share": (registry.share_implementation(), share.address),
            "the share's registry": (share.registry(), registry.address),
            "the licences' registry": (LicenseRegistry(chain, licenses).registry(), registry.address),
        }
        for what, (found, recorded) in told.items():
            if found != recorded:
                raise DeploymentError(f"{what} is {found}, the record says {recorded}")

    def bind(self, chain: Chain) -> Contracts:
        """The contracts on a chain, once `check` has passed."""
        self.check(chain)
        token = Token(chain, self.token.address) if self.token else None
        return Contracts(
            Registry(chain, self.registry.address), LicenseRegistry(chain, self.licenses.address), token
        )

    @property
    def addresses(self) -> dict[str, Address]:
        """Where each contract is, by its name."""
        return {name: each.address for name, each in self._contracts().items()}

    def save(self, path: Path) -> None:
        """Write the record as JSON."""
        path.write_bytes(self.to_json())

    def to_json(self) -> bytes:
        """The record as JSON."""
        contracts = {
            name: {"address": str(each.address), "codeHash": str(each.code_hash)}
            for name, each in self._contracts().items()
        }
        record = {"format": FORMAT, "chainId": self.chain_id, "block": self.block, "contracts": contracts}
        return (json.dumps(record, indent=2) + "\n").encode()

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Read a record; `InputError` if the file is none."""
        try:
            return cls._parse(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise InputError(f"{path} is not a deployment record: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            raise InputError(f"{path} is not a deployment record: {error!r}") from None

    @classmethod
    def _parse(cls, record: Mapping[str, Any]) -> Deployment:
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']}, expected {FORMAT}")
        contracts = {
            _FIELDS[name]: Deployed(Address(each["address"]), Hash32(each["codeHash"]))
            for name, each in record["contracts"].items()
        }
        for name in ("chainId", "block"):
            if type(record[name]) is not int or record[name] < 0:
                raise ValueError(f"{name} is {record[name]!r}, not a number of ours")
        return cls(chain_id=record["chainId"], block=record["block"], **contracts)

    def _contracts(self) -> dict[str, Deployed]:
        every = {name: getattr(self, field) for name, field in _FIELDS.items()}
        return {name: each for name, each in every.items() if each is not None}


# Names in the record, and the attributes they stand for.
_FIELDS: Final = {
    "TaskRegistry": "registry",
    "RegistryExtension": "extension",
    "RegistryContests": "contests",
    "ContributorShare": "share_implementation",
    "LicenseRegistry": "licenses",
    "RewardToken": "token",
}


def deploy(sender: Sender, signer: Signer, limits: Limits, token: Address | None = None) -> Deployment:
    """Deploy the contracts; nobody owns them, the signer neither.

    Args:
        sender: Where to.
        signer: Who pays for the gas; on development chains also who gets the supply of the token.
        limits: Bounds of every schedule.
        token: A token that exists already. Without one, development chains get one of their own.
    """
    chain = sender.chain
    contests, block = _create(sender, signer, "RegistryContests")
    extension, _ = _create(sender, signer, "RegistryExtension", contests)
    registry, _ = _create(sender, signer, "TaskRegistry", limits, extension)
    licenses, _ = _create(sender, signer, "LicenseRegistry", registry)
    if token is None and chain.is_development:
        token, _ = _create(sender, signer, "RewardToken", *DEVELOPMENT_TOKEN)
    return Deployment(
        chain_id=chain.chain_id,
        block=block,
        registry=_recorded(chain, registry),
        extension=_recorded(chain, extension),
        contests=_recorded(chain, contests),
        share_implementation=_recorded(chain, Registry(chain, registry).share_implementation()),
        licenses=_recorded(chain, licenses),
        token=_recorded(chain, token) if token else None,
    )


def _takes(chain: Chain, call: Call, sender: Address) -> bool:
    try:
        chain.call(call, sender)
    except RevertError:
        return False
    return True


def _create(sender: Sender, signer: Signer, name: str, *arguments: Any) -> tuple[Address, int]:
    """A contract's address, and the block that made it."""
    code = artifacts.load(name).bytecode + constructor(name).encode_arguments(arguments)
    receipt = sender.send(signer, Call(None, code, name))
    if receipt.created is None:
        raise DeploymentError(f"{name}: transaction {receipt.hash} created no contract")
    return receipt.created, receipt.block


def _is_ours(name: str, code: bytes) -> bool:
    """Whether runtime code is that of our artifact, whatever values its constructor set."""
    artifact, masked = artifacts.load(name), bytearray(code)
    for start, length in artifact.immutables:
        masked[start : start + length] = bytes(length)
    return bytes(masked) == artifact.deployed_bytecode


def _recorded(chain: Chain, address: Address) -> Deployed:
    return Deployed(address, keccak(chain.code(address)))
