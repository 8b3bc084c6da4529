"""`forecast` against what a load then really takes, and against counts worked out by hand."""

from __future__ import annotations

import pytest

from syncengine.service.forecast import QUOTAS
from syncengine.service.forecast import Load
from syncengine.service.forecast import forecast
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def test_it_counts_what_there_is_and_asks_for_counts_only(bench: Bench) -> None:
    bench.sales_order(1)
    bench.sales_order(2, 3)
    bench.back_office_order(1)
    bench.mark()
    found = forecast(bench.company)
    assert bench.writes() == []
    counts = {one["mapping"]: (one["sales"], one["back_office"]) for one in found["counts"]}
    assert counts["SALESORDER-ORDER"] == (2, 1)
    assert counts["CUSTOMER"] == (3, 3)
    changed = {one["mapping"]: (one["sales"], one["back_office"]) for one in found["changed_yesterday"]}
    assert changed["SALESORDER-ORDER"] == (2, 1)


def test_a_first_load_takes_about_what_was_said(bench: Bench) -> None:
    """Within a factor of two: what is created decides, and no count can tell which orders match."""
    for _ in range(12):
        bench.sales_order(1)
    said = forecast(bench.company)["first_load"]
    bench.restart()
    done = bench.full_sync()
    for side in ("sales", "back_office"):
        assert said["requests"][side] / 2 <= done["requests"][side] <= said["requests"][side] * 2, (
            said,
            done["requests"],
        )


def test_the_busiest_quota_decides_the_time() -> None:
    load = Load()
    load.requests = {"sales": 12_000, "back_office": 0}
    assert load.seconds(4) == 600  # 6000 in 300 s
    load.execution_s = {"sales": 0, "back_office": 10_000}
    assert load.seconds(4) == 2500  # four at once
    assert load.seconds(50) == 2000  # five at once is all Business Central runs
    load.execution_s = {"sales": 8_000, "back_office": 0}
    assert load.seconds(50) == 2000  # 1200 s of execution in 300 s


def test_the_quotas_are_the_documented_ones() -> None:
    assert (QUOTAS["sales"].requests, QUOTAS["sales"].window_s, QUOTAS["sales"].at_once) == (6000, 300, 52)
    assert QUOTAS["sales"].execution_s == 1200
    assert (QUOTAS["back_office"].requests, QUOTAS["back_office"].window_s, QUOTAS["back_office"].at_once) == (
        6000,
        300,
        5,
    )


def test_an_idle_day_is_polls_sweeps_and_one_verification(bench: Bench) -> None:
    bench.configure(schedule={"incremental": "every 60s", "sweep": "", "verify": ""})
    day = forecast(bench.company)["usual_day"]
    assert day["runs"] == 1440
    assert day["requests"]["sales"] >= 2 * 1440
    bench.configure(schedule={"incremental": "", "sweep": "", "verify": ""})
    quiet = forecast(bench.company)["usual_day"]
    assert quiet["runs"] == 0
    assert day["requests"]["sales"] - quiet["requests"]["sales"] == 2 * 1440
