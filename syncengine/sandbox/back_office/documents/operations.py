"""Creating, changing and deleting documents and their lines, as the pages of the API do it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents import customers
from syncengine.sandbox.back_office.documents import invoice_discount
from syncengine.sandbox.back_office.documents.archive import archive_if_set_up
from syncengine.sandbox.back_office.documents.archive import next_occurrence
from syncengine.sandbox.back_office.documents.header_page import HeaderPage
from syncengine.sandbox.back_office.documents.header_page import check_customer_given
from syncengine.sandbox.back_office.documents.line_page import open_page
from syncengine.sandbox.back_office.documents.lines import test_open
from syncengine.sandbox.back_office.documents.model import ORDER
from syncengine.sandbox.back_office.documents.model import QUOTE
from syncengine.sandbox.back_office.documents.model import SalesDocument
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import test_field
from syncengine.sandbox.back_office.values import trimmed

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import Kind
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

STATUS = {
    "Open": "Draft",
    "Released": "Open",
    "Pending Prepayment": "Open",
    "Pending Approval": "In_x0020_Review",
}


def create_document(session: Session, kind: Kind, values: Row) -> SalesDocument:
    """Not yet saved: the caller adds the lines of a deep insert first."""
    document = SalesDocument.new(session, kind)
    header = document.header
    header.update(
        {kind.document_date: session.today},
        postingDate=session.today,
        _shipmentDate=session.today,
        _orderDate=session.today,
        currencyCode=session.company.local_currency,
        status="Draft",
    )
    page = HeaderPage(document)
    for name, value in values.items():
        page.set(name, value)
    check_customer_given(values)
    page.apply()
    header["number"] = session.next_number(kind.name)
    header["_occurrence"] = next_occurrence(session, header["number"]) if kind is ORDER else 1
    _copy_sell_to_address(document)
    if page.discount:
        invoice_discount.apply_amount(document, page.discount)
    return document


def modify_document(document: SalesDocument, values: Row) -> None:
    """Page triggers, table validation, then the invoice discount."""
    page = HeaderPage(document)
    for name, value in values.items():
        page.set(name, value)
    page.apply()
    _copy_sell_to_address(document)
    if page.discount is not None:
        invoice_discount.apply_amount(document, page.discount)
    else:
        invoice_discount.redistribute(document)


def _copy_sell_to_address(document: SalesDocument) -> None:
    """CopySellToAddressToBillToAddress: at every POST and PATCH, when both are the same customer."""
    header = document.header
    if header["billToCustomerNumber"] == header["customerNumber"]:
        customers.copy_address(header, "sellTo", "billTo")


def delete_document(document: SalesDocument) -> None:
    """The status is not checked. Archived first when Archive Orders is on."""
    for line in document.lines:
        _test_nothing_to_invoice(document, line)
    if document.kind is ORDER:
        archive_if_set_up(document)
    remove_document(document)


def remove_document(document: SalesDocument) -> None:
    session, kind = document.session, document.kind
    for line in session.table(kind.lines).find("documentId", document.id):
        session.delete(kind.lines, line)
    for table in ("dimensionSetLine", "attachment", "documentAttachment", "recordNote"):
        for parent in (document.id, *(line["id"] for line in document.lines)):
            for row in session.table(table).find("parentId", parent):
                session.delete(table, row)
    stored = session.table(kind.name).get(document.id)
    if stored is not None:
        session.delete(kind.name, stored)


def _test_nothing_to_invoice(document: SalesDocument, line: Row) -> None:
    quantity = line["shippedQuantity"] - line["invoicedQuantity"]
    if quantity:
        raise test_field("Qty. Shipped Not Invoiced", "0", str(trimmed(quantity)), document.line_record(line))


def insert_line(document: SalesDocument, values: Row, *, redistribute: bool = True) -> Row:
    """Validated field by field; ends with the redistribution of the invoice discount."""
    sequence = values.get("sequence", 0)
    if not sequence:
        sequence = (document.lines[-1]["sequence"] if document.lines else 0) + 10000
    elif any(line["sequence"] == sequence for line in document.lines):
        raise dialog("You cannot insert a line because a line already exists.")
    line = document.new_line(sequence)
    page = open_page(document, line, is_new=True)
    for name, value in values.items():
        if name not in ("documentId", "sequence"):
            page.set(name, value)
    page.apply()
    document.add_line(line)
    if redistribute:
        invoice_discount.redistribute(document)
    return line


def modify_line(document: SalesDocument, line: Row, values: Row, *, redistribute: bool = True) -> None:
    page = open_page(document, line, is_new=False)
    for name, value in values.items():
        page.set(name, value)
    page.apply()
    document.touched(line)
    if redistribute:
        invoice_discount.redistribute(document)


def delete_line(document: SalesDocument, line: Row) -> None:
    test_open(document, line)
    _test_nothing_to_invoice(document, line)
    document.remove_line(line)
    for one in document.lines:
        one["_recalculate"] = one["_allowInvoiceDiscount"]
    invoice_discount.redistribute(document)


def manual_number(series: str) -> RefusedError:
    return dialog(
        "You may not enter numbers manually. If you want to enter numbers manually, please activate "
        f"Manual Nos. in No. Series {series}."
    )


def set_status(document: SalesDocument, status: str) -> None:
    """BC's own word; the API shows Draft for Open, and Open for Released."""
    document.header["_status"] = status
    if document.kind is not QUOTE:
        document.header["status"] = STATUS[status]


def values_of(row: Row, names: list[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
