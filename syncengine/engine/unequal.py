"""In what the two records of a coupling differ as they stand now, and what becomes of an agreement that was none.

Usually a difference is somebody's change since both agreed. Where each side is as its own picture says, and they
differ all the same, no change will ever explain it: the pictures never agreed in this.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Final

from syncengine.engine.context import Run
from syncengine.mapping.model import Lines
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.planner.build import LINE_SET
from syncengine.planner.merge import agree
from syncengine.planner.rules import Rules
from syncengine.ports import Coupling
from syncengine.ports import Subject
from syncengine.records.record import Base
from syncengine.records.record import LinePair
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import same

PRESENT: Final = "present"
STATE: Final = "(state)"


@dataclass(frozen=True)
class Unequal:
    """`group` is a row, "set" for a line that only one side has, or (state). `line`: its coupling, or its own id."""

    group: str
    line: int | str | None
    sales: Scalar
    back_office: Scalar


def unequal(
    rules: Rules, mapping: TableMapping, pairs: Sequence[LinePair], records: Mapping[Side, Record]
) -> Iterator[Unequal]:
    sales, back_office = records["sales"], records["back_office"]
    if rules.contradict(sales, back_office):
        yield Unequal(STATE, None, sales.state, back_office.state)
    for row in _rows(rules, mapping.rows, line=False):
        one, two = sales.fields.get(row.name), back_office.fields.get(row.name)
        if not agree(row, one, two):
            yield Unequal(row.name, None, one, two)
    if mapping.lines is not None:
        yield from _lines(rules, mapping.lines, pairs, records)


def _lines(rules: Rules, lines: Lines, pairs: Sequence[LinePair], records: Mapping[Side, Record]) -> Iterator[Unequal]:
    sales, back_office = records["sales"], records["back_office"]
    paired: dict[Side, set[str]] = {"sales": set(), "back_office": set()}
    for pair in pairs:
        here, there = sales.lines.get(pair.sales), back_office.lines.get(pair.back_office)
        paired["sales"].add(pair.sales)
        paired["back_office"].add(pair.back_office)
        if here is None and there is None:
            continue
        if here is None or there is None:
            if rules.compares(None, line=True):
                yield Unequal(LINE_SET, pair.coupling, PRESENT if here else None, PRESENT if there else None)
            continue
        for row in _rows(rules, lines.rows, line=True):
            one, two = here.fields.get(row.name), there.fields.get(row.name)
            if not agree(row, one, two):
                yield Unequal(row.name, pair.coupling, one, two)
    if not rules.compares(None, line=True):
        return
    for line_id in sales.lines.keys() - paired["sales"]:
        yield Unequal(LINE_SET, line_id, PRESENT, None)
    for line_id in back_office.lines.keys() - paired["back_office"]:
        yield Unequal(LINE_SET, line_id, None, PRESENT)


def _rows(rules: Rules, rows: Mapping[str, Row], *, line: bool) -> Iterator[Row]:
    """Compared rows, and those that are only checked."""
    wanted = (row for row in rows.values() if row.compared or row.check == "equal")
    return (row for row in wanted if rules.compares(row, line=line))


def plan_again(
    run: Run, mapping: TableMapping, coupling: Coupling, found: Iterable[Unequal], *, swept: bool = False
) -> None:
    """The record is work; what it never agreed in is planned as what was different when it was coupled.

    In a transaction.
    """
    forgotten = [one for one in found if _unexplained(coupling, one)]
    subject = Subject(mapping.name, coupling.id)
    if forgotten and coupling.base is not None:
        base = _without(coupling.base, coupling.line_pairs, forgotten)
        run.store.couplings.settle(coupling.id, base, coupling.line_pairs)
        told = [{"group": one.group, "line": one.line} for one in forgotten]
        run.store.history.note(subject, "never-agreed", {"groups": told})
    run.store.work.add(subject, swept=swept)


def _unexplained(coupling: Coupling, one: Unequal) -> bool:
    """Is each side in this row as its own picture says?"""
    if coupling.base is None or one.group == LINE_SET:
        return False
    pictures = [_fields(coupling.base.of(side), side, coupling.line_pairs, one.line) for side in SIDES]
    held = (one.sales, one.back_office)
    return all(
        picture is not None and one.group in picture and same(picture[one.group], value)
        for picture, value in zip(pictures, held, strict=True)
    )


def _fields(
    picture: Record, side: Side, pairs: Sequence[LinePair], line: int | str | None
) -> Mapping[str, Scalar] | None:
    if line is None:
        return picture.fields
    pair = next((pair for pair in pairs if pair.coupling == line), None)
    found = picture.lines.get(pair.id(side)) if pair is not None else None
    return found.fields if found is not None else None


def _without(base: Base, pairs: Sequence[LinePair], forgotten: Sequence[Unequal]) -> Base:
    """Pictures that do not hold these rows: to be planned, they are as if they had never been agreed."""
    header = {one.group for one in forgotten if one.line is None}
    pictures: dict[Side, Record] = {}
    for side in SIDES:
        picture = base.of(side)
        lines = dict(picture.lines)
        for pair in pairs:
            rows = {one.group for one in forgotten if one.line == pair.coupling}
            line = lines.get(pair.id(side))
            if rows and line is not None:
                lines[line.id] = replace(line, fields=_left(line.fields, rows))
        pictures[side] = replace(picture, fields=_left(picture.fields, header), lines=lines)
    return Base(pictures["sales"], pictures["back_office"])


def _left(fields: Mapping[str, Scalar], rows: set[str]) -> dict[str, Scalar]:
    return {name: value for name, value in fields.items() if name not in rows}
