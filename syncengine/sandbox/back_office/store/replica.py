"""A company as a lagging read-only replica would still show it."""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.store.journal import Journal
from syncengine.sandbox.back_office.store.layout import tables

if TYPE_CHECKING:
    from datetime import datetime

    from syncengine.sandbox.back_office.store.company import Company
    from syncengine.sandbox.back_office.store.journal import Change
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table

KEPT = 200_000


class History:
    """Committed changes with their time; kept only while a replica is asked for."""

    def __init__(self) -> None:
        self._changes: deque[tuple[datetime, Change]] = deque(maxlen=KEPT)

    def add(self, moment: datetime, changes: list[Change]) -> None:
        self._changes.extend((moment, change) for change in changes)

    def clear(self) -> None:
        self._changes.clear()

    def company_at(self, company: Company, moment: datetime) -> Company:
        past = copy.copy(company)
        past.tables = _PastTables(company, [c for at, c in self._changes if at > moment])
        return past


class _PastTables(dict[str, "Table"]):
    """Builds each table when it is asked for, by undoing what came later."""

    def __init__(self, company: Company, later: list[Change]) -> None:
        super().__init__()
        self._company = company
        self._later = later
        self._blank = tables(company.id, Journal())

    def __missing__(self, name: str) -> Table:
        live = self._company.tables[name]
        rows: dict[str, Row] = dict(live.rows)
        for change in reversed(self._later):
            if change.table is not live:
                continue
            if change.after is not None:
                rows.pop(change.after[live.key], None)
            if change.before is not None:
                rows[change.before[live.key]] = change.before
        past = self._blank[name]
        for row in rows.values():
            past.put_back(None, row)
        self[name] = past
        return past
