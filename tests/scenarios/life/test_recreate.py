"""Archive and recreate: what survives, what is named as lost, what comes between; and in place, by the companion."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.errors import FailureClass
from syncengine.orders.recreate import RECHECK
from syncengine.sandbox.back_office.documents import archive
from tests.bench.bench import Bench
from tests.recovery.crashes import somebody_acts
from tests.scenarios.acts import add_sales_line
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import cancel
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import history
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import message
from tests.scenarios.acts import quantities
from tests.scenarios.acts import release
from tests.scenarios.acts import remove_sales_line
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import ship
from tests.scenarios.acts import status_line
from tests.scenarios.acts import versions
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow

BEFORE = "before back_office.write"


def _change_customer(bench: Bench, number: str) -> None:
    other = bench.running.world.customers[1].sales_id
    bench.seller.edit(sales_id(bench, number), **{"customerid_account@odata.bind": f"/accounts({other})"})


def _change_product(bench: Bench, number: str) -> None:
    product = bench.products[3]
    edit_line(bench, number, **{"productid@odata.bind": f"/products({product.sales_id})",
                                "uomid@odata.bind": f"/uoms({product.units[0].sales_id})"})  # fmt: skip


def _change_unit(bench: Bench, number: str) -> None:
    edit_line(bench, number, **{"uomid@odata.bind": f"/uoms({bench.products[0].units[1].sales_id})"})


EDITS: dict[str, Any] = {
    "the unit": _change_unit,
    "the quantity": lambda bench, number: edit_line(bench, number, quantity=9),
    "the price": lambda bench, number: edit_line(bench, number, priceperunit=Decimal("9.99")),
    "the product": _change_product,
    "the customer": _change_customer,
    "the lines by one more": add_sales_line,
    "the lines by one less": remove_sales_line,
}


@scenario(
    "an order on both sides",
    "the seller changes {what}",
    "the document is archived and recreated under the same key; the seller reads the new number",
)
@pytest.mark.parametrize("what", EDITS)
def test_each_cause(shop: Bench, what: str) -> None:
    number = coupled(shop)
    before = live(shop, number)[0]["number"]
    EDITS[what](shop, number)
    shop.sync()
    (after,) = shop.live_documents(number)
    assert after["number"] != before
    assert status_line(shop, number) == f"{after['number']} · Draft, to be released"
    ((one),) = versions(shop, number)
    assert (one.number, one.successor) == (before, after["number"])
    shop.agreed()


@scenario(
    "a released order",
    "`plan` is asked before a recreate, `explain` afterwards",
    "both name what cannot be carried over, and who must release it",
)
def test_losses_are_named(shop: Bench) -> None:
    number = coupled(shop)
    release(shop, number)
    shop.sync()
    edit_line(shop, number, quantity=9)
    (action,) = shop.plan()["actions"]
    assert action["action"] == "recreate"
    assert "reservations" in action["loses"]
    assert "the release: somebody must release the successor" in action["loses"]
    shop.sync()
    planned = [event for event in history(shop, number, "planned") if event["kind"] == "recreate"]
    assert planned[-1]["loses"] == action["loses"]
    shop.agreed()


@scenario(
    "an order that the seller changes three times before a run",
    "the run finds the last state",
    "one recreate, one archived version",
    as_processes=True,
)
def test_many_edits_one_recreate(shop: Bench) -> None:
    number = coupled(shop)
    for quantity in (7, 8, 9):
        edit_line(shop, number, quantity=quantity)
    shop.sync()
    assert (back_quantities(shop, number), len(versions(shop, number))) == ([9, 3], 1)
    shop.agreed()


@scenario(
    "an order that was recreated once",
    "the seller changes it again, and again",
    "each time a version more; only one document is ever live",
)
def test_again_and_again(shop: Bench) -> None:
    number = coupled(shop)
    for quantity in (7, 8, 9):
        edit_line(shop, number, quantity=quantity)
        shop.sync()
        assert [line["quantity"] for line in shop.live_documents(number)[0]["salesOrderLines"]] == [quantity, 3]
    assert [one.version for one in versions(shop, number)] == [3, 2, 1]
    shop.agreed()


@scenario(
    "a clerk's comment, account line, location, variant-free second description and shipment date",
    "the seller adds a line",
    "all of it is on the successor, the comment behind its line",
)
def test_what_survives(shop: Bench) -> None:
    number = coupled(shop)
    order = live(shop, number)[0]
    location = shop.clerk.find("locations", "code eq 'EAST'")["id"]
    shop.clerk.change_line(
        order, order["salesOrderLines"][0], locationId=location, description2="handle with care",
        shipmentDate="2027-02-03",
    )  # fmt: skip
    shop.clerk.add_line(order, lineType="Comment", description="ring twice")
    shop.clerk.add_line(order, lineType="Account", lineObjectNumber="40500", quantity=1, unitPrice=Decimal("49.50"))
    shop.sync(sweep_all=True)
    add_sales_line(shop, number)
    shop.sync()
    lines = live(shop, number)[0]["salesOrderLines"]
    assert [line["lineType"] for line in lines] == ["Item", "Item", "Comment", "Account", "Item"]
    first = lines[0]
    assert (first["locationId"], first["description2"], first["shipmentDate"]) == (
        location, "handle with care", "2027-02-03",
    )  # fmt: skip
    assert (lines[2]["description"], lines[3]["unitPrice"]) == ("ring twice", Decimal("49.5"))
    shop.agreed()


@pytest.fixture
def divided(bench: Bench) -> Bench:
    """A company with a dimension that is no shortcut."""
    (company,) = bench.running.back_office.environment.companies.values()
    bench.running.back_office.add_dimension(company, "AREA", "Area", {"30": "Europe", "70": "America"})
    return bench


@scenario(
    "a clerk's files on the document, a further dimension on it, another on one line, none on the other",
    "the seller changes the first line's quantity",
    "all of it is on the successor, each dimension where it was, and the plan does not name them as lost",
)
def test_dimensions_and_files_survive(divided: Bench) -> None:
    number = coupled(divided)
    order = live(divided, number)[0]
    first, _ = (line["id"] for line in order["salesOrderLines"])
    clerk = divided.clerk
    clerk.set_dimension(f"salesOrders({order['id']})", "AREA", "30")
    clerk.set_dimension(f"salesOrderLines({first})", "AREA", "70")
    clerk.attach(order, "drawing.txt", b"four legs")
    clerk.attach(order, "scan.bin", bytes(range(256)), "attachments")
    divided.sync(sweep_all=True)
    edit_line(divided, number, quantity=9)
    (action,) = divided.plan()["actions"]
    assert action["loses"] == ["reservations", "item tracking"]
    divided.sync()
    (after,) = divided.live_documents(number)
    assert after["number"] != order["number"]
    first, _ = (line["id"] for line in after["salesOrderLines"])
    assert clerk.dimensions(f"salesOrders({after['id']})") == {"AREA": "30"}
    assert clerk.dimensions(f"salesOrderLines({first})") == {"AREA": "70"}
    assert clerk.files(after) == {"drawing.txt": b"four legs"}
    assert clerk.files(after, "attachments") == {"scan.bin": bytes(range(256))}
    divided.agreed()


@scenario(
    "a customer and an item with default dimensions; the clerk has taken one off the document, off its first line, and "
    "given the second line another",
    "the seller changes the first line's quantity",
    "the successor has exactly what its predecessor had: what the clerk took off does not come back",
)
def test_default_dimensions_do_not_come_back(divided: Bench) -> None:
    _defaults(divided)
    number = coupled(divided)
    clerk, order = divided.clerk, live(divided, number)[0]
    first, second = (f"salesOrderLines({line['id']})" for line in order["salesOrderLines"])
    header = f"salesOrders({order['id']})"
    assert clerk.dimensions(header) == {"DEPARTMENT": "SALES"}
    assert clerk.dimensions(first) == {"DEPARTMENT": "SALES", "AREA": "70"}
    clerk.drop_dimension(header, "DEPARTMENT")
    clerk.drop_dimension(first, "AREA")
    clerk.set_dimension(second, "AREA", "30")
    divided.sync(sweep_all=True)
    edit_line(divided, number, quantity=9)
    (action,) = divided.plan()["actions"]
    conditional = [(one["verb"], one["table"]) for one in action["steps"] if one["when"] == "extra"]
    assert conditional == [("delete-part", "dimensionSetLines")] * 3  # the document and its two lines
    divided.sync()
    (after,) = divided.live_documents(number)
    assert after["number"] != order["number"]
    assert after["shortcutDimension1Code"] == ""
    assert clerk.dimensions(f"salesOrders({after['id']})") == {}
    first, second = (f"salesOrderLines({line['id']})" for line in after["salesOrderLines"])
    assert clerk.dimensions(first) == {"DEPARTMENT": "SALES"}
    assert clerk.dimensions(second) == {"DEPARTMENT": "SALES", "AREA": "30"}
    divided.agreed()


@scenario(
    "an item with a default dimension; a document whose clerk has taken dimensions off",
    "the seller orders that item instead",
    "the line has the default dimensions of its new product; the document stays without",
)
def test_a_new_product_brings_its_own_dimensions(divided: Bench) -> None:
    _defaults(divided, divided.products[3].number)
    number = coupled(divided)
    clerk, order = divided.clerk, live(divided, number)[0]
    clerk.drop_dimension(f"salesOrders({order['id']})", "DEPARTMENT")
    _change_product(divided, number)
    divided.sync()
    (after,) = divided.live_documents(number)
    assert clerk.dimensions(f"salesOrders({after['id']})") == {}
    first, second = (f"salesOrderLines({line['id']})" for line in after["salesOrderLines"])
    assert clerk.dimensions(first) == {"DEPARTMENT": "SALES", "AREA": "70"}
    assert clerk.dimensions(second) == {"DEPARTMENT": "SALES"}
    divided.agreed()


def _defaults(bench: Bench, item: str = "") -> None:
    """The first customer's documents are for sales, lines with this item, or the first one, go to America."""
    (company,) = bench.running.back_office.environment.companies.values()
    seeding, world = bench.running.back_office, bench.running.world
    seeding.add_dimension(company, "DEPARTMENT", "Department", {"SALES": "Sales"}, global_number=1)
    seeding.add_default_dimension(company, "customer", world.customers[0].number, "DEPARTMENT", "SALES")
    seeding.add_default_dimension(company, "item", item or bench.products[0].number, "AREA", "70")


@scenario(
    "a Business Central that files a version of each order it loses, and shows it (29)",
    "an order is recreated",
    "its version is read back, is found equal to ours, and is noted with the number it has there",
)
def test_the_filed_version_is_read_back(bench: Bench) -> None:
    bench.switch("back_office", archive_orders=True)
    number = coupled(bench, 2, 3, discountamount=Decimal(5), shipto_city="Portland")
    before = live(bench, number)[0]["number"]
    edit_line(bench, number, quantity=9)
    bench.sync()
    (noted,) = history(bench, number, "filed")
    assert (noted["number"], noted["version"]) == (before, {"docNoOccurrence": 1, "versionNumber": 1})
    assert noted["differences"] == []
    bench.agreed()


@scenario(
    "a Business Central whose archive holds something else than what we read",
    "an order is recreated",
    "each column that differs is noted, with both values",
)
def test_a_filed_version_that_differs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.switch("back_office", archive_orders=True)
    number = coupled(bench)
    monkeypatch.setitem(archive._LINE, "quantity", "shippedQuantity")
    edit_line(bench, number, quantity=9)
    bench.sync()
    (noted,) = history(bench, number, "filed")
    told = [(one["column"], one["ours"], one["theirs"]) for one in noted["differences"]]
    assert told == [("quantity", 2, 0), ("quantity", 3, 0)]
    bench.agreed()


@scenario(
    "a Business Central that files versions, with the companion or without, or files none",
    "{what}",
    "{noted}",
)
@pytest.mark.parametrize(
    ("what", "switches", "noted"),
    [
        ("an order is canceled in Sales", {"archive_orders": True}, "the version that the deletion filed is noted"),
        ("an order is changed in place", {"has_companion": True}, "the version that we had filed is noted"),
        ("an order is recreated while Archive Orders is off", {"archive_orders": False}, "nothing is noted"),
        ("an order is recreated before 29", {"archive_orders": True, "has_archive_api": False}, "nothing is noted"),
    ],
)
def test_filed_or_not(bench: Bench, what: str, switches: dict[str, bool], noted: str) -> None:
    bench.switch("back_office", **switches)
    number = coupled(bench)
    if "canceled" in what:
        cancel(bench, number)
    else:
        edit_line(bench, number, quantity=9)
    bench.sync()
    found = history(bench, number, "filed")
    assert [one["differences"] for one in found] == ([] if noted == "nothing is noted" else [[]])
    bench.agreed()


@scenario(
    "a file that the clerk puts on the predecessor while the successor is being made",
    "the recreate reads the predecessor again before it deletes it",
    "the way back is taken; the next pass carries the file",
)
@pytest.mark.loaded
def test_a_file_between_the_steps(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    number = coupled(bench)
    edit_line(bench, number, quantity=9)
    system = bench.company.back_office
    write, done = system.write, []

    def writing(groups: Any, view: Any) -> Any:
        if any(step.role == RECHECK for steps in groups for step in steps) and not done:
            done.append(True)
            bench.clerk.attach(live(bench, number)[0], "late.txt", b"just now")
        return write(groups, view)

    monkeypatch.setattr(system, "write", writing)
    bench.sync()
    assert done
    (document,) = bench.live_documents(number)
    assert bench.clerk.files(document) == {"late.txt": b"just now"}
    assert history(bench, number, "went-back")
    bench.agreed()


@scenario(
    "a back office that does not tell a document's files just now",
    "the seller changes the quantity",
    "the document stays as it is; once they can be read, the successor has them",
)
@pytest.mark.loaded
def test_what_cannot_be_read_now_is_not_left_behind(bench: Bench) -> None:
    number = coupled(bench)
    bench.clerk.attach(live(bench, number)[0], "drawing.txt", b"four legs")
    edit_line(bench, number, quantity=9)
    bench.fault(
        "back_office", kind="refuse", next=1, status=400, code="BadRequest", message="not now",
        match={"method": "GET", "path": "documentAttachments"},
    )  # fmt: skip
    bench.sync(expect=1)
    assert back_quantities(bench, number) == [2, 3]
    assert listed(bench, FailureClass.TRANSIENT) == ["belongings-not-read"]
    bench.clock.sleep(60)
    bench.sync()
    (document,) = bench.live_documents(number)
    assert back_quantities(bench, number) == [9, 3]
    assert bench.clerk.files(document) == {"drawing.txt": b"four legs"}
    bench.agreed()


@scenario(
    "an application that may not read dimensions and files",
    "the seller changes the quantity",
    "the document is recreated without them, and the plan says beforehand that they are lost",
)
@pytest.mark.loaded
def test_what_may_not_be_read_is_named(bench: Bench) -> None:
    number = coupled(bench)
    edit_line(bench, number, quantity=9)
    bench.fault(
        "back_office", kind="refuse", next=9, status=403, code="Authorization_RequestDenied", message="no permission",
        match={"method": "GET", "path": "documentAttachments"},
    )  # fmt: skip
    (action,) = bench.plan()["actions"]
    assert "attached files (they could not be read)" in action["loses"]
    bench.sync()
    assert back_quantities(bench, number) == [9, 3]
    bench.calm()
    bench.agreed()


@scenario(
    "a clerk who edits the predecessor while the successor is being made",
    "the recreate reads the predecessor again before it deletes it",
    "the way back is taken; the next pass carries both edits",
)
def test_foreign_edit_between_the_steps(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    with somebody_acts(
        shop, BEFORE, lambda: change_back_line(shop, number, 1, description="oak, not pine"), RECHECK
    ):  # fmt: skip
        shop.sync()
    (document,) = shop.live_documents(number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [9, 3]
    assert document["salesOrderLines"][1]["description"] == "oak, not pine"
    assert history(shop, number, "went-back")
    shop.agreed()


@scenario(
    "a warehouse that ships the predecessor while the successor is being made",
    "the recreate reads the predecessor again before it deletes it",
    "the successor is removed, the shipped order stays, and the change becomes a conflict that says so",
)
def test_shipped_between_the_steps(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    with somebody_acts(shop, BEFORE, lambda: ship(shop, number, 1, 0), RECHECK):
        shop.sync(expect=1)
    (document,) = shop.live_documents(number)
    assert (document["salesOrderLines"][0]["quantity"], document["salesOrderLines"][0]["shippedQuantity"]) == (2, 1)
    assert listed(shop) == ["shipped-order-changed"]


@scenario(
    "a warehouse that ships the predecessor while its successor is made, and a clerk who has edited the successor",
    "the recreate would take the way back",
    "nobody's work is thrown away: both documents stay, the coupling follows the shipped one, and a person is asked",
)
@pytest.mark.loaded
def test_both_were_touched_between_the_steps(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    number = coupled(bench)
    before = live(bench, number)[0]["number"]
    edit_line(bench, number, quantity=9)
    system = bench.company.back_office
    write, done = system.write, []

    def writing(groups: Any, view: Any) -> Any:
        if any(step.role == RECHECK for steps in groups for step in steps) and not done:
            done.append(True)
            bench.clerk.act(bench.clerk.order(before), "ship", lines=[{"sequence": 10000, "quantity": 1}])
            (successor,) = [one for one in live(bench, number) if one["number"] != before]
            bench.clerk.change(successor, requestedDeliveryDate="2027-03-16")
        return write(groups, view)

    monkeypatch.setattr(system, "write", writing)
    bench.sync(expect=1)
    assert done
    assert len(live(bench, number)) == 2
    assert listed(bench) == ["two-documents"]
    assert status_line(bench, number).startswith(before)
    bench.mark()
    bench.sync(expect=1)
    assert bench.writes("back_office") == []


@scenario(
    "a seller who edits the order once more while it is being recreated",
    "the run ends",
    "the later edit is not lost: it makes one more recreate",
)
def test_edit_during_the_recreate(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    with somebody_acts(shop, BEFORE, lambda: edit_line(shop, number, quantity=11), "create"):
        shop.sync()
    shop.sync()
    (document,) = shop.live_documents(number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [11, 3]
    shop.agreed()


@scenario(
    "a recreate of which request {at} is refused",
    "the run has ended, and the record is tried again",
    "exactly one document carries the key, with the new quantity",
)
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_each_request_refused(shop: Bench, at: int) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    shop.fault(
        "back_office", kind="refuse", next=1, skip=at - 1, status=400, code="Application_DialogException",
        message="Not now.", match={"path": "salesOrders"},
    )  # fmt: skip
    shop.sync(expect=None)
    shop.calm()
    with shop.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    shop.sync()
    assert len(shop.live_documents(number)) == 1
    assert back_quantities(shop, number) == [9, 3]
    shop.agreed()


@scenario(
    "the companion extension, and a released order",
    "the seller changes {what}",
    "it is filed, opened, changed in place and released again: the number survives",
)
@pytest.mark.parametrize("what", ["the quantity", "the price", "the lines by one more", "the lines by one less"])
@pytest.mark.loaded(has_companion=True)
def test_in_place(bench: Bench, what: str) -> None:
    number = coupled(bench)
    release(bench, number)
    bench.sync()
    before = live(bench, number)[0]["number"]
    EDITS[what](bench, number)
    bench.sync()
    (after,) = bench.live_documents(number)
    assert (after["number"], after["status"]) == (before, "Open")
    assert len(after["salesOrderLines"]) == {"the lines by one more": 3, "the lines by one less": 1}.get(what, 2)
    assert [one.version for one in versions(bench, number)] == [1]
    bench.agreed()


@scenario(
    "the companion extension, and a released order of which goods have left",
    "the seller raises a quantity",
    "it is opened, amended and released again: no conflict",
)
@pytest.mark.loaded(has_companion=True)
def test_in_place_after_shipping(bench: Bench) -> None:
    number = coupled(bench)
    ship(bench, number, 1, 0)
    bench.sync()
    edit_line(bench, number, quantity=5)
    bench.sync()
    order = live(bench, number)[0]
    assert (back_quantities(bench, number), order["status"]) == ([5, 3], "Open")
    bench.agreed()


@scenario(
    "the companion extension, and a released order",
    "the change is refused after the document was opened",
    "it is released again as it was, and the refusal is listed",
)
@pytest.mark.loaded(has_companion=True)
def test_in_place_refused(bench: Bench) -> None:
    number = coupled(bench)
    release(bench, number)
    bench.sync()
    edit_line(bench, number, quantity=9)
    bench.fault(
        "back_office", kind="refuse", next=1, status=400, code="Application_DialogException",
        message="The item is blocked.", match={"method": "PATCH", "path": "salesOrderLines"},
    )  # fmt: skip
    bench.sync(expect=1)
    order = live(bench, number)[0]
    assert (order["status"], back_quantities(bench, number)) == ("Open", [2, 3])
    assert "The item is blocked." in message(bench)


@scenario(
    "the companion extension, and a released order",
    "the answer to {action} is lost",
    "it is looked up or done again: the order ends released, changed once",
)
@pytest.mark.parametrize("action", ["archive", "reopen", "release"])
@pytest.mark.loaded(has_companion=True)
def test_in_place_with_a_lost_answer(bench: Bench, action: str) -> None:
    number = coupled(bench)
    release(bench, number)
    bench.sync()
    edit_line(bench, number, quantity=9)
    bench.fault("back_office", kind="answer-lost", next=1, match={"path": f"Microsoft.NAV.{action}"})
    bench.sync(expect=None)
    bench.calm()
    bench.sync()
    order = live(bench, number)[0]
    assert (order["status"], back_quantities(bench, number)) == ("Open", [9, 3])
    bench.agreed()


@scenario(
    "the companion extension",
    "the seller changes the customer",
    "that is a new document in any case: archived and recreated",
)
@pytest.mark.loaded(has_companion=True)
def test_in_place_not_for_the_customer(bench: Bench) -> None:
    number = coupled(bench)
    before = live(bench, number)[0]["number"]
    _change_customer(bench, number)
    bench.sync()
    assert live(bench, number)[0]["number"] != before
    bench.agreed()


@scenario(
    "an order of 2 and 3 pieces, its second line 10 dollars off at the header",
    "the seller changes the quantity",
    "the discount is on the successor, and the totals agree",
)
def test_discount_survives(shop: Bench) -> None:
    number = coupled(shop, 2, 3, discountamount=Decimal(10))
    edit_line(shop, number, quantity=9)
    shop.sync()
    assert live(shop, number)[0]["discountAmount"] == 10
    assert quantities(shop, number) == [9, 3]
    shop.agreed()
