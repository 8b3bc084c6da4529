"""The shape of a mapping file, as JSON Schema: what the reader checks first, and what editors are given.

There is one such description, so that an editor and the reader can never disagree about a key or a word. Keywords
that JSON Schema ignores: `x-what` says what a list of words names, for messages about a word that is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import get_args

from syncengine.mapping.model import Check
from syncengine.mapping.model import Create
from syncengine.mapping.model import FullSync
from syncengine.mapping.model import Kind
from syncengine.mapping.model import OnMissing
from syncengine.mapping.model import Policy
from syncengine.mapping.transforms import ARGUMENTS
from syncengine.mapping.transforms import TRANSFORMS

Schema = Mapping[str, Any]

CHOICES: Final = ("price-list-of-currency", "local-currency")
CONSTANTS: Final = ("run_date",)
DELETED: Final[Mapping[str, tuple[str, ...]]] = {
    "in_sales": ("ask", "remove", "uncouple"),
    "in_back_office": ("reopen", "cancel", "ask", "uncouple", "follow"),
}

TEXT: Final[Schema] = {"type": "string", "minLength": 1}
FLAG: Final[Schema] = {"type": "boolean"}
CELL: Final[Schema] = {"type": ["string", "number", "boolean"]}
NAMES: Final[Schema] = {"type": "array", "items": TEXT, "minItems": 1}
NAME_OR_NAMES: Final[Schema] = {"anyOf": [TEXT, NAMES]}


def _words(what: str, words: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": [word for word in words if word], "x-what": what}


def _table(properties: Mapping[str, Schema], *required: str, about: str = "") -> Schema:
    found: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        found["required"] = list(required)
    if about:
        found["description"] = about
    return found


def _named(value: Schema, about: str = "") -> Schema:
    """A table whose keys are names that the file gives."""
    found: dict[str, Any] = {"type": "object", "additionalProperties": value}
    return {**found, "description": about} if about else found


def _or_null(value: Schema) -> Schema:
    """Null removes what a folder below has given."""
    return {"anyOf": [value, {"type": "null"}]}


def _both(value: Schema) -> Schema:
    return _table({"sales": value, "back_office": value})


CELLS: Final = _named(CELL)
CONDITIONAL: Final[Mapping[str, Schema]] = {"requires": TEXT, "unless": TEXT, "otherwise": TEXT}
CONDITION: Final[Schema] = {
    "anyOf": [
        CELL,
        {"type": "array", "items": CELL, "minItems": 1},
        _table({"from": CELL, "to": CELL, "blank": FLAG, "not": {"anyOf": [CELL, {"type": "array", "items": CELL}]}}),
    ]
}
FILTER: Final = _named(CONDITION, "column: value, [values], {from, to}, {blank: true} or {not: values}")

LINE_COLUMN: Final = _table(
    {
        "line": {"anyOf": [TEXT, _named(CELL)]},
        "value": TEXT,
        "times": TEXT,
        "tax": {**NAMES, "description": "the line's tax rate, and the flag that says that the value includes it"},
    },
    "line",
    "value",
    about="a line that carries a header value",
)
TEXT_OF: Final = _table(
    {
        "text_of": {"type": "array", "items": _words("part", ("line", "following_comments")), "minItems": 1},
        "column": TEXT,
        "comments": _named(CELL),
    },
    "text_of",
    "column",
    "comments",
    about="a text that goes on in the comment lines behind its line",
)
TRANSFORM: Final[Schema] = {
    "anyOf": [
        {
            **_words("transform", tuple(name for name in TRANSFORMS if name not in ARGUMENTS)),
            "x-with-argument": list(ARGUMENTS),
        },
        {
            "type": "object",
            "properties": dict(ARGUMENTS),
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "x-what": "transform",
        },
    ]
}
ALTERNATIVE: Final = _table(
    {
        "lookup": NAME_OR_NAMES,
        "text": {"type": "boolean", "enum": [True]},
        "sales": TEXT,
        "back_office": {"anyOf": [TEXT, TEXT_OF]},
        "transform": TRANSFORM,
        "when": _both(FILTER),
        "with": _both(CELLS),
        **CONDITIONAL,
    },
    "sales",
    "back_office",
)
ROW: Final = _table(
    {
        "sales": NAME_OR_NAMES,
        "back_office": {"anyOf": [TEXT, NAMES, {"anyOf": [LINE_COLUMN, TEXT_OF], "x-choice": "text_of"}]},
        "to": _words("side", ("sales", "back-office")),
        "transform": TRANSFORM,
        "lookup": NAME_OR_NAMES,
        "option": NAME_OR_NAMES,
        "within": TEXT,
        "fact": TEXT,
        "via": _both(_named(TEXT, "table: the column of its record that is meant instead")),
        "through": _named(TEXT, "mapping: the row of it that is meant instead"),
        "constant": CELL,
        "check": _words("check", get_args(Check)),
        "choose": _words("choice", CHOICES),
        "only_create": FLAG,
        "not_null": FLAG,
        "on_missing": _words("answer", get_args(OnMissing)),
        "with": _both(CELLS),
        "one_of": {"type": "array", "items": ALTERNATIVE, "minItems": 1},
        "unless_text": TEXT,
        "sum_to": TEXT,
        **CONDITIONAL,
    }
)
ROWS: Final = _named(_or_null(ROW), "row: its columns on both sides, and how they go together")
GROUPS: Final = _named(_or_null(NAME_OR_NAMES), "rows that are merged as one value")
POLICIES: Final = _named(_or_null(_words("policy", get_args(Policy))), "`default`, a row or a group: who wins")
MATCH_GROUP: Final[Schema] = {
    "anyOf": [TEXT, NAMES, _table({"fields": NAME_OR_NAMES, "case_sensitive": FLAG}, "fields")]
}
SIDE: Final = _table(
    {
        "table": TEXT,
        "enters_when": FILTER,
        "considered_when": FILTER,
        "number": TEXT,
        "dated": TEXT,
        "scope": TEXT,
    }
)
LINE_SIDE: Final = _table({"table": TEXT, "parent": TEXT, "only": FILTER})
LINES: Final = _table(
    {
        "name": TEXT,
        "sales": LINE_SIDE,
        "back_office": LINE_SIDE,
        "pair_by": {"type": "array", "items": NAME_OR_NAMES},
        "unmapped": _words("answer", ("carry",)),
        "groups": GROUPS,
        "conflict": POLICIES,
        "fields": ROWS,
    }
)
MAPPING: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A mapping of syncengine",
    "description": "One table pair, or an overlay over one. docs/reference/mappings.md explains each key.",
    **_table(
        {
            "name": TEXT,
            "kind": _words("kind", get_args(Kind)),
            "create": _words("answer", get_args(Create)),
            "sales": SIDE,
            "back_office": SIDE,
            "deleted": _table({key: _words("answer", words) for key, words in DELETED.items()}),
            "recreates": _or_null({"type": "array", "items": TEXT}),
            "match": _or_null({"type": "array", "items": MATCH_GROUP}),
            "groups": _or_null(GROUPS),
            "conflict": _or_null(POLICIES),
            "correlation": _or_null(TEXT),
            "also_after": _or_null(NAME_OR_NAMES),
            "full_sync": _words("recommendation", get_args(FullSync)),
            **{key: _or_null(value) for key, value in CONDITIONAL.items()},
            "fields": ROWS,
            "lines": _or_null(LINES),
        },
        "name",
    ),
}


_DEFINED: Final[Mapping[str, Schema]] = {
    "text": TEXT,
    "names": NAME_OR_NAMES,
    "cells": CELLS,
    "filter": FILTER,
    "transform": TRANSFORM,
    "alternative": ALTERNATIVE,
    "row": ROW,
    "rows": ROWS,
    "groups": GROUPS,
    "policies": POLICIES,
    "side": SIDE,
    "lines": LINES,
}


def published() -> Schema:
    """The same schema as editors are given it: what occurs again and again is written once, under `$defs`."""
    definitions = {name: _shared(schema, name) for name, schema in _DEFINED.items()}
    return {**_shared(MAPPING, ""), "$defs": definitions}


def _shared(node: Any, within: str) -> Any:
    """`node` with references in the place of what is defined; `within`: the definition that it is itself."""
    if isinstance(node, Mapping):
        for name, schema in _DEFINED.items():
            if node is schema and name != within:
                return {"$ref": f"#/$defs/{name}"}
        return {key: _shared(value, "") for key, value in node.items()}
    return [_shared(one, "") for one in node] if isinstance(node, (list, tuple)) else node
