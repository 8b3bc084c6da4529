"""JSON to values and back, by column type: money exact from wire to wire, moments in UTC, lookups as links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from syncengine.records.document import ColumnSchema
from syncengine.records.values import Link
from syncengine.records.values import Wire

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class NotJson(ValueError):
    """The body is no JSON."""


def from_json(body: bytes) -> Any:
    """Numbers with a point become Decimal. Raises NotJson."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from error


def to_json(value: Any) -> bytes:
    return _encoder.encode(value)


def decode(value: Any, column: ColumnSchema | None) -> Wire:
    """A JSON value as the column's type; without a type, as it stands. What cannot be read so stays text."""
    if value is None or column is None:
        return _plain(value)
    match column.type:
        case "decimal":
            return (
                Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else _plain(value)
            )
        case "date":
            return _date(value)
        case "datetime":
            return _moment(value)
        case _:
            return _plain(value)


def _plain(value: Any) -> Wire:
    if value is None or isinstance(value, (str, int, bool, Decimal)):
        return value
    return to_json(value).decode()


def _date(value: Any) -> Wire:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return str(value)


_FRACTION = re.compile(r"(\.\d{1,6})\d*")


def _moment(value: Any) -> Wire:
    """A moment in UTC. More than microseconds are cut: no Python type holds them."""
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", str(value)))
    except ValueError:
        return str(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def encode(value: Wire, column: ColumnSchema | None) -> Any:
    """A value as JSON. Moments are whole seconds in UTC; a Decimal stays a number with its digits."""
    if isinstance(value, Link):
        return value.id
    if isinstance(value, datetime):
        if column is not None and column.type == "date":
            return value.date().isoformat()
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return value
    if column is not None and column.type == "integer" and isinstance(value, (str, Decimal)):
        return int(value)
    if isinstance(value, Decimal) and "E" in str(value):
        return msgspec.Raw(format(value, "f").encode())  # services read no exponents where they expect a decimal
    return value


def literal(value: Wire, column: ColumnSchema | None) -> str:
    """A value as an OData literal for `$filter`. Nothing in a column that holds no text is null."""
    if value is None or (value == "" and column is not None and column.type != "text"):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Link):
        return value.id
    if isinstance(value, Decimal):
        return format(value, "f")
    encoded = encode(value, column)
    if isinstance(value, str) and not (column is not None and column.type in ("guid", "lookup", "integer", "decimal")):
        return "'" + value.replace("'", "''") + "'"
    return str(encoded)


def cells(body: Mapping[str, Any], columns: Mapping[str, ColumnSchema]) -> dict[str, Wire]:
    """The plain properties of an entity, decoded; control information and nested entities are left out."""
    return {
        name: decode(value, columns.get(name))
        for name, value in body.items()
        if "@" not in name and not isinstance(value, (list, dict))
    }
