"""The writes of a plain record: created on the other side, or changed there group by group."""

from __future__ import annotations

from syncengine.mapping.model import Row
from syncengine.planner.build import LINE_SET
from syncengine.planner.build import SEQUENCE_GAP
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.build import add_line
from syncengine.planner.build import carried_line
from syncengine.planner.build import carried_line_steps
from syncengine.planner.build import change_line
from syncengine.planner.build import chosen_line_id
from syncengine.planner.build import constants
from syncengine.planner.build import filled
from syncengine.planner.build import header_values
from syncengine.planner.build import line_document
from syncengine.planner.build import line_values
from syncengine.planner.build import new_line_body
from syncengine.planner.build import next_number
from syncengine.planner.build import next_sequence
from syncengine.planner.build import remove_line
from syncengine.planner.build import target_of
from syncengine.planner.build import update_header
from syncengine.planner.build import update_parts
from syncengine.planner.build import without_blanks
from syncengine.planner.comments import add_comments
from syncengine.planner.comments import comment_bodies
from syncengine.planner.comments import remove_comments
from syncengine.planner.comments import rewrite_comments
from syncengine.planner.decide import Decided
from syncengine.planner.facts import chosen_id
from syncengine.planner.facts import operation_key
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Step
from syncengine.records.record import LinePair
from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import is_blank
from syncengine.records.values import other


def create_record(builder: Builder, source: Side, *, role: str = "") -> list[Step]:
    """Create the record, with its lines, on the other side of `source`, under an identity that finds it again."""
    target = other(source)
    mapping, record = builder.mapping, builder.pair.record(source)
    traits = builder.traits(target)
    schema = builder.facts.traits[target]
    rows = [row for row in mapping.rows.values() if row.line is None or target == "sales"]
    cells = builder.cells(rows, filled(record.fields), target)
    cells |= own_values(builder, target)
    cells = without_blanks(schema.creatable(mapping.of(target).table, cells))
    late = {column: cells.pop(column) for column in sorted(traits.after_lines & cells.keys())}
    beside = {column: cells.pop(column) for some in builder.parts(target, cells).values() for column in some}
    bodies, partners = _line_bodies(builder, source)
    chosen = chosen_id(builder.facts, mapping.of(target).table, record.id, builder.pair.generation)
    identity, settled = _identity(builder, target, cells, traits.client_ids)
    first, rest = bodies[: traits.lines_in_create], bodies[traits.lines_in_create :]
    if traits.line_number:
        first = [{**body, traits.line_number: place} for place, body in enumerate(first, start=1)]
    chosen_lines = [chosen_line_id(builder, target, partner) or "" for partner in partners] if traits.client_ids else []
    steps = [
        builder.add(
            target,
            "create",
            target=chosen if traits.client_ids else None,
            body={**cells, **identity},
            lines=tuple(first),
            line_ids=tuple(chosen_lines[: len(first)]),
            partners=tuple(partners[: len(first)]),
            line_table=builder.line_table(target),
            identity=identity,
            requires=traits.healthy,
            role=role,
        )
    ]
    made = steps[0].no
    for place, (body, partner) in enumerate(zip(rest, partners[len(first) :], strict=True), start=len(first) + 1):
        steps.append(
            add_line(
                builder,
                target,
                body,
                parent=made,
                sequence=place * SEQUENCE_GAP if traits.line_order else None,
                target=chosen_line_id(builder, target, partner),
                about=partner,
                role=role,
            )
        )
    steps += update_parts(builder, target, beside, made, role=role)
    if late or settled:
        if rest:
            steps.append(builder.add(target, "read", target=made, role=role))
        steps.append(
            builder.add(
                target,
                "update",
                target=made,
                body={**settled, **late},
                expects=steps[-1].no if rest else made,
                role=role,
            )
        )
    return steps


def own_values(builder: Builder, side: Side, *, chosen: bool = True) -> Cells:
    """Constants, and chosen values, that rows write on this side, with no column behind them on the other."""
    rows = builder.mapping.rows.values()
    found = constants(builder, rows, side)
    for row in rows:
        if row.to == side and row.choose and chosen:
            found |= _chosen(builder, row, side)
    return found


def _chosen(builder: Builder, row: Row, side: Side) -> Cells:
    """`price-list-of-currency`: the price list that belongs to the currency of the other side's record; with a lookup:
    the record that the other side chooses, by its coupling.
    """
    if row.is_reference:
        return _chosen_there(builder, row, side)
    choices = builder.facts.traits[side].choices.get(row.choose, {})
    currency = builder.pair.record(other(side)).fields.get("currency")
    target = builder.refs.target(currency, side) if isinstance(currency, Ref) else None
    chosen = choices.get(target.id) if isinstance(target, Link) else None
    return {row.columns(side)[0]: chosen} if chosen else {}


def _chosen_there(builder: Builder, row: Row, side: Side) -> Cells:
    chosen = builder.facts.traits[other(side)].choices.get(row.choose, {}).get("")
    if chosen is None:
        return {}
    ref = builder.refs.ref(row.lookup, other(side), chosen)
    target = builder.refs.target(ref, side)
    if target is None:
        builder.missing.append(ref)
        return {}
    return {row.columns(side)[0]: target}


def _line_bodies(builder: Builder, source: Side) -> tuple[list[Cells], list[str]]:
    """The bodies of all lines to create, with the source line each stands for; header lines (freight) last."""
    target = other(source)
    record = builder.pair.record(source)
    bodies: list[Cells] = []
    partners: list[str] = []
    for line in record.lines.values():
        behind = comment_bodies(builder, target, filled(line.fields)) or []
        bodies += [new_line_body(builder, target, line), *behind]
        partners += [line.id, *("" for _ in behind)]
    for row in builder.mapping.rows.values():
        value = record.fields.get(row.name)
        if row.line is not None and target == "back_office" and not is_blank(value):
            body = carried_line(builder, row, value)
            if body is not None:
                bodies.append(body)
                partners.append("")
    return bodies, partners


def _identity(builder: Builder, target: Side, cells: Cells, client_ids: bool) -> tuple[Cells, Cells]:
    """The key to create under, and what is to stand in its column once the coupling is committed.

    The true value is the key where the mapping's correlation row provides one; else an operation key stands in.
    """
    if client_ids:
        return {}, {}
    column = str(builder.facts.settings.get("correlation", ""))
    row = builder.mapping.rows.get(builder.mapping.correlation)
    if row is None or not column:
        return _natural_identity(builder, target, cells), {}
    if row.columns(target) == (column,) and not is_blank(cells.get(column)):
        return {column: cells[column]}, {}
    key = operation_key(builder.facts, builder.mapping, builder.pair.record(other(target)).id, builder.pair.generation)
    return {column: key}, {column: cells.get(column)}


def _natural_identity(builder: Builder, target: Side, cells: Cells) -> Cells:
    """A master record is found again by the columns it was matched by: the first match group that is filled."""
    for group in builder.mapping.match:
        columns = [builder.mapping.rows[name].columns(target) for name in group.rows]
        found = {names[0]: cells.get(names[0]) for names in columns if names}
        if found and all(not is_blank(value) for value in found.values()):
            return found
    return {}


def update_side(
    builder: Builder, side: Side, decided: Decided, *, atomic: int | None = None, also: Cells | None = None
) -> list[Step]:
    """Everything the decisions write on one side: the header first, then its lines."""
    before = len(builder.steps)
    record, traits = builder.pair.record(side), builder.traits(side)
    values = header_values(builder, side, decided.decisions)
    rows = builder.mapping.rows
    late = {name for name in values if set(rows[name].columns(side)) & traits.after_lines}
    touches_lines = any(d.line is not None and _writes(d, builder, side) for d in decided.decisions)
    early = {name: value for name, value in values.items() if name not in late or not touches_lines}
    update_header(builder, side, early, expects=record.version, atomic=atomic, also=also if early else None)
    carried_line_steps(builder, side, values, atomic)
    for one in decided.pairing.pairs:
        _update_line(builder, side, decided, one, atomic)
    for decision in decided.decisions:
        if decision.group == LINE_SET and isinstance(decision.line, str) and _writes(decision, builder, side):
            _add(builder, side, decision.line, atomic)
    after = {name: values[name] for name in late if touches_lines}
    if after:
        update_header(builder, side, after, expects=_last_on(builder, before), atomic=atomic)
    return builder.steps[before:]


def _last_on(builder: Builder, before: int) -> int | None:
    """The step whose answer carries the newest token; the line writes before it have moved the header's."""
    return builder.steps[-1].no if len(builder.steps) > before else None


def _writes(decision: Decision, builder: Builder, side: Side) -> bool:
    lines = builder.mapping.lines
    rows = lines.rows if decision.line is not None and lines else builder.mapping.rows
    return target_of(decision, rows) == side


def _update_line(builder: Builder, side: Side, decided: Decided, one: LinePair, atomic: int | None) -> None:
    here, there = builder.pair.record(side), builder.pair.record(other(side))
    ours, theirs = here.lines.get(one.id(side)), there.lines.get(one.id(other(side)))
    existence = [d for d in decided.decisions if d.group == LINE_SET and d.line == one.coupling]
    if any(_writes(d, builder, side) for d in existence):
        if theirs is None and ours is not None:
            gone = line_document(here, ours.id)
            remove_comments(builder, side, gone, atomic=atomic)
            remove_line(builder, side, gone, atomic=atomic, about=one.coupling)
        elif theirs is not None and ours is None:
            _add(builder, side, theirs.id, atomic)
        return
    if ours is None or theirs is None or builder.mapping.lines is None:
        return
    values = line_values(builder, side, decided.decisions, one.coupling, theirs, ours)
    if values:
        line = line_document(here, ours.id)
        rows = builder.mapping.lines.rows
        body = builder.cells([rows[name] for name in rows if name in values], values, side, line)
        change_line(builder, side, line, body, atomic=atomic, about=one.coupling)
        behind = comment_bodies(builder, side, values, line)
        if behind is not None:
            rewrite_comments(builder, side, line, behind, atomic=atomic)


def _add(builder: Builder, side: Side, partner: str, atomic: int | None) -> None:
    source = builder.pair.record(other(side)).lines[partner]
    add_line(
        builder,
        side,
        {**new_line_body(builder, side, source), **next_number(builder, side)},
        parent=builder.pair.record(side).id,
        sequence=next_sequence(builder, side) if builder.traits(side).line_order else None,
        target=chosen_line_id(builder, side, partner),
        atomic=atomic,
        about=partner,
    )
    add_comments(builder, side, comment_bodies(builder, side, filled(source.fields)) or (), atomic=atomic)
