from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def line_of(sales: Any, order: str) -> Any:
    return sales.admin.read(f"salesorders({order})/order_details")["value"][0]


def write_in(price: Any, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    text = {"isproductoverridden": True, "productdescription": "Text"}
    return {**text, "priceperunit": price, "quantity": quantity, **more}


def test_the_documentations_example_by_line_and_by_unit(sales: Any, catalog: Any) -> None:
    """100 times 200 less 10 is 19,990 as a line item discount and 18,000 as a discount per unit."""
    line = write_in(100, 200, manualdiscountamount=10)
    assert line_of(sales, catalog.order(None, line))["extendedamount"] == 19990
    sales.organization(discountcalculationmethod=1)
    assert line_of(sales, catalog.order(None, line))["extendedamount"] == 18000


@pytest.fixture
def volume(sales: Any, catalog: Any) -> Any:
    """A discount list of 10 % from 5 to 20 on the bike."""
    key = sales.service.insert("discounttype", {"name": "Volume", "isamounttype": False})
    bracket = {"lowquantity": 5, "highquantity": 20, "percentage": Decimal(10), "name": "5-20"}
    sales.service.insert("discount", {"discounttypeid": key, **bracket})
    item = next(row for row in sales.service.rows("productpricelevel") if row["productid"] == catalog.bike)
    sales.service.patch("productpricelevel", item["productpricelevelid"], {"discounttypeid": key})
    return catalog


def test_the_communitys_example_with_volume_discount_and_tax(sales: Any, volume: Any) -> None:
    """Price 1000, volume 100, quantity 10, manual 100, tax 1335 gives 10,235; per unit with tax 1200:
    9,200.
    """
    line = line_of(sales, volume.order(None, volume.bikes(10, manualdiscountamount=100, tax=1335)))
    assert (line["volumediscountamount"], line["baseamount"], line["extendedamount"]) == (100, 9000, 10235)
    sales.organization(discountcalculationmethod=1)
    line = line_of(sales, volume.order(None, volume.bikes(10, manualdiscountamount=100, tax=1200)))
    assert line["extendedamount"] == 9200


def test_volume_discounts_count_within_their_bracket(sales: Any, volume: Any) -> None:
    """Below and above there is none; on overridden prices only by switch."""
    assert line_of(sales, volume.order(None, volume.bikes(4)))["volumediscountamount"] == 0
    assert line_of(sales, volume.order(None, volume.bikes(21)))["volumediscountamount"] == 0
    own = volume.bikes(10, ispriceoverridden=True, priceperunit=500)
    assert line_of(sales, volume.order(None, own))["baseamount"] == 5000
    sales.setup(volume_discount_on_override=True)
    assert line_of(sales, volume.order(None, own))["baseamount"] == 4500


def test_order_totals_follow_their_formulas(sales: Any, catalog: Any) -> None:
    """Percentage and amount of the order discount add up; freight and tax come on top."""
    order = catalog.order(
        None,
        write_in(100, 10, manualdiscountamount=50, tax=95),
        write_in(50, 1, tax=Decimal("4.75")),
        discountpercentage=10,
        discountamount=20,
        freightamount=30,
    )
    row = sales.admin.read(f"salesorders({order})")
    assert row["totallineitemamount"] == 1000
    assert row["totallineitemdiscountamount"] == 50
    assert row["totaltax"] == Decimal("99.75")
    assert row["totalamountlessfreight"] == 880
    assert row["totaldiscountamount"] == 170
    assert row["totalamount"] == Decimal("1009.75")


def test_line_discounts_per_unit_are_totalled_by_switch(sales: Any, catalog: Any) -> None:
    """Whether totallineitemdiscountamount multiplies by the quantity is unverified."""
    sales.organization(discountcalculationmethod=1)
    order = catalog.order(None, write_in(100, 10, manualdiscountamount=5))
    assert sales.admin.read(f"salesorders({order})")["totallineitemdiscountamount"] == 50
    sales.setup(line_discount_total="as-entered")
    order = catalog.order(None, write_in(100, 10, manualdiscountamount=5))
    row = sales.admin.read(f"salesorders({order})")
    assert (row["totallineitemdiscountamount"], row["totallineitemamount"]) == (5, 950)


METHODS = [
    (1, None, None, None, Decimal("9.90"), Decimal("9.90")),
    (2, 50, None, None, None, Decimal("4.95")),
    (3, 25, None, None, None, Decimal("75.00")),
    (4, 25, None, None, None, Decimal("80.00")),
    (5, 25, None, None, None, Decimal("100.00")),
    (6, 20, None, None, None, Decimal("100.00")),
]


@pytest.mark.parametrize("case", METHODS, ids=["amount", "of-list", "markup", "margin", "markup-std", "margin-std"])
def test_pricing_methods(sales: Any, catalog: Any, case: Any) -> None:
    """List price 9.90, current cost 60, standard cost 80: percent of list, markup and margin on either
    cost.
    """
    method, percentage, _, __, amount, expected = case
    item = next(row for row in sales.service.rows("productpricelevel") if row["productid"] == catalog.cable)
    values = {"pricingmethodcode": method, "percentage": percentage, "amount": amount}
    sales.service.patch("productpricelevel", item["productpricelevelid"], values)
    assert line_of(sales, catalog.order(None, catalog.cables(1)))["priceperunit"] == expected


ROUNDING = [
    (1, 2, "0.25", "4.46"),
    (2, 2, "0.25", "4.50"),
    (3, 2, "0.25", "4.25"),
    (4, 2, "0.25", "4.50"),
    (2, 1, "0.99", "4.99"),
    (3, 1, "0.99", "3.99"),
    (4, 1, "0.99", "3.99"),
    (2, 1, "9.95", "9.95"),
]


@pytest.mark.parametrize(("policy", "option", "amount", "expected"), ROUNDING)
def test_rounding_policies(sales: Any, catalog: Any, policy: int, option: int, amount: str, expected: str) -> None:
    """45 % of 9.90 is 4.455: none, up, down, nearest; multiple of, ends in."""
    item = next(row for row in sales.service.rows("productpricelevel") if row["productid"] == catalog.cable)
    values = {
        "pricingmethodcode": 2,
        "percentage": 45,
        "roundingpolicycode": policy,
        "roundingoptioncode": option,
        "roundingoptionamount": Decimal(amount),
    }
    sales.service.patch("productpricelevel", item["productpricelevelid"], values)
    assert line_of(sales, catalog.order(None, catalog.cables(1)))["priceperunit"] == Decimal(expected)


def test_a_missing_price_sets_error_codes_and_refuses_nothing(sales: Any, catalog: Any) -> None:
    """The line has 11, the header 1 Detail Error; totals stay as they were."""
    order = catalog.order(None, catalog.bikes(1))
    box = catalog.bikes(1) | {"uomid@odata.bind": f"/uoms({catalog.box})"}
    line = catalog.add_line(order, box)
    assert sales.admin.read(f"salesorderdetails({line})")["pricingerrorcode"] == 11
    row = sales.admin.read(f"salesorders({order})")
    assert (row["pricingerrorcode"], row["totalamount"]) == (1, 1000)
    sales.admin.delete(f"salesorderdetails({line})")
    assert sales.admin.read(f"salesorders({order})")["pricingerrorcode"] == 0


def test_without_price_list_the_error_is_two_by_switch(sales: Any, catalog: Any) -> None:
    """Always, or only when a line needs the list."""
    body = {"name": "x", "order_details": [write_in(10)]}
    order = sales.admin.make("salesorders", body)
    assert sales.admin.read(f"salesorders({order})")["pricingerrorcode"] == 2
    sales.setup(missing_price_list="when-needed")
    order = sales.admin.make("salesorders", body)
    row = sales.admin.read(f"salesorders({order})")
    assert (row["pricingerrorcode"], row["totalamount"]) == (0, 10)


def test_inactive_lists_are_an_error_of_their_own(sales: Any, catalog: Any) -> None:
    """An inactive price list is 3."""
    sales.admin.patch(f"pricelevels({catalog.prices})", {"statecode": 1, "statuscode": 100002})
    assert line_of(sales, catalog.order(None, catalog.bikes(1)))["pricingerrorcode"] == 3


def test_items_sold_whole_take_whole_quantities(sales: Any, catalog: Any) -> None:
    """`quantitysellingcode` 2 with 1.5 is pricing error 29."""
    item = next(row for row in sales.service.rows("productpricelevel") if row["productid"] == catalog.cable)
    sales.service.patch("productpricelevel", item["productpricelevelid"], {"quantitysellingcode": 2})
    order = catalog.order(None, catalog.cables(Decimal("1.5")))
    assert line_of(sales, order)["pricingerrorcode"] == 29


def test_prices_follow_the_list_unless_overridden_or_locked(sales: Any, catalog: Any) -> None:
    """Recalculation takes the list's new price; an own price and a locked order keep theirs."""
    plain = catalog.order(None, catalog.bikes(1))
    own = catalog.order(None, catalog.bikes(1, ispriceoverridden=True, priceperunit=900))
    locked = catalog.order(None, catalog.bikes(1))
    sales.admin.post(f"salesorders({locked})/Microsoft.Dynamics.CRM.LockSalesOrderPricing", {})
    item = next(row for row in sales.service.rows("productpricelevel") if row["productid"] == catalog.bike)
    sales.admin.patch(f"productpricelevels({item['productpricelevelid']})", {"amount": 1100})
    for order in (plain, own, locked):
        sales.admin.post("RecalculatePrice", {"entityLogicalName": "salesorder", "entityId": order})
    found = [sales.admin.read(f"salesorders({order})")["totalamount"] for order in (plain, own, locked)]
    assert found == [1100, 900, 1000]


def test_another_price_list_prices_all_lines_again(sales: Any, catalog: Any) -> None:
    """Changing pricelevelid reprices the lines, each with a new version."""
    order = catalog.order(None, catalog.bikes(2))
    other = sales.service.insert(
        "pricelevel", {"name": "Other", "transactioncurrencyid": sales.service.world.currency_id}
    )
    item = {"pricelevelid": other, "productid": catalog.bike, "uomid": catalog.piece, "amount": Decimal(800)}
    sales.service.insert("productpricelevel", item)
    before = line_of(sales, order)["versionnumber"]
    sales.admin.patch(f"salesorders({order})", {"pricelevelid@odata.bind": f"/pricelevels({other})"})
    line = line_of(sales, order)
    assert (line["priceperunit"], line["extendedamount"]) == (800, 1600)
    assert line["versionnumber"] > before
    assert sales.admin.read(f"salesorders({order})")["totalamount"] == 1600


def test_each_stored_column_is_rounded_once_half_away_from_zero(sales: Any, catalog: Any) -> None:
    """3 times 0.335 is 1.01 with two digits; a negative half goes away from zero too."""
    sales.organization(pricingdecimalprecision=3)
    line = line_of(sales, catalog.order(None, write_in(Decimal("0.335"), 3)))
    assert (line["priceperunit"], line["baseamount"]) == (Decimal("0.335"), Decimal("1.01"))
    line = line_of(sales, catalog.order(None, write_in(Decimal("-0.335"), 1)))
    assert line["baseamount"] == Decimal("-0.34")


def test_amounts_in_another_currency_have_base_amounts(sales: Any, catalog: Any) -> None:
    """A euro order at 0.8 has its totals divided by the rate, with four digits."""
    euro = sales.service.insert(
        "transactioncurrency",
        {
            "currencyname": "Euro",
            "isocurrencycode": "EUR",
            "currencysymbol": "€",
            "currencyprecision": 2,
            "exchangerate": Decimal("0.3"),
        },
    )
    prices = sales.service.insert("pricelevel", {"name": "EUR", "transactioncurrencyid": euro})
    order = catalog.order(
        None,
        write_in(100),
        **{
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})",
            "pricelevelid@odata.bind": f"/pricelevels({prices})",
        },
    )
    row = sales.admin.read(f"salesorders({order})?$expand=order_details")
    assert (row["totalamount"], row["totalamount_base"]) == (100, Decimal("333.3333"))
    line = row["order_details"][0]
    assert line["_transactioncurrencyid_value"] == euro
    assert line["extendedamount_base"] == Decimal("333.3333")


def test_a_missing_quantity_may_be_a_pricing_error(sales: Any, catalog: Any) -> None:
    """By switch the line is accepted and has pricing error 4."""
    sales.setup(missing_quantity="pricing-error")
    order = catalog.order(None, catalog.bikes(None))
    assert line_of(sales, order)["pricingerrorcode"] == 4


@pytest.mark.parametrize(("switch", "code"), [("accepted", 0), ("pricing-error", 7)])
def test_an_inactive_product_is_a_switch(sales: Any, catalog: Any, switch: str, code: int) -> None:
    """Refused, an Invalid Product pricing error, or accepted."""
    sales.admin.patch(f"products({catalog.bike})", {"statecode": 1, "statuscode": 2})
    sales.setup(inactive_product=switch)
    assert line_of(sales, catalog.order(None, catalog.bikes(1)))["pricingerrorcode"] == code


def test_a_discount_per_unit_is_rounded_for_each_line_by_switch(sales: Any, catalog: Any) -> None:
    """A cent for each of 0.55 units, twice: 0.011 in the total, or 0.02 where each line is rounded."""
    sales.organization(discountcalculationmethod=1)
    lines = [write_in(100, Decimal("0.55"), manualdiscountamount=Decimal("0.01")) for _ in range(2)]
    found = {}
    for reading in ("carried", "each-line"):
        sales.setup(unit_discount=reading)
        row = sales.admin.read(f"salesorders({catalog.order(None, *lines)})")
        found[reading] = (row["totallineitemdiscountamount"], row["totallineitemamount"])
    assert found == {
        "carried": (Decimal("0.01"), Decimal("109.99")),
        "each-line": (Decimal("0.02"), Decimal("109.98")),
    }
