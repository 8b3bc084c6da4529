"""One operation by one user in one company: what the AL code would call its session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from datetime import datetime

    from syncengine.sandbox.back_office.store.company import Company
    from syncengine.sandbox.back_office.store.journal import Journal
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table
    from syncengine.sandbox.back_office.switches import Switches


@dataclass(frozen=True)
class Session:
    """`now` is the stamp that written rows get, `user` the role of the client."""

    company: Company
    switches: Switches
    journal: Journal
    now: datetime
    user: str

    @property
    def today(self) -> date:
        """The work date."""
        return self.now.date()

    def table(self, name: str) -> Table:
        return self.company.tables[name]

    def insert(self, table: str, row: Row) -> Row:
        return self.company.tables[table].insert(row, self.now)

    def modify(self, table: str, row: Row, changes: Row) -> Row:
        return self.company.tables[table].modify(row, changes, self.now)

    def delete(self, table: str, row: Row) -> None:
        self.company.tables[table].delete(row)

    def new_id(self) -> str:
        return self.company.ids.new()

    def next_number(self, kind: str) -> str:
        return self.company.numbers.draw(kind, gaps=self.switches.number_gaps)
