"""The promise, as checks on both live systems and the store, after the faults have stopped."""

from __future__ import annotations

import json
from typing import Any

from tests.bench.bench import Bench
from tests.stateful.people import People
from tests.stateful.people import shown

ENOUGH_RUNS = 8
LONG_S = 4000.0  # longer than any backoff


def come_to_rest(bench: Bench) -> None:
    """Promise 3: a bounded number of runs, then reads only."""
    bench.calm()
    for _ in range(ENOUGH_RUNS):
        bench.clock.sleep(LONG_S)
        bench.mark()
        bench.sync(expect=None, sweep_all=True)
        if not bench.writes():
            break
    else:
        raise AssertionError(f"still writing after {ENOUGH_RUNS} runs: {bench.writes()}")
    bench.mark()
    bench.sync(expect=None)
    assert bench.writes() == []


def every_order_once(bench: Bench, people: People) -> None:
    """Promise 2: no order twice, on either side; none lost."""
    sales = bench.admin.person.get("salesorders?$select=salesorderid")["value"]
    back_office = bench.clerk.orders("number ne ''")
    assert (len(sales), len(back_office)) == (len(people.orders), len(people.orders))
    keys = [one["externalDocumentNumber"] for one in back_office if one["externalDocumentNumber"]]
    assert len(keys) == len(set(keys))
    assert not [key for key in keys if key.startswith("SE:")], "an operation key was left standing"


def every_difference_explained(bench: Bench) -> None:
    """Promise 3: both sides equal, or each remaining difference is listed with its reason."""
    verified = bench.verify()
    unexplained = [one for one in verified["differences"] if one["reason"] in ("unexplained", "in-flight")]
    assert unexplained == []


def no_edit_lost(bench: Bench, people: People) -> None:
    """Promise 4: each edit stands on both sides, or was replaced by the same person, or a decision names its value."""
    last = {(edit.order, edit.side, edit.group): edit for edit in people.edits}
    for edit in last.values():
        order = people.orders[edit.order]
        both = {
            shown(people.sales(order), "sales", edit.group),
            shown(people.back_office(order), "back_office", edit.group),
        }
        if both == {edit.value}:
            continue
        story = people.story(order)
        assert edit.value in _decided(story), f"{edit} is gone without a decision that names it; shown: {both}"


def _decided(story: dict[str, Any] | None) -> str:
    """The decisions of an order's history, as text."""
    events = story["events"] if story else []
    return json.dumps([event.get("decisions", []) for event in events], default=str)


def check(bench: Bench, people: People) -> None:
    come_to_rest(bench)
    every_order_once(bench, people)
    every_difference_explained(bench)
    no_edit_lost(bench, people)
