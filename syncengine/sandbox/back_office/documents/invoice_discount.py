"""The invoice discount of a document and its distribution over the lines. [AL: codeunit 56, codeunit 60]"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.totals import update_tax_of_all
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import trimmed

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)

_NOTHING_TO_DISCOUNT = (
    "Cannot apply an invoice discount because the document does not include lines where the Allow Invoice "
    "Disc. field is selected. To add a discount, specify a line discount in the Line Discount % field for "
    "the relevant lines, or add a line of type Item where the Allow Invoice Disc. field is selected."
)


def apply_amount(document: SalesDocument, amount: Decimal) -> None:
    """ApplyInvDiscBasedOnAmt: a fixed amount, in proportion to the line amounts, the rest to the last."""
    lines = _discountable(document)
    base = sum((line["_lineAmount"] for line in lines), ZERO)
    if base == 0 and amount > 0:
        raise dialog(_NOTHING_TO_DISCOUNT)
    if amount > base:
        raise dialog(f"The maximum Invoice Discount Amount that you can apply is {trimmed(base)}.")
    _distribute(document, lines, base, amount)
    document.header["_invoiceDiscountCalculation"] = "Amount"
    document.header["_invoiceDiscountValue"] = amount


def redistribute(document: SalesDocument) -> bool:
    """Distribute again when a changed line asks for it. Gives back whether it did."""
    if not any(line["_recalculate"] for line in document.lines):
        return False
    header = document.header
    if header["_invoiceDiscountCalculation"] == "Amount":
        if not header["_invoiceDiscountValue"]:
            return False
        apply_amount(document, header["_invoiceDiscountValue"])
        return True
    return _apply_customer_percent(document)


def reset(document: SalesDocument) -> None:
    """A new customer or currency drops the discount."""
    document.header["_invoiceDiscountCalculation"] = "None"
    document.header["_invoiceDiscountValue"] = ZERO
    for line in document.lines:
        line["_invoiceDiscount"] = ZERO


def _apply_customer_percent(document: SalesDocument) -> bool:
    customer = document.company.by_number("customer", document.header["billToCustomerNumber"])
    percent = customer["_invoiceDiscountPercent"] if customer else ZERO
    was = document.header["_invoiceDiscountValue"]
    if not percent and not was:
        for line in document.lines:
            line["_recalculate"] = False
        return False
    lines = _discountable(document)
    base = sum((line["_lineAmount"] for line in lines), ZERO)
    if customer is None or base < customer["_invoiceDiscountMinimum"]:
        percent = ZERO
    _distribute(document, lines, base, document.rounded(base * percent / 100))
    document.header["_invoiceDiscountCalculation"] = "%"
    document.header["_invoiceDiscountValue"] = percent
    return True


def _discountable(document: SalesDocument) -> list[Row]:
    return [line for line in document.lines if line["_allowInvoiceDiscount"] and line["_lineAmount"]]


def _distribute(document: SalesDocument, lines: list[Row], base: Decimal, amount: Decimal) -> None:
    allocated = reached = ZERO
    for line in document.lines:
        line["_recalculate"] = False
        if line not in lines:
            line["_invoiceDiscount"] = ZERO
    for line in lines:
        reached += line["_lineAmount"]
        share = document.rounded(amount * reached / base) - allocated
        line["_invoiceDiscount"] = share
        allocated += share
    update_tax_of_all(document)
