"""Writes to a Sales order as one change set: header, lines, state; and once more with the lock of Submitted opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncengine.orders import states
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.build import again_unlocked
from syncengine.planner.build import change_line
from syncengine.planner.build import line_document
from syncengine.planner.steps import Step
from syncengine.records.values import Wire

FIRST, UNLOCKED = 1, 2  # the two change sets of a write to Sales: as it is, and with the lock opened


def change_set(
    builder: Builder, header: Cells, lines: Mapping[str, Cells], state: str | None = None, *, partial: bool = False
) -> None:
    """All or nothing: the header under its guard, the lines, the state last."""
    sales = builder.pair.record("sales")
    steps: list[Step] = []
    if header:
        steps.append(builder.add("sales", "update", target=sales.id, body=header, expects=sales.version, atomic=FIRST))
    for line_id, body in lines.items():
        steps.append(change_line(builder, "sales", line_document(sales, line_id), body, atomic=FIRST))
    if state is not None:
        steps.append(set_state(builder, state, expects=None if header else sales.version, partial=partial))
    if steps and sales.state == states.SUBMITTED:
        with_lock_opened(builder, steps)


def set_state(builder: Builder, state: str, *, expects: str | None = None, partial: bool = False) -> Step:
    sales = builder.pair.record("sales")
    body: dict[str, Wire] = {"state": state, **({"partial": True} if partial else {})}
    return builder.add("sales", "set-state", target=sales.id, body=body, expects=expects, atomic=FIRST)


def with_lock_opened(builder: Builder, steps: list[Step]) -> None:
    """Once more for a system that holds submitted orders read-only: Active, the same writes, Submitted."""
    closing = [step for step in steps if step.verb == "set-state"]
    changing = [step for step in steps if step.verb != "set-state"]
    if not changing:
        return
    again_unlocked(builder, "sales", changing, (states.ACTIVE, states.SUBMITTED), UNLOCKED)
    for step in closing:
        again = replace(step, no=len(builder.steps) + 1, when="read-only", atomic=UNLOCKED, expects=None)
        builder.steps.append(again)
