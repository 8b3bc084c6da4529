"""A create that was sent twice may have been carried out twice, the first time after nobody could find it any more.

The second document under the one key is known by what our journal still holds: it is as the first one was when it was
made. Where nobody has touched it, it is removed; else a person says which of the two is to be delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace

from syncengine.engine.belongings import read_belongings
from syncengine.engine.belongings import same_belongings
from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.errors import CredentialsRefused
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import DISCARD
from syncengine.planner.steps import Action
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Step
from syncengine.ports import Coupling
from syncengine.ports import Operation
from syncengine.records.document import Document
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import same

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
    return first if again and whole and all(_alike(run, mapping, step.side, first, one) for one in hits) else None


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


def discard(mapping: TableMapping, candidate: Candidate, side: Side, document: Document) -> Action:
    """Remove it, in the very version that was looked at."""
    record = Record(document.id, document.version, {}, native=document, state=document.state)
    pair = Pair(mapping.name, None, *((record, None) if side == "sales" else (None, record)))
    remove = Step(1, side, "delete", mapping.of(side).table, target=document.id, expects=document.version)
    reason = f"made a second time by a create that got no answer; nobody has touched it (coupling {candidate.twin_of})"
    return Action(pair, DISCARD, reason, steps=(remove,), destructive=True, archive=True)


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
    pristine = isinstance(made, Document) and _alike(run, mapping, side, made, document)
    if pristine and _same_belongings(run, mapping, other, document):
        return replace(one, twin_of=coupling.id)
    return replace(one, problem=_edited(run, mapping, side, other, document))


def _keys(step: Step) -> list[str]:
    return [str(value) for value in step.identity.values()]


def _alike(run: Run, mapping: TableMapping, side: Side, one: Document, two: Document) -> bool:
    """Equal in all that is not the identity of a document or of its lines."""
    computed = run.facts.traits[side].table(mapping.of(side).table).computed
    own = {"id", mapping.of(side).number, *computed}
    of_lines = {"id", mapping.lines.parents[side] if mapping.lines else "", *computed}
    if (one.state, one.progress, len(one.lines)) != (two.state, two.progress, len(two.lines)):
        return False
    if not _equal(one.fields, two.fields, own):
        return False
    return all(_equal(a.fields, b.fields, of_lines) for a, b in zip(one.lines, two.lines, strict=True))


def _equal(one: Mapping[str, Wire], two: Mapping[str, Wire], but: set[str]) -> bool:
    return all(same(one.get(column), two.get(column)) for column in {*one, *two} - but)


def _same_belongings(run: Run, mapping: TableMapping, one: Document, two: Document) -> bool:
    """Also what belongs to them, line by line in their order: no file was added, no dimension changed."""
    try:
        found = read_belongings(run, mapping, [one.id, two.id])
    except CredentialsRefused:
        return False  # nobody knows
    rows = []
    for document in (one, two):
        places = {line.id: str(at) for at, line in enumerate(document.lines)} | {"": ""}
        rows.append([replace(row, line=places.get(row.line, row.line)) for row in found.get(document.id, ())])
    return same_belongings(*rows)


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
