"""`$metadata` of both services: what a connector reads from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from syncengine.connectors.business_central.schema import Schema as BusinessCentralSchema
from syncengine.connectors.dynamics365_sales.schema import Schema as SalesSchema
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata.metadata import NotMetadata
from syncengine.connectors.odata.metadata import from_plain
from syncengine.connectors.odata.metadata import parse
from syncengine.connectors.odata.metadata import to_plain
from syncengine.connectors.settings import Cache
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import NoCache

CENTRAL = (Path(__file__).parents[3] / "syncengine/sandbox/metadata/business-central.edmx.xml").read_bytes()
"""A real tenant's document, as the sandbox ships it."""

# As the Web API writes its own: base types, an alias, read-only lookup properties tied to their navigation.
DATAVERSE = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EntityType Name="crmbaseentity" Abstract="true" />
 <EntityType Name="salesorder" BaseType="mscrm.crmbaseentity">
  <Key><PropertyRef Name="salesorderid" /></Key>
  <Property Name="salesorderid" Type="Edm.Guid" />
  <Property Name="name" Type="Edm.String" Unicode="false" MaxLength="300" />
  <Property Name="totalamount" Type="Edm.Decimal" Scale="Variable" />
  <Property Name="requestdeliveryby" Type="Edm.DateTimeOffset" />
  <Property Name="versionnumber" Type="Edm.Int64" />
  <Property Name="willcall" Type="Edm.Boolean" />
  <Property Name="_customerid_value" Type="Edm.Guid" />
  <Property Name="_transactioncurrencyid_value" Type="Edm.Guid" />
  <Property Name="_contoso_route_value" Type="Edm.Guid" />
  <NavigationProperty Name="customerid_account" Type="mscrm.account" Partner="order_customer_accounts">
   <ReferentialConstraint Property="_customerid_value" ReferencedProperty="accountid" />
  </NavigationProperty>
  <NavigationProperty Name="customerid_contact" Type="mscrm.contact">
   <ReferentialConstraint Property="_customerid_value" ReferencedProperty="contactid" />
  </NavigationProperty>
  <NavigationProperty Name="transactioncurrencyid" Type="mscrm.transactioncurrency">
   <ReferentialConstraint Property="_transactioncurrencyid_value" ReferencedProperty="transactioncurrencyid" />
  </NavigationProperty>
  <NavigationProperty Name="contoso_Route" Type="mscrm.account">
   <ReferentialConstraint Property="_contoso_route_value" ReferencedProperty="accountid" />
  </NavigationProperty>
  <NavigationProperty Name="order_details" Type="Collection(mscrm.salesorderdetail)" Partner="salesorderid" />
 </EntityType>
 <EntityType Name="salesorderdetail" BaseType="mscrm.crmbaseentity">
  <Key><PropertyRef Name="salesorderdetailid" /></Key>
  <Property Name="salesorderdetailid" Type="Edm.Guid" />
 </EntityType>
 <EntityType Name="account" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="accountid" /></Key></EntityType>
 <EntityType Name="contact" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="contactid" /></Key></EntityType>
 <EntityType Name="activitypointer"><Key><PropertyRef Name="activityid" /></Key>
  <Property Name="activityid" Type="Edm.Guid" /><Property Name="subject" Type="Edm.String" MaxLength="400" />
 </EntityType>
 <EntityType Name="orderclose" BaseType="mscrm.activitypointer">
  <Property Name="revision" Type="Edm.Int32" /></EntityType>
 <Action Name="FulfillSalesOrder" IsBound="true">
  <Parameter Name="entityset" Type="Collection(mscrm.salesorder)" Nullable="false" />
  <Parameter Name="OrderClose" Type="mscrm.crmbaseentity" /><Parameter Name="Status" Type="Edm.Int32" /></Action>
 <Action Name="CancelSalesOrder"><Parameter Name="OrderClose" Type="mscrm.crmbaseentity" /></Action>
 <Action Name="LockSalesOrderPricing" IsBound="true"><Parameter Name="entity" Type="mscrm.salesorder" /></Action>
 <EntityContainer Name="System">
  <EntitySet Name="salesorders" EntityType="Microsoft.Dynamics.CRM.salesorder" />
  <EntitySet Name="salesorderdetails" EntityType="Microsoft.Dynamics.CRM.salesorderdetail" />
  <EntitySet Name="accounts" EntityType="Microsoft.Dynamics.CRM.account" />
  <EntitySet Name="contacts" EntityType="Microsoft.Dynamics.CRM.contact" />
  <EntitySet Name="orderclosures" EntityType="Microsoft.Dynamics.CRM.orderclose" />
 </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"""


def serving(document: bytes, status: int = 200) -> tuple[HttpClient, list[str]]:
    """A client of a service that answers everything with this document, and what it was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(status, content=document, headers={"content-type": "application/xml"})

    return HttpClient(Connection("https://x.example"), "sales", httpx.MockTransport(answer)), asked


def sales(document: bytes, cache: Cache | None = None) -> SalesSchema:
    return SalesSchema(serving(document)[0], "https://x.example/api/data/v9.2/", cache or NoCache())


def central(document: bytes, cache: Cache | None = None) -> BusinessCentralSchema:
    return BusinessCentralSchema(serving(document)[0], "https://x.example/api/v2.0", cache or NoCache())


def test_types_lengths_and_keys_of_a_real_tenant() -> None:
    """Facts of section 4.1 of API v2.0, as its own document states them."""
    model = parse(CENTRAL)
    order = model.entity("salesOrders")
    assert order is not None
    assert order.key == ("id",)
    found = {name: (one.type, one.length) for name, one in order.properties.items()}
    assert found["number"] == ("text", 20)
    assert found["externalDocumentNumber"] == ("text", 35)
    assert found["orderDate"] == ("date", None)
    assert found["discountAmount"] == ("decimal", None)
    assert found["pricesIncludeTax"] == ("boolean", None)
    assert found["status"] == ("choice", None)
    assert found["lastModifiedDateTime"] == ("datetime", None)
    assert found["customerId"] == ("guid", None)
    assert order.navigation["salesOrderLines"].collection
    assert not order.navigation["customer"].collection


def test_business_central_names_the_one_action_of_an_order() -> None:
    """`shipAndInvoice` is bound to one order, and there is no other."""
    model = parse(CENTRAL)
    assert [one for one in model.actions if one.startswith("salesOrder/")] == ["salesOrder/shipAndInvoice"]
    assert model.set_of("salesOrderLine") == "salesOrderLines"


def test_lookups_of_dataverse_are_bound_by_navigation_name_case_kept() -> None:
    """Polymorphic lookups have one name for each target; custom ones are often PascalCase."""
    table = sales(DATAVERSE).table("salesorders")
    assert table.binds["customerid"] == {"accounts": "customerid_account", "contacts": "customerid_contact"}
    assert table.binds["contoso_route"] == {"accounts": "contoso_Route"}
    assert table.columns["customerid"].type == "lookup"
    assert table.columns["customerid"].targets == ("accounts", "contacts")
    assert table.property("customerid") == "_customerid_value"
    assert table.collections["salesorderdetails"] == "order_details"
    assert table.key == "salesorderid"


def test_types_of_dataverse() -> None:
    """Money is decimal, a user-local date a moment, a version number a whole number."""
    columns = sales(DATAVERSE).table("salesorders").columns
    kinds = {name: columns[name].type for name in ("totalamount", "requestdeliveryby", "versionnumber", "willcall")}
    assert kinds == {
        "totalamount": "decimal",
        "requestdeliveryby": "datetime",
        "versionnumber": "integer",
        "willcall": "boolean",
    }
    assert columns["name"].length == 300


def test_what_a_base_type_gives_is_inherited() -> None:
    """A close activity has its key and subject from the activity it is."""
    entity = parse(DATAVERSE).entity("orderclosures")
    assert entity is not None
    assert (entity.key, set(entity.properties)) == (("activityid",), {"activityid", "subject", "revision"})


def test_actions_say_what_they_are_bound_to() -> None:
    """To many, to one, to nothing."""
    assert parse(DATAVERSE).actions == {
        "salesorder[]/FulfillSalesOrder",
        "CancelSalesOrder",
        "salesorder/LockSalesOrderPricing",
    }


@pytest.mark.parametrize("document", [DATAVERSE, CENTRAL])
def test_a_kept_model_says_the_same(document: bytes) -> None:
    """What is kept between processes is JSON, and loses nothing that is asked of it."""
    model = parse(document)
    kept = from_plain(to_plain(model, set(model.sets)))
    for name in model.sets:
        assert kept.entity(name) == model.entity(name)
    assert (kept.sets, kept.actions) == (model.sets, model.actions)


@pytest.mark.parametrize("text", [b"", b"<html>", b"<html><body/></html>", b"{}", DATAVERSE[:2000]])
def test_what_is_no_metadata_is_said_to_be_none(text: bytes) -> None:
    """A sign-in page, half a document: one named error."""
    with pytest.raises(NotMetadata):
        parse(text)


def test_entity_bombs_are_refused() -> None:
    """A billion laughs are none."""
    lines = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12)]
    bomb = f"<!DOCTYPE x [{''.join(lines)}]><x>&a11;</x>".encode()
    with pytest.raises(NotMetadata):
        parse(bomb)


@pytest.mark.parametrize(
    ("make", "table", "column"), [(sales, "salesorders", "customerid"), (central, "salesOrders", "number")]
)
def test_without_metadata_what_every_system_has_stands_in(
    make: Callable[[bytes], SalesSchema | BusinessCentralSchema], table: str, column: str
) -> None:
    """Standard tables can be read and written where a service publishes nothing; only nothing is known of them."""
    schema = make(b"<html>")
    assert not schema.table(table).published
    assert schema.schemas([table]) == {}
    if column == "customerid":
        assert schema.table(table).binds["customerid"]["accounts"] == "customerid_account"
