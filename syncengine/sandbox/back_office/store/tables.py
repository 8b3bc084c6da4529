"""Rows in memory: by key, in the order of their primary key, by indexed columns and by stamp.

Rows are never changed in place: each version is a new dict, so that an undo, a rendered copy and a lagging
replica can simply hold on to old ones. Columns that no page shows start with an underscore.
"""

from __future__ import annotations

from bisect import bisect_left
from bisect import bisect_right
from bisect import insort
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from syncengine.sandbox.back_office.store.journal import Journal

Row = dict[str, Any]
STAMP = "lastModifiedDateTime"
PINNED_TAG = "_pinnedTag"
_CURSORS = 1000  # pages under way that are remembered for each table


class Table:
    """`order` names the primary key, `indexed` the columns looked up by value, `unstamped` those whose change
    leaves the stamp alone.
    """

    def __init__(
        self,
        name: str,
        company: str,
        journal: Journal,
        *,
        key: str = "id",
        order: tuple[str, ...] = (),
        indexed: tuple[str, ...] = (),
        stamped: bool = True,
        unstamped: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.company = company
        self.journal = journal
        self.key = key
        self.order = order
        self.stamped = stamped
        self.unstamped = unstamped
        self.rows: dict[str, Row] = {}
        self.gone: dict[str, Row] = {}
        self.rendered: dict[str, tuple[Row, Any, str]] = {}
        self._cursors: dict[tuple[str, str], Row] = {}
        self._order: list[tuple[Any, ...]] = []
        self._indexes: dict[str, dict[Any, dict[str, None]]] = {column: {} for column in indexed}
        self._stamps: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: str) -> Row | None:
        return self.rows.get(key)

    def all(self) -> list[Row]:
        """In the order of the primary key."""
        rows = self.rows
        return [rows[entry[-1]] for entry in self._order]

    def has_index(self, column: str) -> bool:
        return column in self._indexes or column == self.key

    def find(self, column: str, value: Any) -> list[Row]:
        """By an indexed column, in the order of the primary key."""
        if column == self.key:
            row = self.rows.get(value)
            return [row] if row else []
        keys = self._indexes[column].get(value, ())
        rows = [self.rows[key] for key in keys]
        if len(rows) > 1:
            rows.sort(key=self.position)
        return rows

    def first(self, column: str, value: Any) -> Row | None:
        if column == self.key:
            return self.rows.get(value)
        keys = self._indexes[column].get(value)
        return self.rows[next(iter(keys))] if keys else None

    def count(self, column: str, value: Any) -> int:
        return len(self._indexes[column].get(value, ()))

    def stamped_between(self, low: tuple[datetime, bool] | None, high: tuple[datetime, bool] | None) -> Iterable[Row]:
        """Rows whose stamp lies between the bounds, each (moment, inclusive)."""
        start, end = 0, len(self._stamps)
        if low:
            start = bisect_left(self._stamps, (low[0], "" if low[1] else "\uffff"))
        if high:
            end = bisect_right(self._stamps, (high[0], "\uffff" if high[1] else ""))
        return (self.rows[key] for _, key in self._stamps[start:end])

    def position(self, row: Row) -> tuple[Any, ...]:
        """Where the row stands in the order of the primary key; also of rows that are gone."""
        return (*(row[column] for column in self.order), row[self.key])

    def remember(self, listing: str, key: str, row: Row) -> None:
        """The last row sent of a listing, as it was then."""
        self._cursors.pop((listing, key), None)
        self._cursors[listing, key] = row
        if len(self._cursors) > _CURSORS:
            del self._cursors[next(iter(self._cursors))]

    def remembered(self, listing: str, key: str) -> Row | None:
        return self._cursors.get((listing, key))

    def insert(self, row: Row, now: datetime) -> Row:
        if self.stamped:
            row[STAMP] = now
        self._add(row)
        self.journal.add(self, None, row)
        return row

    def modify(self, row: Row, changes: Row, now: datetime) -> Row:
        """Keeps only what really differs; without a difference nothing happens, as the platform has it."""
        changed = {name: value for name, value in changes.items() if row.get(name) != value}
        changed.pop(STAMP, None)
        if not changed:
            return row
        new = {**row, **changed}
        new.pop(PINNED_TAG, None)
        if self.stamped and not changed.keys() <= self.unstamped:
            new[STAMP] = now
        self.replace(row, new)
        return new

    def replace(self, row: Row, new: Row) -> None:
        self._swap(row, new)
        self.journal.add(self, row, new)

    def delete(self, row: Row) -> None:
        self._remove(row)
        self.journal.add(self, row, None)

    def put_back(self, now: Row | None, before: Row | None) -> None:
        """Undo one change."""
        if now is not None and before is not None:
            self._swap(now, before)
        elif now is not None:
            self._remove(now)
            self.gone.pop(now[self.key], None)
        elif before is not None:
            self._add(before)

    def _swap(self, old: Row, new: Row) -> None:
        key = old[self.key]
        self.rows[key] = new
        old_position, position = self.position(old), self.position(new)
        if position != old_position:
            del self._order[bisect_left(self._order, old_position)]
            insort(self._order, position)
        for column, index in self._indexes.items():
            if old[column] != new[column]:
                self._unindex(index, old[column], key)
                index.setdefault(new[column], {})[key] = None
        if self.stamped and old[STAMP] != new[STAMP]:
            del self._stamps[bisect_left(self._stamps, (old[STAMP], key))]
            insort(self._stamps, (new[STAMP], key))

    def _add(self, row: Row) -> None:
        key = row[self.key]
        self.rows[key] = row
        self.gone.pop(key, None)
        insort(self._order, self.position(row))
        for column, index in self._indexes.items():
            index.setdefault(row[column], {})[key] = None
        if self.stamped:
            insort(self._stamps, (row[STAMP], key))

    def _remove(self, row: Row) -> None:
        key = row[self.key]
        del self.rows[key]
        self.gone[key] = row
        self.rendered.pop(key, None)
        del self._order[bisect_left(self._order, self.position(row))]
        for column, index in self._indexes.items():
            self._unindex(index, row[column], key)
        if self.stamped:
            del self._stamps[bisect_left(self._stamps, (row[STAMP], key))]

    @staticmethod
    def _unindex(index: dict[Any, dict[str, None]], value: Any, key: str) -> None:
        keys = index[value]
        del keys[key]
        if not keys:
            del index[value]
