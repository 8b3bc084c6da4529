"""The systems that keep the contract, each with somebody beside it who works in the same data."""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from abc import ABC
from abc import abstractmethod
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.connectors.business_central.system import BusinessCentral
from syncengine.connectors.dynamics365_sales.system import DynamicsSales
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import System
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import Link
from syncengine.records.values import Wire
from tests.bench.bench import Bench
from tests.fakes.ledger import ENTRIES
from tests.fakes.ledger import HEADERS
from tests.fakes.ledger import Ledger
from tests.fakes.ledger import LedgerSystem

SALES_VIEW = View(
    "salesorders",
    ("name", "ordernumber", "description", "customerid", "totalamount", "requestdeliveryby"),
    "salesorderdetails",
    "salesorderid",
    ("productid", "uomid", "quantity", "priceperunit", "manualdiscountamount"),
)
CENTRAL_VIEW = View(
    "salesOrders",
    ("number", "externalDocumentNumber", "sellToAddressLine2", "customerId", "totalAmountIncludingTax"),
    "salesOrderLines",
    "documentId",
    ("lineType", "itemId", "quantity", "unitPrice", "discountAmount"),
)
LEDGER_VIEW = View(HEADERS, None, ENTRIES, "document", None)
SMALL_PAGES = {"page": 3, "page_with_lines": 3}


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


class Wired:
    """What the beds of both connectors share: faults of the emulated service, and a network that is down."""

    system: Any
    bench: Bench
    side: str
    path: str

    def fault(self, kind: str) -> None:
        match = {"method": "POST", "path": rf"POST .*({self.path}|\$batch)"}
        if kind == "lost":
            self.bench.fault(self.side, kind="answer-lost", next=1, match=match)
        elif kind == "busy":
            self.bench.fault(self.side, kind="status", status=429, retry_after=0, next=1, match=match)
        else:
            self._live = self.system.http._client
            self.system.http._client = httpx.Client(transport=httpx.MockTransport(_unreachable))

    def calm(self) -> None:
        self.bench.calm()
        live = self.__dict__.pop("_live", None)
        if live is not None:
            self.system.http._client = live


@dataclass
class SalesBed(Wired):
    bench: Bench
    system: DynamicsSales
    view: View = SALES_VIEW
    key: str = "name"
    note: str = "description"
    too_long: str = "x" * 2001
    quantity: str = "quantity"
    price: str = "priceperunit"
    owned: str = "ordernumber"
    word: str = "submitted"
    restless: bool = False
    places: int = 5
    ends: tuple[str, ...] = ("fulfilled", "canceled")
    unsold: Mapping[str, Wire] = field(default_factory=lambda: {"productid": Link("products", str(uuid.uuid4()))})
    side: str = "sales"
    path: str = "salesorders"

    def __post_init__(self) -> None:
        """Goods that may be sold by the hundred-thousandth."""
        if self.bench is not None:
            for product in self.bench.products[:3]:
                body = {"quantitydecimal": 5}
                self.bench.admin.person.request("PATCH", f"products({product.sales_id})", body)

    def header(self, key: str) -> dict[str, Wire]:
        world = self.bench.running.world
        return {
            "name": key,
            "customerid": Link("accounts", world.customers[0].sales_id),
            "pricelevelid": Link("pricelevels", world.price_lists["USD"]),
            "transactioncurrencyid": Link("transactioncurrencies", world.currencies["USD"]),
        }

    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]:
        product = self.bench.products[number]
        return {
            "productid": Link("products", product.sales_id),
            "uomid": Link("uoms", product.units[0].sales_id),
            "quantity": quantity,
            "ispriceoverridden": True,
            "priceperunit": price,
            "lineitemnumber": number + 1,
        }

    def somebody_enters(self, key: str, quantities: Sequence[int]) -> str:
        world = self.bench.running.world
        lines = [
            {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": quantity, "price": one.price}
            for one, quantity in zip(self.bench.products, quantities, strict=False)
        ]
        account, prices = world.customers[0].sales_id, world.price_lists["USD"]
        return self.bench.seller.enter(account, prices, world.currencies["USD"], lines, name=key)

    def somebody_changes(self, document: str, note: str) -> None:
        self.bench.seller.change(document, description=note)

    def somebody_removes(self, document: str) -> None:
        self.bench.admin.person.request("DELETE", f"salesorders({document})")

    def expire(self, cursor: str) -> str | None:
        """The token of a change feed carries its date."""
        kept = json.loads(cursor)
        if "delta" not in kept:
            return None
        link = re.sub(r"%2f20\d\d", "%2f2001", kept["delta"])
        assert link != kept["delta"]
        return json.dumps({"delta": link})


@dataclass
class CentralBed(Wired):
    bench: Bench
    system: BusinessCentral
    view: View = CENTRAL_VIEW
    key: str = "externalDocumentNumber"
    note: str = "sellToAddressLine2"
    too_long: str = "x" * 51
    quantity: str = "quantity"
    price: str = "unitPrice"
    owned: str = "number"
    word: str = ""
    restless: bool = False
    places: int = 5
    ends: tuple[str, ...] = ()
    unsold: Mapping[str, Wire] = field(default_factory=lambda: {"itemId": str(uuid.uuid4())})
    side: str = "back_office"
    path: str = "salesOrders"

    def header(self, key: str) -> dict[str, Wire]:
        return {"externalDocumentNumber": key, "customerId": self.bench.running.world.customers[0].back_office_id}

    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]:
        item = self.bench.products[number].back_office_id
        return {"lineType": "Item", "itemId": item, "quantity": quantity, "unitPrice": price}

    def somebody_enters(self, key: str, quantities: Sequence[int]) -> str:
        lines = [self.line(n, Decimal(q), Decimal(10)) for n, q in enumerate(quantities)]
        clerk = self.bench.clerk
        return str(clerk.create("salesOrders", **self.header(key), salesOrderLines=lines)["id"])

    def somebody_changes(self, document: str, note: str) -> None:
        self.bench.clerk.change({"id": document}, sellToAddressLine2=note)

    def somebody_removes(self, document: str) -> None:
        clerk = self.bench.clerk
        clerk.person.request("DELETE", clerk._path(f"salesOrders({document})"), if_match="*")

    def expire(self, cursor: str) -> str | None:
        return None


@dataclass
class LedgerBed:
    """The in-memory one, which is like none of Microsoft's."""

    ledger: Ledger = field(default_factory=Ledger)
    view: View = LEDGER_VIEW
    key: str = "reference"
    note: str = "note"
    too_long: str = "x" * 41
    quantity: str = "quantity"
    price: str = "price"
    owned: str = "nr"
    word: str = ""
    restless: bool = False
    places: int = 5
    ends: tuple[str, ...] = ()
    unsold: Mapping[str, Wire] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.system = LedgerSystem(self.ledger)

    def header(self, key: str) -> dict[str, Wire]:
        return {"reference": key}

    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]:
        return {"article": f"A{number}", "quantity": quantity, "price": price}

    def somebody_enters(self, key: str, quantities: Sequence[int]) -> str:
        with self.ledger.lock:
            made = self.ledger.insert(HEADERS, self.header(key))
            for n, quantity in enumerate(quantities):
                self.ledger.insert(ENTRIES, {**self.line(n, Decimal(quantity), Decimal(10)), "document": made})
        return str(made)

    def somebody_changes(self, document: str, note: str) -> None:
        self.ledger.change(HEADERS, int(document), {"note": note})

    def somebody_removes(self, document: str) -> None:
        self.ledger.remove(HEADERS, int(document))

    def fault(self, kind: str) -> None:
        if kind == "lost":
            self.ledger.cut = 1
        elif kind == "busy":
            self.ledger.busy = 1
        else:
            self.ledger.down = 2

    def calm(self) -> None:
        self.ledger.cut = self.ledger.busy = self.ledger.down = 0

    def expire(self, cursor: str) -> str | None:
        return None


def over(bench: Bench, side: str) -> SalesBed | CentralBed:
    """A bed over an emulated service, its pages small so that there are several."""
    bench.configure(limits=SMALL_PAGES)
    if side == "sales":
        return SalesBed(bench, bench.company.sales)
    return CentralBed(bench, bench.company.back_office)


# live tenants

LIVE = "CONTRACT_CONFIG"
"""Names a configuration file of a test tenant. The contract creates and removes orders there."""


class Living(ABC):
    """Somebody else in a live tenant is a second connection; nobody can make the service fail."""

    system: System
    other: System
    view: View
    note: str

    @abstractmethod
    def header(self, key: str) -> dict[str, Wire]: ...

    @abstractmethod
    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]: ...

    def _done(self, step: Step) -> Receipt:
        ((_, (receipt,)),) = list(self.other.write([[step]], self.view))
        assert receipt.outcome is ReceiptOutcome.DONE, receipt.error
        return receipt

    def somebody_enters(self, key: str, quantities: Sequence[int]) -> str:
        lines = tuple(self.line(n, Decimal(q), Decimal(10)) for n, q in enumerate(quantities))
        side, table = self.system.side, self.view.table
        made = self._done(
            Step(1, side, "create", table, body=self.header(key), lines=lines, line_table=self.view.line_table or "")
        )
        assert isinstance(made.after, Document)
        return made.after.id

    def _fresh(self, document: str) -> Document:
        found = self.other.read(self.view, [document])[document]
        assert isinstance(found, Document)
        return found

    def somebody_changes(self, document: str, note: str) -> None:
        expects = self._fresh(document).version
        side, table = self.system.side, self.view.table
        self._done(Step(1, side, "update", table, target=document, body={self.note: note}, expects=expects))

    def somebody_removes(self, document: str) -> None:
        expects = self._fresh(document).version
        self._done(Step(1, self.system.side, "delete", self.view.table, target=document, expects=expects))

    def fault(self, kind: str) -> None:
        pytest.skip(f"nobody can make a live tenant fail ({kind})")

    def calm(self) -> None:  # noqa: B027  nothing was stirred
        pass

    def expire(self, cursor: str) -> str | None:
        return None


def first(system: System, table: str, columns: tuple[str, ...], keep: Mapping[str, Wire], count: int) -> list[Document]:
    """The first rows of a live table that carry these values."""
    found: list[Document] = []
    for page in system.scan(View(table, (*columns, *keep)), ()):
        found += [one for one in page.documents if all(one.fields.get(c) == v for c, v in keep.items())]
        if len(found) >= count:
            return found[:count]
    pytest.skip(f"the live tenant has no {count} rows of {table} to order with")


class LiveSales(Living, SalesBed):
    def __init__(self, one: DynamicsSales, two: DynamicsSales) -> None:
        SalesBed.__init__(self, None, one)  # type: ignore[arg-type]
        self.other = two
        (account,) = first(one, "accounts", ("name",), {"statecode": 0}, 1)
        (prices,) = first(one, "pricelevels", ("transactioncurrencyid",), {"statecode": 0}, 1)
        currency = prices.fields["transactioncurrencyid"]
        self.head: dict[str, Wire] = {
            "customerid": Link("accounts", account.id),
            "pricelevelid": Link("pricelevels", prices.id),
            "transactioncurrencyid": currency if isinstance(currency, Link) else None,
        }
        sold = {"statecode": 0, "productstructure": 1}
        self.goods = first(one, "products", ("defaultuomid", "quantitydecimal"), sold, 3)
        places = self.goods[0].fields["quantitydecimal"]
        self.places = places if isinstance(places, int) else 0

    def header(self, key: str) -> dict[str, Wire]:
        return {"name": key, **self.head}

    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]:
        product = self.goods[number % len(self.goods)]
        made = {"quantity": quantity, "ispriceoverridden": True, "priceperunit": price, "lineitemnumber": number + 1}
        return {"productid": Link("products", product.id), "uomid": product.fields["defaultuomid"], **made}


class LiveCentral(Living, CentralBed):
    def __init__(self, one: BusinessCentral, two: BusinessCentral) -> None:
        CentralBed.__init__(self, None, one)  # type: ignore[arg-type]
        self.other = two
        (customer,) = first(one, "customers", ("number",), {"blocked": " "}, 1)
        self.customer = customer.id
        self.goods = first(one, "items", ("number",), {"blocked": False}, 3)

    def header(self, key: str) -> dict[str, Wire]:
        return {"externalDocumentNumber": key, "customerId": self.customer}

    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]:
        item = self.goods[number % len(self.goods)].id
        return {"lineType": "Item", "itemId": item, "quantity": quantity, "unitPrice": price}


@contextlib.contextmanager
def live(side: str) -> Iterator[LiveSales | LiveCentral]:
    """Over two connections to the tenant, closed in the end."""
    file = os.environ.get(LIVE, "")
    if not file:
        pytest.skip(f"no live tenant: {LIVE} names no configuration file")
    from syncengine.config.loading import load  # noqa: PLC0415  only where there is one
    from syncengine.service.wiring import company  # noqa: PLC0415

    one, two = (company(load(str(Path(file).resolve()), {})) for _ in range(2))
    with contextlib.closing(one), contextlib.closing(two):
        yield LiveSales(one.sales, two.sales) if side == "sales" else LiveCentral(one.back_office, two.back_office)
