"""`explain ORDER` tells the whole story of an order, the same facts as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.cli.stories import story_text
from syncengine.service.decisions import resolve
from syncengine.service.decisions import restore
from syncengine.store.queries import story
from tests.bench.bench import Bench
from tests.scenarios.acts import cancel
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import live
from tests.scenarios.acts import release
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


def _story(bench: Bench, order: str) -> tuple[dict[str, Any], str]:
    with bench.company.session() as session:
        found = story(session, order)
    assert found is not None
    return found, story_text(order, found)


@scenario(
    "an order that was created, released, recreated and brought back to an earlier version",
    "`explain` is asked by any of its numbers",
    "it tells each decision with bases and reason, each request and its answer, what was kept and what was lost",
)
def test_the_whole_story(shop: Bench) -> None:
    number = coupled(shop)
    first = live(shop, number)[0]
    release(shop, number)
    shop.sync()
    edit_line(shop, number, quantity=9)
    shop.sync()
    restore(shop.company, number, 1)
    shop.sync()
    found, text = _story(shop, number)
    assert _story(shop, first["number"])[0] == found  # also by the number of a predecessor
    line = first["salesOrderLines"][0]["description"]
    assert "recreate: goods: changed in Sales" in text
    assert f"({line}): Sales product: " in text
    assert "quantity: 9" in text
    assert "(base product: " in text
    assert "not carried over: reservations" in text
    assert "create salesOrders in the back office: done" in text
    assert "delete salesOrders in the back office: done" in text
    assert f"version 1 is kept: {first['number']}, replaced by " in text
    assert "a person asked for version 1" in text
    assert [one["version"] for one in found["versions"]] == [1, 2]
    sent = [event for event in found["events"] if event["event"] == "sent"]
    assert all({"verb", "table", "side", "outcome"} <= event.keys() for event in sent)
    shop.agreed()


@scenario(
    "an order in conflict, answered by a person",
    "`explain` is asked before the next run and after it",
    "first the conflict with both values and the answer, then what was done about it",
)
def test_a_conflict_told(shop: Bench) -> None:
    number = coupled(shop)
    change_back_line(shop, number, quantity=15)
    edit_line(shop, number, quantity=20)
    shop.sync(expect=1)
    found, text = _story(shop, number)
    (conflict,) = found["conflicts"]
    assert "now: changed on both sides: goods" in text
    assert f"conflict {conflict['id']} on goods of line" in text
    resolve(shop.company, conflict["id"], "sales", ())
    assert "a person took Sales, the next run acts on it" in _story(shop, number)[1]
    shop.sync()
    found, text = _story(shop, number)
    assert (found["conflicts"], found["parked"]) == ([], None)
    assert "a person took Sales for goods" in text
    shop.agreed()


@scenario(
    "an order whose creation got no answer",
    "`explain` is asked after the next run",
    "it says that the answer was missing, and what was found",
)
def test_a_lost_answer_told(shop: Bench) -> None:
    number = shop.sales_order(2, 3)
    shop.fault("back_office", kind="answer-lost", next=1, match={"path": r"^POST .*salesOrders"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    assert "an answer was missing; looked up: step 1 done" in _story(shop, number)[1]


@scenario(
    "an order that was canceled and removed",
    "`explain` is asked",
    "it says why the coupling ended and which version is kept",
)
def test_an_end_told(shop: Bench) -> None:
    number = coupled(shop)
    cancel(shop, number)
    shop.sync()
    found, text = _story(shop, number)
    assert found["coupling"]["status"] == "closed"
    assert "coupling ended: canceled in Sales" in text
    assert "version 1 is kept" in text
    shop.agreed()


@scenario("an event that has no words of its own", "`explain` tells it", "it is told by its data, never left out")
def test_nothing_is_left_out(shop: Bench) -> None:
    number = coupled(shop)
    found, _ = _story(shop, number)
    odd = {"id": 0, "at": "2027-01-01T00:00:00.000000Z", "run": "", "event": "something-new", "what": "it happened"}
    assert "something-new: what: it happened" in story_text(number, {**found, "events": [odd]})
    shop.agreed()
