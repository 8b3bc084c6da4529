"""Cursors, records that were left alone, and the tables in which a load joins both sides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncengine.ports import Crowd
from syncengine.ports import Keyed
from syncengine.store.store import SqlStore

ORDERS, CUSTOMER = "SALESORDER-ORDER", "CUSTOMER"


@pytest.fixture(autouse=True)
def in_one_transaction(store: SqlStore) -> Iterator[None]:
    with store.transaction():
        yield


# cursors


def test_a_cursor_is_one_of_a_mapping_a_side_and_a_kind(store: SqlStore) -> None:
    store.cursors.put(ORDERS, "sales", "poll", "token-1")
    store.cursors.put(ORDERS, "sales", "poll-lines", "token-2")
    store.cursors.put(ORDERS, "back_office", "poll", None)
    store.cursors.put(ORDERS, "sales", "poll", "token-3")
    assert store.cursors.get(ORDERS, "sales", "poll") == "token-3"
    assert store.cursors.get(ORDERS, "sales", "poll-lines") == "token-2"
    assert store.cursors.get(ORDERS, "back_office", "poll") is None
    assert store.cursors.get(CUSTOMER, "sales", "poll") is None


def test_cursors_of_several_mappings_are_moved_and_read_at_once(store: SqlStore) -> None:
    store.cursors.put(ORDERS, "sales", "poll", "token-1")
    store.cursors.move({(ORDERS, "sales", "poll"): "token-2", (CUSTOMER, "back_office", "poll-lines"): None})
    assert store.cursors.all() == {
        (ORDERS, "sales", "poll"): "token-2",
        (CUSTOMER, "back_office", "poll-lines"): None,
    }


def test_a_kind_is_dropped_on_both_sides(store: SqlStore) -> None:
    for side in ("sales", "back_office"):
        store.cursors.put(ORDERS, side, "load", "page 3")
        store.cursors.put(ORDERS, side, "poll", "token")
    store.cursors.put(CUSTOMER, "sales", "load", "page 1")
    store.cursors.drop(ORDERS, "load")
    assert [store.cursors.get(ORDERS, side, "load") for side in ("sales", "back_office")] == [None, None]
    assert store.cursors.get(ORDERS, "sales", "poll") == "token"
    assert store.cursors.get(CUSTOMER, "sales", "load") == "page 1"


def test_a_record_left_alone_is_remembered_with_its_version(store: SqlStore) -> None:
    store.cursors.remember(ORDERS, "sales", {"s1": "1", "s2": None}, "filtered")
    store.cursors.remember(ORDERS, "sales", {"s1": "2"}, "filtered")
    store.cursors.remember(ORDERS, "sales", {}, "filtered")
    assert store.cursors.remembered(ORDERS, "sales", ["s1", "s2", "s3"]) == {"s1": "2", "s2": None}
    assert store.cursors.remembered(ORDERS, "back_office", ["s1"]) == {}
    assert store.cursors.filtered(ORDERS) == 2
    store.cursors.forget(ORDERS, "sales", ["s1", "s9"])
    assert store.cursors.remembered(ORDERS, "sales", ["s1", "s2"]) == {"s2": None}


# matching


def _sales(store: SqlStore, remote_id: str, *keys: str, scope: str = "") -> None:
    store.matching.put(CUSTOMER, "sales", [Keyed(remote_id, scope, dict(enumerate(keys)))])


def _back_office(store: SqlStore, remote_id: str, *keys: str) -> None:
    store.matching.put(CUSTOMER, "back_office", [Keyed(remote_id, "", dict(enumerate(keys)))])


def _unique(store: SqlStore, group: int) -> list[tuple[str, str, str]]:
    return list(store.matching.unique(CUSTOMER, group, "", 100))


def test_the_join_comes_in_pages(store: SqlStore) -> None:
    """Memory does not grow with the number of records; what is coupled and removed between pages hides nothing."""
    for at in range(5):
        _sales(store, f"s{at}", f"key {at}")
        _back_office(store, f"b{at}", f"key {at}")
    first = store.matching.unique(CUSTOMER, 0, "", 2)
    store.matching.remove(CUSTOMER, "sales", [pair[0] for pair in first])
    store.matching.remove(CUSTOMER, "back_office", [pair[1] for pair in first])
    rest = store.matching.unique(CUSTOMER, 0, first[-1][0], 10)
    assert [pair[:2] for pair in (*first, *rest)] == [(f"s{at}", f"b{at}") for at in range(5)]


def test_crowds_come_in_pages_with_their_scopes(store: SqlStore) -> None:
    for scope in ("g1", "g2"):
        for at in range(2):
            _sales(store, f"{scope}-{at}", "PCS", scope=scope)
    _back_office(store, "pcs", "PCS")
    found, after = [], ("", "")
    while some := store.matching.ambiguous(CUSTOMER, 0, after, 1):
        found += some
        after = (some[-1].key, some[-1].scope)
    assert [(one.scope, one.sales) for one in found] == [("g1", ("g1-0", "g1-1")), ("g2", ("g2-0", "g2-1"))]


def test_long_keys_that_begin_alike_are_two(store: SqlStore) -> None:
    _sales(store, "s1", "x" * 600 + "1")
    _back_office(store, "b1", "x" * 600 + "2")
    assert _unique(store, 0) == []
    _back_office(store, "b2", "x" * 600 + "1")
    assert _unique(store, 0) == [("s1", "b2", "")]


def test_exactly_one_on_each_side_matches(store: SqlStore) -> None:
    _sales(store, "s1", "10000")
    _sales(store, "s2", "20000")
    _sales(store, "s3", "30000")
    _back_office(store, "b1", "10000")
    _back_office(store, "b2", "20000")
    _back_office(store, "b2-again", "20000")
    assert _unique(store, 0) == [("s1", "b1", "")]
    assert store.matching.ambiguous(CUSTOMER, 0, ("", ""), 100) == [Crowd("20000", "", ("s2",), ("b2", "b2-again"))]


def test_groups_are_joined_apart(store: SqlStore) -> None:
    _sales(store, "s1", "10000", "contoso")
    _back_office(store, "b1", "contoso", "10000")
    assert _unique(store, 0) == []
    assert _unique(store, 1) == []
    _back_office(store, "b2", "x", "contoso")
    assert _unique(store, 1) == [("s1", "b2", "")]


def test_what_is_coupled_leaves_the_join(store: SqlStore) -> None:
    _sales(store, "s1", "10000")
    _back_office(store, "b1", "10000")
    _back_office(store, "b2", "10000")
    store.matching.remove(CUSTOMER, "back_office", ["b2"])
    assert _unique(store, 0) == [("s1", "b1", "")]
    assert (store.matching.count(CUSTOMER, "sales"), store.matching.count(CUSTOMER, "back_office")) == (1, 1)
    store.matching.clear(CUSTOMER)
    assert store.matching.count(CUSTOMER, "sales") == 0


def test_a_record_read_once_more_replaces_its_keys(store: SqlStore) -> None:
    """A load that was interrupted reads a page again: the record counts once, under what it holds now."""
    _sales(store, "s1", "10000", "contoso")
    _sales(store, "s1", "20000")
    _back_office(store, "b1", "10000", "contoso")
    assert _unique(store, 0) == []
    assert _unique(store, 1) == []
    _back_office(store, "b1", "20000")
    assert _unique(store, 0) == [("s1", "b1", "")]
    assert store.matching.count(CUSTOMER, "sales") == 1


def test_one_code_matches_once_in_each_scope(store: SqlStore) -> None:
    """A back-office code is many units in Sales, one in each unit group."""
    _sales(store, "box-of-chairs", "BOX", scope="chairs")
    _sales(store, "box-of-desks", "BOX", scope="desks")
    _back_office(store, "BOX", "BOX")
    assert _unique(store, 0) == [
        ("box-of-chairs", "BOX", "chairs"),
        ("box-of-desks", "BOX", "desks"),
    ]
    _sales(store, "second-box-of-desks", "BOX", scope="desks")
    assert _unique(store, 0) == [("box-of-chairs", "BOX", "chairs")]
    assert store.matching.ambiguous(CUSTOMER, 0, ("", ""), 100) == [
        Crowd("BOX", "desks", ("box-of-desks", "second-box-of-desks"), ("BOX",))
    ]
