"""Both sides have changed the same group: both values, both bases, a person's answer, the policies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.ports import Conflict
from syncengine.records.values import Side
from syncengine.service.decisions import resolve
from tests.bench.bench import Bench
from tests.scenarios.acts import add_sales_line
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import history
from tests.scenarios.acts import live
from tests.scenarios.acts import quantities
from tests.scenarios.acts import remove_back_line
from tests.scenarios.acts import remove_sales_line
from tests.scenarios.acts import sales_id
from tests.scenarios.scenario import scenario

pytestmark = [pytest.mark.slow, pytest.mark.loaded]

ORDER = "SALESORDER-ORDER"


def _conflicts(bench: Bench) -> list[Conflict]:
    with bench.company.store() as store, store.transaction():
        return list(store.conflicts.open())


def _both(bench: Bench, number: str, *, seller: int = 20, clerk: int = 15) -> Conflict:
    change_back_line(bench, number, quantity=clerk)
    edit_line(bench, number, quantity=seller)
    bench.sync(expect=1)
    (conflict,) = _conflicts(bench)
    return conflict


@scenario(
    "a quantity changed on both sides",
    "a person takes {take}",
    "both systems hold the chosen value, the history the other",
)
@pytest.mark.parametrize(("take", "left"), [("sales", 20), ("back_office", 15)])
def test_resolved(shop: Bench, take: Side, left: int) -> None:
    number = coupled(shop)
    conflict = _both(shop, number)
    assert (conflict.base["sales"]["quantity"], conflict.base["back_office"]["quantity"]) == (2, 2)
    resolve(shop.company, conflict.id, take, ())
    shop.sync()
    assert (quantities(shop, number)[0], back_quantities(shop, number)[0]) == (left, left)
    planned = [one for event in history(shop, number, "planned") for one in event["decisions"]]
    decided = [one for one in planned if one["group"] == "goods"]
    assert {decided[-1]["sales"]["quantity"], decided[-1]["back_office"]["quantity"]} == {20, 15}
    shop.agreed()


@scenario(
    "an answer to a conflict, not acted on yet",
    "the seller changes the quantity once more",
    "the answer to the old question does not count: the conflict is asked anew with the new value",
)
def test_moved_after_the_answer(shop: Bench) -> None:
    number = coupled(shop)
    conflict = _both(shop, number)
    resolve(shop.company, conflict.id, "sales", ())
    edit_line(shop, number, quantity=30)
    shop.mark()
    shop.sync(expect=1)
    assert shop.writes("back_office") == []
    (again,) = _conflicts(shop)
    assert (again.sales["quantity"], again.answer) == (30, None)


@scenario(
    "an answer to a conflict, not acted on yet",
    "the clerk changes the quantity once more",
    "the conflict is asked anew; nothing is overwritten",
)
def test_clerk_moved_after_the_answer(shop: Bench) -> None:
    number = coupled(shop)
    conflict = _both(shop, number)
    resolve(shop.company, conflict.id, "sales", ())
    change_back_line(shop, number, quantity=16)
    shop.sync(expect=1)
    assert back_quantities(shop, number) == [16, 3]
    (again,) = _conflicts(shop)
    assert (again.back_office["quantity"], again.answer) == (16, None)


@scenario(
    "a seller who ordered 2 BOX and a clerk who made it 12 PCS",
    "a run finds both",
    "one conflict on the goods: 12 BOX is never made of it",
    as_processes=True,
)
def test_half_a_meaning(shop: Bench) -> None:
    product = shop.products[1]
    box = next(unit for unit in product.units if unit.code == "BOX")
    number = coupled(shop, 24, products=[product])
    edit_line(shop, number, quantity=2, **{"uomid@odata.bind": f"/uoms({box.sales_id})"})
    change_back_line(shop, number, quantity=12)
    shop.sync(expect=1)
    (conflict,) = _conflicts(shop)
    assert (conflict.group, conflict.sales["quantity"], conflict.back_office["quantity"]) == ("goods", 2, 12)
    line = live(shop, number)[0]["salesOrderLines"][0]
    assert (line["quantity"], line["unitOfMeasureCode"]) == (12, "PCS")
    assert quantities(shop, number) == [2]


@scenario(
    "a seller who replaces the product and a clerk who corrects the price of the old one",
    "a run finds both",
    "one conflict on the goods: the old product's price is never put on the new one",
)
def test_price_of_another_product(shop: Bench) -> None:
    number = coupled(shop)
    product = shop.products[3]
    edit_line(shop, number, **{"productid@odata.bind": f"/products({product.sales_id})",
                               "uomid@odata.bind": f"/uoms({product.units[0].sales_id})"})  # fmt: skip
    change_back_line(shop, number, unitPrice=Decimal("1.11"))
    shop.sync(expect=1)
    assert [one.group for one in _conflicts(shop)] == ["goods"]
    assert live(shop, number)[0]["salesOrderLines"][0]["lineObjectNumber"] == shop.products[0].number


@scenario(
    "both sides change the ship-to address, Sales' by policy",
    "a run finds both",
    "Sales' whole address is in both systems: no line of the other is mixed in",
)
def test_address_of_sales(shop: Bench) -> None:
    number = coupled(shop)
    shop.clerk.change(
        live(shop, number)[0], shipToName="Clerk's", shipToAddressLine1="9 Back Street", shipToCity="Boston"
    )
    shop.seller.edit(
        sales_id(shop, number), shipto_name="Seller's", shipto_line1="1 Harbor Street", shipto_city="Portland"
    )
    shop.sync()
    order = live(shop, number)[0]
    assert (order["shipToName"], order["shipToAddressLine1"], order["shipToCity"]) == (
        "Seller's",
        "1 Harbor Street",
        "Portland",
    )
    shop.agreed()


def _age(bench: Bench, side: str, seconds: float) -> None:
    service = bench.running.sales if side == "sales" else bench.running.back_office
    service.clock.move(seconds)


@scenario(
    "the policy `newest` on a group, both sides' edits {apart} apart",
    "a run finds both",
    "{then}",
)
@pytest.mark.parametrize(
    ("apart", "then", "left"),
    [
        ("10 minutes, the seller's later", "the seller's value is in both", "2027-04-01"),
        ("10 minutes, the clerk's later", "the clerk's value is in both", "2027-03-16"),
        ("2 seconds", "clocks cannot tell: a person decides", None),
    ],
)
def test_newest(bench: Bench, apart: str, then: str, left: str | None) -> None:
    bench.overlay(f"name: {ORDER}\nconflict: {{requested_delivery: newest}}\n")
    number = coupled(bench)
    later = {"the seller's later": "sales", "the clerk's later": "back_office"}.get(apart.partition(", ")[2])
    if later:
        _age(bench, later, 600)
    bench.clerk.change(live(bench, number)[0], requestedDeliveryDate="2027-03-16")
    bench.seller.edit(sales_id(bench, number), requestdeliveryby="2027-04-01T16:00:00Z")
    bench.sync(expect=0 if left else 1)
    day = live(bench, number)[0]["requestedDeliveryDate"]
    if left is None:
        assert [one.group for one in _conflicts(bench)] == ["requested_delivery"], then
        return
    assert day == left, then
    assert bench.seller.order(number)["requestdeliveryby"] == f"{left}T16:00:00Z"


@scenario(
    "the policy {policy} on the goods",
    "both sides change a quantity",
    "the value of {policy} is in both systems, the other in the history",
)
@pytest.mark.parametrize(("policy", "left"), [("sales", 20), ("back-office", 15)])
def test_policies(shop: Bench, policy: str, left: int) -> None:
    shop.overlay(f"name: {ORDER}\nlines: {{name: SOLINE-ORDERDETAIL, conflict: {{goods: {policy}}}}}\n")
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    edit_line(shop, number, quantity=20)
    shop.sync()
    assert (quantities(shop, number)[0], back_quantities(shop, number)[0]) == (left, left)
    shop.agreed()


@scenario(
    "a line that the {who} removes",
    "the other side has changed it meanwhile",
    "a conflict about the line: neither removed nor brought back by itself",
)
@pytest.mark.parametrize("who", ["seller", "clerk"])
def test_removed_and_changed(shop: Bench, who: str) -> None:
    number = coupled(shop)
    if who == "seller":
        change_back_line(shop, number, quantity=15)
        remove_sales_line(shop, number)
    else:
        edit_line(shop, number, quantity=20)
        remove_back_line(shop, number)
    shop.sync(expect=1)
    assert [one.group for one in _conflicts(shop)] == ["set"]


@scenario(
    "a conflict about a removed line",
    "a line is added on the side that removed it",
    "the new line waits too: both may be one edit; decided, it follows",
)
def test_additions_wait(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    remove_sales_line(shop, number)
    add_sales_line(shop, number)
    shop.sync(expect=1)
    assert back_quantities(shop, number) == [15, 3]
    (conflict,) = _conflicts(shop)
    resolve(shop.company, conflict.id, "sales", ())
    shop.sync()
    assert sorted(back_quantities(shop, number)) == [3, 4]
    shop.agreed()


@scenario(
    "the same quantity set on both sides",
    "a run finds both",
    "no conflict and no write of it: they agree",
)
def test_changed_to_equal(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=9)
    edit_line(shop, number, quantity=9)
    shop.sync()
    assert shop.writes("back_office") == []
    assert _conflicts(shop) == []
    shop.agreed()


@scenario(
    "two conflicts of one order",
    "a person answers both at once",
    "one run carries out both answers",
)
def test_two_answers(shop: Bench) -> None:
    number = coupled(shop)
    for at in (0, 1):
        change_back_line(shop, number, at, quantity=15 + at)
    order = shop.seller.order(number)
    changes: dict[str, dict[str, Any]] = {
        line["salesorderdetailid"]: {"quantity": 20 + at} for at, line in enumerate(order["order_details"])
    }
    shop.seller.edit(order["salesorderid"], lines=changes)
    shop.sync(expect=1)
    one, two = sorted(_conflicts(shop), key=lambda conflict: conflict.line or 0)
    resolve(shop.company, one.id, "sales", ())
    resolve(shop.company, two.id, "back_office", ())
    shop.sync()
    assert (quantities(shop, number), back_quantities(shop, number)) == ([20, 16], [20, 16])
    shop.agreed()


@scenario(
    "a conflict, and the process dies after the answer was written to one side",
    "the next run goes on",
    "the chosen value is in both, written once",
)
def test_answer_survives_a_lost_answer(shop: Bench) -> None:
    number = coupled(shop)
    conflict = _both(shop, number)
    resolve(shop.company, conflict.id, "sales", ())
    shop.fault("back_office", kind="answer-lost", next=1, match={"path": r"^(POST|PATCH) .*salesOrder"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    assert (quantities(shop, number)[0], back_quantities(shop, number)[0]) == (20, 20)
    assert len(live(shop, number)) == 1


@scenario(
    "a parked conflict on a line",
    "the order is recreated because another line changed",
    "the conflict still names its line, and its answer reaches the successor's line",
)
def test_conflict_survives_a_recreate(shop: Bench) -> None:
    number = coupled(shop)
    _both(shop, number)
    edit_line(shop, number, 1, quantity=8)
    shop.sync(expect=1)
    (conflict,) = _conflicts(shop)
    resolve(shop.company, conflict.id, "sales", ())
    shop.sync()
    assert (quantities(shop, number), back_quantities(shop, number)) == ([20, 8], [20, 8])
    shop.agreed()
