"""Commands about mappings: list, show, validate, options, schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_rows
from syncengine.cli.output import text_of
from syncengine.config.mapping_files import build_all
from syncengine.config.mapping_files import in_mode
from syncengine.config.mapping_files import read_folders
from syncengine.config.mapping_files import schema_text
from syncengine.errors import MappingError
from syncengine.errors import UsageError
from syncengine.mapping.model import Condition
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import conditions
from syncengine.service.options import option_rows

ARROWS = {None: "↔", "sales": "→ Sales", "back_office": "→ back office"}


@click.group()
def mappings() -> None:
    """Integration table mappings: what is paired with what, row by row."""


@mappings.command("list")
@json_option
@pass_options
@command
def list_(options: Options, *, as_json: bool) -> None:
    """All mappings, in the order in which a run works through them.

    \b
    Example: syncengine mappings list
    """  # noqa: D301
    found = [_brief(one) for one in options.chosen().offline_mappings().values()]
    emit_rows(found, ("id", "sales", "back_office", "create", "needs"), as_json=as_json, nothing="No mappings.")


def _brief(mapping: TableMapping) -> dict[str, Any]:
    return {
        "id": mapping.name,
        "kind": mapping.kind,
        "sales": mapping.sales.table,
        "back_office": mapping.back_office.table,
        "create": mapping.create,
        "lines": mapping.lines.name if mapping.lines else None,
        "needs": sorted(mapping.needs),
        **_condition(mapping.condition),
        "origin": mapping.origin,
    }


def _condition(condition: Condition) -> dict[str, Any]:
    """Null where it is there whatever the systems can."""
    return {
        "requires": condition.requires or None,
        "unless": condition.unless or None,
        "otherwise": condition.otherwise or None,
    }


@mappings.command("show")
@click.argument("name")
@click.option("--origin", is_flag=True, help="Name the file of each row.")
@json_option
@pass_options
@command
def show(options: Options, name: str, *, origin: bool, as_json: bool) -> None:
    """One mapping with all its rows, overlays applied.

    \b
    Example: syncengine mappings show SALESORDER-ORDER --origin
    """  # noqa: D301
    found = options.chosen().offline_mappings()
    if name not in found:
        raise UsageError(f"there is no mapping {name!r}", remedy=f"There is: {', '.join(found)}.")
    mapping = found[name]
    rows = [_row(row, "") for row in mapping.rows.values()]
    rows += [_row(row, mapping.lines.name) for row in mapping.lines.rows.values()] if mapping.lines else []
    if as_json:
        emit_json({**_brief(mapping), "groups": dict(mapping.groups), "recreates": mapping.recreates, "rows": rows})
        return
    click.echo(f"{mapping.name}  {mapping.sales.table} ↔ {mapping.back_office.table}, creates: {mapping.create}")
    for words in _conditions(mapping):
        click.echo(words)
    columns = ["id", "sales", "direction", "back_office", "kind", *(["origin"] if origin else [])]
    emit_rows(rows, columns, as_json=False, nothing="No rows.")


def _conditions(mapping: TableMapping) -> Iterator[str]:
    for what, condition in conditions(mapping):
        word = "requires" if condition.requires else "is there without"
        otherwise = f"; otherwise {condition.otherwise}" if condition.otherwise else ""
        yield f"{what or 'the mapping'} {word} {condition.named}{otherwise}"


def _row(row: Row, lines: str) -> dict[str, Any]:
    told = [f"{one.sales} ↔ {one.back_office}" for one in row.one_of]
    return {
        "id": f"{lines}.{row.name}" if lines else row.name,
        "sales": list(row.sales) or told,
        "direction": "fact" if row.is_fact else "check" if row.check else ARROWS[row.to],
        "back_office": list(row.back_office) or (text_of(dict(row.line.line)) if row.line else ""),
        "kind": ", ".join(row.lookup) or type(row.transform).__name__,
        **_condition(row.condition),
        "origin": row.origin,
    }


@mappings.command("validate")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@pass_options
@command
def validate(options: Options, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Check the configured mappings, with these files laid over them, without asking the systems.

    \b
    Example: syncengine mappings validate mappings/ours/order.yaml
    """  # noqa: D301
    company = options.chosen()
    written = company.written
    if files:
        folders = [company.loaded.path(one) for one in company.loaded.configuration.mappings.paths]
        written = read_folders(in_mode(folders or [company.shipped()], company.mode), files)
    try:
        found = build_all(written, company.settings())
    except MappingError as error:
        if not as_json:
            raise
        emit_json([_problem(one) for one in error.problems])
        click.get_current_context().exit(error.exit_code)
    if as_json:
        emit_json([])
    else:
        click.echo(f"{len(found)} mappings, no mistake in their files.")


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "id": f"{problem.file}:{problem.line}:{problem.column}",
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }


@mappings.command("schema")
@json_option
@command
def schema(*, as_json: bool) -> None:  # noqa: ARG001  it is JSON anyway
    """The JSON Schema of a mapping file, for editors; the shipped folder has it as mapping.schema.json.

    \b
    Example: syncengine mappings schema > mappings/ours/mapping.schema.json
    """  # noqa: D301
    click.echo(schema_text(), nl=False)


@mappings.command("options")
@click.argument("name")
@json_option
@pass_options
@command
def options_(options: Options, name: str, *, as_json: bool) -> None:
    """The options of a mapping of kind `option`, as both systems have them now, and which are coupled with which.

    \b
    Example: syncengine mappings options "PAYMENT TERMS"
    """  # noqa: D301
    rows = option_rows(options.chosen(), name)
    emit_rows(rows, ("side", "id", "number", "coupled_with"), as_json=as_json, nothing="No options on either side.")
