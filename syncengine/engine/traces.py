"""A coupled record whose other half is gone: is it there under another id, what was posted of it, was it asked twice?

Absence is evidence only together with what is found here. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from decimal import Decimal

from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.errors import FailureClass
from syncengine.errors import WritingStopped
from syncengine.mapping.fold import read_row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.transforms import number
from syncengine.observe.logging import get_logger
from syncengine.orders.states import NUMBERS
from syncengine.planner.steps import Problem
from syncengine.ports import Coupling
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.record import Traces
from syncengine.records.traits import Posted
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank

log = get_logger()

UNCONFIRMED = "gone-unconfirmed"
OLDER = "older-than-known"
LOOK_AGAIN = (UNCONFIRMED, OLDER)  # what is believed when a second look, some time later, shows the same
STEP_BACK = timedelta(minutes=10)
"""By so much a server's stamps may go back without a backup: a clock is set right, its nodes' clocks differ, or a read
is answered from a copy that lags behind."""
WITNESSES = 5  # how many others are read before an absence is believed


def gather(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, those with a half that is gone together with its traces, or coupled anew where it lives on."""
    lost = [one for one in candidates if _lost(mapping, one)]
    if not lost:
        return list(candidates)
    found = {one.item.id: one for one in candidates}
    for one in lost:
        found[one.item.id] = _looked_for(run, mapping, one)
    return [found[one.item.id] for one in candidates]


def _lost(mapping: TableMapping, one: Candidate) -> bool:
    """A coupled order with a half that is gone."""
    return mapping.kind == "order" and one.coupling is not None and one.problem is None and bool(_gone_on(one))


def _gone_on(one: Candidate) -> list[Side]:
    return [side for side in SIDES if isinstance(one.documents.get(side), Gone)]


def _looked_for(run: Run, mapping: TableMapping, one: Candidate) -> Candidate:
    (side, *more) = _gone_on(one)
    if more:
        return one
    if side == "sales":
        return replace(one, traces=Traces(confirm_in_s=_confirm_in(run, one)))
    live = _live(run, mapping, one)
    if len(live) == 1:
        return _coupled_anew(run, mapping, one, live[0])
    if live:
        return replace(one, problem=_several(live))
    _witnesses(run, mapping, one, side)
    return replace(one, traces=_posted(run, mapping, one))


# alive under another id


def _live(run: Run, mapping: TableMapping, one: Candidate) -> list[Document]:
    """Documents that carry our key, or the number that the order shows in Sales, and belong to nobody else.

    The number tells what the key cannot: of a document that we did not make, and whose successor came after the store
    was backed up.
    """
    wanted = [{column: value} for column, value in _marks(run, mapping, one).items() if not is_blank(value)]
    found = run.systems["back_office"].find(run.view(mapping, "back_office"), wanted) if wanted else []
    hits = {hit.id: hit for some in found for hit in some}
    with run.store.transaction():
        taken = run.store.couplings.brief(mapping.name, "back_office", list(hits))
    return [hit for hit in hits.values() if hit.id not in taken]


def _marks(run: Run, mapping: TableMapping, one: Candidate) -> dict[str, Wire]:
    """By column of the back office, what the order's document would hold."""
    column = str(run.facts.settings.get("correlation", ""))
    row, sales = mapping.rows.get(mapping.correlation), one.document("sales")
    if sales is None:
        return {}
    marks: dict[str, Wire] = {}
    if mapping.keyed_in(column) and row and row.columns("sales"):
        marks[column] = sales.fields.get(row.columns("sales")[0])
    rows = (mapping.rows[name] for name in NUMBERS if name in mapping.rows and mapping.rows[name].columns("sales"))
    told = (str(read_row(row, "sales", sales, {}, run.references) or "") for row in rows)
    shown = next((number for number in told if number), "")
    if mapping.back_office.number and shown != _coupling(one).back_office_number:
        marks[mapping.back_office.number] = shown
    return marks


def _coupled_anew(run: Run, mapping: TableMapping, one: Candidate, document: Document) -> Candidate:
    coupling = _coupling(one)
    with run.store.transaction():
        run.store.couplings.move(coupling.id, document.id)
        run.store.history.note(
            one.subject,
            "re-coupled",
            {"was": coupling.back_office_id, "is": document.id, "number": run.number(mapping, "back_office", document)},
        )
        held = run.store.couplings.get([coupling.id])[coupling.id]
    run.references.clear()
    log.info("re_coupled", mapping=mapping.name, coupling=coupling.id, document=document.id)
    return replace(one, coupling=held, documents={**one.documents, "back_office": document})


def _several(live: Sequence[Document]) -> Problem:
    ids = ", ".join(document.id for document in live)
    return Problem(
        FailureClass.PERSON,
        "several-live",
        f"the order's document is gone from the back office, and {len(live)} others carry its key ({ids})",
        "Remove the key from those that are not this order, or couple the right one with `syncengine couple-record`.",
        "back_office",
    )


# gone for good


def _posted(run: Run, mapping: TableMapping, one: Candidate) -> Traces:
    coupling = _coupling(one)
    shipped: dict[str, Decimal] = {}
    invoiced: dict[str, Decimal] = {}
    last: date | None = None
    tables = run.facts.traits["back_office"].table(mapping.back_office.table).posted
    for posted in tables if coupling.back_office_number else ():
        documents = _of_order(run, posted, coupling.back_office_number)
        for held, column in ((shipped, posted.shipped), (invoiced, posted.invoiced)):
            for place, quantity in _summed(posted, documents, column).items():
                held[place] = max(held.get(place, Decimal(0)), quantity)
        days = [day for document in documents if isinstance(day := document.fields.get(posted.dated), date)]
        last = max([*days, *([last] if last else [])], default=None)
    return Traces(shipped, invoiced, _day(last), _confirm_in(run, one))


def _day(value: date | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _of_order(run: Run, posted: Posted, order: str) -> list[Document]:
    columns = tuple(name for name in (posted.order, posted.dated, posted.state, *posted.newest) if name)
    line_columns = tuple(name for name in (posted.place, posted.shipped, posted.invoiced) if name)
    view = View(posted.table, columns, posted.lines, posted.parent, line_columns)
    (found,) = run.systems["back_office"].find(view, [{posted.order: order}])
    counted = [one for one in found if not posted.state or str(one.fields.get(posted.state)) not in posted.drafts]
    if posted.newest and counted:
        counted = [max(counted, key=lambda one: tuple(number(one.fields.get(name)) for name in posted.newest))]
    return counted


def _summed(posted: Posted, documents: Sequence[Document], column: str) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for document in documents if column else ():
        for line in document.lines:
            found[str(line.fields.get(posted.place))] += number(line.fields.get(column))
    return found


def _confirm_in(run: Run, one: Candidate, code: str = UNCONFIRMED) -> float:
    """Seconds until it may be believed: it was seen before, and long enough ago, or this is the first time."""
    wait = timedelta(seconds=run.limits.gone_confirm_s)
    problem, since = one.item.problem, one.item.since
    if problem is None or problem.code != code or since is None:
        return max(wait.total_seconds(), 0.001)
    return max(0.0, (since + wait - run.clock.now()).total_seconds())


# is the system still the one we knew?


def doubted(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each record that was read a little older than it is known waits for a second look before that is believed.

    A read from a copy that lags behind would look like somebody's edit back to what was there before. An order whose
    other half is gone has a second look for that already; two doubts that each began anew after the other would never
    end.
    """
    return [_doubted(run, one) if one.problem is None and not _lost(mapping, one) else one for one in candidates]


def _doubted(run: Run, one: Candidate) -> Candidate:
    base = one.coupling.base if one.coupling is not None else None
    for side in SIDES:
        seen, was = one.document(side), base.of(side) if base else None
        if seen is None or was is None or seen.id != was.id or not _older(seen, was) or _far_back(seen, was):
            continue
        wait_s = _confirm_in(run, one, OLDER)
        if wait_s:
            message = f"it was read from {run.systems[side].name} in an older version than the one that is known"
            problem = Problem(FailureClass.TRANSIENT, OLDER, message, "Nothing to do: it is read again.", side, wait_s)
            return replace(one, problem=problem)
    return one


def _older(seen: Record | Document, picture: Record) -> bool:
    now, was = seen.modified_at, picture.modified_at
    return now is not None and was is not None and now < was


def _far_back(seen: Record | Document, picture: Record) -> bool:
    now, was = seen.modified_at, picture.modified_at
    return now is not None and was is not None and was - now > STEP_BACK


def must_not_go_back(run: Run, pair: Pair) -> Pair:
    """Raises WritingStopped where a record is older than what was read of it before.

    A server's stamps go back a little at most (`doubted`); those of a system that was restored from a backup go back
    far. Where a person has accepted that, the pair has no base any more: nothing of what differs is anybody's edit.
    """
    for side in SIDES:
        seen, was = pair.of(side), pair.base.of(side) if pair.base else None
        if not isinstance(seen, Record) or was is None or seen.id != was.id:
            continue
        if _accepted(run, side, seen, was):
            return replace(pair, base=None)
    return pair


def _accepted(run: Run, side: Side, seen: Record | Document, picture: Record) -> bool:
    """False where the stamp did not go back far, True where it did and may. Raises WritingStopped."""
    now, was = seen.modified_at, picture.modified_at
    if now is None or was is None or not _far_back(seen, picture):
        return False
    accepted = run.store.remembered.get(f"restored:{side}")
    if accepted is not None and was <= datetime.fromisoformat(str(accepted)):
        return True
    raise WritingStopped(
        f"{run.systems[side].name} seems to have been restored from a backup: it holds {seen.id} as of "
        f"{now.isoformat()}, "
        f"and held it as of {was.isoformat()} before; nothing is written",
        remedy=f"If that was meant, say `syncengine accept-restore {side.replace('_', '-')}`: what both systems hold "
        "then is compared as if they had just been coupled, and what differs is a conflict.",
        side=side,
        code="restored-system",
    )


def _witnesses(run: Run, mapping: TableMapping, one: Candidate, side: Side) -> None:
    """Before an absence is believed: do the records that changed last still stand as they were?

    Raises WritingStopped.
    """
    with run.store.transaction():
        others = [c for c in run.store.couplings.newest(mapping.name, WITNESSES + 1) if c.id != _coupling(one).id]
    asked = [other for other in others[:WITNESSES] if other.base is not None]
    if not asked:
        return
    view = run.view(mapping, side)
    found = run.systems[side].read(View(view.table, view.columns), [other.remote_id(side) for other in asked])
    for other in asked:
        seen = found.get(other.remote_id(side))
        was = other.base.of(side) if other.base else None
        if isinstance(seen, Document) and was is not None and was.id == seen.id:
            with run.store.transaction():
                _accepted(run, side, seen, was)


def _coupling(one: Candidate) -> Coupling:
    assert one.coupling is not None  # noqa: S101  only coupled candidates are looked for
    return one.coupling
