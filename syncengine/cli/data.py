"""Commands about what is kept of people: data export, data erase, data prune."""

from __future__ import annotations

import os
from pathlib import Path

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.errors import UsageError
from syncengine.service import retention
from syncengine.service.results import to_text

mapping_option = click.option(
    "--mapping", default="CUSTOMER", show_default=True, metavar="NAME", help="Whose records the customer is one of."
)


@click.group()
def data() -> None:
    """What the store keeps of a customer, and for how long."""


@data.command("export")
@click.argument("customer")
@mapping_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Into a file of its own.")
@json_option
@pass_options
@command
def data_export(options: Options, customer: str, mapping: str, out: Path | None, *, as_json: bool) -> None:
    """Everything that is kept of a customer and of the orders that name it, as JSON.

    \b
    Example: syncengine data export 10000 --out 10000.json
    """  # noqa: D301
    found = retention.export(options.chosen(), mapping, customer)
    if out is None:
        emit_json(found)
        return
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(to_text(found) + b"\n")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}", remedy="Name another --out FILE.") from error
    if as_json:
        emit_json({"records": len(found), "file": str(out)})
    else:
        click.echo(f"{len(found)} records of {customer} are in {out}.")


@data.command("erase")
@click.argument("customer")
@mapping_option
@click.option("--yes", is_flag=True, help="Do it: what is erased cannot be brought back.")
@json_option
@pass_options
@command
def data_erase(options: Options, customer: str, mapping: str, *, yes: bool, as_json: bool) -> None:
    """Forget history, archive and requests of a customer and its orders; both systems stay as they are.

    \b
    Example: syncengine data erase 10000 --yes
    """  # noqa: D301
    if not yes:
        raise UsageError("what is erased cannot be brought back", remedy="Export it first if need be; then use --yes.")
    erased = retention.erase(options.chosen(), mapping, customer)
    if as_json:
        emit_json(erased)
    else:
        told = ", ".join(f"{count} {name}" for name, count in erased.items())
        click.echo(f"Erased: {told}. What is coupled stays coupled.")


@data.command("prune")
@json_option
@pass_options
@command
def data_prune(options: Options, *, as_json: bool) -> None:
    """Remove what is older than [retention] says; a run does so once a day by itself.

    \b
    Example: syncengine data prune
    """  # noqa: D301
    company = options.chosen()
    with company.store(writes=True) as store:
        removed = retention.prune(company, store)
    if as_json:
        emit_json(removed)
    else:
        told = ", ".join(f"{count} {name}" for name, count in removed.items() if count)
        click.echo(f"Removed: {told or 'nothing'}.")
