"""What the options of a mapping are on both sides, read now: choices of a column, or rows of a table."""

from __future__ import annotations

from typing import Any

from syncengine.engine.context import columns_of
from syncengine.errors import UsageError
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import other
from syncengine.service.wiring import Company


def option_rows(company: Company, name: str) -> list[dict[str, Any]]:
    """Raises UsageError where the mapping is none of options."""
    mappings = company.live().mappings
    of_options = [one.name for one in mappings.values() if one.kind == "option"]
    if name not in of_options:
        known = name in mappings
        raise UsageError(
            f"{name} is no mapping of options" if known else f"there is no mapping {name!r}",
            remedy=f"Mappings of options are: {', '.join(of_options) or 'none'}.",
        )
    mapping = mappings[name]
    rows: list[dict[str, Any]] = []
    for side in SIDES:
        view = View(mapping.of(side).table, columns_of(mapping, side))
        documents = [one for page in company.systems()[side].scan(view, ()) for one in page.documents]
        with company.store() as store, store.transaction():
            coupled = store.couplings.by_remote(name, side, [one.id for one in documents])
        for document in documents:
            partners = coupled.get(document.id, ())
            rows.append(
                {
                    "id": document.id,
                    "side": side,
                    "number": document.fields.get(mapping.of(side).number),
                    "values": {column: document.fields.get(column) for column in columns_of(mapping, side)},
                    "coupled_with": [one.remote_id(other(side)) for one in partners],
                }
            )
    return rows
