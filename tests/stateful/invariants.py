"""The evidence for the promise, gathered from both live systems and the store after the faults have stopped."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from syncengine.engine.run import Asked
from syncengine.planner.build import LINE_SET
from syncengine.sandbox.promise import ENOUGH_RUNS
from syncengine.sandbox.promise import Edit
from syncengine.sandbox.promise import Evidence
from syncengine.sandbox.promise import Flow
from syncengine.sandbox.promise import QuietRun
from syncengine.sandbox.promise import broken
from syncengine.sandbox.promise import unseen
from tests.bench.bench import Bench
from tests.bench.outstanding import listed
from tests.stateful.people import GROUPS
from tests.stateful.people import LINE_GROUPS
from tests.stateful.people import Order
from tests.stateful.people import People
from tests.stateful.people import shown
from tests.stateful.people import spoken

LONG_S = 4000.0  # longer than any backoff
ROWS = {"ship_to_city": "city", "requested_delivery": "day", "quantity": "quantity", "unit_price": "price"}
CARRIED = {"to-sales": ("sales", "back_office"), "to-back-office": ("back_office", "sales")}  # outcome -> to, from


def quiet_runs(bench: Bench) -> list[QuietRun]:
    """As an operator would: what a system refused is tried again; then runs until one of them sends reads only."""
    bench.calm()
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    found: list[QuietRun] = []
    while len(found) <= ENOUGH_RUNS and (not found or found[-1].writes):
        bench.clock.sleep(LONG_S)
        found.append(_quiet_run(bench, sweep_all=True))
    return [*found, _quiet_run(bench)]


def _quiet_run(bench: Bench, **asked: Any) -> QuietRun:
    bench.mark()
    result = bench.sync(expect=None, **asked)
    return QuietRun(int(result["exit_code"]), len(bench.writes()))


def pictures(people: People) -> dict[tuple[str, str], Any]:
    """What people see of each order on each side."""
    found: dict[tuple[str, str], Any] = {}
    with people.undisturbed():
        for order in people.orders:
            sales, document = people.sales(order), people.back_office(order)
            found[order.key, "sales"] = sales and (
                sales["salesorderid"], sales["statecode"], sales["shipto_city"], sales["requestdeliveryby"],
                [(line["_productid_value"], line["quantity"], line["priceperunit"]) for line in sales["order_details"]],
            )  # fmt: skip
            found[order.key, "back_office"] = document and (
                document["id"], document["status"], document["shipToCity"], document["requestedDeliveryDate"],
                [(line["itemId"], line["quantity"], line["unitPrice"]) for line in document["salesOrderLines"]],
            )  # fmt: skip
    return found


def evidence(bench: Bench, people: People) -> Evidence:
    """What can be seen of everything but single moments and plans, which were seen while the day went on."""
    found = Evidence(quiet_runs=quiet_runs(bench))
    verified = bench.verify()
    found.differences = verified["differences"]
    documents = bench.clerk.orders("number ne ''")
    found.keys = [str(one["externalDocumentNumber"] or "") for one in documents]
    sales = bench.admin.person.get("salesorders?$select=salesorderid")["value"]
    found.orders = {"sales": len(sales), "back_office": len(documents)}
    found.entered = len(people.orders)
    found.may_lack = {
        "sales": sum(one.deleted or people.is_a_draft(one) for one in people.orders),
        "back_office": sum(one.removed or one.waits for one in people.orders),
    }
    found.edits = list({(one.order, one.side, one.group): one for one in people.edits}.values())
    said: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for edit in people.said:
        said[edit.order, edit.group, edit.value].add(edit.side)
    found.said = {key: frozenset(sides) for key, sides in said.items()}
    shows: dict[tuple[str, str], dict[str, str]] = {}
    decided: dict[str, str] = {}
    flows: list[Flow] = []
    for order in people.orders:
        both = {"sales": people.sales(order), "back_office": people.back_office(order)}
        for group in GROUPS:
            shows[order.key, group] = {
                "sales": shown(bench, both["sales"], "sales", group),
                "back_office": shown(bench, both["back_office"], "back_office", group),
            }
        story = people.story(order)
        events = story["events"] if story else []
        decisions = [one for event in events for one in event.get("decisions", [])]
        decided[order.key] = json.dumps(decisions, default=str)
        if any(one["group"] == LINE_SET for one in decisions):
            # A line that comes or goes is named by its id there, not by what it holds.
            decided[order.key] += " ".join(one.value for one in people.said if one.group in LINE_GROUPS)
        flows += _flows(order, events)
    found.shown, found.decided, found.flows = shows, decided, flows
    return found


def _flows(order: Order, events: list[dict[str, Any]]) -> Iterator[Flow]:
    """Values of the groups that people edit which the engine decided to carry over, where both sides differed."""
    for event in events:
        for one in event.get("decisions", []):
            to, source = CARRIED.get(one["outcome"], ("", ""))
            if not to:
                continue
            there, here = _values(one["group"], one[source]), _values(one["group"], one[to])
            for group, value in there.items():
                if here.get(group) != value:
                    yield Flow(order.key, group, value, to)


def _values(group: str, picture: Any) -> dict[str, str]:
    rows = picture if isinstance(picture, dict) else {group: picture}
    return {ROWS[row]: spoken(ROWS[row], value) for row, value in rows.items() if row in ROWS}


def probed(bench: Bench, people: People, found: Evidence) -> None:
    """One more edit on each side, carried over by a run that only polls: whatever the clocks say."""
    services = {"sales": bench.running.sales, "back_office": bench.running.back_office}
    found.apart_s = {side: service.clock.offset.total_seconds() for side, service in services.items()}
    busy = listed(bench)
    probes: list[tuple[Order, Edit]] = []
    for side in ("sales", "back_office"):
        for at, order in enumerate(people.orders):
            both = {"sales": people.sales(order), "back_office": people.back_office(order)}
            ids = {both["sales"] and both["sales"]["salesorderid"], both["back_office"] and both["back_office"]["id"]}
            before = len(people.edits)
            if None in ids or ids & busy or any(order is one for one, _ in probes):
                continue
            people.edits_something(at, side, "day")  # type: ignore[arg-type]
            if len(people.edits) > before:
                probes.append((order, people.edits[-1]))
                break
    for _ in range(2):
        bench.clock.sleep(LONG_S)
        bench.run(Asked("sync").kind, expect=None)
    found.found_by_polls = {
        f"{edit}": {
            shown(bench, people.sales(order), "sales", "day"),
            shown(bench, people.back_office(order), "back_office", "day"),
        }
        == {edit.value}
        for order, edit in probes
    }


def arrives(bench: Bench, people: People, found: Evidence) -> None:
    """The customer comes for whom an order waited, and nobody touches the order."""
    waiting = [one for one in people.orders if one.waits]
    if waiting:
        people.knows_the_new_customer()
    for _ in waiting and range(2):
        bench.sync(expect=None)
    found.waited = {one.key: people.back_office(one) is not None for one in waiting}


def asked_in_vain(bench: Bench) -> list[str]:
    """Questions to a person about records that have ended."""
    with bench.company.store() as store, store.transaction():
        asked = store.conflicts.open()
        held = store.couplings.get([one.coupling for one in asked])
        return [f"{held[one.coupling].sales_number}: {one.group}" for one in asked
                if held[one.coupling].status != "coupled"]  # fmt: skip


def check(bench: Bench, people: People, seen: Evidence) -> None:
    """All eight. `seen`: the moments and plans of the day."""
    found = evidence(bench, people)
    found.moments, found.plans = seen.moments, seen.plans
    probed(bench, people, found)
    arrives(bench, people, found)
    assert unseen(found) == []
    assert asked_in_vain(bench) == []
    assert not broken(found), "\n".join(broken(found))
