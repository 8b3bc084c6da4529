"""What the answers of an operation say: what was made, what did not take, what is ours in a later read."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import replace

from syncengine.engine.recover import taken
from syncengine.engine.shown import shown_by
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.orders.recreate import REMOVE
from syncengine.orders.recreate import WAY_BACK
from syncengine.planner.settle import Made
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.records.document import Document
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire


def id_of(operation: Operation, target: str | int | None) -> str | None:
    if isinstance(target, int):
        after = operation.receipts[target].after
        return after.id if after is not None else None
    return target


def newest(operation: Operation, side: Side, role: str) -> Document | None:
    """The document as the last answer of this side, with this role, showed it with its lines."""
    found = None
    for step in operation.steps:
        receipt = operation.receipts.get(step.no)
        if (
            step.side != side
            or step.verb.endswith(("-line", "-part"))
            or receipt is None
            or (role and step.role != role)
        ):
            continue
        if isinstance(receipt.after, Document):
            found = _shown(step, receipt.after, found, operation.documents.get(side))
    return found


def _shown(step: Step, after: Document, found: Document | None, planned: Document | None) -> Document:
    """The document after one more answer: a table beside shows its part of it, the document's own table the others."""
    known = found if found is not None else planned if planned is not None and planned.id == after.id else None
    if step.table in after.beside:
        return known.also(after) if known is not None else after
    lines = after.lines or (found.lines if found else ())
    if known is None or after.beside:
        return replace(after, lines=lines)
    parts = {c: v for c, v in known.fields.items() if any(c.startswith(f"{table}.") for table in known.beside)}
    return replace(after, fields={**parts, **after.fields}, lines=lines, beside=known.beside)


def own_writes(operation: Operation, side: Side) -> dict[str, dict[str, Wire]]:
    """Columns we have written so far on this side: the header's under "", a line's under its id."""
    found: dict[str, dict[str, Wire]] = {}
    for step in operation.steps:
        receipt = operation.receipts.get(step.no)
        part = step.verb.endswith("-part")
        if step.side == side and not part and receipt is not None and receipt.outcome is ReceiptOutcome.DONE:
            key = str(step.target) if step.verb == "update-line" else ""
            found.setdefault(key, {}).update(step.body)
    return found


def equal_but(
    known: Mapping[str, Wire], fresh: Mapping[str, Wire], computed: Iterable[str], own: Mapping[str, Wire]
) -> bool:
    ignored = {*computed, *own}
    return all(taken(value, fresh.get(column)) for column, value in known.items() if column not in ignored)


def made(mapping: TableMapping, operation: Operation) -> Made:
    """What the answers say was made, and which written rows they do not show."""
    document: str | None = None
    lines: dict[str, str] = {}
    lost: set[tuple[str | None, str]] = set()
    state_lost = False
    shown: dict[tuple[Side, str], Mapping[str, Scalar]] = {}
    for step in operation.steps:
        receipt = operation.receipts.get(step.no)
        done = receipt is not None and receipt.outcome is ReceiptOutcome.DONE
        if step.when != "always" or not step.writes or step.role in (REMOVE, WAY_BACK):
            continue
        if step.verb.endswith("-part"):
            continue  # nothing of it is mapped
        if step.verb == "set-state":
            state_lost |= not done
            continue
        if not done or receipt is None:
            if not _stood_in(operation, step):
                lost |= {(None, row) for row in _rows(mapping.rows.values(), step.side, step.body)}
            continue
        after = receipt.after if isinstance(receipt.after, Document) else None
        if step.verb == "create" and after is not None:
            document = after.id
            lines |= _created_lines(mapping, step, after)
            lost |= _lost_lines(mapping, step, after)
        elif step.verb == "create-line" and after is not None and isinstance(step.about, str):
            lines[step.about] = after.id
        lost |= _lost(mapping, step, after)
        if after is not None:
            shown |= shown_by(mapping, step, after, operation.documents.get(step.side))
    return Made(document, lines, frozenset(lost), state_lost, shown)


def _stood_in(operation: Operation, step: Step) -> bool:
    """Was it refused as read-only and done by the steps that open the lock?"""
    return any(
        one.when == "read-only" and one.verb == step.verb and one.target == step.target and one.no in operation.receipts
        and operation.receipts[one.no].outcome is ReceiptOutcome.DONE
        for one in operation.steps
    )  # fmt: skip


def _created_lines(mapping: TableMapping, step: Step, after: Document) -> dict[str, str]:
    """The answer to our own deep insert: lines by the ids we chose, else in the order sent where they agree."""
    if step.line_ids:
        return {partner: line_id for partner, line_id in zip(step.partners, step.line_ids, strict=True) if partner}
    telling = _telling_columns(mapping, step.side)
    found = {}
    for partner, sent, line in zip(step.partners, step.lines, after.lines, strict=False):
        shown = {column: sent[column] for column in telling & sent.keys() & line.fields.keys()}
        if partner and all(taken(value, line.fields[column]) for column, value in shown.items()):
            found[partner] = line.id
    return found


def _telling_columns(mapping: TableMapping, side: Side) -> set[str]:
    """The columns that say which line is which: those of the first group of `pair_by`."""
    if mapping.lines is None or not mapping.lines.pair_by:
        return set()
    rows = [mapping.lines.rows[name] for name in mapping.lines.pair_by[0]]
    return {column for row in rows for column in (*row.columns(side), *(one.column(side) for one in row.one_of))}


def _lost(mapping: TableMapping, step: Step, after: Document | None) -> set[tuple[str | None, str]]:
    if after is None:
        return set()
    missing = {c: v for c, v in step.body.items() if c in after.fields and not taken(v, after.fields[c])}
    if step.verb.endswith("-line"):
        rows = mapping.lines.rows.values() if mapping.lines else ()
        line = step.about if isinstance(step.about, str) else str(step.target)
        return {(line, row) for row in _rows(rows, step.side, missing)}
    return {(None, row) for row in _rows(mapping.rows.values(), step.side, missing)}


def _lost_lines(mapping: TableMapping, step: Step, after: Document) -> set[tuple[str | None, str]]:
    if mapping.lines is None or not after.lines:
        return set()
    by_id = {line.id: line for line in after.lines}
    answered = [by_id.get(one) for one in step.line_ids] if step.line_ids else list(after.lines)
    lost: set[tuple[str | None, str]] = set()
    for partner, sent, line in zip(step.partners, step.lines, answered, strict=False):
        if line is not None and partner:
            missing = {c: v for c, v in sent.items() if c in line.fields and not taken(v, line.fields[c])}
            lost |= {(partner, row) for row in _rows(mapping.lines.rows.values(), step.side, missing)}
    return lost


def _rows(rows: Iterable[Row], side: Side, cells: Mapping[str, Wire]) -> set[str]:
    """The compared rows that write these columns."""
    found = set()
    for row in rows:
        columns = {*row.columns(side), *(one.column(side) for one in row.one_of)}
        if row.compared and row.writes_to(side) and columns & cells.keys():
            found.add(row.name)
    return found
