"""`schemas`: the JSON Schema of what each command prints with --json."""

from __future__ import annotations

import json
from pathlib import Path

import click

from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.output import emit_json
from syncengine.cli.shapes import SHAPES
from syncengine.cli.shapes import file_name
from syncengine.cli.shapes import schema
from syncengine.errors import UsageError


@click.command()
@click.argument("of", required=False, metavar="COMMAND")
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="A file for each into this folder.")
@json_option
@command
def schemas(of: str | None, write: Path | None, *, as_json: bool) -> None:
    """The JSON Schema of what a command prints with --json; without COMMAND the names of those there are.

    \b
    Example: syncengine schemas "mappings list"
    """  # noqa: D301
    if of is not None and of not in SHAPES:
        raise UsageError(f"{of!r} prints no JSON", remedy=f"There is: {', '.join(SHAPES)}.")
    names = [of] if of else list(SHAPES)
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for name in names:
            text = json.dumps(schema(name), indent=1, ensure_ascii=False)
            (write / file_name(name)).write_text(f"{text}\n", encoding="utf-8")
    if of is None or write is not None:
        rows = [{"id": name, "file": str((write or Path()) / file_name(name))} for name in names]
        if as_json:
            emit_json(rows)
        elif write is None:
            click.echo("\n".join(names))
    else:
        click.echo(json.dumps(schema(of), indent=1, ensure_ascii=False))
