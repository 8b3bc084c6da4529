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
    "a seller's product and a service are published in Sales",
    "they are items with number, name, price, base unit and type, and a draft is none",
)
def test_given_a_new_product_when_items_are_created_then_it_is_one(bench: Bench) -> None:
    bench.overlay("name: ITEM-PRODUCT\ncreate: back-office\n")
    first = bench.products[1]
    like = bench.admin.person.get(f"products({first.sales_id})")
    for number, kind, published in (("3000-S", 1, True), ("3004-S", 3, True), ("3008-S", 1, False)):
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
    for number, kind in (("3000-S", "Inventory"), ("3004-S", "Service")):
        there = bench.clerk.find("items", f"number eq '{number}'")
        assert (there["displayName"], there["type"], there["unitPrice"]) == (
            f"Product {number}",
            kind,
            Decimal("12.50"),
        )
        assert there["baseUnitOfMeasureCode"] == first.units[1].code
    with pytest.raises(IndexError):
        bench.clerk.find("items", "number eq '3008-S'")
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
