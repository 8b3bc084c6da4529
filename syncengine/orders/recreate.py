"""Archive and recreate: a changed order becomes a successor that holds everything the predecessor held.

The successor takes the predecessor's whole writable document, unmapped columns, account and comment lines included,
with the merged result on top. It is created under an operation key; only when it is complete does it take the true
correlation value and the coupling. The predecessor is read again before it is deleted: if somebody touched it
meanwhile, the way back is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass

from syncengine.mapping.fold import mapped_lines
from syncengine.mapping.transforms import number
from syncengine.orders import states
from syncengine.orders.belongings import attach
from syncengine.orders.belongings import take_off
from syncengine.planner.build import LINE_SET
from syncengine.planner.build import SEQUENCE_GAP
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.build import add_line
from syncengine.planner.build import carried_line
from syncengine.planner.build import filled
from syncengine.planner.build import header_values
from syncengine.planner.build import line_values
from syncengine.planner.build import new_line_body
from syncengine.planner.build import target_of
from syncengine.planner.build import update_parts
from syncengine.planner.build import without_blanks
from syncengine.planner.comments import comment_bodies
from syncengine.planner.comments import comments_behind
from syncengine.planner.decide import Decided
from syncengine.planner.facts import operation_key
from syncengine.planner.steps import Decision
from syncengine.records.document import Document
from syncengine.records.record import LinePair
from syncengine.records.values import Scalar
from syncengine.records.values import Wire
from syncengine.records.values import is_blank

SUCCESSOR = "successor"
RECHECK = "recheck"
RELEASE = "release"
REMOVE = "remove"
WAY_BACK = "way-back"


@dataclass(frozen=True)
class _Line:
    """One line of the successor: its cells, the Sales line it stands for, the predecessor's line it takes over
    ("" for none), and whether it sells something else than that.
    """

    cells: Cells
    partner: str
    origin: str = ""
    renewed: bool = False


def recreate(builder: Builder, decided: Decided, *, taken_from: Document | None = None) -> tuple[Decision, ...]:
    """Add the steps; gives back the decisions they carry out: those that write to the back office.

    `taken_from`: an earlier version whose content the successor takes instead of the predecessor's.
    """
    pair, mapping = builder.pair, builder.mapping
    predecessor = pair.record("back_office")
    if predecessor.native is None:
        raise LookupError(f"order {predecessor.id} was not read whole")
    native = taken_from or predecessor.native
    traits = builder.traits("back_office")
    keyed = {one.table for one in traits.belongings if one.keyed}
    header = _header(builder, decided, native)
    late: Cells = {column: header.pop(column) for column in sorted(traits.after_lines & header.keys())}
    apart = [column for some in builder.parts("back_office", header).values() for column in some]
    beside: Cells = {column: header.pop(column) for column in apart}
    key_column = str(builder.facts.settings.get("correlation", ""))
    key = operation_key(builder.facts, mapping, predecessor.id, pair.generation)
    # As merged where the column is mapped to something, and blank where that was emptied.
    kept: Wire = None if key_column in traits.carried else predecessor.native.fields.get(key_column)
    true_value = header.pop(key_column, kept)
    lines = list(_lines(builder, decided, native))
    first, rest = lines[: traits.lines_in_create], lines[traits.lines_in_create :]
    made = builder.add(
        "back_office",
        "create",
        body={**header, key_column: key},
        lines=tuple(line.cells for line in first),
        line_table=builder.line_table("back_office"),
        partners=tuple(line.partner for line in first),
        identity={key_column: key},
        role=SUCCESSOR,
    ).no
    token = made
    stands = {line.origin: (made, place) for place, line in enumerate(first)}
    for place, line in enumerate(rest, start=len(first) + 1):
        added = add_line(
            builder, "back_office", line.cells, parent=made, sequence=place * SEQUENCE_GAP, about=line.partner,
            role=SUCCESSOR,
        )  # fmt: skip
        stands[line.origin] = (added.no, 0)
    update_parts(builder, "back_office", beside, made, role=SUCCESSOR)
    # What is put is as it was in that version; files are where the predecessor is.
    put = [row for row in native.attached or () if row.table in keyed]
    rows = [*put, *(row for row in predecessor.native.attached or () if row.table not in keyed)]
    attached = attach(builder, rows, made, stands)
    given = native.attached is not None and any(one.by_default for one in traits.belongings)
    if rest or attached or given:
        token = builder.add("back_office", "read", target=made, role=SUCCESSOR, belongings=given).no
    if given:
        renewed = {line.origin for line in lines if line.renewed}
        owners = {line: place for line, place in stands.items() if line and line not in renewed}
        new_customer = _renewed(builder, native, header)
        take_off(builder, put, made, owners if new_customer else {"": None, **owners}, after=token)
    builder.add(
        "back_office", "update", target=made, body={key_column: true_value, **late}, expects=token, role=SUCCESSOR
    )
    reread = builder.add("back_office", "read", target=predecessor.id, role=RECHECK).no
    builder.add("back_office", "delete", target=predecessor.id, expects=reread, role=REMOVE)
    builder.add("back_office", "delete", target=made, when="foreign-edit", expects=made, role=WAY_BACK)
    lines_rows = mapping.lines.rows if mapping.lines else {}
    return tuple(
        d
        for d in decided.decisions
        if target_of(d, lines_rows if d.line is not None else mapping.rows) == "back_office"
    )


def losses(builder: Builder) -> tuple[str, ...]:
    """What the successor cannot take over, in words: named in the plan and in the history before it happens."""
    order = builder.pair.record("back_office")
    traits = builder.traits("back_office")
    found = list(traits.lost_on_copy)
    if order.native is None or order.native.attached is None:
        found += [f"{one.words} (they could not be read)" for one in traits.belongings]
    if order.state == states.RELEASED:
        found.append("the release: somebody must release the successor")
    return tuple(found)


def _header(builder: Builder, decided: Decided, native: Document) -> Cells:
    table = builder.mapping.of("back_office").table
    traits = builder.traits("back_office")
    carried = without_blanks({column: native.fields.get(column) for column in traits.carried})
    values = header_values(builder, "back_office", decided.decisions)
    rows = [row for row in builder.mapping.rows.values() if row.line is None]
    merged = builder.cells(rows, values, "back_office", native)
    cells = _laid_over(carried, merged, traits.exclusive)
    return builder.facts.traits["back_office"].creatable(table, cells)


def _laid_over(carried: Cells, merged: Cells, exclusive: tuple[frozenset[str], ...]) -> Cells:
    """The merged cells on top; of columns that exclude each other the merged one stays."""
    for column in merged:
        for others in (one for one in exclusive if column in one):
            for other_column in others - merged.keys():
                carried.pop(other_column, None)
    return without_blanks({**carried, **merged})


def _lines(builder: Builder, decided: Decided, native: Document) -> Iterator[_Line]:
    """The predecessor's lines in their order, changed where the merge says so, then the new ones."""
    pairs = {one.back_office: one for one in decided.pairing.pairs}
    existence = {d.line: d for d in decided.decisions if d.group == LINE_SET}
    header = header_values(builder, "back_office", decided.decisions)
    mapped = {line.id for line in mapped_lines(builder.mapping, "back_office", native)}
    freight_done: set[str] = set()
    dropping = False
    replaced: set[str] = set()
    for line in native.lines:
        one = pairs.get(line.id)
        if line.id in replaced:
            continue
        if line.id in mapped:
            dropping = one is not None and _removed(builder, existence.get(one.coupling))
        structural = _structural(builder, line)
        if structural is not None:
            body = _structural_body(builder, structural, line, header, freight_done)
            if body is not None:
                yield _Line(body, "", line.id)
        elif not dropping:
            # A comment belongs to the line before it and goes with it.
            yield from _kept_line(builder, decided, line, one, replaced)
    for row_name, value in header.items():
        row = builder.mapping.rows[row_name]
        if row.line is not None and row_name not in freight_done and not is_blank(value):
            body = carried_line(builder, row, value)
            if body is not None:
                yield _Line(body, "")
    for decision in decided.decisions:
        if decision.group == LINE_SET and isinstance(decision.line, str) and _to_back_office(builder, decision):
            source = builder.pair.record("sales").lines[decision.line]
            yield _Line(new_line_body(builder, "back_office", source), decision.line)
            for body in comment_bodies(builder, "back_office", filled(source.fields)) or ():
                yield _Line(body, "")


def _removed(builder: Builder, decision: Decision | None) -> bool:
    return decision is not None and _to_back_office(builder, decision) and decision.sales is None


def _to_back_office(builder: Builder, decision: Decision) -> bool:
    rows = builder.mapping.lines.rows if builder.mapping.lines else {}
    return target_of(decision, rows) == "back_office"


def _structural(builder: Builder, line: Document) -> str | None:
    for row in builder.mapping.rows.values():
        if row.line is not None and row.line.carries(line):
            return row.name
    return None


def _structural_body(builder: Builder, name: str, line: Document, header: dict, done: set[str]) -> Cells | None:  # type: ignore[type-arg]
    """The line that carries a header value: as it was, or with the merged value once, or gone."""
    carried = _carried_cells(builder, line, {})
    if name not in header:
        return carried
    row = builder.mapping.rows[name]
    assert row.line is not None  # noqa: S101
    if name in done or is_blank(header[name]):
        done.add(name)
        return None
    done.add(name)
    return {**carried, row.line.value: row.line.cell(number(header[name]), line.fields)}


def _kept_line(
    builder: Builder, decided: Decided, line: Document, one: LinePair | None, replaced: set[str]
) -> Iterator[_Line]:
    """A line as the merge leaves it, with the comment lines its text calls for; `replaced` are those before."""
    values = _merged_values(builder, decided, one)
    merged = _merged_cells(builder, line, values)
    cells = _carried_cells(builder, line, merged)
    yield _Line(cells, one.sales if one else "", line.id, _renewed(builder, line, merged))
    behind = comment_bodies(builder, "back_office", values, line)
    if behind is not None:
        replaced |= {comment.id for comment in comments_behind(builder, "back_office", line.id)}
        yield from (_Line(body, "") for body in behind)


def _merged_values(builder: Builder, decided: Decided, one: LinePair | None) -> dict[str, Scalar]:
    """What the merge puts on a line of the predecessor."""
    source = builder.pair.record("sales").lines.get(one.sales) if one is not None else None
    if one is None or source is None:
        return {}
    own = builder.pair.record("back_office").lines.get(one.back_office)
    return line_values(builder, "back_office", decided.decisions, one.coupling, source, own)


def _merged_cells(builder: Builder, line: Document, values: Mapping[str, Scalar]) -> Cells:
    rows = builder.mapping.lines.rows.values() if builder.mapping.lines else ()
    return builder.cells([row for row in rows if row.name in values], values, "back_office", line)


def _carried_cells(builder: Builder, line: Document, merged: Cells) -> Cells:
    """A line as it was, with merged cells on top; what derives from a changed column is left to be filled in anew."""
    traits = builder.traits("back_office")
    carried = {column: line.fields.get(column) for column in traits.carried_lines}
    for column in _moved(builder, line, merged):
        for derived in traits.derived[column]:
            carried.pop(derived, None)
    table = builder.line_table("back_office")
    cells = _laid_over(without_blanks(carried), merged, traits.exclusive)
    return builder.facts.traits["back_office"].creatable(table, cells)


def _moved(builder: Builder, was: Document, merged: Cells) -> list[str]:
    """The columns of these from which the system derives others, and which hold something else now."""
    derived = builder.traits("back_office").derived
    return [column for column in merged if column in derived and not _unchanged(was, column, merged[column])]


def _renewed(builder: Builder, was: Document, merged: Cells) -> bool:
    """Is it for another customer now, or of another product?"""
    return bool(_moved(builder, was, merged))


def _unchanged(line: Document, column: str, value: Wire) -> bool:
    held = line.fields.get(column)
    return held == value or getattr(value, "id", value) == held
