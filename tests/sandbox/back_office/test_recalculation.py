"""What one written field does to the others. (Sections 4.3 and 9.11 of the fact sheet.)"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def line_of(lab: Any, order: Any) -> Any:
    line = order["salesOrderLines"][0]
    return line, f"salesOrders({order['id']})/salesOrderLines({line['id']})"


def item_id(lab: Any, number: Any) -> Any:
    return lab.list(f"items?$filter=number eq '{number}'")[0]["id"]


def customer(lab: Any, number: Any = "10000") -> Any:
    return lab.list(f"customers?$filter=number eq '{number}'")[0]


def test_an_order_takes_its_defaults_from_the_customer(lab: Any) -> None:
    """Name, addresses, terms, method, currency, salesperson, e-mail; dates are the work date."""
    order = lab.order()
    known = customer(lab)
    assert order["customerName"] == order["billToName"] == order["shipToName"] == "Adatum Corporation"
    for side in ("sellTo", "billTo", "shipTo"):
        assert order[f"{side}AddressLine1"] == "10000 Main Street"
        assert (order[f"{side}City"], order[f"{side}PostCode"], order[f"{side}Country"]) == (
            "Atlanta",
            "31772",
            "US",
        )
    assert order["paymentTermsId"] == known["paymentTermsId"]
    assert order["shipmentMethodId"] == known["shipmentMethodId"]
    assert (order["salesperson"], order["email"]) == ("JO", "robert.townes@contoso.com")
    assert order["orderDate"] == order["postingDate"] == lab.service.clock.now().date().isoformat()
    assert (order["status"], order["partialShipping"]) == ("Draft", True)


def test_a_line_takes_price_text_and_unit_from_its_item(lab: Any) -> None:
    """Shipment date from the header; all of it to be shipped and invoiced."""
    line, _ = line_of(lab, lab.order(lab.item_line(quantity=3)))
    assert (line["description"], line["unitOfMeasureCode"]) == ("ATHENS Desk", "PCS")
    assert line["unitPrice"] == Decimal("1000.8")
    assert (line["shipQuantity"], line["invoiceQuantity"], line["shippedQuantity"]) == (3, 3, 0)
    assert line["shipmentDate"] == lab.service.clock.now().date().isoformat()


def test_quantity_alone_reprices_the_line(lab: Any) -> None:
    """The negotiated price and the discount are lost."""
    line, path = line_of(lab, lab.order(lab.item_line(quantity=2, unitPrice=900, discountPercent=10)))
    assert (line["unitPrice"], line["discountPercent"]) == (900, 10)
    line = lab.changed(path, {"quantity": 3})
    assert (line["unitPrice"], line["discountPercent"]) == (Decimal("1000.8"), 0)


def test_quantity_with_price_and_discount_after_it_keeps_them(lab: Any) -> None:
    """Send the group together, in the order of validation."""
    _, path = line_of(lab, lab.order(lab.item_line(quantity=2, unitPrice=900, discountPercent=10)))
    line = lab.changed(path, {"quantity": 3, "unitPrice": 900, "discountPercent": 10})
    assert (line["quantity"], line["unitPrice"], line["discountPercent"]) == (3, 900, 10)
    assert line["amountExcludingTax"] == 2430


def test_a_price_before_the_quantity_in_the_payload_is_lost(lab: Any) -> None:
    """Fields are validated in the order of the payload."""
    _, path = line_of(lab, lab.order(lab.item_line(quantity=2)))
    assert lab.changed(path, {"unitPrice": 900, "quantity": 3})["unitPrice"] == Decimal("1000.8")


def test_the_order_of_validation_can_be_that_of_the_page(lab: Any) -> None:
    """Then quantity comes before unitPrice, however they were sent."""
    lab.switch(validation_order="page")
    _, path = line_of(lab, lab.order(lab.item_line(quantity=2)))
    assert lab.changed(path, {"unitPrice": 900, "quantity": 3})["unitPrice"] == 900


def test_an_unchanged_property_is_validated_again_unless_switched(lab: Any) -> None:
    """The same price sent along with a new quantity: it stays, or the server skips it and reprices."""
    _, path = line_of(lab, lab.order(lab.item_line(quantity=2, unitPrice=900)))
    assert lab.changed(path, {"quantity": 3, "unitPrice": 900})["unitPrice"] == 900
    lab.switch(unchanged_properties="skipped")
    assert lab.changed(path, {"quantity": 4, "unitPrice": 900})["unitPrice"] == Decimal("1000.8")


def test_a_value_that_is_there_already_is_not_validated(lab: Any) -> None:
    """The same quantity again does not reprice."""
    _, path = line_of(lab, lab.order(lab.item_line(quantity=2, unitPrice=900)))
    assert lab.changed(path, {"quantity": 2})["unitPrice"] == 900


def test_another_unit_reprices_by_its_quantity(lab: Any) -> None:
    """A box of six chairs costs six times one chair."""
    _, path = line_of(lab, lab.order(lab.item_line("1900-S", 2)))
    line = lab.changed(path, {"unitOfMeasureCode": "BOX"})
    assert (line["unitPrice"], line["quantity"]) == (Decimal("1156.8"), 2)


def test_a_unit_may_have_a_price_of_its_own(lab: Any) -> None:
    """A price list line for that unit beats the calculated price."""
    lab.service.add_price(lab.company, "1900-S", Decimal(1000), unit="BOX")
    _, path = line_of(lab, lab.order(lab.item_line("1900-S", 2)))
    assert lab.changed(path, {"unitOfMeasureCode": "BOX"})["unitPrice"] == 1000


def test_customer_prices_and_discounts_are_found_by_quantity(lab: Any) -> None:
    """A special price from ten pieces on, and a discount for this customer only."""
    lab.service.add_price(lab.company, "1896-S", Decimal(950), customer_number="10000", minimum_quantity=Decimal(10))
    lab.service.add_price(lab.company, "1896-S", Decimal(0), customer_number="10000", discount_percent=Decimal(3))
    line, path = line_of(lab, lab.order(lab.item_line(quantity=2)))
    assert (line["unitPrice"], line["discountPercent"]) == (Decimal("1000.8"), 3)
    line = lab.changed(path, {"quantity": 10})
    assert (line["unitPrice"], line["discountPercent"], line["discountAmount"]) == (950, 3, 285)
    other = lab.order(lab.item_line(quantity=10), customerNumber="20000")["salesOrderLines"][0]
    assert (other["unitPrice"], other["discountPercent"]) == (Decimal("1000.8"), 0)


def test_a_changed_item_starts_the_line_anew_but_for_its_quantity(lab: Any) -> None:
    """Description, unit, price, discounts and dates are those of the new item."""
    line, path = line_of(
        lab, lab.order(lab.item_line(quantity=2, unitPrice=900, discountPercent=10, description="Oak"))
    )
    changed = lab.changed(path, {"itemId": item_id(lab, "1900-S")})
    assert (changed["id"], changed["sequence"], changed["quantity"]) == (line["id"], 10000, 2)
    assert (changed["description"], changed["unitPrice"]) == ("PARIS Guest Chair", Decimal("192.8"))
    assert changed["discountPercent"] == 0


def test_the_line_object_number_of_an_item_line_cannot_be_changed(lab: Any) -> None:
    """ItemId is the way to change the product."""
    _, path = line_of(lab, lab.order(lab.item_line()))
    answer = lab.patch(path, {"lineObjectNumber": "1900-S"}, if_match="*")
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == 'The value for "lineObjectNumber" cannot be modified.'


def test_a_changed_line_type_blanks_the_line(lab: Any) -> None:
    """Init: only the key survives."""
    line, path = line_of(lab, lab.order(lab.item_line(quantity=2)))
    changed = lab.changed(path, {"lineType": "Comment"})
    assert changed["id"] == line["id"]
    assert (changed["lineObjectNumber"], changed["description"], changed["quantity"]) == ("", "", 0)


def test_a_variant_brings_its_description_and_must_belong_to_the_item(lab: Any) -> None:
    """After the item; another item's variant is refused."""
    red = lab.made("itemVariants", {"itemNumber": "1896-S", "code": "RED", "description": "Red desk"})
    blue = lab.made("itemVariants", {"itemNumber": "1900-S", "code": "BLUE", "description": "Blue chair"})
    line, path = line_of(lab, lab.order(lab.item_line(itemVariantId=red["id"])))
    assert (line["itemVariantId"], line["description"]) == (red["id"], "Red desk")
    answer = lab.patch(path, {"itemVariantId": blue["id"]}, if_match="*")
    lab.refused(answer, 400, "Internal_InvalidTableRelation")


def test_another_customer_brings_everything_of_his_and_new_lines(lab: Any) -> None:
    """Addresses, terms, currency; lines with his prices; comments keep their text."""
    lab.service.add_price(lab.company, "1896-S", Decimal(800), customer_number="20000")
    order = lab.order(
        lab.item_line(quantity=2, unitPrice=900), {"lineType": "Comment", "description": "Handle with care"}
    )
    lab.changed(f"salesOrders({order['id']})", {"discountAmount": 50})
    changed = lab.changed(f"salesOrders({order['id']})", {"customerId": customer(lab, "20000")["id"]})
    assert (changed["customerNumber"], changed["sellToCity"], changed["shipToCity"]) == (
        "20000",
        "Chicago",
        "Chicago",
    )
    assert changed["paymentTermsId"] == customer(lab, "20000")["paymentTermsId"]
    assert changed["discountAmount"] == 0
    lines = lab.order_with_lines(order["id"])["salesOrderLines"]
    assert [(one["description"], one["quantity"], one["unitPrice"]) for one in lines] == [
        ("ATHENS Desk", 2, 800),
        ("Handle with care", 0, 0),
    ]


def test_both_customer_values_must_agree(lab: Any) -> None:
    """One is enough; two that differ are refused."""
    body = {"customerId": customer(lab)["id"], "customerNumber": "20000"}
    message = lab.refused(lab.post("salesOrders", body), 400, "Application_DialogException")
    assert message == "The sell-to customer values do not match to a specific Customer."
    message = lab.refused(lab.post("salesOrders", {}), 400, "Application_DialogException")
    assert message == 'A "customerNumber" or a "customerId" must be provided.'
    message = lab.refused(lab.post("salesOrders", {"customerNumber": "?"}), 400, "Application_DialogException")
    assert message == "The sell-to customer cannot be found."


def test_another_currency_looks_prices_up_again_and_drops_the_invoice_discount(lab: Any) -> None:
    """0.8 euros for a dollar."""
    order = lab.order(lab.item_line(quantity=2, unitPrice=900))
    lab.changed(f"salesOrders({order['id']})", {"discountAmount": 50})
    changed = lab.changed(f"salesOrders({order['id']})", {"currencyCode": "EUR"})
    assert (changed["currencyCode"], changed["discountAmount"]) == ("EUR", 0)
    assert changed["currencyId"] == lab.list("currencies")[0]["id"]
    line = lab.order_with_lines(order["id"])["salesOrderLines"][0]
    assert line["id"] == order["salesOrderLines"][0]["id"]
    assert line["unitPrice"] == Decimal("800.64")


@pytest.mark.parametrize("code", ["USD", "", "usd"])
def test_the_local_currency_code_means_no_currency(lab: Any, code: Any) -> None:
    """Writing it, or a blank, makes the order local again."""
    order = lab.order(currencyCode="EUR")
    changed = lab.changed(f"salesOrders({order['id']})", {"currencyCode": code})
    assert (changed["currencyId"], changed["currencyCode"]) == ("00000000-0000-0000-0000-000000000000", "USD")


def test_a_currency_without_an_exchange_rate_is_refused(lab: Any) -> None:
    """There must be a rate on or before the posting date."""
    lab.made("currencies", {"code": "SEK", "displayName": "Krona"})
    answer = lab.post("salesOrders", {"customerNumber": "10000", "currencyCode": "SEK"})
    lab.refused(answer, 400, "Internal_DataNotFoundFilter")
    answer = lab.post("salesOrders", {"customerNumber": "10000", "currencyCode": "XXX"})
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == 'The "currencyCode" does not match to a Currency.'


def test_prices_include_tax_converts_prices_without_looking_them_up(vat: Any) -> None:
    """900 net become 1125 gross at 25 %, and back."""
    order = vat.order(vat.item_line(quantity=2, unitPrice=900))
    vat.changed(f"salesOrders({order['id']})", {"pricesIncludeTax": True})
    line = vat.order_with_lines(order["id"])["salesOrderLines"][0]
    assert (line["unitPrice"], line["amountExcludingTax"]) == (1125, 1800)
    changed = vat.changed(f"salesOrders({order['id']})", {"pricesIncludeTax": False})
    assert changed["totalAmountIncludingTax"] == 2250
    assert vat.order_with_lines(order["id"])["salesOrderLines"][0]["unitPrice"] == 900


def test_prices_include_tax_is_refused_with_us_sales_tax(lab: Any) -> None:
    """There is no such thing there."""
    order = lab.order(lab.item_line())
    answer = lab.patch(f"salesOrders({order['id']})", {"pricesIncludeTax": True}, if_match="*")
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == 'The "pricesIncludeTax" cannot be set to true if VAT Calculation Type is Sales Tax.'


def test_a_discount_amount_is_distributed_and_follows_the_lines(vat: Any) -> None:
    """A fixed amount stays the same when a line changes; 0 removes it."""
    order = vat.order(vat.item_line(quantity=1, unitPrice=300), vat.item_line("1900-S", 1, unitPrice=100))
    path = f"salesOrders({order['id']})"
    assert vat.changed(path, {"discountAmount": 40})["totalAmountExcludingTax"] == 360
    first = vat.order_with_lines(order["id"])["salesOrderLines"][0]
    vat.changed(f"{path}/salesOrderLines({first['id']})", {"quantity": 3, "unitPrice": 300})
    after = vat.order_with_lines(order["id"])
    assert after["discountAmount"] == 40
    assert [one["invoiceDiscountAllocation"] for one in after["salesOrderLines"]] == [36, 4]
    assert vat.changed(path, {"discountAmount": 0})["totalAmountExcludingTax"] == 1000


def test_a_discount_amount_without_lines_to_take_it_is_an_error(lab: Any) -> None:
    """At creation the lines do not exist yet."""
    answer = lab.post("salesOrders", {"customerNumber": "10000", "discountAmount": 5})
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message.startswith("Cannot apply an invoice discount because the document does not include lines")
    order = lab.order(lab.item_line(unitPrice=10))
    answer = lab.patch(f"salesOrders({order['id']})", {"discountAmount": 11}, if_match="*")
    lab.refused(answer, 400, "Application_DialogException")


def test_a_customers_own_invoice_discount_is_calculated(lab: Any) -> None:
    """From the discount table, once the minimum amount is reached."""
    lab.service.set_customer(
        lab.company, "10000", invoice_discount_percent=Decimal(5), invoice_discount_minimum=Decimal(100)
    )
    order = lab.order(lab.item_line(unitPrice=90))
    assert order["discountAmount"] == 0
    _, path = line_of(lab, order)
    lab.changed(path, {"quantity": 2, "unitPrice": 90})
    assert lab.read(f"salesOrders({order['id']})")["discountAmount"] == 9


def test_the_bill_to_address_follows_the_sell_to_address(lab: Any) -> None:
    """At every write, while both are the same customer; the ship-to address follows where it was the same."""
    order = lab.order()
    changed = lab.changed(f"salesOrders({order['id']})", {"sellToAddressLine1": "1 New Road"})
    assert changed["billToAddressLine1"] == "1 New Road"
    assert changed["shipToAddressLine1"] == "1 New Road"
    changed = lab.changed(f"salesOrders({order['id']})", {"shipToAddressLine1": "2 Depot Lane"})
    changed = lab.changed(f"salesOrders({order['id']})", {"sellToAddressLine1": "3 Old Road"})
    assert (changed["billToAddressLine1"], changed["shipToAddressLine1"]) == ("3 Old Road", "2 Depot Lane")


def test_another_bill_to_customer_brings_his_terms_and_keeps_the_sell_to_address(lab: Any) -> None:
    """The bill-to address is his own then."""
    order = lab.order(billToCustomerNumber="20000")
    assert (order["billToName"], order["billToCity"], order["sellToCity"]) == (
        "Trey Research",
        "Chicago",
        "Atlanta",
    )
    assert order["paymentTermsId"] == customer(lab, "20000")["paymentTermsId"]


def test_writing_one_ship_to_field_takes_the_rest_from_the_customer_again(lab: Any) -> None:
    """A Ship-to Code was set: it is blanked, and the address of that code goes with it."""
    lab.service.add_ship_to_address(
        lab.company, "10000", "DEPOT", default=True, displayName="Depot", addressLine1="Dock 4", city="Macon"
    )
    order = lab.order()
    assert (order["shipToName"], order["shipToAddressLine1"], order["shipToCity"]) == (
        "Depot",
        "Dock 4",
        "Macon",
    )
    changed = lab.changed(f"salesOrders({order['id']})", {"shipToAddressLine2": "Gate B"})
    assert changed["shipToAddressLine2"] == "Gate B"
    assert (changed["shipToName"], changed["shipToCity"]) == ("Adatum Corporation", "Atlanta")


def test_the_requested_delivery_date_goes_to_the_lines(lab: Any) -> None:
    """Their shipment date is counted back from it."""
    order = lab.order(lab.item_line())
    lab.changed(f"salesOrders({order['id']})", {"requestedDeliveryDate": "2031-03-16"})
    assert lab.order_with_lines(order["id"])["salesOrderLines"][0]["shipmentDate"] == "2031-03-16"
    added = lab.made(f"salesOrders({order['id']})/salesOrderLines", lab.item_line("1900-S"))
    assert added["shipmentDate"] == "2031-03-16"


def test_a_deep_insert_answers_the_header_unless_lines_are_asked_for(lab: Any) -> None:
    """Whether lines come without $expand is not known: a switch."""
    body = {"customerNumber": "10000", "salesOrderLines": [lab.item_line()]}
    assert "salesOrderLines" not in lab.made("salesOrders", body)
    assert len(lab.made("salesOrders?$expand=salesOrderLines", body)["salesOrderLines"]) == 1
    lab.switch(deep_insert_response="lines")
    assert len(lab.made("salesOrders", body)["salesOrderLines"]) == 1
    lab.switch(deep_insert_totals="before-lines")
    made = lab.made("salesOrders", body)
    assert made["totalAmountExcludingTax"] == 0
    assert lab.read(f"salesOrders({made['id']})")["totalAmountExcludingTax"] == Decimal("1000.8")


def test_a_deep_insert_is_one_transaction(lab: Any) -> None:
    """A line that is refused takes the order with it."""
    body = {"customerNumber": "10000", "salesOrderLines": [lab.item_line(), lab.item_line("NOPE")]}
    lab.refused(lab.post("salesOrders", body), 400, "Application_DialogException")
    assert lab.list("salesOrders") == []
