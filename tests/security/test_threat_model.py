"""The threat model names the test that shows each defence; those tests exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from syncengine.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|requirements)/[^`]*)`", PAGE)))


@pytest.mark.parametrize("named", NAMED)
def test_what_the_threat_model_names_is_there(named: str) -> None:
    file, _, test = named.partition("::")
    assert (ROOT / file).exists()
    if test:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_each_threat_names_what_shows_its_defence() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| threat", "|---"))]
    assert len(rows) > 20
    assert [row for row in rows if not re.search(r"`(tests|requirements)/[^`]*` \|$", row)] == []


def _commands(command: click.Command, context: click.Context, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, context, f"{path} {name}")


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Whoever lists the processes of a machine reads their arguments."""
    found = list(_commands(cli, click.Context(cli), "syncengine"))
    assert len(found) > 20
    names = [(path, name) for path, command in found for one in command.params for name in (*one.opts, one.name or "")]
    assert [one for one in names if re.search(r"secret|password|token", one[1])] == []
