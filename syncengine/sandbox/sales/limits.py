"""Service protection limits: requests, execution time and concurrency of one user, in a sliding window.

"Service protection API limits": what is over a limit is refused before any work, with `Retry-After`, which
grows while the client keeps pushing.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from syncengine.sandbox.sales.switches import Switches


class Usage:
    """What one user has used within the window."""

    def __init__(self) -> None:
        self.requests: deque[datetime] = deque()
        self.executions: deque[tuple[datetime, float]] = deque()
        self.executed_s = 0.0
        self.running = 0
        self.pushes = 0


class Limits:
    def __init__(self, now: Callable[[], datetime], switches: Callable[[], Switches]) -> None:
        self._now = now
        self._switches = switches
        self._users: dict[str, Usage] = {}

    def reset(self) -> None:
        self._users.clear()

    def enter(self, user: str) -> DataverseError | None:
        """Counts the request; what is given back is its refusal."""
        usage, switches, now = self._users.setdefault(user, Usage()), self._switches(), self._now()
        window = switches.limit_window_s
        self._forget(usage, now, window)
        refused = self._refused(usage, switches, now)
        if refused is None:
            usage.requests.append(now)
            usage.running += 1
            usage.pushes = 0
        return refused

    def leave(self, user: str, seconds: float) -> None:
        usage = self._users.get(user)
        if usage is not None:
            usage.running = max(0, usage.running - 1)
            counted = seconds * self._switches().execution_factor
            usage.executions.append((self._now(), counted))
            usage.executed_s += counted

    def remaining(self, user: str) -> dict[str, str]:
        """The informational headers; clients must not steer by them."""
        usage, switches = self._users.get(user) or Usage(), self._switches()
        requests = max(0, int(switches.limit_requests) - len(usage.requests))
        seconds = max(0.0, switches.limit_execution_s - usage.executed_s)
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(requests),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{seconds:.2f}",
        }

    def _forget(self, usage: Usage, now: datetime, window: float) -> None:
        while usage.requests and (now - usage.requests[0]).total_seconds() >= window:
            usage.requests.popleft()
        while usage.executions and (now - usage.executions[0][0]).total_seconds() >= window:
            usage.executed_s = max(0.0, usage.executed_s - usage.executions.popleft()[1])

    def _refused(self, usage: Usage, switches: Switches, now: datetime) -> DataverseError | None:
        window = switches.limit_window_s
        if switches.limit_concurrent and usage.running >= switches.limit_concurrent:
            text = f"Number of concurrent requests exceeded the limit of {int(switches.limit_concurrent)}."
            return self._error("0x80072326", text, usage, 1)
        if switches.limit_requests and len(usage.requests) >= switches.limit_requests:
            text = f"Number of requests exceeded the limit of {int(switches.limit_requests)}"
            free = window - (now - usage.requests[0]).total_seconds()
            return self._error("0x80072322", f"{text} over time window of {int(window)} seconds.", usage, free)
        if switches.limit_execution_s and usage.executed_s >= switches.limit_execution_s:
            text = "Combined execution time of incoming requests exceeded limit of "
            text += (
                f"{int(switches.limit_execution_s * 1000):,} milliseconds over time window of {int(window)} seconds."
            )
            free = window - (now - usage.executions[0][0]).total_seconds()
            text += " Decrease number of concurrent requests or reduce the duration of requests and try again later."
            return self._error("0x80072321", text, usage, free)
        return None

    def _error(self, code: str, text: str, usage: Usage, free: float) -> DataverseError:
        wait = max(1, ceil(free)) + usage.pushes
        usage.pushes += 1
        if self._switches().throttling_code == "0x8005F103":
            code, text = "0x8005F103", "Too many requests. Please wait before trying again."
        return DataverseError(429, code, text, retry_after=str(wait))
