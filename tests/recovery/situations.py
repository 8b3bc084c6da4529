"""One situation for each kind of step: what is prepared, what people do, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.bench.prepared import prepared


@dataclass(frozen=True)
class Situation:
    """`prepare` gives what `check` needs; `created` are the documents that may be created in all, by side."""

    name: str
    prepare: Callable[[Bench], Any]
    check: Callable[[Bench, Any], None]
    created: dict[str, int]

    def begun(self, running: world.Sandbox, folder: Path) -> tuple[Bench, Any]:
        """A company of its own in this situation, and what `check` needs."""

        def first(bench: Bench) -> Any:
            bench.sync()
            return self.prepare(bench)

        return prepared(running, folder, self.name, first)


def _new_in_sales(bench: Bench) -> str:
    return bench.sales_order(2, 3, discountamount=Decimal(5))


def _is_there_once(bench: Bench, number: str) -> None:
    (document,) = bench.live_documents(number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [2, 3]
    assert document["discountAmount"] == 5
    assert bench.seller.order(number)["submitstatusdescription"].startswith(document["number"])


def _long_order_in_sales(bench: Bench) -> str:
    products = [bench.products[place % 12] for place in range(103)]
    return bench.sales_order(*range(1, 104), products=products)


def _has_all_lines(bench: Bench, number: str) -> None:
    (document,) = bench.live_documents(number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == list(range(1, 104))


def _new_in_back_office(bench: Bench) -> str:
    return str(bench.back_office_order(2, 3)["number"])


def _is_in_sales_once(bench: Bench, number: str) -> None:
    order = bench.sales_order_of(number)
    assert [line["quantity"] for line in order["order_details"]] == [2, 3]
    assert order["statecode"] == 1
    assert len(bench.admin.person.get("salesorders?$select=name")["value"]) == 1


def _coupled(bench: Bench) -> str:
    number = bench.sales_order(2, 3)
    bench.sync()
    return number


def _quantity_changed_in_sales(bench: Bench) -> str:
    number = _coupled(bench)
    order = bench.seller.order(number)
    lines = order["order_details"]
    bench.seller.edit(order["salesorderid"], lines={lines[0]["salesorderdetailid"]: {"quantity": 9}})
    return number


def _recreated_once(bench: Bench, number: str) -> None:
    (document,) = bench.live_documents(number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [9, 3]
    assert document["externalDocumentNumber"] == number
    assert bench.seller.order(number)["submitstatusdescription"].startswith(document["number"])
    with bench.company.store() as store, store.transaction():
        versions = store.archive.versions(number)
    assert versions[0].successor == document["number"]


def _amended(bench: Bench) -> str:
    bench.configure(integration={"on_order_change": "amend"})
    number = _coupled(bench)
    order = bench.seller.order(number)
    lines = [line["salesorderdetailid"] for line in order["order_details"]]
    product = bench.products[5]
    bench.seller.reactivate(order["salesorderid"])
    bench.seller.change_line(lines[0], {"quantity": 9})
    bench.seller.person.request("DELETE", f"salesorderdetails({lines[1]})")
    bench.seller.person.request(
        "POST",
        "salesorderdetails",
        {
            "salesorderid@odata.bind": f"/salesorders({order['salesorderid']})",
            "productid@odata.bind": f"/products({product.sales_id})",
            "uomid@odata.bind": f"/uoms({product.units[0].sales_id})",
            "quantity": 4,
            "ispriceoverridden": True,
            "priceperunit": Decimal("3.21"),
            "lineitemnumber": 3,
        },
    )
    bench.seller.submit(order["salesorderid"])
    return number


def _amended_once(bench: Bench, number: str) -> None:
    (document,) = bench.live_documents(number)
    shown = [(line["lineObjectNumber"], line["quantity"]) for line in document["salesOrderLines"]]
    assert shown == [(bench.products[0].number, 9), (bench.products[5].number, 4)]


def _header_changed_in_sales(bench: Bench) -> str:
    number = _coupled(bench)
    bench.seller.edit(
        bench.seller.order(number)["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland"
    )
    return number


def _header_is_there(bench: Bench, number: str) -> None:
    assert bench.clerk.order(number)["shipToCity"] == "Portland"


def _changed_in_back_office(bench: Bench) -> str:
    number = _coupled(bench)
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal("1.23"))
    bench.clerk.add_line(order, lineType="Item", itemId=bench.products[7].back_office_id, quantity=5, unitPrice=2)
    bench.clerk.change(order, requestedDeliveryDate="2027-03-16")
    return number


def _is_in_sales(bench: Bench, number: str) -> None:
    order = bench.seller.order(number)
    assert [line["quantity"] for line in order["order_details"]] == [2, 3, 5]
    assert order["order_details"][0]["priceperunit"] == Decimal("1.23")
    assert order["requestdeliveryby"] == "2027-03-16T16:00:00Z"


def _shipped(bench: Bench) -> str:
    number = _coupled(bench)
    order = bench.clerk.order(number)
    bench.clerk.act(order, "release")
    bench.clerk.act(order, "ship")
    return number


def _is_fulfilled(bench: Bench, number: str) -> None:
    order = bench.seller.order(number)
    assert order["statecode"] == 3
    assert [line["quantityshipped"] for line in order["order_details"]] == [2, 3]
    assert len(bench.admin.person.get("ordercloses?$select=subject")["value"]) == 1


SITUATIONS = (
    Situation("an order that is new in Sales", _new_in_sales, _is_there_once, {"sales": 0, "back_office": 1}),
    Situation(
        "an order that is new in the back office",
        _new_in_back_office,
        _is_in_sales_once,
        {"sales": 1, "back_office": 0},
    ),
    Situation(
        "a document that is recreated", _quantity_changed_in_sales, _recreated_once, {"sales": 0, "back_office": 1}
    ),
    Situation("a document that is amended", _amended, _amended_once, {"sales": 0, "back_office": 0}),
    Situation(
        "a header patched in the back office",
        _header_changed_in_sales,
        _header_is_there,
        {"sales": 0, "back_office": 0},
    ),
    Situation(
        "an order changed in the back office", _changed_in_back_office, _is_in_sales, {"sales": 0, "back_office": 0}
    ),
    Situation("an order that was shipped", _shipped, _is_fulfilled, {"sales": 0, "back_office": 0}),
)


def _with_columns_beside(bench: Bench) -> str:
    bench.switch("back_office", has_companion=True)
    for code in ("DHL", "UPS"):
        bench.clerk.through_companion("POST", "shippingAgents", {"code": code, "displayName": f"{code} parcels"})
    bench.company.back_office.capabilities(anew=True)
    first = bench.sales_order(2, shippingmethodcode=2, description="Ring once")
    bench.sync()
    order, other = bench.seller.order(first)["salesorderid"], bench.running.world.customers[2].sales_id
    account = {"customerid_account@odata.bind": f"/accounts({other})"}
    bench.seller.edit(order, **account, shippingmethodcode=4, description="Ring twice")
    bench.sales_order(3, shippingmethodcode=2, description="Ring thrice")
    return first


def _have_columns_beside(bench: Bench, first: str) -> None:
    rows = bench.clerk.through_companion("GET", "orderDocuments")["value"]
    shown = {(one["shippingAgentCode"], one["workDescription"]) for one in rows}
    assert (len(rows), shown) == (2, {("UPS", "Ring twice"), ("DHL", "Ring thrice")})
    assert bench.seller.order(first)["description"] == "Ring twice"


def _with_notes(bench: Bench) -> str:
    number = bench.sales_order(2)
    bench.sync()
    order = bench.seller.order(number)["salesorderid"]
    for text in ("Call first", "Gate B"):
        note = {"notetext": text, "objectid_salesorder@odata.bind": f"/salesorders({order})"}
        bench.seller.person.request("POST", "annotations", note)
    return number


def _notes_are_files_once(bench: Bench, number: str) -> None:
    (document,) = bench.live_documents(number)
    assert sorted(bench.clerk.files(document).values()) == [b"Call first", b"Gate B"]


BESIDE = (
    Situation(
        "orders with columns beside, one of them recreated",
        _with_columns_beside,
        _have_columns_beside,
        {"sales": 0, "back_office": 2},
    ),
    Situation("notes that become files", _with_notes, _notes_are_files_once, {"sales": 0, "back_office": 0}),
)
"""What is written by more than one request, each of them to another place."""

LONG_ORDER = Situation("an order of 103 lines", _long_order_in_sales, _has_all_lines, {"sales": 0, "back_office": 1})


def creates(bench: Bench) -> dict[str, int]:
    """Documents created since the mark, by side: successful POSTs of orders, in batches or not."""
    found = {"sales": 0, "back_office": 0}
    for write in bench.writes():
        if write.method == "POST" and write.table in ("salesorders", "salesOrders") and 200 <= write.status < 300:
            found[write.side] += 1
    return found
