"""Tells a campaign from a folder of three files and a chain; run as a program it knows nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Deployment
from labelshare.chain.node import Chain
from labelshare.replay.saved import load
from labelshare.report.collect import Outcome, collect
from labelshare.report.page import Told, render, times_of
from labelshare.report.text import as_json
from labelshare.types import CampaignId


def tell(chain: Chain, deployment: Deployment, campaign: CampaignId, bundle: bytes) -> dict[str, Any]:
    """Figures, tables and page of a campaign, as JSON has them."""
    outcome = collect(chain, deployment, campaign, bundle)
    told = Told(deployment, names={}, gas={})
    return {
        "figures": as_json(outcome, {}, 0.0),
        "tables": tables(outcome),
        "notebook": outcome._repr_html_(),
        "page": render(outcome, told, times_of(chain, outcome)),
    }


def tables(outcome: Outcome) -> dict[str, str]:
    """Every value of every table, types included."""
    every = (outcome.people_table, outcome.items_table, outcome.labels_table, outcome.balances_table)
    return {table.name: repr(table.rows()) for table in every}


if __name__ == "__main__":
    saved = load(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(tell(connect(sys.argv[2]), saved.deployment, saved.campaign, saved.bundle)))
