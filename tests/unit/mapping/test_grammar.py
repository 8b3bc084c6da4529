"""The JSON Schema for editors and the reader refuse the same files."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from syncengine.config.mapping_files import schema_text
from syncengine.config.mapping_files import shipped_folder
from syncengine.mapping.grammar import MAPPING
from syncengine.mapping.structure import check

SCHEMA = json.loads((shipped_folder() / "mapping.schema.json").read_text(encoding="utf-8"))
SHIPPED = sorted(shipped_folder().glob("*.yaml"))


def conforms(schema: Mapping[str, Any], data: Any) -> bool:
    """JSON Schema, as its specification says it, for the keywords that our schema uses."""
    if "$ref" in schema:
        return conforms(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], data)
    unknown = schema.keys() - {
        "$schema", "$defs", "title", "description", "type", "enum", "properties", "additionalProperties", "required",
        "items", "minItems", "minLength", "minimum", "maximum", "minProperties", "maxProperties", "anyOf",
    }  # fmt: skip
    assert all(key.startswith("x-") for key in unknown), unknown
    if "anyOf" in schema and not any(conforms(one, data) for one in schema["anyOf"]):
        return False
    if "type" in schema and not _typed(schema["type"], data):
        return False
    if "enum" in schema and not any(data == one and type(data) is type(one) for one in schema["enum"]):
        return False
    if isinstance(data, str) and len(data) < schema.get("minLength", 0):
        return False
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        return bool(schema.get("minimum", data) <= data <= schema.get("maximum", data))
    if isinstance(data, list):
        return len(data) >= schema.get("minItems", 0) and all(conforms(schema.get("items", {}), one) for one in data)
    return not isinstance(data, dict) or _table_conforms(schema, data)


def _table_conforms(schema: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    if not schema.get("minProperties", 0) <= len(data) <= schema.get("maxProperties", len(data)):
        return False
    if any(key not in data for key in schema.get("required", ())):
        return False
    others = schema.get("additionalProperties", True)
    for key, value in data.items():
        if key in schema.get("properties", {}):
            if not conforms(schema["properties"][key], value):
                return False
        elif others is False or (isinstance(others, Mapping) and not conforms(others, value)):
            return False
    return True


def _typed(types: str | list[str], data: Any) -> bool:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}
    kind = "null" if data is None else "string" if isinstance(data, date) else kinds[type(data)]
    return any(
        kind == one or (kind == "integer" and one == "number") for one in ([types] if isinstance(types, str) else types)
    )


def read(file: Path) -> Any:
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


PARSED = [read(file) for file in SHIPPED]


def test_the_shipped_schema_is_the_readers_own() -> None:
    """`syncengine mappings schema > mappings/mapping.schema.json` after a change of the grammar."""
    assert schema_text() == (shipped_folder() / "mapping.schema.json").read_text(encoding="utf-8")


def test_the_shipped_schema_says_each_thing_once() -> None:
    """Put back in their places, the definitions give the very schema that the reader checks against."""

    def whole(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return whole(SCHEMA["$defs"][node["$ref"].removeprefix("#/$defs/")])
            return {key: whole(value) for key, value in node.items() if key != "$defs"}
        return [whole(one) for one in node] if isinstance(node, list) else node

    assert whole(SCHEMA) == json.loads(json.dumps(MAPPING))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_file_conforms_and_names_the_schema(file: Path) -> None:
    data = read(file)
    assert conforms(SCHEMA, data)
    assert check(MAPPING, data)[1] == []
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=mapping.schema.json\n")


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200_000),
    st.sampled_from(["", "x", "sales", "back-office", "wait", "fits", "code", "equal", "newest", "line"]),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["x", 1, None]), max_size=2),
    st.dictionaries(
        st.sampled_from(["from", "blank", "fits", "values", "line", "text_of", "fields", "lookup"]),
        st.sampled_from(["x", 5, True, None, {}, {"a": "b"}, ["line"]]),
        max_size=2,
    ),
).map(copy.deepcopy)  # what is spoiled next may be this very value, and the next example draws it again
KEYS = ["transform", "lookup", "to", "with", "one_of", "match", "nonsense", "from", "text", "case_sensitive", "fields"]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A shipped mapping in which something was replaced, added or taken away."""
    data = copy.deepcopy(draw(st.sampled_from(PARSED)))
    for _ in range(draw(st.integers(1, 3))):
        node, parents = data, []
        while isinstance(node, (dict, list)) and node and (not parents or draw(st.booleans())):
            key = draw(st.sampled_from(sorted(node, key=str) if isinstance(node, dict) else range(len(node))))
            parents.append((node, key))
            node = node[key]
        holder, key = parents[-1]
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "replace":
            holder[key] = draw(JUNK)
        elif what == "remove":
            del holder[key]
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(KEYS))] = draw(JUNK)
        if not data:
            break
    return data


@settings(max_examples=300, deadline=None)
@given(spoiled())
def test_reader_and_schema_refuse_the_same_files(data: Any) -> None:
    assert (check(MAPPING, data)[1] == []) == conforms(SCHEMA, data)


@settings(max_examples=150, deadline=None)
@given(spoiled())
def test_what_the_reader_goes_on_with_is_right(data: Any) -> None:
    """All that departs is left out, so that what follows can be read and told about at once."""
    clean, faults = check(MAPPING, data)
    root = [fault for fault in faults if fault.path in ((), ("name",))]
    assert root or conforms(SCHEMA, clean)
