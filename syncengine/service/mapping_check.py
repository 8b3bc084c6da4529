"""A mapping against what the live systems say of their tables: names, types, lengths, what may be written, choices.

And one row through every filter, for what only the service itself can say: that it lets us read it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from typing import Literal
from typing import Protocol

from syncengine.connectors.answers import Answer
from syncengine.engine.context import columns_of
from syncengine.engine.context import line_columns_of
from syncengine.mapping.filters import HEADER
from syncengine.mapping.filters import LATE
from syncengine.mapping.filters import PROGRESS
from syncengine.mapping.filters import STATE
from syncengine.mapping.filters import Filter
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms import AsIs
from syncengine.mapping.transforms import CalendarDay
from syncengine.mapping.transforms import Code
from syncengine.mapping.transforms import Continued
from syncengine.mapping.transforms import Country
from syncengine.mapping.transforms import Decimals
from syncengine.mapping.transforms import Exact
from syncengine.mapping.transforms import Fits
from syncengine.mapping.transforms import HeaderDiscount
from syncengine.mapping.transforms import Inverted
from syncengine.mapping.transforms import PersonName
from syncengine.mapping.transforms import PlainText
from syncengine.mapping.transforms import TextLines
from syncengine.mapping.transforms import ValueMap
from syncengine.records.document import ColumnSchema
from syncengine.records.document import TableSchema
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank

OPTIONS: Final = "choices/"  # how a mapping names the options of a choice column

KINDS: Final[Mapping[str, str]] = {
    "text": "text",
    "choice": "text",
    "guid": "text",
    "lookup": "reference",
    "integer": "number",
    "decimal": "number",
    "boolean": "flag",
    "date": "day",
    "datetime": "moment",
}
TEXTS: Final = (Fits, Exact, Continued, Code, Country, PlainText, TextLines, PersonName)
NUMBERS: Final = (Decimals, HeaderDiscount)
MOST_NAMED: Final = 8


@dataclass(frozen=True)
class Told:
    level: Literal["ok", "warning", "error"]
    message: str
    remedy: str = ""


class Asked(Protocol):
    """What is asked of a connector here."""

    def describe(self, table: str) -> TableSchema | None: ...

    def probe(self, view: View, where: Filter) -> Answer: ...


class Tables:
    """A connector's answers, each asked for once."""

    def __init__(self, system: Asked) -> None:
        self.system = system
        self._described: dict[str, TableSchema | None] = {}

    def describe(self, table: str) -> TableSchema | None:
        if table not in self._described:
            self._described[table] = None if table.startswith(OPTIONS) else self.system.describe(table)
        return self._described[table]

    def probe(self, view: View, where: Filter) -> Answer:
        return self.system.probe(view, where)


def look(mapping: TableMapping, side: Side, system: Asked) -> Iterator[Told]:
    """Raises RemoteSystemError where the system cannot be asked."""
    of, lines = mapping.of(side), mapping.lines
    if of.table.startswith(OPTIONS):
        yield from _options(of.table, system)
        return
    schema = system.describe(of.table)
    if schema is not None:
        yield from _named(schema, columns_of(mapping, side), system)
        for row in mapping.rows.values():
            yield from _row(row, side, schema)
        yield from _filters(schema, (*of.considered_when, *of.enters_when))
    line_schema = system.describe(lines.tables[side]) if lines is not None else None
    if lines is not None and line_schema is not None:
        own, above = _split(line_columns_of(mapping, side))
        yield from _named(line_schema, [*own, lines.parents[side]], system)
        if schema is not None:
            yield from _named(schema, above, system)
        for row in lines.rows.values():
            yield from _row(row, side, line_schema)
        yield from _filters(line_schema, lines.only[side])
    yield from _rows_through(mapping, side, system)


def _options(table: str, system: Asked) -> Iterator[Told]:
    _, of, column = table.split("/")
    schema = system.describe(of)
    if schema is not None and column not in schema.columns:
        yield from _named(schema, [column], system)


def _split(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """A line's own columns, and those it reads from its document (`header.NAME`), by their names there."""
    found = list(names)
    above = [name.removeprefix(HEADER) for name in found if name.startswith(HEADER)]
    return [name for name in found if not name.startswith(HEADER)], above


def _named(schema: TableSchema, names: Iterable[str], system: Asked | None = None) -> Iterator[Told]:
    """Words that are readable like columns (`$state`, `$progress`) are no columns.

    `lookup.column` is a column of a record that the lookup points at: one of its tables must have it.
    """
    for name in dict.fromkeys(names):
        lookup, _, beyond = name.partition(".")
        if beyond and lookup in schema.columns and system is not None:
            described = [found for table in schema.columns[lookup].targets if (found := system.describe(table))]
            if described and not any(beyond in found.columns for found in described):
                there = ", ".join(found.name for found in described)
                yield Told("error", f"`{lookup}` of {schema.name} leads to {there}, and none has a column `{beyond}`")
            continue
        if name not in schema.columns and name not in (STATE, PROGRESS, LATE):
            near = difflib.get_close_matches(name, schema.columns, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else "Correct the name, or take the row out in an overlay."
            yield Told("error", f"{schema.name} has no column `{name}`", hint)


# rows


def _row(row: Row, side: Side, schema: TableSchema) -> Iterator[Told]:
    columns = [schema.columns[name] for name in row.columns(side) if name in schema.columns]
    for column in columns:
        # Of several columns, those that are only read beside the value may be of any kind.
        if len(row.columns(side)) == 1 or column.name in row.written(side):
            yield from _typed(row, side, column, schema)
    if row.writes_to(side):
        for column in (one for one in columns if one.name in row.written(side)):
            yield from _writable(row, column, schema)
            yield from _long(row, side, column, schema)
        for name, value in row.beside.get(side, {}).items():
            yield from _constant(name, value, schema)
    for one in row.one_of:
        for name, value in one.write.get(side, {}).items():
            yield from _constant(name, value, schema)
        yield from _filters(schema, one.when[side])
    if row.constant is not None and row.to == side and not str(row.constant).startswith("$"):
        for column in columns:
            yield from _constant(column.name, row.constant, schema)
    if isinstance(row.transform, ValueMap):
        for column in columns:
            values = [pair[0] if side == "sales" else pair[1] for pair in row.transform.pairs]
            yield from _chosen(column, values, schema, f"row `{row.name}`")


def _typed(row: Row, side: Side, column: ColumnSchema, schema: TableSchema) -> Iterator[Told]:
    wanted = _wanted(row, side)
    if wanted and KINDS.get(column.type, "text") not in wanted:
        yield Told(
            "error",
            f"row `{row.name}` takes {' or '.join(wanted)}, and `{column.name}` of {schema.name} is {column.type}",
            "Give the row another column, or another transform.",
        )


def _wanted(row: Row, side: Side) -> tuple[str, ...]:
    """The kinds of column that a row can read and write; none where anything goes."""
    if row.option:
        return ("number", "text") if side == "sales" else ("text", "reference")
    if row.lookup:
        return ("reference", "text")
    if isinstance(row.transform, CalendarDay):
        return ("moment", "day") if side == "sales" else ("day",)
    if isinstance(row.transform, NUMBERS):
        return ("number",)
    if isinstance(row.transform, Inverted):
        return ("flag",)
    return ("text",) if isinstance(row.transform, TEXTS) else ()


def look_across(mapping: TableMapping, systems: Mapping[Side, Asked]) -> Iterator[Told]:
    """A value that is carried over as it is must mean the same kind of thing on both sides."""
    yield from _across(mapping.rows, {side: systems[side].describe(mapping.of(side).table) for side in SIDES})
    lines = mapping.lines
    if lines is not None:
        yield from _across(lines.rows, {side: systems[side].describe(lines.tables[side]) for side in SIDES})


def _across(rows: Mapping[str, Row], schemas: Mapping[Side, TableSchema | None]) -> Iterator[Told]:
    sales, back_office = schemas["sales"], schemas["back_office"]
    if sales is None or back_office is None:
        return
    for row in rows.values():
        if type(row.transform) is not AsIs or row.lookup or row.check or not (row.sales and row.back_office):
            continue
        here, there = sales.columns.get(row.sales[0]), back_office.columns.get(row.back_office[0])
        if here is None or there is None:
            continue
        if KINDS.get(here.type, "text") != KINDS.get(there.type, "text"):
            yield Told(
                "error",
                f"row `{row.name}` ties `{here.name}`, which is {here.type}, to `{there.name}`, which is {there.type}",
                "Give the row a transform: `calendar_day` for days, `values` for lists of values.",
            )
        elif row.to != "sales" and there.length is not None and (here.length or 0) > there.length:
            yield Told(
                "warning",
                f"row `{row.name}` ties `{here.name}` with up to {here.length} characters to `{there.name}` with "
                f"{there.length}: a longer text goes to a person",
                f"Say `transform: {{fits: {there.length}}}` to shorten it, or `exact` to say that this is meant.",
            )


def _writable(row: Row, column: ColumnSchema, schema: TableSchema) -> Iterator[Told]:
    if not column.creatable and not column.updatable:
        yield Told(
            "error",
            f"row `{row.name}` writes `{column.name}` of {schema.name}, which nobody can write",
            "Say `to:` with the other side, or make it a `check`.",
        )
    elif not column.updatable and not row.only_create:
        yield Told(
            "ok",
            f"row `{row.name}` writes `{column.name}` of {schema.name}, which can be written on create only: a later "
            "change goes to a person",
        )


def _long(row: Row, side: Side, column: ColumnSchema, schema: TableSchema) -> Iterator[Told]:
    longest = getattr(row.transform, "length", None)
    if side == "back_office" and longest is not None and column.length is not None and longest > column.length:
        yield Told(
            "error",
            f"row `{row.name}` lets {longest} characters through, and `{column.name}` of {schema.name} takes "
            f"{column.length}",
            f"Say {column.length}.",
        )


# values


def _constant(name: str, value: Wire, schema: TableSchema) -> Iterator[Told]:
    if name not in schema.columns:
        yield from _named(schema, [name])
    elif not is_blank(value):
        yield from _chosen(schema.columns[name], [value], schema, "a constant")


def _chosen(column: ColumnSchema, values: Sequence[Wire], schema: TableSchema, what: str) -> Iterator[Told]:
    if not column.choices:
        return
    known = {one.casefold() for one in column.choices}
    for value in values:
        if str(value).casefold() not in known:
            shown = ", ".join(list(column.choices)[:MOST_NAMED])
            yield Told(
                "error",
                f"{what} gives `{column.name}` of {schema.name} the value `{value}`, which it does not know",
                f"It knows {shown}.",
            )


def _filters(schema: TableSchema, where: Filter) -> Iterator[Told]:
    for condition in where:
        if condition.column == STATE:
            continue
        yield from _named(schema, [condition.column])
        column = schema.columns.get(condition.column)
        if column is not None:
            yield from _chosen(column, [one for one in condition.any_of if not is_blank(one)], schema, "a filter")


def _rows_through(mapping: TableMapping, side: Side, system: Asked) -> Iterator[Told]:
    """One row as it will be read, and one through each filter."""
    of, lines = mapping.of(side), mapping.lines
    view = View(
        of.table,
        columns_of(mapping, side),
        lines.tables[side] if lines else None,
        lines.parents[side] if lines else None,
        line_columns_of(mapping, side) if lines else None,
    )
    asked: list[tuple[str, View, Filter]] = [("as the mapping reads it", view, ())]
    for words, where in (("through `considered_when`", of.considered_when), ("through `enters_when`", of.enters_when)):
        if where:
            asked.append((words, View(of.table, columns_of(mapping, side)), where))
    for words, wanted, where in asked:
        answer = system.probe(wanted, where)
        if answer.status >= 400:  # noqa: PLR2004
            refused = answer.status in (401, 403)
            yield Told(
                "error",
                f"{of.table} cannot be read {words}: {answer.words()}",
                "Grant read access to the table."
                if refused
                else f"Correct the column or filter it names; rows come from {mapping.origin}.",
            )
