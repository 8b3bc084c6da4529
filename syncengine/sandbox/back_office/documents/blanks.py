"""Empty rows: every column a table has, with its empty value; copied for each new record."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.schema.entities import companion_api
from syncengine.sandbox.back_office.schema.entities import standard_api
from syncengine.sandbox.back_office.values import NO_DATE
from syncengine.sandbox.back_office.values import NO_GUID
from syncengine.sandbox.back_office.values import NO_TIME
from syncengine.sandbox.back_office.values import empty_value

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

_HEADER: Row = {
    "_status": "Open",  # BC's own word: Open, Released, Pending Approval, Pending Prepayment
    "_currencyCode": "",  # raw: the local currency is blank
    "_currencyFactor": Decimal(1),
    "_paymentTermsCode": "",
    "_shipmentMethodCode": "",
    "_shipToCode": "",
    "_shippingAdvice": "Partial",
    "_shippingAgentCode": "",
    "_shippingAgentServiceCode": "",
    "_locationCode": "",
    "_sellToContact": "",
    "_sellToContactNumber": "",
    "_billToContact": "",
    "_yourReference": "",
    "_workDescription": "",
    "_correlation": "",
    "_taxArea": "",
    "_generalBusinessGroup": "",
    "_shipmentDate": NO_DATE,
    "_orderDate": NO_DATE,
    # Shown by some of the three kinds of document, kept by all:
    "pricesIncludeTax": False,
    "discountAppliedBeforeTax": False,
    "requestedDeliveryDate": NO_DATE,
    "dueDate": NO_DATE,
    "_invoiceDiscountCalculation": "None",
    "_invoiceDiscountValue": Decimal(0),
    "_occurrence": 1,
    "_archivedVersions": 0,
    "_documentStamp": NO_TIME,
    "_lineStamp": NO_TIME,
    "_quoteNumber": "",
}
_LINE: Row = {
    "_variantCode": "",
    "_locationCode": "",
    "_quantityPerUnit": Decimal(1),
    "_outstanding": Decimal(0),
    "_completelyShipped": False,
    "_lineAmount": Decimal(0),
    "_invoiceDiscount": Decimal(0),
    "_allowInvoiceDiscount": True,
    "_recalculate": False,
    "_taxGroup": "",
    "_itemCategoryCode": "",
    "_shortcutDimension1Code": "",
    "_shortcutDimension2Code": "",
    "shippedQuantity": Decimal(0),
    "invoicedQuantity": Decimal(0),
    "shipQuantity": Decimal(0),
    "invoiceQuantity": Decimal(0),
    "invoiceDiscountAllocation": Decimal(0),
    "shipmentDate": NO_DATE,
}
_DOCUMENTS = {"salesOrder": _HEADER, "salesQuote": _HEADER, "salesInvoice": _HEADER}
_LINES = {"salesOrderLine": _LINE, "salesQuoteLine": _LINE, "salesInvoiceLine": _LINE}
_OTHERS: dict[str, Row] = {
    "customer": {
        "_billToNumber": "",
        "_shipToCode": "",
        "_generalBusinessGroup": "",
        "_taxAreaCode": "",
        "_pricesIncludeTax": False,
        "_contact": "",
        "_fax": "",
        "_contactNumber": "",
        "_locationCode": "",
        "_shippingAgentCode": "",
        "_shippingAgentServiceCode": "",
        "_shippingAdvice": "Partial",
        "_invoiceDiscountPercent": Decimal(0),
        "_invoiceDiscountMinimum": Decimal(0),
    },
    "contact": {"_customerId": NO_GUID},
    "item": {"_salesBlocked": False, "_salesUnit": "", "_allowInvoiceDiscount": True},
    "account": {"_generalProductGroup": "", "_taxGroupCode": ""},
    "dimensionValue": {"_dimensionCode": ""},
    "attachment": {"_content": b""},
    "documentAttachment": {"_content": b""},
    "salesShipment": {"_orderId": NO_GUID},
    "salesShipmentLine": {"_orderLineId": NO_GUID, "_notInvoiced": Decimal(0)},
}
_TEMPLATES: dict[str, Row] = {}


def blank(name: str) -> Row:
    """A new empty row of any table of either API."""
    template = _TEMPLATES.get(name)
    if template is None:
        kind = standard_api().types.get(name) or companion_api().types[name]
        template = {column.name: empty_value(column) for column in kind.properties.values()}
        template |= _DOCUMENTS.get(name) or _LINES.get(name) or _OTHERS.get(name, {})
        _TEMPLATES[name] = template
    return dict(template)


def blank_header(session: Session, name: str) -> Row:
    header = blank(name)
    header["id"] = session.new_id()
    return header


def blank_line(session: Session, name: str) -> Row:  # noqa: ARG001  one signature with blank_header
    line = blank(name)
    line["lineType"] = "Comment"
    return line
