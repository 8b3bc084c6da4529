"""Faults on demand, on both systems alike, in plain HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import httpx
import pytest

from syncengine.sandbox.back_office import BusinessCentral
from syncengine.sandbox.host import Host
from syncengine.sandbox.oauth import TOKEN_PATH
from syncengine.sandbox.sales import Dataverse

SCOPES = {
    "sales": "https://sandbox.crm.dynamics.com/.default",
    "back_office": "https://api.businesscentral.dynamics.com/.default",
}


@dataclass
class Served:
    """One of the two systems, with a set that the integration user may fill."""

    service: Any
    url: str
    http: httpx.Client
    items: str  # path of the set
    key: str  # its key property
    name: str  # its name property
    stale: tuple[int, str]
    person: str  # a role that acts in between

    def fault(self, **posted: Any) -> None:
        assert self.http.post("/sandbox/faults", json=posted).status_code == 204

    def make(self, name: str) -> str:
        answer = self.http.post(self.items, json={self.name: name}, headers={"prefer": "return=representation"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()[self.key])

    def names(self) -> list[str]:
        """All of them, page by page."""
        found, url = [], f"{self.items}?$orderby={self.name}"
        while url:
            answer = self.http.get(url, headers={"prefer": "odata.maxpagesize=2"})
            assert answer.status_code == 200, answer.text
            found += [row[self.name] for row in answer.json()["value"]]
            url = answer.json().get("@odata.nextLink", "")
        return found


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Served]]:
    host = Host()
    sales, back_office = Dataverse(), BusinessCentral()
    urls = {"sales": host.add(sales)[1], "back_office": host.add(back_office)[1]}
    host.start()
    found = {}
    for name, service in (("sales", sales), ("back_office", back_office)):
        client = service.clients["integration"]
        http = httpx.Client(base_url=urls[name], timeout=20)
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "scope": SCOPES[name],
        }
        token = http.post(TOKEN_PATH, data=form).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        if name == "sales":
            path = "/api/data/v9.2/accounts"
            found[name] = Served(service, urls[name], http, path, "accountid", "name", (412, "0x80060882"), "seller")
        else:
            company = next(iter(back_office.environment.companies))
            path = f"/v2.0/sandbox-tenant/production/api/v2.0/companies({company})/customers"
            stale = (409, "Request_EntityChanged")
            found[name] = Served(service, urls[name], http, path, "id", "displayName", stale, "clerk")
    yield found
    for one in found.values():
        one.http.close()
    host.stop()


@pytest.fixture(params=["sales", "back_office"])
def served(request: pytest.FixtureRequest, running: dict[str, Served]) -> Served:
    one = running[request.param]
    one.http.delete("/sandbox/faults")
    one.service.reset()
    if request.param == "back_office":
        company = next(iter(one.service.environment.companies))
        one.items = f"/v2.0/sandbox-tenant/production/api/v2.0/companies({company})/customers"
    return one


def test_an_answer_is_lost_after_the_write(served: Served) -> None:
    """Applied, then the connection is closed."""
    served.fault(kind="answer-lost", next=1, match={"method": "POST"})
    with pytest.raises(httpx.TransportError):
        served.make("Once")
    assert served.names() == ["Once"]


def test_half_a_body_arrives(served: Served) -> None:
    """The length was promised, the rest never comes; the write has happened."""
    served.fault(kind="half-body", next=1, match={"method": "POST"})
    with pytest.raises(httpx.RemoteProtocolError):
        served.make("Half")
    assert served.names() == ["Half"]


def test_a_body_drips(served: Served) -> None:
    """The first byte is early, the last one late: a timeout between bytes never fires, a deadline does."""
    served.make("Slow")
    served.fault(kind="slow-body", next=1, seconds=0.6, match={"method": "GET"})
    first, started = 0.0, time.monotonic()
    with served.http.stream("GET", served.items, timeout=0.4) as answer:
        for _ in answer.iter_raw(1):
            first = first or time.monotonic() - started
    assert first < 0.4
    assert time.monotonic() - started >= 0.6


def test_a_write_goes_on_after_the_client_gave_up(served: Served) -> None:
    """Still running after our timeout: nothing yet, then there it is."""
    served.fault(kind="still-running", next=1, seconds=0.5, match={"method": "POST"})
    with pytest.raises(httpx.ReadTimeout):
        served.http.post(served.items, json={served.name: "Late"}, timeout=0.15)
    assert served.names() == []
    until = time.monotonic() + 10
    while not served.names() and time.monotonic() < until:
        time.sleep(0.05)
    assert served.names() == ["Late"]


def test_a_write_that_nobody_waited_for_never_arrives(served: Served) -> None:
    """The client gives up, then the connection is closed: nothing was applied, and nothing comes later."""
    served.fault(kind="reset-before", next=1, seconds=0.5, match={"method": "POST"})
    with pytest.raises(httpx.ReadTimeout):
        served.http.post(served.items, json={served.name: "Never"}, timeout=0.15)

    def closed() -> bool:
        return any("reset-before" in one["faults"] for one in served.http.get("/sandbox/requests?since=0").json())

    until = time.monotonic() + 10
    while not closed() and time.monotonic() < until:
        time.sleep(0.05)
    assert closed()
    assert "Never" not in served.names()


def test_a_page_set_changes_while_it_is_read(served: Served) -> None:
    """Between two pages somebody deletes a row already sent, adds one behind and one before the edge."""
    keys = {name: served.make(name) for name in ("B", "C", "D", "E")}
    served.fault(
        kind="meanwhile",
        next=1,
        match={"path": "skiptoken"},
        requests=[
            {"method": "DELETE", "path": f"{served.items}({keys['B']})", "headers": {"if-match": "*"}},
            {"method": "POST", "path": served.items, "body": {served.name: "A"}},
            {"method": "POST", "path": served.items, "body": {served.name: "F"}},
        ],
        **{"as": served.person},
    )
    read = served.names()
    assert read[:2] == ["B", "C"]
    assert {"D", "E"} <= set(read)
    assert served.names() == ["A", "C", "D", "E", "F"]
    entries = served.http.get("/sandbox/requests?since=0").json()
    assert [one["method"] for one in entries if one["who"] == served.person][-3:] == ["DELETE", "POST", "POST"]


def test_a_row_is_changed_between_read_and_write(served: Served) -> None:
    """The token read before is stale when the write arrives: a real change by somebody else."""
    key = served.make("Before")
    token = served.http.get(f"{served.items}({key})").json()["@odata.etag"]
    path = f"{served.items}({key})"
    change = {"method": "PATCH", "path": path, "body": {served.name: "Theirs"}, "headers": {"if-match": "*"}}
    served.fault(kind="meanwhile", next=1, match={"method": "PATCH"}, requests=[change], **{"as": served.person})
    mine = served.http.patch(path, json={served.name: "Mine"}, headers={"if-match": token})
    assert (mine.status_code, mine.json()["error"]["code"]) == served.stale
    assert served.names() == ["Theirs"]


def test_a_token_is_called_stale(served: Served) -> None:
    """Only an operation that carries one; the next one passes, for nothing was changed."""
    key = served.make("Same")
    token = served.http.get(f"{served.items}({key})").json()["@odata.etag"]
    served.fault(kind="stale-token", next=1)
    assert served.names() == ["Same"]
    refused = served.http.patch(f"{served.items}({key})", json={served.name: "New"}, headers={"if-match": token})
    assert (refused.status_code, refused.json()["error"]["code"]) == served.stale
    again = served.http.patch(f"{served.items}({key})", json={served.name: "New"}, headers={"if-match": token})
    assert again.status_code in (200, 204)


def test_an_access_token_expires_on_the_way(served: Served) -> None:
    """401 before any work, with the challenge; the same token is good afterwards."""
    served.fault(kind="expired-token", next=1)
    refused = served.http.post(served.items, json={served.name: "Never"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert served.names() == []


def test_the_clock_is_skewed(served: Served) -> None:
    """`Date` and stamps follow the service's own clock."""
    before = parsedate_to_datetime(served.http.get(served.items).headers["date"])
    served.http.post("/sandbox/clock", json={"seconds": 3600})
    after = parsedate_to_datetime(served.http.get(served.items).headers["date"])
    served.http.post("/sandbox/clock", json={"seconds": -3600})
    assert 3595 <= (after - before).total_seconds() <= 3660


def test_the_same_seed_strikes_the_same_requests(served: Served) -> None:
    """With a probability the dice follow from the seed; another seed strikes others."""

    def struck(seed: int) -> list[int]:
        served.http.delete("/sandbox/faults")
        served.fault(kind="status", status=503, probability=0.4, seed=seed, match={"method": "GET"})
        return [served.http.get(f"{served.items}?$top=1").status_code for _ in range(25)]

    first = struck(7)
    assert struck(7) == first
    assert {200, 503} == set(first)
    assert struck(8) != first


def test_a_fault_waits_for_its_turn(served: Served) -> None:
    """`skip` lets some pass, `next` counts down, and the door tells what is left."""
    served.fault(kind="status", status=502, next=1, skip=2, match={"method": "GET"})
    assert [served.http.get(served.items).status_code for _ in range(4)] == [200, 200, 502, 200]
    assert served.http.get("/sandbox/faults").json() == [{"kind": "status", "left": 0, "hits": 1}]


def test_an_unknown_fault_is_refused(served: Served) -> None:
    """400 naming the kinds there are."""
    answer = served.http.post("/sandbox/faults", json={"kind": "nonsense", "next": 1})
    assert answer.status_code == 400
    assert "answer-lost" in answer.json()["error"]["message"]


def test_only_a_user_of_the_system_acts_in_the_meantime(served: Served) -> None:
    """400 naming the users there are."""
    answer = served.http.post("/sandbox/faults", json={"kind": "meanwhile", "next": 1, "as": "nobody", "requests": []})
    assert answer.status_code == 400
    assert served.person in answer.json()["error"]["message"]


class _Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def told(self, count: int) -> int:
        """How many notifications have come, once `count` have or a while is over."""
        until = time.monotonic() + 5
        while len(self.bodies) < count and time.monotonic() < until:
            time.sleep(0.005)
        return len(self.bodies)


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        token = parse_qs(urlsplit(self.path).query).get("validationToken")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not token:
            self.server.bodies.append(body)
        answer = (token[0] if token else "").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    server = _Receiver()
    yield server
    server.shutdown()
    server.server_close()


def _subscribe(served: Served, receiver: _Receiver) -> None:
    if served.service.name == "back_office":
        served.http.patch("/sandbox/setup", json={"webhook_delay_s": 0})
        root, _, rest = served.items.partition("/companies")
        body = {"notificationUrl": receiver.url, "resource": f"/api/v2.0/companies{rest}", "clientState": "s"}
        answer = served.http.post(f"{root}/subscriptions", content=json.dumps(body), headers=_JSON)
        assert answer.status_code == 201, answer.text
        return
    service = served.service
    endpoint = service.insert(
        "serviceendpoint", {"name": "hook", "contract": 8, "url": receiver.url, "authtype": 4, "authvalue": "s"}
    )
    message = next(row["sdkmessageid"] for row in service.rows("sdkmessage") if row["name"] == "Create")
    scope = next(
        row["sdkmessagefilterid"]
        for row in service.rows("sdkmessagefilter")
        if row["primaryobjecttypecode"] == "account" and row["sdkmessageid"] == message
    )
    step = {
        "name": "created",
        "sdkmessageid": message,
        "sdkmessagefilterid": scope,
        "eventhandler": ("serviceendpoint", endpoint),
    }
    service.insert("sdkmessageprocessingstep", {**step, "stage": 40, "mode": 1, "rank": 1})


_JSON = {"content-type": "application/json"}


def test_a_notification_is_lost_or_comes_twice(served: Served, receiver: _Receiver) -> None:
    """The change has happened either way; only the notification differs."""
    _subscribe(served, receiver)
    served.fault(kind="webhook-lost", next=1)
    served.make("Unheard")
    until = time.monotonic() + 5
    while served.http.get("/sandbox/faults").json()[0]["left"] and time.monotonic() < until:
        time.sleep(0.005)
    served.make("Heard")
    assert receiver.told(1) == 1
    served.fault(kind="webhook-twice", next=1)
    served.make("Echoed")
    assert receiver.told(3) == 3
    assert receiver.bodies[1] == receiver.bodies[2]
    assert len(served.names()) == 3
