from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

import httpx
import msgspec
import pytest

from syncengine.sandbox.host import Host
from syncengine.sandbox.oauth import TOKEN_PATH
from syncengine.sandbox.sales import Dataverse

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterator

    from syncengine.sandbox.origin import Origin

BASE = "/api/data/v9.2"
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def body_of(response: httpx.Response) -> Any:
    """The JSON body with exact decimals."""
    return _decoder.decode(response.content)


@dataclass
class Person:
    """One of the users, over HTTP."""

    http: httpx.Client

    def request(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        target = path if path.startswith(("/", "http")) else f"{BASE}/{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if json is None else _encoder.encode(json)
        if content is not None:
            sent.setdefault("content-type", "application/json")
        return self.http.request(method, target, content=content, headers=sent)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.request("GET", path, **headers)

    def read(self, path: str, **headers: str) -> Any:
        """The body of a GET that must succeed."""
        response = self.get(path, **headers)
        assert response.status_code == 200, response.text
        return body_of(response)

    def post(self, path: str, json: Any, **headers: str) -> httpx.Response:
        return self.request("POST", path, json, **headers)

    def patch(self, path: str, json: Any, **headers: str) -> httpx.Response:
        return self.request("PATCH", path, json, **headers)

    def put(self, path: str, json: Any, **headers: str) -> httpx.Response:
        return self.request("PUT", path, json, **headers)

    def delete(self, path: str, **headers: str) -> httpx.Response:
        return self.request("DELETE", path, **headers)

    def make(self, path: str, json: Any) -> str:
        """The id of a row whose creation must succeed."""
        response = self.post(path, json)
        assert response.status_code == 204, response.text
        return re.findall(r"\(([0-9a-f-]{36})\)$", response.headers["odata-entityid"])[0]


@dataclass
class Sales:
    """The emulator under test: its users over HTTP, its back doors, and the object itself for seed data."""

    service: Dataverse
    url: str
    admin: Person
    integration: Person
    seller: Person
    nobody: Person
    origin: Origin
    since: int = 0

    def door(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """A request to one of the back doors."""
        return self.nobody.http.request(method, f"/sandbox/{path}", json=json)

    def setup(self, **switches: Any) -> None:
        response = self.door("PATCH", "setup", switches)
        assert response.status_code == 200, response.text

    def organization(self, **values: Any) -> None:
        """What an administrator changes on the organization row."""
        key = self.service.world.organization_id
        response = self.admin.patch(f"organizations({key})", values)
        assert response.status_code == 204, response.text

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.door("GET", f"requests?since={self.since}").json()
        return found

    def fault(self, **posted: Any) -> None:
        assert self.door("POST", "faults", posted).status_code == 204

    def later(self, seconds: float) -> None:
        self.door("POST", "clock", {"seconds": seconds})

    def user(self, role: str) -> str:
        return next(key for key, one in self.service.world.roles.items() if one == role)


@dataclass
class Catalog:
    """Customers, products and a price list to write orders with."""

    sales: Sales
    account: str
    contact: str
    schedule: str
    piece: str
    box: str
    bike: str
    cable: str
    prices: str

    def order(self, who: Person | None = None, *lines: dict[str, Any], **columns: Any) -> str:
        """A new order of the account with this price list."""
        body = {
            "name": "An order",
            "customerid_account@odata.bind": f"/accounts({self.account})",
            "pricelevelid@odata.bind": f"/pricelevels({self.prices})",
            **columns,
        }
        if lines:
            body["order_details"] = list(lines)
        return (who or self.sales.admin).make("salesorders", body)

    def bikes(self, quantity: Any = 1, **columns: Any) -> dict[str, Any]:
        return {
            "productid@odata.bind": f"/products({self.bike})",
            "uomid@odata.bind": f"/uoms({self.piece})",
            "quantity": quantity,
            **columns,
        }

    def cables(self, quantity: Any = 1, **columns: Any) -> dict[str, Any]:
        return {
            "productid@odata.bind": f"/products({self.cable})",
            "uomid@odata.bind": f"/uoms({self.piece})",
            "quantity": quantity,
            **columns,
        }

    def add_line(self, order: str, line: dict[str, Any], who: Person | None = None) -> str:
        body = {**line, "salesorderid@odata.bind": f"/salesorders({order})"}
        return (who or self.sales.admin).make("salesorderdetails", body)

    def submit(self, order: str, who: Person | None = None) -> None:
        response = (who or self.sales.admin).patch(f"salesorders({order})", {"statecode": 1, "statuscode": 3})
        assert response.status_code == 204, response.text


@pytest.fixture(scope="session")
def served() -> Iterator[Sales]:
    service = Dataverse()
    host = Host()
    origin, url = host.add(service)
    host.start()
    nobody = httpx.Client(base_url=url, timeout=20)
    clients = {}
    for role, client in service.clients.items():
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "scope": f"{url}/.default",
        }
        token = nobody.post(TOKEN_PATH, data=form).json()["access_token"]
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json",
            "odata-version": "4.0",
            "odata-maxversion": "4.0",
        }
        clients[role] = httpx.Client(base_url=url, headers=headers, timeout=20)
    people = {role: Person(client) for role, client in clients.items()}
    yield Sales(service, url, people["admin"], people["integration"], people["seller"], Person(nobody), origin)
    for client in [*clients.values(), nobody]:
        client.close()
    host.stop()


@pytest.fixture
def sales(served: Sales) -> Sales:
    """The emulator as it is right after construction."""
    served.door("DELETE", "faults")
    served.later(-served.service.clock.offset.total_seconds())
    assert served.door("POST", "reset").status_code == 204
    served.since = served.origin.log.last
    return served


@pytest.fixture
def catalog(sales: Sales) -> Catalog:
    """One customer, two products (a bike at 1000.00, a cable at 9.90), one unit group, one price list."""
    put: Callable[..., str] = sales.service.insert
    account = put("account", {"name": "Adatum", "accountnumber": "10000"})
    contact = put("contact", {"firstname": "Kim", "lastname": "Abercrombie", "emailaddress1": "kim@adatum.example"})
    schedule = put("uomschedule", {"name": "Goods", "baseuomname": "PCS"})
    piece = next(unit["uomid"] for unit in sales.service.rows("uom"))
    box = put("uom", {"name": "BOX", "uomscheduleid": schedule, "baseuom": piece, "quantity": 12})
    prices = put("pricelevel", {"name": "Standard", "transactioncurrencyid": sales.service.world.currency_id})
    made = {}
    for number, name, price, decimals in (("1000", "Bicycle", "1000", 0), ("1900", "Cable", "9.90", 2)):
        product = {
            "name": name,
            "productnumber": number,
            "defaultuomscheduleid": schedule,
            "defaultuomid": piece,
            "quantitydecimal": decimals,
            "statecode": 0,
            "statuscode": 1,
            "price": Decimal(price),
            "currentcost": Decimal(60),
            "standardcost": Decimal(80),
        }
        made[number] = put("product", product)
        item = {"pricelevelid": prices, "productid": made[number], "uomid": piece, "amount": Decimal(price)}
        put("productpricelevel", item)
    return Catalog(sales, account, contact, schedule, piece, box, made["1000"], made["1900"], prices)
