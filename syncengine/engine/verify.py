"""Verify: reads both live systems and reports every difference, each confirmed by reading that record again.

Nothing is taken from tokens or stamps; they only tell whether a difference is on its way already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal

from syncengine.engine.context import Run
from syncengine.engine.entering import in_time
from syncengine.engine.sharing import SHARING
from syncengine.engine.sharing import stood_for
from syncengine.errors import FailureClass
from syncengine.mapping.filters import admits
from syncengine.mapping.fold import read_row
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.planner.merge import agree
from syncengine.planner.rules import Rules
from syncengine.planner.settle import tokens
from syncengine.ports import Coupling
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import other

Reason = Literal["in-flight", "waiting", "conflict", "filtered", "unexplained"]

MISSING, DUPLICATE = "(missing)", "(duplicate)"


@dataclass(frozen=True)
class Difference:
    """`group` is a row, "set" for a line that only one side has, (missing) or (duplicate) for a whole record."""

    mapping: str
    record: Mapping[str, Any]
    group: str
    line: int | str | None
    sales: Any
    back_office: Any
    reason: Reason
    listed: bool = False  # it waits for a person, who is told what to do

    @property
    def counts(self) -> bool:
        """Does it stand in the way of agreement? A partner that comes by itself does not."""
        return self.listed or not (self.group == MISSING and self.reason in ("waiting", "in-flight"))


@dataclass
class Verified:
    compared: int = 0
    filtered: int = 0
    differences: list[Difference] = field(default_factory=list)


Read = dict[Side, Mapping[str, Document | Gone]]


def verify(run: Run, mapping: TableMapping, found: Verified, *, repair: bool = False) -> None:
    """Compare every coupled record of a mapping, then look for missing partners and duplicates."""
    after = 0
    while not run.stop_asked():
        with run.store.transaction():
            some = run.store.couplings.after(mapping.name, after, run.limits.chunk)
        if not some:
            break
        after = some[-1].id
        _chunk(run, mapping, some, found, repair=repair)
    if mapping.create != "none":
        for side in SIDES:
            if mapping.creates(other(side)):
                _missing(run, mapping, side, found)
    if mapping.correlation:
        _duplicates(run, mapping, found)


def _chunk(run: Run, mapping: TableMapping, some: Sequence[Coupling], found: Verified, *, repair: bool) -> None:
    suspects = []
    for coupling, differences in _compared(run, mapping, some):
        found.compared += 1
        if differences:
            suspects.append(coupling)
    if not suspects:
        return
    # A difference may be an edit that was under way between the two reads: only what stays is one.
    for coupling, differences in _compared(run, mapping, suspects):
        found.differences += differences
        if differences and repair:
            with run.store.transaction():
                run.store.work.add(Subject(mapping.name, coupling.id))


def _compared(run: Run, mapping: TableMapping, some: Sequence[Coupling]) -> Iterator[tuple[Coupling, list[Difference]]]:
    read: Read = {
        side: run.systems[side].read(run.view(mapping, side), [one.remote_id(side) for one in some]) for side in SIDES
    }
    run.references.clear()
    with run.store.transaction():
        documents = [(side, d) for side in SIDES for d in read[side].values() if isinstance(d, Document)]
        run.references.preload(mapping, documents)
        for coupling in some:
            yield coupling, list(_differences(run, mapping, coupling, read))


def _differences(run: Run, mapping: TableMapping, coupling: Coupling, read: Read) -> Iterator[Difference]:
    documents = {side: read[side].get(coupling.remote_id(side)) for side in SIDES}
    named = {
        "sales": coupling.sales_id,
        "back_office": coupling.back_office_id,
        "number": coupling.sales_number or coupling.back_office_number,
    }
    for side in SIDES:
        if not isinstance(documents[side], Document):
            shown = {side: None, other(side): "present"}
            reason = _reason(run, mapping, coupling, None, None, None)
            yield Difference(mapping.name, named, MISSING, None, shown["sales"], shown["back_office"], reason)
            return
    records: dict[Side, Record] = {}
    for side, document in documents.items():
        try:
            records[side] = run.record(mapping, side, document)  # type: ignore[arg-type]
        except ValueError as error:
            yield Difference(mapping.name, named, str(error), None, None, None, "unexplained")
            return
    for group, line, sales, back_office in _unequal(run.rules[mapping.name], mapping, coupling, records):
        reason = _reason(run, mapping, coupling, records, group, line)
        yield Difference(mapping.name, named, group, line, sales, back_office, reason)


def _unequal(
    rules: Rules, mapping: TableMapping, coupling: Coupling, records: Mapping[Side, Record]
) -> Iterator[tuple[str, int | str | None, Any, Any]]:
    sales, back_office = records["sales"], records["back_office"]
    for row in _rows(rules, mapping.rows, line=False):
        one, two = sales.fields.get(row.name), back_office.fields.get(row.name)
        if not agree(row, one, two):
            yield row.name, None, one, two
    if mapping.lines is None:
        return
    paired: dict[Side, set[str]] = {"sales": set(), "back_office": set()}
    for pair in coupling.line_pairs:
        here, there = sales.lines.get(pair.sales), back_office.lines.get(pair.back_office)
        paired["sales"].add(pair.sales)
        paired["back_office"].add(pair.back_office)
        if here is None and there is None:
            continue
        if here is None or there is None:
            if rules.compares(None, line=True):
                yield "set", pair.coupling, "present" if here else None, "present" if there else None
            continue
        for row in _rows(rules, mapping.lines.rows, line=True):
            one, two = here.fields.get(row.name), there.fields.get(row.name)
            if not agree(row, one, two):
                yield row.name, pair.coupling, one, two
    if not rules.compares(None, line=True):
        return
    for line_id in sales.lines.keys() - paired["sales"]:
        yield "set", line_id, "present", None
    for line_id in back_office.lines.keys() - paired["back_office"]:
        yield "set", line_id, None, "present"


def _rows(rules: Rules, rows: Mapping[str, Row], *, line: bool) -> Iterator[Row]:
    """Compared rows, and those that are only checked."""
    wanted = (row for row in rows.values() if row.compared or row.check == "equal")
    return (row for row in wanted if rules.compares(row, line=line))


def _reason(
    run: Run,
    mapping: TableMapping,
    coupling: Coupling,
    records: Mapping[Side, Record] | None,
    group: str | None,
    line: int | str | None,
) -> Reason:
    subject = Subject(mapping.name, coupling.id)
    if subject in run.store.journal.busy(mapping.name):
        return "in-flight"
    state = run.store.work.state(subject)
    if group is not None and run.store.conflicts.covers(coupling.id, _groups(mapping, group, line), line):
        return "conflict"
    if state in ("skipped", "excluded"):
        return "filtered"  # a person has set it aside
    if state is not None:
        return "in-flight" if state == "pending" else "waiting"
    if records is not None:
        for side in SIDES:
            known = coupling.tokens.get(side, {})
            if any(known.get(key) != token for key, token in tokens(records[side]).items()):
                return "in-flight"
    return "unexplained"


def _groups(mapping: TableMapping, row: str, line: int | str | None) -> list[str]:
    """The row itself and the group that holds it: conflicts are named by group."""
    groups = mapping.groups if line is None else (mapping.lines.groups if mapping.lines else {})
    return [row, *(group for group, members in groups.items() if row in members)]


def _missing(run: Run, mapping: TableMapping, side: Side, found: Verified) -> None:
    """Records that should have entered from this side and have no partner."""
    of = mapping.of(side)
    whole = run.view(mapping, side)
    view = View(whole.table, whole.columns)
    for page in run.systems[side].scan(view, of.considered_when):
        ids = [document.id for document in page.documents]
        shared = stood_for(run, mapping, page.documents) if mapping.kind in SHARING else frozenset()
        with run.store.transaction():
            coupled = run.store.couplings.brief(mapping.name, side, ids)
            known = run.store.couplings.known(mapping.name, side, [one for one in ids if one not in coupled])
            for document in page.documents:
                if document.id in coupled or document.id in known:
                    continue
                # Not every filter is one that the server takes.
                inside = admits((*of.considered_when, *of.enters_when), document)
                outside = not inside or not in_time(run, mapping, side, document)
                if outside or document.id in shared or _left(run, mapping, side, document):
                    found.filtered += 1
                    continue
                subject = Subject(mapping.name, None, side, document.id)
                if run.store.work.state(subject) in ("skipped", "excluded"):
                    found.filtered += 1
                    continue
                shown = {side: "present", other(side): None}
                found.differences.append(
                    Difference(
                        mapping.name,
                        {side: document.id, other(side): None, "number": run.number(mapping, side, document)},
                        MISSING,
                        None,
                        shown["sales"],
                        shown["back_office"],
                        _why_missing(run, subject),
                        listed=run.store.work.state(subject) == str(FailureClass.PERSON),
                    )
                )


def _left(run: Run, mapping: TableMapping, side: Side, document: Document) -> bool:
    """Does it belong to a record that is not coupled, or has ended, and so stays where it is?"""
    for row in mapping.rows.values():
        value = read_row(row, side, document, {}, run.references) if row.is_reference and row.columns(side) else None
        if not isinstance(value, Ref):
            continue
        if value.coupling is None and row.on_missing == "leave":
            return True
        if value.coupling is not None and row.writes_to(other(side)) and _ended(run, value, other(side)):
            return True
    return False


def _ended(run: Run, value: Ref, side: Side) -> bool:
    return run.references.target(value, side) is None


def _why_missing(run: Run, subject: Subject) -> Reason:
    """Not coupled: waits for something or for a person, is about to be taken in, or nobody knows."""
    state = run.store.work.state(subject)
    if state == "pending" or subject in run.store.journal.busy(subject.mapping):
        return "in-flight"
    return "unexplained" if state is None else "waiting"


def _duplicates(run: Run, mapping: TableMapping, found: Verified) -> None:
    """Two live documents in the back office under one key of ours."""
    column = str(run.facts.settings.get("correlation", ""))
    if not mapping.keyed_in(column):
        return  # what stands there is a person's, and may stand on several
    of = mapping.back_office
    holders: dict[str, list[Document]] = defaultdict(list)
    for page in run.systems["back_office"].scan(View(of.table, (column, of.number)), ()):
        for document in page.documents:
            key = document.fields.get(column)
            if key:
                holders[str(key)].append(document)
    with run.store.transaction():
        for key, documents in holders.items():
            coupled = run.store.couplings.brief(mapping.name, "back_office", [one.id for one in documents])
            if len(documents) > 1 and coupled:
                for document in documents:
                    if document.id not in coupled:
                        record = {"sales": None, "back_office": document.id, "number": key}
                        found.differences.append(
                            Difference(mapping.name, record, DUPLICATE, None, None, "present", "unexplained")
                        )
