"""When somebody is told, and of what: each rule stands exactly as long as its cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta

import pytest

from syncengine.config.models import AlertsPart
from syncengine.errors import StoreError
from syncengine.service.alerts import KINDS
from syncengine.service.alerts import Seen
from syncengine.service.alerts import judge
from syncengine.service.credentials import Ending
from syncengine.service.health import Health
from syncengine.service.rounds import Standing
from syncengine.store.health import MappingHealth

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUIET = Seen(Health(NOW), Standing("scheduling"), True, {}, {})
PART = AlertsPart()


def _orders(**health: object) -> Seen:
    return replace(QUIET, health=Health(NOW, {"SALESORDER-ORDER": MappingHealth(coupled=10, **health)}))  # type: ignore[arg-type]


def _ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


STALE = _orders(oldest={("sales", "moving"): _ago(minutes=20)})
STANDING_BY = replace(QUIET, standing=Standing("standing-by", "sop-enabled", "SOP is on", "turn it off", NOW))
FAILING = replace(QUIET, standing=Standing("failing", "unreachable", "no answer", "", _ago(minutes=6)))
STOPPED = replace(QUIET, standing=Standing("failing", "restored-system", "restored", "accept-restore", NOW, 6))
OTHER_MODE = replace(
    QUIET, scheduling=False, standing=Standing("standing-by", "other-mode", "h:1 is at work", "stop it")
)
EXPIRING = replace(QUIET, endings={"sales": Ending(date(2026, 3, 10), "make a new one")})
LOST = replace(QUIET, subscriptions={"back_office": {"until": _ago(hours=1).isoformat()}})
REFUSED = replace(QUIET, subscriptions={"sales": {"error": "no privilege", "remedy": "grant it"}})
SILENT = replace(QUIET, traffic_before=(9, 7, 12))


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("freshness", STALE),
        ("failed-records", _orders(failed=1)),
        ("conflicts", _orders(conflicts=2, oldest_conflict=_ago(hours=2))),
        ("unexplained", replace(QUIET, health=Health(NOW, unexplained=1))),
        ("credentials", EXPIRING),
        ("subscription", LOST),
        ("subscription", REFUSED),
        ("silence", SILENT),
        ("standing-by", STANDING_BY),
        ("standing-by", OTHER_MODE),
        ("failing", FAILING),
        ("safety-limit", replace(QUIET, health=Health(NOW, held=["31 of 40 documents would be replaced"]))),
        ("safety-limit", STOPPED),
        ("safety-limit", replace(STOPPED, health=Health(NOW, held=["the back office shows no salesOrders any more"]))),
    ],
)
def test_each_cause_makes_exactly_its_alert_and_says_what_to_do(kind: str, seen: Seen) -> None:
    assert kind in KINDS
    (found,) = judge(PART, seen)
    assert found.kind == kind
    assert found.text
    assert found.remedy or kind in ("standing-by", "failing", "subscription")


@pytest.mark.parametrize(
    "seen",
    [
        QUIET,
        _orders(oldest={("sales", "moving"): _ago(minutes=14)}),
        _orders(oldest={("sales", "waiting"): _ago(days=3), ("back_office", "person"): _ago(days=3)}),
        _orders(conflicts=2, oldest_conflict=_ago(minutes=59)),
        replace(QUIET, endings={"sales": Ending(date(2026, 3, 17), "make a new one")}),
        replace(QUIET, traffic_before=(9, 4, 12)),
        replace(QUIET, traffic_before=(9, 7, 12), traffic_now=1),
        replace(QUIET, subscriptions={"back_office": {"until": (NOW + timedelta(hours=1)).isoformat()}}),
        replace(QUIET, standing=Standing("failing", "unreachable", "no answer", "", _ago(minutes=4))),
        replace(QUIET, scheduling=False, standing=Standing("standing-by", "another-instance", "h:1 schedules X")),
    ],
)
def test_what_is_as_it_should_be_alerts_nobody(seen: Seen) -> None:
    assert judge(PART, seen) == []


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        ("freshness_s", STALE),
        ("failed_records", _orders(failed=1)),
        ("conflicts_after_s", _orders(conflicts=2, oldest_conflict=_ago(hours=2))),
        ("unexplained", replace(QUIET, health=Health(NOW, unexplained=1))),
        ("credentials_days", EXPIRING),
        ("silence_window_s", SILENT),
        ("failing_after_s", FAILING),
    ],
)
def test_zero_turns_a_rule_off(key: str, seen: Seen) -> None:
    assert judge(PART.model_copy(update={key: 0}), seen) == []


def test_only_the_instance_that_schedules_judges_the_records() -> None:
    assert judge(PART, replace(STALE, scheduling=False)) == []


def test_a_store_that_does_not_answer_is_judged_by_its_own_alert_only() -> None:
    broken = replace(FAILING, health=Health(NOW, error=StoreError("gone")), traffic_before=(9, 9, 9))
    assert [one.kind for one in judge(PART, broken)] == ["failing"]


def test_the_days_left_are_named() -> None:
    (found,) = judge(PART, EXPIRING)
    assert "8 days" in found.text
    over = replace(QUIET, endings={"sales": Ending(date(2026, 3, 1), "make a new one")})
    (found,) = judge(PART, over)
    assert "have expired" in found.text
