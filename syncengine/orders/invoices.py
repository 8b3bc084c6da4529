"""Posted invoices, told to Sales: one each, with its lines, and what became of it since: open, paid, taken back."""

from __future__ import annotations

from syncengine.orders.totals import difference
from syncengine.planner.build import Builder
from syncengine.planner.decide import Decided
from syncengine.planner.merge import NAMES
from syncengine.planner.rules import Built
from syncengine.planner.rules import PlainRules
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.planner.writes import create_record
from syncengine.planner.writes import update_side
from syncengine.records.record import Record
from syncengine.records.values import Side

ACTIVE, PAID, CANCELED = "active", "paid", "canceled"

TOLD = {"open": ACTIVE, "paid": PAID, "canceled": CANCELED, "corrective": CANCELED}
"""What Sales calls the state of a posted invoice. One that a credit memo corrected counts as canceled."""


class InvoiceRules(PlainRules):
    """A posted invoice is frozen; only its state goes on. Sales lets nobody edit one that is paid or canceled."""

    def contradict(self, sales: Record, back_office: Record) -> bool:
        return _wanted(sales, back_office) is not None

    def create(self, builder: Builder, source: Side) -> Built:
        steps = create_record(builder, source)
        state = TOLD.get(builder.pair.record(source).state or "", ACTIVE)
        if state != ACTIVE:
            last = builder.steps[-1].no
            builder.add("sales", "set-state", target=steps[0].target, body={"state": state}, expects=last)
        return Built("create", f"posted in {NAMES[source]}")

    def settled(self, builder: Builder) -> Problem | None:
        return difference(builder)

    def write(self, builder: Builder, decided: Decided) -> Built:
        sales, invoice = builder.pair.record("sales"), builder.pair.record("back_office")
        wanted = _wanted(sales, invoice)
        told = Decision("state", Outcome.TO_SALES, sales.state, wanted or sales.state, f"{invoice.state} there")
        if sales.state != ACTIVE:
            # Closed: its columns cannot be written, and nothing of a posted invoice moves but its state.
            if wanted is None:
                return Built("none", "")
            _set(builder, wanted, sales.version)
            return Built("update", told.reason, (told,))
        steps = update_side(builder, "sales", decided)
        if wanted is None:
            return Built("update", "", decided.decisions)
        _set(builder, wanted, steps[-1].no if steps else sales.version)
        return Built("update", told.reason, (*decided.decisions, told))


def _wanted(sales: Record, invoice: Record) -> str | None:
    """The state that Sales does not show yet."""
    state = TOLD.get(invoice.state or "")
    return state if state != sales.state else None


def _set(builder: Builder, state: str, expects: str | int | None) -> None:
    builder.add("sales", "set-state", target=builder.pair.record("sales").id, body={"state": state}, expects=expects)
