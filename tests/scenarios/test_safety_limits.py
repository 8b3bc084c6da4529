"""Small companies are not blocked, slow disasters are: what waits for one approval that names its number."""

from __future__ import annotations

import os
from typing import Any

import pytest

from syncengine.errors import UsageError
from syncengine.ports import SafetyLimit
from syncengine.service import decisions
from tests.acceptance.shell import Shell
from tests.bench.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.loaded]

DAY_S = 86_400


def _orders(bench: Bench, count: int) -> list[str]:
    """So many orders of a seller, handed over and in step."""
    numbers = [bench.sales_order(place) for place in range(1, count + 1)]
    bench.sync()
    bench.mark()
    return numbers


def _change(bench: Bench, number: str, quantity: int = 77) -> None:
    """An edit for which the document is archived and recreated."""
    order = bench.seller.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": quantity}})


def _changed(bench: Bench, numbers: list[str], quantity: int = 77) -> int:
    """How many of these documents hold the new quantity."""
    held = [bench.clerk.order(number)["salesOrderLines"][0]["quantity"] for number in numbers]
    return held.count(quantity)


def _waiting(bench: Bench) -> list[SafetyLimit]:
    with bench.company.store() as store, store.transaction():
        return [one for one in store.limits.all() if one.status == "open"]


def _later(bench: Bench, seconds: float) -> None:
    bench.clock.sleep(seconds)


def test_given_a_small_company_when_all_its_orders_change_then_nothing_waits(bench: Bench) -> None:
    """Three of three are 100 %, and far under the floor."""
    numbers = _orders(bench, 3)
    for number in numbers:
        _change(bench, number)
    bench.sync()
    assert _changed(bench, numbers) == 3
    bench.agreed()


def test_given_more_recreates_than_a_day_allows_when_a_run_comes_then_those_alone_wait_for_one_approval(
    bench: Bench,
) -> None:
    """The rest goes on, the run ends 6 and so does the next; the approval names the number, and is good once."""
    bench.configure(integration={"max_destructive_floor": 2, "max_destructive_share": 0.0})
    numbers = _orders(bench, 5)
    for number in numbers:
        _change(bench, number)
    fresh = bench.sales_order(4)
    bench.plan()
    result = bench.sync(expect=6)
    assert result["status"] == "completed-with-errors"
    assert _changed(bench, numbers) == 2
    assert len(bench.live_documents(fresh)) == 1
    (limit,) = _waiting(bench)
    assert limit.number == 3
    bench.mark()
    bench.sync(expect=6)
    assert bench.writes() == []
    with pytest.raises(UsageError, match="is about 3, not 5"):
        decisions.approve(bench.company, limit.id, 5)
    decisions.approve(bench.company, limit.id, 3)
    bench.sync()
    assert _changed(bench, numbers) == 5
    assert _waiting(bench) == []
    with pytest.raises(UsageError, match="no safety limit"):
        decisions.approve(bench.company, limit.id, 3)
    bench.agreed()


def test_given_a_plan_when_it_goes_beyond_the_limit_then_it_says_what_the_run_will_do(bench: Bench) -> None:
    bench.configure(integration={"max_destructive_floor": 1, "max_destructive_share": 0.0})
    for number in _orders(bench, 3):
        _change(bench, number)
    plan = bench.plan()
    assert sorted(action["action"] for action in plan["actions"]) == ["destructive-limit"] * 2 + ["recreate"]
    assert plan["exit_code"] == 6
    assert _waiting(bench) == []  # a plan leaves nothing behind
    assert sum(row["recreated"] for row in bench.sync(expect=6)["mappings"]) == 1


def test_given_a_share_above_the_floor_when_orders_change_then_the_share_counts(bench: Bench) -> None:
    """Half of six orders are three."""
    bench.configure(integration={"max_destructive_floor": 1, "max_destructive_share": 0.5})
    numbers = _orders(bench, 6)
    for number in numbers[:4]:
        _change(bench, number)
    bench.sync(expect=6)
    assert _changed(bench, numbers) == 3


def test_given_a_slow_disaster_when_it_stays_under_the_limit_each_time_then_the_rolling_day_catches_it(
    bench: Bench,
) -> None:
    """One an hour: the third waits; what comes after it does not pass it by, not even a day later."""
    bench.configure(integration={"max_destructive_floor": 2, "max_destructive_share": 0.0})
    numbers = _orders(bench, 4)
    for number, code in zip(numbers[:3], (0, 0, 6), strict=True):
        _change(bench, number)
        bench.sync(expect=code)
        _later(bench, 3600)
    assert _changed(bench, numbers) == 2
    _later(bench, DAY_S)
    _change(bench, numbers[3])
    bench.sync(expect=6)
    assert _changed(bench, numbers) == 2
    (limit,) = _waiting(bench)
    assert limit.number == 2


def test_given_a_day_without_disaster_when_it_has_passed_then_the_count_begins_anew(bench: Bench) -> None:
    bench.configure(integration={"max_destructive_floor": 2, "max_destructive_share": 0.0})
    numbers = _orders(bench, 3)
    for number in numbers[:2]:
        _change(bench, number)
    bench.sync()
    _later(bench, DAY_S + 60)
    _change(bench, numbers[2])
    bench.sync()
    assert _changed(bench, numbers) == 3


def test_given_an_approval_when_it_was_carried_out_then_it_does_not_use_up_the_day(bench: Bench) -> None:
    """What a person approved is no part of a disaster: 25 hours after the first change, 5 after the approved one."""
    bench.configure(integration={"max_destructive_floor": 1, "max_destructive_share": 0.0})
    numbers = _orders(bench, 3)
    for number in numbers[:2]:
        _change(bench, number)
    bench.sync(expect=6)
    _later(bench, 20 * 3600)
    (limit,) = _waiting(bench)
    decisions.approve(bench.company, limit.id, 1)
    bench.sync()
    assert _changed(bench, numbers) == 2
    _later(bench, 5 * 3600)
    _change(bench, numbers[2])
    bench.sync()
    assert _changed(bench, numbers) == 3


def test_given_a_change_that_waits_when_the_seller_takes_it_back_then_nothing_waits_any_more(bench: Bench) -> None:
    bench.configure(integration={"max_destructive_floor": 0, "max_destructive_share": 0.0})
    (number,) = _orders(bench, 1)
    _change(bench, number)
    bench.sync(expect=6)
    _change(bench, number, quantity=1)
    bench.sync()
    assert _waiting(bench) == []
    bench.agreed()


def test_given_the_command_line_when_an_approval_is_given_there_then_now_runs_it(bench: Bench) -> None:
    bench.configure(integration={"max_destructive_floor": 0, "max_destructive_share": 0.0})
    (number,) = _orders(bench, 1)
    _change(bench, number)
    bench.sync(expect=6)
    (limit,) = _waiting(bench)
    shell = Shell(bench.config, {}, dict(os.environ))
    (told,) = shell.json("limits")
    assert (told["id"], told["count"]) == (limit.id, 1)
    assert told["remedy"] == f"syncengine approve {limit.id} --count 1"
    shell.run("approve", str(limit.id), "--count", "9", expect=2)
    shell.run("approve", str(limit.id), "--count", "1", "--now")
    assert _changed(bench, [number]) == 1


@pytest.mark.loaded(False)
def test_given_a_limited_first_run_when_there_is_more_to_create_then_the_rest_waits_for_an_approval(
    bench: Bench,
) -> None:
    """Only in the first run: after that the limit has done its work."""
    bench.configure(integration={"max_creates_first_run": 2})
    numbers = [bench.sales_order(place) for place in (1, 2, 3, 4)]
    bench.full_sync(expect=6)
    assert sum(len(bench.live_documents(number)) for number in numbers) == 2
    (limit,) = _waiting(bench)
    assert (limit.kind, limit.number) == ("first-run-limit", 2)
    late = bench.sales_order(5)
    bench.sync(expect=6)
    assert bench.live_documents(late) == []
    decisions.approve(bench.company, limit.id, 3)
    bench.sync()
    assert sum(len(bench.live_documents(number)) for number in [*numbers, late]) == 5
    for place in (1, 2, 3):
        bench.sales_order(place)
    bench.sync()
    bench.agreed()


# a system as a whole is not what it was


def _empty_back_office(bench: Bench, numbers: list[str]) -> None:
    for number in numbers:
        order = bench.clerk.order(number)
        path = f"companies({bench.clerk.company})/salesOrders({order['id']})"
        bench.clerk.person.request("DELETE", path, if_match="*")


def _empty_sales(bench: Bench, numbers: list[str]) -> None:
    for number in numbers:
        bench.admin.person.request("DELETE", f"salesorders({bench.seller.order(number)['salesorderid']})")


@pytest.mark.parametrize(("empty", "side"), [(_empty_back_office, "back_office"), (_empty_sales, "sales")])
def test_given_a_side_that_is_suddenly_empty_when_a_run_comes_then_all_writing_stops(
    bench: Bench, empty: Any, side: str
) -> None:
    """A lost permission or another company looks like that. Nobody's order is reopened or removed for it."""
    bench.configure(integration={"max_destructive_floor": 2})
    empty(bench, _orders(bench, 3))
    fresh = bench.back_office_order(1) if side == "sales" else None
    bench.mark()
    for result in (bench.sync(expect=6, sweep_all=True), bench.full_sync(expect=6)):
        assert (result["error"]["code"], result["error"]["side"]) == ("empty", side)
    assert bench.writes() == []
    assert fresh is None or bench.admin.person.get("salesorders?$select=name")["value"] == []
    (limit,) = _waiting(bench)
    assert limit.number == 3
    assert f"syncengine approve {limit.id} --count 3" in result["error"]["remedy"]
    decisions.approve(bench.company, limit.id, 3)
    assert bench.sync(expect=None).get("error") is None


def test_given_another_company_behind_the_url_when_a_run_comes_then_writing_stops_until_a_person_says_so(
    bench: Bench,
) -> None:
    numbers = _orders(bench, 2)
    with bench.company.store(writes=True) as store, store.transaction():
        store.remembered.put("identity:back_office", "00000000-1111-2222-3333-444444444444")
    _change(bench, numbers[0])
    bench.mark()
    result = bench.sync(expect=6)
    assert (result["error"]["code"], result["error"]["side"]) == ("another-system", "back_office")
    assert bench.writes() == []
    (limit,) = _waiting(bench)
    decisions.approve(bench.company, limit.id, limit.number)
    bench.sync()
    assert _changed(bench, numbers) == 1
    bench.agreed()


def test_given_a_system_that_is_the_old_one_again_when_a_run_comes_then_nothing_waits_for_an_approval(
    bench: Bench,
) -> None:
    """Somebody has put the url right: what had stopped all writing is over, and is neither listed nor alerted."""
    numbers = _orders(bench, 2)
    with bench.company.store(writes=True) as store, store.transaction():
        known = store.remembered.get("identity:back_office")
        store.remembered.put("identity:back_office", "00000000-1111-2222-3333-444444444444")
    bench.sync(expect=6)
    with bench.company.store(writes=True) as store, store.transaction():
        store.remembered.put("identity:back_office", known)
    bench.sync(mappings=("CUSTOMER",))
    assert len(_waiting(bench)) == 1, "a run of some mappings has not looked at everything"
    _change(bench, numbers[0])
    bench.sync()
    assert _waiting(bench) == []
    bench.agreed()
