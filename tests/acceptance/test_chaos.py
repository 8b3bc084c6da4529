"""`chaos`: a bad day for one's own mappings; what it finds it says, and it finds what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from syncengine.cli.shapes import schema
from syncengine.sandbox.chaos import Chaos
from syncengine.sandbox.chaos import Command
from syncengine.sandbox.promise import Evidence
from syncengine.sandbox.promise import broken
from tests.acceptance.json_schema import problems
from tests.bench.bench import Bench

COUNTED = {"seed", "orders", "edits", "events", "faults", "runs", "listed", "broken"}


def _chaos(*arguments: str, folder: Path, config: str = "") -> tuple[int, dict[str, Any]]:
    command = [
        sys.executable,
        "-m",
        "syncengine.cli.main",
        *(["--config", config] if config else []),
        "chaos",
        "--json",
    ]
    done = subprocess.run(  # noqa: S603  our own command
        [*command, *arguments], capture_output=True, text=True, check=False, timeout=900, cwd=folder
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert problems(schema("chaos"), found) == []
    return done.returncode, found


@pytest.mark.slow
def test_a_bad_day_without_a_configuration_of_ones_own(tmp_path: Path) -> None:
    """The shipped mappings, a few seconds of everything; the report says what was done."""
    code, found = _chaos("--minutes", "0.15", "--seed", "3", folder=tmp_path)
    assert set(found) == COUNTED
    assert found["seed"] == 3
    assert found["broken"] == []
    assert code == 0


@pytest.mark.slow
def test_the_mappings_of_ones_own_are_the_ones_that_are_tried(tmp_path: Path) -> None:
    """A mapping with a mistake in it breaks the first synchronization, and the report says so."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "currency.yaml").write_text("name: CURRENCY\nfields: {code: {sales: nosuchcolumn}}\n")
    (tmp_path / "mine.toml").write_text(
        '[sales]\nurl = "https://sales.example"\n[sales.auth]\nkind = "none"\n'
        '[back_office]\nurl = "https://office.example"\ncompany = "X"\n[back_office.auth]\nkind = "none"\n'
        '[mappings]\npaths = ["mine"]\n'
    )
    code, found = _chaos("--minutes", "0.05", folder=tmp_path, config="mine.toml")
    assert code == 1
    (broken,) = found["broken"]
    assert "the first synchronization ended with 2" in broken
    assert "currency.yaml" in broken


@pytest.mark.slow
def test_it_finds_what_is_wrong(bench: Bench) -> None:
    """A second document under one key, a document under an operation key, an order that nobody entered."""
    number = bench.sales_order(2)
    bench.sync()
    order = bench.clerk.order(number)
    for key in (number, "SE:0123"):
        bench.clerk.create("salesOrders", customerId=order["customerId"], externalDocumentNumber=key)
    day = Chaos(bench.running, Command(bench.config, {}), 1, lambda _text: None, seconds=0)
    seen = Evidence()
    day._count_orders(seen)
    assert broken(seen) == [
        f"effects-once: 2 live documents carry the key {number}",
        "effects-once: a document was left under an operation key, SE:0123",
        "effects-once: sales holds 1 orders, and only 0 were entered",
        "effects-once: back_office holds 3 orders, and only 0 were entered",
    ]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [11, 12])
def test_longer_days(tmp_path: Path, seed: int) -> None:
    code, found = _chaos("--minutes", "3", "--seed", str(seed), folder=tmp_path)
    assert (found["broken"], code) == ([], 0)


@pytest.mark.slow
def test_an_internal_error_is_no_part_of_the_output(tmp_path: Path) -> None:
    """Also where no configuration said how to log: one JSON document on standard output, the trace on the other."""
    broken = (
        "from syncengine.sandbox import chaos\n"
        "def live(*_, **__): raise RuntimeError('a cause')\n"
        "chaos.live = live\n"
        "import syncengine.cli.main as cli\n"
        "cli.main()\n"
    )
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-c", broken, "chaos", "--json"],
        capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 70
    assert "a cause" in json.loads(done.stdout)["error"]["message"]
    assert "Traceback" in done.stderr
