"""Records that ought to have entered and have no partner: what nothing has ever brought is found by reading it all."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from syncengine.engine.context import Run
from syncengine.engine.entering import in_time
from syncengine.engine.sharing import SHARING
from syncengine.engine.sharing import stood_for
from syncengine.mapping.filters import admits
from syncengine.mapping.fold import read_row
from syncengine.mapping.model import TableMapping
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import other


@dataclass(frozen=True)
class Unmet:
    """The records of one page without a partner, and how many of it have none because they are none of ours."""

    side: Side
    documents: Sequence[Document]
    filtered: int


def unmet(run: Run, mapping: TableMapping) -> Iterator[Unmet]:
    """Both sides, page by page, as far as records of theirs are created on the other one."""
    for side in SIDES:
        if mapping.creates(other(side)):
            yield from _unmet(run, mapping, side)


def _unmet(run: Run, mapping: TableMapping, side: Side) -> Iterator[Unmet]:
    of, whole = mapping.of(side), run.view(mapping, side)
    for page in run.systems[side].scan(View(whole.table, whole.columns), of.considered_when):
        ids = [document.id for document in page.documents]
        shared = stood_for(run, mapping, page.documents) if mapping.kind in SHARING else frozenset()
        with run.store.transaction():
            coupled = run.store.couplings.brief(mapping.name, side, ids)
            known = run.store.couplings.known(mapping.name, side, [one for one in ids if one not in coupled])
            alone = [one for one in page.documents if one.id not in coupled and one.id not in known]
            left = run.store.cursors.remembered(mapping.name, side, [one.id for one in alone])
            found = [
                one
                for one in alone
                if one.id not in shared
                and _inside(run, mapping, side, one)
                and not _passed_over(mapping, one, left)
                and not _left(run, mapping, side, one)
            ]
        yield Unmet(side, found, len(alone) - len(found))


def _inside(run: Run, mapping: TableMapping, side: Side, document: Document) -> bool:
    """Not every filter is one that the server takes."""
    of = mapping.of(side)
    return admits((*of.considered_when, *of.enters_when), document) and in_time(run, mapping, side, document)


def _passed_over(mapping: TableMapping, document: Document, left: Mapping[str, str | None]) -> bool:
    """Was it there before the first run of a mapping that takes in only what comes later, and has not changed since?"""
    if mapping.full_sync == "nothing":
        return True
    return mapping.full_sync == "couple" and left.get(document.id, "") == document.version


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
