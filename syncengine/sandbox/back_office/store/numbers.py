"""Number series: `S-ORD101001`, `S-ORD101002`, … one for each kind of document or record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.journal import Journal

# Code of the series and its first number, as in the demonstration company.
SERIES = {
    "salesOrder": ("S-ORD", "S-ORD101001"),
    "salesQuote": ("S-QUO", "S-QUO1001"),
    "salesInvoice": ("S-INV", "S-INV102001"),
    "postedInvoice": ("S-INV+", "PS-INV103001"),
    "postedShipment": ("S-SHPT", "S-SHPT102001"),
    "customer": ("CUST", "C00010"),
    "item": ("ITEM", "1000"),
    "contact": ("CONT", "CT000001"),
    "resource": ("RES", "R0010"),
}
_TAIL = re.compile(r"^(.*?)(\d+)$")


class NumberSeries:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._next = {kind: first for kind, (_, first) in SERIES.items()}

    def start(self, kind: str, number: str) -> None:
        """The next number of this kind."""
        self._next[kind] = number

    def draw(self, kind: str, *, gaps: bool) -> str:
        """With `gaps` a number stays used up when the transaction is undone."""
        number = self._next[kind]
        found = _TAIL.match(number)
        if found is None:
            raise ValueError(f"number series of {kind} is at {number!r}, which has no digits to count on")
        head, digits = found.groups()
        self._next[kind] = f"{head}{int(digits) + 1:0{len(digits)}d}"
        if not gaps:
            self._journal.add_undo(lambda: self._next.__setitem__(kind, number))
        return number
