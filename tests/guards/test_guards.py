"""Test the tests: each guard is switched off in turn, and each time the test that is there for it goes red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.guards import GUARDS
from tests.guards.guards import Guarded

ROOT = Path(__file__).parents[2]
SOME = 7  # `make test` takes every so manieth


def _red_without(guarded: Guarded) -> None:
    done = subprocess.run(  # noqa: S603  our own tests
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "tests.guards.without", "--without",
         guarded.name, guarded.test],
        capture_output=True, text=True, check=False, timeout=280, cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )  # fmt: skip
    told = f"{done.stdout[-3000:]}{done.stderr[-1000:]}"
    # 1: a test failed. Anything else (no such test, an error while collecting) proves nothing.
    assert done.returncode == 1, told
    assert f"FAILED {guarded.test}" in done.stdout, told


@pytest.mark.slow
@pytest.mark.parametrize("guarded", GUARDS[::SOME], ids=lambda one: one.name)
def test_without_some_of_the_guards(guarded: Guarded) -> None:
    _red_without(guarded)


@pytest.mark.long
@pytest.mark.parametrize("guarded", GUARDS, ids=lambda one: one.name)
def test_without_each_guard(guarded: Guarded) -> None:
    _red_without(guarded)
