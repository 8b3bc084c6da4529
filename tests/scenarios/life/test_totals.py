"""Totals that each system computes by itself: equal to the cent, or explained line by line and left alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.bench.bench import Bench
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import message
from tests.scenarios.acts import sales_id
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


def _equal(bench: Bench, number: str) -> None:
    order, sales = live(bench, number)[0], bench.seller.order(number)
    assert sales["totalamount"] == order["totalAmountIncludingTax"]
    assert sales["totaltax"] == order["totalTaxAmount"]


@scenario(
    "an order with {what}",
    "it goes to the back office, and the tax comes back",
    "both systems show the same total, to the cent",
)
@pytest.mark.parametrize(
    ("what", "columns"),
    [
        ("three lines", {}),
        ("a header discount of 10.01", {"discountamount": Decimal("10.01")}),
        ("a header discount of 3.33 percent", {"discountpercentage": Decimal("3.33")}),
        ("freight of 12.50", {"freightamount": Decimal("12.50")}),
        ("a discount and freight", {"discountamount": Decimal("7.77"), "freightamount": Decimal("9.99")}),
    ],
)
def test_new(shop: Bench, what: str, columns: dict[str, Decimal]) -> None:
    number = coupled(shop, 3, 7, 1, **columns)
    assert listed(shop) == [], what
    _equal(shop, number)
    shop.agreed()


@scenario(
    "an order on both sides",
    "the clerk gives the line a price that has no exact cents: 3.335 for 3 pieces",
    "the line's difference is named with both prices, listed, and never written back",
)
def test_fine_price(shop: Bench) -> None:
    number = coupled(shop, 3)
    change_back_line(shop, number, unitPrice=Decimal("3.33333"))
    shop.sync(expect=1)
    assert listed(shop) == ["totals-differ"]
    told = message(shop)
    assert told.startswith("the total differs by ")
    assert "at unit prices 3.33 and 3.33333" in told
    shop.mark()
    shop.sync(expect=1)
    shop.sync(expect=1, sweep_all=True)
    assert shop.writes() == []
    assert live(shop, number)[0]["salesOrderLines"][0]["unitPrice"] == Decimal("3.33333")


@scenario(
    "a clerk's price of 3.33333, of which Sales keeps 3.33",
    "the seller changes the quantity",
    "the successor has the clerk's price: nobody has changed it",
)
def test_fine_price_survives_a_quantity(shop: Bench) -> None:
    number = coupled(shop, 3)
    change_back_line(shop, number, unitPrice=Decimal("3.33333"))
    shop.sync(expect=1)
    edit_line(shop, number, quantity=6)
    shop.sync(expect=1)
    line = live(shop, number)[0]["salesOrderLines"][0]
    assert (line["quantity"], line["unitPrice"]) == (6, Decimal("3.33333"))
    assert shop.seller.order(number)["order_details"][0]["priceperunit"] == Decimal("3.33")
    shop.mark()
    shop.sync(expect=1)
    assert shop.writes() == []


@scenario(
    "an order whose totals differ and are listed",
    "the clerk rounds the price",
    "the totals agree, and nothing is listed any more",
)
def test_difference_closes(shop: Bench) -> None:
    number = coupled(shop, 3)
    change_back_line(shop, number, unitPrice=Decimal("3.33333"))
    shop.sync(expect=1)
    change_back_line(shop, number, unitPrice=Decimal("3.33"))
    shop.sync()
    assert listed(shop) == []
    _equal(shop, number)
    shop.agreed()


@scenario(
    "an order of many small lines",
    "the back office rounds the tax per document, not per line",
    "the rest is on the largest line in Sales: totals equal to the cent",
)
def test_tax_per_document(shop: Bench) -> None:
    prices = [Decimal("0.11"), Decimal("0.17"), Decimal("0.23"), Decimal("1.37")]
    number = coupled(shop, 1, 1, 1, 1)
    for at, price in enumerate(prices):
        change_back_line(shop, number, at, unitPrice=price)
    shop.sync()
    _equal(shop, number)
    shop.agreed()


@scenario(
    "an order in {currency}",
    "it is changed on both sides, one after the other",
    "the totals stay equal in its own currency",
)
@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP"])
def test_currencies(shop: Bench, currency: str) -> None:
    number = coupled(shop, 2, 3, currency=currency)
    change_back_line(shop, number, unitPrice=Decimal("10.01"))
    shop.sync()
    edit_line(shop, number, 1, quantity=7)
    shop.sync()
    _equal(shop, number)
    shop.agreed()


@scenario(
    "an order with a header discount",
    "the clerk changes it",
    "the new amount is in Sales, and the totals agree",
)
def test_discount_of_the_clerk(shop: Bench) -> None:
    number = coupled(shop, 2, 3, discountamount=Decimal(5))
    shop.clerk.change(live(shop, number)[0], discountAmount=Decimal("8.25"))
    shop.sync()
    assert shop.seller.order(number)["discountamount"] == Decimal("8.25")
    _equal(shop, number)
    shop.agreed()


@scenario(
    "an order with a line discount",
    "the seller raises the quantity",
    "line and totals agree after the recreate",
)
def test_line_discount(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, manualdiscountamount=Decimal("4.50"), quantity=6)
    shop.sync()
    line = live(shop, number)[0]["salesOrderLines"][0]
    assert (line["quantity"], line["discountAmount"]) == (6, Decimal("4.5"))
    _equal(shop, number)
    shop.agreed()


@scenario(
    "an order with freight",
    "the seller takes the freight off",
    "its line is gone in the back office, and the totals agree",
)
def test_freight_taken_off(shop: Bench) -> None:
    number = coupled(shop, 2, freightamount=Decimal("12.50"))
    shop.seller.edit(sales_id(shop, number), freightamount=0)
    shop.sync()
    assert [line["lineType"] for line in live(shop, number)[0]["salesOrderLines"]] == ["Item"]
    _equal(shop, number)
    shop.agreed()


@scenario(
    "a flow in Sales and a job in the back office that each insist on their own date",
    "each has set it back twice",
    "it is frozen and listed: no further write, whatever runs",
)
def test_frozen(shop: Bench) -> None:
    number = coupled(shop)
    order = sales_id(shop, number)

    def job() -> None:
        shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-03-16")
        shop.sync(expect=None)

    def flow() -> None:
        shop.seller.edit(order, requestdeliveryby="2027-04-01T16:00:00Z")
        shop.sync(expect=None)

    job()
    flow()
    job()
    flow()
    shop.mark()
    job()
    assert listed(shop) == ["frozen"]
    assert [write.table for write in shop.writes()] == []
    shop.sync(expect=1)
    shop.sync(expect=1, sweep_all=True)
    assert shop.writes() == []
    shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-05-05")
    shop.sync()
    assert shop.seller.order(number)["requestdeliveryby"] == "2027-05-05T16:00:00Z"
    shop.agreed()


@scenario(
    "a group that is frozen",
    "the seller changes something else of the order",
    "the rest flows; the frozen group stays listed",
)
def test_the_rest_flows_beside_a_frozen_group(shop: Bench) -> None:
    number = coupled(shop)
    order = sales_id(shop, number)
    for _ in range(2):
        shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-03-16")
        shop.sync()
        shop.seller.edit(order, requestdeliveryby="2027-04-01T16:00:00Z")
        shop.sync()
    shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-03-16")
    shop.sync(expect=1)
    shop.seller.edit(order, shipto_line1="1 Harbor Street", shipto_city="Portland")
    shop.sync(expect=1)
    assert live(shop, number)[0]["shipToCity"] == "Portland"
    assert listed(shop) == ["frozen"]


@scenario(
    "quiet_s of 60 seconds",
    "a clerk edits an order line by line, and a run comes in between",
    "nothing flows until the edits have rested; then all of them at once",
)
def test_quiet(shop: Bench) -> None:
    shop.configure(limits={"quiet_s": 60})
    number = coupled(shop)
    change_back_line(shop, number, quantity=7)
    shop.sync()
    assert shop.writes() == []
    shop.clock.sleep(40)
    change_back_line(shop, number, 1, quantity=8)
    shop.sync()
    shop.clock.sleep(40)
    shop.sync()
    assert shop.writes() == []
    shop.clock.sleep(21)
    shop.sync()
    assert [line["quantity"] for line in shop.seller.order(number)["order_details"]] == [7, 8]
    shop.agreed()


@scenario("quiet_s of 60 seconds", "a seller changes an order", "it is not kept waiting: only the clerk's edits rest")
def test_quiet_is_for_the_clerk(shop: Bench) -> None:
    shop.configure(limits={"quiet_s": 60})
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    shop.sync()
    assert live(shop, number)[0]["salesOrderLines"][0]["quantity"] == 9
    shop.agreed()
