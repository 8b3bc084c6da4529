"""The benchmark of the sandbox runs; its figures are no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sandbox_throughput.py"


@pytest.mark.slow
def test_every_kind_of_request_is_measured() -> None:
    """Each answers without an error, and its share of one core is told."""
    command = [sys.executable, str(SCRIPT), "--seconds", "0.1", "--orders", "20", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)  # noqa: S603  our own
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert {one["system"] for one in shown} == {"sales", "back_office"}
    assert len(shown) == 8
    assert all(one["per_second_of_one_core"] > 0 for one in shown)
