"""Large specs: read by another process, answered and refused as small ones are."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

from labelshare.api import apart
from labelshare.protocol import canonical
from labelshare.protocol.spec import Spec
from tests.api.visit import Place, good, new_place, problem
from tests.oracle.stage import small_spec

KILLED = (sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
LARGE = small_spec(title="Large", instructions="x" * 5_000)


@pytest.fixture
def place() -> Place:
    return new_place()


def put(place: Place, spec: Spec, content: bytes | None = None) -> Any:
    body = spec.canonical_bytes if content is None else content
    return place.ask("PUT", f"/v1/specs/{spec.hash}", place.stage.requester, content=body)


def test_a_large_spec_is_kept_without_being_read_here(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = LARGE
    monkeypatch.setattr(apart, "LARGE", 100)
    for name in ("parse", "of", "read"):  # whoever reads a spec in this process fails
        monkeypatch.setattr(Spec, name, None)
    told = good(put(place, spec), 201)
    assert told == {"specHash": str(spec.hash), "title": "Large", "items": len(spec.items)}
    assert good(put(place, spec), 200) == told
    assert place.get(f"/v1/specs/{spec.hash}").content == spec.canonical_bytes


@pytest.mark.parametrize(
    "content",
    [
        small_spec(title="Other").canonical_bytes,
        b" " + LARGE.canonical_bytes,
        b"{" + b" " * 200 + b"}",
        b"\xff" * 200,
        b"[" * 100_000,
        canonical.dumps({**LARGE.fields, "price": "much"}),
    ],
)
def test_what_is_no_large_spec_is_refused_in_the_same_words(
    place: Place, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = put(place, LARGE, content)
    monkeypatch.setattr(apart, "LARGE", 100)
    assert told(put(place, LARGE, content)) == told(here)
    assert here.status_code == 422
    problem(place.get(f"/v1/specs/{LARGE.hash}"), 404, "not-found")


def test_the_quote_of_a_large_spec_is_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"spec": LARGE.fields, "feeBps": 700, "annotators": 12}
    here = good(place.post("/v1/quotes", question))
    monkeypatch.setattr(apart, "LARGE", 100)
    monkeypatch.setattr(Spec, "of", None)
    assert good(place.post("/v1/quotes", question)) == here


@pytest.mark.parametrize(
    "question",
    [
        {"spec": {**LARGE.fields, "price": "much"}},
        {"spec": LARGE.fields, "feeBps": 10_001, "annotators": -1},
        {"spec": [LARGE.fields]},
        {"spec": {**LARGE.fields, "price": 0.5}},
        {"spec": {}, "unknown": ["[" * 90] * 90},
        {"spec": [[[[[]]]]] * 5_000},
    ],
)
def test_what_is_no_question_is_refused_in_the_same_words(
    place: Place, question: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place.post("/v1/quotes", question)
    assert here.status_code in (400, 422)
    monkeypatch.setattr(apart, "LARGE", 20)
    assert told(place.post("/v1/quotes", question)) == told(here)


def told(answer: Any) -> tuple[int, dict[str, Any]]:
    """A problem without the name of its request."""
    said = dict(answer.json())
    said.pop("requestId")
    return answer.status_code, said


def test_where_the_process_is_killed_nothing_is_kept_and_the_service_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LARGE", 100)
    with monkeypatch.context() as patched:
        patched.setattr(apart, "_COMMAND", KILLED)
        answer = put(place, LARGE)
        problem(answer, 503, "busy")
        assert answer.headers["retry-after"] == "30"
    problem(place.get(f"/v1/specs/{LARGE.hash}"), 404, "not-found")
    good(put(place, LARGE), 201)


def test_one_that_hangs_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LARGE", 100)
    monkeypatch.setattr(apart, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(apart, "_SECONDS", 0.5)
    problem(put(place, LARGE), 503, "busy")
