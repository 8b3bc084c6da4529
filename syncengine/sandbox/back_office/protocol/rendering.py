"""Rows as JSON: properties in page order, the ETag first, selected and expanded as asked for."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.protocol.operation import entity_tag
from syncengine.sandbox.back_office.store.tables import PINNED_TAG
from syncengine.sandbox.exchange import to_json

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table

ETAG = "@odata.etag"
_CENT = Decimal("0.01")


def rendered(page: Page, table: Table, row: Row) -> dict[str, Any]:
    """The whole entity with its ETag; the same dict while the row is the same: copy it to alter it."""
    key = f"{page.kind.name} {row[table.key]}" if page.columns else row[table.key]
    known = table.rendered.get(key)
    if known is not None and known[0] is row:
        entity: dict[str, Any] = known[1]
        return entity
    entity = {ETAG: ""}
    for name, column, write in page.writers:
        entity[name] = write(row[column])
    if "amountIncludingTax" in entity:
        # Keeps the scale of its factors: a captured response has 1000.00 here, and 1000 everywhere else [X].
        amount = row["amountIncludingTax"]
        entity["amountIncludingTax"] = amount.quantize(_CENT) if amount == amount.quantize(_CENT) else amount
    entity[ETAG] = row.get(PINNED_TAG) or _tag(entity)
    table.rendered[key] = (row, entity, entity[ETAG])
    return entity


def _tag(entity: dict[str, Any]) -> str:
    """Computed from the exposed values of the page."""
    return entity_tag(hashlib.blake2b(to_json(entity), digest_size=8).digest())


def tag_of(page: Page, table: Table, row: Row) -> str:
    tag: str = rendered(page, table, row)[ETAG]
    return tag


def chosen(entity: dict[str, Any], select: tuple[str, ...] | None) -> dict[str, Any]:
    """Only the selected properties, in page order; the ETag stays."""
    if select is None:
        return dict(entity)
    wanted = {ETAG, *select}
    return {name: value for name, value in entity.items() if name in wanted}
