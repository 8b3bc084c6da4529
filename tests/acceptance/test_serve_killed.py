"""`serve` under load, killed with SIGKILL at random moments and started again; on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.people import Refused
from syncengine.sandbox.promise import ENOUGH_RUNS
from syncengine.sandbox.promise import Edit
from syncengine.sandbox.promise import Evidence
from syncengine.sandbox.promise import QuietRun
from syncengine.sandbox.promise import broken
from tests.acceptance.shell import Shell

STORES = ("sqlite", "postgresql")
SCHEDULE = '\n[schedule]\nincremental = "every 1s"\nsweep = "every 2s"\nverify = ""\n'
NO_LIMIT = ("[integration]\n", "[integration]\nmax_destructive_floor = 100000\n")  # it has tests of its own
MOST_REQUESTS = 40  # about as many as a run takes that has a few orders to carry over
ACTS = 2  # of people, before each kill


@dataclass
class People:
    """A seller and a clerk, each edit with a value of its own."""

    running: world.Sandbox
    dice: random.Random
    numbers: list[str] = field(default_factory=list)
    edits: dict[tuple[str, str], Edit] = field(default_factory=dict)  # the last of each order and group
    value: int = 100

    def act(self) -> None:
        self.value += 1
        if len(self.numbers) < 4 or self.dice.random() < 0.1:
            self._enter()
            return
        number = self.dice.choice(self.numbers)
        with contextlib.suppress(Refused, LookupError):  # not there yet, or just being replaced: people try again
            if self.dice.random() < 0.6:
                seller = self.running.seller()
                order = seller.order(number)
                line = order["order_details"][0]["salesorderdetailid"]
                seller.edit(order["salesorderid"], lines={line: {"quantity": self.value}})
                self._edited(number, "sales", "quantity", str(self.value))
            else:
                clerk, day = self.running.clerk(), f"{2027 + self.value // 12}-{1 + self.value % 12:02}-11"
                clerk.change(clerk.order(number), requestedDeliveryDate=day)
                self._edited(number, "back_office", "day", day)

    def _edited(self, number: str, side: str, group: str, value: str) -> None:
        self.edits[number, group] = Edit(number, side, group, value)

    def _enter(self) -> None:
        seller, seeded = self.running.seller(), self.running.world
        lines = [
            {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": 2, "price": one.price}
            for one in seeded.products[:2]
        ]
        order = seller.enter(
            seeded.customers[0].sales_id, seeded.price_lists["USD"], seeded.currencies["USD"], lines
        )  # fmt: skip
        seller.submit(order)
        self.numbers.append(str(seller.order(order)["ordernumber"]))

    def shown(self, edit: Edit) -> dict[str, str]:
        sales, document = self.running.seller().order(edit.order), self.running.clerk().order(edit.order)
        if edit.group == "quantity":
            lines = {"sales": sales["order_details"][0], "back_office": document["salesOrderLines"][0]}
            return {side: str(int(line["quantity"])) for side, line in lines.items()}
        return {"sales": str(sales["requestdeliveryby"])[:10], "back_office": document["requestedDeliveryDate"]}


@dataclass
class Requests:
    """How many requests the engine has sent to both systems so far."""

    running: world.Sandbox
    newest: dict[str, int] = field(default_factory=lambda: {"sales": 0, "back_office": 0})
    count: int = 0

    def so_far(self) -> int:
        for side, newest in self.newest.items():
            entries = self.running.requests(side, newest)
            if entries:
                self.newest[side] = entries[-1]["number"]
                self.count += sum(entry["who"] == "integration" for entry in entries)
        return self.count


@contextlib.contextmanager
def _nursery() -> Iterator[subprocess.Popen[str]]:
    """Starts processes that have imported everything already: a kill costs no two seconds of imports."""
    nursery = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, str(Path(__file__).parent / "nursery.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    try:
        yield nursery
    finally:
        nursery.communicate(timeout=20)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SYNCENGINE")}


def _born_and_killed(nursery: subprocess.Popen[str], shell: Shell, people: People, requests: Requests) -> bool:
    """One life of a daemon, from its start to a random one of its requests. Was it we who ended it?"""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    dice, begun = people.dice, requests.so_far()
    nursery.stdin.write(
        json.dumps(["--config", str(shell.config), "--log-level", "error", "serve", "--port", "0"]) + "\n"
    )
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline())
    ends_at = dice.randint(1, MOST_REQUESTS)
    acts_at = sorted(dice.randint(0, ends_at) for _ in range(ACTS))
    give_up = time.monotonic() + 120
    while (sent := requests.so_far() - begun) < ends_at and time.monotonic() < give_up:
        while acts_at and sent >= acts_at[0]:
            acts_at.pop(0)
            people.act()
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(int(nursery.stdout.readline())) == -signal.SIGKILL


def _killed(tmp_path: Path, store: str, kills: int, seed: int) -> None:
    running = world.start(orders=0)
    try:
        config = tmp_path / "syncengine.toml"
        config.write_text(running.configuration(store).replace(*NO_LIMIT) + SCHEDULE, encoding="utf-8")
        shell = Shell(config, running.printed(None), environment())
        people = People(running, random.Random(seed))  # noqa: S311  chance, no secret
        requests = Requests(running)
        with _nursery() as nursery:
            for _ in range(kills):
                assert _born_and_killed(nursery, shell, people, requests), "a daemon ended by itself"
        assert broken(evidence(shell, people, running)) == []
        amid = sum(run["status"] == "interrupted" for run in shell.json("jobs", "--limit", "100000"))
        print(  # noqa: T201  shown with -s
            f"{kills} kills survived, {amid} of them amid a run: {len(people.numbers)} orders, "
            f"{people.value - 100} acts of people, {requests.count} requests"
        )
        assert amid > kills // 3
    finally:
        running.host.stop()


def evidence(shell: Shell, people: People, running: world.Sandbox) -> Evidence:
    """What there is to see, without a person's help. Nobody edits what another one does: both show the last of each."""
    runs: list[QuietRun] = []
    unfinished = True
    while len(runs) <= ENOUGH_RUNS and (unfinished or runs[-1].writes):
        again = shell.json("sync", "--sweep", "--wait", "60", expect=None)
        written = sum(sum(one["inserted"].values()) + sum(one["modified"].values()) for one in again["mappings"])
        unfinished = any(one["in_progress"] for one in again["mappings"])
        runs.append(QuietRun(again["exit_code"], written))
    found = Evidence(quiet_runs=runs, differences=shell.json("verify", expect=None)["differences"])
    assert found.differences == []
    documents = running.clerk().orders("number ne ''")
    found.keys = [str(one["externalDocumentNumber"]) for one in documents]
    assert sorted(found.keys) == sorted(people.numbers)
    sales = running.seller().person.get("salesorders?$select=salesorderid")["value"]
    found.orders = {"sales": len(sales), "back_office": len(documents)}
    found.entered, found.may_lack = len(people.numbers), {}
    found.edits = list(people.edits.values())
    found.shown = {(edit.order, edit.group): people.shown(edit) for edit in found.edits}
    for edit in found.edits:
        assert set(found.shown[edit.order, edit.group].values()) == {edit.value}, edit
    return found


@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_a_daemon_that_is_killed_a_few_times(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> None:
    url = "sqlite:///engine.db" if store == "sqlite" else request.getfixturevalue("postgres").database()
    _killed(tmp_path, url, 4, 1)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("store", STORES)
def test_a_daemon_that_is_killed_two_hundred_times(tmp_path: Path, store: str, request: pytest.FixtureRequest) -> None:
    url = "sqlite:///engine.db" if store == "sqlite" else request.getfixturevalue("postgres").database()
    seed = random.randrange(1_000_000)  # noqa: S311  chance, no secret
    print(f"seed {seed}")  # noqa: T201  shown when it fails
    _killed(tmp_path, url, 200, seed)
