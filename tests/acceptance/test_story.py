"""`sandbox story`, which `make demo` runs: told whole, and every step of it held."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from syncengine.cli.shapes import schema
from tests.acceptance.json_schema import problems
from tests.acceptance.shell import PROGRAM


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_story_is_told_to_its_end(tmp_path: Path) -> None:
    told = subprocess.run(  # noqa: S603
        [PROGRAM, "sandbox", "story", "--orders", "30", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=1100,
        cwd=tmp_path,
    )
    found = json.loads(told.stdout)
    assert problems(schema("sandbox story"), found) == []
    assert [one["no"] for one in found["chapters"]] == list(range(1, 14))
    assert all(f"{one['no']}. {one['title']}" in told.stderr for one in found["chapters"])
    assert sum(len(one["held"]) for one in found["chapters"]) >= 18
    assert (tmp_path / found["folder"] / "syncengine.toml").exists()
