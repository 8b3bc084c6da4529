"""Reads: pages, single records in batches, searches by column values."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.answers import told_time
from syncengine.connectors.batching import BatchSize
from syncengine.connectors.batching import ask_all
from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.asking import json_of
from syncengine.connectors.business_central.asking import refuse
from syncengine.connectors.business_central.company import ChosenCompany
from syncengine.connectors.business_central.entities import cells_for_filter
from syncengine.connectors.business_central.entities import document
from syncengine.connectors.business_central.entities import expand
from syncengine.connectors.business_central.entities import member
from syncengine.connectors.business_central.entities import select
from syncengine.connectors.business_central.schema import Schema
from syncengine.connectors.business_central.schema import Table
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.http import AnswerTooLarge
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import jsonbatch
from syncengine.connectors.odata.query import condition_text
from syncengine.connectors.odata.query import equalities
from syncengine.connectors.odata.query import fitting
from syncengine.connectors.odata.query import with_options
from syncengine.connectors.paging import PageSizes
from syncengine.errors import Unreachable
from syncengine.mapping.filters import STATE
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import Filter
from syncengine.ports import Page
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.values import ZERO_GUID
from syncengine.records.values import Wire

LOCAL_CURRENCY = "local currency"
FIRST_BATCH, MOST_OPERATIONS = 50, 100
NOT_FOUND = "Internal_RecordNotFound"
NOT_TAKEN = frozenset({400, 413})
LONGEST_URL = 15_000  # about 15.7 kB are taken, the root included


class Reader:
    """Reads over one root of the service; several of them may share the company."""

    def __init__(self, http: HttpClient, root: str, schema: Schema, company: ChosenCompany) -> None:
        self.http = http
        self.root = root
        self.schema = schema
        self.company = company
        self.sizes = PageSizes()
        self.batch = BatchSize(FIRST_BATCH, min(http.connection.limits.batch, MOST_OPERATIONS))

    def path(self, table: str, key: str = "") -> str:
        """Relative to the root: `companies(…)/salesOrders(…)`."""
        return f"companies({self.company.id()})/{self.schema.own(table)}" + (f"({key})" if key else "")

    def row_path(self, table: str, key: str) -> str:
        """The path of one row; a row that is known by its code is addressed by its id, which is asked for."""
        column = self.schema.table(table).key
        if column == "id":
            return self.path(table, key)
        found = self.find(View(table, ("id",)), [{column: key}])[0]
        return self.path(table, str(found[0].fields["id"]) if found else ZERO_GUID)

    # reading

    def scan(self, view: View, where: Filter, after: str | None) -> Iterator[Page]:
        if view.table in standard.BELOW:
            yield from self._below(view, after)
            return
        limits, table = self.http.connection.limits, self.schema.table(view.table)
        most = limits.page_with_lines if view.line_table else limits.page
        options = {
            "$select": select(table, view.columns),
            "$expand": expand(self.schema, table, view),
            "$filter": condition_text(by_members(table, where), table.columns, table.property),
        }
        url = after or f"{self.root}/" + fitting(self.path(view.table), options, LONGEST_URL)
        size, first = self.sizes.rows(view, most), after is None
        while url:
            headers = {**HEADERS, "prefer": f"odata.maxpagesize={size}"}
            try:
                answer = self.http.get_up_to(self.sizes.most_bytes(size), self.http.same_origin(url), headers)
            except AnswerTooLarge:
                if size == 1:
                    raise
                # The link goes on behind the last row sent, however many are asked for.
                size = self.sizes.too_large(view, size)
                continue
            rows = self.json(answer, f"reading {view.table}")
            self.sizes.learn(view, len(rows["value"]), len(answer.body))
            size = self.sizes.rows(view, most)
            documents = [document(self.schema, table, self.whole(one, table, view), view) for one in rows["value"]]
            if first and view.table == "currencies":
                documents += self.local_currency()
            first = False
            url = rows.get("@odata.nextLink") or ""
            yield Page(tuple(documents), url or None)

    def _below(self, view: View, after: str | None) -> Iterator[Page]:
        """Rows that belong to others, and are listed with them only."""
        owner = View(standard.BELOW[view.table], ("id",), attached=(view.table,))
        for page in self.scan(owner, (), after):
            rows = [row for one in page.documents for row in one.attached or ()]
            yield Page(tuple(Document(row.id, None, row.fields) for row in rows), page.after)

    def whole(self, body: Mapping[str, Any], table: Table, view: View) -> Mapping[str, Any]:
        """With all its lines: a collection that was cut is read to its end, for half of it is no document."""
        navigation = table.collections.get(view.line_table or "", "")
        link = body.get(f"{navigation}@odata.nextLink")
        if not link:
            return body
        lines = list(body.get(navigation) or [])
        while link:
            page = self.json(self.http.get(self.http.same_origin(str(link)), HEADERS), "reading lines")
            lines += page["value"]
            link = page.get("@odata.nextLink")
        return {**body, navigation: lines}

    def local_currency(self) -> list[Document]:
        """The currency that has no row of its own, as if it had one."""
        url = f"{self.root}/{self.path('generalLedgerSetup')}"
        answer = self.http.get(url, HEADERS)
        if answer.status != 200:  # noqa: PLR2004
            return []
        body = from_json(answer.body)
        rows = body.get("value", [body])
        code = next((str(row["localCurrencyCode"]) for row in rows if row.get("localCurrencyCode")), "")
        fields: dict[str, Wire] = {"code": code, "displayName": LOCAL_CURRENCY, "symbol": ""}
        return [Document(code, f"{LOCAL_CURRENCY} {code}", fields)] if code else []

    def probe(self, view: View, where: Filter) -> Answer:
        """One row with everything a mapping reads: does the service take these names, this filter?"""
        table = self.schema.table(view.table)
        options = {
            "$select": select(table, view.columns),
            "$expand": expand(self.schema, table, view),
            "$filter": condition_text(by_members(table, where), table.columns, table.property),
            "$top": "1",
        }
        return self.http.get(f"{self.root}/{with_options(self.path(view.table), options)}", HEADERS)

    def total(self, name: str, where: Filter) -> int | None:
        table = self.schema.table(name)
        options = {
            "$select": table.key,
            "$filter": condition_text(by_members(table, where), table.columns, table.property),
            "$top": "1",
            "$count": "true",
        }
        answer = self.http.get(f"{self.root}/{with_options(self.path(name), options)}", HEADERS)
        found = from_json(answer.body).get("@odata.count") if answer.status == 200 else None  # noqa: PLR2004
        return int(found) if found is not None else None

    def read(self, view: View, ids: Sequence[str]) -> dict[str, Document | Gone]:
        table, sets = self.schema.table(view.table), self.schema.model().sets
        if sets and self.schema.own(view.table) not in sets:
            # The same words as for a key that does not exist: nothing may be taken for deleted.
            self.schema.forget()
            raise Unreachable(
                f"Business Central has no {view.table}", remedy="Check the mapping's table name.", side="back_office"
            )
        if table.key != "id":
            return self._read_by_key(view, table, ids)
        options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
        paths = [with_options(self.path(view.table, one), options) for one in ids]
        found: dict[str, Document | Gone] = {}
        for remote_id, answer in zip(ids, self.ask(paths), strict=True):
            if answer is None:
                continue
            if answer.status == 200:  # noqa: PLR2004
                body = self.json(answer, f"reading {view.table}")
                found[remote_id] = document(self.schema, table, self.whole(body, table, view), view)
            elif self.is_gone(answer, self.path(view.table), remote_id):
                found[remote_id] = Gone(remote_id)
        return found

    def is_gone(self, answer: Answer, listing: str, key: str) -> bool:
        """Is this the word for a record that is not there?

        A 404 with a code is. A 400 of a record not found may mean another one, that this one refers to: the listing
        (of a document's lines, the document) is asked whether it has the key.
        """
        code, _ = error_of(answer)
        if answer.status != 400 or code != NOT_FOUND:  # noqa: PLR2004
            return is_gone(answer)
        url = with_options(listing, {"$select": "id", "$filter": f"id eq {key}"})
        listed = self.http.get(f"{self.root}/{url}", HEADERS)
        if listed.status == 200:  # noqa: PLR2004
            return not self.json(listed, "looking for a record")["value"]
        return is_gone(listed) or (listed.status == 400 and error_of(listed)[0] == NOT_FOUND)  # noqa: PLR2004

    def _read_by_key(self, view: View, table: Table, ids: Sequence[str]) -> dict[str, Document | Gone]:
        documents = [one for some in self.find(view, [{table.key: one} for one in ids]) for one in some]
        found: dict[str, Document | Gone] = {one.id: one for one in documents}
        if view.table == "currencies" and set(ids) - found.keys():
            found |= {one.id: one for one in self.local_currency() if one.id in ids}
        return {one: found.get(one) or Gone(one) for one in ids}

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> list[list[Document]]:
        """What cannot be filtered by there is not asked for: whoever searches looks at the rows."""
        table = self.schema.table(view.table)
        options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
        blind = standard.UNFILTERABLE.get(view.table, frozenset())
        paths = []
        for one in wanted:
            asked = cells_for_filter(table, {column: value for column, value in one.items() if column not in blind})
            condition = equalities(asked, table.columns, table.property, folds=False)
            paths.append(with_options(self.path(view.table), {**options, "$filter": condition}))
        found = []
        for answer in self.ask(paths):
            if answer is None:
                raise Unreachable("a search got no answer", remedy="Try again.", side="back_office")
            rows = self.all_rows(answer, f"searching {view.table}")
            found.append([document(self.schema, table, self.whole(one, table, view), view) for one in rows])
        return found

    def all_rows(self, answer: Answer, doing: str) -> list[Any]:
        body = self.json(answer, doing)
        rows = list(body["value"])
        while link := body.get("@odata.nextLink"):
            body = self.json(self.http.get(self.http.same_origin(str(link)), HEADERS), doing)
            rows += body["value"]
        return rows

    def ask(self, paths: Sequence[str]) -> list[Answer | None]:
        """Many reads, in batches side by side; None for what was left unanswered. One read goes by itself."""
        operations = [jsonbatch.Operation("GET", path, dict(HEADERS)) for path in paths]
        return ask_all(operations, self.batch, self.http.concurrency, self._together)

    def ask_at_once(self, operations: Sequence[jsonbatch.Operation]) -> tuple[list[Answer | None], datetime | None]:
        """A few reads in one batch, and the service's own time of it."""
        answer = self._post(operations)
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, "reading a batch")
        return self._parts(answer, len(operations)), told_time(answer.headers)

    def _together(self, operations: Sequence[jsonbatch.Operation]) -> list[Answer | None] | None:
        """None where the service, or we, cannot have so many at once."""
        if len(operations) == 1:
            return [self.http.get(f"{self.root}/{operations[0].url}", operations[0].headers)]
        try:
            answer = self._post(operations)
        except AnswerTooLarge:
            return None
        if answer.status in NOT_TAKEN:
            return None
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, "reading a batch")
        return self._parts(answer, len(operations))

    def _post(self, operations: Sequence[jsonbatch.Operation]) -> Answer:
        headers = {**HEADERS, "content-type": "application/json", "prefer": "odata.continue-on-error"}
        return self.http.safely("POST", f"{self.root}/$batch", headers, jsonbatch.build(operations), len(operations))

    def _parts(self, answer: Answer, count: int) -> list[Answer | None]:
        try:
            parts = jsonbatch.parse(answer)
        except NotJson as error:
            raise Unreachable(
                f"a batch in Business Central brought no data: {error}", remedy="Check the url.", side="back_office"
            ) from error
        return [parts.get(number) for number in range(count)]

    def json(self, answer: Answer, doing: str) -> Any:
        """The JSON body of a successful read. Raises CredentialsRefused, Unreachable."""
        return json_of(self.schema, answer, doing)

    def refuse(self, answer: Answer, doing: str) -> None:
        refuse(self.schema, answer, doing)


def by_members(table: Table, where: Filter) -> Filter:
    """State words as the service's own, choices by member name.

    What the service would refuse is left out, a state it does not have, a column it cannot filter by: it would refuse
    the whole filter, and ours is evaluated again.
    """
    words = {word: name for name, word in standard.STATES.get(table.name, {}).items()}
    return tuple(
        Condition(
            one.column,
            tuple(
                _member(table, one.column, value, words)
                for value in one.any_of
                if one.column != STATE or not words or value in words
            ),
            one.at_least,
            one.at_most,
            one.blank,
        )
        for one in where
        if one.column not in standard.UNFILTERABLE.get(table.name, ())
    )


def _member(table: Table, column: str, value: Wire, words: Mapping[str, str]) -> Wire:
    if column == STATE and isinstance(value, str):
        return member(words.get(value, value))
    kind = table.columns.get(column)
    return member(value) if kind is not None and kind.type == "choice" else value


def is_gone(answer: Answer) -> bool:
    """Not found, said by the service of this very record: an error body of its own, not some proxy's 404."""
    code, _ = error_of(answer)
    return answer.status == 404 and bool(code) and code != "Internal_CompanyNotFound"  # noqa: PLR2004
