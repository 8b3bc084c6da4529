"""Subscriptions and notifications. (Sections 2.4 and 9.18 of the fact sheet.)"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest

from tests.sandbox.back_office.conftest import seed


class Receiver(ThreadingHTTPServer):
    """A subscriber that shakes hands, notes what it is told, and answers with the next of `statuses`."""

    daemon_threads = True

    def __init__(self) -> None:
        self.told = []
        self.headers = []
        self.statuses = []
        self.handshakes = 0
        self.shakes_after_s = 0
        self.verbs = []
        self.token = None
        self.held = None  # an event that answers wait for
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def wait(self, count: Any, seconds: Any = 60) -> Any:
        until = time.monotonic() + seconds
        while len(self.told) < count and time.monotonic() < until:
            time.sleep(0.005)
        return self.told


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.verbs.append("GET")
        self.do_POST()

    def do_POST(self) -> None:
        server = self.server
        token = parse_qs(urlsplit(self.path).query).get("validationToken")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if token:
            server.handshakes += 1
            time.sleep(server.shakes_after_s)
            self._answer(200, (server.token or token[0]).encode())
            return
        server.told.append(json.loads(body)["value"])
        server.headers.append(dict(self.headers))
        if server.held is not None:
            server.held.wait(60)
        self._answer(server.statuses.pop(0) if server.statuses else 200, b"")

    def _answer(self, status: Any, body: Any) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Any:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(lab: Any, receiver: Any) -> Any:
    """A service that notifies at once, and tries again at once."""
    lab.switch(webhook_delay_s=0.02, webhook_retry_scale=0.0001)
    return receiver


def subscribe(lab: Any, receiver: Any, entity_set: Any = "salesOrders", **more: Any) -> Any:
    body = {
        "notificationUrl": receiver.url,
        "resource": f"/api/v2.0/companies({lab.company.id})/{entity_set}",
        **more,
    }
    return lab.made(f"{lab.root}/subscriptions", body)


def kinds(values: Any) -> Any:
    return [one["changeType"] for value in values for one in value]


def test_a_subscription_is_registered_by_handshake_for_three_days(lab: Any, receiver: Any) -> None:
    """The bare token comes back, and the entity has the properties of a captured one."""
    made = subscribe(lab, receiver, clientState="s3cret")
    assert receiver.handshakes == 1
    assert list(made) == [
        "@odata.context",
        "@odata.etag",
        "subscriptionId",
        "notificationUrl",
        "resource",
        "timestamp",
        "userId",
        "lastModifiedDateTime",
        "clientState",
        "expirationDateTime",
        "systemCreatedAt",
        "systemCreatedBy",
        "systemModifiedAt",
        "systemModifiedBy",
    ]
    assert re.fullmatch("[0-9a-f]{32}", made["subscriptionId"])
    now = lab.service.clock.now()
    expires = lab.moment({"lastModifiedDateTime": made["expirationDateTime"]})
    assert 2.9 < (expires - now).total_seconds() / 86400 < 3.1


def test_without_the_handshake_nothing_is_registered(lab: Any, receiver: Any) -> None:
    """A wrong token, silence, or an address elsewhere."""
    receiver.token = "wrong"
    body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies({lab.company.id})/salesOrders"}
    lab.refused(lab.post(f"{lab.root}/subscriptions", body), 400, "BadRequest")
    for url in ("http://127.0.0.1:9/hook", "https://sync.example.com/bc"):
        answer = lab.post(f"{lab.root}/subscriptions", body | {"notificationUrl": url})
        lab.refused(answer, 400, "BadRequest")
    assert lab.list(f"{lab.root}/subscriptions") == []


def test_a_receiver_has_a_moment_to_shake_hands(lab: Any, receiver: Any) -> None:
    """Five seconds, here far less: an answer that comes later registers nothing."""
    receiver.shakes_after_s = 0.5
    lab.switch(handshake_timeout_s=0.1)
    body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies({lab.company.id})/salesOrders"}
    lab.refused(lab.post(f"{lab.root}/subscriptions", body), 400, "BadRequest")
    lab.switch(handshake_timeout_s=5)
    assert lab.post(f"{lab.root}/subscriptions", body).status_code == 201


def test_the_life_of_a_subscription_is_a_setting(lab: Any, receiver: Any) -> None:
    """Expiration is creation plus that life."""
    lab.switch(subscription_s=60)
    body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies({lab.company.id})/salesOrders"}
    made = lab.made(f"{lab.root}/subscriptions", body)
    life = datetime.fromisoformat(made["expirationDateTime"]) - datetime.fromisoformat(made["lastModifiedDateTime"])
    assert 59 <= life.total_seconds() <= 61


def test_the_key_is_a_string_in_quotes(lab: Any, receiver: Any) -> None:
    """Without quotes it is a syntax error."""
    key = subscribe(lab, receiver)["subscriptionId"]
    assert lab.read(f"{lab.root}/subscriptions('{key}')")["subscriptionId"] == key
    lab.refused(lab.get(f"{lab.root}/subscriptions({key})"), 400, "BadRequest_NotFound")


def test_a_renewal_shakes_hands_again(lab: Any, receiver: Any) -> None:
    """PATCH with If-Match; the life starts anew."""
    made = subscribe(lab, receiver)
    path = f"{lab.root}/subscriptions('{made['subscriptionId']}')"
    lab.refused(lab.patch(path, {}), 400, "BadRequest_InvalidToken")
    lab.door("POST", "clock", {"seconds": 86400})
    lab.sign_in()
    renewed = lab.changed(path, {"notificationUrl": receiver.url}, token=made["@odata.etag"])
    assert receiver.handshakes == 2
    assert renewed["expirationDateTime"] > made["expirationDateTime"]
    receiver.token = "wrong"
    lab.refused(lab.patch(path, {}, if_match="*"), 400, "BadRequest")
    assert lab.delete(path, if_match="*").status_code == 204
    assert lab.list(f"{lab.root}/subscriptions") == []
    lab.door("POST", "clock", {"seconds": -86400})
    lab.sign_in()


def test_a_subscription_ends_after_three_days(told: Any, lab: Any) -> None:
    """It is gone from the list, and nothing is sent any more."""
    subscribe(lab, told)
    lab.door("POST", "clock", {"seconds": 3 * 86400 + 1})
    lab.sign_in()
    assert lab.list(f"{lab.root}/subscriptions") == []
    lab.order()
    lab.door("POST", "clock", {"seconds": -3 * 86400 - 1})
    lab.sign_in()
    assert told.wait(1, 0.2) == []


def test_only_entity_sets_with_a_real_table_can_be_subscribed_to(lab: Any, receiver: Any) -> None:
    """No lines; the runtime API lists what there is."""
    for entity_set in ("salesOrderLines", "companies", "unicorns"):
        body = {
            "notificationUrl": receiver.url,
            "resource": f"/api/v2.0/companies({lab.company.id})/{entity_set}",
        }
        lab.refused(lab.post(f"{lab.root}/subscriptions", body), 400, "BadRequest")
    url = f"{lab.origin}/v2.0/sandbox-tenant/production/api/microsoft/runtime/beta"
    found = lab.list(f"{url}/companies({lab.company.id})/webhookSupportedResources")
    names = {one["resource"].rpartition("/")[2] for one in found}
    assert {"salesOrders", "customers", "items", "salesInvoices", "paymentTerms"} <= names
    assert "salesOrderLines" not in names


def test_the_number_of_subscriptions_is_limited(lab: Any, receiver: Any) -> None:
    """200 online."""
    lab.switch(webhook_limit=2)
    subscribe(lab, receiver)
    subscribe(lab, receiver, "items")
    body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies({lab.company.id})/customers"}
    lab.refused(lab.post(f"{lab.root}/subscriptions", body), 400, "BadRequest")


def test_a_notification_names_the_record_and_nothing_of_its_values(told: Any, lab: Any) -> None:
    """As captured: no leading slash, no fields, with the client state; own writes echo."""
    made = subscribe(lab, told, clientState="s3cret")
    order = lab.order()
    ((item,),) = told.wait(1)
    assert item == {
        "subscriptionId": made["subscriptionId"],
        "clientState": "s3cret",
        "expirationDateTime": made["expirationDateTime"],
        "resource": f"api/v2.0/companies({lab.company.id})/salesOrders({order['id']})",
        "changeType": "created",
        "lastModifiedDateTime": order["lastModifiedDateTime"],
    }
    assert told.headers[0].keys() >= {"clientRequestId", "x-ms-correlation-id"}


def test_changes_of_one_record_merge_until_the_delay_is_over(lab: Any, receiver: Any) -> None:
    """Thirty seconds after the first one; the door makes them due now."""
    subscribe(lab, receiver)
    first, second = lab.order(), lab.order()
    for text in ("A", "B", "C"):
        lab.changed(f"salesOrders({first['id']})", {"externalDocumentNumber": text})
    assert receiver.wait(1, 0.1) == []
    lab.door("POST", "webhooks/deliver")
    (items,) = receiver.wait(1)
    assert sorted((one["resource"][-37:-1], one["changeType"]) for one in items) == sorted(
        [(first["id"], "created"), (second["id"], "created")]
    )


def test_updates_and_deletions_are_told(told: Any, lab: Any) -> None:
    """Each after its own delay."""
    order = lab.order()
    subscribe(lab, told)
    lab.changed(f"salesOrders({order['id']})", {"externalDocumentNumber": "A"})
    told.wait(1)
    lab.delete(f"salesOrders({order['id']})")
    assert kinds(told.wait(2)) == ["updated", "deleted"]


def test_a_change_that_changes_nothing_is_not_told(told: Any, lab: Any) -> None:
    """The same value again, and a line's description: the gap that only a sweep closes."""
    order = lab.order(lab.item_line())
    subscribe(lab, told)
    lab.changed(f"salesOrders({order['id']})", {"externalDocumentNumber": ""})
    path = f"salesOrders({order['id']})/salesOrderLines({order['salesOrderLines'][0]['id']})"
    lab.changed(path, {"description": "Oak"})
    assert told.wait(1, 0.2) == []
    lab.changed(path, {"quantity": 5})
    assert kinds(told.wait(1)) == ["updated"]


def test_a_fully_invoiced_order_is_told_as_deleted(told: Any, lab: Any) -> None:
    """And the new invoice as created, in one body for the same address."""
    order = lab.order(lab.item_line())
    subscribe(lab, told)
    subscribe(lab, told, "salesInvoices")
    lab.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice")
    (items,) = told.wait(1)
    assert sorted(one["changeType"] for one in items) == ["created", "deleted"]


def test_what_is_rolled_back_is_not_told(told: Any, lab: Any) -> None:
    """A failed deep insert, a failed snapshot."""
    subscribe(lab, told)
    body = {"customerNumber": "10000", "salesOrderLines": [lab.item_line("NOPE")]}
    assert lab.post("salesOrders", body).status_code == 400
    assert told.wait(1, 0.15) == []


def test_too_many_changed_records_become_a_collection(lab: Any, receiver: Any) -> None:
    """With a stamp filter 50 ms before the first change; without one when something was deleted."""
    lab.switch(webhook_collection_over=2)
    subscribe(lab, receiver)
    orders = [lab.order() for _ in range(3)]
    lab.door("POST", "webhooks/deliver")
    ((item,),) = receiver.wait(1)
    assert item["changeType"] == "collection"
    resource, _, since = item["resource"].partition("?$filter=lastModifiedDateTime gt ")
    assert resource == f"api/v2.0/companies({lab.company.id})/salesOrders"
    assert len(lab.list(f"salesOrders?$filter=lastModifiedDateTime gt {since}")) == 3
    first = min(lab.moment(one) for one in orders)
    assert (first - lab.moment({"lastModifiedDateTime": since})).total_seconds() == pytest.approx(0.05, abs=0.001)
    for order in orders:
        lab.delete(f"salesOrders({order['id']})")
    lab.door("POST", "webhooks/deliver")
    assert receiver.wait(2)[1][0]["resource"] == resource


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_subscriber_is_tried_again(told: Any, lab: Any, status: Any) -> None:
    """The same items, until it answers 2xx."""
    told.statuses = [status, status]
    subscribe(lab, told)
    lab.order()
    values = told.wait(3)
    assert len(values) == 3
    assert values[0] == values[1] == values[2]
    assert len(lab.list(f"{lab.root}/subscriptions")) == 1


def test_after_five_attempts_the_subscription_is_deleted(told: Any, lab: Any) -> None:
    """About 36 hours in reality."""
    told.statuses = [503] * 10
    subscribe(lab, told)
    lab.order()
    told.wait(5)
    until = time.monotonic() + 3
    while lab.list(f"{lab.root}/subscriptions") and time.monotonic() < until:
        time.sleep(0.01)
    assert lab.list(f"{lab.root}/subscriptions") == []
    assert len(told.told) == 5


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_any_other_status_deletes_the_subscription_at_once(told: Any, lab: Any, status: Any) -> None:
    """No second attempt."""
    told.statuses = [status]
    subscribe(lab, told)
    lab.order()
    told.wait(1)
    until = time.monotonic() + 3
    while lab.list(f"{lab.root}/subscriptions") and time.monotonic() < until:
        time.sleep(0.01)
    assert lab.list(f"{lab.root}/subscriptions") == []
    assert len(told.told) == 1


def test_deliveries_can_be_dropped_duplicated_and_delayed(told: Any, lab: Any) -> None:
    """Back doors for what networks do."""
    subscribe(lab, told)
    lab.door("PATCH", "webhooks", {"drop": 1})
    lab.order()
    assert told.wait(1, 0.15) == []
    lab.door("PATCH", "webhooks", {"duplicate": 1})
    lab.order()
    assert len(told.wait(2)) == 2
    assert told.told[0] == told.told[1]
    lab.door("PATCH", "webhooks", {"delay_s": 0.2})
    started = time.monotonic()
    lab.order()
    told.wait(3)
    assert time.monotonic() - started > 0.2
    until = time.monotonic() + 10
    outcomes: list[str] = []
    while len(outcomes) < 4 and time.monotonic() < until:  # an outcome is noted after the subscriber has answered
        outcomes = [one["outcome"] for one in lab.door("GET", "webhooks")["sent"]]
    assert outcomes == ["dropped", "delivered", "delivered", "delivered"]


def test_the_verb_of_the_handshake_is_a_switch(lab: Any, receiver: Any) -> None:
    """It is not documented: a receiver accepts any."""
    lab.switch(handshake_method="GET")
    body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies({lab.company.id})/salesOrders"}
    assert lab.post(f"{lab.root}/subscriptions", body).status_code == 201
    assert receiver.verbs == ["GET"]


def test_the_status_of_a_failed_handshake_is_a_switch(lab: Any, receiver: Any) -> None:
    """400, presumably; nothing is registered either way."""
    lab.switch(handshake_failure_status=422)
    receiver.token = "wrong"
    body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies({lab.company.id})/salesOrders"}
    lab.refused(lab.post(f"{lab.root}/subscriptions", body), 422, "BadRequest")
    assert lab.read(f"{lab.root}/subscriptions")["value"] == []


def test_what_was_under_way_before_a_reset_ends_nothing_after_it(told: Any, lab: Any) -> None:
    """The new state's ids are the old one's: a late refusal must not delete the new subscription."""
    told.held = threading.Event()
    told.statuses = [400]
    old = subscribe(lab, told)
    lab.order()
    told.wait(1)
    lab.door("POST", "reset")
    lab.use(next(iter(lab.service.environment.companies.values())))
    seed(lab.service, lab.company, "USD")
    lab.switch(webhook_delay_s=0.02)
    new = subscribe(lab, told)
    assert new["subscriptionId"] == old["subscriptionId"]
    told.held.set()
    lab.order()
    assert len(told.wait(2)) == 2
    assert [one["subscriptionId"] for one in lab.read(f"{lab.root}/subscriptions")["value"]] == [new["subscriptionId"]]


def test_two_changes_within_one_stamp_are_both_changes(lab: Any, receiver: Any) -> None:
    """Stamps end in 0, 3 or 7 ms: what is written in the same few milliseconds is told all the same."""
    subscribe(lab, receiver)
    order = lab.order()
    lab.door("POST", "webhooks/deliver")
    receiver.wait(1)
    row = lab.company["salesOrder"].rows[order["id"]]
    environment = lab.service.environment
    session = replace(environment.session(lab.company, "integration"), now=row["lastModifiedDateTime"])
    session.modify("salesOrder", row, {"externalDocumentNumber": "SAME TICK"})
    environment.journal.commit()
    lab.door("POST", "webhooks/deliver")
    assert kinds(receiver.wait(2)) == ["created", "updated"]
