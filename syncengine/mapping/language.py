"""The mapping language: plain data, as YAML gives it, into a `TableMapping`, with every problem found at once.

Problems carry the path of the offending key, so that whoever read the file can name its line and column.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import get_args

from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import Filter
from syncengine.mapping.model import Alternative
from syncengine.mapping.model import Check
from syncengine.mapping.model import Create
from syncengine.mapping.model import Kind
from syncengine.mapping.model import LineColumn
from syncengine.mapping.model import Lines
from syncengine.mapping.model import OnMissing
from syncengine.mapping.model import Policy
from syncengine.mapping.model import Row
from syncengine.mapping.model import SideOf
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms import TRANSFORMS
from syncengine.mapping.transforms import WIDTHS
from syncengine.mapping.transforms import AsIs
from syncengine.mapping.transforms import BadArgument
from syncengine.mapping.transforms import Transform
from syncengine.records.values import SIDES
from syncengine.records.values import Side

Path = tuple[str | int, ...]

SETTING = "setting:"
CHOICES = ("price-list-of-currency",)
CONSTANTS = ("run_date",)

TOP = {
    "name", "kind", "create", "sales", "back_office", "deleted", "recreates", "match", "groups", "conflict",
    "correlation", "also_after", "fields", "lines",
}  # fmt: skip
SIDE = {"table", "enters_when", "considered_when", "number", "dated", "scope"}
ROW = {
    "sales", "back_office", "to", "transform", "lookup", "option", "within", "constant", "check", "choose",
    "only_create", "not_null", "on_missing", "with", "one_of", "unless_text", "sum_to",
}  # fmt: skip
ALTERNATIVE = {"lookup", "text", "sales", "back_office", "when", "with"}
LINES = {"name", "sales", "back_office", "pair_by", "unmapped", "groups", "conflict", "fields"}
LINE_SIDE = {"table", "parent", "only"}


@dataclass(frozen=True)
class Fault:
    path: Path
    message: str
    suggestion: str = ""


@dataclass
class Reader:
    """Reads one mapping; `problems` fills up as it goes. `origins` names the file of each row."""

    raw: Mapping[str, Any]
    settings: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    problems: list[Fault] = field(default_factory=list)

    def mapping(self) -> TableMapping | None:
        """The mapping, or None where so much is wrong that none can be made; look at `problems` either way."""
        raw = self.raw
        self._known(raw, TOP, ())
        for key in ("name", "sales", "back_office", "fields"):
            if key not in raw:
                self._wrong((), f"`{key}` is missing")
        if self.problems and not {"name", "sales", "back_office", "fields"} <= raw.keys():
            return None
        rows = self._rows(self._table(raw["fields"], ("fields",)), ("fields",), "fields")
        lines = self._lines(self._table(raw["lines"], ("lines",))) if raw.get("lines") else None
        groups = self._groups(raw.get("groups", {}), rows, ("groups",))
        mapping = TableMapping(
            name=str(raw["name"]),
            kind=self._one_of(raw.get("kind", "record"), get_args(Kind), ("kind",)),
            create=self._one_of(raw.get("create", "none"), get_args(Create), ("create",)),
            sales=self._side(raw["sales"], ("sales",)),
            back_office=self._side(raw["back_office"], ("back_office",)),
            rows=rows,
            groups=groups,
            conflict=self._conflict(raw.get("conflict", {}), {*rows, *groups}, ("conflict",)),
            match=self._names(raw.get("match", []), rows, ("match",)),
            recreates=tuple(self._recreates(raw.get("recreates", []), rows, lines)),
            deleted=self._deleted(raw.get("deleted", {})),
            correlation=self._row_name(raw.get("correlation", ""), rows, ("correlation",)),
            also_after=tuple(self._list(raw.get("also_after", []))),
            lines=lines,
            origin=self.origins.get("", ""),
        )
        self._columns_once(rows, ("fields",))
        if lines:
            self._columns_once(lines.rows, ("lines", "fields"))
        return mapping

    # rows

    def _rows(self, raw: Mapping[str, Any], path: Path, prefix: str) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for name, spec in raw.items():
            if not isinstance(spec, Mapping):
                self._wrong((*path, name), f"row `{name}` must be a table of keys, like {{sales: …, back_office: …}}")
                continue
            row = self._row(str(name), spec, (*path, name), self.origins.get(f"{prefix}.{name}", ""))
            if row is not None:
                rows[row.name] = row
        return rows

    def _row(self, name: str, spec: Mapping[str, Any], path: Path, origin: str) -> Row | None:
        self._known(spec, ROW, path)
        line = None
        back_office = spec.get("back_office")
        if isinstance(back_office, Mapping):
            line = LineColumn(
                {
                    column: self._setting(value, (*path, "back_office", "line"))
                    for column, value in back_office.get("line", {}).items()
                },
                str(back_office.get("value", "")),
                str(back_office.get("times", "")),
            )
            if not line.line or not line.value:
                self._wrong((*path, "back_office"), "a column that is a line there needs both `line` and `value`")
            back_office = None
        columns = {
            "sales": self._columns(spec.get("sales"), (*path, "sales")),
            "back_office": self._columns(back_office, (*path, "back_office")),
        }
        if any("" in found for found in columns.values()):
            return None  # named by a setting that is not set: the row is left out
        to = spec.get("to")
        lookup = self._list(spec.get("option") or spec.get("lookup") or [])
        transform = self._transform(spec.get("transform"), (*path, "transform"))
        self._width(spec.get("transform"), columns, line, path)
        row = Row(
            name=name,
            sales=columns["sales"],
            back_office=columns["back_office"],
            to=None if to is None else self._to(to, (*path, "to")),
            transform=transform,
            lookup=tuple(lookup),
            option="option" in spec,
            within=str(spec.get("within", "")),
            constant=self._constant(spec.get("constant"), (*path, "constant")),
            check=self._one_of(spec.get("check", ""), get_args(Check), (*path, "check")),
            choose=self._one_of(spec.get("choose", ""), ("", *CHOICES), (*path, "choose")),
            only_create=spec.get("only_create") is True,
            not_null=spec.get("not_null") is True,
            on_missing=self._one_of(spec.get("on_missing", "wait"), get_args(OnMissing), (*path, "on_missing")),
            beside=self._cells(spec.get("with", {}), (*path, "with")),
            one_of=tuple(
                self._alternative(one, (*path, "one_of", at)) for at, one in enumerate(spec.get("one_of", []))
            ),
            line=line,
            unless_text=str(spec.get("unless_text", "")),
            sum_to=str(spec.get("sum_to", "")),
            origin=origin,
        )
        self._sensible(row, path)
        return row

    def _sensible(self, row: Row, path: Path) -> None:
        if not (row.sales or row.back_office or row.one_of or row.line):
            self._wrong(path, f"row `{row.name}` names no column on either side")
        if row.compared and row.to is None and not row.transform.two_way:
            self._wrong(
                path,
                f"row `{row.name}` goes both ways, but its transform does not",
                "add `to: sales` or `to: back-office`",
            )
        if (row.choose or row.constant is not None) and row.to is None:
            self._wrong(path, f"row `{row.name}` writes a value of its own: say where with `to:`")

    def _alternative(self, spec: Any, path: Path) -> Alternative:
        if not isinstance(spec, Mapping):
            self._wrong(path, "each of `one_of` is a table of keys")
            spec = {}
        self._known(spec, ALTERNATIVE, path)
        if ("lookup" in spec) == ("text" in spec):
            self._wrong(path, "each of `one_of` is either a `lookup` or a `text: true`")
        write = self._cells(spec.get("with", {}), (*path, "with"))
        when = {
            side: self._filter(found, (*path, "when", side))
            for side, found in self._sides(spec.get("when", {}), (*path, "when")).items()
        }
        return Alternative(
            lookup=tuple(self._list(spec.get("lookup", []))),
            sales=str(spec.get("sales", "")),
            back_office=str(spec.get("back_office", "")),
            when={
                side: when.get(side, tuple(Condition(c, (v,)) for c, v in write.get(side, {}).items()))
                for side in SIDES
            },
            write=write,
        )

    def _columns(self, value: Any, path: Path) -> tuple[str, ...]:
        found = [self._setting(one, path) for one in self._list(value or [])]
        return tuple(str(one) for one in found)

    def _cells(self, value: Any, path: Path) -> dict[Side, dict[str, Any]]:
        return {
            side: {
                column: self._setting(constant, (*path, side, column))
                for column, constant in self._table(cells, (*path, side)).items()
            }
            for side, cells in self._sides(value, path).items()
        }

    def _sides(self, value: Any, path: Path) -> dict[Side, Any]:
        table = self._table(value, path)
        self._known(table, set(SIDES), path)
        return {side: table[side] for side in SIDES if side in table}

    def _constant(self, value: Any, path: Path) -> Any:
        value = self._setting(value, path)
        return f"${value}" if value in CONSTANTS else value

    def _transform(self, spec: Any, path: Path) -> Transform:
        if spec is None:
            return AsIs()
        if isinstance(spec, Mapping) and len(spec) == 1:
            ((name, argument),) = spec.items()
        elif isinstance(spec, str):
            name, argument = spec, None
        else:
            self._wrong(path, "a transform is a name, or one `name: argument`")
            return AsIs()
        if name not in TRANSFORMS:
            self._wrong(path, f"there is no transform `{name}`", _did_you_mean(str(name), TRANSFORMS))
            return AsIs()
        try:
            return TRANSFORMS[name](argument, self.settings)
        except BadArgument as error:
            self._wrong(path, str(error))
            return AsIs()

    def _width(self, spec: Any, columns: Mapping[str, tuple[str, ...]], line: LineColumn | None, path: Path) -> None:
        name = next(iter(spec)) if isinstance(spec, Mapping) else spec
        wanted = WIDTHS.get(str(name), (1, 1))
        for side, count in zip(SIDES, wanted, strict=True):
            found = columns[side]
            if found and len(found) != count and not (line and side == "back_office"):
                plural = "column" if count == 1 else "columns"
                self._wrong(
                    (*path, side),
                    f"{len(found)} columns named, {name or 'a row without a transform'} takes {count} {plural}",
                )

    # sides, lines, names

    def _side(self, value: Any, path: Path) -> SideOf:
        raw = self._table(value, path)
        self._known(raw, SIDE, path)
        if not raw.get("table"):
            self._wrong(path, "`table` is missing")
        return SideOf(
            table=str(raw.get("table", "")),
            enters_when=self._filter(raw.get("enters_when", {}), (*path, "enters_when")),
            considered_when=self._filter(raw.get("considered_when", {}), (*path, "considered_when")),
            number=str(raw.get("number", "")),
            dated=str(raw.get("dated", "")),
            scope=str(raw.get("scope", "")),
        )

    def _filter(self, value: Any, path: Path) -> Filter:
        return tuple(self._condition(str(c), wanted, (*path, c)) for c, wanted in self._table(value, path).items())

    def _condition(self, column: str, wanted: Any, path: Path) -> Condition:
        if isinstance(wanted, Mapping):
            self._known(wanted, {"from", "to", "blank"}, path)
            return Condition(column, at_least=wanted.get("from"), at_most=wanted.get("to"), blank=wanted.get("blank"))
        found: list[Any] = []
        for one in self._list(wanted):
            value = self._setting(one, path)
            found.extend(value if isinstance(value, (list, tuple)) else [value])
        return Condition(column, tuple(found))

    def _lines(self, raw: Mapping[str, Any]) -> Lines | None:
        path: Path = ("lines",)
        self._known(raw, LINES, path)
        missing = [key for key in ("name", "sales", "back_office", "fields") if key not in raw]
        for key in missing:
            self._wrong(path, f"`{key}` is missing")
        if missing:
            return None
        rows = self._rows(self._table(raw["fields"], (*path, "fields")), (*path, "fields"), "lines.fields")
        groups = self._groups(raw.get("groups", {}), rows, (*path, "groups"))
        sides = {side: self._table(raw[side], (*path, side)) for side in SIDES}
        for side, spec in sides.items():
            self._known(spec, LINE_SIDE, (*path, side))
            for key in ("table", "parent"):
                if key not in spec:
                    self._wrong((*path, side), f"`{key}` is missing")
        return Lines(
            name=str(raw["name"]),
            tables={side: str(spec.get("table", "")) for side, spec in sides.items()},
            parents={side: str(spec.get("parent", "")) for side, spec in sides.items()},
            only={side: self._filter(spec.get("only", {}), (*path, side, "only")) for side, spec in sides.items()},
            rows=rows,
            groups=groups,
            pair_by=self._names(raw.get("pair_by", []), rows, (*path, "pair_by")),
            conflict=self._conflict(raw.get("conflict", {}), {*rows, *groups, "set"}, (*path, "conflict")),
        )

    def _groups(self, value: Any, rows: Mapping[str, Row], path: Path) -> dict[str, tuple[str, ...]]:
        groups = {}
        taken: dict[str, str] = {}
        for group, members in self._table(value, path).items():
            for member in self._list(members):
                self._row_name(member, rows, (*path, group))
                if member in taken:
                    self._wrong((*path, group), f"`{member}` is in `{taken[member]}` already")
                taken[member] = group
                if member in rows and rows[member].to is not None:
                    self._wrong((*path, group), f"`{member}` goes one way only and cannot be merged in a group")
            groups[str(group)] = tuple(str(member) for member in self._list(members))
        return groups

    def _names(self, value: Any, rows: Mapping[str, Row], path: Path) -> tuple[tuple[str, ...], ...]:
        found = []
        for at, group in enumerate(self._list(value)):
            members = self._list(group)
            for member in members:
                # A row may be left out because its setting is unset; the group then has no say.
                if member not in self._declared(path):
                    self._row_name(member, rows, (*path, at))
            if all(member in rows for member in members):
                found.append(tuple(members))
        return tuple(found)

    def _declared(self, path: Path) -> set[str]:
        holder = self.raw["lines"] if path and path[0] == "lines" else self.raw
        return set(holder.get("fields", {}))

    def _recreates(self, value: Any, rows: Mapping[str, Row], lines: Lines | None) -> Iterable[str]:
        for at, name in enumerate(self._list(value)):
            line_names = {"set", *(lines.groups if lines else ()), *(lines.rows if lines else ())}
            legal = {*rows, *self.raw.get("groups", {}), *(f"lines.{one}" for one in line_names)}
            if name not in legal:
                self._wrong(("recreates", at), f"`{name}` is no row or group", _did_you_mean(name, legal))
            yield name

    def _deleted(self, value: Any) -> dict[Side, str]:
        table = self._table(value, ("deleted",))
        self._known(table, {"in_sales", "in_back_office"}, ("deleted",))
        return {
            "sales": self._one_of(table.get("in_sales", "ask"), ("ask", "remove", "uncouple"), ("deleted", "in_sales")),
            "back_office": self._one_of(
                table.get("in_back_office", "ask"),
                ("reopen", "cancel", "ask", "uncouple"),
                ("deleted", "in_back_office"),
            ),
        }

    def _conflict(self, value: Any, names: set[str], path: Path) -> dict[str, Policy]:
        found: dict[str, Policy] = {}
        for name, policy in self._table(value, path).items():
            if name != "default" and name not in names:
                self._wrong((*path, name), f"`{name}` is no row or group", _did_you_mean(name, names))
            found[name] = self._one_of(policy, get_args(Policy), (*path, name))
        return found

    def _columns_once(self, rows: Mapping[str, Row], path: Path) -> None:
        """A column may be read by many rows, but written by one."""
        for side in SIDES:
            writer: dict[str, str] = {}
            for row in rows.values():
                if not row.writes_to(side) or row.only_create or not row.columns(side):
                    continue
                column = row.columns(side)[0]
                if column in writer and not (row.unless_text or rows[writer[column]].unless_text):
                    self._wrong((*path, row.name, side), f"`{column}` is written by row `{writer[column]}` already")
                writer.setdefault(column, row.name)

    # small things

    def _known(self, table: Mapping[str, Any], legal: set[str], path: Path) -> None:
        for key in table:
            if key not in legal:
                self._wrong((*path, key), f"unknown key `{key}`", _did_you_mean(str(key), legal))

    def _row_name(self, name: Any, rows: Mapping[str, Row], path: Path) -> str:
        if name and name not in rows and name not in self._declared(path):
            self._wrong(path, f"there is no row `{name}`", _did_you_mean(str(name), rows))
        return str(name)

    def _setting(self, value: Any, path: Path) -> Any:
        if not (isinstance(value, str) and value.startswith(SETTING)):
            return value
        name = value.removeprefix(SETTING)
        if name not in self.settings:
            self._wrong(path, f"there is no setting `{name}`", _did_you_mean(name, self.settings))
            return None
        return self.settings[name]

    def _to(self, value: Any, path: Path) -> Side:
        word = self._one_of(value, ("sales", "back-office"), path)
        return "sales" if word == "sales" else "back_office"

    def _one_of(self, value: Any, legal: tuple[str, ...], path: Path) -> Any:
        if value not in legal:
            shown = ", ".join(f"`{one}`" for one in legal if one)
            self._wrong(path, f"`{value}` is none of {shown}", _did_you_mean(str(value), legal))
            return legal[0]
        return value

    def _table(self, value: Any, path: Path) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self._wrong(path, "a table of keys is expected here")
        return {}

    @staticmethod
    def _list(value: Any) -> list[Any]:
        return list(value) if isinstance(value, (list, tuple)) else [value]

    def _wrong(self, path: Path, message: str, suggestion: str = "") -> None:
        self.problems.append(Fault(path, message, suggestion))


def _did_you_mean(word: str, legal: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, [one for one in legal if one], n=1)
    return f"did you mean `{found[0]}`?" if found else ""
