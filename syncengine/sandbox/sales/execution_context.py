"""The body of a webhook: a RemoteExecutionContext as JSON ("Use WebHooks to create external handlers")."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.sales.formatting import target_of

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Event
    from syncengine.sandbox.sales.world import World

LARGEST = 256 * 1024
_CONTRACTS = ":http://schemas.microsoft.com/xrm/2011/Contracts"
_DROPPED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")


def body(world: World, event: Event, step: Row) -> tuple[bytes, bool]:
    """The JSON, and whether it was too large and had to be cut."""
    table = world.model[event.table]
    context = _context(world, event, table, step)
    sent = to_json(context)
    if len(sent) <= LARGEST:
        return sent, False
    for name in _DROPPED:
        context[name] = None
    return to_json(context), True


def _context(world: World, event: Event, table: Table, step: Row) -> dict[str, Any]:
    target = _reference(table.name, event.key) if event.message == "Delete" else _entity(table, event)
    images = {} if event.after is None else {"AsynchronousStepPrimaryName": _image(table, event.after)}
    caller = event.actor.behalf or event.actor.user
    return {
        "BusinessUnitId": world.business_unit_id,
        "CorrelationId": event.correlation,
        "Depth": event.depth,
        "InitiatingUserId": caller,
        "InputParameters": [{"key": "Target", "value": target}],
        "IsExecutingOffline": False,
        "IsInTransaction": step.get("mode") == 0,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": event.message,
        "Mode": step.get("mode", 0),
        "OperationCreatedOn": _date(event.at),
        "OperationId": event.correlation,
        "OrganizationId": world.organization_id,
        "OrganizationName": world.organization.get("name"),
        "OutputParameters": [],
        "OwningExtension": _reference("sdkmessageprocessingstep", step["sdkmessageprocessingstepid"]),
        "ParentContext": None,
        "PostEntityImages": [{"key": key, "value": value} for key, value in images.items()],
        "PreEntityImages": [],
        "PrimaryEntityId": event.key,
        "PrimaryEntityName": event.table,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [{"key": key, "value": value} for key, value in event.variables.items()],
        "Stage": step.get("stage", 40),
        "UserId": event.actor.user,
    }


def _entity(table: Table, event: Event) -> dict[str, Any]:
    """The columns that were written, the key, and the stamps that follow from any write."""
    names = [*list(event.changed), table.primary_id]
    names += [name for name in ("modifiedon", "modifiedby", "modifiedonbehalfby") if name in table.columns]
    row = {**(event.after or {}), **event.changed}
    columns = [table.columns[name] for name in dict.fromkeys(names) if name in table.columns]
    attributes = [{"key": column.name, "value": _value(column, row)} for column in columns]
    return _typed(table.name, event.key, attributes)


def _image(table: Table, row: Row) -> dict[str, Any]:
    names = (table.primary_name, table.primary_id)
    found = [{"key": name, "value": row.get(name)} for name in names if name in table.columns]
    return _typed(table.name, row[table.primary_id], found)


def _typed(name: str, key: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "__type": f"Entity{_CONTRACTS}",
        "Attributes": attributes,
        "EntityState": None,
        "FormattedValues": [],
        "Id": key,
        "KeyAttributes": [],
        "LogicalName": name,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _reference(name: str, key: str) -> dict[str, Any]:
    return {
        "__type": f"EntityReference{_CONTRACTS}",
        "Id": key,
        "KeyAttributes": [],
        "LogicalName": name,
        "Name": None,
        "RowVersion": None,
    }


def _value(column: Column, row: Row) -> Any:
    value = row.get(column.name)
    if value is None:
        return None
    if column.is_lookup:
        return _reference(target_of(column, row), value)
    if column.kind in ("Picklist", "State", "Status"):
        return {"__type": f"OptionSetValue{_CONTRACTS}", "Value": value}
    if column.kind == "Money":
        return {"__type": f"Money{_CONTRACTS}", "Value": value}
    if isinstance(value, Decimal):
        return value
    return _date(value) if isinstance(value, date) else value


def _date(value: date) -> str:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return f"/Date({int(moment.timestamp()) * 1000})/"
