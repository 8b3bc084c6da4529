"""A record that is read a little older than it is known: from a copy that lags behind, or after a clock was set back.

Neither may undo what was written since, and neither needs a person.
"""

from __future__ import annotations

import pytest

from syncengine.engine.run import Asked
from syncengine.records.values import Side
from syncengine.service.runs import perform
from tests.bench.bench import Bench
from tests.recovery.stale import Memory
from tests.scenarios.acts import history

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


def _run(bench: Bench, memory: Memory) -> int:
    company = bench.new_process()
    with pytest.MonkeyPatch.context() as patch:
        memory.install(company, patch)
        result = perform(company, Asked("sync", sweep_all=True))
    company.close()
    bench.restart()
    return int(result["exit_code"])


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_stale_read_after_our_own_write_undoes_nothing(bench: Bench, side: Side) -> None:
    """One side's edit is carried over; the next run reads the other side as it was before our write."""
    bench.sync()
    number = bench.sales_order(2, 3, shipto_city="Denver")
    bench.sync()
    memory = Memory()
    _run(bench, memory)
    for system in ("sales", "back_office"):
        bench.later(system, 5)  # stamps of Sales are whole seconds
    if side == "sales":
        bench.clerk.change(bench.clerk.order(number), requestedDeliveryDate="2027-03-16")
    else:
        bench.seller.edit(bench.seller.order(number)["salesorderid"], shipto_city="Portland")
    assert _run(bench, memory) == 0
    bench.mark()
    memory.left[side] = 2  # in the walk over all orders, and when it is looked at because of that
    assert _run(bench, memory) == 0
    assert memory.answered
    assert bench.writes() == []
    for _ in range(2):
        bench.clock.sleep(120)
        _run(bench, memory)
    assert bench.writes() == []
    shown = (bench.clerk.order(number)["shipToCity"], bench.seller.order(number)["shipto_city"])
    assert shown == (("Denver",) * 2 if side == "sales" else ("Portland",) * 2)
    assert bench.clerk.order(number)["requestedDeliveryDate"] == ("2027-03-16" if side == "sales" else "0001-01-01")
    assert [one["code"] for one in history(bench, number, "parked")] == ["older-than-known"]
    bench.agreed()


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_an_edit_after_a_clock_was_set_back_flows(bench: Bench, side: Side) -> None:
    """The edit is stamped a minute and a half before what was read of the order already."""
    bench.sync()
    number = bench.sales_order(2, 3, shipto_city="Denver")
    bench.sync()
    bench.later(side, -90)
    if side == "sales":
        bench.seller.edit(bench.seller.order(number)["salesorderid"], shipto_city="Portland")
    else:
        bench.clerk.change(bench.clerk.order(number), requestedDeliveryDate="2027-03-16")
    for _ in range(2):
        bench.sync()
    if side == "sales":
        assert bench.clerk.order(number)["shipToCity"] == "Portland"
    else:
        assert bench.seller.order(number)["requestdeliveryby"].startswith("2027-03-16")
    bench.agreed()


@pytest.mark.timeout(60)
def test_two_doubts_about_one_order_end(bench: Bench) -> None:
    """Edited under a clock that was set back, and its document deleted: each doubt once began anew after the other."""
    number = bench.sales_order(2, 3, shipto_city="Denver")
    bench.sync()
    bench.later("sales", -90)
    bench.seller.edit(bench.seller.order(number)["salesorderid"], shipto_city="Portland")
    bench.clerk.delete(bench.clerk.order(number))
    for _ in range(3):
        bench.sync(expect=None, sweep_all=True)
        bench.clock.sleep(4000)
    assert [one["code"] for one in history(bench, number, "parked")] == ["gone-unconfirmed", "reopened"]
    assert bench.live_documents(number) == []
    bench.seller.submit(bench.seller.order(number)["salesorderid"])
    bench.sync()
    (document,) = bench.live_documents(number)
    assert document["shipToCity"] == "Portland"
    bench.agreed()
