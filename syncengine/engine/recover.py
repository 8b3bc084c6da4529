"""Settles writes whose answer is missing: by looking at what they were to make, never by guessing.

A step that the service itself guards (If-Match, an id we chose, a place in the document) is read back and, where it
was not done, repeated at once under the same guard. Only an unguarded create stays in progress for as long as the
service may still be executing it; it is searched for meanwhile, and repeated after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from syncengine.engine.belongings import read_belongings
from syncengine.engine.context import Run
from syncengine.engine.resolve import resolved
from syncengine.engine.twins import first_of
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.planner.rounds import settled_by
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.ports import Subject
from syncengine.records.document import Attached
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.values import Link
from syncengine.records.values import Wire
from syncengine.records.values import same

log = get_logger()


def unknown_steps(operation: Operation) -> list[Step]:
    """Steps that were sent and whose fate is not known."""
    found = []
    for step in operation.steps:
        receipt = operation.receipts.get(step.no)
        sent = step.no in operation.sent_at
        if (sent and receipt is None) or (receipt is not None and not settled_by(receipt.outcome)):
            found.append(step)
    return found


def settle(run: Run, mapping: TableMapping, operation: Operation) -> Operation | None:
    """The operation with every fate known, what was not done forgotten so that it is sent again.

    None while an unguarded create may still be executing. Raises Unreachable where the system does not answer.
    """
    unknown = unknown_steps(operation)
    if not unknown:
        return operation
    found = _judge(run, mapping, operation, unknown)
    if found is None:
        return None
    receipts, undone = found
    with run.store.transaction():
        run.store.journal.received(operation.id, receipts)
        run.store.journal.forget(operation.id, [step.no for step in undone])
        for step in undone:
            if step.verb == "create" and step.identity:
                run.store.journal.claim_again(operation.id, mapping.name, step.side, map(str, step.identity.values()))
        run.store.history.note(
            operation.subject,
            "settled",
            {
                "operation": operation.id,
                "found": [{"no": r.step, "outcome": str(r.outcome)} for r in receipts],
                "repeated": [step.no for step in undone],
            },
        )
    log.info("unknown_outcome_settled", operation=operation.id, found=len(receipts), repeated=len(undone))
    left = {no: receipt for no, receipt in operation.receipts.items() if no not in {step.no for step in undone}}
    sent = {no: at for no, at in operation.sent_at.items() if no not in {step.no for step in undone}}
    return replace(operation, receipts={**left, **{r.step: r for r in receipts}}, sent_at=sent)


Judged = tuple[list[Receipt], list[Step]] | None


def _judge(run: Run, mapping: TableMapping, operation: Operation, unknown: Sequence[Step]) -> Judged:
    first = resolved(operation, unknown)
    parts = [step for step in first if step.verb.endswith("-part")]
    if parts:
        return _judge_parts(run, mapping, operation, parts)
    writes = [step for step in first if step.writes]
    reads = [step for step in first if not step.writes]
    if not writes:
        return [], reads
    if writes[0].verb == "create":
        judged = _judge_create(run, mapping, operation, writes[0])
    else:
        judged = _judge_change(run, mapping, operation, writes)
    return None if judged is None else (judged[0], [*judged[1], *reads])


def _judge_create(run: Run, mapping: TableMapping, operation: Operation, step: Step) -> Judged:
    system, view = run.systems[step.side], run.view(mapping, step.side)
    if isinstance(step.target, str):
        found = system.read(view, [step.target]).get(step.target)
        if isinstance(found, Document):
            return [Receipt(step.no, ReceiptOutcome.DONE, found)], []
        return None if found is None else ([], [step])
    hits = [one for one in system.find(view, [step.identity])[0] if one.id not in step.excluding]
    made = hits[0] if len(hits) == 1 else first_of(run, mapping, operation, step, hits) if hits else None
    if made is not None:
        with run.store.transaction():
            for twin in hits:
                if twin.id != made.id:
                    run.store.work.add(Subject(mapping.name, None, step.side, twin.id))
        return [Receipt(step.no, ReceiptOutcome.DONE, made)], []
    if hits:
        ids = ", ".join(hit.id for hit in hits)
        error = RemoteError(0, "several-found", f"{len(hits)} documents carry the key {dict(step.identity)}: {ids}")
        return [Receipt(step.no, ReceiptOutcome.REFUSED, None, error)], []
    return None if _may_still_run(run, operation, step) else ([], [step])


def _judge_parts(run: Run, mapping: TableMapping, operation: Operation, steps: Sequence[Step]) -> Judged:
    """What belongs to a document. A row that is put, and a file, are put again: the same once more changes nothing.

    A row that is added is looked for below its owner, among those that no other step has made.
    """
    known = {r.after.id for r in operation.receipts.values() if isinstance(r.after, Document)}
    receipts, undone = [], []
    for step in steps:
        if step.verb != "create-part":
            undone.append(step)
            continue
        rows = read_belongings(run, mapping, [str(step.parent)]).get(str(step.parent))
        if rows is None:
            return None
        hit = next((row for row in rows if _is_part(step, row) and (step.instead_of or row.id not in known)), None)
        if hit is not None:
            known.add(hit.id)
            receipts.append(Receipt(step.no, ReceiptOutcome.DONE, Document(hit.id, None, hit.fields)))
        elif step.instead_of is None and _may_still_run(run, operation, step):
            return None
        else:
            undone.append(step)
    return receipts, undone


def _is_part(step: Step, row: Attached) -> bool:
    return row.table == step.table and row.line == (step.line or "") and holds(row.fields, step.body)


def _may_still_run(run: Run, operation: Operation, step: Step) -> bool:
    """May the service still be carrying out what we no longer wait for?"""
    return run.clock.now() - operation.sent_at[step.no] < timedelta(seconds=run.limits.settle_after_s)


def _judge_change(run: Run, mapping: TableMapping, operation: Operation, steps: Sequence[Step]) -> Judged:
    """A change of one document, or a change set on it: done entirely, not at all, or overtaken by somebody.

    Where the system itself refuses no stale write, nothing stops one that is still running from coming after ours.
    """
    head = steps[0]
    document_id = str(head.parent if head.verb.endswith("-line") else head.target)
    found = run.systems[head.side].read(run.view(mapping, head.side), [document_id]).get(document_id)
    if found is None:
        return None
    if isinstance(found, Document) and all(step.verb == "create-line" and step.atomic is None for step in steps):
        # Lines sent side by side: each is there, at its own place, or it is not.
        undone = [step for step in steps if not _is_done(step, found)]
        return [Receipt(s.no, ReceiptOutcome.DONE, _after(s, found)) for s in steps if s not in undone], undone
    if all(_is_done(step, found) for step in steps):
        return [Receipt(step.no, ReceiptOutcome.DONE, _after(step, found)) for step in steps], []
    guarded = run.facts.traits[head.side].table(mapping.of(head.side).table).guarded
    if not guarded and _may_still_run(run, operation, head):
        return None
    if isinstance(found, Document) and all(_guard_holds(step, found) for step in steps):
        return [], list(steps)
    return [Receipt(step.no, ReceiptOutcome.STALE, _after(step, found)) for step in steps], []


def _is_done(step: Step, found: Document | Gone) -> bool:
    if step.verb == "delete":
        return isinstance(found, Gone)
    if isinstance(found, Gone):
        return False
    match step.verb:
        case "update":
            # Of what is never shown (the content of a file) nobody can say that it is there.
            return any(column in found.fields for column in step.body) and holds(found.fields, step.body)
        case "set-state":
            return found.state == step.body["state"]
        case "act":
            # A version that was filed twice says the same twice: what cannot be seen is done again.
            return found.state == {"reopen": "draft", "release": "released"}.get(str(step.body["action"]))
        case "delete-line":
            return found.line(str(step.target)) is None
        case "create-line":
            return _line(step, found) is not None
        case "update-line":
            line = found.line(str(step.target))
            return line is not None and holds(line.fields, step.body)
        case _:
            return False


def _line(step: Step, found: Document) -> Document | None:
    if isinstance(step.target, str):
        return found.line(step.target)
    return next((line for line in found.lines if step.identity and holds(line.fields, step.identity)), None)


def _after(step: Step, found: Document | Gone) -> Document | Gone | None:
    """What the answer would have shown: the line for a line's step, else the document."""
    if isinstance(found, Gone) or not step.verb.endswith("-line"):
        return found
    return _line(step, found) if step.verb == "create-line" else found.line(str(step.target))


def _guard_holds(step: Step, found: Document) -> bool:
    """Is the record still the one the step was guarded against? What is not guarded goes with what is."""
    if not isinstance(step.expects, str):
        return True
    if step.verb.endswith("-line"):
        line = found.line(str(step.target))
        return line is not None and line.version == step.expects
    return found.token(step.table) == step.expects


def holds(fields: Mapping[str, Wire], body: Mapping[str, Wire]) -> bool:
    """Do these columns hold what was sent?"""
    return all(column not in fields or taken(value, fields[column]) for column, value in body.items())


def taken(sent: Wire, returned: Wire) -> bool:
    if isinstance(sent, Link):
        returned_id = returned.id if isinstance(returned, Link) else returned
        return same(sent.id, returned_id)
    return same(sent, returned)
