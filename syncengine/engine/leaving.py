"""Uncoupled records that are left where they are, and looked at again when what they belong to is coupled."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import TableMapping
from syncengine.planner.plan import belongs
from syncengine.ports import Store
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.values import Ref
from syncengine.records.values import Side


def leave(run: Run, mapping: TableMapping, side: Side, one: Candidate, document: Document, reason: str) -> None:
    """In this version it is none of ours."""
    with run.store.transaction():
        run.store.cursors.remember(mapping.name, side, {document.id: document.version}, reason)
        run.store.work.done(one.subject)


def look_again(
    store: Store, mappings: Mapping[str, TableMapping], mapping: str, coupled: Mapping[Side, Sequence[str]]
) -> None:
    """These have just been coupled: what belongs to them, and was left alone, is work again. In a transaction."""
    belonging = [
        name
        for name, one in mappings.items()
        if any(
            mapping in row.lookup and (row.on_missing == "leave" or one.deleted.get("back_office") == FOLLOW)
            for row in one.rows.values()
        )
    ]
    if not belonging:
        return
    reasons = [
        belongs(Ref(mapping, ended, side, one)) for side, ids in coupled.items() for one in ids for ended in (None, 0)
    ]
    for name, side, remote_id in store.cursors.left(belonging, reasons):
        store.work.add(Subject(name, None, side, remote_id))
        store.cursors.forget(name, side, [remote_id])


def let_go(store: Store, mappings: Mapping[str, TableMapping], mapping: str) -> list[str]:
    """A record of this mapping is coupled no more: what was refused for it may be none of ours now, and is tried again.

    Gives the mappings that look it up. In a transaction.
    """
    names = [name for name, one in mappings.items() if any(mapping in row.lookup for row in one.rows.values())]
    store.work.retry_alone(names)
    return names


def ended(run: Run, mapping: str) -> None:
    """The same within a run, of what this run has tried itself as well."""
    names = let_go(run.store, run.mappings, mapping)
    for subject in [one for one in run.refused if one.coupling is None and one.mapping in names]:
        del run.refused[subject]
