"""The mapping language: plain data, as YAML gives it, into a `TableMapping`, with every problem found at once.

The shape of the data has been checked against the grammar before; what is read here is what it means. Problems carry
the path of the offending key, so that whoever read the file can name its line and column.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final

from syncengine.mapping import filters
from syncengine.mapping.filters import STATE
from syncengine.mapping.filters import Filter
from syncengine.mapping.grammar import CONSTANTS
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import Alternative
from syncengine.mapping.model import Comments
from syncengine.mapping.model import Condition
from syncengine.mapping.model import LineColumn
from syncengine.mapping.model import Lines
from syncengine.mapping.model import MatchGroup
from syncengine.mapping.model import Policy
from syncengine.mapping.model import Row
from syncengine.mapping.model import SideOf
from syncengine.mapping.model import TableMapping
from syncengine.mapping.structure import Fault
from syncengine.mapping.structure import Path
from syncengine.mapping.structure import did_you_mean
from syncengine.mapping.transforms import TRANSFORMS
from syncengine.mapping.transforms import WIDTHS
from syncengine.mapping.transforms import AsIs
from syncengine.mapping.transforms import Continued
from syncengine.mapping.transforms import Transform
from syncengine.records.values import SIDES
from syncengine.records.values import Side

SETTING: Final = "setting:"
TAX_COLUMNS: Final = 2
PLAIN_DELETED: Final = ("ask", "uncouple", "follow")  # what can be done about a record that has no states


@dataclass
class Reader:
    """Reads one mapping; `problems` fills up as it goes.

    `origins` names the file of each row. `removed` are rows that an overlay took out: what else names them goes
    without them. `capabilities` are those of the systems: rows whose condition does not hold are left out.
    """

    raw: Mapping[str, Any]
    settings: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    capabilities: Collection[str] = ()
    problems: list[Fault] = field(default_factory=list)

    def mapping(self) -> TableMapping | None:
        """The mapping, or None where so much is missing that none can be made; look at `problems` either way."""
        raw = self.raw
        missing = [key for key in ("name", "sales", "back_office", "fields") if key not in raw]
        for key in missing:
            self._wrong((), f"`{key}` is missing")
        if missing:
            return None
        rows = self._rows(raw["fields"], ("fields",), "fields")
        lines = self._lines(raw["lines"]) if raw.get("lines") else None
        groups = self._groups(raw.get("groups", {}), rows, ("groups",))
        kind = raw.get("kind", "record")
        mapping = TableMapping(
            name=str(raw["name"]),
            kind=kind,
            create=raw.get("create", "none"),
            sales=self._side(raw["sales"], ("sales",)),
            back_office=self._side(raw["back_office"], ("back_office",)),
            rows=rows,
            groups=groups,
            conflict=self._conflict(raw.get("conflict", {}), {*rows, *groups}, ("conflict",)),
            match=tuple(self._match(raw.get("match", []), rows)),
            recreates=tuple(self._recreates(raw.get("recreates", []), rows, lines)),
            deleted=self._deleted(raw.get("deleted", {}), kind),
            correlation=self._row_name(raw.get("correlation", ""), rows, ("correlation",)),
            also_after=tuple(_list(raw.get("also_after", []))),
            full_sync=raw.get("full_sync", ""),
            lines=lines,
            condition=self.condition(),
            origin=self.origins.get("", ""),
        )
        self._columns_once(rows, ("fields",))
        if lines:
            self._columns_once(lines.rows, ("lines", "fields"))
        if kind == "unit" and mapping.creates("back_office"):
            self._wrong(
                ("create",), "units of items are made in Sales only: in the back office they belong to the item"
            )
        if kind == "unit" and not mapping.match:
            self._wrong(("kind",), "`unit` needs a match group: it tells what of Sales is shared")
        if kind == "option" and mapping.create != "none":
            self._wrong(("create",), "options are made in the systems' own screens; a mapping of them creates none")
        return mapping

    def condition(self) -> Condition:
        """When the mapping as a whole is there."""
        return self._condition_of(self.raw, ())

    def _condition_of(self, spec: Mapping[str, Any], path: Path) -> Condition:
        found = Condition(spec.get("requires", ""), spec.get("unless", ""), spec.get("otherwise", ""))
        if found.requires and found.requires == found.unless:
            self._wrong((*path, "unless"), f"it cannot be there both with and without `{found.unless}`")
        if found.otherwise and not found.named:
            self._wrong((*path, "otherwise"), "`otherwise` goes with `requires` or `unless`")
        return found

    # rows

    def _rows(self, raw: Mapping[str, Any], path: Path, prefix: str) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for name, spec in raw.items():
            if not self._condition_of(spec, (*path, name)).holds(self.capabilities):
                self.removed |= {f"{prefix}.{name}"}
                continue
            row = self._row(str(name), spec, (*path, name), self.origins.get(f"{prefix}.{name}", ""))
            if row is not None:
                rows[row.name] = row
        for row in rows.values():
            self._neighbours(row, rows, (*path, row.name))
        return rows

    def _row(self, name: str, spec: Mapping[str, Any], path: Path, origin: str) -> Row | None:
        back_office = spec.get("back_office")
        line, comments = self._structural(back_office, (*path, "back_office"))
        columns = {
            "sales": self._columns(spec.get("sales"), (*path, "sales")),
            "back_office": self._columns(
                comments.column if comments else None if line else back_office, (*path, "back_office")
            ),
        }
        if any("" in found for found in columns.values()):
            return None  # named by a setting that is not set: the row is left out
        transform = self._transform(spec.get("transform"), (*path, "transform"))
        self._width(spec.get("transform"), columns, line, path)
        row = Row(
            name=name,
            sales=columns["sales"],
            back_office=columns["back_office"],
            to=_side(spec["to"]) if "to" in spec else None,
            transform=transform,
            lookup=tuple(_list(spec.get("option") or spec.get("lookup") or [])),
            option="option" in spec,
            within=spec.get("within", ""),
            fact=spec.get("fact", ""),
            through=spec.get("through", {}),
            constant=self._constant(spec.get("constant"), (*path, "constant")),
            check=spec.get("check", ""),
            choose=spec.get("choose", ""),
            only_create=spec.get("only_create", False),
            not_null=spec.get("not_null", False),
            on_missing=spec.get("on_missing", "wait"),
            beside=self._cells(spec.get("with", {}), (*path, "with")),
            one_of=tuple(
                self._alternative(one, (*path, "one_of", at))
                for at, one in enumerate(spec.get("one_of", []))
                if self._condition_of(one, (*path, "one_of", at)).holds(self.capabilities)
            ),
            line=line,
            comments=comments,
            unless_text=spec.get("unless_text", ""),
            sum_to=spec.get("sum_to", ""),
            via=self._cells(spec.get("via", {}), (*path, "via")),
            condition=self._condition_of(spec, path),
            origin=origin,
        )
        self._sensible(row, spec, path)
        return row

    def _structural(self, spec: Any, path: Path) -> tuple[LineColumn | None, Comments | None]:
        """A column that is a line there, or a text that goes on behind its line."""
        if not isinstance(spec, Mapping):
            return None, None
        if "text_of" in spec:
            if set(spec["text_of"]) != {"line", "following_comments"}:
                self._wrong((*path, "text_of"), "a text is that of `line` and `following_comments`")
            cells = {c: self._setting(v, (*path, "comments", c)) for c, v in spec["comments"].items()}
            return None, Comments(cells, spec["column"])
        cells = self._setting(spec["line"], (*path, "line"))  # a setting may name them all
        cells = {c: self._setting(v, (*path, "line", c)) for c, v in (cells or {}).items()}
        tax = tuple(spec.get("tax", ()))
        if len(tax) not in (0, TAX_COLUMNS):
            self._wrong((*path, "tax"), "`tax` names two columns: the rate, and the flag that says that it is included")
        return LineColumn(cells, spec["value"], spec.get("times", ""), tax), None

    def _sensible(self, row: Row, spec: Mapping[str, Any], path: Path) -> None:
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
        if row.constant is not None and row.to is not None:
            self._constant_row(row, path)
        if "lookup" in spec and "option" in spec:
            self._wrong((*path, "option"), "a row is a `lookup` or an `option`, not both")
        if row.is_reference and "transform" in spec:
            self._wrong((*path, "transform"), "a reference is looked up, not transformed")
        if row.fact and not (row.is_reference and row.to == "sales"):
            self._wrong((*path, "fact"), "a fact is that of a record that the row looks up, and goes `to: sales`")
        if row.through.keys() - set(row.lookup):
            unknown = min(row.through.keys() - set(row.lookup))
            self._wrong((*path, "through", unknown), f"the row does not look up `{unknown}`")
        self._continued(row.comments, row.transform, path)

    def _constant_row(self, row: Row, path: Path) -> None:
        if row.columns("sales" if row.to == "back_office" else "back_office"):
            self._wrong(path, f"row `{row.name}` holds a constant: it names a column only where that is written")
        if str(row.constant).startswith("$") and not row.only_create:
            self._wrong(
                (*path, "constant"),
                "it is another value in each run, and would be written in each",
                "add `only_create: true`",
            )

    def _continued(self, comments: Comments | None, transform: Transform, path: Path) -> None:
        if (comments is not None) != isinstance(transform, Continued):
            self._wrong(path, "a `text_of` and `transform: {continued: N}` go together")

    def _neighbours(self, row: Row, rows: Mapping[str, Row], path: Path) -> None:
        """Other rows that this one names."""
        of, _, _ = row.within.partition(".")
        for key, name in (("within", of), ("unless_text", row.unless_text)):
            if name and name not in rows:
                self._row_name(name, rows, (*path, key))
            elif name and list(rows).index(name) > list(rows).index(row.name):
                self._wrong((*path, key), f"`{name}` must stand before `{row.name}`: rows are read in their order")
        if row.within and not row.is_reference:
            self._wrong((*path, "within"), "only a lookup can be `within` another row")

    def _alternative(self, spec: Mapping[str, Any], path: Path) -> Alternative:
        if ("lookup" in spec) == ("text" in spec):
            self._wrong(path, "each of `one_of` is either a `lookup` or a `text: true`")
        write = self._cells(spec.get("with", {}), (*path, "with"))
        when = {side: self._filter(found, (*path, "when", side)) for side, found in spec.get("when", {}).items()}
        _, comments = self._structural(spec["back_office"], (*path, "back_office"))
        transform = self._transform(spec.get("transform"), (*path, "transform"))
        self._continued(comments, transform, path)
        return Alternative(
            lookup=tuple(_list(spec.get("lookup", []))),
            sales=spec["sales"],
            back_office=comments.column if comments else spec["back_office"],
            when={
                side: when.get(side, tuple(filters.Condition(c, (v,)) for c, v in write.get(side, {}).items()))
                for side in SIDES
            },
            write=write,
            transform=transform,
            comments=comments,
            condition=self._condition_of(spec, path),
        )

    def _columns(self, value: Any, path: Path) -> tuple[str, ...]:
        found = [self._setting(one, path) for one in _list(value or [])]
        return tuple(str(one) for one in found)

    def _cells(self, value: Mapping[str, Any], path: Path) -> dict[Side, dict[str, Any]]:
        return {
            side: {column: self._setting(cell, (*path, side, column)) for column, cell in value[side].items()}
            for side in SIDES
            if side in value
        }

    def _constant(self, value: Any, path: Path) -> Any:
        value = self._setting(value, path)
        return f"${value}" if value in CONSTANTS else value

    def _transform(self, spec: Any, path: Path) -> Transform:
        if spec is None:
            return AsIs()
        name, argument = next(iter(spec.items())) if isinstance(spec, Mapping) else (spec, None)
        return TRANSFORMS[name](argument, self.settings)

    def _width(self, spec: Any, columns: Mapping[str, tuple[str, ...]], line: LineColumn | None, path: Path) -> None:
        name = next(iter(spec)) if isinstance(spec, Mapping) else spec
        wanted = WIDTHS.get(str(name), ((1,), (1,)))
        for side, counts in zip(SIDES, wanted, strict=True):
            found = columns[side]
            if found and len(found) not in counts and not (line and side == "back_office"):
                takes = " or ".join(str(count) for count in counts)
                plural = "column" if counts == (1,) else "columns"
                self._wrong(
                    (*path, side),
                    f"{len(found)} columns named, {name or 'a row without a transform'} takes {takes} {plural}",
                )

    # sides, lines, names

    def _side(self, raw: Mapping[str, Any], path: Path) -> SideOf:
        if "table" not in raw:
            self._wrong(path, "`table` is missing")
        return SideOf(
            table=raw.get("table", ""),
            enters_when=self._filter(raw.get("enters_when", {}), (*path, "enters_when")),
            considered_when=self._filter(raw.get("considered_when", {}), (*path, "considered_when")),
            number=raw.get("number", ""),
            dated=raw.get("dated", ""),
            scope=raw.get("scope", ""),
        )

    def _filter(self, value: Mapping[str, Any], path: Path) -> Filter:
        return tuple(self._condition(str(c), wanted, (*path, c)) for c, wanted in value.items())

    def _condition(self, column: str, wanted: Any, path: Path) -> filters.Condition:
        if isinstance(wanted, Mapping):
            low, high = wanted.get("from"), wanted.get("to")
            if low is not None and high is not None and (type(low) is not type(high) or low > high):
                self._wrong(path, f"nothing lies between {low} and {high}")
            if not wanted:
                self._wrong(path, "a condition is a value, a list of values, `from` and `to`, `blank` or `not`")
            others = self._values(wanted.get("not", ()), path)
            return filters.Condition(column, (), low, high, wanted.get("blank"), others)
        return filters.Condition(column, self._values(wanted, path))

    def _values(self, wanted: Any, path: Path) -> tuple[Any, ...]:
        found: list[Any] = []
        for one in _list(wanted):
            value = self._setting(one, path)
            found.extend(value if isinstance(value, (list, tuple)) else [value])
        return tuple(found)

    def _lines(self, raw: Mapping[str, Any]) -> Lines | None:
        path: Path = ("lines",)
        missing = [key for key in ("name", "sales", "back_office", "fields") if key not in raw]
        for key in missing:
            self._wrong(path, f"`{key}` is missing")
        if missing:
            return None
        rows = self._rows(raw["fields"], (*path, "fields"), "lines.fields")
        groups = self._groups(raw.get("groups", {}), rows, (*path, "groups"))
        for side in SIDES:
            for key in ("table", "parent"):
                if key not in raw[side]:
                    self._wrong((*path, side), f"`{key}` is missing")
        return Lines(
            name=raw["name"],
            tables={side: raw[side].get("table", "") for side in SIDES},
            parents={side: raw[side].get("parent", "") for side in SIDES},
            only={side: self._filter(raw[side].get("only", {}), (*path, side, "only")) for side in SIDES},
            rows=rows,
            groups=groups,
            pair_by=tuple(
                names
                for at, group in enumerate(raw.get("pair_by", []))
                if (names := self._names(group, rows, (*path, "pair_by", at)))
            ),
            conflict=self._conflict(raw.get("conflict", {}), {*rows, *groups, "set"}, (*path, "conflict")),
        )

    def _groups(self, value: Mapping[str, Any], rows: Mapping[str, Row], path: Path) -> dict[str, tuple[str, ...]]:
        groups = {}
        taken: dict[str, str] = {}
        for group, listed in value.items():
            members = [one for one in _list(listed) if not self._is_removed(one, path)]
            if group in rows:
                self._wrong((*path, group), f"`{group}` is a row already; a group needs a name of its own")
            for member in members:
                self._row_name(member, rows, (*path, group))
                if member in taken:
                    self._wrong((*path, group), f"`{member}` is in `{taken[member]}` already")
                taken[member] = group
                if member in rows and rows[member].to is not None:
                    self._wrong((*path, group), f"`{member}` goes one way only and cannot be merged in a group")
            groups[str(group)] = tuple(members)
        return groups

    def _match(self, value: list[Any], rows: Mapping[str, Row]) -> Iterable[MatchGroup]:
        for at, spec in enumerate(value):
            table = spec if isinstance(spec, Mapping) else {"fields": spec}
            names = self._names(table["fields"], rows, ("match", at))
            for name in names:
                row = rows[name]
                if not (row.sales and (row.back_office or row.line)):
                    self._wrong(("match", at), f"`{name}` stands on one side only: nothing can be matched by it")
            if names:
                yield MatchGroup(names, table.get("case_sensitive", False))

    def _names(self, group: Any, rows: Mapping[str, Row], path: Path) -> tuple[str, ...]:
        """A group of rows; none where one of them is left out, for its setting is unset or an overlay removed it."""
        members = _list(group)
        for member in members:
            self._row_name(member, rows, path)
        return tuple(members) if all(member in rows for member in members) else ()

    def _recreates(self, value: Any, rows: Mapping[str, Row], lines: Lines | None) -> Iterable[str]:
        for at, name in enumerate(_list(value)):
            line_names = {"set", *(lines.groups if lines else ()), *(lines.rows if lines else ())}
            legal = {*rows, *self.raw.get("groups", {}), *(f"lines.{one}" for one in line_names)}
            holder = "lines.fields." + name.removeprefix("lines.") if name.startswith("lines.") else f"fields.{name}"
            if name in legal:
                yield name
            elif holder not in self.removed:
                self._wrong(("recreates", at), f"`{name}` is no row or group", did_you_mean(name, legal))

    def _deleted(self, table: Mapping[str, Any], kind: str) -> dict[Side, str]:
        if kind != "order":
            for key, answer in table.items():
                if answer not in PLAIN_DELETED:
                    self._wrong(("deleted", key), f"`{answer}` is for orders; a record takes `ask` or `uncouple`")
        elif table.get("in_back_office") == FOLLOW:
            self._wrong(
                ("deleted", "in_back_office"), "an order follows nothing; `follow` is for records of another one"
            )
        return {"sales": table.get("in_sales", "ask"), "back_office": table.get("in_back_office", "ask")}

    def _conflict(self, value: Mapping[str, Policy], names: set[str], path: Path) -> dict[str, Policy]:
        found = {}
        for name, policy in value.items():
            if name != "default" and name not in names and not self._is_removed(name, path):
                self._wrong((*path, name), f"`{name}` is no row or group", did_you_mean(name, names))
            found[name] = policy
        return found

    def _columns_once(self, rows: Mapping[str, Row], path: Path) -> None:
        """A column may be read by many rows, but written by one."""
        for side in SIDES:
            writer: dict[str, str] = {}
            for row in rows.values():
                if not row.writes_to(side) or row.only_create:
                    continue
                for column in self._written(row, side):
                    first = writer.setdefault(column, row.name)
                    if first != row.name and not (row.unless_text or rows[first].unless_text):
                        self._wrong((*path, row.name, side), f"`{column}` is written by row `{first}` already")

    @staticmethod
    def _written(row: Row, side: Side) -> Iterable[str]:
        yield from (column for column in row.written(side) if column != STATE)
        yield from row.beside.get(side, {})
        for one in row.one_of:
            yield one.column(side)

    # small things

    def _is_removed(self, name: str, path: Path) -> bool:
        return ("lines.fields." if path[0] == "lines" else "fields.") + name in self.removed

    def _row_name(self, name: str, rows: Mapping[str, Row], path: Path) -> str:
        holder = self.raw["lines"] if path and path[0] == "lines" else self.raw
        declared = {*rows, *holder.get("fields", {})}
        if name and name not in declared and not self._is_removed(name, path):
            self._wrong(path, f"there is no row `{name}`", did_you_mean(name, declared))
        return name

    def _setting(self, value: Any, path: Path) -> Any:
        if not (isinstance(value, str) and value.startswith(SETTING)):
            return value
        name = value.removeprefix(SETTING)
        if name not in self.settings:
            self._wrong(path, f"there is no setting `{name}`", did_you_mean(name, self.settings))
            return None
        return self.settings[name]

    def _wrong(self, path: Path, message: str, suggestion: str = "") -> None:
        self.problems.append(Fault(path, message, suggestion))


def _side(word: str) -> Side:
    return "sales" if word == "sales" else "back_office"


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
