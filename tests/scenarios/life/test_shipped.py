"""Orders that are released, in review, shipped in part or in full, invoiced in part: what still may change, and how."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncengine.errors import FailureClass
from tests.bench.bench import Bench
from tests.recovery.crashes import somebody_acts
from tests.scenarios.acts import ACTIVE
from tests.scenarios.acts import FULFILLED
from tests.scenarios.acts import INVOICED
from tests.scenarios.acts import SUBMITTED
from tests.scenarios.acts import add_sales_line
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import invoice
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import message
from tests.scenarios.acts import quantities
from tests.scenarios.acts import release
from tests.scenarios.acts import remove_sales_line
from tests.scenarios.acts import reopen
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import sales_line
from tests.scenarios.acts import ship
from tests.scenarios.acts import state
from tests.scenarios.acts import status_line
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


def _part_shipped(bench: Bench, *, reopened: bool = True) -> str:
    """2 and 3 pieces, 1 of the first shipped; Draft again if `reopened`."""
    number = coupled(bench)
    ship(bench, number, 1, 0)
    if reopened:
        reopen(bench, number)
    bench.sync()
    bench.mark()
    return number


@scenario(
    "an order on both sides",
    "1 of 2 pieces of its first line is shipped",
    "Sales shows it: shipped 1, backordered 1 and 3, and the order says `shipped in part`",
)
def test_part_shipped(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 1, 0)
    shop.sync()
    assert quantities(shop, number, "quantityshipped") == [1, 0]
    assert quantities(shop, number, "quantitybackordered") == [1, 3]
    assert (status_line(shop, number).partition(" · ")[2], state(shop, number)) == ("shipped in part", SUBMITTED)
    shop.agreed()


@scenario(
    "an order on both sides, nothing shipped",
    "a run looks at it",
    "nothing is backordered: that begins with the first shipment",
)
def test_nothing_backordered(shop: Bench) -> None:
    number = coupled(shop)
    assert quantities(shop, number, "quantitybackordered") == [0, 0]
    shop.agreed()


@scenario(
    "an order on both sides",
    "all of it is shipped",
    "it is Fulfilled in Sales, nothing is backordered, and it says `shipped`",
    as_processes=True,
)
def test_shipped(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    shop.sync()
    assert (state(shop, number), quantities(shop, number, "quantitybackordered")) == (FULFILLED, [0, 0])
    assert status_line(shop, number).endswith("· shipped")
    shop.agreed()


@scenario(
    "an order of which part was shipped and part of that invoiced",
    "the rest follows in two further shipments and an invoice",
    "Sales follows each time, and ends Invoiced",
)
def test_step_by_step(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 1, 0)
    invoice(shop, number, 1, 0)
    shop.sync()
    assert (quantities(shop, number, "quantityshipped"), state(shop, number)) == ([1, 0], SUBMITTED)
    ship(shop, number, 1, 2)
    shop.sync(sweep_all=True)
    assert quantities(shop, number, "quantityshipped") == [2, 2]
    ship(shop, number)
    shop.sync(sweep_all=True)
    assert state(shop, number) == FULFILLED
    invoice(shop, number)
    shop.sync(sweep_all=True)
    assert state(shop, number) == INVOICED
    shop.agreed()


@scenario(
    "an order of which 1 of 2 pieces is shipped, and which is Draft again",
    "the seller raises the quantity to 5",
    "it is amended in place: same number, 5 ordered, 1 shipped",
)
def test_quantity_raised(shop: Bench) -> None:
    number = _part_shipped(shop)
    before = live(shop, number)[0]["number"]
    edit_line(shop, number, quantity=5)
    shop.sync()
    assert (back_quantities(shop, number), live(shop, number)[0]["number"]) == ([5, 3], before)
    assert quantities(shop, number, "quantityshipped") == [1, 0]
    shop.agreed()


@scenario(
    "an order of which 1 of 2 pieces is shipped, and which is Draft again",
    "the seller sets the quantity to what is shipped",
    "it is amended in place",
)
def test_quantity_as_shipped(shop: Bench) -> None:
    number = _part_shipped(shop)
    edit_line(shop, number, quantity=1)
    shop.sync()
    assert back_quantities(shop, number) == [1, 3]
    shop.agreed()


@scenario(
    "an order of which 2 of 2 pieces are shipped, and which is Draft again",
    "the seller sets the quantity to 1",
    "a conflict that says how many are shipped; nothing is written",
    as_processes=True,
)
def test_quantity_under_shipped(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 2, 0)
    reopen(shop, number)
    shop.sync()
    shop.mark()
    edit_line(shop, number, quantity=1)
    shop.sync(expect=1)
    assert message(shop).startswith("the quantity of ")
    assert message(shop).endswith(" was set to 1 in Sales, but 2 are shipped")
    assert shop.writes("back_office") == []


@scenario(
    "an order of which the first line is shipped, and which is Draft again",
    "the seller removes that line",
    "a conflict that names it; nothing is written",
)
def test_shipped_line_removed(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 2, 0)
    reopen(shop, number)
    shop.sync()
    shop.mark()
    remove_sales_line(shop, number)
    shop.sync(expect=1)
    assert message(shop).endswith("was removed in Sales, but 2 of it are shipped")
    assert shop.writes("back_office") == []


@scenario(
    "an order of which the first line is shipped, and which is Draft again",
    "the seller removes the other line",
    "that line is removed there; with all that is left shipped the order is Fulfilled",
)
def test_unshipped_line_removed(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 2, 0)
    reopen(shop, number)
    shop.sync()
    remove_sales_line(shop, number, 1)
    shop.sync()
    assert (back_quantities(shop, number), state(shop, number)) == ([2], FULFILLED)
    shop.agreed()


@scenario(
    "an order of which goods have left, and which is Draft again",
    "the seller adds a line",
    "it is added in place",
    as_processes=True,
)
def test_line_added(shop: Bench) -> None:
    number = _part_shipped(shop)
    before = live(shop, number)[0]["number"]
    add_sales_line(shop, number)
    shop.sync()
    assert (back_quantities(shop, number), live(shop, number)[0]["number"]) == ([2, 3, 4], before)
    shop.agreed()


@scenario(
    "an order of which goods have left, and which is released",
    "the seller changes a quantity",
    "a conflict that says to reopen it; reopened, the change is written",
)
def test_released_and_shipped(shop: Bench) -> None:
    number = _part_shipped(shop, reopened=False)
    edit_line(shop, number, quantity=5)
    shop.sync(expect=1)
    assert "while it is released its lines are locked" in message(shop)
    assert status_line(shop, number).partition(" · ")[2].startswith("needs attention: the order was changed in Sales")
    reopen(shop, number)
    shop.sync()
    assert back_quantities(shop, number) == [5, 3]
    shop.agreed()


@scenario(
    "an order of which goods have left",
    "the seller changes its ship-to address",
    "it is patched in place: an address is no goods",
)
def test_address_after_shipping(shop: Bench) -> None:
    number = _part_shipped(shop)
    shop.seller.edit(sales_id(shop, number), shipto_line1="1 Harbor Street", shipto_city="Portland")
    shop.sync()
    assert live(shop, number)[0]["shipToCity"] == "Portland"
    shop.agreed()


@scenario(
    "an order of which goods have left",
    "the seller changes the customer",
    "a conflict that says so; nothing is written",
)
def test_customer_after_shipping(shop: Bench) -> None:
    number = _part_shipped(shop)
    other = shop.running.world.customers[1].sales_id
    shop.seller.edit(sales_id(shop, number), **{"customerid_account@odata.bind": f"/accounts({other})"})
    shop.sync(expect=1)
    assert message(shop) == "the customer was changed in Sales after goods were shipped"
    assert shop.writes("back_office") == []


@scenario(
    "an order of which the first line is shipped in part",
    "the seller replaces its product",
    "a conflict that says so; nothing is written",
)
def test_product_after_shipping(shop: Bench) -> None:
    number = _part_shipped(shop)
    product = shop.products[3]
    edit_line(shop, number, **{"productid@odata.bind": f"/products({product.sales_id})",
                               "uomid@odata.bind": f"/uoms({product.units[0].sales_id})"})  # fmt: skip
    shop.sync(expect=1)
    assert message(shop).startswith("the product of ")
    assert shop.writes("back_office") == []


@scenario(
    "an order that is {how}",
    "the seller changes a quantity",
    "{then}",
)
@pytest.mark.parametrize(
    ("how", "then"),
    [
        ("a draft", "archived and recreated, a draft"),
        ("released", "archived and recreated: the successor is a draft and says that it is to be released"),
        ("in review", "waits for the review; approved it is recreated"),
    ],
)
def test_quantity_by_state(shop: Bench, how: str, then: str) -> None:
    number = coupled(shop)
    before = live(shop, number)[0]
    if how != "a draft":
        shop.clerk.act(before, "release" if how == "released" else "send-for-approval")
        shop.sync(sweep_all=True)
    edit_line(shop, number, quantity=9)
    shop.sync()
    if how == "in review":
        assert listed(shop, FailureClass.WAITING) == ["in-review"], then
        assert "waiting: the order is in review" in status_line(shop, number)
        shop.clerk.act(live(shop, number)[0], "approve")
        shop.sync(sweep_all=True)
    after = live(shop, number)[0]
    assert after["number"] != before["number"]
    assert (back_quantities(shop, number), after["status"]) == ([9, 3], "Draft")
    assert status_line(shop, number) == f"{after['number']} · Draft, to be released"
    shop.agreed()


@scenario(
    "recreate_released = false, and a released order",
    "the seller changes a quantity",
    "a conflict that says so; reopened by the clerk it is recreated",
)
def test_not_when_released(shop: Bench) -> None:
    shop.configure(integration={"recreate_released": False})
    number = coupled(shop)
    release(shop, number)
    shop.sync()
    edit_line(shop, number, quantity=9)
    shop.sync(expect=1)
    assert listed(shop) == ["released-order-changed"]
    assert back_quantities(shop, number) == [2, 3]
    reopen(shop, number)
    shop.sync()
    assert back_quantities(shop, number) == [9, 3]
    shop.agreed()


@scenario(
    'on_order_change = "amend", and an order that is {how}',
    "the seller changes a quantity",
    "{then}",
)
@pytest.mark.parametrize(
    ("how", "then"),
    [("a draft", "amended in place: the number stays"), ("released", "its lines are locked: archived and recreated")],
)
def test_amend(shop: Bench, how: str, then: str) -> None:
    shop.configure(integration={"on_order_change": "amend"})
    number = coupled(shop)
    before = live(shop, number)[0]["number"]
    if how == "released":
        release(shop, number)
        shop.sync()
    edit_line(shop, number, quantity=9)
    shop.sync()
    after = live(shop, number)[0]["number"]
    assert (back_quantities(shop, number), after == before) == ([9, 3], how == "a draft"), then
    shop.agreed()


@scenario(
    "an order of which all has been shipped",
    "the seller sets it to Active in the moment in which we are about to fulfil it",
    "it is not fulfilled over the seller's head: it is held, and Fulfilled once it is submitted again",
)
def test_fulfilling_is_guarded(shop: Bench) -> None:
    number = coupled(shop)
    release(shop, number)
    shop.sync()
    ship(shop, number)
    with somebody_acts(shop, "before sales.write", lambda: shop.seller.reactivate(sales_id(shop, number))):
        shop.sync(expect=None)
    assert state(shop, number) == ACTIVE
    shop.seller.submit(sales_id(shop, number))
    shop.sync()
    assert state(shop, number) == FULFILLED
    shop.agreed()


HELD_FAST = {
    "with an invoiced prepayment": "You cannot delete the order because it has an invoiced prepayment.",
    "on a warehouse shipment": "You cannot delete the line because a Whse. Shpt. Line exists for it.",
}


@scenario(
    "an order {how}: Business Central refuses to delete it",
    "the seller changes a quantity",
    "the way back is taken: the old document stays as it was, the successor is gone, and the refusal is listed",
)
@pytest.mark.parametrize("how", HELD_FAST)
def test_a_document_that_cannot_be_deleted(shop: Bench, how: str) -> None:
    number = coupled(shop)
    before = live(shop, number)[0]["number"]
    edit_line(shop, number, quantity=9)
    shop.fault(
        "back_office", kind="refuse", next=1, status=400, code="Application_DialogException", message=HELD_FAST[how],
        match={"method": "DELETE"},
    )  # fmt: skip
    shop.sync(expect=1)
    assert HELD_FAST[how] in message(shop)
    assert [order["number"] for order in shop.live_documents(number)] == [before]
    assert back_quantities(shop, number) == [2, 3]
    assert "needs attention" in status_line(shop, number)


@scenario(
    "an order of which goods have left",
    "a clerk changes the price of the line that has not",
    "it flows to Sales, totals equal to the cent",
)
def test_price_after_shipping(shop: Bench) -> None:
    number = _part_shipped(shop)
    change_back_line(shop, number, 1, unitPrice=Decimal("12.34"))
    shop.sync()
    sales = shop.seller.order(number)
    assert sales["order_details"][1]["priceperunit"] == Decimal("12.34")
    assert sales["totalamount"] == live(shop, number)[0]["totalAmountIncludingTax"]
    shop.agreed()


@scenario(
    "a released order whose line was changed by the seller",
    "the clerk has changed the same line",
    "after a release the back office owns the goods: its value flows, the seller's is in the history",
)
def test_released_conflict(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    release(shop, number)
    edit_line(shop, number, quantity=20)
    shop.sync()
    assert (quantities(shop, number), back_quantities(shop, number)) == ([15, 3], [15, 3])
    shop.agreed()


@scenario(
    "an order of which goods have left",
    "the seller and the clerk change the same quantity",
    "the back office owns the goods: its value flows",
)
def test_shipped_conflict(shop: Bench) -> None:
    number = _part_shipped(shop)
    change_back_line(shop, number, quantity=15)
    edit_line(shop, number, quantity=20)
    shop.sync()
    assert (quantities(shop, number), back_quantities(shop, number)) == ([15, 3], [15, 3])
    shop.agreed()


@scenario(
    "an order shipped in full and Fulfilled",
    "the clerk changes the price before the invoice",
    "Sales holds a Fulfilled order read-only: the difference is listed, not written",
)
def test_price_after_fulfilment(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    shop.sync()
    reopen(shop, number)
    change_back_line(shop, number, 1, unitPrice=Decimal("12.34"))
    shop.mark()
    shop.sync(expect=1, sweep_all=True)
    assert listed(shop) == ["closed-in-sales"]
    assert shop.writes("sales") == []


@scenario(
    "an order of one line, shipped in full",
    "the clerk reopens it, adds a line and ships that too",
    "what cannot be written to a Fulfilled order is listed",
)
def test_line_added_after_fulfilment(shop: Bench) -> None:
    number = coupled(shop, 1)
    ship(shop, number)
    shop.sync()
    reopen(shop, number)
    order = live(shop, number)[0]
    shop.clerk.add_line(
        order, lineType="Item", itemId=shop.products[7].back_office_id, quantity=5, unitPrice=Decimal(2)
    )
    shop.sync(expect=1)
    assert listed(shop) == ["closed-in-sales"]


@scenario(
    "a column of the Sales line that is named for shipment dates",
    "the clerk puts a shipment off, and the sweep comes round",
    "the seller sees the new date on the line; the date that was asked for stays the seller's",
)
def test_shipment_date(shop: Bench) -> None:
    shop.configure(sales={"shipment_date_column": "requestdeliveryby"})  # of the line, not of the order
    number = coupled(shop, requestdeliveryby="2027-02-01T17:00:00Z")
    change_back_line(shop, number, shipmentDate="2027-03-16")
    shop.sync(sweep_all=True)
    sales = shop.seller.order(number)
    assert sales["order_details"][0]["requestdeliveryby"] == "2027-03-16T16:00:00Z"
    assert sales["requestdeliveryby"] == "2027-02-01T17:00:00Z"
    shop.agreed()


@scenario(
    "an order whose lines are shipped in another order than they were entered",
    "the second line is shipped first",
    "each Sales line shows its own quantity",
)
def test_second_line_first(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number, 0, 3)
    shop.sync()
    assert quantities(shop, number, "quantityshipped") == [0, 3]
    assert sales_line(shop, number, 1)
    shop.agreed()
