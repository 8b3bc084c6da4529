"""Couplings: unique in their scope, never erased, and with both pictures of the base exactly as they were read."""

from __future__ import annotations

import pytest

from syncengine.errors import StoreError
from syncengine.records.record import LinePair
from syncengine.store.store import SqlStore
from tests.store.operations import operation
from tests.store.pictures import BASE

ORDERS, UNITS = "SALESORDER-ORDER", "UNIT OF MEASURE"


def _couple(store: SqlStore, sales: str, back_office: str, mapping: str = ORDERS, scope: str = "") -> int:
    with store.transaction():
        return store.couplings.couple(mapping, sales, back_office, created_by="match", scope=scope)


def test_what_is_coupled_is_found_from_either_side(store: SqlStore) -> None:
    made = _couple(store, "s1", "b1")
    _couple(store, "s2", "b2")
    with store.transaction():
        (from_sales,) = store.couplings.by_remote(ORDERS, "sales", ["s1", "nobody"])["s1"]
        (from_back_office,) = store.couplings.by_remote(ORDERS, "back_office", ["b1"])["b1"]
        assert from_sales == from_back_office
        assert (from_sales.id, from_sales.sales_id, from_sales.back_office_id) == (made, "s1", "b1")
        assert (from_sales.status, from_sales.base, from_sales.created_by) == ("coupled", None, "match")
        assert store.couplings.by_remote("CUSTOMER", "sales", ["s1"]) == {}
        assert store.couplings.count(ORDERS) == 2


@pytest.mark.parametrize(("sales", "back_office"), [("s1", "b2"), ("s2", "b1")])
def test_neither_record_can_be_coupled_twice(store: SqlStore, sales: str, back_office: str) -> None:
    _couple(store, "s1", "b1")
    with pytest.raises(StoreError):
        _couple(store, sales, back_office)
    with store.transaction():
        assert store.couplings.count(ORDERS) == 1


def test_one_code_of_the_back_office_is_many_units_one_in_each_unit_group(store: SqlStore) -> None:
    _couple(store, "box-of-chairs", "BOX", UNITS, "chairs")
    _couple(store, "box-of-desks", "BOX", UNITS, "desks")
    with pytest.raises(StoreError):
        _couple(store, "another-box-of-desks", "BOX", UNITS, "desks")
    with store.transaction():
        found = store.couplings.by_remote(UNITS, "back_office", ["BOX"])["BOX"]
    assert {(one.sales_id, one.scope) for one in found} == {("box-of-chairs", "chairs"), ("box-of-desks", "desks")}


def test_a_reference_means_the_live_coupling_or_else_one_whose_life_is_over(store: SqlStore) -> None:
    """An invoice still belongs to the order that it was posted from; to one that somebody uncoupled it does not."""
    live = _couple(store, "s1", "b1")
    ended = {status: _couple(store, f"s-{status}", f"b-{status}") for status in ("closed", "uncoupled", "removed")}
    box = _couple(store, "box-of-chairs", "BOX", UNITS, "chairs")
    with store.transaction():
        for status, made in ended.items():
            store.couplings.end(made, status, "over")  # type: ignore[arg-type]
        wanted = {
            (ORDERS, "sales"): ["s1", "nobody", *(f"s-{status}" for status in ended)],
            (ORDERS, "back_office"): ["b1", "BOX"],
            (UNITS, "back_office"): ["BOX", "b1"],
        }
        found = store.couplings.referred(wanted)  # type: ignore[arg-type]
    assert {key: [one.id for one in some] for key, some in found.items()} == {
        (ORDERS, "sales", "s1"): [live],
        (ORDERS, "sales", "s-closed"): [ended["closed"]],
        (ORDERS, "back_office", "b1"): [live],
        (UNITS, "back_office", "BOX"): [box],
    }


@pytest.mark.parametrize("status", ["uncoupled", "closed", "removed"])
def test_an_ended_coupling_stays_as_a_tombstone(store: SqlStore, status: str) -> None:
    """Neither id is ever new again, and a person may couple the same two once more: a second life."""
    made = _couple(store, "s1", "b1")
    with store.transaction():
        store.couplings.end(made, status, "somebody decided so")  # type: ignore[arg-type]
        assert store.couplings.by_remote(ORDERS, "sales", ["s1"]) == {}
        assert store.couplings.brief(ORDERS, "back_office", ["b1"]) == {}
        assert store.couplings.count(ORDERS) == 0
        assert store.couplings.after(ORDERS, 0, 10) == []
        assert store.couplings.known(ORDERS, "sales", ["s1", "s2"]) == {"s1": status}
        assert store.couplings.known(ORDERS, "back_office", ["b1", "b2"]) == {"b1": status}
        assert store.couplings.get([made])[made].status == status
    again = _couple(store, "s1", "b1")
    with store.transaction():
        held = store.couplings.get([made, again])
    assert (held[made].generation, held[again].generation) == (0, 1)
    assert (held[made].status, held[again].status) == (status, "coupled")


def test_an_id_that_is_being_made_is_known(store: SqlStore) -> None:
    """What an open operation makes is ours, whoever reads it meanwhile."""
    with store.transaction():
        made = store.journal.open(operation())
        store.journal.claim(made, ORDERS, "back_office", "id", ["b9"])
        assert store.couplings.known(ORDERS, "back_office", ["b9"]) == {"b9": "being made"}
        store.journal.close(made, "done")
        assert store.couplings.known(ORDERS, "back_office", ["b9"]) == {}


def test_the_base_comes_back_as_it_was_kept(store: SqlStore) -> None:
    """Both pictures, to the last digit, umlaut and line, in the order of the lines; without a base there is none."""
    made = _couple(store, BASE.sales.id, BASE.back_office.id)
    with store.transaction():
        store.couplings.settle(made, BASE, [])
    with store.transaction():
        base = store.couplings.get([made])[made].base
    assert base == BASE
    assert base is not None
    assert list(base.sales.lines) == ["line-b", "line-a"]
    assert str(base.sales.fields["discount"]) == "12.500"
    with store.transaction():
        store.couplings.settle(made, None, [])
        assert store.couplings.get([made])[made].base is None


def test_line_couplings_keep_their_ids_while_their_lines_change(store: SqlStore) -> None:
    """New ones have negative numbers; one whose line got another id stays the same coupling; others are gone."""
    made = _couple(store, "s1", "b1")
    with store.transaction():
        store.couplings.settle(made, BASE, [LinePair(-1, "line-a", "10000"), LinePair(-2, "line-b", "20000")])
        one, two = store.couplings.get([made])[made].line_pairs
        assert (one.sales, one.back_office, two.sales, two.back_office) == ("line-a", "10000", "line-b", "20000")
        assert len({one.coupling, two.coupling}) == 2
        assert min(one.coupling, two.coupling) > 0
        renumbered = LinePair(two.coupling, "line-b", "30000")
        store.couplings.settle(made, BASE, [renumbered, LinePair(-1, "line-c", "40000")])
        kept, new = store.couplings.get([made])[made].line_pairs
        assert kept == renumbered
        assert (new.sales, new.back_office) == ("line-c", "40000")
        found = store.couplings.by_line(ORDERS, "back_office", ["10000", "20000", "30000", "40000"])
        assert found == {"30000": made, "40000": made}
        assert store.couplings.by_line(ORDERS, "sales", ["line-a", "line-b"]) == {"line-b": made}
        assert store.couplings.by_line("QUOTE", "sales", ["line-b"]) == {}
        store.couplings.end(made, "removed", "gone")
        assert store.couplings.by_line(ORDERS, "sales", ["line-b"]) == {}


def test_tokens_are_told_without_reading_the_base(store: SqlStore) -> None:
    made = _couple(store, "s1", "b1")
    tokens = {"sales": {"": "9", "line-a": None}, "back_office": {"": 'W/"1"'}}
    with store.transaction():
        assert store.couplings.brief(ORDERS, "sales", ["s1"]) == {"s1": (made, {})}
        store.couplings.account(made, tokens)  # type: ignore[arg-type]
    with store.transaction():
        assert store.couplings.brief(ORDERS, "sales", ["s1"]) == {"s1": (made, {"": "9", "line-a": None})}
        assert store.couplings.brief(ORDERS, "back_office", ["b1", "b2"]) == {"b1": (made, {"": 'W/"1"'})}
        assert store.couplings.get([made])[made].tokens == tokens


def test_a_coupling_moves_to_the_successor(store: SqlStore) -> None:
    """The predecessor's id is never new again, and the next identity made for the record is another one."""
    made = _couple(store, "s1", "b1")
    with store.transaction():
        store.couplings.move(made, "b2")
        held = store.couplings.get([made])[made]
        assert (held.back_office_id, held.generation, held.status) == ("b2", 1, "coupled")
        assert store.couplings.known(ORDERS, "back_office", ["b1"]) == {"b1": "predecessor"}
        assert store.couplings.by_remote(ORDERS, "back_office", ["b1"]) == {}
    with pytest.raises(StoreError):
        _couple(store, "s2", "b2")


def test_an_abandoned_id_is_never_new_again(store: SqlStore) -> None:
    with store.transaction():
        store.couplings.former(ORDERS, "back_office", "b7", None, "abandoned successor")
        store.couplings.former(ORDERS, "back_office", "b7", None, "abandoned once more")
        assert store.couplings.known(ORDERS, "back_office", ["b7"]) == {"b7": "abandoned once more"}
        assert store.couplings.known(ORDERS, "sales", ["b7"]) == {}


def test_names_are_what_people_call_the_records(store: SqlStore) -> None:
    made = _couple(store, "s1", "b1")
    with store.transaction():
        store.couplings.name(made, "ORD-01001", "S-ORD101001")
        held = store.couplings.get([made])[made]
    assert (held.sales_number, held.back_office_number) == ("ORD-01001", "S-ORD101001")


def test_a_walk_passes_each_coupling_once_whatever_its_chunk(store: SqlStore) -> None:
    made = [_couple(store, f"s{n}", f"b{n}") for n in range(7)]
    _couple(store, "c1", "d1", "CUSTOMER")
    passed: list[int] = []
    after = 0
    while True:
        with store.transaction():
            some = store.couplings.after(ORDERS, after, 3)
        if not some:
            break
        passed += [one.id for one in some]
        after = some[-1].id
    assert passed == made


def test_more_ids_than_one_statement_takes(store: SqlStore) -> None:
    """A page of a load, or a poll after a holiday, is larger than the list of one query may be."""
    with store.transaction():
        for n in range(3):
            store.couplings.couple(ORDERS, f"s{n * 400}", f"b{n}", created_by="match")
        asked = [f"s{n}" for n in range(1200)]
        assert set(store.couplings.by_remote(ORDERS, "sales", asked)) == {"s0", "s400", "s800"}
        assert set(store.couplings.known(ORDERS, "sales", asked)) == {"s0", "s400", "s800"}
