"""Everything one run carries with it: the company, both systems, the store, the mappings in order, what it may do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any

from syncengine.engine.counts import RunCounts
from syncengine.engine.hands import InHand
from syncengine.engine.references import StoredReferences
from syncengine.mapping.fold import fold
from syncengine.mapping.model import TableMapping
from syncengine.planner.facts import Facts
from syncengine.planner.rules import Rules
from syncengine.planner.steps import Action
from syncengine.planner.steps import Problem
from syncengine.ports import Clock
from syncengine.ports import Store
from syncengine.ports import Subject
from syncengine.ports import System
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.record import Record
from syncengine.records.values import Side


@dataclass(frozen=True)
class Limits:
    """Seconds and counts that configuration sets under [limits], and the safety limits of [integration]."""

    settle_after_s: float = 600
    gone_confirm_s: float = 60
    quiet_s: float = 0
    overlap_s: float = 600
    chunk: int = 200
    passes: int = 5
    patience_s: float = 30  # the longest Retry-After that a run sleeps out itself
    max_destructive_share: float = 0.2
    max_destructive_floor: int = 10
    max_creates_first_run: int = 0


@dataclass
class Run:
    """One run of one company. `mappings` are in the order of their lookups."""

    id: str
    kind: str
    company: str
    mode: str
    store: Store
    systems: Mapping[Side, System]
    mappings: Mapping[str, TableMapping]
    rules: Mapping[str, Rules]
    facts: Facts
    clock: Clock
    limits: Limits
    counts: RunCounts
    references: StoredReferences
    dry_run: bool = False
    plan: list[Action] = field(default_factory=list)
    joined: set[str] = field(default_factory=set)  # mappings whose load in this run has compared both sides entirely
    lost: Counter[Subject] = field(default_factory=Counter)  # how often written values did not take
    refusals: dict[int, Problem] = field(default_factory=dict)  # why an operation takes its way back
    in_hand: InHand = field(default_factory=InHand)
    refused: dict[Subject, Problem] = field(default_factory=dict)  # what this run tried and a system would not have
    begun: set[tuple[str, str]] = field(default_factory=set)  # mapping, and key of what several share, in the making
    untold: set[Subject] = field(default_factory=set)  # whose problem could not be written where people look
    again_at: datetime | None = None  # when all records that are asked for once more are due
    digests: Mapping[str, str] = field(default_factory=dict)  # of each mapping as it is written in its files
    began_at: float = field(default_factory=time.monotonic)  # of the monotonic clock
    before_writing: Callable[[], None] = lambda: None
    couple_only: set[str] = field(default_factory=set)  # mappings of which this run creates nothing
    waves: list[Mapping[str, Any]] = field(default_factory=list)  # what a full sync did about each mapping, and why
    watched: bool = False  # somebody looks at the progress, so totals are worth a request
    on_progress: Callable[[str, Mapping[str, Any]], None] = lambda _event, _data: None
    stop_asked: Callable[[], bool] = lambda: False

    def view(self, mapping: TableMapping, side: Side) -> View:
        """What is read of a record: everything of an order in the back office, for its archive; else what is mapped,
        and what says whether it is as it must be.
        """
        table = mapping.of(side).table
        lines = mapping.lines
        whole = _read_whole(mapping, side)
        return View(
            table,
            None if whole else tuple(dict.fromkeys((*columns_of(mapping, side), *self._healthy(table, side)))),
            lines.tables[side] if lines else None,
            lines.parents[side] if lines else None,
            None if whole or not lines else line_columns_of(mapping, side),
            beside=self.beside(mapping, side),
        )

    def _healthy(self, table: str, side: Side) -> tuple[str, ...]:
        return tuple(self.facts.traits[side].table(table).healthy)

    def beside(self, mapping: TableMapping, side: Side) -> tuple[str, ...]:
        """The tables beside that hold more of the mapping's documents, as far as it needs them."""
        whole, named = _read_whole(mapping, side), columns_of(mapping, side)
        tables = self.facts.traits[side].table(mapping.of(side).table).beside
        return tuple(one for one in tables if whole or any(column.startswith(f"{one}.") for column in named))

    def record(self, mapping: TableMapping, side: Side, document: Document) -> Record:
        """The document in mapped form. Raises ValueError where a cell cannot be read."""
        return fold(mapping, side, document, self.references)

    def number(self, mapping: TableMapping, side: Side, document: Document | None) -> str:
        """What people call the record."""
        column = mapping.of(side).number
        return str(document.fields.get(column) or "") if document and column else ""


def _read_whole(mapping: TableMapping, side: Side) -> bool:
    return mapping.kind in ("order", "quote") and side == "back_office"


def columns_of(mapping: TableMapping, side: Side) -> tuple[str, ...]:
    """Every header column that the mapping reads on this side, filters and names included."""
    of = mapping.of(side)
    found: dict[str, None] = {}
    for row in mapping.rows.values():
        found |= dict.fromkeys((*row.columns(side), *row.paths(side)))
        if row.sum_to and side == "back_office":
            found[row.sum_to] = None
    for condition in (*of.enters_when, *of.considered_when):
        found[condition.column] = None
    for lines in [mapping.lines] if mapping.lines else []:
        found |= dict.fromkeys(row.sum_to for row in lines.rows.values() if row.sum_to and side == "back_office")
    found |= dict.fromkeys(name for name in (of.number, of.dated, of.scope) if name)
    return tuple(found)


def line_columns_of(mapping: TableMapping, side: Side) -> tuple[str, ...]:
    lines = mapping.lines
    if lines is None:
        return ()
    found: dict[str, None] = {}
    for row in lines.rows.values():
        found |= dict.fromkeys(row.columns(side))
        for one in row.one_of:
            found[one.column(side)] = None
            found |= dict.fromkeys(condition.column for condition in one.when[side])
            found |= dict.fromkeys(one.write.get(side, {}))
    found |= dict.fromkeys(condition.column for condition in lines.only[side])
    if side == "back_office":
        for comments in [lines.comments] if lines.comments else []:
            found |= dict.fromkeys((*comments.line, comments.column))
        for carrying in (row.line for row in mapping.rows.values() if row.line):
            found |= dict.fromkeys((*carrying.line, carrying.value, carrying.times, *carrying.tax))
    return tuple(name for name in found if name)


def tables_of(mappings: Sequence[TableMapping], side: Side) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for mapping in mappings:
        found[mapping.of(side).table] = None
        if mapping.lines:
            found[mapping.lines.tables[side]] = None
    return tuple(found)
