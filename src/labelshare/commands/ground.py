"""What a development chain has from the start: contracts, a token, an oracle with a pool, funded accounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from labelshare.chain.deploy import DEVELOPMENT_LIMITS, Contracts, Deployment, deploy
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Chain
from labelshare.chain.transactions import Sender
from labelshare.chain.unlocked import junk_signers
from labelshare.protocol.abi import pool_id
from labelshare.types import Address, Hash32, PoolId, PoolParams

__all__ = ["ACCOUNTS", "COIN", "GIFT", "STAKE", "Ground", "lay", "taken_up"]

ACCOUNTS: Final = 10
COIN: Final = 10**18
DAY: Final = 86_400
# In base units: what each account has, and the faucet gives; what a seat stakes; what the oracle can bond.
GIFT: Final = 1_000 * COIN
STAKE: Final = 10 * COIN
BONDS: Final = 1_000_000 * COIN
# In wei: what those have who send for the service, and the least that the faucet leaves an account with.
GAS_MONEY: Final = 1_000 * COIN
LEAST_COINS: Final = 10 * COIN
NOBODY: Final = Address(bytes(Address.SIZE))


@dataclass(frozen=True)
class Ground:
    """What there is on a development chain.

    Attributes:
        deployment: The record of the contracts.
        contracts: The contracts.
        signer: The oracle.
        pool: Its pool.
        giver: Who has the supply of the token.
        accounts: The accounts that anyone may use.
    """

    deployment: Deployment
    contracts: Contracts
    signer: Signer
    pool: PoolId
    giver: Signer
    accounts: tuple[Address, ...]
    _turn: Lock

    def give(self, account: Address) -> Hash32:
        """Give an account tokens, and coins if it has few; the hash of the tokens' transfer."""
        chain, token = self.contracts.registry.chain, self.contracts.development_token
        with self._turn:
            if chain.balance(account) < LEAST_COINS:
                chain.fund(account, LEAST_COINS)
            return Sender(chain).send(self.giver, token.transfer(account, GIFT)).hash


def lay(chain: Chain) -> Ground:
    """Deploy everything on a new development chain."""
    giver, oracle = _giver(), _oracle()
    chain.fund_all([giver.address, oracle.address], GAS_MONEY)
    sender = Sender(chain)
    deployment = deploy(sender, giver, DEVELOPMENT_LIMITS)
    ground = _ground(chain, deployment)
    token = ground.contracts.development_token
    gifts = [(giver, token.transfer(account, GIFT)) for account in ground.accounts]
    sender.send_many([*gifts, (giver, token.transfer(oracle.address, BONDS))])
    sender.send(oracle, ground.contracts.registry.create_pool(_rules(deployment, oracle)))
    return ground


def taken_up(chain: Chain, record: Path) -> Ground:
    """What was laid before.

    Raises:
        InputError: The file is no record.
        DeploymentError: The chain has other contracts than the record says.
    """
    return _ground(chain, Deployment.load(record))


def _ground(chain: Chain, deployment: Deployment) -> Ground:
    oracle = _oracle()
    rules = _rules(deployment, oracle)
    return Ground(
        deployment=deployment,
        contracts=deployment.bind(chain),
        signer=oracle,
        pool=pool_id(chain.chain_id, deployment.registry.address, rules),
        giver=_giver(),
        accounts=tuple(signer.address for signer in junk_signers(ACCOUNTS)),
        _turn=Lock(),
    )


def _rules(deployment: Deployment, oracle: Signer) -> PoolParams:
    return PoolParams(
        oracle=oracle.address,
        token=NOBODY if deployment.token is None else deployment.token.address,
        seat_stake=STAKE,
        unbonding=180 * DAY,
        max_open=4,
        gate=NOBODY,
        arbitrator=NOBODY,
        arbitration_refund=0,
        randomness=NOBODY,
        nonce=0,
    )


def _oracle() -> Signer:
    return development_signer("development service", "oracle")


def _giver() -> Signer:
    return development_signer("development service", "deployer")
