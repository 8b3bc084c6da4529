"""Records of the back office of which several may be one in Sales: units of items, in a unit group that products share.

They are not coupled by match: where Sales has the record, it stands for them all, as far as it holds the same. Where it
has not, one of them makes it, and it is coupled with that one; but only where all that would share it agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Final

from syncengine.engine.context import Run
from syncengine.engine.leaving import leave
from syncengine.engine.match import match_key
from syncengine.engine.reading import Candidate
from syncengine.errors import FailureClass
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import admits
from syncengine.mapping.model import TableMapping
from syncengine.orders.units import at_odds
from syncengine.planner.plan import belongs
from syncengine.planner.steps import Problem
from syncengine.records.document import Document
from syncengine.records.record import Record
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire

SHARING: Final = ("unit",)  # the kinds of mapping that this is about
SHARED: Final = "shared"
QUANTITY: Final = "quantity"


@dataclass(frozen=True)
class _One:
    candidate: Candidate
    document: Document
    record: Record
    key: str


def enter_shared(
    run: Run, mapping: TableMapping, side: Side, considered: Sequence[tuple[Candidate, Document]]
) -> list[Candidate]:
    """Those that are to be made, and those that a person has to look at."""
    if side == "sales":
        _look_anew(run, mapping, considered)
        return []
    known, told = _keyed(run, mapping, considered)
    partners = partners_of(run, mapping, [one.record for one in known])
    new: list[_One] = []
    for one, partner in zip(known, partners, strict=True):
        document = one.document
        if partner is not None:
            problem = run.rules[mapping.name].differs(partner, one.record)
            if problem is not None:
                told.append(replace(one.candidate, problem=problem))
            else:
                leave(run, mapping, side, one.candidate, document, SHARED)
        elif not mapping.creates("sales") or mapping.name in run.couple_only:
            leave(run, mapping, side, one.candidate, document, "uncoupled")
        elif not admits(mapping.of(side).enters_when, document):
            leave(run, mapping, side, one.candidate, document, "filtered")
        else:
            new.append(one)
    return told + _makers(run, mapping, new)


def _look_anew(run: Run, mapping: TableMapping, considered: Sequence[tuple[Candidate, Document]]) -> None:
    """Of Sales' own records nothing is made; one that changed may end what those of the back office were told for."""
    for one, document in considered:
        leave(run, mapping, "sales", one, document, SHARED)
    if considered and mapping.name not in run.joined:
        with run.store.transaction():
            run.store.work.retry_mapping(mapping.name)


def _keyed(
    run: Run, mapping: TableMapping, considered: Sequence[tuple[Candidate, Document]]
) -> tuple[list[_One], list[Candidate]]:
    """Those of which it is known what they would be in Sales, and those that cannot be read; what belongs to something
    that is not coupled is left.
    """
    known, unreadable = [], []
    with run.store.transaction():
        run.references.preload(mapping, [("back_office", document) for _, document in considered])
        for one, document in considered:
            try:
                record = run.record(mapping, "back_office", document)
            except ValueError:
                unreadable.append(one)  # planned, where it becomes a problem with its own words
                continue
            known.append(_One(one, document, record, match_key(mapping, "back_office", record, mapping.match[0]) or ""))
    found = []
    for each in known:
        owner = next((one for one in each.record.fields.values() if isinstance(one, Ref) and _left(mapping, one)), None)
        if owner is not None:
            leave(run, mapping, "back_office", each.candidate, each.document, belongs(owner))
        elif each.key:
            found.append(each)
        else:
            unreadable.append(replace(each.candidate, problem=_not_told()))
    return found, unreadable


def _not_told() -> Problem:
    words = "what it belongs to was just coupled and is not read yet"
    return Problem(FailureClass.TRANSIENT, "in-progress", words, "Nothing to do.")


def _left(mapping: TableMapping, value: Ref) -> bool:
    rows = [row for row in mapping.rows.values() if row.on_missing == "leave"]
    return value.coupling is None and any(value.mapping in row.lookup for row in rows)


def partners_of(run: Run, mapping: TableMapping, records: Sequence[Record]) -> list[Record | None]:
    """What of Sales stands, or could stand, for each of these."""
    if not records:
        return []
    rows = [mapping.rows[name] for name in mapping.match[0].rows]
    wanted = [{row.sales[0]: _wire(record.fields.get(row.name)) for row in rows} for record in records]
    answers = run.systems["sales"].find(run.view(mapping, "sales"), wanted)
    first = [min(hits, key=lambda hit: hit.id) if hits else None for hits in answers]
    with run.store.transaction():
        run.references.preload(mapping, [("sales", hit) for hit in first if hit is not None])
        return [run.record(mapping, "sales", hit) if hit is not None else None for hit in first]


def _wire(value: Scalar) -> Wire:
    return None if isinstance(value, Ref) else value


def stood_for(run: Run, mapping: TableMapping, documents: Sequence[Document]) -> frozenset[str]:
    """Those of the back office for which a record of Sales stands that holds the same."""
    run.references.clear()
    records = []
    with run.store.transaction():
        run.references.preload(mapping, [("back_office", document) for document in documents])
        for document in documents:
            record = run.record(mapping, "back_office", document)
            if match_key(mapping, "back_office", record, mapping.match[0]) is not None:
                records.append(record)
    differs = run.rules[mapping.name].differs
    partners = zip(records, partners_of(run, mapping, records), strict=True)
    return frozenset(one.id for one, partner in partners if partner is not None and differs(partner, one) is None)


def _makers(run: Run, mapping: TableMapping, new: Sequence[_One]) -> list[Candidate]:
    """One for each record that Sales lacks; the others find it once it is there."""
    sizes = _sizes(run, mapping, new)
    found: list[Candidate] = []
    for one in new:
        size = sizes.get(one.key, frozenset())
        if len(size) > 1:
            name = run.number(mapping, "back_office", one.document)
            found.append(replace(one.candidate, problem=at_odds(name, size)))
        elif (mapping.name, one.key) in run.begun:
            found.append(replace(one.candidate, problem=_being_made()))
        else:
            run.begun.add((mapping.name, one.key))
            found.append(one.candidate)
    return found


def _being_made() -> Problem:
    return Problem(
        FailureClass.TRANSIENT,
        "in-progress",
        "another record makes what this one shares with it",
        "Nothing to do; it is looked for again.",
    )


def _sizes(run: Run, mapping: TableMapping, new: Sequence[_One]) -> Mapping[str, frozenset[Scalar]]:
    """What all records that would share each of these hold, those included that nobody has looked at yet."""
    view, number = run.view(mapping, "back_office"), mapping.back_office.number
    found: dict[str, set[Scalar]] = defaultdict(set)
    for name in sorted({run.number(mapping, "back_office", one.document) for one in new}):
        for page in run.systems["back_office"].scan(view, (Condition(number, (name,)),)):
            run.references.clear()
            with run.store.transaction():
                run.references.preload(mapping, [("back_office", document) for document in page.documents])
                for document in page.documents:
                    record = run.record(mapping, "back_office", document)
                    key = match_key(mapping, "back_office", record, mapping.match[0])
                    if key is not None:
                        found[key].add(record.fields.get(QUANTITY))
    run.references.clear()
    with run.store.transaction():
        run.references.preload(mapping, [("back_office", one.document) for one in new])
    return {key: frozenset(some) for key, some in found.items()}
