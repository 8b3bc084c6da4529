"""Schedules as people write them, and how they are spread."""

from __future__ import annotations

import pytest

from syncengine.errors import ConfigurationError
from syncengine.service.schedule import seconds_between
from syncengine.service.schedule import trigger


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("every 30s", 30), ("every 15m", 900), ("every 2h", 7200), ("every 1d", 86_400), ("*/5 * * * *", 300), ("", 0)],
)
def test_how_often_it_comes(text: str, seconds: float) -> None:
    assert seconds_between(text, "x") == seconds


@pytest.mark.parametrize("text", ["every now and then", "every 0.5s", "99 * * * *", "often"])
def test_what_is_no_schedule_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\[schedule\] sweep") as told:
        trigger(text, "[schedule] sweep")
    assert told.value.remedy


@pytest.mark.parametrize(("text", "asked", "spread"), [("every 10s", 5, 1), ("every 1h", 5, 5), ("every 10s", 0, None)])
def test_jitter_is_never_more_than_a_tenth_of_the_interval(text: str, asked: float, spread: float | None) -> None:
    assert trigger(text, "x", asked).jitter == spread


def test_jitter_of_a_daily_run() -> None:
    assert trigger("0 3 * * *", "x", 30).jitter == 30
    assert trigger("", "x", 30) is None
