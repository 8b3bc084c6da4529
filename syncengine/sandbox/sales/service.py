"""Dynamics 365 Sales as an origin serves it: the pipeline of a request, transactions, and seed data."""

from __future__ import annotations

import random
import uuid
from collections import deque
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.clock import Clock
from syncengine.sandbox.exchange import Caller
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.faults import Faults
from syncengine.sandbox.oauth import TokenService
from syncengine.sandbox.sales import back_doors
from syncengine.sandbox.sales.batch import Batch
from syncengine.sandbox.sales.customizing import add_column
from syncengine.sandbox.sales.customizing import add_key
from syncengine.sandbox.sales.customizing import custom_column
from syncengine.sandbox.sales.deleting import delete
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import version_mismatch
from syncengine.sandbox.sales.errors import wrong_verb
from syncengine.sandbox.sales.limits import Limits
from syncengine.sandbox.sales.message_list import all_messages
from syncengine.sandbox.sales.message_list import bound_as
from syncengine.sandbox.sales.open_answers import decided
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import origin_of
from syncengine.sandbox.sales.operation import refusal
from syncengine.sandbox.sales.origination import PEOPLE
from syncengine.sandbox.sales.origination import originate
from syncengine.sandbox.sales.outbox import Outbox
from syncengine.sandbox.sales.people import acting
from syncengine.sandbox.sales.privileges import require_named
from syncengine.sandbox.sales.query_options import pairs
from syncengine.sandbox.sales.query_options import parse_options
from syncengine.sandbox.sales.representation import wanted_annotations
from syncengine.sandbox.sales.routing import Router
from syncengine.sandbox.sales.seeding import payload_of
from syncengine.sandbox.sales.webhooks import Courier
from syncengine.sandbox.sales.webhooks import Delivery
from syncengine.sandbox.sales.world import Actor
from syncengine.sandbox.sales.world import Session
from syncengine.sandbox.sales.world import World
from syncengine.sandbox.sales.world import whole_second
from syncengine.sandbox.sales.writing import create
from syncengine.sandbox.sales.writing import update

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.switches import Switches

LONGEST_URL = 32_768
AUTHORITY = "/sandbox-tenant/oauth2/authorize"


class Dataverse:
    """One environment of the Dataverse Web API with the sales tables. Implements `origin.Service`."""

    name = "sales"

    def __init__(self, clock: Clock | None = None, seed: int = 1, base_currency: str = "USD") -> None:
        self.clock = clock or Clock()
        self.faults = Faults()
        self.seed = seed
        self.base_currency = base_currency
        ids = random.Random(f"clients/{seed}")  # noqa: S311  reproducible on purpose
        self.clients = {role: _client(role, ids) for role in PEOPLE}
        scope = "https://sandbox.crm.dynamics.com/.default"
        self.tokens = TokenService(self.clients.values(), self.clock, scope, lambda: self.world.switches)
        self.limits = Limits(self.clock.now, lambda: self.world.switches)
        self.courier = Courier(seed, self.faults)
        self.delivered: deque[Delivery] = deque(maxlen=1000)
        self._messages = {message.name: message for message in all_messages()}
        self._request_ids = random.Random(f"traces/{seed}")  # noqa: S311  no secret: trace ids
        self.world = self._new_world()

    def _new_world(self) -> World:
        self.outbox = Outbox()
        return originate(self.clock, self.seed, self.clients, self.base_currency)

    def reset(self, *, everything: bool = False) -> None:
        """Back to the state right after construction, switches too."""
        self.courier.forget()
        self.delivered.clear()
        self.limits.reset()
        self.world = self._new_world()
        if everything:
            self.faults.clear()
            self.clock.move(-self.clock.offset.total_seconds())
            self.tokens.revoke_all()

    # -- origin.Service

    def throttled(self, caller: Caller) -> Response | None:
        if caller.client is None:
            return None
        error = self.limits.enter(caller.client.client_id)
        return self._finished_answer(refusal(error), caller) if error else None

    def finished(self, caller: Caller, seconds: float) -> None:
        if caller.client is not None:
            self.limits.leave(caller.client.client_id, seconds)

    def back_door(self, request: Request) -> Response | None:
        return back_doors.respond(self, request)

    def answer(self, request: Request, caller: Caller) -> Response:
        self.absorb()
        if caller.client is None:
            response = self._unauthorized(request)
        elif len(request.target) > LONGEST_URL:
            response = refusal(DataverseError(414, "0x80060888", "The request URL is too long."))
        elif len(request.body) > self.world.switches.max_body_bytes:
            response = refusal(DataverseError(413, "0x80072322", "The request body is too large."))
        elif request.path.endswith("/$batch"):
            response = self._batch(request, caller)
        else:
            response = self._operate(request, caller)
            self._keep()
        return self._finished_answer(response, caller)

    # -- one operation

    def _operate(self, request: Request, caller: Caller) -> Response:
        """One operation, undone when refused, otherwise neither kept nor announced yet."""
        db = self.world.db
        savepoint = db.savepoint
        try:
            return self._pass(request, caller)
        except DataverseError as error:
            db.roll_back(savepoint)
            wanted = wanted_annotations(request.prefer().get("odata.include-annotations"))
            response = refusal(decided(error, self.world.switches), wanted)
            response.headers["req_id"] = self._request_id()
            return response
        except BaseException:
            db.roll_back(savepoint)
            raise

    def _pass(self, request: Request, caller: Caller) -> Response:
        """The checks in their order: route, verb, query, user, then what the handler itself checks."""
        messages = bound_as(self._messages, self.world.switches.fulfil_binding)
        handler = Router(self.world.model, messages).find(request)
        options = parse_options(request)
        session = self._session(acting(self.world, caller, request))
        session.correlation = str(uuid.UUID(int=self._request_ids.getrandbits(128), version=4))
        session.variables = {name: value for name, value in pairs(request.target) if name == "tag"}
        session.detects_duplicates = request.headers.get("mscrm.suppressduplicatedetection", "").lower() == "false"
        self._plug_in(request, session)
        response = handler(Operation(request, session), options)
        self.outbox.collect(self.world, session.events, self.delivered)
        return response

    def _session(self, actor: Actor, *, loading: bool = False) -> Session:
        return Session(self.world, actor, whole_second(self.clock.now()), loading=loading)

    def _plug_in(self, request: Request, session: Session) -> None:
        """A customer's own logic that refuses this operation, when a fault says so and nobody bypasses it."""
        bypassed = request.headers.get("mscrm.bypasscustompluginexecution", "").lower() == "true"
        if bypassed:
            require_named(session, "prvBypassCustomPlugins")
        guarded = request.headers.get("if-match", "*") != "*"
        fault = self.faults.for_operation(request.method, request.target, request.body, guarded=guarded)
        if fault is not None and fault.kind == "stale-token":
            raise version_mismatch()
        if fault is not None:
            code = fault.code or "0x80040265"
            if bypassed and code == "0x80040265":
                return
            status = 400 if code == "0x80040265" and fault.status == 503 else fault.status
            error = DataverseError(status, code, fault.message or "The plug-in has refused the operation.")
            error.operation_status, error.planted = "1", True
            raise error

    def _keep(self) -> None:
        """Commit what has been done, then announce it."""
        self.world.db.commit(whole_second(self.clock.now()))
        self.courier.post(self.world, self.outbox.take())

    # -- $batch

    def _batch(self, request: Request, caller: Caller) -> Response:
        def begin() -> tuple[int, int]:
            return self.world.db.savepoint, self.outbox.mark

        def undo(start: tuple[int, int]) -> None:
            self.world.db.roll_back(start[0])
            self.outbox.cut(start[1])

        try:
            if request.method != "POST":
                raise wrong_verb(request.method)
            acting(self.world, caller, request)
            batch = Batch(
                request,
                lambda inner: self._operate(inner, caller),
                begin,
                undo,
                self._keep,
                self._request_id,
                self.world.switches,
            )
            return batch.run()
        except DataverseError as error:
            return refusal(error)

    # -- around every answer

    def _request_id(self) -> str:
        return str(uuid.UUID(int=self._request_ids.getrandbits(128), version=4))

    def _finished_answer(self, response: Response, caller: Caller) -> Response:
        trace = response.headers.get("req_id") or self._request_id()
        response.headers.setdefault("odata-version", "4.0")
        response.headers |= {"req_id": trace, "x-ms-service-request-id": trace}
        if caller.client is not None:
            response.headers |= self.limits.remaining(caller.client.client_id)
        return response

    def _unauthorized(self, request: Request) -> Response:
        """Without a body unless switched: a client must not expect JSON here."""
        origin = origin_of(request)
        challenge = f"Bearer authorization_uri={origin}{AUTHORITY}, resource_id={origin}/"
        if self.world.switches.unauthorized_body == "json":
            error = {"code": "0x80072560", "message": "The user is not authenticated, or the token has expired."}
            return answer(401, {"error": error}, www_authenticate=challenge)
        return refusal(DataverseError(401, "", "", www_authenticate=challenge))

    def absorb(self) -> None:
        """Take over what the delivery thread has finished: each failed one is a failed system job."""
        if self.courier.done:
            session = self._session(self._actor("admin"), loading=True)
            while self.courier.done:
                self.outbox.settle(session, self.courier.done.popleft(), self.delivered)
            self.world.db.commit(session.now)

    # -- seed data

    def _actor(self, role: str) -> Actor:
        user = next(key for key, one in self.world.roles.items() if one == role)
        return Actor(user, (role,))

    def insert(self, table: str, values: dict[str, object], *, as_role: str = "admin") -> str:
        """Like a POST by that user, without asking for privileges; gives the id. Raises DataverseError.

        Columns by logical name; lookups as the id or as (table, id); nested rows as a list under the
        collection.
        """
        session = self._session(self._actor(as_role), loading=True)
        found = self.world.model[table]
        return str(self._seed(session, lambda: create(session, found, payload_of(self.world.model, found, values))))

    def patch(self, table: str, key: str, values: dict[str, object], *, as_role: str = "admin") -> None:
        """Like a PATCH by that user, without asking for privileges. Raises DataverseError."""
        session = self._session(self._actor(as_role), loading=True)
        found, old = self.world.model[table], self.world.db[table].rows[key]
        self._seed(session, lambda: update(session, found, old, payload_of(self.world.model, found, values)))

    def remove(self, table: str, key: str, *, as_role: str = "admin") -> None:
        """Like a DELETE by that user, without asking for privileges. Raises DataverseError."""
        session = self._session(self._actor(as_role), loading=True)
        row = self.world.db[table].rows[key]
        self._seed(session, lambda: delete(session, self.world.model[table], row))

    def _seed(self, session: Session, work: Any) -> Any:
        db = self.world.db
        savepoint = db.savepoint
        try:
            made = work()
        except DataverseError:
            db.roll_back(savepoint)
            raise
        self.outbox.collect(self.world, session.events, self.delivered)
        self._keep()
        return made

    def row(self, table: str, key: str) -> Row:
        """A row as stored. Raises KeyError."""
        return dict(self.world.db[table].rows[key])

    def rows(self, table: str) -> list[Row]:
        return [dict(row) for row in self.world.db[table].rows.values()]

    def add_column(self, table: str, name: str, kind: str = "String", **more: Any) -> None:
        """A column as an administrator adds it; `name` is its schema name."""
        add_column(self.world, table, custom_column(name, kind, **more))

    def add_key(self, table: str, name: str, columns: tuple[str, ...]) -> None:
        """An alternate key over columns, by logical names."""
        add_key(self.world, table, name, columns)

    def switch(self, **values: Any) -> Switches:
        """Set switches, as PATCH /sandbox/setup does. Raises SwitchError."""
        self.world.switches = self.world.switches.changed(values)
        return self.world.switches


def _client(role: str, ids: random.Random) -> Client:
    return Client(
        role, str(uuid.UUID(int=ids.getrandbits(128), version=4)), f"{role}-secret-{ids.getrandbits(64):016x}"
    )
