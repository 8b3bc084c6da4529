"""Seed data: rows entered in process by one of the users, with everything a POST of that user would cause."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

from syncengine.sandbox.sales.addresses import RowKey
from syncengine.sandbox.sales.model import Collection
from syncengine.sandbox.sales.model import Column
from syncengine.sandbox.sales.model import Model
from syncengine.sandbox.sales.model import Navigation
from syncengine.sandbox.sales.model import Table
from syncengine.sandbox.sales.payload import Payload
from syncengine.sandbox.sales.values import parse


def payload_of(model: Model, table: Table, values: dict[str, object]) -> Payload:
    """Columns by logical name; a lookup as the id or as (table, id); nested rows under the collection's
    name.
    """
    found = Payload()
    for name, value in values.items():
        if name in table.collections:
            found.children.append(_children(model, table.collections[name], value))
            continue
        column = table.columns[name]
        if not column.is_lookup:
            found.values[name] = _value(column, value)
        elif value is None:
            found.binds[name] = None
        else:
            target, key = value if isinstance(value, tuple) else (column.targets[0], value)
            found.binds[name] = (Navigation(name, column, str(target)), RowKey(str(key)))
    return found


def _children(model: Model, collection: Collection, value: object) -> tuple[Collection, list[Payload]]:
    if not isinstance(value, list):
        raise TypeError(f"{collection.name} takes a list of rows")
    return collection, [payload_of(model, model[collection.table], one) for one in value]


def _value(column: Column, value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.replace(microsecond=0)
    if isinstance(value, date):
        if column.edm == "Edm.DateTimeOffset":
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        return value
    if isinstance(value, int | str) and not isinstance(value, bool) and column.edm == "Edm.Decimal":
        return Decimal(value)
    return parse(column, value)
