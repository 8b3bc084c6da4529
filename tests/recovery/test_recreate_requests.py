"""Archive and recreate while each single request of the run fails, times out, or is carried out unheard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from syncengine.orders.recreate import RECHECK
from syncengine.sandbox.faults import Fault
from tests.bench.bench import Bench
from tests.bench.bench import PatientClock
from tests.bench.bench import eventually
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import live
from tests.scenarios.acts import release
from tests.scenarios.acts import status_line
from tests.scenarios.acts import versions

pytestmark = pytest.mark.loaded

TIMEOUT_S, LATER_S = 2, 2.4
PATIENT_S = 30  # where nothing is struck, a busy machine is no fault
NOT_NOW = {"code": "Application_DialogException", "message": "Not now."}

WAYS: dict[str, dict[str, Any]] = {
    "refused with 400": {"kind": "refuse", "status": 400, **NOT_NOW},
    "refused with 500": {"kind": "refuse", "status": 500, "code": "Internal_ServerError", "message": "Not now."},
    "answered with 503": {"kind": "status", "status": 503},
    "timed out, never carried out": {"kind": "reset-before", "seconds": LATER_S},
    "timed out, carried out later": {"kind": "still-running", "seconds": LATER_S},
    "carried out, answer lost": {"kind": "answer-lost"},
}


@dataclass(frozen=True)
class Situation:
    """What stands in the back office before; what the clerk does between the steps; what must be there in the end."""

    name: str
    before: Callable[[Bench, str], None]
    between: Callable[[Bench, str], None] | None
    check: Callable[[Bench, str, dict[str, Any]], None]


def _nothing(bench: Bench, number: str) -> None: ...


def _as_ordered(bench: Bench, number: str, document: dict[str, Any]) -> None:
    assert [line["quantity"] for line in document["salesOrderLines"]] == [9, 3]


def _released(bench: Bench, number: str) -> None:
    release(bench, number)
    bench.sync()


def _clerk_adds(bench: Bench, number: str) -> None:
    order = live(bench, number)[0]
    location = bench.clerk.find("locations", "code eq 'EAST'")["id"]
    bench.clerk.change_line(
        order, order["salesOrderLines"][0], locationId=location, description2="handle with care",
        shipmentDate="2027-02-03",
    )  # fmt: skip
    bench.clerk.add_line(order, lineType="Comment", description="ring twice")
    bench.clerk.add_line(order, lineType="Account", lineObjectNumber="40500", quantity=1, unitPrice=Decimal("49.50"))
    bench.clerk.set_dimension(f"salesOrderLines({order['salesOrderLines'][1]['id']})", "AREA", "70")
    bench.clerk.drop_dimension(f"salesOrders({order['id']})", "DEPARTMENT")
    bench.clerk.attach(order, "drawing.txt", b"four legs")
    bench.sync(sweep_all=True)


def _has_what_the_clerk_added(bench: Bench, number: str, document: dict[str, Any]) -> None:
    lines = document["salesOrderLines"]
    assert [(line["lineType"], line["quantity"]) for line in lines] == [
        ("Item", 9), ("Item", 3), ("Comment", 0), ("Account", 1),
    ]  # fmt: skip
    location = bench.clerk.find("locations", "code eq 'EAST'")["id"]
    shown = (lines[0]["locationId"], lines[0]["description2"], lines[0]["shipmentDate"])
    assert shown == (location, "handle with care", "2027-02-03")
    assert (lines[2]["description"], lines[3]["unitPrice"]) == ("ring twice", Decimal("49.5"))
    shown = [bench.clerk.dimensions(f"salesOrderLines({line['id']})") for line in lines[:2]]
    assert shown == [{"DEPARTMENT": "SALES"}, {"DEPARTMENT": "SALES", "AREA": "70"}]
    assert bench.clerk.dimensions(f"salesOrders({document['id']})") == {}
    assert bench.clerk.files(document) == {"drawing.txt": b"four legs"}


def _clerk_edits(bench: Bench, number: str) -> None:
    change_back_line(bench, number, 1, description="oak, not pine")


def _has_the_edit(bench: Bench, number: str, document: dict[str, Any]) -> None:
    _as_ordered(bench, number, document)
    assert document["salesOrderLines"][1]["description"] == "oak, not pine"


SITUATIONS = (
    Situation("a draft", _nothing, None, _as_ordered),
    Situation("a released document", _released, None, _as_ordered),
    Situation("a document to which the clerk has added", _clerk_adds, None, _has_what_the_clerk_added),
    Situation("a document that the clerk edits between the steps", _nothing, _clerk_edits, _has_the_edit),
)
CASES = [(situation, way, side) for situation in SITUATIONS for way in WAYS for side in ("back_office", "sales")]
OFTEN = 11  # `make test` takes every so manieth
FEWEST = {"back_office": 7, "sales": 4}  # such a run makes at least so many requests


class Waits(PatientClock):
    """Sleeping costs nothing, but what is still being carried out has ended afterwards: `settle_after_s` says so."""

    def __init__(self, ended: Callable[[], bool]) -> None:
        super().__init__()
        self.ended = ended

    def sleep(self, seconds: float) -> None:
        eventually(self.ended)
        super().sleep(seconds)


def _named(one: object) -> str:
    return one.name if isinstance(one, Situation) else str(one)


@pytest.mark.slow
@pytest.mark.parametrize(("situation", "way", "side"), CASES[::OFTEN], ids=_named)
def test_some_requests(bench: Bench, situation: Situation, way: str, side: str) -> None:
    """One request of each of some cases, another one each time."""
    _prepare(bench)
    assert _one(bench, situation, side, way, CASES.index((situation, way, side)) % FEWEST[side])
    bench.agreed()


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("situation", "way", "side"), CASES, ids=_named)
def test_every_request(bench: Bench, situation: Situation, way: str, side: str) -> None:
    """In the end one live document with the clerk's content, and agreement; before that, a listed reason."""
    _prepare(bench)
    at = 0
    while _one(bench, situation, side, way, at):
        at += 1
    assert at >= FEWEST[side]
    bench.agreed()


def _prepare(bench: Bench) -> None:
    (company,) = bench.running.back_office.environment.companies.values()
    seeding = bench.running.back_office
    seeding.add_dimension(company, "AREA", "Area", {"30": "Europe", "70": "America"})
    seeding.add_dimension(company, "DEPARTMENT", "Department", {"SALES": "Sales"}, global_number=1)
    customer = bench.running.world.customers[0].number
    seeding.add_default_dimension(company, "customer", customer, "DEPARTMENT", "SALES")
    bench.configure(integration={"max_destructive_floor": 100_000}, limits={"attempts": 2, "patience_s": 60})
    _wait_for_answers(bench, PATIENT_S)
    bench.sync()


def _wait_for_answers(bench: Bench, seconds: float) -> None:
    bench.configure(limits={"request_timeout_s": seconds})


def _one(bench: Bench, situation: Situation, side: str, way: str, at: int) -> bool:
    """A new order is recreated while its run's request number `at` on this side goes wrong. False: it made fewer."""
    number = coupled(bench)
    situation.before(bench, number)
    edit_line(bench, number, quantity=9)
    bench.mark()
    if WAYS[way].get("seconds"):
        _wait_for_answers(bench, TIMEOUT_S)
    fault = _strike(bench, side, {**WAYS[way], "next": 1, "skip": at})
    bench.clock = bench.company.clock = Waits(lambda: _ended(bench, side, fault))
    between = Between(situation.between, bench, number)
    between.watch()
    result = bench.sync(expect=None)
    bench.calm()
    _is_explained(bench, number, result)
    eventually(lambda: _ended(bench, side, fault))
    _wait_for_answers(bench, PATIENT_S)
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    between.watch()
    bench.sync()
    bench.sync(sweep_all=True)
    (document,) = bench.live_documents(number)
    situation.check(bench, number, document)
    assert status_line(bench, number).startswith(document["number"])
    assert versions(bench, number)[0].successor == document["number"]
    return fault.hits > 0


def _strike(bench: Bench, side: str, posted: dict[str, Any]) -> Fault:
    service = bench.running.sales if side == "sales" else bench.running.back_office
    return service.faults.add(posted)


def _ended(bench: Bench, side: str, fault: Fault) -> bool:
    """Has the request that was struck come to its end in the service?"""
    return fault.kind == "refuse" or not fault.hits or any(fault.kind in one["faults"] for one in bench.requests(side))


@dataclass
class Between:
    """The clerk acts once, after the successor was made and before the predecessor is read again."""

    act: Callable[[Bench, str], None] | None
    bench: Bench
    number: str

    def watch(self) -> None:
        """In the engine's next runs, as long as it has not happened."""
        system = self.bench.company.back_office
        write = system.write

        def writing(groups: Any, view: Any) -> Any:
            if any(step.role == RECHECK for steps in groups for step in steps):
                self._happen()
            return write(groups, view)

        system.write = writing  # type: ignore[method-assign]

    def _happen(self) -> None:
        act, self.act = self.act, None
        if act is not None:
            faults = self.bench.running.back_office.faults
            kept = list(faults.active)
            faults.clear()  # meant for the engine's requests
            act(self.bench, self.number)
            faults.active[:] = kept


def _is_explained(bench: Bench, number: str, result: dict[str, Any]) -> None:
    """After the run that was struck: done, or in progress, or listed with a reason, or the run says why it ended."""
    if result["exit_code"] == 4:
        assert result["error"]["message"], result
    elif result["exit_code"] == 1:
        assert any(one["message"] and one["remedy"] for one in result["errors"]), result
    else:
        assert result["exit_code"] == 0, result
        documents = bench.live_documents(number)
        in_progress = any(one["in_progress"] for one in result["mappings"])
        assert in_progress or [one["number"] for one in documents] == [status_line(bench, number).partition(" ")[0]]
