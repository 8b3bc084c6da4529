"""Validation of the fields of a sales line, each with what it recalculates. [AL: table 37 Sales Line]"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.documents.objects import assign_object
from syncengine.sandbox.back_office.documents.prices import reprice
from syncengine.sandbox.back_office.documents.totals import update_amounts
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import field_error
from syncengine.sandbox.back_office.refusals import must_have_value
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.refusals import test_field
from syncengine.sandbox.back_office.values import NO_DATE
from syncengine.sandbox.back_office.values import NO_GUID
from syncengine.sandbox.back_office.values import trimmed

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)
FIVE_PLACES = Decimal("0.00001")
KEPT_BY_INIT = ("id", "documentId", "sequence", "_recalculate")


def test_open(document: SalesDocument, line: Row) -> None:
    """TestStatusOpen of a line: comment lines pass."""
    if line["lineType"] != "Comment":
        document.test_open()


def test_not_shipped(document: SalesDocument, line: Row) -> None:
    for caption, quantity in (
        ("Qty. Shipped Not Invoiced", line["shippedQuantity"] - line["invoicedQuantity"]),
        ("Quantity Shipped", line["shippedQuantity"]),
    ):
        if quantity:
            raise test_field(caption, "0", str(trimmed(quantity)), document.line_record(line))


def init(document: SalesDocument, line: Row) -> None:
    """Init: every field but the key and the SystemId is blank again."""
    had_amount = bool(line["_lineAmount"])
    allowed = line["_allowInvoiceDiscount"]
    kept = {name: line[name] for name in KEPT_BY_INIT}
    line.clear()
    line.update(blank(document.kind.lines))
    line.update(kept)
    line["_recalculate"] = kept["_recalculate"] or (had_amount and allowed)


def set_type(document: SalesDocument, line: Row, wanted: str) -> None:
    if wanted != "Comment":
        document.test_open()
    test_open(document, line)
    test_not_shipped(document, line)
    init(document, line)
    line["lineType"] = wanted


def set_number(document: SalesDocument, line: Row, number: str) -> None:
    """Validate "No.": the line starts anew with the other item, account or resource; its quantity stays."""
    test_open(document, line)
    test_not_shipped(document, line)
    kind, quantity = line["lineType"], line["quantity"]
    init(document, line)
    line["lineType"] = kind
    line["lineObjectNumber"] = number
    if not number:
        return
    assign_object(document, line)
    if kind == "Comment":
        return
    line["quantity"] = quantity
    line["_locationCode"] = document.header["_locationCode"]
    set_location_id(document, line)
    update_dates(document, line)
    _init_outstanding(line)
    _reprice(document, line)


def set_variant(document: SalesDocument, line: Row, code: str) -> None:
    test_open(document, line)
    test_not_shipped(document, line)
    variant = None
    if code:
        variants = document.company["itemVariant"].find("code", code)
        variant = next((one for one in variants if one["itemNumber"] == line["lineObjectNumber"]), None)
        if variant is None or line["lineType"] != "Item":
            raise not_related("Variant Code", "Sales Line", code, "Item Variant")
    line["_variantCode"] = code
    line["itemVariantId"] = variant["id"] if variant else NO_GUID
    if variant and variant["description"]:
        line["description"] = variant["description"]
    _reprice(document, line)


def set_location(document: SalesDocument, line: Row, code: str) -> None:
    test_open(document, line)
    not_invoiced = line["shippedQuantity"] - line["invoicedQuantity"]
    if not_invoiced:
        raise test_field("Qty. Shipped Not Invoiced", "0", str(trimmed(not_invoiced)), document.line_record(line))
    if code and document.company.by_code("location", code) is None:
        raise not_related("Location Code", "Sales Line", code, "Location")
    line["_locationCode"] = code
    set_location_id(document, line)


def set_location_id(document: SalesDocument, line: Row) -> None:
    location = document.company.by_code("location", line["_locationCode"]) if line["_locationCode"] else None
    line["locationId"] = location["id"] if location else NO_GUID


def set_unit(document: SalesDocument, line: Row, code: str) -> None:
    """Unit of Measure Code: reprices, since prices and discounts may hang on the unit."""
    test_open(document, line)
    if line["shippedQuantity"]:
        test_not_shipped(document, line)
    per_unit, unit_id = _unit(document, line, code)
    line["unitOfMeasureCode"] = code
    line["unitOfMeasureId"] = unit_id
    line["_quantityPerUnit"] = per_unit
    _reprice(document, line)


def _unit(document: SalesDocument, line: Row, code: str) -> tuple[Decimal, str]:
    unit = document.company.by_code("unitOfMeasure", code) if code else None
    unit_id = unit["id"] if unit else NO_GUID
    if line["lineType"] == "Item" and line["lineObjectNumber"]:
        of_item = next(
            (
                one
                for one in document.company["itemUnitOfMeasure"].find("itemId", line["itemId"])
                if one["unitOfMeasureCode"] == code
            ),
            None,
        )
        if of_item is None:
            raise not_related("Unit of Measure Code", "Sales Line", code, "Item Unit of Measure")
        return of_item["quantityPerUnitOfMeasure"], unit_id
    if code and unit is None:
        raise not_related("Unit of Measure Code", "Sales Line", code, "Unit of Measure")
    return Decimal(1), unit_id


def set_quantity(document: SalesDocument, line: Row, wanted: Decimal) -> None:
    """Quantity alone reprices the line, its discount and its share of the invoice discount included."""
    quantity = document.rounded(wanted, FIVE_PLACES)
    test_open(document, line)
    shipped = line["shippedQuantity"]
    if quantity * shipped < 0 or abs(quantity) < abs(shipped):
        raise field_error("Quantity", "must not be less than Quantity Shipped", document.line_record(line))
    line["quantity"] = trimmed(quantity)
    _init_outstanding(line)
    _reprice(document, line)


def _init_outstanding(line: Row) -> None:
    """InitQty: what is to be shipped and invoiced is all that is left."""
    line["_outstanding"] = line["quantity"] - line["shippedQuantity"]
    line["_completelyShipped"] = bool(line["quantity"]) and not line["_outstanding"]
    line["shipQuantity"] = line["_outstanding"]
    line["invoiceQuantity"] = line["quantity"] - line["invoicedQuantity"]


def _reprice(document: SalesDocument, line: Row) -> None:
    if line["lineType"] == "Comment":
        return
    reprice(document, line)
    apply_percent(document, line)


def set_price(document: SalesDocument, line: Row, price: Decimal) -> None:
    test_open(document, line)
    line["unitPrice"] = price
    apply_percent(document, line)


def set_discount_percent(document: SalesDocument, line: Row, percent: Decimal) -> None:
    test_open(document, line)
    if not ZERO <= percent <= 100:
        bound = "greater than or equal to 0" if percent < 0 else "less than or equal to 100"
        raise bad_request(f"The value must be {bound}. Value: {percent}.", "Application_FieldValidationException")
    line["discountPercent"] = percent
    apply_percent(document, line)


def apply_percent(document: SalesDocument, line: Row) -> None:
    """ValidateLineDiscountPercent: the amount follows; the share of the invoice discount is dropped."""
    gross = document.rounded(line["quantity"] * line["unitPrice"])
    line["discountAmount"] = document.rounded(gross * line["discountPercent"] / 100)
    line["_invoiceDiscount"] = ZERO
    update_amounts(document, line)


def set_discount_amount(document: SalesDocument, line: Row, wanted: Decimal) -> None:
    test_open(document, line)
    amount = document.rounded(wanted)
    if not line["quantity"]:
        raise must_have_value("Quantity", document.line_record(line))
    gross = document.rounded(line["quantity"] * line["unitPrice"])
    percent = document.rounded(amount * 100 / gross, FIVE_PLACES) if gross else ZERO
    if not ZERO <= percent <= 100:
        raise dialog("The value in the Line Discount % field must be between 0 and 100.")
    line["discountPercent"] = trimmed(percent)
    line["discountAmount"] = amount
    line["_invoiceDiscount"] = ZERO
    update_amounts(document, line)


def set_tax_group(document: SalesDocument, line: Row, code: str) -> None:
    """Writes the VAT product posting group or the tax group; the property reads the VAT identifier."""
    test_open(document, line)
    if code and document.company.by_code("taxGroup", code) is None:
        related = "Tax Group" if document.sales_tax else "VAT Product Posting Group"
        caption = "Tax Group Code" if document.sales_tax else "VAT Prod. Posting Group"
        raise not_related(caption, "Sales Line", code, related)
    line["_taxGroup"] = code
    update_amounts(document, line)


def set_shipment_date(document: SalesDocument, line: Row, day: Any) -> None:
    test_open(document, line)
    line["shipmentDate"] = day


def update_dates(document: SalesDocument, line: Row) -> None:
    wanted = document.header["requestedDeliveryDate"]
    line["shipmentDate"] = wanted if wanted != NO_DATE else document.header["_shipmentDate"]


def set_ship_quantity(document: SalesDocument, line: Row, wanted: Decimal) -> None:
    quantity = trimmed(document.rounded(wanted, FIVE_PLACES))
    if quantity * line["quantity"] < 0 or abs(quantity) > abs(line["_outstanding"]):
        raise dialog(f"You cannot ship more than {trimmed(line['_outstanding'])} units.")
    line["shipQuantity"] = quantity
    line["invoiceQuantity"] = line["shippedQuantity"] + quantity - line["invoicedQuantity"]


def set_invoice_quantity(document: SalesDocument, line: Row, wanted: Decimal) -> None:
    quantity = trimmed(document.rounded(wanted, FIVE_PLACES))
    most = line["shippedQuantity"] + line["shipQuantity"] - line["invoicedQuantity"]
    if quantity * line["quantity"] < 0 or abs(quantity) > abs(most):
        raise dialog(f"You cannot invoice more than {trimmed(most)} units.")
    line["invoiceQuantity"] = quantity


VALIDATORS: dict[str, Callable[[SalesDocument, Row, Any], None]] = {
    "lineType": set_type,
    "lineObjectNumber": set_number,
    "_variantCode": set_variant,
    "_locationCode": set_location,
    "unitOfMeasureCode": set_unit,
    "quantity": set_quantity,
    "unitPrice": set_price,
    "discountPercent": set_discount_percent,
    "discountAmount": set_discount_amount,
    "_taxGroup": set_tax_group,
    "shipmentDate": set_shipment_date,
    "shipQuantity": set_ship_quantity,
    "invoiceQuantity": set_invoice_quantity,
}
