"""Reads: pages, single records in batches, searches by column values."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import server_time
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales import standard
from syncengine.connectors.dynamics365_sales.entities import ANNOTATIONS
from syncengine.connectors.dynamics365_sales.entities import document
from syncengine.connectors.dynamics365_sales.entities import expand
from syncengine.connectors.dynamics365_sales.entities import select
from syncengine.connectors.dynamics365_sales.schema import Schema
from syncengine.connectors.dynamics365_sales.schema import Table
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import multipart
from syncengine.connectors.odata.query import condition_text
from syncengine.connectors.odata.query import equalities
from syncengine.connectors.odata.query import with_options
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


class Reader:
    def __init__(self, http: HttpClient, root: str, schema: Schema) -> None:
        self.http = http
        self.root = root
        self.path = urlsplit(root).path
        self.schema = schema

    def scan(self, view: View, where: Filter, after: str | None) -> Iterator[Page]:
        limits = self.http.connection.limits
        table = self.schema.table(view.table)
        size = limits.page_with_lines if view.line_table else min(limits.page, 5000)
        url = after or self.root + with_options(
            view.table,
            {
                "$select": select(table, view.columns),
                "$expand": expand(self.schema, table, view),
                "$filter": condition_text(by_numbers(view.table, where), table.columns, table.property),
                # Without a unique order a page may repeat or lose rows while others are written.
                "$orderby": table.key,
            },
        )
        while url:
            answer = self.http.get(self.http.same_origin(url), prefer(ANNOTATIONS, f"odata.maxpagesize={size}"))
            body = self.json(answer, f"reading {view.table}")
            documents = tuple(
                self._whole(document(self.schema, table, one, view), one, table, view) for one in body["value"]
            )
            url = body.get("@odata.nextLink") or ""
            yield Page(documents, url or None)

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
                body = from_json(answer.body)
                found[remote_id] = self._whole(document(self.schema, table, body, view), body, table, view)
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
            body = self.json(answer, f"searching {view.table}")
            found.append(
                [self._whole(document(self.schema, table, one, view), one, table, view) for one in body["value"]]
            )
        return found

    def ask(self, paths: Sequence[str]) -> list[Answer | None]:
        """Many reads, side by side in batches; None for what was left unanswered. One read goes by itself."""
        if len(paths) == 1:
            return [self.http.get(self.root + paths[0], prefer(ANNOTATIONS))]
        found: list[Answer | None] = []
        size = self.http.connection.limits.batch
        for at in range(0, len(paths), size):
            found.extend(self._batch(paths[at : at + size]))
        return found

    last_date = datetime.now(UTC)

    def _batch(self, paths: Sequence[str]) -> list[Answer | None]:
        headers = prefer(ANNOTATIONS)
        kind, body = multipart.build([[multipart.Operation("GET", self.path + path, headers)] for path in paths])
        answer = self.http.safely(
            "POST", f"{self.root}$batch", {**prefer("odata.continue-on-error"), "content-type": kind}, body, len(paths)
        )
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, "reading a batch")
        self.last_date = server_time(answer.headers)
        parts = [group[0] if group else None for group in multipart.parse(answer)]
        return [*parts, *([None] * (len(paths) - len(parts)))][: len(paths)]

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

    def _whole(self, found: Document, body: Mapping[str, Any], table: Table, view: View) -> Document:
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
    """Not found, said by the service itself: an error body of its own, not some proxy's 404."""
    return answer.status == 404 and answer.looks_like_json() and b'"error"' in answer.body  # noqa: PLR2004
