"""Writes: each step one request, each group one change set, sent in batches; what came back, step by step.

Nothing here is repeated: an answer that is missing is an unknown outcome, and the journal settles it.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.batching import BatchSize
from syncengine.connectors.batching import Group
from syncengine.connectors.batching import Received
from syncengine.connectors.batching import Sent
from syncengine.connectors.batching import send_all
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json
from syncengine.connectors.dynamics365_sales import standard
from syncengine.connectors.dynamics365_sales.entities import ANNOTATIONS
from syncengine.connectors.dynamics365_sales.entities import body_of
from syncengine.connectors.dynamics365_sales.entities import document
from syncengine.connectors.dynamics365_sales.entities import expand
from syncengine.connectors.dynamics365_sales.entities import select
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import is_gone
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.connectors.http import NoAnswer
from syncengine.connectors.http import NotSent
from syncengine.connectors.odata import multipart
from syncengine.connectors.odata.query import with_options
from syncengine.errors import SyncError
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.planner.steps import Step
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View

READ_ONLY_CODES = frozenset({"0x80043b09", "0x8004022e", "0x80040228", "0x80040230"})
DUPLICATE_CODES = frozenset({"0x80040237"})
# 412 as well, and no staleness: an alternate key that is taken, a rule that found a duplicate.
UNKNOWN_NAME_CODES = frozenset({"0x80048d19", "0x8006088a", "0x80060888"})
REFUSED_CODES = frozenset({"0x80060892", "0x80040333", "0x8006088a"})
FIRST_BATCH = 10
NOT_TAKEN = frozenset({400, 413})
TURNED_AWAY = frozenset({403, 404, 405})  # whoever sends it, or where: says nothing of the records
NAMESPACE = "Microsoft.Dynamics.CRM."
PARTIAL = "fulfilled in part"
REPRESENTATION = "return=representation"


class Writer:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.http = reader.http
        self.schema = reader.schema
        self.size = BatchSize(FIRST_BATCH, self.http.connection.limits.batch)

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        return send_all(groups, self.size, self.http.concurrency, "sales-write", lambda batch: self._send(batch, view))

    def _send(self, batch: Sequence[Group], view: View) -> Sent:
        batch = [(number, part) for number, steps in batch for part in _parts(steps)]
        count = sum(len(steps) for _, steps in batch)
        try:
            operations = [[self._operation(step, view) for step in steps] for _, steps in batch]
            answers = [[self._single(operations[0][0])]] if count == 1 else self._batch(operations, count)
        except NotSent as error:
            words = RemoteError(0, "not-sent", error.message, error.retry_after_s)
            return Sent(_all(batch, ReceiptOutcome.NOT_SENT, words))
        except NoAnswer as error:
            return Sent(_all(batch, ReceiptOutcome.UNKNOWN, RemoteError(0, "no-answer", error.message)))
        except SyncError as error:
            # No token, or turned away as a stranger: nothing of it has been carried out.
            return Sent(_all(batch, ReceiptOutcome.NOT_SENT, RemoteError(0, error.code, error.message)), error)
        if answers is None:
            return self._in_halves(batch, view)
        return Sent(
            [
                (number, self._receipts(steps, answers[at] if at < len(answers) else [], view))
                for at, (number, steps) in enumerate(batch)
            ]
        )

    def _in_halves(self, batch: Sequence[Group], view: View) -> Sent:
        """The batch as such was not taken, too many or too large: none of it has been carried out."""
        self.size.too_many(sum(len(steps) for _, steps in batch))
        middle = len(batch) // 2
        first, second = self._send(batch[:middle], view), self._send(batch[middle:], view)
        return Sent(first.receipts + second.receipts, first.failure or second.failure)

    def _single(self, operation: multipart.Operation) -> Answer:
        headers = {**operation.headers, **({"content-type": "application/json"} if operation.body else {})}
        url = self.http.connection.url.rstrip("/") + operation.path
        return self.http.once(operation.method, url, headers, operation.body or None)

    def _batch(self, operations: Sequence[Sequence[multipart.Operation]], count: int) -> list[list[Answer]] | None:
        """The answers group by group; None where the batch as such was not taken."""
        kind, body = multipart.build(operations)
        headers = {**prefer("odata.continue-on-error"), "content-type": kind}
        answer = self.http.once("POST", f"{self.reader.root}$batch", headers, body, count)
        parts = multipart.parse(answer)
        if not parts and answer.status in NOT_TAKEN and len(operations) > 1:
            return None
        if not parts and answer.status in TURNED_AWAY:
            self.reader.refuse(answer, "writing a batch")
        if not parts and answer.status >= 400:  # noqa: PLR2004
            return [[answer] for _ in operations]
        return parts

    # one step as a request

    def _operation(self, step: Step, view: View) -> multipart.Operation:
        table = self.schema.table(step.table)
        path = f"{self.reader.path}{step.table}"
        guarded = {"if-match": str(step.expects)} if step.expects else {}
        headers = prefer(REPRESENTATION, ANNOTATIONS)
        headers.pop("if-none-match")
        one = f"{path}({step.target})"
        wanted = {"$select": select(table, view.columns if step.table == view.table else view.line_columns)}
        if step.verb == "read":
            options = {**wanted, "$expand": expand(self.schema, table, view)}
            return multipart.Operation("GET", with_options(one, options), prefer(ANNOTATIONS))
        if step.verb == "create":
            body = body_of(table, step.body)
            if step.target:
                body[table.key] = step.target
            if step.lines:
                body[table.collections[step.line_table]] = self._lines(step)
            options = {**wanted, "$expand": expand(self.schema, table, view)}
            return multipart.Operation("POST", with_options(path, options), headers, to_json(body))
        if step.verb == "create-line":
            body = {**body_of(table, step.body), **self._parent(step, view)}
            if step.target:
                body[table.key] = step.target
            return multipart.Operation("POST", with_options(path, wanted), headers, to_json(body))
        if step.verb in ("delete", "delete-line"):
            return multipart.Operation("DELETE", one, {**headers, **guarded})
        if step.verb == "set-state":
            return self._state(step, path, one, {**headers, **guarded}, wanted)
        # `If-Match: *` where no token is known: an update must never create.
        return multipart.Operation(
            "PATCH",
            with_options(one, wanted),
            {**headers, **(guarded or {"if-match": "*"})},
            to_json(body_of(table, step.body)),
        )

    def _lines(self, step: Step) -> list[dict[str, Any]]:
        line_table = self.schema.table(step.line_table)
        bodies = []
        for place, cells in enumerate(step.lines):
            body = body_of(line_table, cells)
            if place < len(step.line_ids) and step.line_ids[place]:
                body[line_table.key] = step.line_ids[place]
            bodies.append(body)
        return bodies

    def _parent(self, step: Step, view: View) -> dict[str, Any]:
        table = self.schema.table(step.table)
        column = view.line_parent or ""
        navigation = next(iter(table.binds.get(column, {column: column}).values()))
        return {f"{navigation}@odata.bind": f"/{view.table}({step.parent})"}

    def _state(
        self, step: Step, path: str, one: str, headers: dict[str, str], wanted: dict[str, str]
    ) -> multipart.Operation:
        word = str(step.body["state"])
        codes = standard.WRITTEN_STATES.get(step.table, {}).get(word)
        if codes is not None:
            body = {"statecode": codes[0], "statuscode": codes[1]}
            return multipart.Operation("PATCH", with_options(one, wanted), headers, to_json(body))
        headers = {name: value for name, value in headers.items() if name != "if-match"}
        close = {
            "@odata.type": "Microsoft.Dynamics.CRM.orderclose",
            "subject": f"Order {word}",
            "salesorderid@odata.bind": f"/{step.table}({step.target})",
        }
        name, status, usual = standard.ACTIONS[PARTIAL if step.body.get("partial") else word]
        bound = self.schema.binding(step.table, name)
        forms = {"many": f"{path}/{NAMESPACE}{name}", "one": f"{one}/{NAMESPACE}{name}", "": self.reader.path + name}
        action = forms[usual if bound is None else bound]
        return multipart.Operation("POST", action, headers, to_json({"OrderClose": close, "Status": status}))

    # answers as receipts

    def _receipts(self, steps: Sequence[Step], answers: Sequence[Answer], view: View) -> list[Receipt]:
        if not answers:
            error = RemoteError(0, "no-answer", "the batch's answer ended before this operation")
            return [Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error) for step in steps]
        if len(answers) < len(steps):
            # A change set that failed answers once for all of it; an answer that was cut off says nothing.
            failed = answers[-1] if answers[-1].status >= 400 else None  # noqa: PLR2004
            if failed is None:
                error = RemoteError(0, "no-answer", "the batch's answer ended in the middle of this change set")
                return [Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error) for step in steps]
            return [self._failed(step, failed) for step in steps]
        bad = next((answer for answer in answers if answer.status >= 400), None)  # noqa: PLR2004
        if bad is not None and len(steps) > 1:
            return [self._failed(step, bad) for step in steps]
        return [self._receipt(step, answer, view) for step, answer in zip(steps, answers, strict=True)]

    def _receipt(self, step: Step, answer: Answer, view: View) -> Receipt:
        if answer.status >= 400 or answer.status < 200:  # noqa: PLR2004
            if step.verb in ("read", "delete", "delete-line") and is_gone(answer):
                return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
            return self._failed(step, answer)
        if step.verb in ("delete", "delete-line"):
            return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
        try:
            after = self._after(step, answer, view)
        except NotJson:
            error = RemoteError(answer.status, "no-answer", f"answered with something else than data: {answer.words()}")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        except SyncError as problem:
            error = RemoteError(answer.status, problem.code, f"the rest of its lines cannot be read: {problem.message}")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        return Receipt(step.no, ReceiptOutcome.DONE, after)

    def _after(self, step: Step, answer: Answer, view: View) -> Document | None:
        table = self.schema.table(step.table)
        body = from_json(answer.body) if answer.body else None
        if isinstance(body, dict) and table.key in body:
            if step.table != view.table:
                return document(self.schema, table, body)
            return self.reader.whole(document(self.schema, table, body, view), body, table, view)
        if body is not None and step.verb != "set-state":  # an action may answer with a row of another table
            raise NotJson("it is no row of this table")
        made = answer.headers.get("odata-entityid", "").rpartition("(")[2].rstrip(")")
        remote_id = made or str(step.target or "")
        return Document(remote_id, None, {}) if remote_id else None

    def _failed(self, step: Step, answer: Answer) -> Receipt:
        code, message = error_of(answer)
        error = RemoteError(answer.status, code, message, answer.retry_after_s)
        if answer.status == 429:  # noqa: PLR2004
            self.http.throttled(answer.retry_after_s)
            return Receipt(step.no, ReceiptOutcome.THROTTLED, None, error)
        if answer.status >= 500 or answer.status in (0, 408):  # noqa: PLR2004
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        lowered = code.lower()
        if lowered in DUPLICATE_CODES and step.verb in ("create", "create-line"):
            # The id is ours: the record is there already. Whoever settles the journal reads and compares it.
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        if lowered in UNKNOWN_NAME_CODES:
            self.schema.forget()  # a column or a bind name went, or never was: the next try reads the names anew
        if lowered in REFUSED_CODES:
            return Receipt(step.no, ReceiptOutcome.REFUSED, None, error)
        if answer.status == 412 or (answer.status == 404 and step.verb != "create"):  # noqa: PLR2004
            return Receipt(step.no, ReceiptOutcome.STALE, None, error)
        if lowered in READ_ONLY_CODES or "read-only" in message.lower() or "read only" in message.lower():
            return Receipt(step.no, ReceiptOutcome.READ_ONLY, None, error)
        return Receipt(step.no, ReceiptOutcome.REFUSED, None, error)


def _parts(steps: Sequence[Step]) -> list[Sequence[Step]]:
    """A change set stays together; the steps of any other group stand for themselves."""
    atomic = {step.atomic for step in steps}
    return [steps] if len(atomic) == 1 and atomic != {None} else [(step,) for step in steps]


def _all(batch: Sequence[Group], outcome: ReceiptOutcome, error: RemoteError) -> Received:
    return [(number, [Receipt(step.no, outcome, None, error) for step in steps]) for number, steps in batch]
