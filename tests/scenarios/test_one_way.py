"""The one-way mode: a submitted order is handed over once; after that the back office has it, and Sales is told."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.errors import FailureClass
from syncengine.sandbox import world
from syncengine.sandbox.people import Person
from syncengine.sandbox.people import Refused
from syncengine.service import decisions
from syncengine.service.check import check
from syncengine.store.queries import parked
from tests.bench.bench import Bench
from tests.bench.prepared import prepared
from tests.scenarios.acts import change_back_line

pytestmark = pytest.mark.slow

TOTALS = ("totalamount", "totaltax", "totalamountlessfreight", "totallineitemamount", "totaldiscountamount")


def _opened(bench: Bench) -> None:
    bench.admin.switch_order_processing(on=True)
    bench.configure(integration={"mode": "one-way"})
    bench.sync()


@pytest.fixture
def one_way(running: world.Sandbox, tmp_path: Path) -> Iterator[Bench]:
    """Order processing on in Sales, our mode to match, nothing to do."""
    bench, _ = prepared(running, tmp_path, "one-way", _opened)
    bench.mark()
    yield bench
    bench.restart()


@pytest.fixture
def handed_over(one_way: Bench) -> str:
    number = one_way.sales_order(2, 3)
    one_way.sync()
    one_way.mark()
    return number


def _integration(bench: Bench) -> Person:
    """Somebody else who works as an integration user: a flow, an import."""
    return bench.running.person("sales", "integration")


def _listed(bench: Bench) -> list[str]:
    with bench.company.session() as session:
        return [row["code"] for row in parked(session, (FailureClass.PERSON,))]


def _line(bench: Bench, number: str, place: int = 0) -> dict[str, Any]:
    return dict(bench.seller.order(number)["order_details"][place])


def _totals_agree(bench: Bench, number: str) -> None:
    """Sales shows the back office's totals, split as Sales splits them ("Price arithmetic")."""
    sales, order = bench.seller.order(number), bench.clerk.order(number)
    net, freight = Decimal(order["totalAmountExcludingTax"]), sales["freightamount"] or 0
    assert sales["totalamount"] == order["totalAmountIncludingTax"]
    assert sales["totaltax"] == order["totalTaxAmount"]
    assert sales["totalamountlessfreight"] == net - freight
    assert sales["totallineitemamount"] == net - freight + order["discountAmount"]
    assert sales["totaldiscountamount"] == order["discountAmount"]


def _pays_tax(one_way: Bench) -> None:
    """The customer of our orders is liable for sales tax."""
    customer = one_way.running.world.customers[0]
    area = one_way.clerk.find("taxAreas", "code eq 'ATLANTA, GA'")
    row = one_way.clerk.person.get(one_way.clerk._path(f"customers({customer.back_office_id})"))
    one_way.clerk.person.request(
        "PATCH",
        one_way.clerk._path(f"customers({customer.back_office_id})"),
        {"taxLiable": True, "taxAreaId": area["id"]},
        if_match=row["@odata.etag"],
    )


# the hand-over


def test_given_a_submitted_order_when_a_run_comes_then_it_is_handed_over_once(one_way: Bench) -> None:
    """One document with its lines, freight and discount; number, state and day of submission back; then silence."""
    number = one_way.sales_order(2, 3, freightamount=25, discountamount=5)
    one_way.sync()
    order, sales = one_way.clerk.order(number), one_way.seller.order(number)
    assert len(one_way.live_documents(number)) == 1
    assert [line["quantity"] for line in order["salesOrderLines"]] == [2, 3, 1]
    assert order["discountAmount"] == 5
    assert sales["statecode"] == 1
    assert sales["submitstatusdescription"].startswith(order["number"])
    assert sales["lastbackofficesubmit"] is not None
    _totals_agree(one_way, number)
    one_way.agreed()


def test_given_an_order_that_was_not_submitted_when_a_run_comes_then_it_stays_where_it_is(one_way: Bench) -> None:
    number = one_way.sales_order(2, submit=False)
    one_way.sync()
    assert one_way.writes() == []
    assert one_way.live_documents(number) == []


@pytest.mark.parametrize("day", ["1900-01-01T00:00:00Z", "1899-12-31T23:00:00Z"])
def test_given_the_day_1900_01_01_when_a_run_comes_then_the_order_counts_as_not_sent(one_way: Bench, day: str) -> None:
    """Business Central's own integration writes that day for "never"; a user's time zone may move it."""
    number = one_way.sales_order(2, lastbackofficesubmit=day)
    one_way.sync()
    assert len(one_way.live_documents(number)) == 1
    assert one_way.seller.order(number)["lastbackofficesubmit"] > "2000"
    one_way.agreed()


def test_given_an_order_that_somebody_sent_before_when_a_run_comes_then_it_is_not_sent_again(one_way: Bench) -> None:
    number = one_way.sales_order(2, lastbackofficesubmit="2026-03-02T12:00:00Z")
    one_way.sync()
    assert one_way.writes() == []
    assert one_way.live_documents(number) == []
    assert one_way.verify()["filtered"] == 1


def test_given_a_coupling_that_was_ended_when_a_run_comes_then_the_order_is_not_sent_again(
    one_way: Bench, handed_over: str
) -> None:
    """No coupling *ever*: not even where the day of submission was emptied."""
    with one_way.company.store(writes=True) as store, store.transaction():
        (coupling,) = store.couplings.after("SALESORDER-ORDER", 0, 10)
        store.couplings.end(coupling.id, "uncoupled", "by hand")
    order = one_way.seller.order(handed_over)["salesorderid"]
    _integration(one_way).request("PATCH", f"salesorders({order})", {"lastbackofficesubmit": None})
    one_way.mark()
    one_way.sync()
    assert one_way.writes() == []
    assert len(one_way.live_documents(handed_over)) == 1


def test_given_an_order_of_the_back_office_when_a_run_comes_then_it_does_not_appear_in_sales(one_way: Bench) -> None:
    one_way.back_office_order(2, 3)
    one_way.sync()
    assert one_way.writes() == []
    assert one_way.verify()["exit_code"] == 0


def test_given_an_order_whose_customer_is_not_coupled_when_it_waits_then_it_goes_on_by_itself(one_way: Bench) -> None:
    account = one_way.admin.person.request(
        "POST", "accounts", {"name": "Newcomer", "accountnumber": "77001"}, prefer="return=representation"
    )["accountid"]
    number = one_way.sales_order(2, account=account)
    result = one_way.sync()
    assert sum(row["waiting"] for row in result["mappings"]) == 1
    assert one_way.live_documents(number) == []
    one_way.clerk.create("customers", number="77001", displayName="Newcomer")
    one_way.sync()
    one_way.sync()
    assert len(one_way.live_documents(number)) == 1


# the back office edits


def _quantity(bench: Bench, order: dict[str, Any]) -> None:
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=7)


def _price(bench: Bench, order: dict[str, Any]) -> None:
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal("1.23"))


def _line_added(bench: Bench, order: dict[str, Any]) -> None:
    bench.clerk.add_line(order, lineType="Item", itemId=bench.products[7].back_office_id, quantity=5, unitPrice=2)


def _line_removed(bench: Bench, order: dict[str, Any]) -> None:
    line = order["salesOrderLines"][1]
    path = f"companies({bench.clerk.company})/salesOrders({order['id']})/salesOrderLines({line['id']})"
    bench.clerk.person.request("DELETE", path, if_match="*")


def _discount(bench: Bench, order: dict[str, Any]) -> None:
    bench.clerk.change(order, discountAmount=10)


@pytest.mark.parametrize(
    "edit", [_quantity, _price, _line_added, _line_removed, _discount], ids=lambda one: one.__name__.strip("_")
)
def test_given_a_handed_over_order_when_the_clerk_edits_amounts_then_sales_gets_the_totals_and_keeps_its_lines(
    one_way: Bench, handed_over: str, edit: Callable[[Bench, dict[str, Any]], None]
) -> None:
    """Sales computes no totals in this regime: what we write stays, and nothing is written a second time."""
    before = one_way.seller.order(handed_over)["order_details"]
    edit(one_way, one_way.clerk.order(handed_over))
    one_way.sync(sweep_all=True)
    _totals_agree(one_way, handed_over)
    assert {write.table for write in one_way.writes()} == {"salesorders"}
    shown = ("quantity", "priceperunit", "extendedamount", "salesorderdetailid")
    after = one_way.seller.order(handed_over)["order_details"]
    assert [[line[name] for name in shown] for line in after] == [[line[name] for name in shown] for line in before]
    one_way.agreed()
    one_way.sync(sweep_all=True)
    assert one_way.writes() == []


def test_given_a_handed_over_order_when_the_clerk_edits_the_header_then_sales_shows_it(
    one_way: Bench, handed_over: str
) -> None:
    one_way.clerk.change(one_way.clerk.order(handed_over), requestedDeliveryDate="2027-03-16", shipToCity="Portland")
    one_way.sync()
    sales = one_way.seller.order(handed_over)
    assert (sales["requestdeliveryby"], sales["shipto_city"]) == ("2027-03-16T16:00:00Z", "Portland")
    one_way.agreed()


def test_given_a_handed_over_order_when_it_is_released_and_shipped_then_sales_is_told(
    one_way: Bench, handed_over: str
) -> None:
    """State, what was shipped of each line, and fulfilled at last."""
    order = one_way.clerk.order(handed_over)
    one_way.clerk.act(order, "release")
    one_way.clerk.act(order, "ship", lines=[{"sequence": order["salesOrderLines"][0]["sequence"], "quantity": 1}])
    one_way.sync()
    sales = one_way.seller.order(handed_over)
    assert sales["statecode"] == 1
    assert [line["quantityshipped"] or 0 for line in sales["order_details"]] == [1, 0]
    one_way.clerk.act(one_way.clerk.order(handed_over), "ship")
    one_way.sync()
    sales = one_way.seller.order(handed_over)
    assert sales["statecode"] == 3
    assert [line["quantityshipped"] for line in sales["order_details"]] == [2, 3]
    one_way.agreed()


# Sales edits


def test_given_a_handed_over_order_when_a_seller_tries_to_edit_it_then_sales_refuses(
    one_way: Bench, handed_over: str
) -> None:
    """Locked for everyone but the integration user, an administrator included."""
    order = one_way.seller.order(handed_over)
    for person in (one_way.seller, one_way.admin):
        with pytest.raises(Refused):
            person.change(order["salesorderid"], description="wait")
        with pytest.raises(Refused):
            person.change_line(order["order_details"][0]["salesorderdetailid"], {"quantity": 9})
    one_way.agreed()


def test_given_a_handed_over_order_when_it_is_reactivated_then_it_is_held_until_it_is_submitted_again(
    one_way: Bench, handed_over: str
) -> None:
    """Nothing is written meanwhile; submitted again without a change it is not handed over a second time."""
    order = one_way.seller.order(handed_over)["salesorderid"]
    one_way.seller.reactivate(order)
    _quantity(one_way, one_way.clerk.order(handed_over))
    result = one_way.sync(sweep_all=True)
    assert sum(row["waiting"] for row in result["mappings"]) == 1
    assert one_way.writes() == []
    one_way.seller.submit(order)
    one_way.sync()
    assert len(one_way.live_documents(handed_over)) == 1
    _totals_agree(one_way, handed_over)
    one_way.agreed()


@pytest.mark.parametrize(("take", "expected"), [("back_office", 2), ("sales", 9)])
def test_given_an_order_edited_and_submitted_again_when_a_run_comes_then_a_person_decides(
    one_way: Bench, handed_over: str, take: Any, expected: int
) -> None:
    """Nothing is handed over twice by itself, and nothing is dropped: the rest of the order goes on meanwhile."""
    order = one_way.seller.order(handed_over)
    one_way.seller.edit(
        order["salesorderid"], lines={_line(one_way, handed_over)["salesorderdetailid"]: {"quantity": 9}}
    )
    one_way.clerk.change(one_way.clerk.order(handed_over), requestedDeliveryDate="2027-03-16")
    one_way.sync(expect=1)
    assert [line["quantity"] for line in one_way.clerk.order(handed_over)["salesOrderLines"]] == [2, 3]
    assert one_way.seller.order(handed_over)["requestdeliveryby"] == "2027-03-16T16:00:00Z"
    with one_way.company.store() as store, store.transaction():
        (conflict,) = store.conflicts.open()
    decisions.resolve(one_way.company, conflict.id, take, ())
    one_way.sync()
    assert _line(one_way, handed_over)["quantity"] == expected
    assert one_way.clerk.order(handed_over)["salesOrderLines"][0]["quantity"] == expected
    one_way.agreed()


def test_given_a_line_added_and_submitted_again_when_a_run_comes_then_a_person_is_asked(
    one_way: Bench, handed_over: str
) -> None:
    order = one_way.seller.order(handed_over)["salesorderid"]
    one_way.seller.reactivate(order)
    product = one_way.products[5]
    one_way.seller.person.request(
        "POST",
        "salesorderdetails",
        {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "productid@odata.bind": f"/products({product.sales_id})",
            "uomid@odata.bind": f"/uoms({product.units[0].sales_id})",
            "quantity": 1,
        },
    )
    one_way.seller.submit(order)
    one_way.sync(expect=1)
    assert _listed(one_way) == ["line-added-after-hand-over"]
    assert one_way.writes("back_office") == []


def test_given_a_handed_over_order_when_it_is_canceled_in_sales_then_the_back_office_keeps_it(
    one_way: Bench, handed_over: str
) -> None:
    order = one_way.seller.order(handed_over)["salesorderid"]
    close = {
        "@odata.type": "Microsoft.Dynamics.CRM.orderclose",
        "subject": "canceled",
        "salesorderid@odata.bind": f"/salesorders({order})",
    }
    one_way.admin.person.request("POST", "CancelSalesOrder", {"OrderClose": close, "Status": 4})
    one_way.sync(expect=1)
    assert _listed(one_way) == ["canceled-in-sales"]
    assert one_way.writes() == []
    assert len(one_way.live_documents(handed_over)) == 1


def test_given_a_handed_over_order_when_it_is_deleted_in_sales_then_the_back_office_keeps_it(
    one_way: Bench, handed_over: str
) -> None:
    _integration(one_way).request("DELETE", f"salesorders({one_way.seller.order(handed_over)['salesorderid']})")
    one_way.mark()
    one_way.sync(expect=1)
    assert _listed(one_way) == ["deleted-in-sales"]
    assert one_way.writes() == []
    assert len(one_way.live_documents(handed_over)) == 1


def test_given_a_handed_over_order_when_the_clerk_deletes_it_then_it_is_open_in_sales_and_can_be_handed_over_anew(
    one_way: Bench, handed_over: str
) -> None:
    """Opened again it counts as not sent: its day of submission is emptied, and written with the new document."""
    order = one_way.clerk.order(handed_over)
    path = one_way.clerk._path(f"salesOrders({order['id']})")
    one_way.clerk.person.request("DELETE", path, if_match=order["@odata.etag"])
    one_way.sync(sweep_all=True)
    sales = one_way.seller.order(handed_over)
    assert (sales["statecode"], sales["lastbackofficesubmit"]) == (0, None)
    assert one_way.live_documents(handed_over) == []
    one_way.seller.submit(sales["salesorderid"])
    one_way.sync()
    (document,) = one_way.live_documents(handed_over)
    sales = one_way.seller.order(handed_over)
    assert sales["submitstatusdescription"].startswith(document["number"])
    assert sales["lastbackofficesubmit"] is not None
    _totals_agree(one_way, handed_over)
    one_way.agreed()


def test_given_a_customer_who_pays_tax_when_an_order_is_handed_over_then_sales_shows_the_tax(one_way: Bench) -> None:
    """Sales computes none of it in this regime; the tax that the back office computes is in the totals, to the cent."""
    _pays_tax(one_way)
    number = one_way.sales_order(3, 7, discountamount=Decimal("10.01"))
    one_way.sync()
    assert one_way.clerk.order(number)["totalTaxAmount"] > 0
    _totals_agree(one_way, number)
    one_way.agreed()


def test_given_a_vat_company_when_an_order_is_handed_over_and_edited_then_sales_shows_its_totals(
    running: world.Sandbox, tmp_path: Path
) -> None:
    """VAT is rounded once for the document: what Sales shows is that, and no sum of lines."""
    bench = Bench(running, tmp_path, tax="vat")
    try:
        _opened(bench)
        number = bench.sales_order(1, 1, 1)
        bench.sync()
        for at, price in enumerate(("0.11", "0.17", "0.23")):
            change_back_line(bench, number, at, unitPrice=Decimal(price))
        bench.sync(sweep_all=True)
        assert bench.clerk.order(number)["totalTaxAmount"] > 0
        _totals_agree(bench, number)
        bench.agreed()
    finally:
        bench.restart()


def test_given_a_posted_invoice_when_it_comes_to_sales_then_its_totals_are_written(one_way: Bench) -> None:
    """For us Sales computes no totals of invoices either while order processing is on, nor those of their lines."""
    _pays_tax(one_way)
    number = one_way.sales_order(2, 3, discountamount=Decimal("10.01"))
    one_way.sync()
    order = one_way.clerk.order(number)
    for action in ("release", "ship", "invoice"):
        one_way.clerk.act(order, action)
    one_way.sync(sweep_all=True)
    path = f"salesInvoices?$filter=orderNumber eq '{order['number']}'"
    (there,) = one_way.clerk.person.get(one_way.clerk._path(path))["value"]
    (here,) = one_way.admin.person.get("invoices?$expand=invoice_details")["value"]
    assert here["totalamount"] == there["totalAmountIncludingTax"]
    assert here["totaltax"] == there["totalTaxAmount"]
    assert here["totalamountlessfreight"] == there["totalAmountExcludingTax"]
    assert here["totallineitemamount"] == there["totalAmountExcludingTax"] + there["discountAmount"]
    shown = [line["extendedamount"] - line["tax"] for line in here["invoice_details"]]
    assert sorted(shown) == sorted(one.price * q for one, q in zip(one_way.products, (2, 3), strict=False))
    one_way.agreed()


@pytest.mark.parametrize("column", TOTALS)
def test_given_totals_that_somebody_overwrote_when_a_run_comes_then_they_are_put_back(
    one_way: Bench, handed_over: str, column: str
) -> None:
    """Sales has no say in them, and does not compute them: what stands there is what was written last."""
    order = one_way.seller.order(handed_over)["salesorderid"]
    _integration(one_way).request("PATCH", f"salesorders({order})", {column: 1})
    one_way.mark()
    one_way.sync()
    _totals_agree(one_way, handed_over)
    one_way.agreed()


def test_given_a_user_that_is_no_integration_user_when_check_runs_then_that_is_an_error(one_way: Bench) -> None:
    """Without the mark Sales locks submitted orders for us, and computes over our totals while they are open."""
    for user in one_way.admin.person.get("systemusers?$select=isintegrationuser")["value"]:
        if user["isintegrationuser"]:
            one_way.admin.person.request("PATCH", f"systemusers({user['systemuserid']})", {"isintegrationuser": False})
    found = next(one for one in check(one_way.company) if one.id == "sales.user")
    assert (found.level, "isintegrationuser" in found.message) == ("error", True)


def test_given_the_mode_and_its_setting_when_check_runs_then_both_systems_take_the_mapping(one_way: Bench) -> None:
    found = [one for one in check(one_way.company) if one.level == "error"]
    assert found == []


# orders that belong to nobody, in the other mode


def test_given_bidirectional_mode_when_an_order_was_sent_by_another_integration_then_a_person_is_asked(
    bench: Bench,
) -> None:
    """It has a document somewhere that carries no key of ours: a second one is not made."""
    number = bench.sales_order(2, lastbackofficesubmit="2026-03-02T12:00:00Z")
    bench.sync(expect=1)
    assert _listed(bench) == ["handed-over-before"]
    assert bench.live_documents(number) == []
    assert bench.writes("back_office") == []
