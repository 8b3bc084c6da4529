"""A line that becomes something else: a write-in where a product was, an item where an account was."""

from __future__ import annotations

from typing import Any

from syncengine.service.decisions import resolve
from tests.bench.bench import Bench
from tests.scenarios.scenario import scenario


def write_in(bench: Bench, text: str, price: int, quantity: int = 1) -> dict[str, Any]:
    return {
        "isproductoverridden": True,
        "productdescription": text,
        "quantity": quantity,
        "priceperunit": price,
    }


def here(bench: Bench, number: str) -> list[tuple[Any, ...]]:
    """What the lines in Sales are: product or text, quantity, price."""
    lines = bench.seller.order(number)["order_details"]
    return sorted(
        (str(one["_productid_value"] or one["productdescription"]), one["quantity"], one["priceperunit"])
        for one in lines
    )


def there(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    lines = document["salesOrderLines"]
    return sorted(
        (one["lineType"], one["lineObjectNumber"], one["description"], one["quantity"], one["unitPrice"])
        for one in lines
        if one["lineType"] != "Comment"
    )


def replace_line(bench: Bench, number: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """As a seller does it: reactivate, delete, add, submit. What a line is can only be said when it is made."""
    order = bench.seller.order(number)["salesorderid"]
    bench.seller.reactivate(order)
    bench.seller.person.request("DELETE", f"salesorderdetails({old['salesorderdetailid']})")
    bench.seller.person.request(
        "POST", "salesorderdetails", {"salesorderid@odata.bind": f"/salesorders({order})", **new}
    )
    bench.seller.submit(order)


@scenario(
    "a coupled order with a write-in and a product",
    "the seller replaces the write-in by a product, and a product by a write-in; the clerk dates a line that stays",
    "the document has them so, in a successor, with the clerk's date on the line that stayed",
)
def test_a_seller_replaces_a_write_in_by_a_product_and_back(bench: Bench) -> None:
    one, two, three = bench.products[0], bench.products[1], bench.products[2]
    number = bench.sales_order(2, 3, submit=False)
    order = bench.seller.order(number)["salesorderid"]
    bench.seller.person.request(
        "POST",
        "salesorderdetails",
        {"salesorderid@odata.bind": f"/salesorders({order})", **write_in(bench, "Assembly", 40)},
    )
    bench.seller.submit(order)
    bench.sync()
    (before,) = bench.live_documents(number)
    kept = next(line for line in before["salesOrderLines"] if line["lineObjectNumber"] == two.number)
    bench.clerk.change_line(before, kept, shipmentDate="2027-01-15")
    lines = bench.seller.order(number)["order_details"]
    text = next(line for line in lines if line["productdescription"] == "Assembly")
    product = {
        "productid@odata.bind": f"/products({three.sales_id})",
        "uomid@odata.bind": f"/uoms({three.units[0].sales_id})",
        "quantity": 4,
        "ispriceoverridden": True,
        "priceperunit": 11,
    }
    replace_line(bench, number, text, product)
    bench.sync()
    (after,) = bench.live_documents(number)
    assert after["number"] != before["number"]
    assert ("Item", three.number, 4, 11) in [(a, b, d, e) for a, b, _, d, e in there(after)]
    assert "Assembly" not in [one[2] for one in there(after)]
    assert (
        next(line for line in after["salesOrderLines"] if line["lineObjectNumber"] == two.number)["shipmentDate"]
        == "2027-01-15"
    )
    bench.agreed()
    first = next(
        line for line in bench.seller.order(number)["order_details"] if line["_productid_value"] == one.sales_id
    )
    replace_line(bench, number, first, write_in(bench, "A desk of our own", 99, 2))
    bench.sync()
    (last,) = bench.live_documents(number)
    assert ("A desk of our own", 2, 99) in [(c, d, e) for _, _, c, d, e in there(last)]
    assert one.number not in [b for _, b, *_ in there(last)]
    assert len(there(last)) == 3
    bench.agreed()


@scenario(
    "a clerk's order with an account line and an item line",
    "the clerk makes an item of the account line, and an account line of the item line",
    "Sales has a product where the write-in was, and a write-in where the product was; nothing else of it is lost",
)
def test_a_clerk_makes_an_item_of_an_account_line_and_back(bench: Bench) -> None:
    one = bench.products[0]
    order = bench.back_office_order(2, 3, release=False)
    bench.clerk.add_line(
        order, lineType="Account", lineObjectNumber="40500", description="Delivery", quantity=1, unitPrice=25
    )
    bench.clerk.act(order, "release")
    bench.sync()
    sales = bench.sales_order_of(order["number"])
    number = sales["ordernumber"]
    assert ("Delivery", 1, 25) in here(bench, number)
    bench.clerk.act(order, "reopen")
    fresh = bench.clerk.order(order["number"])
    line = next(one for one in fresh["salesOrderLines"] if one["description"] == "Delivery")
    third = bench.products[2]
    bench.clerk.change_line(fresh, line, lineType="Item", itemId=third.back_office_id, quantity=5, unitPrice=12)
    item = next(line for line in fresh["salesOrderLines"] if line["lineObjectNumber"] == one.number)
    account = bench.clerk.find("accounts", "number eq '40500'")["id"]
    bench.clerk.change_line(
        fresh, item, lineType="Account", accountId=account, description="Lump sum", quantity=1, unitPrice=70
    )
    bench.sync()
    assert (third.sales_id, 5, 12) in here(bench, number)
    assert ("Lump sum", 1, 70) in here(bench, number)
    assert len(here(bench, number)) == 3
    bench.agreed()


@scenario(
    "a clerk's order with an account line, which is a write-in in Sales",
    "the clerk makes an item of it, while the seller changes the write-in's price",
    "that is for a person to decide; with the clerk's word the line is the item in both",
)
def test_a_line_made_an_item_while_its_write_in_was_edited_is_a_conflict(bench: Bench) -> None:
    order = bench.back_office_order(2, release=False)
    bench.clerk.add_line(
        order, lineType="Account", lineObjectNumber="40500", description="Delivery", quantity=1, unitPrice=25
    )
    bench.clerk.act(order, "release")
    bench.sync()
    sales = bench.sales_order_of(order["number"])
    text = next(line for line in sales["order_details"] if line["productdescription"] == "Delivery")
    bench.seller.edit(sales["salesorderid"], lines={text["salesorderdetailid"]: {"priceperunit": 30}})
    bench.clerk.act(order, "reopen")
    fresh, third = bench.clerk.order(order["number"]), bench.products[2]
    line = next(one for one in fresh["salesOrderLines"] if one["description"] == "Delivery")
    bench.clerk.change_line(fresh, line, lineType="Item", itemId=third.back_office_id, quantity=5, unitPrice=12)
    bench.sync(expect=1)
    bench.sync(expect=1)
    assert ("Delivery", 1, 30) in here(bench, sales["ordernumber"])
    assert ("Item", third.number, 5, 12) in [
        (a, b, d, e) for a, b, _, d, e in there(bench.clerk.order(order["number"]))
    ]
    with bench.company.store() as store, store.transaction():
        (conflict,) = store.conflicts.open()
    assert (conflict.group, conflict.sales, conflict.back_office) == ("set", "present", None)
    resolve(bench.company, conflict.id, "back_office", ())
    bench.sync()
    shown = here(bench, sales["ordernumber"])
    assert (len(shown), (third.sales_id, 5, 12) in shown) == (2, True)
    bench.agreed()
