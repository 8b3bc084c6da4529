"""An order of which one side is gone: posted, closed short, deleted by a person; and what follows on the other side.

Absence alone proves nothing. An order that was shipped cannot be deleted before it is invoiced, so what was posted
comes first: nothing that was delivered is ever opened again. Only where no trace says otherwise, and the order was
not found twice, a person has deleted it, and the mapping's `deleted` says what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms import number
from syncengine.orders import states
from syncengine.orders.recreate import RECHECK
from syncengine.orders.recreate import REMOVE
from syncengine.orders.sales import change_set
from syncengine.orders.telling import GOES
from syncengine.orders.telling import NEEDS_A_PERSON
from syncengine.orders.telling import status
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.rules import Built
from syncengine.planner.steps import Problem
from syncengine.planner.writes import create_record
from syncengine.records.record import LineRecord
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import Side
from syncengine.records.values import same

ZERO = Decimal(0)


@dataclass(frozen=True)
class LineFate:
    """What became of one line: quantities in the unit of the order."""

    ordered: Decimal
    shipped: Decimal
    invoiced: Decimal


@dataclass(frozen=True)
class Fate:
    """By Sales line id."""

    lines: Mapping[str, LineFate]

    @property
    def anything(self) -> bool:
        return any(one.shipped or one.invoiced for one in self.lines.values())

    @property
    def complete(self) -> bool:
        """Was everything delivered? What is shipped and gone has been invoiced: it cannot be deleted before."""
        some = [one for one in self.lines.values() if one.ordered]
        return bool(some) and all(max(one.shipped, one.invoiced) >= one.ordered for one in some)

    @property
    def all_invoiced(self) -> bool:
        """Was everything that left invoiced?"""
        return self.anything and all(one.invoiced >= one.shipped for one in self.lines.values())

    @property
    def any_invoiced(self) -> bool:
        return any(one.invoiced for one in self.lines.values())


def fate_of(pair: Pair) -> Fate:
    """From the last picture of the order, and from what was posted since."""
    if pair.base is None:
        return Fate({})
    found: dict[str, LineFate] = {}
    lines, traces = pair.base.back_office.lines, pair.traces
    for one in pair.line_pairs:
        line = lines.get(one.back_office)
        if line is None:
            continue
        place = str(line.fields.get(states.PLACE) or "")
        found[one.sales] = LineFate(
            number(line.fields.get(states.QUANTITY)),
            max(states.shipped(line), traces.shipped.get(place, ZERO)),
            max(states.invoiced(line), traces.invoiced.get(place, ZERO)),
        )
    return Fate(found)


def gone(builder: Builder) -> Built | Problem | None:
    pair = builder.pair
    if isinstance(pair.sales, Record):
        return _document_gone(builder, pair.sales)
    if isinstance(pair.back_office, Record):
        return _gone_in_sales(builder, pair.back_office)
    return None


# the back office's document is gone


def _document_gone(builder: Builder, sales: Record) -> Built | Problem:
    pair = builder.pair
    agreed = pair.base.sales.state if pair.base else None
    fate = fate_of(pair)
    if pair.base is None and (any(pair.traces.shipped.values()) or any(pair.traces.invoiced.values())):
        return _person(
            "posted-before-agreed",
            "the order was posted in the back office before both sides had agreed on it, and is gone there",
            "Its shipments and invoices tell what was delivered: close the order in Sales as it was, and uncouple it.",
            "back_office",
        )
    if sales.state == states.CANCELED:
        return _canceled(fate)
    if sales.state == states.ACTIVE and (agreed is not None and agreed != states.ACTIVE):
        return _held(agreed, fate)
    if fate.anything:
        return _posted(builder, sales, fate)
    if sales.state in (states.FULFILLED, states.INVOICED):
        return _person(
            f"{sales.state}-in-sales",
            f"the order is {sales.state} in Sales, and in the back office it is gone without anything shipped",
            "Find out whether it was delivered; then uncouple it, or close it in Sales.",
            "back_office",
        )
    if agreed == states.REOPENED:
        return _renew(builder)
    return _deleted(builder, sales)


def _canceled(fate: Fate) -> Built | Problem:
    if fate.anything:
        return _person(
            "canceled-but-posted",
            "the order was canceled in Sales, but goods were shipped or invoiced in the back office",
            "Agree with the back office about a return or a credit memo; then uncouple the order.",
            "sales",
        )
    return Built("close", "canceled in Sales, and gone from the back office")


def _held(agreed: str, fate: Fate) -> Problem:
    if fate.anything:
        return _person(
            "posted-while-held",
            "the order was posted in the back office while it was Active in Sales",
            "Set the order to Submitted in Sales without changes; it is then closed as it was delivered.",
            "back_office",
        )
    if agreed == states.REOPENED:
        return Problem(
            FailureClass.WAITING,
            "reopened",
            "waiting: the order was deleted in the back office and is Active in Sales again",
            "Submit it in Sales to have it created anew, or cancel it there.",
            "sales",
        )
    return Problem(
        FailureClass.WAITING,
        "held",
        "held: the order is Active in Sales, and in the back office it is gone",
        "Submit or cancel the order in Sales.",
        "sales",
    )


def _posted(builder: Builder, sales: Record, fate: Fate) -> Built | Problem:
    pair, mapping = builder.pair, builder.mapping
    closed = sales.state in states.CLOSED and sales.state != (pair.base.sales.state if pair.base else None)
    if pair.base is not None and not closed and edited(mapping, sales, pair.base.sales):
        return _person(
            "posted-and-changed",
            "the order was changed in Sales, but it has been shipped or invoiced in the back office and is gone there",
            "What was delivered stands in its shipments and invoices; change the order back in Sales, or close it.",
            "sales",
        )
    if fate.complete or fate.all_invoiced:
        words = "invoiced" if fate.complete else "closed short, what was shipped is invoiced"
        return _close(builder, sales, fate, states.INVOICED, words)
    if fate.any_invoiced:
        return _close(builder, sales, fate, states.FULFILLED, "closed short, shipped in part")
    return _person(
        "invoice-not-found",
        "goods were shipped and the rest of the order is gone, but no invoice carries its number",
        "Look for it among the combined invoices; then close the order in Sales, and uncouple it.",
        "back_office",
    )


def _close(builder: Builder, sales: Record, fate: Fate, state: str, words: str) -> Built:
    if sales.state in (state, states.INVOICED):
        return Built("close", words)
    header: Cells = {}
    lines: dict[str, Cells] = {}
    if sales.state == states.SUBMITTED:
        header = {**status(builder, words, GOES), **fulfilled_on(builder)}
        lines = {line.id: body for line in sales.lines.values() if (body := _line_body(builder, line, fate))}
    change_set(builder, header, lines, state, partial=state == states.FULFILLED)
    return Built("close", words)


def _line_body(builder: Builder, line: LineRecord, fate: Fate) -> Cells:
    """What was shipped of a line, and what of it will never be."""
    one = fate.lines.get(line.id)
    rows = builder.mapping.lines.rows if builder.mapping.lines else {}
    if one is None:
        return {}
    left = max(one.shipped, one.invoiced)
    body: Cells = {}
    if states.SHIPPED in rows and left != states.shipped(line):
        body[rows[states.SHIPPED].sales[0]] = left
    if states.CANCELED_QUANTITY in rows and one.ordered > left:
        body[rows[states.CANCELED_QUANTITY].sales[0]] = one.ordered - left
    return body


def fulfilled_on(builder: Builder) -> Cells:
    """The day of the last shipment, where it is known and the mapping has a column for it."""
    row, day = builder.mapping.rows.get(states.FULFILLED_ON), builder.pair.traces.last_shipment
    if row is None or not row.sales or day is None:
        return {}
    return {row.sales[0]: row.transform.write("sales", day, (None,))[0]}  # type: ignore[dict-item]


def _not_sent(builder: Builder, sales: Record) -> Cells:
    """Nothing of it is in the back office any more: the day on which it was handed over is emptied."""
    row, held = builder.mapping.rows.get(states.SENT_ON), sales.native.fields if sales.native else {}
    if row is None or not row.sales or states.never_sent(held.get(row.sales[0])):
        return {}
    return {row.sales[0]: None}


def _deleted(builder: Builder, sales: Record) -> Built | Problem:
    """A person deleted it, once it was not found twice: the mapping says what follows."""
    policy = builder.mapping.deleted.get("back_office", "ask")
    if builder.pair.traces.confirm_in_s > 0:
        return _unconfirmed("back office", builder.pair.traces.confirm_in_s)
    if policy == "reopen" and sales.state == states.SUBMITTED:
        words = "deleted in the back office; submit the order again to have it created anew, or cancel it"
        header = {**status(builder, words, NEEDS_A_PERSON), **_not_sent(builder, sales)}
        change_set(builder, header, {}, states.ACTIVE)
        return Built("reopen", "deleted in the back office by a person: opened again in Sales", destructive=True)
    if policy == "cancel":
        change_set(builder, status(builder, "deleted in the back office", GOES), {}, states.CANCELED)
        return Built("cancel", "deleted in the back office by a person: canceled in Sales", destructive=True)
    if policy == "uncouple":
        if sales.state == states.SUBMITTED:
            change_set(builder, status(builder, "deleted in the back office; it is not followed any more", GOES), {})
        return Built("uncouple", "deleted in the back office by a person")
    return _person(
        "order-gone",
        "the order was deleted in the back office: nothing of it was shipped or invoiced",
        "Cancel it in Sales, or set it to Active and submit it again after `syncengine uncouple`.",
        "back_office",
    )


def _renew(builder: Builder) -> Built:
    create_record(builder, "sales")
    return Built("renew", "submitted again after it had been deleted in the back office")


# the Sales order is gone


def _gone_in_sales(builder: Builder, order: Record) -> Built | Problem:
    policy = builder.mapping.deleted.get("sales", "ask")
    if policy == "ask" or states.anything_shipped(order):
        shipped = ", after goods were shipped or invoiced" if states.anything_shipped(order) else ""
        return _person(
            "deleted-in-sales",
            f"the order was deleted in Sales{shipped}",
            "Delete or finish the order in the back office, or uncouple it.",
            "sales",
        )
    if builder.pair.traces.confirm_in_s > 0:
        return _unconfirmed("Sales", builder.pair.traces.confirm_in_s)
    if policy == "uncouple":
        return Built("uncouple", "deleted in Sales")
    return remove(builder, order, "deleted in Sales")


def remove(builder: Builder, order: Record, reason: str) -> Built | Problem:
    """Archive the document and delete it, if it is still what was archived."""
    if order.state == states.IN_REVIEW:
        return in_review()
    reread = builder.add("back_office", "read", target=order.id, role=RECHECK).no
    builder.add("back_office", "delete", target=order.id, expects=reread, role=REMOVE)
    return Built("remove", reason, destructive=True, archive=True)


def in_review() -> Problem:
    return Problem(
        FailureClass.WAITING,
        "in-review",
        "waiting: the order is in review in the back office",
        "Approve or reject it there.",
        "back_office",
    )


def edited(mapping: TableMapping, now: Record, was: Record) -> bool:
    """Has somebody changed what this side has a say in?"""
    header = [row.name for row in mapping.rows.values() if row.compared and row.to is None]
    if any(not same(now.fields.get(name), was.fields.get(name)) for name in header):
        return True
    if mapping.lines is None:
        return False
    if now.lines.keys() != was.lines.keys():
        return True
    names = [row.name for row in mapping.lines.rows.values() if row.compared and row.to is None]
    return any(
        not same(line.fields.get(name), was.lines[line_id].fields.get(name))
        for line_id, line in now.lines.items()
        for name in names
    )


def _unconfirmed(where: str, again_s: float) -> Problem:
    return Problem(
        FailureClass.WAITING,
        "gone-unconfirmed",
        f"waiting: the order was not found in {'the ' if where == 'back office' else ''}{where}; it is asked for again",
        "Nothing to do.",
        again_s=again_s,
    )


def _person(code: str, message: str, remedy: str, side: Side | None = None) -> Problem:
    return Problem(FailureClass.PERSON, code, message, remedy, side)
