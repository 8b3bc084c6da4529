"""The journal: an operation is kept whole before its first step is sent, and found again by any other process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.ports import Subject
from syncengine.records.document import Gone
from syncengine.store.store import SqlStore
from tests.store.conftest import Open
from tests.store.operations import ORDERS
from tests.store.operations import SENT_AT
from tests.store.operations import operation
from tests.store.pictures import DOCUMENT


def test_an_operation_comes_back_whole(store: SqlStore, open_store: Open) -> None:
    """Every step, decision and document, exactly: another process carries on with nothing else."""
    with store.transaction():
        made = store.journal.open(operation())
    other = open_store()
    with other.transaction():
        (found,) = other.journal.unfinished()
    assert found == operation(id=made)


def test_executed_decisions_that_are_not_among_those_shown_are_kept_too(store: SqlStore) -> None:
    executed = (replace(operation().decisions[0], reason="follows from another"),)
    with store.transaction():
        store.journal.open(operation(executes=executed))
        (found,) = store.journal.unfinished()
    assert found.executes == executed


def test_intents_come_before_and_receipts_after(store: SqlStore) -> None:
    """A step that was sent and has no receipt is one whose fate is unknown."""
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.sending(made, [1, 2], SENT_AT)
        (found,) = store.journal.unfinished()
        assert (found.sent_at, found.receipts) == ({1: SENT_AT, 2: SENT_AT}, {})
        receipts = [
            Receipt(1, ReceiptOutcome.DONE, DOCUMENT),
            Receipt(2, ReceiptOutcome.REFUSED, Gone("line-a"), RemoteError(400, "Blocked", "Item is blocked")),
        ]
        store.journal.received(made, receipts)
        (found,) = store.journal.unfinished()
        assert found.receipts == {1: receipts[0], 2: receipts[1]}


def test_what_was_not_sent_after_all_is_forgotten(store: SqlStore) -> None:
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.sending(made, [1, 2], SENT_AT)
        store.journal.received(made, [Receipt(1, ReceiptOutcome.DONE, DOCUMENT)])
        store.journal.forget(made, [2])
        (found,) = store.journal.unfinished()
        assert (set(found.sent_at), set(found.receipts)) == ({1}, {1})


def test_a_step_that_is_sent_again_is_unknown_again(store: SqlStore) -> None:
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.sending(made, [1], SENT_AT)
        store.journal.received(made, [Receipt(1, ReceiptOutcome.STALE)])
        store.journal.sending(made, [1], SENT_AT)
        (found,) = store.journal.unfinished()
        assert found.receipts == {}


def test_keys_are_claimed_until_the_operation_ends(store: SqlStore) -> None:
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.claim(made, ORDERS, "back_office", "key", ["ORD-01001", "SE:1"])
        store.journal.claim(made, ORDERS, "back_office", "key", ["ORD-01001"])
        store.journal.claim(made, ORDERS, "back_office", "id", ["b1"])
        asked = ["ORD-01001", "b1", "ORD-01002"]
        assert store.journal.claimed_keys(ORDERS, "back_office", asked) == {"ORD-01001": made}
        assert store.journal.claimed_keys(ORDERS, "sales", asked) == {}
        store.journal.close(made, "stopped")
        assert store.journal.claimed_keys(ORDERS, "back_office", asked) == {}


def test_a_key_that_is_sent_twice_stays_known_in_whatever_capitals_it_comes_back(store: SqlStore) -> None:
    """The operation that sent it is told as long as it is kept."""
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.claim(made, ORDERS, "back_office", "key", ["SE:1a"])
        assert store.journal.claimed_keys(ORDERS, "back_office", ["SE:1A"]) == {"SE:1A": made}
        assert store.journal.sent_again(ORDERS, "back_office", ["SE:1A"]) == {}
        store.journal.claim_again(made, ORDERS, "back_office", ["SE:1a"])
        assert store.journal.closed([made]) == {}
        store.journal.close(made, "done")
        assert store.journal.claimed_keys(ORDERS, "back_office", ["SE:1A"]) == {}
        assert store.journal.sent_again(ORDERS, "back_office", ["SE:1A", "SE:2"]) == {"SE:1A": made}
        assert store.journal.closed([made])[made].status == "done"


@pytest.mark.parametrize("status", ["done", "stopped", "undone"])
def test_a_closed_operation_is_neither_unfinished_nor_busy(store: SqlStore, status: str) -> None:
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.close(made, status)  # type: ignore[arg-type]
        assert store.journal.unfinished() == []
        assert store.journal.busy(ORDERS) == set()


def test_a_record_is_busy_under_both_its_names(store: SqlStore) -> None:
    """Before and after the record it makes is coupled, nobody plans it a second time."""
    fresh = Subject(ORDERS, None, "sales", "s1")
    with store.transaction():
        made = store.journal.open(operation(subject=fresh))
        assert store.journal.busy(ORDERS) == {fresh}
        assert store.journal.busy("CUSTOMER") == set()
        store.journal.couple(made, 5)
        assert store.journal.busy(ORDERS) == {fresh, Subject(ORDERS, 5)}


def test_unfinished_ones_come_oldest_first(store: SqlStore) -> None:
    with store.transaction():
        made = [store.journal.open(operation(subject=Subject(ORDERS, n))) for n in range(1, 5)]
        store.journal.close(made[1], "done")
        assert [one.id for one in store.journal.unfinished()] == [made[0], made[2], made[3]]


def test_a_foreign_edit_is_remembered(store: SqlStore) -> None:
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.flag_foreign_edit(made)
        assert store.journal.unfinished()[0].foreign_edit


def test_undone_operations_count_as_attempts(store: SqlStore) -> None:
    """Each next one goes under an identity of its own: an abandoned key is never used again."""
    fresh, coupled = Subject(ORDERS, None, "sales", "s1"), Subject(ORDERS, 5)
    with store.transaction():
        for subject, status in ((fresh, "undone"), (coupled, "undone"), (coupled, "undone"), (coupled, "done")):
            store.journal.close(store.journal.open(operation(subject=subject)), status)  # type: ignore[arg-type]
        assert (store.journal.attempts(fresh), store.journal.attempts(coupled)) == (1, 2)
        assert store.journal.attempts(Subject(ORDERS, None, "sales", "s2")) == 0
