"""A record that waits names its cause, and goes by itself when the cause is gone."""

from __future__ import annotations

import pytest

from syncengine.errors import FailureClass
from syncengine.planner.plan import belongs
from syncengine.ports import Subject
from syncengine.records.values import Ref
from syncengine.service.asides import uncouple
from syncengine.service.decisions import couple_record
from syncengine.store.queries import parked
from tests.bench.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


def _unknown_account(bench: Bench, number: str = "90210") -> str:
    made = bench.admin.person.request(
        "POST", "accounts", {"name": "Tailspin Toys Ltd.", "accountnumber": number}, prefer="return=representation"
    )
    return str(made["accountid"])


def _waiting(bench: Bench) -> list[str]:
    with bench.company.session() as session:
        return [row["message"] for row in parked(session, (FailureClass.WAITING,))]


def test_an_order_of_an_unknown_customer_waits_and_says_for_whom(bench: Bench) -> None:
    account = _unknown_account(bench)
    bench.sales_order(1, account=account)
    result = bench.sync()
    assert _waiting(bench) == ["waiting: customer 90210 is not coupled"]
    assert next(one for one in result["mappings"] if one["mapping"] == "SALESORDER-ORDER")["waiting"] == 1
    assert bench.writes("back_office") == []


def test_it_goes_in_the_run_in_which_the_customer_is_matched(bench: Bench) -> None:
    number = bench.sales_order(1, account=_unknown_account(bench))
    bench.sync()
    bench.clerk.create("customers", number="90210", displayName="Tailspin Toys Ltd.")
    bench.sync()
    assert bench.clerk.order(number)["customerNumber"] == "90210"
    bench.agreed()


def test_it_goes_after_the_customer_was_coupled_by_hand(bench: Bench) -> None:
    account = _unknown_account(bench, number="")
    number = bench.sales_order(1, account=account)
    bench.sync()
    made = bench.clerk.create("customers", displayName="Tailspin Toys Ltd.")
    bench.sync()
    couple_record(bench.company, "CUSTOMER", account, made["number"])
    bench.sync()
    assert bench.clerk.order(number)["customerNumber"] == made["number"]
    bench.agreed()


def test_a_dependency_that_arrives_three_runs_later_is_noticed(bench: Bench) -> None:
    number = bench.sales_order(1, account=_unknown_account(bench))
    bench.sync()
    bench.mark()
    for _ in range(2):
        bench.sync()
    assert bench.writes() == []
    bench.clerk.create("customers", number="90210", displayName="Tailspin Toys Ltd.")
    bench.sync()
    assert bench.clerk.order(number)["customerNumber"] == "90210"


def test_an_order_that_waits_and_is_deleted_waits_no_more(bench: Bench) -> None:
    """In Sales the next run notices; the back office tells nobody of a deletion: there the sweep asks."""
    number = bench.sales_order(1, account=_unknown_account(bench))
    bench.clerk.create("customers", number="77777", displayName="Proseware")
    order = bench.clerk.create(
        "salesOrders",
        customerNumber="77777",
        salesOrderLines=[{"lineType": "Item", "itemId": bench.products[0].back_office_id, "quantity": 1}],
    )
    bench.clerk.act(bench.clerk.order(order["number"]), "release")
    bench.sync(sweep_all=True)
    assert sorted(_waiting(bench)) == [
        "waiting: customer 77777 is not coupled",
        "waiting: customer 90210 is not coupled",
    ]
    bench.admin.delete(bench.seller.order(number)["salesorderid"])
    bench.sync()
    assert _waiting(bench) == ["waiting: customer 77777 is not coupled"]
    bench.clerk.act(bench.clerk.order(order["number"]), "reopen")
    bench.clerk.delete(bench.clerk.order(order["number"]))
    bench.mark()
    result = bench.sync(sweep_all=True)
    assert (_waiting(bench), bench.writes(), result["errors"]) == ([], [], [])


def test_what_belongs_to_a_record_is_looked_at_again_after_it_was_coupled_by_hand(bench: Bench) -> None:
    """A price of an item that is not coupled is left alone, and no poll brings it once more."""
    bench.sync()
    item = bench.products[0]
    uncouple(bench.company, "ITEM-PRODUCT", item.sales_id)
    price = Subject("PLLINE-PRODPRICE", None, "back_office", "the-price")
    with bench.company.store(writes=True) as store, store.transaction():
        reason = belongs(Ref("ITEM-PRODUCT", None, "back_office", item.back_office_id))
        store.cursors.remember("PLLINE-PRODPRICE", "back_office", {"the-price": "v1"}, reason)
    couple_record(bench.company, "ITEM-PRODUCT", item.sales_id, item.back_office_id)
    with bench.company.store() as store, store.transaction():
        assert store.work.state(price) == "pending"


def test_several_causes_are_named_at_once(bench: Bench) -> None:
    """Customer and product unknown: both are in the message, so that nobody fixes one and waits again."""
    seeded = bench.running.world
    product = bench.admin.person.request(
        "POST",
        "products",
        {
            "name": "New thing",
            "productnumber": "NEW-1",
            "quantitydecimal": 2,
            "defaultuomid@odata.bind": f"/uoms({seeded.products[1].units[0].sales_id})",
            "defaultuomscheduleid@odata.bind": f"/uomschedules({_schedule(bench)})",
        },
        prefer="return=representation",
    )["productid"]
    bench.admin.person.request("PATCH", f"products({product})", {"statecode": 0, "statuscode": 1})
    account = _unknown_account(bench)
    order = bench.seller.enter(
        account,
        seeded.price_lists["USD"],
        seeded.currencies["USD"],
        [{"product": product, "unit": seeded.products[1].units[0].sales_id, "quantity": 1, "price": 5}],
    )
    bench.seller.submit(order)
    bench.sync()
    (message,) = _waiting(bench)
    assert message == "waiting: customer 90210, item NEW-1 are not coupled"


def _schedule(bench: Bench) -> str:
    unit = bench.running.world.products[1].units[0].sales_id
    return str(bench.admin.person.get(f"uoms({unit})?$select=_uomscheduleid_value")["_uomscheduleid_value"])
