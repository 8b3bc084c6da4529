from __future__ import annotations

from typing import Any

import pytest

LINE = {"quantity": 5}


def writes(sales: Any, catalog: Any, order: str) -> dict[str, bool]:
    """Who may write the header of this order."""
    found = {}
    for role in ("seller", "integration", "admin"):
        response = getattr(sales, role).patch(f"salesorders({order})", {"description": role})
        assert response.status_code in (204, 400), response.text
        found[role] = response.status_code == 204
    return found


def submitted(sales: Any, catalog: Any, *, by: str = "seller", created_by: str = "seller") -> str:
    order = catalog.order(getattr(sales, created_by), catalog.bikes(1))
    catalog.submit(order, getattr(sales, by))
    return order


FLAG_OFF = [
    ("integration-and-admin", {"seller": False, "integration": True, "admin": True}),
    ("everybody", {"seller": True, "integration": True, "admin": True}),
    ("integration", {"seller": False, "integration": True, "admin": False}),
    ("nobody", {"seller": False, "integration": False, "admin": False}),
]


@pytest.mark.parametrize(("lock", "expected"), FLAG_OFF)
def test_with_the_flag_off_the_lock_is_a_switch(sales: Any, catalog: Any, lock: str, expected: dict[str, bool]) -> None:
    """Nothing is documented for Submitted orders while issopintegrationenabled is off."""
    sales.setup(submitted_lock=lock)
    assert writes(sales, catalog, submitted(sales, catalog)) == expected


def test_with_the_flag_on_only_the_integration_user_writes(sales: Any, catalog: Any) -> None:
    """The sensible reading: the acting user must be an integration user; an administrator is none."""
    sales.organization(issopintegrationenabled=True)
    expected = {"seller": False, "integration": True, "admin": False}
    assert writes(sales, catalog, submitted(sales, catalog)) == expected


@pytest.mark.parametrize("by", ["seller", "integration"])
def test_read_as_submitted_by_an_integration_user(sales: Any, catalog: Any, by: str) -> None:
    """One sentence says: locked unless it was submitted by an integration user."""
    sales.organization(issopintegrationenabled=True)
    sales.setup(submitted_exception="submitted-by")
    found = writes(sales, catalog, submitted(sales, catalog, by=by))
    assert set(found.values()) == {by == "integration"}


@pytest.mark.parametrize("by", ["seller", "integration"])
def test_read_as_created_by_an_integration_user(sales: Any, catalog: Any, by: str) -> None:
    """Another sentence says: read-only unless it was created by an integration user."""
    sales.organization(issopintegrationenabled=True)
    sales.setup(submitted_exception="created-by")
    found = writes(sales, catalog, submitted(sales, catalog, created_by=by))
    assert set(found.values()) == {by == "integration"}


def test_the_lock_covers_header_and_lines(sales: Any, catalog: Any) -> None:
    """Update and delete of the order, create, update and delete of its lines: each with its own code."""
    order = submitted(sales, catalog)
    line = sales.seller.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    bind = {"salesorderid@odata.bind": f"/salesorders({order})"}
    expected = [
        (sales.seller.patch(f"salesorders({order})", {"name": "x"}), "0x8004022e"),
        (sales.seller.delete(f"salesorders({order})"), "0x80040228"),
        (sales.seller.post("salesorderdetails", {**catalog.bikes(1), **bind}), "0x80043b09"),
        (sales.seller.patch(f"salesorderdetails({line})", LINE), "0x80043b09"),
        (sales.seller.delete(f"salesorderdetails({line})"), "0x80043b09"),
    ]
    for response, code in expected:
        assert (response.status_code, response.json()["error"]["code"]) == (400, code)


def test_the_status_of_the_lock_is_a_switch(sales: Any, catalog: Any) -> None:
    """400 or 403."""
    order = submitted(sales, catalog)
    sales.setup(readonly_status="403")
    assert sales.seller.patch(f"salesorders({order})", {"name": "x"}).status_code == 403


def test_state_changes_remain_possible_on_a_locked_order(sales: Any, catalog: Any) -> None:
    """A seller reactivates, edits and submits again."""
    order = submitted(sales, catalog)
    path = f"salesorders({order})"
    assert sales.seller.patch(path, {"statecode": 0, "statuscode": 2}).status_code == 204
    assert sales.seller.patch(path, {"name": "Edited"}).status_code == 204
    assert sales.seller.patch(path, {"statecode": 1, "statuscode": 3}).status_code == 204


def test_state_and_columns_in_one_patch_are_ordered_by_switch(sales: Any, catalog: Any) -> None:
    """Columns first: the lock still holds; state first: the order is open already."""
    order = submitted(sales, catalog)
    body = {"statecode": 0, "statuscode": 2, "name": "Edited"}
    assert sales.seller.patch(f"salesorders({order})", body).status_code == 400
    sales.setup(state_with_columns="state-first")
    assert sales.seller.patch(f"salesorders({order})", body).status_code == 204


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        ("admin", {"seller": False, "integration": False, "admin": True}),
        ("nobody", {"seller": False, "integration": False, "admin": False}),
        ("integration-and-admin", {"seller": False, "integration": True, "admin": True}),
    ],
)
def test_closed_orders_are_locked_too(sales: Any, catalog: Any, lock: str, expected: dict[str, bool]) -> None:
    """Canceled, fulfilled and invoiced orders are read-only; an administrator may still edit, by switch."""
    order = catalog.order()
    sales.admin.patch(f"salesorders({order})", {"statecode": 4, "statuscode": 100003})
    sales.setup(closed_lock=lock)
    assert writes(sales, catalog, order) == expected


def test_marking_a_user_as_integration_user_opens_the_order(sales: Any, catalog: Any) -> None:
    """The column isintegrationuser decides, not the name of the user."""
    sales.organization(issopintegrationenabled=True)
    order = submitted(sales, catalog)
    sales.admin.patch(f"systemusers({sales.user('seller')})", {"isintegrationuser": True})
    sales.admin.patch(f"systemusers({sales.user('integration')})", {"isintegrationuser": False})
    assert writes(sales, catalog, order) == {"seller": True, "integration": False, "admin": False}


def test_an_older_release_turned_the_flag_on_with_the_user(sales: Any) -> None:
    """By switch, marking an integration user sets issopintegrationenabled."""
    sales.setup(integration_user_sets_flag=True)
    sales.admin.patch(f"systemusers({sales.user('seller')})", {"isintegrationuser": True})
    assert sales.admin.read("organizations")["value"][0]["issopintegrationenabled"] is True


def test_locked_pricing_does_not_make_the_order_read_only(sales: Any, catalog: Any) -> None:
    """`ispricelocked` freezes prices against the price list only."""
    order = catalog.order(None, catalog.bikes(1))
    path = f"salesorders({order})/Microsoft.Dynamics.CRM.LockSalesOrderPricing"
    assert sales.seller.post(path, {}).status_code == 204
    assert sales.seller.post(path, {}).json()["error"]["code"] == "0x80043b1d"
    assert sales.seller.patch(f"salesorders({order})", {"name": "x"}).status_code == 204
    assert sales.seller.post("UnlockSalesOrderPricing", {"SalesOrderId": order}).status_code == 204
    again = sales.seller.post("UnlockSalesOrderPricing", {"SalesOrderId": order})
    assert again.json()["error"]["code"] == "0x80043b1e"


def test_the_status_of_pricing_locked_twice_is_a_switch(sales: Any, catalog: Any) -> None:
    """400, or 405 as for operations that are not valid."""
    sales.setup(pricing_lock_status="405")
    path = f"salesorders({catalog.order()})/Microsoft.Dynamics.CRM.LockSalesOrderPricing"
    assert sales.seller.post(path, {}).status_code == 204
    again = sales.seller.post(path, {})
    assert (again.status_code, again.json()["error"]["code"]) == (405, "0x80043b1d")


def test_a_locked_header_may_answer_in_the_reported_words(sales: Any, catalog: Any) -> None:
    """The code list's code and words, or those that were seen, without a code."""
    order = submitted(sales, catalog)
    sales.setup(readonly_words="reported")
    refused = sales.seller.patch(f"salesorders({order})", {"name": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "")
    assert refused.json()["error"]["message"] == "Cannot Update a Read-Only Entity"


def test_who_may_reactivate_a_locked_order_is_a_switch(sales: Any, catalog: Any) -> None:
    """Everybody who may write orders, or only those who may write this one."""
    sales.setup(locked_state_changes="who-may-write")
    order = submitted(sales, catalog)
    active = {"statecode": 0, "statuscode": 2}
    refused = sales.seller.patch(f"salesorders({order})", active)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x8004022e")
    assert sales.integration.patch(f"salesorders({order})", active).status_code == 204
