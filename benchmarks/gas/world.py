"""Our protocol ready for work: contracts, a pool with its seats, a dataset, purses with what they need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from web3 import HTTPProvider

from benchmarks.gas.book import Book
from labelshare.chain.connect import connect
from labelshare.chain.deploy import PUBLIC_LIMITS, Contracts, deploy
from labelshare.chain.events import DatasetCreated, decode
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.transactions import Sender
from labelshare.types import Address, CampaignId, PoolParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3 import Web3

    from labelshare.chain.contracts import Registry, Token
    from labelshare.chain.node import Chain

__all__ = ["LICENSEE", "ORACLE", "REQUESTER", "TOKEN", "World", "people", "prepare"]

TOKEN: Final = 10**18
DAY: Final = 86_400

DEPLOYER: Final = development_signer("gas", "deployer")
REQUESTER: Final = development_signer("gas", "requester")
ORACLE: Final = development_signer("gas", "oracle")
LICENSEE: Final = development_signer("gas", "licensee")

ETHER: Final = 1_000 * TOKEN
PURSE: Final = 10**6 * TOKEN
SEAT_STAKE: Final = 40 * TOKEN
MAX_SHARES: Final = 10**6 * TOKEN
NOBODY: Final = Address(bytes(20))


def people(role: str, count: int) -> list[Signer]:
    """`count` accounts, the same in every run."""
    return [development_signer("gas", role, str(number)) for number in range(count)]


@dataclass
class World:
    """One deployment, and all that has money in it.

    Attributes:
        chain: The node.
        sender: The way to it.
        contracts: The deployment.
        pool: A pool of several places, open to anyone.
        dataset: A dataset of the requester's.
        seated: Everyone with a seat in the pool.
        campaigns: Everything that was funded.
    """

    chain: Chain
    sender: Sender
    contracts: Contracts
    pool: PoolParams
    dataset: Address
    seated: list[Signer] = field(default_factory=list)
    campaigns: list[CampaignId] = field(default_factory=list)

    @property
    def registry(self) -> Registry:
        """The registry."""
        return self.contracts.registry

    @property
    def token(self) -> Token:
        """The token of stakes, bonds, pay and revenue."""
        return self.contracts.development_token

    def deposit_bonds(self, book: Book) -> None:
        """The oracle's working capital: bonds are taken from it and return to it, job after job."""
        book.send("approve (deposit)", ORACLE, self.token.approve(self.registry.address, PURSE // 2))
        book.send("deposit", ORACLE, self.registry.deposit(self.token.address, PURSE // 2))

    def seat(self, book: Book, annotators: Sequence[Signer]) -> None:
        """Gives each annotator a seat and leaves the wallet without a token."""
        self.chain.fund_all([each.address for each in annotators], ETHER)
        stake, registry = SEAT_STAKE, self.registry
        self.sender.send_many([(DEPLOYER, self.token.transfer(each.address, stake)) for each in annotators])
        approvals = [(each, self.token.approve(registry.address, stake)) for each in annotators]
        book.send_all("approve (stake)", approvals)
        book.send_all("join", [(each, registry.join(self.pool)) for each in annotators])
        self.seated += annotators

    def check_solvent(self) -> None:
        """Raises `RuntimeError` unless the registry holds exactly what it owes."""
        token, registry = self.token, self.registry
        campaigns = [registry.campaign(each) for each in self.campaigns]
        owed = SEAT_STAKE * len(self.seated) + registry.burned_of(token.address)
        owed += sum(each.escrow + each.bond for each in campaigns)
        accounts = [REQUESTER, ORACLE, LICENSEE, DEPLOYER, *self.seated]
        owed += sum(registry.credit_of(token.address, each.address) for each in accounts)
        held = token.balance_of(registry.address)
        if held != owed:
            raise RuntimeError(f"the registry holds {held} and owes {owed}")


def prepare(web3: Web3) -> tuple[World, Book]:
    """Deploys, and opens a pool and a dataset; what those two cost is in the book."""
    chain = connect(_url(web3))
    sender = Sender(chain)
    book = Book(sender)
    roles = (DEPLOYER, REQUESTER, ORACLE, LICENSEE)
    chain.fund_all([role.address for role in roles], ETHER)
    contracts = deploy(sender, DEPLOYER, PUBLIC_LIMITS).bind(chain)
    token, registry = contracts.development_token, contracts.registry
    sender.send_many([(DEPLOYER, token.transfer(role.address, PURSE)) for role in roles[1:]])
    pool = _pool(token.address)
    book.send("createPool", ORACLE, registry.create_pool(pool))
    create = registry.create_dataset("A labelled dataset", "SHARE", token.address, 7_000, MAX_SHARES)
    receipt = book.send("createDataset", REQUESTER, create)
    dataset = next(event.dataset for event in map(decode, receipt.logs) if isinstance(event, DatasetCreated))
    return World(chain, sender, contracts, pool, dataset), book


def _url(web3: Web3) -> str:
    if not isinstance(web3.provider, HTTPProvider):
        raise RuntimeError("the benchmark's node must be behind a URL")  # noqa: TRY004 (nobody's argument)
    return str(web3.provider.endpoint_uri)


def _pool(token: Address) -> PoolParams:
    return PoolParams(
        oracle=ORACLE.address,
        token=token,
        seat_stake=SEAT_STAKE,
        unbonding=365 * DAY,
        max_open=8,
        gate=NOBODY,
        arbitrator=NOBODY,
        arbitration_refund=0,
        randomness=NOBODY,
        nonce=0,
    )
