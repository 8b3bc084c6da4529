"""The product as its users have it: real processes, real sockets, one configuration file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from syncengine.cli.main import cli
from syncengine.cli.shapes import schema
from syncengine.observe.logging import configure
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from tests.acceptance.json_schema import problems

PROGRAM = str(Path(sys.executable).parent / "syncengine")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return from_json(self.out.encode())


@dataclass
class Shell:
    """`syncengine --config FILE …` as a command line."""

    config: Path
    printed: dict[str, Any]
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603
            [PROGRAM, "--config", str(self.config), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def run(self, *arguments: str, expect: int | None = 0) -> Said:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        if expect is not None:
            assert process.returncode == expect, f"{arguments}: {process.returncode}\n{out}\n{err}"
        return Said(process.returncode, out, err)

    def json(self, *arguments: str, expect: int | None = 0) -> Any:
        return self.run(*arguments, "--json", expect=expect).json

    def rewritten(self, folder: Path, *changes: tuple[str, str]) -> Shell:
        """The same with another configuration file, in a folder of its own; each change replaces a text in it."""
        text = self.config.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "syncengine.toml"
        file.write_text(text, encoding="utf-8")
        return type(self)(file, self.printed, self.environment)

    def fault(self, side: str, **fault: Any) -> None:
        self.door(side, "POST", "faults", fault)

    def calm(self) -> None:
        for side in ("sales", "back_office"):
            self.door(side, "DELETE", "faults")

    def door(self, side: str, method: str, path: str, body: Any = None) -> Any:
        """What a person does in that system's own screens."""
        root = self.printed[side]["url"].split("/", 3)
        data = None if body is None else to_json(body)
        request = urllib.request.Request(f"{root[0]}//{root[2]}/sandbox/{path}", data, method=method)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return from_json(text) if text else None


class Here(Shell):
    """The same commands in this process: starting one for each costs more than most of them do. Not for servers, which
    change what signals do to a process.
    """

    def run(self, *arguments: str, expect: int | None = 0) -> Said:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            done = CliRunner(env=self.environment).invoke(cli, ["--config", str(self.config), *arguments])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            configure("json", "error")
        if expect is not None:
            assert done.exit_code == expect, f"{arguments}: {done.exit_code}\n{done.stdout}\n{done.stderr}"
        return Said(done.exit_code, done.stdout, done.stderr)


def sandbox(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], Shell]:
    """The sandbox as a process of its own; its one JSON line is waited for."""
    config = folder / "config" / "syncengine.toml"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SYNCENGINE")}
    process = subprocess.Popen(  # noqa: S603
        [PROGRAM, "sandbox", "--write-config", str(config), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    printed = json.loads(process.stdout.readline())
    assert problems(schema("sandbox"), printed) == []
    return process, Shell(config, printed, environment)
