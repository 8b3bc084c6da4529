"""Which rows a list answers and in which order: by index where the filter allows, else by a walk over the
table.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.odata import Compare
from syncengine.sandbox.odata import Literal
from syncengine.sandbox.odata import Logic
from syncengine.sandbox.odata import Name
from syncengine.sandbox.odata import Node
from syncengine.sandbox.sales.database import Row
from syncengine.sandbox.sales.database import folded

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable
    from datetime import datetime

    from syncengine.sandbox.sales.conditions import Conditions
    from syncengine.sandbox.sales.conditions import Path
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session


def candidates(conditions: Conditions, node: Node | None) -> list[str] | None:
    """Ids among which all rows of the filter are; None when the whole table must be looked at."""
    match node:
        case Logic("and", operands):
            found = [one for one in (candidates(conditions, o) for o in operands) if one is not None]
            return min(found, key=len) if found else None
        case Logic("or", operands):
            parts = [candidates(conditions, one) for one in operands]
            if any(part is None for part in parts):
                return None
            return list(dict.fromkeys(key for part in parts for key in part or ()))
        case Compare(operator, Name(name), Literal(value)):
            return _by_index(conditions, operator, name, value)
        case _:
            return None


def _by_index(conditions: Conditions, operator: str, name: str, value: Any) -> list[str] | None:
    table = conditions.table
    column = table.properties.get(name)
    if column is None or value is None or "/" in name:
        return None
    rows = conditions.session.db[table.name]
    if operator == "eq":
        stored = conditions.literal(column, value)
        if column.name == table.primary_id:
            return [stored] if stored in rows.rows else []
        return rows.having(column.name, stored) if column.name in rows.found_by else None
    if column.name == "modifiedon" and operator in ("ge", "gt"):
        since = conditions.literal(column, value)
        start = _bisect(rows.stamps, since)
        return [key for _, key in rows.stamps[start:]]
    return None


def _bisect(stamps: list[tuple[datetime, str]], since: datetime) -> int:
    low, high = 0, len(stamps)
    while low < high:
        middle = (low + high) // 2
        if stamps[middle][0] < since:
            low = middle + 1
        else:
            high = middle
    return low


@dataclass(frozen=True)
class Order:
    """How rows are sorted: the columns asked for, then the primary key, so that pages have an edge."""

    paths: tuple[tuple[Path, bool], ...] = ()
    primary_id: str = ""

    @classmethod
    def by(cls, conditions: Conditions, items: Iterable[tuple[str, bool]]) -> Order:
        """Raises DataverseError for an unknown property."""
        paths = tuple((conditions.path(name), descending) for name, descending in items)
        return cls(paths, conditions.table.primary_id)

    def sort(self, rows: Iterable[Row]) -> list[Row]:
        """Null is the smallest value, as in SQL Server."""
        found = sorted(rows, key=itemgetter(self.primary_id))
        for path, descending in reversed(self.paths):
            found.sort(key=_sort_key(path.read), reverse=descending)
        return found

    def edge(self, row: Row) -> list[Any]:
        """What a paging cookie keeps of the last row of a page."""
        return [path.read(row) for path, _ in self.paths] + [row[self.primary_id]]

    def behind(self, edge: list[Any]) -> Callable[[Row], bool]:
        """Is a row after this edge?"""
        fake = dict(enumerate(edge))
        primary_id, paths = self.primary_id, self.paths

        def test(row: Row) -> bool:
            for at, (path, descending) in enumerate(paths):
                left, right = folded(path.read(row)), folded(fake[at])
                if left != right:
                    smaller = left is None or (right is not None and left < right)
                    return smaller is descending
            return bool(row[primary_id] > fake[len(paths)])

        return test


def _sort_key(read: Callable[[Row], Any]) -> Callable[[Row], Any]:
    def key(row: Row) -> tuple[int, Any]:
        value = folded(read(row))
        return (0, 0) if value is None else (1, value)

    return key


def matching(session: Session, table: Table, conditions: Conditions, node: Node | None) -> list[Row]:
    """All rows that the filter lets through, unordered. Raises DataverseError for a filter that cannot be."""
    if node is None:
        return list(session.db[table.name].rows.values())
    test = conditions.compile(node)
    keys = candidates(conditions, node)
    return [row for row in session.db.rows(table.name, keys) if test(row)]
