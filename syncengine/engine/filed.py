"""The version that the back office itself has filed of a document: read back, compared with the one we keep, noted."""

from __future__ import annotations

from typing import Any

from syncengine.engine.context import Run
from syncengine.errors import SyncError
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms import number
from syncengine.observe.logging import get_logger
from syncengine.ports import Operation
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.traits import Filed
from syncengine.records.values import same

log = get_logger()

FILED = "filed"

REPLACES = ("recreate", "remove")
"""Kinds of operation that delete a document, of which the system may file a version then."""


def filed_version(run: Run, mapping: TableMapping, operation: Operation) -> dict[str, Any] | None:
    """What there is to note of it: its number and each difference from ours; None where none was filed, or is shown.

    A version that cannot be read holds nothing up: the note says why.
    """
    traits = run.facts.traits["back_office"].table(mapping.back_office.table).filed
    before = operation.documents.get("back_office")
    files = operation.kind in REPLACES or any(
        step.verb == "act" and step.body["action"] == "archive" for step in operation.steps
    )
    order = run.number(mapping, "back_office", before)
    if traits is None or before is None or not files or not order:
        return None
    columns = (*traits.newest, *traits.columns.values())
    view = View(traits.table, columns, traits.lines, traits.parent, (traits.place, *traits.line_columns.values()))
    noted: dict[str, Any] = {"operation": operation.id, "number": order}
    try:
        (found,) = run.systems["back_office"].find(view, [{traits.order: order}])
    except SyncError as error:
        log.warning("filed_version_not_read", order=order, error=error.message)
        return {**noted, "error": error.message}
    if not found:
        return None
    newest = max(found, key=lambda one: [number(one.fields.get(column)) for column in traits.newest])
    place = {column: newest.fields.get(column) for column in traits.newest}
    return {**noted, "version": place, "differences": _differences(traits, before, newest)}


def _differences(traits: Filed, ours: Document, theirs: Document) -> list[dict[str, Any]]:
    found = [
        {"column": column, "line": None, "ours": ours.fields.get(column), "theirs": theirs.fields.get(name)}
        for column, name in traits.columns.items()
        if not same(ours.fields.get(column), theirs.fields.get(name))
    ]
    lines = {str(line.fields.get(traits.place)): line for line in theirs.lines}
    for line in ours.lines:
        place = str(line.fields.get(traits.place))
        other = lines.pop(place, None)
        fields = other.fields if other is not None else {}
        found += [
            {"column": column, "line": place, "ours": line.fields.get(column), "theirs": fields.get(name)}
            for column, name in traits.line_columns.items()
            if not same(line.fields.get(column), fields.get(name))
        ]
    found += [{"column": None, "line": place, "ours": None, "theirs": "a line more"} for place in lines]
    return found
