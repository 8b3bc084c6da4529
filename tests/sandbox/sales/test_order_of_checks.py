"""One request that is wrong in two ways shows which check comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    import httpx

KEY = "7a1f7a36-7b7e-4c0f-9a53-0d3a1b0d9c11"


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_the_token_comes_first(sales: Any) -> None:
    """Without a token the answer is 401 whatever else is wrong, limits included."""
    sales.setup(limit_requests=1)
    assert sales.seller.get("WhoAmI").status_code == 200
    assert sales.nobody.get("nothings?$skip=1").status_code == 401


def test_limits_come_before_the_address(sales: Any) -> None:
    """A throttled request is 429 even to an address that there is not."""
    sales.setup(limit_requests=1)
    sales.seller.get("WhoAmI")
    assert sales.seller.get("nothings").status_code == 429


def test_the_address_comes_before_the_query(sales: Any) -> None:
    """An unknown entity set is 404 with whatever options."""
    assert code(sales.admin.get("nothings?$skip=1")) == (404, "0x8006088a")


def test_the_query_comes_before_the_user(sales: Any) -> None:
    """A bad option is 400 even for a client that is no user."""
    sales.service.patch("systemuser", sales.user("seller"), {"isdisabled": True})
    assert sales.seller.get("accounts?$skip=1").status_code == 400
    assert sales.seller.get("accounts").status_code == 403


def test_the_body_comes_before_privileges_and_the_row(sales: Any) -> None:
    """An unknown property is 400 although the user may not write and the row is missing."""
    sales.setup(denied=["seller:prvWriteAccount"])
    assert sales.seller.patch(f"accounts({KEY})", {"nothing": 1}).status_code == 400
    assert sales.seller.patch(f"accounts({KEY})", {"name": "x"}).status_code == 403


def test_the_row_comes_before_preconditions_and_values(sales: Any) -> None:
    """With If-Match a missing row is 404; a stale tag is 412 even when a value is too long as well."""
    long = {"name": "x" * 161}
    assert sales.admin.patch(f"accounts({KEY})", long, if_match="*").status_code == 404
    made = sales.admin.make("accounts", {"name": "A"})
    assert sales.admin.patch(f"accounts({made})", long, if_match='W/"1"').status_code == 412
    assert sales.admin.patch(f"accounts({made})", long).status_code == 400


def test_values_come_before_the_lock_and_the_lock_before_states(catalog: Any) -> None:
    """A locked order with a wrong value answers the value; with a wrong state pair, the lock."""
    sales = catalog.sales
    order = catalog.order(sales.seller)
    catalog.submit(order)
    sales.organization(issopintegrationenabled=True)
    too_long = sales.seller.patch(f"salesorders({order})", {"name": "x" * 301})
    assert code(too_long) == (400, "0x80044331")
    wrong_pair = {"name": "x", "statecode": 1, "statuscode": 2}
    assert code(sales.seller.patch(f"salesorders({order})", wrong_pair)) == (400, "0x8004022e")
    assert code(sales.seller.patch(f"salesorders({order})", {"statecode": 1, "statuscode": 2})) == (
        400,
        "0x80048408",
    )


def test_the_lock_may_come_before_the_values(catalog: Any) -> None:
    """By switch a locked order with a wrong value answers the lock, header and line alike."""
    sales = catalog.sales
    order = catalog.order(sales.seller, catalog.bikes(1))
    (line,) = sales.admin.read(f"salesorders({order})/order_details?$select=salesorderdetailid")["value"]
    catalog.submit(order)
    sales.setup(lock_checked="before-values")
    assert code(sales.seller.patch(f"salesorders({order})", {"name": "x" * 301})) == (400, "0x8004022e")
    too_long = {"description": "x" * 2001}
    changed = sales.seller.patch(f"salesorderdetails({line['salesorderdetailid']})", too_long)
    assert code(changed) == (400, "0x80043b09")
    assert sales.seller.patch(f"salesorders({order})", {"statecode": 0, "statuscode": 2}).status_code == 204
