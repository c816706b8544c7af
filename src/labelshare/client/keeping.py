"""Where an annotator's client keeps what only it can know and what it needs against a failing oracle.

One folder for each account at each registry, its owner's alone: answers, sealed batches, receipts, proofs,
specs and evidence in one database, each on the disk before anybody hears of it. Secrets and signatures are
not there: the account's key makes them again, to the byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from labelshare.chain.campaign import Campaign
from labelshare.chain.deploy import Deployment
from labelshare.chain.fees import FeePolicy
from labelshare.chain.keys import Signer
from labelshare.chain.node import Chain
from labelshare.chain.transactions import Sender
from labelshare.client.annotator import Annotator
from labelshare.client.transport import Transport
from labelshare.errors import InputError, NotFoundError, StoreError
from labelshare.protocol.spec import Spec
from labelshare.store.database import FILE, LOCKS, Database
from labelshare.store.followed import Followed, FollowedCampaigns
from labelshare.store.journal import TransactionJournal
from labelshare.store.packing import pack, unpack
from labelshare.store.specs import Specs
from labelshare.store.vault import Vault
from labelshare.types import Address, CampaignId

__all__ = ["Keeping", "folder_of"]

_PLACE: Final = b"labelshare.kept"
_HEAD: Final = b"labelshare.kept.v1\n"


def folder_of(root: Path, chain_id: int, registry: Address, account: Address) -> Path:
    """The folder of an account's records below that of all records."""
    return root / f"{chain_id}-{registry}" / str(account)


@dataclass(frozen=True)
class Keeping:
    """The records of one account at one registry.

    Attributes:
        folder: Where they are.
        database: The same, open.
        deployment: Which contracts.
        chain: The chain, which the records are bound to.
        signer: The account.
        fees: What gas may cost; the chain's usual by default.
    """

    folder: Path
    database: Database
    deployment: Deployment
    chain: Chain
    signer: Signer
    fees: FeePolicy | None = None

    @classmethod
    def open(
        cls, root: Path, deployment: Deployment, chain: Chain, signer: Signer, fees: FeePolicy | None = None
    ) -> Keeping:
        """Open the records of an account, or begin them; `root` is the folder of all records.

        Raises:
            StoreError: The folder cannot be written, or is not this account's alone to read.
            WrongChainError: They are of a chain of the same number that was begun anew.
        """
        folder = folder_of(root, chain.chain_id, deployment.registry.address, signer.address)
        _make_private(folder)
        database = Database.open(folder)
        _require_private(folder)
        database.bind(chain)
        return cls(folder, database, deployment, chain, signer, fees)

    @cached_property
    def followed(self) -> FollowedCampaigns:
        """The campaigns that the account works in."""
        return FollowedCampaigns(self.database, self.signer.address)

    @cached_property
    def sender(self) -> Sender:
        """The way to the chain, with its journal among the records."""
        return Sender(self.chain, TransactionJournal(self.database), self.fees)

    def follow(self, campaign: CampaignId, spec: Spec, service: str) -> Campaign:
        """Keep a campaign's spec and whose service is asked; `ProtocolError` for another campaign's spec."""
        found = Campaign.load(self.chain, self.deployment, campaign, spec)
        Specs(self.database).add(spec)
        self.followed.add(campaign, spec.hash, service)
        return found

    def campaign(self, followed: Followed) -> Campaign:
        """A campaign that is followed, from the chain and the spec that is kept."""
        data = Specs(self.database).find(followed.spec_hash)
        if data is None:
            raise NotFoundError(f"the spec of campaign {followed.campaign} is not among the records")
        return Campaign.load(self.chain, self.deployment, followed.campaign, Spec.parse(data))

    def annotator(self, campaign: Campaign, transport: Transport) -> Annotator:
        """The account's side of a campaign, over these records."""
        return Annotator.of(campaign, self.signer, transport, self.database)

    # --------------------------------------------------------------- moving machines

    def exported(self) -> bytes:
        """All records as one text, which the account's key alone opens."""
        text = pack(self.database, self.signer.address)
        place = (_PLACE, bytes(self.deployment.registry.address))
        return _HEAD + Vault.of(self.signer).seal(text, *place)

    def take_in(self, data: bytes) -> int:
        """Take in what another machine exported, beside what is here; how many rows were new.

        Raises:
            InputError: It is no such text.
            StoreError: Another account's, registry's or chain's, or altered; or it has another batch under a
                number that is taken here. Nothing is taken in.
        """
        if not data.startswith(_HEAD):
            raise InputError("this is no export of an annotator's records")
        place = (_PLACE, bytes(self.deployment.registry.address))
        try:
            text = Vault.of(self.signer).unseal(data[len(_HEAD) :], *place)
        except StoreError:
            raise StoreError(
                "the records cannot be opened: they are of another account or registry, or were altered"
            ) from None
        return unpack(self.database, self.signer.address, text)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()


def _make_private(folder: Path) -> None:
    """Before anything is in it: files of a database take the rights of its first one."""
    _told(folder, lambda: folder.mkdir(parents=True, exist_ok=True, mode=0o700))
    _told(folder, lambda: folder.chmod(0o700))
    _told(folder, lambda: os.close(os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)))


def _require_private(folder: Path) -> None:
    for each in folder.iterdir():
        if each.name != LOCKS and each.stat().st_mode & 0o077:
            _told(each, lambda each=each: each.chmod(0o600))  # type: ignore[misc]


def _told(path: Path, act: Callable[[], object]) -> None:
    try:
        act()
    except OSError as error:
        raise StoreError(f"{path} cannot be kept private: {error.strerror}") from None
