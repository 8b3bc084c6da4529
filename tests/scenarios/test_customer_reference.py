"""The number that the customer gave the order: as the document's external number, instead of ours."""

from __future__ import annotations

import pytest

from tests.bench.bench import Bench
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import listed
from tests.scenarios.acts import sales_id

pytestmark = [pytest.mark.slow, pytest.mark.loaded]

COLUMN = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    "SchemaName": "new_CustomerReference",
    "MaxLength": 35,
}
OVERLAY = """
name: SALESORDER-ORDER
match: [[document_number], [listed_number], [customer_reference, customer], [customer, requested_delivery, total]]
fields:
  order_number:       {sales: ordernumber}
  customer_reference: {sales: new_customerreference, back_office: externalDocumentNumber, transform: {exact: 35}}
"""


@pytest.fixture
def referring(bench: Bench) -> Bench:
    bench.admin.person.request("POST", "EntityDefinitions(LogicalName='salesorder')/Attributes", COLUMN)
    bench.overlay(OVERLAY)
    return bench


def reference(bench: Bench, number: str) -> str:
    return str(bench.clerk.order(number_there(bench, number))["externalDocumentNumber"])


def number_there(bench: Bench, number: str) -> str:
    return str(bench.seller.order(number)["submitstatusdescription"]).partition(" ")[0]


def test_it_goes_both_ways(referring: Bench) -> None:
    """Entered on either side, changed on either side, and emptied."""
    bench = referring
    ours = bench.sales_order(1, new_customerreference="PO 77")
    theirs = bench.back_office_order(2, externalDocumentNumber="PO 78")
    bench.sync()
    assert reference(bench, ours) == "PO 77"
    assert bench.sales_order_of(theirs["number"])["new_customerreference"] == "PO 78"
    there = bench.clerk.order(number_there(bench, ours))
    bench.clerk.change(there, externalDocumentNumber="PO 77-A")
    here = bench.sales_order_of(theirs["number"])["salesorderid"]
    bench.seller.edit(here, new_customerreference="PO 78-B")
    bench.sync()
    assert bench.seller.order(ours)["new_customerreference"] == "PO 77-A"
    assert bench.clerk.order(theirs["number"])["externalDocumentNumber"] == "PO 78-B"
    bench.seller.edit(here, new_customerreference=None)
    bench.sync()
    assert bench.clerk.order(theirs["number"])["externalDocumentNumber"] == ""
    bench.agreed()


def test_two_orders_may_have_the_same_one(referring: Bench) -> None:
    """It is the customer's, and no key of ours: a second order under it is made, and is no duplicate."""
    bench = referring
    numbers = [bench.sales_order(place, new_customerreference="PO 77") for place in (1, 2)]
    bench.sync()
    bench.clerk.create(
        "salesOrders", customerId=bench.running.world.customers[0].back_office_id, externalDocumentNumber="PO 77"
    )
    bench.sync()
    assert [reference(bench, number) for number in numbers] == ["PO 77", "PO 77"]
    assert len({number_there(bench, number) for number in numbers}) == 2
    assert listed(bench) == []
    bench.agreed()


def test_a_number_of_the_customer_that_is_an_order_number_of_ours_couples_nothing(referring: Bench) -> None:
    bench = referring
    ours = bench.sales_order(1, submit=False)
    theirs = bench.back_office_order(2, externalDocumentNumber=ours)
    bench.sync()
    assert bench.sales_order_of(theirs["number"])["ordernumber"] != ours
    bench.agreed()


def test_it_changes_along_with_a_recreate(referring: Bench) -> None:
    """The successor has the new one, not its predecessor's."""
    bench = referring
    number = bench.sales_order(1, new_customerreference="PO 77")
    bench.sync()
    before = number_there(bench, number)
    bench.seller.edit(sales_id(bench, number), new_customerreference="PO 77-B")
    edit_line(bench, number, quantity=7)
    bench.sync()
    assert number_there(bench, number) != before
    assert reference(bench, number) == bench.seller.order(number)["new_customerreference"] == "PO 77-B"
    bench.seller.edit(sales_id(bench, number), new_customerreference=None)
    edit_line(bench, number, quantity=8)
    bench.sync()
    assert reference(bench, number) == ""
    bench.agreed()


def test_a_lost_answer_makes_no_second_document(referring: Bench) -> None:
    """Until the coupling is made, an operation key of ours stands where the customer's number will."""
    bench = referring
    number = bench.sales_order(1, new_customerreference="PO 77")
    bench.fault("back_office", kind="answer-lost", next=1, match={"path": "salesOrders", "method": "POST"})
    bench.sync(expect=None)
    (lost,) = bench.running.back_office.faults.active
    assert lost.hits == 1
    bench.calm()
    bench.sync()
    assert reference(bench, number) == "PO 77"
    assert len(bench.clerk.orders("externalDocumentNumber ne ''")) == 1
    bench.agreed()
