"""Throttling and what networks do. (Sections 3.4 and 9.19 of the fact sheet.)"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest


def test_too_many_requests_in_the_window_are_429_without_retry_after(lab: Any) -> None:
    """6000 in a sliding five minutes by default; the body has an error code."""
    lab.switch(rate_limit=3, rate_window_s=0.4)
    assert [lab.get("items").status_code for _ in range(3)] == [200] * 3
    answer = lab.get("items")
    lab.refused(answer, 429, "Application_TooManyRequests")
    assert "retry-after" not in answer.headers
    time.sleep(0.45)
    assert lab.get("items").status_code == 200


def test_the_rate_is_counted_per_user(lab: Any) -> None:
    """An application is a user of its own."""
    lab.switch(rate_limit=1)
    assert [lab.get("items").status_code for _ in range(2)] == [200, 429]
    lab.sign_in("clerk")
    try:
        assert lab.get("items").status_code == 200
    finally:
        lab.sign_in()


def test_a_refused_request_is_not_executed(lab: Any) -> None:
    """429 means not done."""
    lab.switch(rate_limit=0)
    assert lab.post("salesOrders", {"customerNumber": "10000"}).status_code == 429
    lab.switch(rate_limit=6000)
    assert lab.list("salesOrders") == []


def side_by_side(lab: Any, count: Any, path: Any = "items?$top=1") -> Any:
    """(status, seconds) of so many requests sent at once."""

    def one(_: Any) -> Any:
        started = time.perf_counter()
        answer = lab.get(path)
        return answer.status_code, time.perf_counter() - started

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_five_operations_run_at_once_and_the_others_wait(lab: Any) -> None:
    """Ten of 0.2 s each take about 0.4 s."""
    lab.switch(operation_s=0.2)
    found = sorted(side_by_side(lab, 10), key=lambda one: one[1])
    assert [status for status, _ in found] == [200] * 10
    assert found[4][1] < 0.35 < found[5][1] < 0.7


def test_a_full_queue_is_429(lab: Any) -> None:
    """95 may wait; the switch makes it shorter."""
    lab.switch(operation_s=0.3, queue_limit=2)
    statuses = [status for status, _ in side_by_side(lab, 9)]
    assert sorted(statuses) == [200] * 7 + [429] * 2


def test_too_long_in_the_queue_is_503_with_retry_after(lab: Any) -> None:
    """Eight minutes in reality; not executed."""
    lab.switch(operation_s=0.3, queue_timeout_s=0.1, running_limit=1)
    found = side_by_side(lab, 2)
    assert sorted(status for status, _ in found) == [200, 503]
    lab.switch(operation_s=0.0)
    assert lab.get("items").status_code == 200


def test_an_operation_that_takes_too_long_is_408_and_undone(lab: Any) -> None:
    """The session is cancelled; nothing of it stays."""
    lab.switch(operation_s=0.3, operation_timeout_s=0.1)
    assert lab.post("salesOrders", {"customerNumber": "10000"}).status_code == 408
    lab.switch(operation_s=0.0)
    assert lab.list("salesOrders") == []


def test_the_gateway_gives_up_and_the_operation_goes_on(lab: Any) -> None:
    """504, and later the order is there."""
    lab.switch(operation_s=0.4, gateway_timeout_s=0.1)
    assert lab.post("salesOrders", {"customerNumber": "10000"}).status_code == 504
    lab.switch(operation_s=0.0)
    assert lab.list("salesOrders") == []
    time.sleep(0.45)
    assert len(lab.list("salesOrders")) == 1


def test_a_client_that_gave_up_finds_its_order_later(lab: Any) -> None:
    """Still running: the write happens after our timeout."""
    lab.door("POST", "faults", {"kind": "still-running", "next": 1, "seconds": 0.3, "match": {"method": "POST"}})
    with pytest.raises(httpx.ReadTimeout):
        lab.http.post(lab.url("salesOrders"), json={"customerNumber": "10000"}, timeout=0.1)
    assert lab.list("salesOrders") == []
    time.sleep(0.4)
    assert len(lab.list("salesOrders")) == 1


def test_an_answer_can_be_lost_after_the_write(lab: Any) -> None:
    """The connection is cut; the order exists once."""
    lab.door("POST", "faults", {"kind": "answer-lost", "next": 1, "match": {"method": "POST"}})
    with pytest.raises(httpx.TransportError):
        lab.post("salesOrders", {"customerNumber": "10000"})
    assert len(lab.list("salesOrders")) == 1


@pytest.mark.parametrize(("status", "retry_after"), [(503, 7), (502, 3), (504, None), (408, None)])
def test_a_gateway_can_refuse_before_the_service_sees_the_request(lab: Any, status: Any, retry_after: Any) -> None:
    """Retry-After is documented for 502 and 503."""
    fault = {"kind": "status", "next": 1, "status": status, "match": {"method": "POST"}}
    lab.door("POST", "faults", fault | ({"retry_after": retry_after} if retry_after else {}))
    answer = lab.post("salesOrders", {"customerNumber": "10000"})
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == (str(retry_after) if retry_after else None)
    assert lab.list("salesOrders") == []


def test_a_proxy_can_answer_html_after_the_write(lab: Any) -> None:
    """502 with a page for people; the order is there."""
    lab.door("POST", "faults", {"kind": "bad-gateway-after", "next": 1, "match": {"method": "POST"}})
    answer = lab.post("salesOrders", {"customerNumber": "10000"})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert len(lab.list("salesOrders")) == 1


def test_a_body_that_is_too_large_is_413(lab: Any) -> None:
    """350 MB in reality."""
    lab.switch(max_body_bytes=100)
    answer = lab.post("salesOrders", {"customerNumber": "10000", "shipToName": "x" * 100})
    lab.refused(answer, 413, "BadRequest")


def test_a_429_may_tell_when_to_come_back_by_switch(lab: Any) -> None:
    """None is documented; whether the service sends one is not known."""
    lab.switch(rate_limit=0)
    assert "retry-after" not in lab.get("items").headers
    lab.switch(retry_after_on_429_s=5)
    refused = lab.get("items")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")


def test_the_body_of_a_429_is_a_switch(lab: Any) -> None:
    """The documented error, or nothing."""
    lab.switch(rate_limit=0)
    lab.refused(lab.get("items"), 429, "Application_TooManyRequests")
    lab.switch(too_many_body="empty")
    assert (lab.get("items").status_code, lab.get("items").content) == (429, b"")
