"""A store from yesterday, or none at all: no order is made twice, and everything is learned again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.bench.bench import Bench
from tests.recovery.situations import creates

pytestmark = [pytest.mark.slow, pytest.mark.loaded]

ORDERS = "SALESORDER-ORDER"


def _back_up(bench: Bench, file: Path) -> None:
    """As an administrator does it, while the store may be in use."""
    with sqlite3.connect(bench.folder / "engine.db") as source, sqlite3.connect(file) as copy:
        source.backup(copy)
    source.close()
    copy.close()


def _lose(bench: Bench) -> None:
    bench.restart()
    for file in bench.folder.glob("engine.db*"):
        file.unlink()


def _restore(bench: Bench, file: Path) -> None:
    _lose(bench)
    (bench.folder / "engine.db").write_bytes(file.read_bytes())


def _yesterday(bench: Bench) -> dict[str, str]:
    numbers = {name: bench.sales_order(2, 3) for name in ("still", "edited", "recreated", "shipped", "deleted")}
    numbers["clerk's"] = str(bench.back_office_order(4)["number"])
    bench.sync()
    return numbers


def _today(bench: Bench, numbers: dict[str, str]) -> None:
    """A day of everything, each thing carried over when it happened."""
    numbers["new"] = bench.sales_order(6)
    numbers["clerk's new"] = str(bench.back_office_order(7)["number"])
    bench.sync()
    bench.seller.edit(bench.seller.order(numbers["edited"])["salesorderid"], shipto_city="Portland")
    document = bench.clerk.order(numbers["edited"])
    bench.clerk.change_line(document, document["salesOrderLines"][0], unitPrice=9)
    bench.sync()
    for quantity in (9, 11):  # twice: the store of yesterday knows neither of the two predecessors
        order = bench.seller.order(numbers["recreated"])
        line = order["order_details"][0]["salesorderdetailid"]
        bench.seller.edit(order["salesorderid"], lines={line: {"quantity": quantity}})
        bench.sync()
    document = bench.clerk.order(numbers["shipped"])
    bench.clerk.act(document, "release")
    bench.clerk.act(document, "ship")
    bench.sync()


def _nothing_made_twice(bench: Bench, numbers: dict[str, str]) -> None:
    assert creates(bench) == {"sales": 0, "back_office": 0}
    for name, number in numbers.items():
        if "clerk" not in name:
            assert len(bench.live_documents(number)) == 1, name
        else:
            bench.sales_order_of(number)
    with bench.company.store() as store, store.transaction():
        held = store.couplings.after(ORDERS, 0, 100)
    assert len(held) == len(numbers)
    assert len({one.back_office_id for one in held}) == len({one.sales_id for one in held}) == len(numbers)


def test_the_store_of_yesterday(bench: Bench, tmp_path: Path) -> None:
    numbers = _yesterday(bench)
    _back_up(bench, tmp_path / "yesterday.db")
    _today(bench, numbers)
    _restore(bench, tmp_path / "yesterday.db")
    bench.mark()
    for _ in range(3):
        bench.sync(expect=None, sweep_all=True)
        bench.clock.sleep(120)
    _nothing_made_twice(bench, numbers)
    assert [one["quantity"] for one in bench.clerk.order(numbers["recreated"])["salesOrderLines"]] == [11, 3]
    assert bench.clerk.order(numbers["edited"])["shipToCity"] == "Portland"
    assert bench.clerk.order(numbers["edited"])["salesOrderLines"][0]["unitPrice"] == 9
    bench.agreed()


def test_a_store_of_yesterday_that_was_in_the_middle_of_something(bench: Bench, tmp_path: Path) -> None:
    """The backup holds an operation that was carried out long since: it is found done, and not done again."""
    bench.sync()
    number = bench.sales_order(2)
    company = bench.company
    write = company.back_office.write

    def backed_up_meanwhile(*arguments: object) -> object:
        _back_up(bench, tmp_path / "yesterday.db")
        return write(*arguments)  # type: ignore[arg-type]

    company.back_office.write = backed_up_meanwhile  # type: ignore[method-assign, assignment]
    bench.sync()
    order = bench.seller.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.restart()
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 9}})
    bench.sync()
    _restore(bench, tmp_path / "yesterday.db")
    bench.mark()
    for _ in range(2):
        bench.sync(expect=None)
        bench.clock.sleep(120)
    assert creates(bench) == {"sales": 0, "back_office": 0}
    (document,) = bench.live_documents(number)
    assert [one["quantity"] for one in document["salesOrderLines"]] == [9]
    bench.agreed()


def test_a_lost_store(bench: Bench) -> None:
    """The first sync of an empty store matches first: all of it is coupled again and nothing is written."""
    numbers = _yesterday(bench)
    _today(bench, numbers)
    _lose(bench)
    bench.mark()
    bench.sync()
    _nothing_made_twice(bench, numbers)
    bench.agreed()


def test_a_lost_store_and_an_edit_that_was_not_carried_over(bench: Bench) -> None:
    """Nobody knows any more who changed what: both values are shown to a person, and neither is overwritten."""
    numbers = _yesterday(bench)
    document = bench.clerk.order(numbers["edited"])
    bench.clerk.change_line(document, document["salesOrderLines"][0], quantity=15)
    _lose(bench)
    bench.mark()
    bench.sync(expect=1)
    _nothing_made_twice(bench, numbers)
    with bench.company.store() as store, store.transaction():
        (conflict,) = store.conflicts.open()
    assert (conflict.sales["quantity"], conflict.back_office["quantity"]) == (2, 15)
    assert bench.clerk.order(numbers["edited"])["salesOrderLines"][0]["quantity"] == 15
    order = bench.seller.order(numbers["edited"])
    assert order["order_details"][0]["quantity"] == 2
