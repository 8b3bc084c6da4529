"""Metrics: each is described, and what dashboard and alert rules name is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from syncengine.observe.metrics import Metrics

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
NAME = re.compile(r"\bsyncengine_[a-z_]+\b")
LABELS = re.compile(r"(syncengine_[a-z_]+)\{([^}]*)\}")
SUFFIXES = ("_bucket", "_sum", "_count")


def _families() -> dict[str, tuple[str, ...]]:
    """Name as it is scraped -> labels."""
    found = {}
    for collector in Metrics().registry._collector_to_names:
        kind = collector._type  # type: ignore[attr-defined]
        name = collector._name + ("_total" if kind == "counter" else "")  # type: ignore[attr-defined]
        found[name] = tuple(collector._labelnames)  # type: ignore[attr-defined]
        if kind == "histogram":
            found |= {name + suffix: (*collector._labelnames, "le") for suffix in SUFFIXES}  # type: ignore[attr-defined]
    return found


FAMILIES = _families()


def _rules() -> dict[str, str]:
    with (ROOT / "config" / "prometheus-alerts.yml").open(encoding="utf-8") as file:
        loaded = YAML(typ="safe", pure=True).load(file)
    return {rule["alert"]: rule["expr"] for group in loaded["groups"] for rule in group["rules"]}


def _panels() -> dict[str, list[str]]:
    dashboard = json.loads((ROOT / "config" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return {one["title"]: [target["expr"] for target in one["targets"]] for one in dashboard["panels"]}


EXPRESSIONS: list[Any] = [
    *(pytest.param(expression, id=name) for name, expression in _rules().items()),
    *(
        pytest.param(expression, id=f"{title} {number}")
        for title, expressions in _panels().items()
        for number, expression in enumerate(expressions)
    ),
]


@pytest.mark.parametrize("name", [name for name in FAMILIES if not name.endswith(SUFFIXES)])
def test_each_metric_is_described_with_its_labels(name: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    assert f"| {', '.join(FAMILIES[name])} |" in row


def test_the_page_describes_no_other() -> None:
    assert [name for name in re.findall(r"^\| `(syncengine_\w+)`", PAGE, re.MULTILINE) if name not in FAMILIES] == []


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_dashboard_and_rules_name_is_there(expression: str) -> None:
    named = set(NAME.findall(expression))
    assert named
    assert named <= FAMILIES.keys()
    for name, labels in LABELS.findall(expression):
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels)) <= set(FAMILIES[name])


@pytest.mark.parametrize(
    "by", sorted({by for one in EXPRESSIONS for by in re.findall(r"by \(([^)]*)\)", str(one.values[0]))})
)
def test_what_is_summed_by_is_a_label_of_some_metric(by: str) -> None:
    known = {label for labels in FAMILIES.values() for label in labels}
    assert {one.strip() for one in by.split(",")} <= known


def test_a_run_is_counted_by_its_json() -> None:
    metrics = Metrics()
    both = {"sales": 0, "back_office": 0}
    mapping = {
        "mapping": "SALESORDER-ORDER", "parent": None, "scanned": both, "inserted": {"sales": 2, "back_office": 1},
        "modified": both, "deleted": both, "unchanged": 0, "coupled": 3, "uncoupled": 0, "archived": 0, "recreated": 0,
    }  # fmt: skip
    result = {"company": "CRONUS", "kind": "sync", "status": "completed-with-errors", "mappings": [mapping]}
    metrics.ran(result, 1.5, 1000.0)
    metrics.ran({**result, "status": "failed", "mappings": []}, 1.5, 2000.0)
    text = metrics.text().decode()
    of_orders = 'company="CRONUS",mapping="SALESORDER-ORDER"'
    assert f'syncengine_records_total{{{of_orders},outcome="inserted",side="sales"}} 2.0' in text
    assert f'syncengine_records_total{{{of_orders},outcome="coupled",side=""}} 3.0' in text
    assert 'syncengine_runs_total{company="CRONUS",kind="sync",status="failed"} 1.0' in text
    assert 'syncengine_last_success_timestamp_seconds{company="CRONUS",kind="sync"} 1000.0' in text
    assert 'syncengine_last_run_timestamp_seconds{company="CRONUS",kind="sync",status="failed"} 2000.0' in text


def test_a_reason_that_no_longer_holds_shows_0() -> None:
    metrics = Metrics()
    metrics.standing("CRONUS", scheduling=True, reason="sop-enabled")
    metrics.standing("CRONUS", scheduling=True, reason="")
    assert 'syncengine_standing_by{company="CRONUS",reason="sop-enabled"} 0.0' in metrics.text().decode()
