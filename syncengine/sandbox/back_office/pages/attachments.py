"""Files on documents: `attachments` and `documentAttachments`, their content in a stream of its own.
[AL: pages 30039 and 30080]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

_PARENTS = {
    "Sales_x0020_Order": "salesOrder",
    "Sales_x0020_Quote": "salesQuote",
    "Sales_x0020_Invoice": "salesInvoice",
    "Item": "item",
    "Customer": "customer",
}
_MASTER_DATA = ("item", "customer")  # have files in `documentAttachments` only
_TYPES = {table: wire for wire, table in _PARENTS.items()}


class AttachmentPage(Page):
    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        row = blank(self.kind.name)
        row.update(values)
        if parent is not None:
            row["parentId"] = parent[1]["id"]
            row["parentType"] = _TYPES.get(parent[0].kind.name, row["parentType"])
        table = _PARENTS.get(row["parentType"])
        if row["parentId"] == NO_GUID or table is None or session.table(table).get(row["parentId"]) is None:
            raise dialog("You must specify a valid parent ID and parent type.")
        if self.kind.name == "attachment" and table in _MASTER_DATA:
            raise dialog(f"Parent type {table.capitalize()} is not supported. Use documentAttachments API instead.")
        row["fileName"] = row["fileName"] or "filename.txt"
        row["id"] = session.new_id()
        if "lineNumber" in row and not row["lineNumber"]:
            row["lineNumber"] = 10000 * (1 + len(self.table(session).find("parentId", row["parentId"])))
        return session.insert(self.table_name, row)

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        for name in ("parentId", "parentType"):
            if values.get(name, row[name]) != row[name]:
                raise dialog(f"You cannot change the value of the key field {name}.")
        return session.modify(self.table_name, row, values)

    def delete(self, session: Session, row: Row) -> None:
        session.delete(self.table_name, row)

    def set_content(self, session: Session, row: Row, content: bytes) -> Row:
        return session.modify(self.table_name, row, {"_content": content, "byteSize": len(content)})
