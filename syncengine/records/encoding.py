"""Records as JSON text and back, exactly: what the store keeps as base, archive version and journal.

Scalars that JSON lacks are one-key objects: {"$d": "1.50"} a Decimal, {"$day": …}, {"$at": …}, {"$link": [table, id]},
{"$ref": […]}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

from syncengine.records.document import Attached
from syncengine.records.document import Document
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.values import Link
from syncengine.records.values import Ref


def pack(value: Any) -> Any:
    """A JSON-ready form of a scalar, or of lists and mappings of them. Raises TypeError on anything else."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return {"$d": str(value)}
        case datetime():
            return {"$at": value.isoformat()}
        case date():
            return {"$day": value.isoformat()}
        case Link(table, link_id):
            return {"$link": [table, link_id]}
        case Ref():
            return {"$ref": [value.mapping, value.coupling, value.side, value.remote_id, value.created_by]}
        case Mapping():
            return {key: pack(one) for key, one in value.items()}
        case list() | tuple():
            return [pack(one) for one in value]
        case _:
            raise TypeError(f"cannot be kept: {value!r}")


def unpack(value: Any) -> Any:
    match value:
        case {"$d": text}:
            return Decimal(text)
        case {"$at": text}:
            return datetime.fromisoformat(text)
        case {"$day": text}:
            return date.fromisoformat(text)
        case {"$link": [table, link_id]}:
            return Link(table, link_id)
        case {"$ref": parts}:
            return Ref(*parts)
        case dict():
            return {key: unpack(one) for key, one in value.items()}
        case list():
            return [unpack(one) for one in value]
        case _:
            return value


def dumps(value: Any) -> str:
    return json.dumps(pack(value), ensure_ascii=False, separators=(",", ":"))


def loads(text: str) -> Any:
    return unpack(json.loads(text))


def document_to(document: Document) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "id": document.id,
        "version": document.version,
        "fields": dict(document.fields),
        "lines": [document_to(line) for line in document.lines],
        "state": document.state,
        "modified_at": document.modified_at,
        "progress": document.progress,
    }
    if document.attached is not None:
        kept["attached"] = [[one.table, one.id, one.line, dict(one.fields)] for one in document.attached]
    if document.late is not None:
        kept["late"] = document.late
    if document.beside:
        kept["beside"] = dict(document.beside)
    return kept


def document_from(kept: Mapping[str, Any]) -> Document:
    attached = kept.get("attached")
    return Document(
        kept["id"],
        kept["version"],
        kept["fields"],
        tuple(document_from(line) for line in kept["lines"]),
        kept["state"],
        kept["modified_at"],
        kept.get("progress"),
        tuple(Attached(*one) for one in attached) if attached is not None else None,
        kept.get("late"),
        kept.get("beside", {}),
    )


def record_to(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "version": record.version,
        "fields": dict(record.fields),
        "lines": [_line_to(line) for line in record.lines.values()],
        "state": record.state,
        "modified_at": record.modified_at,
    }


def _line_to(line: LineRecord) -> dict[str, Any]:
    return {"id": line.id, "version": line.version, "fields": dict(line.fields)}


def record_from(kept: Mapping[str, Any]) -> Record:
    lines = {line["id"]: LineRecord(line["id"], line["version"], line["fields"]) for line in kept["lines"]}
    return Record(kept["id"], kept["version"], kept["fields"], lines, kept["state"], kept["modified_at"])
