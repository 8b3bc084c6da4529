"""What happens at one exact moment of a run: a death after the answer, an edit between our reading and our writing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.bench.bench import Bench
from tests.recovery.crashes import Death
from tests.recovery.crashes import Interruption
from tests.recovery.crashes import run_until
from tests.recovery.situations import creates

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


def test_a_dead_process_leaves_an_intent(bench: Bench) -> None:
    """It died after the back office had answered: the next process finds the document and creates no second one."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.mark()
    run_until(bench, Death(named="after back_office.write"), sweep_all=True)
    assert creates(bench)["back_office"] == 1
    bench.sync()
    assert creates(bench)["back_office"] == 1
    assert bench.seller.order(number)["submitstatusdescription"].startswith(bench.clerk.order(number)["number"])
    bench.agreed()


@pytest.mark.parametrize("moment", ["before sales.write", "after sales.write"])
def test_an_edit_between_our_reading_and_our_writing_is_not_overwritten(bench: Bench, moment: str) -> None:
    """The clerk's price is on its way to Sales when the seller moves the delivery: both must be there in the end."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal("1.23"))
    sales = bench.seller.order(number)
    first = sales["order_details"][0]["salesorderdetailid"]

    def seller_moves_and_corrects() -> None:
        bench.seller.edit(
            sales["salesorderid"],
            lines={first: {"description": "mind the step"}},
            requestdeliveryby="2027-03-16T12:00:00Z",
        )

    interruption = Interruption(named=moment, act=seller_moves_and_corrects)
    run_until(bench, interruption, sweep_all=True)
    assert interruption.acted
    bench.sync(sweep_all=True)
    bench.sync(sweep_all=True)
    order, sales = bench.clerk.order(number), bench.seller.order(number)
    assert sales["order_details"][0]["priceperunit"] == order["salesOrderLines"][0]["unitPrice"] == Decimal("1.23")
    assert order["salesOrderLines"][0]["description"] == sales["order_details"][0]["description"] == "mind the step"
    assert order["requestedDeliveryDate"] == "2027-03-16"
    bench.agreed()


def test_two_edits_of_one_group_at_that_moment_are_a_conflict(bench: Bench) -> None:
    """The clerk's price is on its way when the seller changes that line's quantity: nobody's is overwritten."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal("1.23"))
    sales = bench.seller.order(number)
    first = sales["order_details"][0]["salesorderdetailid"]
    interruption = Interruption(
        named="before sales.write",
        act=lambda: bench.seller.edit(sales["salesorderid"], lines={first: {"quantity": 9}}),
    )
    run_until(bench, interruption, sweep_all=True)
    assert interruption.acted
    bench.sync(expect=1, sweep_all=True)
    assert bench.seller.order(number)["order_details"][0]["quantity"] == 9
    assert bench.clerk.order(number)["salesOrderLines"][0]["unitPrice"] == Decimal("1.23")
    with bench.company.store() as store, store.transaction():
        assert [one.group for one in store.conflicts.open()] == ["goods"]


def test_a_second_document_under_our_key_is_for_a_person(bench: Bench) -> None:
    """The answer was lost, and somebody copies the document, key and all: nobody guesses which is ours."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.fault("back_office", kind="answer-lost", next=1, match={"path": r"^POST .*salesOrders"})
    interruption = Interruption(
        named="after back_office.write",
        act=lambda: bench.back_office_order(2, 3, release=False, externalDocumentNumber=number) and None,
    )
    bench.mark()
    run_until(bench, interruption, sweep_all=True)
    assert interruption.acted
    bench.sync(expect=1)
    assert len(bench.live_documents(number)) == 2
    assert creates(bench)["back_office"] == 1, "a third was made"
    assert "matches 2 records" in bench.seller.order(number)["submitstatusdescription"]
