"""Holds a document to a JSON Schema: the words that ours use, and no others."""

from __future__ import annotations

from typing import Any

KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "anyOf", "type", "properties", "required",
    "additionalProperties", "items", "enum", "default",
}  # fmt: skip
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def problems(schema: dict[str, Any], value: Any, whole: dict[str, Any] | None = None, path: str = "$") -> list[str]:
    """What keeps the value from being one of these; empty where it is one."""
    whole = whole or schema
    unknown = schema.keys() - KNOWN
    assert not unknown, f"the checker does not know {unknown}"
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return problems(whole["$defs"][name], value, whole, path)
    if "anyOf" in schema:
        tried = [problems(one, value, whole, path) for one in schema["anyOf"]]
        return [] if any(not one for one in tried) else min(tried, key=len)
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is none of {schema['enum']}")
    if "type" in schema and not _is(schema["type"], value):
        return [f"{path}: {value!r} is no {schema['type']}"]
    if isinstance(value, dict):
        found += _object(schema, value, whole, path)
    if isinstance(value, list) and "items" in schema:
        for place, one in enumerate(value):
            found += problems(schema["items"], one, whole, f"{path}[{place}]")
    return found


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])


def _object(schema: dict[str, Any], value: dict[str, Any], whole: dict[str, Any], path: str) -> list[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in known:
            found += problems(known[name], one, whole, f"{path}.{name}")
        elif more is False:
            found.append(f"{path}: {name} is not in the schema")
        elif isinstance(more, dict):
            found += problems(more, one, whole, f"{path}.{name}")
    return found
