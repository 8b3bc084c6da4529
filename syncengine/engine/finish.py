"""How an operation ends: the new base, the coupling, the history in one commit; or, stopped, what follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from syncengine.engine.abandoned import two_documents
from syncengine.engine.answers import equal_but
from syncengine.engine.answers import id_of
from syncengine.engine.answers import made
from syncengine.engine.answers import newest
from syncengine.engine.answers import own_writes
from syncengine.engine.context import Run
from syncengine.engine.entering import record_coupling
from syncengine.engine.entering import scope_of
from syncengine.engine.filed import FILED
from syncengine.engine.filed import filed_version
from syncengine.engine.followers import carried
from syncengine.engine.followers import followers
from syncengine.engine.leaving import ended
from syncengine.engine.recover import settle as settle_unknown
from syncengine.engine.wishes import granted
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.orders.recreate import RELEASE
from syncengine.orders.recreate import REMOVE
from syncengine.orders.recreate import SUCCESSOR
from syncengine.orders.recreate import WAY_BACK
from syncengine.orders.states import REOPENED
from syncengine.planner.rounds import Stopped
from syncengine.planner.settle import Made
from syncengine.planner.settle import settle
from syncengine.planner.steps import DISCARD
from syncengine.planner.steps import ENDS
from syncengine.planner.steps import MAKES
from syncengine.planner.steps import Action
from syncengine.planner.steps import Problem
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.record import Base
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.records.values import other

log = get_logger()

REPLACES = ("recreate", "renew")  # kinds of operation after which the coupling means another back-office record


class Finisher:
    def __init__(self, run: Run) -> None:
        self.run = run

    # an operation that went through

    def finished(self, mapping: TableMapping, operation: Operation, problem: Problem | None = None) -> None:
        """Settle base and coupling. With a `problem`, some steps were not done: their rows are planned again later."""
        if operation.foreign_edit:
            self._went_back(mapping, operation)
            return
        if operation.kind == DISCARD:
            self._discarded(operation)
            return
        if operation.kind in ENDS or operation.kind in ("reopen", "tell"):
            self._ended(mapping, operation)
            return
        store, run = self.run.store, self.run
        filed = filed_version(run, mapping, operation)
        going_along = self._followers(mapping, operation) if operation.kind in REPLACES else ()
        with store.transaction():
            result = made(mapping, operation)
            action = self._action(mapping, operation)
            settled = settle(action, mapping, result)
            subject = operation.subject
            if operation.kind == "create":
                subject = self._couple(mapping, operation, result)
            elif operation.kind in REPLACES and result.document:
                store.couplings.move(_coupling_of(subject), result.document)
                carried(run, operation, going_along)
                for one in going_along:
                    store.work.add(one)
                if operation.kind == "recreate":
                    self._succeeded(mapping, operation)
                    run.counts.of(mapping.name).recreated += 1
            store.couplings.settle(_coupling_of(subject), settled.base, settled.line_pairs)
            store.journal.close(operation.id, "done" if problem is None else "stopped")
            granted(self.run, operation)
            self._note_filed(operation, filed)
            store.history.note(subject, "settled", {"operation": operation.id, "kind": operation.kind})
            problem = problem or self._did_not_take(subject, result)
            if problem is not None:
                store.work.park(subject, problem, number=self._number(mapping, operation))
            else:
                store.work.add(subject, self._documents(mapping, operation), number=self._number(mapping, operation))

    def _followers(self, mapping: TableMapping, operation: Operation) -> Sequence[Subject]:
        with self.run.store.transaction():
            coupling = self.run.store.couplings.get([_coupling_of(operation.subject)])
        return followers(self.run, mapping, coupling[_coupling_of(operation.subject)].sales_id)

    def _discarded(self, operation: Operation) -> None:
        """Nothing is left of a second document, and it was never coupled."""
        store, subject = self.run.store, operation.subject
        with store.transaction():
            store.journal.close(operation.id, "done")
            if subject.coupling is not None:
                store.work.add(subject, {})  # now for what was to be written
                return
            store.work.done(subject)
            self.run.in_hand.done(subject)

    def _ended(self, mapping: TableMapping, operation: Operation) -> None:
        """Nothing is compared any more: the coupling has ended, or waits for people."""
        store, subject = self.run.store, operation.subject
        status = ENDS.get(operation.kind)
        filed = filed_version(self.run, mapping, operation)
        left_behind = self._followers(mapping, operation) if status is not None else ()
        with store.transaction():
            store.journal.close(operation.id, "done")
            self._note_filed(operation, filed)
            if status is not None:
                store.couplings.end(_coupling_of(subject), status, operation.reason)
                for one in left_behind:
                    store.work.add(one)
                store.history.note(subject, "ended", {"reason": operation.reason, "status": status})
                if status != "closed":
                    ended(self.run, mapping.name)
                store.work.done(subject)
                self.run.in_hand.done(subject)
                self.run.counts.of(mapping.name).uncoupled += 1
                return
            if operation.kind == "reopen":
                self._reopened(mapping, operation)
            store.work.add(subject, {}, number=self._number(mapping, operation))

    def _note_filed(self, operation: Operation, filed: dict[str, Any] | None) -> None:
        if filed is not None:
            self.run.store.history.note(operation.subject, FILED, filed)

    def _reopened(self, mapping: TableMapping, operation: Operation) -> None:
        """Remember that it was we who opened the order: once it is submitted again it is made anew."""
        store, coupling_id = self.run.store, _coupling_of(operation.subject)
        coupling = store.couplings.get([coupling_id])[coupling_id]
        base = coupling.base
        if base is None:
            sales = self.run.record(mapping, "sales", operation.documents["sales"]).picture()
            base = Base(sales, Record(coupling.back_office_id, None, {}))
        store.couplings.settle(
            coupling_id, replace(base, sales=replace(base.sales, state=REOPENED)), coupling.line_pairs
        )

    def _couple(self, mapping: TableMapping, operation: Operation, made: Made) -> Subject:
        source: Side = operation.subject.side or "sales"
        documents = {source: operation.documents[source], other(source): self._made_document(operation, made)}
        coupling = record_coupling(
            self.run,
            mapping,
            documents["sales"],
            documents["back_office"],
            "create",
            scope_of(mapping, documents["sales"]),
        )
        self.run.store.journal.couple(operation.id, coupling)
        subject = Subject(mapping.name, coupling)
        self.run.in_hand.coupled(operation.subject, subject)
        self.run.store.work.done(operation.subject)
        return subject

    @staticmethod
    def _made_document(operation: Operation, made: Made) -> Document:
        created = operation.receipts[operation.steps[0].no].after
        if isinstance(created, Document):
            return created
        return Document(made.document or "", None, {})

    def _succeeded(self, mapping: TableMapping, operation: Operation) -> None:
        successor = newest(operation, "back_office", SUCCESSOR)
        self.run.store.archive.succeeded(operation.id, self.run.number(mapping, "back_office", successor))

    def _documents(self, mapping: TableMapping, operation: Operation) -> Mapping[Side, Document]:
        """What the next plan of this record need not read again: the side that was not written, a complete answer."""
        written = {step.side for step in operation.steps if step.writes and step.no in operation.receipts}
        found = {side: document for side, document in operation.documents.items() if side not in written}
        only_created = [s for s in operation.steps if s.writes and s.no in operation.receipts]
        if operation.kind in MAKES and len(only_created) == 1:
            answer = operation.receipts[only_created[0].no].after
            expected_lines = len(only_created[0].lines)
            beside = self.run.beside(mapping, only_created[0].side)
            whole = isinstance(answer, Document) and len(answer.lines) >= expected_lines and answer.version
            if isinstance(answer, Document) and whole and answer.beside.keys() >= set(beside):
                found[only_created[0].side] = answer
        return found

    def _action(self, mapping: TableMapping, operation: Operation) -> Action:
        """The action again, from what the journal kept: the same records, folded once more."""
        self.run.references.preload(mapping, list(operation.documents.items()))
        coupling_id = operation.subject.coupling
        coupling = self.run.store.couplings.get([coupling_id]).get(coupling_id) if coupling_id is not None else None
        seen = {side: self.run.record(mapping, side, document) for side, document in operation.documents.items()}
        pair = Pair(
            mapping.name,
            coupling_id,
            seen.get("sales"),
            seen.get("back_office"),
            coupling.base if coupling else None,
            coupling.line_pairs if coupling else (),
        )
        return Action(
            pair,
            operation.kind,
            operation.reason,
            operation.decisions,
            operation.steps,
            executes=operation.executes,
            pairing=operation.pairing,
        )

    def _number(self, mapping: TableMapping, operation: Operation) -> str:
        numbers = [self.run.number(mapping, side, operation.documents.get(side)) for side in SIDES]
        return next((number for number in numbers if number), "")

    def _did_not_take(self, subject: Subject, made: Made) -> Problem | None:
        """Once is a recalculation, and is written again; twice is a system that will not have it."""
        if not made.lost:
            return None
        self.run.lost[subject] += 1
        if self.run.lost[subject] == 1:
            return None
        names = ", ".join(sorted({row for _, row in made.lost}))
        return Problem(
            FailureClass.PERSON,
            "did-not-take",
            f"written, but the system did not keep it: {names}",
            "Check the column's rights and rules there, or take the row out of the mapping; then `syncengine retry`.",
        )

    # an operation that did not go through

    def stopped(self, mapping: TableMapping, operation: Operation, stopped: Stopped) -> Operation | None:
        """What follows when a step came back otherwise than done; an operation to go on with, or None."""
        receipt, step = stopped.receipt, stopped.step
        if receipt.outcome is ReceiptOutcome.UNKNOWN:
            return settle_unknown(self.run, mapping, operation)
        if receipt.outcome is ReceiptOutcome.STALE:
            fresh = self._go_on(mapping, operation, step)
            if fresh is not None:
                return fresh
        if operation.kind == "recreate":
            return self._recreate_stopped(mapping, operation, stopped)
        if operation.kind == "amend":
            return self._amend_stopped(mapping, operation, stopped)
        if operation.kind == "tell" and receipt.outcome is not ReceiptOutcome.STALE:
            self._untold(mapping, operation, stopped)
            return None
        created = operation.receipts.get(operation.steps[0].no)
        if operation.kind in MAKES and created is not None and created.outcome is ReceiptOutcome.DONE:
            self.finished(mapping, operation, self._refused(stopped))
            return None
        with self.run.store.transaction():
            self.run.store.journal.close(operation.id, "stopped")
            if receipt.outcome is ReceiptOutcome.STALE:
                self.run.store.work.add(operation.subject, {}, number=self._number(mapping, operation))
            else:
                self._park(mapping, operation, self._refused(stopped))
        return None

    def _amend_stopped(self, mapping: TableMapping, operation: Operation, stopped: Stopped) -> Operation | None:
        """A document that we have opened is closed again, whatever became of the change."""
        store, step = self.run.store, stopped.step
        stale = stopped.receipt.outcome is ReceiptOutcome.STALE
        if step.role == RELEASE:
            self.finished(mapping, operation, self._refused(stopped))
            return None
        opened = any(
            one.verb == "act" and one.body["action"] == "reopen" and _is_done(operation, one) for one in operation.steps
        )
        if opened and step.role != WAY_BACK:
            with store.transaction():
                store.journal.flag_foreign_edit(operation.id)
            if not stale:
                self.run.refusals[operation.id] = self._refused(stopped)
            return replace(operation, foreign_edit=True)
        with store.transaction():
            store.journal.close(operation.id, "stopped")
            if stale:
                store.work.add(operation.subject, {}, number=self._number(mapping, operation))
            else:
                self._park(mapping, operation, self._refused(stopped))
        return None

    def _untold(self, mapping: TableMapping, operation: Operation, stopped: Stopped) -> None:
        """The order cannot show its problem; the problem is set aside all the same."""
        store, error = self.run.store, stopped.receipt.error
        log.warning("not_told", operation=operation.id, error=error.message if error else str(stopped.receipt.outcome))
        self.run.untold.add(operation.subject)
        with store.transaction():
            store.journal.close(operation.id, "stopped")
            store.work.add(operation.subject, {}, number=self._number(mapping, operation))

    def _go_on(self, mapping: TableMapping, operation: Operation, step: Step) -> Operation | None:
        """Our own writes, and what the system derives from them, move tokens: then the step goes on."""
        document_id = str(id_of(operation, step.parent if step.verb.endswith("-line") else step.target))
        fresh = self.run.systems[step.side].read(self.run.view(mapping, step.side), [document_id]).get(document_id)
        role = SUCCESSOR if step.role == WAY_BACK else ""
        known = newest(operation, step.side, role) or operation.documents.get(step.side)
        if (
            not isinstance(fresh, Document)
            or known is None
            or not self._only_derived(mapping, operation, step, known, fresh)
        ):
            return None
        steps = tuple(_retokened(one, step, fresh) for one in operation.steps)
        with self.run.store.transaction():
            self.run.store.journal.forget(operation.id, [step.no])
        left = {no: receipt for no, receipt in operation.receipts.items() if no != step.no}
        return replace(operation, steps=steps, receipts=left)

    def _only_derived(
        self, mapping: TableMapping, operation: Operation, step: Step, known: Document, fresh: Document
    ) -> bool:
        traits = self.run.facts.traits[step.side].table(mapping.of(step.side).table)
        computed = traits.computed.union(*(one.shown for one in traits.belongings if _put(operation, one.table)))
        own = own_writes(operation, step.side)
        if fresh.token(step.table) == step.expects and not step.verb.endswith("-line"):
            return False  # refused with the right token: asking again would go on for ever
        if not equal_but(known.fields, fresh.fields, computed, own.get("", {})):
            return False
        for line in known.lines:
            now = fresh.line(line.id)
            if now is None or not equal_but(line.fields, now.fields, computed, own.get(line.id, {})):
                return False
        return True

    def _recreate_stopped(self, mapping: TableMapping, operation: Operation, stopped: Stopped) -> Operation | None:
        store = self.run.store
        step = stopped.step
        successor = operation.receipts.get(operation.steps[0].no)
        was_made = successor is not None and successor.outcome is ReceiptOutcome.DONE
        if step.role == WAY_BACK:
            with store.transaction():
                store.journal.close(operation.id, "stopped")
                self._park(mapping, operation, self._two_documents(operation))
                if successor is not None and isinstance(successor.after, Document):
                    store.couplings.former(
                        mapping.name,
                        "back_office",
                        successor.after.id,
                        operation.subject.coupling,
                        "abandoned successor",
                    )
            return None
        if not was_made:
            with store.transaction():
                store.journal.close(operation.id, "undone")
                self._park(mapping, operation, self._refused(stopped))
            return None
        with store.transaction():
            store.journal.flag_foreign_edit(operation.id)
        if step.role != REMOVE or stopped.receipt.outcome is not ReceiptOutcome.STALE:
            self.run.refusals[operation.id] = self._refused(stopped)
        return replace(operation, foreign_edit=True)

    def _went_back(self, mapping: TableMapping, operation: Operation) -> None:
        """The successor is gone again; the predecessor is planned anew, with what was found on it."""
        store = self.run.store
        refusal = self.run.refusals.pop(operation.id, None)
        with store.transaction():
            store.journal.close(operation.id, "undone")
            store.history.note(operation.subject, "went-back", {"operation": operation.id})
            if refusal is not None:
                self._park(mapping, operation, refusal)
            else:
                store.work.add(operation.subject, {}, number=self._number(mapping, operation))

    def _two_documents(self, operation: Operation) -> Problem:
        successor = newest(operation, "back_office", SUCCESSOR)
        return two_documents(operation.documents["back_office"].id, successor.id if successor else "?")

    @staticmethod
    def _refused(stopped: Stopped) -> Problem:
        error, step = stopped.receipt.error, stopped.step
        words = f"{error.message} ({error.code or error.status})" if error else str(stopped.receipt.outcome)
        system = "Sales" if step.side == "sales" else "the back office"
        if stopped.receipt.outcome is ReceiptOutcome.STALE:
            return Problem(FailureClass.TRANSIENT, "stale", f"{system}: somebody was there first", "", step.side)
        return Problem(
            FailureClass.PERSON,
            "refused",
            f"{system} refused to {step.verb} on {step.table}: {words}",
            "Correct what it complains about; the record is tried again when it changes, or on `syncengine retry`.",
            step.side,
        )

    def _park(self, mapping: TableMapping, operation: Operation, problem: Problem) -> None:
        number = self._number(mapping, operation)
        if problem.failure is FailureClass.PERSON:
            # Told where people look before it is set aside: planned once more, with this as its problem.
            self.run.refused[operation.subject] = problem
            self.run.store.work.add(operation.subject, {}, number=number)
            return
        self.run.store.work.park(operation.subject, problem, number=number)
        self.run.store.history.note(
            operation.subject,
            "parked",
            {
                "class": str(problem.failure),
                "code": problem.code,
                "message": problem.message,
                "remedy": problem.remedy,
                "operation": operation.id,
            },
        )


def _is_done(operation: Operation, step: Step) -> bool:
    receipt = operation.receipts.get(step.no)
    return receipt is not None and receipt.outcome is ReceiptOutcome.DONE


def _put(operation: Operation, table: str) -> bool:
    """Have we written rows of this table that belong to the document?"""
    return any(
        step.table == table and step.verb.endswith("-part") and _is_done(operation, step) for step in operation.steps
    )


def _coupling_of(subject: Subject) -> int:
    assert subject.coupling is not None  # noqa: S101
    return subject.coupling


def _retokened(one: Step, refused: Step, fresh: Document) -> Step:
    """The refused step, and those that come after it on the same document, with the tokens of the fresh read."""
    if one.no < refused.no or one.side != refused.side or one.role != refused.role:
        return one
    if one.verb.endswith("-line"):
        line = fresh.line(str(one.target))
        return replace(one, expects=line.version) if line is not None else one
    return replace(one, expects=fresh.token(one.table)) if one.expects is not None else one
