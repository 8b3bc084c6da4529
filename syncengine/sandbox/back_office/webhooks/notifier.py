"""Notifications: collected for a while, merged per record, sent by a background thread, tried again.

The rules are those of "Working with webhooks in Business Central" and the AL code behind it: changes wait
for the delay after the first one; more records than the threshold become one `collection` item; 408, 429,
5xx and silence are tried again; any other status ends the subscription.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from dataclasses import field
from datetime import timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.values import wire_time
from syncengine.sandbox.back_office.webhooks.sending import UnreachableError
from syncengine.sandbox.back_office.webhooks.sending import post
from syncengine.sandbox.exchange import to_json

if TYPE_CHECKING:
    from datetime import datetime

    from syncengine.sandbox.faults import Faults

RETRY_DELAYS_S = (60, 60, 60, 600, 6000, 60_000)
ATTEMPTS = 5
TIMEOUT_S = 30
TAKES_BACK_MS = 50  # the server's own allowance for rounding, when it builds a stamp filter


@dataclass(frozen=True)
class Subscriber:
    """What a notification repeats of its subscription."""

    id: str
    url: str
    client_state: str
    expires: str
    resource: str


@dataclass
class Pending:
    subscriber: Subscriber
    first_at: datetime
    records: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # id: (change type, stamp)
    has_deletion: bool = False

    def add(self, record: str, kind: str, at: datetime) -> None:
        """A record created and changed is created; one created and deleted within the delay never was."""
        known = self.records.pop(record, None)
        if kind == "deleted":
            self.has_deletion = True
            if known is not None and known[0] == "created":
                return
        elif known is not None and known[0] == "created":
            kind = "created"
        self.records[record] = (kind, at)


@dataclass
class Delivery:
    due: float  # monotonic
    url: str
    items: list[dict[str, Any]]
    subscriptions: list[str]
    cleared: int  # how often the notifier had been cleared by then
    attempt: int = 0


@dataclass
class Tricks:
    """What the back door does to the next deliveries."""

    drop: int = 0
    duplicate: int = 0
    delay_s: float = 0.0


class Notifier:
    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.tricks = Tricks()
        self.ended: SimpleQueue[str] = SimpleQueue()  # subscriptions that the rules have deleted
        self.log: deque[dict[str, Any]] = deque(maxlen=1000)
        self.retry_scale = 1.0
        self.collection_over = 1000
        self._pending: dict[str, Pending] = {}
        self._due: dict[str, float] = {}  # by address: when what is pending for it is sent
        self._deliveries: list[Delivery] = []
        self._cleared = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def note(self, subscriber: Subscriber, record: str, kind: str, at: datetime, delay_s: float) -> None:
        with self._changed:
            pending = self._pending.get(subscriber.id)
            if pending is None:
                pending = self._pending[subscriber.id] = Pending(subscriber, at)
                self._due.setdefault(subscriber.url, time.monotonic() + delay_s)
            pending.add(record, kind, at)
            self._start()
            self._changed.notify()

    def forget(self, subscription: str) -> None:
        with self._changed:
            self._pending.pop(subscription, None)

    def clear(self) -> None:
        """Nothing of what was is told any more. What is on its way ends without a trace: the state that it belongs to
        is gone, and the ids of its subscriptions may be another's by then.
        """
        with self._changed:
            self._cleared += 1
            while not self.ended.empty():
                self.ended.get()
            self._pending.clear()
            self._due.clear()
            self._deliveries.clear()
            self.log.clear()
            self.tricks = Tricks()

    def flush(self) -> None:
        """All that is pending is due now."""
        with self._changed:
            self._due = dict.fromkeys(self._due, 0.0)
            for delivery in self._deliveries:
                delivery.due = 0.0
            self._changed.notify()

    def described(self) -> dict[str, Any]:
        with self._changed:
            return {
                "pending": [
                    {
                        "subscriptionId": key,
                        "url": one.subscriber.url,
                        "records": {record: kind for record, (kind, _) in one.records.items()},
                    }
                    for key, one in self._pending.items()
                ],
                "waiting": len(self._deliveries),
                "sent": list(self.log),
                "tricks": self.tricks.__dict__,
            }

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sandbox-webhooks", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                delivery = self._next()
                if delivery is None:
                    self._changed.wait(self._wait_s())
                    continue
            self._deliver(delivery)

    def _wait_s(self) -> float | None:
        times = [*self._due.values(), *(delivery.due for delivery in self._deliveries)]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _next(self) -> Delivery | None:
        now = time.monotonic()
        for url, due in list(self._due.items()):
            if due <= now:
                del self._due[url]
                self._collect(url, now)
        for delivery in self._deliveries:
            if delivery.due <= now:
                self._deliveries.remove(delivery)
                return delivery
        return None

    def _collect(self, url: str, now: float) -> None:
        """Several subscriptions of one address travel in one body."""
        ready = [one for one in self._pending.values() if one.subscriber.url == url]
        items = [item for one in ready for item in self._items(one)]
        for one in ready:
            del self._pending[one.subscriber.id]
        if not items:
            return
        tricks = self.tricks
        if tricks.drop:
            tricks.drop -= 1
            self._logged(url, 0, items, "dropped")
            return
        times = self.faults.copies_of(url, to_json({"value": items}))
        if not times:
            self._logged(url, 0, items, "dropped")
        if tricks.duplicate:
            tricks.duplicate -= 1
            times *= 2
        for _ in range(times):
            ids = [one.subscriber.id for one in ready]
            self._deliveries.append(Delivery(now + tricks.delay_s, url, items, ids, self._cleared))

    def _items(self, pending: Pending) -> list[dict[str, Any]]:
        if len(pending.records) > self.collection_over:
            return [self._collection(pending)]
        return [
            _item(pending.subscriber, f"{pending.subscriber.resource}({record})", kind, at)
            for record, (kind, at) in pending.records.items()
        ]

    @staticmethod
    def _collection(pending: Pending) -> dict[str, Any]:
        """Without a filter when a deletion is among the changes: only a full comparison would find it."""
        resource = pending.subscriber.resource
        if not pending.has_deletion:
            since = wire_time(pending.first_at - timedelta(milliseconds=TAKES_BACK_MS))
            resource += f"?$filter=lastModifiedDateTime gt {since}"
        last = max(at for _, at in pending.records.values())
        return _item(pending.subscriber, resource, "collection", last)

    def _deliver(self, delivery: Delivery) -> None:
        headers = {
            "content-type": "application/json",
            "clientRequestId": str(uuid.uuid4()),
            "x-ms-correlation-id": str(uuid.uuid4()),
        }
        delivery.attempt += 1
        try:
            status, _ = post(delivery.url, to_json({"value": delivery.items}), headers, TIMEOUT_S)
        except UnreachableError:
            status = 0
        with self._changed:
            if delivery.cleared == self._cleared:
                self._settle(delivery, status)

    def _settle(self, delivery: Delivery, status: int) -> None:
        if 200 <= status < 300:
            outcome = "delivered"
        elif status in (0, 408, 429) or status >= 500:
            outcome = "again"
            if delivery.attempt >= ATTEMPTS:
                outcome = "given up"
            else:
                delay = RETRY_DELAYS_S[delivery.attempt - 1] * self.retry_scale
                delivery.due = time.monotonic() + delay
                self._deliveries.append(delivery)
        else:
            outcome = "refused"
        self._logged(delivery.url, status, delivery.items, outcome)
        if outcome in ("given up", "refused"):
            for subscription in delivery.subscriptions:
                self.ended.put(subscription)

    def _logged(self, url: str, status: int, items: list[dict[str, Any]], outcome: str) -> None:
        self.log.append({"url": url, "status": status, "outcome": outcome, "value": items})


def _item(subscriber: Subscriber, resource: str, kind: str, at: datetime) -> dict[str, Any]:
    return {
        "subscriptionId": subscriber.id,
        "clientState": subscriber.client_state,
        "expirationDateTime": subscriber.expires,
        "resource": resource,
        "changeType": kind,
        "lastModifiedDateTime": wire_time(at),
    }
