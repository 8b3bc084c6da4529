"""Formatted values: how the app would show a column to a user whose settings are English and UTC."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.currencies import currency_of
from syncengine.sandbox.sales.currencies import digits
from syncengine.sandbox.sales.values import rounded

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.world import Session


def formatted(session: Session, column: Column, row: Row) -> str | None:
    """None where a column has no formatted value: text, ids, empty."""
    value = row.get(column.name)
    if value is None:
        return None
    if column.is_lookup:
        return primary_name(session, column, row)
    if column.options:
        option = column.options.get(int(value))
        return option.label if option else str(value)
    if column.kind == "Money":
        return _money(session, column, row, value)
    return _plain(column, value)


def _plain(column: Column, value: Any) -> str | None:
    if column.kind == "Boolean":
        return "Yes" if value else "No"
    if isinstance(value, Decimal):
        return f"{rounded(value, column.precision or 0):,}"
    if isinstance(value, int):
        return f"{value:,}"
    return _date(column, value)


def primary_name(session: Session, column: Column, row: Row) -> str | None:
    target = target_of(column, row)
    table = session.model.tables.get(target)
    found = session.db.get(target, row[column.name]) if table else None
    return found.get(table.primary_name) if found and table else None


def target_of(column: Column, row: Row) -> str:
    """The table that a lookup of this row points to."""
    if column.polymorphic:
        return row.get(column.type_key) or ""
    return column.targets[0] if column.targets else ""


def _money(session: Session, column: Column, row: Row, value: Decimal) -> str:
    currency = currency_of(session, row)
    if column.name.endswith("_base"):
        currency = session.db.tables["transactioncurrency"].rows[session.world.currency_id]
    shown = f"{abs(rounded(value, digits(session, column, row))):,}"
    sign = "-" if value < 0 else ""
    return f"{sign}{currency.get('currencysymbol', '')}{shown}"


def _date(column: Column, value: Any) -> str | None:
    if isinstance(value, str):
        return None
    day = f"{value.month}/{value.day}/{value.year}"
    if not isinstance(value, datetime) or column.format == "DateOnly":
        return day
    return f"{day} {value.hour % 12 or 12}:{value.minute:02} {'AM' if value.hour < 12 else 'PM'}"
