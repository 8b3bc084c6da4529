"""Writes: each step one request, sent in batches; what came back, step by step.

Nothing here is repeated: an answer that is missing is an unknown outcome, and the journal settles it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import as_completed

from syncengine.connectors.business_central.entities import body_of
from syncengine.connectors.business_central.entities import document
from syncengine.connectors.business_central.entities import expand
from syncengine.connectors.business_central.reading import HEADERS
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.business_central.reading import is_gone
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json
from syncengine.connectors.http import Answer
from syncengine.connectors.http import NoAnswer
from syncengine.connectors.http import NotSent
from syncengine.connectors.http import error_of
from syncengine.connectors.odata import jsonbatch
from syncengine.connectors.odata.query import with_options
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.planner.steps import Step
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View

COMFORTABLE_S = 20.0
STALE_CODES = frozenset({"Request_EntityChanged"})
LOCKED = "status must be equal to"

Group = tuple[int, Step]


class Writer:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.http = reader.http
        self.schema = reader.schema
        self._size_lock = threading.Lock()
        self._size = 20  # operations to a batch; grows while batches stay quick

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        """Business Central knows no change sets across its own commits: each group is one step."""
        for steps in groups:
            if len(steps) != 1:
                raise ValueError("Business Central takes one operation at a time")
        batches = list(self._cut([(number, steps[0]) for number, steps in enumerate(groups)]))
        if len(batches) == 1:
            yield from self._send(batches[0], view)
            return
        with ThreadPoolExecutor(self.http.connection.limits.concurrency, "back-office-write") as pool:
            futures = [pool.submit(self._sent, batch, view) for batch in batches]
            for future in as_completed(futures):
                yield from future.result()

    def _cut(self, groups: Sequence[Group]) -> Iterator[list[Group]]:
        size, at = self._size, 0
        while at < len(groups):
            yield list(groups[at : at + size])
            at += size
            size = min(size * 2, self.http.connection.limits.batch, 100)

    def _sent(self, batch: Sequence[Group], view: View) -> list[tuple[int, Sequence[Receipt]]]:
        return list(self._send(batch, view))

    def _send(self, batch: Sequence[Group], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        operations = [self._operation(step, view) for _, step in batch]
        started = time.monotonic()
        try:
            answers = {0: self._single(operations[0])} if len(batch) == 1 else self._batch(operations)
        except NotSent as error:
            yield from _all(batch, ReceiptOutcome.NOT_SENT, RemoteError(0, "not-sent", error.message))
            return
        except (NoAnswer, NotJson) as error:
            yield from _all(batch, ReceiptOutcome.UNKNOWN, RemoteError(0, "no-answer", str(error)))
            return
        self._learn(len(batch), time.monotonic() - started)
        for at, (number, step) in enumerate(batch):
            yield number, [self._receipt(step, answers.get(at), view)]

    def _single(self, operation: jsonbatch.Operation) -> Answer:
        headers = dict(operation.headers)
        body = None
        if operation.body is not None:
            headers["content-type"] = "application/json"
            body = to_json(operation.body)
        return self.http.once(operation.method, f"{self.reader.root}/{operation.url}", headers, body)

    def _batch(self, operations: Sequence[jsonbatch.Operation]) -> dict[int, Answer]:
        headers = {**HEADERS, "content-type": "application/json", "prefer": "odata.continue-on-error"}
        headers.pop("data-access-intent")
        answer = self.http.once(
            "POST", f"{self.reader.root}/$batch", headers, jsonbatch.build(operations), len(operations)
        )
        if answer.status >= 400:  # noqa: PLR2004
            return dict.fromkeys(range(len(operations)), answer)  # the batch as a whole was turned away
        return jsonbatch.parse(answer)

    def _learn(self, count: int, seconds: float) -> None:
        with self._size_lock:
            if seconds > COMFORTABLE_S:
                self._size = max(1, self._size // 2)
            elif count >= self._size:
                self._size = min(self._size * 2, self.http.connection.limits.batch, 100)

    # one step as a request

    def _operation(self, step: Step, view: View) -> jsonbatch.Operation:
        reader, table = self.reader, self.schema.table(step.table)
        headers = {name: value for name, value in HEADERS.items() if name != "data-access-intent"}
        if step.verb == "read":
            options = {"$expand": expand(self.schema, table, view)}
            return jsonbatch.Operation(
                "GET", with_options(reader.path(step.table, str(step.target)), options), dict(HEADERS)
            )
        if step.verb == "create":
            body = body_of(table, step.body)
            if step.lines:
                line_table = self.schema.table(step.line_table)
                # In order and without a sequence: a deep insert numbers its lines itself.
                body[table.collections[step.line_table]] = [body_of(line_table, cells) for cells in step.lines]
            options = {"$expand": expand(self.schema, table, view)}
            return jsonbatch.Operation("POST", with_options(reader.path(step.table), options), headers, body)
        if step.verb == "create-line":
            url = f"{reader.path(view.table, str(step.parent))}/{step.table}"
            return jsonbatch.Operation("POST", url, headers, body_of(table, step.body))
        url = reader.row_path(step.table, str(step.target))
        if step.verb.endswith("-line"):
            url = f"{reader.path(view.table, str(step.parent))}/{step.table}({step.target})"
        guarded = {**headers, "if-match": str(step.expects or "*")}
        if step.verb in ("delete", "delete-line"):
            return jsonbatch.Operation("DELETE", url, guarded)
        return jsonbatch.Operation("PATCH", url, guarded, body_of(table, step.body))

    # an answer as a receipt

    def _receipt(self, step: Step, answer: Answer | None, view: View) -> Receipt:
        if answer is None:
            error = RemoteError(0, "no-answer", "the batch's answer lacks this operation")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        if answer.status >= 400 or answer.status < 200:  # noqa: PLR2004
            if step.verb in ("delete", "delete-line") and is_gone(answer):
                return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
            if step.verb == "read" and is_gone(answer):
                return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
            return self._failed(step, answer)
        if step.verb in ("delete", "delete-line"):
            return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
        try:
            after = self._after(step, answer, view)
        except NotJson:
            error = RemoteError(answer.status, "no-answer", f"answered with something else than data: {answer.words()}")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        return Receipt(step.no, ReceiptOutcome.DONE, after)

    def _after(self, step: Step, answer: Answer, view: View) -> Document | None:
        table = self.schema.table(step.table)
        body = from_json(answer.body) if answer.body else None
        if isinstance(body, dict) and body.get("id"):
            return document(self.schema, table, body, view if step.table == view.table else None)
        made = answer.headers.get("location", "").rpartition("(")[2].rstrip(")")
        remote_id = made or str(step.target or "")
        return Document(remote_id, None, {}) if remote_id else None

    def _failed(self, step: Step, answer: Answer) -> Receipt:
        code, message = error_of(answer)
        error = RemoteError(answer.status, code, message.split("  CorrelationId:")[0].strip(), answer.retry_after_s)
        # Not every 409 is staleness: the code decides first.
        if code in STALE_CODES or answer.status == 412:  # noqa: PLR2004
            return Receipt(step.no, ReceiptOutcome.STALE, None, error)
        if answer.status == 429:  # noqa: PLR2004
            self.http.throttled()
            return Receipt(step.no, ReceiptOutcome.THROTTLED, None, error)
        if answer.status >= 500 or answer.status in (0, 408):  # noqa: PLR2004
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        if answer.status == 404 and step.verb != "create":  # noqa: PLR2004
            return Receipt(step.no, ReceiptOutcome.STALE, None, error)
        if LOCKED in message.lower():
            return Receipt(step.no, ReceiptOutcome.READ_ONLY, None, error)
        return Receipt(step.no, ReceiptOutcome.REFUSED, None, error)


def _all(
    batch: Sequence[Group], outcome: ReceiptOutcome, error: RemoteError
) -> Iterator[tuple[int, Sequence[Receipt]]]:
    for number, step in batch:
        yield number, [Receipt(step.no, outcome, None, error)]
