"""How changes are found where the usual way is closed, and what is no change."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.service import wiring
from tests.bench.bench import Bench
from tests.scenarios.acts import add_sales_line
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import coupled
from tests.scenarios.acts import delete_in_sales
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import listed
from tests.scenarios.acts import live

pytestmark = pytest.mark.slow


def test_without_change_tracking_headers_and_lines_are_found_by_their_stamps(bench: Bench) -> None:
    """A line's edit may leave its header's stamp alone: both are asked. The sweep sees deletions."""
    bench.switch("sales", tracked_tables=())
    bench.sync()
    edited, moved, deleted = coupled(bench), coupled(bench), coupled(bench)
    edit_line(bench, edited, quantity=9)
    bench.seller.edit(bench.seller.order(moved)["salesorderid"], shipto_city="Portland")
    delete_in_sales(bench, deleted)
    bench.sync()
    assert back_quantities(bench, edited) == [9, 3]
    assert live(bench, moved)[0]["shipToCity"] == "Portland"
    assert listed(bench) == []
    bench.sync(expect=None, sweep_all=True)
    assert listed(bench) == ["deleted-in-sales"]


def test_a_table_that_is_no_longer_tracked_is_compared_whole_and_then_found_by_its_stamps(bench: Bench) -> None:
    """As in a copy of the organization: the links of before are refused, and nothing is lost over it."""
    bench.sync()
    before, after = coupled(bench), coupled(bench)
    edit_line(bench, before, quantity=9)
    bench.switch("sales", tracked_tables=())
    bench.sync()
    edit_line(bench, after, quantity=8)
    bench.sync()
    assert (back_quantities(bench, before), back_quantities(bench, after)) == ([9, 3], [8, 3])
    bench.agreed()


def test_what_was_refused_is_not_asked_for_again_by_a_sweep(bench: Bench) -> None:
    """Only when the record has changed; else each sweep would write once more, for ever."""
    bench.sync()
    number = coupled(bench)
    order = bench.seller.order(number)["salesorderid"]
    bench.seller.edit(order, shipto_country="Utopia")
    bench.sync(expect=1)
    assert listed(bench) == ["refused"]
    bench.mark()
    bench.sync(expect=1, sweep_all=True)
    assert (bench.writes(), listed(bench)) == ([], ["refused"])
    bench.seller.edit(order, shipto_country="US", shipto_city="Portland")
    bench.sync()
    assert live(bench, number)[0]["shipToCity"] == "Portland"
    bench.agreed()


def test_what_is_written_at_creation_only_is_the_successors_too(bench: Bench) -> None:
    """The clerk names another salesperson: neither restored nor compared, and the document that replaces it has it."""
    number = coupled(bench)
    bench.clerk.create("salespeoplePurchasers", code="XX", displayName="Nobody there")
    bench.clerk.change(live(bench, number)[0], salesperson="XX")
    bench.sync(sweep_all=True)
    assert bench.writes() == []
    edit_line(bench, number, quantity=9)
    bench.sync()
    (successor,) = bench.live_documents(number)
    assert (successor["salesperson"], successor["salesOrderLines"][0]["quantity"]) == ("XX", 9)
    bench.agreed()


def test_an_order_that_no_longer_meets_what_let_it_in_is_followed_all_the_same(bench: Bench) -> None:
    """Leaving a filter is no deletion: the clerk's edit of a reopened order still arrives in Sales."""
    bench.configure(integration={"new_from_back_office": "released"})
    bench.sync()
    document = bench.back_office_order(2, 3)
    bench.sync()
    bench.clerk.act(document, "reopen")
    bench.clerk.change(document, requestedDeliveryDate="2027-03-16")
    bench.sync()
    bench.sync(sweep_all=True)
    assert bench.sales_order_of(document["number"])["requestdeliveryby"].startswith("2027-03-16")
    assert listed(bench) == []
    bench.agreed()


def test_a_refused_record_holds_no_cursor_back(bench: Bench) -> None:
    """It is remembered by itself: the next poll asks for nothing older, and the record goes once it is let through."""
    bench.sync()
    refused, following = coupled(bench), coupled(bench)
    bench.fault(
        "back_office", kind="refuse", next=1, status=400, code="No", message="No.", match={"path": "POST .*salesOrders"}
    )
    add_sales_line(bench, refused)
    bench.sync(expect=None)
    assert listed(bench)
    bench.mark()
    edit_line(bench, following, quantity=9)
    bench.sync(expect=None)
    assert back_quantities(bench, following) == [9, 3]
    reads = [one["path"] for one in bench.requests("sales") if refused in one["path"]]
    assert reads == []
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    bench.sync()
    assert back_quantities(bench, refused) == [2, 3, 4]
    bench.agreed()


def test_mappings_are_built_once_while_nothing_that_they_are_built_from_changes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what the systems say of themselves, and with it: two sorts, whatever the number of runs."""
    built: list[object] = []
    build = wiring.build

    def counted(*arguments: Any) -> Any:
        built.append(arguments)
        return build(*arguments)

    monkeypatch.setattr(wiring, "build", counted)
    for _ in range(3):
        bench.sync()
    assert len(built) == 2
