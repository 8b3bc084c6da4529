"""`companies`: the list of companies, read-only, kept beside the companies themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.store.tables import Table

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.store.journal import Journal
    from syncengine.sandbox.back_office.store.session import Session


def company_table(journal: Journal) -> Table:
    return Table("company", "", journal, order=("name",), indexed=("name",), stamped=False)


class CompanyPage(Page):
    def __init__(self, kind: EntityType, table: Table) -> None:
        super().__init__(kind)
        self.own_table = table

    def table(self, session: Session) -> Table:
        return self.own_table

    def key_of(self, text: str) -> str | None:
        """Also by its alternate key: `companies(name='…')`."""
        if text.startswith("name='") and text.endswith("'"):
            row = self.own_table.first("name", text[6:-1].replace("''", "'"))
            return row["id"] if row else None
        return super().key_of(text)
