"""Commands for setting up: check, sop, db."""

from __future__ import annotations

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_text
from syncengine.errors import ConfigurationError
from syncengine.errors import UsageError
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
def sop() -> None:
    """Sales order processing: the setting of Dynamics 365 Sales that one-way integrations use."""


@sop.command("status")
@json_option
@pass_options
@command
def sop_status(options: Options, *, as_json: bool) -> None:
    """Is order processing turned on, and does that fit the configured mode?

    \b
    Example: syncengine sop status
    """  # noqa: D301
    company = options.chosen()
    on = bool(company.sales.guard(0).one_way)
    fits = company.mode is None or on == (company.mode == "one-way")
    if as_json:
        emit_json({"enabled": on, "mode": company.mode, "fits": fits})
        return
    click.echo(
        f"Sales order processing is {'on' if on else 'off'}; the configured mode is {company.mode or 'not set'}."
    )
    if not fits:
        click.echo("The two exclude each other: no run will write until one of them is changed.")


@sop.command("enable")
@json_option
@pass_options
@command
def sop_enable(options: Options, *, as_json: bool) -> None:
    """Turn order processing on. Only for the one-way mode.

    \b
    Example: syncengine sop enable
    """  # noqa: D301
    company = options.chosen()
    if company.mode == "bidirectional":
        raise ConfigurationError(
            "the configured mode is bidirectional, which order processing excludes",
            remedy='Set [integration] mode = "one-way" first.',
        )
    _switch(options, on=True, as_json=as_json)


@sop.command("disable")
@click.option("--switch-mode", is_flag=True, help="Also while orders handed over in one-way mode are open.")
@json_option
@pass_options
@command
def sop_disable(options: Options, *, switch_mode: bool, as_json: bool) -> None:
    """Turn order processing off.

    \b
    Example: syncengine sop disable --switch-mode
    """  # noqa: D301
    company = options.chosen()
    if not company.sales.guard(0).one_way:
        raise UsageError("order processing is off already", remedy="Nothing to do.")
    if company.mode == "one-way" and not switch_mode:
        handed_over = company.sales.handed_over()
        if handed_over:
            raise UsageError(
                f"{handed_over} submitted orders have been handed over in one-way mode and are still open",
                remedy="Finish them, or use --switch-mode to carry them over with their couplings.",
            )
    _switch(options, on=False, as_json=as_json)


def _switch(options: Options, *, on: bool, as_json: bool) -> None:
    options.chosen().sales.organization.switch(on=on)
    if as_json:
        emit_json({"enabled": on})
    else:
        click.echo(f"Sales order processing is {'on' if on else 'off'} now.")


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
