"""Dataverse's own query functions: In, Between, and the dates relative to now.

Fiscal periods, hierarchies and multi-select choices are not among what is emulated. Days, weeks and months
are counted in the caller's time zone, which is UTC for all users here; weeks begin on Sunday.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import TYPE_CHECKING
from typing import Any

import msgspec

from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.odata import Named
from syncengine.sandbox.sales.database import folded
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import not_emulated
from syncengine.sandbox.sales.values import LiteralError
from syncengine.sandbox.sales.values import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.odata import Call
    from syncengine.sandbox.sales.conditions import Conditions
    from syncengine.sandbox.sales.conditions import Path
    from syncengine.sandbox.sales.conditions import Test

Span = tuple[datetime | None, datetime | None]


def query_function(conditions: Conditions, name: str, call: Call) -> Test:
    """Raises DataverseError."""
    given = {one.name: conditions.value_of(one.value) for one in call.arguments if isinstance(one, Named)}
    if "PropertyName" not in given:
        raise bad_query(f"The function '{name}' needs the parameter 'PropertyName'.")
    path = _path(conditions, str(given["PropertyName"]))
    if name in ("In", "NotIn", "Between", "NotBetween"):
        return _of_values(conditions, name, path, given.get("PropertyValues"))
    if name in _OWN:
        return _OWN[name](conditions, path)
    if path.column.edm not in ("Edm.DateTimeOffset", "Edm.Date"):
        raise bad_query(f"The function '{name}' needs a date column.")
    return _within(path, _span(conditions, name, path, given.get("PropertyValue")))


def _path(conditions: Conditions, name: str) -> Path:
    """PropertyName takes the wire name or the logical one."""
    column = conditions.table.columns.get(name)
    prefix = f"{conditions.variable}/" if conditions.variable else ""
    return conditions.path(prefix + (column.property if column is not None else name))


def _of_values(conditions: Conditions, name: str, path: Path, values: Any) -> Test:
    if not isinstance(values, list) or not values:
        raise bad_query(f"The function '{name}' needs the parameter 'PropertyValues'.")
    known = [_typed(conditions, path, value) for value in values]
    read, text = path.read, path.column.edm == "Edm.String"
    if name in ("In", "NotIn"):
        wanted = {folded(value) if text else value for value in known}
        if name == "In":
            return lambda row: (folded(read(row)) if text else read(row)) in wanted
        return lambda row: (folded(read(row)) if text else read(row)) not in wanted
    if len(known) != 2:
        raise bad_query(f"The function '{name}' needs two values.")
    low, high = known
    if name == "Between":
        return lambda row: read(row) is not None and low <= read(row) <= high
    return lambda row: read(row) is not None and not low <= read(row) <= high


def _typed(conditions: Conditions, path: Path, value: Any) -> Any:
    """The functions take every value as text: "5" for a number, a date in quotes. Raises DataverseError."""
    column = path.column
    if not isinstance(value, str) or column.edm in ("Edm.String", "Edm.Guid"):
        return conditions.literal(column, value)
    try:
        dated = column.edm in ("Edm.DateTimeOffset", "Edm.Date")
        return parse(column, value[:10] if column.edm == "Edm.Date" else value if dated else from_json(value.encode()))
    except (msgspec.DecodeError, LiteralError):
        raise bad_query(f"The value '{value}' is not valid for '{column.name}'.") from None


def _same(column_value: Callable[[Conditions], str], *, equal: bool) -> Callable[[Conditions, Path], Test]:
    def make(conditions: Conditions, path: Path) -> Test:
        wanted = column_value(conditions)
        return lambda row: (path.read(row) == wanted) is equal

    return make


def _me(conditions: Conditions) -> str:
    return conditions.session.actor.user


def _my_unit(conditions: Conditions) -> str:
    return conditions.session.world.business_unit_id


_OWN: dict[str, Callable[[Conditions, Path], Test]] = {
    "EqualUserId": _same(_me, equal=True),
    "NotEqualUserId": _same(_me, equal=False),
    "EqualBusinessId": _same(_my_unit, equal=True),
    "NotEqualBusinessId": _same(_my_unit, equal=False),
}


def _within(path: Path, span: Span) -> Test:
    start, end = span
    read, is_date = path.read, path.column.edm == "Edm.Date"

    def test(row: Any) -> bool:
        value = read(row)
        if value is None:
            return False
        if is_date:
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return (start is None or value >= start) and (end is None or value < end)

    return test


def _span(conditions: Conditions, name: str, path: Path, value: Any) -> Span:
    """From inclusive to exclusive; None is open."""
    now = conditions.session.now
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = timedelta(days=1)
    if name in ("On", "OnOrAfter", "OnOrBefore"):
        given = _typed(conditions, path, value)
        moment = given if isinstance(given, datetime) else datetime(given.year, given.month, given.day, tzinfo=UTC)
        start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return {"On": (start, start + day), "OnOrAfter": (start, None), "OnOrBefore": (None, start + day)}[name]
    if name in ("Today", "Yesterday", "Tomorrow"):
        start = today + {"Today": 0, "Yesterday": -1, "Tomorrow": 1}[name] * day
        return start, start + day
    if name in ("Last7Days", "Next7Days"):
        return (today - 7 * day, now) if name == "Last7Days" else (now, today + 8 * day)
    for prefix, kind in (("OlderThanX", "older"), ("LastX", "last"), ("NextX", "next")):
        if name.startswith(prefix):
            return _counted(name, name.removeprefix(prefix), kind, now, value)
    for prefix, step in (("This", 0), ("Last", -1), ("Next", 1)):
        if name in (f"{prefix}Week", f"{prefix}Month", f"{prefix}Year"):
            return _calendar(name.removeprefix(prefix), step, today)
    raise not_emulated(f"the query function {name}")


def _counted(name: str, unit: str, kind: str, now: datetime, value: Any) -> Span:
    count = int(value) if isinstance(value, int | str) and str(value).isdigit() else 0
    if count < 1:
        raise bad_query(f"The function '{name}' needs a 'PropertyValue' greater than zero.")
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sign = 1 if kind == "next" else -1
    if unit in ("Minutes", "Hours"):
        edge = now + sign * count * timedelta(**{unit.lower(): 1})
    elif unit in ("Days", "Weeks"):
        edge = today + sign * count * timedelta(**{unit.lower(): 1})
    elif unit in ("Months", "Years"):
        edge = _months(today, sign * count * (1 if unit == "Months" else 12))
    else:
        raise not_emulated(f"the query function {name}")
    if kind == "older":
        return None, edge
    if kind == "last":
        return edge, now
    whole_days = timedelta(0) if unit in ("Minutes", "Hours") else timedelta(days=1)
    return now, edge + whole_days


def _calendar(unit: str, step: int, today: datetime) -> Span:
    if unit == "Week":
        start = today - timedelta(days=(today.weekday() + 1) % 7) + step * timedelta(days=7)
        return start, start + timedelta(days=7)
    months = 1 if unit == "Month" else 12
    first = today.replace(day=1) if unit == "Month" else today.replace(month=1, day=1)
    return _months(first, step * months), _months(first, (step + 1) * months)


def _months(moment: datetime, count: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + count, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
