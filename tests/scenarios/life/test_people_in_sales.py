"""Cancel, delete, reactivate, fulfil and invoice: what a person does to an order in Sales."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from syncengine.errors import FailureClass
from tests.bench.bench import Bench
from tests.scenarios.acts import ACTIVE
from tests.scenarios.acts import CANCELED
from tests.scenarios.acts import FULFILLED
from tests.scenarios.acts import INVOICED
from tests.scenarios.acts import SUBMITTED
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import cancel
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import delete_in_sales
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import fulfil
from tests.scenarios.acts import history
from tests.scenarios.acts import invoice
from tests.scenarios.acts import invoice_in_sales
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import message
from tests.scenarios.acts import quantities
from tests.scenarios.acts import release
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import ship
from tests.scenarios.acts import state
from tests.scenarios.acts import versions
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow

ORDER = "SALESORDER-ORDER"


@scenario(
    "an order on both sides, nothing shipped",
    "it is canceled in Sales",
    "the document is archived and removed, once",
    as_processes=True,
)
def test_canceled(shop: Bench) -> None:
    number = coupled(shop)
    document = live(shop, number)[0]["number"]
    cancel(shop, number)
    shop.sync()
    assert (live(shop, number), state(shop, number)) == ([], CANCELED)
    ((version,), (kept,)) = ([one.version for one in versions(shop, number)], versions(shop, number))
    assert (version, kept.number, kept.reason) == (1, document, "canceled in Sales")
    assert [line.fields["quantity"] for line in kept.document.lines] == [2, 3]
    shop.agreed()


@scenario(
    "a released order, nothing shipped",
    "it is canceled in Sales",
    "the document is archived and removed: a release does not hinder it",
)
def test_canceled_when_released(shop: Bench) -> None:
    number = coupled(shop)
    release(shop, number)
    shop.sync()
    cancel(shop, number)
    shop.sync()
    assert live(shop, number) == []
    shop.agreed()


@scenario("an order in review", "it is canceled in Sales", "it waits for the review; rejected, it is removed")
def test_canceled_in_review(shop: Bench) -> None:
    number = coupled(shop)
    shop.clerk.act(live(shop, number)[0], "send-for-approval")
    cancel(shop, number)
    shop.sync()
    assert listed(shop, FailureClass.WAITING) == ["in-review"]
    assert len(live(shop, number)) == 1
    shop.clerk.act(live(shop, number)[0], "reject")
    shop.sync(sweep_all=True)
    assert live(shop, number) == []
    shop.agreed()


@scenario(
    "an order of which goods have left",
    "it is canceled in Sales",
    "a conflict for a person that says so; the document stays",
)
def test_canceled_after_shipping(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 1)
    shop.sync()
    shop.mark()
    cancel(shop, number)
    shop.sync(expect=1)
    assert listed(shop) == ["canceled-in-sales"]
    assert message(shop) == "the order was set to canceled in Sales by a person, after goods were shipped"
    assert (len(live(shop, number)), shop.writes()) == (1, [])


@scenario(
    "an order that is canceled in Sales",
    "a clerk changes a quantity before the run, and the seller changed it too",
    "it is removed all the same; the archived version holds the clerk's value, and the history names both",
)
def test_canceled_while_edited(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=7)
    change_back_line(shop, number, quantity=15)
    cancel(shop, number)
    shop.sync()
    assert live(shop, number) == []
    assert [line.fields["quantity"] for line in versions(shop, number)[0].document.lines] == [15, 3]
    (decision,) = [one for one in history(shop, number, "planned")[-1]["decisions"] if one["group"] == "goods"]
    assert decision["outcome"] == "keep"
    assert decision["reason"] == "changed on both sides; the order was canceled in Sales"
    assert (int(Decimal(decision["sales"]["quantity"])), decision["back_office"]["quantity"]) == (7, 15)
    assert listed(shop) == []
    shop.agreed()


@scenario(
    "an order with an open conflict",
    "it is canceled in Sales",
    "the document is archived and removed, and nobody is asked any more",
)
def test_canceled_amid_a_conflict(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=7)
    change_back_line(shop, number, quantity=15)
    shop.sync(expect=1)
    assert listed(shop) == ["conflict"]
    cancel(shop, number)
    shop.sync()
    with shop.company.store() as store, store.transaction():
        assert store.conflicts.open() == []
    assert (live(shop, number), listed(shop)) == ([], [])
    shop.agreed()


@scenario(
    "an order that was canceled in Sales, its document removed",
    "the seller sets it to Active again and submits it",
    "no document is made by itself: the order was ended, and a person is not surprised by a second one",
)
def test_canceled_then_revived(shop: Bench) -> None:
    number = coupled(shop)
    cancel(shop, number)
    shop.sync()
    shop.mark()
    shop.seller.reactivate(sales_id(shop, number))
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert (shop.writes(), live(shop, number)) == ([], [])


@scenario(
    "the policy deleted.in_sales: {policy}",
    "a seller deletes an order of which nothing was shipped",
    "{then}",
)
@pytest.mark.parametrize(
    ("policy", "then"),
    [
        ("ask", "a person is asked; the document stays"),
        ("remove", "after two looks the document is archived and removed, and the history names the clerk's last edit"),
        ("uncouple", "after two looks the document stays for good, and comes not back to Sales"),
    ],
)
def test_deleted_in_sales(shop: Bench, policy: str, then: str) -> None:
    shop.overlay(f"name: {ORDER}\ndeleted: {{in_sales: {policy}}}\n")
    number = coupled(shop)
    shop.mark()
    shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-03-16")
    release(shop, number)
    delete_in_sales(shop, number)
    left = _sales_ids(shop)
    code = 1 if policy == "ask" else 0
    shop.sync(expect=code)
    assert len(live(shop, number)) == (0 if policy == "remove" else 1), then
    assert listed(shop) == (["deleted-in-sales"] if policy == "ask" else [])
    if policy == "remove":
        lost = {one["group"]: one for one in history(shop, number, "planned")[-1]["decisions"]}["requested_delivery"]
        assert (lost["outcome"], lost["back_office"]) == ("keep", date(2027, 3, 16))
    shop.mark()
    shop.sync(expect=code, sweep_all=True)
    assert shop.writes() == []
    assert _sales_ids(shop) == left


def _sales_ids(shop: Bench) -> set[str]:
    return {one["salesorderid"] for one in shop.admin.person.get("salesorders?$select=salesorderid")["value"]}


@scenario(
    "the policy deleted.in_sales: remove, and an order of which goods have left",
    "a seller deletes it",
    "a person is asked: the document is not removed",
)
def test_deleted_after_shipping(shop: Bench) -> None:
    shop.overlay(f"name: {ORDER}\ndeleted: {{in_sales: remove}}\n")
    number = coupled(shop)
    ship(shop, number, 1)
    shop.sync()
    delete_in_sales(shop, number)
    shop.sync(expect=1)
    assert message(shop) == "the order was deleted in Sales, after goods were shipped or invoiced"
    assert len(live(shop, number)) == 1


@scenario(
    "an order on both sides",
    "a seller sets it to Active, and a clerk changes its date and a price meanwhile",
    "nothing is written while it is held; submitted again, both sides' edits arrive",
    as_processes=True,
)
def test_held(shop: Bench) -> None:
    number = coupled(shop)
    shop.seller.reactivate(sales_id(shop, number))
    shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-03-16")
    change_back_line(shop, number, 1, unitPrice=Decimal("4.44"))
    shop.seller.change_line(shop.seller.order(number)["order_details"][0]["salesorderdetailid"], {"quantity": 9})
    shop.sync()
    assert (listed(shop, FailureClass.WAITING), shop.writes()) == (["held"], [])
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert back_quantities(shop, number) == [9, 3]
    assert shop.seller.order(number)["order_details"][1]["priceperunit"] == Decimal("4.44")
    assert shop.seller.order(number)["requestdeliveryby"] == "2027-03-16T16:00:00Z"
    shop.agreed()


@scenario(
    "an order on both sides",
    "a seller sets it to Active and submits it again without a change",
    "nothing is written to the back office",
)
def test_held_for_nothing(shop: Bench) -> None:
    number = coupled(shop)
    shop.seller.reactivate(sales_id(shop, number))
    shop.sync()
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert shop.writes("back_office") == []
    shop.agreed()


@scenario(
    "an order set back to Active by a seller",
    "goods leave meanwhile",
    "a person is told at once; nothing is written until it is submitted",
)
def test_shipped_while_held(shop: Bench) -> None:
    number = coupled(shop)
    shop.seller.reactivate(sales_id(shop, number))
    ship(shop, number, 1)
    shop.sync(expect=1)
    assert (listed(shop), shop.writes()) == (["shipped-while-held"], [])
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert quantities(shop, number, "quantityshipped") == [1, 0]
    shop.agreed()


@scenario(
    'sales_ready = ["submitted", "active"]',
    "a seller enters and changes an order that stays Active",
    "it goes to the back office and its changes follow: nothing is held",
)
def test_active_is_ready(shop: Bench) -> None:
    shop.configure(integration={"sales_ready": ["submitted", "active"]})
    number = shop.sales_order(2, 3, submit=False)
    shop.sync()
    assert back_quantities(shop, number) == [2, 3]
    shop.seller.change_line(shop.seller.order(number)["order_details"][0]["salesorderdetailid"], {"quantity": 9})
    shop.sync()
    assert (back_quantities(shop, number), state(shop, number)) == ([9, 3], ACTIVE)
    shop.agreed()


@scenario(
    "an order on both sides, nothing shipped",
    "a person sets it to {word} in Sales",
    "a conflict for a person; the back office is left alone",
)
@pytest.mark.parametrize("word", ["fulfilled", "invoiced"])
def test_closed_by_hand(shop: Bench, word: str) -> None:
    number = coupled(shop)
    (fulfil if word == "fulfilled" else invoice_in_sales)(shop, number)
    shop.sync(expect=1)
    assert message(shop) == f"the order was set to {word} in Sales by a person"
    assert shop.writes() == []


@scenario(
    "an order of which all has left",
    "a person fulfils it in Sales before the run",
    "the states agree; what a closed order can no longer take is listed, and once it is posted it is Invoiced",
)
def test_fulfilled_by_hand_and_shipped(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    fulfil(shop, number)
    shop.sync(expect=1)
    assert (listed(shop), state(shop, number)) == (["closed-in-sales"], FULFILLED)
    invoice(shop, number)
    shop.sync(sweep_all=True)
    assert state(shop, number) == INVOICED


@scenario(
    "an order that a person has fulfilled too early, and that is listed",
    "the warehouse ships all of it",
    "it is no longer a conflict of states: only what the closed order cannot take is listed",
)
def test_fulfilled_too_early(shop: Bench) -> None:
    number = coupled(shop)
    fulfil(shop, number)
    shop.sync(expect=1)
    assert listed(shop) == ["fulfilled-in-sales"]
    ship(shop, number)
    shop.sync(expect=1)
    assert (listed(shop), state(shop, number)) == (["closed-in-sales"], FULFILLED)


@scenario(
    "an order on both sides",
    "a seller changes it, and it is canceled before the run",
    "it is archived and removed; the change is not carried over first",
)
def test_edited_then_canceled(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    cancel(shop, number)
    shop.sync()
    assert live(shop, number) == []
    assert [write.method for write in shop.writes("back_office")] == ["DELETE"]
    shop.agreed()


@scenario(
    "an order that is canceled in Sales",
    "the back office refuses to delete it",
    "the refusal is listed in its own words; `retry` tries again",
)
def test_removal_refused(shop: Bench) -> None:
    number = coupled(shop)
    cancel(shop, number)
    shop.fault(
        "back_office",
        kind="refuse",
        next=1,
        status=400,
        code="Application_DialogException",
        message="The order stands on a warehouse shipment.",
        match={"method": "DELETE"},
    )
    shop.sync(expect=1)
    assert "The order stands on a warehouse shipment." in message(shop)
    with shop.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    shop.sync()
    assert live(shop, number) == []


@scenario(
    "a new order in Sales that waits for its customer",
    "the seller cancels it",
    "it no longer waits, and no document is made",
)
def test_canceled_before_it_entered(shop: Bench) -> None:
    account = shop.admin.person.request(
        "POST", "accounts", {"name": "Nobody yet", "accountnumber": "N-1"}, prefer="return=representation"
    )["accountid"]
    number = shop.sales_order(1, account=account)
    shop.sync()
    assert listed(shop, FailureClass.WAITING) == ["not-coupled"]
    cancel(shop, number)
    shop.sync()
    assert listed(shop, FailureClass.WAITING) == []
    assert live(shop, number) == []


@scenario(
    "an order that both sides hold",
    "it is canceled in Sales, and its answer to the deletion is lost",
    "the next run finds it gone and ends the coupling; nothing is reopened",
)
def test_removal_with_a_lost_answer(shop: Bench) -> None:
    number = coupled(shop)
    cancel(shop, number)
    shop.fault("back_office", kind="answer-lost", next=1, match={"method": "DELETE"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    assert (live(shop, number), state(shop, number)) == ([], CANCELED)
    assert len(versions(shop, number)) == 1


@scenario(
    "an order on both sides",
    "a seller sets it to Active, and a clerk deletes the document",
    "it is held, nothing is written; submitted again it is opened and says why",
)
def test_held_and_deleted(shop: Bench) -> None:
    number = coupled(shop)
    document = live(shop, number)[0]
    shop.seller.reactivate(sales_id(shop, number))
    shop.clerk.person.request(
        "DELETE", shop.clerk._path(f"salesOrders({document['id']})"), if_match=document["@odata.etag"]
    )
    shop.sync(sweep_all=True)
    assert (listed(shop, FailureClass.WAITING), shop.writes()) == (["held"], [])
    assert state(shop, number) == ACTIVE
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert state(shop, number) == ACTIVE
    assert listed(shop, FailureClass.WAITING) == ["reopened"]
    assert state(shop, number) != SUBMITTED
