"""One emulated Business Central behind a real socket; every test finds it as right after construction."""

from __future__ import annotations

import json
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

import httpx
import pytest

from syncengine.sandbox.back_office import BusinessCentral
from syncengine.sandbox.host import Host
from syncengine.sandbox.oauth import TOKEN_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lab:
    """An honest client's view of the service, with seeding in process."""

    def __init__(self, service: BusinessCentral, origin: str) -> None:
        self.service = service
        self.origin = origin
        self.http = httpx.Client(base_url=origin, timeout=20)
        self.root = f"{origin}/v2.0/sandbox-tenant/production/api/v2.0"
        self.company: Any = None
        self.prefix = ""

    def sign_in(self, role: str = "integration") -> None:
        client = self.service.clients[role]
        answer = self.http.post(
            TOKEN_PATH,
            data={
                "grant_type": "client_credentials",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "scope": "https://api.businesscentral.dynamics.com/.default",
            },
        )
        self.http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def use(self, company: Any) -> None:
        self.company = company
        self.prefix = f"{self.root}/companies({company.id})"

    def url(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.prefix}/{path}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(self.url(path), headers=_named(headers))

    def read(self, path: str, **headers: str) -> Any:
        """The JSON of a GET that must succeed; numbers with a point as Decimal."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def list(self, path: str, **headers: str) -> list[Any]:
        found: list[Any] = self.read(path, **headers)["value"]
        return found

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self._send("POST", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> httpx.Response:
        return self.http.delete(self.url(path), headers=_named(headers))

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        named = {"content-type": "application/json", **_named(headers)}
        content = b"" if body is None else json.dumps(body, default=_plain).encode()
        return self.http.request(method, self.url(path), content=content, headers=named)

    def made(self, path: str, body: Any, **headers: str) -> Any:
        """The JSON of a POST that must create."""
        answer = self.post(path, body, **headers)
        assert answer.status_code == 201, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def changed(self, path: str, body: Any, token: str = "*") -> Any:  # noqa: S107  an ETag, no secret
        """The JSON of a PATCH that must succeed."""
        answer = self.patch(path, body, if_match=token)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def refused(self, answer: httpx.Response, status: int, code: str) -> str:
        """The message of an error, without its correlation id."""
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["code"] == code, error
        message, _, correlation = error["message"].partition("  CorrelationId:  ")
        assert len(correlation) == 37
        return str(message)

    def door(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/sandbox/{path}", content=json.dumps(body or {}).encode())
        assert answer.status_code < 300, answer.text
        return json.loads(answer.text, parse_float=Decimal) if answer.text else None

    def switch(self, **switches: Any) -> None:
        self.door("PATCH", "setup", switches)

    def order(self, *lines: Any, **header: Any) -> Any:
        """An order for customer 10000, with its lines in the answer."""
        body = {"customerNumber": "10000", **header, "salesOrderLines": list(lines)}
        return self.made("salesOrders?$expand=salesOrderLines", body)

    @staticmethod
    def moment(entity: Any) -> datetime:
        """The stamp of an entity; as text, trimmed digits do not sort."""
        return datetime.fromisoformat(entity["lastModifiedDateTime"])

    @staticmethod
    def item_line(number: str = "1896-S", quantity: Any = 1, **more: Any) -> dict[str, Any]:
        return {"lineType": "Item", "lineObjectNumber": number, "quantity": quantity, **more}

    def order_with_lines(self, order_id: str) -> Any:
        return self.read(f"salesOrders({order_id})?$expand=salesOrderLines")


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(scope="session")
def hosted() -> Iterator[tuple[BusinessCentral, str]]:
    host = Host()
    service = BusinessCentral()
    _, address = host.add(service)
    host.start()
    yield service, address
    host.stop()


@pytest.fixture(scope="session")
def signed_in(hosted: tuple[BusinessCentral, str]) -> Iterator[Lab]:
    lab = Lab(*hosted)
    lab.sign_in()
    yield lab
    lab.http.close()


@pytest.fixture
def bare(signed_in: Lab) -> Lab:
    """The company as constructed: set up, but empty."""
    signed_in.door("DELETE", "faults")
    signed_in.door("POST", "reset")
    signed_in.use(next(iter(signed_in.service.environment.companies.values())))
    return signed_in


@pytest.fixture
def lab(bare: Lab) -> Lab:
    """The US company with two customers and three items."""
    seed(bare.service, bare.company, "USD")
    return bare


@pytest.fixture
def vat(bare: Lab) -> Lab:
    """A company with VAT and euros, filled in the same way."""
    company = bare.service.create_company("CRONUS DE", local_currency="EUR", tax="vat")
    seed(bare.service, company, "EUR")
    bare.use(company)
    return bare


def seed(service: BusinessCentral, company: Any, local: str) -> None:
    for code, name in (("PCS", "Piece"), ("BOX", "Box"), ("HOUR", "Hour")):
        service.insert(company, "unitsOfMeasure", {"code": code, "displayName": name})
    terms = {
        code: service.insert(company, "paymentTerms", {"code": code, "dueDateCalculation": formula})
        for code, formula in (("30 DAYS", "30D"), ("14 DAYS", "14D"))
    }
    methods = {
        code: service.insert(company, "shipmentMethods", {"code": code, "displayName": code}) for code in ("EXW", "CIF")
    }
    service.insert(company, "salespeoplePurchasers", {"code": "JO", "displayName": "Jim Olive"})
    foreign = "EUR" if local == "USD" else "USD"
    service.insert(company, "currencies", {"code": foreign, "displayName": foreign})
    service.add_exchange_rate(company, foreign, date(2020, 1, 1), Decimal("0.8"), Decimal(1))
    for number, name, city, method, term in (
        ("10000", "Adatum Corporation", "Atlanta", "EXW", "30 DAYS"),
        ("20000", "Trey Research", "Chicago", "CIF", "14 DAYS"),
    ):
        service.insert(
            company,
            "customers",
            {
                "number": number,
                "displayName": name,
                "addressLine1": f"{number} Main Street",
                "city": city,
                "country": "US",
                "postalCode": "31772",
                "email": "robert.townes@contoso.com",
                "paymentTermsId": terms[term],
                "shipmentMethodId": methods[method],
                "salespersonCode": "JO",
            },
        )
    for number, name, price in (
        ("1896-S", "ATHENS Desk", "1000.8"),
        ("1900-S", "PARIS Guest Chair", "192.8"),
        ("1996-S", "ATLANTA Whiteboard", "1397.3"),
    ):
        service.insert(
            company,
            "items",
            {
                "number": number,
                "displayName": name,
                "unitPrice": Decimal(price),
                "baseUnitOfMeasureCode": "PCS",
            },
        )
        service.set_item(company, number, inventory=Decimal(100))
    service.add_item_unit(company, "1900-S", "BOX", Decimal(6))
    service.add_account(company, "61100", "Freight")
