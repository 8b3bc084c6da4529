"""The list of facts is complete, and never behind the tests it is made from."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "sandbox_facts.py"


@pytest.fixture(scope="module")
def made() -> Any:
    spec = importlib.util.spec_from_file_location("sandbox_facts", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tests_say(made: Any) -> None:
    """Each test is on it once, under its own words; `make format` writes it again."""
    behind = made.PAGE.read_text(encoding="utf-8") != made.page()
    assert not behind, "write it again: make format, or .venv/bin/python docs/sandbox_facts.py"


def test_every_fact_is_said_in_words(made: Any) -> None:
    """A test of the sandbox without a docstring would be a fact that nobody can read."""
    silent = [fact.test for of in made.all_facts().values() for fact in of if not fact.words]
    assert silent == []


def test_every_switch_is_flipped_by_a_test(made: Any) -> None:
    """An uncertainty that no test shows would be a switch that may do nothing."""
    found = made.all_facts()
    for _, folder, kind in made.SYSTEMS:
        flipped = {name for fact in found[folder] + found["both"] for name in fact.switches}
        assert made.switches_of(kind) - flipped == set(), folder
