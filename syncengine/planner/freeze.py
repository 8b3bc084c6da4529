"""No ping-pong: a group that goes back and forth between the same two values is left alone, whatever the cause.

A person's edit brings a new value; two systems that each insist on their own bring the same two again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from syncengine.errors import FailureClass
from syncengine.planner.decide import Line
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.records.values import same

Key = tuple[Line, str]

TURNS = 4  # twice in each direction


@dataclass(frozen=True)
class Written:
    """One write of a group, as the history keeps it: its direction and the value that was written."""

    line: Line
    group: str
    outcome: str
    value: Any


def written(decision: Decision | Mapping[str, Any]) -> Written:
    """A decision, or what the history kept of one, as the write it was."""
    if isinstance(decision, Decision):
        outcome, sales, back_office = str(decision.outcome), decision.sales, decision.back_office
        line, group = decision.line, decision.group
    else:
        outcome, sales, back_office = decision["outcome"], decision["sales"], decision["back_office"]
        line, group = decision["line"], decision["group"]
    return Written(line, group, outcome, sales if outcome == Outcome.TO_BACK_OFFICE else back_office)


def back_and_forth(past: Sequence[Sequence[Written]], wanted: Sequence[Decision]) -> frozenset[Key]:
    """The groups of `wanted` that were written twice in each direction with the same two values.

    `past`: the plans of this record that were carried out, oldest first.
    """
    found: set[Key] = set()
    for decision in wanted:
        if decision.outcome not in (Outcome.TO_SALES, Outcome.TO_BACK_OFFICE):
            continue
        now = written(decision)
        turns = [one for plan in past for one in plan if (one.line, one.group) == (now.line, now.group)][-TURNS:]
        if len(turns) == TURNS and _alternate([*turns, now]):
            found.add((now.line, now.group))
    return frozenset(found)


def _alternate(turns: Sequence[Written]) -> bool:
    directions = all(one.outcome != two.outcome for one, two in pairwise(turns))
    return directions and all(same(one.value, two.value) for one, two in zip(turns, turns[2:], strict=False))


def frozen(groups: frozenset[Key]) -> Problem:
    names = ", ".join(sorted({group for _, group in groups}))
    return Problem(
        FailureClass.PERSON,
        "frozen",
        f"written twice in each direction, and both systems set it back: {names}; it is left alone",
        "Something there changes the value by itself (a flow, a rule, a rounding). Make both sides equal, or take the "
        "row out of the mapping; a new value of either side ends this.",
    )
