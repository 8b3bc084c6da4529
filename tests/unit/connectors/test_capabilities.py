"""What a system can do is read from what it publishes, kept, and read anew when it is no longer the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from syncengine.connectors.business_central.system import BusinessCentral
from syncengine.connectors.dynamics365_sales.system import DynamicsSales
from syncengine.connectors.settings import Cache
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import HttpLimits
from syncengine.connectors.settings import NoCache
from syncengine.errors import Unreachable
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Poll
from syncengine.records.document import View

COMPANY = "5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d"
OTHER = "6b8d4f20-1b7e-f011-b9c4-000d3a2b1c4d"
ORDER = "0c9f8d52-3116-f111-8c2e-6045bd9a7e10"
LIMITS = HttpLimits(attempts=1, patience_s=0.05)
EDM = "http://docs.oasis-open.org/odata/ns/edm"


def csdl(*sets: str, body: str = "", columns: tuple[str, ...] = ("id",)) -> str:
    """A document with an entity type for each set, of the set's name without its last letter."""
    properties = "".join(f'<Property Name="{name}" Type="Edm.String" />' for name in columns)
    types = "".join(
        f'<EntityType Name="{one[:-1]}"><Key><PropertyRef Name="{columns[0]}" /></Key>{properties}</EntityType>'
        for one in sets
    )
    container = "".join(f'<EntitySet Name="{one}" EntityType="N.{one[:-1]}" />' for one in sets)
    return f'<Edmx><Schema Namespace="N" xmlns="{EDM}">{types}{body}<C>{container}</C></Schema></Edmx>'


class Service:
    """Answers by the end of the path; `published` is its `$metadata`."""

    def __init__(self, published: str) -> None:
        self.published = published
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.company: dict[str, Any] = {"id": COMPANY, "name": "CRONUS", "systemVersion": "28.0"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((request.method, path))
        for end, answer in self.answers.items():
            if path.endswith(end):
                return answer(request)
        if path.endswith("$metadata"):
            if "companion" in path:
                return httpx.Response(404)
            return httpx.Response(200, text=self.published, headers={"content-type": "application/xml"})
        if path.endswith("/companies"):
            return httpx.Response(200, json={"value": [self.company]})
        return httpx.Response(200, json={"value": []})

    def count(self, end: str) -> int:
        return len([path for _, path in self.asked if path.endswith(end)])


def central(service: Service, cache: Cache | None = None) -> BusinessCentral:
    connection = Connection("https://erp.example/api/v2.0", limits=LIMITS, options={"company": "CRONUS"})
    return BusinessCentral(connection, cache, httpx.MockTransport(service))


def sales(service: Service, cache: Cache | None = None) -> DynamicsSales:
    return DynamicsSales(Connection("https://crm.example", limits=LIMITS), cache, httpx.MockTransport(service))


@pytest.mark.parametrize(
    ("sets", "places"),
    [
        (("salesOrders", "salesInvoices"), ("salesOrders", "salesInvoices")),
        (
            ("salesOrders", "salesInvoices", "salesOrderArchives"),
            ("salesOrders", "salesInvoices", "salesOrderArchives"),
        ),
    ],
)
def test_archives_are_searched_where_there_are_any(sets: tuple[str, ...], places: tuple[str, ...]) -> None:
    """From version 29 on, and never asked for before."""
    system = central(Service(csdl(*sets)))
    assert system.traits(["salesOrders"]).table("salesOrders").key_tables == places


def test_custom_columns_are_known_by_what_is_published() -> None:
    """A column that the environment has added can be mapped; one that it has not is missing from the schema."""
    service = Service(csdl("salesorders", columns=("salesorderid", "name", "contoso_erpnumber")))
    columns = sales(service).schema.schemas(["salesorders"])["salesorders"].columns
    assert set(columns) == {"salesorderid", "name", "contoso_erpnumber"}


BOUND = '<Action Name="FulfillSalesOrder" IsBound="true"><Parameter Name="e" Type="{}" /></Action>'
FULFIL = {
    "many": BOUND.format("Collection(N.salesorder)"),
    "one": BOUND.format("N.salesorder"),
    "unbound": '<Action Name="FulfillSalesOrder"><Parameter Name="OrderClose" Type="N.x" /></Action>',
    "silent": "",
}
PLACES = {
    "many": "/salesorders/Microsoft.Dynamics.CRM.FulfillSalesOrder",
    "one": f"/salesorders({ORDER})/Microsoft.Dynamics.CRM.FulfillSalesOrder",
    "unbound": "/v9.2/FulfillSalesOrder",
    "silent": "/salesorders/Microsoft.Dynamics.CRM.FulfillSalesOrder",  # the last published reference
}


@pytest.mark.parametrize("form", sorted(FULFIL))
def test_an_action_is_called_as_it_is_bound(form: str) -> None:
    """To many, to one or to nothing, as the environment says."""
    service = Service(csdl("salesorders", columns=("salesorderid",), body=FULFIL[form]))
    step = Step(1, "sales", "set-state", "salesorders", target=ORDER, body={"state": "fulfilled"})
    list(sales(service).write([[step]], View("salesorders", ())))
    (path,) = [path for method, path in service.asked if method == "POST"]
    assert path.endswith(PLACES[form])


def test_what_is_published_is_asked_for_once() -> None:
    """One request for all tables, kept for the next process."""
    service, cache = Service(csdl("salesOrders", "items")), NoCache()
    for _ in range(2):
        system = central(service, cache)
        system.traits(["salesOrders", "items"])
        system.schema.table("items")
    assert service.count("v2.0/$metadata") == 1


def test_another_version_of_the_system_is_read_anew() -> None:
    """An upgrade brings archives: the next look at the company shows it, and what was kept is dropped."""
    service, cache = Service(csdl("salesOrders")), NoCache()
    before = central(service, cache)
    before.identity()
    assert before.traits(["salesOrders"]).table("salesOrders").key_tables == ("salesOrders",)
    service.company["systemVersion"] = "29.0"
    service.published = csdl("salesOrders", "salesOrderArchives")
    after = central(service, cache)
    after.identity()
    assert after.traits(["salesOrders"]).table("salesOrders").key_tables == ("salesOrders", "salesOrderArchives")


def test_another_company_behind_the_url_is_noticed() -> None:
    """The company's id is kept, but who answers is asked: a kept name would hide another company for ever."""
    service, cache = Service(csdl("salesOrders")), NoCache()
    assert central(service, cache).identity().id == COMPANY
    service.company["id"] = OTHER
    assert central(service, cache).identity().id == OTHER


def test_another_organization_behind_the_url_is_read_anew() -> None:
    """What one organization publishes holds for no other."""
    service, cache = Service(csdl("salesorders", columns=("salesorderid", "contoso_a"))), NoCache()
    row = {"organizationid": COMPANY, "name": "Contoso", "issopintegrationenabled": False}
    service.answers["/organizations"] = lambda _: httpx.Response(200, json={"value": [row]})
    before = sales(service, cache)
    assert before.identity().id == COMPANY
    assert "contoso_a" in before.schema.table("salesorders").columns
    row["organizationid"] = OTHER
    service.published = csdl("salesorders", columns=("salesorderid", "contoso_b"))
    after = sales(service, cache)
    assert after.identity().id == OTHER
    assert set(after.schema.table("salesorders").columns) == {"salesorderid", "contoso_b"}


def test_a_name_that_no_longer_fits_makes_the_next_try_look_again() -> None:
    """A column went: the read that fails says so, and what was kept is not believed any longer."""
    service = Service(csdl("items", columns=("id", "number", "color")))
    words = {"error": {"code": "BadRequest", "message": "Could not find a property named 'color'"}}
    service.answers["/items"] = lambda _: httpx.Response(400, json=words)
    cache = NoCache()
    system = central(service, cache)
    with pytest.raises(Unreachable, match="color"):
        list(system.scan(View("items", ("number", "color")), ()))
    service.published = csdl("items", columns=("id", "number"))
    assert set(system.schema.table("items").columns) == {"id", "number"}
    assert set(central(service, cache).schema.table("items").columns) == {"id", "number"}


def test_a_write_with_a_name_that_no_longer_fits_does_so_too() -> None:
    """Refused with the system's words; the next one is planned with what there is."""
    service = Service(csdl("salesorders", columns=("salesorderid", "contoso_a")))
    message = (
        "Error identified in Payload provided by the user for Entity :'salesorder', undeclared property 'contoso_a'"
    )
    words = {"error": {"code": "0x80048d19", "message": message}}
    service.answers[f"salesorders({ORDER})"] = lambda _: httpx.Response(400, json=words)
    system = sales(service)
    step = Step(1, "sales", "update", "salesorders", target=ORDER, body={"contoso_a": "x"}, expects='W/"1"')
    ((_, (receipt,)),) = list(system.write([[step]], View("salesorders", ())))
    assert receipt.outcome is ReceiptOutcome.REFUSED
    service.published = csdl("salesorders", columns=("salesorderid",))
    assert set(system.schema.table("salesorders").columns) == {"salesorderid"}


def test_a_company_that_is_gone_is_looked_for_by_its_name_again() -> None:
    """Deleted and made anew, it has another id; a kept one would never answer again."""
    service, cache = Service(csdl("salesOrders")), NoCache()
    system = central(service, cache)
    system.identity()
    gone = {"error": {"code": "Internal_CompanyNotFound", "message": "The company does not exist."}}
    service.answers[f"companies({COMPANY})"] = lambda _: httpx.Response(404, json=gone)
    service.company["id"] = OTHER
    system.begin(Poll("salesOrders"))
    assert system.identity().id == OTHER
    assert system.reader.company.id() == OTHER
