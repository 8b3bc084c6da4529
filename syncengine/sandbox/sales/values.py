"""From JSON values to stored ones and the limits they must keep, column by column.

Stored: text, int, bool, ids as lower-case text, Decimal at the scale of storage, whole-second UTC
datetimes, dates.
"""

from __future__ import annotations

import re
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import ROUND_HALF_EVEN
from decimal import ROUND_HALF_UP
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.errors import DataverseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.sales.model import Column

GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)
MONEY_SCALE = Decimal("0.0001")


class LiteralError(ValueError):
    """The JSON value is not of the column's type; the message is the OData library's."""


MIDPOINTS = {"away-from-zero": ROUND_HALF_UP, "to-even": ROUND_HALF_EVEN}
"""Where a value lies in the middle of two: the real rule is undocumented."""


def rounded(value: Decimal, digits: int, midpoint: str = ROUND_HALF_UP) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), midpoint)


def money(value: Decimal, digits: int, midpoint: str = ROUND_HALF_UP) -> Decimal:
    """Rounded to so many digits, at the four that money columns are stored and answered with."""
    return rounded(value, digits, midpoint).quantize(MONEY_SCALE)


def parse(column: Column, value: Any) -> Any:
    """The stored form. Raises LiteralError where the type is wrong; limits are `check_limits`' business."""
    if value is None:
        return None
    return _PARSERS[column.edm](column, value)


def _string(_: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "Edm.String")
    return value


def _int32(_: Column, value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,10}", value):
        # The OData library converts text to every primitive type but Decimal and Int64.
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise _wrong(value, "Edm.Int32")
    return value


def _int64(_: Column, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, "Edm.Int64")
    return value


def _decimal(_: Column, value: Any) -> Decimal:
    if isinstance(value, str):
        raise LiteralError(
            "The value specified for the property was not compatible with the 'IEEE754Compatible' setting."
        )
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong(value, "Edm.Decimal")
    found = Decimal(value)
    if not found.is_finite() or found.adjusted() > 27:
        raise _wrong(value, "Edm.Decimal")
    return found


def _double(column: Column, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong(value, "Edm.Double")
    return rounded(Decimal(value), column.precision or 5)


def _boolean(_: Column, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong(value, "Edm.Boolean")
    return value


def _guid(_: Column, value: Any) -> str:
    if not isinstance(value, str) or not GUID.fullmatch(value.strip("{}")):
        raise _wrong(value, "Edm.Guid")
    return guid(value)


def _date(_: Column, value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise _wrong(value, "Edm.Date")
    found: date = _from_iso(date.fromisoformat, value, "Edm.Date")
    return found


def _moment(_: Column, value: Any) -> datetime:
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value):
        raise _wrong(value, "Edm.DateTimeOffset")
    found: datetime = _from_iso(datetime.fromisoformat, value, "Edm.DateTimeOffset")
    # Without an offset the value is taken as UTC: no conversion to the user's zone is done.
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _binary(_: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "Edm.Binary")
    return value


def _from_iso(read: Callable[[str], Any], value: str, edm: str) -> Any:
    try:
        return read(value)
    except (ValueError, OverflowError):
        raise _wrong(value, edm) from None


def _wrong(value: Any, edm: str) -> LiteralError:
    return LiteralError(f"Cannot convert the literal '{value}' to the expected type '{edm}'.")


_PARSERS: dict[str, Callable[[Column, Any], Any]] = {
    "Edm.String": _string,
    "Edm.Int32": _int32,
    "Edm.Int64": _int64,
    "Edm.Decimal": _decimal,
    "Edm.Double": _double,
    "Edm.Boolean": _boolean,
    "Edm.Guid": _guid,
    "Edm.Date": _date,
    "Edm.DateTimeOffset": _moment,
    "Edm.Binary": _binary,
}


def guid(text: str) -> str:
    """Lower case, with hyphens, without braces."""
    bare = text.strip("{}").replace("-", "").lower()
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


def check_limits(table: str, column: Column, value: Any) -> None:
    """Length, range, choices, earliest date. Raises DataverseError."""
    if value is None:
        return
    if column.max_length is not None and isinstance(value, str) and len(value) > column.max_length:
        raise DataverseError(
            400,
            "0x80044331",
            f"A validation error occurred.  The length of the '{column.name}' attribute of the "
            f"'{table}' entity "
            f"exceeded the maximum allowed length of '{column.max_length}'.",
        )
    if column.kind in _RANGE_CODES and column.minimum is not None:
        _check_range(table, column, value)
    elif column.kind in ("Picklist", "State", "Status") and column.options and value not in column.options:
        raise DataverseError(
            400,
            "0x8004431A",
            f"A validation error occurred.  The value {value} of '{column.name}' on record of type "
            f"'{table}' is outside "
            f"the valid range. Accepted Values: {','.join(map(str, column.options))}",
        )
    elif isinstance(value, datetime) and value < EARLIEST:
        raise _too_early(value.strftime("%m/%d/%Y %H:%M:%S"))
    elif isinstance(value, date) and not isinstance(value, datetime) and value < EARLIEST.date():
        raise _too_early(value.strftime("%m/%d/%Y"))


_RANGE_CODES = {
    "Integer": ("0x8004432F", "integer"),
    "Decimal": ("0x80044330", "decimal"),
    "Double": ("0x80044330", "double"),
    "Money": ("0x80040317", "money"),
}


def _check_range(table: str, column: Column, value: Any) -> None:
    if not Decimal(str(column.minimum)) <= value <= Decimal(str(column.maximum)):
        code, _ = _RANGE_CODES[column.kind]
        raise DataverseError(
            400,
            code,
            f"A validation error occurred.  The value of '{column.name}' on record of type '{table}' "
            "is outside the "
            f"valid range.",
        )


def _too_early(shown: str) -> DataverseError:
    text = "DateTime is less than minumum value supported by CrmDateTime."
    return DataverseError(
        400, "0x80040239", f"{text} Actual value: {shown}, Minimum value supported: 01/01/1753 00:00:00"
    )
