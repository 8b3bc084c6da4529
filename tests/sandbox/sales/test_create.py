from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

GUID = "11111111-2222-4333-8444-555555555555"


def test_post_is_204_with_the_address_of_the_row(sales: Any) -> None:
    """Without a preference there is no body, but OData-EntityId, and Location by switch."""
    response = sales.admin.post("accounts", {"name": "Adatum"})
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["odata-entityid"].startswith(f"{sales.url}/api/data/v9.2/accounts(")
    assert response.headers["location"] == response.headers["odata-entityid"]
    sales.setup(create_location=False)
    assert "location" not in sales.admin.post("accounts", {"name": "B"}).headers


def test_post_with_representation_is_201_with_body_and_tag(sales: Any) -> None:
    """The body has the selected columns, the key and the tag; OData-EntityId is not there, unless by
    switch.
    """
    wanted = {"prefer": "return=representation"}
    response = sales.admin.post("accounts?$select=name", {"name": "Adatum"}, **wanted)
    assert response.status_code == 201
    body = response.json()
    assert set(body) == {"@odata.context", "@odata.etag", "name", "accountid"}
    assert body["@odata.context"].endswith("$metadata#accounts(name)/$entity")
    assert response.headers["etag"] == body["@odata.etag"]
    assert response.headers["preference-applied"] == "return=representation"
    assert "odata-entityid" not in response.headers
    sales.setup(entity_id_with_body=True)
    assert "odata-entityid" in sales.admin.post("accounts", {"name": "B"}, **wanted).headers


def test_the_client_may_choose_the_id(sales: Any) -> None:
    """A primary key in the body is taken; the same once more is 412 0x80040237, by switch 409."""
    body = {"accountid": GUID.upper(), "name": "Chosen"}
    assert sales.admin.make("accounts", body) == GUID
    again = sales.admin.post("accounts", body)
    assert again.status_code == 412
    assert again.json()["error"]["code"] == "0x80040237"
    sales.setup(duplicate_id_status="409")
    assert sales.admin.post("accounts", body).status_code == 409


def test_deep_insert_makes_order_and_lines_in_one_transaction(sales: Any, catalog: Any) -> None:
    """Nested order_details become lines; representation with $expand gives their ids."""
    body = {
        "name": "Deep",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "order_details": [catalog.bikes(1), catalog.cables(2)],
    }
    path = "salesorders?$select=name&$expand=order_details($select=quantity)"
    row = sales.admin.post(path, body, prefer="return=representation").json()
    assert sorted(line["quantity"] for line in row["order_details"]) == [1, 2]
    assert all(line["@odata.etag"] and line["salesorderdetailid"] for line in row["order_details"])


def test_a_refused_line_undoes_the_whole_deep_insert(sales: Any, catalog: Any) -> None:
    """Nothing of the order stays when one of its lines is refused."""
    body = {"name": "Half", "order_details": [catalog.bikes(1), catalog.bikes("1") | {"quantity": 1.5}]}
    refused = sales.admin.post("salesorders", body)
    assert refused.status_code == 400
    assert sales.admin.read("salesorders")["value"] == []
    assert sales.admin.read("salesorderdetails")["value"] == []


def test_deep_insert_makes_single_valued_and_other_collections(sales: Any) -> None:
    """A nested object is created before, nested arrays after the row."""
    body = {
        "name": "Sample",
        "primarycontactid": {"firstname": "John", "lastname": "Smith"},
        "opportunity_customer_accounts": [{"name": "Opportunity of Sample"}],
    }
    account = sales.admin.make("accounts", body)
    expand = "$expand=primarycontactid($select=fullname),opportunity_customer_accounts($select=name)"
    row = sales.admin.read(f"accounts({account})?$select=name&{expand}")
    assert row["primarycontactid"]["fullname"] == "John Smith"
    assert row["opportunity_customer_accounts"][0]["name"] == "Opportunity of Sample"


@pytest.mark.parametrize("slash", ["/", ""])
def test_binds_take_an_optional_slash_and_absolute_addresses(sales: Any, catalog: Any, slash: str) -> None:
    """/accounts(…), accounts(…) and the whole URL mean the same row."""
    for address in (
        f"{slash}accounts({catalog.account})",
        f"{sales.url}/api/data/v9.2/accounts({catalog.account})",
    ):
        order = sales.admin.make("salesorders", {"name": "x", "customerid_account@odata.bind": address})
        assert sales.admin.read(f"salesorders({order})")["_customerid_value"] == catalog.account


def test_a_polymorphic_lookup_is_bound_by_its_target(sales: Any, catalog: Any) -> None:
    """`customerid_contact` makes the contact the customer and fills the derived column."""
    bind = {"customerid_contact@odata.bind": f"/contacts({catalog.contact})"}
    order = sales.admin.make("salesorders", {"name": "x", **bind})
    row = sales.admin.read(f"salesorders({order})")
    assert (row["_customerid_value"], row["_contactid_value"], row["_accountid_value"]) == (
        catalog.contact,
        catalog.contact,
        None,
    )


@pytest.mark.parametrize("name", ["customerid", "CustomerId_Account", "PriceLevelId"])
def test_bind_names_are_case_sensitive_navigation_properties(sales: Any, catalog: Any, name: str) -> None:
    """customerid@odata.bind and wrong case are an undeclared property with only annotations: 0x80048d19."""
    refused = sales.admin.post("salesorders", {"name": "x", f"{name}@odata.bind": f"/accounts({catalog.account})"})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "0x80048d19"
    assert f"An undeclared property '{name}'" in refused.json()["error"]["message"]


def test_a_bind_to_a_missing_row_is_404(sales: Any) -> None:
    """The target must exist."""
    refused = sales.admin.post("salesorders", {"name": "x", "customerid_account@odata.bind": f"/accounts({GUID})"})
    assert refused.status_code == 404
    assert refused.json()["error"] == {
        "code": "0x80040217",
        "message": f"account With Id = {GUID} Does Not Exist",
    }


def test_a_bind_to_another_table_is_refused(sales: Any, catalog: Any) -> None:
    """A contact cannot be bound by the navigation property of accounts."""
    bind = {"customerid_account@odata.bind": f"/contacts({catalog.contact})"}
    assert sales.admin.post("salesorders", {"name": "x", **bind}).status_code == 400


def test_owner_is_the_caller_unless_bound(sales: Any) -> None:
    """`ownerid` binds to a user or a team; the derived owning columns follow."""
    seller = sales.user("seller")
    mine = sales.integration.make("accounts", {"name": "Mine"})
    assert sales.admin.read(f"accounts({mine})")["_ownerid_value"] == sales.user("integration")
    bind = {"ownerid@odata.bind": f"/systemusers({seller})"}
    hers = sales.admin.read(f"accounts({sales.integration.make('accounts', {'name': 'Hers', **bind})})")
    assert hers["_ownerid_value"] == hers["_owninguser_value"] == seller
    team = sales.admin.make(
        "teams",
        {
            "name": "East",
            "administratorid@odata.bind": f"/systemusers({seller})",
            "businessunitid@odata.bind": f"/businessunits({sales.service.world.business_unit_id})",
        },
    )
    bound = sales.admin.make("accounts", {"name": "Ours", "ownerid@odata.bind": f"/teams({team})"})
    ours = sales.admin.read(f"accounts({bound})?$select=name,_ownerid_value,_owningteam_value,_owninguser_value")
    assert (ours["_ownerid_value"], ours["_owningteam_value"], ours["_owninguser_value"]) == (
        team,
        team,
        None,
    )


@pytest.mark.parametrize("name", ["Name", "nonsense", "customeridname"])
def test_unknown_properties_are_refused(sales: Any, name: str) -> None:
    """Names are case-sensitive, and SDK-only companions are no properties: 0x80048d19, by switch 0x0."""
    refused = sales.admin.post("salesorders", {name: "x"})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "0x80048d19"
    sales.setup(unknown_body_property_code="0x0")
    other = sales.admin.post("salesorders", {name: "x"}).json()["error"]
    assert other["code"] == "0x0"
    assert f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.salesorder'" in other["message"]


def test_lookup_values_are_not_written_directly(sales: Any, catalog: Any) -> None:
    """_customerid_value is for reading; writing goes through navigation properties."""
    refused = sales.admin.post("salesorders", {"name": "x", "_customerid_value": catalog.account})
    assert refused.status_code == 400
    assert "Use Navigation properties instead" in refused.json()["error"]["message"]
    assert sales.admin.post("salesorders", {"name": "x", "pricelevelid": catalog.prices}).status_code == 400


def test_columns_not_valid_for_create_are_dropped_or_refused(sales: Any, catalog: Any) -> None:
    """Totals, base amounts, stamps and the state of a new order are the system's; a switch refuses them."""
    sent = {"totalamount": 5, "totalamount_base": 5, "createdon": "2001-01-01T00:00:00Z", "statecode": 3}
    row = sales.admin.read(f"salesorders({catalog.order(None, **sent)})")
    assert (row["totalamount"], row["statecode"], row["statuscode"]) == (Decimal("0.0000"), 0, 1)
    assert not row["createdon"].startswith("2001")
    sales.setup(not_creatable="refused")
    refused = sales.admin.post("salesorders", {"name": "x", "totalamount": 5})
    assert refused.status_code == 400
    assert "totalamount" in refused.json()["error"]["message"]


def test_orders_number_themselves_unless_numbered(sales: Any, catalog: Any) -> None:
    """The number begins with the organization's prefix and counts on; a sent number is kept."""
    numbers = [sales.admin.read(f"salesorders({catalog.order()})")["ordernumber"] for _ in range(2)]
    assert [n[:10] for n in numbers] == ["ORD-01001-", "ORD-01002-"]
    sales.organization(orderprefix="SO")
    assert sales.admin.read(f"salesorders({catalog.order()})")["ordernumber"].startswith("SO-01003-")
    own = catalog.order(None, ordernumber="MY-1")
    assert sales.admin.read(f"salesorders({own})")["ordernumber"] == "MY-1"


def test_an_order_without_customer_and_price_list_is_accepted(sales: Any) -> None:
    """ApplicationRequired is not enforced by the API; pricing then has error 2, Missing Price Level."""
    row = sales.admin.read(f"salesorders({sales.admin.make('salesorders', {'name': 'Bare'})})")
    assert row["_customerid_value"] is None
    assert row["pricingerrorcode"] == 2


def test_overridden_creation_date_moves_into_createdon(sales: Any) -> None:
    """The sent date becomes createdon, the real time stays in overriddencreatedon; it needs a privilege."""
    body = {"name": "Old", "overriddencreatedon": "2015-06-01T00:00:00Z"}
    row = sales.integration.read(f"accounts({sales.integration.make('accounts', body)})")
    assert row["createdon"] == "2015-06-01T00:00:00Z"
    assert row["overriddencreatedon"] == row["modifiedon"]
    assert sales.seller.post("accounts", body).status_code == 403


def test_will_call_clears_the_ship_to_address(sales: Any, catalog: Any) -> None:
    """`willcall` true empties the ship-to block, unless a switch says otherwise."""
    sent = {"willcall": True, "shipto_city": "Atlanta"}
    assert sales.admin.read(f"salesorders({catalog.order(None, **sent)})")["shipto_city"] is None
    sales.setup(willcall_clears_shipto=False)
    assert sales.admin.read(f"salesorders({catalog.order(None, **sent)})")["shipto_city"] == "Atlanta"


def test_addresses_have_a_computed_composite(sales: Any, catalog: Any) -> None:
    """The composite is one text of lines; the same for accounts."""
    parts = {
        "line1": "1 Main St",
        "city": "Atlanta",
        "stateorprovince": "GA",
        "postalcode": "30303",
        "country": "US",
    }
    order = catalog.order(None, **{f"shipto_{name}": value for name, value in parts.items()})
    composite = sales.admin.read(f"salesorders({order})?$select=shipto_line1")["shipto_composite"]
    assert composite == "1 Main St\r\nAtlanta, GA 30303\r\nUS"


def test_a_unit_group_brings_its_primary_unit(sales: Any) -> None:
    """`baseuomname` names the unit that comes with the group."""
    group = sales.admin.make("uomschedules", {"name": "Weights", "baseuomname": "KG"})
    units = sales.admin.read(f"uomschedules({group})/unit_of_measure_schedule_conversions")["value"]
    assert [(one["name"], one["isschedulebaseuom"], one["quantity"]) for one in units] == [("KG", True, 1)]


def test_notes_hang_on_orders(sales: Any, catalog: Any) -> None:
    """An annotation on an order is found through the order and goes with it."""
    order = catalog.order()
    body = {
        "subject": "Call",
        "notetext": "Call before",
        "objectid_salesorder@odata.bind": f"/salesorders({order})",
    }
    note = sales.seller.make("annotations", body)
    row = sales.seller.read(f"annotations({note})")
    assert (row["objecttypecode"], row["isdocument"], row["_objectid_value"]) == ("salesorder", False, order)
    notes = sales.seller.read(f"salesorders({order})/SalesOrder_Annotation?$select=notetext")["value"]
    assert [one["notetext"] for one in notes] == ["Call before"]
    sales.admin.delete(f"salesorders({order})")
    assert sales.seller.get(f"annotations({note})").status_code == 404


@pytest.mark.parametrize("body", ["{", "[]", '"text"'])
def test_bodies_that_are_no_json_object_are_refused(sales: Any, body: str) -> None:
    """What does not parse against the model is 400 0x80048d19."""
    response = sales.admin.http.post("/api/data/v9.2/accounts", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "0x80048d19"


def test_price_list_items_are_unique_for_product_and_unit(sales: Any, catalog: Any) -> None:
    """The same product and unit twice in one price list is 0x80043b08."""
    item = {
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "productid@odata.bind": f"/products({catalog.bike})",
        "uomid@odata.bind": f"/uoms({catalog.piece})",
        "amount": 5,
    }
    assert sales.admin.post("productpricelevels", item).json()["error"]["code"] == "0x80043b08"
    del item["pricelevelid@odata.bind"]
    assert sales.admin.post("productpricelevels", item).json()["error"]["code"] == "0x80043b12"


def test_product_numbers_and_price_list_names_are_unique(sales: Any, catalog: Any) -> None:
    """A second product with the number is 0x80043b06, a second list with the name 0x80043b0f."""
    product = {
        "name": "Other",
        "productnumber": "1000",
        "defaultuomscheduleid@odata.bind": f"/uomschedules({catalog.schedule})",
        "defaultuomid@odata.bind": f"/uoms({catalog.piece})",
    }
    assert sales.admin.post("products", product).json()["error"]["code"] == "0x80043b06"
    assert sales.admin.post("pricelevels", {"name": "Standard"}).json()["error"]["code"] == "0x80043b0f"


def test_products_are_born_as_draft(sales: Any, catalog: Any) -> None:
    """A product starts as Draft unless the organization makes products active; only active ones are sold."""
    product = {
        "name": "Fresh",
        "productnumber": "2000",
        "defaultuomscheduleid@odata.bind": f"/uomschedules({catalog.schedule})",
        "defaultuomid@odata.bind": f"/uoms({catalog.piece})",
    }
    key = sales.admin.make("products", product)
    assert sales.admin.read(f"products({key})")["statecode"] == 2
    line = catalog.bikes(1) | {"productid@odata.bind": f"/products({key})"}
    assert sales.admin.post("salesorders", {"name": "x", "order_details": [line]}).status_code == 400
    sales.admin.patch(f"products({key})", {"statecode": 0, "statuscode": 1})
    catalog.order(None, line)


def test_an_overridden_creation_date_may_only_be_stored(sales: Any) -> None:
    """By switch `createdon` keeps the real time."""
    sales.setup(overridden_created_on="stored")
    body = {"name": "Old", "overriddencreatedon": "2015-06-01T00:00:00Z"}
    row = sales.integration.read(f"accounts({sales.integration.make('accounts', body)})")
    assert (row["overriddencreatedon"], row["createdon"]) == ("2015-06-01T00:00:00Z", row["modifiedon"])


def test_what_forms_require_may_be_asked_by_the_api(sales: Any, catalog: Any) -> None:
    """By switch a document without name, customer or price list is refused, and named columns are said."""
    sales.setup(application_required="asked")
    refused = sales.admin.post("salesorders", {"name": "Bare"})
    assert (refused.status_code, "'customerid'" in refused.json()["error"]["message"]) == (400, True)
    assert catalog.order(None, catalog.bikes(1))


def test_columns_newer_than_the_published_flags_may_be_read_only(sales: Any, catalog: Any) -> None:
    """By switch the name of a line is not taken from the body, but made from its product as ever."""
    line = catalog.bikes(1, salesorderdetailname="My bike")
    path = "salesorders({})/order_details?$select=salesorderdetailname"
    assert sales.admin.read(path.format(catalog.order(None, line)))["value"][0]["salesorderdetailname"] == "My bike"
    sales.setup(newer_columns="read-only")
    assert sales.admin.read(path.format(catalog.order(None, line)))["value"][0]["salesorderdetailname"] == "Bicycle"
