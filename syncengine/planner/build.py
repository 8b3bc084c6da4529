"""From decisions to steps: what is written, on which record, under which guard.

A group is always written whole: systems recalculate the rest of it when one column moves. References that cannot be
written yet are collected, not raised: an action waits for all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from decimal import Decimal
from typing import Any

from syncengine.errors import FailureClass
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import grouping
from syncengine.mapping.references import References
from syncengine.mapping.transforms import number
from syncengine.mapping.unfold import Uncoupled
from syncengine.mapping.unfold import write_row
from syncengine.planner.facts import Facts
from syncengine.planner.facts import chosen_id
from syncengine.planner.foreseen import foreseen
from syncengine.planner.merge import NAMES
from syncengine.planner.merge import TOWARDS
from syncengine.planner.merge import keeps
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Step
from syncengine.planner.steps import Token
from syncengine.records.document import Document
from syncengine.records.record import LineRecord
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.traits import TableTraits
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import other

LINE_SET = "set"  # the group whose value is "this line exists"
SEQUENCE_GAP = 10_000
RUN_DATE = "$run_date"

Cells = dict[str, Wire]


@dataclass
class Builder:
    """Collects the steps of one action. Numbers count from 1; `missing` and `problems` say why it cannot run; with
    something in `left` it is none of ours.
    """

    pair: Pair
    mapping: TableMapping
    refs: References
    facts: Facts
    steps: list[Step] = field(default_factory=list)
    missing: list[Ref] = field(default_factory=list)
    left: list[Ref] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, side: Side, verb: Any, **parts: Any) -> Step:
        step = Step(no=len(self.steps) + 1, side=side, verb=verb, **{"table": self.mapping.of(side).table, **parts})
        self.steps.append(step)
        return step

    def traits(self, side: Side) -> TableTraits:
        return self.facts.traits[side].table(self.mapping.of(side).table)

    def parts(self, side: Side, cells: Cells) -> dict[str, Cells]:
        """Of the header's cells those that are written by steps of their own, by the table that holds them."""
        return self.traits(side).parts(self.mapping.of(side).table, cells)

    def line_table(self, side: Side) -> str:
        return self.mapping.lines.tables[side] if self.mapping.lines else ""

    def cells(
        self,
        rows: Iterable[Row],
        values: Mapping[str, Scalar],
        side: Side,
        current: Document | None = None,
        shown: Mapping[str, Wire] | None = None,
    ) -> Cells:
        """Written cells of these rows; what cannot be resolved goes to `missing`. `shown`: what is known of a line
        that is not there yet.
        """
        found: Cells = {}
        for row in rows:
            if row.name not in values or not row.writes_to(side):
                continue
            try:
                written = write_row(row, values[row.name], side, self.refs, current, {**(shown or {}), **found})
            except Uncoupled as error:
                if row.on_missing == "fail":
                    self.problems.append(_not_coupled(row, error.ref))
                elif row.on_missing == "leave" or error.ref.coupling is not None:  # for good: it has ended
                    self.left.append(error.ref)
                else:
                    self.missing.append(error.ref)
            except ValueError as error:
                self.problems.append(_does_not_survive(row, side, str(error)))
            else:
                found |= written
                self._long_texts(row, written, side)
        return found

    def _long_texts(self, row: Row, cells: Mapping[str, Wire], side: Side) -> None:
        """A text that its column cannot hold is told before anything is sent."""
        schemas = self.facts.traits[side].schemas
        lines = self.mapping.lines
        of_line = lines is not None and lines.rows.get(row.name) is row
        schema = schemas.get(self.line_table(side) if of_line else self.mapping.of(side).table)
        for column, value in cells.items():
            length = schema.columns[column].length if schema and column in schema.columns else None
            if isinstance(value, str) and length is not None and len(value) > length:
                why = f"the text has {len(value)} characters, and `{column}` of {NAMES[side]} takes {length}"
                self.problems.append(_does_not_survive(row, side, why))


def _does_not_survive(row: Row, side: Side, why: str) -> Problem:
    return Problem(
        FailureClass.PERSON,
        "does-not-survive",
        f"{row.name}: {why}",
        "Correct the value, or give the row a transform that says how it is shortened.",
        side,
    )


def _not_coupled(row: Row, ref: Ref) -> Problem:
    return Problem(
        FailureClass.PERSON,
        "not-coupled",
        f"{row.name}: {ref.mapping} {ref.remote_id} is not coupled, and the mapping says not to wait for it",
        "Couple it with `syncengine couple-record`, then `syncengine retry`; or set `on_missing: wait`.",
        ref.side,
    )


def target_of(decision: Decision, rows: Mapping[str, Row]) -> Side | None:
    """The side a decision writes to, if any."""
    for side, outcome in TOWARDS.items():
        if decision.outcome is outcome:
            return side
    if decision.outcome is Outcome.RESTORE:
        return rows[decision.group].to
    return None


def header_values(builder: Builder, side: Side, decisions: Iterable[Decision]) -> dict[str, Scalar]:
    """Row values that these decisions put on the header of `side`."""
    mapping = builder.mapping
    source, own = builder.pair.record(other(side)).fields, builder.pair.record(side).fields
    groups = grouping(mapping.rows, mapping.groups)
    values: dict[str, Scalar] = {}
    for decision in decisions:
        if decision.line is None and decision.group in groups and target_of(decision, mapping.rows) == side:
            values |= group_values(mapping.rows, groups[decision.group], side, own, source)
    return values


def group_values(
    rows: Mapping[str, Row],
    names: Sequence[str],
    side: Side,
    own: Mapping[str, Scalar],
    source: Mapping[str, Scalar],
) -> dict[str, Scalar]:
    """The values of one group as they are written to `side`: the other side's, but for what `side` keeps."""
    kept = keeps(rows, names, side, own, source)
    return {name: (own if name in kept else source).get(name) for name in names}


def line_values(
    builder: Builder,
    side: Side,
    decisions: Iterable[Decision],
    coupling: int,
    source: LineRecord,
    own: LineRecord | None,
) -> dict[str, Scalar]:
    """Row values that these decisions put on one line of `side`, with what follows from them filled in anew."""
    lines = builder.mapping.lines
    assert lines is not None  # noqa: S101
    groups = grouping(lines.rows, lines.groups)
    values: dict[str, Scalar] = {}
    for decision in decisions:
        if decision.line == coupling and decision.group in groups and target_of(decision, lines.rows) == side:
            held = own.fields if own else {}
            values |= group_values(lines.rows, groups[decision.group], side, held, source.fields)
    return values


def update_header(
    builder: Builder,
    side: Side,
    values: Mapping[str, Scalar],
    *,
    expects: Token,
    atomic: int | None = None,
    also: Mapping[str, Wire] | None = None,
    **parts: Any,
) -> Step | None:
    """One PATCH of the header's plain columns, if there are any to write; lines that carry header values are apart."""
    record = builder.pair.record(side)
    rows = [row for row in builder.mapping.rows.values() if row.line is None or side == "sales"]
    body = {**builder.cells(rows, values, side, record.native), **(also or {})}
    for table, cells in builder.parts(side, body).items():
        # First: a write to the document moves the token of its parts, not the other way round.
        token = record.native.token(table) if record.native else None
        builder.add(side, "update", table=table, target=record.id, body=cells, expects=token, **parts)
        body = {column: value for column, value in body.items() if column not in cells}
    if not body:
        return None
    return builder.add(side, "update", target=record.id, body=body, expects=expects, atomic=atomic, **parts)


def update_parts(builder: Builder, side: Side, cells: Cells, made: int, **parts: Any) -> list[Step]:
    """Those of these cells that stand in tables beside, written to the document that step `made` makes."""
    return [
        builder.add(side, "update", table=table, target=made, body=some, expects=made, **parts)
        for table, some in builder.parts(side, cells).items()
    ]


def carried_line_steps(builder: Builder, side: Side, values: Mapping[str, Scalar], atomic: int | None = None) -> None:
    """Header values that are a line in the back office (freight): change, add or remove that line."""
    native = builder.pair.record(side).native
    for row in builder.mapping.rows.values():
        if row.line is None or side != "back_office" or row.name not in values:
            continue
        wanted = number(values[row.name])
        carrying = [line for line in (native.lines if native else ()) if row.line.carries(line)]
        parent = builder.pair.record(side).id
        if not carrying and wanted:
            made = carried_line(builder, row, wanted)
            if made:
                add_line(builder, side, made, parent=parent, sequence=next_sequence(builder, side), atomic=atomic)
        elif carrying and not wanted:
            for line in carrying:
                remove_line(builder, side, line, atomic=atomic)
        elif carrying:
            first = carrying[0]
            rest = sum((row.line.amount(line) for line in carrying[1:]), number(None))
            body: Cells = {row.line.value: row.line.cell(wanted - rest, first.fields)}
            change_line(builder, side, first, body, atomic=atomic)


def carried_line(builder: Builder, row: Row, value: Scalar | Decimal) -> Cells | None:
    """The line that holds a header value; None, with a problem noted, where no setting says which line that is."""
    assert row.line is not None  # noqa: S101
    if any(is_blank(one) for one in row.line.line.values()):
        builder.problems.append(
            Problem(
                FailureClass.PERSON,
                f"{row.name}-account-unset",
                f"the order has {row.name} of {value}, and no setting says which back-office line carries it",
                f"Set [back_office] {row.name}_account (or write_in, where it travels as a write-in), "
                f"or take the {row.name} off the order.",
            )
        )
        return None
    once: Cells = {row.line.times: number(1)} if row.line.times else {}
    shown = {**foreseen(builder.mapping, "back_office", builder.pair.back_office), **once}
    return {**row.line.line, row.line.value: row.line.cell(number(value), shown), **once}


def change_line(builder: Builder, side: Side, line: Document, body: Cells, **parts: Any) -> Step:
    return builder.add(
        side,
        "update-line",
        table=builder.line_table(side),
        target=line.id,
        parent=builder.pair.record(side).id,
        body=body,
        expects=line.version,
        **parts,
    )


def remove_line(builder: Builder, side: Side, line: Document, **parts: Any) -> Step:
    return builder.add(
        side,
        "delete-line",
        table=builder.line_table(side),
        target=line.id,
        parent=builder.pair.record(side).id,
        expects=line.version,
        **parts,
    )


def add_line(
    builder: Builder,
    side: Side,
    body: Cells,
    *,
    parent: str | int,
    sequence: int | None = None,
    target: str | None = None,
    **parts: Any,
) -> Step:
    """A new line under a guard of its own: the id we chose, or the place in the document."""
    order = builder.traits(side).line_order
    identity: Cells = {}
    if order and sequence is not None:
        body = {**body, order: sequence}
        identity = {order: sequence}
    return builder.add(
        side,
        "create-line",
        table=builder.line_table(side),
        target=target,
        parent=parent,
        body=body,
        identity=identity,
        **parts,
    )


def next_sequence(builder: Builder, side: Side) -> int:
    """The first free place after the last line, counting those this action adds already."""
    order = builder.traits(side).line_order
    seen = builder.pair.of(side)
    native = seen.native if isinstance(seen, Record) else None
    taken = [int(number(line.fields.get(order))) for line in (native.lines if native else ())]
    taken += [int(number(step.body.get(order))) for step in builder.steps if step.verb == "create-line"]
    return max(taken, default=0) + SEQUENCE_GAP


def next_number(builder: Builder, side: Side) -> Cells:
    """The shown place of a line that is added last, where this side has such a column."""
    column = builder.traits(side).line_number
    if not column:
        return {}
    seen = builder.pair.of(side)
    native = seen.native if isinstance(seen, Record) else None
    taken = [int(number(line.fields.get(column))) for line in (native.lines if native else ())]
    taken += [int(number(step.body.get(column))) for step in builder.steps if step.verb == "create-line"]
    return {column: max(taken, default=0) + 1}


def new_line_body(builder: Builder, side: Side, source: LineRecord) -> Cells:
    """Everything a line holds, for a line that is created; blank cells are left to the system."""
    lines = builder.mapping.lines
    assert lines is not None  # noqa: S101
    shown = foreseen(builder.mapping, side, builder.pair.of(side), source)
    cells = builder.cells(lines.rows.values(), filled(source.fields), side, shown=shown)
    cells |= constants(builder, lines.rows.values(), side)
    return without_blanks(builder.facts.traits[side].creatable(lines.tables[side], cells))


def constants(builder: Builder, rows: Iterable[Row], side: Side) -> Cells:
    """What rows write on this side of themselves, whatever the other side holds."""
    own = [row for row in rows if row.to == side and row.constant is not None]
    return {row.columns(side)[0]: builder.facts.now if row.constant == RUN_DATE else row.constant for row in own}


def filled(values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in values.items() if not is_blank(value)}


def without_blanks(cells: Cells) -> Cells:
    """A false flag is a value; nothing else that is blank is sent on create."""
    return {column: value for column, value in cells.items() if value is False or not is_blank(value)}


def line_document(record: Record, line_id: str) -> Document:
    """The wire line behind a mapped one. Raises LookupError where the record was not read whole."""
    line = record.native.line(line_id) if record.native else None
    if line is None:
        raise LookupError(f"line {line_id} of {record.id} was not read")
    return line


def chosen_line_id(builder: Builder, side: Side, partner_line_id: str) -> str | None:
    """The id we choose for a new line, where the system lets us."""
    if not builder.traits(side).client_ids:
        return None
    table, generation = builder.line_table(side), builder.pair.generation
    found = chosen_id(builder.facts, table, partner_line_id, generation)
    seen = builder.pair.of(side)
    if isinstance(seen, Record) and found in seen.lines:
        # The line that it made before stands there: this is another one, under the partner's same id.
        return chosen_id(builder.facts, table, f"{partner_line_id}|{found}", generation)
    return found


def cut_change_sets(builder: Builder, side: Side) -> None:
    """Change sets that are too large for one request become several, sent one after the other.

    Only the first then carries the document's own guard; each line is guarded by itself.
    """
    most = builder.traits(side).change_set
    apart = max((step.atomic or 0 for step in builder.steps), default=0)
    count: dict[int, int] = {}
    for at, step in enumerate(builder.steps):
        if step.side == side and step.atomic is not None:
            count[step.atomic] = count.get(step.atomic, 0) + 1
            builder.steps[at] = replace(step, atomic=step.atomic + apart * ((count[step.atomic] - 1) // most))


def again_unlocked(builder: Builder, side: Side, steps: list[Step], states: tuple[str, str], atomic: int) -> None:
    """The same steps once more between two state changes, for when a lock refuses them as read-only."""
    unlocked, locked = states
    record = builder.pair.record(side)
    builder.add(
        side, "set-state", target=record.id, body={"state": unlocked}, expects=record.version, when="read-only",
        atomic=atomic,
    )  # fmt: skip
    for step in steps:
        # The state change has moved the header's token within this change set: only the first request is guarded.
        guard = None if step.target == record.id else step.expects
        builder.steps.append(replace(step, no=len(builder.steps) + 1, when="read-only", atomic=atomic, expects=guard))
    builder.add(
        side, "set-state", target=record.id, body={"state": locked}, when="read-only", atomic=atomic,
    )  # fmt: skip
