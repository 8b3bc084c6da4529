from __future__ import annotations

from typing import Any

import pytest

MISSING = "99999999-2222-4333-8444-555555555555"


def test_patch_is_204_and_echoes_the_address_as_sent(sales: Any, catalog: Any) -> None:
    """OData-EntityId has the same form of key as the request."""
    path = f"accounts(accountid={catalog.account})"
    response = sales.admin.patch(path, {"name": "New"})
    assert response.status_code == 204
    assert response.headers["odata-entityid"].endswith(path)
    assert sales.admin.read(path)["name"] == "New"


def test_patch_with_representation_is_200_and_ignores_expand(sales: Any, catalog: Any) -> None:
    """The body has the new values and tag; $expand is ignored."""
    path = f"accounts({catalog.account})?$select=name&$expand=primarycontactid($select=fullname)"
    response = sales.admin.patch(path, {"name": "New"}, prefer="return=representation")
    assert response.status_code == 200
    assert response.json()["name"] == "New"
    assert "primarycontactid" not in response.json()
    assert response.headers["etag"] == response.json()["@odata.etag"]


def test_patch_of_a_missing_row_creates_it_with_that_id(sales: Any) -> None:
    """An upsert answers 204, with representation 201, and keeps the client's GUID."""
    response = sales.admin.patch(f"accounts({MISSING})", {"name": "Upserted"})
    assert response.status_code == 204
    assert sales.admin.read(f"accounts({MISSING})")["name"] == "Upserted"
    other = MISSING.replace("9", "8")
    created = sales.admin.patch(f"accounts({other})", {"name": "B"}, prefer="return=representation")
    assert created.status_code == 201
    assert created.json()["accountid"] == other


def test_if_match_star_prevents_the_create(sales: Any, catalog: Any) -> None:
    """With If-Match: * a missing row is 404 and an existing one is updated."""
    refused = sales.admin.patch(f"accounts({MISSING})", {"name": "x"}, if_match="*")
    assert refused.status_code == 404
    assert refused.json()["error"]["message"] == f"account With Id = {MISSING} Does Not Exist"
    assert sales.admin.patch(f"accounts({catalog.account})", {"name": "x"}, if_match="*").status_code == 204


def test_if_none_match_star_prevents_the_update(sales: Any, catalog: Any) -> None:
    """With If-None-Match: * an existing row is 412 and a missing one is created."""
    refused = sales.admin.patch(f"accounts({catalog.account})", {"name": "x"}, if_none_match="*")
    assert refused.status_code == 412
    assert refused.json()["error"]["message"] == "A record with matching key values already exists."
    assert sales.admin.patch(f"accounts({MISSING})", {"name": "x"}, if_none_match="*").status_code == 204


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_tag_is_412(sales: Any, catalog: Any, method: str) -> None:
    """A tag that is not the row's is 0x80060882 and nothing changes; the right one passes."""
    path = f"accounts({catalog.account})"
    old = sales.admin.read(path)["@odata.etag"]
    sales.admin.patch(path, {"name": "Second"})
    body = {"name": "Third"} if method == "PATCH" else None
    refused = sales.admin.request(method, path, body, if_match=old)
    assert (refused.status_code, refused.json()["error"]["code"]) == (412, "0x80060882")
    assert sales.admin.read(path)["name"] == "Second"
    tag = sales.admin.read(path)["@odata.etag"]
    assert sales.admin.request(method, path, body, if_match=tag).status_code == 204


def test_if_none_match_null_is_accepted_and_ignored(sales: Any, catalog: Any) -> None:
    """The literal word null only disables browser caches."""
    assert sales.admin.get(f"accounts({catalog.account})", if_none_match="null").status_code == 200
    response = sales.admin.patch(f"accounts({catalog.account})", {"name": "x"}, if_none_match="null")
    assert response.status_code == 204


def test_the_tag_is_the_version_from_one_global_counter(sales: Any, catalog: Any) -> None:
    """ETag and versionnumber are one number; versions of different tables interleave upwards."""
    seen = []
    for path in (
        f"accounts({catalog.account})",
        f"contacts({catalog.contact})",
        f"accounts({catalog.account})",
    ):
        sales.admin.patch(path, {"description": "x"})
        row = sales.admin.read(path)
        assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'
        seen.append(row["versionnumber"])
    assert seen == sorted(set(seen))


def test_two_updates_in_one_second_look_alike_by_time(sales: Any, catalog: Any) -> None:
    """`modifiedon` has whole seconds; only the version tells updates apart."""
    path = f"accounts({catalog.account})"
    sales.service.clock.frozen = sales.service.clock.now()
    try:
        rows = []
        for name in ("One", "Two"):
            sales.admin.patch(path, {"name": name})
            rows.append(sales.admin.read(path))
    finally:
        sales.service.clock.frozen = None
    assert rows[0]["modifiedon"] == rows[1]["modifiedon"]
    assert len(rows[0]["modifiedon"]) == len("2024-01-01T00:00:00Z")
    assert rows[0]["@odata.etag"] != rows[1]["@odata.etag"]


def test_equal_values_still_raise_version_and_stamp(sales: Any, catalog: Any) -> None:
    """An update with what is already there counts as an update."""
    path = f"accounts({catalog.account})"
    before = sales.admin.read(path)
    sales.later(5)
    sales.seller.patch(path, {"name": before["name"]})
    after = sales.admin.read(path)
    assert after["versionnumber"] > before["versionnumber"]
    assert after["modifiedon"] > before["modifiedon"]
    assert after["_modifiedby_value"] == sales.user("seller")


def test_create_only_and_read_only_columns_are_dropped_on_update(sales: Any, catalog: Any) -> None:
    """A PATCH cannot renumber an order or change its currency, and says 204; a switch refuses it."""
    order = catalog.order()
    number = sales.admin.read(f"salesorders({order})")["ordernumber"]
    response = sales.admin.patch(f"salesorders({order})", {"ordernumber": "NEW", "createdon": "2001-01-01T00:00:00Z"})
    assert response.status_code == 204
    assert sales.admin.read(f"salesorders({order})")["ordernumber"] == number
    currency = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({sales.service.world.currency_id})"}
    assert sales.admin.patch(f"salesorders({order})", currency).status_code == 204
    sales.setup(not_updatable="refused")
    assert sales.admin.patch(f"salesorders({order})", {"ordernumber": "NEW"}).status_code == 400
    assert sales.admin.patch(f"salesorders({order})", currency).status_code == 400


@pytest.mark.parametrize("form", ["primarycontactid@odata.bind", "primarycontactid"])
def test_null_clears_a_lookup_in_both_forms(sales: Any, catalog: Any, form: str) -> None:
    """`null` on the bind or on the navigation property removes the reference."""
    path = f"accounts({catalog.account})"
    sales.admin.patch(path, {"primarycontactid@odata.bind": f"/contacts({catalog.contact})"})
    assert sales.admin.read(path)["_primarycontactid_value"] == catalog.contact
    assert sales.admin.patch(path, {form: None}).status_code == 204
    assert sales.admin.read(path)["_primarycontactid_value"] is None


def test_system_required_columns_cannot_be_null(sales: Any, catalog: Any) -> None:
    """Null for a SystemRequired column is refused, for another one it clears."""
    assert sales.admin.patch(f"products({catalog.bike})", {"productnumber": None}).status_code == 400
    assert sales.admin.patch(f"salesorders({catalog.order()})", {"ownerid@odata.bind": None}).status_code == 400
    assert sales.admin.patch(f"accounts({catalog.account})", {"accountnumber": None}).status_code == 204


def test_deep_update_is_refused(sales: Any, catalog: Any) -> None:
    """Nested rows are for POST only."""
    order = catalog.order()
    assert sales.admin.patch(f"salesorders({order})", {"order_details": [catalog.bikes()]}).status_code == 400


def test_put_and_delete_of_a_single_column(sales: Any, catalog: Any) -> None:
    """PUT …/name sets, DELETE …/name clears; lookups are not cleared so."""
    path = f"accounts({catalog.account})"
    assert sales.admin.put(f"{path}/name", {"value": "By PUT"}).status_code == 204
    assert sales.admin.read(f"{path}/name")["value"] == "By PUT"
    assert sales.admin.delete(f"{path}/accountnumber").status_code == 204
    assert sales.admin.get(f"{path}/accountnumber").status_code == 204
    assert sales.admin.delete(f"{path}/primarycontactid").status_code == 405


def test_references_are_set_and_removed(sales: Any, catalog: Any) -> None:
    """PUT and DELETE of $ref on a lookup; POST and DELETE of $ref on a collection."""
    path = f"accounts({catalog.account})"
    contact = {"@odata.id": f"{sales.url}/api/data/v9.2/contacts({catalog.contact})"}
    assert sales.admin.put(f"{path}/primarycontactid/$ref", contact).status_code == 204
    assert sales.admin.read(f"{path}/primarycontactid?$select=lastname")["lastname"] == "Abercrombie"
    assert sales.admin.delete(f"{path}/primarycontactid/$ref").status_code == 204
    assert sales.admin.post(f"{path}/contact_customer_accounts/$ref", contact).status_code == 204
    assert sales.admin.read(f"{path}/contact_customer_accounts/$ref")["value"] == [contact]
    assert sales.admin.delete(f"{path}/contact_customer_accounts({catalog.contact})/$ref").status_code == 204
    sales.admin.post(f"{path}/contact_customer_accounts/$ref", contact)
    gone = sales.admin.delete(f"{path}/contact_customer_accounts/$ref?$id={contact['@odata.id']}")
    assert gone.status_code == 204
    assert sales.admin.read(f"{path}/contact_customer_accounts")["value"] == []


def test_upsert_by_alternate_key(sales: Any, catalog: Any) -> None:
    """On create the URL's value is copied in unless the body has one; on update key columns in the body
    drop.
    """
    sales.service.add_column("salesorder", "new_ErpNumber", "String")
    sales.service.add_key("salesorder", "new_erp", ("new_erpnumber",))
    path = "salesorders(new_erpnumber='S-1')"
    assert sales.admin.patch(path, {"name": "First"}).status_code == 204
    assert sales.admin.read(path)["name"] == "First"
    assert sales.admin.patch(path, {"name": "Second", "new_erpnumber": "S-9"}).status_code == 204
    assert sales.admin.read(path)["name"] == "Second"
    sales.admin.patch("salesorders(new_erpnumber='S-2')", {"name": "Third", "new_erpnumber": "S-3"})
    assert sales.admin.get("salesorders(new_erpnumber='S-2')").json()["error"]["code"] == "0x80060891"
    assert sales.admin.read("salesorders(new_erpnumber='S-3')")["name"] == "Third"
    clash = sales.admin.post("salesorders", {"name": "x", "new_erpnumber": "S-1"})
    assert (clash.status_code, clash.json()["error"]["code"]) == (412, "0x80060892")


def test_columns_that_are_no_key_are_refused(sales: Any) -> None:
    """System tables have no alternate keys of their own: 0x80060890."""
    refused = sales.admin.get("accounts(accountnumber='10000')")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80060890")
    assert sales.admin.get(f"systemusers(systemuserid={sales.user('seller')})").status_code == 400


def test_delete_of_a_missing_row_is_404(sales: Any) -> None:
    """A second delete finds nothing."""
    account = sales.admin.make("accounts", {"name": "x"})
    assert sales.admin.delete(f"accounts({account})").status_code == 204
    gone = sales.admin.delete(f"accounts({account})")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "0x80040217")


def test_deleting_an_order_takes_its_lines_along(sales: Any, catalog: Any) -> None:
    """`order_details` cascade."""
    order = catalog.order(None, catalog.bikes())
    assert sales.admin.delete(f"salesorders({order})").status_code == 204
    assert sales.admin.read("salesorderdetails")["value"] == []


@pytest.mark.parametrize("what", ["accounts({account})", "pricelevels({prices})", "products({bike})"])
def test_what_an_order_needs_cannot_be_deleted(sales: Any, catalog: Any, what: str) -> None:
    """Account, price list and product of an order are restricted: 405 0x80040227."""
    catalog.order(None, catalog.bikes())
    refused = sales.admin.delete(what.format(**vars(catalog)))
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, "0x80040227")


def test_deleting_a_contact_removes_links_to_it(sales: Any, catalog: Any) -> None:
    """RemoveLink empties the lookup of the other row, with a new version."""
    path = f"accounts({catalog.account})"
    sales.admin.patch(path, {"primarycontactid@odata.bind": f"/contacts({catalog.contact})"})
    before = sales.admin.read(path)["versionnumber"]
    assert sales.admin.delete(f"contacts({catalog.contact})").status_code == 204
    after = sales.admin.read(path)
    assert after["_primarycontactid_value"] is None
    assert after["versionnumber"] > before


@pytest.mark.parametrize(("method", "path"), [("PATCH", "accounts"), ("DELETE", "accounts"), ("PUT", "accounts")])
def test_wrong_verbs_are_405(sales: Any, method: str, path: str) -> None:
    """PATCH or DELETE on a collection is not allowed."""
    assert sales.admin.request(method, path, {"name": "x"}).status_code == 405


@pytest.mark.parametrize("path", ["Accounts", "account", "accounts({0})/nonsense", "nonsense"])
def test_unknown_resources_are_404_with_their_name(sales: Any, catalog: Any, path: str) -> None:
    """Resource names are case-sensitive: 0x8006088a names the segment."""
    refused = sales.admin.get(path.format(catalog.account))
    assert refused.status_code == 404
    assert refused.json()["error"]["code"] == "0x8006088a"
    assert path.rpartition("/")[2] in refused.json()["error"]["message"]


def test_error_annotations_come_when_asked_for(sales: Any) -> None:
    """include-annotations=* adds members inside error."""
    wanted = {"prefer": 'odata.include-annotations="*"'}
    error = sales.admin.get("nonsense", **wanted).json()["error"]
    assert "@Microsoft.PowerApps.CDS.HelpLink" in error
    assert error["@Microsoft.PowerApps.CDS.InnerError.Message"] == error["message"]
    assert set(sales.admin.get("nonsense").json()["error"]) == {"code", "message"}


def test_a_plug_in_may_refuse_with_its_own_words(sales: Any, catalog: Any) -> None:
    """A customer's logic refuses with 0x80040265; nothing is written, and other tables are untouched."""
    sales.fault(
        kind="refuse",
        next=1,
        match={"method": "PATCH", "path": "accounts"},
        message="Credit department says no",
    )
    wanted = {"prefer": 'odata.include-annotations="*"'}
    refused = sales.admin.patch(f"accounts({catalog.account})", {"name": "x"}, **wanted)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == ("0x80040265", "Credit department says no")
    assert error["@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"] == "1"
    assert sales.admin.patch(f"accounts({catalog.account})", {"name": "y"}).status_code == 204


def test_duplicate_detection_is_off_unless_asked_for(sales: Any) -> None:
    """`MSCRM.SuppressDuplicateDetection: false` turns an administrator's rules on: 412 0x80040333."""
    sales.setup(duplicate_rules=["account:accountnumber"])
    first = sales.admin.make("accounts", {"name": "One", "accountnumber": "D1"})
    assert sales.admin.post("accounts", {"name": "Two", "accountnumber": "D1"}).status_code == 204
    asking = {"mscrm.suppressduplicatedetection": "false"}
    refused = sales.admin.post("accounts", {"name": "Three", "accountnumber": "D1"}, **asking)
    assert (refused.status_code, refused.json()["error"]["code"]) == (412, "0x80040333")
    assert sales.admin.post("accounts", {"name": "Four", "accountnumber": "D4"}, **asking).status_code == 204
    changed = sales.admin.patch(f"accounts({first})", {"accountnumber": "D4"}, **asking)
    assert changed.json()["error"]["code"] == "0x80040333"


def test_plug_ins_are_bypassed_only_by_those_who_may(sales: Any) -> None:
    """`MSCRM.BypassCustomPluginExecution` needs prvBypassCustomPlugins, and leaves the platform's own refusals."""
    bypass = {"mscrm.bypasscustompluginexecution": "true"}
    sales.fault(kind="refuse", probability=1, message="not on Fridays")
    assert sales.admin.post("accounts", {"name": "x"}).json()["error"]["code"] == "0x80040265"
    assert sales.admin.post("accounts", {"name": "x"}, **bypass).status_code == 204
    assert sales.integration.post("accounts", {"name": "x"}, **bypass).json()["error"]["code"] == "0x80040220"
    assert sales.admin.post("accounts", {"name": "x" * 161}, **bypass).json()["error"]["code"] == "0x80044331"


def test_headers_for_tracing_and_caches_are_accepted(sales: Any) -> None:
    """Client-chosen trace ids and the wish for fresh metadata change nothing."""
    sent = {
        "x-ms-client-request-id": "6a1d0c7e-5f0e-4b57-9a55-3f2f0f3f7d11",
        "x-ms-correlation-id": "6a1d0c7e-5f0e-4b57-9a55-3f2f0f3f7d12",
        "consistency": "Strong",
        "mscrm.solutionuniquename": "syncengine",
    }
    assert sales.admin.get("accounts?$select=name", **sent).status_code == 200


def test_the_status_of_a_blocked_delete_is_a_switch(sales: Any, catalog: Any) -> None:
    """405 as documented, or 400."""
    catalog.order()
    sales.setup(associated_status="400")
    refused = sales.admin.delete(f"accounts({catalog.account})")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80040227")


def test_whether_equal_values_stamp_a_row_is_a_switch(sales: Any, catalog: Any) -> None:
    """Left alone, neither version nor stamp moves, and a real change among equal ones still counts."""
    sales.setup(equal_values="unchanged")
    path = f"accounts({catalog.account})"
    before = sales.admin.read(path)
    assert sales.admin.patch(path, {"name": before["name"]}).status_code == 204
    assert sales.admin.read(path)["@odata.etag"] == before["@odata.etag"]
    assert sales.admin.patch(path, {"name": before["name"], "telephone1": "555"}).status_code == 204
    after = sales.admin.read(path)
    assert (after["telephone1"], after["@odata.etag"] != before["@odata.etag"]) == ("555", True)


def test_the_statuses_of_alternate_keys_are_switches(sales: Any) -> None:
    """A key that is taken, one that no row has, and columns that are no key: none of them is documented."""
    sales.service.add_column("salesorder", "new_ErpNumber", "String")
    sales.service.add_key("salesorder", "new_erp", ("new_erpnumber",))
    sales.admin.make("salesorders", {"name": "First", "new_erpnumber": "S-1"})
    sales.setup(alternate_key_status="409", no_such_key_status="400", undefined_key_status="404")
    taken = sales.admin.post("salesorders", {"name": "x", "new_erpnumber": "S-1"})
    nobody = sales.admin.get("salesorders(new_erpnumber='S-2')")
    undefined = sales.admin.get("accounts(accountnumber='10000')")
    found = [(one.status_code, one.json()["error"]["code"]) for one in (taken, nobody, undefined)]
    assert found == [(409, "0x80060892"), (400, "0x80060891"), (404, "0x80060890")]
