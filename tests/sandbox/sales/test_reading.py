from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_a_row_has_context_tag_and_header(sales: Any, catalog: Any) -> None:
    """A single row carries its tag in the body and as ETag; all columns come, null ones as null."""
    response = sales.admin.get(f"accounts({catalog.account})")
    body = response.json()
    assert body["@odata.context"].endswith("$metadata#accounts/$entity")
    assert response.headers["etag"] == body["@odata.etag"]
    assert body["fax"] is None
    assert "_ownerid_value" in body


def test_select_also_answers_key_and_tag(sales: Any, catalog: Any) -> None:
    """The primary key and the tag are always there."""
    row = sales.admin.read(f"accounts?$select=name&$filter=accountid eq {catalog.account}")["value"][0]
    assert set(row) == {"@odata.etag", "name", "accountid"}


def test_select_of_money_also_answers_its_currency(sales: Any, catalog: Any) -> None:
    """_transactioncurrencyid_value comes with any money column."""
    order = catalog.order()
    row = sales.admin.read(f"salesorders({order})?$select=totalamount")
    assert set(row) == {
        "@odata.context",
        "@odata.etag",
        "totalamount",
        "_transactioncurrencyid_value",
        "salesorderid",
    }


def test_unknown_columns_in_select_are_400(sales: Any) -> None:
    """The message names property and type; the code is a switch."""
    refused = sales.admin.get("accounts?$select=Name")
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["message"] == "Could not find a property named 'Name' on type 'Microsoft.Dynamics.CRM.account'."
    assert error["code"] == "0x80060888"
    sales.setup(unknown_property_code="0x0")
    assert sales.admin.get("accounts?$select=Name").json()["error"]["code"] == "0x0"


@pytest.mark.parametrize("option", ["$skip=1", "$search=x", "$format=json", "$Select=name", "$nonsense=1"])
def test_unsupported_query_options_are_refused(sales: Any, option: str) -> None:
    """$skip, $search and $format are not supported, and option names are case-sensitive."""
    refused = sales.admin.get(f"accounts?{option}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80060888")


@pytest.mark.parametrize(
    "path",
    [
        "accounts?fetchXml=<fetch/>",
        "accounts?sql=SELECT 1",
        "accounts?savedQuery=x",
        "RelationshipDefinitions",
        "RetrieveMetadataChanges(Query=@p)?@p={}",
    ],
)
def test_what_is_not_emulated_says_so(sales: Any, path: str) -> None:
    """It is refused as 501, never answered wrongly."""
    assert sales.admin.get(path).status_code == 501


def test_an_unchanged_row_is_304(sales: Any, catalog: Any) -> None:
    """If-None-Match with the current tag saves the body; never with $expand or annotations."""
    path = f"accounts({catalog.account})"
    tag = sales.admin.get(path).headers["etag"]
    unchanged = sales.admin.get(path, if_none_match=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert sales.admin.get(f"{path}?$expand=primarycontactid", if_none_match=tag).status_code == 200
    wanted = {"prefer": 'odata.include-annotations="*"'}
    assert sales.admin.get(path, if_none_match=tag, **wanted).status_code == 200
    sales.admin.patch(path, {"name": "New"})
    assert sales.admin.get(path, if_none_match=tag).status_code == 200


def test_a_missing_row_is_404(sales: Any) -> None:
    """The message names table and id."""
    key = "99999999-2222-4333-8444-555555555555"
    refused = sales.admin.get(f"salesorders({key})")
    assert refused.status_code == 404
    assert refused.json()["error"] == {
        "code": "0x80040217",
        "message": f"salesorder With Id = {key} Does Not Exist",
    }


def test_keys_come_bare_named_or_as_alias(sales: Any, catalog: Any) -> None:
    """salesorders(id), salesorders(salesorderid=id) and a parameter alias mean the same."""
    order = catalog.order()
    for path in (
        f"salesorders({order})",
        f"salesorders(salesorderid={order})",
        f"salesorders(@id)?@id={order}",
    ):
        assert sales.admin.read(path)["salesorderid"] == order
    assert sales.admin.get("salesorders(nonsense)").status_code == 400


def test_single_values_and_related_rows_have_addresses(sales: Any, catalog: Any) -> None:
    """…/name, …/name/$value, a navigation property, a collection and its count."""
    order = catalog.order(None, catalog.bikes(2), catalog.cables(1))
    path = f"salesorders({order})"
    assert sales.admin.read(f"{path}/name")["value"] == "An order"
    assert sales.admin.get(f"{path}/name/$value").text == "An order"
    assert sales.admin.read(f"{path}/customerid_account?$select=name")["name"] == "Adatum"
    assert sales.admin.get(f"{path}/customerid_contact").status_code == 204
    lines = sales.admin.read(f"{path}/order_details?$select=quantity&$filter=quantity gt 1")["value"]
    assert [line["quantity"] for line in lines] == [2]
    assert sales.admin.get(f"{path}/order_details/$count").content == b"\xef\xbb\xbf2"
    assert sales.admin.read(f"{path}/customerid_account/$ref")["@odata.id"].endswith(f"accounts({catalog.account})")


def test_counts_have_a_byte_order_mark_by_switch(sales: Any, catalog: Any) -> None:
    """/$count is a bare number, here of what a filter lets through."""
    assert sales.admin.get("products/$count").content == b"\xef\xbb\xbf2"
    sales.setup(count_with_bom=False)
    assert sales.admin.get("products/$count?$filter=name eq 'Cable'").content == b"1"


def test_annotations_come_only_when_asked_for(sales: Any, catalog: Any) -> None:
    """Formatted values, lookup targets and navigation names stand before their property."""
    order = catalog.order(None, catalog.bikes(20), paymenttermscode=2)
    path = f"salesorders({order})?$select=totalamount,paymenttermscode,_customerid_value,willcall,createdon,statecode"
    assert not [name for name in sales.admin.read(path) if "@" in name.lstrip("@")]
    row = sales.admin.read(path, prefer='odata.include-annotations="*"')
    shown = "@OData.Community.Display.V1.FormattedValue"
    assert row[f"totalamount{shown}"] == "$20,000.00"
    assert row[f"paymenttermscode{shown}"] == "2% 10, Net 30"
    assert row[f"willcall{shown}"] == "Address"
    assert row[f"statecode{shown}"] == "Active"
    assert row[f"_customerid_value{shown}"] == "Adatum"
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert row["_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "customerid_account"
    names = list(row)
    assert names.index(f"totalamount{shown}") < names.index("totalamount")


def test_annotations_are_chosen_by_name_or_prefix(sales: Any, catalog: Any) -> None:
    """A comma list picks single ones, a star at the end a family; the answer echoes the preference."""
    order = catalog.order()
    path = f"salesorders({order})?$select=_customerid_value,statecode"
    one = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    response = sales.admin.get(path, prefer=one)
    assert {n.partition("@")[2] for n in response.json() if "@" in n.lstrip("@")} == {
        "Microsoft.Dynamics.CRM.lookuplogicalname"
    }
    assert response.headers["preference-applied"] == one
    family = sales.admin.read(path, prefer='odata.include-annotations="Microsoft.Dynamics.CRM.*"')
    assert "_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty" in family
    assert "statecode@OData.Community.Display.V1.FormattedValue" not in family


def test_the_customer_cannot_be_told_without_its_annotation(sales: Any, catalog: Any) -> None:
    """The GUID alone does not say whether it is an account or a contact."""
    bind = {"customerid_contact@odata.bind": f"/contacts({catalog.contact})"}
    key = sales.admin.make("salesorders", {"name": "x", **bind})
    wanted = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    row = sales.admin.read(f"salesorders({key})?$select=_customerid_value", prefer=wanted)
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "contact"


def test_expand_gives_single_and_collection_valued_rows(sales: Any, catalog: Any) -> None:
    """Each with its own $select; filter, order and top work inside a collection."""
    order = catalog.order(None, catalog.bikes(1), catalog.bikes(2), catalog.bikes(3))
    inner = "$select=quantity;$filter=quantity gt 1;$orderby=quantity desc;$top=1"
    path = f"salesorders({order})?$select=name&$expand=customerid_account($select=name),order_details({inner})"
    row = sales.admin.read(path)
    assert row["customerid_account"]["name"] == "Adatum"
    assert [line["quantity"] for line in row["order_details"]] == [3]
    assert row["@odata.context"].endswith("#salesorders(name,customerid_account(name),order_details(quantity))/$entity")
    assert "order_details@odata.nextLink" not in row


def test_an_expanded_null_lookup_is_null(sales: Any, catalog: Any) -> None:
    """The contact of an order of an account is null."""
    row = sales.admin.read(f"salesorders({catalog.order()})?$expand=customerid_contact($select=fullname)")
    assert row["customerid_contact"] is None


def test_collections_in_a_list_have_a_next_link_without_paging(sales: Any, catalog: Any) -> None:
    """Each expanded collection of a list has a nextLink that gives the same rows again; a switch leaves it
    out.
    """
    catalog.order(None, catalog.bikes(1), catalog.cables(2))
    path = "salesorders?$select=name&$expand=order_details($select=quantity)"
    row = sales.admin.read(path)["value"][0]
    link = row["order_details@odata.nextLink"]
    assert "$skiptoken" not in link
    again = {line["salesorderdetailid"] for line in sales.admin.read(link)["value"]}
    assert again == {line["salesorderdetailid"] for line in row["order_details"]}
    assert all(line["@odata.etag"] and line["_salesorderid_value"] for line in row["order_details"])
    sales.setup(expand_nextlink="missing-rows")
    assert "order_details@odata.nextLink" not in sales.admin.read(path)["value"][0]


def test_nested_expands_page_each_collection(sales: Any, catalog: Any) -> None:
    """With a nested expand and maxpagesize the collection is cut and its nextLink goes on; tags are left
    out.
    """
    catalog.order(None, *[catalog.bikes(n) for n in range(1, 6)])
    path = "salesorders?$select=name&$expand=order_details($select=quantity;$expand=productid($select=name))"
    row = sales.admin.read(path, prefer="odata.maxpagesize=2")["value"][0]
    assert len(row["order_details"]) == 2
    assert "@odata.etag" not in row["order_details"][0]
    assert row["order_details"][0]["productid"]["name"] == "Bicycle"
    seen = [line["quantity"] for line in row["order_details"]]
    link = row["order_details@odata.nextLink"]
    while link:
        page = sales.admin.read(link, prefer="odata.maxpagesize=2")
        seen += [line["quantity"] for line in page["value"]]
        link = page.get("@odata.nextLink")
    assert sorted(seen) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "expand",
    [
        "order_details($orderby=quantity;$expand=productid)",
        "customerid_account($top=1)",
        "order_details/$ref",
        "nonsense",
        "order_details($skip=1)",
    ],
)
def test_what_cannot_be_expanded_is_refused(sales: Any, expand: str) -> None:
    """Order and top not with nested or many-to-one expands, $ref only for lookups."""
    refused = sales.admin.get(f"salesorders?$expand={expand}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80060888")


def test_an_expand_may_answer_references_only(sales: Any, catalog: Any) -> None:
    """…/$ref gives @odata.id instead of the row."""
    catalog.order()
    row = sales.admin.read("salesorders?$select=name&$expand=customerid_account/$ref")["value"][0]
    assert row["customerid_account"] == {"@odata.id": f"{sales.url}/api/data/v9.2/accounts({catalog.account})"}


def test_aggregates_are_answered_or_refused_by_switch(sales: Any, catalog: Any) -> None:
    """$apply sums and groups."""
    catalog.order(None, catalog.bikes(1))
    catalog.order(None, catalog.bikes(2))
    total = sales.admin.read("salesorders?$apply=aggregate(totalamount with sum as total,$count as n)")["value"]
    assert total == [{"total": Decimal("3000.0000"), "n": 2}]
    groups = sales.admin.read("salesorderdetails?$apply=groupby((quantity),aggregate($count as n))")["value"]
    assert sorted((g["quantity"], g["n"]) for g in groups) == [(1, 1), (2, 1)]
    sales.setup(apply="refused")
    assert sales.admin.get("salesorders?$apply=aggregate($count as n)").status_code == 501


def test_total_record_counts_are_a_function(sales: Any, catalog: Any) -> None:
    """RetrieveTotalRecordCount counts whole tables."""
    path = "RetrieveTotalRecordCount(EntityNames=@p)?@p=['product','account']"
    found = sales.admin.read(path)["EntityRecordCountCollection"]
    assert dict(zip(found["Keys"], found["Values"], strict=True)) == {"product": 2, "account": 1}


def test_whether_columns_without_a_value_are_shown_is_a_switch(sales: Any, catalog: Any) -> None:
    """As null, or not at all."""
    path = f"accounts({catalog.account})?$select=name,telephone1"
    assert sales.admin.read(path)["telephone1"] is None
    sales.setup(null_columns="left-out")
    found = sales.admin.read(path)
    assert "telephone1" not in found
    assert found["name"] == "Adatum"


def test_version_numbers_are_numbers_or_texts_by_switch(sales: Any, catalog: Any) -> None:
    """An Int64 may come as text; the tag has the same number either way."""
    path = f"accounts({catalog.account})?$select=versionnumber"
    assert isinstance(sales.admin.read(path)["versionnumber"], int)
    sales.setup(version_number="text")
    found = sales.admin.read(path)
    assert found["@odata.etag"] == f'W/"{found["versionnumber"]}"'
    assert isinstance(found["versionnumber"], str)
