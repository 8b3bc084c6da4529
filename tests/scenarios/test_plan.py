"""A plan shows exactly what the run then does, and leaves nothing behind."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from tests.bench.bench import Bench
from tests.bench.planned import of_step
from tests.bench.planned import of_write

pytestmark = pytest.mark.loaded


def _a_busy_day(bench: Bench) -> None:
    """Something of everything: new both ways, recreated, patched, back-office edits, shipped, waiting."""
    recreated, patched, edited, shipped = (bench.sales_order(2, 3) for _ in range(4))
    bench.sync()
    order = bench.seller.order(recreated)
    bench.seller.edit(order["salesorderid"], lines={order["order_details"][0]["salesorderdetailid"]: {"quantity": 9}})
    bench.seller.edit(
        bench.seller.order(patched)["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland"
    )
    there = bench.clerk.order(edited)
    bench.clerk.change_line(there, there["salesOrderLines"][0], unitPrice=Decimal("1.23"))
    bench.clerk.act(bench.clerk.order(shipped), "release")
    bench.clerk.act(bench.clerk.order(shipped), "ship")
    bench.sales_order(4)
    bench.back_office_order(5)


def test_every_write_is_a_step_of_the_plan_and_every_unconditional_step_is_done_once(bench: Bench) -> None:
    """Batch parts are compared, not envelopes."""
    _a_busy_day(bench)
    plan = bench.plan()
    steps = [step for action in plan["actions"] for step in action["steps"] if step["verb"] != "read"]
    unconditional = Counter(of_step(step) for step in steps if step["when"] == "always")
    possible = Counter(of_step(step) for step in steps)
    bench.mark()
    bench.sync()
    done = Counter(of_write(write) for write in bench.writes())
    assert done - possible == Counter()
    assert unconditional - done == Counter()
    bench.agreed()


def test_what_a_plan_would_create_is_looked_for_by_no_sweep(bench: Bench) -> None:
    """The sweep is due, and walks the couplings: those that the plan pretends are nowhere to be read."""
    bench.sales_order(2)
    bench.clock.sleep(10_000)
    plan = bench.run("sync", dry_run=True, sweep_all=True)
    assert [action["action"] for action in plan["actions"]] == ["create"]
    assert (plan["exit_code"], plan["errors"]) == (0, [])


def test_a_run_sends_the_very_values_that_the_plan_prints(bench: Bench) -> None:
    _a_busy_day(bench)
    plan = from_json(to_json(bench.plan()))
    planned: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for action in plan["actions"]:
        for step in action["steps"]:
            planned.setdefault((step["side"], step["verb"]), []).append(step)
    bench.mark()
    bench.sync()
    for write in bench.writes("back_office"):
        if write.method == "POST" and write.table == "salesOrders":
            step = _with_identity(planned["back_office", "create"], write.body)
            assert _shown(write.body) == _expected(step["body"])
            lines = write.body.get("salesOrderLines", [])
            assert [_shown(line) for line in lines] == [_expected(line) for line in step["lines"]]
        elif write.method == "PATCH" and write.table == "salesOrders":
            bodies = [_expected(step["body"]) for step in planned["back_office", "update"]]
            assert _shown(write.body) in bodies


def _with_identity(steps: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    (found,) = [s for s in steps if s["body"]["externalDocumentNumber"] == body["externalDocumentNumber"]]
    return found


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if not isinstance(value, list)}


def _expected(body: dict[str, Any]) -> dict[str, Any]:
    """A plan shows a lookup as `table(id)`; the wire has the id."""
    return {name: _id(value) for name, value in body.items()}


def _id(value: Any) -> Any:
    if isinstance(value, str) and value.endswith(")") and "(" in value:
        return value.partition("(")[2].rstrip(")")
    return value


def test_a_plan_writes_nothing_that_stays(bench: Bench) -> None:
    """Two plans in a row are the same, and neither system nor store is touched."""
    _a_busy_day(bench)
    before = _dump(bench)
    bench.mark()
    one, two = bench.plan(), bench.plan()
    assert bench.writes() == []
    assert _dump(bench) == before
    assert _comparable(one) == _comparable(two)
    assert one["exit_code"] == 0


def _comparable(plan: dict[str, Any]) -> str:
    """The actions without the moment of the plan itself, which the constant `run_date` shows."""
    return re.sub(rf"{plan['started_at'][:15]}[0-9:.]+(Z|\+00:00)", "(now)", to_json(plan["actions"]).decode())


def _dump(bench: Bench) -> list[str]:
    """Every row of the store but what is remembered of the systems' own description."""
    connection = sqlite3.connect(bench.folder / "engine.db")
    lines = [line for line in connection.iterdump() if "remembered" not in line]
    connection.close()
    return lines


@pytest.mark.loaded(False)
def test_the_plan_of_a_first_load_shows_couplings_and_creates(bench: Bench) -> None:
    number = bench.sales_order(2)
    plan = bench.plan()
    kinds = Counter((action["mapping"], action["action"]) for action in plan["actions"])
    assert kinds["CUSTOMER", "couple"] == 3
    assert kinds["SALESORDER-ORDER", "create"] == 1
    (create,) = [action for action in plan["actions"] if action["action"] == "create"]
    assert create["record"]["number"] == number
    assert [(step["side"], step["verb"], step["when"]) for step in create["steps"]] == [
        ("back_office", "create", "always"),
        ("sales", "update", "always"),
        ("sales", "update-line", "moved"),
    ]


@pytest.mark.parametrize("way", ["plan", "sync"])
def test_a_waiting_order_is_shown_with_its_cause(bench: Bench, way: str) -> None:
    account = bench.admin.person.request(
        "POST", "accounts", {"name": "Unknown", "accountnumber": "X1"}, prefer="return=representation"
    )["accountid"]
    bench.sync()
    bench.sales_order(1, account=account)
    plan = bench.plan()
    (action,) = plan["actions"]
    assert action["action"] == "wait"
    assert [step["table"] for step in action["steps"]] == ["salesorders"] * len(action["steps"])  # told to the seller
    assert action["waits_for"] == [{"mapping": "CUSTOMER", "side": "sales", "id": account}]
