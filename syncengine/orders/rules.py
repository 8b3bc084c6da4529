"""The life of an order: which orders enter, what may be written in which state, and how a change is carried over."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import replace

from syncengine.errors import FailureClass
from syncengine.mapping.model import Policy
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.orders import states
from syncengine.orders.amend import hindrance
from syncengine.orders.gone import edited
from syncengine.orders.gone import gone
from syncengine.orders.gone import in_review
from syncengine.orders.gone import remove
from syncengine.orders.in_place import can_open
from syncengine.orders.in_place import in_place
from syncengine.orders.recreate import losses
from syncengine.orders.recreate import recreate
from syncengine.orders.restore import restore
from syncengine.orders.sales import FIRST
from syncengine.orders.sales import change_set
from syncengine.orders.sales import set_state
from syncengine.orders.sales import with_lock_opened
from syncengine.orders.telling import is_told
from syncengine.orders.telling import telling
from syncengine.orders.totals import difference
from syncengine.planner.build import LINE_SET
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.build import cut_change_sets
from syncengine.planner.build import header_values
from syncengine.planner.build import target_of
from syncengine.planner.build import update_header
from syncengine.planner.decide import Decided
from syncengine.planner.decide import Line
from syncengine.planner.decide import policy_of
from syncengine.planner.healthy import unhealthy
from syncengine.planner.merge import NAMES
from syncengine.planner.rules import Built
from syncengine.planner.settle import UNFINISHED
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Step
from syncengine.planner.writes import create_record
from syncengine.planner.writes import own_values
from syncengine.planner.writes import update_side
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import Scalar
from syncengine.records.values import Side


class OrderRules:
    """`settings`: sales_ready, on_order_change, recreate_released, write_in_number."""

    sealed: Side | None = None

    def __init__(self, settings: dict[str, object]) -> None:
        self.settings = settings

    def compares(self, row: Row | None, *, line: bool) -> bool:
        return True

    def contradict(self, sales: Record, back_office: Record) -> bool:
        """One that was canceled has no document any more, unless goods have left."""
        return sales.state == states.CANCELED or (sales.state in states.CLOSED and not _in_step(sales, back_office))

    def policy(self, pair: Pair, mapping: TableMapping, group: str, line: Line) -> Policy:
        """Goods are a person's to decide until something is released or shipped; then the back office's."""
        policy = policy_of(mapping, group, line)
        order = pair.record("back_office")
        if (
            policy == "manual"
            and line is not None
            and (order.state == states.RELEASED or states.anything_shipped(order))
        ):
            return "back-office"
        return policy

    def admits(self, pair: Pair, mapping: TableMapping, side: Side) -> Problem | None:
        if side == "sales" and _sent_before(mapping, pair.record("sales")):
            return _person(
                "handed-over-before",
                "the order has been handed over to a back office already, and is coupled with no document",
                "Couple it with its document: `syncengine couple-record`. Where there is none, empty the date "
                "of its last submission to the back office.",
                "sales",
            )
        if (
            side == "sales"
            and self._has_write_in(pair.record("sales"), ())
            and not self.settings.get("write_in_number")
        ):
            return _write_in_unset()
        return None

    def gone(self, builder: Builder) -> Built | Problem | None:
        return gone(builder)

    def restore(self, builder: Builder, version: Record, reason: str) -> Built | Problem:
        return restore(builder, version, reason)

    def settled(self, builder: Builder) -> Problem | None:
        return difference(builder)

    def differs(self, sales: Record, back_office: Record) -> Problem | None:
        return None  # nothing shares an order

    def tell(self, builder: Builder, problem: Problem) -> None:
        cells = telling(builder, problem)
        if cells:
            change_set(builder, cells, {})

    def review(self, builder: Builder, decided: Decided) -> tuple[tuple[Decision, ...], Problem | None]:
        pair, mapping, decisions = builder.pair, builder.mapping, decided.decisions
        if any(d.outcome is Outcome.CONFLICT for d in decisions):
            decisions = tuple(_left_told(d) for d in decisions)
        sales, order = pair.record("sales"), pair.record("back_office")
        problem = self._state_of_sales(builder, sales, order)
        if problem is None and sales.state == states.CANCELED:
            ended = tuple(_ended(d) for d in decisions)
            return ended, in_review() if order.state == states.IN_REVIEW else None
        if problem is None:
            problem = self._currency(mapping, decisions)
        if problem is None:
            problem = self._back_office(builder, replace(decided, decisions=decisions))
        if problem is None and sales.state in states.CLOSED and _writing(mapping, decisions):
            problem = _person(
                "closed-in-sales",
                f"the order is {sales.state} in Sales and changed after that",
                "Look at both orders; what changed is shown by `syncengine explain`.",
            )
        if problem is None and self._has_write_in(sales, decisions) and not self.settings.get("write_in_number"):
            problem = _write_in_unset()
        return decisions, problem

    def create(self, builder: Builder, source: Side) -> Built:
        steps = create_record(builder, source)
        if source == "sales":
            return Built("create", "new in Sales", predicted=_number_back(builder, after=steps[0].no))
        builder.add(
            "sales",
            "set-state",
            target=steps[0].target,
            body={"state": states.SUBMITTED},
            expects=steps[0].no,
        )
        return Built("create", f"new in {NAMES[source]}")

    def write(self, builder: Builder, decided: Decided) -> Built:
        mapping = builder.mapping
        if builder.pair.record("sales").state == states.CANCELED:
            removed = remove(builder, builder.pair.record("back_office"), "canceled in Sales")
            assert isinstance(removed, Built)  # noqa: S101  in review was asked before
            return removed
        to_back_office = [d for d in decided.decisions if _target(mapping, d) == "back_office"]
        rebuilds = bool(to_back_office) and self._must_recreate(builder, to_back_office)
        if to_back_office and (rebuilds or _needs_opening(builder)) and can_open(builder, to_back_office):
            reason = "; ".join(dict.fromkeys(f"{d.group}: {d.reason}" for d in to_back_office))
            in_place(builder, decided)
            return Built("amend", reason, tuple(to_back_office), archive=True)
        if rebuilds:
            executes = recreate(builder, decided)
            reason = "; ".join(dict.fromkeys(f"{d.group}: {d.reason}" for d in executes))
            return Built(
                "recreate",
                reason,
                executes,
                destructive=True,
                archive=True,
                predicted=_number_back(builder, after=1),
                loses=losses(builder),
            )
        update_side(builder, "back_office", decided)
        return Built("update", "", self._write_to_sales(builder, decided))

    # what stands in the way

    def _state_of_sales(self, builder: Builder, sales: Record, order: Record) -> Problem | None:
        pair = builder.pair
        agreed = pair.base.sales.state if pair.base else None
        if sales.state in states.CLOSED and sales.state != agreed and not _in_step(sales, order):
            shipped = ", after goods were shipped" if states.anything_shipped(order) else ""
            return _person(
                f"{sales.state}-in-sales",
                f"the order was set to {sales.state} in Sales by a person{shipped}",
                "Decide in the back office what is to become of the order there.",
                "sales",
            )
        if _unfinished(builder):
            fields = sales.native.fields if sales.native else {}
            return unhealthy(builder.mapping.sales.table, "sales", fields, builder.traits("sales").healthy)
        if sales.state == states.ACTIVE and states.ACTIVE not in self._ready():
            if pair.base is not None and _shipped_since(order, pair.base.back_office):
                return _person(
                    "shipped-while-held",
                    "goods were shipped while the order was Active in Sales; nothing is written until it is submitted",
                    "Submit the order in Sales; agree about its changes with whoever shipped it.",
                    "back_office",
                )
            return Problem(
                FailureClass.WAITING,
                "held",
                "held: the order is Active in Sales; nothing is written until it is submitted again",
                "Submit the order in Sales.",
                "sales",
            )
        return None

    def _ready(self) -> Sequence[str]:
        ready = self.settings.get("sales_ready", ())
        return ready if isinstance(ready, (list, tuple)) else ()

    def _currency(self, mapping: TableMapping, decisions: Iterable[Decision]) -> Problem | None:
        for decision in decisions:
            if decision.group == states.CURRENCY and _target(mapping, decision) == "sales":
                return _person(
                    "currency-changed",
                    "the currency was changed in the back office; in Sales it is fixed when the order is created",
                    "Change it back, or cancel the order in Sales and let it be created again.",
                    "back_office",
                )
        return None

    def _back_office(self, builder: Builder, decided: Decided) -> Problem | None:
        pair, mapping = builder.pair, builder.mapping
        order = pair.record("back_office")
        ours = [d for d in decided.decisions if _target(mapping, d) == "back_office"]
        if not ours:
            return None
        if order.state == states.IN_REVIEW:
            return in_review()
        if states.anything_shipped(order):
            locked = (order.state or "") in builder.traits("back_office").lines_locked
            return hindrance(pair, mapping, decided, ours, lines_locked=locked and not can_open(builder, ours))
        recreating = any(_recreates(mapping, d) for d in ours)
        if recreating and order.state == states.RELEASED and not self.settings.get("recreate_released", True):
            return _person(
                "released-order-changed",
                "the order was changed in Sales after it was released, and recreate_released is off",
                "Reopen the order in the back office, or change it back in Sales.",
                "sales",
            )
        return None

    def _must_recreate(self, builder: Builder, decisions: Sequence[Decision]) -> bool:
        """By the mapping's word, or because the back office refuses these columns in the order's state.

        Never once goods have left: their shipments belong to the document, and what can be amended is amended.
        """
        if states.anything_shipped(builder.pair.record("back_office")):
            return False
        if self.settings.get("on_order_change") == "archive-and-recreate" and any(
            _recreates(builder.mapping, d) for d in decisions
        ):
            return True
        order, traits = builder.pair.record("back_office"), builder.traits("back_office")
        state = order.state or ""
        values = header_values(builder, "back_office", decisions)
        rows = [builder.mapping.rows[name] for name in values]
        if state in traits.lines_locked and (
            any(d.line is not None for d in decisions) or any(row.line is not None for row in rows)
        ):
            return True
        locked = traits.locked.get(state, frozenset())
        return any(locked & set(row.back_office) for row in rows)

    # writing to Sales

    def _write_to_sales(self, builder: Builder, decided: Decided) -> tuple[Decision, ...]:
        sales, order = builder.pair.record("sales"), builder.pair.record("back_office")
        steps = update_side(builder, "sales", decided, atomic=FIRST, also=_first_told(builder))
        executes = decided.decisions
        if _unfinished(builder):
            guard = None if any(step.verb == "update" for step in steps) else sales.version
            set_state(builder, states.SUBMITTED, expects=guard)
            cut_change_sets(builder, "sales")
            return (*executes, Decision("state", Outcome.TO_SALES, sales.state, states.SUBMITTED, "made whole"))
        # A write of many lines goes out in several change sets; the state follows it, with a guard of its own.
        fits = len(steps) < builder.traits("sales").change_set
        if sales.state == states.SUBMITTED and states.completely_shipped(order) and fits:
            steps = self._fulfil(builder, steps)
            executes += (Decision("state", Outcome.TO_SALES, sales.state, states.FULFILLED, "completely shipped"),)
        elif sales.state == states.FULFILLED and states.completely_invoiced(order):
            steps = [set_state(builder, states.INVOICED, expects=sales.version)]
            executes += (Decision("state", Outcome.TO_SALES, sales.state, states.INVOICED, "completely invoiced"),)
        if steps and sales.state == states.SUBMITTED:
            with_lock_opened(builder, steps)
        cut_change_sets(builder, "sales")
        return executes

    def _fulfil(self, builder: Builder, steps: list[Step]) -> list[Step]:
        """The action takes no guard of its own: a guarded write of the header goes first in the same change set."""
        sales = builder.pair.record("sales")
        if not any(step.verb == "update" for step in steps):
            guard = _guard_values(builder)
            before = list(builder.steps)
            builder.steps[:] = [step for step in before if step not in steps]
            update_header(builder, "sales", guard, expects=sales.version, atomic=FIRST)
            for step in steps:
                builder.steps.append(replace(step, no=len(builder.steps) + 1))
            steps = [step for step in builder.steps if step.side == "sales"]
        return [*steps, set_state(builder, states.FULFILLED)]

    def _has_write_in(self, sales: Record, decisions: Iterable[Decision]) -> bool:
        """Does a Sales line that is new to the back office name its product by text?"""
        new = {d.line for d in decisions if d.group == LINE_SET and isinstance(d.line, str)}
        return any(
            isinstance(line.fields.get(states.PRODUCT), str)
            for line in sales.lines.values()
            if not decisions or line.id in new
        )


def _unfinished(builder: Builder) -> bool:
    """Did we make it, and not get it to Submitted? Somebody who has edited it since submits it as well."""
    pair, sales = builder.pair, builder.pair.record("sales")
    if pair.base is None or pair.base.sales.state != UNFINISHED or sales.state != states.ACTIVE:
        return False
    return not edited(builder.mapping, sales, pair.base.sales)


def _sent_before(mapping: TableMapping, sales: Record) -> bool:
    row = mapping.rows.get(states.SENT_ON)
    held = sales.native.fields if sales.native else {}
    return row is not None and any(not states.never_sent(held.get(column)) for column in row.columns("sales"))


def _first_told(builder: Builder) -> Cells:
    """Constants that are written once (when it was handed over), along with the first thing that is written."""
    native = builder.pair.record("sales").native
    held = native.fields if native else {}
    constants = own_values(builder, "sales", chosen=False)
    return {column: value for column, value in constants.items() if states.never_sent(held.get(column))}


def _guard_values(builder: Builder) -> dict[str, Scalar]:
    """A header value that is the back office's own word, written once more to carry the guard."""
    rows = builder.mapping.rows.values()
    row = next(row for row in rows if row.compared and row.to == "sales")
    return {row.name: builder.pair.record("back_office").fields.get(row.name)}


def _number_back(builder: Builder, after: int) -> tuple[Step, ...]:
    """What will follow in Sales once the new document has answered: its number and state, and each line's share."""
    mapping, sales = builder.mapping, builder.pair.record("sales")
    rows = [row for row in mapping.rows.values() if row.compared and row.to == "sales" and row.columns("sales")]
    told = {row.columns("sales")[0]: f"(answer of step {after})" for row in rows} | _first_told(builder)
    no = len(builder.steps) + 1
    header = Step(no, "sales", "update", mapping.sales.table, sales.id, body=told, expects=sales.version, atomic=FIRST)
    if mapping.lines is None:
        return (header,)
    line_rows = [row for row in mapping.lines.rows.values() if row.to == "sales" and row.columns("sales")]
    told = {row.columns("sales")[0]: f"(answer of step {after})" for row in line_rows}
    lines = [
        Step(no + at, "sales", "update-line", mapping.lines.tables["sales"], line.id, sales.id, told,
             expects=line.version, when="moved", atomic=FIRST)
        for at, line in enumerate(sales.lines.values(), start=1)
    ]  # fmt: skip
    return (header, *lines)


def _in_step(sales: Record, order: Record) -> bool:
    """Does the state a person set say what the back office says too?"""
    if sales.state == states.CANCELED:
        return not states.anything_shipped(order)  # the document is archived and removed
    if sales.state == states.FULFILLED:
        return states.completely_shipped(order)
    return states.completely_invoiced(order)


def _needs_opening(builder: Builder) -> bool:
    """Goods have left, so it cannot be recreated, and in its state its lines are locked."""
    order = builder.pair.record("back_office")
    return states.anything_shipped(order) and (order.state or "") in builder.traits("back_office").lines_locked


def _shipped_since(order: Record, picture: Record) -> bool:
    shipped = {line_id: states.shipped(line) for line_id, line in picture.lines.items()}
    return any(states.shipped(line) > shipped.get(line_id, 0) for line_id, line in order.lines.items())


def _left_told(decision: Decision) -> Decision:
    """While a conflict is open, the status line tells of it."""
    if decision.line is None and is_told([decision.group]) and decision.outcome is not Outcome.AGREE:
        return replace(decision, outcome=Outcome.KEEP, reason="the conflict is told there")
    return decision


def _ended(decision: Decision) -> Decision:
    """Nothing is carried to or from an order that ends; what somebody changed last stands in its archived version."""
    if decision.outcome is Outcome.AGREE:
        return decision
    return replace(decision, outcome=Outcome.KEEP, reason=f"{decision.reason}; the order was canceled in Sales")


def _target(mapping: TableMapping, decision: Decision) -> Side | None:
    lines = mapping.lines.rows if mapping.lines else {}
    return target_of(decision, lines if decision.line is not None else mapping.rows)


def _writing(mapping: TableMapping, decisions: Iterable[Decision]) -> bool:
    return any(_target(mapping, d) is not None for d in decisions)


def _recreates(mapping: TableMapping, decision: Decision) -> bool:
    name = f"lines.{decision.group}" if decision.line is not None else decision.group
    return name in mapping.recreates


def _person(code: str, message: str, remedy: str, side: Side | None = None) -> Problem:
    return Problem(FailureClass.PERSON, code, message, remedy, side)


def _write_in_unset() -> Problem:
    return _person(
        "write-in-unset",
        "the order has a write-in line, and no setting says which item stands for it in the back office",
        "Set [back_office] write_in, or replace the line by a product.",
        "back_office",
    )
