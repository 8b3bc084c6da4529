"""The page about the promise names the test for each thing that is held; those tests and the invariants are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncengine.sandbox.promise import PROMISE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "promise.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]*)`", PAGE)))


@pytest.mark.parametrize("named", NAMED)
def test_what_the_page_names_is_there(named: str) -> None:
    file, _, test = named.partition("::")
    assert (ROOT / file).exists()
    if test:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_each_invariant_stands_with_its_number() -> None:
    rows = re.findall(r"^\| (\d) \|.*?`([a-z-]+)`", PAGE, re.MULTILINE)
    assert rows == [(str(one.number), one.name) for one in PROMISE]


def test_each_thing_that_is_held_names_a_test() -> None:
    held = PAGE.partition("## Paragraph by paragraph")[2]
    rows = [line for line in held.splitlines() if line.startswith("| ") and "| shown by |" not in line]
    assert len(rows) > 40
    assert [row for row in rows if not re.search(r"`tests/[^`]*` \|$", row)] == []
