"""CreateMultiple, UpdateMultiple, UpsertMultiple and BulkDelete: many rows in one request."""

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
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.messages import Bound
from syncengine.sandbox.sales.messages import Message
from syncengine.sandbox.sales.messages import Parameter
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.payload import Payload
from syncengine.sandbox.sales.payload import Reader
from syncengine.sandbox.sales.values import GUID
from syncengine.sandbox.sales.values import guid
from syncengine.sandbox.sales.writing import create
from syncengine.sandbox.sales.writing_requests import update_by_key
from syncengine.sandbox.sales.writing_requests import upsert_create

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.model import Table

BULK_DELETE = 13
SUCCEEDED = {"statecode": 3, "statuscode": 30}


def _targets(op: Operation, given: dict[str, Any], bound: Bound | None) -> tuple[Table, list[Payload]]:
    if bound is None or not isinstance(given["Targets"], list):
        raise invalid_argument("Required field 'Targets' is missing")
    table = bound.table
    reader = Reader(op.session.model, op.session.switches.unknown_body_property_code)
    found = []
    for one in given["Targets"]:
        payload = reader.read(table, one, deep=True)
        if payload.odata_type != f"Microsoft.Dynamics.CRM.{table.name}":
            text = "The entity in the request has no @odata.type, or another one than the collection."
            raise bad_payload(table.entity_set, text)
        found.append(payload)
    return table, found


def create_multiple(op: Operation, given: dict[str, Any], bound: Bound | None) -> Response:
    table, payloads = _targets(op, given, bound)
    ids = [create(op.session, table, payload) for payload in payloads]
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
    return answer(200, {"@odata.context": where, "Ids": ids})


def update_multiple(op: Operation, given: dict[str, Any], bound: Bound | None) -> Response:
    table, payloads = _targets(op, given, bound)
    for payload in payloads:
        key = _key(op, table, payload)
        update_by_key(op.session, table, key, find_row(op.session.db, table, key), payload)
    return no_content()


def upsert_multiple(op: Operation, given: dict[str, Any], bound: Bound | None) -> Response:
    table, payloads = _targets(op, given, bound)
    ids = []
    for payload in payloads:
        key = _key(op, table, payload)
        row = look_up(op.session.db, table, key)
        if row is None:
            ids.append(upsert_create(op.session, table, key, payload))
        else:
            update_by_key(op.session, table, key, row, payload)
            ids.append(row[table.primary_id])
    if op.session.switches.upsert_multiple_status == "204":
        return no_content()
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.UpsertMultipleResponse"
    return answer(200, {"@odata.context": where, "Ids": ids})


def _key(op: Operation, table: Table, payload: Payload) -> RowKey:
    """By `@odata.id`, else by the primary key among the columns. Raises DataverseError."""
    if payload.odata_id:
        target, key = reference(op.session.model, payload.odata_id)
        if target.name != table.name:
            raise invalid_argument(f"'{payload.odata_id}' is not a row of {table.name}.")
        return key
    value = payload.values.pop(table.primary_id, None)
    if value is None:
        raise invalid_argument(f"The primary key '{table.primary_id}' is missing.")
    return RowKey(value)


def bulk_delete(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    """A job that deletes what the queries find; rows that cannot be deleted stay. Here the job runs at
    once.
    """
    session = op.session
    for query in given["QuerySet"]:
        table = session.model.tables.get(query.get("EntityName", ""))
        if table is None:
            raise invalid_argument(f"There is no table '{query.get('EntityName')}'.")
        for key in _wanted(table, query.get("Criteria") or {}):
            row = session.db.get(table.name, key)
            if row is None:
                continue
            savepoint, events = session.db.savepoint, len(session.events)
            try:
                delete(session, table, row)
            except DataverseError:
                session.db.roll_back(savepoint)
                del session.events[events:]
    jobs = session.table("asyncoperation")
    job = {
        "name": str(given["JobName"])[:256],
        "operationtype": BULK_DELETE,
        **SUCCEEDED,
        "completedon": session.now,
    }
    key = create(session, jobs, Payload(), system=job)
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse"
    return answer(200, {"@odata.context": where, "JobId": key})


def _wanted(table: Table, criteria: dict[str, Any]) -> list[str]:
    conditions = criteria.get("Conditions") or []
    one = conditions[0] if len(conditions) == 1 else {}
    if one.get("AttributeName") != table.primary_id or one.get("Operator") not in ("In", "Equal"):
        raise DataverseError(501, "0x80040800", "The sandbox deletes in bulk by primary key only.")
    values = [v.get("Value") if isinstance(v, dict) else v for v in one.get("Values") or []]
    return [guid(value) for value in values if isinstance(value, str) and GUID.fullmatch(value)]


def messages() -> list[Message]:
    targets = (Parameter("Targets", "Collection(mscrm.crmbaseentity)"),)
    optional = ("SendEmailNotification", "ToRecipients", "CCRecipients", "RecurrencePattern", "StartDateTime")
    kinds = (
        "Edm.Boolean",
        "Collection(mscrm.activityparty)",
        "Collection(mscrm.activityparty)",
        "Edm.String",
    )
    more = zip(optional, (*kinds, "Edm.DateTimeOffset"), strict=True)
    return [
        Message(
            "CreateMultiple",
            create_multiple,
            targets,
            binding="collection",
            returns="mscrm.CreateMultipleResponse",
        ),
        Message("UpdateMultiple", update_multiple, targets, binding="collection"),
        Message("UpsertMultiple", upsert_multiple, targets, binding="collection"),
        Message(
            "BulkDelete",
            bulk_delete,
            (
                Parameter("QuerySet", "Collection(mscrm.QueryExpression)"),
                Parameter("JobName", "Edm.String"),
                *(Parameter(name, kind, required=False) for name, kind in more),
            ),
            returns="mscrm.BulkDeleteResponse",
        ),
    ]
