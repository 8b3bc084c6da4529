from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

KEY = "7a1f7a36-7b7e-4c0f-9a53-0d3a1b0d9c11"


def test_a_write_whose_answer_is_lost_has_happened(catalog: Any) -> None:
    """The connection breaks after the commit; the same POST again is 412 0x80040237, for the id is taken."""
    sales = catalog.sales
    body = {
        "salesorderid": KEY,
        "name": "Once",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
    }
    sales.fault(kind="answer-lost", next=1, match={"path": "POST .*/salesorders"})
    with pytest.raises(httpx.TransportError):
        sales.admin.post("salesorders", body)
    assert sales.service.row("salesorder", KEY)["name"] == "Once"
    again = sales.admin.post("salesorders", body)
    assert (again.status_code, again.json()["error"]["code"]) == (412, "0x80040237")
    assert len(sales.service.rows("salesorder")) == 1


def test_a_repeated_upsert_with_the_same_id_makes_one_row(catalog: Any) -> None:
    """PATCH with a client's id may be repeated after a lost answer: the second one updates."""
    sales = catalog.sales
    body = {"name": "Once", "customerid_account@odata.bind": f"/accounts({catalog.account})"}
    sales.fault(kind="answer-lost", next=1, match={"path": "PATCH"})
    with pytest.raises(httpx.TransportError):
        sales.admin.patch(f"salesorders({KEY})", body)
    assert sales.admin.patch(f"salesorders({KEY})", body).status_code == 204
    assert [row["salesorderid"] for row in sales.service.rows("salesorder")] == [KEY]


def test_a_connection_closed_before_the_work_leaves_nothing(sales: Any) -> None:
    """The client cannot tell this from an answer that was lost, but nothing was written."""
    sales.fault(kind="reset-before", next=1, match={"path": "POST .*/accounts"})
    with pytest.raises(httpx.TransportError):
        sales.admin.post("accounts", {"name": "Never"})
    assert sales.service.rows("account") == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_transient_statuses_come_before_the_work(sales: Any, status: int) -> None:
    """The answer is the status with the Retry-After asked for, and nothing was written."""
    sales.fault(kind="status", status=status, retry_after=2, next=1, match={"path": "POST .*/accounts"})
    refused = sales.admin.post("accounts", {"name": "Never"})
    assert (refused.status_code, refused.headers["retry-after"]) == (status, "2")
    assert sales.service.rows("account") == []
    assert sales.admin.post("accounts", {"name": "Now"}).status_code == 204


def test_a_bad_gateway_after_the_commit_hides_a_success(sales: Any) -> None:
    """502 with an HTML page, although the row is there."""
    sales.fault(kind="bad-gateway-after", next=1, match={"path": "POST .*/accounts"})
    response = sales.admin.post("accounts", {"name": "There"})
    assert response.status_code == 502
    assert response.headers["content-type"].startswith("text/html")
    assert [row["name"] for row in sales.service.rows("account")] == ["There"]


def test_a_slow_answer_outlives_the_clients_patience(sales: Any) -> None:
    """The client gives up; the write happens nevertheless, later."""
    sales.fault(kind="still-running", seconds=0.3, next=1, match={"path": "POST .*/accounts"})
    with pytest.raises(httpx.TimeoutException):
        sales.admin.http.post("/api/data/v9.2/accounts", json={"name": "Late"}, timeout=0.1)
    assert sales.service.rows("account") == []
    deadline = time.monotonic() + 5
    while not sales.service.rows("account") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [row["name"] for row in sales.service.rows("account")] == ["Late"]


def test_a_lost_answer_of_a_batch_has_committed_its_change_set(sales: Any) -> None:
    """The outcome of a batch without answer is found by its rows' ids only."""
    piece = (
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
        "POST /api/data/v9.2/accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        f'{{"accountid": "{KEY}", "name": "In a batch"}}\r\n--c--\r\n--b--\r\n'
    )
    sales.fault(kind="answer-lost", next=1, match={"path": "batch"})
    with pytest.raises(httpx.TransportError):
        sales.admin.http.post(
            "/api/data/v9.2/$batch", content=piece, headers={"content-type": "multipart/mixed; boundary=b"}
        )
    assert sales.service.row("account", KEY)["name"] == "In a batch"
