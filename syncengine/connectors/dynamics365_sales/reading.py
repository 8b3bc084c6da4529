"""Reads: pages, single records in batches, searches by column values."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.answers import told_time
from syncengine.connectors.batching import BatchSize
from syncengine.connectors.batching import ask_all
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales import standard
from syncengine.connectors.dynamics365_sales.entities import ANNOTATIONS
from syncengine.connectors.dynamics365_sales.entities import document
from syncengine.connectors.dynamics365_sales.entities import expand
from syncengine.connectors.dynamics365_sales.entities import select
from syncengine.connectors.dynamics365_sales.schema import Schema
from syncengine.connectors.dynamics365_sales.schema import Table
from syncengine.connectors.http import AnswerTooLarge
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import multipart
from syncengine.connectors.odata.query import condition_text
from syncengine.connectors.odata.query import equalities
from syncengine.connectors.odata.query import fitting
from syncengine.connectors.odata.query import with_options
from syncengine.connectors.paging import PageSizes
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable
from syncengine.mapping.filters import STATE
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import Filter
from syncengine.ports import Page
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.values import Wire

HEADERS = {
    "accept": "application/json",
    "odata-version": "4.0",
    "odata-maxversion": "4.0",
    "if-none-match": "null",
}

LARGEST_PAGE = 5000
FIRST_BATCH = 50
NOT_TAKEN = frozenset({400, 413})
UNKNOWN_SEGMENT = "0x8006088a"
LONGEST_URL = 32_000  # of a GET 32,768 characters are taken


class Reader:
    def __init__(self, http: HttpClient, root: str, schema: Schema) -> None:
        self.http = http
        self.root = root
        self.path = urlsplit(root).path
        self.schema = schema
        self.sizes = PageSizes()
        self.batch = BatchSize(FIRST_BATCH, http.connection.limits.batch)

    def scan(self, view: View, where: Filter, after: str | None) -> Iterator[Page]:
        """All pages of one sequence have one size, as the service wants it; `after` remembers which.

        A page that would be too large cannot be had in halves: the sequence begins again with a smaller size, and is
        passed over up to the last row that was given on.
        """
        limits, table = self.http.connection.limits, self.schema.table(view.table)
        most = limits.page_with_lines if view.line_table else min(limits.page, LARGEST_PAGE)
        options = {
            "$select": select(table, view.columns),
            "$expand": expand(self.schema, table, view),
            "$filter": condition_text(by_numbers(view.table, where), table.columns, table.property),
            # Without a unique order a page may repeat or lose rows while others are written.
            "$orderby": table.key,
        }
        start = self.root + fitting(view.table, options, LONGEST_URL)
        place = _Place.read(after) if after else _Place(self.sizes.rows(view, most), "", start)
        weighed, sought = self.sizes.known(view) or bool(after), ""
        while place.url:
            size = place.size
            headers = prefer(ANNOTATIONS, f"odata.maxpagesize={size}")
            try:
                answer = self.http.get_up_to(self.sizes.most_bytes(size), self.http.same_origin(place.url), headers)
            except AnswerTooLarge:
                if size == 1:
                    raise
                sought, place = place.last, _Place(self.sizes.too_large(view, size), place.last, start)
                continue
            body = self.json(answer, f"reading {view.table}")
            rows, url = body["value"], body.get("@odata.nextLink") or ""
            self.sizes.learn(view, len(rows), len(answer.body))
            if url and not weighed and self.sizes.rows(view, most) > size:
                # A first small page has told what rows weigh: begin again with as many as fit.
                place, weighed = _Place(self.sizes.rows(view, most), "", start), True
                continue
            weighed = True
            if sought:
                rows, found = _behind(rows, table.key, sought)
                sought = "" if found else sought
                if not url and not found:
                    # The row is gone since: what was given on before comes twice, for nothing may be left out.
                    sought, place = "", _Place(size, "", start)
                    continue
            place = _Place(size, str(rows[-1][table.key]) if rows else place.last, url)
            if rows or not url:
                yield Page(self._documents(rows, table, view), place.text() if url else None)

    def _documents(self, rows: Sequence[Mapping[str, Any]], table: Table, view: View) -> tuple[Document, ...]:
        return tuple(self.whole(document(self.schema, table, one, view), one, table, view) for one in rows)

    def probe(self, view: View, where: Filter) -> Answer:
        """One row with everything a mapping reads: does the service take these names, this filter?"""
        table = self.schema.table(view.table)
        options = {
            "$select": select(table, view.columns),
            "$expand": expand(self.schema, table, view),
            "$filter": condition_text(by_numbers(view.table, where), table.columns, table.property),
            "$top": "1",
        }
        return self.http.get(self.root + with_options(view.table, options), prefer(ANNOTATIONS))

    def total(self, name: str, where: Filter) -> int | None:
        """Counted up to 5,000 rows; beyond, the service's own count of the whole table, a day old at most."""
        table = self.schema.table(name)
        options = {
            "$select": table.key,
            "$filter": condition_text(by_numbers(name, where), table.columns, table.property),
            "$top": "1",
            "$count": "true",
        }
        answer = self.http.get(self.root + with_options(name, options), prefer())
        found = from_json(answer.body).get("@odata.count") if answer.status == 200 else None  # noqa: PLR2004
        if found is None or int(found) < LARGEST_PAGE:
            return int(found) if found is not None else None
        logical = self.schema.logical_name(name)
        answer = self.http.get(f"{self.root}RetrieveTotalRecordCount(EntityNames=@p)?@p=['{logical}']", prefer())
        if answer.status != 200:  # noqa: PLR2004
            return None
        counts = from_json(answer.body).get("EntityRecordCountCollection") or {}
        return next((int(one) for one in counts.get("Values", [])), None)

    def read(self, view: View, ids: Sequence[str]) -> dict[str, Document | Gone]:
        table = self.schema.table(view.table)
        options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
        paths = [with_options(f"{view.table}({one})", options) for one in ids]
        found: dict[str, Document | Gone] = {}
        for remote_id, answer in zip(ids, self.ask(paths), strict=True):
            if answer is None:
                continue
            if answer.status == 200:  # noqa: PLR2004
                body = self.json(answer, f"reading {view.table}")
                found[remote_id] = self.whole(document(self.schema, table, body, view), body, table, view)
            elif is_gone(answer):
                found[remote_id] = Gone(remote_id)
        return found

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> list[list[Document]]:
        table = self.schema.table(view.table)
        options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
        paths = [
            with_options(view.table, {**options, "$filter": equalities(one, table.columns, table.property)})
            for one in wanted
        ]
        found = []
        for answer in self.ask(paths):
            if answer is None:
                raise Unreachable("a search got no answer", remedy="Try again.", side="sales")
            found.append(list(self._documents(self._all_rows(answer, f"searching {view.table}"), table, view)))
        return found

    def _all_rows(self, answer: Answer, doing: str) -> list[Any]:
        body = self.json(answer, doing)
        rows = list(body["value"])
        while link := body.get("@odata.nextLink"):
            body = self.json(self.http.get(self.http.same_origin(str(link)), prefer(ANNOTATIONS)), doing)
            rows += body["value"]
        return rows

    def ask(self, paths: Sequence[str]) -> list[Answer | None]:
        """Many reads, in batches side by side; None for what was left unanswered. One read goes by itself."""
        return ask_all(paths, self.batch, self.http.concurrency, self._together)

    def ask_at_once(self, paths: Sequence[str]) -> tuple[list[Answer | None], datetime | None]:
        """A few reads in one batch, and the service's own time of it."""
        answer = self._post(paths)
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, "reading a batch")
        return self._parts(answer, len(paths)), told_time(answer.headers)

    def _together(self, paths: Sequence[str]) -> list[Answer | None] | None:
        """None where the service, or we, cannot have so many at once."""
        if len(paths) == 1:
            return [self.http.get(self.root + paths[0], prefer(ANNOTATIONS))]
        try:
            answer = self._post(paths)
        except AnswerTooLarge:
            return None
        if answer.status in NOT_TAKEN:
            return None
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, "reading a batch")
        return self._parts(answer, len(paths))

    def _post(self, paths: Sequence[str]) -> Answer:
        headers = prefer(ANNOTATIONS)
        kind, body = multipart.build([[multipart.Operation("GET", self.path + path, headers)] for path in paths])
        outer = {**prefer("odata.continue-on-error"), "content-type": kind}
        return self.http.safely("POST", f"{self.root}$batch", outer, body, len(paths))

    @staticmethod
    def _parts(answer: Answer, count: int) -> list[Answer | None]:
        parts = [group[0] if group else None for group in multipart.parse(answer)]
        return [*parts, *([None] * (count - len(parts)))][:count]

    def json(self, answer: Answer, doing: str) -> Any:
        """The JSON body of a successful read. Raises CredentialsRefused, Unreachable."""
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, doing)
        try:
            return from_json(answer.body)
        except NotJson as error:
            raise Unreachable(
                f"{doing} in Sales brought no data: {answer.words()}", remedy="Check the url.", side="sales"
            ) from error

    def refuse(self, answer: Answer, doing: str) -> None:
        if answer.status in (400, 404):
            self.schema.forget()  # names that no longer fit: the next try reads them anew
        if answer.status in (401, 403):
            raise CredentialsRefused(
                f"{doing} in Sales was refused: {answer.words()}",
                remedy="Grant the application user the role described in the README.",
                side="sales",
            )
        raise Unreachable(
            f"{doing} in Sales failed with status {answer.status}: {answer.words()}",
            remedy="Check the url and the mapping's table and column names; `syncengine check` looks at each.",
            side="sales",
        )

    def whole(self, found: Document, body: Mapping[str, Any], table: Table, view: View) -> Document:
        """Follow a nested link: an expanded collection that was cut is no complete record.

        In a list, each expanded collection has a link even when it is whole; such a link has no paging information
        and gives the same rows again ("Join tables using OData"). Older versions leave the collection empty then.
        """
        if view.line_table is None:
            return found
        navigation = table.collections.get(view.line_table, "")
        link = str(body.get(f"{navigation}@odata.nextLink") or "")
        lines = list(body.get(navigation) or [])
        paged = "$skiptoken" in unquote(link)
        if not link or (not paged and 0 < len(lines) < LARGEST_PAGE):
            return found
        if not paged:
            lines = []
        while link:
            page = self.json(self.http.get(self.http.same_origin(link), prefer(ANNOTATIONS)), "reading lines")
            lines += page["value"]
            link = page.get("@odata.nextLink") or ""
        return document(self.schema, table, {**body, navigation: lines}, view)


@dataclass(frozen=True)
class _Place:
    """Where a scan stands: the page size of the sequence, the last row given on, the link that goes on behind it."""

    size: int
    last: str
    url: str

    def text(self) -> str:
        return f"{self.size} {self.last} {self.url}"

    @classmethod
    def read(cls, text: str) -> _Place:
        size, _, rest = text.partition(" ")
        last, _, url = rest.rpartition(" ")
        return cls(int(size), last, url)


def _behind(rows: Sequence[Mapping[str, Any]], key: str, last: str) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """The rows behind that one, and whether it is among them; none where it is not."""
    at = next((at for at, row in enumerate(rows) if row[key] == last), None)
    return ((), False) if at is None else (rows[at + 1 :], True)


def by_numbers(table: str, where: Filter) -> Filter:
    """State words as the numbers the service knows them by."""
    numbers = {word: number for number, word in standard.STATES.get(table, {}).items()}
    return tuple(
        Condition(
            one.column,
            tuple(numbers.get(value, value) if isinstance(value, str) else value for value in one.any_of)
            if one.column in (STATE, "statecode")
            else one.any_of,
            one.at_least,
            one.at_most,
            one.blank,
        )
        for one in where
    )


def prefer(*preferences: str) -> dict[str, str]:
    return {**HEADERS, "prefer": ",".join(preferences)}


def is_gone(answer: Answer) -> bool:
    """Not found, said by the service of this very row: an error body of its own, not some proxy's 404, and not of a
    table that it does not know.
    """
    code, _ = error_of(answer)
    said = answer.looks_like_json() and b'"error"' in answer.body
    return answer.status == 404 and said and code.lower() != UNKNOWN_SEGMENT  # noqa: PLR2004
