"""What is installed from a wheel is the whole product: mappings and migrations included."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def _run(*command: str, cwd: Path, path: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SYNCENGINE")}
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(path), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_has_the_mappings_and_the_migrations(tmp_path: Path) -> None:
    site = tmp_path / "site"
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT))
    _run(*build, cwd=tmp_path, path=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    _run("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel), cwd=tmp_path, path=tmp_path)
    program = "import sys; from syncengine.cli.main import main; sys.exit(main())"
    where = _run("-c", "import syncengine; print(syncengine.__file__)", cwd=tmp_path, path=site)
    assert where.startswith(str(site))
    (tmp_path / "c.toml").write_text(
        """
[store]
url = "sqlite:///engine.db"
[sales]
url = "http://127.0.0.1:1"
auth = { kind = "none" }
[back_office]
url = "http://127.0.0.1:1"
company = "X"
auth = { kind = "none" }
""",
        encoding="utf-8",
    )
    assert "SALESORDER-ORDER" in _run("-c", program, "--config", "c.toml", "mappings", "list", cwd=tmp_path, path=site)
    _run("-c", program, "--config", "c.toml", "db", "upgrade", cwd=tmp_path, path=site)
    current = _run("-c", program, "--config", "c.toml", "db", "current", cwd=tmp_path, path=site)
    assert re.fullmatch(r"store: (\d{4}), this version speaks \1\n", current), current
