"""What was asked of one origin: the evidence that tests, stories and benchmarks count by."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any

import msgspec

from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json

KEPT = 50_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class RequestLog:
    """Newest KEPT exchanges, numbered from 1. Token requests and `/sandbox/` calls are not logged."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.last = 0

    def add(self, request: Request, response: Response | None, who: str, seconds: float, faults: list[str]) -> None:
        """`response` is what the service answered, sent or not; None when the service never saw the request."""
        self.last += 1
        self._entries.append(
            {
                "number": self.last,
                "method": request.method,
                "path": request.target,
                "headers": {k: v for k, v in request.headers.items() if k not in SECRET_HEADERS},
                "status": response.status if response else None,
                "who": who,
                "request_bytes": len(request.body),
                "response_bytes": len(response.body) if response else 0,
                "milliseconds": round(seconds * 1000, 3),
                "faults": faults,
                "body": _body(request),
                "parts": [
                    {
                        "method": p.method,
                        "path": p.path,
                        "status": p.status,
                        "headers": p.headers,
                        "body": p.body,
                    }
                    for p in (response.parts if response else [])
                ],
            }
        )

    def since(self, number: int) -> list[dict[str, Any]]:
        known = number - (self.last - len(self._entries))  # how many of those that are kept are not asked for
        return list(islice(self._entries, max(0, known), None))


def _body(request: Request) -> Any:
    """The JSON body of a write; None for reads and for `$batch`, whose parts are listed one by one."""
    if not request.body or request.path.endswith("$batch"):
        return None
    try:
        return from_json(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
