"""Status words, and what a released order refuses. (Section 9.12 of the fact sheet.)"""

from __future__ import annotations

from typing import Any

import pytest

WHOLE = {"lineType": "Item", "lineObjectNumber": "1900-S", "quantity": 1}


def released(lab: Any, *lines: Any) -> Any:
    order = lab.order(*(lines or [lab.item_line(quantity=2)]))
    lab.door("POST", f"orders/{order['id']}/release")
    return order


def test_status_words_of_the_api_are_not_those_of_the_client(lab: Any) -> None:
    """Draft is the client's Open, In Review its Pending Approval, Open its Released."""
    order = lab.order(lab.item_line())
    actions = ("send-for-approval", "approve", "reopen", "release")
    words = [order["status"]]
    words += [lab.door("POST", f"orders/{order['id']}/{one}")["order"]["status"] for one in actions]
    assert words == ["Draft", "In_x0020_Review", "Open", "Draft", "Open"]
    assert [one["id"] for one in lab.list("salesOrders?$filter=status eq 'Open'")] == [order["id"]]


def test_a_rejected_order_is_a_draft_again(lab: Any) -> None:
    """And its approval entry says so."""
    order = lab.order(lab.item_line())
    lab.door("POST", f"orders/{order['id']}/send-for-approval")
    (entry,) = lab.list("approvalEntries")
    assert (entry["documentNumber"], entry["status"]) == (order["number"], "Open")
    assert lab.door("POST", f"orders/{order['id']}/reject")["order"]["status"] == "Draft"
    assert lab.list("approvalEntries")[0]["status"] == "Rejected"


def test_the_standard_api_can_neither_release_nor_reopen(lab: Any) -> None:
    """Only shipAndInvoice is there; created orders stay Draft, and status is read-only."""
    order = lab.order(lab.item_line())
    for action in ("release", "reopen", "archive"):
        answer = lab.post(f"salesOrders({order['id']})/Microsoft.NAV.{action}")
        lab.refused(answer, 404, "BadRequest_ResourceNotFound")
    answer = lab.patch(f"salesOrders({order['id']})", {"status": "Open"}, if_match="*")
    assert lab.refused(answer, 400, "BadRequest_InvalidOperation") == "Control 'status' is read-only."


@pytest.mark.parametrize(
    "change",
    [
        {"customerNumber": "20000"},
        {"billToCustomerNumber": "20000"},
        {"currencyCode": "EUR"},
        {"shipmentMethodId": "00000000-0000-0000-0000-000000000000"},
        {"partialShipping": False},
        {"requestedDeliveryDate": "2031-01-31"},
    ],
)
@pytest.mark.parametrize(("door", "status"), [("release", "Released"), ("send-for-approval", "Pending Approval")])
def test_header_fields_that_a_released_or_reviewed_order_refuses(lab: Any, change: Any, door: Any, status: Any) -> None:
    """TestStatusOpen, in AL's own words."""
    order = lab.order(lab.item_line())
    lab.door("POST", f"orders/{order['id']}/{door}")
    answer = lab.patch(f"salesOrders({order['id']})", change, if_match="*")
    message = lab.refused(answer, 400, "Application_FieldValidationException")
    assert message == (
        f"Status must be equal to 'Open'  in Sales Header: Document Type=Order, No.={order['number']}. "
        f"Current value is '{status}'."
    )


def test_prices_include_tax_is_refused_on_a_released_order(vat: Any) -> None:
    """Where it exists at all."""
    order = released(vat)
    answer = vat.patch(f"salesOrders({order['id']})", {"pricesIncludeTax": True}, if_match="*")
    vat.refused(answer, 400, "Application_FieldValidationException")


@pytest.mark.parametrize(
    "change",
    [
        {"externalDocumentNumber": "LATE"},
        {"orderDate": "2031-01-31"},
        {"postingDate": "2031-01-31"},
        {"paymentTermsId": "00000000-0000-0000-0000-000000000000"},
        {"salesperson": ""},
        {"sellToAddressLine1": "Elsewhere 1"},
        {"shipToAddressLine1": "Elsewhere 1"},
        {"phoneNumber": "+1 555"},
        {"email": "late@contoso.com"},
    ],
)
def test_header_fields_that_a_released_order_still_takes(lab: Any, change: Any) -> None:
    """The correlation field among them."""
    order = released(lab)
    changed = lab.changed(f"salesOrders({order['id']})", change)
    assert {name: changed[name] for name in change} == change
    assert changed["status"] == "Open"


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 3},
        {"unitPrice": 1},
        {"discountPercent": 1},
        {"discountAmount": 1},
        {"shipmentDate": "2031-01-31"},
        {"taxCode": "NONTAXABLE"},
        {"unitOfMeasureCode": "BOX"},
        {"lineType": "Comment"},
    ],
)
def test_line_fields_that_a_released_order_refuses(lab: Any, change: Any) -> None:
    """Type, number, variant, location, unit, quantity, price, discounts, tax group, shipment date."""
    order = released(lab, lab.item_line("1900-S", 2))
    line = order["salesOrderLines"][0]
    answer = lab.patch(f"salesOrders({order['id']})/salesOrderLines({line['id']})", change, if_match="*")
    lab.refused(answer, 400, "Application_FieldValidationException")


def test_item_variant_and_location_of_a_released_order_are_refused(lab: Any) -> None:
    """By their ids."""
    location = lab.made("locations", {"code": "EAST", "displayName": "East"})
    variant = lab.made("itemVariants", {"itemNumber": "1896-S", "code": "RED"})
    order = released(lab)
    path = f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"
    item = lab.list("items?$filter=number eq '1900-S'")[0]["id"]
    for change in ({"itemId": item}, {"locationId": location["id"]}, {"itemVariantId": variant["id"]}):
        lab.refused(lab.patch(path, change, if_match="*"), 400, "Application_FieldValidationException")


def test_lines_of_a_released_order_can_be_neither_added_nor_deleted(lab: Any) -> None:
    """Reopen first."""
    order = released(lab)
    path = f"salesOrders({order['id']})/salesOrderLines"
    lab.refused(lab.post(path, WHOLE), 400, "Application_FieldValidationException")
    answer = lab.delete(f"{path}({order['salesOrderLines'][0]['id']})")
    lab.refused(answer, 400, "Application_FieldValidationException")
    lab.door("POST", f"orders/{order['id']}/reopen")
    assert lab.post(path, WHOLE).status_code == 201


def test_comment_lines_pass_on_a_released_order(lab: Any) -> None:
    """Added, changed and deleted."""
    order = released(lab)
    path = f"salesOrders({order['id']})/salesOrderLines"
    line = lab.made(path, {"description": "Call before delivery"})
    assert line["lineType"] == "Comment"
    assert lab.changed(f"{path}({line['id']})", {"description": "Ring twice"})["description"] == "Ring twice"
    assert lab.delete(f"{path}({line['id']})").status_code == 204


def test_description_and_quantities_of_the_next_posting_stay_open(lab: Any) -> None:
    """shipQuantity, invoiceQuantity and description of a released order's line."""
    order = released(lab)
    path = f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"
    line = lab.changed(path, {"description": "Oak", "shipQuantity": 1})
    assert (line["description"], line["shipQuantity"], line["invoiceQuantity"]) == ("Oak", 1, 1)
    message = lab.refused(lab.patch(path, {"shipQuantity": 3}, if_match="*"), 400, "Application_DialogException")
    assert message == "You cannot ship more than 2 units."
    message = lab.refused(lab.patch(path, {"invoiceQuantity": 2}, if_match="*"), 400, "Application_DialogException")
    assert message == "You cannot invoice more than 1 units."


def test_the_discount_of_a_released_order_can_be_changed(lab: Any) -> None:
    """DiscountAmount is not among the refused fields."""
    order = released(lab)
    assert lab.changed(f"salesOrders({order['id']})", {"discountAmount": 5})["discountAmount"] == 5


@pytest.mark.parametrize(("policy", "status"), [("refused", 400), ("allowed", 200)])
def test_the_ship_to_of_a_released_order_with_a_ship_to_code_is_doubtful(lab: Any, policy: Any, status: Any) -> None:
    """Blanking the code reaches fields that test the status."""
    lab.service.add_ship_to_address(lab.company, "10000", "DEPOT", default=True, displayName="Depot")
    lab.switch(released_ship_to_code=policy)
    order = released(lab)
    answer = lab.patch(f"salesOrders({order['id']})", {"shipToAddressLine1": "Dock 4"}, if_match="*")
    assert answer.status_code == status


def test_a_released_order_can_be_deleted(lab: Any) -> None:
    """The status is not checked there."""
    order = released(lab)
    assert lab.delete(f"salesOrders({order['id']})").status_code == 204


def test_an_order_without_quantities_cannot_be_released(lab: Any) -> None:
    """There must be something to release."""
    order = lab.order()
    answer = lab.http.post(f"/sandbox/orders/{order['id']}/release")
    lab.refused(answer, 400, "Application_DialogException")
