"""Entities as the Web API writes them, to documents and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.connectors.codec import decode
from syncengine.connectors.codec import encode
from syncengine.connectors.dynamics365_sales import standard
from syncengine.connectors.dynamics365_sales.schema import Schema
from syncengine.connectors.dynamics365_sales.schema import Table
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import Link
from syncengine.records.values import Wire

LOOKUP_NAME = "@Microsoft.Dynamics.CRM.lookuplogicalname"
ANNOTATIONS = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'


def document(schema: Schema, table: Table, body: Mapping[str, Any], view: View | None = None) -> Document:
    """A JSON entity, with its expanded lines where the view asks for them."""
    fields: dict[str, Wire] = {}
    for name, value in body.items():
        if "@" in name or isinstance(value, (list, dict)):
            continue
        column = table.column(name)
        if column != name:
            fields[column] = _link(schema, table, column, value, body.get(name + LOOKUP_NAME))
        else:
            fields[column] = decode(value, table.columns.get(column))
    fields |= _related(schema, table, body)
    modified = fields.pop("modifiedon", None)
    lines = _lines(schema, table, body, view)
    words = standard.STATES.get(table.name, {})
    state = fields.get("statecode")
    version = body.get("@odata.etag")
    return Document(
        id=str(fields.get(table.key) or ""),
        version=str(version) if version else None,
        fields=fields,
        lines=lines,
        state=words.get(state, str(state)) if isinstance(state, int) and words else None,
        modified_at=modified if hasattr(modified, "tzinfo") else None,  # type: ignore[arg-type]
    )


def _related(schema: Schema, table: Table, body: Mapping[str, Any]) -> dict[str, Wire]:
    """Columns of the records that lookups point at, as far as they were expanded: `customerid.parentcustomerid`."""
    found: dict[str, Wire] = {}
    for column, targets in table.binds.items():
        for target, navigation in targets.items():
            nested = body.get(navigation)
            if isinstance(nested, dict):
                fields = document(schema, schema.table(target), nested).fields
                found |= {f"{column}.{name}": value for name, value in fields.items()}
    return found


def _link(schema: Schema, table: Table, column: str, value: Any, logical_name: object) -> Link | None:
    if not value:
        return None
    targets = list(table.binds.get(column, {}))
    if isinstance(logical_name, str):
        return Link(schema.set_of(logical_name), str(value))
    return Link(targets[0] if len(targets) == 1 else "", str(value))


def _lines(schema: Schema, table: Table, body: Mapping[str, Any], view: View | None) -> tuple[Document, ...]:
    if view is None or view.line_table is None:
        return ()
    navigation = table.collections.get(view.line_table, "")
    line_table = schema.table(view.line_table)
    found = [document(schema, line_table, line) for line in body.get(navigation) or []]
    return tuple(sorted(found, key=_place))


def _place(line: Document) -> tuple[int, int, str]:
    """The order in which a seller sees the lines."""
    sequence, number = line.fields.get("sequencenumber"), line.fields.get("lineitemnumber")
    return (
        sequence if isinstance(sequence, int) else 1_000_000_000,
        number if isinstance(number, int) else 1_000_000_000,
        line.id,
    )


def body_of(table: Table, cells: Mapping[str, Wire]) -> dict[str, Any]:
    """Cells as the body of a create or update: lookups bound by navigation name, cleared by null."""
    body: dict[str, Any] = {}
    for column, value in cells.items():
        if column in table.binds:
            body |= _bound(table, column, value)
        else:
            body[column] = encode(value, table.columns.get(column))
    return body


def _bound(table: Table, column: str, value: Wire) -> dict[str, Any]:
    targets = table.binds[column]
    if isinstance(value, Link):
        navigation = targets.get(value.table) or next(iter(targets.values()))
        return {f"{navigation}@odata.bind": f"/{value.table or next(iter(targets))}({value.id})"}
    if value in (None, ""):
        return {f"{next(iter(targets.values()))}@odata.bind": None}
    target = next(iter(targets))
    return {f"{targets[target]}@odata.bind": f"/{target}({value})"}


def select(table: Table, columns: tuple[str, ...] | None) -> str:
    """The `$select` list; empty for all columns."""
    if columns is None:
        return ""
    own = [column for column in columns if "." not in column]
    wanted = dict.fromkeys(table.property(column) for column in (table.key, *own))
    if table.name in standard.STATES:
        wanted["statecode"] = None
    wanted["modifiedon"] = None
    return ",".join(wanted)


def expand(schema: Schema, table: Table, view: View) -> str:
    related = _expanded_lookups(schema, table, view.columns or ())
    if view.line_table is None:
        return related
    line_table = schema.table(view.line_table)
    navigation = table.collections.get(view.line_table, "")
    columns = view.line_columns
    if columns is not None and view.line_table in standard.LINES_NAVIGATION:
        columns = (*columns, "sequencenumber", "lineitemnumber")
    wanted = select(line_table, columns)
    lines = f"{navigation}($select={wanted})" if wanted else navigation
    return f"{related},{lines}" if related else lines


def _expanded_lookups(schema: Schema, table: Table, columns: tuple[str, ...]) -> str:
    """`customerid.parentcustomerid` as `customerid_contact($select=_parentcustomerid_value)`: of the tables that the
    lookup may point at, those that have the column.
    """
    wanted: dict[str, list[str]] = {}
    for column in columns:
        lookup, _, name = column.partition(".")
        for target, navigation in table.binds.get(lookup, {}).items() if name else ():
            there = schema.table(target)
            if name in there.columns:
                wanted.setdefault(navigation, []).append(there.property(name))
    return ",".join(f"{navigation}($select={','.join(names)})" for navigation, names in wanted.items())
