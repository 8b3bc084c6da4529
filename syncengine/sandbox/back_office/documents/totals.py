"""Amounts of lines and totals of documents.

VAT and US sales tax are rounded once per document and group, so that totals may differ by a cent from the
sum of the lines' own tax; with VAT the line written last takes up the difference in its net amounts. [AL:
Sales Line UpdateVATAmounts, Document Totals]
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_EVEN
from decimal import ROUND_HALF_UP
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
_ONE = Decimal(1)


MIDPOINTS = {"away-from-zero": ROUND_HALF_UP, "to-even": ROUND_HALF_EVEN}


def rounded(amount: Decimal, precision: Decimal, midpoint: str) -> Decimal:
    """To a multiple of the precision; `midpoint`: what becomes of a value in the middle of two."""
    if precision == CENT:
        return amount.quantize(CENT, rounding=midpoint)
    return (amount / precision).quantize(_ONE, rounding=midpoint) * precision


def update_amounts(document: SalesDocument, line: Row) -> None:
    """UpdateAmounts: the line amount from quantity, price and discount, then everything that hangs on it."""
    if line["lineType"] == "Comment":
        return
    amount = document.rounded(line["quantity"] * line["unitPrice"]) - line["discountAmount"]
    if amount != line["_lineAmount"]:
        line["_lineAmount"] = amount
        line["_recalculate"] = line["_recalculate"] or line["_allowInvoiceDiscount"]
    update_tax(document, line)


def update_tax(document: SalesDocument, line: Row) -> None:
    rate = document.company.rate(document.header["_taxArea"], line["_taxGroup"])
    line["taxPercent"] = rate.percent
    line["taxCode"] = line["_taxGroup"] if document.sales_tax else rate.identifier
    others: list[tuple[Decimal, Decimal, Decimal]] = []
    if not document.sales_tax:
        others = [
            (one["netAmount"], one["netTaxAmount"], one["netAmountIncludingTax"])
            for one in document.lines
            if one["id"] != line["id"] and _same_group(one, line)
        ]
    _set_net(document, line, others)
    _set_gross(document, line)


def update_tax_of_all(document: SalesDocument) -> None:
    """UpdateVATOnLines: every line again, in order, each group's rounding carried along."""
    so_far: dict[tuple[str, Decimal], list[tuple[Decimal, Decimal, Decimal]]] = defaultdict(list)
    for line in document.lines:
        group = (line["taxCode"], line["taxPercent"])
        _set_net(document, line, so_far[group] if not document.sales_tax else ())
        _set_gross(document, line)
        so_far[group].append((line["netAmount"], line["netTaxAmount"], line["netAmountIncludingTax"]))


def _same_group(one: Row, other: Row) -> bool:
    return bool(one["taxCode"] == other["taxCode"] and one["taxPercent"] == other["taxPercent"] and one["_lineAmount"])


def _set_net(document: SalesDocument, line: Row, others: Iterable[tuple[Decimal, Decimal, Decimal]]) -> None:
    """Net of invoice discount: the group's total is rounded, this line takes what the others leave."""
    base = tax = including = ZERO
    for other_base, other_tax, other_including in others:
        base += other_base
        tax += other_tax
        including += other_including
    net = line["_lineAmount"] - line["_invoiceDiscount"]
    percent = line["taxPercent"]
    if document.includes_tax:
        line["netAmountIncludingTax"] = net
        line["netAmount"] = document.rounded((including + net) * HUNDRED / (HUNDRED + percent)) - base
    else:
        line["netAmount"] = net
        line["netAmountIncludingTax"] = net + document.rounded((base + net) * percent / HUNDRED) - tax
    line["netTaxAmount"] = line["netAmountIncludingTax"] - line["netAmount"]


def _set_gross(document: SalesDocument, line: Row) -> None:
    """After line discount, before invoice discount: each line is rounded by itself."""
    amount, percent = line["_lineAmount"], line["taxPercent"]
    if document.includes_tax:
        line["amountIncludingTax"] = amount
        line["amountExcludingTax"] = document.rounded(amount * HUNDRED / (HUNDRED + percent))
        allocation = line["amountExcludingTax"] - line["netAmount"]
    else:
        line["amountExcludingTax"] = amount
        line["amountIncludingTax"] = document.rounded(amount * (HUNDRED + percent) / HUNDRED)
        allocation = line["_invoiceDiscount"]
    line["totalTaxAmount"] = line["amountIncludingTax"] - line["amountExcludingTax"]
    line["invoiceDiscountAllocation"] = allocation


def tax_of_groups(document: SalesDocument) -> tuple[Decimal, Decimal, Decimal]:
    """(excluding, tax, including) of a document, rounded once for each tax group."""
    groups: dict[tuple[str, Decimal], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for line in document.lines:
        sums = groups[line["taxCode"], line["taxPercent"]]
        sums[0] += line["netAmount"]
        sums[1] += line["netAmountIncludingTax"]
    excluding = tax = ZERO
    for (_, percent), (base, including) in groups.items():
        if document.includes_tax:
            net = document.rounded(including * HUNDRED / (HUNDRED + percent))
            excluding += net
            tax += including - net
        else:
            excluding += base
            tax += document.rounded(base * percent / HUNDRED)
    return excluding, tax, excluding + tax


def set_totals(document: SalesDocument) -> None:
    """[AL: AssignTotalsFromSalesLine, BlankTotals]"""
    header = document.header
    excluding, tax, including = tax_of_groups(document)
    header["discountAmount"] = sum((line["_invoiceDiscount"] for line in document.lines), ZERO)
    header["totalAmountExcludingTax"] = excluding
    header["totalTaxAmount"] = tax
    header["totalAmountIncludingTax"] = including
    if document.lines:
        header["discountAppliedBeforeTax"] = document.sales_tax or not document.includes_tax
