"""How far, how fast, how long still: said only as far as it is known."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from datetime import timedelta

from syncengine.cli.reports import progress_text
from syncengine.engine.progress import Pace

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_rate_and_time_left_follow_from_what_is_done() -> None:
    pace = Pace("read", {"mapping": "CUSTOMER", "side": "sales"}, START, total=5000)
    pace.after(500, START + timedelta(seconds=5))
    report = pace.after(500, START + timedelta(seconds=10))
    assert (report["done"], report["per_second"], report["seconds_left"]) == (1000, 100.0, 40)
    assert progress_text("read", report) == "CUSTOMER, Sales: read 1000 of 5000, 100 a second, about 40 s left"


def test_without_a_total_nothing_is_promised() -> None:
    report = Pace("read", {"mapping": "CUSTOMER", "side": "sales"}, START).after(10, START + timedelta(seconds=1))
    assert report["seconds_left"] is None
    assert progress_text("read", report) == "CUSTOMER, Sales: read 10, 10 a second"


def test_more_than_was_expected_is_no_negative_time() -> None:
    report = Pace("applied", {"mapping": "ORDER"}, START, total=5).after(10, START + timedelta(seconds=1))
    assert report["seconds_left"] == 0
    assert progress_text("applied", report) == "ORDER: applied 10 of 10, 10 a second"
