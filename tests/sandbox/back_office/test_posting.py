"""Shipping and invoicing. (Sections 5 and 9.13 of the fact sheet.)"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def act(lab: Any, order: Any, action: Any, **body: Any) -> Any:
    return lab.door("POST", f"orders/{order['id']}/{action}", body)


def test_a_partial_shipment_moves_the_quantities_of_the_line(lab: Any) -> None:
    """ShippedQuantity grows, shipQuantity is the rest; a shipment carries the order number."""
    order = lab.order(lab.item_line(quantity=5), externalDocumentNumber="PO-1")
    answer = act(lab, order, "ship", lines=[{"sequence": 10000, "quantity": 2}])
    assert (answer["order"]["status"], answer["order"]["fullyShipped"]) == ("Open", False)
    line = lab.order_with_lines(order["id"])["salesOrderLines"][0]
    assert (line["shippedQuantity"], line["shipQuantity"]) == (2, 3)
    assert (line["invoicedQuantity"], line["invoiceQuantity"]) == (0, 5)
    (shipment,) = lab.list(f"salesShipments?$filter=orderNumber eq '{order['number']}'&$expand=salesShipmentLines")
    assert (shipment["number"], shipment["externalDocumentNumber"]) == ("S-SHPT102001", "PO-1")
    (shipped,) = shipment["salesShipmentLines"]
    assert (shipped["sequence"], shipped["lineObjectNumber"], shipped["quantity"]) == (10000, "1896-S", 2)
    assert shipped["lineType"] == "Item"


def test_a_full_shipment_leaves_the_order_listed(lab: Any) -> None:
    """FullyShipped is true, and the order still there."""
    order = lab.order(lab.item_line(quantity=2))
    assert act(lab, order, "ship")["order"]["fullyShipped"] is True
    assert lab.read(f"salesOrders({order['id']})")["fullyShipped"] is True


def test_shipping_takes_from_the_inventory(lab: Any) -> None:
    """In base units: two boxes are twelve chairs. The item itself is not modified by that."""
    before = lab.list("items?$filter=number eq '1900-S'")[0]
    order = lab.order(lab.item_line("1900-S", 2, unitOfMeasureCode="BOX"))
    act(lab, order, "ship")
    after = lab.list("items?$filter=number eq '1900-S'")[0]
    assert (before["inventory"], after["inventory"]) == (100, 88)
    assert after["lastModifiedDateTime"] == before["lastModifiedDateTime"]


def test_a_partial_invoice_leaves_the_order_and_carries_its_number(lab: Any) -> None:
    """OrderId is the order's id; what is invoiced is what was shipped."""
    order = lab.order(lab.item_line(quantity=4, unitPrice=100))
    act(lab, order, "ship", lines=[{"sequence": 10000, "quantity": 3}])
    answer = act(lab, order, "invoice", lines=[{"sequence": 10000, "quantity": 2}])
    invoice = answer["invoice"]
    assert (invoice["orderId"], invoice["orderNumber"]) == (order["id"], order["number"])
    assert (invoice["number"], invoice["status"]) == ("PS-INV103001", "Open")
    assert (invoice["totalAmountExcludingTax"], invoice["remainingAmount"]) == (200, 200)
    line = lab.order_with_lines(order["id"])["salesOrderLines"][0]
    assert (line["invoicedQuantity"], line["shippedQuantity"], line["invoiceQuantity"]) == (2, 3, 2)
    (invoiced,) = lab.list(f"salesInvoices({invoice['id']})/salesInvoiceLines")
    assert (invoiced["sequence"], invoiced["quantity"], invoiced["netAmount"]) == (10000, 2, 200)


def test_a_fully_invoiced_order_vanishes_with_its_lines(lab: Any) -> None:
    """404 for both; invoice and shipments remain."""
    order = lab.order(lab.item_line(quantity=2))
    line = order["salesOrderLines"][0]["id"]
    act(lab, order, "ship")
    assert act(lab, order, "invoice")["order"] is None
    lab.refused(lab.get(f"salesOrders({order['id']})"), 404, "BadRequest_ResourceNotFound")
    lab.refused(lab.get(f"salesOrderLines({line})"), 404, "BadRequest_ResourceNotFound")
    (invoice,) = lab.list(f"salesInvoices?$filter=orderNumber eq '{order['number']}'")
    assert invoice["orderId"] == order["id"] != invoice["id"]
    assert len(lab.list(f"salesShipments?$filter=orderNumber eq '{order['number']}'")) == 1


def test_invoices_of_parts_add_up_to_the_order(lab: Any) -> None:
    """Discounts of line and document are split to the cent."""
    order = lab.order(lab.item_line(quantity=3, unitPrice=33.33, discountAmount=0.1))
    lab.changed(f"salesOrders({order['id']})", {"discountAmount": 1})
    total = lab.read(f"salesOrders({order['id']})")["totalAmountExcludingTax"]
    act(lab, order, "ship")
    sums = []
    for _ in range(3):
        answer = act(lab, order, "invoice", lines=[{"sequence": 10000, "quantity": 1}])
        sums.append(answer["invoice"]["totalAmountExcludingTax"])
    assert sum(sums) == total == Decimal("98.89")
    assert answer["order"] is None


def test_ship_and_invoice_posts_what_the_lines_say(lab: Any) -> None:
    """The bound action: no body, 204; the rest of the quantity stays on the order."""
    order = lab.order(lab.item_line(quantity=5, shipQuantity=2))
    answer = lab.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice")
    assert (answer.status_code, answer.content) == (204, b"")
    line = lab.order_with_lines(order["id"])["salesOrderLines"][0]
    assert (line["shippedQuantity"], line["invoicedQuantity"], line["shipQuantity"]) == (2, 2, 3)
    assert lab.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice").status_code == 204
    assert lab.get(f"salesOrders({order['id']})").status_code == 404


def test_ship_and_invoice_needs_lines_with_quantities(lab: Any) -> None:
    """Refused with 400, and nothing is posted."""
    path = f"salesOrders({lab.order()['id']})/Microsoft.NAV.shipAndInvoice"
    assert lab.refused(lab.post(path), 400, "Application_DialogException").startswith("Please add at least one")
    path = f"salesOrders({lab.order(lab.item_line(quantity=0))['id']})/Microsoft.NAV.shipAndInvoice"
    message = lab.refused(lab.post(path), 400, "Application_DialogException")
    assert message.startswith("One or more document lines")
    assert lab.list("salesShipments") == []


def test_what_is_shipped_and_not_invoiced_cannot_be_deleted_or_changed(lab: Any) -> None:
    """Neither the order nor the line; the quantity not below what was shipped."""
    order = lab.order(lab.item_line(quantity=5))
    act(lab, order, "ship", lines=[{"sequence": 10000, "quantity": 2}])
    lab.refused(lab.delete(f"salesOrders({order['id']})"), 400, "Application_FieldValidationException")
    act(lab, order, "reopen")
    path = f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"
    lab.refused(lab.delete(path), 400, "Application_FieldValidationException")
    message = lab.refused(lab.patch(path, {"quantity": 1}, if_match="*"), 400, "Application_FieldValidationException")
    assert message.startswith("Quantity must not be less than Quantity Shipped in Sales Line")
    item = lab.list("items?$filter=number eq '1900-S'")[0]["id"]
    lab.refused(lab.patch(path, {"itemId": item}, if_match="*"), 400, "Application_FieldValidationException")
    answer = lab.patch(f"salesOrders({order['id']})", {"customerNumber": "20000"}, if_match="*")
    lab.refused(answer, 400, "Application_FieldValidationException")
    assert lab.changed(path, {"quantity": 7})["shipQuantity"] == 5


def test_nothing_to_invoice_is_refused(lab: Any) -> None:
    """Invoicing needs a shipment."""
    order = lab.order(lab.item_line())
    answer = lab.http.post(f"/sandbox/orders/{order['id']}/invoice")
    lab.refused(answer, 400, "Application_DialogException")
    answer = lab._send(
        "POST",
        f"{lab.origin}/sandbox/orders/{order['id']}/ship",
        {"lines": [{"sequence": 10000, "quantity": 2}]},
        {},
    )
    assert lab.refused(answer, 400, "Application_DialogException") == "You cannot ship more than 1 units."


def test_an_order_in_review_cannot_be_posted(lab: Any) -> None:
    """It must be approved first."""
    order = lab.order(lab.item_line())
    act(lab, order, "send-for-approval")
    answer = lab.http.post(f"/sandbox/orders/{order['id']}/ship")
    lab.refused(answer, 400, "Application_FieldValidationException")


@pytest.mark.parametrize("body", [{"separate": True}, {"combined": True}])
def test_a_separate_or_combined_invoice_carries_no_order_number(lab: Any, body: Any) -> None:
    """And leaves the orders until the batch job deletes them."""
    first, second = lab.order(lab.item_line(quantity=2)), lab.order(lab.item_line("1900-S", 3))
    for order in (first, second):
        act(lab, order, "ship")
    options = {"combined_with": [second["id"]]} if "combined" in body else body
    answer = act(lab, first, "invoice", **options)
    assert (answer["invoice"]["orderNumber"], answer["invoice"]["orderId"][:8]) == ("", "00000000")
    assert answer["order"]["id"] == first["id"]
    lines = lab.list(f"salesInvoices({answer['invoice']['id']})/salesInvoiceLines")
    assert [one["lineObjectNumber"] for one in lines] == (["1896-S", "1900-S"] if "combined" in body else ["1896-S"])
    line = lab.order_with_lines(first["id"])["salesOrderLines"][0]
    assert line["invoicedQuantity"] == 2
    deleted = lab.door("POST", "jobs/delete-invoiced-sales-orders")["deleted"]
    assert deleted == ([first["number"], second["number"]] if "combined" in body else [first["number"]])
    assert lab.get(f"salesOrders({first['id']})").status_code == 404


def test_an_invoice_is_paid_in_parts_and_whole(lab: Any) -> None:
    """Open until nothing remains, then Paid."""
    order = lab.order(lab.item_line(unitPrice=100))
    act(lab, order, "ship")
    invoice = act(lab, order, "invoice")["invoice"]
    paid = lab.door("POST", f"invoices/{invoice['id']}/pay", {"amount": 40})["invoice"]
    assert (paid["status"], paid["remainingAmount"]) == ("Open", 60)
    paid = lab.door("POST", f"invoices/{invoice['id']}/pay")["invoice"]
    assert (paid["status"], paid["remainingAmount"]) == ("Paid", 0)
    assert lab.read(f"salesInvoices({invoice['id']})")["status"] == "Paid"


def test_an_invoice_can_be_canceled_or_corrected(lab: Any) -> None:
    """By action or by the clerk; a posted invoice is frozen otherwise."""
    numbers = []
    for _ in range(2):
        order = lab.order(lab.item_line())
        act(lab, order, "ship")
        numbers.append(act(lab, order, "invoice")["invoice"]["id"])
    assert lab.post(f"salesInvoices({numbers[0]})/Microsoft.NAV.cancel").status_code == 204
    assert lab.read(f"salesInvoices({numbers[0]})")["status"] == "Canceled"
    assert lab.door("POST", f"invoices/{numbers[1]}/correct")["invoice"]["status"] == "Corrective"
    answer = lab.patch(f"salesInvoices({numbers[0]})", {"externalDocumentNumber": "X"}, if_match="*")
    lab.refused(answer, 400, "Application_DialogException")
    lab.refused(lab.delete(f"salesInvoices({numbers[0]})"), 400, "Application_DialogException")


def test_a_draft_invoice_is_posted_under_its_id_with_another_number(lab: Any) -> None:
    """Drafts and posted invoices live in one set."""
    draft = lab.made("salesInvoices", {"customerNumber": "10000", "salesInvoiceLines": [lab.item_line(unitPrice=50)]})
    assert (draft["number"], draft["status"]) == ("S-INV102001", "Draft")
    assert lab.post(f"salesInvoices({draft['id']})/Microsoft.NAV.post").status_code == 204
    posted = lab.read(f"salesInvoices({draft['id']})")
    assert (posted["number"], posted["status"], posted["remainingAmount"]) == ("PS-INV103001", "Open", 50)


def test_a_blocked_customer_or_item_cannot_be_posted(lab: Any) -> None:
    """Blocked after the order was made."""
    order = lab.order(lab.item_line())
    customer = lab.list("customers?$filter=number eq '10000'")[0]["id"]
    lab.changed(f"customers({customer})", {"blocked": "Ship"})
    lab.refused(lab.http.post(f"/sandbox/orders/{order['id']}/ship"), 400, "Application_DialogException")
    lab.changed(f"customers({customer})", {"blocked": "_x0020_"})
    item = lab.list("items?$filter=number eq '1896-S'")[0]["id"]
    lab.changed(f"items({item})", {"blocked": True})
    lab.refused(lab.http.post(f"/sandbox/orders/{order['id']}/ship"), 400, "Application_FieldValidationException")


def test_fully_shipped_looks_at_one_location_only(lab: Any) -> None:
    """A captured order shows true with nothing shipped: compute it from the lines."""
    order = lab.order({"description": "Only a comment"})
    assert order["fullyShipped"] is True
    east = lab.made("locations", {"code": "EAST"})["id"]
    order = lab.order(lab.item_line(), lab.item_line("1900-S", locationId=east))
    assert order["fullyShipped"] is False
    answer = act(lab, order, "ship", lines=[{"sequence": 20000, "quantity": 1}])
    assert answer["order"]["fullyShipped"] is True
    lab.switch(fully_shipped="all-lines")
    order = lab.order(lab.item_line(), lab.item_line("1900-S", locationId=east))
    answer = act(lab, order, "ship", lines=[{"sequence": 20000, "quantity": 1}])
    assert answer["order"]["fullyShipped"] is False


def test_a_long_posting_stamps_its_rows_before_it_commits(lab: Any) -> None:
    """A row is stamped when written, not when committed: below a watermark taken meanwhile."""
    order = lab.order(lab.item_line())
    before = lab.moment(lab.read(f"salesOrders({order['id']})"))
    act(lab, order, "ship", started_seconds_ago=120)
    after = lab.read(f"salesOrders({order['id']})")
    assert after["fullyShipped"] is True
    assert lab.moment(after) < before
