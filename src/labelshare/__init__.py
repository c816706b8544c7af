"""labelshare: an open protocol that makes annotators owners of the data they label.

What users meet first can be imported from here: who pays (`Requester`), labels (`SeatHolder`, `Annotator`),
collects the labels (`Oracle`), is paid (`Claimant`, `Holder`), buys (`Licensee`), and watches (`Challenger`,
`Slasher`). Nothing is loaded before it is asked for.

Example:
    A chain in this process, with the contracts and a token on it:

    >>> from labelshare import DEVELOPMENT_LIMITS, Database, Sender, connect, deploy, development_signer
    >>> chain, deployer = connect(), development_signer("deployer")
    >>> chain.fund(deployer.address, 10**18)
    >>> sender, database = Sender(chain), Database.in_memory()
    >>> deployment = deploy(sender, deployer, DEVELOPMENT_LIMITS)
    >>> contracts = deployment.bind(chain)
    >>> token, COIN, DAY = contracts.development_token, 10**18, 86_400
    >>> token.symbol()
    'DEV'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from labelshare.chain.campaign import Campaign
    from labelshare.chain.connect import connect
    from labelshare.chain.contracts import Parts
    from labelshare.chain.deploy import (
        DEVELOPMENT_LIMITS,
        PUBLIC_LIMITS,
        Contracts,
        Deployment,
        deploy,
    )
    from labelshare.chain.keys import Signer, development_signer, load_keystore, new_signer, save_keystore
    from labelshare.chain.state import Status
    from labelshare.chain.transactions import Sender
    from labelshare.client.annotator import Annotator
    from labelshare.client.contests import Challenger
    from labelshare.client.holder import Holder, Licensee
    from labelshare.client.payouts import Claimant
    from labelshare.client.pools import open_pool
    from labelshare.client.purse import Purse
    from labelshare.client.requester import Requester, Terms
    from labelshare.client.schedules import Steps
    from labelshare.client.seats import SeatHolder
    from labelshare.client.slashes import Slasher
    from labelshare.errors import LabelshareError
    from labelshare.oracle.engine import Oracle
    from labelshare.protocol.spec import Spec
    from labelshare.report.collect import collect
    from labelshare.store.database import Database
    from labelshare.store.journal import TransactionJournal
    from labelshare.types import Address, PoolParams

__version__ = "0.1.0"

_NAMES: Final = {
    "chain.campaign": ("Campaign",),
    "chain.connect": ("connect",),
    "chain.contracts": ("Parts",),
    "chain.deploy": ("DEVELOPMENT_LIMITS", "PUBLIC_LIMITS", "Contracts", "Deployment", "deploy"),
    "chain.keys": ("Signer", "development_signer", "load_keystore", "new_signer", "save_keystore"),
    "chain.state": ("Status",),
    "chain.transactions": ("Sender",),
    "client.annotator": ("Annotator",),
    "client.contests": ("Challenger",),
    "client.holder": ("Holder", "Licensee"),
    "client.payouts": ("Claimant",),
    "client.pools": ("open_pool",),
    "client.purse": ("Purse",),
    "client.requester": ("Requester", "Terms"),
    "client.schedules": ("Steps",),
    "client.seats": ("SeatHolder",),
    "client.slashes": ("Slasher",),
    "errors": ("LabelshareError",),
    "oracle.engine": ("Oracle",),
    "protocol.spec": ("Spec",),
    "report.collect": ("collect",),
    "store.database": ("Database",),
    "store.journal": ("TransactionJournal",),
    "types": ("Address", "PoolParams"),
}
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "DEVELOPMENT_LIMITS",
    "PUBLIC_LIMITS",
    "Address",
    "Annotator",
    "Campaign",
    "Challenger",
    "Claimant",
    "Contracts",
    "Database",
    "Deployment",
    "Holder",
    "LabelshareError",
    "Licensee",
    "Oracle",
    "Parts",
    "PoolParams",
    "Purse",
    "Requester",
    "SeatHolder",
    "Sender",
    "Signer",
    "Slasher",
    "Spec",
    "Status",
    "Steps",
    "Terms",
    "TransactionJournal",
    "__version__",
    "collect",
    "connect",
    "deploy",
    "development_signer",
    "load_keystore",
    "new_signer",
    "open_pool",
    "save_keystore",
]


def __getattr__(name: str) -> Any:
    """Load a name's module when the name is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
