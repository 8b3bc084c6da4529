"""The pages of the companion extension, API `syncengine/companion/v1.0`.

- `setup`: one row with *Archive Orders* (writable, but not off while the bidirectional integration is on)
  and the flags of Business Central's own order integration.
- `orderDocuments`: the live sales orders under their ids, with what the standard page lacks
  (`correlation`, `yourReference`, `workDescription`, shipping agent, document occurrence, number of
  archived versions, the status in BC's own words) and the bound actions `archive`, `reopen` and
  `release`. A POST makes an order with its correlation in the same transaction; all else is written over
  the standard API. `lastModifiedDateTime` is the Sales Header's own.
- `customerDetails`: customers with what the standard page lacks (contact name, fax, shipping agent).
- `invoiceDocuments`: posted invoices with what the standard page lacks; read-only.
- `salesOrderArchives`, `salesOrderArchiveLines`: as the standard pages from version 29.
- `itemUnitsOfMeasure`, `resources`, `priceListLines` (read-only), `shippingAgents`, `recordNotes`: what API
  v2.0 has no entity for.

The AL of the extension is in `extensions/business-central`; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import status
from syncengine.sandbox.back_office.documents.archive import archive
from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.documents.model import ORDER
from syncengine.sandbox.back_office.documents.model import SalesDocument
from syncengine.sandbox.back_office.documents.operations import create_document
from syncengine.sandbox.back_office.documents.operations import delete_document
from syncengine.sandbox.back_office.documents.operations import modify_document
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.pages.master import MasterPage
from syncengine.sandbox.back_office.pages.master import Relation
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.refusals import unknown_segment
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

_OWN = ("correlation", "yourReference", "workDescription", "shippingAgentCode", "shippingAgentServiceCode")


class SetupPage(Page):
    """`set_archive_orders` writes the switch; the row itself is kept in step by the service."""

    def __init__(self, kind: EntityType, set_archive_orders: Callable[[bool], None]) -> None:
        super().__init__(kind)
        self.set_archive_orders = set_archive_orders

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        wanted: bool = {**row, **values}["archiveOrders"]
        if not wanted and row["bidirectionalSalesOrderIntegration"]:
            raise dialog(
                "You cannot disable archiving of orders while bidirectional synchronization of sales orders is enabled."
            )
        if wanted != row["archiveOrders"]:
            self.set_archive_orders(wanted)
        return session.table("setup").get(row["id"]) or row


class OrderDocumentPage(Page):
    table_name = "salesOrder"
    columns = {  # noqa: RUF012  as in the base class
        **{name: f"_{name}" for name in _OWN},
        "docNoOccurrence": "_occurrence",
        "archivedVersions": "_archivedVersions",
        "status": "_status",
        "lastModifiedDateTime": "_documentStamp",
    }

    def __init__(self, kind: EntityType) -> None:
        super().__init__(kind)
        self.writers = [(name, column, _escaped if name == "status" else write) for name, column, write in self.writers]

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        own, standard = _split(values)
        document = create_document(session, ORDER, standard)
        self._write_own(document, own)
        return document.save()

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        own, standard = _split(values)
        document = SalesDocument.load(session, ORDER, row)
        if standard:
            modify_document(document, standard)
        self._write_own(document, own)
        return document.save()

    @staticmethod
    def _write_own(document: SalesDocument, own: Row) -> None:
        agent = own.get("_shippingAgentCode")
        if agent and document.company.by_code("shippingAgent", agent) is None:
            raise not_related("Shipping Agent Code", "Sales Header", agent, "Shipping Agent")
        if agent is not None and agent != document.header["_shippingAgentCode"]:
            document.test_open()
        document.header.update(own)
        # Read back line by line, whatever the lines ended with, as the base application does.
        document.header["_workDescription"] = "\n".join(document.header["_workDescription"].splitlines())

    def delete(self, session: Session, row: Row) -> None:
        delete_document(SalesDocument.load(session, ORDER, row))

    def act(self, session: Session, row: Row, action: str) -> None:
        document = SalesDocument.load(session, ORDER, row)
        if action == "archive":
            archive(document)
        elif action == "reopen":
            status.reopen(document)
        elif action == "release":
            status.release(document)
        else:
            raise unknown_segment(f"Microsoft.NAV.{action}")
        document.save()


class InvoiceDocumentPage(Page):
    """Posted ones only."""

    table_name = "salesInvoice"
    columns = {  # noqa: RUF012  as in the base class
        name: f"_{name}" for name in ("yourReference", "workDescription", "shippingAgentCode")
    }

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        return [row for row in super().candidates(session, parent, condition) if row.get("_posted")]


class CustomerDetailPage(Page):
    """What the standard page of customers lacks."""

    table_name = "customer"
    columns = {  # noqa: RUF012  as in the base class
        "contactName": "_contact",
        "faxNumber": "_fax",
        "shippingAgentCode": "_shippingAgentCode",
    }

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        agent = values.get("shippingAgentCode")
        if agent and session.company.by_code("shippingAgent", agent) is None:
            raise not_related("Shipping Agent Code", "Customer", agent, "Shipping Agent")
        return session.modify(self.table_name, row, {self.columns.get(name, name): values[name] for name in values})


def _escaped(word: str) -> str:
    return word.replace(" ", "_x0020_")


def _split(values: Row) -> tuple[Row, Row]:
    own = {f"_{name}": value for name, value in values.items() if name in _OWN}
    return own, {name: value for name, value in values.items() if name not in _OWN}


class ItemUnitPage(MasterPage):
    caption = "Item Unit of Measure"
    relations = (Relation("itemId", "itemNumber", "item", "Item", code="number"),)

    def __init__(self, kind: EntityType) -> None:
        super().__init__(kind)
        self.identity = "unitOfMeasureCode"

    def assign_identity(self, session: Session, row: Row, values: Row) -> None:
        code = values["unitOfMeasureCode"]
        if session.company.by_code("unitOfMeasure", code) is None:
            raise not_related("Code", self.caption, code, "Unit of Measure")
        row["unitOfMeasureCode"] = code
        number = values.get("itemNumber", "")
        same = self.table(session).find("itemNumber", number)
        if any(one["unitOfMeasureCode"] == code for one in same):
            raise self.duplicate(session, f"Item No.='{number}',Code='{code}'")

    def changes(self, session: Session, row: Row, values: Row) -> Row:
        found = super().changes(session, row, values)
        item = session.table("item").get({**row, **found}["itemId"])
        return {**found, "baseUnitOfMeasureId": item["baseUnitOfMeasureId"]} if item is not None else found

    def taken(self, session: Session, values: Row) -> bool:
        same = self.table(session).find("itemId", values["itemId"])
        return any(one["unitOfMeasureCode"] == values["unitOfMeasureCode"] for one in same)


class ResourcePage(MasterPage):
    caption = "Resource"
    series = "resource"
    relations = (Relation("baseUnitOfMeasureId", "baseUnitOfMeasureCode", "unitOfMeasure", "Unit of Measure"),)


class PriceListLinePage(Page):
    """Shows the local currency by its code, as the pages of documents do."""

    columns = {"currencyCode": "_shownCurrencyCode"}  # noqa: RUF012  as in the base class


# What may have notes: as in the extension's own list.
_WITH_NOTES = ("salesOrder", "salesQuote", "salesInvoice", "customer", "item")


class NotePage(Page):
    """Notes of the record or with the id that is asked for, else of all sales orders."""

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        if parent is not None:
            return self.below(session, parent)
        equal = condition.equal if condition else {}
        table = self.table(session)
        if equal.get("parentId"):
            return [row for key in equal["parentId"] for row in table.find("parentId", key)]
        if equal.get("id"):
            return [row for key in equal["id"] if (row := table.get(key))]
        orders = session.table("salesOrder")
        return [row for row in table.rows.values() if orders.get(row["parentId"])]

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        row = blank(self.kind.name)
        row.update(values)
        if parent is not None:
            row["parentId"] = parent[1]["id"]
        if row["parentId"] == NO_GUID:
            raise dialog("You must specify a Parent Id to add a note.")
        if not any(session.table(name).get(row["parentId"]) for name in _WITH_NOTES):
            raise dialog('The "parentId" does not match to a record that has notes.')
        row.update(id=session.new_id(), createdAt=session.now, createdBy=session.user.upper())
        return session.insert(self.table_name, row)

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        if values.get("parentId", row["parentId"]) != row["parentId"]:
            raise dialog('The value for "parentId" cannot be modified.')
        return session.modify(self.table_name, row, values)

    def delete(self, session: Session, row: Row) -> None:
        session.delete(self.table_name, row)
