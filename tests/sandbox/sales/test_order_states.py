from __future__ import annotations

from typing import Any

import pytest

ACTIVE, SUBMITTED, CANCELED, FULFILLED, INVOICED = range(5)


def state(sales: Any, order: str) -> tuple[int, int]:
    row = sales.admin.read(f"salesorders({order})?$select=statecode,statuscode")
    return row["statecode"], row["statuscode"]


def closing(order: str, **more: Any) -> dict[str, Any]:
    bind = {"salesorderid@odata.bind": f"/salesorders({order})"}
    return {"OrderClose": {"subject": "Closed", **bind}, "Status": -1, **more}


def fulfil(sales: Any, order: str, who: Any = None, **more: Any) -> Any:
    path = "salesorders/Microsoft.Dynamics.CRM.FulfillSalesOrder"
    return (who or sales.integration).post(path, closing(order, **more))


def test_submitting_is_a_patch_of_state_and_status(sales: Any, catalog: Any) -> None:
    """Active to Submitted and back, as Business Central does it."""
    order = catalog.order()
    assert state(sales, order) == (ACTIVE, 1)
    assert sales.seller.patch(f"salesorders({order})", {"statecode": 1, "statuscode": 3}).status_code == 204
    assert state(sales, order) == (SUBMITTED, 3)
    assert sales.seller.patch(f"salesorders({order})", {"statecode": 0, "statuscode": 2}).status_code == 204
    assert state(sales, order) == (ACTIVE, 2)


def test_a_state_alone_takes_its_default_status(sales: Any, catalog: Any) -> None:
    """`statecode` 1 gives 3, statecode 0 gives 1."""
    order = catalog.order()
    sales.admin.patch(f"salesorders({order})", {"statecode": 1})
    assert state(sales, order) == (SUBMITTED, 3)
    sales.admin.patch(f"salesorders({order})", {"statecode": 0})
    assert state(sales, order) == (ACTIVE, 1)


@pytest.mark.parametrize(
    "body", [{"statecode": 0, "statuscode": 3}, {"statuscode": 3}, {"statecode": 1, "statuscode": 1}]
)
def test_a_status_of_another_state_is_refused(sales: Any, catalog: Any, body: dict[str, int]) -> None:
    """A pair that does not go together is 0x80048408."""
    refused = sales.admin.patch(f"salesorders({catalog.order()})", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80048408")


def test_canceled_is_not_reached_by_patch(sales: Any, catalog: Any) -> None:
    """The message names the request to use instead."""
    refused = sales.admin.patch(f"salesorders({catalog.order()})", {"statecode": 2, "statuscode": 4})
    assert refused.status_code == 400
    assert "CancelSalesOrderRequest" in refused.json()["error"]["message"]


def test_fulfilled_is_not_reached_by_patch_unless_by_switch(sales: Any, catalog: Any) -> None:
    """Presumably refused like Canceled."""
    order = catalog.order()
    refused = sales.admin.patch(f"salesorders({order})", {"statecode": 3, "statuscode": 100001})
    assert (refused.status_code, "FulfillSalesOrderRequest" in refused.text) == (400, True)
    sales.setup(fulfil_by_patch="allowed")
    assert sales.admin.patch(f"salesorders({order})", {"statecode": 3, "statuscode": 100001}).status_code == 204


def test_invoiced_is_reached_by_patch(sales: Any, catalog: Any) -> None:
    """Business Central sets Invoiced so after posting; for whom is a switch."""
    orders = [catalog.order() for _ in range(2)]
    for order in orders:
        catalog.submit(order)
    invoiced = {"statecode": 4, "statuscode": 100003}
    assert sales.integration.patch(f"salesorders({orders[0]})", invoiced).status_code == 204
    assert state(sales, orders[0]) == (INVOICED, 100003)
    sales.setup(invoiced_by_patch="integration-and-admin")
    assert sales.seller.patch(f"salesorders({orders[1]})", invoiced).status_code == 400


@pytest.mark.parametrize(("status", "expected"), [(-1, 100001), (100001, 100001), (100002, 100002)])
def test_fulfil_is_bound_to_the_set_and_leaves_an_order_close(
    sales: Any, catalog: Any, status: int, expected: int
) -> None:
    """204, state Fulfilled, and a completed orderclose activity on the order."""
    order = catalog.order()
    catalog.submit(order)
    assert fulfil(sales, order, Status=status).status_code == 204
    assert state(sales, order) == (FULFILLED, expected)
    closes = sales.admin.read(f"salesorders({order})/SalesOrder_OrderClose")["value"]
    assert [(one["subject"], one["statecode"]) for one in closes] == [("Closed", 1)]


def test_fulfil_elsewhere_is_not_found(sales: Any, catalog: Any) -> None:
    """It is neither unbound nor bound to one row."""
    order = catalog.order()
    assert sales.admin.post("FulfillSalesOrder", closing(order)).status_code == 404
    path = f"salesorders({order})/Microsoft.Dynamics.CRM.FulfillSalesOrder"
    assert sales.admin.post(path, closing(order)).status_code == 404


def test_a_status_of_another_state_cannot_close(sales: Any, catalog: Any) -> None:
    """FulfillSalesOrder takes statuses of Fulfilled only, and undoes its activity."""
    order = catalog.order()
    refused = fulfil(sales, order, Status=4)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80048408")
    assert sales.admin.read("ordercloses")["value"] == []


def test_cancel_is_unbound(sales: Any, catalog: Any) -> None:
    """204 and Canceled with No Money."""
    order = catalog.order()
    assert sales.integration.post("CancelSalesOrder", closing(order)).status_code == 204
    assert state(sales, order) == (CANCELED, 4)


def test_a_closed_order_cannot_be_closed_again(sales: Any, catalog: Any) -> None:
    """The order is not in a valid state: 0x80040233."""
    order = catalog.order()
    sales.integration.post("CancelSalesOrder", closing(order))
    refused = fulfil(sales, order)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80040233")


def test_reopening_a_closed_order_is_a_switch(sales: Any, catalog: Any) -> None:
    """No transitions are forbidden in the metadata; whether the platform does is open."""
    order = catalog.order()
    fulfil(sales, order)
    sales.setup(reopen_closed="refused")
    refused = sales.admin.patch(f"salesorders({order})", {"statecode": 0, "statuscode": 1})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x8004F00E")
    sales.setup(reopen_closed="allowed")
    assert sales.admin.patch(f"salesorders({order})", {"statecode": 0, "statuscode": 1}).status_code == 204


def test_an_order_created_while_the_flag_is_on_may_start_submitted(sales: Any, catalog: Any) -> None:
    """The documents say Active; one report saw Submitted."""
    sales.organization(issopintegrationenabled=True)
    assert state(sales, catalog.order(sales.seller)) == (ACTIVE, 1)
    sales.setup(sop_create_state="submitted")
    assert state(sales, catalog.order(sales.seller)) == (SUBMITTED, 3)
    sales.setup(sop_create_state="submitted-by-integration")
    assert state(sales, catalog.order(sales.seller)) == (ACTIVE, 1)
    assert state(sales, catalog.order(sales.integration)) == (SUBMITTED, 3)


def test_lines_mirror_the_state_without_a_version_of_their_own(sales: Any, catalog: Any) -> None:
    """`salesorderstatecode` follows the header; the line's tag does not move."""
    order = catalog.order(None, catalog.bikes(1))
    sales.setup(price_submitted=False)
    path = f"salesorders({order})/order_details?$select=salesorderstatecode"
    before = sales.admin.read(path)["value"][0]
    catalog.submit(order)
    after = sales.admin.read(path)["value"][0]
    assert (before["salesorderstatecode"], after["salesorderstatecode"]) == (0, 1)
    assert before["@odata.etag"] == after["@odata.etag"]


def quote(sales: Any, catalog: Any) -> str:
    body = {
        "name": "A quote",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "quote_details": [catalog.bikes(2)],
    }
    return sales.seller.make("quotes", body)


def test_a_quote_is_editable_as_draft_and_won_by_action(sales: Any, catalog: Any) -> None:
    """Draft, Active, WinQuote, Won; an active quote is read-only and may go back to draft."""
    key = quote(sales, catalog)
    path = f"quotes({key})"
    assert sales.seller.patch(path, {"statecode": 1, "statuscode": 2}).status_code == 204
    assert sales.seller.patch(path, {"name": "x"}).json()["error"]["code"] == "0x8004022e"
    assert sales.seller.patch(path, {"statecode": 0, "statuscode": 1}).status_code == 204
    assert sales.seller.patch(path, {"name": "x"}).status_code == 204
    assert sales.seller.patch(path, {"statecode": 2, "statuscode": 4}).status_code == 400
    close = {"QuoteClose": {"subject": "Won", "quoteid@odata.bind": f"/quotes({key})"}, "Status": -1}
    assert sales.seller.post("WinQuote", close).status_code == 400
    sales.seller.patch(path, {"statecode": 1, "statuscode": 2})
    assert sales.seller.post("WinQuote", close).status_code == 204
    assert sales.seller.read(path)["statecode"] == 2


def test_a_quote_becomes_an_order_with_its_lines(sales: Any, catalog: Any) -> None:
    """ConvertQuoteToSalesOrder answers the order, which refers to quote and quote lines."""
    key = quote(sales, catalog)
    sales.seller.patch(f"quotes({key})", {"statecode": 1, "statuscode": 2})
    body = {"QuoteId": key, "ColumnSet": {"AllColumns": True}}
    response = sales.seller.post("ConvertQuoteToSalesOrder", body)
    assert response.status_code == 200
    order = response.json()
    assert (order["_quoteid_value"], order["ordercreationmethod"], order["totalamount"]) == (
        key,
        776160001,
        2000,
    )
    line = sales.seller.read(f"salesorders({order['salesorderid']})/order_details")["value"][0]
    assert (line["quantity"], line["_quotedetailid_value"] is not None) == (2, True)
    assert sales.seller.read(f"quotes({key})")["statecode"] == 2


def test_a_quote_is_closed_by_action(sales: Any, catalog: Any) -> None:
    """CloseQuote takes a status of Closed."""
    key = quote(sales, catalog)
    close = {"QuoteClose": {"subject": "Lost", "quoteid@odata.bind": f"/quotes({key})"}, "Status": 6}
    assert sales.seller.post("CloseQuote", close).status_code == 204
    row = sales.seller.read(f"quotes({key})")
    assert (row["statecode"], row["statuscode"]) == (3, 6)


def test_an_order_becomes_an_invoice(sales: Any, catalog: Any) -> None:
    """ConvertSalesOrderToInvoice answers the selected columns and makes the order Invoiced, by switch not."""
    order = catalog.order(sales.seller, catalog.bikes(2), freightamount=10)
    body = {"SalesOrderId": order, "ColumnSet": {"Columns": ["totalamount", "name"]}}
    invoice = sales.seller.post("ConvertSalesOrderToInvoice", body).json()
    assert (invoice["totalamount"], invoice["name"]) == (2010, "An order")
    assert "statecode" not in invoice
    lines = sales.seller.read(f"invoices({invoice['invoiceid']})/invoice_details")["value"]
    assert [line["extendedamount"] for line in lines] == [2000]
    assert state(sales, order) == (INVOICED, 100003)
    sales.setup(convert_sets_invoiced=False)
    other = catalog.order(sales.seller, catalog.bikes(1))
    assert sales.seller.post("ConvertSalesOrderToInvoice", {**body, "SalesOrderId": other}).status_code == 200
    assert state(sales, other) == (ACTIVE, 1)


def test_converting_a_submitted_order_may_be_refused(sales: Any, catalog: Any) -> None:
    """One article reports that it failed because the order was already Submitted."""
    order = catalog.order()
    catalog.submit(order)
    sales.setup(convert_submitted="refused")
    body = {"SalesOrderId": order, "ColumnSet": {"AllColumns": True}}
    assert sales.seller.post("ConvertSalesOrderToInvoice", body).status_code == 400


def test_opportunities_are_won_and_lost_by_actions(sales: Any, catalog: Any) -> None:
    """A PATCH to Won is 0x80100005; the action leaves an activity; lines flow into orders."""
    body = {
        "name": "Chance",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "product_opportunities": [catalog.bikes(3)],
    }
    key = sales.seller.make("opportunities", body)
    assert sales.seller.read(f"opportunities({key})")["totalamount"] == 3000
    refused = sales.seller.patch(f"opportunities({key})", {"statecode": 1, "statuscode": 3})
    assert refused.json()["error"]["code"] == "0x80100005"
    made = sales.seller.post(
        "GenerateSalesOrderFromOpportunity", {"OpportunityId": key, "ColumnSet": {"AllColumns": True}}
    )
    assert made.json()["totalamount"] == 3000
    order = catalog.order()
    path = f"salesorders({order})/Microsoft.Dynamics.CRM.GetSalesOrderProductsFromOpportunity"
    assert sales.seller.post(path, {"OpportunityId": key}).status_code == 204
    assert sales.seller.read(f"salesorders({order})")["totalamount"] == 3000
    close = {"OpportunityClose": {"opportunityid@odata.bind": f"/opportunities({key})"}, "Status": -1}
    assert sales.seller.post("WinOpportunity", close).status_code == 204
    assert sales.seller.read(f"opportunities({key})")["statuscode"] == 3
    assert sales.seller.patch(f"opportunities({key})", {"name": "x"}).json()["error"]["code"] == "0x80040230"


def test_actions_need_their_parameters(sales: Any, catalog: Any) -> None:
    """A missing or unknown parameter is 400."""
    assert sales.admin.post("CancelSalesOrder", {"Status": -1}).status_code == 400
    assert sales.admin.post("CancelSalesOrder", closing(catalog.order(), Nonsense=1)).status_code == 400
    assert sales.admin.post("ConvertSalesOrderToInvoice", {"SalesOrderId": "x", "ColumnSet": {}}).status_code == 400


def test_quantity_decimals_are_a_function(sales: Any, catalog: Any) -> None:
    """GetQuantityDecimal tells a product's decimals."""
    path = f"GetQuantityDecimal(Target=@t,ProductId={catalog.cable},UoMId={catalog.piece})"
    assert sales.admin.read(f"{path}?@t='x'")["Quantity"] == 2


@pytest.mark.parametrize(
    ("binding", "path"),
    [
        ("row", "salesorders({0})/Microsoft.Dynamics.CRM.FulfillSalesOrder"),
        ("unbound", "FulfillSalesOrder"),
    ],
)
def test_what_fulfil_is_bound_to_is_a_switch(sales: Any, catalog: Any, binding: str, path: str) -> None:
    """The last published reference binds it to the set; `$metadata` says what holds, and the other forms are 404."""
    sales.setup(fulfil_binding=binding)
    order = catalog.order()
    assert fulfil(sales, order).status_code == 404
    assert sales.integration.post(path.format(order), closing(order)).status_code == 204
    assert state(sales, order) == (FULFILLED, 100001)
    schema = sales.admin.get("$metadata").text
    (action,) = [one for one in schema.split("<Action ") if one.startswith('Name="FulfillSalesOrder"')]
    action = action.partition("</Action>")[0]
    assert ('IsBound="true"' in action, 'Type="mscrm.salesorder"' in action) == (binding == "row",) * 2
    assert ('<ActionImport Name="FulfillSalesOrder"' in schema) == (binding == "unbound")


def test_a_closing_action_may_need_the_type_of_its_activity(sales: Any, catalog: Any) -> None:
    """The parameter's declared type is abstract: by switch a body without @odata.type is 400."""
    sales.setup(close_type="needed")
    order = catalog.order()
    assert fulfil(sales, order).status_code == 400
    typed = closing(order)
    typed["OrderClose"]["@odata.type"] = "Microsoft.Dynamics.CRM.orderclose"
    assert sales.integration.post("CancelSalesOrder", typed).status_code == 204


def test_a_state_alone_may_be_refused(sales: Any, catalog: Any) -> None:
    """By switch a PATCH names the status beside the state, or changes nothing."""
    sales.setup(state_alone="refused")
    order = catalog.order()
    refused = sales.admin.patch(f"salesorders({order})", {"statecode": 1})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80048408")
    assert sales.admin.patch(f"salesorders({order})", {"statecode": 1, "statuscode": 3}).status_code == 204


@pytest.mark.parametrize("status", ["403", "405"])
def test_the_status_of_an_invalid_state_is_a_switch(sales: Any, catalog: Any, status: str) -> None:
    """Of a transition that is not allowed, and of a document that is closed already."""
    order = catalog.order()
    fulfil(sales, order)
    sales.setup(invalid_state_status=status, reopen_closed="refused")
    again = fulfil(sales, order)
    assert (again.status_code, again.json()["error"]["code"]) == (int(status), "0x80040233")
    back = sales.admin.patch(f"salesorders({order})", {"statecode": 0, "statuscode": 1})
    assert (back.status_code, back.json()["error"]["code"]) == (int(status), "0x8004F00E")
