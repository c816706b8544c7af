"""An annotator's process that may be killed: run as a program, it forks a child for each order.

A line is JSON: `url` of the node, `folder` of the records, `deployment`, `spec` and `campaign`, the
`oracle`'s service or nothing for a silent one, `labels` to hand in (batch by batch), and `die_after` (see
`tests.faults.victim`). The child hands in what is not sealed yet, does what is due, and ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Deployment
from labelshare.chain.keys import development_signer
from labelshare.client.connection import Connection
from labelshare.client.keeping import Keeping
from labelshare.client.leaving import SeatWatch
from labelshare.client.seats import SeatHolder
from labelshare.client.service import ServiceClient
from labelshare.client.transport import NoOracle, Transport
from labelshare.client.watch import Policy, Watch
from labelshare.client.working import hand_in, round_at
from labelshare.errors import EvidenceError
from labelshare.protocol.spec import Spec
from labelshare.types import CampaignId, Hash32
from tests.faults.victim import answer_orders

MOST_LOCKED = 10**24


def no_bundle(_campaign: CampaignId, name: Hash32) -> bytes:
    raise EvidenceError(f"no bundle {name}")


def follow(order: dict[str, Any]) -> None:
    """What an annotator's process does when it is started."""
    chain = connect(order["url"])
    signer = development_signer("oracle tests", "ann")
    deployment = Deployment.load(Path(order["deployment"]))
    keeping = Keeping.open(Path(order["folder"]), deployment, chain, signer)
    name, spec = CampaignId(Hash32(order["campaign"])), Spec.read(Path(order["spec"]).read_bytes())
    campaign = keeping.follow(name, spec, order["oracle"])
    transport: Transport = NoOracle("nobody answers")
    fetch = no_bundle
    if order["oracle"]:
        service = ServiceClient(Connection(order["oracle"]), signer, chain_id=chain.chain_id)
        transport, fetch = service.transport(name), service.bundle  # type: ignore[assignment]
    annotator = keeping.annotator(campaign, transport)
    watch = Watch(campaign, annotator, keeping.sender, Policy(most_locked=MOST_LOCKED), fetch)
    number = round_at(campaign.params.schedule, chain.now())
    for labels in order["labels"]:
        choices = {int(item): answer for item, answer in labels.items()}
        sealed = {item for each in annotator.batches for item in each.opening.items}
        if number is not None and not sealed & set(choices):
            hand_in(annotator, number, choices)
    watch.step()
    SeatWatch(SeatHolder(keeping.sender, campaign.contracts, signer, campaign.pool)).step()


if __name__ == "__main__":
    answer_orders(follow)
