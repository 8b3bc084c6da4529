"""Edits of coupled orders, one side at a time, both at once, and what is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.records.values import Side
from syncengine.service.decisions import resolve
from tests.bench.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


@pytest.fixture
def coupled(bench: Bench) -> str:
    """An order of two lines on both sides; its number."""
    number = bench.sales_order(2, 3)
    bench.sync()
    bench.mark()
    return number


def _first_line(bench: Bench, number: str) -> str:
    return str(bench.seller.order(number)["order_details"][0]["salesorderdetailid"])


def test_a_changed_quantity_archives_and_recreates_the_document(bench: Bench, coupled: str) -> None:
    """The predecessor is kept as a version, the successor takes its place under the same key."""
    before = bench.clerk.order(coupled)
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 9}})
    bench.sync()
    after = bench.clerk.order(coupled)
    assert after["number"] != before["number"]
    assert after["salesOrderLines"][0]["quantity"] == 9
    assert [order["number"] for order in bench.live_documents(coupled)] == [after["number"]]
    with bench.company.store() as store, store.transaction():
        versions = store.archive.versions(coupled)
    assert [(one.version, one.number, one.successor) for one in versions] == [(1, before["number"], after["number"])]
    assert versions[0].document.lines[0].fields["quantity"] == 2
    assert bench.seller.order(coupled)["submitstatusdescription"].startswith(after["number"])
    bench.agreed()


def test_a_released_order_is_recreated_and_is_a_draft_again(bench: Bench, coupled: str) -> None:
    bench.clerk.act(bench.clerk.order(coupled), "release")
    bench.sync()
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 9}})
    bench.sync()
    assert bench.clerk.order(coupled)["status"] == "Draft"
    assert bench.seller.order(coupled)["submitstatusdescription"].endswith("Draft, to be released")
    bench.agreed()


def test_what_the_clerk_added_survives_a_recreate(bench: Bench, coupled: str) -> None:
    """Location, second description, comment and account lines, in their places."""
    order = bench.clerk.order(coupled)
    location = bench.clerk.find("locations", "code eq 'EAST'")["id"]
    bench.clerk.change_line(order, order["salesOrderLines"][0], locationId=location, description2="handle with care")
    bench.clerk.add_line(order, lineType="Comment", description="ring twice")
    bench.clerk.add_line(order, lineType="Account", lineObjectNumber="40500", quantity=1, unitPrice=Decimal("49.50"))
    bench.sync()
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 9}})
    bench.sync()
    lines = bench.clerk.order(coupled)["salesOrderLines"]
    assert [line["lineType"] for line in lines] == ["Item", "Item", "Comment", "Account"]
    assert (lines[0]["locationId"], lines[0]["description2"], lines[0]["quantity"]) == (location, "handle with care", 9)
    assert (lines[2]["description"], lines[3]["unitPrice"]) == ("ring twice", Decimal("49.5"))
    bench.agreed()


def test_a_removed_line_is_removed_there_too(bench: Bench, coupled: str) -> None:
    order = bench.seller.order(coupled)["salesorderid"]
    bench.seller.reactivate(order)
    bench.seller.person.request("DELETE", f"salesorderdetails({_first_line(bench, coupled)})")
    bench.seller.submit(order)
    bench.sync()
    assert [line["lineObjectNumber"] for line in bench.clerk.order(coupled)["salesOrderLines"]] == [
        bench.products[1].number
    ]
    bench.agreed()


def test_an_added_line_is_added_there_too(bench: Bench, coupled: str) -> None:
    order = bench.seller.order(coupled)["salesorderid"]
    product = bench.products[5]
    bench.seller.reactivate(order)
    bench.seller.person.request(
        "POST",
        "salesorderdetails",
        {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "productid@odata.bind": f"/products({product.sales_id})",
            "uomid@odata.bind": f"/uoms({product.units[0].sales_id})",
            "quantity": 4,
            "ispriceoverridden": True,
            "priceperunit": Decimal("3.21"),
            "lineitemnumber": 3,
        },
    )
    bench.seller.submit(order)
    bench.sync()
    lines = bench.clerk.order(coupled)["salesOrderLines"]
    assert (len(lines), lines[2]["quantity"], lines[2]["unitPrice"]) == (3, 4, Decimal("3.21"))
    bench.agreed()


def test_two_quick_changes_make_one_recreate(bench: Bench, coupled: str) -> None:
    order = bench.seller.order(coupled)["salesorderid"]
    bench.seller.edit(order, lines={_first_line(bench, coupled): {"quantity": 8}})
    bench.seller.edit(order, lines={_first_line(bench, coupled): {"quantity": 9}})
    result = bench.sync()
    counts = next(one for one in result["mappings"] if one["mapping"] == "SALESORDER-ORDER")
    assert counts["recreated"] == 1
    bench.agreed()


def test_other_header_fields_are_patched_in_place(bench: Bench, coupled: str) -> None:
    before = bench.clerk.order(coupled)["number"]
    bench.seller.edit(
        bench.seller.order(coupled)["salesorderid"],
        shipto_name="Dock 4",
        shipto_line1="1 Harbor Street",
        shipto_city="Portland",
    )
    bench.sync()
    order = bench.clerk.order(coupled)
    assert (order["number"], order["shipToName"], order["shipToCity"]) == (before, "Dock 4", "Portland")
    bench.agreed()


def test_a_column_that_a_release_locks_makes_a_recreate(bench: Bench, coupled: str) -> None:
    """The requested date of a released order is refused by the back office; the seller's change still arrives."""
    bench.clerk.act(bench.clerk.order(coupled), "release")
    bench.sync()
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], requestdeliveryby="2027-05-03T16:00:00Z")
    bench.sync()
    assert bench.clerk.order(coupled)["requestedDeliveryDate"] == "2027-05-03"
    bench.agreed()


def test_amend_changes_lines_in_place(bench: Bench, coupled: str) -> None:
    bench.configure(integration={"on_order_change": "amend"})
    before = bench.clerk.order(coupled)
    lines = [line["salesorderdetailid"] for line in bench.seller.order(coupled)["order_details"]]
    bench.seller.edit(
        bench.seller.order(coupled)["salesorderid"], lines={lines[0]: {"quantity": 9}, lines[1]: {"quantity": 7}}
    )
    bench.sync()
    after = bench.clerk.order(coupled)
    assert after["number"] == before["number"]
    assert [line["quantity"] for line in after["salesOrderLines"]] == [9, 7]
    bench.agreed()


def test_amend_adds_and_removes_lines_in_place(bench: Bench, coupled: str) -> None:
    bench.configure(integration={"on_order_change": "amend"})
    before = bench.clerk.order(coupled)["number"]
    order = bench.seller.order(coupled)["salesorderid"]
    product = bench.products[5]
    bench.seller.reactivate(order)
    bench.seller.person.request("DELETE", f"salesorderdetails({_first_line(bench, coupled)})")
    bench.seller.person.request(
        "POST",
        "salesorderdetails",
        {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "productid@odata.bind": f"/products({product.sales_id})",
            "uomid@odata.bind": f"/uoms({product.units[0].sales_id})",
            "quantity": 4,
            "ispriceoverridden": True,
            "priceperunit": Decimal("3.21"),
            "lineitemnumber": 3,
        },
    )
    bench.seller.submit(order)
    bench.sync()
    after = bench.clerk.order(coupled)
    assert after["number"] == before
    shown = [(line["lineObjectNumber"], line["quantity"]) for line in after["salesOrderLines"]]
    assert shown == [(bench.products[1].number, 3), (product.number, 4)]
    bench.agreed()


def test_price_quantity_and_date_of_the_back_office_flow_to_sales(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=6, unitPrice=Decimal("1.23"))
    bench.clerk.change(order, requestedDeliveryDate="2027-03-16")
    bench.sync()
    sales = bench.seller.order(coupled)
    line = sales["order_details"][0]
    assert (line["priceperunit"], line["quantity"], line["ispriceoverridden"]) == (Decimal("1.23"), 6, True)
    assert sales["requestdeliveryby"] == "2027-03-16T16:00:00Z"  # noon in New York
    assert sales["totalamount"] == bench.clerk.order(coupled)["totalAmountIncludingTax"]
    bench.agreed()


def test_lines_added_and_removed_in_the_back_office_flow_to_sales(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    product = bench.products[7]
    bench.clerk.person.request(
        "DELETE",
        bench.clerk._path(f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][1]['id']})"),
        if_match="*",
    )
    bench.clerk.add_line(order, lineType="Item", itemId=product.back_office_id, quantity=5, unitPrice=Decimal(2))
    bench.sync()
    shown = [(line["_productid_value"], line["quantity"]) for line in bench.seller.order(coupled)["order_details"]]
    assert shown == [(bench.products[0].sales_id, 2), (product.sales_id, 5)]
    bench.agreed()


def test_a_line_edit_that_moves_no_stamp_is_found_by_the_sweep(bench: Bench, coupled: str) -> None:
    """A description change leaves the header's stamp and token where they were."""
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], description="Desk, oak")
    bench.sync()
    assert bench.seller.order(coupled)["order_details"][0]["description"] != "Desk, oak"
    bench.sync(sweep_all=True)
    assert bench.seller.order(coupled)["order_details"][0]["description"] == "Desk, oak"
    bench.agreed()


def test_both_edit_different_fields_and_both_are_kept(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][1], unitPrice=Decimal("12.34"))
    bench.seller.edit(
        bench.seller.order(coupled)["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland"
    )
    bench.sync()
    sales, order = bench.seller.order(coupled), bench.clerk.order(coupled)
    assert (sales["shipto_city"], order["shipToCity"]) == ("Portland", "Portland")
    assert (sales["order_details"][1]["priceperunit"], order["salesOrderLines"][1]["unitPrice"]) == (
        Decimal("12.34"),
    ) * 2
    bench.agreed()


def test_both_edit_different_lines_one_recreated_one_merged(bench: Bench, coupled: str) -> None:
    """The seller's quantity makes a successor; the clerk's price on the other line is carried over and flows."""
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][1], unitPrice=Decimal("12.34"))
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 9}})
    bench.sync()
    sales, order = bench.seller.order(coupled), bench.clerk.order(coupled)
    assert (sales["order_details"][0]["quantity"], order["salesOrderLines"][0]["quantity"]) == (9, 9)
    assert (sales["order_details"][1]["priceperunit"], order["salesOrderLines"][1]["unitPrice"]) == (
        Decimal("12.34"),
    ) * 2
    bench.agreed()


def _both_change_a_quantity(bench: Bench, number: str) -> dict[str, Any]:
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=15)
    bench.seller.edit(bench.seller.order(number)["salesorderid"], lines={_first_line(bench, number): {"quantity": 20}})
    return bench.sync(expect=1)


@pytest.mark.parametrize(("take", "left"), [("sales", 20), ("back_office", 15)])
def test_the_same_quantity_changed_on_both_sides_is_a_conflict_for_a_person(
    bench: Bench, coupled: str, take: Side, left: int
) -> None:
    """Both values and the base are kept; after the answer both systems hold the chosen one."""
    _both_change_a_quantity(bench, coupled)
    assert bench.writes("back_office") == []
    with bench.company.store() as store, store.transaction():
        (conflict,) = store.conflicts.open()
        assert (conflict.group, conflict.sales["quantity"], conflict.back_office["quantity"]) == ("goods", 20, 15)
        assert conflict.base["sales"]["quantity"] == 2
    resolve(bench.company, conflict.id, take, ())
    bench.sync()
    assert bench.clerk.order(coupled)["salesOrderLines"][0]["quantity"] == left
    assert bench.seller.order(coupled)["order_details"][0]["quantity"] == left
    bench.agreed()


def test_a_conflict_closes_by_itself_when_the_sides_agree(bench: Bench, coupled: str) -> None:
    _both_change_a_quantity(bench, coupled)
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=20)
    bench.sync()
    with bench.company.store() as store, store.transaction():
        assert store.conflicts.open() == []
    bench.agreed()


def test_the_rest_of_an_order_flows_while_a_group_is_in_conflict(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=15)
    bench.clerk.change(order, requestedDeliveryDate="2027-03-16")
    bench.seller.edit(
        bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 20}}
    )
    bench.sync(expect=1)
    assert bench.seller.order(coupled)["requestdeliveryby"] == "2027-03-16T16:00:00Z"


def test_after_release_the_back_office_owns_the_goods(bench: Bench, coupled: str) -> None:
    """Released: a quantity changed on both sides is the back office's, and the loser is in the history."""
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=15)
    bench.clerk.act(order, "release")
    bench.seller.edit(
        bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 20}}
    )
    bench.sync()
    assert bench.seller.order(coupled)["order_details"][0]["quantity"] == 15
    bench.agreed()


def test_an_order_set_back_to_active_is_held(bench: Bench, coupled: str) -> None:
    """No writes until it is submitted again; then both sides' edits go on."""
    bench.seller.reactivate(bench.seller.order(coupled)["salesorderid"])
    order = bench.clerk.order(coupled)
    bench.clerk.change(order, requestedDeliveryDate="2027-03-16")
    bench.seller.change_line(_first_line(bench, coupled), {"quantity": 9})
    bench.sync()
    assert bench.writes() == []
    bench.seller.submit(bench.seller.order(coupled)["salesorderid"])
    bench.sync()
    assert bench.clerk.order(coupled)["salesOrderLines"][0]["quantity"] == 9
    assert bench.seller.order(coupled)["requestdeliveryby"] == "2027-03-16T16:00:00Z"
    bench.agreed()


def test_an_order_in_review_waits_for_its_approval(bench: Bench, coupled: str) -> None:
    bench.clerk.act(bench.clerk.order(coupled), "send-for-approval")
    bench.seller.edit(bench.seller.order(coupled)["salesorderid"], lines={_first_line(bench, coupled): {"quantity": 9}})
    bench.sync()
    assert bench.clerk.order(coupled)["salesOrderLines"][0]["quantity"] == 2
    bench.clerk.act(bench.clerk.order(coupled), "reject")
    bench.sync(sweep_all=True)
    assert bench.clerk.order(coupled)["salesOrderLines"][0]["quantity"] == 9
    bench.agreed()


def test_shipped_in_part_and_fully(bench: Bench, coupled: str) -> None:
    order = bench.clerk.order(coupled)
    bench.clerk.act(order, "release")
    bench.clerk.act(order, "ship", lines=[{"sequence": order["salesOrderLines"][0]["sequence"], "quantity": 1}])
    bench.sync()
    sales = bench.seller.order(coupled)
    assert [line["quantityshipped"] or 0 for line in sales["order_details"]] == [1, 0]
    assert sales["statecode"] == 1
    bench.clerk.act(order, "ship")
    bench.sync()
    sales = bench.seller.order(coupled)
    assert [line["quantityshipped"] for line in sales["order_details"]] == [2, 3]
    assert (sales["statecode"], sales["statuscode"]) == (3, 100001)
    bench.agreed()


def test_a_sales_environment_that_locks_submitted_orders_is_opened_and_closed_in_one_change_set(
    bench: Bench, coupled: str
) -> None:
    """Where a submitted order is read-only for us too: Active, the write, Submitted, all or nothing."""
    bench.running.sales.switch(submitted_lock="everybody")
    order = bench.clerk.order(coupled)
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal("1.23"))
    bench.sync()
    sales = bench.seller.order(coupled)
    assert (sales["order_details"][0]["priceperunit"], sales["statecode"]) == (Decimal("1.23"), 1)
    bench.agreed()
