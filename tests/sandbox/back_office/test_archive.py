"""Archived versions. (Sections 6 and 9.14 of the fact sheet.)"""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def act(lab: Any, order: Any, action: Any, **body: Any) -> Any:
    return lab.door("POST", f"orders/{order['id']}/{action}", body)


def versions(lab: Any, order: Any) -> Any:
    return lab.list(f"salesOrderArchives?$filter=number eq '{order['number']}'&$expand=salesOrderArchiveLines")


def test_deleting_an_order_archives_it_only_with_archive_orders(lab: Any) -> None:
    """Off by default; on, a version with all lines is filed first."""
    first = lab.order(lab.item_line())
    lab.delete(f"salesOrders({first['id']})")
    assert versions(lab, first) == []
    lab.switch(archive_orders=True)
    second = lab.order(lab.item_line(quantity=3, unitPrice=900), externalDocumentNumber="PO-2")
    lab.delete(f"salesOrders({second['id']})")
    (version,) = versions(lab, second)
    assert (version["docNoOccurrence"], version["versionNumber"]) == (1, 1)
    assert (version["externalDocumentNumber"], version["sellToCustomerName"]) == (
        "PO-2",
        "Adatum Corporation",
    )
    assert (version["status"], version["currencyCode"], version["archivedBy"]) == ("Open", "", "INTEGRATION")
    (line,) = version["salesOrderArchiveLines"]
    assert (line["sequence"], line["lineType"], line["lineObjectNumber"]) == (10000, "Item", "1896-S")
    assert (line["quantity"], line["unitPrice"], line["lineAmount"]) == (3, 900, 2700)
    assert line["outstandingQuantity"] == 3


def test_an_archived_status_uses_bcs_own_words(lab: Any) -> None:
    """Released, not Open."""
    order = lab.order(lab.item_line())
    act(lab, order, "release")
    act(lab, order, "archive")
    assert versions(lab, order)[0]["status"] == "Released"


def test_a_manual_version_leaves_the_live_order_alone(lab: Any) -> None:
    """Same id, number, stamp and ETag; versions count up."""
    order = lab.order(lab.item_line())
    act(lab, order, "archive")
    assert lab.read(f"salesOrders({order['id']})")["@odata.etag"] == order["@odata.etag"]
    lab.changed(f"salesOrders({order['id']})", {"externalDocumentNumber": "B"})
    act(lab, order, "archive")
    found = versions(lab, order)
    assert [(one["versionNumber"], one["externalDocumentNumber"]) for one in found] == [(1, ""), (2, "B")]


def test_posting_archives_before_something_is_shipped(lab: Any) -> None:
    """The version shows what was still outstanding; invoicing alone files none."""
    lab.switch(archive_orders=True)
    order = lab.order(lab.item_line(quantity=2))
    act(lab, order, "ship")
    (version,) = versions(lab, order)
    assert version["salesOrderArchiveLines"][0]["quantityShipped"] == 0
    act(lab, order, "invoice")
    assert lab.get(f"salesOrders({order['id']})").status_code == 404
    assert len(versions(lab, order)) == 1


def test_with_the_bidirectional_integration_a_second_version_shows_what_was_posted(lab: Any) -> None:
    """So that the last one has the shipped quantities."""
    lab.switch(bidirectional=True)
    order = lab.order(lab.item_line(quantity=2))
    act(lab, order, "ship")
    shipped = [one["salesOrderArchiveLines"][0]["quantityShipped"] for one in versions(lab, order)]
    assert shipped == [0, 2]


def test_the_occurrence_grows_when_a_number_is_used_again(lab: Any) -> None:
    """1 + the highest archived occurrence of the number."""
    lab.switch(archive_orders=True)
    for _ in range(2):
        lab.service.start_numbers(lab.company, "salesOrder", "S-ORD500")
        lab.delete(f"salesOrders({lab.order(lab.item_line())['id']})")
    found = lab.list("salesOrderArchives?$filter=number eq 'S-ORD500'")
    assert [(one["docNoOccurrence"], one["versionNumber"]) for one in found] == [(1, 1), (2, 1)]


def test_a_version_can_be_restored_until_something_is_posted(lab: Any) -> None:
    """The live order is overwritten; its lines get new ids."""
    order = lab.order(lab.item_line(quantity=2, unitPrice=900))
    act(lab, order, "archive")
    path = f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"
    lab.changed(path, {"quantity": 5})
    act(lab, order, "restore", version=1)
    restored = lab.order_with_lines(order["id"])
    (line,) = restored["salesOrderLines"]
    assert (line["quantity"], line["unitPrice"]) == (2, 900)
    assert line["id"] != order["salesOrderLines"][0]["id"]
    assert restored["totalAmountExcludingTax"] == Decimal(1800)
    act(lab, order, "ship")
    act(lab, order, "reopen")
    answer = lab._send("POST", f"{lab.origin}/sandbox/orders/{order['id']}/restore", {"version": 1}, {})
    lab.refused(answer, 400, "Application_FieldValidationException")


def test_archives_are_read_only(lab: Any) -> None:
    """405 on every write."""
    order = lab.order(lab.item_line())
    act(lab, order, "archive")
    (version,) = versions(lab, order)
    lab.refused(lab.post("salesOrderArchives", {}), 405, "BadRequest_MethodNotAllowed")
    path = f"salesOrderArchives({version['id']})"
    lab.refused(lab.patch(path, {}, if_match="*"), 405, "BadRequest_MethodNotAllowed")
    lab.refused(lab.delete(path), 405, "BadRequest_MethodNotAllowed")


def test_archive_orders_cannot_be_turned_off_in_bidirectional_mode(lab: Any) -> None:
    """Turning the mode on forces it on."""
    lab.switch(bidirectional=True)
    assert lab.door("GET", "setup")["archive_orders"] is True
    answer = lab._send("PATCH", f"{lab.origin}/sandbox/setup", {"archive_orders": False}, {})
    assert answer.status_code == 400
    assert "archive_orders cannot be false while bidirectional is true" in answer.text


def test_orders_are_found_in_the_archive_by_their_latest_version(lab: Any) -> None:
    """The query of the fact sheet."""
    order = lab.order(lab.item_line())
    for _ in range(3):
        act(lab, order, "archive")
    (latest,) = lab.list(
        f"salesOrderArchives?$filter=number eq '{order['number']}'"
        "&$orderby=docNoOccurrence desc,versionNumber desc&$top=1&$expand=salesOrderArchiveLines"
    )
    assert latest["versionNumber"] == 3
    assert len(latest["salesOrderArchiveLines"]) == 1
