"""Amounts of lines and documents. (Section 9.10 of the fact sheet.)"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_the_sample_order_of_the_fact_sheet(vat: Any) -> None:
    """Two at 1000.80 and four at 192.80 less 5 %, at 25 % VAT, in euros."""
    order = vat.order(
        vat.item_line("1896-S", 2, unitPrice=1000.8),
        vat.item_line("1900-S", 4, unitPrice=192.8, discountPercent=5),
    )
    totals = [order[f"total{one}"] for one in ("AmountExcludingTax", "TaxAmount", "AmountIncludingTax")]
    assert totals == [Decimal("2734.24"), Decimal("683.56"), Decimal("3417.8")]
    first, second = order["salesOrderLines"]
    assert (first["amountExcludingTax"], first["totalTaxAmount"]) == (Decimal("2001.6"), Decimal("500.4"))
    assert (first["amountIncludingTax"], first["taxCode"], first["taxPercent"]) == (
        Decimal("2502.00"),
        "VAT25",
        25,
    )
    assert second["discountAmount"] == Decimal("38.56")
    assert (second["amountExcludingTax"], second["totalTaxAmount"]) == (Decimal("732.64"), Decimal("183.16"))
    assert second["amountIncludingTax"] == Decimal("915.8")
    changed = vat.changed(
        f"salesOrders({order['id']})/salesOrderLines({first['id']})", {"quantity": 3, "unitPrice": 1000.8}
    )
    amounts = [changed[f"{one}"] for one in ("amountExcludingTax", "totalTaxAmount", "amountIncludingTax")]
    assert amounts == [Decimal("3002.4"), Decimal("750.6"), Decimal("3753.00")]
    after = vat.read(f"salesOrders({order['id']})")
    assert after["totalAmountExcludingTax"] == Decimal("3735.04")
    assert after["totalTaxAmount"] == Decimal("933.76")
    assert after["totalAmountIncludingTax"] == Decimal("4668.8")


def test_prices_that_include_tax_are_divided_to_the_net_amount(vat: Any) -> None:
    """VAT out of the price: 100 including 25 % is 80 + 20."""
    order = vat.order(vat.item_line("1896-S", 1, unitPrice=100), pricesIncludeTax=True)
    line = order["salesOrderLines"][0]
    assert (line["amountExcludingTax"], line["totalTaxAmount"]) == (80, 20)
    assert line["amountIncludingTax"] == 100
    assert (order["totalAmountExcludingTax"], order["totalTaxAmount"]) == (80, 20)
    assert order["discountAppliedBeforeTax"] is False


def test_the_invoice_discount_is_shared_in_proportion_with_the_rest_to_the_last_line(vat: Any) -> None:
    """10.00 over three lines of 33.33: 3.33, 3.34, 3.33 add up to the cent."""
    order = vat.order(*(vat.item_line("1896-S", 1, unitPrice=33.33) for _ in range(3)))
    vat.changed(f"salesOrders({order['id']})", {"discountAmount": 10})
    lines = vat.order_with_lines(order["id"])["salesOrderLines"]
    shares = [one["invoiceDiscountAllocation"] for one in lines]
    assert sum(shares) == 10
    assert set(shares) <= {Decimal("3.33"), Decimal("3.34")}
    assert [one["netAmount"] for one in lines] == [Decimal("33.33") - share for share in shares]
    assert [one["amountExcludingTax"] for one in lines] == [Decimal("33.33")] * 3


def test_account_lines_take_no_part_in_the_invoice_discount(vat: Any) -> None:
    """Lines that do not allow it get no share."""
    order = vat.order(
        vat.item_line("1896-S", 1, unitPrice=100),
        {"lineType": "Account", "lineObjectNumber": "61100", "quantity": 1, "unitPrice": 100},
    )
    vat.changed(f"salesOrders({order['id']})", {"discountAmount": 10})
    shares = [one["invoiceDiscountAllocation"] for one in vat.order_with_lines(order["id"])["salesOrderLines"]]
    assert shares == [10, 0]


def test_document_tax_is_rounded_once_per_vat_group(vat: Any) -> None:
    """Three lines of 0.33 at 25 %: each 0.08 by itself, 0.25 together."""
    order = vat.order(*(vat.item_line("1896-S", 1, unitPrice=0.33) for _ in range(3)))
    lines = order["salesOrderLines"]
    assert sum(one["totalTaxAmount"] for one in lines) == Decimal("0.24")
    assert order["totalTaxAmount"] == Decimal("0.25")
    assert sum(one["netTaxAmount"] for one in lines) == Decimal("0.25")


def test_us_sales_tax_is_rounded_once_per_document(lab: Any) -> None:
    """The sum of the lines' own tax may be a cent off, net tax included."""
    area = lab.list("taxAreas?$filter=code eq 'ATLANTA, GA'")[0]["id"]
    lab.changed(f"customers({_customer(lab)})", {"taxAreaId": area, "taxLiable": True})
    order = lab.order(*(lab.item_line("1896-S", 1, unitPrice=0.92) for _ in range(4)))
    lines = order["salesOrderLines"]
    assert {one["taxPercent"] for one in lines} == {7}
    assert {one["taxCode"] for one in lines} == {"FURNITURE"}
    assert sum(one["netTaxAmount"] for one in lines) == Decimal("0.24")
    assert order["totalTaxAmount"] == Decimal("0.26")
    assert order["discountAppliedBeforeTax"] is True


def _customer(lab: Any) -> Any:
    return lab.list("customers?$filter=number eq '10000'")[0]["id"]


def test_a_customer_who_is_not_liable_pays_no_sales_tax(lab: Any) -> None:
    """The tax area alone is not enough."""
    area = lab.list("taxAreas?$filter=code eq 'ATLANTA, GA'")[0]["id"]
    lab.changed(f"customers({_customer(lab)})", {"taxAreaId": area, "taxLiable": False})
    assert lab.order(lab.item_line())["totalTaxAmount"] == 0


def test_percent_and_amount_of_a_line_discount_are_linked(vat: Any) -> None:
    """The last one applied wins."""
    order = vat.order(vat.item_line("1896-S", 1, unitPrice=200, discountPercent=10, discountAmount=50))
    line = order["salesOrderLines"][0]
    assert (line["discountPercent"], line["discountAmount"]) == (25, 50)
    path = f"salesOrders({order['id']})/salesOrderLines({line['id']})"
    line = vat.changed(path, {"discountAmount": 20, "discountPercent": 15})
    assert (line["discountPercent"], line["discountAmount"], line["amountExcludingTax"]) == (15, 30, 170)


def test_discount_percent_keeps_five_decimals(vat: Any) -> None:
    """1 of 3 is 33.33333 %."""
    line = vat.order(vat.item_line("1896-S", 1, unitPrice=3, discountAmount=1))["salesOrderLines"][0]
    assert line["discountPercent"] == Decimal("33.33333")


@pytest.mark.parametrize("price", ["0.00001", "12.34567", "1000.8"])
def test_prices_keep_their_decimals(vat: Any, price: Any) -> None:
    """Unit prices are not cut to the cent."""
    line = vat.order({**vat.item_line("1896-S", 1), "unitPrice": Decimal(price)})["salesOrderLines"][0]
    assert line["unitPrice"] == Decimal(price)


def test_a_foreign_currency_is_rounded_by_its_own_precision(lab: Any) -> None:
    """AmountRoundingPrecision of the currency, not of the local one."""
    euro = lab.list("currencies")[0]
    lab.changed(f"currencies({euro['id']})", {"amountRoundingPrecision": 1})
    order = lab.order(lab.item_line("1896-S", 1, unitPrice=10.4), currencyCode="EUR")
    assert order["salesOrderLines"][0]["amountExcludingTax"] == 10
