"""Each command that prints JSON has a shape, and the schemas that are shipped are those shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import syncengine
from syncengine.cli.main import cli
from syncengine.cli.shapes import SHAPES
from syncengine.cli.shapes import file_name
from syncengine.cli.shapes import schema
from syncengine.service.findings import Finding
from syncengine.service.findings import exit_code

FOLDER = Path(syncengine.__file__).parent / "schemas"


def _commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        if isinstance(one, click.Group):
            yield from _commands(one, f"{path}{name} ")
        if not isinstance(one, click.Group) or one.invoke_without_command:
            yield f"{path}{name}", one


def test_each_command_with_json_has_a_shape_and_no_other() -> None:
    """Add the shape to syncengine/cli/shapes.py, then `syncengine schemas --write syncengine/schemas`."""
    with_json = {name for name, command in _commands(cli) if any(one.name == "as_json" for one in command.params)}
    assert with_json | {"sandbox"} == set(SHAPES), "a server prints JSON without being asked"


@pytest.mark.parametrize("command", SHAPES)
def test_the_shipped_schema_is_that_shape(command: str) -> None:
    """Made by `syncengine schemas --write syncengine/schemas`."""
    shipped = json.loads((FOLDER / file_name(command)).read_text(encoding="utf-8"))
    assert shipped == json.loads(json.dumps(schema(command)))


def test_no_other_schema_is_shipped() -> None:
    assert {one.name for one in FOLDER.iterdir()} == {file_name(command) for command in SHAPES}


@pytest.mark.parametrize(
    ("errors", "code"),
    [([], 0), ([4], 4), ([4, 2], 2), ([4, 7], 7), ([3, 4], 4), ([6, 3], 3), ([6], 6), ([2, 7, 4, 3, 6], 2)],
)
def test_of_several_causes_the_gravest_makes_the_exit_code(errors: list[int], code: int) -> None:
    """Several causes: 2, 7, 4, 5, 3, 6, 1 in this order; a warning is no cause."""
    findings = [Finding("x", "error", "m", "r", one) for one in errors] + [Finding("y", "warning", "m", "r", 2)]
    assert exit_code(findings) == code
