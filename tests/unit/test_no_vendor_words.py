"""What only one product says stands where that product is spoken to: in its connector and its emulator.

Wire names are taken from the shipped mappings themselves, so that a new column is looked for without anybody adding it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from syncengine.config.mapping_files import shipped_folder

PACKAGE = Path(__file__).parents[2] / "syncengine"

ELSEWHERE = {"connectors", "sandbox"}
ALLOWED = {
    "orders/price_computation.py": "the table of Microsoft's document, in its words",
    "config/models.py": "the names of the connectors, and the default of `correlation`, which the contract fixes",
    "service/import_couplings.py": "the headings under which a product exports its couplings",
    "service/wiring.py": "names every adapter",
}
ASKING = re.compile(r"service/(check\w*|findings)\.py|cli/\w+\.py")
"""`check` asks each product for what only that product has, and the command line says which products these are."""

PRODUCTS = re.compile(
    r"dynamics|dataverse|business.?central|\bcrm\b|\bbc(api)?\b|navision|odata|microsoft", re.IGNORECASE
)


NAMING = ("sales", "back_office", "table", "parent", "value", "times", "column", "number", "dated", "sum_to")
KEYED = ("line", "comments", "only", "considered_when", "enters_when", "when", "with")


def _named(node: Any) -> Iterator[str]:
    """Every table and column that a mapping names, wherever it does."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in NAMING:
            yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
        if key in KEYED and isinstance(value, dict):
            yield from (name for name in value if name not in NAMING)
            yield from (name for cells in value.values() if isinstance(cells, dict) for name in cells)
        for one in value if isinstance(value, list) else [value]:
            yield from _named(one)


def wire_names() -> set[str]:
    """Those that are no plain English: `salesorderdetails`, `lineObjectNumber`, `shipto_name`."""
    files = shipped_folder().glob("*.yaml")
    found = {name for file in files for name in _named(YAML(typ="safe", pure=True).load(file.read_text("utf-8")))}
    return {name for name in found if re.fullmatch(r"\w+", name) and not re.fullmatch(r"[a-z]{1,11}", name)}


WIRE = wire_names()


def _documented(tree: ast.Module) -> set[int]:
    """Docstrings may tell an example; they decide nothing."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def constants(file: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documented = _documented(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.lineno, node.value


def _files() -> list[Path]:
    return [
        file
        for file in sorted(PACKAGE.rglob("*.py"))
        if (parts := file.relative_to(PACKAGE)).parts[0] not in ELSEWHERE
        and parts.as_posix() not in ALLOWED
        and not ASKING.fullmatch(parts.as_posix())
    ]


def test_the_names_that_are_looked_for_are_those_of_the_wire() -> None:
    assert {"salesorderdetails", "requestdeliveryby", "shipto_city", "lineType", "unitPrice"} <= WIRE


@pytest.mark.parametrize("file", _files(), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_word_of_a_product_stands_here(file: Path) -> None:
    found = [
        (line, text) for line, text in constants(file) if PRODUCTS.search(text) or WIRE & set(re.findall(r"\w+", text))
    ]
    assert found == []
