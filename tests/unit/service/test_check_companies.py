"""Two companies over one Sales: which conditions tell them apart, and what is said where none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.config.loading import load
from syncengine.config.mapping_files import shipped_folder
from syncengine.mapping.filters import Condition
from syncengine.mapping.model import SideOf
from syncengine.service.check_companies import apart
from syncengine.service.check_companies import look
from syncengine.service.wiring import companies

WHOSE = """
name: {name}
sales: {{considered_when: {{new_company: "setting:sales_company"}}}}
"""
CONFIGURATION = """
[store]
url = "sqlite:///engine.db"
[sales]
url = "http://127.0.0.1:1"
[sales.auth]
kind = "none"
[back_office]
url = "http://127.0.0.1:1"
[back_office.auth]
kind = "none"
[mappings]
paths = ["{shipped}", "ours"]
[integration]
mode = "bidirectional"
[[companies]]
name = "East"
sales_company = "EAST"
back_office_company = "East Ltd."
[[companies]]
name = "West"
sales_company = "{west}"
back_office_company = "West Ltd."
"""


def told(folder: Path, west: str, *separated: str) -> list[tuple[str, str]]:
    (folder / "ours").mkdir()
    for name in separated:
        (folder / "ours" / f"{name}.yaml").write_text(WHOSE.format(name=name), encoding="utf-8")
    file = folder / "syncengine.toml"
    file.write_text(CONFIGURATION.format(shipped=shipped_folder(), west=west), encoding="utf-8")
    east = next(one for one in companies(load(str(file), {})) if one.name == "East")
    return sorted((one.level, one.message.partition(":")[0]) for one in look(east, east.offline_mappings()))


@pytest.mark.parametrize(
    ("one", "two", "wanted"),
    [
        (Condition("company", ("EAST",)), Condition("company", ("WEST",)), True),
        (Condition("company", ("EAST",)), Condition("company", ("EAST", "WEST")), False),
        (Condition("company", ("EAST",)), Condition("region", ("WEST",)), False),
        (Condition("company", blank=True), Condition("company", blank=False), True),
        (Condition("company", blank=True), Condition("company", blank=True), False),
        (Condition("number", at_most=99), Condition("number", at_least=100), True),
        (Condition("number", at_least=100), Condition("number", at_most=99), True),
        (Condition("number", at_most=100), Condition("number", at_least=100), False),
    ],
)
def test_conditions_that_part(one: Condition, two: Condition, wanted: bool) -> None:
    assert apart(SideOf("orders", considered_when=(one,)), SideOf("orders", enters_when=(two,))) is wanted


def test_shipped_mappings_alone_do_not_tell_whose_an_order_is(tmp_path: Path) -> None:
    assert told(tmp_path, "WEST") == [("warning", "QUOTE"), ("warning", "SALESORDER-ORDER")]


def test_what_is_left_is_named(tmp_path: Path) -> None:
    assert told(tmp_path, "WEST", "SALESORDER-ORDER") == [("warning", "QUOTE")]


def test_the_same_value_parts_nothing(tmp_path: Path) -> None:
    found = told(tmp_path, "EAST", "SALESORDER-ORDER", "QUOTE")
    assert [level for level, _ in found] == ["warning", "warning"]


def test_all_told_apart(tmp_path: Path) -> None:
    assert told(tmp_path, "WEST", "SALESORDER-ORDER", "QUOTE") == [
        ("ok", "nothing of East in Sales is taken for another company's")
    ]
