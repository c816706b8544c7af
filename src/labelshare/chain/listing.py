"""What there is at a deployment: its pools, datasets and campaigns, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from labelshare.chain import events as ev
from labelshare.chain.contracts import Registry
from labelshare.chain.deploy import Deployment
from labelshare.chain.node import Chain
from labelshare.chain.state import Status
from labelshare.types import CampaignId

__all__ = ["campaigns", "datasets", "pools", "statuses"]

Kind = TypeVar("Kind", bound=ev.Event)


def pools(chain: Chain, deployment: Deployment) -> list[ev.PoolCreated]:
    """Every pool with its rules."""
    return _every(chain, deployment, ev.PoolCreated)


def datasets(chain: Chain, deployment: Deployment) -> list[ev.DatasetCreated]:
    """Every dataset with its rules."""
    return _every(chain, deployment, ev.DatasetCreated)


def campaigns(chain: Chain, deployment: Deployment) -> list[ev.CampaignCreated]:
    """Every campaign with its parameters, whatever became of it."""
    return _every(chain, deployment, ev.CampaignCreated)


def statuses(
    chain: Chain, deployment: Deployment, names: Iterable[CampaignId]
) -> Mapping[CampaignId, Status]:
    """Where each of some campaigns is in its life now; a call for each."""
    registry = Registry(chain, deployment.registry.address)
    return {name: registry.campaign(name).status for name in names}


def _every(chain: Chain, deployment: Deployment, kind: type[Kind]) -> list[Kind]:
    topics, address = (ev.topic_of(kind),), deployment.registry.address
    found = ev.events(chain, address, deployment.block, chain.block_number, topics)
    return [event for event in found if isinstance(event, kind)]
