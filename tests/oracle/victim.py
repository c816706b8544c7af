"""A service that is killed in the midst of its work: run as a program, it forks a child for each order.

A line is JSON: `url` of the node, `store` (a folder or a URL), `deployment` (a file), `clock`, and
`die_after` (0: never). The child takes a few steps and tells how many events it counted (see
`tests.faults.victim`), or dies right after the event of that number, of which nothing in it learns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Deployment
from labelshare.chain.keys import development_signer
from labelshare.chain.transactions import Sender
from labelshare.oracle.service import Options, Service
from labelshare.store.database import Database
from labelshare.store.journal import TransactionJournal
from tests.faults.victim import answer_orders

STEPS = 4


def opened(place: str) -> Database:
    return Database.at(place) if "://" in place else Database.open(Path(place))


def serve(order: dict[str, Any]) -> None:
    """What a service does when it is started: catch up, then whatever is due."""
    database, clock = opened(order["store"]), float(order["clock"])
    sender = Sender(connect(order["url"]), TransactionJournal(database))
    deployment = Deployment.load(Path(order["deployment"]))
    signer = development_signer("oracle tests", "oracle")
    service = Service(sender, deployment, signer, database, Options(depth=0), lambda: clock)
    for _ in range(STEPS):
        service.step()
        clock += 20


if __name__ == "__main__":
    answer_orders(serve)
