"""What a connector says about its system beyond table schemas: how its documents behave when they are written.

Traits are data, so that the planner can stay ignorant of whose rules they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from syncengine.records.document import TableSchema
from syncengine.records.values import Link
from syncengine.records.values import Wire


@dataclass(frozen=True)
class Posted:
    """A table whose documents tell what became of another one after it is gone (shipments, invoices, archives).

    `order` is the column that names the other document by its number, `place` the line column that names its line.
    `shipped` and `invoiced` are the line columns that hold those quantities; "" where the table does not say.
    `newest`: only the document that is highest in these columns counts; without them all of them are added up.
    `state`: a column whose value `drafts` names documents that do not count yet.
    """

    table: str
    lines: str
    parent: str
    order: str
    place: str
    shipped: str = ""
    invoiced: str = ""
    dated: str = ""
    newest: tuple[str, ...] = ()
    state: str = ""
    drafts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Belonging:
    """A table whose rows belong to a document, or to its lines (`of_lines`), and are copied with it.

    `parent` is the column that names the owner, `owner` what else says whose a new row is, `written` the columns of a
    copy. `keyed`: a row's id is the same under every owner and stands there once at most; it is put, not added.
    `content`: the column that holds a file, read and written by itself. `words`: what people call it.
    `by_default`: a new document, or line, may have rows that nobody has written. `shown`: the document's columns that
    show such a row too.
    """

    table: str
    words: str
    parent: str
    written: tuple[str, ...]
    of_lines: bool = False
    keyed: bool = False
    content: str = ""
    owner: Mapping[str, Wire] = field(default_factory=dict)
    by_default: bool = False
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filed:
    """A table in which the system itself keeps versions of a document. `order` is the column that names the document by
    its number, `newest` the columns whose highest values are the last version, `place` tells its lines apart.
    `columns`, `line_columns`: the document's column and the version's that hold the same.
    """

    table: str
    lines: str
    parent: str
    order: str
    newest: tuple[str, ...]
    place: str
    columns: Mapping[str, str]
    line_columns: Mapping[str, str]


@dataclass(frozen=True)
class TableTraits:
    """How one table, with its lines, takes writes.

    `client_ids`: the client may choose the id on create. `guarded`: the system itself refuses a write whose token is
    stale. `atomic`: several writes to one document can be one change set, of at most `change_set` writes.
    `after_lines`: header columns that can only be written once there are lines, last. `locked`: per state word,
    the header columns that are refused; `lines_locked`: the states in which lines may not be written. `carried`,
    `carried_lines`: the columns, in order, that a successor document takes over from its predecessor; `lost_on_copy`
    says in words what it cannot take. `exclusive`: sets of columns of which one alone may be written. `derived`: a
    line column -> the columns the system fills in anew when it changes. `line_order`: the line column whose value a
    client may choose, so that a repeated insert finds itself; `line_number`: the one that
    only shows the place. `key_tables`: where a document with our key may stand.
    `computed`: columns, header or line, that the system derives from others (totals, allocations).
    `healthy`: what the answer to a create must hold before the document goes on to its next step.
    `belongings`: what a successor takes over from other tables. `beside`: tables that hold more columns of the same
    documents under the same ids, named TABLE.COLUMN; they are read along, and written by steps of their own. `apart`:
    columns of the table itself that are written so, and never read (the content of a file).
    `posted`: where a document of this table leaves traces, `filed` where the system keeps versions of it. `acts`:
    the bound actions it has; `state_column` is the column that such an action moves.
    """

    client_ids: bool = False
    guarded: bool = True
    atomic: bool = False
    change_set: int = 200
    after_lines: frozenset[str] = frozenset()
    locked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lines_locked: frozenset[str] = frozenset()
    carried: tuple[str, ...] = ()
    carried_lines: tuple[str, ...] = ()
    exclusive: tuple[frozenset[str], ...] = ()
    derived: Mapping[str, frozenset[str]] = field(default_factory=dict)
    line_order: str = ""
    line_number: str = ""
    lines_in_create: int = 100
    lost_on_copy: tuple[str, ...] = ()
    belongings: tuple[Belonging, ...] = ()
    key_tables: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
    healthy: Mapping[str, Wire] = field(default_factory=dict)
    posted: tuple[Posted, ...] = ()
    filed: Filed | None = None
    acts: frozenset[str] = frozenset()
    state_column: str = ""
    beside: tuple[str, ...] = ()
    apart: frozenset[str] = frozenset()

    def parts(self, name: str, cells: Mapping[str, Wire]) -> dict[str, dict[str, Wire]]:
        """Of the cells of a row of this table, `name`, those that are written by steps of their own, by the table that
        holds them.
        """
        found = {table: {c: v for c, v in cells.items() if c.startswith(f"{table}.")} for table in self.beside}
        found[name] = {c: v for c, v in cells.items() if c in self.apart}
        return {table: some for table, some in found.items() if some}


@dataclass(frozen=True)
class Traits:
    """Everything static the planner may ask of one side. Missing tables behave like a plain table."""

    tables: Mapping[str, TableTraits] = field(default_factory=dict)
    schemas: Mapping[str, TableSchema] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, Link]] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)

    def table(self, name: str) -> TableTraits:
        return self.tables.get(name, TableTraits())

    def creatable(self, table: str, cells: Mapping[str, Wire]) -> dict[str, Wire]:
        """The cells that may stand in a create; unknown tables let all pass."""
        schema = self.schemas.get(table)
        if schema is None:
            return dict(cells)
        return {c: v for c, v in cells.items() if c not in schema.columns or schema.columns[c].creatable}
