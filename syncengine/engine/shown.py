"""What the answers to our writes hold of rows that were written not knowing all of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from syncengine.mapping.filters import HEADER
from syncengine.mapping.filters import cell
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Step
from syncengine.records.document import Document
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire

Shown = dict[tuple[Side, str], Mapping[str, Scalar]]


def shown_by(mapping: TableMapping, step: Step, after: Document, known: Document | None) -> Shown:
    """By side and line: a price without tax, as the tax rate makes it that this answer shows.

    `known`: the document as it was planned from. Raises ValueError where a cell cannot be read.
    """
    found: Shown = {}
    if mapping.lines is None:
        return found
    document = after if step.verb == "create" else known
    for line, sent in _written(step, after):
        whole = _with_header(line, document)
        values = {
            row.name: row.transform.read(step.side, tuple(cell(whole, column) for column in row.columns(step.side)))
            for row in mapping.lines.rows.values()
            if _half_known(row, step.side) and row.columns(step.side)[0] in sent
        }
        if values:
            found[step.side, line.id] = values
    carried = _carried(mapping, step, after, known) if step.side == "back_office" else {}
    return {**found, **({(step.side, ""): carried} if carried else {})}


def _half_known(row: Row, side: Side) -> bool:
    """Does it write a column and read others beside it?"""
    return bool(row.transform.shared.get(side)) and len(row.columns(side)) > 1


def _written(step: Step, after: Document) -> Iterator[tuple[Document, Mapping[str, Wire]]]:
    if step.verb in ("create-line", "update-line"):
        yield after, step.body
    elif step.verb == "create" and len(after.lines) >= len(step.lines):
        yield from zip(after.lines, step.lines, strict=False)


def _with_header(line: Document, document: Document | None) -> Document:
    above = {f"{HEADER}{name}": value for name, value in document.fields.items()} if document is not None else {}
    return replace(line, fields={**above, **line.fields})


def _carried(mapping: TableMapping, step: Step, after: Document, known: Document | None) -> dict[str, Scalar]:
    """Header values that stand on a line (freight), all their lines together."""
    found: dict[str, Scalar] = {}
    written = list(_written(step, after))
    document = after if step.verb == "create" else known
    for row in mapping.rows.values():
        if row.line is None or not row.line.tax:
            continue
        mine = [line for line, sent in written if row.line.value in sent and row.line.carries(line)]
        if mine:
            others = known.lines if known is not None and step.verb != "create" else ()
            rest = [one for one in others if row.line.carries(one) and one.id != mine[0].id]
            found[row.name] = sum(
                (row.line.amount(_with_header(line, document)) for line in (*mine, *rest)), Decimal(0)
            )
    return found
