"""The lane: what is usual is answered as the ordinary route would, and what is not is left to it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from labelshare.api.lane import Lane, _Asked
from labelshare.client.wire.work import ReceiptAnswer
from labelshare.errors import InputError, StoreError
from labelshare.oracle.counter import Counter, Handed
from labelshare.oracle.desk import Desk
from labelshare.protocol import typed_data
from labelshare.protocol.commitments import Opening, SignedCommit
from labelshare.store.replies import Request
from labelshare.store.sign_ins import SignIns, token_hash
from tests.api.visit import Place, good, new_place, problem
from tests.oracle.stage import NAMES

ASKED = {
    "type": "http",
    "method": "POST",
    "path": f"/v1/campaigns/0x{'00' * 32}/commitments",
}
HEADERS = {b"authorization": b"Bearer abc", b"content-type": b"application/json"}


@pytest.fixture
def place() -> Place:
    """Round 0 has begun, by another process than the one that serves."""
    place = new_place()
    place.stage.accept().enrol().draw().begin()
    return place


@pytest.fixture
def no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ordinary routes fail."""

    def fail(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(Desk, "committing", fail)
    monkeypatch.setattr(Desk, "opening", fail)


def sealed(place: Place, name: str, batch: int = 0) -> tuple[SignedCommit, Opening]:
    stage = place.stage
    item = sorted(stage.engine.assigned_to(stage.people[name].address) or ())[batch]
    return stage.sealed(stage.people[name], {item: stage.spec.task.form.encode(0)}, batch=batch, before=batch)


@pytest.mark.usefixtures("no_other_way")
def test_batches_and_openings_go_by_the_lane(place: Place) -> None:
    stage, ann = place.stage, place.stage.people["ann"]
    signed, opening = sealed(place, "ann")

    answer = place.commit(signed, ann)

    name = typed_data.commit_hash(stage.scope.campaign_id, signed.commit)
    receipt = stage.intake.receipt(ann.address, name)
    assert good(answer, 201) == {"commitHash": str(name), "receipt": "0x" + receipt.hex()}
    assert answer.content == ReceiptAnswer(commit_hash=name, receipt=receipt).to_bytes()
    for header in ("x-request-id", "x-content-type-options", "cache-control", "content-length"):
        assert answer.headers[header]
    stage.chain.advance_to(stage.schedule.commit_end)
    assert (
        good(place.open(opening, ann), 201)["receipt"] == "0x" + stage.intake.opening_receipt(opening).hex()
    )
    assert stage.engine.book.openings() == [opening]


@pytest.mark.usefixtures("no_other_way")
def test_what_is_not_usual_does_not(place: Place) -> None:
    signed, _ = sealed(place, "ann")
    answer = place.commit(signed, place.stage.people["ann"], headers={"Content-Type": "application/JSON"})
    problem(answer, 500, "internal")


@pytest.mark.usefixtures("no_other_way")
def test_a_key_of_idempotency_is_kept_with_the_message(place: Place) -> None:
    ann, key = place.stage.people["ann"], {"Idempotency-Key": "mine"}
    signed, other = sealed(place, "ann")[0], sealed(place, "ann", 1)[0]

    first, again = place.commit(signed, ann, headers=key), place.commit(signed, ann, headers=key)

    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert good(again, 201) == good(first, 201)
    found = problem(place.commit(other, ann, headers=key), 422, "invalid-input")
    assert "was used for another request" in found["detail"]
    assert place.stage.engine.book.commits() == [signed]
    good(place.commit(other, ann, headers={"Idempotency-Key": "another"}), 201)


def test_one_key_for_two_messages_of_one_group_is_good_for_the_first(place: Place) -> None:
    lane, stage = Lane(place.app.state.site), place.stage
    place.desk.prepare(stage.scope.campaign_id)
    account = stage.people["ann"].address
    token = token_hash(place.token(stage.people["ann"]))
    every = [
        _Asked(
            Handed(stage.scope.campaign_id, sealed(place, "ann", at)[0], request=Request(account, "k", said)),
            token,
        )
        for at, said in ((0, b"one"), (1, b"two"), (0, b"one"))
    ]

    first, second, third = lane._take(every)

    assert isinstance(first, bytes)
    assert isinstance(second, InputError)
    assert third == first


@pytest.mark.parametrize(
    ("scope", "headers"),
    [
        ({"method": "GET"}, {}),
        ({"path": "/v1/campaigns"}, {}),
        ({"path": ASKED["path"] + "/"}, {}),
        ({"path": ASKED["path"].replace("commitments", "enrolments")}, {}),
        ({"path": ASKED["path"].replace("/v1", "/v2")}, {}),
        ({}, {b"authorization": b"Basic abc"}),
        ({}, {b"authorization": b""}),
        ({}, {b"content-type": b"text/plain"}),
        ({}, {b"idempotency-key": b"my key"}),
        ({}, {b"idempotency-key": b"k" * 201}),
    ],
)
def test_the_lane_is_narrow(scope: dict[str, Any], headers: dict[bytes, bytes]) -> None:
    assert Lane.usual(ASKED, HEADERS) is not None
    assert Lane.usual(ASKED | scope, HEADERS | headers) is None


def test_a_session_that_ended_elsewhere_is_good_for_nothing_at_once(place: Place) -> None:
    """Another process over the same store ends it; this one had seen it go on."""
    ann = place.stage.people["ann"]
    good(place.commit(sealed(place, "ann")[0], ann), 201)
    SignIns(place.stage.database).end(place.token(ann))

    for batch in (0, 1):
        found = problem(place.commit(sealed(place, "ann", batch)[0], ann), 401, "unauthenticated")
        assert "no session has this token" in found["detail"]

    assert len(place.stage.engine.book.commits()) == 1
    place.tokens.clear()
    good(place.commit(sealed(place, "ann", 1)[0], ann), 201)


def test_a_session_that_is_over_is_good_for_nothing(place: Place) -> None:
    ann = place.stage.people["ann"]
    good(place.commit(sealed(place, "ann")[0], ann), 201)
    place.clock.seconds += 13 * 3_600
    problem(place.commit(sealed(place, "ann", 1)[0], ann), 401, "unauthenticated")


def test_one_of_a_group_whose_session_ended_costs_the_others_nothing(place: Place) -> None:
    lane, stage = Lane(place.app.state.site), place.stage
    tokens = {name: token_hash(place.token(stage.people[name])) for name in NAMES}
    SignIns(stage.database).end(place.token(stage.people["ben"]))
    stage.engine.refresh()
    place.desk.prepare(stage.scope.campaign_id)

    answers = lane._take([asked(place, name, tokens[name]) for name in NAMES])

    assert [isinstance(each, bytes) for each in answers] == [name != "ben" for name in NAMES]


def asked(place: Place, name: str, token: bytes) -> _Asked:
    return _Asked(Handed(place.stage.scope.campaign_id, sealed(place, name)[0]), token)


def test_a_store_that_is_away_is_a_fault_of_the_service(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Counter, handed: Sequence[Any]) -> list[Exception]:
        return [StoreError("the store refused: secret words")] * len(handed)

    monkeypatch.setattr(Counter, "take", away)
    found = problem(
        place.commit(sealed(place, "ann")[0], place.stage.people["ann"]), 503, "store-unavailable"
    )
    assert "secret" not in str(found)


def test_all_at_once_each_get_their_own(place: Place) -> None:
    """From threads of their own, so that several event loops hand in to one lane."""
    work = [(name, sealed(place, name, 0)[0]) for name in NAMES]
    for name in NAMES:
        place.token(place.stage.people[name])
    with ThreadPoolExecutor(len(work)) as pool:
        answers = list(pool.map(lambda each: place.commit(each[1], place.stage.people[each[0]]), work))
    names = {good(each, 201)["commitHash"] for each in answers}
    assert names == {
        str(typed_data.commit_hash(place.stage.scope.campaign_id, each.commit)) for _, each in work
    }
    assert set(place.stage.engine.book.commits()) == {each for _, each in work}
