"""The hand-over happens once, whenever the process dies and whatever answer is lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.recovery.situations import Situation
from tests.recovery.test_dying import OFTEN
from tests.recovery.test_dying import _die_at
from tests.recovery.test_dying import _moments
from tests.recovery.test_lost_answers import lose_one

pytestmark = pytest.mark.slow


def _one_way(bench: Bench) -> None:
    bench.admin.switch_order_processing(on=True)
    bench.configure(integration={"mode": "one-way"})


def _submitted(bench: Bench) -> str:
    _one_way(bench)
    return bench.sales_order(2, 3, freightamount=25, discountamount=5)


def _handed_over_once(bench: Bench, number: str) -> None:
    sales, order = bench.seller.order(number), bench.clerk.order(number)
    assert len(bench.live_documents(number)) == 1
    assert [line["quantity"] for line in order["salesOrderLines"]] == [2, 3, 1]
    assert order["discountAmount"] == 5
    assert sales["submitstatusdescription"].startswith(order["number"])
    assert sales["lastbackofficesubmit"] is not None


def _edited_and_shipped(bench: Bench) -> str:
    number = _submitted(bench)
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal("1.23"))
    bench.clerk.act(bench.clerk.order(number), "release")
    first = order["salesOrderLines"][0]["sequence"]
    bench.clerk.act(bench.clerk.order(number), "ship", lines=[{"sequence": first, "quantity": 1}])
    return number


def _told(bench: Bench, number: str) -> None:
    sales, order = bench.seller.order(number), bench.clerk.order(number)
    assert sales["totalamount"] == order["totalAmountIncludingTax"]
    assert [line["quantityshipped"] or 0 for line in sales["order_details"]] == [1, 0]
    assert sales["order_details"][0]["priceperunit"] != Decimal("1.23")


SITUATIONS = (
    Situation("an order that is handed over", _submitted, _handed_over_once, {"sales": 0, "back_office": 1}),
    Situation("an order edited and shipped", _edited_and_shipped, _told, {"sales": 0, "back_office": 0}),
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_a_process_that_dies_at_some_moments(running: world.Sandbox, tmp_path: Path, situation: Situation) -> None:
    first = 5 + SITUATIONS.index(situation) * 9
    for at in range(first, _moments(running, tmp_path, situation), OFTEN):
        folder = tmp_path / str(at)
        folder.mkdir()
        _die_at(running, folder, situation, at)


@pytest.mark.parametrize("way", ["answer-lost", "reset-before"])
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_a_write_whose_answer_is_lost(running: world.Sandbox, tmp_path: Path, situation: Situation, way: str) -> None:
    """The first write on each side."""
    for side in ("back_office", "sales"):
        lose_one(running, tmp_path / side, situation, side, way, 0)
