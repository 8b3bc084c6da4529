"""Verify: reads both live systems and reports every difference, each confirmed by reading that record again.

Nothing is taken from tokens or stamps; they only tell whether a difference is on its way already.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import Literal

from syncengine.engine.context import Run
from syncengine.engine.detect import arriving
from syncengine.engine.doubled import doubled
from syncengine.engine.unequal import PRESENT
from syncengine.engine.unequal import plan_again
from syncengine.engine.unequal import unequal
from syncengine.engine.unmet import unmet
from syncengine.errors import FailureClass
from syncengine.mapping.fold import read_row
from syncengine.mapping.model import TableMapping
from syncengine.planner.settle import tokens
from syncengine.ports import Coupling
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import other

Reason = Literal["in-flight", "waiting", "conflict", "filtered", "unexplained"]

MISSING, DUPLICATE = "(missing)", "(duplicate)"


@dataclass(frozen=True)
class Difference:
    """`group` is a row, "set" for a line that only one side has; (state), (missing), (duplicate) for a whole record."""

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
    woken: set[str] = field(default_factory=set)  # documents whose invoice is on its way: the run that brings it looks

    def settled(self) -> None:
        """A document that was invoiced whole is gone, and its invoice says so."""
        for at, one in enumerate(self.differences):
            if one.group == MISSING and one.reason == "unexplained" and one.record["back_office"] in self.woken:
                self.differences[at] = replace(one, reason="in-flight")


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
    _missing(run, mapping, found, repair=repair)
    _duplicates(run, mapping, found)


def _chunk(run: Run, mapping: TableMapping, some: Sequence[Coupling], found: Verified, *, repair: bool) -> None:
    suspects = []
    for coupling, _, differences in _compared(run, mapping, some):
        found.compared += 1
        if differences:
            suspects.append(coupling)
    if not suspects:
        return
    # A difference may be an edit that was under way between the two reads: only what stays is one.
    confirmed = list(_compared(run, mapping, suspects))
    for coupling, records, differences in confirmed:
        found.differences += differences
        if differences and repair:
            with run.store.transaction():
                seen = list(unequal(run.rules[mapping.name], mapping, coupling.line_pairs, records)) if records else []
                plan_again(run, mapping, coupling, seen)


Records = Mapping[Side, Record]
Compared = tuple[Coupling, Records, list[Difference]]


def _compared(run: Run, mapping: TableMapping, some: Sequence[Coupling]) -> Iterator[Compared]:
    read: Read = {
        side: run.systems[side].read(run.view(mapping, side), [one.remote_id(side) for one in some]) for side in SIDES
    }
    run.references.clear()
    with run.store.transaction():
        documents = [(side, d) for side in SIDES for d in read[side].values() if isinstance(d, Document)]
        run.references.preload(mapping, documents)
        for coupling in some:
            records: dict[Side, Record] = {}
            yield coupling, records, list(_differences(run, mapping, coupling, read, records))


def _differences(
    run: Run, mapping: TableMapping, coupling: Coupling, read: Read, records: dict[Side, Record]
) -> Iterator[Difference]:
    """Fills in the records, where both can be read."""
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
    try:
        records |= {side: run.record(mapping, side, documents[side]) for side in SIDES}  # type: ignore[arg-type]
    except ValueError as error:
        yield Difference(mapping.name, named, str(error), None, None, None, "unexplained")
        return
    for one in unequal(run.rules[mapping.name], mapping, coupling.line_pairs, records):
        reason = _reason(run, mapping, coupling, records, one.group, one.line)
        yield Difference(mapping.name, named, one.group, one.line, one.sales, one.back_office, reason)


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


def _missing(run: Run, mapping: TableMapping, found: Verified, *, repair: bool) -> None:
    """Records that should have entered and have no partner."""
    coming: dict[Side, set[str]] = {}
    for page in unmet(run, mapping):
        side = page.side
        if page.documents and side not in coming:
            coming[side] = arriving(run, mapping, side)
        found.filtered += page.filtered
        shown = {side: "present", other(side): None}
        with run.store.transaction():
            for document in page.documents:
                subject = Subject(mapping.name, None, side, document.id)
                state = run.store.work.state(subject)
                if state in ("skipped", "excluded"):
                    found.filtered += 1
                    continue
                reason = _why_missing(run, subject)
                if reason == "unexplained" and document.id in coming[side]:
                    reason = "in-flight"
                    found.woken |= _named(run, mapping, side, document)
                found.differences.append(
                    Difference(
                        mapping.name,
                        {side: document.id, other(side): None, "number": run.number(mapping, side, document)},
                        MISSING,
                        None,
                        shown["sales"],
                        shown["back_office"],
                        reason,
                        listed=state == str(FailureClass.PERSON),
                    )
                )
                if repair and reason == "unexplained":
                    run.store.work.add(subject)


def _named(run: Run, mapping: TableMapping, side: Side, invoice: Document) -> set[str]:
    """The documents of the orders that an invoice names."""
    orders = {one.name for one in run.mappings.values() if one.kind == "order"}
    if mapping.kind != "invoice":
        return set()
    rows = [row for row in mapping.rows.values() if orders & set(row.lookup) and row.columns(side)]
    values = [read_row(row, side, invoice, {}, run.references) for row in rows]
    ids = [value.coupling for value in values if isinstance(value, Ref) and value.coupling is not None]
    return {coupling.back_office_id for coupling in run.store.couplings.get(ids).values()}


def _why_missing(run: Run, subject: Subject) -> Reason:
    """Not coupled: waits for something or for a person, is about to be taken in, or nobody knows."""
    state = run.store.work.state(subject)
    if state == "pending" or subject in run.store.journal.busy(subject.mapping):
        return "in-flight"
    return "unexplained" if state is None else "waiting"


def _duplicates(run: Run, mapping: TableMapping, found: Verified) -> None:
    """Documents in the back office under a key of ours, beside the ones that orders are coupled with."""
    for one in list(doubled(run, mapping)):
        subject = Subject(mapping.name, None, "back_office", one.document.id)
        record = {"sales": None, "back_office": one.document.id, "number": one.key}
        with run.store.transaction():
            reason = "in-flight" if one.busy else _why_missing(run, subject)
        found.differences.append(Difference(mapping.name, record, DUPLICATE, None, None, PRESENT, reason))
