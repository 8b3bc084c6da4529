"""Commands for setting up: check, db."""

from __future__ import annotations

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_text
from syncengine.service.check import check as find
from syncengine.service.findings import exit_code
from syncengine.store.database import REVISION
from syncengine.store.database import open_engine
from syncengine.store.database import revision
from syncengine.store.database import translated

MARKS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


@click.command()
@json_option
@pass_options
@command
def check(options: Options, *, as_json: bool) -> None:
    """Connect to both systems and say, line by line, what is right and what is not.

    \b
    Example: syncengine check
    """  # noqa: D301
    company = options.chosen()
    findings = list(find(company))
    if as_json:
        emit_json([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            emit_text(f"{MARKS[finding.level]}  {finding.message}")
            if finding.level != "ok" and finding.remedy:
                emit_text(f"         → {finding.remedy}")
    click.get_current_context().exit(exit_code(findings))


@click.group()
def db() -> None:
    """The store's schema."""


@db.command("current")
@json_option
@pass_options
@command
def db_current(options: Options, *, as_json: bool) -> None:
    """Show the store's schema revision and the one this version speaks.

    \b
    Example: syncengine db current
    """  # noqa: D301
    engine = open_engine(options.loaded().store_url())
    with translated():
        found = revision(engine)
    if as_json:
        emit_json({"revision": found, "speaks": REVISION})
    else:
        click.echo(f"store: {found or 'empty'}, this version speaks {REVISION}")


@db.command("upgrade")
@json_option
@pass_options
@command
def db_upgrade(options: Options, *, as_json: bool) -> None:
    """Bring the store to the schema that this version speaks. Stop `serve` first.

    \b
    Example: syncengine db upgrade
    """  # noqa: D301
    from syncengine.store.upgrade import upgrade  # noqa: PLC0415  Alembic takes two seconds to import

    engine = open_engine(options.loaded().store_url())
    upgrade(engine)
    if as_json:
        emit_json({"revision": REVISION})
    else:
        click.echo(f"The store's schema is {REVISION}.")
