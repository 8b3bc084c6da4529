"""What metrics and alerts are made of: which change is the oldest on which side, what waits for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest

from syncengine.errors import FailureClass
from syncengine.planner.steps import Problem
from syncengine.ports import Subject
from syncengine.store import health
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.store import SqlStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORDERS = "SALESORDER-ORDER"


class SetClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(tmp_path: Path, clock: SetClock) -> Iterator[SqlStore]:
    engine = open_engine(f"sqlite:///{tmp_path / 'engine.db'}")
    prepare(engine)
    made = SqlStore(engine, "CRONUS", clock)
    with made.transaction():
        yield made
    made.close()


def _health(store: SqlStore) -> health.MappingHealth:
    return health.by_mapping(store.session)[ORDERS]


def test_a_change_is_as_old_as_its_first_sighting_on_that_side(store: SqlStore, clock: SetClock) -> None:
    coupling = store.couplings.couple(ORDERS, "s1", "b1", created_by="test")
    store.work.add(Subject(ORDERS, coupling), changed="sales")
    clock.sleep(60)
    store.work.add(Subject(ORDERS, coupling), changed="sales")
    store.work.add(Subject(ORDERS, coupling), changed="back_office")
    found = _health(store)
    assert found.oldest == {
        ("sales", "moving"): NOON,
        ("back_office", "moving"): NOON + timedelta(seconds=60),
    }
    assert found.records_in_step == 0
    store.work.done(Subject(ORDERS, coupling))
    assert _health(store).oldest == {}
    assert _health(store).records_in_step == 1


def test_planning_again_is_no_new_change(store: SqlStore) -> None:
    coupling = store.couplings.couple(ORDERS, "s1", "b1", created_by="test")
    store.work.add(Subject(ORDERS, coupling))
    assert _health(store).oldest == {}
    assert _health(store).work["moving"] == 1


@pytest.mark.parametrize(
    ("failure", "state", "failed"),
    [
        (FailureClass.TRANSIENT, "moving", 0),
        (FailureClass.THROTTLED, "moving", 0),
        (FailureClass.WAITING, "waiting", 0),
        (FailureClass.PERSON, "person", 1),
        (FailureClass.BUG, "person", 1),
    ],
)
def test_what_a_parked_record_waits_for(store: SqlStore, failure: FailureClass, state: str, failed: int) -> None:
    subject = Subject(ORDERS, None, "sales", "s1")
    store.work.add(subject)
    store.work.park(subject, Problem(failure, "code", "words", "remedy"))
    found = _health(store)
    assert found.work[state] == 1  # type: ignore[index]
    assert found.oldest == {("sales", state): NOON}
    assert found.failed == failed


def test_a_conflict_is_no_failure(store: SqlStore) -> None:
    coupling = store.couplings.couple(ORDERS, "s1", "b1", created_by="test")
    store.work.add(Subject(ORDERS, coupling), changed="sales")
    store.work.park(Subject(ORDERS, coupling), Problem(FailureClass.PERSON, "conflict", "both changed", ""))
    assert (_health(store).work["person"], _health(store).failed) == (1, 0)


def test_the_side_of_a_change_survives_being_coupled(store: SqlStore, clock: SetClock) -> None:
    store.work.add(Subject(ORDERS, None, "sales", "s1"))
    clock.sleep(5)
    coupling = store.couplings.couple(ORDERS, "s1", "b1", created_by="match")
    store.work.couple(ORDERS, {coupling: ("s1", "b1")})
    assert _health(store).oldest == {("sales", "moving"): NOON}


def test_usual_traffic_is_that_of_the_same_hour_in_earlier_weeks(store: SqlStore, clock: SetClock) -> None:
    for weeks, changes in ((1, 3), (2, 0), (3, 2)):
        clock.at = NOON - timedelta(weeks=weeks, minutes=30)
        for number in range(changes):
            store.history.note(Subject(ORDERS, None, "sales", f"s{number}"), "planned", {})
    hour = timedelta(hours=1)
    assert health.usual_traffic(store.session, NOON, hour, 3) == [3, 0, 2]
    assert health.usual_traffic(store.session, NOON + hour, hour, 3) == [0, 0, 0]
    assert health.changes_between(store.session, NOON - hour, NOON) == 0


def test_the_last_end_of_each_kind_of_run(store: SqlStore, clock: SetClock) -> None:
    for run_id, kind, status in (("1", "sync", "failed"), ("2", "sync", "completed"), ("3", "verify", "completed")):
        store.runs.started(run_id, kind, "bidirectional")
        clock.sleep(1)
        store.runs.finished(run_id, status, 0, "")
    store.runs.started("4", "sync", "bidirectional")
    assert health.last_ends(store.session) == {
        "sync": (NOON + timedelta(seconds=2), "completed"),
        "verify": (NOON + timedelta(seconds=3), "completed"),
    }
