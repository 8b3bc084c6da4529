"""What sellers and clerks do in scenarios, by the Sales order number, and how their orders look afterwards."""

from __future__ import annotations

import urllib.request
from decimal import Decimal
from typing import Any

from syncengine.errors import FailureClass
from syncengine.sandbox.exchange import from_json
from syncengine.store.queries import parked
from syncengine.store.queries import story
from tests.bench.bench import Bench

ACTIVE, SUBMITTED, CANCELED, FULFILLED, INVOICED = range(5)
PARTIAL = 100002


def coupled(bench: Bench, *quantities: Any, **columns: Any) -> str:
    """An order of a seller on both sides; its number. The requests before it are not counted."""
    number = bench.sales_order(*(quantities or (2, 3)), **columns)
    bench.sync()
    bench.mark()
    return number


def listed(bench: Bench, *failures: FailureClass) -> list[str]:
    """The codes of what is set aside."""
    with bench.company.session() as session:
        return [row["code"] for row in parked(session, failures or (FailureClass.PERSON,))]


def message(bench: Bench, failure: FailureClass = FailureClass.PERSON) -> str:
    with bench.company.session() as session:
        (row,) = parked(session, (failure,))
    return str(row["message"])


# the seller


def sales_id(bench: Bench, number: str) -> str:
    return str(bench.seller.order(number)["salesorderid"])


def sales_line(bench: Bench, number: str, at: int = 0) -> str:
    return str(bench.seller.order(number)["order_details"][at]["salesorderdetailid"])


def edit_line(bench: Bench, number: str, at: int = 0, **columns: Any) -> None:
    bench.seller.edit(sales_id(bench, number), lines={sales_line(bench, number, at): columns})


def remove_sales_line(bench: Bench, number: str, at: int = 0) -> None:
    order, line = sales_id(bench, number), sales_line(bench, number, at)
    bench.seller.reactivate(order)
    bench.seller.remove_line(line)
    bench.seller.submit(order)


def add_sales_line(
    bench: Bench, number: str, product: int = 5, quantity: Any = 4, price: Any = Decimal("3.21")
) -> None:
    order, chosen = sales_id(bench, number), bench.products[product]
    bench.seller.reactivate(order)
    unit = chosen.units[0].sales_id
    bench.seller.add_line(order, chosen.sales_id, unit, quantity, price, lineitemnumber=9)
    bench.seller.submit(order)


def cancel(bench: Bench, number: str) -> None:
    bench.admin.cancel(sales_id(bench, number), subject="closed by a person")


def fulfil(bench: Bench, number: str) -> None:
    bench.admin.fulfil(sales_id(bench, number))


def invoice_in_sales(bench: Bench, number: str) -> None:
    bench.admin.person.request(
        "PATCH", f"salesorders({sales_id(bench, number)})", {"statecode": 4, "statuscode": 100003}
    )


def delete_in_sales(bench: Bench, number: str) -> None:
    bench.admin.delete(sales_id(bench, number))


def state(bench: Bench, number: str) -> int:
    return int(bench.seller.order(number)["statecode"])


def status_line(bench: Bench, number: str) -> str:
    return str(bench.seller.order(number)["submitstatusdescription"] or "")


def quantities(bench: Bench, number: str, column: str = "quantity") -> list[Any]:
    return [line[column] or 0 for line in bench.seller.order(number)["order_details"]]


# the clerk


def delete_in_back_office(bench: Bench, number: str) -> None:
    bench.clerk.delete(bench.clerk.order(number))


def release(bench: Bench, number: str) -> None:
    bench.clerk.act(bench.clerk.order(number), "release")


def reopen(bench: Bench, number: str) -> None:
    bench.clerk.act(bench.clerk.order(number), "reopen")


def _posting(order: dict[str, Any], quantities: tuple[Any, ...]) -> dict[str, Any]:
    if not quantities:
        return {}
    lines = [line for line in order["salesOrderLines"] if line["lineType"] != "Comment"]
    return {
        "lines": [
            {"sequence": line["sequence"], "quantity": quantity}
            for line, quantity in zip(lines, quantities, strict=False)
        ]
    }


def ship(bench: Bench, number: str, *quantities: Any) -> None:
    """These quantities, line by line; without any, all that is outstanding."""
    order = bench.clerk.order(number)
    bench.clerk.act(order, "ship", **_posting(order, quantities))


def invoice(bench: Bench, number: str, *quantities: Any, **how: Any) -> None:
    """What was shipped; `separate` or `combined_with`: on an invoice that names no order."""
    order = bench.clerk.order(number)
    bench.clerk.act(order, "invoice", **_posting(order, quantities), **how)


def change_back_line(bench: Bench, number: str, at: int = 0, **columns: Any) -> None:
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][at], **columns)


def remove_back_line(bench: Bench, number: str, at: int = 0) -> None:
    order = bench.clerk.order(number)
    line = order["salesOrderLines"][at]["id"]
    path = bench.clerk._path(f"salesOrders({order['id']})/salesOrderLines({line})")
    bench.clerk.person.request("DELETE", path, if_match="*")


def delete_invoiced_orders(bench: Bench) -> None:
    """The batch job Delete Invoiced Sales Orders."""
    url = f"{bench.running.back_office_url}/sandbox/jobs/delete-invoiced-sales-orders"
    with urllib.request.urlopen(urllib.request.Request(url, b"{}", method="POST"), timeout=20) as answer:
        from_json(answer.read())


def live(bench: Bench, number: str) -> list[dict[str, Any]]:
    return bench.clerk.orders(f"externalDocumentNumber eq '{number}'")


def back_quantities(bench: Bench, number: str, column: str = "quantity") -> list[Any]:
    (order,) = live(bench, number)
    return [line[column] for line in order["salesOrderLines"] if line["lineType"] != "Comment"]


def versions(bench: Bench, number: str) -> list[Any]:
    with bench.company.store() as store, store.transaction():
        return list(store.archive.versions(number))


def history(bench: Bench, number: str, event: str) -> list[dict[str, Any]]:
    with bench.company.session() as session:
        found = story(session, number)
    assert found is not None
    return [one for one in found["events"] if one["event"] == event]


def write_note(bench: Bench, number: str, text: str) -> str:
    """A seller's note on an order in Sales; its id."""
    order = bench.seller.order(number)["salesorderid"]
    body = {"notetext": text, "objectid_salesorder@odata.bind": f"/salesorders({order})"}
    made = bench.seller.person.request("POST", "annotations", body, prefer="return=representation")
    return str(made["annotationid"])
