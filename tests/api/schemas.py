"""A small judge of JSON Schema, independent of what writes the schemas: the words that ours use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
KNOWN = set(
    "$ref type properties required additionalProperties items anyOf enum const pattern format minimum "
    "maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems "
    "title description default example examples".split()
)


def faults(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str = "$") -> list[str]:
    """What of a value is not as a schema has it."""
    assert set(schema) <= KNOWN, f"{at}: unknown words {set(schema) - KNOWN}"
    if "$ref" in schema:
        return faults(value, schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, at)
    if "anyOf" in schema:
        tried = [faults(value, each, schemas, at) for each in schema["anyOf"]]
        return [] if [] in tried else [f"{at}: none of {len(tried)}: {tried}"]
    kind = schema.get("type")
    if kind and (not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{at}: {value!r} is no {kind}"]
    found = [f"{at}: {value!r} against {word}" for word, fits in _simple(value, schema).items() if not fits]
    if isinstance(value, dict):
        found += _of_object(value, schema, schemas, at)
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            found += faults(each, schema["items"], schemas, f"{at}[{number}]")
    return found


def _simple(value: Any, schema: Mapping[str, Any]) -> dict[str, bool]:
    size = len(value) if isinstance(value, str | list) else 0
    rules: dict[str, Callable[[Any], bool]] = {
        "const": lambda wanted: value == wanted,
        "enum": lambda wanted: value in wanted,
        "pattern": lambda wanted: re.search(wanted, value) is not None,
        "minimum": lambda wanted: value >= wanted,
        "maximum": lambda wanted: value <= wanted,
        "exclusiveMinimum": lambda wanted: value > wanted,
        "exclusiveMaximum": lambda wanted: value < wanted,
        "minLength": lambda wanted: size >= wanted,
        "maxLength": lambda wanted: size <= wanted,
        "minItems": lambda wanted: size >= wanted,
        "maxItems": lambda wanted: size <= wanted,
    }
    return {word: rule(schema[word]) for word, rule in rules.items() if word in schema}


def _of_object(
    value: dict[str, Any], schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str
) -> list[str]:
    inner = schema.get("properties", {})
    found = [f"{at}: lacks {name}" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        found += [f"{at}: {name} is too much" for name in value if name not in inner]
    for name, each in value.items():
        if name in inner:
            found += faults(each, inner[name], schemas, f"{at}.{name}")
    return found
