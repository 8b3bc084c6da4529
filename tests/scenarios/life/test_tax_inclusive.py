"""Documents of clerks whose prices include VAT: what either side adds holds the right price on both."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.seed import FREIGHT_ACCOUNT
from tests.bench.bench import Bench
from tests.scenarios.acts import listed
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


@pytest.fixture
def vat(running: world.Sandbox, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(running, tmp_path, tax="vat")
    made.configure(integration={"new_from_back_office": "any"})
    yield made
    made.restart()


POLICIES = [("made in place", "amend"), ("made in a new document", "archive-and-recreate")]


def inclusive(bench: Bench, **columns: Any) -> tuple[dict[str, Any], Decimal]:
    """A clerk's document of one line whose prices include tax, on both sides; and what tax makes of a price of 1."""
    back = bench.back_office_order(3, release=False, pricesIncludeTax=True, **columns)
    (line,) = back["salesOrderLines"]
    share = 1 + Decimal(line["taxPercent"]) / 100
    assert share > 1
    bench.clerk.change_line(back, line, unitPrice=100 * share)
    bench.sync()
    return back, share


def add_line(bench: Bench, order: str, product: int, price: Decimal, **columns: Any) -> None:
    chosen = bench.products[product]
    line = {
        "salesorderid@odata.bind": f"/salesorders({order})",
        "productid@odata.bind": f"/products({chosen.sales_id})",
        "uomid@odata.bind": f"/uoms({chosen.units[0].sales_id})",
        "quantity": 2,
        "ispriceoverridden": True,
        "priceperunit": price,
        "lineitemnumber": 9,
        **columns,
    }
    bench.seller.reactivate(order)
    bench.seller.person.request("POST", "salesorderdetails", line)
    bench.seller.submit(order)


def document_of(bench: Bench, sales: str) -> dict[str, Any]:
    number = bench.seller.order(sales)["submitstatusdescription"].partition(" ")[0]
    return bench.clerk.order(number)


def equal(bench: Bench, sales: str) -> None:
    order, here = document_of(bench, sales), bench.seller.order(sales)
    assert order["pricesIncludeTax"] is True
    assert (here["totalamount"], here["totaltax"]) == (order["totalAmountIncludingTax"], order["totalTaxAmount"])
    assert listed(bench) == []


@scenario(
    "a document whose prices include tax, and changes that are {how}",
    "the seller adds a line at 40 with a discount of 5",
    "the document has it with tax on both, and both systems show the same total",
)
@pytest.mark.parametrize(("how", "policy"), POLICIES)
def test_line_added_in_sales(vat: Bench, how: str, policy: str) -> None:
    vat.configure(integration={"on_order_change": policy})
    back, share = inclusive(vat)
    sales = vat.sales_order_of(back["number"])["salesorderid"]
    add_line(vat, sales, 4, Decimal(40), manualdiscountamount=5)
    vat.sync()
    added = next(one for one in document_of(vat, sales)["salesOrderLines"] if one["quantity"] == 2)
    assert (added["quantity"], added["unitPrice"], added["discountAmount"]) == (2, 40 * share, 5 * share)
    equal(vat, sales)
    vat.agreed()
    assert how


TAXED = pytest.mark.parametrize("taxed", ["taxed", "untaxed"])


def freight_account(bench: Bench, taxed: str) -> str:
    """The configured account; the seeded one is not taxed."""
    if taxed == "untaxed":
        return FREIGHT_ACCOUNT
    bench.running.back_office.add_account(bench.running.world.company, "40410", "Freight", tax_group="VAT25")
    bench.configure(back_office={"freight_account": "40410"})
    return "40410"


@scenario(
    "a document whose prices include tax, and a freight account that is {taxed}",
    "the seller puts a freight of 12 on the order, then another one, then none",
    "the freight line holds it with its own tax, whatever the tax of the goods",
)
@TAXED
def test_freight_of_the_seller(vat: Bench, taxed: str) -> None:
    freight_account(vat, taxed)
    back, share = inclusive(vat)
    sales = vat.sales_order_of(back["number"])["salesorderid"]
    for freight in (12, 30, 0):
        vat.seller.edit(sales, freightamount=freight)
        vat.sync()
        lines = document_of(vat, sales)["salesOrderLines"]
        wanted = [freight * (share if taxed == "taxed" else 1)] * (freight > 0)
        assert [one["unitPrice"] for one in lines if one["lineType"] == "Account"] == wanted
        assert vat.seller.order(sales)["freightamount"] == freight
        equal(vat, sales)
    vat.agreed()


@scenario(
    "a document whose prices include tax, and a freight account that is {taxed}",
    "the clerk adds a freight line, and an item",
    "Sales shows the freight and the price without tax, and the same total",
)
@TAXED
def test_lines_of_the_clerk(vat: Bench, taxed: str) -> None:
    account = freight_account(vat, taxed)
    back, share = inclusive(vat)
    sales = vat.sales_order_of(back["number"])["salesorderid"]
    path = vat.clerk._path(f"salesOrders({back['id']})/salesOrderLines")
    for line in (
        {"lineType": "Account", "lineObjectNumber": account, "quantity": 1, "unitPrice": 30},
        {"lineType": "Item", "itemId": vat.products[6].back_office_id, "quantity": 1, "unitPrice": 10 * share},
    ):
        vat.clerk.person.request("POST", path, line)
    vat.sync()
    here = vat.seller.order(sales)
    assert here["freightamount"] == (30 / share if taxed == "taxed" else 30)
    assert min(one["priceperunit"] for one in here["order_details"]) == 10
    equal(vat, sales)
    vat.agreed()


@scenario(
    "a document whose prices include tax, and a freight account that is taxed",
    "the clerk changes the freight and a price, the seller adds a line, and the document is recreated",
    "nobody's edit is lost: the successor has all three, and so has Sales",
)
def test_edits_of_the_clerk_are_carried_and_flow(vat: Bench) -> None:
    vat.configure(integration={"on_order_change": "archive-and-recreate"})
    account = freight_account(vat, "taxed")
    back, share = inclusive(vat)
    sales = vat.sales_order_of(back["number"])["salesorderid"]
    vat.seller.edit(sales, freightamount=12)
    vat.sync()
    order = document_of(vat, sales)
    goods, freight = (
        order["salesOrderLines"][0],
        next(one for one in order["salesOrderLines"] if one["lineObjectNumber"] == account),
    )
    vat.clerk.change_line(order, goods, unitPrice=10 * share)
    vat.clerk.change_line(order, freight, unitPrice=30 * share)
    add_line(vat, sales, 4, Decimal(40))
    vat.sync()
    here, successor = vat.seller.order(sales), document_of(vat, sales)
    assert successor["number"] != order["number"]
    assert (here["freightamount"], here["order_details"][0]["priceperunit"]) == (30, 10)
    assert successor["salesOrderLines"][0]["unitPrice"] == 10 * share
    assert {40 * share, 30 * share} <= {one["unitPrice"] for one in successor["salesOrderLines"]}
    equal(vat, sales)
    vat.agreed()


@scenario(
    "a document whose prices include tax, and an item that is taxed otherwise than what is on it",
    "the seller adds it at 40, changes that are {how}",
    "it stands there with its own tax, and nobody's price is changed by it",
)
@pytest.mark.parametrize(("how", "policy"), POLICIES)
def test_an_item_of_another_rate(vat: Bench, how: str, policy: str) -> None:
    """Nothing on the document tells the rate: the line is written, and its price again once it shows its rate."""
    vat.configure(integration={"on_order_change": policy})
    back, _ = inclusive(vat)
    reduced = vat.clerk.find("items", f"number eq '{vat.products[4].number}'")
    path = vat.clerk._path(f"items({reduced['id']})")
    vat.clerk.person.request("PATCH", path, {"taxGroupCode": "VAT10"}, if_match="*")
    sales = vat.sales_order_of(back["number"])["salesorderid"]
    add_line(vat, sales, 4, Decimal(40))
    vat.sync()
    added = next(one for one in document_of(vat, sales)["salesOrderLines"] if one["quantity"] == 2)
    assert added["taxPercent"] < back["salesOrderLines"][0]["taxPercent"]
    assert added["unitPrice"] == 40 * (1 + Decimal(added["taxPercent"]) / 100)
    assert vat.seller.order(sales)["order_details"][-1]["priceperunit"] == 40
    equal(vat, sales)
    vat.agreed()
    assert how
