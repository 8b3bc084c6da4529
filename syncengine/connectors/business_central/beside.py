"""Columns of a document that the companion holds under the same id: read along with it, written by themselves.

In mappings they are named TABLE.COLUMN (`companion/orderDocuments.workDescription`).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.companion import Companion
from syncengine.connectors.business_central.entities import document
from syncengine.connectors.odata.query import with_options
from syncengine.errors import Unreachable
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import Step
from syncengine.records.document import ColumnSchema
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View

AT_ONCE: Final = 15  # ids in one filter: services that count the nodes of a filter often stop at a hundred


class Beside:
    def __init__(self, companion: Companion) -> None:
        self.companion = companion

    def tables(self, table: str) -> tuple[str, ...]:
        """Those beside a table of API v2.0 that this environment has."""
        wanted = standard.BESIDE.get(table, {})
        there = self.companion.capabilities() if wanted else frozenset()
        return tuple(one for one in wanted if one in there)

    def columns(self, table: str) -> dict[str, ColumnSchema]:
        """The columns that stand beside those of a table."""
        found = {}
        for one in self.tables(table):
            schema = self.companion.over().schema.table(one)
            for name in _columns(table, one):
                if name in schema.columns:
                    found[f"{one}.{name}"] = replace(schema.columns[name], name=f"{one}.{name}")
        return found

    # reading

    def of_read(self, view: View, found: Mapping[str, Document | Gone]) -> dict[str, Document | Gone]:
        """Each document with its parts; one whose parts are not there has not been read."""
        parts = self._parts(view, [one.id for one in found.values() if isinstance(one, Document)])
        return {
            name: one.also(parts[one.id]) if isinstance(one, Document) and view.beside else one
            for name, one in found.items()
            if isinstance(one, Gone) or not view.beside or one.id in parts
        }

    def of_rows(self, view: View, rows: Sequence[Document]) -> list[Document]:
        """The same of a page, or of what a search found. Raises Unreachable where a part is missing: half a document
        would read as if somebody had emptied it.
        """
        parts = self._parts(view, [one.id for one in rows])
        if view.beside and any(one.id not in parts for one in rows):
            raise Unreachable(
                f"a row of {view.table} was read without its part in {', '.join(view.beside)}: it went just now",
                remedy="Try again.",
                side="back_office",
            )
        return [one.also(parts[one.id]) for one in rows] if view.beside else list(rows)

    def _parts(self, view: View, ids: Sequence[str]) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for number, table in enumerate(view.beside if ids else ()):
            rows = {one.id: one for one in self._rows(view.table, table, ids)}
            if table in standard.SPARSE:
                rows = {one: Document(one, None, {}, beside={table: None}) for one in ids} | rows
            kept = found.keys() & rows.keys() if number else rows.keys()
            found = {one: found[one].also(rows[one]) if one in found else rows[one] for one in kept}
        return found

    def _rows(self, of: str, table: str, ids: Sequence[str]) -> Iterable[Document]:
        reader = self.companion.over()
        own = reader.schema.table(table)
        columns = [name for name in _columns(of, table) if not own.published or name in own.columns]
        paths = [
            with_options(
                reader.path(table),
                {
                    "$select": ",".join(("id", *columns)),
                    "$filter": " or ".join(f"id eq {one}" for one in ids[at : at + AT_ONCE]),
                },
            )
            for at in range(0, len(ids), AT_ONCE)
        ]
        for answer in reader.ask(paths):
            if answer is None:
                raise Unreachable(f"reading {table} got no answer", remedy="Try again.", side="back_office")
            for body in reader.all_rows(answer, f"reading {table}"):
                yield _part(table, document(reader.schema, own, body))

    # writing

    @staticmethod
    def own(step: Step) -> Step:
        """A step as the table beside knows it, its columns by their names there."""
        return replace(step, body={name.removeprefix(f"{step.table}."): value for name, value in step.body.items()})

    @staticmethod
    def shown(table: str, receipt: Receipt) -> Receipt:
        """What a table beside answered, as part of the document."""
        if not isinstance(receipt.after, Document):
            return receipt
        return replace(receipt, after=_part(table, receipt.after))


def _columns(of: str, table: str) -> tuple[str, ...]:
    return standard.BESIDE[of][table]


def _part(table: str, row: Document) -> Document:
    named = {name for tables in standard.BESIDE.values() for name in tables.get(table, ())}
    fields = {f"{table}.{name}": value for name, value in row.fields.items() if name in named}
    return Document(row.id, None, fields, beside={table: row.version})
