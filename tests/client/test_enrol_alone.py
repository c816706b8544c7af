"""Whom the oracle leaves out enrols by an own transaction, once; who has no seat does not."""

from __future__ import annotations

import pytest

from labelshare.errors import RevertError
from tests.oracle.stage import Stage, build, nothing_changes


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build().accept()


def test_who_has_no_seat_does_not_enrol(stage: Stage) -> None:
    stranger = stage.annotator(stage.stranger)

    with nothing_changes(stage), pytest.raises(RevertError) as caught:
        stranger.enrol_alone(stage.sender)

    assert caught.value.name == "NotSeated"


def test_an_annotator_that_is_left_out_enrols_alone_and_once(stage: Stage) -> None:
    stage.enrol("ann", "ben")
    cleo = stage.annotators["cleo"]

    cleo.enrol_alone(stage.sender)

    with nothing_changes(stage):
        stage.annotator(cleo.signer).enrol_alone(stage.sender)
    stage.draw()
    assert stage.intake.roster == {stage.people[name].address for name in ("ann", "ben", "cleo")}
