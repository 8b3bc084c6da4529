"""Some of the scenarios once more, every run a process of its own, as cron would start it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.exchange import from_json
from tests.bench.bench import Bench
from tests.scenarios.scenario import Test
from tests.scenarios.scenario import modules
from tests.scenarios.scenario import told

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).parent / "syncengine"
CHOSEN = [(test, named) for module in modules() for test, one, named in told(module) if one.as_processes]
OFTEN = 6  # `make test` takes every so manieth


class ProcessBench(Bench):
    """Runs are commands. What is looked up in the store between them is read by this process."""

    def run(self, kind: str = "sync", *, dry_run: bool = False, expect: int | None = 0, **asked: Any) -> dict[str, Any]:
        command = [str(COMMAND), "--config", str(self.config), "plan" if dry_run else kind, "--json"]
        if asked.pop("sweep_all", False):
            command.append("--sweep")
        assert not asked, asked
        self.restart()
        ended = subprocess.run(command, capture_output=True, timeout=120, check=False)  # noqa: S603  our own command
        result: dict[str, Any] = from_json(ended.stdout) if ended.stdout else {}
        if expect is not None:
            assert ended.returncode == expect, (ended.stderr.decode()[-2000:], result.get("errors"))
        return result


@pytest.fixture
def process_shop(running: world.Sandbox, tmp_path: Path) -> Iterator[Bench]:
    made = ProcessBench(running, tmp_path)
    made.sync()
    made.mark()
    yield made
    made.restart()


@pytest.mark.parametrize(
    ("test", "named"),
    [
        pytest.param(test, named, marks=() if at % OFTEN == 0 else pytest.mark.long, id=test.__name__)
        for at, (test, named) in enumerate(CHOSEN)
    ],
)
def test_played(process_shop: Bench, test: Test, named: dict[str, Any]) -> None:
    test(process_shop, **named)
