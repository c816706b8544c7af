"""A small life whose money depends on nothing that differs between two runs: no tie, no drawn assignment."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from labelshare.chain.connect import connect
from labelshare.chain.deploy import Deployment
from labelshare.replay.cast import Cast
from labelshare.replay.crowd import Crowd, Vote
from labelshare.replay.life import live
from labelshare.replay.rules import Rules, spec_of
from labelshare.store.database import Database
from labelshare.types import Address

ITEMS, GOLD = 52, 24
RULES = Rules(rounds=1, gold=GOLD)
RESULT = "result.json"


def crowd() -> Crowd:
    """Four who know, one who errs on every fourth item, and one who always answers the opposite."""
    truth = {item: item % 2 for item in range(ITEMS)}
    votes = [
        Vote(item, worker, label ^ (worker == 5 or (worker == 4 and item % 4 == 0)))
        for item, label in truth.items()
        for worker in range(6)
    ]
    return Crowd(
        name="faults",
        simulated=False,
        items=tuple(f"item {item}" for item in range(ITEMS)),
        workers=tuple(f"worker {number}" for number in range(6)),
        classes=("no", "yes"),
        votes=tuple(votes),
        truth=truth,
    )


def live_through(url: str, folder: Path) -> None:
    """Live, or live on, over the store in `folder`; what is left of it goes to a file beside the store."""
    chain = connect(url)
    database = Database.open(folder)
    lived = live(chain, crowd(), RULES, database=database)
    lived.deployment.save(folder / "deployment.json")
    told = {
        "campaign": str(lived.scope.campaign_id),
        "dataset": str(lived.dataset),
        "bundle": sha256(lived.bundle).hexdigest(),
        "transactions": {label: len(gas) for label, gas in sorted(lived.gas.items())},
    }
    (folder / RESULT).write_text(json.dumps(told), encoding="ascii")


def holdings(url: str, folder: Path) -> dict[str, int]:
    """Wallets, credit, shares and stakes of everybody, what the contracts hold and what was burned."""
    chain = connect(url)
    told = json.loads((folder / RESULT).read_text(encoding="ascii"))
    contracts = Deployment.load(folder / "deployment.json").bind(chain)
    token, registry = contracts.development_token, contracts.registry
    share = contracts.share(Address(told["dataset"]))
    accounts = _accounts() | {"registry": registry.address, "share": share.address}
    accounts |= {"licences": contracts.licenses.address}
    pool = registry.pool_id(_cast().pool(token.address))
    held = {"burned": registry.burned_of(token.address), "shares": share.total_supply()}
    for name, account in accounts.items():
        held[f"{name}: wallet"] = token.balance_of(account)
        held[f"{name}: credit"] = registry.credit_of(token.address, account)
        held[f"{name}: shares"] = share.balance_of(account)
        held[f"{name}: stake"] = registry.seat(pool, account).stake
        held[f"{name}: revenue"] = share.claimable(account)
    return held


def transactions(folder: Path) -> dict[str, int]:
    """How many transactions of each kind the whole life sent."""
    told = json.loads((folder / RESULT).read_text(encoding="ascii"))
    return {str(label): int(count) for label, count in told["transactions"].items()}


def _cast() -> Cast:
    return Cast(crowd(), RULES, spec_of(crowd(), RULES))


def _accounts() -> dict[str, Address]:
    cast = _cast()
    roles = {
        "deployer": cast.deployer,
        "requester": cast.requester,
        "oracle": cast.oracle,
        "licensee": cast.licensee,
    }
    people = {f"worker {number}": each.address for number, each in enumerate(cast.workers)}
    return people | {name: signer.address for name, signer in roles.items()}
