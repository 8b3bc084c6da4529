"""What belongs to a document in other tables (dimensions, files): read where the document is to be recreated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.errors import CredentialsRefused
from syncengine.errors import FailureClass
from syncengine.errors import Unreachable
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.planner.steps import Problem
from syncengine.records.document import Attached
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.traits import Belonging
from syncengine.records.values import same

log = get_logger()


def with_belongings(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with what belongs to their documents in the back office.

    Where our rights do not go so far they stay as they are, and the plan names what is lost. Where it could not be read
    for another reason they are tried again later: nothing is left behind because a service was slow.
    """
    documents = {one.item.id: one.document("back_office") for one in candidates}
    ids = [document.id for document in documents.values() if document is not None]
    if not _kinds(run, mapping):
        return list(candidates)
    try:
        found = read_belongings(run, mapping, ids)
    except CredentialsRefused as error:
        log.warning("belongings_not_readable", mapping=mapping.name, error=error.message)
        return list(candidates)
    except Unreachable as error:
        return [replace(one, problem=_not_read(error.message)) for one in candidates]
    return [_with(one, documents[one.item.id], found) for one in candidates]


def read_belongings(run: Run, mapping: TableMapping, ids: Sequence[str]) -> dict[str, tuple[Attached, ...]]:
    """By document; one that is not there is missing. Raises Unreachable, CredentialsRefused."""
    kinds, whole = _kinds(run, mapping), run.view(mapping, "back_office")
    own, of_lines = tuple(one.table for one in kinds), tuple(one.table for one in kinds if one.of_lines)
    view = View(whole.table, ("id",), whole.line_table, whole.line_parent, ("id",), own, of_lines)
    found = run.systems["back_office"].find(view, [{"id": one} for one in ids])
    return {document.id: document.attached or () for some in found for document in some}


def _kinds(run: Run, mapping: TableMapping) -> Sequence[Belonging]:
    return run.facts.traits["back_office"].table(mapping.back_office.table).belongings


def same_belongings(one: Sequence[Attached], two: Sequence[Attached]) -> bool:
    """The same rows with the same values, in whatever order they came."""
    before = {(row.table, row.line, row.id): row.fields for row in one}
    after = {(row.table, row.line, row.id): row.fields for row in two}
    return before.keys() == after.keys() and all(
        same(fields.get(column), after[key].get(column))
        for key, fields in before.items()
        for column in {*fields, *after[key]}
    )


def _with(one: Candidate, document: Document | None, found: dict[str, tuple[Attached, ...]]) -> Candidate:
    if document is None:
        return one
    if document.id not in found:
        return replace(one, problem=_not_read("it is not there any more"))
    whole = replace(document, attached=found[document.id])
    return replace(one, documents={**one.documents, "back_office": whole})


def _not_read(why: str) -> Problem:
    return Problem(
        FailureClass.TRANSIENT,
        "belongings-not-read",
        f"the document is to be recreated, and what belongs to it (dimensions, files) could not be read: {why}",
        "It is tried again; where it stays so, look whether the application may read dimensions and attachments.",
        "back_office",
    )
