"""Concurrency tokens. (Section 9.4 of the fact sheet.)"""

from __future__ import annotations

from typing import Any

import pytest

OLD = 'W/"JzE5OzEyMDYzMDQyMjE5NzcxNDcwNjgxOzAwOyc="'


@pytest.mark.parametrize("token", [None, "", "nonsense", 'W/"x"', OLD[:-2]])
def test_patch_without_a_well_formed_token_is_400(lab: Any, token: Any) -> None:
    """If-Match is mandatory on PATCH."""
    headers = {} if token is None else {"if_match": token}
    answer = lab.patch(f"salesOrders({lab.order()['id']})", {"email": "a@b.com"}, **headers)
    message = lab.refused(answer, 400, "BadRequest_InvalidToken")
    assert message.startswith("Could not validate the client concurrency token required by the service.")


def test_patch_with_a_stale_token_is_409(lab: Any) -> None:
    """Another change came in between."""
    order = lab.order()
    path = f"salesOrders({order['id']})"
    lab.changed(path, {"externalDocumentNumber": "A"})
    answer = lab.patch(path, {"externalDocumentNumber": "B"}, if_match=order["@odata.etag"])
    message = lab.refused(answer, 409, "Request_EntityChanged")
    assert message == "Another user has already changed the record."
    assert lab.read(path)["externalDocumentNumber"] == "A"


def test_the_status_of_a_stale_token_can_be_412(lab: Any) -> None:
    """Documentation elsewhere speaks of 412: both must be understood."""
    lab.switch(stale_status=412)
    answer = lab.patch(f"salesOrders({lab.order()['id']})", {"email": "a@b.com"}, if_match=OLD)
    lab.refused(answer, 412, "Request_EntityChanged")


def test_a_current_token_or_a_star_lets_the_patch_through(lab: Any) -> None:
    """The token comes from the body of the last read."""
    order = lab.order()
    path = f"salesOrders({order['id']})"
    first = lab.changed(path, {"externalDocumentNumber": "A"}, token=order["@odata.etag"])
    assert lab.changed(path, {"externalDocumentNumber": "B"}, token=first["@odata.etag"])
    assert lab.changed(path, {"externalDocumentNumber": "C"}, token="*")["externalDocumentNumber"] == "C"


def test_tokens_of_header_and_lines_are_separate(lab: Any) -> None:
    """A line's change of quantity moves both, a change of its description the line's only."""
    order = lab.order(lab.item_line())
    line = order["salesOrderLines"][0]
    path = f"salesOrders({order['id']})/salesOrderLines({line['id']})"
    described = lab.changed(path, {"description": "Oak"}, token=line["@odata.etag"])
    assert described["@odata.etag"] != line["@odata.etag"]
    assert lab.read(f"salesOrders({order['id']})")["@odata.etag"] == order["@odata.etag"]
    lab.changed(path, {"quantity": 2}, token=described["@odata.etag"])
    assert lab.read(f"salesOrders({order['id']})")["@odata.etag"] != order["@odata.etag"]


def test_delete_checks_a_token_only_if_one_is_sent(lab: Any) -> None:
    """Stale: 409. Absent: accepted. The switch makes it mandatory."""
    first, second, third = (lab.order() for _ in range(3))
    answer = lab.delete(f"salesOrders({first['id']})", if_match=OLD)
    lab.refused(answer, 409, "Request_EntityChanged")
    assert lab.delete(f"salesOrders({first['id']})", if_match=first["@odata.etag"]).status_code == 204
    assert lab.delete(f"salesOrders({second['id']})").status_code == 204
    lab.switch(delete_needs_token=True)
    lab.refused(lab.delete(f"salesOrders({third['id']})"), 400, "BadRequest_InvalidToken")


def test_patch_of_a_missing_key_is_404_and_no_upsert(lab: Any) -> None:
    """PATCH and PUT never create."""
    for method in ("PATCH", "PUT"):
        answer = lab._send(
            method, "customers(5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d)", {"displayName": "X"}, {"if_match": "*"}
        )
        assert answer.status_code == 404
    lab.switch(missing_key_code="Internal_RecordNotFound")
    answer = lab.patch("customers(5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d)", {"displayName": "X"}, if_match="*")
    lab.refused(answer, 404, "Internal_RecordNotFound")


def test_put_merges_like_patch(lab: Any) -> None:
    """Accepted on pages, and not a replacement."""
    order = lab.order(externalDocumentNumber="KEEP")
    answer = lab._send("PUT", f"salesOrders({order['id']})", {"email": "a@b.com"}, {"if_match": "*"})
    assert answer.status_code == 200
    assert answer.json()["externalDocumentNumber"] == "KEEP"


def test_patch_on_a_collection_is_405(lab: Any) -> None:
    """There is no key to write to."""
    message = lab.refused(
        lab.patch("customers", {"displayName": "X"}, if_match="*"), 405, "BadRequest_MethodNotAllowed"
    )
    assert message == (
        "'PATCH' requests for 'customers' of EdmType 'Collection' are not allowed within "
        "Dynamics 365 Business Central OData web services."
    )


def test_a_lines_token_goes_stale_when_its_invoice_discount_is_redistributed(lab: Any) -> None:
    """Writing line 1 changes line 2's share: dependent line writes must not rely on old tokens."""
    order = lab.order(lab.item_line(), lab.item_line("1900-S"))
    lab.changed(f"salesOrders({order['id']})", {"discountAmount": 10})
    first, second = lab.order_with_lines(order["id"])["salesOrderLines"]
    base = f"salesOrders({order['id']})/salesOrderLines"
    lab.changed(f"{base}({first['id']})", {"quantity": 5}, token=first["@odata.etag"])
    answer = lab.patch(f"{base}({second['id']})", {"quantity": 2}, if_match=second["@odata.etag"])
    lab.refused(answer, 409, "Request_EntityChanged")


def test_the_status_of_a_record_not_found_is_a_switch(lab: Any) -> None:
    """404, or 400 with the same code."""
    lab.switch(missing_key_code="Internal_RecordNotFound", record_not_found_status=400)
    lab.refused(lab.get("customers(5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d)"), 400, "Internal_RecordNotFound")


def test_put_may_be_refused(lab: Any) -> None:
    """By switch 405: only PATCH changes."""
    lab.switch(put="refused")
    path = f"salesOrders({lab.order()['id']})"
    refused = lab._send("PUT", path, {"email": "a@b.com"}, {"if_match": "*"})
    lab.refused(refused, 405, "BadRequest_MethodNotAllowed")
    assert lab.changed(path, {"email": "a@b.com"})["email"] == "a@b.com"
