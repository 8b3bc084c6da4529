"""The service's limits of one user: requests in a sliding window, operations at once, waiting time.

"Operational limits for Business Central online": 6000 requests in five minutes, five operations at a
time, 95 waiting.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.refusals import RefusedError

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.switches import Switches


@dataclass(frozen=True)
class Verdict:
    """How long the caller waits, and how it ends when it is not an ordinary answer.

    "queue": 503, never run · "operation": 408, undone · "gateway": 504, goes on for `rest_s`.
    """

    wait_s: float
    ends: str = ""
    rest_s: float = 0.0


class Limits:
    def __init__(self) -> None:
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._busy_until: dict[str, list[float]] = defaultdict(list)  # a heap of the running and waiting ones
        self._waiting: dict[str, deque[float]] = defaultdict(deque)

    def clear(self) -> None:
        self._sent.clear()
        self._busy_until.clear()
        self._waiting.clear()

    def refuse(self, user: str, switches: Switches) -> RefusedError | None:
        """Too many in the window, or too many in the queue."""
        now = time.monotonic()
        sent = self._sent[user]
        while sent and sent[0] <= now - switches.rate_window_s:
            sent.popleft()
        if len(sent) >= switches.rate_limit:
            return _too_many(switches)
        if switches.operation_s:
            waiting = self._waiting[user]
            while waiting and waiting[0] <= now:
                waiting.popleft()
            if len(waiting) >= switches.queue_limit:
                return _too_many(switches)
        sent.append(now)
        return None

    def schedule(self, user: str, switches: Switches) -> Verdict:
        """When the operation gets one of the places and when it is done."""
        if not switches.operation_s:
            return Verdict(0.0)
        now = time.monotonic()
        busy = self._busy_until[user]
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        start = now
        if len(busy) >= switches.running_limit:
            start = heapq.nsmallest(len(busy) - switches.running_limit + 1, busy)[-1]
            self._waiting[user].append(start)
        queued = start - now
        if queued > switches.queue_timeout_s:
            return Verdict(switches.queue_timeout_s, "queue")
        took = switches.operation_s
        ends = ""
        if took > switches.operation_timeout_s:
            took, ends = switches.operation_timeout_s, "operation"
        heapq.heappush(busy, start + took)
        if queued + took > switches.gateway_timeout_s:
            rest = queued + took - switches.gateway_timeout_s
            return Verdict(switches.gateway_timeout_s, "gateway" if not ends else "operation", rest)
        return Verdict(queued + took, ends)


def _too_many(switches: Switches) -> RefusedError:
    wait_s = switches.retry_after_on_429_s
    headers = {"retry_after": str(wait_s)} if wait_s else {}
    text = "Too many requests reached. Actual (6001). Maximum (6000)."
    return RefusedError(429, "Application_TooManyRequests", text, **headers)


def refusal(verdict: Verdict) -> RefusedError | None:
    """What the caller gets instead of the answer."""
    if verdict.ends == "queue":
        return RefusedError(
            503,
            "Internal_TenantUnavailable",
            "The server is busy. The request waited too long in the queue.",
            retry_after="30",
        )
    if verdict.ends == "operation":
        return RefusedError(408, "Internal_ServerError", "The operation has been canceled because it took too long.")
    if verdict.ends == "gateway":
        return RefusedError(504, "Internal_ServerError", "The gateway did not receive a response in time.")
    return None
