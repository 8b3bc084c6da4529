"""What a person sets aside or holds up: paused mappings, excluded orders, skipped problems, couplings taken apart.

Recorded without the lease; the next run, or the next round of one under way, acts on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncengine.engine.leaving import let_go
from syncengine.engine.naming import looked_up
from syncengine.engine.pausing import EVERYTHING
from syncengine.engine.pausing import PAUSED
from syncengine.engine.pausing import pauses
from syncengine.errors import UsageError
from syncengine.ports import Coupling
from syncengine.ports import Subject
from syncengine.records.values import SIDES
from syncengine.service.wiring import Company
from syncengine.store.queries import outstanding
from syncengine.store.store import SqlStore


def _known(company: Company, mappings: Sequence[str]) -> None:
    names = list(company.offline_mappings())
    for name in mappings:
        if name not in names:
            raise UsageError(f"there is no mapping {name!r}", remedy=f"The mappings are: {', '.join(names)}.")


def pause(company: Company, mappings: Sequence[str]) -> list[str]:
    """Hold up these mappings, or all; gives what is paused now. Raises UsageError."""
    _known(company, mappings)
    with company.store(writes=True) as store, store.transaction():
        held = dict(pauses(store.remembered))
        for name in mappings or [EVERYTHING]:
            held.setdefault(name, store.session.now())
        store.remembered.put(PAUSED, held)
    return sorted(held)


def resume(company: Company, mappings: Sequence[str]) -> list[str]:
    """Let these mappings go on, or all; gives what is paused still. Raises UsageError."""
    _known(company, mappings)
    with company.store(writes=True) as store, store.transaction():
        held = dict(pauses(store.remembered))
        if EVERYTHING in held and mappings:
            raise UsageError(
                "everything is paused, not single mappings", remedy="`syncengine resume` lets all of it go on."
            )
        held = {name: at for name, at in held.items() if mappings and name not in mappings}
        store.remembered.put(PAUSED, held)
    return sorted(held)


def skip(company: Company, ids: Sequence[int]) -> int:
    """These problems are wanted no more as they are: not listed, not counted, until the record changes."""
    with company.store(writes=True) as store, store.transaction():
        skipped = store.work.skip(ids)
        if len(skipped) < len(set(ids)):
            raise UsageError(
                f"of {len(set(ids))} records {len(skipped)} are set aside with a problem; nothing was skipped",
                remedy="`syncengine errors` and `syncengine waiting` show their ids.",
            )
        for subject in skipped:
            _ask_no_more(store, subject)
            store.history.note(subject, "skipped", {"by": "person"})
    return len(skipped)


def exclude(company: Company, order: str) -> dict[str, Any]:
    """Leave an order out, on both sides, whatever happens to it; gives what was excluded. Raises UsageError."""
    names = [one.name for one in company.offline_mappings().values() if one.kind == "order"]
    with company.store(writes=True) as store, store.transaction():
        subjects = [(subject, number) for name in names for subject, number in _subjects(store, name, order)]
        if subjects:
            return _exclude(store, order, subjects)
    subjects = [found for name in names for found in _looked_up(company, name, order)]
    if not subjects:
        raise UsageError(
            f"nothing is known of an order {order!r}, and neither system has one",
            remedy="Give its number or its id, as either system shows it.",
        )
    with company.store(writes=True) as store, store.transaction():
        return _exclude(store, order, subjects)


def _exclude(store: SqlStore, order: str, subjects: Sequence[tuple[Subject, str]]) -> dict[str, Any]:
    ids = []
    for subject, number in subjects:
        ids.append(store.work.exclude(subject, number))
        _ask_no_more(store, subject)
        store.history.note(subject, "excluded", {"by": "person"})
    return {"id": ids[0], "order": order, "mapping": subjects[0][0].mapping}


def _ask_no_more(store: SqlStore, subject: Subject) -> None:
    """Its conflicts are set aside with it: once it is planned again they are found again."""
    if subject.coupling is not None:
        store.conflicts.refresh(subject.mapping, subject.coupling, [])


def _subjects(store: SqlStore, mapping: str, order: str) -> list[tuple[Subject, str]]:
    coupled = store.couplings.named(mapping, order)
    if coupled:
        return [(Subject(mapping, one.id), one.sales_number or one.back_office_number) for one in coupled]
    return [(subject, order) for subject in outstanding(store.session, mapping, order)]


def _looked_up(company: Company, name: str, order: str) -> list[tuple[Subject, str]]:
    mapping = company.offline_mappings()[name]
    return [
        (Subject(name, None, side, one.id), str(one.fields.get(mapping.of(side).number) or order))
        for side in SIDES
        for one in looked_up(company.systems()[side], mapping, order)
    ]


def uncouple(company: Company, mapping: str, record: str | None) -> list[Coupling]:
    """End one coupling, by the Sales record's id or number, or all of a mapping. The records themselves stay as they
    are; they are not created again, but a match coupling or `couple-record` may couple them anew. Raises UsageError.
    """
    _known(company, [mapping])
    with company.store(writes=True) as store, store.transaction():
        chosen = _coupled(store, mapping, record)
        busy = store.journal.busy(mapping)
        for coupling in chosen:
            if Subject(mapping, coupling.id) in busy:
                raise UsageError(
                    f"a write to {_name(coupling)} is in progress; nothing was uncoupled",
                    remedy="Run `syncengine sync` first: it settles what is in progress.",
                )
        for coupling in chosen:
            subject = Subject(mapping, coupling.id)
            store.couplings.end(coupling.id, "uncoupled", "by a person")
            store.work.drop(subject)
            store.history.note(subject, "ended", {"reason": "uncoupled by a person"})
        if chosen:
            let_go(store, company.offline_mappings(), mapping)
    return chosen


def _coupled(store: SqlStore, mapping: str, record: str | None) -> list[Coupling]:
    if record is not None:
        found = [one for one in store.couplings.named(mapping, record) if record in (one.sales_id, one.sales_number)]
        if not found:
            raise UsageError(
                f"{mapping} has no coupled record {record!r} in Sales", remedy="`syncengine couplings` lists them."
            )
        return found
    found, after = [], 0
    while some := store.couplings.after(mapping, after, 500):
        found += some
        after = some[-1].id
    return found


def _name(coupling: Coupling) -> str:
    return coupling.sales_number or coupling.sales_id
