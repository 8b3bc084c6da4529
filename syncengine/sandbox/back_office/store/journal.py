"""What the transaction in progress has changed: to be undone exactly, or told about once it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table


@dataclass(frozen=True)
class Change:
    """One row before and after; None where it did not or does not exist."""

    table: Table
    before: Row | None
    after: Row | None


class Journal:
    def __init__(self) -> None:
        self._entries: list[Change | Callable[[], None]] = []
        self._commits = 0
        self.listeners: list[Callable[[list[Change]], None]] = []

    def add(self, table: Table, before: Row | None, after: Row | None) -> None:
        self._entries.append(Change(table, before, after))

    def add_undo(self, undo: Callable[[], None]) -> None:
        """For what is not a row, such as a number series."""
        self._entries.append(undo)

    def mark(self) -> tuple[int, int]:
        return self._commits, len(self._entries)

    def roll_back(self, mark: tuple[int, int] = (-1, 0)) -> None:
        """To the mark, or to the last commit if that came later."""
        commits, length = mark
        keep = length if commits == self._commits else 0
        while len(self._entries) > keep:
            entry = self._entries.pop()
            if isinstance(entry, Change):
                entry.table.put_back(entry.after, entry.before)
            else:
                entry()

    def commit(self) -> None:
        """Keep everything so far; posting does this in the middle of its work, as the AL code does."""
        changes = [entry for entry in self._entries if isinstance(entry, Change)]
        self._entries.clear()
        self._commits += 1
        if changes:
            for listener in self.listeners:
                listener(changes)


def net(changes: list[Change]) -> dict[tuple[Any, ...], Change]:
    """One change for each row touched, from its first state to its last; none for rows that came and went."""
    merged: dict[tuple[Any, ...], Change] = {}
    for change in changes:
        row = change.after or change.before or {}
        key = (change.table.company, change.table.name, row[change.table.key])
        first = merged.pop(key, None)
        before = first.before if first else change.before
        if before is not None or change.after is not None:
            merged[key] = Change(change.table, before, change.after)
    return merged
