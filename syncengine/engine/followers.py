"""Records that belong to another one (notes of an order) go along when that is replaced in the back office, and are
let go with it when it is gone from there.

They are asked for by what they belong to, on the side where that has stayed the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncengine.engine.context import Run
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import TableMapping
from syncengine.ports import Operation
from syncengine.ports import Subject
from syncengine.records.document import View
from syncengine.records.values import Link


def carried(run: Run, operation: Operation, going_along: Sequence[Subject]) -> None:
    """Files that went along with the document are the same records, under the ids of their copies."""
    copies = {
        str(step.body["from"]): receipt.after.id
        for step in operation.steps
        if step.verb == "fill-part" and isinstance(step.target, int)
        and (receipt := operation.receipts.get(step.target)) is not None and receipt.after is not None
    }  # fmt: skip
    held = run.store.couplings.get([one.coupling for one in going_along if one.coupling is not None])
    for number, coupling in held.items():
        if coupling.back_office_id in copies:
            run.store.couplings.move(number, copies[coupling.back_office_id])


def followers(run: Run, mapping: TableMapping, sales_id: str) -> Sequence[Subject]:
    """The coupled records that belong to this one of `mapping`. Asks Sales where a mapping has such records at all."""
    found: list[Subject] = []
    belongs = Link(mapping.sales.table, sales_id)
    for one in run.mappings.values():
        columns = [row.sales[0] for row in one.rows.values() if mapping.name in row.lookup and row.sales]
        if one.deleted.get("back_office") != FOLLOW or not columns:
            continue
        view = View(one.sales.table, (columns[0],))
        ids = [document.id for document in run.systems["sales"].find(view, [{columns[0]: belongs}])[0]]
        with run.store.transaction():
            coupled = run.store.couplings.by_remote(one.name, "sales", ids)
        found += [Subject(one.name, coupling.id) for some in coupled.values() for coupling in some]
    return found
