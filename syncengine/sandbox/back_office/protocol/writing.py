"""POST, PATCH, PUT, DELETE and bound actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.pages.attachments import AttachmentPage
from syncengine.sandbox.back_office.protocol.bodies import BodyReader
from syncengine.sandbox.back_office.protocol.operation import Answer
from syncengine.sandbox.back_office.protocol.operation import is_entity_tag
from syncengine.sandbox.back_office.protocol.reading import Reader
from syncengine.sandbox.back_office.protocol.rendering import rendered
from syncengine.sandbox.back_office.protocol.rendering import tag_of
from syncengine.sandbox.back_office.protocol.targets import ACTION
from syncengine.sandbox.back_office.protocol.targets import Target
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import changed_meanwhile
from syncengine.sandbox.back_office.refusals import method_not_allowed
from syncengine.sandbox.back_office.refusals import missing_token

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Nested
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.protocol.operation import Operation
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row


class Writer:
    def __init__(self, session: Session, pages: dict[str, Page], operation: Operation) -> None:
        self.session = session
        self.operation = operation
        self.bodies = BodyReader(pages, session.switches)
        self.reader = Reader(session, pages, operation)

    def write(self, target: Target) -> Answer:
        if self.operation.headers.get("data-access-intent", "").lower() == "readonly":
            raise bad_request("The Data-Access-Intent header 'ReadOnly' is not allowed with requests that modify data.")
        method = self.operation.method
        if target.tail.startswith(ACTION):
            return self._act(target)
        if target.row is None:
            if method != "POST" or target.tail or target.empty:
                raise method_not_allowed(method, target.page.kind.entity_set, "Collection")
            return self._create(target)
        if target.tail:
            return self._write_stream(target, target.row)
        if method in ("PATCH", "PUT"):
            return self._modify(target, target.row)
        if method == "DELETE":
            return self._delete(target, target.row)
        raise method_not_allowed(method, target.page.kind.entity_set, "Entity")

    def _create(self, target: Target) -> Answer:
        page, session = target.page, self.session
        if not page.kind.insertable:
            raise method_not_allowed("POST", page.kind.entity_set, "Collection")
        values, nested = self.bodies.read(page, self.operation.body, creating=True)
        row = page.create_deep(session, target.parent, values, nested)
        key = row[page.kind.key]
        location = {"location": f"{self.operation.root}/{target.context}({key})"}
        if self._wants_nothing():
            return Answer(204, headers=location)
        created = Target(page, f"{target.context}({key})", target.parent, row)
        answer = self.reader.entity(created, row, 201, **location)
        self._deep_insert_answer(page, row, nested, answer)
        return answer

    def _wants_nothing(self) -> bool:
        """The server knows a word of its own; whether it knows the standard's too is a switch."""
        minimal = self.session.switches.return_minimal == "honoured" and self.operation.prefers("return") == "minimal"
        return minimal or self.operation.prefers("return-no-content") is not None

    def _deep_insert_answer(self, page: Page, row: Row, nested: Nested, answer: Answer) -> None:
        lines = f"{page.kind.name}Lines"
        if lines not in nested or answer.value is None:
            return
        switches = self.session.switches
        if switches.deep_insert_totals == "before-lines":
            for name in ("totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax"):
                answer.value[name] = 0
        if switches.deep_insert_response == "lines" and lines not in answer.value:
            below = self.reader.pages[page.kind.navigation[lines].target]
            table = below.table(self.session)
            answer.value[lines] = [dict(rendered(below, table, line)) for line in table.find("documentId", row["id"])]

    def _modify(self, target: Target, row: Row) -> Answer:
        """The answer is the entity read again, not an echo."""
        page = target.page
        put = self.operation.method == "PUT" and self.session.switches.put == "refused"
        if not page.kind.updatable or put:
            raise method_not_allowed(self.operation.method, page.kind.entity_set, "Entity")
        self._check_token(page, row, needed=True)
        values, _ = self.bodies.read(page, self.operation.body, creating=False)
        if self.session.switches.unchanged_properties == "skipped":
            values = {name: value for name, value in values.items() if page.getter(name)(row) != value}
        stored = page.modify(self.session, row, values)
        return self.reader.entity(target, stored)

    def _delete(self, target: Target, row: Row) -> Answer:
        page = target.page
        if not page.kind.deletable:
            raise method_not_allowed("DELETE", page.kind.entity_set, "Entity")
        self._check_token(page, row, needed=self.session.switches.delete_needs_token)
        page.delete(self.session, row)
        return Answer(204)

    def _check_token(self, page: Page, row: Row, *, needed: bool) -> None:
        token = self.operation.token
        if token is None:
            if needed:
                raise missing_token()
            return
        if token == "*":
            return
        if not is_entity_tag(token):
            raise missing_token()
        if token != tag_of(page, page.table(self.session), row):
            raise changed_meanwhile(self.session.switches.stale_status)

    def _act(self, target: Target) -> Answer:
        if self.operation.method != "POST" or target.row is None:
            raise method_not_allowed(self.operation.method, target.tail, "Action")
        if self.operation.token is not None:
            self._check_token(target.page, target.row, needed=False)
        target.page.act(self.session, target.row, target.tail.removeprefix(ACTION))
        return Answer(204)

    def _write_stream(self, target: Target, row: Row) -> Answer:
        if self.operation.method not in ("PATCH", "PUT") or not isinstance(target.page, AttachmentPage):
            raise method_not_allowed(self.operation.method, target.tail, "Stream")
        self._check_token(target.page, row, needed=True)
        content = self.operation.body
        target.page.set_content(self.session, row, content if isinstance(content, bytes) else b"")
        return Answer(204)
