"""A document as one side returned it: wire names, decoded values, its lines, the token of that same read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import date
from datetime import datetime

from syncengine.records.values import Wire


@dataclass(frozen=True)
class Attached:
    """A row of another table that belongs to a document, or to the line of it that `line` names ("" for none)."""

    table: str
    id: str
    line: str
    fields: Mapping[str, Wire]


@dataclass(frozen=True)
class Document:
    """One row of a table, or one document with its lines in their order.

    `state` is the neutral word for a state column, where the table has one (sales: active, submitted, canceled,
    fulfilled, invoiced; back office: draft, in-review, released). `progress` says how far the goods of a document
    have left, in the same manner (part-shipped, shipped; None: not at all); its lines carry it too. `late` is the day
    on which the last of its goods are to leave, where that is after the day they were asked for. `attached` is what
    belongs to it in other tables; None where that was not read. `beside`: the tables that hold further columns of it
    under the same id (`TABLE.COLUMN` among its fields), each with the version of its part.
    """

    id: str
    version: str | None
    fields: Mapping[str, Wire]
    lines: tuple[Document, ...] = ()
    state: str | None = None
    modified_at: datetime | None = None
    progress: str | None = None
    attached: tuple[Attached, ...] | None = None
    late: date | None = None
    beside: Mapping[str, str | None] = field(default_factory=dict)

    def tokens(self) -> dict[str, str | None]:
        """The version of each part: the document's own under "", each line's under its id, those beside by table."""
        return {"": self.version, **self.beside, **{line.id: line.version for line in self.lines}}

    def line(self, line_id: str) -> Document | None:
        return next((line for line in self.lines if line.id == line_id), None)

    def token(self, table: str) -> str | None:
        """The version of the part that this table holds: one beside, else the document's own."""
        return self.beside.get(table, self.version)

    def also(self, other: Document) -> Document:
        """With the columns that another answer shows of it, of a table beside."""
        return replace(self, fields={**self.fields, **other.fields}, beside={**self.beside, **other.beside})


@dataclass(frozen=True)
class Gone:
    """The id, asked singly, answered not-found while its company or organization answered."""

    id: str


@dataclass(frozen=True)
class View:
    """Which part of a document a reader needs; `columns` None means all of them. `attached`, `line_attached`: tables
    whose rows belong to it, or to its lines, and are to be read along; `beside`: those that hold more of its columns.
    """

    table: str
    columns: tuple[str, ...] | None = None
    line_table: str | None = None
    line_parent: str | None = None
    line_columns: tuple[str, ...] | None = None
    attached: tuple[str, ...] = ()
    line_attached: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One row of a poll: a hint that this record may have changed. `parent` is set for rows of a line table."""

    id: str
    version: str | None
    modified_at: datetime | None = None
    gone: bool = False
    parent: str | None = None


@dataclass(frozen=True)
class ColumnSchema:
    """What a system says of one column. `decimals` and `length` are None where they mean nothing."""

    name: str
    type: str  # text | integer | decimal | boolean | date | datetime | guid | lookup | choice
    length: int | None = None
    decimals: int | None = None
    creatable: bool = True
    updatable: bool = True
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)  # wire value as text -> label
    targets: tuple[str, ...] = ()  # tables a lookup may point at


@dataclass(frozen=True)
class TableSchema:
    name: str
    columns: Mapping[str, ColumnSchema]
    insertable: bool = True
    updatable: bool = True
    deletable: bool = True
    tracked: bool = False  # the system keeps a change feed with deletions
