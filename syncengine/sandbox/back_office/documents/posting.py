"""Shipping and invoicing. [AL: codeunit 80 Sales-Post]

What is posted is archived before when something is shipped and *Archive Orders* is on, and once more
afterwards when Business Central's own bidirectional integration is on. An order whose lines are all
invoiced vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.archive import archive
from syncengine.sandbox.back_office.documents.archive import archive_if_set_up
from syncengine.sandbox.back_office.documents.invoices import post_invoice
from syncengine.sandbox.back_office.documents.operations import remove_document
from syncengine.sandbox.back_office.documents.operations import set_status
from syncengine.sandbox.back_office.documents.shipments import post_shipment
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import test_field

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)
_NOTHING = "There is nothing to post because the document does not contain a quantity or amount."


@dataclass(frozen=True)
class Posting:
    """Quantities by line id; `for_order` is false for an invoice that carries no order number."""

    ship: dict[str, Decimal] = field(default_factory=dict)
    invoice: dict[str, Decimal] = field(default_factory=dict)
    for_order: bool = True


def ship_and_invoice(document: SalesDocument) -> Row:
    """The bound action: what shipQuantity and invoiceQuantity say. Gives back the invoice."""
    lines = [line for line in document.lines if line["lineType"] != "Comment"]
    if not lines:
        raise dialog("Please add at least one line item to the document.")
    if any(line["lineObjectNumber"] and not line["quantity"] for line in lines):
        raise dialog("One or more document lines with a value in the No. field do not have a quantity specified.")
    invoice = post(
        document,
        Posting(
            ship={line["id"]: line["shipQuantity"] for line in lines},
            invoice={line["id"]: line["invoiceQuantity"] for line in lines},
        ),
    )
    if invoice is None:
        raise dialog(_NOTHING)
    return invoice


def post(document: SalesDocument, posting: Posting) -> Row | None:
    """Ships and invoices; gives back the posted invoice. Commits, as AL does. Raises RefusedError."""
    _check(document, posting)
    if document.is_open:
        set_status(document, "Released")
    shipping = any(posting.ship.values())
    if shipping:
        archive_if_set_up(document)
        post_shipment(document, posting.ship)
    invoice = None
    if any(posting.invoice.values()):
        invoice = post_invoice([(document, posting.invoice)], for_order=posting.for_order)
    finish(document, by_order=posting.for_order)
    document.session.journal.commit()
    return invoice


def finish(document: SalesDocument, *, by_order: bool) -> None:
    """Write back quantities; a fully invoiced order vanishes only when it was invoiced by its own number."""
    if document.session.switches.bidirectional:
        archive(document)
    document.save()
    if by_order and fully_invoiced(document):
        remove_document(document)


def fully_invoiced(document: SalesDocument) -> bool:
    lines = [line for line in document.lines if line["lineType"] != "Comment"]
    return bool(lines) and all(line["quantity"] == line["invoicedQuantity"] for line in lines)


def delete_invoiced(document: SalesDocument) -> bool:
    """The batch job *Delete Invoiced Sales Orders*, for one order. [AL: report 299]"""
    if not fully_invoiced(document):
        return False
    archive_if_set_up(document)
    remove_document(document)
    return True


def _check(document: SalesDocument, posting: Posting) -> None:
    status = document.header["_status"]
    if status == "Pending Approval":
        raise test_field("Status", "Released", status, document.record)
    if not any(posting.ship.values()) and not any(posting.invoice.values()):
        raise dialog(_NOTHING)
    for line in document.lines:
        check_quantities(document, line, posting)
    check_customer(document, shipping=any(posting.ship.values()))
    for line in document.lines:
        if line["lineType"] == "Item" and posting.ship.get(line["id"]):
            item = document.company.by_number("item", line["lineObjectNumber"])
            if item is not None and item["blocked"]:
                raise test_field("Blocked", "No", "Yes", f"Item: No.={item['number']}")


def check_quantities(document: SalesDocument, line: Row, posting: Posting) -> None:  # noqa: ARG001
    ship = posting.ship.get(line["id"], ZERO)
    invoice = posting.invoice.get(line["id"], ZERO)
    if ship < 0 or ship > line["_outstanding"]:
        raise dialog(f"You cannot ship more than {line['_outstanding']} units.")
    most = line["shippedQuantity"] + ship - line["invoicedQuantity"]
    if invoice < 0 or invoice > most:
        raise dialog(f"You cannot invoice more than {most} units.")


def check_customer(document: SalesDocument, *, shipping: bool) -> None:
    customer = document.company.by_number("customer", document.header["billToCustomerNumber"])
    blocked = customer["blocked"] if customer else "_x0020_"
    if blocked in ("All", "Invoice") or (blocked == "Ship" and shipping):
        raise dialog(
            f"You cannot post this type of document when Customer "
            f"{document.header['billToCustomerNumber']} is blocked with type {blocked}"
        )
