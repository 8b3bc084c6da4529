"""Invoices: posted from orders, drafts posted by themselves, paid, canceled and corrected."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import dimensions
from syncengine.sandbox.back_office.documents.customers import check_usable
from syncengine.sandbox.back_office.documents.model import INVOICE
from syncengine.sandbox.back_office.documents.model import SalesDocument
from syncengine.sandbox.back_office.documents.totals import update_tax_of_all
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)
_SPLIT = ("discountAmount", "_lineAmount", "_invoiceDiscount")


def post_invoice(parts: list[tuple[SalesDocument, dict[str, Decimal]]], *, for_order: bool) -> Row:
    """One posted invoice for one order, or for several at once, which then carries no order number.

    Quantities are by line id; the amounts of a line invoiced in parts add up to the whole.
    """
    first = parts[0][0]
    session = first.session
    document = SalesDocument.new(session, INVOICE)
    header = document.header
    kept = ("id", "number", "status", "orderId", "orderNumber")
    header.update({n: first.header[n] for n in header if n in first.header and n not in kept})
    header.update(
        number=session.next_number("postedInvoice"),
        invoiceDate=first.header["orderDate"],
        customerPurchaseOrderReference=first.header["_yourReference"],
        orderId=first.id if for_order else NO_GUID,
        orderNumber=first.header["number"] if for_order else "",
        status="Open",
        _posted=True,
    )
    sources = {document.id: first.id}
    for order, quantities in parts:
        for line in order.lines:
            quantity = quantities.get(line["id"], ZERO)
            sequence = (document.lines[-1]["sequence"] if not for_order and document.lines else 0) + 10000
            part = _add_part(document, line, quantity, line["sequence"] if for_order else sequence)
            sources[part["id"]] = line["id"]
            if quantity:
                line["invoicedQuantity"] += quantity
                line["invoiceQuantity"] = line["quantity"] - line["invoicedQuantity"]
                order.touched(line)
    update_tax_of_all(document)
    stored = _finish(document)
    for target, source in sources.items():
        kind = "salesInvoice" if target == document.id else "salesInvoiceLine"
        dimensions.copy(session, source, kind, target)
    return stored


def _add_part(document: SalesDocument, line: Row, quantity: Decimal, sequence: int) -> Row:
    part = document.new_line(sequence)
    kept = ("id", "documentId", "sequence")
    part.update({name: line[name] for name in part if name in line and name not in kept})
    part["quantity"] = quantity
    total, done = line["quantity"], line["invoicedQuantity"]
    for name in _SPLIT:
        part[name] = _share(document, line[name], done, quantity, total)
    document.add_line(part)
    return part


def _share(document: SalesDocument, amount: Decimal, done: Decimal, more: Decimal, total: Decimal) -> Decimal:
    if not total:
        return ZERO
    return document.rounded(amount * (done + more) / total) - document.rounded(amount * done / total)


def _finish(document: SalesDocument) -> Row:
    stored = document.save()
    session = document.session
    stored = session.modify("salesInvoice", stored, {"remainingAmount": stored["totalAmountIncludingTax"]})
    update_balance(session, stored["billToCustomerNumber"])
    return stored


def post_draft(document: SalesDocument) -> Row:
    """Microsoft.NAV.post: the id stays, the number becomes that of the posted invoice."""
    header = document.header
    if header.get("_posted"):
        raise dialog("The invoice has already been posted.")
    if not any(line["quantity"] for line in document.lines):
        raise dialog("There is nothing to post because the document does not contain a quantity or amount.")
    customer = document.company.by_number("customer", header["billToCustomerNumber"])
    if customer is not None:
        check_usable(customer)
    header.update(number=document.session.next_number("postedInvoice"), status="Open", _posted=True)
    stored = _finish(document)
    document.session.journal.commit()
    return stored


def pay(session: Session, invoice: Row, amount: Decimal | None) -> Row:
    """A payment applied; without an amount all of what remains."""
    if invoice["status"] != "Open":
        raise dialog(f"The invoice {invoice['number']} is not open.")
    remaining = invoice["remainingAmount"] - (invoice["remainingAmount"] if amount is None else amount)
    if remaining < 0:
        raise dialog("The payment is larger than the remaining amount.")
    status = "Open" if remaining else "Paid"
    stored = session.modify("salesInvoice", invoice, {"remainingAmount": remaining, "status": status})
    update_balance(session, stored["billToCustomerNumber"])
    return stored


def cancel(session: Session, invoice: Row, status: str = "Canceled") -> Row:
    """A credit memo takes the invoice back: "Canceled", or "Corrective" for a corrective credit memo."""
    if invoice["status"] not in ("Open", "Paid") or (status == "Canceled" and invoice["status"] == "Paid"):
        raise dialog("You cannot cancel this posted sales invoice because it is fully paid or not posted.")
    stored = session.modify("salesInvoice", invoice, {"remainingAmount": ZERO, "status": status})
    update_balance(session, stored["billToCustomerNumber"])
    return stored


def update_balance(session: Session, customer_number: str) -> None:
    """Balance Due is a FlowField: it changes without the customer being modified."""
    customer = session.company.by_number("customer", customer_number)
    if customer is None:
        return
    due = sum(
        (
            invoice["remainingAmount"]
            for invoice in session.table("salesInvoice").find("customerId", customer["id"])
            if invoice["status"] == "Open" and invoice["dueDate"] < session.today
        ),
        ZERO,
    )
    if due != customer["balanceDue"]:
        session.company["customer"].replace(customer, {**customer, "balanceDue": due})
