"""A mapping as data: one pair of tables and the rows that tie their columns."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import Final
from typing import Literal

from syncengine.mapping.filters import Filter
from syncengine.mapping.transforms import AsIs
from syncengine.mapping.transforms import Transform
from syncengine.mapping.transforms import gross
from syncengine.mapping.transforms import number
from syncengine.records.document import Document
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import other
from syncengine.records.values import rounded
from syncengine.records.values import same

Kind = Literal["record", "product", "unit", "order", "quote", "invoice", "option"]
Create = Literal["none", "sales", "back-office", "both"]
Policy = Literal["sales", "back-office", "newest", "manual"]
OnMissing = Literal["wait", "blank", "fail", "leave"]
FullSync = Literal["full", "couple", "nothing"]
Check = Literal["", "equal", "match"]

Cells = Mapping[str, Wire]  # column -> value
KEPT = 5  # the decimals of a value that stands on a line

FOLLOW: Final = "follow"
"""What is done about a record that was deleted in the back office: made again where the one it belongs to was replaced
by a successor, else let go.
"""


@dataclass(frozen=True)
class Condition:
    """Holds where the systems have the capability `requires`, and have not the one in `unless`.

    `otherwise` says in words what is done instead where it does not hold.
    """

    requires: str = ""
    unless: str = ""
    otherwise: str = ""

    def holds(self, capabilities: Collection[str]) -> bool:
        return (not self.requires or self.requires in capabilities) and self.unless not in capabilities

    @property
    def named(self) -> str:
        """The capability it is about."""
        return self.requires or self.unless


ALWAYS: Final = Condition()


@dataclass(frozen=True)
class MatchGroup:
    """Rows that tell together which record is which; text is compared without regard to case unless asked."""

    rows: tuple[str, ...]
    case_sensitive: bool = False

    def __str__(self) -> str:
        return " + ".join(self.rows)


@dataclass(frozen=True)
class Comments:
    """A text that goes on in the comment lines which follow its line: how such a line is made, and known."""

    line: Cells
    column: str

    def continues(self, line: Document) -> bool:
        return all(same(line.fields.get(column), wanted) for column, wanted in self.line.items())

    def cells(self, text: str) -> dict[str, Wire]:
        return {**self.line, self.column: text}


@dataclass(frozen=True)
class Alternative:
    """One way a line's product can be told: a lookup, or a text. `when` recognizes it on a side, `write` makes it."""

    lookup: tuple[str, ...]  # empty: a text
    sales: str
    back_office: str
    when: Mapping[Side, Filter]
    write: Mapping[Side, Cells]
    transform: Transform = field(default_factory=AsIs)
    comments: Comments | None = None
    condition: Condition = ALWAYS

    def column(self, side: Side) -> str:
        return self.sales if side == "sales" else self.back_office


@dataclass(frozen=True)
class LineColumn:
    """A header value that is a line on one side: which lines carry it, in which column, times which other one.

    `tax`: the columns with the line's tax rate, and with the flag that says that the value includes it.
    """

    line: Cells
    value: str
    times: str = ""
    tax: tuple[str, ...] = ()

    def carries(self, line: Document) -> bool:
        """Is this line the one? An unset setting (a blank cell) matches nothing."""
        return all(
            not is_blank(wanted) and same(line.fields.get(column), wanted) for column, wanted in self.line.items()
        )

    def amount(self, line: Document) -> Decimal:
        """What of the header value stands on this line, without tax."""
        times = number(line.fields.get(self.times)) if self.times else Decimal(1)
        return rounded(number(line.fields.get(self.value)) * times / self._gross(line.fields), KEPT)

    def cell(self, amount: Decimal, cells: Cells) -> Decimal:
        """What is written to a line that shows these cells, so that it holds `amount` without tax."""
        times = number(cells.get(self.times)) if self.times else Decimal(1)
        return rounded(amount / (times or Decimal(1)) * self._gross(cells), KEPT)

    def _gross(self, cells: Cells) -> Decimal:
        return gross((cells.get(self.value), *(cells.get(column) for column in self.tax)))


@dataclass(frozen=True)
class Row:
    """One row of a mapping.

    `to` None: both ways. A row with columns on one side only, and no constant, is a *fact*: read, remembered, never
    written or compared across. A constant is the value of the side it does not go to. `fact`: what is meant is not the
    record that the back office points at, but what that record's row of that name holds, an id of Sales. `through`: a
    record of that mapping counts as what its own row of that name refers to. `via`: where the lookup points at that
    table, a column of the record it points at is meant, coupled or not. `unless_text` names a row of the line: where
    that is a text, this row is absent.
    `sum_to` names a header column of the back office that the lines' values add up to.
    """

    name: str
    sales: tuple[str, ...] = ()
    back_office: tuple[str, ...] = ()
    to: Side | None = None
    transform: Transform = field(default_factory=AsIs)
    lookup: tuple[str, ...] = ()
    option: bool = False
    within: str = ""
    fact: str = ""
    through: Mapping[str, str] = field(default_factory=dict)
    constant: Wire = None
    check: Check = ""
    choose: str = ""
    only_create: bool = False
    not_null: bool = False
    on_missing: OnMissing = "wait"
    beside: Mapping[Side, Cells] = field(default_factory=dict)  # `with`: constants written along
    one_of: tuple[Alternative, ...] = ()
    line: LineColumn | None = None
    comments: Comments | None = None
    unless_text: str = ""
    sum_to: str = ""
    via: Mapping[Side, Mapping[str, str]] = field(default_factory=dict)  # side -> table -> column
    condition: Condition = ALWAYS
    origin: str = ""

    def columns(self, side: Side) -> tuple[str, ...]:
        return self.sales if side == "sales" else self.back_office

    def written(self, side: Side) -> tuple[str, ...]:
        """The columns that are written there; some are only read, to make sense of the others."""
        kept = self.transform.only_read.get(side, frozenset())
        return tuple(column for at, column in enumerate(self.columns(side)) if at not in kept)

    def paths(self, side: Side) -> tuple[str, ...]:
        """The columns of other records that `via` reads, as `lookup.column`."""
        return tuple(f"{self.columns(side)[0]}.{column}" for column in self.via.get(side, {}).values())

    @property
    def is_fact(self) -> bool:
        if self.one_of or self.line or self.choose or self.constant is not None:
            return False
        return not (self.sales and self.back_office)

    @property
    def is_reference(self) -> bool:
        return bool(self.lookup)

    @property
    def compared(self) -> bool:
        """Does the row take part in detecting and merging changes?"""
        return not (self.is_fact or self.check or self.only_create or self.choose)

    @property
    def text_transform(self) -> Transform:
        """How a text of this row is read and written, be it a row of its own or a text among alternatives."""
        return next((one.transform for one in self.one_of if not one.lookup), self.transform)

    def comments_of(self, alternative: Alternative | None) -> Comments | None:
        """Where the text of this row goes on, given which of its alternatives the line is."""
        return alternative.comments if alternative is not None else self.comments

    def writes_to(self, side: Side) -> bool:
        if self.is_fact or self.check:
            return False
        return self.to in (None, side)

    def votes(self, side: Side) -> bool:
        """Has this side a say in the value? The receiving side of a one-way row has none."""
        return self.compared and self.to in (None, other(side))


@dataclass(frozen=True)
class Lines:
    name: str
    tables: Mapping[Side, str]
    parents: Mapping[Side, str]
    only: Mapping[Side, Filter]
    rows: Mapping[str, Row]
    groups: Mapping[str, tuple[str, ...]]
    pair_by: tuple[tuple[str, ...], ...]
    conflict: Mapping[str, Policy]

    @property
    def comments(self) -> Comments | None:
        """How a line is known that continues the text of the line before it; None where no text goes on so."""
        for row in self.rows.values():
            for found in (row.comments, *(one.comments for one in row.one_of)):
                if found is not None:
                    return found
        return None


@dataclass(frozen=True)
class SideOf:
    """One side of a mapping. `number` is the column people call the record by, `dated` the one `start_date` cuts."""

    table: str
    enters_when: Filter = ()
    considered_when: Filter = ()
    number: str = ""
    dated: str = ""
    scope: str = ""


@dataclass(frozen=True)
class TableMapping:
    """An integration table mapping."""

    name: str
    kind: Kind
    create: Create
    sales: SideOf
    back_office: SideOf
    rows: Mapping[str, Row]
    groups: Mapping[str, tuple[str, ...]]
    conflict: Mapping[str, Policy]
    match: tuple[MatchGroup, ...]
    recreates: tuple[str, ...] = ()
    deleted: Mapping[Side, str] = field(default_factory=dict)
    correlation: str = ""
    also_after: tuple[str, ...] = ()
    full_sync: FullSync | Literal[""] = ""
    lines: Lines | None = None
    condition: Condition = ALWAYS
    origin: str = ""

    def of(self, side: Side) -> SideOf:
        return self.sales if side == "sales" else self.back_office

    def creates(self, side: Side) -> bool:
        """May records be created on this side?"""
        return self.create == "both" or self.create.replace("-", "_") == side

    def keyed_in(self, column: str) -> bool:
        """Does this column of the back office hold the number by which a document is known as ours, once it is made?
        Not where it is mapped to something else: then only operation keys stand there, until the coupling is made.
        """
        row = self.rows.get(self.correlation)
        return row is not None and bool(column) and row.columns("back_office") == (column,)

    @property
    def needs(self) -> frozenset[str]:
        """The mappings that must have run before: those looked up, and those named by `also_after`."""
        rows = [*self.rows.values(), *(self.lines.rows.values() if self.lines else ())]
        looked_up = {name for row in rows for name in row.lookup}
        looked_up |= {name for row in rows for alternative in row.one_of for name in alternative.lookup}
        return frozenset(looked_up | set(self.also_after)) - {self.name}


def conditions(mapping: TableMapping) -> Iterator[tuple[str, Condition]]:
    """What of a mapping depends on what the systems can: the mapping itself (""), rows, and ways to tell a row."""
    found = [("", mapping.condition)]
    lines = mapping.lines
    for prefix, rows in (("", mapping.rows), (f"{lines.name}." if lines else "", lines.rows if lines else {})):
        for row in rows.values():
            name = f"row {prefix}{row.name}"
            found += [(name, row.condition)]
            found += [(f"{name} by {', '.join(one.lookup) or 'text'}", one.condition) for one in row.one_of]
    return (one for one in found if one[1].named)


def grouping(rows: Mapping[str, Row], groups: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Every compared row in exactly one group: the declared ones, then each remaining row by itself."""
    grouped = {name for members in groups.values() for name in members}
    alone = {row.name: (row.name,) for row in rows.values() if row.compared and row.name not in grouped}
    declared = {
        group: tuple(name for name in members if name in rows and rows[name].compared)
        for group, members in groups.items()
    }
    return {**{group: members for group, members in declared.items() if members}, **alone}
