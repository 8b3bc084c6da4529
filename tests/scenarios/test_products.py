"""Items that become products where an overlay says so, and products that become items; the units both are sold in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from syncengine.config.mapping_files import shipped_folder
from syncengine.errors import FailureClass
from syncengine.store.queries import parked
from tests.bench.bench import Bench
from tests.scenarios.scenario import scenario

CREATE = "name: ITEM-PRODUCT\ncreate: sales\n"
GROUPS = "name: UNIT GROUP\ncreate: sales\n"


def documented(after: str) -> list[str]:
    """The next two mapping files that the documentation shows after these words."""
    page = (shipped_folder().parent / "docs" / "reference" / "shipped-mappings.md").read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(.*?)```", page.partition(after)[2], re.DOTALL)[:2]


def item(bench: Bench, number: str, unit: str, **columns: Any) -> dict[str, Any]:
    """An item as a clerk enters it."""
    values = {"number": number, "displayName": f"Item {number}", "type": "Inventory", "baseUnitOfMeasureCode": unit}
    return bench.clerk.create("items", **{**values, **columns})


def products(bench: Bench, number: str) -> list[dict[str, Any]]:
    return list(bench.admin.person.get(f"products?$filter=productnumber eq '{number}'")["value"])


def group_of(bench: Bench, product: dict[str, Any]) -> dict[str, Any]:
    return dict(bench.admin.person.get(f"uomschedules({product['_defaultuomscheduleid_value']})"))


def order(bench: Bench, product: str, unit: str, quantity: Any) -> str:
    seeded = bench.running.world
    line = {"product": product, "unit": unit, "quantity": quantity, "price": 10}
    made = bench.seller.enter(seeded.customers[0].sales_id, seeded.price_lists["USD"], seeded.currencies["USD"], [line])
    bench.seller.submit(made)
    return str(bench.seller.order(made)["ordernumber"])


@scenario(
    "an overlay that has items created, and unit groups",
    "a clerk enters an item in a unit that Sales has no group for",
    "a group with that unit and an active product in it stand in Sales, and it is ordered there",
)
def test_given_a_new_item_when_products_are_created_then_it_is_sold_in_sales(bench: Bench) -> None:
    bench.overlay(CREATE)
    bench.overlay(GROUPS)
    bench.clerk.create("unitsOfMeasure", code="CAN", displayName="Can")
    item(bench, "2000-S", "CAN", unitPrice=Decimal("4.25"), displayName="Paint, white")
    item(bench, "2004-S", "CAN", blocked=True)
    bench.sync()
    bench.sync()
    (made,) = products(bench, "2000-S")
    assert (made["name"], made["price"], made["statecode"], made["statuscode"]) == (
        "Paint, white",
        Decimal("4.25"),
        0,
        1,
    )
    assert (made["quantitydecimal"], made["productstructure"], made["producttypecode"]) == (5, 1, 1)
    group = group_of(bench, made)
    assert (group["name"], group["baseuomname"]) == ("CAN", "CAN")
    unit = bench.admin.person.get(f"uoms({made['_defaultuomid_value']})")
    assert (unit["name"], unit["_uomscheduleid_value"]) == ("CAN", group["uomscheduleid"])
    assert products(bench, "2004-S") == products(bench, "WRITE-IN") == []
    number = order(bench, made["productid"], unit["uomid"], Decimal("0.125"))
    bench.sync()
    (line,) = bench.clerk.order(number)["salesOrderLines"]
    assert (line["lineObjectNumber"], line["unitOfMeasureCode"], line["quantity"]) == (
        "2000-S",
        "CAN",
        Decimal("0.125"),
    )
    bench.agreed()


@scenario(
    "a company that keeps its books in another currency than the base currency of Sales",
    "a clerk enters an item, and it is made a product",
    "its price is in the currency of the books",
)
def test_given_books_in_another_currency_when_a_product_is_made_then_its_price_is_in_that(bench: Bench) -> None:
    bench.overlay(CREATE)
    bench.running.sales.insert("uomschedule", {"name": "PCS", "baseuomname": "PCS"})
    franc = bench.running.sales.insert(
        "transactioncurrency",
        {"isocurrencycode": "CHF", "currencyname": "Franc", "currencysymbol": "CHF", "exchangerate": Decimal("0.9"),
         "currencyprecision": 2},
    )  # fmt: skip
    back_office, company = bench.running.back_office, bench.running.world.company
    (books,) = company["generalLedgerSetup"].rows.values()
    back_office._change(company, "generalLedgerSetup", books, localCurrencyCode="CHF")
    item(bench, "2000-S", "PCS", unitPrice=Decimal("4.25"))
    bench.sync()
    (made,) = products(bench, "2000-S")
    assert (made["price"], made["_transactioncurrencyid_value"]) == (Decimal("4.25"), franc)
    bench.mark()
    bench.sync()
    assert bench.writes() == []


@scenario(
    "an overlay that has items created, and no unit group made",
    "a clerk enters an item in pieces, of which Sales has no group of that name",
    "it waits and says for which unit group, and is made by the run after somebody enters that",
)
def test_given_no_unit_group_when_an_item_is_entered_then_it_waits_for_one(bench: Bench) -> None:
    bench.overlay(CREATE)
    item(bench, "2000-S", "PCS")
    bench.sync()
    with bench.company.session() as session:
        told = [row["message"] for row in parked(session, (FailureClass.WAITING,))]
    assert told == ["waiting: unit group PCS is not coupled"]
    assert products(bench, "2000-S") == []
    group = bench.running.sales.insert("uomschedule", {"name": "Piece", "baseuomname": "PCS"})
    bench.sync()
    bench.sync()
    (made,) = products(bench, "2000-S")
    assert (made["_defaultuomscheduleid_value"], made["statecode"]) == (group, 0)
    bench.agreed()


@scenario(
    "an overlay that has products created as items",
    "a seller's product, a service and a miscellaneous charge are published in Sales",
    "the product and the charge are items with number, name, price, base unit and type; a draft and a service are none",
)
def test_given_a_new_product_when_items_are_created_then_it_is_one(bench: Bench) -> None:
    bench.overlay("name: ITEM-PRODUCT\ncreate: back-office\n")
    first = bench.products[1]
    like = bench.admin.person.get(f"products({first.sales_id})")
    for number, kind, published in (
        ("3000-S", 1, True),
        ("3004-S", 2, True),
        ("3008-S", 1, False),
        ("3012-S", 3, True),
    ):
        made = bench.running.sales.insert(
            "product",
            {
                "productnumber": number,
                "name": f"Product {number}",
                "producttypecode": kind,
                "defaultuomscheduleid": like["_defaultuomscheduleid_value"],
                "defaultuomid": first.units[1].sales_id,
                "price": Decimal("12.50"),
            },
        )
        if published:
            bench.running.sales.patch("product", made, {"statecode": 0, "statuscode": 1})
    bench.sync()
    for number, kind in (("3000-S", "Inventory"), ("3004-S", "Non_x002D_Inventory")):
        there = bench.clerk.find("items", f"number eq '{number}'")
        assert (there["displayName"], there["type"], there["unitPrice"]) == (
            f"Product {number}",
            kind,
            Decimal("12.50"),
        )
        assert there["baseUnitOfMeasureCode"] == first.units[1].code
    for number in ("3008-S", "3012-S"):
        with pytest.raises(IndexError):
            bench.clerk.find("items", f"number eq '{number}'")
    bench.agreed()


@scenario(
    "the overlays of the documentation that give each item a unit group of its own",
    "a clerk enters two items in pieces",
    "each is a product in a group with its number",
)
def test_given_a_group_for_each_item_when_items_are_entered_then_each_has_its_own(bench: Bench) -> None:
    for text in documented("With a unit group for each item"):
        bench.overlay(text)
    for number in ("2000-S", "2004-S"):
        item(bench, number, "PCS")
    bench.sync()
    bench.sync()
    for number in ("2000-S", "2004-S"):
        (made,) = products(bench, number)
        group = group_of(bench, made)
        assert (group["name"], group["baseuomname"], made["statecode"]) == (number, "PCS", 0)
    bench.agreed()


@pytest.fixture
def extended(bench: Bench) -> Bench:
    bench.switch("back_office", has_companion=True)
    return bench


UNITS = "name: ITEM UOM\ncreate: sales\n"


def sold_in(bench: Bench, number: str, **sizes: int) -> None:
    """Further units of an item, with what each holds of its base unit."""
    for code, size in sizes.items():
        bench.running.back_office.add_item_unit(bench.running.world.company, number, code, Decimal(size))


def units(bench: Bench, group: str) -> dict[str, tuple[Any, str | None]]:
    """The units of a group in Sales: how many of which other unit each holds."""
    rows = bench.admin.person.get(f"uoms?$filter=_uomscheduleid_value eq {group}")["value"]
    names = {row["uomid"]: row["name"] for row in rows}
    return {row["name"]: (row["quantity"], names.get(row["_baseuom_value"])) for row in rows}


def told(bench: Bench) -> list[str]:
    with bench.company.session() as session:
        return [row["message"] for row in parked(session, (FailureClass.PERSON,))]


@scenario(
    "overlays that have items created with a unit group of their own, and their units",
    "a clerk enters an item in pieces and boxes of 12, and both sides order it in both units",
    "the boxes are in its group, and every line is in the unit it was ordered in, on both sides",
)
def test_given_an_item_in_pieces_and_boxes_when_it_is_ordered_then_each_line_keeps_its_unit(extended: Bench) -> None:
    bench = extended
    for text in (*documented("With a unit group for each item"), UNITS):
        bench.overlay(text)
    there = item(bench, "2000-S", "PCS", unitPrice=Decimal(3))
    sold_in(bench, "2000-S", BOX=12)
    for _ in range(3):
        bench.sync()
    (made,) = products(bench, "2000-S")
    group = made["_defaultuomscheduleid_value"]
    assert units(bench, group) == {"PCS": (1, None), "BOX": (12, "PCS")}
    ids = {
        row["name"]: row["uomid"]
        for row in bench.admin.person.get(f"uoms?$filter=_uomscheduleid_value eq {group}")["value"]
    }
    seeded = bench.running.world
    lines = [
        {"product": made["productid"], "unit": ids[unit], "quantity": 2, "price": price}
        for unit, price in (("PCS", 3), ("BOX", 36))
    ]
    here = bench.seller.enter(seeded.customers[0].sales_id, seeded.price_lists["USD"], seeded.currencies["USD"], lines)
    bench.seller.submit(here)
    clerks = bench.clerk.create(
        "salesOrders",
        customerId=seeded.customers[1].back_office_id,
        salesOrderLines=[
            {"lineType": "Item", "itemId": there["id"], "unitOfMeasureCode": code, "quantity": 5, "unitPrice": price}
            for code, price in (("BOX", 36), ("PCS", 3))
        ],
    )
    bench.clerk.act(clerks, "release")
    bench.sync()
    number = bench.seller.order(here)["ordernumber"]
    shown = [(line["unitOfMeasureCode"], line["quantity"]) for line in bench.clerk.order(number)["salesOrderLines"]]
    assert shown == [("PCS", 2), ("BOX", 2)]
    shown = [
        (line["_uomid_value"], line["quantity"]) for line in bench.sales_order_of(clerks["number"])["order_details"]
    ]
    assert shown == [(ids["BOX"], 5), (ids["PCS"], 5)]
    bench.agreed()


@scenario(
    "overlays that have resources and service products created on the other side, and unit groups",
    "a clerk enters a resource, and a seller publishes a service",
    "each is there on the other side, with its base unit",
)
def test_given_resources_when_they_are_created_then_both_sides_have_them(extended: Bench) -> None:
    bench = extended
    bench.overlay("name: RESOURCE-PRODUCT\ncreate: both\n")
    bench.overlay(GROUPS)
    bench.clerk.create("unitsOfMeasure", code="HOUR", displayName="Hour")
    values = {"number": "LISA", "displayName": "Lisa, fitter", "baseUnitOfMeasureCode": "HOUR", "unitPrice": 80}
    bench.clerk.through_companion("POST", "resources", values)
    for _ in range(2):
        bench.sync()
    (made,) = products(bench, "LISA")
    assert (made["name"], made["price"], made["statecode"], made["producttypecode"]) == ("Lisa, fitter", 80, 0, 3)
    assert group_of(bench, made)["baseuomname"] == "HOUR"
    like = {name: made[f"_{name}_value"] for name in ("defaultuomscheduleid", "defaultuomid")}
    service = {"productnumber": "ANN", "name": "Ann, painter", "producttypecode": 3, "price": Decimal(70), **like}
    published = bench.running.sales.insert("product", service)
    bench.running.sales.patch("product", published, {"statecode": 0, "statuscode": 1})
    bench.sync()
    (there,) = bench.clerk.through_companion("GET", "resources?$filter=number eq 'ANN'")["value"]
    shown = (there["displayName"], there["unitPrice"], there["baseUnitOfMeasureCode"])
    assert shown == ("Ann, painter", 70, "HOUR")
    bench.agreed()


@scenario(
    "an item with a price that waits for a unit group, so that its price has no product either",
    "the unit group is entered, and the product is made",
    "its price arrives as well",
)
def test_given_a_price_without_a_product_when_the_product_is_made_then_the_price_arrives(extended: Bench) -> None:
    bench = extended
    bench.overlay(CREATE)
    item(bench, "2000-S", "PCS")
    bench.running.back_office.add_price(bench.running.world.company, "2000-S", Decimal("7.50"), currency="USD")
    bench.sync()
    bench.running.sales.insert("uomschedule", {"name": "PCS", "baseuomname": "PCS"})
    bench.sync()
    bench.sync()
    (made,) = products(bench, "2000-S")
    (price,) = bench.admin.person.get(f"productpricelevels?$filter=_productid_value eq {made['productid']}")["value"]
    assert price["amount"] == Decimal("7.50")
    bench.agreed()


@scenario(
    "two items whose products share a unit group, and an overlay that has units made",
    "a clerk gives both a unit that the group lacks, of one size, and one of them another unit",
    "each is made once in the group, and holds as much as there",
)
def test_given_a_shared_group_when_items_get_the_same_unit_then_it_is_made_once(extended: Bench) -> None:
    bench = extended
    bench.overlay(UNITS)
    first, second = bench.products[1], bench.products[2]
    group = bench.admin.person.get(f"products({first.sales_id})")["_defaultuomscheduleid_value"]
    for code in ("SET", "CRATE"):
        bench.clerk.create("unitsOfMeasure", code=code, displayName=code.title())
    sold_in(bench, first.number, SET=4, CRATE=48)
    sold_in(bench, second.number, SET=4)
    bench.sync()
    assert {name: size for name, size in units(bench, group).items() if name in ("SET", "CRATE")} == {
        "SET": (4, "PCS"),
        "CRATE": (48, "PCS"),
    }
    assert sorted(one.table for one in bench.writes("sales")) == ["uoms", "uoms"]
    assert told(bench) == []
    bench.agreed()


@scenario(
    "two items whose products share a unit group",
    "a clerk has a unit that the group lacks hold 4 of one and 6 of the other, and boxes of the one hold 10",
    "nothing is made and nothing overwritten, all of it is listed for a person",
)
def test_given_a_shared_group_when_sizes_differ_then_a_person_is_asked(extended: Bench) -> None:
    bench = extended
    bench.overlay(UNITS)
    first, second = bench.products[1], bench.products[2]
    group = bench.admin.person.get(f"products({first.sales_id})")["_defaultuomscheduleid_value"]
    bench.clerk.create("unitsOfMeasure", code="SET", displayName="Set")
    sold_in(bench, first.number, SET=4)
    sold_in(bench, second.number, SET=6)
    asked = f"itemUnitsOfMeasure?$filter=itemNumber eq '{first.number}' and unitOfMeasureCode eq 'BOX'"
    (box,) = bench.clerk.through_companion("GET", asked)["value"]
    path = f"itemUnitsOfMeasure({box['id']})"
    bench.clerk.through_companion("PATCH", path, {"quantityPerUnitOfMeasure": 10}, if_match="*")
    bench.sync(expect=1)
    assert bench.writes("sales") == []
    assert sorted(told(bench)) == [
        "BOX holds 12 in Sales, and 10 of this item in the back office; nothing is overwritten",
        *["SET holds 4 and 6 of different items whose products share a unit group in Sales; it is not made there"] * 2,
    ]
    made = {"name": "SET", "quantity": Decimal(4), "uomscheduleid": group, "baseuom": first.units[0].sales_id}
    bench.running.sales.insert("uom", made)
    bench.sync(expect=1)
    assert sorted(told(bench)) == [
        "BOX holds 12 in Sales, and 10 of this item in the back office; nothing is overwritten",
        "SET holds 4 in Sales, and 6 of this item in the back office; nothing is overwritten",
    ]
    assert bench.writes("sales") == []
    verified = bench.verify()
    assert {(one["mapping"], one["reason"]) for one in verified["differences"]} == {("ITEM UOM", "waiting")}
    assert verified["exit_code"] == 1
