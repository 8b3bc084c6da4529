"""The page of scenarios is what the tests say, and there are enough of them."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.page import page
from tests.scenarios.scenario import modules
from tests.scenarios.scenario import told

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md"


def test_the_page_is_fresh() -> None:
    """`python -m tests.scenarios.page > docs/reference/scenarios.md` after a change of the words."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_there_are_enough() -> None:
    found = [one for module in modules() for _, one, _ in told(module)]
    assert len(found) >= 150
    assert len([one for one in found if one.as_processes]) >= 12
    assert len({(one.given, one.when) for one in found}) == len(found), "two scenarios have the same words"
