"""The one-way mode (sales order processing): Sales hands a submitted order over, once, and the back office has it then.

What flows after that flows to Sales: header, status, shipped quantities, and the totals that Sales does not compute
while order processing is on. Lines stay there as they were handed over. Sales locks the order for its sellers; whoever
changes it all the same (reactivated, edited, submitted again) finds a conflict, for nothing is handed over twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import replace

from syncengine.errors import FailureClass
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import grouping
from syncengine.orders import states
from syncengine.orders.price_computation import Entity
from syncengine.orders.price_computation import Event
from syncengine.orders.price_computation import computes
from syncengine.orders.rules import OrderRules
from syncengine.planner.build import LINE_SET
from syncengine.planner.build import Builder
from syncengine.planner.build import target_of
from syncengine.planner.decide import Decided
from syncengine.planner.rules import Built
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.records.record import Record
from syncengine.records.values import Side
from syncengine.records.values import same


class OneWayRules(OrderRules):
    """As `OrderRules`; of `settings` also integration_user, which Sales asks for before it leaves totals alone."""

    sealed: Side | None = "sales"

    def compares(self, row: Row | None, *, line: bool) -> bool:
        return not line or (row is not None and row.to == "sales")

    def review(self, builder: Builder, decided: Decided) -> tuple[tuple[Decision, ...], Problem | None]:
        sales = builder.pair.record("sales")
        kept = tuple(self._kept(builder, sales, one) for one in decided.decisions)
        decisions, problem = super().review(builder, Decided(kept, decided.pairing))
        return decisions, _canceled(sales) or problem or _added(decisions)

    def write(self, builder: Builder, decided: Decided) -> Built:
        built = super().write(builder, decided)
        return replace(built, executes=tuple(one for one in built.executes if one.outcome is not Outcome.KEEP))

    def _kept(self, builder: Builder, sales: Record, decision: Decision) -> Decision:
        """What is not carried to Sales in this mode: changes of lines, and totals while Sales computes them itself."""
        mapping = builder.mapping
        lines = mapping.lines.rows if mapping.lines else {}
        if target_of(decision, lines if decision.line is not None else mapping.rows) != "sales":
            return decision
        rows = _rows_of(mapping, decision)
        if _changed_in_sales(decision):
            return decision  # it was in conflict, and a person took the back office's value
        if decision.line is not None and not any(self.compares(row, line=True) for row in rows):
            reason = f"{decision.reason}; lines stay in Sales as they were handed over"
            return replace(decision, outcome=Outcome.KEEP, reason=reason)
        computed = builder.traits("sales").computed
        if any(set(row.sales[:1]) & computed for row in rows) and self._sales_computes(sales):
            return replace(decision, outcome=Outcome.KEEP, reason="Sales computes this itself")
        return decision

    def _sales_computes(self, sales: Record) -> bool:
        """Would Sales compute totals when we update this order? Order processing is on: without it no run begins."""
        return computes(
            Entity.ORDER,
            Event.UPDATE,
            sop=True,
            integration_user=self.settings.get("integration_user") is True,
            submitted=sales.state == states.SUBMITTED,
            editable=sales.state not in states.CLOSED,
        )


def _canceled(sales: Record) -> Problem | None:
    """The back office has the order: nothing of it is removed because Sales says so."""
    if sales.state != states.CANCELED:
        return None
    return Problem(
        FailureClass.PERSON,
        "canceled-in-sales",
        "the order was canceled in Sales after it had been handed over; the back office still has it",
        "Cancel or finish it in the back office: in one-way mode an order lives there once it has been submitted.",
        "sales",
    )


def _changed_in_sales(decision: Decision) -> bool:
    if "sales" not in decision.base or decision.outcome is Outcome.RESTORE:
        return False
    was, now = decision.base["sales"], decision.sales
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return any(not same(was.get(name), now.get(name)) for name in now)
    return not same(was, now)


def _rows_of(mapping: TableMapping, decision: Decision) -> list[Row]:
    if decision.line is None:
        return [mapping.rows[name] for name in grouping(mapping.rows, mapping.groups).get(decision.group, ())]
    if mapping.lines is None or decision.group == LINE_SET:
        return []
    lines = mapping.lines
    return [lines.rows[name] for name in grouping(lines.rows, lines.groups).get(decision.group, ())]


def _added(decisions: Iterable[Decision]) -> Problem | None:
    if not any(d.group == LINE_SET and d.sales == "present" and isinstance(d.line, str) for d in decisions):
        return None
    return Problem(
        FailureClass.PERSON,
        "line-added-after-hand-over",
        "a line was added in Sales after the order had been handed over; an order is handed over once",
        "Enter the line in the back office, or take it off the order in Sales.",
        "sales",
    )
