"""Entities as API v2.0 writes them, to documents and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from datetime import datetime
from typing import Any

from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.schema import Schema
from syncengine.connectors.business_central.schema import Table
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import decode
from syncengine.connectors.codec import encode
from syncengine.mapping.filters import HEADER
from syncengine.mapping.filters import LATE
from syncengine.mapping.filters import PROGRESS
from syncengine.mapping.transforms import number
from syncengine.records.document import Attached
from syncengine.records.document import ColumnSchema
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import ZERO_GUID
from syncengine.records.values import Link
from syncengine.records.values import Wire

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]")


def document(schema: Schema, table: Table, body: Mapping[str, Any], view: View | None = None) -> Document:
    """A JSON entity, with its expanded lines where the view asks for them."""
    fields: dict[str, Wire] = {}
    for name, value in body.items():
        if "@" in name or isinstance(value, (list, dict)):
            continue
        column = table.columns.get(name)
        fields[name] = caption(decode(value, column)) if _is_choice(name, column) else decode(value, column)
    modified = fields.pop("lastModifiedDateTime", None)
    lines: tuple[Document, ...] = ()
    if view is not None and view.line_table is not None:
        line_table = schema.table(view.line_table)
        found = body.get(table.collections.get(view.line_table, "")) or []
        above = {f"{HEADER}{name}": fields[name] for name in standard.SAID_FOR_LINES if name in fields}
        own = (document(schema, line_table, line) for line in found)
        lines = tuple(sorted((replace(one, fields={**one.fields, **above}) for one in own), key=_place))
    attached: tuple[Attached, ...] | None = None
    if view is not None and (view.attached or view.line_attached):
        attached = tuple(_attached(schema, table, body, view))
    progress = _progress(table.name, lines)
    if progress is not None:
        lines = tuple(replace(line, progress=progress) for line in lines)
    words = standard.STATES.get(table.name, {})
    state = fields.get("status")
    version = body.get("@odata.etag")
    return Document(
        id=str(fields.get(table.key) or ""),
        version=str(version) if version else None,
        fields=fields,
        lines=lines,
        state=words.get(str(state), str(state)) if words and state is not None else None,
        modified_at=modified if isinstance(modified, datetime) and modified.year > 1 else None,
        progress=progress,
        attached=attached,
        late=_late(table.name, fields, lines),
    )


def _attached(schema: Schema, table: Table, body: Mapping[str, Any], view: View) -> Iterator[Attached]:
    """What was expanded along of the document, then of its lines in their order."""
    yield from _rows_of(schema, table, body, view.attached, "")
    if view.line_table is not None and view.line_attached:
        line_table = schema.table(view.line_table)
        for line in body.get(table.collections.get(view.line_table, "")) or []:
            yield from _rows_of(schema, line_table, line, view.line_attached, str(line["id"]))


def _rows_of(
    schema: Schema, owner: Table, body: Mapping[str, Any], tables: tuple[str, ...], line: str
) -> Iterator[Attached]:
    for name in tables:
        navigation = owner.collections.get(name, name)
        if body.get(f"{navigation}@odata.nextLink"):
            raise NotJson(f"{navigation} of {body.get('id')} was cut: it is not all there")
        for row in body.get(navigation) or []:
            found = document(schema, schema.table(name), row)
            yield Attached(name, found.id, line, found.fields)


def _progress(table: str, lines: tuple[Document, ...]) -> str | None:
    """How far the goods of a document have left, counted on its lines."""
    columns = standard.SHIPPED.get(table)
    if columns is None:
        return None
    quantities = [tuple(number(line.fields.get(column)) for column in columns) for line in lines]
    wanted = [(ordered, shipped) for ordered, shipped in quantities if ordered]
    if not any(shipped for _, shipped in wanted):
        return None
    return "shipped" if all(shipped >= ordered for ordered, shipped in wanted) else "part-shipped"


def _late(table: str, fields: Mapping[str, Wire], lines: tuple[Document, ...]) -> date | None:
    """The last day on which outstanding goods are to leave, if it is after the day that was asked for."""
    columns, asked = standard.SHIPPED.get(table), _day(fields.get("requestedDeliveryDate"))
    if columns is None or asked is None:
        return None
    outstanding = (line for line in lines if number(line.fields.get(columns[0])) > number(line.fields.get(columns[1])))
    days = [day for line in outstanding if (day := _day(line.fields.get("shipmentDate"))) is not None]
    last = max(days, default=None)
    return last if last is not None and last > asked else None


def _day(value: Wire) -> date | None:
    """A day that says something."""
    return value if isinstance(value, date) and value.year > 1 else None


def _place(line: Document) -> int:
    sequence = line.fields.get("sequence")
    return sequence if isinstance(sequence, int) else 0


def _is_choice(name: str, column: ColumnSchema | None) -> bool:
    kind = column.type if column is not None else standard.COLUMN_TYPES.get(name)
    return kind == "choice"


def caption(value: Wire) -> Wire:
    """`In_x0020_Review` as `In Review`: member names escape what no identifier may hold."""
    return _ESCAPED.sub(lambda m: chr(int(m.group(1), 16)), value) if isinstance(value, str) else value


def member(value: Wire) -> Wire:
    """The escaped member name of a choice; safe on input whatever the service makes of captions."""
    return _IDENTIFIER.sub(lambda m: f"_x{ord(m.group()):04X}_", value) if isinstance(value, str) else value


def body_of(table: Table, cells: Mapping[str, Wire]) -> dict[str, Any]:
    """Cells as a body, in the order in which Business Central has to validate them."""
    order = {column: place for place, column in enumerate(standard.ORDER.get(table.name, ()))}
    body: dict[str, Any] = {}
    for column in sorted(cells, key=lambda name: order.get(name, len(order))):
        body[column] = _value(cells[column], column, table.columns.get(column))
    return body


def _value(value: Wire, name: str, column: ColumnSchema | None) -> Any:
    if value is None or value == "":
        return _nothing(column)
    if _is_choice(name, column):
        return member(value)
    return encode(value, column)


def _nothing(column: ColumnSchema | None) -> Any:
    """How nothing is written: null is not safe for every type, the type's own empty value is."""
    kind = column.type if column is not None else "text"
    return {"guid": ZERO_GUID, "date": "0001-01-01", "decimal": 0, "integer": 0, "boolean": False}.get(kind, "")


def cells_for_filter(table: Table, wanted: Mapping[str, Wire]) -> dict[str, Wire]:
    """Values as they are compared on the wire: choices by member name, lookups by id."""
    return {
        column: member(value)
        if _is_choice(column, table.columns.get(column))
        else (value.id if isinstance(value, Link) else value)
        for column, value in wanted.items()
    }


def select(table: Table, columns: tuple[str, ...] | None) -> str:
    """The `$select` list; empty for all columns."""
    if columns is None:
        return ""
    beside = standard.BESIDE.get(table.name, {})
    wanted = dict.fromkeys(
        table.property(column)
        for column in ("id", table.key, *columns)
        if column not in (PROGRESS, LATE, standard.CONTENT.get(table.name)) and column.partition(".")[0] not in beside
    )
    if table.name in standard.STATES:
        wanted["status"] = None
    if not table.published or "lastModifiedDateTime" in table.columns:
        wanted["lastModifiedDateTime"] = None
    return ",".join(wanted)


def expand(schema: Schema, table: Table, view: View) -> str:
    own = [table.collections.get(name, name) for name in view.attached]
    return ",".join([*_lines_expanded(schema, table, view), *own])


def _lines_expanded(schema: Schema, table: Table, view: View) -> list[str]:
    if view.line_table is None:
        return []
    navigation, line_table = table.collections.get(view.line_table, view.line_table), schema.table(view.line_table)
    options = []
    if view.line_columns is not None:
        own = (one for one in view.line_columns if one != PROGRESS and not one.startswith(HEADER))
        columns = dict.fromkeys(("id", "sequence", *(line_table.property(one) for one in own)))
        options.append(f"$select={','.join(columns)}")
    if view.line_attached:
        options.append(f"$expand={','.join(line_table.collections.get(name, name) for name in view.line_attached)}")
    return [f"{navigation}({';'.join(options)})" if options else navigation]
