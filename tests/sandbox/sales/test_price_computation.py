from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.sandbox.sales.database import Database

# (SOP, integration user, submitted) → computed, typed from "Enable sales order processing integration".
ORDER_UPDATE = {
    (False, False, False): True,
    (False, True, False): True,
    (True, False, False): True,
    (True, True, False): False,
    (True, True, True): False,
}
LINE_CREATE = ORDER_UPDATE
LINE_DELETE = {
    (False, True, False): True,
    (True, False, False): True,
    (True, True, False): False,
    (True, True, True): False,
}
RECALCULATE = {
    (False, False, False): True,
    (True, False, False): True,
    (True, True, False): True,
    (True, True, True): False,
    (True, False, True): False,
}


def who(sales: Any, integration: bool) -> Any:
    return sales.integration if integration else sales.seller


def total(sales: Any, order: str) -> Any:
    return sales.admin.read(f"salesorders({order})?$select=totalamount")["totalamount"]


def prepared(sales: Any, catalog: Any, *, sop: bool, submitted: bool) -> str:
    """An order of one bike, priced while the flag was still off."""
    order = catalog.order(sales.seller, catalog.bikes(1))
    sales.organization(issopintegrationenabled=sop)
    if submitted:
        catalog.submit(order, sales.seller)
    assert total(sales, order) == 1000
    return order


@pytest.mark.parametrize(("case", "computed"), ORDER_UPDATE.items())
def test_updating_an_order_computes_unless_skipped(sales: Any, catalog: Any, case: Any, computed: bool) -> None:
    """Skipped if SOP and (submitted or integration user)."""
    sop, integration, submitted = case
    order = prepared(sales, catalog, sop=sop, submitted=submitted)
    assert who(sales, integration).patch(f"salesorders({order})", {"freightamount": 50}).status_code == 204
    assert total(sales, order) == (1050 if computed else 1000)


@pytest.mark.parametrize(("sop", "integration", "computed"), [(0, 0, True), (0, 1, True), (1, 0, True), (1, 1, False)])
def test_creating_an_order_computes_unless_skipped(
    sales: Any, catalog: Any, sop: int, integration: int, computed: bool
) -> None:
    """Skipped if SOP and integration user: amounts stay as written, which is nothing at creation."""
    sales.organization(issopintegrationenabled=bool(sop))
    order = catalog.order(who(sales, bool(integration)), catalog.bikes(1))
    assert total(sales, order) == (1000 if computed else None)


@pytest.mark.parametrize(("case", "computed"), LINE_CREATE.items())
def test_creating_a_line_computes_unless_skipped(sales: Any, catalog: Any, case: Any, computed: bool) -> None:
    """Skipped if SOP and (integration user or submitted)."""
    sop, integration, submitted = case
    order = prepared(sales, catalog, sop=sop, submitted=submitted)
    line = catalog.add_line(order, catalog.bikes(2), who(sales, integration))
    assert total(sales, order) == (3000 if computed else 1000)
    row = sales.admin.read(f"salesorderdetails({line})?$select=extendedamount")
    assert row["extendedamount"] == (2000 if computed else None)


@pytest.mark.parametrize(("case", "computed"), LINE_CREATE.items())
def test_updating_a_line_computes_unless_skipped(sales: Any, catalog: Any, case: Any, computed: bool) -> None:
    """Skipped if SOP and (integration user or submitted)."""
    sop, integration, submitted = case
    order = prepared(sales, catalog, sop=sop, submitted=submitted)
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    response = who(sales, integration).patch(f"salesorderdetails({line})", {"quantity": 3})
    assert response.status_code == 204
    assert total(sales, order) == (3000 if computed else 1000)


@pytest.mark.parametrize(("case", "computed"), LINE_DELETE.items())
def test_deleting_a_line_computes_unless_skipped(sales: Any, catalog: Any, case: Any, computed: bool) -> None:
    """Skipped if SOP and integration user; Submitted alone does not skip a delete."""
    sop, integration, submitted = case
    order = prepared(sales, catalog, sop=sop, submitted=submitted)
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    assert who(sales, integration).delete(f"salesorderdetails({line})").status_code == 204
    assert total(sales, order) == (0 if computed else 1000)


@pytest.mark.parametrize(("case", "computed"), RECALCULATE.items())
def test_recalculating_an_order_ignores_the_user(sales: Any, catalog: Any, case: Any, computed: bool) -> None:
    """Skipped if SOP and submitted, whoever asks."""
    sop, integration, submitted = case
    order = prepared(sales, catalog, sop=sop, submitted=submitted)
    sales.door("PATCH", f"rows/salesorder/{order}", {"freightamount": 50})
    body = {"entityLogicalName": "salesorder", "entityId": order}
    assert who(sales, integration).post("RecalculatePrice", body).status_code == 204
    assert total(sales, order) == (1050 if computed else 1000)


@pytest.mark.parametrize(("sop", "integration", "computed"), [(0, 1, True), (1, 0, True), (1, 1, False)])
def test_invoices_and_their_lines_skip_for_the_integration_user(
    sales: Any, catalog: Any, sop: int, integration: int, computed: bool
) -> None:
    """Skipped if SOP and integration user, for create, update, delete and recalculate."""
    user = who(sales, bool(integration))
    body = {
        "name": "x",
        "customerid_account@odata.bind": f"/accounts({catalog.account})",
        "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})",
        "invoice_details": [catalog.bikes(1)],
    }
    made = sales.seller.make("invoices", body)
    sales.organization(issopintegrationenabled=bool(sop))
    user.patch(f"invoices({made})", {"freightamount": 50})
    assert sales.admin.read(f"invoices({made})")["totalamount"] == (1050 if computed else 1000)
    fresh = user.make("invoices", body)
    assert sales.admin.read(f"invoices({fresh})")["totalamount"] == (1000 if computed else None)


def test_quotes_and_opportunities_always_compute(sales: Any, catalog: Any) -> None:
    """The flag and the user do not matter to them."""
    sales.organization(issopintegrationenabled=True)
    body = {"name": "x", "pricelevelid@odata.bind": f"/pricelevels({catalog.prices})"}
    quote = sales.integration.make("quotes", {**body, "quote_details": [catalog.bikes(1)]})
    chance = sales.integration.make("opportunities", {**body, "product_opportunities": [catalog.bikes(2)]})
    assert sales.admin.read(f"quotes({quote})")["totalamount"] == 1000
    assert sales.admin.read(f"opportunities({chance})")["totalamount"] == 2000


def test_when_skipped_amounts_are_what_the_writer_sends(sales: Any, catalog: Any) -> None:
    """The integration user writes totals, base and extended amounts and tax by an update of its own."""
    sales.organization(issopintegrationenabled=True)
    order = catalog.order(sales.integration, catalog.bikes(1))
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    sent = {"priceperunit": 7, "baseamount": 8, "extendedamount": 9, "tax": Decimal("0.5")}
    assert sales.integration.patch(f"salesorderdetails({line})", sent).status_code == 204
    row = sales.admin.read(f"salesorderdetails({line})")
    assert {name: row[name] for name in sent} == sent
    totals = {"totallineitemamount": 1, "totalamountlessfreight": 2, "totaltax": 3, "totalamount": 4}
    assert sales.integration.patch(f"salesorders({order})", totals).status_code == 204
    row = sales.admin.read(f"salesorders({order})")
    assert {name: row[name] for name in totals} == totals
    assert row["totalamount_base"] == 4


def test_otherwise_sent_amounts_are_overwritten(sales: Any, catalog: Any) -> None:
    """When the engine runs it decides totals, base and extended amounts."""
    order = catalog.order(None, catalog.bikes(1))
    sales.integration.patch(f"salesorders({order})", {"totalamount": 5})
    assert total(sales, order) == 1000


def test_writes_to_submitted_orders_compute_by_switch(sales: Any, catalog: Any) -> None:
    """With the flag off, whether prices are computed on a Submitted order is open."""
    order = prepared(sales, catalog, sop=False, submitted=True)
    sales.setup(price_submitted=False)
    sales.integration.patch(f"salesorders({order})", {"freightamount": 50})
    assert total(sales, order) == 1000
    sales.setup(price_submitted=True)
    sales.integration.patch(f"salesorders({order})", {"freightamount": 60})
    assert total(sales, order) == 1060


def test_a_custom_engine_replaces_this_one(sales: Any, catalog: Any) -> None:
    """`oobpricecalculationenabled` false leaves prices to the customer's plug-ins."""
    sales.organization(oobpricecalculationenabled=False)
    assert total(sales, catalog.order(None, catalog.bikes(1))) is None


def test_a_line_may_skip_its_calculation(sales: Any, catalog: Any) -> None:
    """`skippricecalculation` names what is skipped; whether it persists is a switch."""
    order = catalog.order(None, catalog.bikes(1))
    line = catalog.add_line(order, catalog.bikes(1, skippricecalculation=1))
    assert total(sales, order) == 1000
    assert sales.admin.patch(f"salesorderdetails({line})", {"quantity": 2}).status_code == 204
    assert total(sales, order) == 3000
    sales.admin.patch(f"salesorderdetails({line})", {"quantity": 5, "skippricecalculation": 3})
    assert total(sales, order) == 3000
    sales.setup(skippricecalculation="stored")
    sales.admin.patch(f"salesorderdetails({line})", {"quantity": 6})
    assert total(sales, order) == 3000
    sales.setup(skippricecalculation="ignored")
    sales.admin.patch(f"salesorderdetails({line})", {"quantity": 7, "skippricecalculation": 3})
    assert total(sales, order) == 8000


def test_pricing_is_a_second_update_of_the_header(sales: Any, catalog: Any) -> None:
    """After a line write the header has a new version, time and writer, even when no total moved."""
    order = catalog.order(None, catalog.bikes(1))
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    before = sales.admin.read(f"salesorders({order})")
    sales.later(5)
    sales.seller.patch(f"salesorderdetails({line})", {"description": "no price in this"})
    after = sales.admin.read(f"salesorders({order})")
    assert after["versionnumber"] > before["versionnumber"]
    assert after["modifiedon"] > before["modifiedon"]
    assert after["_modifiedby_value"] == sales.user("seller")
    assert after["totalamount"] == before["totalamount"]


def test_the_answer_to_a_header_write_has_the_version_after_pricing(sales: Any, catalog: Any) -> None:
    """The representation is read after the pricing pass: its tag is the current one."""
    order = catalog.order(None, catalog.bikes(1))
    path = f"salesorders({order})?$select=totalamount"
    body = sales.admin.patch(path, {"freightamount": 5}, prefer="return=representation").json()
    assert body["totalamount"] == 1005
    assert body["@odata.etag"] == sales.admin.read(path)["@odata.etag"]


@pytest.mark.parametrize(("switch", "moves"), [("line-writes", False), ("moved", False), ("always", True)])
def test_a_header_write_that_moves_no_total_is_one_update_or_two(
    sales: Any, catalog: Any, monkeypatch: pytest.MonkeyPatch, switch: str, moves: bool
) -> None:
    """By switch the pricing pass writes the header although nothing moved."""
    order = catalog.order(None, catalog.bikes(1))
    sales.setup(pricing_update=switch)
    given, draw = [], Database.next_version
    monkeypatch.setattr(Database, "next_version", lambda self: given.append(draw(self)) or given[-1])
    sales.admin.patch(f"salesorders({order})", {"description": "x"})
    assert len(given) == (2 if moves else 1)
    assert sales.admin.read(f"salesorders({order})")["versionnumber"] == given[-1]
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    before = sales.admin.read(f"salesorders({order})")["versionnumber"]
    sales.admin.patch(f"salesorderdetails({line})", {"description": "y"})
    touched = sales.admin.read(f"salesorders({order})")["versionnumber"] > before
    assert touched is (switch != "moved")
