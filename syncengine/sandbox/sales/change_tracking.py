"""Change tracking: everything at first, then what has changed since a delta token.

From "Use change tracking to synchronize data with external systems". New and changed rows come first,
oldest version first; deletions follow, as ids without columns. A row that was created and deleted in
between still is a deletion.
"""

from __future__ import annotations

import re
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import quote

from syncengine.sandbox.sales.conditions import Conditions
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.expansion import context
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import applied
from syncengine.sandbox.sales.operation import plain_number
from syncengine.sandbox.sales.paging import Cookie
from syncengine.sandbox.sales.paging import decode
from syncengine.sandbox.sales.paging import next_link
from syncengine.sandbox.sales.paging import page_size
from syncengine.sandbox.sales.privileges import require_organization_read
from syncengine.sandbox.sales.representation import shape
from syncengine.sandbox.sales.selection import Order

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.query_options import QueryOptions
    from syncengine.sandbox.sales.world import Session

_STAMP = "%m/%d/%Y %H:%M:%S"
_PLACE = re.compile(r'<cookie edge="(\d+)" gone="(True|False)" token="([^"]+)" istracking="True" />')
_REFUSED = ("$filter", "$orderby", "$expand", "$top")
NOT_ENABLED = "0x80072491"
EXPIRED = "0x80044352"


def is_enabled(session: Session, table: str) -> bool:
    switches = session.switches
    return table in switches.tracked_tables and table not in switches.untrackable_tables


def is_tracked(op: Operation, options: QueryOptions) -> bool:
    """By the preference, by the token, or because the next page of such an answer is asked for."""
    return "odata.track-changes" in op.prefer or bool(options.deltatoken) or 'istracking="True"' in options.skiptoken


def changes(op: Operation, table: Table, options: QueryOptions, *, counting: bool = False) -> Response:
    """Raises DataverseError."""
    session = op.session
    for name in _REFUSED:
        if name in options.named:
            raise bad_query(
                f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.',
                "0x80060888",
            )
    require_organization_read(session, table)
    if not is_enabled(session, table.name):
        raise DataverseError(400, NOT_ENABLED, f"Entity {table.name} isn't enabled for change tracking.")
    since = parse_token(session, table, options.deltatoken) if options.deltatoken else None
    if counting:
        return _number(op, table, since or 0)
    return _first(op, table, options) if since is None else _later(op, table, options, since)


def parse_token(session: Session, table: Table, text: str) -> int:
    """The version in a token. Raises DataverseError when it is none or too old."""
    version, _, stamp = text.partition("!")
    try:
        taken, at = int(version), datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise bad_query(f"The delta token '{text}' is not valid.", "0x80040203") from None
    kept = timedelta(days=session.world.organization.get("expirechangetrackingindays", 7))
    if session.now - at > kept or taken < session.world.token_floor.get(table.name, 0):
        text = "Version stamp associated with the client has expired. Please perform a full sync."
        raise DataverseError(400, EXPIRED, text)
    return taken


def _token(session: Session) -> str:
    return f"{session.db.version}!{session.now.strftime(_STAMP)}"


def _number(op: Operation, table: Table, since: int) -> Response:
    db = op.session.db
    stones = _stones(op.session, table, since, db.version)
    return plain_number(op, len(db.changed_since(table.name, since)) + len(stones))


def _first(op: Operation, table: Table, options: QueryOptions) -> Response:
    """All rows there are, in pages; the last one carries the delta link."""
    session = op.session
    order = Order.by(Conditions(session, table), ())
    size, _ = page_size(op.prefer)
    cookie = decode(options.skiptoken, table, order) if options.skiptoken else None
    token = cookie.since if cookie and session.switches.delta_token_taken == "first-page" else _token(session)
    rows = list(session.db[table.name].rows.values())
    if cookie is not None:
        behind = order.behind(cookie.edge)
        rows = [row for row in rows if behind(row)]
    page = order.sort(rows)[:size]
    body: dict[str, Any] = {"@odata.context": f"{op.base}/$metadata#{table.entity_set}{context(options.select, ())}"}
    if len(rows) > size:
        edge = Cookie((cookie.page if cookie else 1) + 1, order.edge(page[-1]), tracking=True, since=token)
        body["@odata.nextLink"] = next_link(op.origin, op.request.target, edge)
    else:
        body["@odata.deltaLink"] = _delta_link(op, table, options, token)
    made = shape(session, table, options.select, op.annotations)
    body["value"] = [made.answer(session, row) for row in page]
    return _answer(op, body)


def _later(op: Operation, table: Table, options: QueryOptions, since: int) -> Response:
    """What has changed since. A long answer goes on behind the last version shown, up to the new token's."""
    session = op.session
    size, _ = page_size(op.prefer)
    token, edge, gone = _position(options.skiptoken, _token(session), since)
    newest = int(token.partition("!")[0])
    db = session.db
    versions = db[table.name].by_version
    changed = [] if gone else [key for key in db.changed_since(table.name, edge) if versions[key] <= newest]
    stones = _stones(session, table, edge if gone else since, newest)
    items = [(key, versions[key], False) for key in changed] + [(key, at, True) for at, key in stones]
    page = items[:size]
    body: dict[str, Any] = {
        "@odata.context": f"{op.base}/$metadata#{table.entity_set}{context(options.select, ())}/$delta"
    }
    if len(items) > size:
        _, last, was_deletion = page[-1]
        place = f'<cookie edge="{last}" gone="{was_deletion}" token="{token}" istracking="True" />'
        target = op.request.target.partition("&$skiptoken=")[0]
        body["@odata.nextLink"] = f"{op.origin}{target}&$skiptoken={quote(place, safe='')}"
    else:
        body["@odata.deltaLink"] = _delta_link(op, table, options, token)
    body["value"] = _items(op, table, options, page)
    return _answer(op, body)


def _items(
    op: Operation, table: Table, options: QueryOptions, page: list[tuple[str, int, bool]]
) -> list[dict[str, Any]]:
    made = shape(op.session, table, options.select, op.annotations)
    rows = op.session.db[table.name].rows
    where = f"{op.base}/$metadata#{table.entity_set}/$deletedEntity"
    return [
        {"@odata.context": where, "id": key, "reason": "deleted"} if gone else made.answer(op.session, rows[key])
        for key, _, gone in page
    ]


def _stones(session: Session, table: Table, after: int, newest: int) -> list[tuple[int, str]]:
    """Deletions behind a version, each id once, at its latest deletion."""
    found = {key: at for at, _, key in session.db.tombstones_since(table.name, after) if at <= newest}
    if session.switches.tombstone_of_recreated == "dropped":
        found = {key: at for key, at in found.items() if session.db.get(table.name, key) is None}
    return sorted((at, key) for key, at in found.items())


def _position(skiptoken: str, token: str, since: int) -> tuple[str, int, bool]:
    """The token of the answer as a whole, the last version shown, and whether that was a deletion."""
    if not skiptoken:
        return token, since, False
    found = _PLACE.fullmatch(skiptoken)
    if found is None:
        raise bad_query("Invalid page number in paging cookie.", "0x8004112A")
    return found[3], int(found[1]), found[2] == "True"


def _delta_link(op: Operation, table: Table, options: QueryOptions, token: str) -> str:
    select = "$select=" + ",".join(options.select) + "&" if options.select is not None else ""
    return f"{op.base}/{table.entity_set}?{select}$deltatoken={quote(token, safe='').lower()}"


def _answer(op: Operation, body: dict[str, Any]) -> Response:
    names = ("odata.track-changes", "odata.maxpagesize", "odata.include-annotations")
    return answer(200, body, preference_applied=applied(op.prefer, *names))
