"""The `System` port for Dynamics 365 Sales."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Literal

import httpx

from syncengine.connectors.answers import Answer
from syncengine.connectors.dynamics365_sales import definitions
from syncengine.connectors.dynamics365_sales import options
from syncengine.connectors.dynamics365_sales.changes import Changes
from syncengine.connectors.dynamics365_sales.inspection import Inspection
from syncengine.connectors.dynamics365_sales.organization import INTEGRATION_USER
from syncengine.connectors.dynamics365_sales.organization import CurrencyRates
from syncengine.connectors.dynamics365_sales.organization import Organization
from syncengine.connectors.dynamics365_sales.organization import PriceLists
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.connectors.dynamics365_sales.schema import Schema
from syncengine.connectors.dynamics365_sales.standard import traits_of
from syncengine.connectors.dynamics365_sales.webhooks import DynamicsSalesWebhooks
from syncengine.connectors.dynamics365_sales.writing import Writer
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

API = "/api/data/v9.2/"
HOUR_S = 3600.0


PRICES = "productpricelevels"


class DynamicsSales:
    """Options: `price_lists` (currency code -> name), `overlap_s`."""

    def __init__(
        self, connection: Connection, cache: Cache | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.http = HttpClient(connection, "sales", transport)
        root = connection.url.rstrip("/") + API
        self.schema = Schema(self.http, root, cache or NoCache())
        self.reader = Reader(self.http, root, self.schema)
        self.organization = Organization(self.reader)
        overlap = connection.options.get("overlap_s")
        self.changes = Changes(self.reader, float(overlap) if isinstance(overlap, (int, float)) else 600.0)
        self.writer = Writer(self.reader)
        self.inspection = Inspection(self.reader)
        self.webhooks = DynamicsSalesWebhooks(self.reader)
        self._currency_rates = CurrencyRates(self.reader)
        names = connection.options.get("price_lists")
        self._price_lists = PriceLists(self.reader, names if isinstance(names, Mapping) else {})

    @property
    def side(self) -> Literal["sales"]:
        return "sales"

    @property
    def name(self) -> str:
        return "Dynamics 365 Sales"

    @property
    def counts(self) -> Counts:
        return self.http.counts

    def close(self) -> None:
        self.http.close()

    def identity(self) -> Identity:
        return self.organization.identity()

    def guard(self, max_age_s: float) -> Guard:
        return self.organization.guard(max_age_s)

    def integration_user(self) -> bool:
        """Is our own user marked as one? Asked once an hour."""
        cache = self.schema.cache
        kept = cache.get(INTEGRATION_USER, HOUR_S)
        if not isinstance(kept, bool):
            _, kept = self.organization.user()
            cache.put(INTEGRATION_USER, kept)
        return kept

    def handed_over(self) -> int:
        """How many submitted orders carry the mark of a one-way hand-over (`lastbackofficesubmit`)."""
        url = (
            f"{self.reader.root}salesorders?$select=salesorderid"
            "&$filter=statecode eq 1 and lastbackofficesubmit gt 1900-01-02T00:00:00Z"
        )
        return len(self.reader.json(self.reader.http.get(url, prefer()), "counting submitted orders")["value"])

    def traits(self, tables: Iterable[str]) -> Traits:
        names = [name for name in tables if not options.is_choice(name)]
        return Traits(
            tables={name: traits_of(name) for name in names},
            schemas=self.schema.schemas(names),
            choices={"price-list-of-currency": self._price_lists},
            settings={
                "currency_rates": self._currency_rates.anew(),
                **({"price_lists": self._price_lists.ids()} if PRICES in names else {}),
                "price_decimals": self.organization.price_decimals(),
                "discount_per_unit": self.organization.discounts_count_per_unit(),
            },
        )

    def describe(self, table: str) -> TableSchema | None:
        """Everything the environment says of a table; None where it has no such table."""
        return definitions.described(self.reader, table)

    def probe(self, view: View, where: Filter) -> Answer:
        """One row with everything a mapping reads: does the service take these names, this filter?"""
        return self.reader.probe(view, where)

    def begin(self, poll: Poll) -> str | None:
        return None if options.is_choice(poll.table) else self.changes.begin(poll)

    def poll(self, wanted: Sequence[Poll]) -> Iterator[Polled]:
        return self.changes.poll(wanted, self.organization)

    def scan(self, view: View, where: Filter, after: str | None = None) -> Iterator[Page]:
        if options.is_choice(view.table):
            return iter([Page(options.rows(self.reader, view.table), None)])
        return self.reader.scan(view, where, after)

    def total(self, table: str, where: Filter) -> int | None:
        return len(options.rows(self.reader, table)) if options.is_choice(table) else self.reader.total(table, where)

    def read(self, view: View, ids: Sequence[str]) -> Mapping[str, Document | Gone]:
        if options.is_choice(view.table):
            rows = {row.id: row for row in options.rows(self.reader, view.table)}
            return {one: rows.get(one) or Gone(one) for one in ids}
        return self.reader.read(view, ids)

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> Sequence[Sequence[Document]]:
        if options.is_choice(view.table):
            rows = options.rows(self.reader, view.table)
            return [[row for row in rows if _carries(row, one)] for one in wanted]
        return self.reader.find(view, wanted)

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        return self.writer.write(groups, view)


def _carries(row: Document, wanted: Mapping[str, Wire]) -> bool:
    return all(str(row.fields.get(column)).casefold() == str(value).casefold() for column, value in wanted.items())
