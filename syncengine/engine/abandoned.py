"""A successor that could not be removed when a recreate took its way back: it stands beside the order's document.

Before anything else is written for that order it is removed, if nobody has touched it; else a person is asked. To
recreate once more would leave two live documents under the order's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syncengine.engine.answers import newest
from syncengine.engine.context import Run
from syncengine.engine.likeness import alike
from syncengine.engine.likeness import nothing_added
from syncengine.engine.reading import Candidate
from syncengine.engine.reading import Second
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.orders.recreate import SUCCESSOR
from syncengine.planner.steps import Problem
from syncengine.ports import Operation
from syncengine.records.document import Gone

LEFT_OVER: Final = "left over from a recreate that took its way back; nobody has touched it"


def with_leftovers(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, each with the abandoned successor that still stands beside its document."""
    asked = [one.subject.coupling for one in candidates if one.coupling is not None and one.problem is None]
    if mapping.kind != "order" or not asked:
        return list(candidates)
    with run.store.transaction():
        operations = run.store.journal.abandoned(mapping.name, [one for one in asked if one is not None])
    return [
        _with(run, mapping, one, operations[one.coupling.id])
        if one.coupling is not None and one.coupling.id in operations
        else one
        for one in candidates
    ]


def two_documents(first: str, second: str) -> Problem:
    return Problem(
        FailureClass.PERSON,
        "two-documents",
        f"both the order and its successor stand in the back office ({first} and {second}); neither could be removed",
        "Remove the one that is not to be delivered; the coupling is with the first.",
        "back_office",
    )


def _not_read() -> Problem:
    return Problem(
        FailureClass.TRANSIENT,
        "not-read",
        "a successor that was left over could not be read from the back office",
        "It is tried again.",
        "back_office",
    )


def _with(run: Run, mapping: TableMapping, one: Candidate, operation: Operation) -> Candidate:
    successor, document = newest(operation, "back_office", SUCCESSOR), one.document("back_office")
    found = None
    if successor is not None and document is not None and successor.id != document.id:
        found = run.systems["back_office"].read(run.view(mapping, "back_office"), [successor.id]).get(successor.id)
        if found is None:
            return replace(one, problem=_not_read())
    if successor is None or document is None or found is None or isinstance(found, Gone):
        if document is not None and not run.dry_run:
            with run.store.transaction():
                run.store.journal.close(operation.id, "undone")
        return one
    predecessor = operation.documents["back_office"]
    if alike(run, mapping, "back_office", successor, found) and nothing_added(
        run, mapping, operation, predecessor, found
    ):
        return replace(one, second=Second(found, one.coupling.id if one.coupling else 0, LEFT_OVER))
    return replace(one, problem=two_documents(document.id, found.id))
