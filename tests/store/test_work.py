"""Work: what is to be planned, what is set aside and why, and what brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from syncengine.errors import FailureClass
from syncengine.planner.steps import Problem
from syncengine.ports import Found
from syncengine.ports import Subject
from syncengine.records.values import Ref
from syncengine.store.store import SqlStore
from tests.store.clock import StillClock
from tests.store.pictures import DOCUMENT

ORDERS = "SALESORDER-ORDER"
COUPLED = Subject(ORDERS, 5)
FRESH = Subject(ORDERS, None, "sales", "s1")

REFUSED = Problem(FailureClass.PERSON, "refused", "Blocked must be No", "Correct the item.", "back_office")
WAITING = Problem(FailureClass.WAITING, "not-coupled", "waiting: CUSTOMER c1 is not coupled", "Couple it.")
STALE = Problem(FailureClass.TRANSIENT, "stale", "somebody was there first")


@pytest.fixture(autouse=True)
def in_one_transaction(store: SqlStore) -> Iterator[None]:
    with store.transaction():
        yield


def _subjects(store: SqlStore, clock: StillClock, limit: int = 100) -> list[Subject]:
    found = store.work.claim(ORDERS, limit, clock.now())
    return [
        Subject(ORDERS, one.coupling) if one.coupling else Subject(ORDERS, None, one.side, one.remote_id)
        for one in found
    ]


def test_records_are_planned_in_the_order_they_came_in(store: SqlStore, clock: StillClock) -> None:
    store.work.add(FRESH, number="ORD-01001")
    store.work.add(COUPLED)
    store.work.add(Subject("CUSTOMER", 5))
    store.work.add(FRESH)
    assert _subjects(store, clock) == [FRESH, COUPLED]
    assert _subjects(store, clock, limit=1) == [FRESH]
    (first, _) = store.work.claim(ORDERS, 10, clock.now())
    assert (first.number, first.since, first.problem) == ("ORD-01001", clock.at, None)


def test_mappings_with_something_to_plan_are_known_at_once(store: SqlStore, clock: StillClock) -> None:
    assert store.work.waiting(clock.now()) == set()
    store.work.add(FRESH)
    store.work.add(Subject("CUSTOMER", 5))
    store.work.add(Subject("ITEM-PRODUCT", 6))
    assert store.work.waiting(clock.now()) == {ORDERS, "CUSTOMER", "ITEM-PRODUCT"}
    store.work.park(FRESH, REFUSED)
    store.work.park(Subject("CUSTOMER", 5), STALE, until=clock.now() + timedelta(seconds=30))
    assert store.work.waiting(clock.now()) == {"ITEM-PRODUCT"}
    assert store.work.waiting(clock.now() + timedelta(seconds=30)) == {"CUSTOMER", "ITEM-PRODUCT"}


def test_what_is_done_is_no_work_any_more(store: SqlStore, clock: StillClock) -> None:
    store.work.add(FRESH)
    assert store.work.state(FRESH) == "pending"
    store.work.done(FRESH)
    store.work.done(FRESH)
    assert store.work.state(FRESH) is None
    assert _subjects(store, clock) == []


def test_documents_that_were_read_stay_with_the_work(store: SqlStore, clock: StillClock) -> None:
    """What one reading brought of both sides is kept; anything newer forgets it: the record has changed since."""
    store.work.add(COUPLED, {"sales": DOCUMENT})
    there = replace(DOCUMENT, id="b1")
    store.work.add(COUPLED, {"back_office": there}, keep=True)
    (item,) = store.work.claim(ORDERS, 10, clock.now())
    assert item.documents == {"sales": DOCUMENT, "back_office": there}
    store.work.add(COUPLED)
    (item,) = store.work.claim(ORDERS, 10, clock.now())
    assert item.documents == {}


def test_two_records_that_are_coupled_become_one_piece_of_work(store: SqlStore, clock: StillClock) -> None:
    there = replace(DOCUMENT, id="b1")
    store.work.add(FRESH, {"sales": DOCUMENT}, number="ORD-01001")
    store.work.add(Subject(ORDERS, None, "back_office", "b1"), {"back_office": there})
    assert store.work.documents(ORDERS, "s1", "b1") == {"sales": DOCUMENT, "back_office": there}
    assert store.work.couple(ORDERS, {5: ("s1", "b1")}) == {5: ("ORD-01001", "")}
    (item,) = store.work.claim(ORDERS, 10, clock.now())
    assert (item.coupling, item.side, item.remote_id, item.number) == (5, None, None, "ORD-01001")
    assert item.documents == {"sales": DOCUMENT, "back_office": there}


def test_a_parked_record_is_set_aside_with_its_reason(store: SqlStore, clock: StillClock) -> None:
    store.work.add(FRESH, {"sales": DOCUMENT})
    store.work.park(FRESH, REFUSED, number="ORD-01001")
    assert _subjects(store, clock) == []
    assert store.work.state(FRESH) == "needs-a-person"
    assert store.work.parked() == {ORDERS: {(FailureClass.PERSON, "refused"): 1}}
    clock.sleep(10 * 24 * 3600)
    assert _subjects(store, clock) == [], "only a person or a change brings it back"
    assert store.work.retry(None) == 1
    (item,) = store.work.claim(ORDERS, 10, clock.now())
    assert (item.problem, item.number, item.documents) == (REFUSED, "ORD-01001", {})


def test_a_change_brings_a_parked_record_back(store: SqlStore, clock: StillClock) -> None:
    store.work.park(COUPLED, REFUSED)
    store.work.add(COUPLED)
    assert _subjects(store, clock) == [COUPLED]


def test_a_record_is_tried_again_when_its_time_has_come(store: SqlStore, clock: StillClock) -> None:
    store.work.park(COUPLED, STALE, until=clock.now() + timedelta(seconds=60))
    clock.sleep(59.5)
    assert _subjects(store, clock) == []
    clock.sleep(0.5)
    assert _subjects(store, clock) == [COUPLED]


def test_attempts_count_repetitions_of_one_problem(store: SqlStore, clock: StillClock) -> None:
    """Backoff grows with them, and starts anew with a new problem; `since` is when this problem began."""
    started = clock.now()
    for _ in range(3):
        store.work.park(COUPLED, STALE, until=clock.now())
        clock.sleep(30)
    (item,) = store.work.claim(ORDERS, 10, clock.now())
    assert (item.attempts, item.since) == (3, started)
    now = clock.now()
    store.work.park(COUPLED, REFUSED)
    store.work.retry(None)
    (item,) = store.work.claim(ORDERS, 10, clock.now())
    assert (item.attempts, item.since) == (1, now)


def test_what_waits_goes_on_the_moment_its_cause_is_gone(store: SqlStore, clock: StillClock) -> None:
    causes = [Ref("CUSTOMER", None, "sales", "c1"), Ref("ITEM-PRODUCT", None, "sales", "p1")]
    other = Subject(ORDERS, None, "sales", "s2")
    store.work.park(FRESH, WAITING, causes=causes)
    store.work.park(other, WAITING, causes=causes[:1])
    assert store.work.release("CUSTOMER", {"sales": ["c2"], "back_office": ["c1"]}) == 0
    assert store.work.release("ITEM-PRODUCT", {"sales": ["p1"]}) == 1
    assert _subjects(store, clock) == [FRESH]
    assert store.work.release("CUSTOMER", {"sales": ["c1"]}) == 1
    assert set(_subjects(store, clock)) == {FRESH, other}
    assert store.work.release("CUSTOMER", {"sales": ["c1"]}) == 0


def test_a_record_that_waits_for_something_else_now_is_not_released_by_the_old_cause(
    store: SqlStore, clock: StillClock
) -> None:
    store.work.park(FRESH, WAITING, causes=[Ref("CUSTOMER", None, "sales", "c1")])
    store.work.park(FRESH, WAITING, causes=[Ref("CUSTOMER", None, "sales", "c2")])
    assert store.work.release("CUSTOMER", {"sales": ["c1"]}) == 0
    assert _subjects(store, clock) == []


def test_retry_by_id_and_by_mapping(store: SqlStore, clock: StillClock) -> None:
    """An edited mapping gives its own records that wait for a person another chance, no others."""
    store.work.park(FRESH, REFUSED)
    store.work.park(COUPLED, WAITING)
    store.work.park(Subject("CUSTOMER", 1), REFUSED)
    assert store.work.retry([10_000]) == 0
    assert store.work.retry_mapping(ORDERS) == 1
    assert _subjects(store, clock) == [FRESH]
    assert store.work.retry(None) == 2


def test_pending_counts_what_is_to_be_planned(store: SqlStore) -> None:
    store.work.add(FRESH)
    store.work.park(COUPLED, REFUSED)
    assert store.work.pending(ORDERS) == 1


def test_a_page_of_records_is_entered_at_once(store: SqlStore, clock: StillClock) -> None:
    """One that was parked is released with what was read of it now; the others are new."""
    store.work.park(FRESH, Problem(FailureClass.PERSON, "ambiguous", "two of them"))
    again = replace(DOCUMENT, id="s1", version="7")
    store.work.enter(ORDERS, "sales", [Found(again, "ORD-01001"), Found(replace(DOCUMENT, id="s2"), "ORD-01002")])
    items = store.work.claim(ORDERS, 10, clock.now())
    assert [(one.remote_id, one.number, one.documents["sales"].version) for one in items] == [
        ("s1", "ORD-01001", "7"),
        ("s2", "ORD-01002", DOCUMENT.version),
    ]
    assert store.work.set_aside(ORDERS, "ambiguous") == []


# what a person has set aside


def test_an_excluded_record_stays_out_whatever_happens_to_it(store: SqlStore, clock: StillClock) -> None:
    """Changed, tried, refused, done with: only its own number takes it back."""
    store.work.park(COUPLED, WAITING, causes=[Ref("CUSTOMER", None, "sales", "c1")])
    taken_back_by = store.work.exclude(COUPLED, "ORD-01001")
    store.work.add(COUPLED, {"sales": DOCUMENT}, changed="sales")
    store.work.park(COUPLED, REFUSED)
    store.work.done(COUPLED)
    assert store.work.release("CUSTOMER", {"sales": ["c1"]}) == 0
    assert store.work.retry(None) == 0
    assert store.work.retry_mapping(ORDERS) == 0
    assert (_subjects(store, clock), store.work.state(COUPLED), store.work.parked()) == ([], "excluded", {})
    assert store.work.retry([taken_back_by]) == 1
    assert _subjects(store, clock) == [COUPLED]


def test_an_excluded_record_that_is_coupled_is_excluded_as_a_pair(store: SqlStore, clock: StillClock) -> None:
    there = Subject(ORDERS, None, "back_office", "b1")
    store.work.exclude(FRESH)
    store.work.exclude(there)
    store.work.keep_out(ORDERS, 5, "s1", "b1")
    assert (store.work.state(COUPLED), store.work.state(FRESH), store.work.state(there)) == ("excluded", None, None)
    store.work.exclude(there)
    store.work.add(FRESH)
    store.work.couple(ORDERS, {6: ("s1", "b1")})
    assert (store.work.state(Subject(ORDERS, 6)), store.work.state(there)) == ("excluded", None)
    assert _subjects(store, clock) == []


def test_a_skipped_record_comes_back_when_it_changes_but_not_with_a_sweep(store: SqlStore, clock: StillClock) -> None:
    store.work.park(COUPLED, WAITING, causes=[Ref("CUSTOMER", None, "sales", "c1")])
    store.work.park(FRESH, STALE, until=clock.now())
    ids = [item.id for item in store.work.claim(ORDERS, 10, clock.now())]
    store.work.retry(None)
    store.work.park(COUPLED, WAITING, causes=[Ref("CUSTOMER", None, "sales", "c1")])
    store.work.park(FRESH, STALE, until=clock.now())
    assert set(store.work.skip([*ids, 4711])) == {FRESH}
    assert store.work.release("CUSTOMER", {"sales": ["c1"]}) == 1
    assert _subjects(store, clock) == [COUPLED]
    store.work.add(FRESH, swept=True)
    store.work.enter(ORDERS, "sales", [Found(replace(DOCUMENT, id="s1"), "ORD-01001", known=True)])
    assert store.work.state(FRESH) == "skipped"
    store.work.add(FRESH)
    assert store.work.state(FRESH) == "pending"


def test_work_of_certain_records_only(store: SqlStore, clock: StillClock) -> None:
    coupled = store.couplings.couple(ORDERS, "s7", "b7", created_by="match")
    for subject in (FRESH, Subject(ORDERS, coupled), Subject(ORDERS, None, "back_office", "b9")):
        store.work.add(subject)

    def claimed(**only: list[str]) -> int:
        return len(store.work.claim(ORDERS, 10, clock.now(), only))  # type: ignore[arg-type]

    assert claimed(sales=["s7"]) == claimed(back_office=["b7"]) == claimed(sales=["s1"]) == 1
    assert claimed(sales=["s1"], back_office=["b9", "b7"]) == 3
    assert claimed(sales=["b9"]) == claimed() == 0


def test_a_dropped_record_is_gone_even_if_excluded(store: SqlStore) -> None:
    store.work.exclude(FRESH)
    store.work.drop(FRESH)
    assert store.work.state(FRESH) is None
