"""The `System` port for Business Central."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import httpx

from syncengine.connectors.answers import Answer
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.beside import Beside
from syncengine.connectors.business_central.changes import Changes
from syncengine.connectors.business_central.companion import PREFIX
from syncengine.connectors.business_central.companion import Companion
from syncengine.connectors.business_central.companion import root_beside
from syncengine.connectors.business_central.company import ChosenCompany
from syncengine.connectors.business_central.competitors import Competitors
from syncengine.connectors.business_central.entities import caption
from syncengine.connectors.business_central.exchange_rates import ExchangeRates
from syncengine.connectors.business_central.exchange_rates import LocalCurrency
from syncengine.connectors.business_central.inspection import Inspection
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.business_central.schema import Schema
from syncengine.connectors.business_central.webhooks import BusinessCentralWebhooks
from syncengine.connectors.business_central.writing import Writer
from syncengine.connectors.codec import from_json
from syncengine.connectors.http import HttpClient
from syncengine.connectors.settings import Cache
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import NoCache
from syncengine.mapping.filters import Filter
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import Step
from syncengine.ports import Counts
from syncengine.ports import Guard
from syncengine.ports import Identity
from syncengine.ports import Page
from syncengine.ports import Poll
from syncengine.ports import Polled
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import TableSchema
from syncengine.records.document import View
from syncengine.records.traits import Traits
from syncengine.records.values import Wire

HOUR_S = 3600.0
RUNNING_AT_ONCE = 5  # of one user; what is beyond waits in a queue there


class BusinessCentral:
    """Options: `company` (name or id), `overlap_s`, `ignore_competitors`."""

    def __init__(
        self, connection: Connection, cache: Cache | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.http = HttpClient(connection, "back_office", transport, RUNNING_AT_ONCE)
        root = connection.url.rstrip("/")
        self.cache = cache or NoCache()
        self.schema = Schema(self.http, root, self.cache)
        beside = root_beside(root)
        schemas = [self.schema, *([Schema(self.http, beside, self.cache, PREFIX, optional=True)] if beside else [])]
        options = connection.options
        company = ChosenCompany(str(options.get("company", "")), schemas)
        readers = [Reader(self.http, schema.root, schema, company) for schema in schemas]
        self.reader = readers[0]
        self.companion = Companion(readers[1] if beside else None)
        overlap, ignored = options.get("overlap_s"), options.get("ignore_competitors")
        overlap_s = float(overlap) if isinstance(overlap, (int, float)) else 600.0
        self.competitors = Competitors(
            self.reader, self.companion, [str(one) for one in ignored] if isinstance(ignored, (list, tuple)) else ()
        )
        self.changes = [
            Changes(self.reader, overlap_s, self.competitors),
            *(Changes(one, overlap_s) for one in readers[1:]),
        ]
        self.beside = Beside(self.companion)
        self.writers = [Writer(self.reader, self.companion, self.beside), *(Writer(one) for one in readers[1:])]
        self.inspection = Inspection(self.reader, self.companion)
        self._exchange_rates = ExchangeRates(self.reader)
        self.webhooks = BusinessCentralWebhooks(self.reader)

    @property
    def side(self) -> Literal["back_office"]:
        return "back_office"

    @property
    def name(self) -> str:
        return "Business Central"

    @property
    def counts(self) -> Counts:
        return self.http.counts

    def close(self) -> None:
        self.http.close()

    def identity(self) -> Identity:
        row = self.reader.company.confirmed(HOUR_S)
        return Identity(row["id"], row["name"])

    def guard(self, max_age_s: float) -> Guard:
        return self.competitors.guard(max_age_s)

    def traits(self, tables: Iterable[str]) -> Traits:
        names = list(tables)
        extended = [name for name in names if name.startswith(PREFIX)]
        names = [name for name in names if name not in extended]
        schemas = {
            name: replace(schema, columns={**schema.columns, **self.beside.columns(name)})
            for name, schema in self.schema.schemas(names).items()
        }
        if extended and self.companion.sets():
            schemas |= self.companion.over().schema.schemas(extended)
        return Traits(
            tables={
                name: replace(self.schema.traits(name), acts=self.companion.acts(name), beside=self.beside.tables(name))
                for name in names
            },
            schemas=schemas,
            choices={"local-currency": LocalCurrency(self.reader)},
            settings={"countries": self._countries(), "exchange_rates": self._exchange_rates.anew()},
        )

    def capabilities(self, *, anew: bool = False) -> frozenset[str]:
        """What mappings may require of this environment; what was asked within the hour, unless `anew`."""
        return self.companion.capabilities(anew=anew)

    def _root(self, table: str) -> int:
        """Which root serves a table: API v2.0, or the companion. Raises Unreachable where that is not installed."""
        if not table.startswith(PREFIX):
            return 0
        self.companion.over()
        return 1

    def _reader(self, table: str) -> Reader:
        return self.companion.over() if self._root(table) else self.reader

    def _countries(self) -> dict[str, str]:
        """Country names and codes, folded, to codes; kept for a day."""
        kept = self.cache.get("back-office-countries", 24 * HOUR_S)
        if isinstance(kept, dict):
            return {str(name): str(code) for name, code in kept.items()}
        found: dict[str, str] = {}
        answer = self.reader.http.get(f"{self.reader.root}/{self.reader.path('countriesRegions')}", HEADERS)
        if answer.status == 200:  # noqa: PLR2004
            for one in from_json(answer.body).get("value", []):
                code = str(one.get("code", ""))
                found |= {code.casefold(): code, str(one.get("displayName", "")).casefold(): code}
        found.pop("", None)
        self.cache.put("back-office-countries", found)
        return found

    def describe(self, table: str) -> TableSchema | None:
        """Everything `$metadata` says of a table; None where there is no such table."""
        if table.startswith(PREFIX) and not self.companion.sets():
            return None
        schema = self._reader(table).schema
        found, entity = schema.table(table), schema.model().entity(schema.own(table))
        if entity is None:
            return None
        choices = {p.name: {str(caption(one)): one for one in p.choices} for p in entity.properties.values()}
        own = {name: replace(one, choices=choices.get(name, {})) for name, one in found.columns.items()}
        return TableSchema(table, {**own, **self.beside.columns(table)})

    def probe(self, view: View, where: Filter) -> Answer:
        """One row with everything a mapping reads: does the service take these names, this filter?"""
        return self._reader(view.table).probe(view, where)

    def begin(self, poll: Poll) -> str | None:
        return self.changes[self._root(poll.table)].begin(poll)

    def poll(self, wanted: Sequence[Poll]) -> Iterator[Polled]:
        """One batch for each root that is asked; the standard one always, for what goes along with it."""
        first, *others = ([one for one in wanted if self._root(one.table) == root] for root in range(len(self.changes)))
        polled = {id(one): got for one, got in zip(first, self.changes[0].poll(first), strict=True)}
        for changes, asked in zip(self.changes[1:], others, strict=True):
            if asked:
                polled |= {id(one): got for one, got in zip(asked, changes.poll(asked), strict=True)}
        return (polled[id(one)] for one in wanted)

    def scan(self, view: View, where: Filter, after: str | None = None) -> Iterator[Page]:
        for page in self._reader(view.table).scan(view, where, after):
            yield replace(page, documents=tuple(self.beside.of_rows(view, page.documents)))

    def total(self, table: str, where: Filter) -> int | None:
        return self._reader(table).total(table, where)

    def read(self, view: View, ids: Sequence[str]) -> Mapping[str, Document | Gone]:
        return self.beside.of_read(view, self._reader(view.table).read(view, ids))

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> Sequence[Sequence[Document]]:
        found = self._reader(view.table).find(view, wanted)
        whole = {one.id: one for one in self.beside.of_rows(view, [one for some in found for one in some])}
        return [[whole[one.id] for one in some] for some in found]

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        own = [(number, steps) for number, steps in enumerate(groups) if steps[0].table not in view.beside]
        if own:
            for at, receipts in self.writers[self._root(view.table)].write([steps for _, steps in own], view):
                yield own[at][0], receipts
        for table in view.beside:
            parts = [(number, steps) for number, steps in enumerate(groups) if steps[0].table == table]
            sent = [[self.beside.own(step) for step in steps] for _, steps in parts]
            for at, receipts in self.writers[self._root(table)].write(sent, View(table)) if sent else ():
                yield parts[at][0], [self.beside.shown(table, one) for one in receipts]
