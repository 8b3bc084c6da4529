"""Each event that is logged is on the page that describes them, with its level and what comes with it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "syncengine"
PAGE = (ROOT / "docs" / "reference" / "log-events.md").read_text(encoding="utf-8")
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
ROWS = {
    name: (level, set(re.findall(r"`(\w+)`", fields)))
    for name, level, fields in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", PAGE, re.MULTILINE)
}


def _events() -> dict[str, tuple[set[str], set[str]]]:
    """Event -> levels it is logged at, names of what comes with it."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for file in PACKAGE.rglob("*.py"):
        if "sandbox" in file.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_log(node.func.value)):
                continue
            if node.func.attr not in LEVELS:
                continue
            for name in _names(node.args[0]):
                levels, fields = found.setdefault(name, (set(), set()))
                levels.add(LEVELS[node.func.attr])
                fields |= {one.arg for one in node.keywords if one.arg and one.arg != "exc_info"}
    return found


def _is_log(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "get_logger"
    return isinstance(node, ast.Name) and node.id == "log"


def _names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_names(node.body), *_names(node.orelse)]
    assert isinstance(node, ast.Constant), ast.dump(node)
    assert isinstance(node.value, str)
    return [node.value]


EVENTS = _events()


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_each_event_is_described(name: str) -> None:
    levels, fields = EVENTS[name]
    assert name in ROWS, f"docs/reference/log-events.md says nothing of {name}"
    assert {ROWS[name][0]} == levels
    assert ROWS[name][1] == fields


def test_the_page_describes_no_other() -> None:
    assert sorted(ROWS.keys() - EVENTS.keys()) == []
