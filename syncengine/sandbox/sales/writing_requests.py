"""POST, PATCH, PUT and DELETE on rows: preconditions, upsert, and the answers of "2.7" of the Web API's
pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.addresses import RowKey
from syncengine.sandbox.sales.addresses import find_row
from syncengine.sandbox.sales.addresses import look_up
from syncengine.sandbox.sales.addresses import reference
from syncengine.sandbox.sales.deleting import delete
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import duplicate_row
from syncengine.sandbox.sales.errors import key_not_found
from syncengine.sandbox.sales.errors import row_not_found
from syncengine.sandbox.sales.errors import unknown_segment
from syncengine.sandbox.sales.errors import version_mismatch
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import applied
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.payload import Payload
from syncengine.sandbox.sales.payload import Reader
from syncengine.sandbox.sales.payload import decode
from syncengine.sandbox.sales.privileges import require
from syncengine.sandbox.sales.query_options import QueryOptions
from syncengine.sandbox.sales.reading import entity
from syncengine.sandbox.sales.representation import etag
from syncengine.sandbox.sales.writing import create
from syncengine.sandbox.sales.writing import update

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Collection
    from syncengine.sandbox.sales.model import Navigation
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session


def reader(op: Operation) -> Reader:
    return Reader(op.session.model, op.session.switches.unknown_body_property_code)


def _body(op: Operation, table: Table) -> Any:
    if not op.request.body:
        raise bad_payload(table.entity_set, "Stream was not readable.")
    return decode(op.request.body, table.entity_set)


def post_row(op: Operation, table: Table, options: QueryOptions) -> Response:
    """Raises DataverseError."""
    payload = reader(op).read(table, _body(op, table), deep=True)
    key = create(op.session, table, payload)
    return _written(op, table, f"({key})", op.session.db[table.name].rows[key], options, created=True)


def patch_row(op: Operation, table: Table, key: RowKey, text: str, options: QueryOptions) -> Response:
    """Update, or upsert when there is no such row. Raises DataverseError."""
    payload = reader(op).read(table, _body(op, table), deep=True)
    require(op.session, "Write", table)
    row = look_up(op.session.db, table, key)
    if row is None:
        if "if-match" in op.request.headers:
            raise row_not_found(table.name, key.id) if key.id else key_not_found(table.name)
        new = upsert_create(op.session, table, key, payload)
        row = op.session.db[table.name].rows[new]
        return _written(op, table, f"({text})", row, options, created=True, upsert=True)
    check_match(op, row)
    if op.request.headers.get("if-none-match", "").strip() == "*":
        raise duplicate_row()
    update_by_key(op.session, table, key, row, payload)
    now = op.session.db[table.name].rows[row[table.primary_id]]
    # "$expand will be ignored if used" (Update with data returned).
    plain = QueryOptions(select=options.select)
    return _written(op, table, f"({text})", now, plain, created=False)


def upsert_create(session: Session, table: Table, key: RowKey, payload: Payload) -> str:
    """With the id of the URL, or the alternate key values of the URL where the body has none."""
    for name, value in key.values:
        payload.values.setdefault(name, value)
    if key.id:
        payload.values.pop(table.primary_id, None)
    return create(session, table, payload, key=key.id)


def update_by_key(session: Session, table: Table, key: RowKey, row: Row, payload: Payload) -> None:
    """Key columns in the body do not count when the row was found by them."""
    for name, _ in key.values:
        payload.values.pop(name, None)
    update(session, table, row, payload)


def check_match(op: Operation, row: Row) -> None:
    """If-Match with a tag. Raises DataverseError 412."""
    sent = op.request.headers.get("if-match", "").strip()
    if sent and sent not in ("*", etag(row)):
        raise version_mismatch()


def _written(
    op: Operation,
    table: Table,
    address: str,
    row: Row,
    options: QueryOptions,
    *,
    created: bool,
    upsert: bool = False,
) -> Response:
    switches = op.session.switches
    where = f"{op.base}/{table.entity_set}{address}"
    if not op.wants_body:
        location = where if created and not upsert and switches.create_location else ""
        return no_content(odata_entityid=where, location=location)
    body = entity(op, table, row, options)
    preferred = applied(op.prefer, "return", "odata.include-annotations")
    named = {"odata_entityid": where} if switches.entity_id_with_body else {}
    return answer(201 if created else 200, body, etag=etag(row), preference_applied=preferred, **named)


def delete_row(op: Operation, table: Table, key: RowKey) -> Response:
    """Raises DataverseError."""
    require(op.session, "Delete", table)
    row = find_row(op.session.db, table, key)
    check_match(op, row)
    delete(op.session, table, row)
    return no_content()


def put_value(op: Operation, table: Table, key: RowKey, name: str) -> Response:
    """PUT …/name with {"value": …}. Raises DataverseError."""
    body = _body(op, table)
    if not isinstance(body, dict) or "value" not in body:
        raise bad_payload(table.entity_set, "The property 'value' is missing.")
    return _set_value(op, table, key, name, body["value"])


def delete_value(op: Operation, table: Table, key: RowKey, name: str) -> Response:
    """DELETE …/name: clear one column; not for lookups. Raises DataverseError."""
    return _set_value(op, table, key, name, None)


def _set_value(op: Operation, table: Table, key: RowKey, name: str, value: Any) -> Response:
    if name not in table.writable:
        raise unknown_segment(name)
    payload = reader(op).read(table, {name: value}, deep=False)
    row = find_row(op.session.db, table, key)
    check_match(op, row)
    update(op.session, table, row, payload)
    return no_content()


def put_reference(op: Operation, table: Table, row: Row, navigation: Navigation) -> Response:
    """PUT …/nav/$ref. Raises DataverseError."""
    body = _body(op, table)
    address = body.get("@odata.id") if isinstance(body, dict) else None
    update(op.session, table, row, reader(op).read(table, {f"{navigation.name}@odata.bind": address}, deep=False))
    return no_content()


def delete_reference(op: Operation, table: Table, row: Row, navigation: Navigation) -> Response:
    """DELETE …/nav/$ref. Raises DataverseError."""
    update(op.session, table, row, reader(op).read(table, {f"{navigation.name}@odata.bind": None}, deep=False))
    return no_content()


def post_reference(op: Operation, table: Table, row: Row, collection: Collection) -> Response:
    """POST …/collection/$ref: the other row's lookup is set to this one. Raises DataverseError."""
    body = _body(op, table)
    address = body.get("@odata.id", "") if isinstance(body, dict) else ""
    child_table, key = reference(op.session.model, str(address))
    if child_table.name != collection.table:
        raise bad_query(f"'{address}' is not a row of {collection.table}.")
    child = find_row(op.session.db, child_table, key)
    name = child_table.columns[collection.lookup].navigation.get(table.name)
    if name is None:
        raise DataverseError(405, "0x80040800", f"The reference '{collection.name}' cannot be changed.")
    bind = {f"{name}@odata.bind": f"/{table.entity_set}({row[table.primary_id]})"}
    update(op.session, child_table, child, reader(op).read(child_table, bind, deep=False))
    return no_content()


def remove_from_collection(op: Operation, table: Table, row: Row, collection: Collection, key: RowKey) -> Response:
    """DELETE …/collection(id)/$ref or …/collection/$ref?$id=…. Raises DataverseError."""
    child_table = op.session.table(collection.table)
    child = find_row(op.session.db, child_table, key)
    name = child_table.columns[collection.lookup].navigation.get(table.name)
    if name is None or child.get(collection.lookup) != row[table.primary_id]:
        raise row_not_found(child_table.name, child[child_table.primary_id])
    update(op.session, child_table, child, reader(op).read(child_table, {f"{name}@odata.bind": None}, deep=False))
    return no_content()
