"""`$batch`. (Sections 3.2 and 9.17 of the fact sheet.)"""

from __future__ import annotations

import json
from typing import Any

import pytest


def batch(lab: Any, *requests: Any, **headers: Any) -> Any:
    return lab._send("POST", f"{lab.root}/$batch", {"requests": list(requests)}, headers)


def one(lab: Any, method: Any, path: Any, body: Any = None, number: Any = "1", **headers: Any) -> Any:
    request = {"id": number, "method": method, "url": f"companies({lab.company.id})/{path}"}
    if body is not None:
        request |= {"body": body, "headers": {"Content-Type": "application/json", **headers}}
    elif headers:
        request["headers"] = headers
    return request


def statuses(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return [each["status"] for each in answer.json()["responses"]]


def test_operations_run_in_order_with_the_shape_of_a_captured_answer(lab: Any) -> None:
    """id, status, headers with content type, odata-version and location, body with its own context."""
    order = lab.order()
    path = f"salesOrders({order['id']})/salesOrderLines"
    answer = batch(lab, *(one(lab, "POST", path, lab.item_line(), f"r{n}") for n in (1, 2)))
    first, second = answer.json()["responses"]
    assert list(first) == ["id", "status", "headers", "body"]
    assert (first["id"], first["status"]) == ("r1", 201)
    assert first["headers"]["odata-version"] == "4.0"
    assert first["headers"]["content-type"] == "application/json; odata.metadata=minimal; odata.streaming=true"
    assert first["headers"]["location"] == f"{lab.prefix}/{path}({first['body']['id']})"
    assert first["body"]["@odata.context"].endswith("/salesOrderLines/$entity")
    assert [first["body"]["sequence"], second["body"]["sequence"]] == [10000, 20000]


def test_the_company_may_come_as_a_header_of_the_item(lab: Any) -> None:
    """By name; an absolute address works too, and an id that was not sent is null."""
    item = lab.list("items")[0]["id"]
    requests = [
        {"method": "GET", "url": f"items({item})", "headers": {"Company": lab.company.name}},
        {"id": "2", "method": "GET", "url": f"{lab.prefix}/items({item})"},
        {
            "id": "3",
            "method": "GET",
            "url": f"/companies({lab.company.id})/items?$filter=number%20eq%20'1896-S'",
        },
    ]
    responses = batch(lab, *requests).json()["responses"]
    assert [each["status"] for each in responses] == [200, 200, 200]
    assert [each["id"] for each in responses] == [None, "2", "3"]
    assert len(responses[2]["body"]["value"]) == 1


def test_the_first_failure_stops_the_batch_and_keeps_what_came_before(lab: Any) -> None:
    """The answer ends with the failed operation."""
    requests = [
        one(lab, "POST", "salesOrders", {"customerNumber": "10000"}, "1"),
        one(lab, "POST", "salesOrders", {"customerNumber": "NOPE"}, "2"),
        one(lab, "POST", "salesOrders", {"customerNumber": "20000"}, "3"),
    ]
    answer = batch(lab, *requests)
    assert statuses(answer) == [201, 400]
    assert answer.json()["responses"][1]["body"]["error"]["code"] == "Application_DialogException"
    assert [each["customerNumber"] for each in lab.list("salesOrders")] == ["10000"]


def test_continue_on_error_runs_them_all(lab: Any) -> None:
    """Each by itself."""
    requests = [
        one(lab, "POST", "salesOrders", {"customerNumber": number}, number) for number in ("10000", "NOPE", "20000")
    ]
    assert statuses(batch(lab, *requests, prefer="odata.continue-on-error")) == [201, 400, 201]
    assert len(lab.list("salesOrders")) == 2


def test_a_snapshot_is_undone_as_a_whole_though_earlier_answers_report_success(lab: Any) -> None:
    """Look at the last status: the 200 before it is worth nothing."""
    order = lab.order(lab.item_line(quantity=2))
    path = f"salesOrders({order['id']})/salesOrderLines"
    line = order["salesOrderLines"][0]
    requests = [
        one(lab, "PATCH", f"{path}({line['id']})", {"quantity": 3}, "l1", **{"If-Match": line["@odata.etag"]}),
        one(lab, "POST", path, lab.item_line("NOPE"), "l2"),
    ]
    answer = batch(lab, *requests, isolation="snapshot")
    assert statuses(answer) == [200, 400]
    assert answer.json()["responses"][0]["body"]["quantity"] == 3
    after = lab.order_with_lines(order["id"])
    assert after["salesOrderLines"][0]["quantity"] == 2
    assert after["@odata.etag"] == order["@odata.etag"]


def test_a_snapshot_that_succeeds_is_kept(lab: Any) -> None:
    """All in one transaction."""
    requests = [one(lab, "POST", "salesOrders", {"customerNumber": "10000"}, str(n)) for n in range(3)]
    assert statuses(batch(lab, *requests, isolation="snapshot")) == [201, 201, 201]
    assert len(lab.list("salesOrders")) == 3


def test_posting_commits_inside_a_snapshot(lab: Any) -> None:
    """What came before it stays, even when a later operation fails."""
    order = lab.order(lab.item_line())
    requests = [
        one(
            lab,
            "PATCH",
            f"salesOrders({order['id']})",
            {"externalDocumentNumber": "KEPT"},
            "1",
            **{"If-Match": "*"},
        ),
        one(lab, "POST", f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice", None, "2"),
        one(lab, "POST", "salesOrders", {"customerNumber": "20000"}, "3"),
        one(lab, "POST", "salesOrders", {"customerNumber": "NOPE"}, "4"),
    ]
    assert statuses(batch(lab, *requests, isolation="snapshot")) == [200, 204, 201, 400]
    assert lab.list("salesOrders") == []
    assert lab.list("salesInvoices")[0]["externalDocumentNumber"] == "KEPT"


def test_an_operation_that_fails_halfway_leaves_nothing_of_itself(lab: Any) -> None:
    """A deep insert in a batch is still one transaction."""
    body = {"customerNumber": "10000", "salesOrderLines": [lab.item_line(), lab.item_line("NOPE")]}
    requests = [one(lab, "POST", "salesOrders", body, "1"), one(lab, "GET", "salesOrders", None, "2")]
    answer = batch(lab, *requests, prefer="odata.continue-on-error")
    assert statuses(answer) == [400, 200]
    assert answer.json()["responses"][1]["body"]["value"] == []


@pytest.mark.parametrize("status", [400, 413])
def test_more_than_a_hundred_operations_are_refused(lab: Any, status: Any) -> None:
    """A hundred pass; the status beyond is not known."""
    lab.switch(batch_over_limit=status)
    requests = [one(lab, "GET", "items?$top=1", None, str(n)) for n in range(101)]
    assert statuses(batch(lab, *requests[:100])) == [200] * 100
    lab.refused(batch(lab, *requests), status, "BadRequest")


def test_a_batch_counts_once_for_the_rate(lab: Any) -> None:
    """Two batches of ten are two requests."""
    lab.switch(rate_limit=2)
    requests = [one(lab, "GET", "items?$top=1", None, str(n)) for n in range(10)]
    assert statuses(batch(lab, *requests)) == [200] * 10
    assert statuses(batch(lab, *requests)) == [200] * 10
    assert batch(lab, *requests).status_code == 429


def test_the_request_log_lists_the_parts(lab: Any) -> None:
    """Method, address, status, headers without secrets, body: tests count operations by them."""
    last = lab.door("GET", "requests")[-1]["number"]
    requests = [
        one(lab, "POST", "salesOrders", {"customerNumber": "10000"}, "1", Authorization="Bearer x", Prefer="p"),
        one(lab, "GET", "items?$top=1", None, "2"),
    ]
    batch(lab, *requests)
    (entry,) = lab.door("GET", f"requests?since={last}")
    prefix = f"companies({lab.company.id})"
    assert [(p["method"], p["path"], p["status"]) for p in entry["parts"]] == [
        ("POST", f"{prefix}/salesOrders", 201),
        ("GET", f"{prefix}/items?$top=1", 200),
    ]
    assert entry["parts"][0]["headers"] == {"content-type": "application/json", "prefer": "p"}
    assert entry["parts"][0]["body"] == {"customerNumber": "10000"}


@pytest.mark.parametrize("body", [{}, {"requests": [{"method": "GET"}]}, [], {"requests": 1}])
def test_a_malformed_batch_is_400(lab: Any, body: Any) -> None:
    """Nothing of it runs."""
    lab.refused(lab._send("POST", f"{lab.root}/$batch", body, {}), 400, "BadRequest")


def test_an_unknown_address_in_a_batch_fails_that_operation(lab: Any) -> None:
    """404 for the part, 200 for the batch."""
    answer = batch(lab, {"id": "1", "method": "GET", "url": "salesUnicorns", "headers": {"Company": lab.company.name}})
    assert statuses(answer) == [404]


def multipart(lab: Any, *parts: Any, **headers: Any) -> Any:
    body = "".join(f"--b1\r\n{part}\r\n" for part in parts) + "--b1--\r\n"
    named = {"content-type": "multipart/mixed; boundary=b1", **headers}
    return lab.http.post(f"{lab.root}/$batch", content=body.encode(), headers=named)


def http_part(lab: Any, method: Any, path: Any, body: Any = None) -> Any:
    lines = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"{method} companies({lab.company.id})/{path} HTTP/1.1",
        "Content-Type: application/json",
        "",
        json.dumps(body) if body is not None else "",
    ]
    return "\r\n".join(lines)


def changeset(*parts: Any) -> Any:
    inner = "".join(f"--c1\r\n{part}\r\n" for part in parts) + "--c1--"
    return f"Content-Type: multipart/mixed; boundary=c1\r\n\r\n{inner}"


def test_a_multipart_batch_is_accepted(lab: Any) -> None:
    """Requests by themselves, and change sets of one."""
    answer = multipart(
        lab,
        http_part(lab, "GET", "items?$top=1"),
        changeset(http_part(lab, "POST", "salesOrders", {"customerNumber": "10000"})),
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert answer.text.count("HTTP/1.1 200 OK") == 1
    assert answer.text.count("HTTP/1.1 201 Created") == 1
    assert len(lab.list("salesOrders")) == 1


def test_several_requests_in_one_change_set_are_refused(lab: Any) -> None:
    """500, and none of them runs."""
    made = http_part(lab, "POST", "salesOrders", {"customerNumber": "10000"})
    answer = multipart(lab, changeset(made, made))
    assert "HTTP/1.1 500 Internal Server Error" in answer.text
    assert "Multiple requests within the same change set are not supported" in answer.text
    assert lab.list("salesOrders") == []


def test_a_fault_can_refuse_one_operation_of_a_batch(lab: Any) -> None:
    """The others go their way."""
    fault = {"kind": "refuse", "next": 1, "status": 500, "code": "Unknown", "match": {"body": "20000"}}
    lab.door("POST", "faults", fault)
    requests = [one(lab, "POST", "salesOrders", {"customerNumber": n}, n) for n in ("10000", "20000", "20000")]
    assert statuses(batch(lab, *requests, prefer="odata.continue-on-error")) == [201, 500, 201]


@pytest.mark.parametrize("status", [400, 501])
def test_the_status_of_a_change_set_of_several_is_a_switch(lab: Any, status: Any) -> None:
    """The measured 500 may be another one; none of the requests runs."""
    lab.switch(change_set_status=status)
    made = http_part(lab, "POST", "salesOrders", {"customerNumber": "10000"})
    assert f"HTTP/1.1 {status} " in multipart(lab, changeset(made, made)).text
    assert lab.list("salesOrders") == []
