"""A load: everything both sides hold of one mapping, read once in pages, joined by its match groups.

It first obtains its cursors, then reads the pages: what changes meanwhile is found by the first poll after it. It is
resumed at the page where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from syncengine.engine import match
from syncengine.engine.context import Run
from syncengine.engine.detect import HEADERS
from syncengine.engine.detect import LINES
from syncengine.engine.detect import LOADED
from syncengine.engine.detect import beside
from syncengine.engine.entering import KEY_PREFIX
from syncengine.engine.entering import ambiguous
from syncengine.engine.entering import in_time
from syncengine.engine.entering import record_coupling
from syncengine.engine.entering import record_couplings
from syncengine.engine.limits import not_empty
from syncengine.engine.progress import Pace
from syncengine.engine.sharing import SHARING
from syncengine.errors import FailureClass
from syncengine.errors import UsageError
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import Filter
from syncengine.mapping.model import MatchGroup
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.planner.steps import Action
from syncengine.ports import Coupling
from syncengine.ports import Found
from syncengine.ports import Keyed
from syncengine.ports import Poll
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.record import Base
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import Side
from syncengine.records.values import other
from syncengine.records.values import same

log = get_logger()

LOAD = "load"
ALL_READ = "all read"
NEVER = "never read"
ASKED_FOR = ("couple", "full-sync")
"""Runs in which a person asks for a match coupling."""
READ_FIRST: tuple[Side, Side] = ("back_office", "sales")


def load(run: Run, mapping: TableMapping, *, matching: bool = True) -> None:
    """Read both sides, couple what matches, leave the rest as work. Raises UsageError without `matching` where
    both sides hold uncoupled records: nobody could say which is which.
    """
    log.info("load", mapping=mapping.name)
    _begin(run, mapping)
    for side in READ_FIRST:
        _read(run, mapping, side)
    if run.stop_asked():
        return
    for side in READ_FIRST:
        if not run.counts.of(mapping.name).scanned[side]:
            not_empty(run, mapping, side)
    uncoupled = uncoupled_of(run, mapping)
    if not matching and all(uncoupled.values()):
        raise UsageError(
            f"{mapping.name}: both sides hold records that are not coupled, and --no-match leaves open which is which",
            remedy="Leave --no-match out, or couple them first.",
        )
    run.waves.append(recommended(run, mapping, uncoupled))
    if matching and mapping.kind not in SHARING:
        join(run, mapping)
    if not run.stop_asked():
        _loaded(run, mapping)
        run.joined.add(mapping.name)


def begin_only(run: Run, mapping: TableMapping) -> None:
    """What there is stays as it is: only what changes from now on is looked at."""
    _begin(run, mapping)
    _loaded(run, mapping)
    run.waves.append({**_wave(run, mapping), "recommendation": "nothing", "reason": "the mapping says so"})


def _loaded(run: Run, mapping: TableMapping) -> None:
    with run.store.transaction():
        run.store.matching.clear(mapping.name)
        run.store.cursors.drop(mapping.name, LOAD)
        run.store.cursors.put(mapping.name, *LOADED, run.clock.now().isoformat())


def uncoupled_of(run: Run, mapping: TableMapping) -> Mapping[Side, int]:
    with run.store.transaction():
        return {side: run.store.work.fresh(mapping.name, side) for side in READ_FIRST}


def recommended(run: Run, mapping: TableMapping, uncoupled: Mapping[Side, int]) -> Mapping[str, Any]:
    """What a full sync does about a mapping: create what is missing, couple only, or nothing; and why."""
    creates = [other(side) for side in uncoupled if uncoupled[side] and mapping.creates(other(side))]
    if mapping.full_sync:
        recommendation, reason = mapping.full_sync, "the mapping says so"
    elif not any(uncoupled.values()):
        recommendation, reason = "nothing", "no record is left uncoupled"
    elif all(uncoupled.values()):
        recommendation = "full" if creates else "couple"
        reason = "both sides hold records: what matches is coupled" + (", the rest is created" if creates else "")
    else:
        empty = "sales" if uncoupled["back_office"] else "back_office"
        recommendation = "full" if creates else "nothing"
        reason = f"only one side holds uncoupled records{'' if creates else f', and nothing is created in {empty}'}"
    return {**_wave(run, mapping), "recommendation": recommendation, "reason": reason, "uncoupled": dict(uncoupled)}


def _wave(run: Run, mapping: TableMapping) -> dict[str, Any]:
    """Mappings of one wave need none of each other."""

    def depth(name: str) -> int:
        needed = [one for one in run.mappings[name].needs if one in run.mappings]
        return 1 + max((depth(one) for one in needed), default=0)

    return {"wave": depth(mapping.name), "mapping": mapping.name}


def _begin(run: Run, mapping: TableMapping) -> None:
    """The cursors of this moment, once for a load and kept over its interruptions."""
    for side in READ_FIRST:
        with run.store.transaction():
            if run.store.cursors.get(mapping.name, side, LOAD) is not None:
                continue
        system = run.systems[side]
        cursor = system.begin(Poll(mapping.of(side).table))
        lines = mapping.lines
        line_cursor = system.begin(Poll(lines.tables[side], parent=lines.parents[side])) if lines else None
        cursors = {table: system.begin(Poll(table)) for table in run.beside(mapping, side)}
        with run.store.transaction():
            run.store.cursors.put(mapping.name, side, HEADERS, cursor)
            for table, begun in cursors.items():
                run.store.cursors.put(mapping.name, side, beside(table), begun)
            if lines:
                run.store.cursors.put(mapping.name, side, LINES, line_cursor)
            run.store.cursors.put(mapping.name, side, LOAD, "")


def _read(run: Run, mapping: TableMapping, side: Side) -> None:
    """Read what is left of one side, from the page where an interrupted load stopped."""
    with run.store.transaction():
        after = run.store.cursors.get(mapping.name, side, LOAD) or None
    if after == ALL_READ:
        return
    where = considered_filter(run, mapping, side)
    total = run.systems[side].total(mapping.of(side).table, where) if run.watched else None
    pace = Pace("read", {"mapping": mapping.name, "side": side}, run.clock.now(), total)
    for page in run.systems[side].scan(run.view(mapping, side), where, after):
        run.references.clear()
        with run.store.transaction():
            run.references.preload(mapping, [(side, document) for document in page.documents])
            take_page(run, mapping, side, page.documents)
            run.store.cursors.put(mapping.name, side, LOAD, page.after or ALL_READ)
        run.on_progress("read", pace.after(len(page.documents), run.clock.now()))
        if run.stop_asked():
            return


def considered_filter(run: Run, mapping: TableMapping, side: Side) -> Filter:
    """What a load reads of one side: the mapping's own condition and the start date."""
    start, dated = run.facts.settings.get("start_date"), mapping.of(side).dated
    since = (Condition(dated, at_least=start),) if start and dated else ()
    return (*mapping.of(side).considered_when, *since)


def take_page(run: Run, mapping: TableMapping, side: Side, documents: Sequence[Document]) -> None:
    """Coupled records that differ from their base become work; uncoupled ones too, with their match keys."""
    store, ids = run.store, [document.id for document in documents]
    run.counts.of(mapping.name).scanned[side] += len(documents)
    coupled = {document_id: some[0] for document_id, some in store.couplings.by_remote(mapping.name, side, ids).items()}
    known = store.couplings.known(mapping.name, side, [one for one in ids if one not in coupled])
    remembered = store.cursors.remembered(mapping.name, side, [one for one in ids if one not in coupled])
    key_column = str(run.facts.settings.get("correlation", "")) if side == "back_office" and mapping.correlation else ""
    fresh: list[Document] = []
    apart: list[Document] = []
    filtered: dict[str, str | None] = {}
    for document in documents:
        if document.id in coupled:
            if differs(run, mapping, side, document, coupled[document.id].base):
                held = coupled[document.id]
                swept = accounted(held, side, document)
                store.work.add(Subject(mapping.name, held.id), {side: document}, keep=True, changed=side, swept=swept)
        elif known.get(document.id) == "uncoupled" and run.kind in ASKED_FOR:
            apart.append(document)  # by a person: may be matched again, is never created
        elif document.id in known or str(document.fields.get(key_column) or "").startswith(KEY_PREFIX):
            continue
        elif not in_time(run, mapping, side, document) or not match.considered(mapping, side, document):
            filtered[document.id] = document.version
        else:
            fresh.append(document)
    store.cursors.remember(mapping.name, side, filtered, "filtered")
    found = [
        Found(one, run.number(mapping, side, one), known=remembered.get(one.id, NEVER) == one.version) for one in fresh
    ]
    store.work.enter(mapping.name, side, found)
    matched = [*fresh, *apart]
    store.matching.put(
        mapping.name, side, [one for document in matched if (one := _keyed(run, mapping, side, document))]
    )


def _keyed(run: Run, mapping: TableMapping, side: Side, document: Document) -> Keyed | None:
    try:
        record = run.record(mapping, side, document)
    except ValueError:
        return None  # planned like the others, where it becomes a problem with its own words
    scope = match.scope_of_record(record, mapping.sales.scope) if side == "sales" else ""
    return Keyed(document.id, scope, dict(match.keys(mapping, side, record)))


def accounted(coupling: Coupling, side: Side, document: Document) -> bool:
    """Was it planned already in exactly this version, lines included?"""
    known = coupling.tokens.get(side, {})
    return document.version is not None and all(known.get(name) == token for name, token in document.tokens().items())


def differs(run: Run, mapping: TableMapping, side: Side, document: Document, base: Base | None) -> bool:
    """Does the document show something that its base does not, whatever its token says?"""
    try:
        return base is None or unlike(mapping, run.record(mapping, side, document), base.of(side))
    except ValueError:
        return True


def unlike(mapping: TableMapping, seen: Record, picture: Record) -> bool:
    """Is the record in anything that is compared another one than when both sides last agreed?"""
    rows = [row.name for row in mapping.rows.values() if row.compared]
    if seen.state != picture.state or any(not same(seen.fields.get(r), picture.fields.get(r)) for r in rows):
        return True
    if set(seen.lines) != set(picture.lines):
        return True
    line_rows = [row.name for row in mapping.lines.rows.values() if row.compared] if mapping.lines else []
    return any(
        not same(line.fields.get(name), picture.lines[line_id].fields.get(name))
        for line_id, line in seen.lines.items()
        for name in line_rows
    )


def join(run: Run, mapping: TableMapping) -> None:
    """Couple what matches uniquely, group by group; what stays ambiguous is parked with the ids it could be.

    In pages: the memory it takes does not grow with the number of records. A group that is done is not done again
    after an interruption: by then, what was ambiguous in it may look unique.
    """
    with run.store.transaction():
        done = int(run.store.cursors.get(mapping.name, "both", LOAD) or 0)
    for number, group in enumerate(mapping.match):
        if number < done or run.stop_asked():
            continue
        _couple_unique(run, mapping, number, group)
        _park_ambiguous(run, mapping, number, group)
        with run.store.transaction():
            run.store.cursors.put(mapping.name, "both", LOAD, str(number + 1))
    if run.dry_run:
        _show_ambiguous(run, mapping)


def _couple_unique(run: Run, mapping: TableMapping, number: int, group: MatchGroup) -> None:
    by, after, scoped = f"match of {group}", "", bool(mapping.sales.scope)
    pace = Pace("coupled", {"mapping": mapping.name, "group": str(group)}, run.clock.now())
    while not run.stop_asked():
        with run.store.transaction():
            pairs = run.store.matching.unique(mapping.name, number, after, run.limits.chunk)
            if not pairs:
                return
            if scoped:
                for sales_id, back_office_id, scope in pairs:
                    _couple_in_scope(run, mapping, sales_id, back_office_id, scope, by)
            else:
                record_couplings(run, mapping, [(one, two) for one, two, _ in pairs], by)
                run.store.matching.remove(mapping.name, "back_office", [pair[1] for pair in pairs])
            run.store.matching.remove(mapping.name, "sales", [pair[0] for pair in pairs])
        after = pairs[-1][0]
        run.on_progress("coupled", pace.after(len(pairs), run.clock.now()))


def _park_ambiguous(run: Run, mapping: TableMapping, number: int, group: MatchGroup) -> None:
    """The first group by which a record is ambiguous is the one that is told."""
    after = ("", "")
    while not run.stop_asked():
        with run.store.transaction():
            crowds = run.store.matching.ambiguous(mapping.name, number, after, run.limits.chunk)
            if not crowds:
                return
            for crowd in crowds:
                _park(run, mapping, "sales", crowd.sales, crowd.back_office, group)
                if not mapping.sales.scope:
                    # With scopes, one of these is many there: being several is no question.
                    _park(run, mapping, "back_office", crowd.back_office, crowd.sales, group)
        after = (crowds[-1].key, crowds[-1].scope)


def _park(
    run: Run, mapping: TableMapping, side: Side, ids: Sequence[str], candidates: Sequence[str], group: MatchGroup
) -> None:
    problem = ambiguous(match.several(candidates, group, ids))
    for remote_id in ids:
        subject = Subject(mapping.name, None, side, remote_id)
        if run.store.work.state(subject) != str(FailureClass.PERSON):
            run.store.work.park(subject, problem)


def _show_ambiguous(run: Run, mapping: TableMapping) -> None:
    with run.store.transaction():
        items = run.store.work.set_aside(mapping.name, "ambiguous")
    for item in items:
        seen = Record(item.remote_id or "", None, {})
        pair = Pair(
            mapping.name, None, seen if item.side == "sales" else None, seen if item.side == "back_office" else None
        )
        reason = item.problem.message if item.problem else ""
        run.plan.append(Action(pair, "none", reason, problem=item.problem))


def _couple_in_scope(run: Run, mapping: TableMapping, sales_id: str, back_office_id: str, scope: str, by: str) -> None:
    store = run.store
    documents = store.work.documents(mapping.name, sales_id, back_office_id)
    sales = documents.get("sales") or Document(sales_id, None, {})
    back_office = documents.get("back_office") or Document(back_office_id, None, {})
    coupling = record_coupling(run, mapping, sales, back_office, by, scope)
    # The back-office record goes on to be coupled in other scopes: its own item stays until the end.
    store.work.done(Subject(mapping.name, None, "sales", sales_id))
    store.work.add(Subject(mapping.name, coupling), documents)
