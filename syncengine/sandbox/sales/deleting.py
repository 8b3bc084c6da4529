"""Delete with what hangs on the row: cascades, restrictions, removed links, and the pricing that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.orders.price_computation import Event as PriceEvent
from syncengine.sandbox.sales import document_lines
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import not_supported
from syncengine.sandbox.sales.locks import HEADER_OF
from syncengine.sandbox.sales.locks import LINES_OF
from syncengine.sandbox.sales.locks import ensure_header_writable
from syncengine.sandbox.sales.pricing import computed_now
from syncengine.sandbox.sales.pricing import refresh_header
from syncengine.sandbox.sales.privileges import require

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Collection
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

_NEVER = frozenset({"organization", "systemuser", "sdkmessage", "sdkmessagefilter"})


def delete(session: Session, table: Table, row: Row) -> None:
    """Raises DataverseError."""
    require(session, "Delete", table)
    if table.name in _NEVER:
        raise not_supported(f"The 'Delete' method does not support entities of type '{table.name}'.")
    if table.name in LINES_OF:
        ensure_header_writable(session, table.name, row, deleting=True)
    prices = False
    if table.name in HEADER_OF:
        document_lines.on_delete(session, table, row)
        prices = computed_now(session, table.name, PriceEvent.DELETE, row)
    _remove(session, table, row)
    if prices:
        header_table, lookup = HEADER_OF[table.name]
        refresh_header(session, header_table, row[lookup], after_line=True)


def _remove(session: Session, table: Table, row: Row) -> None:
    key = row[table.primary_id]
    for collection in table.collections.values():
        if collection.on_delete == "Restrict":
            _restrict(session, table, collection, key)
    for collection in table.collections.values():
        child = session.table(collection.table)
        if collection.on_delete in ("Cascade", "RemoveLink"):
            for one in session.db.find(child.name, collection.lookup, key):
                if collection.on_delete == "RemoveLink":
                    _unlink(session, child, one, collection)
                elif session.db.get(child.name, one[child.primary_id]) is not None:
                    _remove(session, child, one)
    session.db.drop(table.name, key)
    session.happened("Delete", table.name, key, {}, row, None)


def _restrict(session: Session, table: Table, collection: Collection, key: str) -> None:
    if session.db.find(collection.table, collection.lookup, key):
        text = f"The {table.name} cannot be deleted because it is associated with a {collection.table}."
        raise DataverseError(405, "0x80040227", text)


def _unlink(session: Session, table: Table, row: Row, collection: Collection) -> None:
    column = table.columns[collection.lookup]
    new = {name: value for name, value in row.items() if name not in (column.name, column.type_key)}
    session.stamp(new, table)
    session.db.put(table.name, row[table.primary_id], new)
    session.happened("Update", table.name, row[table.primary_id], {column.name: None}, row, new)
