from __future__ import annotations

from typing import Any

from syncengine.sandbox.exchange import Caller


def test_requests_are_limited_in_a_sliding_window(sales: Any) -> None:
    """One more than the limit is 429 0x80072322 with Retry-After in whole seconds; the window slides."""
    sales.setup(limit_requests=3, limit_window_s=60)
    assert [sales.seller.get("WhoAmI").status_code for _ in range(3)] == [200, 200, 200]
    refused = sales.seller.get("WhoAmI")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "0x80072322")
    expected = "Number of requests exceeded the limit of 3 over time window of 60 seconds."
    assert refused.json()["error"]["message"] == expected
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    sales.later(60)
    assert sales.seller.get("WhoAmI").status_code == 200


def test_limits_hold_for_each_user_alone(sales: Any) -> None:
    """Other users go on; application users are not exempt."""
    sales.setup(limit_requests=1)
    sales.integration.get("WhoAmI")
    assert sales.integration.get("WhoAmI").status_code == 429
    assert sales.seller.get("WhoAmI").status_code == 200


def test_pushing_makes_the_wait_longer(sales: Any) -> None:
    """Retry-After grows while the client does not stop."""
    sales.setup(limit_requests=1, limit_window_s=60)
    sales.seller.get("WhoAmI")
    waits = [int(sales.seller.get("WhoAmI").headers["retry-after"]) for _ in range(4)]
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_execution_time_is_limited(sales: Any) -> None:
    """The combined time of a user's requests is 0x80072321, counted by a factor."""
    sales.setup(limit_execution_s=0.5, execution_factor=1_000_000)
    sales.seller.get("WhoAmI")
    refused = sales.seller.get("WhoAmI")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "0x80072321")
    assert int(refused.headers["retry-after"]) >= 1


def test_concurrency_is_refused_at_once(sales: Any) -> None:
    """More requests at a time than allowed are 0x80072326, before any work."""
    sales.setup(limit_concurrent=1)
    assert sales.service.throttled(_caller(sales)) is None
    refused = sales.service.throttled(_caller(sales))
    assert refused is not None
    assert refused.status == 429
    assert b"0x80072326" in refused.body
    sales.service.finished(_caller(sales), 0.01)
    assert sales.service.throttled(_caller(sales)) is None


def _caller(sales: Any) -> Any:
    return Caller(sales.service.clients["seller"])


def test_a_batch_counts_as_one_request(sales: Any) -> None:
    """Its operations count by their execution time only."""
    sales.setup(limit_requests=2)
    piece = "--b\r\nContent-Type: application/http\r\n\r\nGET /api/data/v9.2/WhoAmI HTTP/1.1\r\n\r\n\r\n"
    body = piece * 20 + "--b--\r\n"
    response = sales.seller.http.post(
        "/api/data/v9.2/$batch", content=body, headers={"content-type": "multipart/mixed; boundary=b"}
    )
    assert response.status_code == 200
    assert sales.seller.get("WhoAmI").status_code == 200
    assert sales.seller.get("WhoAmI").status_code == 429


def test_informational_headers_tell_what_remains(sales: Any) -> None:
    """They count down; clients must not steer by them."""
    sales.setup(limit_requests=10)
    name = "x-ms-ratelimit-burst-remaining-xrm-requests"
    found = [int(sales.seller.get("WhoAmI").headers[name]) for _ in range(2)]
    assert found == [9, 8]
    assert "x-ms-ratelimit-time-remaining-xrm-requests" in sales.seller.get("WhoAmI").headers


def test_throttling_comes_before_the_work(sales: Any) -> None:
    """A refused write has changed nothing, and a missing token is still 401."""
    sales.setup(limit_requests=1)
    sales.seller.get("WhoAmI")
    assert sales.seller.post("accounts", {"name": "x"}).status_code == 429
    assert sales.admin.read("accounts")["value"] == []
    assert sales.nobody.get("WhoAmI").status_code == 401


def test_zero_is_no_limit(sales: Any) -> None:
    """Benchmarks turn the limits off."""
    sales.setup(limit_requests=0, limit_execution_s=0, limit_concurrent=0)
    assert all(sales.seller.get("WhoAmI").status_code == 200 for _ in range(30))


def test_the_code_of_throttling_is_a_switch(sales: Any) -> None:
    """The limit's own code, or the generic one; Retry-After either way."""
    sales.setup(limit_requests=1, throttling_code="0x8005F103")
    sales.seller.get("WhoAmI")
    refused = sales.seller.get("WhoAmI")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "0x8005F103")
    assert int(refused.headers["retry-after"]) >= 1
