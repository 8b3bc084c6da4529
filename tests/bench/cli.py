"""The command line in this process: `cli.run("status")`, `cli.json("skipped")`, on a bench's configuration."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from syncengine.cli.main import cli
from syncengine.observe.logging import configure
from syncengine.sandbox.exchange import from_json
from tests.bench.bench import Bench


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return from_json(self.out.encode())

    @property
    def rows(self) -> list[list[str]]:
        """A listing in a pipe: tab-separated cells, line by line."""
        return [line.split("\t") for line in self.out.splitlines()]


class Cli:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def run(self, *arguments: str, expect: int = 0) -> Said:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            done = CliRunner().invoke(cli, ["--config", str(self.bench.config), "--log-level", "error", *arguments])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            configure("json", "error")
        assert done.exit_code == expect, f"{arguments}: {done.exit_code}\n{done.stdout}\n{done.stderr}"
        return Said(done.exit_code, done.stdout, done.stderr)

    def json(self, *arguments: str, expect: int = 0) -> Any:
        return self.run(*arguments, "--json", expect=expect).json
