"""What is not in the figure, before and between the steps, as real as they are.

`python -m benchmarks.lifecycle.prepare FOLDER URL LABELS` brings a campaign to where its labels are in the
store: contracts, money, seats, escrow, bond, roster, seed, sealed and signed batches. The same without LABELS
brings the openings, in the time for them.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.lifecycle import work
from benchmarks.lifecycle.scene import (
    DEPLOYER,
    ORACLE,
    REQUESTER,
    Scene,
    annotators,
    opened,
    oracle_of,
)
from benchmarks.lifecycle.storing import store_commits, store_enrolments, store_openings
from labelshare.chain.connect import connect
from labelshare.chain.deploy import PUBLIC_LIMITS, Contracts, deploy
from labelshare.chain.transactions import Sender
from labelshare.client.requester import Requester, Terms, escrow_for, share_cap_for
from labelshare.protocol.rewards import bond_for
from labelshare.replay.rules import DAY, Rules, schedule_from
from labelshare.store.database import Database
from labelshare.types import Address, PoolParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelshare.chain.keys import Signer
    from labelshare.chain.node import Chain
    from labelshare.oracle.engine import Oracle
    from labelshare.protocol.commitments import Opening
    from labelshare.protocol.spec import Spec

__all__ = ["open_labels", "prepare"]

ETHER: Final = 10**18
NOBODY: Final = Address(bytes(20))
SEED_BLOCKS: Final = 5
RULES: Final = Rules()
OPENINGS: Final = "openings"


def prepare(chain: Chain, database: Database, plan: work.Plan) -> tuple[Scene, list[Opening]]:
    """Everything up to where round 0 has all its batches, and what opens them."""
    spec, people = plan.spec(), annotators(plan.n_people)
    scene = _funded(chain, spec, people, plan.most_labels * RULES.stake_per_label)
    oracle = oracle_of(scene, chain, database)
    oracle.accept()
    _enrol(oracle, people)
    chain.advance_to(oracle.params.schedule.work_start)
    oracle.begin_round(0)
    commits, openings = work.sealed(scene.scope, spec, people, plan.choices())
    store_commits(oracle.book, commits)
    return scene, openings


def open_labels(oracle: Oracle, openings: Sequence[Opening]) -> None:
    """All openings, and the end of the time for them."""
    chain, schedule = oracle.sender.chain, oracle.params.schedule
    chain.advance_to(schedule.commit_end)
    store_openings(oracle.book, openings)
    chain.advance_to(schedule.reveal_end)


def _funded(chain: Chain, spec: Spec, people: Sequence[Signer], seat_stake: int) -> Scene:
    """Contracts, purses of just what everybody needs, seats, and the campaign with its escrow."""
    escrow = escrow_for(spec, RULES.fee_bps)
    purses = {each.address: seat_stake for each in people}
    purses |= {REQUESTER.address: escrow, ORACLE.address: bond_for(escrow, 0)}
    chain.fund_all([DEPLOYER.address, *purses], 1_000 * ETHER)
    sender = Sender(chain)
    deployment = deploy(sender, DEPLOYER, PUBLIC_LIMITS)
    contracts = deployment.bind(chain)
    token = contracts.development_token
    sender.send_many([(DEPLOYER, token.transfer(account, purse)) for account, purse in purses.items()])
    pool = _pool(token.address, seat_stake)
    sender.send(ORACLE, contracts.registry.create_pool(pool))
    _seat(sender, contracts, pool, people)
    requester = Requester(sender, contracts, REQUESTER)
    dataset = requester.create_dataset(
        "Benchmark",
        "SHARE",
        revenue_token=token.address,
        contributor_bps=RULES.contributor_bps,
        max_shares=share_cap_for(spec),
    )
    terms = Terms(RULES.stake_per_label, RULES.fee_bps, schedule_from(chain.now(), rounds=1))
    scope, params = requester.open_campaign(pool, dataset, spec, terms)
    return Scene(len(people), deployment, scope, pool, params, dataset, spec.canonical_bytes)


def _pool(token: Address, seat_stake: int) -> PoolParams:
    return PoolParams(ORACLE.address, token, seat_stake, 365 * DAY, 1, NOBODY, NOBODY, 0, NOBODY, 0)


def _seat(sender: Sender, contracts: Contracts, pool: PoolParams, people: Sequence[Signer]) -> None:
    registry = contracts.registry
    approval = contracts.erc20(pool.token).approve(registry.address, pool.seat_stake)
    calls = (approval, registry.join(pool))
    sender.send_many([(each, call) for each in people for call in calls])


def _enrol(oracle: Oracle, people: Sequence[Signer]) -> None:
    """Enrolments by signature, the roster and the seed."""
    chain = oracle.sender.chain
    store_enrolments(oracle.book, work.enrolments(oracle.scope, people))
    oracle.post_roster()
    chain.advance_to(oracle.params.schedule.enrol_end)
    oracle.arm_seed()
    chain.mine(SEED_BLOCKS)
    oracle.draw_seed()


def main(folder: Path, url: str, n_labels: int | None) -> None:
    """Prepares what comes next in the folder."""
    if n_labels is None:
        _, oracle = opened(folder, url)
        open_labels(oracle, pickle.loads((folder / OPENINGS).read_bytes()))
        return
    chain, database = connect(url), Database.open(folder)
    database.bind(chain)
    scene, openings = prepare(chain, database, work.Plan(n_labels))
    scene.save(folder)
    (folder / OPENINGS).write_bytes(pickle.dumps(openings))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None)
