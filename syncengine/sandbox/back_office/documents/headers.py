"""Validation of the fields of a sales header, each with what it recalculates. [AL: table 36 Sales Header]"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents import customers
from syncengine.sandbox.back_office.documents import dimensions
from syncengine.sandbox.back_office.documents import invoice_discount
from syncengine.sandbox.back_office.documents.contact_data import check_country
from syncengine.sandbox.back_office.documents.contact_data import check_email
from syncengine.sandbox.back_office.documents.contact_data import check_phone
from syncengine.sandbox.back_office.documents.lines import apply_percent
from syncengine.sandbox.back_office.documents.lines import test_not_shipped
from syncengine.sandbox.back_office.documents.lines import update_dates
from syncengine.sandbox.back_office.documents.prices import currency_factor
from syncengine.sandbox.back_office.documents.prices import reprice
from syncengine.sandbox.back_office.documents.recreate import recreate_lines
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.store.company import UNIT_AMOUNT
from syncengine.sandbox.back_office.values import trimmed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from syncengine.sandbox.back_office.documents.model import SalesDocument

HUNDRED = Decimal(100)


def set_sell_to(document: SalesDocument, number: str) -> None:
    """A changed customer: terms, currency and addresses are copied again, all lines are recreated."""
    document.test_open()
    _test_no_shipped_line(document)
    customer = document.company.by_number("customer", number)
    if customer is None:
        raise not_related("Sell-to Customer No.", "Sales Header", number, "Customer")
    customers.take_sell_to(document, customer)
    _recreate(document)


def set_bill_to(document: SalesDocument, number: str) -> None:
    document.test_open()
    _test_no_shipped_line(document)
    customer = document.company.by_number("customer", number)
    if customer is None:
        raise not_related("Bill-to Customer No.", "Sales Header", number, "Customer")
    customers.take_bill_to(document, customer)
    _recreate(document)


def _test_no_shipped_line(document: SalesDocument) -> None:
    for line in document.lines:
        test_not_shipped(document, line)


def _recreate(document: SalesDocument) -> None:
    if document.lines:
        invoice_discount.reset(document)
        recreate_lines(document)


def set_ship_to_code(document: SalesDocument, code: str) -> None:
    """Reaches Tax Area and Shipping Agent, which test the status."""
    if document.session.switches.released_ship_to_code == "refused":
        document.test_open()
    customer = document.company.by_number("customer", document.header["customerNumber"])
    if customer is not None:
        customers.take_ship_to(document, customer, code)


def set_currency(document: SalesDocument, code: str) -> None:
    """New factor, prices looked up again, invoice discount reset."""
    document.test_open()
    _test_no_shipped_line(document)
    customers.set_currency(document, code)
    invoice_discount.reset(document)
    for line in document.lines:
        if line["lineType"] != "Comment":
            reprice(document, line)
            apply_percent(document, line)
            document.touched(line)


def set_prices_include_tax(document: SalesDocument, wanted: bool) -> None:
    """Unit prices are converted, not looked up; refused with US sales tax."""
    document.test_open()
    document.header["pricesIncludeTax"] = wanted
    for line in document.lines:
        if line["lineType"] == "Comment" or not line["unitPrice"]:
            continue
        factor = (HUNDRED + line["taxPercent"]) / HUNDRED
        price = line["unitPrice"] * factor if wanted else line["unitPrice"] / factor
        line["unitPrice"] = trimmed(document.rounded(price, UNIT_AMOUNT))
        line["_recalculate"] = line["_allowInvoiceDiscount"]
        apply_percent(document, line)
        document.touched(line)


def set_shipment_method(document: SalesDocument, code: str) -> None:
    document.test_open()
    customers.set_shipment_method(document, code)


def set_shipping_advice(document: SalesDocument, wanted: str) -> None:
    document.test_open()
    document.header["_shippingAdvice"] = wanted
    customers.set_shipping_advice(document.header)


def set_requested_delivery_date(document: SalesDocument, day: date) -> None:
    """Goes to the lines: their shipment date is counted back from it, without lead times the same day."""
    document.test_open()
    document.header["requestedDeliveryDate"] = day
    for line in document.lines:
        if line["lineType"] != "Comment":
            update_dates(document, line)
            document.touched(line)


def set_document_date(document: SalesDocument, day: date) -> None:
    header = document.header
    header[document.kind.document_date] = day
    customers.set_payment_terms(document, header["_paymentTermsCode"])


def set_posting_date(document: SalesDocument, day: date) -> None:
    header = document.header
    header["postingDate"] = day
    factor = currency_factor(document.company, header["_currencyCode"], day)
    if factor is not None:
        header["_currencyFactor"] = factor


def set_salesperson(document: SalesDocument, code: str) -> None:
    if code and document.company.by_code("salespersonPurchaser", code) is None:
        raise not_related("Salesperson Code", "Sales Header", code, "Salesperson/Purchaser")
    document.header["salesperson"] = code


def set_dimension(document: SalesDocument, code: str, *, number: int) -> None:
    if code and dimensions.global_value(document.session, number, code) is None:
        caption = f"Shortcut Dimension {number} Code"
        raise not_related(caption, "Sales Header", code, "Dimension Value")
    document.header[f"shortcutDimension{number}Code"] = code


def set_email(document: SalesDocument, text: str) -> None:
    check_email(text)
    document.header["email"] = text


def set_phone(document: SalesDocument, text: str) -> None:
    check_phone(text, "Sell-to Phone No.", document.record)
    document.header["phoneNumber"] = text


def set_sell_to_country(document: SalesDocument, code: str) -> None:
    check_country(document.company, code, "Sell-to Country/Region Code", "Sales Header")
    set_sell_to_part(document, code, part="Country")


def set_ship_to_country(document: SalesDocument, code: str) -> None:
    check_country(document.company, code, "Ship-to Country/Region Code", "Sales Header")
    document.header["shipToCountry"] = code


def set_sell_to_part(document: SalesDocument, text: str, *, part: str) -> None:
    """The ship-to address follows where it was the same, unless a Ship-to Code is set."""
    header = document.header
    was = header[f"sellTo{part}"]
    header[f"sellTo{part}"] = text
    if not header["_shipToCode"] and header[f"shipTo{part}"] == was:
        header[f"shipTo{part}"] = text


VALIDATORS: dict[str, Callable[[SalesDocument, Any], None]] = {
    "customerNumber": set_sell_to,
    "billToCustomerNumber": set_bill_to,
    "_shipToCode": set_ship_to_code,
    "_currencyCode": set_currency,
    "pricesIncludeTax": set_prices_include_tax,
    "_paymentTermsCode": customers.set_payment_terms,
    "_shipmentMethodCode": set_shipment_method,
    "_shippingAdvice": set_shipping_advice,
    "requestedDeliveryDate": set_requested_delivery_date,
    "orderDate": set_document_date,
    "documentDate": set_document_date,
    "invoiceDate": set_document_date,
    "postingDate": set_posting_date,
    "salesperson": set_salesperson,
    "shortcutDimension1Code": partial(set_dimension, number=1),
    "shortcutDimension2Code": partial(set_dimension, number=2),
    "email": set_email,
    "phoneNumber": set_phone,
    **{f"sellTo{part}": partial(set_sell_to_part, part=part) for part in customers.BLOCKS},
    "sellToCountry": set_sell_to_country,
    "shipToCountry": set_ship_to_country,
}
