"""A pytest plugin: `--without NAME` runs the tests with one guard taken out."""

from __future__ import annotations

import pytest

from tests.guards.guards import GUARDS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without", help="the guard to take out")


def pytest_configure(config: pytest.Config) -> None:
    guarded = next(one for one in GUARDS if one.name == config.getoption("--without"))
    guarded.take_out(pytest.MonkeyPatch())
