"""The OpenAPI document: problems and headers as what they are, and an example for every body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from labelshare.api.examples import REF, example
from labelshare.api.headers import DESCRIBED, said_in
from labelshare.api.problems import DOCUMENTED, FAILURES
from labelshare.client.wire.base import Answer
from labelshare.client.wire.health import HappenedAnswer, ReorganisedAnswer
from labelshare.client.wire.problem import MEDIA_TYPE, PREFIX, Problem, kind_of

__all__ = ["document"]

_WITH_BODY: Final = ("malformed", "too-large", "invalid-input")
_METHODS: Final = frozenset({"get", "head", "put", "post", "delete", "patch"})
_OF_HEALTH: Final = ("too-slow", "internal", "busy")  # whoever probes is not counted
_HEADERS_OF: Final = {
    "401": ("WWW-Authenticate",),
    "416": ("Content-Range",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


def document(made: dict[str, Any]) -> dict[str, Any]:
    """The document that FastAPI made, completed in place."""
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for kind in (Problem, HappenedAnswer, ReorganisedAnswer):
        _add(schemas, kind)
    made["components"]["headers"] = dict(DESCRIBED)
    for operation in _operations(made):
        _complete(operation)
        _describe_headers(operation)
        for content in _contents(operation):
            for body in content.values():
                if "example" not in body and "examples" not in body:
                    body["example"] = example(body.get("schema", {}), schemas)
    return made


def _add(schemas: dict[str, Any], kind: type[Answer]) -> None:
    schema = kind.model_json_schema(by_alias=True, ref_template=REF + "{model}", mode="serialization")
    for name, inner in schema.pop("$defs", {}).items():
        schemas.setdefault(name, inner)
    schemas.setdefault(kind.__name__, schema)


def _operations(made: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in made["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                yield operation


def _complete(operation: dict[str, Any]) -> None:
    """Name every problem that the operation may answer with, and give it its own media type."""
    responses = operation["responses"]
    responses.pop("422", None) if _is_plain(responses.get("422")) else None
    slugs: dict[str, list[str]] = {}
    for slug in _slugs(operation):
        of_status = slugs.setdefault(str(kind_of(slug).status), [])
        of_status += [slug] if slug not in of_status else []
    for status, names in slugs.items():
        titles = "; ".join(kind_of(name).title for name in names)
        response = responses.setdefault(status, {"description": titles})
        content = response.setdefault("content", {})
        if content.get("application/json", {}).get("schema", {}).get("$ref") == f"{REF}Problem":
            response["description"], response["content"] = titles, (content := {})
        content[MEDIA_TYPE] = _of_problems(names)


def _is_plain(response: Mapping[str, Any] | None) -> bool:
    return response is not None and "HTTPValidationError" in str(response)


def _slugs(operation: Mapping[str, Any]) -> Iterator[str]:
    """What the route documents, then what any route like it may answer with."""
    for response in operation["responses"].values():
        yield from response.pop(DOCUMENTED, ())
    if "requestBody" in operation:
        yield from _WITH_BODY
        if set(operation["requestBody"]["content"]) == {"application/json"}:
            yield "unsupported-media-type"
    elif operation.get("parameters"):
        yield "invalid-input"
    if operation.get("security"):
        yield "unauthenticated"
    yield from _OF_HEALTH if operation.get("tags") == ["health"] else FAILURES


def _of_problems(slugs: Sequence[str]) -> dict[str, Any]:
    """An example of each kind of problem, by its slug."""
    return {"schema": {"$ref": f"{REF}Problem"}, "examples": {slug: _of_problem(slug) for slug in slugs}}


def _of_problem(slug: str) -> dict[str, Any]:
    kind = kind_of(slug)
    said = Problem(
        type=PREFIX + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=f"{kind.title.lower()}: what is wrong in this case",
        request_id="9f2c4e1ab0d34c55",
    )
    return {"summary": kind.title, "value": said.model_dump(by_alias=True)}


def _describe_headers(operation: dict[str, Any]) -> None:
    """What every answer says, what those of a status do, and what the operation's own ones."""
    names = {each["name"].lower() for each in operation.get("parameters", ())}
    for status, response in operation["responses"].items():
        said = ["X-Request-Id", *_HEADERS_OF.get(status, ())]
        if status.startswith("2") and "idempotency-key" in names:
            said.append("Idempotency-Replayed")
        response.setdefault("headers", {}).update(said_in(*said)["headers"])


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "requestBody" in operation:
        yield operation["requestBody"]["content"]
    for response in operation["responses"].values():
        yield response.get("content", {})
