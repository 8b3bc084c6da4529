"""Uncoupled records: whether they enter, which record of the other side they are, and whether they may be new."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime

from syncengine.engine import match
from syncengine.engine.context import Run
from syncengine.engine.leaving import leave
from syncengine.engine.leaving import look_again
from syncengine.engine.reading import Candidate
from syncengine.engine.sharing import SHARING
from syncengine.engine.sharing import enter_shared
from syncengine.engine.twins import find_twins
from syncengine.errors import FailureClass
from syncengine.mapping.filters import admits
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Action
from syncengine.planner.steps import Problem
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import other

KEY_PREFIX = "SE:"  # what an operation key looks like; see planner.facts


def enter(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that go on to be planned: coupled ones as they are, others matched, or found to be new."""
    coupled = [one for one in candidates if one.coupling is not None or one.problem is not None]
    fresh = [one for one in candidates if one.coupling is None and one.problem is None]
    kept: list[Candidate] = []
    for side in SIDES:
        # Of a record that is new on both sides the second one is no news any more; with scopes it may be in others.
        paired = () if mapping.sales.scope else {one.coupling.remote_id(side) for one in kept if one.coupling}
        some = [one for one in fresh if one.item.side == side and one.item.remote_id not in paired]
        if some:
            kept += _enter_side(run, mapping, side, some)
    return coupled + kept


def _enter_side(run: Run, mapping: TableMapping, side: Side, candidates: Sequence[Candidate]) -> list[Candidate]:
    read = [(one, document) for one in candidates if (document := one.document(side)) is not None]
    gone = [one for one in candidates if one.document(side) is None]
    with run.store.transaction():
        for one in gone:
            run.store.work.done(one.subject)
            run.store.cursors.forget(mapping.name, side, [str(one.item.remote_id)])
    considered = []
    for one, document in read:
        if not in_time(run, mapping, side, document) or not match.considered(mapping, side, document):
            leave(run, mapping, side, one, document, "filtered")
        else:
            considered.append((one, document))
    if mapping.kind in SHARING:
        return enter_shared(run, mapping, side, considered)
    twins, considered = find_twins(run, mapping, side, _key_column(run, mapping, side), considered)
    considered = _not_ours(run, mapping, side, considered)
    considered, theirs = _of_this_company(run, mapping, side, considered)
    matched, unmatched = _match(run, mapping, side, considered)
    entering = []
    for one, document in unmatched:
        if not admits(mapping.of(side).enters_when, document):
            leave(run, mapping, side, one, document, "filtered")
        elif not mapping.creates(other(side)) or mapping.name in run.couple_only:
            leave(run, mapping, side, one, document, "uncoupled")
        else:
            entering.append((one, document))
    found, entering = _carrying_a_number(run, mapping, side, entering)
    return twins + theirs + matched + found + _new(run, mapping, side, entering)


def in_time(run: Run, mapping: TableMapping, side: Side, document: Document) -> bool:
    """Not older than the configured start date."""
    start, column = run.facts.settings.get("start_date"), mapping.of(side).dated
    if not isinstance(start, date) or not column:
        return True
    value = document.fields.get(column)
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return not isinstance(value, date) or value >= start


def _of_this_company(
    run: Run, mapping: TableMapping, side: Side, considered: list[tuple[Candidate, Document]]
) -> tuple[list[tuple[Candidate, Document]], list[Candidate]]:
    """An order that another company's back office has is that company's, whatever its columns say now."""
    if mapping.kind != "order" or side != "sales":
        return considered, []
    with run.store.transaction():
        ids = [document.id for _, document in considered]
        elsewhere = run.store.couplings.elsewhere(mapping.name, side, ids)
    ours = [(one, document) for one, document in considered if document.id not in elsewhere]
    theirs = [
        replace(one, problem=_elsewhere(elsewhere[document.id]))
        for one, document in considered
        if document.id in elsewhere
    ]
    return ours, theirs


def _elsewhere(company: str) -> Problem:
    return Problem(
        FailureClass.PERSON,
        "of-another-company",
        f"the order is coupled with one of company {company} already",
        "Cancel it there first, or give it back to that company; `considered_when` of the mapping says whose it is.",
        "sales",
    )


def _not_ours(
    run: Run, mapping: TableMapping, side: Side, considered: list[tuple[Candidate, Document]]
) -> list[tuple[Candidate, Document]]:
    """Leave out what one of our own operations is making, or has made, under a key of ours."""
    column = _key_column(run, mapping, side)
    if not column:
        return considered
    keys = {str(document.fields.get(column) or "") for _, document in considered} - {""}
    with run.store.transaction():
        claimed = run.store.journal.claimed_keys(mapping.name, side, sorted(keys))
    kept = []
    for one, document in considered:
        key = str(document.fields.get(column) or "")
        if key in claimed or key.startswith(KEY_PREFIX):
            leave(run, mapping, side, one, document, "being made")
        else:
            kept.append((one, document))
    return kept


def _key_column(run: Run, mapping: TableMapping, side: Side) -> str:
    return str(run.facts.settings.get("correlation", "")) if side == "back_office" and mapping.correlation else ""


def _match(
    run: Run, mapping: TableMapping, side: Side, considered: list[tuple[Candidate, Document]]
) -> tuple[list[Candidate], list[tuple[Candidate, Document]]]:
    """Couple what matches uniquely; what is ambiguous gets a problem and is never created."""
    asked = [(one, document) for one, document in considered if not _joined(run, mapping, one)]
    records: dict[str, Record] = {}
    with run.store.transaction():
        # Anew: a coupling just made has emptied them.
        run.references.preload(mapping, [(side, document) for _, document in asked])
        for _, document in asked:
            try:
                records[document.id] = run.record(mapping, side, document)
            except ValueError:
                continue  # planned below, where it becomes a problem with its own words
    found = match.find_partners(run, mapping, side, list(records.values())) if records else {}
    if mapping.sales.scope and side == "back_office":
        # One of these is many there, one in each scope: each of the others is matched from its own side.
        _ask_from_sales(run, mapping, found.values())
        return [], list(considered)
    matched: list[Candidate] = []
    unmatched = []
    for one, document in considered:
        hit = found.get(document.id)
        if hit is None:
            unmatched.append((one, document))
        elif hit.unique:
            by = f"match of {hit.group}"
            matched.append(couple(run, mapping, side, one, document, hit.candidates[0], by))
        else:
            matched.append(replace(one, problem=ambiguous(match.describe(hit))))
    return matched, unmatched


def _ask_from_sales(run: Run, mapping: TableMapping, found: Iterable[match.Match]) -> None:
    with run.store.transaction():
        for hit in found:
            for document in hit.candidates:
                run.store.work.add(Subject(mapping.name, None, "sales", document.id))


def ambiguous(words: str) -> Problem:
    return Problem(
        FailureClass.PERSON,
        "ambiguous",
        f"the record {words}",
        "Couple the right one by hand: `syncengine couple-record MAPPING SALES_ID BACK_OFFICE_ID`.",
    )


def _joined(run: Run, mapping: TableMapping, one: Candidate) -> bool:
    """Has a load of this very run just compared it with everything on the other side?"""
    return mapping.name in run.joined and bool(one.item.documents)


def couple(
    run: Run, mapping: TableMapping, side: Side, one: Candidate, document: Document, partner: Document, by: str
) -> Candidate:
    """Couple two records without a base; the candidate goes on as a coupled one."""
    documents = {side: document, other(side): partner}
    scope = scope_of(mapping, documents["sales"])
    with run.store.transaction():
        coupling = record_coupling(run, mapping, documents["sales"], documents["back_office"], by, scope)
        run.store.work.done(one.subject)
        run.store.work.done(Subject(mapping.name, None, other(side), partner.id))
        run.store.work.add(Subject(mapping.name, coupling), documents, number=one.item.number)
        held = run.store.couplings.get([coupling])[coupling]
    item = replace(one.item, coupling=coupling, side=None, remote_id=None, documents=documents)
    return Candidate(item, held, documents)


def scope_of(mapping: TableMapping, sales: Document) -> str:
    column = mapping.sales.scope
    value: Wire = sales.fields.get(column) if column else None
    return str(getattr(value, "id", value) or "")


def record_coupling(
    run: Run, mapping: TableMapping, sales: Document, back_office: Document, created_by: str, scope: str = ""
) -> int:
    """The coupling row, its names, the history, and the release of everything that waited for it."""
    store = run.store
    coupling = store.couplings.couple(mapping.name, sales.id, back_office.id, created_by=created_by, scope=scope)
    store.couplings.name(coupling, run.number(mapping, "sales", sales), run.number(mapping, "back_office", back_office))
    store.work.keep_out(mapping.name, coupling, sales.id, back_office.id)
    store.work.done(Subject(mapping.name, None, "sales", sales.id))
    if not scope:  # with one, the back-office record goes on to be coupled in others
        store.work.done(Subject(mapping.name, None, "back_office", back_office.id))
    store.cursors.forget(mapping.name, "sales", [sales.id])
    store.cursors.forget(mapping.name, "back_office", [back_office.id])
    store.work.release(mapping.name, {"sales": [sales.id], "back_office": [back_office.id]})
    look_again(store, run.mappings, mapping.name, {"sales": [sales.id], "back_office": [back_office.id]})
    store.history.note(
        Subject(mapping.name, coupling), "coupled", {"by": created_by, "sales": sales.id, "back_office": back_office.id}
    )
    run.counts.of(mapping.name).coupled += 1
    run.references.clear()
    if run.dry_run and created_by != "create":
        pair = Pair(mapping.name, None, _brief(sales), _brief(back_office))
        run.plan.append(Action(pair, "couple", f"coupled by {created_by}"))
    return coupling


def record_couplings(run: Run, mapping: TableMapping, pairs: Sequence[tuple[str, str]], created_by: str) -> None:
    """The same for many pairs of ids whose records are work already, in a few statements."""
    store = run.store
    ids = store.couplings.couple_many(mapping.name, pairs, created_by=created_by)
    coupled = dict(zip(ids, pairs, strict=True))
    numbers = store.work.couple(mapping.name, coupled)
    store.couplings.name_many(numbers)
    sales, back_office = [one for one, _ in pairs], [two for _, two in pairs]
    store.cursors.forget(mapping.name, "sales", sales)
    store.cursors.forget(mapping.name, "back_office", back_office)
    store.work.release(mapping.name, {"sales": sales, "back_office": back_office})
    look_again(store, run.mappings, mapping.name, {"sales": sales, "back_office": back_office})
    store.history.note_many(
        "coupled",
        {
            Subject(mapping.name, coupling): {"by": created_by, "sales": one, "back_office": two}
            for coupling, (one, two) in coupled.items()
        },
    )
    run.counts.of(mapping.name).coupled += len(pairs)
    run.references.clear()
    if run.dry_run:
        column: dict[Side, str] = {side: mapping.of(side).number for side in SIDES}
        for coupling, (one, two) in coupled.items():
            here = Document(one, None, {column["sales"]: numbers[coupling][0]})
            there = Document(two, None, {column["back_office"]: numbers[coupling][1]})
            pair = Pair(mapping.name, None, _brief(here), _brief(there))
            run.plan.append(Action(pair, "couple", f"coupled by {created_by}"))


def _brief(document: Document) -> Record:
    return Record(document.id, document.version, {}, native=document)


def _carrying_a_number(
    run: Run, mapping: TableMapping, side: Side, entering: list[tuple[Candidate, Document]]
) -> tuple[list[Candidate], list[tuple[Candidate, Document]]]:
    """A document that carries the number of an order of Sales is that order's, in whatever state the order is: one
    that was fulfilled is not read by a load, and would be made a second time.
    """
    row = mapping.rows.get(mapping.correlation)
    here = _key_column(run, mapping, side)
    if side != "back_office" or row is None or not mapping.keyed_in(here) or not row.columns("sales"):
        return [], entering
    keyed = [(one, document) for one, document in entering if not is_blank(document.fields.get(here))]
    if not keyed:
        return [], entering
    wanted = [{row.columns("sales")[0]: document.fields[here]} for _, document in keyed]
    answers = run.systems["sales"].find(run.view(mapping, "sales"), wanted)
    with run.store.transaction():
        known = run.store.couplings.known(mapping.name, "sales", sorted({hit.id for hits in answers for hit in hits}))
    found: dict[str, Candidate] = {}
    for (one, document), hits in zip(keyed, answers, strict=True):
        if len(hits) == 1 and hits[0].id not in known:
            found[document.id] = couple(run, mapping, side, one, document, hits[0], "the number it carries")
        elif hits:
            found[document.id] = replace(one, problem=_number_in_use(document.fields[here], hits))
    return list(found.values()), [(one, document) for one, document in entering if document.id not in found]


def _number_in_use(key: Wire, hits: Sequence[Document]) -> Problem:
    ids = ", ".join(hit.id for hit in hits)
    return Problem(
        FailureClass.PERSON,
        "key-in-use",
        f"the document carries {key}, the number of an order in Sales that is or was coupled already ({ids}); "
        "a second order is not created",
        "Couple the right one with `syncengine couple-record`, or correct the number on the document.",
        "back_office",
    )


def _new(run: Run, mapping: TableMapping, side: Side, entering: list[tuple[Candidate, Document]]) -> list[Candidate]:
    """Before anything is created, its key is searched for where a document with it may stand."""
    column = _key_column(run, mapping, other(side))
    tables = run.facts.traits[other(side)].table(mapping.of(other(side)).table).key_tables
    row = mapping.rows.get(mapping.correlation)
    asked = [
        (one, {column: document.fields.get(row.columns(side)[0])})
        for one, document in entering
        if row
        and mapping.keyed_in(column)
        and row.columns(side)
        and not is_blank(document.fields.get(row.columns(side)[0]))
    ]
    problems: dict[str, Problem] = {}
    for table in tables if asked else ():
        view = (
            View(table, ("number", column))
            if table != mapping.of(other(side)).table
            else run.view(mapping, other(side))
        )
        answers = run.systems[other(side)].find(view, [wanted for _, wanted in asked])
        for (one, wanted), documents in zip(asked, answers, strict=True):
            if documents and one.item.remote_id and not _joined(run, mapping, one):
                problems.setdefault(one.item.remote_id, _there_already(table, wanted[column], documents))
    return [
        replace(one, problem=problems.get(one.item.remote_id or "")) if (one.item.remote_id or "") in problems else one
        for one, _ in entering
    ]


def _there_already(table: str, key: Wire, documents: Sequence[Document]) -> Problem:
    ids = ", ".join(document.id for document in documents)
    return Problem(
        FailureClass.PERSON,
        "key-in-use",
        f"{key} stands already on {len(documents)} record(s) of {table} in the back office ({ids}); "
        "a second document under it is not created",
        "Couple the right one with `syncengine couple-record`, or clear the number on the other document.",
        "back_office",
    )
