"""One origin (scheme, host, port) of the sandbox: token endpoint, back doors, faults and the service itself.

An `Origin` is an ASGI application. The service answers synchronously on the event loop, so its data needs no
locks; only faults wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import MutableMapping
from email.utils import format_datetime
from typing import Any
from typing import Protocol
from typing import runtime_checkable

import msgspec

from syncengine.sandbox.clock import Clock
from syncengine.sandbox.exchange import Caller
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.faults import Fault
from syncengine.sandbox.faults import Faults
from syncengine.sandbox.faults import UnknownFault
from syncengine.sandbox.oauth import ANY_TENANT
from syncengine.sandbox.oauth import TokenService
from syncengine.sandbox.requestlog import RequestLog

HTML = b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>Proxy error</h1></body></html>"

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Service(Protocol):
    """One emulated system. `faults` and `clock` are shared with the origin that serves it."""

    name: str
    clock: Clock
    faults: Faults
    tokens: TokenService

    @property
    def clients(self) -> Mapping[str, Client]:
        """By role."""
        ...

    def answer(self, request: Request, caller: Caller) -> Response: ...

    def back_door(self, request: Request) -> Response | None:
        """Answer a `/sandbox/…` request of this service's own; None when there is no such door."""
        ...

    def throttled(self, caller: Caller) -> Response | None:
        """Refuse for too many requests or too many at once, before any work; None lets it pass."""
        ...

    def finished(self, caller: Caller, seconds: float) -> None:
        """A request that `throttled` let pass has been answered."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A service whose operations take time: for others to run first, and for themselves."""

    def pace(self, request: Request, caller: Caller) -> float:
        """Seconds to wait before `answer` is asked; 0 for none."""
        ...


class Connections(Protocol):
    """What can cut a client off: the server that holds the sockets."""

    def abort(self, client: tuple[str, int]) -> None: ...


class Origin:
    def __init__(self, service: Service, connections: Connections) -> None:
        self.service = service
        self.connections = connections
        self.log = RequestLog()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        if ANY_TENANT.fullmatch(request.path):
            await self._sign_in(request, scope["client"], send)
            return
        if request.path.startswith("/sandbox/"):
            await self._send(send, self._side_door(request))
            return
        await self._serve(request, scope["client"], send)

    async def _sign_in(self, request: Request, client: tuple[str, int], send: Send) -> None:
        """Faults reach the token endpoint only when their `path` names it."""
        struck = service_faults.for_sign_in(request) if (service_faults := self.service.faults).active else []
        response = _instead(struck)
        if response is None and any(fault.kind == "reset-before" for fault in struck):
            self.connections.abort(client)
            return
        for fault in struck:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
        await self._deliver(response or self.service.tokens.issue(request), struck, client, send)

    async def _send(self, send: Send, response: Response) -> None:
        if response.status in (204, 304):
            response = Response(response.status, b"", response.headers)
        await self._start(send, response)
        await send({"type": "http.response.body", "body": response.body})

    async def _start(self, send: Send, response: Response) -> None:
        date = format_datetime(self.service.clock.now(), usegmt=True)
        headers = {"content-length": str(len(response.body)), "date": date, **response.headers}
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
            }
        )

    async def _serve(self, request: Request, client: tuple[str, int], send: Send) -> None:
        started = time.perf_counter()
        service = self.service
        caller = service.tokens.caller(request)
        who = caller.client.role if caller.client else ""
        struck = service.faults.for_request(request)
        kinds = [fault.kind for fault in struck]
        if "expired-token" in kinds:
            caller = Caller(None, "expired")
        response = _instead(struck) or service.throttled(caller)
        if response is not None:
            self.log.add(request, response, who, time.perf_counter() - started, kinds)
            await self._send(send, response)
            return
        if "reset-before" in kinds:
            await asyncio.sleep(max(fault.seconds for fault in struck if fault.kind == "reset-before"))
            self.log.add(request, None, who, time.perf_counter() - started, kinds)
            service.finished(caller, time.perf_counter() - started)
            self.connections.abort(client)
            return
        for fault in struck:
            if fault.kind in ("latency", "still-running"):
                await asyncio.sleep(fault.seconds)
        wait_s = service.pace(request, caller) if isinstance(service, Paced) else 0
        if wait_s:
            await asyncio.sleep(wait_s)
        for fault in struck:
            if fault.kind == "meanwhile":
                self._meanwhile(fault, request.origin)
        try:
            response = service.answer(request, caller)
        finally:
            service.finished(caller, time.perf_counter() - started)
        self.log.add(request, response, who, time.perf_counter() - started, kinds)
        await self._deliver(response, struck, client, send)

    def _meanwhile(self, fault: Fault, origin: str) -> None:
        """Somebody else's requests, with their own entries in the log. `path` is absolute on this origin. A fault
        that was posted to both systems strikes on the one that has that user.
        """
        service = self.service
        client = service.clients.get(fault.role)
        if client is None:
            return
        for posted in fault.requests:
            headers = {"content-type": "application/json", "accept": "application/json", **posted.get("headers", {})}
            body = to_json(posted["body"]) if "body" in posted else b""
            request = Request(posted["method"], posted["path"], headers, body, origin)
            self.log.add(request, service.answer(request, Caller(client)), client.role, 0, [])

    async def _deliver(self, response: Response, struck: list[Fault], client: tuple[str, int], send: Send) -> None:
        kinds = {fault.kind: fault for fault in struck}
        if "answer-lost" in kinds:
            self.connections.abort(client)
        elif "half-body" in kinds:
            await self._start(send, response)
            await send(
                {
                    "type": "http.response.body",
                    "body": response.body[: len(response.body) // 2],
                    "more_body": True,
                }
            )
            self.connections.abort(client)
        elif "slow-body" in kinds:
            await self._start(send, response)
            pieces = max(1, len(response.body))
            for at in range(pieces):
                await send({"type": "http.response.body", "body": response.body[at : at + 1], "more_body": True})
                await asyncio.sleep(kinds["slow-body"].seconds / pieces)
            await send({"type": "http.response.body", "body": b""})
        elif "html" in kinds or "bad-gateway-after" in kinds:
            status = 200 if "html" in kinds else 502
            await self._send(send, Response(status, HTML, {"content-type": "text/html; charset=utf-8"}))
        else:
            await self._send(send, response)

    def _side_door(self, request: Request) -> Response:
        try:
            response = self._back_door(request) or self.service.back_door(request)
            if request.path == "/sandbox/reset" and request.body and from_json(request.body).get("all"):
                self.log = RequestLog()
        except (msgspec.DecodeError, UnknownFault, ValueError, KeyError) as error:
            return Response.json(400, {"error": {"code": "sandbox", "message": f"{type(error).__name__}: {error}"}})
        return response or Response.json(404, {"error": {"code": "sandbox", "message": f"no door {request.path}"}})

    def _back_door(self, request: Request) -> Response | None:
        door, service = (request.method, request.path), self.service
        if door == ("GET", "/sandbox/requests"):
            since = int(dict(request.query).get("since", 0))
            return Response.json(200, self.log.since(since))
        if door == ("POST", "/sandbox/faults"):
            posted = from_json(request.body)
            for one in posted if isinstance(posted, list) else [posted]:
                if one.get("kind") == "meanwhile" and one.get("as") not in service.clients:
                    raise UnknownFault(f'"as" is none of {", ".join(service.clients)}')
                service.faults.add(one)
            return Response(204)
        if door == ("GET", "/sandbox/faults"):
            return Response.json(200, [{"kind": f.kind, "left": f.left, "hits": f.hits} for f in service.faults.active])
        if door == ("DELETE", "/sandbox/faults"):
            service.faults.clear()
            return Response(204)
        if door == ("POST", "/sandbox/clock"):
            posted = from_json(request.body)
            service.clock.move(float(posted["seconds"]))
            return Response.json(200, {"now": service.clock.now().isoformat()})
        if door == ("POST", "/sandbox/tokens"):
            # What becomes of the tokens issued so far, and whose secrets have expired.
            posted = from_json(request.body)
            if posted.get("expire"):
                service.tokens.expire_all()
            if posted.get("revoke"):
                service.tokens.revoke_all()
            if "expired_secrets" in posted:
                service.tokens.expired_secrets = set(posted["expired_secrets"])
            return Response(204)
        return None


def _instead(struck: list[Fault]) -> Response | None:
    for fault in struck:
        if fault.kind == "status":
            headers = {"content-type": "application/json"}
            if fault.retry_after is not None:
                headers["retry-after"] = str(fault.retry_after)
            body = {"error": {"code": fault.code, "message": fault.message or "The service is not available."}}
            return Response(fault.status, Response.json(0, body).body, headers)
    return None


async def _read(scope: Mapping[str, Any], receive: Receive) -> Request:
    pieces = []
    more = True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False) and message["type"] != "http.disconnect"
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    origin = f"{scope['scheme']}://{headers.get('host', '')}"
    return Request(scope["method"], target, headers, b"".join(pieces), origin)
