"""Carries actions out: a journaled operation each, one round at a time, receipts settled as they come.

A round is the next step of every operation, cut into batches by the connector. One commit of intents goes before it,
one commit per answer after it. Nothing is sent that is not in the journal.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

from syncengine.engine import explain
from syncengine.engine.belongings import read_belongings
from syncengine.engine.belongings import same_belongings
from syncengine.engine.context import Run
from syncengine.engine.finish import Finisher
from syncengine.engine.reading import Candidate
from syncengine.engine.resolve import resolved
from syncengine.errors import SyncError
from syncengine.mapping.model import TableMapping
from syncengine.observe import tracing
from syncengine.observe.logging import get_logger
from syncengine.planner.extras import with_extras
from syncengine.planner.healthy import unhealthy
from syncengine.planner.rounds import Send
from syncengine.planner.rounds import Stopped
from syncengine.planner.rounds import advance
from syncengine.planner.steps import DISCARD
from syncengine.planner.steps import Action
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.records.values import same

log = get_logger()

NOT_SENT = (ReceiptOutcome.THROTTLED, ReceiptOutcome.NOT_SENT)


@dataclass
class Running:
    """An operation at work, with what came back so far."""

    operation: Operation
    number: str = ""
    attempts: int = 0
    trace: tracing.Trace = field(default_factory=tracing.Trace)

    @property
    def id(self) -> int:
        return self.operation.id

    def received(self, receipts: Sequence[Receipt]) -> None:
        merged = {**self.operation.receipts, **{receipt.step: receipt for receipt in receipts}}
        self.operation = replace(self.operation, receipts=merged)

    def forget(self, steps: Sequence[Step]) -> None:
        left = {no: r for no, r in self.operation.receipts.items() if no not in {step.no for step in steps}}
        self.operation = replace(self.operation, receipts=left)


class Operations:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.finisher = Finisher(run)

    def carry_out(self, mapping: TableMapping, planned: Sequence[tuple[Candidate, Action]]) -> None:
        """Open an operation for each action and work through them all."""
        if not planned:
            return
        self.run.before_writing()
        running = []
        with self.run.store.transaction():
            for candidate, action in planned:
                running.append(self._open(mapping, candidate, action))
        self.work_through(mapping, running)

    def _open(self, mapping: TableMapping, candidate: Candidate, action: Action) -> Running:
        documents: dict[Side, Document] = {
            side: document for side in SIDES if (document := candidate.document(side)) is not None
        }
        second = candidate.second if action.kind == DISCARD else None
        if second is not None:
            documents = {"back_office": second.document}
        operation = Operation(
            id=0,
            mapping=mapping.name,
            subject=candidate.subject,
            kind=action.kind,
            reason=action.reason,
            steps=action.steps,
            decisions=action.decisions,
            executes=action.executes,
            pairing=action.pairing,
            receipts={},
            sent_at={},
            documents=documents,
            destructive=action.destructive,
            run_id=self.run.id,
        )
        store = self.run.store
        opened = replace(operation, id=store.journal.open(operation))
        self.run.in_hand.wrote(candidate.subject)
        self._claim(opened)
        store.history.note(candidate.subject, "planned", {**explain.decisions(action), "operation": opened.id})
        if second is not None:
            number = self.run.number(mapping, "back_office", second.document) or second.document.id
            noted = {"document": number, "why": second.why, "operation": opened.id}
            store.history.note(Subject(mapping.name, second.coupling), "second-removed", noted)
        if action.archive:
            self._archive(mapping, opened, action, second.coupling if second else candidate.subject.coupling)
        return Running(opened, candidate.item.number)

    def _claim(self, operation: Operation) -> None:
        journal = self.run.store.journal
        for step in operation.steps:
            if step.verb != "create":
                continue
            if isinstance(step.target, str):
                journal.claim(operation.id, operation.mapping, step.side, "id", [step.target])
            if step.identity:
                keys = [str(value) for value in step.identity.values()]
                journal.claim(operation.id, operation.mapping, step.side, "key", keys)

    def _archive(self, mapping: TableMapping, operation: Operation, action: Action, coupling: int | None) -> None:
        document = operation.documents["back_office"]
        assert coupling is not None  # noqa: S101
        held = self.run.store.couplings.get([coupling])[coupling]
        self.run.store.archive.keep(
            mapping=mapping.name,
            coupling=coupling,
            operation=operation.id,
            order=self.run.number(mapping, "sales", operation.documents.get("sales")) or held.sales_number,
            number=self.run.number(mapping, "back_office", document),
            reason=action.reason,
            document=document,
            decisions=action.decisions,
        )
        self.run.counts.of(mapping.name).archived += 1

    def work_through(self, mapping: TableMapping, running: Sequence[Running]) -> None:
        """Rounds until every operation has finished, stopped, or has to wait longer than a run should."""
        for one in running:
            about = one.operation
            numbers = [self.run.number(mapping, side, about.documents.get(side)) for side in SIDES]
            number = one.number or next((number for number in numbers if number), "")
            one.trace = tracing.begin(
                "record", mapping=mapping.name, operation=one.id, coupling=about.subject.coupling, number=number
            )
        try:
            self._rounds(mapping, running)
        finally:
            for one in running:
                one.trace.end()

    def _rounds(self, mapping: TableMapping, running: Sequence[Running]) -> None:
        left = list(running)
        while left:
            sends: list[tuple[Running, tuple[Step, ...]]] = []
            for one in left:
                sends += self._next(mapping, one)
            if not sends or self.run.stop_asked():
                return
            wait_s = self._round(mapping, sends)
            left = [one for one, _ in sends if one.attempts <= self.run.limits.passes]
            if wait_s:
                if wait_s > self.run.limits.patience_s:
                    log.warning("throttled_for_long", seconds=wait_s)
                    return
                self.run.clock.sleep(wait_s)

    def _next(self, mapping: TableMapping, one: Running) -> list[tuple[Running, tuple[Step, ...]]]:
        operation = one.operation
        unhealthy = _unhealthy(operation)
        if unhealthy is not None:
            self.finisher.finished(mapping, operation, unhealthy)
            return []
        following = advance(operation.steps, operation.receipts, foreign_edit=operation.foreign_edit)
        if isinstance(following, Send):
            return [(one, following.steps)]
        if isinstance(following, Stopped):
            again = self.finisher.stopped(mapping, operation, following)
            if again is not None:
                one.operation = again
                return self._next(mapping, one)
            return []
        self.finisher.finished(mapping, operation)
        return []

    def _round(self, mapping: TableMapping, sends: Sequence[tuple[Running, tuple[Step, ...]]]) -> float:
        """Send once; gives the seconds to wait before the next round. Raises Refused where the guard stops writing."""
        run = self.run
        run.before_writing()
        now = run.clock.now()
        with run.store.transaction():
            for one, steps in sends:
                run.store.journal.sending(one.id, [step.no for step in steps], now)
                one.operation = replace(
                    one.operation, sent_at={**one.operation.sent_at, **{step.no: now for step in steps}}
                )
        wait_s = 0.0
        for one, receipts in self._exchange(mapping, sends):
            by_no = {step.no: step for step in one.operation.steps}
            with run.store.transaction():
                held_back = [receipt for receipt in receipts if receipt.outcome in NOT_SENT]
                settled = [receipt for receipt in receipts if receipt.outcome not in NOT_SENT]
                run.store.journal.received(one.id, settled)
                run.store.journal.forget(one.id, [receipt.step for receipt in held_back])
                one.received(settled)
                for receipt in settled:
                    self._note(mapping, one, by_no[receipt.step], receipt)
            if held_back:
                one.attempts += 1
                retry_after = held_back[0].error.retry_after_s if held_back[0].error else None
                wait_s = max(wait_s, retry_after if retry_after is not None else min(2.0**one.attempts, 30.0))
        return wait_s

    def _note(self, mapping: TableMapping, one: Running, step: Step, receipt: Receipt) -> None:
        run, operation = self.run, one.operation
        if step.writes:
            run.store.history.note(
                operation.subject,
                "sent",
                {**explain.sent(step), **explain.answered(step, receipt), "operation": one.id},
            )
            if receipt.outcome is ReceiptOutcome.DONE:
                run.counts.written(mapping.name, step)
                if step.verb == "create" and isinstance(receipt.after, Document):
                    run.store.journal.claim(one.id, mapping.name, step.side, "id", [receipt.after.id])
        if step.belongings and isinstance(receipt.after, Document):
            one.operation = self._extended(one.operation, step, receipt.after)
        if step.role == "recheck" and self._edited(mapping, operation, receipt):
            run.store.journal.flag_foreign_edit(one.id)
            one.operation = replace(operation, foreign_edit=True)

    def _extended(self, operation: Operation, read: Step, seen: Document) -> Operation:
        about = [step for step in operation.steps if step.when == "extra" and step.instead_of == read.no]
        owners = {step.no: str(step.line or "") for step in resolved(operation, about)}
        extended = replace(operation, steps=with_extras(operation.steps, read, seen, owners))
        if extended.steps != operation.steps:
            self.run.store.journal.extend(extended)
        return extended

    def _edited(self, mapping: TableMapping, operation: Operation, receipt: Receipt) -> bool:
        """Does the predecessor, read once more, differ from what was archived and carried over?"""
        if receipt.outcome is not ReceiptOutcome.DONE:
            return False
        after, before = receipt.after, operation.documents["back_office"]
        if not isinstance(after, Document):
            return True
        opened = any(step.verb == "act" and step.body["action"] == "reopen" for step in operation.steps)
        column = self.run.facts.traits["back_office"].table(mapping.back_office.table).state_column
        if opened and column:
            # It was we who opened it: its state is the one thing that has to differ.
            before = replace(before, state=after.state, fields={**before.fields, column: after.fields.get(column)})
        if not same_document(before, after):
            return True
        if before.attached is None:
            return False
        try:
            attached = read_belongings(self.run, mapping, [after.id]).get(after.id)
        except SyncError as error:
            log.warning("belongings_not_read_again", operation=operation.id, error=error.message)
            attached = None  # nobody knows: the way back is the safe one
        return attached is None or not same_belongings(before.attached, attached)

    def _exchange(
        self, mapping: TableMapping, sends: Sequence[tuple[Running, tuple[Step, ...]]]
    ) -> Iterator[tuple[Running, Sequence[Receipt]]]:
        """Both sides at once; receipts come to this thread, which alone speaks to the store."""
        by_side: dict[Side, list[tuple[Running, tuple[Step, ...]]]] = {side: [] for side in SIDES}
        for one, steps in sends:
            by_side[steps[0].side].append((one, steps))
        answers: queue.Queue[tuple[Running, Sequence[Receipt]] | BaseException | None] = queue.Queue()
        threads = [
            threading.Thread(
                target=contextvars.copy_context().run,  # the run and the company go with every event of the thread
                args=(self._send, mapping, side, some, answers),
                name=f"write-{side}",
            )
            for side, some in by_side.items()
            if some
        ]
        for thread in threads:
            thread.start()
        open_threads, failure = len(threads), None
        while open_threads:
            answer = answers.get()
            if answer is None:
                open_threads -= 1
            elif isinstance(answer, BaseException):
                failure = failure or answer
            else:
                yield answer
        for thread in threads:
            thread.join()
        if failure is not None:
            raise failure

    def _send(
        self,
        mapping: TableMapping,
        side: Side,
        sends: Sequence[tuple[Running, tuple[Step, ...]]],
        answers: queue.Queue[tuple[Running, Sequence[Receipt]] | BaseException | None],
    ) -> None:
        try:
            view = self.run.view(mapping, side)
            groups = [resolved(one.operation, steps) for one, steps in sends]
            with tracing.span("write", [one.trace for one, _ in sends], mapping=mapping.name, side=side):
                for number, receipts in self.run.systems[side].write(groups, view):
                    answers.put((sends[number][0], receipts))
        except BaseException as error:  # noqa: BLE001  handed to the coordinator, which raises it
            answers.put(error)
        finally:
            answers.put(None)


def _unhealthy(operation: Operation) -> Problem | None:
    """A document that was made and does not hold what it must before it may go on (prices that failed)."""
    for step in operation.steps:
        receipt = operation.receipts.get(step.no)
        if receipt is None or receipt.outcome is not ReceiptOutcome.DONE or not isinstance(receipt.after, Document):
            continue
        problem = unhealthy(step.table, step.side, receipt.after.fields, step.requires)
        if problem is not None:
            return problem
    return None


def same_document(one: Document, two: Document) -> bool:
    """Equal in every value, header and lines; tokens and stamps do not count."""
    if one.state != two.state or len(one.lines) != len(two.lines) or not _same_fields(one, two):
        return False
    return all(a.id == b.id and _same_fields(a, b) for a, b in zip(one.lines, two.lines, strict=True))


def _same_fields(one: Document, two: Document) -> bool:
    return all(same(one.fields.get(column), two.fields.get(column)) for column in {*one.fields, *two.fields})
