"""What the benchmarks share: a sandbox in a process of its own, and the engine measured in another."""

from __future__ import annotations

import contextlib
import json
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from syncengine.observe.logging import configure
from syncengine.sandbox import world

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def sandbox(script: str, *arguments: str) -> Iterator[Path]:
    """Run `python -m benchmarks.SCRIPT serve …` until the block ends; gives the folder with its configuration."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, "-m", f"benchmarks.{script}", "serve", folder, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            told = process.stdout.readline() if process.stdout else ""
            if told.strip() != "ready":
                raise SystemExit("the sandbox did not start")
            yield Path(folder)
        finally:
            process.terminate()
            process.wait()


def serve(running: world.Sandbox, folder: str) -> None:
    """The sandbox's side: write the configuration, say so, and stay."""
    text = running.configuration().replace("request_timeout_s = 4", "request_timeout_s = 60\nlease_s = 300")
    (Path(folder) / "syncengine.toml").write_text(text, encoding="utf-8")
    print("ready", flush=True)
    threading.Event().wait()


def measured(script: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run `python -m benchmarks.SCRIPT run FOLDER …` and give the JSON that it prints last."""
    done = subprocess.run(  # noqa: S603  ourselves
        [sys.executable, "-m", f"benchmarks.{script}", "run", str(folder), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def peak_mb() -> float:
    """The most memory this process has held, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def quiet() -> None:
    configure("json", "error")


def machine() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
