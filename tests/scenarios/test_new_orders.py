"""New orders, both ways."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.bench.bench import Bench

pytestmark = pytest.mark.loaded


def test_a_submitted_order_becomes_a_document_with_its_lines(bench: Bench) -> None:
    """Given a submitted order, a sync creates it with product, unit, quantity and price of each line."""
    number = bench.sales_order(2, 5)
    bench.sync()
    lines = bench.clerk.order(number)["salesOrderLines"]
    shown = [(line["lineObjectNumber"], line["quantity"], line["unitPrice"]) for line in lines]
    one, two = bench.products[:2]
    assert shown == [(one.number, 2, one.price), (two.number, 5, two.price)]
    bench.agreed()


def test_number_and_state_come_back(bench: Bench) -> None:
    """The seller reads the document's number and that it is to be released."""
    number = bench.sales_order()
    bench.sync()
    there = bench.clerk.order(number)["number"]
    assert bench.seller.order(number)["submitstatusdescription"] == f"{there} · Draft, to be released"


def test_an_order_that_is_not_submitted_stays_where_it_is(bench: Bench) -> None:
    bench.sales_order(submit=False)
    bench.sync()
    assert bench.writes() == []
    verified = bench.verify()
    assert (verified["exit_code"], verified["filtered"]) == (0, 1)


def test_active_orders_enter_where_configuration_says_so(bench: Bench) -> None:
    bench.configure(integration={"sales_ready": ["submitted", "active"]})
    number = bench.sales_order(submit=False)
    bench.sync()
    assert bench.clerk.order(number)["externalDocumentNumber"] == number
    bench.agreed()


def test_freight_becomes_a_line_on_the_freight_account(bench: Bench) -> None:
    number = bench.sales_order(1, freightamount=Decimal("12.50"))
    bench.sync()
    lines = bench.clerk.order(number)["salesOrderLines"]
    assert (lines[1]["lineType"], lines[1]["lineObjectNumber"], lines[1]["unitPrice"]) == (
        "Account",
        "40400",
        Decimal("12.5"),
    )
    bench.agreed()


def test_a_header_discount_is_written_after_the_lines(bench: Bench) -> None:
    number = bench.sales_order(4, discountamount=Decimal("7.25"))
    bench.sync()
    assert bench.clerk.order(number)["discountAmount"] == Decimal("7.25")
    bench.agreed()


def test_a_write_in_becomes_the_configured_item(bench: Bench) -> None:
    number = bench.sales_order(1, submit=False)
    order = bench.seller.order(number)["salesorderid"]
    bench.seller.person.request(
        "POST",
        "salesorderdetails",
        {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "isproductoverridden": True,
            "productdescription": "Engraving",
            "quantity": 1,
            "priceperunit": Decimal(15),
            "lineitemnumber": 2,
        },
    )
    bench.seller.submit(order)
    bench.sync()
    line = bench.clerk.order(number)["salesOrderLines"][1]
    assert (line["lineObjectNumber"], line["description"], line["unitPrice"]) == ("WRITE-IN", "Engraving", 15)
    bench.agreed()


def test_an_order_in_a_foreign_currency_keeps_it(bench: Bench) -> None:
    number = bench.sales_order(3, currency="EUR")
    bench.sync()
    assert bench.clerk.order(number)["currencyCode"] == "EUR"
    bench.agreed()


def test_an_order_of_250_lines_arrives_whole_and_in_order(bench: Bench) -> None:
    """A document of more than 100 lines: the deep insert takes the first 100, the others follow."""
    products = [bench.products[place % 12] for place in range(250)]
    number = bench.sales_order(*range(1, 251), products=products, discountamount=Decimal(5))
    bench.sync()
    order = bench.clerk.order(number)
    assert [line["quantity"] for line in order["salesOrderLines"]] == list(range(1, 251))
    assert order["discountAmount"] == 5
    bench.agreed()


def test_a_released_order_of_the_back_office_becomes_a_submitted_one(bench: Bench) -> None:
    order = bench.back_office_order(2, 4)
    bench.sync()
    sales = bench.sales_order_of(order["number"])
    shown = [(line["_productid_value"], line["quantity"], line["priceperunit"]) for line in sales["order_details"]]
    one, two = bench.products[:2]
    assert shown == [(one.sales_id, 2, one.price), (two.sales_id, 4, two.price)]
    assert sales["statecode"] == 1
    assert sales["totalamount"] == order["totalAmountIncludingTax"]
    bench.agreed()


def test_a_draft_of_the_back_office_waits_until_it_is_released(bench: Bench) -> None:
    order = bench.back_office_order(release=False)
    bench.sync()
    assert bench.writes() == []
    bench.clerk.act(order, "release")
    bench.sync()
    assert bench.sales_order_of(order["number"])["statecode"] == 1
    bench.agreed()


def test_accounts_of_a_back_office_order_are_write_ins_so_that_totals_agree(bench: Bench) -> None:
    order = bench.back_office_order(1, release=False)
    bench.clerk.add_line(order, lineType="Account", lineObjectNumber="40500", quantity=2, unitPrice=Decimal("9.99"))
    bench.clerk.add_line(order, lineType="Account", lineObjectNumber="40400", quantity=1, unitPrice=Decimal(20))
    bench.clerk.add_line(order, lineType="Comment", description="call first")
    bench.clerk.act(order, "release")
    bench.sync()
    sales = bench.sales_order_of(order["number"])
    write_in = sales["order_details"][1]
    assert (write_in["isproductoverridden"], write_in["quantity"], write_in["priceperunit"]) == (
        True,
        2,
        Decimal("9.99"),
    )
    assert sales["freightamount"] == 20
    assert len(sales["order_details"]) == 2
    assert sales["totalamount"] == bench.clerk.order(order["number"])["totalAmountIncludingTax"]
    bench.agreed()


def test_our_own_documents_are_not_taken_for_new_ones(bench: Bench) -> None:
    """After both creates, each side has exactly one order for each."""
    bench.sales_order()
    bench.back_office_order()
    bench.sync()
    bench.sync()
    bench.agreed()
    assert len(bench.clerk.orders("number ne ''")) == 2
    assert len(bench.admin.person.get("salesorders?$select=name")["value"]) == 2
