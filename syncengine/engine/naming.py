"""Finds records by what people call them: for a run that is asked for certain orders only."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from syncengine.engine.context import Run
from syncengine.errors import UsageError
from syncengine.mapping.model import TableMapping
from syncengine.ports import Subject
from syncengine.ports import System
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Side

ID_LENGTH, ID_HYPHENS = 36, 4

Named = dict[str, dict[Side, list[str]]]


def take_in(run: Run, mappings: Sequence[TableMapping], orders: Sequence[str]) -> Named:
    """Make these orders work, coupled or not; by mapping and side, their remote ids. Raises UsageError for one that
    neither the store nor one of the systems knows.
    """
    found: Named = {mapping.name: {side: [] for side in SIDES} for mapping in mappings}
    for order in orders:
        taken = [_take(run, mapping, order, found[mapping.name]) for mapping in mappings]
        if not any(taken):
            raise UsageError(
                f"neither system has an order {order!r}", remedy="Give its number or its id, as either system shows it."
            )
    return found


def _take(run: Run, mapping: TableMapping, order: str, ids: Mapping[Side, list[str]]) -> bool:
    with run.store.transaction():
        couplings = run.store.couplings.named(mapping.name, order)
        for coupling in couplings:
            run.store.work.add(Subject(mapping.name, coupling.id))
            for side in SIDES:
                ids[side].append(coupling.remote_id(side))
    if couplings:
        return True
    documents = {side: there for side in SIDES if (there := looked_up(run.systems[side], mapping, order))}
    with run.store.transaction():
        for side, there in documents.items():
            known = run.store.couplings.known(mapping.name, side, [one.id for one in there])
            for document in there:
                ids[side].append(document.id)
                if document.id not in known:
                    number = run.number(mapping, side, document)
                    run.store.work.add(Subject(mapping.name, None, side, document.id), number=number)
    return bool(documents)


def looked_up(system: System, mapping: TableMapping, name: str) -> Sequence[Document]:
    """What a system has under this number, or this id."""
    of = mapping.of(system.side)
    view = View(of.table, (of.number,) if of.number else ())
    if len(name) == ID_LENGTH and name.count("-") == ID_HYPHENS:
        found = system.read(view, [name]).get(name)
        return [found] if isinstance(found, Document) else []
    return system.find(view, [{of.number: name}])[0] if of.number else []
