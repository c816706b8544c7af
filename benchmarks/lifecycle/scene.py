"""One campaign on a running node with its store: what each process of this benchmark finds there."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Contracts, Deployment
from labelshare.chain.keys import Signer, development_signer
from labelshare.chain.node import Chain
from labelshare.chain.transactions import Sender
from labelshare.oracle.engine import Oracle
from labelshare.protocol.spec import Spec
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from labelshare.types import Address, CampaignParams, PoolParams, Scope

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEPLOYER", "ORACLE", "REQUESTER", "Scene", "annotators", "load", "opened", "oracle_of"]

DEPLOYER: Final = development_signer("lifecycle", "deployer")
REQUESTER: Final = development_signer("lifecycle", "requester")
ORACLE: Final = development_signer("lifecycle", "oracle")

_FILE: Final = "scene"


def annotators(count: int) -> list[Signer]:
    """Their accounts, the same in every run."""
    return [development_signer("lifecycle", str(number)) for number in range(count)]


@dataclass(frozen=True)
class Scene:
    """What is known of the campaign besides chain and store.

    Attributes:
        n_people: How many annotators.
        deployment: Where the contracts are.
        scope, pool, params, dataset: The campaign.
        spec: Its spec's bytes.
    """

    n_people: int
    deployment: Deployment
    scope: Scope
    pool: PoolParams
    params: CampaignParams
    dataset: Address
    spec: bytes

    def save(self, folder: Path) -> None:
        """Write it for `load`."""
        (folder / _FILE).write_bytes(pickle.dumps(self))

    def contracts(self, chain: Chain) -> Contracts:
        """The contracts on a chain."""
        return self.deployment.bind(chain)


def load(folder: Path) -> Scene:
    """What `Scene.save` wrote."""
    scene: Scene = pickle.loads((folder / _FILE).read_bytes())
    return scene


def oracle_of(scene: Scene, chain: Chain, database: Database) -> Oracle:
    """The oracle as it takes the campaign up, from chain and store."""
    sender = Sender(chain, TransactionJournal(database))
    return Oracle(
        sender,
        scene.deployment,
        scene.contracts(chain),
        ORACLE,
        scene.scope,
        scene.pool,
        scene.params,
        Spec.parse(scene.spec),
        database,
    )


def opened(folder: Path, url: str) -> tuple[Scene, Oracle]:
    """The scene of a folder, and its oracle in this process."""
    scene = load(folder)
    return scene, oracle_of(scene, connect(url), Database.open(folder))
