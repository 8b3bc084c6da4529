"""What the seller reads on the order in Sales while it waits, needs a person, goes on, or was shipped."""

from __future__ import annotations

import pytest

from syncengine.errors import FailureClass
from tests.bench.bench import Bench
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import release
from tests.scenarios.acts import sales_id
from tests.scenarios.acts import ship
from tests.scenarios.acts import status_line
from tests.scenarios.scenario import scenario

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


def _code(bench: Bench, number: str) -> int:
    return int(bench.seller.order(number)["submitstatus"] or 0)


def _nobody(bench: Bench, account_number: str) -> str:
    made = bench.admin.person.request(
        "POST",
        "accounts",
        {"name": f"Nobody {account_number}", "accountnumber": account_number},
        prefer="return=representation",
    )
    return str(made["accountid"])


@scenario(
    "a new order of a customer who is not coupled",
    "a run finds it",
    "the seller reads `waiting: customer 90210 is not coupled`, written once; coupled, it goes and says its number",
    as_processes=True,
)
def test_waiting(shop: Bench) -> None:
    number = shop.sales_order(1, account=_nobody(shop, "90210"))
    shop.sync()
    assert (status_line(shop, number), _code(shop, number)) == ("waiting: customer 90210 is not coupled", 2)
    shop.mark()
    shop.sync()
    assert shop.writes() == []
    shop.clerk.create("customers", number="90210", displayName="Nobody 90210")
    shop.sync()
    assert status_line(shop, number) == f"{live(shop, number)[0]['number']} · Draft, to be released"
    assert _code(shop, number) == 1
    shop.agreed()


@scenario(
    "a new order that the seller has not submitted",
    "a run finds it",
    "nothing is written on it: it is still the seller's",
)
def test_not_submitted(shop: Bench) -> None:
    number = shop.sales_order(1, account=_nobody(shop, "90211"), submit=False)
    shop.sync()
    assert (status_line(shop, number), shop.writes()) == ("", [])


@scenario(
    "a coupled order",
    "{what}",
    "the seller reads {words}",
)
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("it is created", "Draft, to be released"),
        ("the clerk releases it", "Released"),
        ("the clerk sends it for approval", "In review"),
        ("part of it is shipped", "shipped in part"),
        ("all of it is shipped", "shipped"),
    ],
)
def test_states(shop: Bench, what: str, words: str) -> None:
    number = coupled(shop)
    order = live(shop, number)[0]
    if what == "the clerk releases it":
        release(shop, number)
    elif what == "the clerk sends it for approval":
        shop.clerk.act(order, "send-for-approval")
    elif what == "part of it is shipped":
        ship(shop, number, 1, 0)
    elif what == "all of it is shipped":
        ship(shop, number)
    shop.sync(sweep_all=True)
    assert status_line(shop, number) == f"{order['number']} · {words}"
    shop.agreed()


@scenario(
    "an order that was asked for by a day",
    "the clerk puts the shipment of a line off beyond it, and later back; nothing else changes",
    "the seller reads the day it ships and that this is late, and no more of it afterwards",
)
def test_late(shop: Bench) -> None:
    number = coupled(shop, requestdeliveryby="2027-03-16T12:00:00Z")
    document = live(shop, number)[0]["number"]
    assert status_line(shop, number) == f"{document} · Draft, to be released"
    change_back_line(shop, number, 1, shipmentDate="2027-03-20")
    shop.sync(sweep_all=True)
    assert status_line(shop, number) == (
        f"{document} · Draft, to be released · ships on 2027-03-20, later than asked for"
    )
    assert shop.seller.order(number)["requestdeliveryby"].startswith("2027-03-16")
    shop.mark()
    shop.sync(sweep_all=True)
    assert shop.writes() == []
    change_back_line(shop, number, 1, shipmentDate="2027-03-12")
    shop.sync(sweep_all=True)
    assert status_line(shop, number) == f"{document} · Draft, to be released"
    shop.agreed()


@scenario(
    "an order that was asked for by a day, and of which the late line has left",
    "the clerk ships that line",
    "the seller reads no more that it is late",
)
def test_no_longer_late(shop: Bench) -> None:
    number = coupled(shop, requestdeliveryby="2027-03-16T12:00:00Z")
    document = live(shop, number)[0]["number"]
    change_back_line(shop, number, 1, shipmentDate="2027-03-20")
    shop.sync(sweep_all=True)
    ship(shop, number, 0, 3)
    shop.sync(sweep_all=True)
    assert status_line(shop, number) == f"{document} · shipped in part"
    shop.agreed()


@scenario(
    "a coupled order with a conflict",
    "a run finds it",
    "the seller reads that it needs attention and which group; decided, the state is back",
)
def test_conflict(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    edit_line(shop, number, quantity=20)
    shop.sync(expect=1)
    document = live(shop, number)[0]["number"]
    told = status_line(shop, number)
    assert told == f"{document} · needs attention: changed on both sides: goods"
    assert _code(shop, number) == 3
    shop.mark()
    shop.sync(expect=1)
    assert shop.writes() == []
    change_back_line(shop, number, quantity=20)
    shop.sync()
    assert status_line(shop, number) == f"{document} · Draft, to be released"
    shop.agreed()


@scenario(
    "a Sales that refuses to write the status line",
    "an order waits for its customer",
    "it is listed all the same, with its own cause",
)
def test_untold(shop: Bench) -> None:
    number = shop.sales_order(1, account=_nobody(shop, "90212"))
    shop.fault(
        "sales", kind="refuse", next=9, status=403, code="0x80040220", message="no privilege",
        match={"method": "PATCH", "path": "salesorders"},
    )  # fmt: skip
    shop.sync()
    assert listed(shop, FailureClass.WAITING) == ["not-coupled"]
    assert status_line(shop, number) == ""


@scenario(
    "a Sales that holds submitted orders read-only for everybody",
    "an order waits for its customer",
    "the cause is written in one change set that opens and closes the lock",
)
def test_told_through_the_lock(shop: Bench) -> None:
    shop.switch("sales", submitted_lock="everybody")
    number = shop.sales_order(1, account=_nobody(shop, "90213"))
    shop.sync()
    assert status_line(shop, number) == "waiting: customer 90213 is not coupled"
    assert shop.seller.order(number)["statecode"] == 1


@scenario(
    "an order that the back office refuses",
    "a run has tried it",
    "the seller reads the back office's own words",
)
def test_refused(shop: Bench) -> None:
    number = shop.sales_order(1)
    shop.fault(
        "back_office", kind="refuse", next=1, status=400, code="Application_DialogException",
        message="Customer is blocked.", match={"method": "POST", "path": "salesOrders"},
    )  # fmt: skip
    shop.sync(expect=1)
    assert "Customer is blocked." in status_line(shop, number)


@scenario(
    "an order that waits and whose cause the seller reads",
    "the seller removes the text by hand",
    "it is written again: it is not the seller's column",
)
def test_text_removed(shop: Bench) -> None:
    number = shop.sales_order(1, account=_nobody(shop, "90214"))
    shop.sync()
    shop.admin.person.request("PATCH", f"salesorders({sales_id(shop, number)})", {"submitstatusdescription": ""})
    shop.sync()
    assert status_line(shop, number) == "waiting: customer 90214 is not coupled"
