"""Does a record that we have made hold what it must, before it goes on to its last state?"""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.errors import FailureClass
from syncengine.planner.steps import Problem
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import same


def unhealthy(table: str, side: Side, shown: Mapping[str, Wire], wanted: Mapping[str, Wire]) -> Problem | None:
    told = {c: shown[c] for c in wanted if not is_blank(shown.get(c))}  # what was not computed has not failed
    wrong = {c: value for c, value in told.items() if not same(value, wanted[c])}
    if not wrong:
        return None
    words = ", ".join(f"{column} = {value}" for column, value in wrong.items())
    return Problem(
        FailureClass.PERSON,
        "not-healthy",
        f"the new record in {table} is there, but not as it must be: {words}",
        "Look at it there: a price, a unit or a product is missing. Then `syncengine retry`.",
        side,
    )
