"""What is not decided by itself is detected, written nowhere, and listed by its name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from syncengine.errors import FailureClass
from syncengine.store.queries import parked
from tests.bench.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


@pytest.fixture
def coupled(bench: Bench) -> str:
    number = bench.sales_order(2, 3)
    bench.sync()
    bench.mark()
    return number


def _listed(bench: Bench) -> list[str]:
    with bench.company.session() as session:
        return [row["code"] for row in parked(session, (FailureClass.PERSON,))]


def _bind(bench: Bench, number: str) -> dict[str, Any]:
    order = bench.seller.order(number)["salesorderid"]
    return {"@odata.type": "Microsoft.Dynamics.CRM.orderclose", "salesorderid@odata.bind": f"/salesorders({order})"}


def _fulfil(bench: Bench, number: str) -> None:
    bench.admin.person.request(
        "POST",
        "salesorders/Microsoft.Dynamics.CRM.FulfillSalesOrder",
        {"OrderClose": {"subject": "fulfilled", **_bind(bench, number)}, "Status": 100001},
    )


def _invoice(bench: Bench, number: str) -> None:
    order = bench.seller.order(number)["salesorderid"]
    bench.admin.person.request("PATCH", f"salesorders({order})", {"statecode": 4, "statuscode": 100003})


def _delete_in_sales(bench: Bench, number: str) -> None:
    bench.admin.person.request("DELETE", f"salesorders({bench.seller.order(number)['salesorderid']})")


def _change_currency(bench: Bench, number: str) -> None:
    bench.clerk.change(bench.clerk.order(number), currencyCode="EUR")


@pytest.mark.parametrize(
    ("happens", "name"),
    [
        (_fulfil, "fulfilled-in-sales"),
        (_invoice, "invoiced-in-sales"),
        (_delete_in_sales, "deleted-in-sales"),
        (_change_currency, "currency-changed"),
    ],
)
def test_what_happens_is_named_and_the_other_side_left_alone(
    bench: Bench, coupled: str, happens: Callable[[Bench, str], None], name: str
) -> None:
    happens(bench, coupled)
    bench.sync(expect=1)
    assert _listed(bench) == [name]
    assert bench.writes("back_office") == []
    bench.mark()
    bench.sync(expect=1)
    assert bench.writes() == []


def test_a_shipped_order_that_is_changed_in_sales_is_not_recreated(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.act(order, "release")
    bench.clerk.act(order, "ship", lines=[{"sequence": order["salesOrderLines"][0]["sequence"], "quantity": 1}])
    sales = bench.seller.order(coupled)
    line = sales["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(sales["salesorderid"], lines={line: {"quantity": 9}})
    bench.sync(expect=1)
    assert _listed(bench) == ["shipped-order-changed"]
    assert bench.writes("back_office") == []


def test_an_order_that_the_back_office_refuses_is_listed_with_its_words_and_the_others_go(bench: Bench) -> None:
    """A blocked item: the refusal names it; the order beside it arrives."""
    blocked = bench.products[0]
    bench.sync()
    item = bench.clerk.find("items", f"number eq '{blocked.number}'")
    bench.clerk.person.request(
        "PATCH", bench.clerk._path(f"items({item['id']})"), {"blocked": True}, if_match=item["@odata.etag"]
    )
    refused = bench.sales_order(1)
    good = bench.sales_order(1, products=[bench.products[3]])
    result = bench.sync(expect=1)
    (error,) = result["errors"]
    assert (error["record"]["number"], error["side"], error["class"]) == (refused, "back_office", "needs-a-person")
    assert "Blocked" in error["message"]
    assert bench.clerk.order(good)["externalDocumentNumber"] == good
    bench.clerk.person.request(
        "PATCH",
        bench.clerk._path(f"items({item['id']})"),
        {"blocked": False},
        if_match=bench.clerk.find("items", f"number eq '{blocked.number}'")["@odata.etag"],
    )
    with bench.company.store(writes=True) as store, store.transaction():
        assert store.work.retry(None) == 1
    bench.sync()
    assert bench.clerk.order(refused)["externalDocumentNumber"] == refused
    bench.agreed()


def test_freight_without_an_account_is_an_error_that_says_so(bench: Bench) -> None:
    bench.configure(back_office={"freight_account": ""})
    bench.sales_order(1, freightamount=Decimal("12.50"))
    result = bench.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["freight-account-unset"]
    assert "[back_office] freight_account" in result["errors"][0]["remedy"]
    assert bench.writes("back_office") == []


def test_a_column_that_sales_drops_silently_is_a_failure_that_names_it(bench: Bench, coupled: str) -> None:
    """Written with 200 and not kept: never a new base, and never read as the seller's edit."""
    bench.running.sales.world.model["salesorder"]  # the table is there
    order = bench.clerk.order(coupled)
    bench.clerk.change(order, requestedDeliveryDate="2027-03-16")
    bench.fault("sales", kind="refuse", next=0, status=400)  # no effect: the switch below does it
    bench.running.sales.switch(not_updatable="dropped")
    bench.sync()
    assert bench.seller.order(coupled)["requestdeliveryby"] == "2027-03-16T16:00:00Z"


def test_a_second_document_under_the_same_key_is_not_made(bench: Bench) -> None:
    """The back office has an invoiced order under the key of a new Sales order: a person is asked."""
    bench.sync()
    number = bench.sales_order(1, submit=False)
    order = bench.back_office_order(1, release=False, externalDocumentNumber=number)
    bench.clerk.act(order, "release")
    bench.clerk.act(order, "ship")
    bench.clerk.act(order, "invoice")
    bench.seller.submit(bench.seller.order(number)["salesorderid"])
    bench.mark()
    result = bench.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["key-in-use"]
    assert bench.writes("back_office") == []
