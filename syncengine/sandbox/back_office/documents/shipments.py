"""Posted shipments: a copy of header and lines, the quantities of the order moved on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import dimensions
from syncengine.sandbox.back_office.documents.archive import SALES_LINE_TYPE
from syncengine.sandbox.back_office.documents.blanks import blank

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)
_LINE = (
    "sequence",
    "lineObjectNumber",
    "description",
    "description2",
    "unitOfMeasureCode",
    "unitPrice",
    "discountPercent",
    "taxPercent",
    "shipmentDate",
)


def post_shipment(document: SalesDocument, quantities: dict[str, Decimal]) -> Row:
    """All lines are copied, those not shipped with quantity 0."""
    session, header = document.session, document.header
    row = blank("salesShipment")
    row.update({name: header[name] for name in row if name in header})
    row.update(
        id=session.new_id(),
        number=session.next_number("postedShipment"),
        invoiceDate=header["orderDate"],
        customerPurchaseOrderReference=header["_yourReference"],
        orderNumber=header["number"],
        paymentTermsCode=header["_paymentTermsCode"],
        shipmentMethodCode=header["_shipmentMethodCode"],
        _orderId=header["id"],
    )
    stored = session.insert("salesShipment", row)
    dimensions.copy(session, header["id"], "salesShipment", stored["id"])
    for line in document.lines:
        quantity = quantities.get(line["id"], ZERO)
        shipped = blank("salesShipmentLine")
        shipped.update({name: line[name] for name in _LINE})
        shipped.update(
            id=session.new_id(),
            documentId=stored["id"],
            documentNo=stored["number"],
            lineType=SALES_LINE_TYPE[line["lineType"]],
            quantity=quantity,
            _orderLineId=line["id"],
        )
        session.insert("salesShipmentLine", shipped)
        dimensions.copy(session, line["id"], "salesShipmentLine", shipped["id"])
        if quantity:
            _move_on(document, line, quantity)
    return stored


def _move_on(document: SalesDocument, line: Row, quantity: Decimal) -> None:
    line["shippedQuantity"] += quantity
    line["_outstanding"] = line["quantity"] - line["shippedQuantity"]
    line["_completelyShipped"] = not line["_outstanding"]
    line["shipQuantity"] = line["_outstanding"]
    line["invoiceQuantity"] = line["quantity"] - line["invoicedQuantity"]
    document.touched(line)
    item = document.company.by_number("item", line["lineObjectNumber"])
    if line["lineType"] == "Item" and item is not None and item["type"] == "Inventory":
        left = item["inventory"] - quantity * line["_quantityPerUnit"]
        # A FlowField: the item is not modified by what moves its inventory.
        document.company["item"].replace(item, {**item, "inventory": left})
