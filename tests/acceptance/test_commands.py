"""The outside that others script against: exit codes and JSON of each command, on a small company."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.shell import Here
from tests.acceptance.shell import Shell

pytestmark = pytest.mark.slow

RUN = {
    *("run_id", "kind", "mode", "company", "dry_run", "status", "exit_code", "started_at", "finished_at", "mappings"),
    *("requests", "operations", "retries", "throttled", "refusal", "errors"),
}
MAPPING = {
    *("mapping", "parent", "scanned", "inserted", "modified", "deleted", "unchanged", "coupled", "uncoupled"),
    *("archived", "recreated", "waiting", "in_progress", "conflicts", "failed"),
}
BOTH = {"sales", "back_office"}


@pytest.fixture(scope="module")
def shell(shell: Shell) -> Shell:
    return Here(shell.config, shell.printed, shell.environment)


@pytest.fixture(scope="module")
def loaded(shell: Shell) -> Shell:
    shell.run("full-sync")
    return shell


def test_the_sandbox_prints_what_the_contract_says(shell: Shell) -> None:
    assert set(shell.printed) == {"sales", "back_office", "config"}
    assert set(shell.printed["sales"]) == {"url", "token_url", "clients"}
    assert set(shell.printed["sales"]["clients"]) == {"integration", "seller", "admin"}
    assert set(shell.printed["back_office"]) == {"url", "company", "token_url", "clients"}
    assert set(shell.printed["back_office"]["clients"]) == {"integration", "clerk"}


def test_a_first_look_and_the_load(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    findings = fresh.json("check")
    assert all(set(one) == {"id", "level", "message", "remedy", "doc"} for one in findings)
    # Without the companion extension nobody can see Archive Orders from outside.
    assert [one["id"] for one in findings if one["level"] != "ok"] == ["back_office.archive-orders"]
    plan = fresh.json("plan", "--mapping", "CURRENCY")
    assert set(plan) >= RUN | {"actions"}
    assert {action["action"] for action in plan["actions"]} == {"couple"}
    result = fresh.json("couple")
    assert set(result) >= RUN
    assert all(set(one) == MAPPING for one in result["mappings"])
    assert all(set(one["inserted"]) == BOTH for one in result["mappings"])
    assert sum(one["inserted"]["sales"] + one["inserted"]["back_office"] for one in result["mappings"]) == 0
    assert {one["mapping"]: one["coupled"] for one in result["mappings"]}["CUSTOMER"] == 40


def test_a_run_and_its_counts(loaded: Shell) -> None:
    result = loaded.json("sync")
    assert (result["status"], result["exit_code"], result["kind"]) == ("completed", 0, "sync")
    assert set(result["requests"]) == set(result["operations"]) == BOTH
    lines = [one for one in result["mappings"] if one["parent"] == "SALESORDER-ORDER"]
    assert [one["mapping"] for one in lines] == ["SOLINE-ORDERDETAIL"]
    assert loaded.json("verify")["differences"] == []


def test_full_sync_without_match_is_refused_where_both_sides_have_uncoupled_records(
    shell: Shell, tmp_path: Path
) -> None:
    fresh = shell.rewritten(tmp_path)
    result = fresh.run("full-sync", "--no-match", "--mapping", "CUSTOMER", "--json", expect=2)
    assert "CUSTOMER" in result.out


def test_listings(loaded: Shell) -> None:
    couplings = loaded.json("couplings", "--mapping", "SALESORDER-ORDER", "--limit", "500")
    assert len(couplings) >= 30
    assert all("id" in one for one in couplings)
    for command in ("errors", "waiting", "conflicts"):
        assert loaded.json(command) == []
        assert loaded.run(command).out.strip()
    assert loaded.json("archive", "list") == []


def test_an_order_explains_itself(loaded: Shell) -> None:
    number = loaded.json("couplings", "--mapping", "SALESORDER-ORDER")[0]["sales_number"]
    text = loaded.run("explain", number).out
    assert number in text
    loaded.run("explain", "NO-SUCH-ORDER", expect=2)


def test_mappings(loaded: Shell) -> None:
    names = {one["id"] for one in loaded.json("mappings", "list")}
    assert names >= {"CURRENCY", "UNIT OF MEASURE", "PAYMENT TERMS", "SHIPMENT METHOD", "CUSTOMER", "ITEM-PRODUCT"}
    assert "requestdeliveryby" in loaded.run("mappings", "show", "SALESORDER-ORDER").out
    loaded.run("mappings", "show", "SALESORDER-ORDER", "--origin")
    loaded.run("mappings", "validate")
    assert "SALESORDER-ORDER" in loaded.run("mappings", "show", "SALESORDER", expect=2).err


def test_order_processing_excludes_the_bidirectional_mode(loaded: Shell, tmp_path: Path) -> None:
    assert loaded.json("sop", "status")["enabled"] is False
    loaded.run("sop", "enable", expect=3)
    one_way = loaded.rewritten(tmp_path, ('mode = "bidirectional"', 'mode = "one-way"'))
    one_way.run("sop", "enable")
    try:
        refused = loaded.json("sync", expect=3)
        assert refused["status"] == "refused"
        assert set(refused["refusal"]) == {"code", "system", "what", "remedy"}
    finally:
        one_way.run("sop", "disable", "--switch-mode")
    loaded.run("sync")


def test_the_store_has_a_version(loaded: Shell) -> None:
    before = loaded.run("db", "current").out
    loaded.run("db", "upgrade")
    assert loaded.run("db", "current").out == before
