"""Both services push back, for a while or by their own limits: in the end every order is there once, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.bench.bench import Bench

pytestmark = pytest.mark.loaded

NOT_TOKENS = {"path": "^(GET|POST|PATCH|DELETE) (?!.*token)"}


def storm(bench: Bench, **fault: Any) -> None:
    """From now on a good part of all requests, reads and writes, on both sides."""
    for side in ("sales", "back_office"):
        bench.fault(side, probability=0.35, seed=7, match=NOT_TOKENS, **fault)


def everything_once(bench: Bench, from_sales: Sequence[str], from_back_office: Sequence[str]) -> None:
    """One document for each order, on either side; none of ours left over."""
    for number in from_sales:
        assert len(bench.clerk.orders(f"externalDocumentNumber eq '{number}'")) == 1
    for number in from_back_office:
        bench.sales_order_of(number)  # fails unless there is exactly one
    assert bench.clerk.orders("startswith(externalDocumentNumber,'SE:')") == []
    assert len(bench.admin.person.get("salesorders?$select=name")["value"]) == len(from_sales) + len(from_back_office)


def edited(bench: Bench, number: str) -> None:
    order = bench.seller.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 11}})


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([{"kind": "status", "status": 429, "retry_after": 0.01}], id="429"),
        pytest.param([{"kind": "status", "status": 503, "retry_after": 0.01}], id="503", marks=pytest.mark.long),
        pytest.param(
            [{"kind": "status", "status": 503, "retry_after": 0.01}, {"kind": "bad-gateway-after"}], id="503-and-502"
        ),
    ],
)
def test_a_storm_loses_and_doubles_nothing(bench: Bench, faults: list[dict[str, Any]]) -> None:
    """New orders both ways and edits that recreate, while a third of all requests is turned away, or worse."""
    bench.configure(limits={"patience_s": 1, "attempts": 8, "batch": 4})
    before = [bench.sales_order(2, 3) for _ in range(3)]
    bench.sync()
    from_sales = before + [bench.sales_order(1, n) for n in range(1, 6)]
    from_back_office = [bench.back_office_order(n, 4)["number"] for n in range(1, 4)]
    for number in before:
        edited(bench, number)
    for fault in faults:
        storm(bench, **fault)
    for _ in range(3):
        bench.sync(expect=None)
    bench.calm()
    for _ in range(3):
        bench.clock.sleep(3600)  # what was put back for later is due, and what may still have been running is not
        bench.sync(expect=None)
    everything_once(bench, from_sales, from_back_office)
    for number in before:
        (document,) = bench.clerk.orders(f"externalDocumentNumber eq '{number}'")
        assert Decimal(document["salesOrderLines"][0]["quantity"]) == 11
    bench.agreed()


@pytest.mark.slow
@pytest.mark.parametrize(
    "way",
    [
        "answer-lost",
        pytest.param("half-body", marks=pytest.mark.long),
        pytest.param("bad-gateway-after", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_batch_whose_answer_was_lost_is_settled_item_by_item(bench: Bench, side: str, way: str) -> None:
    """Eight documents in one batch, one of them refused: what was made is found, what was not is made, and once."""
    bench.sync()
    if side == "back_office":
        orders = [bench.sales_order(2) for _ in range(8)]
        match, part = {"path": r"\$batch", "body": r'"method": ?"POST"'}, {"path": "^POST .*salesOrders"}
    else:
        orders = [bench.back_office_order(2)["number"] for _ in range(8)]
        match, part = {"path": r"\$batch", "body": "order_details"}, {"path": "^POST .*salesorders"}
    bench.fault(side, kind="refuse", next=1, skip=3, match=part, status=400, code="refused", message="Not this one.")
    bench.fault(side, kind=way, next=1, match=match)
    bench.mark()
    for _ in range(3):
        bench.sync(expect=None)
        bench.clock.sleep(3600)
    everything_once(bench, *((orders, []) if side == "back_office" else ([], orders)))
    table = "salesOrders" if side == "back_office" else "salesorders"
    answers = [one.status for one in bench.writes(side) if (one.method, one.table) == ("POST", table)]
    assert sorted(answers) == [201] * 8 + [400]
    bench.agreed()


@pytest.mark.slow
def test_the_services_own_limits_are_lived_with(bench: Bench) -> None:
    """Few at once and few in a while, on both sides: it takes longer, and that is all."""
    bench.configure(limits={"patience_s": 5, "batch": 3})
    from_sales = [bench.sales_order(1, 2) for _ in range(12)]
    bench.setup("sales", limit_concurrent=2, limit_requests=25, limit_window_s=1)
    bench.setup("back_office", running_limit=1, queue_limit=1, rate_limit=20, rate_window_s=1)
    result = bench.sync(expect=None)
    bench.setup("sales", limit_concurrent=0, limit_requests=0)
    bench.setup("back_office", running_limit=5, queue_limit=95, rate_limit=6000)
    if result["exit_code"]:
        bench.sync(expect=None)
    everything_once(bench, from_sales, [])
    bench.agreed()
