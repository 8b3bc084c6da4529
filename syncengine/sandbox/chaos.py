"""Chaos: a bad day for somebody's own mappings, on two emulated systems; no live system is touched.

People enter and edit orders on both sides, answers are lost, services fail, clocks drift, and the engine, run as its
users run it, is killed in the middle. Then everything calms down, and the promise is checked on both systems.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from pathlib import Path
from typing import Any

from syncengine.sandbox import world
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.people import Refused
from syncengine.sandbox.promise import ENOUGH_RUNS
from syncengine.sandbox.promise import Edit
from syncengine.sandbox.promise import Evidence
from syncengine.sandbox.promise import QuietRun
from syncengine.sandbox.promise import broken

FAULTS = ("answer-lost", "reset-before", "half-body", "bad-gateway-after", "html", "status")
STATUSES = (429, 503, 500)
SALES_NUMBER = "ORD-"  # as Sales numbers orders
LIMITED = 6  # the exit code of a run that a safety limit held back
PLACES = ("", r"^(POST|PATCH|DELETE)", r"\$batch")


@dataclass
class Report:
    """What was done, and what was found to be wrong afterwards."""

    seed: int
    events: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    edits: int = 0
    listed: int = 0  # differences that are left, each with its reason
    broken: list[str] = field(default_factory=list)  # promises that do not hold

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "orders": self.orders,
            "edits": self.edits,
            "events": dict(sorted(self.events.items())),
            "faults": dict(sorted(self.faults.items())),
            "runs": dict(sorted(self.runs.items())),
            "listed": self.listed,
            "broken": self.broken,
        }


@dataclass
class Command:
    """The engine as a command, with the user's own settings laid over the sandbox's configuration."""

    config: Path
    environment: Mapping[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", "syncengine.cli.main", "--config", str(self.config), "--log-level", "error",
             *arguments, "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **self.environment},
        )  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and the JSON document, None where there is none."""
        started = self.start(*arguments)
        out, _ = started.communicate(timeout=600)
        return started.returncode, from_json(out) if out.strip() else None


class Chaos:
    def __init__(
        self, running: world.Sandbox, command: Command, seed: int, tell: Callable[[str], None], *, seconds: float
    ) -> None:
        self.running = running
        self.command = command
        self.tell = tell
        self.dice = random.Random(seed)  # noqa: S311  chance that can be repeated, not secrecy
        self.report = Report(seed)
        self.deadline = time.monotonic() + seconds
        self.seller = running.seller()
        self.admin = running.admin()
        self.clerk = running.clerk()
        self.sales_orders: list[str] = []  # ids
        self.ended: set[str] = set()  # numbers of orders that a person canceled or deleted
        self.back_office_orders: list[str] = []  # numbers they began with
        self.edits: dict[
            tuple[str, str, str], Edit
        ] = {}  # the last of each order (by its Sales number), side and group
        self.value = 1000

    def live(self) -> Report:
        """One bad day, then the checks."""
        self._first_run()
        happenings: list[tuple[Callable[[], None], int]] = [
            (self._order_in_sales, 3), (self._order_in_back_office, 2), (self._seller_edits, 6),
            (self._clerk_edits, 6), (self._clerk_acts, 3), (self._order_ends, 1), (self._fault, 5), (self._clock, 1),
            (self._tokens, 1), (self._run, 4), (self._killed_run, 4),
        ]  # fmt: skip
        some, weights = [one for one, _ in happenings], [weight for _, weight in happenings]
        while time.monotonic() < self.deadline:
            happening = self.dice.choices(some, weights)[0]
            try:
                happening()
            except Refused:
                self.report.events["refused to a person"] += 1
        self._calm()
        self._check()
        return self.report

    def _first_run(self) -> None:
        code, found = self.command.run("full-sync")
        if code not in (0, 1):
            told = found.get("error", found) if isinstance(found, dict) else found
            self.report.broken.append(f"the first synchronization ended with {code}: {told}")
            self.deadline = 0.0

    # people; what fails on the network fails for the engine alone

    def _undisturbed(self, act: Callable[[], None]) -> None:
        every = (self.running.sales.faults, self.running.back_office.faults)
        kept = [list(faults.active) for faults in every]
        try:
            for faults in every:
                faults.clear()
            act()
        finally:
            for faults, active in zip(every, kept, strict=True):
                faults.active[:] = active

    def _order_in_sales(self) -> None:
        seeded = self.running.world
        chosen = self.dice.sample(seeded.products, self.dice.randint(1, 4))
        lines = [
            {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": self.dice.randint(1, 20),
             "price": one.price}
            for one in chosen
        ]  # fmt: skip
        currency = self.dice.choice(sorted(seeded.price_lists))

        def act() -> None:
            order = self.seller.enter(
                self.dice.choice(seeded.customers).sales_id, seeded.price_lists[currency], seeded.currencies[currency],
                lines,
            )  # fmt: skip
            self.seller.submit(order)
            self.sales_orders.append(order)

        self._undisturbed(act)
        self.report.orders += 1
        self.report.events["order entered in Sales"] += 1

    def _order_in_back_office(self) -> None:
        seeded = self.running.world

        def act() -> None:
            made = self.clerk.create(
                "salesOrders",
                customerId=self.dice.choice(seeded.customers).back_office_id,
                salesOrderLines=[
                    {"lineType": "Item", "itemId": one.back_office_id, "quantity": self.dice.randint(1, 20),
                     "unitPrice": one.price}
                    for one in self.dice.sample(seeded.products, self.dice.randint(1, 4))
                ],
            )  # fmt: skip
            self.clerk.act(self.clerk.order(made["number"]), "release")
            self.back_office_orders.append(made["number"])

        self._undisturbed(act)
        self.report.orders += 1
        self.report.events["order entered in the back office"] += 1

    def _seller_edits(self) -> None:
        if not self.sales_orders:
            return
        order_id = self.dice.choice(self.sales_orders)
        self.value += 1

        def act() -> None:
            order = self.seller.order(order_id)
            if order["statecode"] not in (0, 1) or not order["order_details"]:
                return
            line = self.dice.choice(order["order_details"])["salesorderdetailid"]
            self.seller.reactivate(order_id)
            match self.dice.choice(["city", "day", "quantity", "new line", "line removed"]):
                case "city":
                    self.seller.change(order_id, shipto_city=f"City{self.value}")
                    self._edited(order["ordernumber"], "sales", "city", f"City{self.value}")
                case "day":
                    self.seller.change(order_id, requestdeliveryby=f"2027-03-{1 + self.value % 28:02}T12:00:00Z")
                case "quantity":
                    self.seller.change_line(line, {"quantity": self.value})
                case "new line":
                    one = self.dice.choice(self.running.world.products)
                    self.seller.add_line(order_id, one.sales_id, one.units[0].sales_id, self.value, one.price)
                case _ if len(order["order_details"]) > 1:
                    self.seller.remove_line(line)
            self.seller.submit(order_id)
            self.report.edits += 1

        self._undisturbed(act)
        self.report.events["seller edited"] += 1

    def _order_ends(self) -> None:
        """Canceled by the seller, deleted in Sales, deleted by the clerk."""
        how = self.dice.choice(["order canceled in Sales", "order deleted in Sales", "document deleted"])

        def act() -> None:
            document = self._a_document()
            number = str(document["externalDocumentNumber"]) if document else ""
            if document is None or not number.startswith(SALES_NUMBER) or number in self.ended:
                return
            if how == "document deleted":
                self.clerk.delete(document)
            elif how == "order canceled in Sales":
                self.admin.cancel(self.seller.order(number)["salesorderid"])
            else:
                order_id = self.seller.order(number)["salesorderid"]
                self.admin.delete(order_id)
                self.sales_orders = [one for one in self.sales_orders if one != order_id]
            self.ended.add(number)
            self.report.events[how] += 1

        self._undisturbed(act)

    def _a_document(self) -> dict[str, Any] | None:
        found = self.clerk.orders("number ne ''")
        return self.dice.choice(found) if found else None

    def _clerk_edits(self) -> None:
        self.value += 1

        def act() -> None:
            order = self._a_document()
            if order is None:
                return
            lines = [line for line in order["salesOrderLines"] if line["lineType"] == "Item"]
            what = self.dice.choice(["city", "price", "quantity", "comment", "new line", "line removed"])
            if what == "city":
                self.clerk.change(order, shipToCity=f"City{self.value}")
                self._edited(order["externalDocumentNumber"], "back_office", "city", f"City{self.value}")
            elif what == "comment":
                self.clerk.add_line(order, lineType="Comment", description=f"note {self.value}")
            elif what == "new line":
                one = self.dice.choice(self.running.world.products)
                self.clerk.add_line(order, lineType="Item", itemId=one.back_office_id, quantity=self.value)
            elif what == "line removed":
                if len(lines) > 1:
                    self.clerk.remove_line(order, self.dice.choice(lines))
            elif lines and what == "price":
                self.clerk.change_line(order, self.dice.choice(lines), unitPrice=Decimal(self.value) / 4)
            elif lines:
                self.clerk.change_line(order, self.dice.choice(lines), quantity=self.value)
            self.report.edits += 1

        self._undisturbed(act)
        self.report.events["clerk edited"] += 1

    def _edited(self, number: str, side: str, group: str, value: str) -> None:
        if number.startswith(SALES_NUMBER):
            self.edits[number, side, group] = Edit(number, side, group, value)

    def _clerk_acts(self) -> None:
        action = self.dice.choice(["release", "reopen", "ship"])

        def act() -> None:
            order = self._a_document()
            if order is not None:
                self.clerk.act(order, action)

        self._undisturbed(act)
        self.report.events[f"clerk: {action}"] += 1

    # the world

    def _fault(self) -> None:
        kind = self.dice.choice(FAULTS)
        posted: dict[str, Any] = {
            "kind": kind, "next": 1, "skip": self.dice.randint(0, 4), "match": {"path": self.dice.choice(PLACES)},
        }  # fmt: skip
        if kind == "status":
            posted |= {"status": self.dice.choice(STATUSES), "retry_after": 1}
        self.dice.choice([self.running.sales.faults, self.running.back_office.faults]).add(posted)
        self.report.faults[f"{kind} {posted.get('status', '')}".strip()] += 1

    def _clock(self) -> None:
        self.dice.choice([self.running.sales.clock, self.running.back_office.clock]).move(
            self.dice.choice([-90, -5, 5, 300])
        )
        self.report.faults["clock moved"] += 1

    def _tokens(self) -> None:
        self.dice.choice([self.running.sales.tokens, self.running.back_office.tokens]).expire_all()
        for person in (self.seller.person, self.admin.person, self.clerk.person):
            person.sign_in_again()
        self.report.faults["tokens expired"] += 1

    # runs

    def _run(self) -> None:
        code, _ = self.command.run("sync", "--wait", "30")
        self.report.runs[f"ended with {code}"] += 1
        self.tell(f"{sum(self.report.runs.values())} runs, {self.report.orders} orders, {self.report.edits} edits")

    def _killed_run(self) -> None:
        """Dead in the middle: the wait is chance, most of a run is over within two seconds."""
        started = self.command.start("sync", "--wait", "30")
        try:
            started.wait(self.dice.uniform(0.5, 2.5))
        except subprocess.TimeoutExpired:
            started.kill()
            self.report.runs["killed"] += 1
        else:
            self.report.runs[f"ended with {started.returncode}"] += 1
        started.communicate()

    # afterwards

    def _calm(self) -> None:
        self.running.sales.faults.clear()
        self.running.back_office.faults.clear()

    def _check(self) -> None:
        if self.report.broken:
            return
        seen = Evidence(quiet_runs=self._quiet_runs())
        _, verified = self.command.run("verify")
        seen.differences = verified["differences"] if verified else []
        self.report.listed = len(seen.differences)
        self._count_orders(seen)
        self._look_for_edits(seen)
        self.report.broken += broken(seen)

    def _quiet_runs(self) -> list[QuietRun]:
        runs: list[QuietRun] = []
        unfinished = True
        while len(runs) <= ENOUGH_RUNS and (unfinished or runs[-1].writes):
            self.command.run("retry", "--all")
            before = self._writes()
            code, found = self.command.run("sync", "--sweep", "--wait", "60")
            unfinished = _in_progress(found)
            # A day's worth of what replaces documents may be used up; then the rest waits for an approval, listed.
            runs.append(QuietRun(1 if code == LIMITED else code, self._writes() - before))
        return runs

    def _count_orders(self, seen: Evidence) -> None:
        documents = self.clerk.orders("number ne ''")
        seen.keys = [str(one["externalDocumentNumber"] or "") for one in documents]
        seeded = self.running.world
        seen.entered = len(self.sales_orders) + len(self.back_office_orders) + len(seeded.sales_orders)
        seen.entered += sum(1 for _ in seeded.back_office_orders)
        held = self.seller.person.get("salesorders?$select=salesorderid")["value"]
        seen.orders = {"sales": len(held), "back_office": len(documents)}

    def _look_for_edits(self, seen: Evidence) -> None:
        """An edit that its own side no longer shows must be named by a decision; of an order that a person ended, the
        archived version holds what stood there.
        """
        seen.edits = [edit for edit in self.edits.values() if edit.order not in self.ended]
        for number in {edit.order for edit in seen.edits}:
            cities = {"sales": str(self.seller.order(number)["shipto_city"])}
            documents = self.clerk.orders(f"externalDocumentNumber eq '{number}'")
            if len(documents) == 1:
                cities["back_office"] = str(documents[0]["shipToCity"])
            seen.shown = {**seen.shown, (number, "city"): cities}
            if any(edit.order == number and cities.get(edit.side) != edit.value for edit in seen.edits):
                _, told = self.command.run("explain", number)
                decisions = [event.get("decisions", []) for event in told["events"]] if told else []
                seen.decided = {**seen.decided, number: to_json(decisions).decode()}

    def _writes(self) -> int:
        return sum(
            1
            for side in ("sales", "back_office")
            for entry in self.running.requests(side)
            if entry["who"] == "integration"
            for part in entry["parts"] or [entry]
            if part["method"] != "GET" and "$batch" not in part["path"]
        )


def _in_progress(found: Any) -> bool:
    return bool(found) and any(one["in_progress"] for one in found.get("mappings", []))


def live(
    folder: Path, environment: Mapping[str, str], *, minutes: float, seed: int, tell: Callable[[str], None]
) -> Report:
    """A day of `minutes`, on a fresh company. `environment`: what is laid over the sandbox's configuration."""
    running = world.start(number=seed, orders=10)
    try:
        config = folder / "syncengine.toml"
        world.write_configuration(running, config)
        return Chaos(running, Command(config, environment), seed, tell, seconds=minutes * 60).live()
    finally:
        running.host.stop()
