"""What stands at `/sandbox/…` beside the service: its switches, a fresh start, rows as stored, deliveries."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.sales import screens
from syncengine.sandbox.sales.switches import SwitchError
from syncengine.sandbox.sales.values import MONEY_SCALE
from syncengine.sandbox.sales.values import parse
from syncengine.sandbox.screens import is_screen

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.service import Dataverse


def respond(service: Dataverse, request: Request) -> Response | None:
    """None when there is no such door. Raises ValueError or KeyError for what makes no sense."""
    door = (request.method, request.path)
    if is_screen(request):
        return screens.respond(service, request)
    if request.path == "/sandbox/setup":
        return _setup(service, request)
    if door == ("POST", "/sandbox/reset"):
        posted = from_json(request.body) if request.body.strip() else {}
        service.reset(everything=bool(posted.get("all")))
        return Response(204)
    if door == ("GET", "/sandbox/deliveries"):
        return _deliveries(service)
    if request.path.startswith("/sandbox/rows/"):
        return _rows(service, request)
    return None


def _setup(service: Dataverse, request: Request) -> Response | None:
    switches = service.world.switches
    if request.method == "PATCH":
        posted = from_json(request.body)
        if not isinstance(posted, dict):
            raise SwitchError("a JSON object of switches is expected")
        service.world.switches = switches = switches.changed(posted)
    elif request.method != "GET":
        return None
    if dict(request.query).get("describe"):
        return Response.json(200, switches.described())
    return Response.json(200, {one["name"]: one["value"] for one in switches.described()})


def _deliveries(service: Dataverse) -> Response:
    """What webhooks have been sent, oldest first, and how many still wait."""
    service.absorb()
    sent = [
        {
            "message": one.message,
            "table": one.table,
            "id": one.key,
            "url": one.url,
            "status": one.status,
            "attempts": one.attempts,
            "error": one.error,
        }
        for one in service.delivered
    ]
    return Response.json(200, {"pending": service.courier.pending, "done": sent})


def _rows(service: Dataverse, request: Request) -> Response | None:
    name, _, key = request.path.removeprefix("/sandbox/rows/").partition("/")
    table = service.world.model.tables.get(name)
    if table is None:
        return Response.json(404, {"error": {"code": "sandbox", "message": f"no table {name!r}"}})
    rows = service.world.db[name].rows
    if not key and request.method == "GET":
        return Response.json(200, list(rows.values()))
    if key not in rows:
        return Response.json(404, {"error": {"code": "sandbox", "message": f"no row {key!r} in {name}"}})
    if request.method == "GET":
        return Response.json(200, rows[key])
    if request.method != "PATCH":
        return None
    changes = {c: _stored(table, c, value) for c, value in from_json(request.body).items()}
    overwrite(service, table, key, changes)
    return Response(204)


def _stored(table: Table, name: str, value: Any) -> Any:
    companions = {column.type_key for column in table.columns.values() if column.polymorphic}
    if name in companions or value is None:
        return value
    column = table.columns[name]
    found = parse(column, value)
    return found.quantize(MONEY_SCALE) if column.kind == "Money" and isinstance(found, Decimal) else found


def overwrite(service: Dataverse, table: Table, key: str, changes: Row) -> None:
    """Straight into the database: no validation, no stamp, no version, no side effect."""
    db = service.world.db
    row = {name: value for name, value in {**db[table.name].rows[key], **changes}.items() if value is not None}
    db.put(table.name, key, row)
    db.commit(service.clock.now())
