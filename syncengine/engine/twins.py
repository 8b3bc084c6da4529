"""A create that was sent twice may have been carried out twice, the first time after nobody could find it any more.

The second document under the one key is known by what our journal still holds: it is as the first one was when it was
made. Where nobody has touched it, it is removed; else a person says which of the two is to be delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syncengine.engine.context import Run
from syncengine.engine.likeness import alike
from syncengine.engine.likeness import nothing_added
from syncengine.engine.reading import Candidate
from syncengine.engine.reading import Second
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Step
from syncengine.ports import Coupling
from syncengine.ports import Operation
from syncengine.records.document import Document
from syncengine.records.values import Side

MADE_TWICE: Final = "made a second time by a create that got no answer; nobody has touched it"

Read = tuple[Candidate, Document]


def first_of(
    run: Run, mapping: TableMapping, operation: Operation, step: Step, hits: Sequence[Document]
) -> Document | None:
    """The one that an operation goes on with where a create that was sent twice has made several; None where somebody
    has touched one of them, or where it was sent once, so that one of them is not ours.
    """
    with run.store.transaction():
        again = operation.id in run.store.journal.sent_again(mapping.name, step.side, _keys(step)).values()
    first = min(hits, key=lambda one: one.id)
    whole = len(first.lines) == len(step.lines)
    return first if again and whole and all(alike(run, mapping, step.side, first, one) for one in hits) else None


def find_twins(
    run: Run, mapping: TableMapping, side: Side, column: str, considered: list[Read]
) -> tuple[list[Candidate], list[Read]]:
    """The candidates that are the second document of one of our creates, to be removed or for a person; the others."""
    keys = {str(document.fields.get(column) or "") for _, document in considered} - {""} if column else set()
    if not keys:
        return [], considered
    with run.store.transaction():
        ids = run.store.journal.sent_again(mapping.name, side, sorted(keys))
        operations = run.store.journal.closed(sorted(set(ids.values()))) if ids else {}
        coupled = [one.subject.coupling for one in operations.values() if one.subject.coupling is not None]
        couplings = run.store.couplings.get(coupled) if coupled else {}
    found: list[Candidate] = []
    others: list[Read] = []
    for one, document in considered:
        operation = operations.get(ids.get(str(document.fields.get(column) or ""), 0))
        coupling = couplings.get(operation.subject.coupling or 0) if operation else None
        twin = _judged(run, mapping, side, one, document, operation, coupling) if operation and coupling else None
        if twin is None:
            others.append((one, document))
        else:
            found.append(twin)
    return found, others


def _judged(
    run: Run,
    mapping: TableMapping,
    side: Side,
    one: Candidate,
    document: Document,
    operation: Operation,
    coupling: Coupling,
) -> Candidate | None:
    """None where it is no twin: what it would be the second of is not there, and whoever looks for that finds it."""
    step = operation.steps[0]
    made = operation.receipts[step.no].after if step.no in operation.receipts else None
    standing = coupling.remote_id(side)
    if coupling.status != "coupled" or document.id in (standing, getattr(made, "id", "")):
        return None
    other = run.systems[side].read(run.view(mapping, side), [standing]).get(standing)
    if not isinstance(other, Document):
        return None
    pristine = isinstance(made, Document) and alike(run, mapping, side, made, document)
    if pristine and nothing_added(run, mapping, operation, other, document):
        return replace(one, second=Second(document, coupling.id, MADE_TWICE))
    return replace(one, problem=_edited(run, mapping, side, other, document))


def _keys(step: Step) -> list[str]:
    return [str(value) for value in step.identity.values()]


def _edited(run: Run, mapping: TableMapping, side: Side, standing: Document, second: Document) -> Problem:
    numbers = " and ".join(run.number(mapping, side, one) or one.id for one in (standing, second))
    return Problem(
        FailureClass.PERSON,
        "made-twice",
        f"a create that got no answer in time was carried out twice ({numbers}), and somebody has edited one of them",
        "Remove the second, if that is not the one to be delivered, then `syncengine retry`; the order is coupled with "
        "the first.",
        side,
    )
