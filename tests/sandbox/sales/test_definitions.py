from __future__ import annotations

import json
from importlib import resources
from typing import Any
from xml.etree import ElementTree as ET

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def schema(sales: Any, query: str = "") -> ET.Element:
    response = sales.integration.get("$metadata" + query)
    assert response.headers["content-type"] == "application/xml"
    root = ET.fromstring(response.content)  # noqa: S314  our own document
    found = root.find(f".//{EDM}Schema")
    assert found is not None
    return found


def entity(root: ET.Element, name: str) -> ET.Element:
    return next(one for one in root.iter(f"{EDM}EntityType") if one.get("Name") == name)


def test_the_service_document_lists_entity_sets(sales: Any) -> None:
    """Each table is listed with name, kind and url."""
    value = sales.integration.read("")["value"]
    assert {"name": "salesorders", "kind": "EntitySet", "url": "salesorders"} in value
    assert {"name": "transactioncurrencies", "kind": "EntitySet", "url": "transactioncurrencies"} in value


def test_the_schema_has_namespace_and_alias(sales: Any) -> None:
    """The namespace is Microsoft.Dynamics.CRM, its alias mscrm."""
    root = schema(sales)
    assert root.get("Namespace") == "Microsoft.Dynamics.CRM"
    assert root.get("Alias") == "mscrm"


def test_order_columns_have_their_wire_names_and_types(sales: Any) -> None:
    """Lookups are _x_value guids, user-local dates are date-times, money is decimal."""
    order = entity(schema(sales), "salesorder")
    types = {one.get("Name"): one.get("Type") for one in order.iter(f"{EDM}Property")}
    assert types["salesorderid"] == "Edm.Guid"
    assert types["_customerid_value"] == "Edm.Guid"
    assert "customerid" not in types
    assert types["totalamount"] == "Edm.Decimal"
    assert types["requestdeliveryby"] == "Edm.DateTimeOffset"
    assert types["versionnumber"] == "Edm.Int64"
    assert {one.get("Name"): one.get("Type") for one in entity(schema(sales), "invoice").iter(f"{EDM}Property")}[
        "duedate"
    ] == "Edm.Date"


def test_navigation_properties_are_named_as_binds_need_them(sales: Any) -> None:
    """Polymorphic lookups have one navigation property for each target; collections name their partner."""
    order = entity(schema(sales), "salesorder")
    types = {one.get("Name"): one.get("Type") for one in order.iter(f"{EDM}NavigationProperty")}
    assert types["customerid_account"] == "mscrm.account"
    assert types["customerid_contact"] == "mscrm.contact"
    assert types["ownerid"] == "mscrm.principal"
    assert types["order_details"] == "Collection(mscrm.salesorderdetail)"
    line = entity(schema(sales), "salesorderdetail")
    assert "QuoteDetailId" in {one.get("Name") for one in line.iter(f"{EDM}NavigationProperty")}


def test_actions_say_how_they_are_bound(sales: Any) -> None:
    """Fulfill is bound to the set, Lock to a row, Cancel and Unlock to nothing."""
    actions = {}
    for one in schema(sales).iter(f"{EDM}Action"):
        first = one.find(f"{EDM}Parameter")
        kind = first.get("Type") if one.get("IsBound") == "true" and first is not None else ""
        actions.setdefault(one.get("Name"), set()).add(kind)
    assert actions["FulfillSalesOrder"] == {"Collection(mscrm.salesorder)"}
    assert actions["LockSalesOrderPricing"] == {"mscrm.salesorder"}
    assert actions["CancelSalesOrder"] == {""}
    assert actions["UnlockSalesOrderPricing"] == {""}
    assert "Collection(mscrm.salesorder)" in actions["CreateMultiple"]


def test_change_tracking_is_annotated_only_when_asked_for(sales: Any) -> None:
    """?annotations=true marks the sets with change tracking and the read-only columns."""

    def tracked(root: ET.Element) -> set[str | None]:
        term = "Org.OData.Capabilities.V1.ChangeTracking"
        sets = root.iter(f"{EDM}EntitySet")
        return {s.get("Name") for s in sets if any(a.get("Term") == term for a in s.iter(f"{EDM}Annotation"))}

    assert tracked(schema(sales)) == set()
    sales.setup(tracked_tables=["salesorder"])
    assert tracked(schema(sales, "?annotations=true")) == {"salesorders"}
    computed = [
        one.get("Name")
        for one in entity(schema(sales, "?annotations=true"), "salesorder").iter(f"{EDM}Property")
        if any(a.get("Term") == "Org.OData.Core.V1.Computed" for a in one)
    ]
    assert "totalamount_base" in computed
    assert "name" not in computed


def test_entity_definitions_are_filtered_by_change_tracking(sales: Any) -> None:
    """The documented probe lists the tables with change tracking."""
    sales.setup(tracked_tables=["account", "salesorder"])
    found = sales.integration.read("EntityDefinitions?$filter=ChangeTrackingEnabled eq true&$select=LogicalName")
    assert {one["LogicalName"] for one in found["value"]} == {"account", "salesorder"}
    never = "EntityDefinitions?$select=SchemaName&$filter=CanChangeTrackingBeEnabled/Value eq false"
    assert "OrderClose" in {one["SchemaName"] for one in sales.integration.read(never)["value"]}


def test_a_definition_is_found_by_logical_name(sales: Any) -> None:
    """EntityDefinitions(LogicalName='x') answers the entity set and the keys' names."""
    select = "$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,SchemaName"
    found = sales.integration.read(f"EntityDefinitions(LogicalName='salesorder')?{select}")
    assert found["EntitySetName"] == "salesorders"
    assert found["PrimaryIdAttribute"] == "salesorderid"
    assert found["PrimaryNameAttribute"] == "name"
    assert found["SchemaName"] == "SalesOrder"
    missing = sales.integration.get("EntityDefinitions(LogicalName='nonsense')")
    assert missing.status_code == 404


def test_attributes_have_limits_and_rights(sales: Any) -> None:
    """Length, precision and valid-for flags are those that values are checked by."""
    found = sales.integration.read("EntityDefinitions(LogicalName='salesorder')?$select=LogicalName&$expand=Attributes")
    columns = {one["LogicalName"]: one for one in found["Attributes"]}
    assert columns["name"]["MaxLength"] == 300
    assert columns["ordernumber"]["IsValidForUpdate"] is False
    assert columns["ordernumber"]["RequiredLevel"]["Value"] == "SystemRequired"
    assert columns["discountpercentage"]["MaxValue"] == 100
    assert columns["totalamount"]["PrecisionSource"] == 2
    assert columns["customerid"]["Targets"] == ["account", "contact"]
    assert columns["customerid"]["AttributeType"] == "Customer"
    assert columns["requestdeliveryby"]["DateTimeBehavior"]["Value"] == "UserLocal"


def test_picklists_are_read_through_a_cast(sales: Any) -> None:
    """The cast to PicklistAttributeMetadata with expanded option sets gives values and labels."""
    path = "EntityDefinitions(LogicalName='salesorder')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    found = sales.integration.read(f"{path}?$select=LogicalName&$expand=OptionSet($select=Options)")["value"]
    terms = next(one for one in found if one["LogicalName"] == "paymenttermscode")
    labels = {o["Value"]: o["Label"]["UserLocalizedLabel"]["Label"] for o in terms["OptionSet"]["Options"]}
    assert labels == {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"}
    assert "statecode" not in {one["LogicalName"] for one in found}


def test_states_and_statuses_know_each_other(sales: Any) -> None:
    """A state option has its default status, a status option its state."""
    path = "EntityDefinitions(LogicalName='salesorder')/Attributes(LogicalName='{}')?$expand=OptionSet"
    state = sales.integration.read(path.format("statecode"))["OptionSet"]["Options"]
    assert {one["Value"]: one["DefaultStatus"] for one in state} == {0: 1, 1: 3, 2: 4, 3: 100001, 4: 100003}
    status = sales.integration.read(path.format("statuscode"))["OptionSet"]["Options"]
    assert {one["Value"]: one["State"] for one in status}[100002] == 3


def test_derived_attribute_properties_need_a_cast(sales: Any) -> None:
    """MaxLength is no property of the base type AttributeMetadata."""
    refused = sales.integration.get("EntityDefinitions(LogicalName='salesorder')/Attributes?$select=MaxLength")
    assert refused.status_code == 400


def test_relationships_name_their_navigation_properties(sales: Any) -> None:
    """The many-to-one relationship of the customer tells the name to bind by."""
    found = sales.integration.read("EntityDefinitions(LogicalName='salesorder')/ManyToOneRelationships")["value"]
    names = {(one["ReferencingAttribute"], one["ReferencedEntity"]): one for one in found}
    one = names["customerid", "account"]
    assert one["ReferencingEntityNavigationPropertyName"] == "customerid_account"


def test_an_administrator_adds_a_column_and_a_key(sales: Any, catalog: Any) -> None:
    """A custom column and an alternate key over it make upsert by number possible."""
    column = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "new_ErpNumber",
        "MaxLength": 20,
    }
    table = "EntityDefinitions(LogicalName='salesorder')"
    assert sales.seller.post(f"{table}/Attributes", column).status_code == 403
    assert sales.admin.post(f"{table}/Attributes", column).status_code == 204
    key = {"SchemaName": "new_erp", "KeyAttributes": ["new_erpnumber"]}
    assert sales.admin.post(f"{table}/Keys", key).status_code == 204
    keys = sales.admin.read(f"{table}/Keys")["value"]
    assert keys[0]["KeyAttributes"] == ["new_erpnumber"]
    order = catalog.order(None, new_erpnumber="S-1")
    found = sales.integration.read("salesorders(new_erpnumber='S-1')?$select=new_erpnumber")
    assert found["salesorderid"] == order
    assert 'Name="new_erpnumber"' in sales.integration.get("$metadata").text


def test_the_environment_starts_with_one_organization_and_its_settings(sales: Any) -> None:
    """There is exactly one organization row, the order-processing flag off, USD as base currency."""
    select = "$select=issopintegrationenabled,pricingdecimalprecision,expirechangetrackingindays,_basecurrencyid_value"
    rows = sales.integration.read(f"organizations?{select}")["value"]
    assert len(rows) == 1
    assert rows[0]["issopintegrationenabled"] is False
    currency = sales.integration.read(f"transactioncurrencies({rows[0]['_basecurrencyid_value']})")
    assert currency["isocurrencycode"] == "USD"
    assert sales.admin.post("organizations", {"name": "Second"}).status_code == 405


def test_every_column_of_every_documented_table_is_in_the_schema(sales: Any) -> None:
    """Name, type, key and navigation as in the metadata that the repository keeps, for all its tables."""
    root = schema(sales)
    served = {one.get("Name"): one for one in root.findall(f"{EDM}EntityType")}
    text = resources.files("syncengine.sandbox.metadata").joinpath("dataverse.json").read_text("utf-8")
    kept = json.loads(text)
    sets = {one.get("Name"): one.get("EntityType") for one in root.iter(f"{EDM}EntitySet")}
    for name, table in kept.items():
        assert sets[table["entityset"]] == f"Microsoft.Dynamics.CRM.{name}"
        shown = {one.get("Name"): one.get("Type") for one in served[name].findall(f"{EDM}Property")}
        wanted = {
            column.get("property") or logical: column["type"]
            for logical, column in table["columns"].items()
            if column["create"] or column["update"] or column["read"]
        }
        assert {n: t for n, t in shown.items() if n in wanted} == wanted, name
        navigation = {one.get("Name") for one in served[name].findall(f"{EDM}NavigationProperty")}
        bound = {
            bind
            for column in table["columns"].values()
            for target, bind in column.get("navigation", {}).items()
            if target in served
        }
        assert bound <= navigation, name
