"""The list behind the table of rejected labels: in parts of whatever size it is the same list.

├── given labels that were handed in in several batches, in an order of their own
│   ├── it goes by batch and item, accepted labels left out
│   └── a part ends within a batch, or goes over several
└── given a batch that was never opened
    └── its labels are among the others, in their places
"""

from __future__ import annotations

import pytest

from labelshare.oracle.settled import reasons_for
from tests.api.visit import Place, new_place, problem
from tests.oracle.stage import small_spec

BATCHES: dict[str, list[tuple[int, ...]]] = {
    "ann": [(0, 1, 2, 3)],
    "ben": [(0, 1, 2, 3)],
    "cleo": [(2,), (0,), (1, 3)],
    "dora": [(0,), (3,), (1, 2)],
}
ACCEPTED = 0  # all agree on it, dora as well
UNOPENED = ("cleo", 1)


@pytest.fixture(scope="module")
def place() -> Place:
    """Four people label the same four items; dora says another thing of three of them."""
    made = new_place(spec=small_spec(redundancy={"policy": "fixed.v1", "k": 4}))
    stage = made.stage.accept().enrol().draw().begin()
    for name, batches in BATCHES.items():
        for items in batches:
            stage.annotators[name].submit(
                0, {item: int(name == "dora" and item != ACCEPTED) for item in items}
            )
    stage.engine.post_commits(0)
    stage.reveal()
    for name in BATCHES:
        for number, batch in enumerate(stage.annotators[name].batches):
            if (name, number) != UNOPENED:
                stage.annotators[name].open(batch)
    stage.settle()
    return made


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ann", []),
        ("cleo", [(1, 0, "unopened")]),
        ("dora", [(1, 3, "differs"), (2, 1, "differs"), (2, 2, "differs")]),
    ],
)
def test_it_goes_by_batch_and_item(place: Place, name: str, found: list[tuple[int, int, str]]) -> None:
    person = place.stage.people[name]
    own = place.desk.findings(place.stage.scope.campaign_id).of(person.address)
    assert [(each.batch, each.item, str(each.why)) for each in reasons_for(own, person.address)] == found
    for limit in range(1, 5):
        rows = place.rows(f"{place.root}/reasons", person, limit)
        assert [(each["batch"], each["item"], each["why"]) for each in rows] == found


def test_a_place_in_another_list_is_none_in_this(place: Place) -> None:
    ann, dora = (place.stage.people[name] for name in ("ann", "dora"))
    path = f"{place.root}/reasons"
    cursor = place.get(path, dora, params={"limit": 1}).json()["next"]
    assert place.get(path, dora, params={"cursor": cursor}).json()["next"] is None
    for person in (ann, place.stage.people["ben"]):  # who have nothing to list
        problem(place.get(path, person, params={"cursor": cursor}), 422, "invalid-input")
