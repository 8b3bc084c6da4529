"""Filters as data: evaluated here on what was read, and translated by a connector where its server takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

from syncengine.records.document import Document
from syncengine.records.values import Link
from syncengine.records.values import Wire
from syncengine.records.values import is_blank

STATE = "$state"  # the neutral state word of a document, readable like a column
LATE = "$late"  # … and the day its goods leave, where that is after the day asked for
PROGRESS = "$progress"  # … and the word for how far its goods have left
HEADER = "header."  # what follows is a column of the document, readable on each of its lines


@dataclass(frozen=True)
class Condition:
    """One column's condition: any of `any_of`, none of `none_of`, within the bounds, blank or not. All must hold."""

    column: str
    any_of: tuple[Wire, ...] = ()
    at_least: Any = None
    at_most: Any = None
    blank: bool | None = None
    none_of: tuple[Wire, ...] = ()


Filter = tuple[Condition, ...]


def cell(document: Document, column: str) -> Wire:
    """The value of a column; `$state` and `$progress` are the neutral words, `$late` is a day."""
    if column == STATE:
        return document.state
    if column == LATE:
        return document.late
    return document.progress if column == PROGRESS else document.fields.get(column)


def admits(wanted: Filter, document: Document) -> bool:
    return all(_holds(condition, cell(document, condition.column)) for condition in wanted)


def admits_cells(wanted: Filter, value_of: Callable[[str], Wire]) -> bool:
    return all(_holds(condition, value_of(condition.column)) for condition in wanted)


def _holds(condition: Condition, value: Wire) -> bool:
    if isinstance(value, Link):
        value = value.id
    if condition.blank is not None and is_blank(value) != condition.blank:
        return False
    if condition.any_of and not any(_equal(value, one) for one in condition.any_of):
        return False
    if any(_equal(value, one) for one in condition.none_of):
        return False
    if condition.at_least is not None and (value is None or value < condition.at_least):
        return False
    return condition.at_most is None or (value is not None and bool(value <= condition.at_most))


def _equal(value: Wire, wanted: Wire) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return bool(value) == bool(wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    if isinstance(value, datetime) and isinstance(wanted, date) and not isinstance(wanted, datetime):
        value = value.date()
    return value == wanted or (is_blank(value) and is_blank(wanted))
