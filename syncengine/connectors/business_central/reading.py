"""Reads: pages, single records in batches, searches by column values."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.entities import cells_for_filter
from syncengine.connectors.business_central.entities import document
from syncengine.connectors.business_central.entities import expand
from syncengine.connectors.business_central.entities import member
from syncengine.connectors.business_central.entities import select
from syncengine.connectors.business_central.schema import Schema
from syncengine.connectors.business_central.schema import Table
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import jsonbatch
from syncengine.connectors.odata.query import condition_text
from syncengine.connectors.odata.query import equalities
from syncengine.connectors.odata.query import with_options
from syncengine.errors import ConfigurationError
from syncengine.errors import CredentialsRefused
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

HEADERS = {
    "accept": "application/json",
    "accept-language": "en-US",
    # Reads may be served by a replica that lags behind; ours decide what is written next.
    "data-access-intent": "ReadWrite",
}
LOCAL_CURRENCY = "local currency"


class Reader:
    """`company` is a name or an id; the id is asked for once and kept."""

    def __init__(self, http: HttpClient, root: str, schema: Schema, company: str) -> None:
        self.http = http
        self.root = root
        self.schema = schema
        self.company = company
        self._company: dict[str, str] = {}

    # the company

    def company_id(self) -> str:
        """Raises ConfigurationError where there is no such company, naming those there are."""
        return self.company_row()["id"]

    def company_row(self) -> dict[str, str]:
        if not self._company:
            cache = self.schema.cache
            kept = cache.get("back-office-company")
            if isinstance(kept, dict) and kept.get("wanted") == self.company:
                self._company = {str(name): str(value) for name, value in kept.items()}
            else:
                self._company = {**self._ask_company(), "wanted": self.company}
                cache.put("back-office-company", self._company)
        return self._company

    def other_company(self, company_id: str) -> bool:
        """Is this some other company's id, as far as we know without asking?"""
        return bool(self._company) and self._company["id"].lower() != company_id.lower()

    def _ask_company(self) -> dict[str, str]:
        answer = self.http.get(f"{self.root}/companies", HEADERS)
        if answer.status == 404:  # noqa: PLR2004
            raise Unreachable(
                f"there is no API at {self.root}: {answer.words()}",
                remedy="The url goes up to and with /api/v2.0: https://api.businesscentral.dynamics.com/v2.0/TENANT/"
                "ENVIRONMENT/api/v2.0; check tenant and environment.",
                side="back_office",
            )
        found = self.json(answer, "reading the companies")["value"]
        for one in found:
            if self.company.casefold() in (str(one["id"]).casefold(), str(one["name"]).casefold()):
                return {"id": str(one["id"]), "name": str(one["name"])}
        known = [str(one["name"]) for one in found]
        names, meant = ", ".join(known) or "none", _meant(self.company, known)
        raise ConfigurationError(
            f"there is no company {self.company!r} in Business Central{meant}",
            remedy=f"Set [back_office] company to one of: {names}.",
            side="back_office",
        )

    def path(self, table: str, key: str = "") -> str:
        """Relative to the root: `companies(…)/salesOrders(…)`."""
        return f"companies({self.company_id()})/{table}" + (f"({key})" if key else "")

    def row_path(self, table: str, key: str) -> str:
        """The path of one row; a row that is known by its code is addressed by its id, which is asked for."""
        column = self.schema.table(table).key
        if column == "id":
            return self.path(table, key)
        found = self.find(View(table, ("id",)), [{column: key}])[0]
        return self.path(table, str(found[0].fields["id"]) if found else ZERO_GUID)

    # reading

    def scan(self, view: View, where: Filter, after: str | None) -> Iterator[Page]:
        limits = self.http.connection.limits
        table = self.schema.table(view.table)
        size = limits.page_with_lines if view.line_table else limits.page
        url = after or f"{self.root}/" + with_options(
            self.path(view.table),
            {
                "$select": select(table, view.columns),
                "$expand": expand(self.schema, table, view),
                "$filter": condition_text(by_members(table, where), table.columns, table.property),
            },
        )
        first = after is None
        while url:
            answer = self.http.get(self.http.same_origin(url), {**HEADERS, "prefer": f"odata.maxpagesize={size}"})
            body = self.json(answer, f"reading {view.table}")
            documents = [document(self.schema, table, one, view) for one in body["value"]]
            if first and view.table == "currencies":
                documents += self._local_currency()
            first = False
            url = body.get("@odata.nextLink") or ""
            yield Page(tuple(documents), url or None)

    def _local_currency(self) -> list[Document]:
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
        table = self.schema.table(view.table)
        if table.key != "id":
            return self._read_by_key(view, table, ids)
        options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
        paths = [with_options(self.path(view.table, one), options) for one in ids]
        found: dict[str, Document | Gone] = {}
        for remote_id, answer in zip(ids, self.ask(paths), strict=True):
            if answer is None:
                continue
            if answer.status == 200:  # noqa: PLR2004
                found[remote_id] = document(self.schema, table, from_json(answer.body), view)
            elif is_gone(answer):
                found[remote_id] = Gone(remote_id)
        return found

    def _read_by_key(self, view: View, table: Table, ids: Sequence[str]) -> dict[str, Document | Gone]:
        documents = [one for some in self.find(view, [{table.key: one} for one in ids]) for one in some]
        found: dict[str, Document | Gone] = {one.id: one for one in documents}
        if view.table == "currencies" and set(ids) - found.keys():
            found |= {one.id: one for one in self._local_currency() if one.id in ids}
        return {one: found.get(one) or Gone(one) for one in ids}

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> list[list[Document]]:
        table = self.schema.table(view.table)
        options = {"$select": select(table, view.columns), "$expand": expand(self.schema, table, view)}
        paths = [
            with_options(
                self.path(view.table),
                {
                    **options,
                    "$filter": equalities(cells_for_filter(table, one), table.columns, table.property, folds=False),
                },
            )
            for one in wanted
        ]
        found = []
        for answer in self.ask(paths):
            if answer is None:
                raise Unreachable("a search got no answer", remedy="Try again.", side="back_office")
            body = self.json(answer, f"searching {view.table}")
            found.append([document(self.schema, table, one, view) for one in body["value"]])
        return found

    def ask(self, paths: Sequence[str], prefer: Mapping[int, str] | None = None) -> list[Answer | None]:
        """Many reads in batches; None for what was left unanswered. One read goes by itself."""
        if len(paths) == 1 and not prefer:
            return [self.http.get(f"{self.root}/{paths[0]}", HEADERS)]
        found: list[Answer | None] = []
        size = min(self.http.connection.limits.batch, 100)
        for at in range(0, len(paths), size):
            some = paths[at : at + size]
            headers = [{"prefer": prefer[at + n]} if prefer and at + n in prefer else {} for n in range(len(some))]
            operations = [
                jsonbatch.Operation("GET", path, {**HEADERS, **extra})
                for path, extra in zip(some, headers, strict=True)
            ]
            found.extend(self._batch(operations))
        return found

    last_date = ""

    def _batch(self, operations: Sequence[jsonbatch.Operation]) -> list[Answer | None]:
        headers = {**HEADERS, "content-type": "application/json", "prefer": "odata.continue-on-error"}
        answer = self.http.safely("POST", f"{self.root}/$batch", headers, jsonbatch.build(operations), len(operations))
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, "reading a batch")
        self.last_date = answer.headers.get("date", "")
        try:
            parts = jsonbatch.parse(answer)
        except NotJson as error:
            raise Unreachable(
                f"a batch in Business Central brought no data: {error}", remedy="Check the url.", side="back_office"
            ) from error
        return [parts.get(number) for number in range(len(operations))]

    def json(self, answer: Answer, doing: str) -> Any:
        """The JSON body of a successful read. Raises CredentialsRefused, Unreachable."""
        if answer.status >= 400:  # noqa: PLR2004
            self.refuse(answer, doing)
        try:
            return from_json(answer.body)
        except NotJson as error:
            raise Unreachable(
                f"{doing} in Business Central brought no data: {answer.words()}",
                remedy="Check the url.",
                side="back_office",
            ) from error

    def refuse(self, answer: Answer, doing: str) -> None:
        code, _ = error_of(answer)
        if answer.status in (401, 403) or code.startswith("Authorization_"):
            raise CredentialsRefused(
                f"{doing} in Business Central was refused: {answer.words()}",
                remedy="Assign the permission sets described in the README to the application there.",
                side="back_office",
            )
        raise Unreachable(
            f"{doing} in Business Central failed with status {answer.status}: {answer.words()}",
            remedy="Check url and company, and the mapping's table and column names; `syncengine check` looks at each.",
            side="back_office",
        )


def by_members(table: Table, where: Filter) -> Filter:
    """State words as the service's own, choices by member name.

    A state that the service does not have is left out: it would refuse the whole filter, and ours is evaluated again.
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
    )


def _member(table: Table, column: str, value: Wire, words: Mapping[str, str]) -> Wire:
    if column == STATE and isinstance(value, str):
        return member(words.get(value, value))
    kind = table.columns.get(column)
    return member(value) if kind is not None and kind.type == "choice" else value


def _meant(wanted: str, known: Sequence[str]) -> str:
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wanted.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]!r}?" if close else ""


def is_gone(answer: Answer) -> bool:
    """Not found, said by the service of this very record: an error body of its own, not some proxy's 404."""
    code, _ = error_of(answer)
    return answer.status == 404 and bool(code) and code != "Internal_CompanyNotFound"  # noqa: PLR2004
