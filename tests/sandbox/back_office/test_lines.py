"""Numbers of documents and lines. (Sections 9.8 and 9.9 of the fact sheet.)"""

from __future__ import annotations

from typing import Any

import pytest


def test_orders_are_numbered_from_their_series(lab: Any) -> None:
    """S-ORD101001, S-ORD101002, …"""
    assert [lab.order()["number"] for _ in range(3)] == ["S-ORD101001", "S-ORD101002", "S-ORD101003"]


@pytest.mark.parametrize(("gaps", "number"), [(True, "S-ORD101002"), (False, "S-ORD101001")])
def test_a_failed_insert_may_use_up_its_number(lab: Any, gaps: Any, number: Any) -> None:
    """Gaps are allowed; the switch turns them off."""
    lab.switch(number_gaps=gaps)
    body = {"customerNumber": "10000", "salesOrderLines": [lab.item_line("NOPE")]}
    lab.refused(lab.post("salesOrders", body), 400, "Application_DialogException")
    assert lab.list("salesOrders") == []
    assert lab.order()["number"] == number


def test_lines_are_numbered_in_ten_thousands(lab: Any) -> None:
    """First 10000, then last + 10000."""
    order = lab.order(lab.item_line(), lab.item_line("1900-S"))
    assert [one["sequence"] for one in order["salesOrderLines"]] == [10000, 20000]
    path = f"salesOrders({order['id']})/salesOrderLines"
    assert lab.made(path, lab.item_line("1996-S"))["sequence"] == 30000


def test_deletion_leaves_gaps(lab: Any) -> None:
    """A new line follows the last one there is."""
    order = lab.order(lab.item_line(), lab.item_line("1900-S"), lab.item_line("1996-S"))
    path = f"salesOrders({order['id']})/salesOrderLines"
    lab.delete(f"{path}({order['salesOrderLines'][1]['id']})")
    assert [one["sequence"] for one in lab.list(path)] == [10000, 30000]
    assert lab.made(path, lab.item_line())["sequence"] == 40000


def test_a_client_may_choose_the_sequence_of_a_single_line(lab: Any) -> None:
    """Taken: refused, so that a repeated POST cannot double the line."""
    order = lab.order(lab.item_line())
    path = f"salesOrders({order['id']})/salesOrderLines"
    assert lab.made(path, lab.item_line("1900-S", sequence=15000))["sequence"] == 15000
    message = lab.refused(lab.post(path, lab.item_line("1900-S", sequence=15000)), 400, "Application_DialogException")
    assert message == "You cannot insert a line because a line already exists."
    assert [one["sequence"] for one in lab.list(path)] == [10000, 15000]


def test_sequence_cannot_be_changed(lab: Any) -> None:
    """It is the line's key in the database."""
    line = lab.order(lab.item_line())["salesOrderLines"][0]
    path = f"salesOrders({line['documentId']})/salesOrderLines({line['id']})"
    answer = lab.patch(path, {"sequence": 12345}, if_match="*")
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == "The value for sequence cannot be modified. Delete and insert the line again."


def test_sequence_within_a_deep_insert_is_refused(lab: Any) -> None:
    """Since 22.0; the switch gives the older behaviour."""
    body = {"customerNumber": "10000", "salesOrderLines": [lab.item_line(sequence=10000)]}
    answer = lab.post("salesOrders", body)
    message = lab.refused(answer, 500, "Internal_ServerError")
    assert message.startswith("You cannot change the value of the SystemId field.")
    assert lab.list("salesOrders") == []
    lab.switch(sequence_in_deep_insert="accepted")
    assert lab.post("salesOrders", body).status_code == 201


def test_version_22_refused_sequence_on_a_single_line_too(lab: Any) -> None:
    """A switch for that release."""
    lab.switch(sequence_in_post="refused")
    path = f"salesOrders({lab.order()['id']})/salesOrderLines"
    lab.refused(lab.post(path, lab.item_line(sequence=10000)), 500, "Internal_ServerError")
    assert lab.post(path, lab.item_line()).status_code == 201


def test_ids_of_lines_are_stable_over_patch_also_of_the_item(lab: Any) -> None:
    """id, sequence and quantity survive a change of the product."""
    line = lab.order(lab.item_line(quantity=3))["salesOrderLines"][0]
    item = lab.list("items?$filter=number eq '1900-S'")[0]
    path = f"salesOrders({line['documentId']})/salesOrderLines({line['id']})"
    changed = lab.changed(path, {"itemId": item["id"]})
    assert (changed["id"], changed["sequence"], changed["quantity"]) == (line["id"], 10000, 3)
    assert changed["lineObjectNumber"] == "1900-S"


def test_ids_of_lines_are_all_new_after_a_change_of_customer(lab: Any) -> None:
    """The lines were deleted and created again."""
    order = lab.order(lab.item_line(), lab.item_line("1900-S"))
    lab.changed(f"salesOrders({order['id']})", {"customerNumber": "20000"})
    after = lab.order_with_lines(order["id"])["salesOrderLines"]
    before = {one["id"] for one in order["salesOrderLines"]}
    assert len(after) == 2
    assert before.isdisjoint(one["id"] for one in after)
    assert [one["sequence"] for one in after] == [10000, 20000]


@pytest.mark.parametrize(
    "path",
    ["salesOrderLines", "salesOrderLines?$filter=quantity gt 1", "salesInvoiceLines", "salesQuoteLines"],
)
def test_lines_cannot_be_listed_without_their_document(lab: Any, path: Any) -> None:
    """Lines live in a temporary table that is filled for one document."""
    message = lab.refused(lab.get(path), 400, "Application_DialogException")
    assert message == "You must specify an Id or a Document Id to get the lines."


def test_lines_can_be_listed_by_document_or_by_id(lab: Any) -> None:
    """Through the parent, by a filter on documentId, by a filter on id, or by key."""
    order = lab.order(lab.item_line(), lab.item_line("1900-S"))
    first = order["salesOrderLines"][0]["id"]
    assert len(lab.list(f"salesOrders({order['id']})/salesOrderLines")) == 2
    assert len(lab.list(f"salesOrderLines?$filter=documentId eq {order['id']}")) == 2
    assert [one["id"] for one in lab.list(f"salesOrderLines?$filter=id eq {first}")] == [first]
    assert lab.read(f"salesOrderLines({first})")["id"] == first


def test_with_several_documents_in_the_filter_only_the_first_is_loaded(lab: Any) -> None:
    """So a client must ask per order, or expand."""
    first, second = lab.order(lab.item_line()), lab.order(lab.item_line("1900-S"))
    found = lab.list(f"salesOrderLines?$filter=documentId eq {first['id']} or documentId eq {second['id']}")
    assert {one["documentId"] for one in found} == {first["id"]}


def test_a_line_belongs_to_the_order_in_its_path(lab: Any) -> None:
    """Another order's line is not found below this one."""
    first, second = lab.order(lab.item_line()), lab.order(lab.item_line())
    line = second["salesOrderLines"][0]["id"]
    answer = lab.get(f"salesOrders({first['id']})/salesOrderLines({line})")
    lab.refused(answer, 404, "BadRequest_ResourceNotFound")


def test_a_line_can_be_created_at_the_top_with_its_document_id(lab: Any) -> None:
    """Then documentId is needed, and immutable."""
    order, other = lab.order(), lab.order()
    line = lab.made("salesOrderLines", {"documentId": order["id"], **lab.item_line()})
    assert line["documentId"] == order["id"]
    lab.refused(lab.post("salesOrderLines", lab.item_line()), 400, "Application_DialogException")
    answer = lab.patch(f"salesOrderLines({line['id']})", {"documentId": other["id"]}, if_match="*")
    message = lab.refused(answer, 400, "Application_DialogException")
    assert message == 'The value for "documentId" cannot be modified.'


def test_a_deep_insert_is_one_transaction_or_not_by_switch(lab: Any) -> None:
    """A refused line leaves nothing, or the header that was inserted before it."""
    body = {
        "customerNumber": "10000",
        "externalDocumentNumber": "HALF",
        "salesOrderLines": [lab.item_line(), lab.item_line("NOPE")],
    }
    assert lab.post("salesOrders", body).status_code == 400
    assert lab.list("salesOrders") == []
    lab.switch(deep_insert_transaction="header-first")
    assert lab.post("salesOrders", body).status_code == 400
    (left,) = lab.list("salesOrders?$expand=salesOrderLines")
    assert (left["externalDocumentNumber"], left["salesOrderLines"]) == ("HALF", [])
