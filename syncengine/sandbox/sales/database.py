"""Rows in memory, with versions, indexes, tombstones and an exact way back.

A stored row is never changed in place: every write stores a new dict, so that undoing is putting the old
one back. Versions come from one counter for the whole database ("rowversion"), so those of one table jump.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from bisect import insort
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Iterator
    from datetime import datetime

    from syncengine.sandbox.sales.model import Model

Row = dict[str, Any]


class TableRows:
    """The rows of one table and the ways to find them."""

    def __init__(self, indexed: tuple[str, ...]) -> None:
        self.rows: dict[str, Row] = {}
        self.writes = 0
        self.indexed = indexed
        self.found_by: dict[str, dict[Any, dict[str, None]]] = {name: {} for name in indexed}
        self.stamps: list[tuple[datetime, str]] = []  # (modifiedon, id), ascending
        self.by_version: dict[str, int] = {}  # committed rows, oldest version first
        self.tombstones: list[tuple[int, datetime, str]] = []

    def enter(self, key: str, row: Row) -> None:
        self.writes += 1
        self.rows[key] = row
        for name in self.indexed:
            self.found_by[name].setdefault(folded(row.get(name)), {})[key] = None
        stamp = row.get("modifiedon")
        if stamp is not None:
            insort(self.stamps, (stamp, key))

    def leave(self, key: str) -> Row:
        self.writes += 1
        row = self.rows.pop(key)
        for name in self.indexed:
            value = folded(row.get(name))
            group = self.found_by[name][value]
            del group[key]
            if not group:
                del self.found_by[name][value]
        stamp = row.get("modifiedon")
        if stamp is not None:
            del self.stamps[bisect_left(self.stamps, (stamp, key))]
        return row

    def having(self, column: str, value: Any) -> list[str]:
        """Ids of the rows with this value in an indexed column; text without regard to case."""
        return list(self.found_by[column].get(folded(value), ()))


def folded(value: Any) -> Any:
    """As the database compares text: without regard to case and to trailing blanks."""
    return value.casefold().rstrip(" ") if isinstance(value, str) else value


class Database:
    def __init__(self, model: Model, seed: int) -> None:
        self._steps = random.Random(seed)  # noqa: S311  reproducible on purpose
        self.version = 1_000_000 + seed
        self.tables = {name: TableRows(model.indexed(table)) for name, table in model.tables.items()}
        self._undo: list[tuple[str, str, Row | None]] = []

    def __getitem__(self, table: str) -> TableRows:
        return self.tables[table]

    def get(self, table: str, key: str) -> Row | None:
        return self.tables[table].rows.get(key)

    def find(self, table: str, column: str, value: Any) -> list[Row]:
        """Rows with this value; from the index when there is one."""
        rows = self.tables[table]
        if column in rows.found_by:
            return [rows.rows[key] for key in rows.having(column, value)]
        wanted = folded(value)
        return [row for row in rows.rows.values() if folded(row.get(column)) == wanted]

    @property
    def writes(self) -> int:
        """Grows with every change of any row, undone ones too."""
        return sum(table.writes for table in self.tables.values())

    def next_version(self) -> int:
        self.version += self._steps.randint(1, 3)
        return self.version

    def put(self, table: str, key: str, row: Row) -> None:
        """Insert or replace. The caller has set `versionnumber`."""
        rows = self.tables[table]
        old = rows.leave(key) if key in rows.rows else None
        self._undo.append((table, key, old))
        rows.enter(key, row)

    def drop(self, table: str, key: str) -> None:
        self._undo.append((table, key, self.tables[table].leave(key)))

    @property
    def savepoint(self) -> int:
        return len(self._undo)

    def roll_back(self, savepoint: int = 0) -> None:
        """Everything since the savepoint never happened; versions used up meanwhile stay used."""
        while len(self._undo) > savepoint:
            table, key, old = self._undo.pop()
            rows = self.tables[table]
            if key in rows.rows:
                rows.leave(key)
            if old is not None:
                rows.enter(key, old)

    def commit(self, now: datetime) -> None:
        """Make the writes visible to change tracking: rows in version order, tombstones for what is gone."""
        touched = {(table, key) for table, key, _ in self._undo}
        self._undo.clear()
        if not touched:
            return
        gone = [(table, key) for table, key in touched if key not in self.tables[table].rows]
        live = [
            (self.tables[table].rows[key].get("versionnumber", 0), table, key) for table, key in touched - set(gone)
        ]
        for version, table, key in sorted(live):
            order = self.tables[table].by_version
            if order.get(key) != version:
                order.pop(key, None)
                order[key] = version
        for table, key in sorted(gone):
            self.tables[table].by_version.pop(key, None)
            self.tables[table].tombstones.append((self.next_version(), now, key))

    def reindex(self, table: str, indexed: tuple[str, ...]) -> None:
        """Another set of indexed columns, after an administrator has added a key."""
        old = self.tables[table]
        new = TableRows(indexed)
        for key, row in old.rows.items():
            new.enter(key, row)
        new.by_version, new.tombstones = old.by_version, old.tombstones
        new.writes += old.writes
        self.tables[table] = new

    def changed_since(self, table: str, version: int) -> list[str]:
        """Ids of live rows with a greater version, oldest first; costs as much as there are."""
        newest: list[str] = []
        for key, at in reversed(self.tables[table].by_version.items()):
            if at <= version:
                break
            newest.append(key)
        newest.reverse()
        return newest

    def tombstones_since(self, table: str, version: int) -> list[tuple[int, datetime, str]]:
        """Deletions with a greater version, oldest first."""
        stones = self.tables[table].tombstones
        return stones[bisect_left(stones, version + 1, key=lambda stone: stone[0]) :]

    def rows(self, table: str, keys: Iterable[str] | None = None) -> Iterator[Row]:
        rows = self.tables[table].rows
        return iter(rows.values()) if keys is None else (rows[key] for key in keys if key in rows)
