"""A campaign of boxes: three honest people, and dora, who says nothing is there where there is something.

Six photographs, three labels each: dora's and those of two others, nobody's boxes the same to the number.

    0  gold   a cat            ann, ben
    1  gold   a cat and a dog  ben, cleo, who draws a third box
    2  gold   a dog            cleo, ann
    3         nothing          ann, ben; dora draws a cat
    4         a cat            ben, cleo
    5         contested        cleo sees a cat, ann a dog elsewhere, dora nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from labelshare.chain.node import Chain
from labelshare.protocol.gold import SealedGold
from labelshare.protocol.labels.boxes import Boxes, parse_boxes
from labelshare.protocol.spec import Spec
from labelshare.store.bundles import find_bundle
from labelshare.store.database import Database
from labelshare.types import keccak
from tests.client.gold import requester
from tests.oracle.play import Play
from tests.oracle.stage import COIN, FEE_BPS, Stage, build, small_spec

Box: TypeAlias = tuple[str, float, float, float, float]
"""A class; left, top, width and height in percent."""

CONFIG: Final = (
    '<View><Image name="photo" value="$image"/>'
    '<RectangleLabels name="found" toName="photo" canRotate="false">'
    '<Label value="cat"/><Label value="dog"/></RectangleLabels></View>'
)
FORM: Final[Boxes] = parse_boxes(CONFIG)
COUNT: Final = 6
CAT: Final[Box] = ("cat", 10, 15, 30, 45)
DOG: Final[Box] = ("dog", 55, 50, 30, 40)
THIRD: Final[Box] = ("dog", 2, 80, 12.5, 15.25)

_SEEN: Final[Mapping[str, Mapping[int, tuple[Box, ...]]]] = {
    "ann": {0: (CAT,), 2: (DOG,), 3: (), 5: (DOG,)},
    "ben": {0: (CAT,), 1: (CAT, DOG), 3: (), 4: (CAT,)},
    "cleo": {1: (CAT, DOG, THIRD), 2: (DOG,), 4: (CAT,), 5: (CAT,)},
    "dora": {0: (), 1: (), 2: (), 3: (CAT,), 4: (), 5: ()},
}
_OFF: Final = {"ann": 0.0, "ben": 0.53, "cleo": 1.21, "dora": 0.0}

STAKE: Final = COUNT * COIN
PAID: Final = {"ann": 7 * COIN // 2, "ben": 4 * COIN, "cleo": 7 * COIN // 2, "dora": COIN // 2}
"""A coin for each of an accepted class, half of one for the contested item."""
FEE: Final = sum(PAID.values()) * FEE_BPS // 10_000
FORFEIT: Final = STAKE * 5_000 * 8_773 // (10_000 * 26_214)
"""Of dora's stake, for a skill of −17/127.

She says "nothing", which one item in six is, on gold, which counts five times, and on two other items:
X = 3 × 5 + 2 of n = 18 labels, none of them right, T = 6, strength 6. So skill is
floor(65,536 × (0 × 6 − 17) / (18 × 6 − 17 + 6 × 6)) = −8,773, and full is 26,214.
"""


def drawn(*boxes: Box, off: float = 0.0) -> list[dict[str, Any]]:
    """The Label Studio result of boxes, each moved to the right and down by so much."""
    return [
        {
            "from_name": "found",
            "to_name": "photo",
            "type": "rectanglelabels",
            "value": {
                "x": left + off,
                "y": top + off,
                "width": width,
                "height": height,
                "rectanglelabels": [name],
            },
        }
        for name, left, top, width, height in boxes
    ]


def results(name: str) -> dict[int, list[dict[str, Any]]]:
    """What somebody gives, by item, as Label Studio has it."""
    return {item: drawn(*boxes, off=_OFF[name]) for item, boxes in _SEEN[name].items()}


def answers(name: str, number: int | None = None) -> dict[int, int]:
    """The numbers of the same, in one round or in both: three items are labelled in each."""
    rounds = range(COUNT) if number is None else range(3 * number, 3 * number + 3)
    return {item: FORM.from_result(found) for item, found in results(name).items() if item in rounds}


GOLD: Final = SealedGold.of(
    keccak(b"gold of boxes"),
    {
        item: FORM.encode(FORM.from_result(drawn(*boxes, off=0.3)))
        for item, boxes in enumerate([(CAT,), (CAT, DOG), (DOG,)])
    },
)


def boxes_spec(**changes: Any) -> Spec:
    """Its rules; gold is enough for the circuit breaker."""
    fields: dict[str, Any] = {
        "title": "Animals",
        "instructions": "Draw a box close around each cat and each dog; none where there is neither.",
        "task": {"type": "boxes.v1", "config": CONFIG},
        "items": [{"digest": f"{item:064x}", "name": f"photo {item}"} for item in range(COUNT)],
        "redundancy": {"policy": "fixed.v1", "k": 3},
        "assignment": {"policy": "given.v1"},
        "gold": {"policy": "merkle.v1", "root": str(GOLD.root), "count": len(GOLD.items)},
        "slash": {"policy": "skill-and-gold.v1", "min_gold": 2, "breaker_gold": 3},
    }
    return small_spec(**(fields | changes))


def boxes_stage(chain: Chain | None = None, database: Database | None = None) -> Stage:
    """Funded and not accepted."""
    return build(chain, boxes_spec(), seat_stake=STAKE, database=database)


class BoxesPlay(Play):
    """Its life by services."""

    def answers(self, name: str, number: int) -> dict[int, int]:
        return answers(name, number)

    def reveal(self) -> None:
        super().reveal()
        requester(self.stage).reveal_gold(self.stage.params, self.stage.spec, GOLD)


@cache
def boxes_life() -> tuple[BoxesPlay, bytes]:
    """Lived once in this process, from the funding to the last payout, and the bundle that was kept."""
    stage = boxes_stage()
    play = BoxesPlay(stage, [stage.database])
    play.live()
    posted = stage.record().posted
    assert posted is not None
    kept = find_bundle(stage.database, stage.scope.campaign_id, posted.settlement.bundle_hash)
    assert kept is not None
    return play, kept.part(0, kept.size)
