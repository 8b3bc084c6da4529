"""`plan --out FILE`, then `apply FILE`: exactly what the file says, and nothing of what has moved since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.bench import Bench
from tests.bench.cli import Cli

pytestmark = [pytest.mark.slow, pytest.mark.loaded]

ORDERS = "SALESORDER-ORDER"


@pytest.fixture
def cli(bench: Bench) -> Cli:
    bench.sync()
    return Cli(bench)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


def _planned(cli: Cli, file: Path) -> dict[str, Any]:
    planned: dict[str, Any] = cli.json("plan", "--out", str(file))
    cli.bench.mark()
    return planned


def test_what_is_applied_is_what_was_planned(bench: Bench, cli: Cli, file: Path) -> None:
    """New orders both ways, a header patched, a document recreated: every write stands in the file."""
    patched, recreated = bench.sales_order(2), bench.sales_order(3)
    bench.sync()
    new, there = bench.sales_order(4), bench.back_office_order(5)
    bench.seller.edit(bench.seller.order(patched)["salesorderid"], shipto_city="Portland")
    order = bench.seller.order(recreated)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 9}})
    planned = _planned(cli, file)
    assert {one["record"]["number"] for one in planned["actions"]} == {patched, recreated, new, there["number"]}
    result = cli.json("apply", str(file))
    assert (result["kind"], result["status"], result["errors"]) == ("apply", "completed", [])
    steps = [(step["side"], step["table"]) for one in planned["actions"] for step in one["steps"]]
    sent = [(write.side, write.table) for write in bench.writes()]
    assert len([one for one in sent if one[1] in ("salesOrders", "salesorders")]) > 0
    assert set(sent) <= set(steps)
    assert bench.clerk.order(new)["externalDocumentNumber"] == new
    assert bench.clerk.order(patched)["shipToCity"] == "Portland"
    assert [one["quantity"] for one in bench.clerk.order(recreated)["salesOrderLines"]] == [9]
    bench.sales_order_of(there["number"])
    bench.agreed()


def test_the_file_is_what_the_command_printed_and_nobody_elses_to_read(bench: Bench, cli: Cli, file: Path) -> None:
    bench.sales_order(2)
    planned = _planned(cli, file)
    kept = json.loads(file.read_text())
    assert json.dumps(kept["actions"]) == json.dumps(json.loads(json.dumps(planned["actions"], default=float)))
    assert file.stat().st_mode & 0o077 == 0
    assert (kept["company"], kept["mode"]) == (planned["company"], "bidirectional")


def test_a_record_that_moved_is_refused_and_the_others_go(bench: Bench, cli: Cli, file: Path) -> None:
    moved, still = bench.sales_order(2), bench.sales_order(3)
    planned = _planned(cli, file)
    assert len(planned["actions"]) == 2
    bench.seller.edit(bench.seller.order(moved)["salesorderid"], shipto_city="Portland")
    result = cli.json("apply", str(file), expect=1)
    assert result["status"] == "completed-with-errors"
    (error,) = result["errors"]
    assert error["id"] > 0
    assert (error["code"], error["mapping"], error["record"]["number"]) == ("moved", ORDERS, moved)
    assert error["message"] == "it was changed after the plan was made"
    assert bench.live_documents(moved) == []
    assert len(bench.live_documents(still)) == 1
    bench.sync()
    assert bench.clerk.order(moved)["shipToCity"] == "Portland"
    bench.agreed()


def test_what_came_since_is_not_in_the_file(bench: Bench, cli: Cli, file: Path) -> None:
    planned_for = bench.sales_order(2)
    _planned(cli, file)
    later = bench.sales_order(3)
    assert cli.run("apply", str(file)).out.startswith(f"{ORDERS}: 1 inserted in back office")
    assert (len(bench.live_documents(planned_for)), len(bench.live_documents(later))) == (1, 0)


def test_an_applied_plan_is_used_up(bench: Bench, cli: Cli, file: Path) -> None:
    number = bench.sales_order(2)
    _planned(cli, file)
    cli.run("apply", str(file))
    bench.mark()
    cli.run("apply", str(file))
    assert bench.writes() == []
    assert len(bench.live_documents(number)) == 1


def test_a_file_of_other_mappings_or_none_at_all(bench: Bench, cli: Cli, file: Path, tmp_path: Path) -> None:
    bench.sales_order(2)
    _planned(cli, file)
    told = json.loads(file.read_text())
    for changed in (
        {"company": "Another Ltd."},
        {"mode": "one-way"},
        {"format": "syncengine plan 0"},
        {"mappings": {**told["mappings"], ORDERS: "edited"}},
    ):
        file.write_text(json.dumps({**told, **changed}))
        assert cli.json("apply", str(file), expect=2)["error"]["code"] == "usage"
    file.write_text("{")
    cli.run("apply", str(file), expect=2)
    cli.run("apply", str(tmp_path / "nowhere.json"), expect=2)
    cli.run("plan", "--out", str(tmp_path / "no" / "folder.json"), expect=2)
    assert bench.writes() == []
