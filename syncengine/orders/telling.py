"""What the seller reads on the order in Sales: its number and state there, or why it does not go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from syncengine.errors import FailureClass
from syncengine.mapping.transforms import DOT
from syncengine.orders import states
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.steps import Problem
from syncengine.records.record import Record
from syncengine.records.values import same

GOES: Final = 1
WAITS: Final = 2
NEEDS_A_PERSON: Final = 3
"""What stands in the status code: the order goes on by itself, waits for something, or for a person."""

LONGEST: Final = 500

NOT_TOLD: Final = frozenset(
    {"gone-unconfirmed", "older-than-known", "resting", "closed-in-sales", "totals-differ", "frozen"}
)
"""Passing, said already by the order's own state, or nothing a seller could do anything about."""


def telling(builder: Builder, problem: Problem) -> Cells:
    """The header cells that tell of a problem; none where they stand there already, or where nobody is to be told."""
    sales = builder.pair.sales
    if not isinstance(sales, Record) or sales.state != states.SUBMITTED or problem.code in NOT_TOLD:
        return {}
    if problem.failure not in (FailureClass.WAITING, FailureClass.PERSON):
        return {}
    waits = problem.failure is FailureClass.WAITING
    text = problem.message if waits else f"needs attention: {problem.message}"
    return changed(builder, status(builder, text, WAITS if waits else NEEDS_A_PERSON))


def status(builder: Builder, words: str, code: int) -> Cells:
    """Status line and status code, as far as the mapping has columns for them."""
    pair, rows = builder.pair, builder.mapping.rows
    order = pair.back_office if isinstance(pair.back_office, Record) else None
    document = states.number_of(order) or states.number_of(pair.base.back_office if pair.base else None)
    text = f"{document}{DOT}{words}" if document else words
    found: Cells = {}
    for name, value in ((states.STATUS_LINE, text[:LONGEST]), (states.STATUS_CODE, code)):
        if name in rows and rows[name].sales:
            found[rows[name].sales[0]] = value
    return found


def changed(builder: Builder, cells: Cells) -> Cells:
    """These cells, unless all of them stand there already."""
    native = builder.pair.record("sales").native
    held = native.fields if native else {}
    return {} if all(same(held.get(column), value) for column, value in cells.items()) else cells


def is_told(groups: Iterable[str]) -> bool:
    """Is it about what only tells people?"""
    return all(group in (states.STATUS_LINE, states.STATUS_CODE) for group in groups)
