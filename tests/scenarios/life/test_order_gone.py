"""An order that is gone from the back office: posted, closed short, deleted by a person, entered anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncengine.errors import FailureClass
from syncengine.service.decisions import accept_restore
from syncengine.service.decisions import couple_record
from tests.bench.bench import Bench
from tests.bench.bench import Write
from tests.scenarios.acts import ACTIVE
from tests.scenarios.acts import CANCELED
from tests.scenarios.acts import FULFILLED
from tests.scenarios.acts import INVOICED
from tests.scenarios.acts import PARTIAL
from tests.scenarios.acts import SUBMITTED
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import cancel
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import delete_in_back_office
from tests.scenarios.acts import delete_in_sales
from tests.scenarios.acts import delete_invoiced_orders
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import history
from tests.scenarios.acts import invoice
from tests.scenarios.acts import invoice_in_sales
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import message
from tests.scenarios.acts import quantities
from tests.scenarios.acts import reopen
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import ship
from tests.scenarios.acts import state
from tests.scenarios.acts import status_line
from tests.scenarios.acts import versions
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow

ORDER = "SALESORDER-ORDER"


def _no_invoice_names_it(bench: Bench, number: str) -> None:
    """Shipped as far as it was, the rest given up, the invoice made from shipments."""
    invoice(bench, number, separate=True)


def _on_orders(shop: Bench) -> list[Write]:
    """What was written to orders; a posted invoice is a record of its own and comes to Sales all the same."""
    return [one for one in shop.writes() if one.table not in ("invoices", "invoicedetails")]


@scenario(
    "an order on both sides",
    "all of it is shipped and invoiced between two runs, and it vanishes from the back office",
    "it is Invoiced in Sales with all it shipped, never opened again",
    as_processes=True,
)
def test_posted(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    invoice(shop, number)
    shop.sync(sweep_all=True)
    assert (state(shop, number), quantities(shop, number, "quantityshipped")) == (INVOICED, [2, 3])
    assert status_line(shop, number).endswith("invoiced")
    shop.agreed()


@scenario(
    "an order that was shipped and is Fulfilled in Sales",
    "it is invoiced and vanishes from the back office",
    "it is Invoiced in Sales",
)
def test_fulfilled_then_invoiced(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    shop.sync()
    assert state(shop, number) == FULFILLED
    invoice(shop, number)
    shop.sync(sweep_all=True)
    assert state(shop, number) == INVOICED
    shop.agreed()


@scenario(
    "an order shipped in full",
    "it is invoiced together with others, by an invoice without an order number, and Delete Invoiced Sales Orders runs",
    "what was shipped tells: it is Invoiced in Sales, not opened again",
)
def test_combined_invoice(shop: Bench) -> None:
    number, other = coupled(shop), coupled(shop, 1)
    ship(shop, number)
    ship(shop, other)
    invoice(shop, number, combined_with=[live(shop, other)[0]["id"]])
    delete_invoiced_orders(shop)
    shop.sync(sweep_all=True)
    assert (state(shop, number), state(shop, other)) == (INVOICED, INVOICED)
    shop.agreed()


@scenario(
    "an order that a combined invoice has invoiced and that still stands in the back office",
    "a run sees it, then Delete Invoiced Sales Orders runs",
    "it is Invoiced by the last snapshot; its going changes nothing any more",
)
def test_delete_invoiced(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    invoice(shop, number, separate=True)
    shop.sync(sweep_all=True)
    assert state(shop, number) == INVOICED
    shop.mark()
    delete_invoiced_orders(shop)
    shop.sync(sweep_all=True)
    assert shop.writes() == []
    shop.agreed()


@scenario(
    "an order of 2 and 3 pieces, of which 2 and 1 were shipped and invoiced",
    "the clerk gives up the rest and deletes the order",
    "it is closed short in Sales: 2 canceled of the second line, Invoiced, never opened again",
    as_processes=True,
)
def test_closed_short(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 2, 1)
    invoice(shop, number, 2, 1)
    reopen(shop, number)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    assert quantities(shop, number, "quantityshipped") == [2, 1]
    assert quantities(shop, number, "quantitycancelled") == [0, 2]
    assert state(shop, number) == INVOICED
    assert "closed short" in status_line(shop, number)
    shop.agreed()


@scenario(
    "an order of which part was shipped, seen by a run, and invoiced by an invoice without its number",
    "the clerk deletes the rest before the next run",
    "the last snapshot has no invoice and none carries its number: a person is asked, and nothing is written",
)
def test_invoice_not_found(bench: Bench) -> None:
    shop = bench
    shop.switch("back_office", has_archive_api=False)
    number = coupled(shop)
    ship(shop, number, 2, 1)
    shop.sync()
    _no_invoice_names_it(shop, number)
    reopen(shop, number)
    delete_in_back_office(shop, number)
    shop.mark()
    shop.sync(expect=1, sweep_all=True)
    assert listed(shop) == ["invoice-not-found"]
    assert state(shop, number) == SUBMITTED


@scenario(
    "an order of which part was shipped and less was invoiced under its number",
    "the rest is invoiced on a combined invoice, and the order is deleted",
    "it is closed short as Fulfilled, Partial",
)
def test_closed_short_partial(bench: Bench) -> None:
    shop = bench
    shop.switch("back_office", has_archive_api=False)
    number = coupled(shop)
    ship(shop, number, 2, 1)
    invoice(shop, number, 1, 1)
    invoice(shop, number, 1, 0, separate=True)
    reopen(shop, number)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    order = shop.seller.order(number)
    assert (order["statecode"], order["statuscode"]) == (FULFILLED, PARTIAL)
    assert quantities(shop, number, "quantitycancelled") == [0, 2]
    shop.agreed()


@scenario(
    "an order on both sides, nothing shipped",
    "a clerk deletes it, and it is not found twice, far enough apart",
    "it is opened again in Sales and says so; nothing is created until the seller submits it",
    as_processes=True,
)
def test_deleted_reopens(shop: Bench) -> None:
    number = coupled(shop)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    assert state(shop, number) == ACTIVE
    assert "deleted in the back office" in status_line(shop, number)
    assert live(shop, number) == []
    assert listed(shop, FailureClass.WAITING) == ["reopened"]
    shop.mark()
    shop.sync()
    assert shop.writes() == []
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    (document,) = live(shop, number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [2, 3]
    assert status_line(shop, number).startswith(document["number"])
    shop.agreed()


@scenario(
    "an order that was opened again because a clerk had deleted it",
    "the seller changes it and submits it",
    "it is created anew as it is now, under the same key, once",
)
def test_renewed_with_changes(shop: Bench) -> None:
    number = coupled(shop)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    order = shop.seller.order(number)
    shop.seller.change_line(order["order_details"][0]["salesorderdetailid"], {"quantity": 7})
    shop.seller.submit(order["salesorderid"])
    shop.sync()
    (document,) = live(shop, number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [7, 3]
    edit_line(shop, number, 1, quantity=8)
    shop.sync()
    assert [line["quantity"] for line in live(shop, number)[0]["salesOrderLines"]] == [7, 8]
    shop.agreed()


@scenario(
    "an order that was opened again because a clerk had deleted it",
    "the seller cancels it",
    "both sides are done with it, and nothing is written",
)
def test_reopened_then_canceled(shop: Bench) -> None:
    number = coupled(shop)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    cancel(shop, number)
    shop.mark()
    shop.sync()
    assert shop.writes() == []
    assert state(shop, number) == CANCELED
    shop.agreed()


@scenario(
    "an order on both sides and gone_confirm_s of 60 seconds",
    "a clerk deletes it and one run does not find it",
    "nothing is written yet, the order waits; the run a minute later acts",
)
def test_asked_twice(shop: Bench) -> None:
    number = coupled(shop)
    shop.configure(limits={"gone_confirm_s": 60})
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    assert listed(shop, FailureClass.WAITING) == ["gone-unconfirmed"]
    assert (shop.writes("sales"), state(shop, number)) == ([], SUBMITTED)
    shop.clock.sleep(30)
    shop.sync()
    assert state(shop, number) == SUBMITTED
    shop.clock.sleep(31)
    shop.sync()
    assert state(shop, number) == ACTIVE


@scenario(
    "an order that one run did not find",
    "it is found again before it is asked for a second time",
    "nothing has happened",
)
def test_found_again(shop: Bench) -> None:
    number = coupled(shop)
    shop.configure(limits={"gone_confirm_s": 60})
    path = rf"salesOrders\({live(shop, number)[0]['id']}\)"
    shop.fault(
        "back_office",
        kind="refuse",
        next=1,
        status=404,
        code="BadRequest_ResourceNotFound",
        message="not found",
        match={"path": path},
    )
    shop.sync(sweep_all=True)
    shop.clock.sleep(61)
    shop.sync()
    assert shop.writes() == []
    assert listed(shop, FailureClass.WAITING) == []
    shop.agreed()


@scenario(
    "the policy deleted.in_back_office: {policy}",
    "a clerk deletes an order of which nothing was shipped",
    "{then}",
)
@pytest.mark.parametrize(
    ("policy", "then"),
    [
        ("cancel", "it is canceled in Sales"),
        ("ask", "a person is asked, and nothing but that is written"),
        ("uncouple", "the Sales order stays as it is but for its status line, and is never created again"),
    ],
)
def test_deleted_policies(shop: Bench, policy: str, then: str) -> None:
    shop.overlay(f"name: {ORDER}\ndeleted: {{in_back_office: {policy}}}\n")
    number = coupled(shop)
    delete_in_back_office(shop, number)
    shop.sync(expect=1 if policy == "ask" else 0, sweep_all=True)
    assert state(shop, number) == (CANCELED if policy == "cancel" else SUBMITTED), then
    assert "deleted in the back office" in status_line(shop, number)
    assert listed(shop) == (["order-gone"] if policy == "ask" else [])
    shop.mark()
    shop.sync(expect=1 if policy == "ask" else 0, sweep_all=True)
    assert shop.writes() == []
    assert live(shop, number) == []


@scenario(
    "an order whose document a clerk has deleted",
    "the clerk has entered it again under the same number of ours, with another quantity",
    "it is coupled anew: no second order, and the quantity flows to Sales",
)
def test_entered_again(shop: Bench) -> None:
    number = coupled(shop)
    old = live(shop, number)[0]
    delete_in_back_office(shop, number)
    shop.clerk.create(
        "salesOrders",
        customerId=old["customerId"],
        externalDocumentNumber=number,
        salesOrderLines=[
            {
                "lineType": "Item",
                "itemId": line["itemId"],
                "quantity": line["quantity"] + 1,
                "unitPrice": line["unitPrice"],
            }
            for line in old["salesOrderLines"]
        ],
    )
    shop.sync(sweep_all=True)
    assert len(live(shop, number)) == 1
    assert quantities(shop, number) == [3, 4]
    assert history(shop, number, "re-coupled")
    shop.agreed()


@scenario(
    "a store that was restored from yesterday, and an order that {whose} entered",
    "since then it was recreated, so that its coupling points at a predecessor that is gone",
    "the live document, known by {known}, is coupled again; nothing is created, nothing reopened",
)
@pytest.mark.parametrize(
    ("whose", "known"), [("a seller", "our key"), ("a clerk", "the number that the order shows in Sales")]
)
def test_store_restored(shop: Bench, whose: str, known: str) -> None:
    number = coupled(shop) if whose == "a seller" else _of_a_clerk(shop)
    shop.restart()
    kept = (shop.folder / "engine.db").read_bytes()
    edit_line(shop, number, quantity=9)
    shop.sync()
    successor = status_line(shop, number).partition(" ")[0]
    documents = len(shop.clerk.orders("number ne ''"))
    shop.restart()
    for path in shop.folder.glob("engine.db*"):
        path.unlink()
    (shop.folder / "engine.db").write_bytes(kept)
    shop.sync(sweep_all=True)
    assert len(shop.clerk.orders("number ne ''")) == documents, known
    assert status_line(shop, number).startswith(f"{successor} ")
    assert (state(shop, number), quantities(shop, number)) == (SUBMITTED, [9, 3])
    shop.agreed()


def _of_a_clerk(bench: Bench) -> str:
    document = bench.back_office_order(2, 3, externalDocumentNumber="PO 4711")
    bench.sync()
    return str(bench.sales_order_of(document["number"])["ordernumber"])


@scenario(
    "an order whose document a clerk has deleted",
    "two other documents carry its number",
    "a person is asked which one it is, and nothing is written",
)
def test_two_carry_the_key(shop: Bench) -> None:
    number = coupled(shop)
    customer = live(shop, number)[0]["customerId"]
    delete_in_back_office(shop, number)
    for _ in range(2):
        shop.clerk.create("salesOrders", customerId=customer, externalDocumentNumber=number)
    shop.mark()
    shop.sync(expect=1, sweep_all=True)
    assert "several-live" in listed(shop)
    assert state(shop, number) == SUBMITTED


@scenario(
    "an order set back to Active by a seller",
    "it is shipped and invoiced in the back office meanwhile, and submitted again without a change",
    "first a person is told; then it is Invoiced as it was delivered",
)
def test_posted_while_held(shop: Bench) -> None:
    number = coupled(shop)
    shop.seller.reactivate(sales_id(shop, number))
    ship(shop, number)
    invoice(shop, number)
    shop.sync(expect=1, sweep_all=True)
    assert (listed(shop), _on_orders(shop)) == (["posted-while-held"], [])
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert state(shop, number) == INVOICED
    shop.agreed()


@scenario(
    "an order set back to Active by a seller and changed there",
    "it is shipped and invoiced in the back office meanwhile, and then submitted again",
    "a conflict for a person: nothing is created a second time, nothing written over",
)
def test_resubmitted_after_posting(shop: Bench) -> None:
    number = coupled(shop)
    shop.seller.reactivate(sales_id(shop, number))
    line = shop.seller.order(number)["order_details"][0]["salesorderdetailid"]
    shop.seller.change_line(line, {"quantity": 20})
    ship(shop, number)
    invoice(shop, number)
    shop.seller.submit(sales_id(shop, number))
    shop.mark()
    shop.sync(expect=1, sweep_all=True)
    assert listed(shop) == ["posted-and-changed"]
    assert (live(shop, number), state(shop, number)) == ([], SUBMITTED)
    assert shop.writes("back_office") == []


@scenario(
    "an order with an open conflict",
    "it is posted whole in the back office",
    "the conflict makes way for a question that can be answered; closed in Sales by a person, it ends, and the "
    "history names what was lost",
)
def test_posted_with_an_open_conflict(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    edit_line(shop, number, quantity=20)
    shop.sync(expect=1)
    ship(shop, number)
    invoice(shop, number)
    shop.sync(expect=1, sweep_all=True)
    with shop.company.store() as store, store.transaction():
        assert (listed(shop), list(store.conflicts.open())) == (["posted-and-changed"], [])
    invoice_in_sales(shop, number)
    shop.sync()
    assert (listed(shop), state(shop, number)) == ([], INVOICED)
    (lost,) = history(shop, number, "decided")[-1]["decisions"]
    assert (lost["group"], lost["outcome"], lost["sales"]["quantity"]) == ("goods", "keep", 20)
    shop.agreed()


@scenario(
    "an order with an open conflict",
    "a clerk deletes it in the back office",
    "it is opened again in Sales and nobody is asked about the conflict; submitted, it is made as the seller has it",
)
def test_deleted_with_an_open_conflict(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    edit_line(shop, number, quantity=20)
    shop.sync(expect=1)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    assert state(shop, number) == ACTIVE
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert back_quantities(shop, number) == [20, 3]
    shop.agreed()


@scenario(
    "an order on both sides",
    "it is canceled in Sales and posted in the back office between two runs",
    "a conflict for a person that says so",
)
def test_canceled_and_posted(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    invoice(shop, number)
    cancel(shop, number)
    shop.sync(expect=1, sweep_all=True)
    assert (listed(shop), _on_orders(shop)) == (["canceled-but-posted"], [])


@scenario(
    "an order on both sides",
    "it is canceled in Sales and deleted in the back office between two runs",
    "both sides are done with it",
)
def test_canceled_and_deleted(shop: Bench) -> None:
    number = coupled(shop)
    delete_in_back_office(shop, number)
    cancel(shop, number)
    shop.sync(sweep_all=True)
    assert shop.writes() == []
    shop.agreed()


@scenario("an order on both sides", "it is deleted on both sides between two runs", "the coupling ends, once for all")
def test_deleted_on_both_sides(shop: Bench) -> None:
    number = coupled(shop)
    delete_in_back_office(shop, number)
    delete_in_sales(shop, number)
    shop.sync(sweep_all=True)
    assert shop.writes() == []
    assert listed(shop) == []
    shop.agreed()


@scenario(
    "a back office that was restored from yesterday's backup",
    "orders of today are missing there, and others are older than they were",
    "all writing stops, exit code 6, until a person says that it was meant",
)
def test_back_office_restored(shop: Bench) -> None:
    stays, goes = coupled(shop), coupled(shop, 1)
    shop.running.back_office.clock.move(-timedelta(days=1).total_seconds())
    change_back_line(shop, stays, quantity=7)  # stamped a day before what was read of it
    delete_in_back_office(shop, goes)
    shop.running.back_office.clock.move(timedelta(days=1).total_seconds())
    shop.mark()
    result = shop.sync(expect=6, sweep_all=True)
    assert result["error"]["code"] == "restored-system"
    assert shop.writes() == []
    assert state(shop, goes) == SUBMITTED
    accept_restore(shop.company, "back_office")
    shop.sync(expect=1, sweep_all=True)
    assert (quantities(shop, stays), listed(shop)) == ([2, 3], ["conflict"])
    assert state(shop, goes) == ACTIVE


@scenario("an order that closed short", "its archive is asked for", "no version was kept: nothing of it was replaced")
def test_closing_keeps_no_version(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    invoice(shop, number)
    shop.sync(sweep_all=True)
    assert versions(shop, number) == []
    shop.agreed()


@scenario(
    "an order whose document a clerk has deleted, with an edit of the seller's in the same minute",
    "the run finds both",
    "it is opened again with the seller's edit in it, and submitted again it is created so",
)
def test_deleted_and_edited(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    delete_in_back_office(shop, number)
    shop.sync(sweep_all=True)
    assert (state(shop, number), quantities(shop, number)) == (ACTIVE, [9, 3])
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert [line["quantity"] for line in live(shop, number)[0]["salesOrderLines"]] == [9, 3]
    shop.agreed()


@scenario(
    "an order whose document a clerk has deleted",
    "its shipments cannot be asked for",
    "the run ends with the system's error, and nothing is concluded",
)
def test_evidence_unreadable(shop: Bench) -> None:
    number = coupled(shop)
    delete_in_back_office(shop, number)
    shop.fault("back_office", kind="refuse", next=9, status=500, match={"path": "salesShipments"})
    shop.sync(expect=4, sweep_all=True)
    assert (shop.writes(), state(shop, number)) == ([], SUBMITTED)


def test_the_reason_names_the_cause(shop: Bench) -> None:
    """What `errors` lists reads as a sentence a person can act on."""
    shop.overlay(f"name: {ORDER}\ndeleted: {{in_back_office: ask}}\n")
    number = coupled(shop)
    delete_in_back_office(shop, number)
    shop.sync(expect=1, sweep_all=True)
    assert message(shop) == "the order was deleted in the back office: nothing of it was shipped or invoiced"


@scenario(
    "an order that a person coupled with its document, still Active in Sales, so that nothing was agreed yet",
    "the document is shipped and invoiced, and the seller submits the order",
    "it is a person's, by that cause: not opened again, and nothing is created for it",
)
def test_posted_before_anything_was_agreed(bench: Bench) -> None:
    bench.sync()
    customer = bench.running.world.customers[1]
    document = bench.back_office_order(2, 3, release=False)
    number = bench.sales_order(2, 3, submit=False, account=customer.sales_id)
    couple_record(bench.company, "SALESORDER-ORDER", sales_id(bench, number), document["id"])
    bench.sync()
    for action in ("release", "ship", "invoice"):
        bench.clerk.act(document, action)
    bench.seller.submit(sales_id(bench, number))
    bench.mark()
    bench.sync(expect=1)
    bench.later("back_office", 600)
    bench.sync(expect=1)
    assert listed(bench) == ["posted-before-agreed"]
    assert state(bench, number) == SUBMITTED
    assert bench.writes("back_office") == []
    assert "before both sides had agreed" in status_line(bench, number)
