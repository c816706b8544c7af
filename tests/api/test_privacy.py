"""Before a settlement is proposed nobody reads another's labels: no annotator, no requester, no stranger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labelshare.types import Hash32
from tests.api.visit import Place, new_place, problem
from tests.faults.table import Inject
from tests.oracle.stage import ITEMS, NAMES


@pytest.fixture(scope="module")
def place() -> Place:
    """Everyone has committed and opened; nothing is proposed, but its bundle is in the store."""
    place = new_place()
    stage = place.stage.accept().enrol().draw().work()
    stage.reveal(*NAMES)
    stage.chain.advance_to(stage.schedule.reveal_end)
    return place


def secrets(place: Place) -> list[str]:
    """What only ann and the oracle know: her batch secret, and her opening's hash as it would be shown."""
    batch = place.stage.annotators["ann"].batches[0]
    return [batch.opening.secret.hex()]


def every_path(place: Place) -> Iterator[str]:
    """Each GET of the API, filled in with ann's data."""
    ann, stage = place.stage.people["ann"].address, place.stage
    values = {
        "campaign": str(stage.scope.campaign_id),
        "dataset": str(stage.dataset),
        "number": "0",
        "annotator": str(ann),
        "digest": str(Hash32(bytes(32))),
    }
    item = stage.annotators["ann"].batches[0].opening.items[0]
    paths = place.app.openapi()["paths"]
    for path, methods in paths.items():
        if "get" in methods and not path.endswith("/events"):
            yield path.format(**values, item=item)


def test_no_answer_to_anybody_holds_anything_of_an_opening(place: Place, inject: Inject) -> None:
    stage = place.stage
    with inject("others ask for labels before the settlement") as fault:
        for signer in (stage.people["ben"], stage.requester, stage.stranger, None):
            for path in every_path(place):
                answer = place.get(path, signer)
                fault.injections += 1
                fault.check(answer.status_code < 500, f"{path}: {answer.text[:200]}")
                text = answer.text.replace(" ", "")
                shown = [word for word in (*secrets(place), '"label"', '"labels":[') if word in text]
                fault.check(not shown, f"{path} shows {shown}")
    assert fault.injections > 80


def test_reasons_proofs_and_bundle_are_nobodys_before_the_settlement(place: Place) -> None:
    stage = place.stage
    ann, item = stage.people["ann"], stage.annotators["ann"].batches[0].opening.items[0]
    for signer in (ann, stage.people["ben"], stage.requester, stage.oracle):
        problem(place.get(f"{place.root}/reasons", signer), 404, "not-found")
        problem(place.get(f"{place.root}/proofs/{ann.address}/{item}", signer), 404, "not-found")


def test_a_bundle_that_is_not_proposed_is_not_shown_whoever_knows_its_name() -> None:
    place = new_place()
    stage = place.stage.accept().enrol().draw().work().reveal(*NAMES)
    name = Hash32(bytes(range(32)))
    stage.engine.book.keep_bundle(name, b"kept before it is proposed\n")
    for signer in (stage.people["ann"], stage.requester, stage.oracle, None):
        problem(place.get(f"{place.root}/bundles/{name}", signer), 404, "not-found")

    built = stage.settle()
    path = f"{place.root}/bundles/{built.settlement.bundle_hash}"
    assert place.get(path).content == built.bundle
    problem(place.get(f"{place.root}/bundles/{name}"), 404, "not-found")


def test_receipts_are_shown_to_their_owner_alone(place: Place) -> None:
    stage = place.stage
    own = place.get(f"{place.root}/receipts", stage.people["ann"]).json()["items"]
    others = place.get(f"{place.root}/receipts", stage.people["ben"]).json()["items"]
    assert own[0]["commit"]["annotator"] == str(stage.people["ann"].address)
    assert {each["commit"]["annotator"] for each in others} == {str(stage.people["ben"].address)}
    assert list(place.rows(f"{place.root}/receipts", stage.requester)) == []


def test_progress_is_numbers_alone(place: Place) -> None:
    progress = place.get(place.root).json()["progress"]
    assert progress == {
        "enrolled": 4,
        "batches": 4,
        "labels": 8,
        "opened": 4,
        "places": 2 * ITEMS,
        "rounds": [{"round": 0, "batches": 4, "labels": 8}],
    }
