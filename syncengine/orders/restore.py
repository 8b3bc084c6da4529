"""An earlier version of the back office's document brought back, as a new change of that side.

It is a recreate whose content comes from the archive: what is there now is archived first, and what differs flows to
Sales afterwards like any edit of a clerk.
"""

from __future__ import annotations

from typing import Final

from syncengine.errors import FailureClass
from syncengine.orders import states
from syncengine.orders.gone import in_review
from syncengine.orders.recreate import losses
from syncengine.orders.recreate import recreate
from syncengine.planner.build import Builder
from syncengine.planner.decide import Decided
from syncengine.planner.lines import Pairing
from syncengine.planner.lines import pair_lines
from syncengine.planner.rules import Built
from syncengine.planner.steps import Problem
from syncengine.records.record import LinePair
from syncengine.records.record import Record

NEVER: Final = "not-restorable"
"""The code of the problem with which a wish ends."""


def restore(builder: Builder, version: Record, reason: str) -> Built | Problem:
    pair = builder.pair
    sales, order = pair.record("sales"), pair.record("back_office")
    if states.anything_shipped(order) or sales.state in states.CLOSED:
        return Problem(
            FailureClass.PERSON,
            NEVER,
            "goods of the order have left, so that no earlier version of it can be brought back",
            "Correct the order in the back office by hand; then `syncengine retry`.",
            "back_office",
        )
    if order.state == states.IN_REVIEW:
        return in_review()
    recreate(builder, Decided((), _paired(builder, version)), taken_from=version.native)
    return Built("recreate", reason, destructive=True, archive=True, loses=losses(builder))


def _paired(builder: Builder, version: Record) -> Pairing:
    """Which line of Sales each line of the version stands for, told by the lines of today that are like it."""
    pair, lines = builder.pair, builder.mapping.lines
    if lines is None:
        return Pairing()
    today = pair.record("back_office").lines
    alike = pair_lines((), today, version.lines, {}, {}, lines.pair_by, has_base=False)
    partners = {one.back_office: one for one in pair.line_pairs}
    return Pairing(
        tuple(
            LinePair(partners[one.sales].coupling, partners[one.sales].sales, one.back_office)
            for one in alike.pairs
            if one.sales in partners
        )
    )
