"""Faults on demand: what happens to a request between the network and the service, and after it.

A fault is posted as JSON to `/sandbox/faults`:
`{"kind", "next": N | "probability": 0..1, "match": {"method", "path", "body"}, "skip", "seconds", "status",
"retry_after", "code", "message", "as", "requests", "seed"}`. `path` and `body` are regular expressions, searched in
`METHOD target` (or the body) of the request and, for a `$batch`, in its raw body.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from syncengine.sandbox.exchange import Request

KINDS = {
    "latency": "the answer is held back for `seconds`",
    "status": "answered with `status` before the service sees it; `retry_after` adds that header",
    "reset-before": "the connection is closed, after `seconds`, before the service sees the request",
    "answer-lost": "applied, then the connection is closed without an answer",
    "half-body": "applied, then the connection is closed in the middle of the body",
    "slow-body": "applied, then the body drips over `seconds`",
    "still-running": "applied only after `seconds`: the client may have given up long before",
    "html": "applied, then a proxy's HTML page with status 200 stands in for the answer",
    "bad-gateway-after": "applied, then 502 with an HTML page",
    "expired-token": "refused with 401, as if the access token had expired on the way",
    "meanwhile": "just before it is answered, another user carries out `requests`",
    "webhook-lost": "a notification is never sent; `match` looks at its address and body",
    "webhook-twice": "a notification is sent twice",
    "stale-token": "this operation alone, if it carries If-Match, is refused as if its row had been changed in between",
    "refuse": "this operation alone, also inside a batch, is refused with `status`, `code` and `message`",
}

# Of one operation, batch part or not; and of notifications, which the services send themselves.
_OF_OPERATIONS = ("refuse", "stale-token")
_OF_DELIVERIES = ("webhook-lost", "webhook-twice")


class UnknownFault(ValueError):
    """The posted fault is not one of KINDS or lacks a part; the message says which."""


@dataclass
class Fault:
    kind: str
    left: int | None  # how many more times; None: every time the dice say so
    probability: float
    method: str
    path: re.Pattern[str]
    body: re.Pattern[bytes] | None
    skip: int
    seconds: float
    status: int
    retry_after: float | None
    code: str
    message: str
    role: str
    requests: tuple[dict[str, Any], ...]
    dice: random.Random
    hits: int = 0

    @classmethod
    def parse(cls, posted: dict[str, Any]) -> Fault:
        kind = posted.get("kind", "")
        if kind not in KINDS:
            raise UnknownFault(f"kind {kind!r} is none of {', '.join(sorted(KINDS))}")
        if "next" not in posted and "probability" not in posted:
            raise UnknownFault('either "next" (a number of requests) or "probability" is needed')
        match = posted.get("match", {})
        return cls(
            kind=kind,
            left=int(posted["next"]) if "next" in posted else None,
            probability=float(posted.get("probability", 1)),
            method=match.get("method", ""),
            path=re.compile(match.get("path", "")),
            body=re.compile(match["body"].encode()) if match.get("body") else None,
            skip=int(posted.get("skip", 0)),
            seconds=float(posted.get("seconds", 0)),
            status=int(posted.get("status", 503)),
            retry_after=posted.get("retry_after"),
            code=posted.get("code", ""),
            message=posted.get("message", ""),
            role=posted.get("as", ""),
            requests=tuple(posted.get("requests", ())),
            dice=random.Random(posted.get("seed", 0)),  # noqa: S311  reproducible on purpose
        )

    def strikes(self, method: str, target: str, body: bytes) -> bool:
        """Does it happen to this one? Counts down `skip` and `next` when it matches."""
        if self.left == 0 or (self.method and self.method != method):
            return False
        line = f"{method} {target}"
        if not self.path.search(line) and not (
            "$batch" in target and self.path.search(body.decode("utf-8", "replace"))
        ):
            return False
        if self.body and not self.body.search(body):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is None and self.dice.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        return True


class Faults:
    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, posted: dict[str, Any]) -> Fault:
        fault = Fault.parse(posted)
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        self.active.clear()

    def for_request(self, request: Request) -> list[Fault]:
        """Those that happen to the exchange as a whole, in the order they were posted."""
        return [
            fault
            for fault in self.active
            if fault.kind not in (*_OF_OPERATIONS, *_OF_DELIVERIES)
            and fault.strikes(request.method, request.target, request.body)
        ]

    def for_sign_in(self, request: Request) -> list[Fault]:
        """Of those for exchanges, the ones whose path names the token endpoint: others are meant for the service."""
        return [
            fault
            for fault in self.active
            if "token" in fault.path.pattern and fault.strikes(request.method, request.target, request.body)
        ]

    def for_operation(self, method: str, target: str, body: bytes = b"", *, guarded: bool = False) -> Fault | None:
        """The refusal that happens to one operation, batch part or not. Services ask before they apply it.
        `guarded`: it carries If-Match.
        """
        for fault in self.active:
            wanted = fault.kind == "refuse" or (fault.kind == "stale-token" and guarded)
            if wanted and fault.strikes(method, target, body):
                return fault
        return None

    def copies_of(self, url: str, body: bytes) -> int:
        """How often a notification is sent: once, unless it is lost or doubled."""
        for fault in self.active:
            if fault.kind in _OF_DELIVERIES and fault.strikes("POST", url, body):
                return 0 if fault.kind == "webhook-lost" else 2
        return 1
