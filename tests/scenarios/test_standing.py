"""What an operator looks at for a minute a day: status, jobs, and listings with how many and since when."""

from __future__ import annotations

import pytest

from tests.bench.bench import Bench
from tests.bench.cli import Cli

pytestmark = pytest.mark.slow

ORDERS = "SALESORDER-ORDER"


@pytest.fixture
def cli(bench: Bench) -> Cli:
    return Cli(bench)


def test_before_anything_has_run(cli: Cli) -> None:
    found = cli.json("status")
    assert (found["last_run"], found["runs"], found["verify"], found["running"]) == (None, [], None, None)
    assert cli.json("jobs") == []
    assert cli.run("jobs").out == "No run yet.\n"
    assert "No run yet." in cli.run("status").out
    for command in ("errors", "waiting", "conflicts", "skipped", "couplings"):
        assert cli.json(command) == []


def test_status_tells_how_each_mapping_stands(bench: Bench, cli: Cli) -> None:
    number = bench.sales_order(2)
    first = bench.sync()
    bench.clerk.change_line(bench.clerk.order(number), bench.clerk.order(number)["salesOrderLines"][0], quantity=15)
    order = bench.seller.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 20}})
    second = bench.sync(expect=1)
    verified = bench.verify()
    found = cli.json("status")
    assert set(found) == {
        "company", "mode", "paused", "running", "mappings", "last_run", "runs", "verify",
    }  # fmt: skip
    assert (found["mode"], found["paused"], found["running"]) == ("bidirectional", [], None)
    assert found["last_run"]["id"] == second["run_id"]
    assert (found["last_run"]["status"], found["last_run"]["exit_code"]) == ("completed-with-errors", 1)
    assert [run["id"] for run in found["runs"]] == [verified["run_id"], second["run_id"], first["run_id"]]
    (orders,) = [one for one in found["mappings"] if one["id"] == ORDERS]
    assert set(orders) == {
        "id", "coupled", "pending", "waiting", "failed", "conflicts", "in_progress", "skipped", "paused",
        "freshness_s", "sweep_age_s",
    }  # fmt: skip
    assert (orders["coupled"], orders["conflicts"], orders["failed"]) == (1, 1, 0)
    assert all(age >= 0 for age in orders["freshness_s"].values())
    assert orders["sweep_age_s"] >= 0
    assert found["verify"]["unexplained"] == 0
    assert found["verify"]["differences"] == len(verified["differences"]) > 0
    text = cli.run("status").out
    assert f"{ORDERS}: 1 coupled, 1 conflicts" in text
    assert "0 of them unexplained" in text


def test_jobs_tell_what_each_run_did(bench: Bench, cli: Cli) -> None:
    bench.sync()
    bench.sales_order(2)
    result = bench.sync()
    newest, older = cli.json("jobs")
    assert (newest["id"], newest["kind"], newest["status"], newest["exit_code"]) == (
        result["run_id"], "sync", "completed", 0,
    )  # fmt: skip
    assert older["started_at"] < newest["started_at"]
    assert cli.json("jobs", "--limit", "1") == [newest]
    one = cli.json("jobs", result["run_id"])
    assert (one["id"], one["result"]["requests"], one["result"]["mappings"]) == (
        result["run_id"], result["requests"], result["mappings"],
    )  # fmt: skip
    assert f"{ORDERS}: 1 inserted in back office" in cli.run("jobs", result["run_id"]).out
    assert cli.run("jobs").rows[0][0] == result["run_id"]
    cli.run("jobs", "no-such-run", expect=2)


def test_a_run_whose_process_died_is_not_running_for_ever(bench: Bench, cli: Cli) -> None:
    with bench.company.store(writes=True) as store, store.transaction():
        store.runs.started("20260101T000000-dead", "sync", "bidirectional")
    assert cli.json("jobs")[0]["status"] == "running"
    bench.sync()
    assert cli.json("jobs", "20260101T000000-dead")["status"] == "interrupted"


def test_listings_take_how_many_and_since_when(bench: Bench, cli: Cli) -> None:
    for name in ("90210", "90211", "90212"):
        account = bench.admin.person.request(
            "POST", "accounts", {"name": name, "accountnumber": name}, prefer="return=representation"
        )
        bench.sales_order(1, account=account["accountid"])
    bench.sync()
    waiting = cli.json("waiting")
    assert len(waiting) == 3
    assert cli.json("waiting", "--limit", "2") == waiting[:2]
    for listing in ("waiting", "couplings", "jobs"):
        assert len(cli.json(listing, "--since", "1h")) >= 1
        assert cli.json(listing, "--since", "2099-01-01") == []
        assert len(cli.json(listing, "--since", "2026-01-01T00:00:00Z")) >= 1
        assert len(cli.json(listing, "--limit", "1")) == 1
        assert "id" in cli.json(listing)[0]
    for listing in ("errors", "conflicts", "skipped", "status"):
        cli.run(listing, "--since", "2099-01-01T08:00:00+02:00", "--limit", "3")
    cli.run("archive", "list", "--since", "7d", "--limit", "3")
    said = cli.run("errors", "--since", "yesterday", expect=2)
    assert "no time" in said.err
