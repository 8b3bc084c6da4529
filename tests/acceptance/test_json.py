"""Every command's JSON is of the shape that is shipped, every exit code comes when it should, and logs stay apart."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import syncengine
from syncengine.cli import looking
from syncengine.cli.main import cli
from syncengine.cli.shapes import SHAPES
from syncengine.cli.shapes import file_name
from syncengine.observe.logging import configure
from syncengine.sandbox import world
from syncengine.service.lease import hold
from syncengine.store.session import Session
from tests.acceptance.json_schema import problems
from tests.acceptance.shell import PROGRAM
from tests.acceptance.shell import Here
from tests.acceptance.shell import Shell
from tests.bench.bench import Bench
from tests.bench.bench import eventually

pytestmark = pytest.mark.slow

FOLDER = Path(syncengine.__file__).parent / "schemas"


@dataclass
class Commands:
    """`syncengine … --json` in this process, each answer held to its schema."""

    bench: Bench
    shown: set[str] = field(default_factory=set)

    def __call__(self, *arguments: str, expect: int | tuple[int, ...] = 0, before: tuple[str, ...] = ()) -> Any:
        name = " ".join(arguments[:2]) if " ".join(arguments[:2]) in SHAPES else arguments[0]
        said = CliRunner().invoke(cli, ["--config", str(self.bench.config), *before, *arguments, "--json"])
        configure("json", "error")
        wanted = (expect,) if isinstance(expect, int) else expect
        assert said.exit_code in wanted, (arguments, said.exit_code, said.stdout, said.stderr)
        found = json.loads(said.stdout)
        shipped = json.loads((FOLDER / file_name(name)).read_text(encoding="utf-8"))
        assert problems(shipped, found) == [], name
        if isinstance(found, list):
            assert all(next(iter(one)) == "id" for one in found), f"{name}: a listing has the id first"
        assert [one for one in _times(found) if datetime.fromisoformat(one).utcoffset() != timedelta(0)] == [], name
        self.shown.add(name)
        return found


TIMES = {
    *("started_at", "finished_at", "planned_at", "archived_at", "created_at", "accepted_at", "opened_at"),
    *("since", "at"),
}


def _times(value: Any) -> Iterator[str]:
    """Every moment in a document: RFC 3339 in UTC."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name in TIMES and isinstance(one, str) and one:
                yield one
            yield from _times(one)
    elif isinstance(value, list):
        for one in value:
            yield from _times(one)


@pytest.fixture(scope="module")
def commands(running: world.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    bench = Bench(running, tmp_path_factory.mktemp("json"))
    yield Commands(bench)
    bench.restart()


def _lived_in(commands: Commands) -> dict[str, str]:
    """A company in which everything there is to list has happened once; gives the orders by what happened."""
    bench = commands.bench
    orders = {name: bench.sales_order(2, 3) for name in ("conflict", "recreated", "plain")}
    stranger = bench.admin.person.request("POST", "accounts", {"name": "Stranger"}, prefer="return=representation")
    assert any(one["steps"] for one in commands("plan")["actions"])
    assert commands("full-sync")["status"] == "completed"
    orders["waiting"] = bench.sales_order(1, account=stranger["accountid"])
    for quantity in (20, 21):
        order = bench.seller.order(orders["recreated"])
        line = order["order_details"][0]["salesorderdetailid"]
        bench.seller.edit(order["salesorderid"], lines={line: {"quantity": quantity}})
        assert commands("sync", expect=(0, 1))["errors"] == []
    order, document = bench.seller.order(orders["conflict"]), bench.clerk.order(orders["conflict"])
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 20}})
    bench.clerk.change_line(document, document["salesOrderLines"][0], quantity=15)
    bench.fault("back_office", kind="refuse", next=1, status=400, code="Application_DialogException",
                message="The customer is blocked.", match={"method": "POST", "path": "salesOrders"})  # fmt: skip
    orders["failed"] = bench.sales_order(4)
    found = commands("sync", expect=1)
    assert (found["exit_code"], found["status"]) == (1, "completed-with-errors")
    bench.calm()
    return orders


def test_every_commands_json_is_of_its_shape(commands: Commands, tmp_path: Path) -> None:
    orders = _lived_in(commands)
    failed, conflict = _look(commands, orders)
    _set_up(commands, tmp_path)
    _hold_back(commands, orders)
    _decide(commands, orders, failed["id"], conflict["id"], tmp_path)
    # What fails has one shape, whatever the command.
    assert commands("explain", "nothing", expect=2)["error"]["remedy"]
    assert commands("couple-record", "CUSTOMER", "nobody", "nothing", expect=2)["error"]["remedy"]
    # These start systems of their own; their tests hold them to their schemas: test_chaos.py, test_story.py, shell.py.
    assert SHAPES.keys() - commands.shown == {"chaos", "sandbox story", "sandbox"}


def _look(commands: Commands, orders: dict[str, str]) -> tuple[Any, Any]:
    (failed,) = commands("errors")
    assert "blocked" in failed["message"]
    assert commands("waiting")
    (conflict,) = commands("conflicts")
    assert commands("couplings")
    assert commands("status")["runs"]
    jobs = commands("jobs")
    assert commands("jobs", jobs[0]["id"])["result"]
    assert commands("explain", orders["conflict"])["events"]
    versions = commands("archive", "list", orders["recreated"])
    assert [one["version"] for one in versions] == [2, 1]
    assert commands("archive", "show", orders["recreated"], "1")["document"]
    assert commands("archive", "diff", orders["recreated"], "1", "2")
    commands("data", "export", "10000")
    commands("data", "prune")
    assert commands("verify", expect=1)["differences"]
    return failed, conflict


def _set_up(commands: Commands, tmp_path: Path) -> None:
    assert commands("forecast")["counts"]
    assert commands("sop", "status")["enabled"] is False
    commands("sop", "disable", expect=(0, 2))
    commands("sop", "enable", expect=3)
    bench = commands.bench
    mine, admin = (bench.running.sales.clients[name] for name in ("integration", "admin"))
    user = commands("sop", "status")["user"]
    for signed in (admin, mine):
        secrets = {"client_id": signed.client_id, "client_secret": signed.client_secret}
        bench.configure(**{"sales.auth": secrets})
        if signed is admin:
            assert commands("sop", "mark-user", user)["integration_user"] is True
    bench.switch("back_office", has_companion=True, archive_orders=False)
    assert commands("archive", "enable") == {"archive_orders": True}
    bench.switch("back_office", has_companion=False)
    assert commands("check", expect=(0, 2)), "it sees at once that the extension is gone"
    commands("db", "current")
    commands("db", "upgrade")
    assert commands("mappings", "list")
    assert commands("mappings", "show", "CUSTOMER")["rows"]
    assert commands("mappings", "validate") == []
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: SALESORDER-ORDER\nfields:\n  note: {sails: name}\n", encoding="utf-8")
    assert commands("mappings", "validate", str(wrong), expect=2)
    assert commands("mappings", "options", "PAYMENT TERMS")
    assert commands("mappings", "schema")["$schema"]
    assert {one["id"] for one in commands("schemas")} == SHAPES.keys()
    assert commands("schemas", "sync")["title"]


def _hold_back(commands: Commands, orders: dict[str, str]) -> None:
    """A recreate beyond the safety limit waits for its approval."""
    bench = commands.bench
    bench.configure(integration={"max_destructive_floor": 0, "max_destructive_share": 0.0})
    order = bench.seller.order(orders["recreated"])
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 30}})
    commands("sync", expect=6)
    (limit,) = commands("limits")
    commands("approve", str(limit["id"]), "--count", str(limit["count"]))
    planned = bench.folder / "plan.json"
    commands("plan", "--out", str(planned), expect=(0, 1))
    commands("apply", str(planned), expect=(0, 1))
    bench.configure(integration={"max_destructive_floor": 10, "max_destructive_share": 0.2})


def _decide(commands: Commands, orders: dict[str, str], failed: int, conflict: int, tmp_path: Path) -> None:
    bench = commands.bench
    commands("pause", "--mapping", "CUSTOMER")
    commands("resume", "--mapping", "CUSTOMER")
    commands("skip", str(failed))
    assert commands("skipped")
    commands("retry", str(failed))
    assert commands("resolve", str(conflict), "--take", "sales")
    commands("exclude", orders["waiting"])
    commands("retry", "--all", "--now", expect=(0, 1))
    plain = bench.seller.order(orders["plain"])["salesorderid"]
    document = bench.clerk.order(orders["plain"])["id"]
    commands("uncouple", "SALESORDER-ORDER", plain)
    commands("couple-record", "SALESORDER-ORDER", plain, document)
    commands("uncouple", "SALESORDER-ORDER", plain)
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"sales,back_office\n{plain},{document}\nnobody,nothing\n", encoding="utf-8")
    assert len(commands("couplings", "import", str(pairs), "--mapping", "SALESORDER-ORDER", expect=1)) == 2
    commands("couple")
    commands("accept-restore", "sales")
    assert commands("archive", "restore", orders["recreated"], "1")["version"] == 1
    assert commands("data", "erase", "10000", "--yes")["records"] >= 1


def test_a_schema_refuses_what_it_does_not_know(commands: Commands) -> None:
    found = commands("sop", "status")
    shipped = json.loads((FOLDER / file_name("sop status")).read_text(encoding="utf-8"))
    assert problems(shipped, {**found, "more": 1})
    assert problems(shipped, {"fits": True})
    assert problems(shipped, {**found, "enabled": "no"})
    assert problems(shipped, [found])


# ------------------------------------------------------------------------------------------------- exit codes


# 0 and 1 are those of the company above, day in, day out.


def _run(bench: Bench, *arguments: str) -> tuple[int, Any]:
    said = CliRunner().invoke(cli, ["--config", str(bench.config), *arguments, "--json"])
    configure("json", "error")
    return said.exit_code, json.loads(said.stdout)


def test_2_usage(commands: Commands) -> None:
    assert commands("sync", "--mapping", "NO SUCH MAPPING", expect=2)["error"]["code"] == "usage"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("errors", "--limit", "many"), "many"),
        (("errors", "--bogus"), "--bogus"),
        (("explain",), "ORDER"),
        (("archive", "shwo"), "shwo"),
        (("resolve", "1"), "--take"),
        (("apply", "no-such-plan.json"), "no-such-plan.json"),
    ],
)
def test_2_a_wrong_command_line_is_told_in_json_too(commands: Commands, line: tuple[str, ...], told: str) -> None:
    code, found = _run(commands.bench, *line)
    assert (code, found["error"]["code"], found["error"]["side"]) == (2, "usage", None)
    assert told in found["error"]["message"]
    assert found["error"]["remedy"]


def test_3_refused(commands: Commands) -> None:
    commands.bench.admin.switch_order_processing(on=True)
    refused = commands("sync", expect=3)
    commands.bench.admin.switch_order_processing(on=False)
    assert (refused["status"], refused["refusal"]["code"]) == ("refused", "sop-enabled")


def test_4_a_system_that_does_not_answer(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configured by the environment, which wins over the file."""
    monkeypatch.setenv("SYNCENGINE__SALES__URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SYNCENGINE__LIMITS__ATTEMPTS", "1")
    assert commands("sync", expect=4)["error"]["side"] == "sales"


def test_5_another_run_is_in_progress(commands: Commands) -> None:
    company = commands.bench.company
    session = Session(company.engine, company.name, company.clock, writes=True)
    with hold(company.engine, session, mode="bidirectional", run_id="other", lease_s=30):
        assert commands("sync", expect=5)["error"]["code"] == "lease-held"
        assert commands("errors") is not None, "what only reads never takes the lease"
    session.close()


def test_6_another_system_than_before_stops_all_writing(commands: Commands) -> None:
    bench = commands.bench
    with bench.company.store(writes=True) as store, store.transaction():
        before = store.remembered.get("identity:sales")
        store.remembered.put("identity:sales", "11111111-0000-0000-0000-000000000000")
    bench.sales_order(1)
    bench.mark()
    assert commands("sync", expect=6)["error"]["code"] == "another-system"
    assert bench.writes() == []
    with bench.company.store(writes=True) as store, store.transaction():
        store.remembered.put("identity:sales", before)


def test_7_a_store_that_is_not_upgraded(commands: Commands) -> None:
    bench = commands.bench
    assert bench.company.engine
    bench.restart()
    set_revision = "UPDATE alembic_version SET version_num = ?"
    with contextlib.closing(sqlite3.connect(bench.folder / "engine.db")) as store:
        (before,) = store.execute("SELECT version_num FROM alembic_version").fetchone()
        with store:
            store.execute(set_revision, ("0000",))
        found = commands("sync", expect=7)["error"]
        with store:
            store.execute(set_revision, (before,))
    assert found["code"] == "store-revision"
    assert "db upgrade" in found["remedy"]


def test_70_a_bug_is_told_as_one(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(looking.queries, "parked", broken)
    found = commands("errors", expect=70)
    assert found["error"]["code"] == "internal"
    assert "bug" in found["error"]["remedy"]


def test_130_an_interrupted_run_ends_safely_and_its_json_is_whole(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    asked = shell.door("sales", "GET", "requests?since=0")
    seen = asked[-1]["number"] if asked else 0
    shell.fault("sales", kind="latency", next=3, seconds=3, match={"path": "accounts"})
    try:
        process = fresh.start("full-sync", "--json")
        eventually(
            lambda: any("uoms" in one["path"] for one in shell.door("sales", "GET", f"requests?since={seen}")), 60
        )
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        shell.calm()
    found = json.loads(out)
    assert (process.returncode, found["status"], found["exit_code"]) == (130, "interrupted", 130), err
    here = Here(fresh.config, fresh.printed, fresh.environment)
    here.run("full-sync")
    assert here.json("verify")["differences"] == []


def test_a_reader_that_has_seen_enough_is_no_bug(commands: Commands) -> None:
    """As in `syncengine mappings show … | head -1`."""
    process = subprocess.Popen(  # noqa: S603
        [PROGRAM, "--config", str(commands.bench.config), "mappings", "show", "SALESORDER-ORDER"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")


def test_the_configuration_is_found_by_its_variable_and_a_company_by_its_name(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCENGINE_CONFIG", str(commands.bench.config))
    said = CliRunner().invoke(cli, ["--company", "NO SUCH COMPANY", "errors", "--json"])
    assert said.exit_code == 2
    assert "NO SUCH COMPANY" in json.loads(said.stdout)["error"]["message"]
    assert CliRunner().invoke(cli, ["errors", "--json"]).exit_code == 0


def test_logs_and_json_never_mix(shell: Shell, tmp_path: Path) -> None:
    """At the noisiest level: one document on standard output, one object a line on standard error."""
    fresh = shell.rewritten(tmp_path)
    process = fresh.start("--log-level", "debug", "--log-format", "json", "sync", "--mapping", "CURRENCY", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(out.strip().splitlines()) == 1
    assert json.loads(out)["kind"] == "sync"
    events = [json.loads(line) for line in err.splitlines()]
    assert any(one["event"] == "exchange" for one in events)
    secret = shell.printed["sales"]["clients"]["integration"]["client_secret"]
    assert secret not in out + err
