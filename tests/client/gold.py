"""A campaign with gold in which dora is always wrong, in two batches, and everybody else right."""

from __future__ import annotations

from labelshare.chain.node import Chain
from labelshare.client.requester import Requester
from labelshare.protocol.gold import SealedGold
from labelshare.types import keccak
from tests.oracle.stage import COIN, ITEMS, NAMES, Stage, build, small_spec

HONEST = NAMES[:3]
GOLD = SealedGold.of(keccak(b"gold"), {item: bytes([1, 0, item % 3]) for item in (0, 5, 10, 15)})
STAKE = ITEMS * COIN
SLASH = STAKE // 2  # half of the coin that each of dora's twenty labels signed for


def requester(stage: Stage) -> Requester:
    return Requester(stage.sender, stage.contracts, stage.requester)


def gold_stage(chain: Chain | None = None) -> Stage:
    """Anyone may label everything; four items are gold. Accepted."""
    spec = small_spec(
        redundancy={"policy": "fixed.v1", "k": 4},
        assignment={"policy": "given.v1"},
        gold={"policy": "merkle.v1", "root": str(GOLD.root), "count": 4},
        slash={"policy": "skill-and-gold.v1", "min_labels": 8, "min_gold": 2, "breaker_gold": 4},
    )
    return build(chain, spec=spec, seat_stake=STAKE).accept()


def worked(chain: Chain | None = None, *, alone: bool = False) -> Stage:
    """All is committed; dora speaks to the oracle, or to the chain alone."""
    stage = gold_stage(chain).enrol(*(HONEST if alone else NAMES))
    dora, registry = stage.annotators["dora"], stage.contracts.registry
    if alone:
        stage.sender.send(dora.signer, registry.enrol(stage.params))
    stage.draw()
    for number in range(2):
        stage.begin(number)
        half = range(10 * number, 10 * number + 10)
        for name in HONEST:
            stage.annotators[name].submit(number, {item: item % 3 for item in half})
        wrong = {item: (item + 1) % 3 for item in half}
        if alone:
            dora.commit_alone(stage.sender, dora.keep(number, wrong))
        else:
            dora.submit(number, wrong)
        stage.engine.post_commits(number)
    return stage


def opened(*, alone: bool = False) -> Stage:
    """And opened, with the gold revealed."""
    stage = unrevealed(alone=alone)
    requester(stage).reveal_gold(stage.params, stage.spec, GOLD)
    return stage


def unrevealed(chain: Chain | None = None, *, alone: bool = False) -> Stage:
    """All but the gold is opened."""
    stage = worked(chain, alone=alone).reveal(*HONEST)
    dora = stage.annotators["dora"]
    for batch in dora.batches:
        if alone:
            dora.post_reveal(stage.sender, batch, proof=None)
        else:
            dora.open(batch)
    return stage
