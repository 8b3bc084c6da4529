"""What an order that ends takes with it: changes of the half that is left which were not carried over.

It goes nowhere any more, and is named all the same.
"""

from __future__ import annotations

from dataclasses import replace

from syncengine.mapping.model import TableMapping
from syncengine.planner.decide import decide
from syncengine.planner.decide import policy_of
from syncengine.planner.merge import TOWARDS
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import SIDES


def taken_along(pair: Pair, mapping: TableMapping) -> tuple[Decision, ...]:
    """The changes of the half that is left since both sides last agreed; none where they never did.

    The half that is gone is taken to have stayed as it was then.
    """
    gone = [side for side in SIDES if not isinstance(pair.of(side), Record)]
    if len(gone) != 1 or pair.base is None:
        return ()
    side, was = gone[0], pair.base.of(gone[0])
    pair = replace(pair, sales=was) if side == "sales" else replace(pair, back_office=was)
    found = decide(pair, mapping, lambda group, line: policy_of(mapping, group, line), {}).decisions
    return tuple(
        replace(one, outcome=Outcome.KEEP, reason=f"{one.reason}, and not carried over before the order ended")
        for one in found
        if one.outcome is TOWARDS[side]
    )
