"""Examples of values: each is put together from those of its fields, so none can fall behind its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["REF", "example"]

REF: Final = "#/components/schemas/"
"""Where schemas are."""
_STRINGS: Final = "text"


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value of a schema, from the examples of its parts."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].removeprefix(REF)], schemas)
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
