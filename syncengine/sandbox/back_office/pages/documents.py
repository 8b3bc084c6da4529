"""The pages over orders, quotes and invoices, and over their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import invoice_discount
from syncengine.sandbox.back_office.documents import invoices
from syncengine.sandbox.back_office.documents import operations
from syncengine.sandbox.back_office.documents import posting
from syncengine.sandbox.back_office.documents import quotes
from syncengine.sandbox.back_office.documents.model import KIND_OF_LINES
from syncengine.sandbox.back_office.documents.model import KINDS
from syncengine.sandbox.back_office.documents.model import SalesDocument
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import unknown_segment
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.documents.model import Kind
    from syncengine.sandbox.back_office.pages.base import Nested
    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row


class DocumentPage(Page):
    def __init__(self, kind: EntityType) -> None:
        super().__init__(kind)
        self.document_kind: Kind = KINDS[kind.name]

    def open(self, session: Session, row: Row) -> SalesDocument:
        return SalesDocument.load(session, self.document_kind, row)

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        return self.create_deep(session, parent, values, {})

    def create_deep(self, session: Session, parent: Parent | None, values: Row, nested: Nested) -> Row:
        """The invoice discount is distributed once, after all lines."""
        document = operations.create_document(session, self.document_kind, values)
        for name, records in nested.items():
            if name == f"{self.document_kind.lines}s":
                document = self._insert_lines(session, document, records)
            else:
                row = document.save()
                self.create_below(session, row, name, records)
                document = self.open(session, self.stored(session, row))
        return document.save()

    def _insert_lines(
        self, session: Session, document: SalesDocument, records: list[tuple[Row, Nested]]
    ) -> SalesDocument:
        deep = []
        if session.switches.deep_insert_transaction == "header-first":
            stored = document.save()
            session.journal.commit()
            document = self.open(session, stored)
        for values, nested in records:
            if values.get("sequence") and session.switches.sequence_in_deep_insert == "refused":
                raise _system_id(document, values["sequence"])
            line = operations.insert_line(document, values, redistribute=False)
            if nested:
                deep.append((line["id"], nested))
        if records:
            invoice_discount.redistribute(document)
        if not deep:
            return document
        row = document.save()
        page = self.others[self.document_kind.lines]
        for line_id, nested in deep:
            for name, below in nested.items():
                page.create_below(session, page.table(session).rows[line_id], name, below)
        return self.open(session, self.stored(session, row))

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        if row.get("_posted"):
            _check_posted(values)
        document = self.open(session, row)
        operations.modify_document(document, values)
        return document.save()

    def delete(self, session: Session, row: Row) -> None:
        if row.get("_posted"):
            raise dialog("You cannot delete a posted sales invoice.")
        operations.delete_document(self.open(session, row))


# What may still be changed on a posted invoice.
_OPEN_WHEN_POSTED = frozenset({"promisedPayDate", "disputeStatusId", "disputeStatus"})


def _check_posted(values: Row) -> None:
    frozen = [name for name in values if name not in _OPEN_WHEN_POSTED]
    if frozen:
        raise dialog("The invoice has been posted and can no longer be modified.")


def _system_id(document: SalesDocument, sequence: int) -> RefusedError:
    # ALAppExtensions issue 23028: since 22.0 a sequence within a deep insert ends like this.
    return RefusedError(
        500,
        "Internal_ServerError",
        "You cannot change the value of the SystemId field.\r\n\r\nTable: Sales Line\r\n\r\n"
        "Identification fields and values:\r\n"
        f"Document Type='{document.kind.caption}',Document No.='{document.header['number']}',"
        f"Line No.='{sequence}'",
    )


class OrderPage(DocumentPage):
    def before_get(self, session: Session, row: Row) -> Row:
        """OnAfterGetRecord redistributes a pending invoice discount, and so may change the order."""
        wanted = session.switches.get_redistributes
        if wanted == "never":
            return row
        if wanted == "always":
            return session.modify("salesOrder", row, {"_lineStamp": session.now})
        if row["_invoiceDiscountCalculation"] == "Amount" and not row["_invoiceDiscountValue"]:
            return row
        lines = session.table("salesOrderLine").find("documentId", row["id"])
        if not any(line["_recalculate"] for line in lines):
            return row
        document = self.open(session, row)
        invoice_discount.redistribute(document)
        return document.save()

    def act(self, session: Session, row: Row, action: str) -> None:
        if action != "shipAndInvoice":
            raise unknown_segment(f"Microsoft.NAV.{action}")
        posting.ship_and_invoice(self.open(session, row))


class QuotePage(DocumentPage):
    def modify(self, session: Session, row: Row, values: Row) -> Row:
        stored = super().modify(session, row, values)
        if "acceptedDate" in values:
            stored = session.modify("salesQuote", stored, {"status": "Accepted"})
        return stored

    def act(self, session: Session, row: Row, action: str) -> None:
        document = self.open(session, row)
        if action == "send":
            quotes.send(document)
        elif action == "makeOrder":
            quotes.make_order(document)
        elif action == "makeInvoice":
            quotes.make_invoice(document)
        else:
            raise unknown_segment(f"Microsoft.NAV.{action}")


class InvoicePage(DocumentPage):
    def act(self, session: Session, row: Row, action: str) -> None:
        if action in ("post", "postAndSend"):
            invoices.post_draft(self.open(session, row))
        elif action in ("cancel", "cancelAndSend"):
            invoices.cancel(session, row)
        elif action == "makeCorrectiveCreditMemo":
            invoices.cancel(session, row, "Corrective")
        elif action == "send":
            if not row.get("_posted"):
                raise dialog("The invoice must be posted before it can be sent.")
        else:
            raise unknown_segment(f"Microsoft.NAV.{action}")


class LinesPage(Page):
    """Filled for one document at a time: without a document there is nothing to list."""

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        if parent is not None:
            return self.below(session, parent)
        table = self.table(session)
        equal = condition.equal if condition else {}
        if "id" in equal:
            rows = [row for key in equal["id"] if (row := table.get(key))]
            return rows[:1]
        documents = equal.get("documentId")
        if not documents:
            raise dialog("You must specify an Id or a Document Id to get the lines.")
        # LoadLines: with several documents in the filter only the first one found is loaded.
        for document in documents:
            rows = table.find("documentId", document)
            if rows:
                return rows
        return []


class DocumentLinesPage(LinesPage):
    def __init__(self, kind: EntityType) -> None:
        super().__init__(kind)
        self.document_kind: Kind = KIND_OF_LINES[kind.name]

    def document_of(self, session: Session, document_id: str) -> SalesDocument:
        row = session.table(self.document_kind.name).get(document_id)
        if row is None:
            raise dialog("No document with the specified ID exists.")
        if row.get("_posted"):
            raise dialog("The invoice has been posted and can no longer be modified.")
        return SalesDocument.load(session, self.document_kind, row)

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        document_id = values.get("documentId", NO_GUID)
        if parent is not None:
            if document_id not in (NO_GUID, parent[1]["id"]):
                raise dialog('The value for "documentId" cannot be modified.')
            document_id = parent[1]["id"]
        if document_id == NO_GUID:
            raise dialog("You must specify a document id to get the lines.")
        document = self.document_of(session, document_id)
        if values.get("sequence") and session.switches.sequence_in_post == "refused":
            raise _system_id(document, values["sequence"])
        line = operations.insert_line(document, values)
        document.save()
        return self.table(session).rows[line["id"]]

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        document = self.document_of(session, row["documentId"])
        operations.modify_line(document, document.line(row["id"]), values)
        document.save()
        return self.table(session).rows[row["id"]]

    def delete(self, session: Session, row: Row) -> None:
        document = self.document_of(session, row["documentId"])
        operations.delete_line(document, document.line(row["id"]))
        document.save()
