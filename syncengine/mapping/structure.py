"""Plain data against the grammar: every departure with its path, and the data without what departs.

Knows the part of JSON Schema that the grammar uses, and says what is wrong in the words of a mapping file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from typing import Final

from syncengine.mapping.grammar import Schema

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    path: Path
    message: str
    suggestion: str = ""


class Dropped:
    """Stands for data that is too wrong to go on with."""


DROPPED: Final = Dropped()

KINDS: Final[Mapping[str, str]] = {
    "object": "a table of keys",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}


def check(schema: Schema, data: Any) -> tuple[Any, list[Fault]]:
    """The data as far as it is right, and everything that is wrong with it."""
    faults: list[Fault] = []
    return _checked(schema, data, (), faults), faults


def _checked(schema: Schema, data: Any, path: Path, faults: list[Fault]) -> Any:
    if "anyOf" in schema:
        branch = _branch(schema, data)
        if branch is None:
            wanted = ", or ".join(dict.fromkeys(KINDS[kind] for kind in _kinds(schema) if kind != "null"))
            faults.append(Fault(path, f"{wanted} is expected here"))
            return DROPPED
        return _checked(branch, data, path, faults)
    if not any(_is(data, kind) for kind in _kinds(schema)):
        wanted = ", or ".join(KINDS[kind] for kind in _kinds(schema))
        faults.append(Fault(path, f"{wanted} is expected here"))
        return DROPPED
    if isinstance(data, Mapping):
        return _table(schema, data, path, faults)
    if isinstance(data, (list, tuple)):
        return _list(schema, data, path, faults)
    return _scalar(schema, data, path, faults)


def _table(schema: Schema, data: Mapping[str, Any], path: Path, faults: list[Fault]) -> Any:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found: dict[Any, Any] = {}  # the keys of `values` may be numbers and flags
    for key, value in data.items():
        if key in properties:
            checked = _checked(properties[key], value, (*path, key), faults)
        elif isinstance(others, Mapping):
            checked = _checked(others, value, (*path, key), faults)
        else:
            faults.append(Fault((*path, key), _unknown(schema, str(key)), did_you_mean(str(key), properties)))
            continue
        if checked is not DROPPED:
            found[key] = checked
    wrong = [f"`{key}` is missing" for key in schema.get("required", ()) if key not in data]
    if len(data) < schema.get("minProperties", 0) or len(data) > schema.get("maxProperties", len(data)):
        wrong.append("one `name: argument` is expected here")
    faults.extend(Fault(path, message) for message in wrong)
    useless = len(found) < schema.get("minProperties", 0) or any(key not in found for key in schema.get("required", ()))
    return DROPPED if (wrong or useless) and path else found


def _unknown(schema: Schema, key: str) -> str:
    return f"there is no {schema['x-what']} `{key}` with an argument" if "x-what" in schema else f"unknown key `{key}`"


def _list(schema: Schema, data: Any, path: Path, faults: list[Fault]) -> Any:
    if len(data) < schema.get("minItems", 0):
        faults.append(Fault(path, "the list is empty"))
        return DROPPED
    items = [_checked(schema.get("items", {}), one, (*path, at), faults) for at, one in enumerate(data)]
    kept = [one for one in items if one is not DROPPED]
    return kept if len(kept) >= schema.get("minItems", 0) else DROPPED


def _scalar(schema: Schema, data: Any, path: Path, faults: list[Fault]) -> Any:
    words = schema.get("enum")
    if data in schema.get("x-with-argument", ()):
        faults.append(Fault(path, f"{data} takes an argument", f"write `{{{data}: …}}`"))
        return DROPPED
    if words is not None and data not in words:
        what = schema.get("x-what", "value")
        shown = ", ".join(f"`{word}`" for word in words)
        faults.append(Fault(path, f"there is no {what} `{data}`: {shown}", did_you_mean(str(data), map(str, words))))
        return DROPPED
    if isinstance(data, str) and len(data) < schema.get("minLength", 0):
        faults.append(Fault(path, "the text is empty"))
        return DROPPED
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and data < low) or (high is not None and data > high):
        faults.append(Fault(path, f"a whole number from {low} to {high} is expected here"))
        return DROPPED
    return data


def _branch(schema: Schema, data: Any) -> Schema | None:
    """The alternative that the data means to be: by its type, and among tables by a key that tells them apart."""
    fitting = [one for one in schema["anyOf"] if any(_is(data, kind) for kind in _kinds(one))]
    if len(fitting) > 1 and isinstance(data, Mapping):
        telling = schema.get("x-choice", "")
        fitting = [one for one in fitting if (telling in data) == (telling in one["properties"])]
    return fitting[0] if fitting else None


def _kinds(schema: Schema) -> list[str]:
    if "anyOf" in schema:
        return [kind for one in schema["anyOf"] for kind in _kinds(one)]
    kinds = schema["type"]
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _is(data: Any, kind: str) -> bool:
    if isinstance(data, bool):
        return kind == "boolean"
    wanted: Mapping[str, Any] = {
        "object": Mapping,
        "array": (list, tuple),
        "string": (str, date),  # YAML reads 2026-01-01 as a day; an editor sees its text
        "number": (int, float, Decimal),
        "integer": int,
        "null": type(None),
    }
    return isinstance(data, wanted.get(kind, ()))


def did_you_mean(word: str, legal: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, [one for one in legal if one], n=1)
    return f"did you mean `{found[0]}`?" if found else ""
