"""Days on the one side, moments on the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import tzinfo
from typing import ClassVar

from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import Written
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import is_blank


@dataclass(frozen=True)
class CalendarDay(AsIs):
    """A day in the back office, a moment in Sales: read as the day in `zone`, written as noon of that day there."""

    zone: tzinfo = UTC
    searchable: ClassVar[frozenset[Side]] = frozenset({"back_office"})  # in Sales, a moment of that day

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = cells[0]
        if is_blank(value):
            return None
        if isinstance(value, datetime):
            return value.astimezone(self.zone).date()
        if isinstance(value, date):
            return value
        raise ValueError(f"{value!r} is not a date")

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "sales" and isinstance(value, date) and not is_blank(value):
            return (datetime.combine(value, time(12), tzinfo=self.zone).astimezone(UTC),)
        return (None if is_blank(value) else value,)  # type: ignore[return-value]
