"""URLs of the Web API taken apart: segments, keys, and the row a key means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.odata import split_outside
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import key_not_found
from syncengine.sandbox.sales.errors import row_not_found
from syncengine.sandbox.sales.errors import unknown_segment
from syncengine.sandbox.sales.values import GUID
from syncengine.sandbox.sales.values import LiteralError
from syncengine.sandbox.sales.values import guid
from syncengine.sandbox.sales.values import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncengine.sandbox.sales.database import Database
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Model
    from syncengine.sandbox.sales.model import Table

BASE = re.compile(r"/api/data/v9\.[0-2](?:/|$)")
_SEGMENT = re.compile(r"([^()]+)(?:\((.*)\))?", re.DOTALL)


@dataclass(frozen=True)
class Segment:
    """`orders(…)`; `key` is the text in brackets, None without brackets."""

    name: str
    key: str | None = None


@dataclass(frozen=True)
class RowKey:
    """What a key says: the primary id, or values of an alternate key by column."""

    id: str = ""
    values: tuple[tuple[str, Any], ...] = ()


def segments(path: str) -> list[Segment]:
    """Of the path after the base; raises DataverseError when it is not one of this API."""
    found = BASE.match(path)
    if found is None:
        raise unknown_segment(path.strip("/").partition("/")[0])
    pieces = []
    for text in split_outside(path[found.end() :].strip("/"), "/"):
        match = _SEGMENT.fullmatch(text)
        if match is None:
            raise bad_query("Bad Request - Error in query syntax.")
        pieces.append(Segment(match[1], match[2]))
    return pieces


def parse_key(table: Table, text: str, aliases: Mapping[str, str]) -> RowKey:
    """Raises DataverseError for text that is no key of this table."""
    text = aliases.get(text, text) if text.startswith("@") else text
    if GUID.fullmatch(text.strip()):
        return RowKey(guid(text.strip()))
    pairs = {}
    for piece in split_outside(text, ","):
        name, equals, literal = piece.strip().partition("=")
        if not equals:
            raise bad_query("Bad Request - Error in query syntax.")
        literal = aliases.get(literal, literal) if literal.startswith("@") else literal
        pairs[name.strip()] = literal.strip()
    if list(pairs) == [table.primary_id] and table.name not in ("systemuser", "team"):
        value = pairs[table.primary_id]
        if not GUID.fullmatch(value):
            raise bad_query("Bad Request - Error in query syntax.")
        return RowKey(guid(value))
    names = {table.properties[p].name if p in table.properties else p: p for p in pairs}
    if set(names) not in [set(key) for key in table.keys.values()]:
        resource = f"'Microsoft.Dynamics.CRM.{table.name}'"
        raise DataverseError(
            400,
            "0x80060890",
            f"The key in the request URI is not valid for resource {resource}. Ensure that the names "
            "and number of key "
            f"properties match the declared or alternate key properties for the resource {resource}.",
        )
    return RowKey(values=tuple((name, _literal(table, name, pairs[sent])) for name, sent in names.items()))


def _literal(table: Table, name: str, text: str) -> Any:
    column = table.columns[name]
    if text.startswith("'") and text.endswith("'"):
        value: Any = text[1:-1].replace("''", "'")
    elif text in ("null", "true", "false") or re.fullmatch(r"-?\d+(\.\d+)?", text):
        value = from_json(text.encode())
    else:
        value = text
    try:
        return parse(column, value)
    except LiteralError as error:
        raise bad_query(str(error)) from None


def look_up(db: Database, table: Table, key: RowKey) -> Row | None:
    """The row with this key; None when there is none."""
    if key.id:
        return db.get(table.name, key.id)
    first, value = key.values[0]
    rest = key.values[1:]
    for row in db.find(table.name, first, value):
        if all(row.get(name) == one for name, one in rest):
            return row
    return None


def find_row(db: Database, table: Table, key: RowKey) -> Row:
    """Raises DataverseError 404 when there is none."""
    row = look_up(db, table, key)
    if row is None:
        raise row_not_found(table.name, key.id) if key.id else key_not_found(table.name)
    return row


def reference(model: Model, text: str, aliases: Mapping[str, str] | None = None) -> tuple[Table, RowKey]:
    """The row that a bind or `@odata.id` names: `/accounts(…)`, without the slash, or as absolute URL."""
    path = re.sub(r"^https?://[^/]+", "", text.strip())
    found = BASE.match(path)
    path = path[found.end() :] if found else path.lstrip("/")
    match = _SEGMENT.fullmatch(path)
    if match is None or match[2] is None:
        raise bad_query(f"Invalid reference '{text}'.")
    table = model.by_set.get(match[1])
    if table is None:
        raise unknown_segment(match[1])
    return table, parse_key(table, match[2], aliases or {})
