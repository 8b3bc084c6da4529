"""What is old is removed, and nothing with it that keeps an order from coming twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncengine.ports import Subject
from syncengine.records.record import Base
from syncengine.records.values import Ref
from syncengine.store.retention import SqlRetention
from syncengine.store.store import SqlStore
from tests.store.clock import StillClock
from tests.store.conftest import Open
from tests.store.filled import fill
from tests.store.filled import rows
from tests.store.operations import ORDERS
from tests.store.operations import operation
from tests.store.pictures import BACK_OFFICE
from tests.store.pictures import SALES


def _closed(store: SqlStore, status: str, subject: Subject) -> int:
    made = store.journal.open(operation(subject=subject))
    store.journal.close(made, status)  # type: ignore[arg-type]
    return made


def test_only_what_is_older_and_over_goes(store: SqlStore, clock: StillClock) -> None:
    """An open operation, a running run, an open conflict and everything younger stay."""
    coupling = fill(store)
    subject = Subject(ORDERS, coupling)
    with store.transaction():
        old = _closed(store, "done", subject)
        store.journal.claim_again(old, ORDERS, "back_office", ["SE:1"])
        store.runs.started("run of old", "sync", "bidirectional")
        store.runs.finished("run of old", "completed", 0, "{}")
    clock.sleep(10 * 86400)
    with store.transaction():
        young = _closed(store, "done", subject)
        store.history.note(subject, "sent", {"young": True})
    limit = clock.now() - timedelta(days=1)
    removed = SqlRetention(store.session).prune(dict.fromkeys(("history", "archive", "operations", "runs"), limit))
    assert removed == {"history": 1, "conflicts": 0, "archive": 1, "operations": 1, "runs": 1}
    left = rows(store, "CRONUS")
    assert [row[0] for row in left["runs"]] == ["run of CRONUS"]
    assert len(left["operations"]) == 2
    assert any(row[0] == young for row in left["operations"])
    assert len(left["history"]) == len(left["conflicts"]) == len(left["couplings"]) == 1
    with store.transaction():
        assert len(store.journal.unfinished()) == 1


def test_what_is_not_named_is_kept_for_ever(store: SqlStore, clock: StillClock) -> None:
    fill(store)
    clock.sleep(10_000 * 86400)
    before = rows(store, "CRONUS")
    assert SqlRetention(store.session).prune({}) == {}
    assert rows(store, "CRONUS") == before


def test_an_undone_operation_still_counts(store: SqlStore, clock: StillClock) -> None:
    """The next attempt must not take the identity of an abandoned one; what was sent then is forgotten."""
    subject = Subject(ORDERS, 5)
    with store.transaction():
        _closed(store, "undone", subject)
    clock.sleep(10 * 86400)
    SqlRetention(store.session).prune({"operations": clock.now()})
    with store.transaction():
        assert store.journal.attempts(subject) == 1
    assert "ORD-01001" not in str(rows(store, "CRONUS")["operations"])


def test_more_than_one_bite(store: SqlStore, clock: StillClock) -> None:
    with store.transaction():
        for _ in range(2300):
            store.history.note(Subject(ORDERS, 5), "seen", {})
    clock.sleep(10)
    assert SqlRetention(store.session).prune({"history": clock.now()})["history"] == 2300


def test_another_company_keeps_its_own(open_store: Open, clock: StillClock) -> None:
    ours, theirs = open_store("CRONUS"), open_store("Fabrikam")
    fill(ours)
    fill(theirs)
    clock.sleep(86400)
    before = rows(theirs, "Fabrikam")
    SqlRetention(ours.session).prune({name: clock.now() for name in ("history", "archive", "operations", "runs")})
    with ours.transaction():
        retention = SqlRetention(ours.session)
        retention.erase(retention.of_customer(ORDERS, "ORD-01001"))
    assert rows(theirs, "Fabrikam") == before


@pytest.fixture
def customer(store: SqlStore) -> int:
    """A customer with one order of its own; another customer has another."""
    with store.transaction():
        made = [store.couplings.couple("CUSTOMER", f"account-{n}", f"customer-{n}", created_by="match") for n in (1, 2)]
        for n, coupling in enumerate(made, start=1):
            store.couplings.name(coupling, f"{n}0000", f"{n}0000")
            order = store.couplings.couple(ORDERS, f"s{n}", f"b{n}", created_by="create")
            store.couplings.name(order, f"ORD-{n}", f"S-{n}")
            held = Ref("CUSTOMER", coupling)
            sales = type(SALES)(**{**vars(SALES), "fields": {**SALES.fields, "customer": held}})
            store.couplings.settle(order, Base(sales, BACK_OFFICE), [])
            store.history.note(Subject(ORDERS, order), "sent", {"body": {"name": f"Customer {n}"}})
            store.history.note(Subject(ORDERS, None, "sales", f"s{n}"), "parked", {"message": f"Customer {n} waits"})
            _closed(store, "done", Subject(ORDERS, order))
            store.runs.started(f"run-of-{n}", "sync", "bidirectional")
            store.runs.finished(f"run-of-{n}", "completed", 0, f'{{"errors":["ORD-{n} of Customer {n}"]}}')
    return made[0]


@pytest.mark.parametrize("name", ["10000", "account-1", "customer-1"])
def test_a_customer_is_found_with_all_that_points_at_it(store: SqlStore, customer: int, name: str) -> None:
    with store.transaction():
        retention = SqlRetention(store.session)
        told = retention.export(retention.of_customer("CUSTOMER", name))
        assert retention.of_customer("CUSTOMER", "30000") == []
    assert [(one["mapping"], one["sales"]["number"]) for one in told] == [("CUSTOMER", "10000"), (ORDERS, "ORD-1")]
    order = told[1]
    assert [one["data"] for one in order["history"]] == [
        {"body": {"name": "Customer 1"}}, {"message": "Customer 1 waits"},
    ]  # fmt: skip
    assert len(order["operations"]) == 1
    assert "Customer 2" not in str(told)


def test_erasing_forgets_one_customer_and_no_other(store: SqlStore, customer: int) -> None:
    """History, requests, results of runs; what is coupled stays coupled with its base."""
    with store.transaction():
        retention = SqlRetention(store.session)
        erased = retention.erase(retention.of_customer("CUSTOMER", "10000"))
    assert erased == {"history": 2, "archive": 0, "conflicts": 0, "operations": 1}
    left = str(rows(store, "CRONUS"))
    assert "Customer 1" not in left
    assert "Customer 2" in left
    with store.transaction():
        (order,) = store.couplings.by_remote(ORDERS, "sales", ["s1"])["s1"]
        assert order.base is not None
        store.couplings.end(order.id, "uncoupled", "by a person")
        retention.erase([order.id])
        ended = store.couplings.get([order.id])[order.id]
        assert (ended.base, ended.sales_number) == (None, "")
        assert store.couplings.known(ORDERS, "sales", ["s1"]) == {"s1": "uncoupled"}
