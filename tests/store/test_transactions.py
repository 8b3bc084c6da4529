"""Transactions: all or nothing, inner ones join the outer one, writers come one after the other."""

from __future__ import annotations

import pytest

from syncengine.errors import LeaseLost
from syncengine.errors import StoreError
from syncengine.ports import Subject
from syncengine.store.store import SqlStore
from tests.store.conftest import Open
from tests.store.filled import impatient

ORDERS = "SALESORDER-ORDER"


class Interrupted(BaseException):
    """Stands for whatever ends a process in the middle."""


def _cursor(store: SqlStore, kind: str = "poll") -> str | None:
    with store.transaction():
        return store.cursors.get(ORDERS, "sales", kind)


def _put(store: SqlStore, value: str, kind: str = "poll") -> None:
    with store.transaction():
        store.cursors.put(ORDERS, "sales", kind, value)


def test_all_of_it_is_there_after_the_commit_and_for_others(store: SqlStore, open_store: Open) -> None:
    with store.transaction():
        store.work.add(Subject(ORDERS, None, "sales", "s1"))
        store.cursors.put(ORDERS, "sales", "poll", "1")
    other = open_store()
    with other.transaction():
        assert (other.work.pending(ORDERS), other.cursors.get(ORDERS, "sales", "poll")) == (1, "1")


@pytest.mark.parametrize("ended_by", [ValueError, Interrupted])
def test_nothing_of_it_is_there_after_an_error(store: SqlStore, ended_by: type[BaseException]) -> None:
    _put(store, "before")
    with pytest.raises(ended_by), store.transaction():  # noqa: PT012  the block is the transaction
        store.work.add(Subject(ORDERS, None, "sales", "s1"))
        store.cursors.put(ORDERS, "sales", "poll", "in between")
        raise ended_by
    assert _cursor(store) == "before"
    with store.transaction():
        assert store.work.pending(ORDERS) == 0


def test_an_inner_transaction_is_part_of_the_outer_one(store: SqlStore) -> None:
    """What the inner one did is undone with the outer one, although the inner one went well."""
    with pytest.raises(ValueError, match="outer"), store.transaction():  # noqa: PT012  the block is the transaction
        with store.transaction():
            store.cursors.put(ORDERS, "sales", "poll", "inner")
        assert _cursor(store) == "inner"
        raise ValueError("outer")
    assert _cursor(store) is None


def test_an_error_in_an_inner_transaction_ends_the_whole(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="inner"), store.transaction():  # noqa: PT012  the block is the transaction
        store.cursors.put(ORDERS, "sales", "poll", "outer")
        with store.transaction():
            raise ValueError("inner")
    assert _cursor(store) is None


def test_a_refused_statement_undoes_its_transaction_and_the_next_one_works(store: SqlStore) -> None:
    with pytest.raises(StoreError), store.transaction():  # noqa: PT012  the block is the transaction
        store.couplings.couple(ORDERS, "s1", "b1", created_by="match")
        store.couplings.couple(ORDERS, "s1", "b2", created_by="match")
    with store.transaction():
        assert store.couplings.count(ORDERS) == 0
    _put(store, "works")
    assert _cursor(store) == "works"


def test_a_second_writer_waits_for_the_first(store: SqlStore, open_store: Open) -> None:
    """What a person decides beside a run never meets it in the middle of a commit: on either database, writers of a
    company come one after the other. Here the second one has no patience, and is told so.
    """
    other = open_store()
    impatient(other.session)
    with store.transaction():
        store.cursors.put(ORDERS, "sales", "poll", "first")
        with pytest.raises(StoreError) as refused, other.transaction():
            other.cursors.put(ORDERS, "sales", "poll", "second")
        assert (refused.value.code, refused.value.exit_code) == ("store-locked", 7)
    assert _cursor(store) == "first"
    _put(other, "third")
    assert _cursor(store) == "third"


def test_who_only_looks_waits_for_nobody_and_sees_one_moment(store: SqlStore, open_store: Open) -> None:
    """A plan copies tables one after the other: a commit in between must not show in half of them."""
    _put(store, "before")
    looking = open_store(writes=False)
    impatient(looking.session)
    with looking.transaction():
        assert looking.cursors.get(ORDERS, "sales", "poll") == "before"
        with store.transaction():
            store.cursors.put(ORDERS, "sales", "poll", "after")
            assert looking.cursors.get(ORDERS, "sales", "poll") == "before"
        assert looking.cursors.get(ORDERS, "sales", "poll") == "before"
    assert _cursor(looking) == "after"


def test_a_run_whose_lease_was_taken_keeps_nothing_more(store: SqlStore, open_store: Open) -> None:
    """The paused process wakes and goes on: its commit finds that somebody else has taken over."""
    with store.transaction():
        store.session.fence = store.lease.take("first", "bidirectional", "run-1", 30, freed=False)
    _put(store, "while it held")
    other = open_store()
    with other.transaction():
        other.lease.take("second", "bidirectional", "run-2", 30, freed=True)
    with pytest.raises(LeaseLost):
        _put(store, "after it was taken")
    assert _cursor(other) == "while it held"


def test_nobody_takes_the_lease_between_the_check_and_the_commit(store: SqlStore, open_store: Open) -> None:
    with store.transaction():
        store.session.fence = store.lease.take("first", "bidirectional", "run-1", 30, freed=False)
    other = open_store()
    impatient(other.session)
    with store.transaction():
        store.cursors.put(ORDERS, "sales", "poll", "in time")
        store.session._check_fence()
        with pytest.raises(StoreError), other.transaction():
            other.lease.take("second", "bidirectional", "run-2", 30, freed=True)
    assert _cursor(other) == "in time"
