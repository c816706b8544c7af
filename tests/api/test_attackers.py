"""What was signed once is good for one thing, once, here: every replay is refused, or is the same message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labelshare.chain.keys import Signer
from labelshare.protocol.commitments import SignedCommit
from labelshare.types import Address, CampaignId, Hash32, Scope
from tests.api.visit import Place, commit_body, good, new_place, problem
from tests.faults.table import Inject
from tests.oracle.stage import nothing_changes

OTHER = CampaignId(Hash32(b"\x07" * 32))


@pytest.fixture(scope="module")
def place() -> Place:
    """Round 0 takes batches, and ann has handed in one."""
    place = new_place()
    place.stage.accept().enrol().draw().begin()
    signed = sealed(place, "ann")
    good(place.commit(signed, place.stage.people["ann"]), 201)
    return place


def sealed(place: Place, name: str, scope: Scope | None = None, **more: Any) -> SignedCommit:
    stage, person = place.stage, place.stage.people[name]
    items = sorted(stage.engine.assigned_to(person.address) or ())[:2]
    labels = dict.fromkeys(items, stage.spec.task.form.encode(1))
    return stage.sealed(person, labels, scope=scope, **more)[0]


def ben(place: Place) -> Signer:
    return place.stage.people["ben"]


def elsewhere(place: Place, **changes: Any) -> Any:
    """A batch that is good, signed for another place than this one."""
    return place.commit(sealed(place, "ben", replace(place.stage.scope, **changes)), ben(place))


def old_session(place: Place) -> Any:
    """A token whose owner has signed out since."""
    token = good(_signed_in(place, ben(place)), 201)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    place.ask("DELETE", "/v1/sessions/current", headers=headers)
    return place.post(f"{place.root}/commitments", commit_body(sealed(place, "ben")), headers=headers)


def ended_session(place: Place) -> Any:
    """A token whose time is over."""
    token = good(_signed_in(place, ben(place)), 201)["token"]
    place.clock.seconds += 13 * 3_600
    place.tokens.clear()
    return place.post(
        f"{place.root}/commitments",
        commit_body(sealed(place, "ben")),
        headers={"Authorization": f"Bearer {token}"},
    )


def _signed_in(place: Place, signer: Signer) -> Any:
    asked = place.sign_in_text(signer)
    return place.signed_in(asked["nonce"], asked["message"], signer)


def old_sign_in(place: Place) -> Any:
    """A signature that has signed somebody in before."""
    asked = place.sign_in_text(ben(place))
    good(place.signed_in(asked["nonce"], asked["message"], ben(place)), 201)
    return place.signed_in(asked["nonce"], asked["message"], ben(place))


def anothers_sign_in(place: Place) -> Any:
    """The text of one account, signed by another."""
    asked = place.sign_in_text(place.stage.people["ann"])
    return place.signed_in(asked["nonce"], asked["message"], ben(place))


def renamed(place: Place) -> Any:
    """Ann's own batch under ben's name and session."""
    body = commit_body(sealed(place, "ann"), annotator=str(ben(place).address))
    return place.post(f"{place.root}/commitments", body, ben(place))


def changed(place: Place, **changes: Any) -> Any:
    """A signed batch with a field changed afterwards."""
    body = commit_body(sealed(place, "ben"), **changes)
    return place.post(f"{place.root}/commitments", body, ben(place))


def another_campaign(place: Place) -> Any:
    """Handed in under the path of another campaign."""
    path = f"/v1/campaigns/{OTHER}/commitments"
    return place.post(path, commit_body(sealed(place, "ben")), ben(place))


def enrolment_of(place: Place, **changes: Any) -> Any:
    """An enrolment signed for another place."""
    stage = place.stage
    scope = replace(stage.scope, **changes)
    return place.enrol(stage.enrolment("ben", scope=scope), ben(place))


Attack = Callable[[Place], Any]

ATTACKS: dict[str, tuple[Attack, int, str]] = {
    "a session that was ended": (old_session, 401, "unauthenticated"),
    "a sign-in signature again": (old_sign_in, 401, "unauthenticated"),
    "another's sign-in text": (anothers_sign_in, 403, "bad-signature"),
    "a batch signed for another campaign": (lambda p: elsewhere(p, campaign_id=OTHER), 403, "bad-signature"),
    "a batch signed for another chain": (lambda p: elsewhere(p, chain_id=1), 403, "bad-signature"),
    "a batch signed for another registry": (
        lambda p: elsewhere(p, registry=Address(b"\x05" * 20)),
        403,
        "bad-signature",
    ),
    "another's batch as one's own": (renamed, 403, "bad-signature"),
    "a batch with other counts than signed": (
        lambda p: changed(p, count=1, cumulativeCount=1),
        403,
        "bad-signature",
    ),
    "a batch with another root than signed": (
        lambda p: changed(p, root="0x" + "11" * 32),
        403,
        "bad-signature",
    ),
    "a batch under another campaign's path": (another_campaign, 404, "not-found"),
    "an enrolment for another campaign": (lambda p: enrolment_of(p, campaign_id=OTHER), 403, "bad-signature"),
    "an enrolment for another chain": (lambda p: enrolment_of(p, chain_id=1), 403, "bad-signature"),
    "a session whose time is over": (ended_session, 401, "unauthenticated"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_replay_is_refused(place: Place, inject: Inject, name: str) -> None:
    attack, status, slug = ATTACKS[name]
    with inject("something signed is replayed, or used elsewhere") as fault:
        with nothing_changes(place.stage):
            answer = attack(place)
        fault.injections += 1
        problem(answer, status, slug)
        fault.checks += 1


def test_the_same_batch_again_is_the_same_batch(place: Place, inject: Inject) -> None:
    """However often it is sent, with whatever key, there is one, and one receipt."""
    ann, batches = place.stage.people["ann"], len(place.stage.engine.book.commits())
    with inject("something signed is replayed, or used elsewhere") as fault:
        first = good(place.commit(sealed(place, "ann"), ann), 201)
        for key in ("a", "b", "b"):
            again = place.commit(sealed(place, "ann"), ann, headers={"Idempotency-Key": key})
            fault.injections += 1
            fault.check(good(again, 201) == first, "another receipt for the same batch")
        fault.check(len(place.stage.engine.book.commits()) == batches, "the batch is kept twice")


def test_a_moment_late_by_the_chain_is_late(inject: Inject) -> None:
    place = new_place()
    stage = place.stage.accept().enrol().draw().begin()
    late = sealed(place, "ben")
    stage.chain.advance_to(stage.schedule.aggregate_close(0))
    with inject("somebody hands in what is not theirs, or not now") as fault:
        fault.injections += 1
        with nothing_changes(stage):
            problem(place.commit(late, ben(place)), 409, "commitment-refused")
        fault.check(stage.engine.book.commits() == [], "a late batch was taken")
