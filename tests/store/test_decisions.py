"""Conflicts and their answers, archive versions, history, what is remembered, runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.ports import Subject
from syncengine.ports import about
from syncengine.records.encoding import loads
from syncengine.store import queries
from syncengine.store.store import SqlStore
from tests.store.clock import StillClock
from tests.store.operations import DELIVERY
from tests.store.operations import GOODS
from tests.store.pictures import DOCUMENT

ORDERS = "SALESORDER-ORDER"


@pytest.fixture(autouse=True)
def in_one_transaction(store: SqlStore) -> Iterator[None]:
    with store.transaction():
        yield


def _conflict(group: str = "goods", line: int | str | None = 12, sales: Any = 20, back_office: Any = 15) -> Decision:
    return Decision(
        group,
        Outcome.CONFLICT,
        {"quantity": Decimal(sales)},
        {"quantity": Decimal(back_office)},
        "changed on both sides",
        line,
        {"sales": {"quantity": Decimal(2)}, "back_office": {"quantity": Decimal(2)}},
    )


# conflicts


def test_a_conflict_shows_both_values_and_both_bases(store: SqlStore, clock: StillClock) -> None:
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    (found,) = store.conflicts.open()
    assert (found.mapping, found.coupling, found.group, found.line) == (ORDERS, 5, "goods", 12)
    assert (found.sales, found.back_office) == ({"quantity": Decimal(20)}, {"quantity": Decimal(15)})
    assert found.base == {"sales": {"quantity": Decimal(2)}, "back_office": {"quantity": Decimal(2)}}
    assert (found.since, found.answer) == (clock.at, None)
    assert store.conflicts.counts() == {ORDERS: 1}


def test_a_refreshed_conflict_stays_the_same_one(store: SqlStore, clock: StillClock) -> None:
    """It is named by our line coupling; it keeps its id, its age and its answer while the values stay."""
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    (before,) = store.conflicts.open()
    store.conflicts.answer(before.id, "sales")
    clock.sleep(600)
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    (after,) = store.conflicts.open()
    assert after == replace(before, answer="sales")
    assert {key: answer.take for key, answer in store.conflicts.answers(5).items()} == {(12, "goods"): "sales"}


def test_an_answer_to_an_old_question_no_longer_counts(store: SqlStore) -> None:
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    (before,) = store.conflicts.open()
    store.conflicts.answer(before.id, "sales")
    store.conflicts.refresh(ORDERS, 5, [_conflict(back_office=16)])
    (after,) = store.conflicts.open()
    assert (after.id, after.back_office, after.answer) == (before.id, {"quantity": Decimal(16)}, None)
    assert store.conflicts.answers(5) == {}


def test_conflicts_close_by_themselves_when_the_sides_agree(store: SqlStore) -> None:
    store.conflicts.refresh(ORDERS, 5, [_conflict(), _conflict("requested_delivery", None)])
    store.conflicts.refresh(ORDERS, 6, [_conflict()])
    store.conflicts.refresh(ORDERS, 5, [_conflict("requested_delivery", None)])
    assert [one.group for one in store.conflicts.open(coupling=5)] == ["requested_delivery"]
    store.conflicts.refresh(ORDERS, 5, [])
    assert [one.coupling for one in store.conflicts.open(mapping=ORDERS)] == [6]
    assert store.conflicts.open(mapping="CUSTOMER") == []


def test_nobody_is_asked_about_a_record_that_has_ended(store: SqlStore) -> None:
    ended = store.couplings.couple(ORDERS, "s1", "b1", created_by="match")
    other = store.couplings.couple(ORDERS, "s2", "b2", created_by="match")
    for coupling in (ended, other):
        store.conflicts.refresh(ORDERS, coupling, [_conflict(), _conflict("requested_delivery", None)])
        store.remembered.put(about("restore", coupling), 1)
    store.couplings.end(ended, "closed", "canceled in Sales")
    assert [store.remembered.get(about("restore", one)) for one in (ended, other)] == [None, 1]
    assert {one.coupling for one in store.conflicts.open()} == {other}
    assert store.conflicts.counts() == {ORDERS: 2}


def test_a_conflict_that_comes_back_is_a_new_question(store: SqlStore) -> None:
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    (before,) = store.conflicts.open()
    store.conflicts.answer(before.id, "sales")
    store.conflicts.refresh(ORDERS, 5, [])
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    (after,) = store.conflicts.open()
    assert after.id != before.id
    assert after.answer is None
    assert store.conflicts.answer(before.id, "sales") is None, "a closed conflict takes no answer"


def test_which_groups_are_in_conflict(store: SqlStore) -> None:
    store.conflicts.refresh(ORDERS, 5, [_conflict()])
    assert store.conflicts.covers(5, ["quantity", "goods"], 12)
    assert not store.conflicts.covers(5, ["goods"], 13)
    assert not store.conflicts.covers(5, ["goods"], None)
    assert not store.conflicts.covers(6, ["goods"], 12)


# archive


def _keep(store: SqlStore, operation: int, coupling: int = 5, number: str = "S-ORD101001") -> int:
    return store.archive.keep(
        mapping=ORDERS,
        coupling=coupling,
        operation=operation,
        order="ORD-01001",
        number=number,
        reason="the product changed in Sales",
        document=DOCUMENT,
        decisions=(GOODS, DELIVERY),
    )


def test_versions_are_counted_for_each_order(store: SqlStore, clock: StillClock) -> None:
    assert (_keep(store, 1), _keep(store, 2, number="S-ORD101002"), _keep(store, 3, coupling=6)) == (1, 2, 1)
    store.archive.succeeded(2, "S-ORD101003")
    newest, *_ = store.archive.versions("S-ORD101002")
    assert (newest.version, newest.number, newest.successor) == (2, "S-ORD101002", "S-ORD101003")
    assert (newest.document, newest.decisions, newest.archived_at) == (DOCUMENT, (GOODS, DELIVERY), clock.at)
    assert newest.reason == "the product changed in Sales"


def test_versions_are_found_by_every_name_the_order_has_or_had(store: SqlStore) -> None:
    coupling = store.couplings.couple(ORDERS, "s1", "b2", created_by="match")
    store.couplings.name(coupling, "ORD-01001", "S-ORD101002")
    _keep(store, 1, coupling)
    for name in ("ORD-01001", "S-ORD101002", "s1", "b2", "S-ORD101001"):
        assert [one.version for one in store.archive.versions(name)] == [1], name
    assert store.archive.versions("ORD-09999") == []
    assert len(store.archive.versions(limit=1)) == 1


# history


def test_a_record_tells_its_story_from_before_it_was_coupled(store: SqlStore, clock: StillClock) -> None:
    fresh = Subject(ORDERS, None, "sales", "s1")
    store.history.note(fresh, "parked", {"code": "not-coupled"})
    coupling = store.couplings.couple(ORDERS, "s1", "b1", created_by="create")
    store.couplings.name(coupling, "ORD-01001", "S-ORD101001")
    clock.sleep(1)
    store.history.note(Subject(ORDERS, coupling), "sent", {"body": {"quantity": Decimal("2.50")}})
    store.history.note(Subject(ORDERS, None, "sales", "s2"), "parked", {"code": "another"})
    told = queries.story(store.session, "ORD-01001")
    assert told is not None
    assert [(one["event"], one["run"]) for one in told["events"]] == [("parked", "run-1"), ("sent", "run-1")]
    assert told["events"][1]["body"] == {"quantity": Decimal("2.50")}
    assert told["events"][1]["at"] == "2026-03-02T08:00:01.000000Z"


# what is remembered, and runs


def test_what_is_remembered_ages(store: SqlStore, clock: StillClock) -> None:
    store.remembered.put("metadata", {"tables": ["orders"], "umlaut": "ü"})
    clock.sleep(3600)
    assert store.remembered.get("metadata") == {"tables": ["orders"], "umlaut": "ü"}
    assert store.remembered.some(["metadata", "nothing"]) == {"metadata": {"tables": ["orders"], "umlaut": "ü"}}
    assert store.remembered.get("metadata", max_age_s=3600) is not None
    assert store.remembered.get("metadata", max_age_s=3599) is None
    store.remembered.put("metadata", None)
    assert store.remembered.get("metadata", max_age_s=0) is None
    assert store.remembered.get("never put") is None


def test_runs_are_listed_newest_first(store: SqlStore, clock: StillClock) -> None:
    for name in ("run-a", "run-b"):
        store.runs.started(name, "sync", "bidirectional")
        clock.sleep(60)
    store.runs.finished("run-a", "completed", 0, '{"exit_code": 0}')
    newest, older = store.runs.newest(5)
    assert (newest["id"], newest["status"], newest["exit_code"], newest["finished_at"]) == (
        "run-b", "running", None, None,
    )  # fmt: skip
    assert (older["id"], older["status"], older["exit_code"]) == ("run-a", "completed", 0)
    assert older["started_at"] == "2026-03-02T08:00:00.000000Z"
    assert older["finished_at"] == "2026-03-02T08:02:00.000000Z"
    told = store.runs.get("run-a")
    assert told is not None
    assert loads(told["result"]) == {"exit_code": 0}
    assert store.runs.get("run-") is None, "several begin so"
    assert store.runs.get("%") is None
    assert [one["id"] for one in store.runs.newest(since=clock.at)] == []
    assert [one["id"] for one in store.runs.newest(1)] == ["run-b"]


def test_text_order_of_stamps_is_time_order(store: SqlStore, clock: StillClock) -> None:
    """Stamps are compared as text: a year of four digits, microseconds always written."""
    first = store.session.now()
    clock.sleep(0.000001)
    second = store.session.now()
    clock.at = datetime(2026, 10, 1, tzinfo=UTC)
    assert first < second < store.session.now()
    assert len(first) == len(second)
