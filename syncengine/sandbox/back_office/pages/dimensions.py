"""Dimension values of documents and lines. [AL: page 30022 "APIV2 - Dimension Set Lines"]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import dimensions
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.refusals import dialog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

# Parents whose dimensions can be written; those of posted documents can only be read.
_HEADERS = ("salesOrder", "salesQuote", "salesInvoice")
_WRITABLE = (*_HEADERS, "salesOrderLine", "salesQuoteLine", "salesInvoiceLine")


class DimensionSetLinesPage(Page):
    """Only below a parent; the key is the dimension's id, so it is unique within one parent only."""

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        if parent is not None:
            return self.table(session).find("parentId", parent[1]["id"])
        parents = condition.equal.get("parentId") if condition else None
        if not parents:
            raise dialog("You must get to the parent first to get to the dimension set line.")
        return self.table(session).find("parentId", parents[0])

    def find(self, session: Session, key: str, parent: Parent | None) -> Row | None:
        if parent is None:
            raise dialog("You must get to the parent first to get to the dimension set line.")
        return self.table(session).get(f"{parent[1]['id']}/{key}")

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        if parent is None:
            raise dialog("You must get to the parent first to create a dimension set line.")
        page, row = parent
        if page.kind.name not in _WRITABLE or row.get("_posted"):
            raise dialog(
                f"Parent with ID {row['id']} does not exist or dimension set lines are read only for parent type."
            )
        dimension = _dimension(session, values)
        value = _dimension_value(session, dimension, values)
        if self.table(session).get(f"{row['id']}/{dimension['id']}") is not None:
            raise dialog(
                "The dimension set line already exists. Check existing dimension set lines and the default "
                "dimension set lines on the parent."
            )
        return self._put(session, page.kind.name, row["id"], value)

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        if any(name in values and values[name] != row[name] for name in ("id", "code")):
            raise dialog('The "id" and "code" fields cannot be modified.')
        dimension = session.table("dimension").rows[row["id"]]
        value = _dimension_value(session, dimension, values)
        return self._put(session, _kind_of(row), row["parentId"], value)

    def delete(self, session: Session, row: Row) -> None:
        session.delete(dimensions.TABLE, row)
        self._show_on_header(session, row, "")

    def _put(self, session: Session, parent_kind: str, parent_id: str, value: Row) -> Row:
        stored = dimensions.put(session, parent_kind, parent_id, value)
        self._show_on_header(session, stored, value["code"])
        return stored

    @staticmethod
    def _show_on_header(session: Session, row: Row, code: str) -> None:
        """A global dimension stands on the header as its shortcut code."""
        kind = _kind_of(row)
        number = dimensions.global_number(session, row["code"])
        header = session.table(kind).get(row["parentId"]) if kind in _HEADERS else None
        if number is not None and header is not None:
            session.modify(kind, header, {f"shortcutDimension{number}Code": code})


def _kind_of(row: Row) -> str:
    return next(kind for kind, wire in dimensions.PARENT_TYPE.items() if wire == row["parentType"])


def _dimension(session: Session, values: Row) -> Row:
    if not values.get("id") and not values.get("code"):
        raise dialog('The "id" or "code" field must be filled in.')
    by_id = session.table("dimension").get(values["id"]) if values.get("id") else None
    if values.get("id") and by_id is None:
        raise dialog('The "id" does not match to a Dimension.')
    by_code = session.company.by_code("dimension", values["code"]) if values.get("code") else None
    if values.get("code") and by_code is None:
        raise dialog('The "code" does not match to a Dimension.')
    if by_id and by_code and by_id["id"] != by_code["id"]:
        raise dialog("The dimension field values do not match to a specific Dimension.")
    return by_id or by_code or {}


def _dimension_value(session: Session, dimension: Row, values: Row) -> Row:
    if values.get("valueId"):
        found = session.table("dimensionValue").get(values["valueId"])
        if found is None or found["dimensionId"] != dimension["id"]:
            raise dialog('The "valueId" does not match to a Dimension Value.')
        return found
    if not values.get("valueCode"):
        raise dialog('The "valueId" or "valueCode" field must be filled in.')
    found = dimensions.value_of(session, dimension["id"], values["valueCode"])
    if found is None:
        raise dialog('The "valueCode" does not match to a Dimension Value.')
    return found
