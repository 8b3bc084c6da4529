"""What API v2.0 has no entity for: through the companion extension where it is installed, by its fallback where not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.service.check import check
from tests.bench.bench import Bench
from tests.scenarios.scenario import scenario


@pytest.fixture
def extended(bench: Bench) -> Bench:
    bench.switch("back_office", has_companion=True)
    return bench


def through(bench: Bench) -> dict[str, str]:
    """What `check` says of the mappings that depend on the companion."""
    return {one.message.partition(": ")[0]: one.message for one in check(bench.company) if one.id.endswith(".through")}


def service(bench: Bench, number: str = "LISA") -> tuple[str, dict[str, Any]]:
    """A resource, and the product of type Services that stands for it; the product's id, and a line to order it."""
    seeded = bench.running.world
    bench.running.back_office.insert(
        seeded.company,
        "resources",
        {
            "number": number,
            "displayName": "Lisa, fitter",
            "type": "Person",
            "baseUnitOfMeasureCode": "PCS",
            "unitPrice": Decimal(80),
            "unitCost": Decimal(45),
        },
    )
    first = bench.products[1]
    like = bench.admin.person.get(f"products({first.sales_id})")
    product = bench.running.sales.insert(
        "product",
        {
            "productnumber": number,
            "name": "Fitting",
            "producttypecode": 3,
            "defaultuomscheduleid": like["_defaultuomscheduleid_value"],
            "defaultuomid": first.units[0].sales_id,
            "quantitydecimal": 2,
            "price": Decimal(1),
        },
    )
    bench.running.sales.patch("product", product, {"statecode": 0, "statuscode": 1})
    return product, {"product": product, "unit": first.units[0].sales_id, "quantity": 3, "price": 75}


def enter(bench: Bench, *lines: dict[str, Any]) -> str:
    seeded = bench.running.world
    order = bench.seller.enter(
        seeded.customers[0].sales_id, seeded.price_lists["USD"], seeded.currencies["USD"], list(lines)
    )
    bench.seller.submit(order)
    return str(bench.seller.order(order)["ordernumber"])


@scenario(
    "a resource, and the product of type Services with its number",
    "a seller orders it, and a clerk enters an order with it",
    "it is a resource there and a product here, with the back office's name, price and cost",
)
def test_given_a_resource_when_it_is_ordered_then_it_is_a_product_here(extended: Bench) -> None:
    product, line = service(extended)
    number = enter(extended, line)
    theirs = extended.clerk.create(
        "salesOrders",
        customerId=extended.running.world.customers[1].back_office_id,
        salesOrderLines=[{"lineType": "Resource", "lineObjectNumber": "LISA", "quantity": 2, "unitPrice": 90}],
    )
    extended.clerk.act(theirs, "release")
    extended.sync()
    (made,) = extended.clerk.order(number)["salesOrderLines"]
    assert (made["lineType"], made["lineObjectNumber"]) == ("Resource", "LISA")
    assert (made["quantity"], made["unitPrice"]) == (3, 75)
    (here,) = extended.sales_order_of(theirs["number"])["order_details"]
    assert (here["_productid_value"], here["isproductoverridden"], here["priceperunit"]) == (product, False, 90)
    shown = extended.admin.person.get(f"products({product})")
    assert (shown["name"], shown["price"], shown["standardcost"]) == ("Lisa, fitter", 80, 45)
    assert through(extended)["RESOURCE-PRODUCT"] == "RESOURCE-PRODUCT: works through companion/resources"
    extended.agreed()


@scenario(
    "an order for a resource",
    "the seller takes an item instead",
    "the line is of that item in both",
)
def test_given_an_order_for_a_resource_when_an_item_is_taken_instead_then_both_have_it(extended: Bench) -> None:
    _, line = service(extended)
    number = enter(extended, line)
    extended.sync()
    order = extended.seller.order(number)
    item = extended.products[2]
    extended.seller.edit(
        order["salesorderid"],
        lines={
            order["order_details"][0]["salesorderdetailid"]: {
                "productid@odata.bind": f"/products({item.sales_id})",
                "uomid@odata.bind": f"/uoms({item.units[0].sales_id})",
                "ispriceoverridden": True,
                "priceperunit": 12,
            }
        },
    )
    extended.sync()
    (made,) = extended.clerk.order(number)["salesOrderLines"]
    assert (made["lineType"], made["itemId"], made["unitPrice"]) == ("Item", item.back_office_id, 12)
    extended.agreed()


@scenario(
    "an order for a service product whose resource is not there yet",
    "the resource is entered",
    "the order waited for it, and goes on by itself",
)
def test_given_a_service_without_its_resource_when_it_comes_then_the_order_goes_on(extended: Bench) -> None:
    _, line = service(extended, "LISA")
    there = extended.clerk.through_companion("GET", "resources?$filter=number eq 'LISA'")["value"][0]
    extended.clerk.through_companion("PATCH", f"resources({there['id']})", {"number": "LIZ"}, if_match="*")
    number = enter(extended, line)
    extended.sync()
    assert extended.live_documents(number) == []
    again = extended.clerk.through_companion("GET", f"resources({there['id']})")
    extended.clerk.through_companion(
        "PATCH", f"resources({there['id']})", {"number": "LISA"}, if_match=again["@odata.etag"]
    )
    extended.sync()
    assert len(extended.live_documents(number)) == 1
    extended.agreed()


@scenario(
    "no companion, and an order of a clerk with a resource",
    "it comes to Sales",
    "the line is a write-in, so that totals agree, and `check` says so",
)
def test_given_no_companion_when_a_resource_is_ordered_there_then_it_is_a_write_in_here(bench: Bench) -> None:
    service(bench)
    order = bench.clerk.create(
        "salesOrders",
        customerId=bench.running.world.customers[1].back_office_id,
        salesOrderLines=[{"lineType": "Resource", "lineObjectNumber": "LISA", "quantity": 2, "unitPrice": 90}],
    )
    bench.clerk.act(order, "release")
    bench.sync()
    (here,) = bench.sales_order_of(order["number"])["order_details"]
    assert (here["productdescription"], here["isproductoverridden"]) == ("Lisa, fitter", True)
    said = through(bench)["RESOURCE-PRODUCT"]
    assert said == "RESOURCE-PRODUCT: companion/resources is not there; lines of resources are write-ins in Sales"
    bench.agreed()
