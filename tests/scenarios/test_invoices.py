"""Posted invoices come to Sales, one each, with their lines; what becomes of them there follows."""

from __future__ import annotations

import urllib.request
from decimal import Decimal
from typing import Any

import pytest

from syncengine.sandbox.exchange import to_json
from syncengine.service.asides import uncouple
from tests.bench.bench import Bench

pytestmark = pytest.mark.loaded


def released(bench: Bench, *quantities: Any, **columns: Any) -> dict[str, Any]:
    """An order of a seller that has become a document, released; gives the document."""
    number = bench.sales_order(*quantities, **columns)
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.act(order, "release")
    return order


def posted(bench: Bench, order: dict[str, Any]) -> list[dict[str, Any]]:
    path = bench.clerk._path(f"salesInvoices?$filter=orderNumber eq '{order['number']}'")
    return list(bench.clerk.person.get(path)["value"])


def invoices(bench: Bench, number: str = "") -> list[dict[str, Any]]:
    where = f"&$filter=invoicenumber eq '{number}'" if number else ""
    return list(bench.admin.person.get(f"invoices?$expand=invoice_details{where}")["value"])


def act(bench: Bench, invoice: dict[str, Any], action: str, **sent: Any) -> None:
    url = f"{bench.running.back_office_url}/sandbox/invoices/{invoice['id']}/{action}"
    request = urllib.request.Request(url, to_json(sent), {"content-type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=20):
        return


def test_a_posted_invoice_comes_with_its_lines(bench: Bench) -> None:
    order = released(bench, 2, 3, freightamount=Decimal(12))
    bench.clerk.act(order, "ship")
    bench.clerk.act(order, "invoice")
    bench.sync(sweep_all=True)
    (there,) = posted(bench, order)
    (here,) = invoices(bench)
    assert here["invoicenumber"] == there["number"]
    assert here["duedate"] == there["dueDate"]
    sold = bench.seller.order(order["externalDocumentNumber"])
    assert (here["_salesorderid_value"], here["_customerid_value"]) == (sold["salesorderid"], sold["_customerid_value"])
    lines = sorted(here["invoice_details"], key=lambda one: one["lineitemnumber"])
    one, two = bench.products[:2]
    assert [(line["_productid_value"], line["quantity"], line["priceperunit"]) for line in lines] == [
        (one.sales_id, 2, one.price),
        (two.sales_id, 3, two.price),
    ]
    assert here["freightamount"] == 12
    assert here["totalamount"] == there["totalAmountIncludingTax"]
    assert here["statecode"] == 0
    bench.agreed()


def test_an_order_invoiced_in_parts_has_an_invoice_for_each(bench: Bench) -> None:
    """Each invoice has what it is for; the order is Invoiced only when all of it is."""
    order = released(bench, 5)
    bench.clerk.act(order, "ship", lines=[{"sequence": 10000, "quantity": 2}])
    bench.clerk.act(order, "invoice", lines=[{"sequence": 10000, "quantity": 2}])
    bench.sync()
    assert [one["invoice_details"][0]["quantity"] for one in invoices(bench)] == [2]
    assert bench.seller.order(order["externalDocumentNumber"])["statecode"] == 1
    bench.clerk.act(order, "ship")
    bench.clerk.act(order, "invoice")
    bench.sync(sweep_all=True)
    assert sorted(one["invoice_details"][0]["quantity"] for one in invoices(bench)) == [2, 3]
    assert bench.seller.order(order["externalDocumentNumber"])["statecode"] == 4
    bench.agreed()


def test_a_paid_invoice_is_paid_in_sales(bench: Bench) -> None:
    order = released(bench, 1)
    bench.clerk.act(order, "ship")
    bench.clerk.act(order, "invoice")
    bench.sync(sweep_all=True)
    (there,) = posted(bench, order)
    act(bench, there, "pay", amount=1)
    bench.sync()
    assert invoices(bench)[0]["statecode"] == 0
    act(bench, there, "pay")
    bench.sync()
    assert (invoices(bench)[0]["statecode"], invoices(bench)[0]["statuscode"]) == (2, 100001)
    bench.agreed()


def test_a_canceled_and_a_corrected_invoice_are_canceled_in_sales(bench: Bench) -> None:
    found = []
    for action in ("cancel", "correct"):
        order = released(bench, 1)
        bench.clerk.act(order, "ship")
        bench.clerk.act(order, "invoice")
        bench.sync(sweep_all=True)
        (there,) = posted(bench, order)
        act(bench, there, action)
        found.append(there["number"])
    bench.sync()
    assert [invoices(bench, number)[0]["statecode"] for number in found] == [3, 3]
    bench.agreed()


def test_an_invoice_paid_before_it_was_seen_arrives_paid(bench: Bench) -> None:
    order = released(bench, 1)
    bench.clerk.act(order, "ship")
    bench.clerk.act(order, "invoice")
    act(bench, posted(bench, order)[0], "pay")
    bench.sync(sweep_all=True)
    assert invoices(bench)[0]["statecode"] == 2
    bench.agreed()


def test_invoices_of_nobodys_orders_and_drafts_stay_where_they_are(bench: Bench) -> None:
    customer = bench.running.world.customers[0].back_office_id
    bench.clerk.create(
        "salesInvoices",
        customerId=customer,
        salesInvoiceLines=[{"lineType": "Item", "itemId": bench.products[0].back_office_id, "quantity": 1}],
    )
    order = bench.back_office_order(1)
    bench.configure(integration={"new_from_back_office": "never"})
    bench.clerk.act(order, "ship")
    bench.clerk.act(order, "invoice")
    bench.sync(sweep_all=True)
    assert invoices(bench) == []
    bench.agreed()


def test_an_invoice_wakes_its_order_before_any_sweep(bench: Bench) -> None:
    """An order that is invoiced whole is gone there, which no poll shows: the invoice tells."""
    order = released(bench, 2, 3)
    bench.sync()
    for action in ("ship", "invoice"):
        bench.clerk.act(order, action)
    assert bench.clerk.orders(f"number eq '{order['number']}'") == []
    bench.sync(sweep_interval_s=1_000_000)
    assert len(invoices(bench)) == 1
    assert bench.seller.order(order["externalDocumentNumber"])["statecode"] == 4
    bench.agreed()


@pytest.mark.parametrize("rest", ["posted too", "uncoupled"])
def test_an_invoice_of_an_order_that_was_deleted_in_sales_is_asked_about_once(bench: Bench, rest: str) -> None:
    """Sales refuses it while its order is coupled; once that has ended, the invoice stays in the back office."""
    order = released(bench, 2, 3)
    key = order["externalDocumentNumber"]
    bench.admin.delete(bench.seller.order(key)["salesorderid"])
    bench.sync(expect=1)
    bench.clerk.act(order, "ship")
    if rest == "posted too":
        bench.clerk.act(order, "invoice")
    else:
        line = order["salesOrderLines"][0]
        bench.clerk.act(order, "invoice", lines=[{"sequence": line["sequence"], "quantity": 1}])
        assert {one["code"] for one in bench.sync(expect=1)["errors"]} == {"deleted-in-sales", "refused"}
        uncouple(bench.company, "SALESORDER-ORDER", key)
    bench.sync(sweep_all=True)
    assert (len(posted(bench, order)), invoices(bench)) == (1, [])
