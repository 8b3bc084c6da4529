"""Values between JSON and the database: what is accepted, how it is stored, how it is written out.

Reads never give null: an empty text is `""`, an empty GUID all zeros, an empty date `0001-01-01`.
"""

from __future__ import annotations

import re
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.refusals import bad_literal
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import too_long

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.schema.entities import Property
    from syncengine.sandbox.back_office.switches import Switches

NO_GUID = "00000000-0000-0000-0000-000000000000"
NO_DATE = date.min
NO_TIME = datetime(1, 1, 1, tzinfo=UTC)
ZERO = Decimal(0)
DECIMAL_LIMIT = Decimal("999999999999999.99")

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

EMPTY: dict[str, Any] = {
    "Edm.Guid": NO_GUID,
    "Edm.String": "",
    "Edm.Decimal": ZERO,
    "Edm.Boolean": False,
    "Edm.Int32": 0,
    "Edm.Int64": 0,
    "Edm.Date": NO_DATE,
    "Edm.DateTimeOffset": NO_TIME,
    "Edm.Stream": b"",
}


def is_guid(text: str) -> bool:
    return bool(_GUID.fullmatch(text))


def empty_value(column: Property) -> Any:
    if column.enumeration:
        return column.enumeration.members[0].name
    return EMPTY[column.type]


def stamp(moment: datetime) -> datetime:
    """As SQL Server's datetime keeps it: thousandths ending in 0, 3 or 7."""
    ticks = round(moment.microsecond * 3 / 10000)
    whole = moment.replace(microsecond=0)
    return whole + timedelta(milliseconds=round(ticks * 10 / 3))


def trimmed(number: Decimal) -> Decimal:
    """Without trailing zeros and never in scientific notation."""
    whole = number.to_integral_value()
    if number == whole:
        return whole.quantize(Decimal(1)) + ZERO
    return number.normalize()


def wire_time(moment: datetime) -> str:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.year < 1000:
        text = text.rjust(19, "0")
    if moment.microsecond:
        text += f".{moment.microsecond // 1000:03d}".rstrip("0")
    return text + "Z"


def _as_it_is(value: Any) -> Any:
    return value


WRITERS: dict[str, Callable[[Any], Any]] = {
    "Edm.Date": date.isoformat,
    "Edm.DateTimeOffset": wire_time,
    "Edm.Decimal": trimmed,
}


def writer(column: Property) -> Callable[[Any], Any]:
    return WRITERS.get(column.type, _as_it_is)


def _text(column: Property, raw: Any, _: Switches) -> str:
    if not isinstance(raw, str):
        raise bad_literal(raw, column.type)
    text = raw.strip().upper() if column.code else raw
    if column.max_length and len(text) > column.max_length:
        raise too_long(text, column.max_length)
    return text


def _guid(column: Property, raw: Any, _: Switches) -> str:
    if not isinstance(raw, str) or not is_guid(raw):
        raise bad_literal(raw, column.type)
    return raw.lower()


def _decimal(column: Property, raw: Any, _: Switches) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal)):
        raise bad_literal(raw, column.type)
    number = Decimal(raw)
    if abs(number) > DECIMAL_LIMIT:
        raise bad_request(f"Overflow under conversion of {raw} to type Decimal.", "Application_EvaluateException")
    return number


def _integer(column: Property, raw: Any, _: Switches) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > 2**31 - 1:
        raise bad_literal(raw, column.type)
    return raw


def _boolean(column: Property, raw: Any, _: Switches) -> bool:
    if not isinstance(raw, bool):
        raise bad_literal(raw, column.type)
    return raw


def _date(column: Property, raw: Any, _: Switches) -> date:
    if not isinstance(raw, str) or not _DATE.fullmatch(raw):
        raise bad_literal(raw, column.type)
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise bad_literal(raw, column.type) from None


def _time(column: Property, raw: Any, _: Switches) -> datetime:
    try:
        moment = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_literal(raw, column.type)
    return moment.astimezone(UTC)


def _member(column: Property, raw: Any, switches: Switches) -> str:
    enumeration = column.enumeration
    if enumeration is None or not isinstance(raw, str):
        raise bad_literal(raw, column.type)
    found = enumeration.member(raw, captions=switches.enum_captions == "accepted")
    if found is None:
        options = ", ".join(member.name for member in enumeration.members)
        raise bad_request(
            f"Cannot convert the literal '{raw}' to the expected type '{column.type}'. Possible values are: {options}."
        )
    return found


def _stream(column: Property, raw: Any, _: Switches) -> bytes:
    """Content is written to the stream's own address."""
    raise bad_literal(raw, column.type)


READERS: dict[str, Callable[[Property, Any, Switches], Any]] = {
    "Edm.String": _text,
    "Edm.Guid": _guid,
    "Edm.Decimal": _decimal,
    "Edm.Int32": _integer,
    "Edm.Int64": _integer,
    "Edm.Boolean": _boolean,
    "Edm.Date": _date,
    "Edm.DateTimeOffset": _time,
    "Edm.Stream": _stream,
}


def read_value(column: Property, raw: Any, switches: Switches) -> Any:
    """The stored value of what a client wrote. Raises RefusedError."""
    if raw is None:
        if switches.null_values == "refused" or not column.nullable:
            raise bad_request(f"A null value was found for the property named '{column.name}'.")
        return empty_value(column)
    if column.enumeration:
        return _member(column, raw, switches)
    return READERS[column.type](column, raw, switches)
