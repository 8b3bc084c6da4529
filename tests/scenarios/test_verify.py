"""Verify reads both live systems; nothing that the engine remembers can hide a difference from it."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from syncengine.sandbox.exchange import to_json
from tests.bench.bench import Bench
from tests.scenarios.silence import silenced

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


@pytest.fixture
def coupled(bench: Bench) -> str:
    number = bench.sales_order(2, 3)
    bench.sync()
    return number


def _alter(origin: str, table: str, row: str, **columns: Any) -> None:
    """Straight in the emulator's database: no validation, no stamp, no version moved."""
    request = urllib.request.Request(
        f"{origin}/sandbox/rows/{table}/{row}",
        to_json(columns),
        {"content-type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=20).close()


def test_a_row_altered_with_no_stamp_moved_is_reported(bench: Bench, coupled: str) -> None:
    line = bench.seller.order(coupled)["order_details"][0]["salesorderdetailid"]
    _alter(bench.running.sales_url, "salesorderdetail", line, quantity=77)
    bench.sync()
    verified = bench.verify()
    assert verified["exit_code"] == 1
    (difference,) = verified["differences"]
    assert (difference["group"], difference["reason"], difference["sales"]) == ("quantity", "unexplained", 77)
    assert difference["record"]["number"] == coupled


def test_repair_queues_what_a_sync_would_do(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    _alter(bench.running.back_office_url, "salesOrderLine", order["salesOrderLines"][0]["id"], description="Oak")
    bench.sync()
    verified = bench.run("verify", expect=1, repair=True)
    assert [one["group"] for one in verified["differences"]] == ["description"]
    bench.sync()
    assert bench.seller.order(coupled)["order_details"][0]["description"] == "Oak"
    bench.agreed()


def test_an_edit_that_is_on_its_way_is_called_in_flight(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.change(order, requestedDeliveryDate="2027-03-16")
    (difference,) = bench.verify()["differences"]
    assert (difference["group"], difference["reason"]) == ("requested_delivery", "in-flight")


def test_a_conflict_is_called_one(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=15)
    sales = bench.seller.order(coupled)
    line = sales["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(sales["salesorderid"], lines={line: {"quantity": 20}})
    bench.sync(expect=1)
    verified = bench.verify()
    assert {(one["group"], one["reason"]) for one in verified["differences"]} >= {("quantity", "conflict")}
    assert verified["exit_code"] == 1


def test_a_partner_that_the_next_run_makes_is_on_its_way(bench: Bench, coupled: str) -> None:
    """An order submitted, a document released and an order posted whole a moment ago: the next run brings them."""
    bench.configure(integration={"new_from_back_office": "released"})
    bench.sync()
    number = bench.sales_order(1)
    document = bench.back_office_order(1)
    order = bench.clerk.order(coupled)
    for action in ("release", "ship", "invoice"):
        bench.clerk.act(order, action)
    verified = bench.verify()
    missing = [one for one in verified["differences"] if one["group"] == "(missing)"]
    assert [one for one in verified["differences"] if one["reason"] != "in-flight"] == []
    assert {one["record"]["number"] for one in missing} >= {number, document["number"]}
    assert "POSTEDSALESINV-INV" in {one["mapping"] for one in missing}
    bench.sync()
    assert bench.live_documents(number)
    assert bench.sales_order_of(document["number"])


def test_a_missing_partner_that_nothing_brings_is_reported_and_repaired(bench: Bench, coupled: str) -> None:
    number = bench.sales_order(1)
    silenced(bench)
    verified = bench.verify()
    (difference,) = verified["differences"]
    assert (difference["record"]["number"], difference["group"], difference["reason"]) == (
        number,
        "(missing)",
        "unexplained",
    )
    assert verified["exit_code"] == 1
    bench.run("verify", expect=1, repair=True)
    bench.sync()
    assert bench.live_documents(number)
    bench.agreed()


def test_a_waiting_order_is_listed_and_gives_0(bench: Bench, coupled: str) -> None:
    account = bench.admin.person.request(
        "POST", "accounts", {"name": "Unknown", "accountnumber": "X1"}, prefer="return=representation"
    )["accountid"]
    bench.sales_order(1, account=account)
    bench.sync()
    verified = bench.verify()
    assert [(one["group"], one["reason"]) for one in verified["differences"]] == [("(missing)", "waiting")]
    assert verified["exit_code"] == 0


def test_two_documents_under_one_key_are_a_duplicate(bench: Bench, coupled: str) -> None:
    extra = bench.back_office_order(1, release=False, externalDocumentNumber=coupled)
    verified = bench.verify()
    assert [(one["group"], one["record"]["back_office"]) for one in verified["differences"]] == [
        ("(duplicate)", extra["id"])
    ]
    assert verified["exit_code"] == 1


def test_a_value_that_differs_by_a_declared_loss_counts_as_agreed(bench: Bench) -> None:
    """A price with five decimals is two in Sales; a name of 150 characters is 100 in the back office."""
    number = bench.sales_order(1, shipto_name="x" * 150, shipto_line1="1 Main", shipto_city="Rome")
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.person.request(
        "PATCH",
        bench.clerk._path(f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"),
        {"unitPrice": 1.23456},
        if_match="*",
    )
    bench.sync()
    assert str(bench.seller.order(number)["order_details"][0]["priceperunit"]).startswith("1.23")
    bench.agreed()


@pytest.mark.loaded(False)
@pytest.mark.parametrize("first", ["nothing", "couple"])
def test_what_a_mapping_leaves_as_it_was_is_not_missing(bench: Bench, first: str) -> None:
    """Neither is it taken in by a sweep; what comes later is."""
    bench.overlay(f"name: SALESORDER-ORDER\nfull_sync: {first}\n")
    before = bench.sales_order(2)
    bench.sync()
    bench.sync(sweep_all=True)
    verified = bench.verify()
    assert (verified["differences"], verified["exit_code"]) == ([], 0)
    after = bench.sales_order(3)
    bench.sync()
    assert [bool(bench.live_documents(number)) for number in (before, after)] == [False, True]
    bench.agreed()
