"""A campaign with content, its oracle's real service and pages, and a local node that browsers reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from labelshare.api.pages import Pages
from labelshare.chain.connect import connect
from labelshare.oracle.blobs import Blobs
from labelshare.oracle.desk import Desk
from labelshare.protocol.spec import Spec
from labelshare.types import Address
from tests.api.broken_line import Line
from tests.api.served import served
from tests.conftest import running_anvil
from tests.oracle.stage import COIN, Stage, build, small_spec

# The fourth account of the mnemonic that anvil funds with coins: the page's "Dev account 3", without a token.
VISITOR = Address("0x90F79bf6EB2c4f870365E785982E1f101E93b906")
TEXTS = (
    "The tram came late again, and nobody told us why.",
    "What a bright, easy morning by the river.",
    "The parcel has arrived.",
    "I would not go back there if they paid me.",
    "Best soup I have had in years!",
)


@dataclass
class WebPlace:
    """The campaign, and where a browser finds it.

    Attributes:
        stage: Campaign, people and the oracle's engine, which tests move on by hand.
        url: The service's address.
        node: The chain's, for pages.
        desk: Who answers behind the service.
        line: What leads to it, which can break.
    """

    stage: Stage
    url: str
    node: str
    desk: Desk
    line: Line

    @property
    def campaign(self) -> str:
        return str(self.stage.scope.campaign_id)

    def give(self, to: Address, amount: int) -> None:
        """Tokens from the deployer, who has the supply."""
        stage = self.stage
        stage.sender.send(stage.deployer, stage.contracts.development_token.transfer(to, amount))

    def tokens(self, account: Address) -> int:
        """What the chain says that an account holds."""
        return self.stage.contracts.development_token.balance_of(account)

    def shares(self, account: Address) -> int:
        return self.stage.contracts.share(self.stage.dataset).balance_of(account)


def text_of(item: int) -> str:
    return f"{TEXTS[item % len(TEXTS)]} ({item})"


def texts_spec(count: int = 20, **changes: Any) -> Spec:
    """Items that are texts, which the service has; three labels each, so a draw leaves each of five four."""
    items = [
        {"digest": sha256(text_of(item).encode()).hexdigest(), "name": f"text {item}"}
        for item in range(count)
    ]
    return small_spec(**{"items": items, "redundancy": {"policy": "fixed.v1", "k": 3}} | changes)


@contextmanager
def web_place(
    anvil: Path,
    folder: Path,
    spec: Spec | None = None,
    content: Iterable[bytes] | None = None,
    *,
    strange_token: bool = False,
    **changes: Any,
) -> Iterator[WebPlace]:
    """A funded campaign that nobody has accepted, on a node of its own, with its pages.

    With a strange token the deployment knows none of its own, whose code it would hold against its record.
    """
    with running_anvil(anvil, "--hardfork", "cancun") as node:
        stage = build(connect(node.url), spec or texts_spec(), **changes)
        if strange_token:
            stage = stage.taken_up(deployment=replace(stage.deployment, token=None))
        blobs = Blobs.at(str(folder / "blobs"))
        for each in content or (text_of(item).encode() for item in range(len(stage.spec.items))):
            blobs.put([each])
        stage.database.bind(stage.chain)
        desk = Desk(stage.sender, stage.deployment, stage.oracle, stage.database, blobs)
        desk.catalogue.add_spec(stage.spec.hash, stage.spec.canonical_bytes)
        line = Line()
        with served(desk, web=Pages(node.url), line=line) as url:
            yield WebPlace(stage, url, node.url, desk, line)


__all__ = ["COIN", "VISITOR", "WebPlace", "text_of", "texts_spec", "web_place"]
