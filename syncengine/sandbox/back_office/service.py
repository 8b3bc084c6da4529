"""The emulated service: Business Central's API v2.0 behind its gateway."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import unquote

import msgspec

from syncengine.sandbox.back_office import screens
from syncengine.sandbox.back_office.doors import Doors
from syncengine.sandbox.back_office.environment import Environment
from syncengine.sandbox.back_office.limits import Limits
from syncengine.sandbox.back_office.limits import Verdict
from syncengine.sandbox.back_office.limits import refusal
from syncengine.sandbox.back_office.protocol.addresses import below_gateway
from syncengine.sandbox.back_office.protocol.batch import Batch
from syncengine.sandbox.back_office.protocol.operation import Item
from syncengine.sandbox.back_office.protocol.operation import Operation
from syncengine.sandbox.back_office.protocol.rendering import tag_of
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import changed_meanwhile
from syncengine.sandbox.back_office.refusals import method_not_allowed
from syncengine.sandbox.back_office.refusals import unknown_segment
from syncengine.sandbox.back_office.router import Router
from syncengine.sandbox.back_office.router import limit_url
from syncengine.sandbox.back_office.seeding import Seeding
from syncengine.sandbox.clock import Clock
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.faults import Faults
from syncengine.sandbox.oauth import TokenService
from syncengine.sandbox.screens import is_screen

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.schema.entities import Api
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table
    from syncengine.sandbox.exchange import Caller
    from syncengine.sandbox.exchange import Request

INHERITED = ("accept", "accept-language", "data-access-intent")
_RUNTIME = re.compile(r"microsoft/runtime/beta/companies\(([^)]*)\)/webhookSupportedResources")


class BusinessCentral(Seeding):
    """One environment with one company, "CRONUS USA, Inc.": set up, but without any records."""

    name = "back_office"

    def __init__(self, clock: Clock | None = None, seed: int = 1) -> None:
        self.clock = clock or Clock()
        self.faults = Faults()
        self.clients = {
            role: Client(role, str(uuid.UUID(int=number, version=4)), f"sandbox-{role}-secret")
            for number, role in enumerate(("integration", "clerk"), start=0x5BC0)
        }
        scope = "https://api.businesscentral.dynamics.com/.default"
        self.tokens = TokenService(self.clients.values(), self.clock, scope, lambda: self.environment.switches)
        self.limits = Limits()
        super().__init__(Environment(self.clock, seed, self.faults))
        self.router = Router(self.environment, self._strikes)
        self.doors = Doors(self)
        self._verdicts: dict[int, Verdict] = {}
        self.create_company("CRONUS USA, Inc.")

    def reset(self) -> None:
        """Back to the state right after construction; seeded data is gone too."""
        self.limits.clear()
        self.environment.notifier.clear()
        self.environment.start(self.environment.seed)
        self.create_company("CRONUS USA, Inc.")

    # The Service protocol

    def throttled(self, caller: Caller) -> Response | None:
        if caller.client is None:
            return None
        refused = self.limits.refuse(caller.client.role, self.environment.switches)
        if refused is None:
            return None
        if self.environment.switches.too_many_body == "empty":
            return Response(refused.status, b"", dict(refused.headers))
        return refused.response()

    def pace(self, request: Request, caller: Caller) -> float:
        """How long the caller waits for its turn and for the operation itself."""
        verdict = self.limits.schedule(caller.client.role if caller.client else "", self.environment.switches)
        if verdict.wait_s or verdict.ends:
            self._verdicts[id(request)] = verdict
        return verdict.wait_s

    def finished(self, caller: Caller, seconds: float) -> None:
        """Nothing is held open: the schedule knows when each operation ends."""

    def back_door(self, request: Request) -> Response | None:
        self.environment.observer.drop_ended()
        if is_screen(request):
            return screens.respond(self, request)
        return self.doors.answer(request)

    def answer(self, request: Request, caller: Caller) -> Response:
        self.environment.observer.drop_ended()
        verdict = self._verdicts.pop(id(request), None)
        refused = refusal(verdict) if verdict else None
        if refused is not None and verdict is not None:
            if verdict.ends == "gateway":
                asyncio.get_running_loop().call_later(verdict.rest_s, self._answer, request, caller)
            return refused.response()
        return self._answer(request, caller)

    def _answer(self, request: Request, caller: Caller) -> Response:
        journal = self.environment.journal
        try:
            response = self._kept(request, caller)
        except RefusedError as refused:
            journal.roll_back()
            response = refused.response()
            if (
                refused.code == "Authentication_InvalidCredentials"
                and self.environment.switches.unauthorized_body == "empty"
            ):
                response.body = b""
        except BaseException:
            journal.roll_back()
            raise
        journal.commit()
        response.headers["request-id"] = str(uuid.uuid4())
        return response

    def _kept(self, request: Request, caller: Caller) -> Response:
        found = below_gateway(request.path)
        if found is None:
            return self._no_route(rest_of=request.path)
        limit_url(request.target, self.environment.switches.long_url_status)
        user = self._authenticated(caller)
        if len(request.body) > self.environment.switches.max_body_bytes:
            raise RefusedError(413, "BadRequest", "The request body is too large.")
        gateway, rest = found
        runtime = _RUNTIME.fullmatch(rest)
        if runtime:
            root = f"{request.origin}{gateway}microsoft/runtime/beta"
            return self.router.webhook_resources(runtime.group(1), root).response()
        api, path = self._route(rest)
        if api is None:
            return self._no_route(rest_of=rest)
        root = f"{request.origin}{gateway}{api.route.removeprefix('api/')}"
        if path == "$batch":
            if request.method != "POST":
                raise method_not_allowed(request.method, "$batch", "Batch")
            batch = Batch(
                lambda item: self.router.run(_of_item(item, root, api, request.headers), user),
                self.environment.journal,
                self.environment.switches,
            )
            return batch.answer(request)
        return self.router.run(_of_request(request, path, root, api), user).response()

    def _no_route(self, rest_of: str) -> Response:
        """An address that leads nowhere: without a body, or with the usual error."""
        if self.environment.switches.unknown_route_body == "empty":
            return Response(404)
        return unknown_segment(rest_of.strip("/").partition("/")[0]).response()

    def _authenticated(self, caller: Caller) -> str:
        switches = self.environment.switches
        disabled, unpermitted = (_roles(names) for names in (switches.disabled_clients, switches.unpermitted_clients))
        if caller.client is None or caller.client.role in disabled:
            raise RefusedError(
                401,
                "Authentication_InvalidCredentials",
                "The server has rejected the client credentials.",
                www_authenticate="Bearer",
            )
        if caller.client.role in unpermitted:
            text = "The server has rejected the client: it has no permission sets for what it asks."
            raise RefusedError(switches.permission_status, "Authorization_RequestDenied", text)
        return caller.client.role

    def _route(self, rest: str) -> tuple[Api | None, str]:
        for route in self.environment.pages:
            tail = route.removeprefix("api/")
            if rest == tail or rest.startswith(f"{tail}/"):
                return self.environment.api(route), rest[len(tail) :].strip("/")
        return None, ""

    def tag_of(self, table_name: str, table: Table, row: Row) -> str:
        """The ETag that the standard page shows for the row; none for tables without a page."""
        page = self.environment.pages["api/v2.0"].get(table_name)
        return tag_of(page, table, row) if page else ""

    def _strikes(self, operation: Operation) -> RefusedError | None:
        if not self.faults.active:
            return None
        body = operation.body
        raw = body if isinstance(body, bytes) else to_json(body)
        target = f"{operation.path}?{operation.query}"
        guarded = (operation.token or "*") != "*"
        fault = self.faults.for_operation(operation.method, target, raw, guarded=guarded)
        if fault is None:
            return None
        if fault.kind == "stale-token":
            return changed_meanwhile(self.environment.switches.stale_status)
        return RefusedError(fault.status, fault.code or "Unknown", fault.message or "An error occurred.")


def _roles(names: str) -> list[str]:
    return [role.strip() for role in names.split(",")]


def _options(query: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in query.split("&") if piece)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _of_request(request: Request, path: str, root: str, api: Api) -> Operation:
    query = request.target.partition("?")[2]
    body = _decoded(request) if request.method in ("POST", "PATCH", "PUT") else None
    return Operation(request.method, path, query, _options(query), request.headers, body, root, api)


def _decoded(request: Request) -> Any:
    """JSON, unless a stream's content is sent as what it is."""
    kind = request.headers.get("content-type", "application/json")
    if not request.body:
        return {}
    if "json" not in kind:
        return request.body
    try:
        return from_json(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad_request("Unable to deserialize entity. The request body is not valid JSON.") from None


def _of_item(item: Item, root: str, api: Api, outer: dict[str, str]) -> Operation:
    """Headers of the batch itself hold for its parts unless they say otherwise."""
    url = item.url.removeprefix(root).lstrip("/")
    path, _, query = url.partition("?")
    inherited = {name: value for name, value in outer.items() if name in INHERITED}
    body = {} if item.body is None and item.method in ("POST", "PATCH", "PUT") else item.body
    return Operation(item.method, unquote(path), query, _options(query), {**inherited, **item.headers}, body, root, api)
