"""Webhooks: which registered steps an event concerns, and the thread that delivers, outside the event loop.

Only loopback addresses are called. A receiver has 60 s; 502, 503 and 504 get one extra attempt, every other
failure is final and ends as a failed system job ("Troubleshoot WebHook registrations").
"""

from __future__ import annotations

import heapq
import http.client
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from urllib.parse import quote
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from syncengine.sandbox.sales.execution_context import body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncengine.sandbox.faults import Faults
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.world import Event
    from syncengine.sandbox.sales.world import World

WEBHOOK = 8
WEBHOOK_KEY, HTTP_HEADER, HTTP_QUERY = 4, 5, 6
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
AGAIN = frozenset({502, 503, 504})


@dataclass
class Delivery:
    """One notification to one receiver, and how it went."""

    step: str
    name: str
    message: str
    table: str
    key: str
    url: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float
    keeps_job: bool
    correlation: str
    attempts: int = 0
    status: int = 0
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    def send(self) -> None:
        """Blocks until it has gone through or failed."""
        for _ in range(2):
            self.attempts += 1
            self.status, self.error = _post(self)
            if self.status not in AGAIN:
                return


def _post(delivery: Delivery) -> tuple[int, str]:
    parts = urlsplit(delivery.url)
    if parts.hostname not in LOOPBACK:
        return 0, "The sandbox delivers to loopback addresses only."
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=delivery.timeout_s)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, delivery.body, delivery.headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    else:
        return answer.status, "" if 200 <= answer.status < 300 else f"The receiver answered {answer.status}."
    finally:
        connection.close()


def concerned(world: World, event: Event) -> list[tuple[Row, Row]]:
    """The enabled steps for an event, with their endpoints, by rank."""
    steps = world.db["sdkmessageprocessingstep"].rows
    if not steps:
        return []
    found = []
    for step in steps.values():
        endpoint = world.db.get("serviceendpoint", step.get("eventhandler") or "")
        if endpoint and endpoint.get("contract") == WEBHOOK and _listens(world, step, event):
            found.append((step, endpoint))
    return sorted(found, key=lambda pair: (pair[0].get("rank") or 0, pair[0]["sdkmessageprocessingstepid"]))


def _listens(world: World, step: Row, event: Event) -> bool:
    message = world.db.get("sdkmessage", step.get("sdkmessageid") or "") or {}
    if step.get("statecode") == 1 or message.get("name") != event.message:
        return False
    scope = world.db.get("sdkmessagefilter", step.get("sdkmessagefilterid") or "")
    if scope is not None and scope.get("primaryobjecttypecode") != event.table:
        return False
    watched = {one.strip() for one in (step.get("filteringattributes") or "").split(",") if one.strip()}
    return event.message != "Update" or not watched or bool(watched & event.changed.keys())


def delivery(world: World, event: Event, step: Row, endpoint: Row) -> Delivery:
    """Ready to be sent, with the secret in the place that the registration says."""
    sent, cut = body(world, event, step)
    headers = {
        "Content-Type": "application/json",
        "x-ms-dynamics-organization": "sandbox.crm.dynamics.com",
        "x-ms-dynamics-entity-name": event.table,
        "x-ms-dynamics-request-name": event.message,
        "x-ms-correlation-request-id": event.correlation,
    }
    if cut:
        headers["x-ms-dynamics-msg-size-exceeded"] = "true"
    url, more = _authenticated(endpoint)
    return Delivery(
        step=step["sdkmessageprocessingstepid"],
        name=step.get("name") or "",
        message=event.message,
        table=event.table,
        key=event.key,
        url=url,
        headers={**headers, **more},
        body=sent,
        timeout_s=min(60.0, world.switches.webhook_timeout_s),
        keeps_job=not step.get("asyncautodelete"),
        correlation=event.correlation,
    )


def _authenticated(endpoint: Row) -> tuple[str, dict[str, str]]:
    url, kind, secret = endpoint.get("url") or "", endpoint.get("authtype"), endpoint.get("authvalue") or ""
    mark = "&" if "?" in url else "?"
    if kind == WEBHOOK_KEY:
        return f"{url}{mark}code={quote(secret, safe='')}", {}
    pairs = _pairs(secret)
    if kind == HTTP_QUERY:
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
        return url + (mark + query if query else ""), {}
    return url, dict(pairs) if kind == HTTP_HEADER else {}


def _pairs(secret: str) -> list[tuple[str, str]]:
    """As the registration tool stores them: `<settings><setting name="…" value="…" /></settings>`."""
    if not secret.lstrip().startswith("<"):
        return parse_qsl(secret)
    try:
        root = ET.fromstring(secret)  # noqa: S314  an administrator's own setting
    except ET.ParseError:
        return []
    return [(one.get("name", ""), one.get("value", "")) for one in root.iter("setting")]


class Courier:
    """Sends asynchronous deliveries from a thread of its own; what has been sent is picked up by the
    service.
    """

    def __init__(self, seed: int, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(seed)  # noqa: S311  reproducible on purpose
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._number = 0
        self._busy = 0
        self._forgotten = 0  # how often: what was on its way then belongs to a state that is no more
        self.done: deque[Delivery] = deque()

    def post(self, world: World, deliveries: Iterable[Delivery]) -> None:
        """Some may be lost, doubled or late, as the switches and the faults say."""
        switches = world.switches
        leaving = list(deliveries)
        if switches.webhook_reversed:
            leaving.reverse()
        for one in leaving:
            if self._dice.random() < switches.webhook_losses:
                continue
            copies = 2 if self._dice.random() < switches.webhook_duplicates else 1
            for _ in range(copies * self._faults.copies_of(one.url, one.body)):
                self._enter(replace(one), switches.webhook_delay_s)

    def _enter(self, one: Delivery, delay_s: float) -> None:
        with self._ready:
            self._number += 1
            heapq.heappush(self._waiting, (time.monotonic() + delay_s, self._number, one))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()
            self._ready.notify()

    @property
    def pending(self) -> int:
        """Deliveries that wait or are on their way."""
        with self._ready:
            return len(self._waiting) + self._busy

    def forget(self) -> None:
        """Nothing that waits is sent any more."""
        with self._ready:
            self._waiting.clear()
            self._forgotten += 1
            self.done.clear()

    def _run(self) -> None:
        while True:
            one, forgotten = self._next()
            one.send()
            with self._ready:
                self._busy -= 1
                if forgotten == self._forgotten:
                    self.done.append(one)

    def _next(self) -> tuple[Delivery, int]:
        with self._ready:
            while True:
                now = time.monotonic()
                if self._waiting and self._waiting[0][0] <= now:
                    self._busy += 1
                    return heapq.heappop(self._waiting)[2], self._forgotten
                self._ready.wait(self._waiting[0][0] - now if self._waiting else None)
