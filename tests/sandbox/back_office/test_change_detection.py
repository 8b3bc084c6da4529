"""Stamps, and what does not move them. (Sections 2.3 and 9.15 of the fact sheet.)"""

from __future__ import annotations

import time
from typing import Any

import pytest


def stamp(lab: Any, order: Any) -> Any:
    return lab.moment(lab.read(f"salesOrders({order['id']})"))


def line_path(order: Any, at: Any = 0) -> Any:
    return f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][at]['id']})"


@pytest.mark.parametrize("change", [{"description": "Oak"}, {"shipmentDate": "2031-05-01"}, {"description2": "x"}])
def test_a_line_only_change_leaves_the_headers_stamp_and_etag_alone(lab: Any, change: Any) -> None:
    """Totals and flags are not concerned, so the buffer is not written."""
    order = lab.order(lab.item_line())
    time.sleep(0.01)
    lab.changed(line_path(order), change)
    after = lab.read(f"salesOrders({order['id']})")
    assert after["lastModifiedDateTime"] == order["lastModifiedDateTime"]
    assert after["@odata.etag"] == order["@odata.etag"]


def test_a_changed_location_leaves_the_headers_stamp_alone(lab: Any) -> None:
    """As long as fullyShipped stays what it was."""
    location = lab.made("locations", {"code": "EAST"})["id"]
    order = lab.order(lab.item_line())
    time.sleep(0.01)
    lab.changed(line_path(order), {"locationId": location})
    assert stamp(lab, order) == lab.moment(order)


@pytest.mark.parametrize("change", [{"quantity": 2}, {"unitPrice": 1}, {"discountPercent": 5}])
def test_a_line_change_that_moves_the_totals_moves_the_headers_stamp(lab: Any, change: Any) -> None:
    """Exposed totals are columns of the buffer."""
    order = lab.order(lab.item_line())
    time.sleep(0.01)
    lab.changed(line_path(order), change)
    assert stamp(lab, order) > lab.moment(order)


def test_the_switch_makes_every_line_change_stamp_the_header(lab: Any) -> None:
    """The other reading."""
    lab.switch(line_change_stamps_header="always")
    order = lab.order(lab.item_line())
    time.sleep(0.01)
    lab.changed(line_path(order), {"description": "Oak"})
    assert stamp(lab, order) > lab.moment(order)


def test_a_stamp_moves_only_when_a_field_really_changes(lab: Any) -> None:
    """Writing the same values again is no change to the platform."""
    order = lab.order(lab.item_line(), externalDocumentNumber="A")
    time.sleep(0.01)
    lab.changed(f"salesOrders({order['id']})", {"externalDocumentNumber": "A"})
    assert stamp(lab, order) == lab.moment(order)
    customer = lab.list("customers")[0]
    lab.changed(f"customers({customer['id']})", {"city": customer["city"]})
    assert lab.list("customers")[0]["lastModifiedDateTime"] == customer["lastModifiedDateTime"]


def test_release_moves_the_stamp(lab: Any) -> None:
    """The status is exposed."""
    order = lab.order(lab.item_line())
    time.sleep(0.01)
    lab.door("POST", f"orders/{order['id']}/release")
    assert stamp(lab, order) > lab.moment(order)


def test_a_plain_get_may_move_the_stamp(lab: Any) -> None:
    """A pending redistribution of the invoice discount runs when somebody reads the order."""
    order = lab.order(lab.item_line(unitPrice=100), lab.item_line("1900-S", unitPrice=100))
    lab.changed(f"salesOrders({order['id']})", {"discountAmount": 20})
    lab.door("PATCH", f"orders/{order['id']}/lines/10000", {"quantity": 3, "unitPrice": 100})
    listed = lab.list("salesOrders")[0]
    time.sleep(0.01)
    read = lab.read(f"salesOrders({order['id']})")
    assert (listed["discountAmount"], read["discountAmount"]) == (10, 20)
    assert lab.moment(read) > lab.moment(listed)
    assert stamp(lab, order) == lab.moment(read)


@pytest.mark.parametrize(("policy", "moves"), [("never", False), ("always", True)])
def test_whether_a_get_moves_the_stamp_can_be_switched(lab: Any, policy: Any, moves: Any) -> None:
    """Never at all, or every time."""
    lab.switch(get_redistributes=policy)
    order = lab.order(lab.item_line())
    before = lab.moment(lab.list("salesOrders")[0])
    time.sleep(0.01)
    assert (stamp(lab, order) > before) is moves


def test_no_delta_link_is_ever_given(lab: Any) -> None:
    """Prefer: odata.track-changes is ignored; delta links were removed from the server in version 24."""
    lab.order()
    document = lab.read("salesOrders", prefer="odata.track-changes")
    assert not any("delta" in name.lower() for name in document)


def test_a_poll_by_stamp_finds_what_changed_since(lab: Any) -> None:
    """LastModifiedDateTime gt, in the order of the stamps."""
    first, second = lab.order(), lab.order()
    time.sleep(0.01)
    since = lab.read(f"salesOrders({second['id']})")["lastModifiedDateTime"]
    lab.changed(f"salesOrders({first['id']})", {"email": "new@contoso.com"})
    found = lab.list(f"salesOrders?$filter=lastModifiedDateTime gt {since}&$orderby=lastModifiedDateTime")
    assert [one["id"] for one in found] == [first["id"]]
    found = lab.list(f"salesOrders?$filter=lastModifiedDateTime ge {since}&$select=id,lastModifiedDateTime")
    assert {one["id"] for one in found} == {first["id"], second["id"]}
    assert list(found[0]) == ["@odata.etag", "id", "lastModifiedDateTime"]


def test_deletions_show_in_no_filter(lab: Any) -> None:
    """An order that is gone is simply not there."""
    order = lab.order()
    lab.delete(f"salesOrders({order['id']})")
    assert lab.list("salesOrders?$filter=lastModifiedDateTime gt 2000-01-01T00:00:00Z") == []


def test_a_read_only_replica_may_lag_behind(lab: Any) -> None:
    """Data-Access-Intent: ReadOnly is served by it; ReadWrite is not."""
    lab.switch(replica_lag_s=60)
    order = lab.order(lab.item_line())
    path = f"salesOrders?$filter=externalDocumentNumber eq '' and id eq {order['id']}"
    assert len(lab.list(path)) == 1
    assert len(lab.list(path, data_access_intent="ReadWrite")) == 1
    assert lab.list(path, data_access_intent="ReadOnly") == []
    assert lab.get(f"salesOrders({order['id']})", data_access_intent="ReadOnly").status_code == 404
    lab.door("POST", "clock", {"seconds": 61})
    lab.changed(f"salesOrders({order['id']})", {"email": "new@contoso.com"})
    old = lab.read(f"salesOrders({order['id']})?$expand=salesOrderLines", data_access_intent="ReadOnly")
    assert (old["email"], len(old["salesOrderLines"])) == ("robert.townes@contoso.com", 1)
    lab.door("POST", "clock", {"seconds": -61})


def test_a_read_only_intent_on_a_write_is_an_error(lab: Any) -> None:
    """The header is for reads."""
    answer = lab.post("salesOrders", {"customerNumber": "10000"}, data_access_intent="ReadOnly")
    lab.refused(answer, 400, "BadRequest")
    assert lab.list("salesOrders") == []


def test_dates_follow_the_services_own_clock(lab: Any) -> None:
    """The Date header, stamps and the work date."""
    lab.door("POST", "clock", {"seconds": 86400 * 400})
    lab.sign_in()
    try:
        order = lab.order()
        answer = lab.get(f"salesOrders({order['id']})")
        year = str(lab.service.clock.now().year)
        assert year in answer.headers["date"]
        assert order["orderDate"].startswith(year)
        assert order["lastModifiedDateTime"].startswith(year)
    finally:
        lab.door("POST", "clock", {"seconds": -86400 * 400})
        lab.sign_in()
