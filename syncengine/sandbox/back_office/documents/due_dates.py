"""Date formulas of payment terms: `30D`, `14D`, `1M`, `CM`, `CM+10D`, `2W`, `1Y`."""

from __future__ import annotations

import calendar
import re
from datetime import date
from datetime import timedelta

_TERM = re.compile(r"([+-]?)(C?)(\d*)([DWMY])")


def due_date(start: date, formula: str) -> date:
    """A blank formula is the same day. Raises ValueError for what is no formula."""
    day = start
    text = formula.replace(" ", "").upper()
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise ValueError(f"{formula!r} is no date formula")
        sign, current, digits, unit = found.groups()
        count = int(digits or 1) * (-1 if sign == "-" else 1)
        day = _end_of(day, unit) if current else _moved(day, unit, count)
        position = found.end()
    return day


def _moved(day: date, unit: str, count: int) -> date:
    if unit in "DW":
        return day + timedelta(days=count * (7 if unit == "W" else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "Y" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _end_of(day: date, unit: str) -> date:
    if unit == "W":
        return day + timedelta(days=7 - day.isoweekday())
    if unit == "Y":
        return date(day.year, 12, 31)
    return date(day.year, day.month, calendar.monthrange(day.year, day.month)[1]) if unit == "M" else day
