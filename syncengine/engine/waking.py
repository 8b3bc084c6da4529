"""An invoice wakes its order: the document of an order that is invoiced whole is gone, and no poll shows that."""

from __future__ import annotations

from collections.abc import Iterable

from syncengine.engine.context import Run
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Action
from syncengine.ports import Subject
from syncengine.records.record import Record
from syncengine.records.values import Ref


def wake_orders(run: Run, mapping: TableMapping, actions: Iterable[Action]) -> None:
    """Of invoices that something is to be written for: their orders are looked at in this run, swept or not."""
    if mapping.kind != "invoice":
        return
    orders = {one.name for one in run.mappings.values() if one.kind == "order"}
    named: dict[int, str] = {}
    for action in actions:
        invoice = action.pair.back_office
        if not action.steps or not isinstance(invoice, Record):
            continue
        for value in invoice.fields.values():
            if isinstance(value, Ref) and value.coupling is not None and value.mapping in orders:
                named[value.coupling] = value.mapping
    for coupling in run.store.couplings.get(sorted(named)).values():
        if coupling.status == "coupled":
            run.store.work.add(Subject(named[coupling.id], coupling.id))
