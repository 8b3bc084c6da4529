"""Writes: each step one request, sent in batches; what came back, step by step.

Nothing here is repeated: an answer that is missing is an unknown outcome, and the journal settles it.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import replace

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.batching import BatchSize
from syncengine.connectors.batching import Group
from syncengine.connectors.batching import Received
from syncengine.connectors.batching import Sent
from syncengine.connectors.batching import send_all
from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.beside import Beside
from syncengine.connectors.business_central.companion import Companion
from syncengine.connectors.business_central.entities import body_of
from syncengine.connectors.business_central.entities import document
from syncengine.connectors.business_central.entities import expand
from syncengine.connectors.business_central.entities import select
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.business_central.reading import is_gone
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json
from syncengine.connectors.http import AnswerTooLarge
from syncengine.connectors.http import NoAnswer
from syncengine.connectors.http import NotSent
from syncengine.connectors.odata import jsonbatch
from syncengine.connectors.odata.query import with_options
from syncengine.errors import SyncError
from syncengine.observe.logging import get_logger
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.planner.steps import Step
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.traits import Belonging

log = get_logger()

FIRST_BATCH = 20
MOST_OPERATIONS = 100
NOT_TAKEN = frozenset({400, 413})
TURNED_AWAY = frozenset({403, 404, 405})  # whoever sends it, or where: says nothing of the records
STALE_CODES = frozenset({"Request_EntityChanged"})
DUPLICATE_CODES = frozenset({"Internal_EntityWithSameKeyExists"})
UNKNOWN_NAME = "does not exist on type"
LOCKED = "status must be equal to"


class Writer:
    """`companion` carries out what this root has no action for, `beside` reads what it has no columns for; without them
    nothing is asked of anybody else.
    """

    def __init__(self, reader: Reader, companion: Companion | None = None, beside: Beside | None = None) -> None:
        self.reader = reader
        self.companion = companion
        self.beside = beside
        self.http = reader.http
        self.schema = reader.schema
        self.size = BatchSize(FIRST_BATCH, min(self.http.connection.limits.batch, MOST_OPERATIONS))

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        """Business Central knows no change sets across its own commits: the steps of a group stand for themselves."""
        acts = [(number, steps) for number, steps in enumerate(groups) if steps[0].verb == "act"]
        for one in acts:  # another API: none of them fits into a batch of this one
            yield from self._send([one], view).receipts
        for number, steps in enumerate(groups):
            if steps[0].verb == "fill-part":
                yield number, [self._fill(steps[0], view)]
            elif _is_file(steps[0]):
                content = str(steps[0].body[standard.CONTENT[steps[0].table]] or "")
                yield number, [self._put(steps[0], content.replace("\n", "\r\n").encode(), view)]
        rest = [
            (number, steps)
            for number, steps in enumerate(groups)
            if steps[0].verb not in ("act", "fill-part") and not _is_file(steps[0])
        ]
        if not rest:
            return
        sent = send_all(
            [steps for _, steps in rest],
            self.size,
            self.http.concurrency,
            "back-office-write",
            lambda batch: self._send(batch, view),
        )
        for at, receipts in sent:
            yield rest[at][0], receipts

    def _send(self, batch: Sequence[Group], view: View) -> Sent:
        """One after the other, each step by itself: the steps of a group are for one document, in one request."""
        batch = [(number, (step,)) for number, steps in batch for step in steps]
        try:
            operations = [self._operation(steps[0], view) for _, steps in batch]
            answers = {0: self._single(operations[0])} if len(batch) == 1 else self._batch(operations)
        except NotSent as error:
            words = RemoteError(0, "not-sent", error.message, error.retry_after_s)
            return Sent(_all(batch, ReceiptOutcome.NOT_SENT, words))
        except (NoAnswer, NotJson) as error:
            return Sent(_all(batch, ReceiptOutcome.UNKNOWN, RemoteError(0, "no-answer", str(error))))
        except SyncError as error:
            # No token, or turned away as a stranger: nothing of it has been carried out.
            return Sent(_all(batch, ReceiptOutcome.NOT_SENT, RemoteError(0, error.code, error.message)), error)
        if answers is None:
            return self._in_halves(batch, view)
        received = [(steps[0], self._receipt(steps[0], answers.get(at), view)) for at, (_, steps) in enumerate(batch)]
        completed = self._completed(received, view)
        return Sent([(number, [receipt]) for (number, _), receipt in zip(batch, completed, strict=True)])

    def _completed(self, received: Sequence[tuple[Step, Receipt]], view: View) -> list[Receipt]:
        """Documents that were made or read, with what stands beside them, in one read for all of a batch."""
        receipts = [receipt for _, receipt in received]
        whole = {
            at: receipt.after
            for at, (step, receipt) in enumerate(received)
            if step.verb in ("create", "read") and isinstance(receipt.after, Document)
        }
        if self.beside is None or not view.beside or not whole:
            return receipts
        try:
            found = self.beside.of_read(view, {str(at): one for at, one in whole.items()})
        except (NoAnswer, NotSent, NotJson, SyncError) as error:
            log.warning("part_not_read", side="back_office", table=view.table, error=str(error))
            found = {}
        for at in whole:
            if str(at) in found:
                receipts[at] = replace(receipts[at], after=found[str(at)])
            elif received[at][0].verb == "read":
                missing = RemoteError(0, "no-answer", "what stands beside the document could not be read")
                receipts[at] = Receipt(receipts[at].step, ReceiptOutcome.UNKNOWN, None, missing)
        return receipts

    def _in_halves(self, batch: Sequence[Group], view: View) -> Sent:
        """The batch as such was not taken, too many or too large: none of it has been carried out."""
        self.size.too_many(len(batch))
        middle = len(batch) // 2
        first, second = self._send(batch[:middle], view), self._send(batch[middle:], view)
        return Sent(first.receipts + second.receipts, first.failure or second.failure)

    def _single(self, operation: jsonbatch.Operation) -> Answer:
        headers = dict(operation.headers)
        body = None
        if operation.body is not None:
            headers["content-type"] = "application/json"
            body = to_json(operation.body)
        url = operation.url if operation.url.startswith("http") else f"{self.reader.root}/{operation.url}"
        return self.http.once(operation.method, url, headers, body)

    def _batch(self, operations: Sequence[jsonbatch.Operation]) -> dict[int, Answer] | None:
        """The answers by place; None where the batch as such was not taken."""
        headers = {**HEADERS, "content-type": "application/json", "prefer": "odata.continue-on-error"}
        headers.pop("data-access-intent")
        answer = self.http.once(
            "POST", f"{self.reader.root}/$batch", headers, jsonbatch.build(operations), len(operations)
        )
        if answer.status in NOT_TAKEN:
            return None
        if answer.status in TURNED_AWAY:
            self.reader.refuse(answer, "writing a batch")
        if answer.status >= 400:  # noqa: PLR2004
            return dict.fromkeys(range(len(operations)), answer)
        return jsonbatch.parse(answer)

    # one step as a request

    def _operation(self, step: Step, view: View) -> jsonbatch.Operation:
        reader, table = self.reader, self.schema.table(step.table)
        headers = {name: value for name, value in HEADERS.items() if name != "data-access-intent"}
        if step.verb == "read":
            view = _seen(step, view)
            options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
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
            url = f"{reader.path(view.table, str(step.parent))}/{self.schema.own(step.table)}"
            return jsonbatch.Operation("POST", url, headers, body_of(table, step.body))
        if step.verb.endswith("-part"):
            return self._part(step, view, headers)
        if step.verb == "act" and self.companion is not None:
            action = self.companion.action(step.table, str(step.target), str(step.body["action"]))
            return jsonbatch.Operation("POST", action, headers)
        url = reader.row_path(step.table, str(step.target))
        if step.verb.endswith("-line"):
            url = f"{reader.path(view.table, str(step.parent))}/{self.schema.own(step.table)}({step.target})"
        guarded = {**headers, "if-match": str(step.expects or "*")}
        if step.verb in ("delete", "delete-line"):
            return jsonbatch.Operation("DELETE", url, guarded)
        return jsonbatch.Operation("PATCH", url, guarded, body_of(table, step.body))

    def _part(self, step: Step, view: View, headers: dict[str, str]) -> jsonbatch.Operation:
        """What belongs to a document or to a line of it: below its owner where that is what its key means."""
        reader, table = self.reader, self.schema.table(step.table)
        if step.verb == "create-part" and step.instead_of is None:
            body = body_of(table, {**step.body, _belonging(step, view).parent: step.parent})
            return jsonbatch.Operation("POST", reader.path(step.table), headers, body)
        above = reader.path(view.table, str(step.parent))
        if step.line:
            above = reader.path(str(view.line_table), str(step.line))
        if step.verb == "create-part":
            return jsonbatch.Operation(
                "POST", f"{above}/{self.schema.own(step.table)}", headers, body_of(table, step.body)
            )
        url = f"{above}/{self.schema.own(step.table)}({step.target})"
        if step.verb == "delete-part":
            return jsonbatch.Operation("DELETE", url, {**headers, "if-match": "*"})
        return jsonbatch.Operation("PATCH", url, {**headers, "if-match": "*"}, body_of(table, step.body))

    def _fill(self, step: Step, view: View) -> Receipt:
        """A file from one row to another, as it is: the content is read just before it is written, and kept nowhere."""
        column = _belonging(step, view).content
        try:
            source = self.reader.path(step.table, str(step.body["from"]))
            held = self.http.file(f"{self.reader.root}/{source}/{column}", {"accept": "*/*"})
        except AnswerTooLarge as error:
            return Receipt(step.no, ReceiptOutcome.REFUSED, None, RemoteError(0, error.code, error.message))
        if held.status >= 400:  # noqa: PLR2004
            outcome = ReceiptOutcome.STALE if is_gone(held) else ReceiptOutcome.REFUSED
            return Receipt(step.no, outcome, None, RemoteError(held.status, *error_of(held)))
        return self._put(step, held.body, view)

    def _put(self, step: Step, content: bytes, view: View) -> Receipt:
        """The content of a file, whatever was in it."""
        headers = {**HEADERS, "if-match": "*", "content-type": "application/octet-stream"}
        column = standard.CONTENT.get(step.table) or _belonging(step, view).content
        url = f"{self.reader.root}/{self.reader.path(step.table, str(step.target))}/{column}"
        try:
            answer = self.http.once("PATCH", url, headers, content)
        except NotSent as error:
            words = RemoteError(0, "not-sent", error.message, error.retry_after_s)
            return Receipt(step.no, ReceiptOutcome.NOT_SENT, None, words)
        except NoAnswer as error:
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, RemoteError(0, "no-answer", str(error)))
        if answer.status >= 400:  # noqa: PLR2004
            return self._failed(step, answer, view)
        return Receipt(step.no, ReceiptOutcome.DONE)

    # an answer as a receipt

    def _receipt(self, step: Step, answer: Answer | None, view: View) -> Receipt:
        if answer is None:
            error = RemoteError(0, "no-answer", "the batch's answer lacks this operation")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        if answer.status >= 400 or answer.status < 200:  # noqa: PLR2004
            if step.verb in ("read", "delete", "delete-line") and self._is_gone(step, answer, view):
                return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
            if step.verb == "delete-part" and is_gone(answer):
                return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
            failed = self._failed(step, answer, view)
            if step.lines and step.identity and failed.outcome is ReceiptOutcome.REFUSED:
                return self._without_remains(step, failed, view)
            return failed
        if step.verb in ("delete", "delete-line", "delete-part"):
            return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
        if step.verb == "act":
            return Receipt(step.no, ReceiptOutcome.DONE)
        try:
            after = self._after(step, answer, view)
        except NotJson:
            error = RemoteError(answer.status, "no-answer", f"answered with something else than data: {answer.words()}")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        except (NoAnswer, NotSent, SyncError) as failed:
            # What was written is only half seen: to be looked up, like an answer that was lost.
            error = RemoteError(answer.status, "no-answer", f"the rest of its lines could not be read: {failed}")
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        return Receipt(step.no, ReceiptOutcome.DONE, after)

    def _without_remains(self, step: Step, refused: Receipt, view: View) -> Receipt:
        """Nobody says that a deep insert is one transaction: where a line is refused, the header may stand there by
        now, without lines and under our key. It goes again; where that cannot be told, the journal looks it up.
        """
        try:
            for left in self.reader.find(view, [step.identity])[0]:
                if left.lines or left.id in step.excluding:
                    continue
                headers = {**HEADERS, "if-match": str(left.version or "*")}
                url = f"{self.reader.root}/{self.reader.path(step.table, left.id)}"
                answer = self.http.once("DELETE", url, headers, None)
                if answer.status >= 400 and not is_gone(answer):  # noqa: PLR2004
                    raise NoAnswer(answer.words())  # noqa: TRY301
                log.warning("remains_removed", side="back_office", table=step.table, id=left.id)
        except (NoAnswer, NotSent, NotJson, SyncError) as error:
            words = f"{refused.error.message if refused.error else ''} (what it may have left: {error})"
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, RemoteError(0, "no-answer", words))
        return refused

    def _after(self, step: Step, answer: Answer, view: View) -> Document | None:
        table = self.schema.table(step.table)
        body = from_json(answer.body) if answer.body else None
        if body is not None:
            if not isinstance(body, dict) or not body.get("id"):
                raise NotJson("it is no entity")
            if step.table != view.table:
                return document(self.schema, table, body)
            view = _seen(step, view)
            return document(self.schema, table, self.reader.whole(body, table, view), view)
        made = answer.headers.get("location", "").rpartition("(")[2].rstrip(")")
        remote_id = made or str(step.target or "")
        return Document(remote_id, None, {}) if remote_id else None

    def _is_gone(self, step: Step, answer: Answer, view: View) -> bool:
        listing = self.reader.path(step.table)
        if step.verb.endswith("-line"):
            listing = f"{self.reader.path(view.table, str(step.parent))}/{self.schema.own(step.table)}"
        return self.reader.is_gone(answer, listing, str(step.target))

    def _failed(self, step: Step, answer: Answer, view: View) -> Receipt:
        code, message = error_of(answer)
        error = RemoteError(answer.status, code, message.split("  CorrelationId:")[0].strip(), answer.retry_after_s)
        # Not every 409 is staleness: the code decides first.
        if UNKNOWN_NAME in message.lower():
            self.schema.forget()  # a column went, or never was: the next try reads the names anew
        if code in DUPLICATE_CODES:
            return Receipt(step.no, ReceiptOutcome.REFUSED, None, error)
        if code in STALE_CODES or (step.target and answer.status in (409, 412)):
            return Receipt(step.no, ReceiptOutcome.STALE, None, error)
        if answer.status == 429:  # noqa: PLR2004
            self.http.throttled(answer.retry_after_s)
            return Receipt(step.no, ReceiptOutcome.THROTTLED, None, error)
        if answer.status >= 500 or answer.status in (0, 408):  # noqa: PLR2004
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, error)
        if step.verb == "update-part" and is_gone(answer):
            return Receipt(step.no, ReceiptOutcome.ABSENT, None, error)
        made = step.verb in ("create", "create-line") or step.verb.endswith("-part")
        if not made and self._is_gone(step, answer, view):
            return Receipt(step.no, ReceiptOutcome.STALE, None, error)
        if LOCKED in message.lower():
            return Receipt(step.no, ReceiptOutcome.READ_ONLY, None, error)
        return Receipt(step.no, ReceiptOutcome.REFUSED, None, error)


def _seen(step: Step, view: View) -> View:
    """What a read shows: where it is asked for, also the rows that the document and its lines have by default."""
    if not step.belongings:
        return view
    kinds = [one for one in standard.TRAITS[view.table].belongings if one.by_default]
    own, of_lines = tuple(one.table for one in kinds), tuple(one.table for one in kinds if one.of_lines)
    return replace(view, attached=own, line_attached=of_lines)


def _is_file(step: Step) -> bool:
    """Is it the content of a file that is written?"""
    return step.verb == "update" and standard.CONTENT.get(step.table, "") in step.body


def _belonging(step: Step, view: View) -> Belonging:
    """What is known of the table whose row this is."""
    return next(one for one in standard.TRAITS[view.table].belongings if one.table == step.table)


def _all(batch: Sequence[Group], outcome: ReceiptOutcome, error: RemoteError) -> Received:
    return [(number, [Receipt(step.no, outcome, None, error) for step in steps]) for number, steps in batch]
