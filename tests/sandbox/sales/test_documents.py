"""The life of quotes and invoices, notes with files, contacts and people: what the order is not."""

from __future__ import annotations

from typing import Any

import pytest

ALL = {"AllColumns": True}


def quote(sales: Any, catalog: Any, **columns: Any) -> str:
    body = {
        "name": "A quote",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "quote_details": [catalog.bikes(2), catalog.cables(3)],
        **columns,
    }
    return str(sales.seller.make("quotes", body))


def invoice(sales: Any, catalog: Any, **columns: Any) -> str:
    body = {
        "name": "PS-INV103001",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "invoice_details": [catalog.bikes(2, ispriceoverridden=True, priceperunit=950, tax=133)],
        **columns,
    }
    return str(sales.integration.make("invoices", body))


def activate(sales: Any, key: str) -> None:
    assert sales.seller.patch(f"quotes({key})", {"statecode": 1, "statuscode": 2}).status_code == 204


def test_a_revised_quote_is_closed_and_its_successor_is_a_draft(sales: Any, catalog: Any) -> None:
    """ReviseQuote closes with status 7 and answers a draft: same number, next revision, lines copied."""
    key = quote(sales, catalog)
    assert sales.seller.post("ReviseQuote", {"QuoteId": key, "ColumnSet": ALL}).status_code == 400
    activate(sales, key)
    revised = sales.seller.post("ReviseQuote", {"QuoteId": key, "ColumnSet": ALL})
    assert revised.status_code == 200
    new, old = revised.json(), sales.seller.read(f"quotes({key})")
    assert (old["statecode"], old["statuscode"]) == (3, 7)
    assert (new["statecode"], new["statuscode"], new["revisionnumber"]) == (0, 1, old["revisionnumber"] + 1)
    assert new["quotenumber"] == old["quotenumber"]
    assert new["quoteid"] != key
    lines = sales.seller.read(f"quotes({new['quoteid']})/quote_details")["value"]
    assert sorted(line["quantity"] for line in lines) == [2, 3]
    assert sales.seller.patch(f"quotes({new['quoteid']})", {"name": "editable"}).status_code == 204


def test_a_closed_quote_tells_its_day(sales: Any, catalog: Any) -> None:
    """`closedon` is DateOnly; winning and closing set it, by an activity of their own."""
    key = quote(sales, catalog)
    activate(sales, key)
    close = {"QuoteClose": {"subject": "Won", "quoteid@odata.bind": f"/quotes({key})"}, "Status": -1}
    assert sales.seller.post("WinQuote", close).status_code == 204
    row = sales.seller.read(f"quotes({key})?$select=closedon,statecode,statuscode")
    assert (row["closedon"], row["statecode"], row["statuscode"]) == (
        sales.service.clock.now().date().isoformat(),
        2,
        4,
    )
    activities = sales.seller.read(f"quotes({key})/quote_QuoteClose")["value"]
    assert [one["subject"] for one in activities] == ["Won"]
    assert sales.seller.patch(f"quotes({key})", {"statecode": 0, "statuscode": 1}).json()["error"]["code"] == (
        "0x8004F00E"
    )


def test_lines_of_an_active_quote_are_locked(sales: Any, catalog: Any) -> None:
    """Editable only in Draft: neither lines nor header of an active quote can be written, by anybody."""
    key = quote(sales, catalog)
    line = sales.seller.read(f"quotes({key})/quote_details")["value"][0]["quotedetailid"]
    activate(sales, key)
    for who in (sales.seller, sales.integration, sales.admin):
        assert who.patch(f"quotedetails({line})", {"quantity": 5}).json()["error"]["code"] == "0x80043b09"
        assert who.patch(f"quotes({key})", {"name": "x"}).json()["error"]["code"] == "0x8004022e"


def test_a_quote_needs_no_opportunity(sales: Any, catalog: Any) -> None:
    """It is created, priced and won without one."""
    row = sales.seller.read(f"quotes({quote(sales, catalog)})")
    assert (row["_opportunityid_value"], row["totalamount"] > 0) == (None, True)


@pytest.mark.parametrize(("name", "set_name"), [("Quote", "quotes"), ("Invoice", "invoices")])
def test_an_opportunity_becomes_a_quote_or_an_invoice(sales: Any, catalog: Any, name: str, set_name: str) -> None:
    """The made document has the lines and names the opportunity."""
    body = {
        "name": "Chance",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "product_opportunities": [catalog.bikes(3)],
    }
    key = sales.seller.make("opportunities", body)
    made = sales.seller.post(f"Generate{name}FromOpportunity", {"OpportunityId": key, "ColumnSet": ALL}).json()
    row = sales.seller.read(f"{set_name}({made[name.lower() + 'id']})")
    assert (row["totalamount"], row["_opportunityid_value"]) == (3000, key)


def test_an_invoice_is_paid_or_canceled_by_state(sales: Any, catalog: Any) -> None:
    """Active with Billed, Paid in part and whole, Canceled: a PATCH of state and status; pairs are checked."""
    key = invoice(sales, catalog)
    path = f"invoices({key})"
    for state, status in ((0, 4), (2, 100002), (2, 100001)):
        assert sales.integration.patch(path, {"statecode": state, "statuscode": status}).status_code == 204
        row = sales.seller.read(path)
        assert (row["statecode"], row["statuscode"]) == (state, status)
    refused = sales.integration.patch(path, {"statecode": 3, "statuscode": 100001})
    assert refused.json()["error"]["code"] == "0x80048408"
    assert sales.integration.patch(path, {"statecode": 3, "statuscode": 100003}).status_code == 204
    assert sales.seller.read(path)["statuscode"] == 100003


def test_a_paid_invoice_is_read_only(sales: Any, catalog: Any) -> None:
    """Neither header nor lines can be written by a seller; for the integration user it is a switch."""
    key = invoice(sales, catalog)
    line = sales.seller.read(f"invoices({key})/invoice_details")["value"][0]["invoicedetailid"]
    sales.integration.patch(f"invoices({key})", {"statecode": 2, "statuscode": 100001})
    for who in (sales.seller, sales.integration):
        assert who.patch(f"invoices({key})", {"name": "x"}).json()["error"]["code"] == "0x8004022e"
        assert who.patch(f"invoicedetails({line})", {"quantity": 9}).json()["error"]["code"] == "0x80043b09"
    sales.setup(closed_lock="integration-and-admin")
    assert sales.integration.patch(f"invoices({key})", {"name": "x"}).status_code == 204


def test_an_invoice_computes_its_totals(sales: Any, catalog: Any) -> None:
    """Two at 950 and 133 of tax: 1,900 before and 2,033 with tax."""
    row = sales.seller.read(f"invoices({invoice(sales, catalog)})")
    assert (row["totallineitemamount"], row["totaltax"], row["totalamount"]) == (1900, 133, 2033)


def test_an_invoice_number_is_taken_as_sent_and_never_changed(sales: Any, catalog: Any) -> None:
    """`invoicenumber` is create-only like `ordernumber`; a PATCH of it is dropped."""
    key = invoice(sales, catalog, invoicenumber="PS-INV103001")
    assert sales.integration.patch(f"invoices({key})", {"invoicenumber": "other"}).status_code == 204
    assert sales.seller.read(f"invoices({key})")["invoicenumber"] == "PS-INV103001"


def test_prices_of_an_invoice_are_locked_and_unlocked(sales: Any, catalog: Any) -> None:
    """LockInvoicePricing is bound to the row, UnlockInvoicePricing is not; twice is refused."""
    key = invoice(sales, catalog)
    lock = f"invoices({key})/Microsoft.Dynamics.CRM.LockInvoicePricing"
    assert sales.seller.post(lock, None).status_code == 204
    assert sales.seller.post(lock, None).json()["error"]["code"] == "0x80043b1d"
    assert sales.seller.read(f"invoices({key})")["ispricelocked"] is True
    assert sales.seller.post("UnlockInvoicePricing", {"InvoiceId": key}).status_code == 204
    assert sales.seller.post("UnlockInvoicePricing", {"InvoiceId": key}).json()["error"]["code"] == "0x80043b1e"


@pytest.mark.parametrize(
    ("target", "set_name"),
    [("account", "accounts"), ("contact", "contacts"), ("quote", "quotes"), ("invoice", "invoices")],
)
def test_notes_hang_on_every_kind_of_record(sales: Any, catalog: Any, target: str, set_name: str) -> None:
    """`objectid` is polymorphic, bound as objectid_TABLE, and shown with its table."""
    keys = {"account": lambda: catalog.account, "contact": lambda: catalog.contact}
    keys |= {"quote": lambda: quote(sales, catalog), "invoice": lambda: invoice(sales, catalog)}
    key = keys[target]()
    body = {"subject": "Call", "notetext": "called", f"objectid_{target}@odata.bind": f"/{set_name}({key})"}
    note = sales.seller.make("annotations", body)
    row = sales.integration.read(f"annotations({note})")
    assert (row["_objectid_value"], row["objecttypecode"], row["isdocument"]) == (key, target, False)
    assert sales.integration.patch(f"annotations({note})", {"notetext": "called again"}).status_code == 204
    assert sales.seller.read(f"annotations({note})")["notetext"] == "called again"


def test_a_note_with_a_body_is_a_document(sales: Any, catalog: Any) -> None:
    """`documentbody` is base64; size and the mark that it is a document follow from it."""
    body = {
        "subject": "Plan",
        "filename": "plan.txt",
        "mimetype": "text/plain",
        "documentbody": "aGVsbG8=",
        "objectid_account@odata.bind": f"/accounts({catalog.account})",
    }
    note = sales.seller.make("annotations", body)
    row = sales.integration.read(f"annotations({note})?$select=filename,filesize,isdocument,documentbody")
    assert (row["filename"], row["filesize"], row["isdocument"], row["documentbody"]) == (
        "plan.txt",
        5,
        True,
        "aGVsbG8=",
    )
    assert sales.seller.post("annotations", {**body, "documentbody": "no base64!"}).status_code == 400


def test_a_contact_belongs_to_an_account(sales: Any, catalog: Any) -> None:
    """`parentcustomerid` is polymorphic; the account lists its contacts, and full name is computed."""
    body = {
        "firstname": "Jo",
        "lastname": "Berry",
        "emailaddress1": "jo@adatum.example",
        "parentcustomerid_account@odata.bind": f"/accounts({catalog.account})",
    }
    key = sales.integration.make("contacts", body)
    row = sales.seller.read(f"contacts({key})", prefer='odata.include-annotations="*"')
    assert (row["fullname"], row["_parentcustomerid_value"]) == ("Jo Berry", catalog.account)
    assert row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    listed = sales.seller.read(f"contacts?$filter=_parentcustomerid_value eq {catalog.account}")["value"]
    assert [one["contactid"] for one in listed] == [key]


def test_an_administrator_adds_people_and_records_are_assigned_to_them(sales: Any, catalog: Any) -> None:
    """A new user owns what is bound or assigned to it; the integration user may not create users."""
    unit = sales.service.world.business_unit_id
    body = {
        "firstname": "Ann",
        "lastname": "Sell",
        "internalemailaddress": "ann@contoso.example",
        "domainname": "ann@contoso.example",
        "businessunitid@odata.bind": f"/businessunits({unit})",
    }
    assert sales.integration.post("systemusers", body).status_code == 403
    key = sales.admin.make("systemusers", body)
    order = catalog.order(sales.integration, **{"ownerid@odata.bind": f"/systemusers({key})"})
    assert sales.seller.read(f"salesorders({order})")["_ownerid_value"] == key
    mine = sales.user("seller")
    moved = sales.integration.patch(f"salesorders({order})", {"ownerid@odata.bind": f"/systemusers({mine})"})
    assert moved.status_code == 204
    assert sales.seller.read(f"salesorders({order})")["_ownerid_value"] == mine
    found = sales.integration.read("systemusers?$filter=internalemailaddress eq 'ann@contoso.example'")["value"]
    assert [one["fullname"] for one in found] == ["Ann Sell"]


def test_the_integration_user_keeps_price_lists(sales: Any, catalog: Any) -> None:
    """A price list, its items and their changes; the currency of a list never changes."""
    currency = sales.service.world.currency_id
    body = {"name": "ERP", "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})"}
    prices = sales.integration.make("pricelevels", body)
    item = {
        "pricelevelid@odata.bind": f"/pricelevels({prices})",
        "productid@odata.bind": f"/products({catalog.bike})",
        "uomid@odata.bind": f"/uoms({catalog.box})",
        "amount": 10_800,
    }
    key = sales.integration.make("productpricelevels", item)
    assert sales.integration.patch(f"productpricelevels({key})", {"amount": 10_500}).status_code == 204
    line = {**catalog.bikes(1), "uomid@odata.bind": f"/uoms({catalog.box})"}
    order = catalog.order(None, line, **{"pricelevelid@odata.bind": f"/pricelevels({prices})"})
    assert sales.seller.read(f"salesorders({order})")["totalamount"] == 10_500
    assert sales.integration.delete(f"productpricelevels({key})").status_code == 204


def test_a_unit_group_has_units_that_products_may_use(sales: Any, catalog: Any) -> None:
    """Only a unit of the product's own group is valid on a line."""
    group = sales.integration.make("uomschedules", {"name": "Weight", "baseuomname": "KG"})
    units = sales.integration.read(f"uoms?$filter=_uomscheduleid_value eq {group}")["value"]
    assert [one["name"] for one in units] == ["KG"]
    bag = {
        "name": "BAG",
        "quantity": 25,
        "uomscheduleid@odata.bind": f"/uomschedules({group})",
        "baseuom@odata.bind": f"/uoms({units[0]['uomid']})",
    }
    key = sales.integration.make("uoms", bag)
    order = catalog.order()
    line = {
        **catalog.bikes(1),
        "uomid@odata.bind": f"/uoms({key})",
        "salesorderid@odata.bind": f"/salesorders({order})",
    }
    assert sales.admin.post("salesorderdetails", line).json()["error"]["code"] == "0x80043b14"
