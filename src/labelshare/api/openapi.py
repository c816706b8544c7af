"""The OpenAPI document: problems as what they are, and an example for every body.

Examples are put together from those of the fields, so none can fall behind its schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from labelshare.client.wire.problem import KINDS, MEDIA_TYPE, Problem, kind_of

__all__ = ["document"]

_REF: Final = "#/components/schemas/"
_ALWAYS: Final = ("too-slow", "rate-limited", "internal", "store-unavailable")
_WITH_BODY: Final = ("malformed", "too-large", "invalid-input")
_METHODS: Final = frozenset({"get", "head", "put", "post", "delete", "patch"})
_STRINGS: Final = "text"


def document(made: dict[str, Any]) -> dict[str, Any]:
    """The document that FastAPI made, completed in place."""
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.setdefault("Problem", _problem_schema(schemas))
    for operation in _operations(made):
        _complete(operation)
        for content in _contents(operation):
            for media_type, body in content.items():
                if "example" not in body and "examples" not in body and media_type != "text/event-stream":
                    body["example"] = example(body.get("schema", {}), schemas)
    return made


def _problem_schema(schemas: dict[str, Any]) -> dict[str, Any]:
    schema = Problem.model_json_schema(by_alias=True, ref_template=_REF + "{model}", mode="serialization")
    for name, inner in schema.pop("$defs", {}).items():
        schemas.setdefault(name, inner)
    return schema


def _operations(made: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in made["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                yield operation


def _complete(operation: dict[str, Any]) -> None:
    """Name every problem that the operation may answer with, and give it its own media type."""
    responses = operation["responses"]
    responses.pop("422", None) if _is_plain(responses.get("422")) else None
    for slug in _slugs(operation):
        kind = kind_of(slug)
        responses.setdefault(str(kind.status), {"description": kind.title})
    for status, response in responses.items():
        content = response.get("content", {})
        said = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        if status >= "400" and (not content or said == f"{_REF}Problem"):
            response["content"] = {MEDIA_TYPE: _of_problem(int(status))}


def _is_plain(response: Mapping[str, Any] | None) -> bool:
    return response is not None and "HTTPValidationError" in str(response)


def _slugs(operation: Mapping[str, Any]) -> Iterator[str]:
    yield from _ALWAYS
    if "requestBody" in operation:
        yield from _WITH_BODY
    elif operation.get("parameters"):
        yield "invalid-input"
    if operation.get("security"):
        yield "unauthenticated"


def _of_problem(status: int) -> dict[str, Any]:
    kind = next((each for each in KINDS if each.status == status), kind_of("internal"))
    said = Problem(
        type=f"urn:labelshare:problem:{kind.slug}",
        title=kind.title,
        status=status,
        detail=f"{kind.title.lower()}: what is wrong in this case",
        request_id="9f2c4e1ab0d34c55",
    )
    return {"schema": {"$ref": f"{_REF}Problem"}, "example": said.model_dump(by_alias=True)}


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "requestBody" in operation:
        yield operation["requestBody"]["content"]
    for response in operation["responses"].values():
        yield response.get("content", {})


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value of a schema, from the examples of its parts."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].removeprefix(_REF)], schemas)
    for name in ("example", "const"):
        if name in schema:
            return schema[name]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    if "anyOf" in schema:
        options = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return example(options[0], schemas)
    return _of_type(schema, schemas)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            inner = schema.get("properties", {})
            return {name: example(each, schemas) for name, each in inner.items()}
        case "array":
            return [example(schema.get("items", {}), schemas)]
        case "integer" | "number":
            return schema.get("default", schema.get("minimum", 0))
        case "boolean":
            return schema.get("default", False)
        case _:
            return schema.get("default", _STRINGS)
