"""A change from Sales to an order of which goods have left: what can still be amended in place, and what cannot.

Such an order is never recreated: its shipments belong to the document. A quantity may not fall under what is shipped,
a shipped line keeps its product and stays, the customer stays; new lines and the rest are written where they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from decimal import Decimal

from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms import number
from syncengine.orders import states
from syncengine.planner.build import LINE_SET
from syncengine.planner.decide import Decided
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Problem
from syncengine.records.record import LinePair
from syncengine.records.record import LineRecord
from syncengine.records.record import Pair
from syncengine.records.values import same

DESCRIPTION = "description"


def hindrance(
    pair: Pair, mapping: TableMapping, decided: Decided, ours: Iterable[Decision], *, lines_locked: bool
) -> Problem | None:
    """Why these decisions cannot be written to an order of which goods have left; None where they can.

    `lines_locked`: the back office refuses every write to lines in the order's state.
    """
    decisions = list(ours)
    causes = list(dict.fromkeys(_causes(pair, mapping, decided, decisions)))
    if causes:
        return _problem(
            "; ".join(causes),
            "Change it back in Sales, or agree with the warehouse and make both orders equal by hand.",
        )
    if lines_locked and any(decision.line is not None for decision in decisions):
        return _problem(
            "the order was changed in Sales after goods were shipped, and while it is released its lines are locked",
            "Reopen the order in the back office: the change is then written there; or change it back in Sales.",
        )
    return None


def _problem(message: str, remedy: str) -> Problem:
    return Problem(FailureClass.PERSON, "shipped-order-changed", message, remedy, "sales")


def _causes(pair: Pair, mapping: TableMapping, decided: Decided, decisions: Iterable[Decision]) -> Iterator[str]:
    pairs = {one.coupling: one for one in decided.pairing.pairs}
    for decision in decisions:
        if decision.line is None:
            if decision.group == states.CUSTOMER:
                yield "the customer was changed in Sales after goods were shipped"
            continue
        one = pairs.get(decision.line) if isinstance(decision.line, int) else None
        line = pair.record("back_office").lines.get(one.back_office) if one else None
        if one is not None and line is not None and _left(line):
            yield from _line_causes(pair, mapping, decision, one, line)


def _line_causes(
    pair: Pair, mapping: TableMapping, decision: Decision, one: LinePair, line: LineRecord
) -> Iterator[str]:
    left = _left(line)
    what = str(line.fields.get(DESCRIPTION) or "") or "a line"
    if decision.group == LINE_SET:
        if decision.sales is None:
            yield f"{what} was removed in Sales, but {_plain(left)} of it are shipped"
        return
    sales = pair.record("sales").lines.get(one.sales)
    members = mapping.lines.groups.get(decision.group, (decision.group,)) if mapping.lines else ()
    if sales is None:
        return
    if states.QUANTITY in members and number(sales.fields.get(states.QUANTITY)) < left:
        wanted = _plain(number(sales.fields.get(states.QUANTITY)))
        yield f"the quantity of {what} was set to {wanted} in Sales, but {_plain(left)} are shipped"
    for name, word in ((states.PRODUCT, "product"), (states.UNIT, "unit")):
        if name in members and not same(sales.fields.get(name), line.fields.get(name)):
            yield f"the {word} of {what} was changed in Sales, but {_plain(left)} of it are shipped"


def _left(line: LineRecord) -> Decimal:
    return max(states.shipped(line), states.invoiced(line))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
