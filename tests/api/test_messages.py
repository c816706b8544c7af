"""Messages over HTTP: what is refused is refused with its reason and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from labelshare.chain.connect import connect
from labelshare.chain.shared import shared
from labelshare.chain.state import CampaignState
from labelshare.oracle.desk import Desk
from labelshare.store.database import Database
from labelshare.types import CampaignId, Hash32
from tests.api.visit import Place, commit_body, good, new_place, problem
from tests.faults.table import Inject
from tests.oracle.stage import ITEMS, LIMIT, Stage, build, nothing_changes

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture(scope="module")
def place(either_database: None) -> Place:  # noqa: ARG001 (anew for each)
    """Round 0 has begun, by another process than the one that serves; ann has handed in two labels."""
    place = new_place()
    place.stage.accept().enrol().draw().begin()
    items = _open_items(place, "ann")
    good(place.commit(sealed(place, "ann", items[:2]), place.stage.people["ann"]), 201)
    return place


def _open_items(place: Place, name: str) -> list[int]:
    found = good(place.get(f"{place.root}/assignment", place.stage.people[name]))
    return [each["index"] for each in found["items"]]


def sealed(place: Place, name: str, items: list[int], **given: Any) -> Any:
    stage = place.stage
    label = stage.spec.task.form.encode(0)
    return stage.sealed(stage.people[name], dict.fromkeys(items, label), **given)[0]


def test_the_assignment_is_the_engines(place: Place) -> None:
    stage = place.stage
    for name in ("ben", "cleo", "dora"):
        found = good(place.get(f"{place.root}/assignment", stage.people[name]))
        assert found["round"] == 0
        assert found["takesBatches"]
        # an eighth of the hour earlier than the contract would: the root must be in a block by then
        assert found["closesAt"] == stage.schedule.aggregate_close(0) - 450
        assert found["endsAt"] == stage.schedule.round_end(0)
        assert (found["limit"], found["committed"], found["nextBatch"]) == (LIMIT, 0, 0)
        assigned = stage.engine.assigned_to(stage.people[name].address)
        assert assigned is not None
        assert [each["index"] for each in found["items"]] == sorted(assigned)
    ann = good(place.get(f"{place.root}/assignment", stage.people["ann"], params={"limit": 1}))
    assert (ann["committed"], ann["nextBatch"], len(ann["items"])) == (2, 1, 1)
    problem(place.get(f"{place.root}/assignment", stage.stranger), 403, "forbidden")


def test_more_labels_than_a_seat_answers_for_are_refused_with_the_reason(place: Place) -> None:
    items = _open_items(place, "ann")
    three = sealed(place, "ann", items[:3], batch=1, before=2)
    assert len(three.items) == 3

    with nothing_changes(place.stage):
        found = problem(place.commit(three, place.stage.people["ann"]), 409, "commitment-refused")

    assert "5 labels exceed the limit of 4" in found["detail"]
    assert "part of a seat" in found["detail"]


Attack = Callable[[Place], Any]


def _free(place: Place, name: str) -> list[int]:
    return _open_items(place, name)[:2]


ATTACKS: dict[str, tuple[Attack, int, str, str]] = {
    "for another": (
        lambda p: p.commit(sealed(p, "ben", _free(p, "ben")), p.stage.people["cleo"]),
        403,
        "forbidden",
        "hands in nothing for",
    ),
    "signed by another": (
        lambda p: p.commit(
            sealed(p, "ben", _free(p, "ben"), by=p.stage.people["cleo"]), p.stage.people["ben"]
        ),
        403,
        "bad-signature",
        "signed by",
    ),
    "another's session": (
        lambda p: p.commit(
            sealed(p, "ben", _free(p, "ben")),
            p.stage.people["ben"],
            headers={"Authorization": f"Bearer {p.token(p.stage.stranger)}"},
        ),
        403,
        "forbidden",
        "hands in nothing for",
    ),
    "a batch number again": (
        lambda p: p.commit(sealed(p, "ann", _free(p, "ann")), p.stage.people["ann"]),
        409,
        "replay",
        "is in already",
    ),
    "a gap": (
        lambda p: p.commit(sealed(p, "ben", _free(p, "ben"), batch=1), p.stage.people["ben"]),
        409,
        "commitment-refused",
        "follows a gap",
    ),
    "a round to come": (
        lambda p: p.commit(sealed(p, "ben", _free(p, "ben"), number=1), p.stage.people["ben"]),
        409,
        "commitment-refused",
        "does not take batches now",
    ),
    "items of others": (
        lambda p: p.commit(
            sealed(p, "ben", sorted(set(range(ITEMS)) - set(_open_items(p, "ben")))[:1]),
            p.stage.people["ben"],
        ),
        409,
        "commitment-refused",
        "is not assigned to",
    ),
    "no item": (
        lambda p: p.commit(sealed(p, "ben", [ITEMS]), p.stage.people["ben"]),
        409,
        "commitment-refused",
        "does not exist",
    ),
    "off the roster": (
        lambda p: p.commit(
            p.stage.sealed(p.stage.stranger, {0: p.stage.spec.task.form.encode(0)})[0], p.stage.stranger
        ),
        409,
        "refused",
        "not on the roster",
    ),
    "an enrolment signed by another": (
        lambda p: p.enrol(p.stage.enrolment("ann", signer=p.stage.stranger), p.stage.people["ann"]),
        403,
        "bad-signature",
        "signed by",
    ),
    "an opening before its time": (
        lambda p: p.open(
            p.stage.sealed(
                p.stage.people["ann"],
                dict.fromkeys(_committed(p), p.stage.spec.task.form.encode(0)),
            )[1],
            p.stage.people["ann"],
        ),
        409,
        "commitment-refused",
        "between the last round and the end",
    ),
    "an opening of nothing": (
        lambda p: p.open(
            p.stage.sealed(p.stage.people["ben"], {0: p.stage.spec.task.form.encode(0)})[1],
            p.stage.people["ben"],
        ),
        409,
        "commitment-refused",
        "committed no batch",
    ),
    "lists of a round that runs": (
        lambda p: p.get(f"{p.root}/rounds/0/commitments"),
        409,
        "refused",
        "still takes batches",
    ),
    "lists of a round to come": (
        lambda p: p.get(f"{p.root}/rounds/1/commitments"),
        409,
        "refused",
        "has not begun",
    ),
    "lists of no round": (lambda p: p.get(f"{p.root}/rounds/9/commitments"), 404, "not-found", "no round 9"),
}


def _committed(place: Place) -> tuple[int, ...]:
    items: tuple[int, ...] = place.stage.engine.book.commits_by(place.stage.people["ann"].address)[0].items
    return items


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_changes_nothing_and_learns_why(place: Place, inject: Inject, name: str) -> None:
    attack, status, slug, words = ATTACKS[name]
    with inject("somebody hands in what is not theirs, or not now") as fault:
        fault.injections += 1
        with nothing_changes(place.stage):
            found = problem(attack(place), status, slug)
        fault.check(words in found["detail"], found["detail"])


BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "a field too many": ({"hidden": 1}, "body.hidden"),
    "a number as text": ({"count": "2"}, "body.count"),
    "a text as number": ({"signature": 7}, "body.signature"),
    "negative": ({"round": -1}, "body.round"),
    "too large": ({"batch": 2**32}, "body.batch"),
    "a flag": ({"count": True}, "body.count"),
    "capitals": ({"signature": "0xAB"}, "body.signature"),
    "half a byte": ({"signature": "0xabc"}, "body.signature"),
    "a short root": ({"root": "0x00"}, "body.root"),
    "no items": ({"items": []}, "body.items"),
    "too many items": ({"items": list(range(65_537))}, "body.items"),
    "an item as text": ({"items": ["1"]}, "body.items.0"),
    "no list": ({"items": {}}, "body.items"),
    "nothing": ({"root": None}, "body.root"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_what_it_must_be_names_the_field(place: Place, name: str) -> None:
    changes, field = BODIES[name]
    ben = place.stage.people["ben"]
    body = commit_body(sealed(place, "ben", _free(place, "ben")), **changes)

    found = problem(place.post(f"{place.root}/commitments", body, ben), 422, "invalid-input")

    assert found["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"count": 1.5}',
        b'{"count": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 5_000,
        b"9" * 10_000,
        b'"' + b"\\ud800" * 5 + b"\x00",
    ],
)
def test_what_is_no_json_is_malformed(place: Place, content: bytes) -> None:
    ben = place.stage.people["ben"]
    answer = place.ask(
        "POST",
        f"{place.root}/commitments",
        ben,
        content=content,
        headers={"Content-Type": "application/json"},
    )
    problem(answer, 400, "malformed")


def test_a_body_of_another_type_is_refused(place: Place) -> None:
    ben = place.stage.people["ben"]
    body = commit_body(sealed(place, "ben", _free(place, "ben")))
    for given in ({"data": body}, {"content": b"x", "headers": {"Content-Type": "text/plain"}}, {}):
        answer = place.ask("POST", f"{place.root}/commitments", ben, **given)
        problem(answer, 415, "unsupported-media-type")


def test_nothing_is_there_by_another_name(place: Place) -> None:
    other = f"/v1/campaigns/{Hash32(bytes(32))}"
    ann = place.stage.people["ann"]
    for path in ("", "/items", "/roster", "/assignment", "/earnings", "/reasons", "/receipts", "/roles"):
        problem(place.get(other + path, ann), 404, "not-found")
    problem(place.get("/v1/nothing"), 404, "not-found")
    problem(place.get("/v1/campaigns/0x12"), 422, "invalid-input")
    problem(place.ask("PATCH", "/v1/campaigns"), 405, "method-not-allowed")
    problem(place.get(f"{place.root}/items/{ITEMS}"), 404, "not-found")
    problem(place.get(f"{place.root}/items/-1"), 422, "invalid-input")


def test_another_oracles_campaign_is_not_served_here(place: Place) -> None:
    stage: Stage = place.stage
    desk = Desk(stage.sender, stage.deployment, stage.stranger, stage.database)
    elsewhere = Place.of(stage)
    elsewhere.app.state.site = replace(elsewhere.app.state.site, desk=desk)
    found = problem(elsewhere.get(f"{place.root}/roster"), 404, "not-found")
    assert "another oracle" in found["detail"]
    assert list(elsewhere.rows("/v1/campaigns")) == []


def test_enrolling_before_the_campaign_is_accepted_is_refused() -> None:
    place = new_place()
    ann = place.stage.people["ann"]
    found = problem(place.enrol(place.stage.enrolment("ann"), ann), 409, "refused")
    assert "not accepted" in found["detail"]
    problem(place.get(f"{place.root}/assignment", ann), 409, "refused")
    problem(place.get(f"{place.root}/roster"), 409, "refused")


def test_a_body_that_says_a_thing_twice_is_not_read(place: Place) -> None:
    body = json.dumps(commit_body(sealed(place, "ben", _free(place, "ben"))))
    twice = body[:-1] + ', "round": 1}'
    ben, headers = place.stage.people["ben"], {"Content-Type": "application/json"}
    answer = place.ask("POST", f"{place.root}/commitments", ben, content=twice.encode(), headers=headers)
    assert "'round' comes more than once" in problem(answer, 400, "malformed")["detail"]


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k1"}])
def test_nobody_waits_for_the_node_that_another_one_asks(
    key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at a time writes to a store on a disk; the node answers once the other has signed in."""
    stage = build(shared(connect()), database=Database.open(tmp_path)).accept()
    place, signed_in = Place.of(stage), Event()
    ann, asking, state = stage.people["ann"], Event(), place.desk.state
    place.token(ann)

    def slow(name: CampaignId) -> CampaignState:
        asking.set()
        assert signed_in.wait(20)
        return state(name)

    monkeypatch.setattr(place.desk, "state", slow)
    with ThreadPoolExecutor(1) as pool:
        enrolment = pool.submit(place.enrol, stage.enrolment("ann"), ann, headers=key)
        assert asking.wait(20)
        place.token(stage.people["ben"])
        assert not enrolment.done()
        signed_in.set()
        good(enrolment.result(), 201)


def test_an_enrolment_that_is_sent_again_is_answered_alike_and_asks_no_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = new_place()
    stage = place.stage.accept()
    ann, key = stage.people["ann"], {"Idempotency-Key": "k1"}
    first = good(place.enrol(stage.enrolment("ann"), ann, headers=key), 201)
    monkeypatch.setattr(place.desk, "state", None)

    again = place.enrol(stage.enrolment("ann"), ann, headers=key)

    assert good(again, 201) == first
    assert again.headers["idempotency-replayed"] == "true"


def test_who_enrolled_is_not_told_before_the_roster_is_posted() -> None:
    place = new_place()
    stage = place.stage.accept().enrol("ann", "ben")
    problem(place.get(f"{place.root}/roster"), 409, "refused")
    stage.engine.book.end_enrolment()
    found = problem(place.get(f"{place.root}/roster"), 409, "refused")
    assert found["detail"] == "no roster is posted"
    stage.engine.post_roster()
    expected = sorted(str(stage.people[name].address) for name in ("ann", "ben"))
    assert sorted(place.rows(f"{place.root}/roster", limit=1)) == expected


def test_by_the_ordinary_routes_too_a_batch_is_taken_once() -> None:
    place = new_place()
    stage = place.stage.accept().enrol().draw().begin()
    ann, item = stage.people["ann"], _open_items(place, "ann")[0]
    signed, opening = stage.sealed(ann, {item: stage.spec.task.form.encode(0)})

    def twice(hand_in: Callable[..., Any], message: object, key: str) -> None:
        # By its type the lane leaves it to the ordinary route.
        named = {"Idempotency-Key": key, "Content-Type": "application/json; charset=utf-8"}
        first, again = (hand_in(message, ann, headers=named) for _ in range(2))
        assert good(first, 201) == good(again, 201)
        assert again.headers["idempotency-replayed"] == "true"

    twice(place.commit, signed, "k1")
    stage.engine.post_commits(0)
    stage.chain.advance_to(stage.schedule.commit_end)
    twice(place.open, opening, "k2")


def test_after_the_close_nothing_is_taken() -> None:
    place = new_place()
    stage = place.stage.accept().enrol("ann", "ben").draw().begin()
    items = _open_items(place, "ben")[:2]
    late = sealed(place, "ben", items)
    found = problem(place.enrol(stage.enrolment("cleo"), stage.people["cleo"]), 409, "refused")
    assert "no more enrolments" in found["detail"]
    stage.chain.advance_to(stage.schedule.aggregate_close(0))

    with nothing_changes(stage):
        found = problem(place.commit(late, stage.people["ben"]), 409, "commitment-refused")

    assert "does not take batches now" in found["detail"]
    after = good(place.get(f"{place.root}/assignment", stage.people["ben"]))
    assert (after["takesBatches"], after["items"], after["round"]) == (False, [], 0)
