"""Twenty-five ways to lose an edit or to double an order. Each test fails when the guard that it names is taken out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncengine.errors import FailureClass
from syncengine.service.decisions import couple_record
from tests.bench.bench import Bench
from tests.recovery.crashes import somebody_acts
from tests.scenarios.acts import SUBMITTED
from tests.scenarios.acts import add_sales_line
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import delete_invoiced_orders
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import history
from tests.scenarios.acts import invoice
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import quantities
from tests.scenarios.acts import release
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import sales_line
from tests.scenarios.acts import ship
from tests.scenarios.acts import state
from tests.scenarios.acts import status_line
from tests.scenarios.acts import versions
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


def _sales_orders(bench: Bench) -> int:
    return len(bench.admin.person.get("salesorders?$select=name")["value"])


@scenario(
    "a new order whose creation is answered with 502 while the service goes on",
    "the next runs look for it",
    "it is found under its key: one document (guard: an unknown create is searched for, never just repeated)",
)
def test_01_still_running(shop: Bench) -> None:
    number = shop.sales_order(2, 3)
    shop.fault("back_office", kind="bad-gateway-after", next=1, match={"path": r"^POST .*salesOrders"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    shop.sync()
    assert len(live(shop, number)) == 1
    shop.agreed()


@scenario(
    "a document of ours whose creation got no answer",
    "the clerk releases it before we know of it, and the poll sees an order of a coupled customer",
    "it is ours, not a new one for Sales (guard: open intents are settled first, their keys never new)",
)
def test_02_our_own_document_taken_for_a_new_one(shop: Bench) -> None:
    before = _sales_orders(shop)
    number = shop.sales_order(2, 3)
    shop.fault("back_office", kind="answer-lost", next=1, match={"path": r"^POST .*salesOrders"})
    shop.fault("back_office", kind="status", next=1, status=503, match={"path": r"^GET .*externalDocumentNumber"})
    shop.sync(expect=None)
    release(shop, number)
    shop.calm()
    shop.sync()
    assert (_sales_orders(shop), len(live(shop, number))) == (before + 1, 1)
    shop.agreed()


@scenario(
    "a name of 130 characters, of which the back office keeps 100, and a country code in small letters",
    "both are sent, and runs follow",
    "neither is ever read as somebody's change (guard: two pictures, each side against its own)",
)
def test_03_lossy_sides(shop: Bench) -> None:
    number = coupled(shop, shipto_name="N" * 130, shipto_line1="1 Main Street", shipto_country="us")
    assert live(shop, number)[0]["shipToName"] == "N" * 100
    shop.sync(sweep_all=True)
    assert shop.writes() == []
    assert shop.seller.order(number)["shipto_name"] == "N" * 130
    shop.agreed()


@scenario(
    "a price of the clerk's that we write to Sales",
    "a seller edits the address right after our write, before we read it back",
    "the edit is carried over (guard: only what we wrote moves the base, a token only with its own read)",
)
def test_04_read_back_swallows_an_edit(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, unitPrice=Decimal("4.56"))
    order = sales_id(shop, number)
    with somebody_acts(
        shop, "after sales.write",
        lambda: shop.seller.edit(order, shipto_line1="1 Harbor Street", shipto_city="Portland"),
    ):  # fmt: skip
        shop.sync()
    shop.sync()
    assert live(shop, number)[0]["shipToCity"] == "Portland"
    shop.agreed()


@scenario(
    "a clerk's account line and comment on an order",
    "the seller changes a quantity",
    "both stand on the successor (guard: the successor takes the whole document, not what is mapped)",
)
def test_05_the_successor_holds_more_than_what_is_mapped(shop: Bench) -> None:
    number = coupled(shop)
    order = live(shop, number)[0]
    shop.clerk.add_line(order, lineType="Comment", description="ring twice")
    edit_line(shop, number, quantity=9)
    shop.sync()
    assert [line["lineType"] for line in live(shop, number)[0]["salesOrderLines"]] == ["Item", "Item", "Comment"]
    shop.agreed()


@scenario(
    "a recreate that is about to delete the predecessor",
    "a clerk edits a line's shipment date, which moves no header token",
    "the edit is not deleted with it (guard: the predecessor is read again, whole, and compared)",
)
def test_06_the_recreate_window(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    with somebody_acts(
        shop, "before back_office.write", lambda: change_back_line(shop, number, shipmentDate="2027-02-03")
    ):  # fmt: skip
        shop.sync()
    (document,) = shop.live_documents(number)
    line = document["salesOrderLines"][0]
    assert (line["quantity"], line["shipmentDate"]) == (9, "2027-02-03")
    shop.agreed()


@scenario(
    "a seller who changes the unit and a clerk who changes the price of one line",
    "a run finds both",
    "a conflict on the goods as a whole (guard: groups are merged as one value)",
)
def test_07_half_a_meaning_merged(shop: Bench) -> None:
    product = shop.products[1]
    box = next(unit for unit in product.units if unit.code == "BOX")
    number = coupled(shop, 24, products=[product])
    edit_line(shop, number, **{"uomid@odata.bind": f"/uoms({box.sales_id})"})
    change_back_line(shop, number, unitPrice=Decimal("1.11"))
    shop.sync(expect=1)
    line = live(shop, number)[0]["salesOrderLines"][0]
    assert (line["unitOfMeasureCode"], line["unitPrice"]) == ("PCS", Decimal("1.11"))
    assert listed(shop) == ["conflict"]


@scenario(
    'on_order_change = "amend" and a negotiated price',
    "the seller changes the quantity alone, which makes Business Central price the line anew",
    "the negotiated price stands on both sides (guard: a group is written whole, in validation order)",
)
def test_08_one_column_three_moved(shop: Bench) -> None:
    shop.configure(integration={"on_order_change": "amend"})
    number = coupled(shop)
    edit_line(shop, number, priceperunit=Decimal("1.23"))
    shop.sync()
    edit_line(shop, number, quantity=9)
    shop.sync()
    line = live(shop, number)[0]["salesOrderLines"][0]
    assert (line["quantity"], line["unitPrice"]) == (9, Decimal("1.23"))
    assert shop.seller.order(number)["order_details"][0]["priceperunit"] == Decimal("1.23")
    shop.agreed()


@scenario(
    "two clerk's orders with the same purchase-order number of a customer",
    "both enter Sales",
    "two orders, each coupled to its own (guard: a number that is not ours identifies nothing)",
)
def test_09_identity(shop: Bench) -> None:
    before = _sales_orders(shop)
    one = shop.back_office_order(2, externalDocumentNumber="PO-77")
    two = shop.back_office_order(3, externalDocumentNumber="PO-77")
    shop.sync()
    shop.sync()
    assert _sales_orders(shop) == before + 2
    assert [quantities(shop, str(shop.sales_order_of(o["number"])["ordernumber"])) for o in (one, two)] == [[2], [3]]
    shop.agreed()


@scenario(
    "a line that is added in place, its answer lost",
    "the next run goes on",
    "the line stands there once (guard: the place in the document that we chose)",
)
def test_10_a_line_has_no_key(shop: Bench) -> None:
    shop.configure(integration={"on_order_change": "amend"})
    number = coupled(shop)
    add_sales_line(shop, number)
    shop.fault("back_office", kind="answer-lost", next=1, match={"path": r"^POST .*salesOrderLines"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    assert (back_quantities(shop, number), quantities(shop, number)) == ([2, 3, 4], [2, 3, 4])
    shop.agreed()


@scenario(
    "a new order with a discount, whose last request is refused for good",
    "the document stands there without its discount",
    "that is not read as a clerk's discount of 0 (guard: what was not written is left out of the base)",
)
def test_11_a_create_is_several_requests(shop: Bench) -> None:
    number = shop.sales_order(2, 3, discountamount=Decimal(5))
    shop.fault("back_office", kind="reset-before", next=1, match={"path": r"^PATCH .*salesOrders"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    assert live(shop, number)[0]["discountAmount"] == 5
    assert shop.seller.order(number)["discountamount"] == 5
    shop.agreed()


@scenario(
    "two orders that a person couples, each with a line that the other lacks",
    "a run compares them without a base",
    "lines are added, none is removed (guard: without a base, one side's line is an addition)",
)
def test_12_coupled_without_a_base(shop: Bench) -> None:
    number = shop.sales_order(2, 3, submit=False)
    other = shop.back_office_order(2, 0, 7, release=False)
    shop.seller.change(sales_id(shop, number), **{
        "customerid_account@odata.bind": f"/accounts({shop.running.world.customers[1].sales_id})"
    })  # fmt: skip
    shop.seller.submit(sales_id(shop, number))
    couple_record(shop.company, "SALESORDER-ORDER", number, other["number"])
    shop.sync(expect=None)
    there = [line["lineObjectNumber"] for line in shop.clerk.order(other["number"])["salesOrderLines"]]
    assert {product.number for product in (*shop.products[:3],)} <= set(there)


@scenario(
    "an order whose coupling a person has ended",
    "runs follow, and the seller edits it",
    "no second document, no second order (guard: an id that was ever coupled is never new)",
)
def test_13_created_again(shop: Bench) -> None:
    before = _sales_orders(shop)
    number = coupled(shop)
    with shop.company.store(writes=True) as store, store.transaction():
        (coupling,) = store.couplings.by_remote("SALESORDER-ORDER", "sales", [sales_id(shop, number)])[
            sales_id(shop, number)
        ]
        store.couplings.end(coupling.id, "uncoupled", "a person said so")
    release(shop, number)
    edit_line(shop, number, quantity=9)
    shop.sync()
    shop.sync(sweep_all=True)
    assert (shop.writes(), len(live(shop, number)), _sales_orders(shop)) == ([], 1, before + 1)


@scenario(
    "a proxy that answers 404 with a page of its own for an order",
    "runs follow, long enough apart",
    "the order is not taken for deleted (guard: only the service's own not-found counts)",
)
def test_14_absence_read_as_deletion(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    path = rf"salesOrders\({live(shop, number)[0]['id']}\)"
    shop.fault("back_office", kind="status", next=99, status=404, match={"path": path})
    for _ in range(2):
        shop.sync(expect=None)
        shop.clock.sleep(120)
    shop.calm()
    assert (state(shop, number), status_line(shop, number).endswith("Draft, to be released")) == (SUBMITTED, True)
    shop.clock.sleep(4000)
    shop.sync()
    assert back_quantities(shop, number) == [9, 3]
    shop.agreed()


@scenario(
    "an order that was shipped, invoiced on an invoice without its number, and cleaned up",
    "a run finds it gone",
    "it is not opened again in Sales (guard: what was posted is looked for before a deletion is believed)",
)
def test_15_gone_misread(shop: Bench) -> None:
    number = coupled(shop)
    ship(shop, number)
    invoice(shop, number, separate=True)
    delete_invoiced_orders(shop)
    shop.sync(sweep_all=True)
    assert state(shop, number) == 4
    shop.agreed()


@scenario(
    "a person who edits a column in Sales that is the back office's word",
    "a run finds it",
    "it is set back, what was seen is in the history, and no conflict arises (guard: one-way rows have no vote there)",
)
def test_16_one_way_drift(shop: Bench) -> None:
    number = coupled(shop)
    right = status_line(shop, number)
    shop.admin.person.request("PATCH", f"salesorders({sales_id(shop, number)})", {"submitstatusdescription": "mine"})
    shop.sync()
    assert status_line(shop, number) == right
    seen = [one for event in history(shop, number, "planned") for one in event["decisions"]]
    assert any(one["outcome"] == "restore" and one["sales"] == "mine" for one in seen)
    shop.agreed()


@scenario(
    "a flow that runs under our own integration user",
    "it edits an order",
    "the edit is carried over like a seller's (guard: who modified it is never a reason)",
)
def test_17_the_integration_users_fingerprints(shop: Bench) -> None:
    number = coupled(shop)
    flow = shop.running.person("sales", "integration")
    order = sales_id(shop, number)
    flow.request("PATCH", f"salesorders({order})", {"statecode": 0, "statuscode": 2})
    flow.request("PATCH", f"salesorders({order})", {"shipto_line1": "1 Harbor Street", "shipto_city": "Portland"})
    flow.request("PATCH", f"salesorders({order})", {"statecode": 1, "statuscode": 3})
    shop.sync()
    assert live(shop, number)[0]["shipToCity"] == "Portland"
    shop.agreed()


@scenario(
    'on_order_change = "amend", six lines and a header discount that is shared out anew at every line',
    "the seller changes all six quantities",
    "it ends, with about one write a line (guard: our own writes and what derives from them move tokens, nothing else)",
)
def test_18_our_own_cascades(shop: Bench) -> None:
    shop.configure(integration={"on_order_change": "amend"})
    number = coupled(shop, 1, 2, 3, 4, 5, 6, discountamount=Decimal(12))
    order = shop.seller.order(number)
    lines = {line["salesorderdetailid"]: {"quantity": line["quantity"] + 10} for line in order["order_details"]}
    shop.seller.edit(order["salesorderid"], lines=lines)
    shop.mark()
    shop.sync()
    assert back_quantities(shop, number) == [11, 12, 13, 14, 15, 16]
    assert len(shop.writes("back_office")) <= 12
    shop.agreed()


@scenario(
    "a Sales that locks submitted orders, so that we open, write and submit",
    "a seller sets the order to Active and is half through an edit when our write arrives",
    "the half-made edit is not submitted (guard: the first request of the change set carries the token)",
)
def test_19_actions_without_a_precondition(shop: Bench) -> None:
    shop.switch("sales", submitted_lock="everybody")
    number = coupled(shop)
    order, line = sales_id(shop, number), sales_line(shop, number)
    change_back_line(shop, number, 1, unitPrice=Decimal("4.56"))

    def half_an_edit() -> None:
        shop.seller.reactivate(order)
        shop.seller.change_line(line, {"quantity": 50})

    with somebody_acts(shop, "before sales.write", half_an_edit):
        shop.sync()
    assert state(shop, number) == 0
    assert listed(shop, FailureClass.WAITING) == ["held"]
    assert back_quantities(shop, number) == [2, 3]


@scenario(
    "a back office set back to yesterday",
    "a run reads an order in an older version than before",
    "nothing flows over a day of edits: writing stops (guard: a server's stamps do not go back)",
)
def test_20_limits(shop: Bench) -> None:
    number = coupled(shop)
    shop.running.back_office.clock.move(-86400)
    change_back_line(shop, number, quantity=7)
    shop.running.back_office.clock.move(86400)
    result = shop.sync(expect=6, sweep_all=True)
    assert result["error"]["code"] == "restored-system"
    assert quantities(shop, number) == [2, 3]


@scenario(
    "a posting that began five minutes ago and is committed now, stamped below our watermark",
    "the next run polls",
    "it is found (guard: the watermark reads with an overlap)",
)
def test_21_cursors_that_step_over(shop: Bench) -> None:
    number = coupled(shop)
    shop.sync()
    document = live(shop, number)[0]
    shop.running.back_office.clock.move(301)
    shop.sync()
    shop.clerk.act(document, "ship", started_seconds_ago=300)
    shop.sync()
    assert quantities(shop, number, "quantityshipped") == [2, 3]
    shop.agreed()


@scenario(
    "a line's description that a clerk changes, which moves no stamp",
    "the sweep comes round",
    "it is found (guard: the sweep compares whatever the stamps say)",
)
def test_22_no_sweep(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, description="Desk, oak")
    shop.sync()
    assert shop.writes("sales") == []
    shop.sync(sweep_all=True)
    assert shop.seller.order(number)["order_details"][0]["description"] == "Desk, oak"
    shop.agreed()


@scenario(
    "a mapping that writes a column which Sales takes at creation only",
    "the back office's value is written, and Sales answers with success and drops it",
    "a failure that names the column, never a new base (guard: the answer is compared with what was sent)",
)
def test_23_silently_dropped(shop: Bench) -> None:
    shop.overlay(
        "name: SALESORDER-ORDER\nfields:\n"
        "  posted_on: {sales: overriddencreatedon, back_office: postingDate, to: sales, transform: calendar_day}\n"
    )
    shop.switch("sales", not_updatable="dropped")
    shop.sales_order(2, 3)
    result = shop.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["did-not-take"]
    assert "posted_on" in result["errors"][0]["message"]


@scenario(
    "a clerk who changes the customer, so that Business Central gives every line a new id",
    "a run finds it",
    "the Sales lines stay the same lines (guard: vanished lines are paired with new ones before anything is removed)",
)
def test_24_new_line_ids(shop: Bench) -> None:
    number = coupled(shop)
    before = [line["salesorderdetailid"] for line in shop.seller.order(number)["order_details"]]
    shop.clerk.change(live(shop, number)[0], customerId=shop.running.world.customers[1].back_office_id)
    shop.sync()
    assert [line["salesorderdetailid"] for line in shop.seller.order(number)["order_details"]] == before
    shop.agreed()


@scenario(
    "a company in Auckland",
    "a delivery day crosses from one system to the other and back",
    "16 March stays 16 March (guard: the day in the configured zone, written as its noon)",
)
def test_25_auckland(shop: Bench) -> None:
    shop.configure(sales={"time_zone": "Pacific/Auckland"})
    number = coupled(shop, requestdeliveryby="2027-03-15T11:00:00Z")
    assert live(shop, number)[0]["requestedDeliveryDate"] == "2027-03-16"
    shop.clerk.change(live(shop, number)[0], requestedDeliveryDate="2027-03-17")
    shop.sync()
    assert shop.seller.order(number)["requestdeliveryby"] == "2027-03-16T23:00:00Z"
    assert versions(shop, number) == []
    shop.agreed()
