"""The OpenAPI document says what there is, with examples that are what they show; no request breaks it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelshare.api.app import SUBJECTS
from labelshare.api.headers import DESCRIBED
from labelshare.api.problems import DOCUMENTED, FAILURES
from labelshare.api.routes import health
from labelshare.client.wire.problem import KINDS, MEDIA_TYPE, PREFIX, kind_of
from labelshare.protocol.spec import Spec
from tests.api.schemas import faults
from tests.api.visit import URL, Place, new_place

ROUTES = {
    "POST /v1/sign-ins",
    "POST /v1/sessions",
    "GET /v1/sessions/current",
    "DELETE /v1/sessions/current",
    "GET /v1/campaigns",
    "GET /v1/campaigns/{campaign}",
    "GET /v1/campaigns/{campaign}/roles",
    "GET /v1/campaigns/{campaign}/items",
    "GET /v1/campaigns/{campaign}/items/{item}",
    "GET /v1/campaigns/{campaign}/media/{digest}",
    "HEAD /v1/campaigns/{campaign}/media/{digest}",
    "PUT /v1/campaigns/{campaign}/media/{digest}",
    "GET /v1/campaigns/{campaign}/assignment",
    "GET /v1/campaigns/{campaign}/receipts",
    "POST /v1/campaigns/{campaign}/enrolments",
    "GET /v1/campaigns/{campaign}/roster",
    "POST /v1/campaigns/{campaign}/commitments",
    "GET /v1/campaigns/{campaign}/rounds/{number}/commitments",
    "POST /v1/campaigns/{campaign}/openings",
    "GET /v1/campaigns/{campaign}/earnings",
    "GET /v1/earnings",
    "GET /v1/campaigns/{campaign}/reasons",
    "GET /v1/campaigns/{campaign}/proofs/{annotator}/{item}",
    "GET /v1/campaigns/{campaign}/bundles/{digest}",
    "PUT /v1/specs/{digest}",
    "GET /v1/specs/{digest}",
    "POST /v1/quotes",
    "GET /v1/acceptance",
    "GET /v1/datasets",
    "GET /v1/datasets/{dataset}",
    "GET /v1/datasets/{dataset}/licences",
    "GET /v1/datasets/{dataset}/holders",
    "GET /v1/datasets/{dataset}/holding",
    "GET /v1/campaigns/{campaign}/events",
    "GET /healthz",
    "GET /readyz",
}
UNROUTED = {404, 405}  # a path that was spoilt may be that of no route, or of another one
PUBLIC = ("/v1/sign-ins", "/v1/sessions", "/v1/quotes")


@pytest.fixture(scope="module")
def place() -> Place:
    place = new_place()
    place.stage.accept().enrol("ann", "ben").draw().begin()
    return place


@pytest.fixture(scope="module")
def document(place: Place) -> dict[str, Any]:
    """As it is served."""
    answer: dict[str, Any] = place.get("/v1/openapi.json").json()
    return answer


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, of what type, and what of it is said."""
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        yield "request", media_type, body
    for status, answer in operation["responses"].items():
        for media_type, body in answer.get("content", {}).items():
            yield status, media_type, body


def examples(body: dict[str, Any]) -> dict[str, Any]:
    """Those of a body by their names; one that is alone has none."""
    if "example" in body:
        return {"": body["example"]}
    return {name: each["value"] for name, each in body.get("examples", {}).items()}


def problems_of(operation: dict[str, Any]) -> dict[str, set[str]]:
    """The kinds of problem that a route names, by status."""
    return {
        where: set(examples(body))
        for where, media_type, body in bodies(operation)
        if media_type == MEDIA_TYPE
    }


def test_the_routes_are_these(document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} == ROUTES


def test_the_page_about_the_api_names_every_route() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z]+ [^`]+)` \|", page, re.MULTILINE)) == ROUTES


def test_the_page_about_the_api_says_of_every_problem_when_it_comes_and_what_to_do() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.{10,}) \| (.{6,}) \|$", page, re.MULTILINE)
    assert [(slug, int(status)) for slug, status, *_ in rows] == [(each.slug, each.status) for each in KINDS]


def test_every_route_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    statuses = {str(kind.status) for kind in KINDS}
    for name, operation in operations(document):
        assert len(operation["summary"]) > 5, name
        assert len(operation["description"]) > 20, name
        failures = {status for status in operation["responses"] if status >= "400"}
        limited = set() if name.endswith("z") else {"429"}
        assert {"408", "500", "503"} | limited <= failures <= statuses, name
        if "requestBody" in operation:
            assert {"400", "413", "422"} <= failures, name
            path = name.split()[1]
            assert path in PUBLIC or "401" in failures, name
        if operation.get("security"):
            assert "401" in failures, name
        for where, media_type, body in bodies(operation):
            is_failure = where != "request" and where >= "400" and "Ready" not in str(body["schema"])
            assert (media_type == MEDIA_TYPE) == is_failure, (name, where)


def test_every_body_has_an_example_that_is_one(document: dict[str, Any]) -> None:
    schemas, judged = document["components"]["schemas"], 0
    for name, operation in operations(document):
        for where, _, body in bodies(operation):
            given = examples(body)
            assert given, (name, where)
            for each in given.values():
                assert faults(each, body["schema"], schemas) == [], (name, where)
                judged += 1
    assert judged > 200


def test_examples_of_problems_are_those_of_the_route(document: dict[str, Any]) -> None:
    """What its code documents, and what any route like it may answer with; nothing else of that status."""
    general = {"malformed", "too-large", "unsupported-media-type", "invalid-input", "unauthenticated"}
    judged = 0
    for path, route in every_route():
        for method in route.methods or ():
            operation = document["paths"][path][method.lower()]
            said = {slug for each in route.responses.values() for slug in each.get(DOCUMENTED, ())}
            shown = problems_of(operation)
            found = {slug for slugs in shown.values() for slug in slugs}
            assert said <= found <= said | general | {*FAILURES}, (method, path)
            judged += len(said)
            for where, media_type, body in bodies(operation):
                for slug, each in examples(body).items() if media_type == MEDIA_TYPE else ():
                    assert each["type"] == f"{PREFIX}{slug}", (method, path)
                    assert str(each["status"]) == where == str(kind_of(slug).status), (method, path)
    assert judged > 50


def every_route() -> Iterator[tuple[str, APIRoute]]:
    """Paths and routes as they are in the code."""
    for prefix, subject in [*(("/v1", each) for each in SUBJECTS), ("", health)]:
        for route in subject.router.routes:
            if isinstance(route, APIRoute):
                yield f"{prefix}{route.path}", route


def test_some_examples_of_problems(document: dict[str, Any]) -> None:
    shown = {name: problems_of(operation) for name, operation in operations(document)}
    assert shown["GET /v1/datasets"]["422"] == {"invalid-input"}
    assert shown["GET /v1/campaigns/{campaign}/roster"]["409"] == {"refused"}
    assert shown["PUT /v1/specs/{digest}"]["422"] == {"invalid-spec", "invalid-input"}
    assert shown["GET /v1/earnings"]["503"] == {"busy", "store-unavailable", "chain-unavailable"}
    assert "429" not in shown["GET /healthz"]
    assert "415" not in shown["PUT /v1/specs/{digest}"]
    assert shown["POST /v1/quotes"]["415"] == {"unsupported-media-type"}


def test_headers_of_answers_are_described(document: dict[str, Any]) -> None:
    known = document["components"]["headers"]
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            said = {each["$ref"].rsplit("/", 1)[-1] for each in answer["headers"].values()}
            assert said == set(answer["headers"]) <= set(known), (name, status)
            assert "X-Request-Id" in said
            assert ("Retry-After" in said) == (status in {"429", "503"})
    for each in known.values():
        assert faults(each["example"], each["schema"], {}) == []
    enrolments = document["paths"]["/v1/campaigns/{campaign}/enrolments"]["post"]["responses"]
    assert "Idempotency-Replayed" in enrolments["201"]["headers"]
    bundle = document["paths"]["/v1/campaigns/{campaign}/bundles/{digest}"]["get"]["responses"]
    assert {"ETag", "Accept-Ranges", "Content-Range"} <= set(bundle["206"]["headers"])


def test_the_document_says_where_the_service_is(document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": URL}]


def test_events_of_the_stream_have_schemas(document: dict[str, Any]) -> None:
    """The stream's example is told as the stream tells; its data are what the schemas say."""
    schemas = document["components"]["schemas"]
    operation = document["paths"]["/v1/campaigns/{campaign}/events"]["get"]
    text = operation["responses"]["200"]["content"]["text/event-stream"]["example"]
    names = {"happened": "HappenedAnswer", "reorganised": "ReorganisedAnswer", "progress": "ProgressAnswer"}
    told = re.findall(r"^event: (\w+)\ndata: (.*)$", text, re.MULTILINE)
    assert {kind for kind, _ in told} == set(names)
    for kind, data in told:
        assert faults(json.loads(data), schemas[names[kind]], schemas) == []


def test_the_judge_of_examples_can_fail(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    body = document["paths"]["/v1/campaigns/{campaign}/commitments"]["post"]["requestBody"]
    schema, right = (body["content"]["application/json"][name] for name in ("schema", "example"))
    assert faults(right, schema, schemas) == []
    for wrong in (
        right | {"surplus": 1},
        right | {"root": "0x00"},
        right | {"count": "3"},
        right | {"count": True},
        right | {"items": []},
        right | {"round": -1},
        {name: value for name, value in right.items() if name != "batch"},
    ):
        assert faults(wrong, schema, schemas), wrong


def test_the_example_of_a_spec_is_a_spec(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/specs/{digest}"]["put"]["requestBody"]["content"]["application/json"]
    assert Spec.of(body["example"]).title == "Moods"


def test_every_example_of_a_request_is_taken_as_one(place: Place, document: dict[str, Any]) -> None:
    """Refused it may be, by the rules; malformed or invalid it is not."""
    ann, asked = place.stage.people["ann"], 0
    for name, operation in operations(document):
        method, path = name.split()
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or method == "PUT":
            continue
        answer = place.ask(method, filled(place, path), ann, json=content["example"])
        assert answer.status_code not in {400, 422}, (name, answer.text)
        assert answer.status_code < 500, (name, answer.text)
        asked += 1
    assert asked == 6


def filled(place: Place, path: str, **values: str) -> str:
    ann = str(place.stage.people["ann"].address)
    given = {
        "campaign": str(place.stage.scope.campaign_id),
        "dataset": str(place.stage.dataset),
        "annotator": ann,
        "digest": "0x" + "11" * 32,
        "item": "0",
        "number": "0",
    }
    return path.format(**(given | values))


texts = st.text(max_size=80) | st.sampled_from(
    ["0x" + "00" * 32, "0x" + "ff" * 20, "0x", "-1", "1e9", "9" * 30, "..", "%00", "\ud7ff", "null"]
)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_whatever_breaks_the_service(place: Place, document: dict[str, Any], data: Any) -> None:
    """Fields of an example replaced by anything, paths and queries too: a problem at worst, never a fault."""
    name, operation = data.draw(st.sampled_from(sorted(operations(document), key=lambda each: each[0])))
    method, path = name.split()
    names = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
    steps = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=60)
    spoilt = {each: data.draw(steps) for each in names if data.draw(st.integers(0, 3)) == 0}
    query = {
        each["name"]: data.draw(texts)
        for each in operation.get("parameters", [])
        if each["in"] == "query" and data.draw(st.booleans())
    }
    given: dict[str, Any] = {"params": query}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        changed = {field: data.draw(values) for field in body["example"] if data.draw(st.integers(0, 2)) == 0}
        given["json"] = data.draw(values) if data.draw(st.integers(0, 5)) == 0 else body["example"] | changed
    if path.endswith("/events"):
        given["headers"] = {"Last-Event-ID": "no event"}
    url = filled(place, path, **{each: quote(step) for each, step in spoilt.items()})

    answer = place.ask(method, url, place.stage.people["ben"], **given)

    assert answer.status_code < 500, (name, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE
    if answer.status_code not in UNROUTED:
        said = operation["responses"][str(answer.status_code)]
        described = {each.lower() for each in said["headers"]}
        assert {each.lower() for each in DESCRIBED} & set(answer.headers) <= described, name
        if answer.status_code >= 400 and method != "HEAD":
            slug = answer.json()["type"].removeprefix(PREFIX)
            assert slug in problems_of(operation)[str(answer.status_code)], (name, answer.text)
    if (method, path) == ("DELETE", "/v1/sessions/current"):
        place.tokens.clear()


def quote(step: str) -> str:
    from urllib.parse import quote as escaped

    return escaped(step, safe="")
