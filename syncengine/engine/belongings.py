"""What belongs to a document in other tables (dimensions, files): read where the document is to be recreated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.errors import CredentialsRefused
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.records.document import Attached
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.values import same

log = get_logger()


def with_belongings(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with what belongs to their documents in the back office.

    Where our rights do not go so far they stay as they are, and the plan names what is lost.
    """
    documents = {one.item.id: one.document("back_office") for one in candidates}
    ids = [document.id for document in documents.values() if document is not None]
    found = read_belongings(run, mapping, ids)
    return [_with(one, documents[one.item.id], found) for one in candidates]


def read_belongings(run: Run, mapping: TableMapping, ids: Sequence[str]) -> dict[str, tuple[Attached, ...] | None]:
    """By document; None of one that is gone, nothing of one that got no answer."""
    kinds = run.facts.traits["back_office"].table(mapping.back_office.table).belongings
    if not kinds or not ids:
        return {}
    of_lines = tuple(one.table for one in kinds if one.of_lines)
    whole = run.view(mapping, "back_office")
    view = View(
        whole.table, ("id",), whole.line_table, whole.line_parent, ("id",), tuple(one.table for one in kinds), of_lines
    )
    try:
        read = run.systems["back_office"].read(view, ids)
    except CredentialsRefused as error:
        log.warning("belongings_not_readable", mapping=mapping.name, error=error.message)
        return {}
    return {one: None if isinstance(held, Gone) else held.attached for one, held in read.items()}


def same_belongings(one: Sequence[Attached], two: Sequence[Attached]) -> bool:
    """The same rows with the same values, in whatever order they came."""
    before = {(row.table, row.line, row.id): row.fields for row in one}
    after = {(row.table, row.line, row.id): row.fields for row in two}
    return before.keys() == after.keys() and all(
        same(fields.get(column), after[key].get(column))
        for key, fields in before.items()
        for column in {*fields, *after[key]}
    )


def _with(one: Candidate, document: Document | None, found: dict[str, tuple[Attached, ...] | None]) -> Candidate:
    attached = found.get(document.id) if document is not None else None
    if document is None or attached is None:
        return one
    return replace(one, documents={**one.documents, "back_office": replace(document, attached=attached)})
